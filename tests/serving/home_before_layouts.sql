PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE models (
	id INTEGER NOT NULL, 
	market VARCHAR(64) NOT NULL, 
	version INTEGER NOT NULL, 
	alias VARCHAR(16) NOT NULL, 
	verdict VARCHAR(16) NOT NULL, 
	digests JSON NOT NULL, 
	data_digest VARCHAR(64) NOT NULL, 
	spec_digest VARCHAR(64) NOT NULL, 
	seed VARCHAR(20) NOT NULL, 
	created_at DATETIME NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (market, version)
);
INSERT INTO models VALUES(1,'testland',1,'retired','pass','{"orders": "2274878e4eac2b1c1c2a769eedd0240ef2e9c1cae0d041af6dd1212c81068335"}','0000000000000000000000000000000000000000000000000000000000000000','0000000000000000000000000000000000000000000000000000000000000000','1','2026-11-26 05:09:55.604564');
INSERT INTO models VALUES(2,'testland',2,'champion','pass','{"orders": "dccc36bafb10762c97cc0a7ddabd6dfd9949430cab9e088338d73f27da807b29"}','0000000000000000000000000000000000000000000000000000000000000000','0000000000000000000000000000000000000000000000000000000000000000','2','2026-11-26 05:09:55.636110');
CREATE TABLE promotions (
	id INTEGER NOT NULL, 
	market VARCHAR(64) NOT NULL, 
	version INTEGER NOT NULL, 
	replaced INTEGER, 
	is_forced BOOLEAN NOT NULL, 
	created_at DATETIME NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(replaced) REFERENCES promotions (id)
);
INSERT INTO promotions VALUES(1,'testland',1,NULL,0,'2026-11-26 05:09:55.604564');
INSERT INTO promotions VALUES(2,'testland',2,1,0,'2026-11-26 05:09:55.655358');
CREATE TABLE scenarios (
	number INTEGER NOT NULL, 
	id VARCHAR(32) NOT NULL, 
	market VARCHAR(64) NOT NULL, 
	name VARCHAR(200) NOT NULL, 
	version INTEGER NOT NULL, 
	document JSON NOT NULL, 
	created_at DATETIME NOT NULL, 
	PRIMARY KEY (number), 
	UNIQUE (market, name, version), 
	UNIQUE (id)
);
INSERT INTO scenarios VALUES(1,'0815df70569df8a8','testland','Q1 2027 base',1,'{"name": "Q1 2027 base", "market": "testland", "kpi": "orders", "objective": "maximize", "budget": 500000.0, "business": "b2c", "horizon": {"start": "2027-01-04", "periods": 2}}','2026-11-26 05:09:55.667418');
CREATE TABLE plans (
	number INTEGER NOT NULL, 
	id VARCHAR(32) NOT NULL, 
	scenario_id VARCHAR(32) NOT NULL, 
	document JSON NOT NULL, 
	digests JSON NOT NULL, 
	created_at DATETIME NOT NULL, 
	PRIMARY KEY (number), 
	UNIQUE (id), 
	FOREIGN KEY(scenario_id) REFERENCES scenarios (id)
);
INSERT INTO plans VALUES(1,'4a4dcd689b2fbfdf','0815df70569df8a8','{"scenario": "Q1 2027 base", "market": "testland", "kpi": "orders", "objective": "maximize", "target": null, "models": [{"kpi": "orders", "name": "testland", "version": 2, "digest": "dccc36bafb10762c97cc0a7ddabd6dfd9949430cab9e088338d73f27da807b29", "evidence": "measured"}], "status": "optimal", "budget": 500000.0, "currency": "EUR", "horizon": {"start": "2027-01-04", "periods": 2}, "channels": [{"channel": "tv", "role": "brand", "stage": "need", "spend": 58126.07741286815, "share": 0.11625215482573631, "reference_spend": 19358.24352420616, "change": 2.0026524534721073, "contribution": {"mean": 170.09183226480667, "p05": 79.74547701457826, "p50": 171.1409206801021, "p95": 305.6620547408634}, "roas": {"mean": 0.11705027404938988, "p05": 0.054877590619541054, "p50": 0.11777221398546625, "p95": 0.21034418171365882}, "mroas": {"mean": 0.12721088155883545, "p05": 0.07144443637850836, "p50": 0.12137803226579946, "p95": 0.20550478086859197}, "cpa": {"mean": 341.73350147921764, "p05": 190.26945677950127, "p50": 340.3373627834283, "p95": 729.2189921133968}, "verdict": "watch", "reason": {"template": "{channel} grows by {change}, but what it brings is not well known: test it on the way.", "values": {"channel": {"kind": "word", "text": "tv"}, "change": {"kind": "share", "fraction": 2.0026524534721073, "digits": 0}}}, "beyond_observed": false}, {"channel": "video", "role": "brand", "stage": "search", "spend": 116873.92258713186, "share": 0.23374784517426372, "reference_spend": 53034.326953443146, "change": 1.2037410353058902, "contribution": {"mean": 1081.305562368368, "p05": 749.2657111410637, "p50": 1118.4568505821935, "p95": 1364.1950261965605}, "roas": {"mean": 0.37007590348043057, "p05": 0.2564355485142448, "p50": 0.38279090008238975, "p95": 0.46689458041575554}, "mroas": {"mean": 0.12797978018515843, "p05": 0.07490656348794465, "p50": 0.13529651026526984, "p95": 0.16821273055637326}, "cpa": {"mean": 108.08593486853486, "p05": 85.72528123152664, "p50": 104.53689774507131, "p95": 156.0328307708081}, "verdict": "watch", "reason": {"template": "{channel} gets more than it ever had over such a horizon: its curve is extrapolated, raise it in steps.", "values": {"channel": {"kind": "word", "text": "video"}}}, "beyond_observed": true}, {"channel": "social", "role": "performance", "stage": "evaluation", "spend": 109925.27678895622, "share": 0.21985055357791244, "reference_spend": 31706.37844969172, "change": 2.4669767461261416, "contribution": {"mean": 601.225196289052, "p05": 336.70903255750545, "p50": 546.8860864602373, "p95": 856.6347616046988}, "roas": {"mean": 0.21877595903382058, "p05": 0.1225228782289801, "p50": 0.19900285082208896, "p95": 0.3117152984747405}, "mroas": {"mean": 0.14104376819882225, "p05": 0.07384859486604514, "p50": 0.13903150011325865, "p95": 0.1881685838793168}, "cpa": {"mean": 182.8354457987607, "p05": 128.66356204749826, "p50": 201.02430004578116, "p95": 326.48463772225887}, "verdict": "watch", "reason": {"template": "{channel} gets more than it ever had over such a horizon: its curve is extrapolated, raise it in steps.", "values": {"channel": {"kind": "word", "text": "social"}}}, "beyond_observed": true}, {"channel": "search", "role": "performance", "stage": "evaluation", "spend": 215074.72321104378, "share": 0.4301494464220876, "reference_spend": 25755.501014407426, "change": 7.350632476174027, "contribution": {"mean": 1101.1127795727248, "p05": 556.1692126583167, "p50": 1056.6411777907406, "p95": 1974.2838369394372}, "roas": {"mean": 0.20478701785746325, "p05": 0.10343739224298736, "p50": 0.19651610603332553, "p95": 0.3671810071334427}, "mroas": {"mean": 0.14095545225563932, "p05": 0.07726379683433648, "p50": 0.14130180934354866, "p95": 0.1914809863099454}, "cpa": {"mean": 195.324881520766, "p05": 108.93820120763891, "p50": 203.62343867533667, "p95": 386.92378261102095}, "verdict": "watch", "reason": {"template": "{channel} gets more than it ever had over such a horizon: its curve is extrapolated, raise it in steps.", "values": {"channel": {"kind": "word", "text": "search"}}}, "beyond_observed": true}], "test_reserve": 0.0, "fixed_costs": 0.0, "fees": 0.0, "coop": 0.0, "outcomes": [{"kpi": "orders", "unit": "orders", "value": 118149.41481979805, "incremental": {"mean": 2953.7353704949514, "p05": 2315.3309177733377, "p50": 2990.4880891471375, "p95": 3715.2774706441946}, "base": {"mean": 3950.648774628935, "p05": 3594.124957806857, "p50": 3970.3938236383347, "p95": 4195.580111190803}, "total": {"mean": 5118.434478196663, "p05": 4729.826344128204, "p50": 5086.428916635319, "p95": 5813.677344996021}, "after_horizon": {"mean": 1785.9496669272237, "p05": 1235.4206691796712, "p50": 1761.4292514274737, "p95": 2326.6571908672263}}], "tasks": [], "ledger": null, "bottom_up": null, "split": {"brand_share": 0.35, "band": [0.35, 0.45], "preset": "b2c", "kpi_without_rule": 2976.3446260052515, "cost_of_rule": 22.609255510300045, "shadow_price": -162.19590088101157}, "profit": {"mean": -381850.5851802019, "p05": -407386.7632890665, "p50": -380380.4764341145, "p95": -351388.9011742322}, "risk": null, "certificate": {"value": 2953.7353704949514, "bound": 2953.840620879664, "gap": 3.563297706492014e-05, "unit": "kpi", "method": "outer approximation on the exact curves (HiGHS)", "seconds": 0.07110259500041138}, "binding": [{"rule": "budget", "text": {"template": "The budget is {budget}.", "values": {"budget": {"kind": "money", "amount": 500000.0}}}, "shadow_price": 0.003410349175774276}, {"rule": "split.brand_share", "text": {"template": "Brand gets between {low} and {high} of spend.", "values": {"low": {"kind": "share", "fraction": 0.35, "digits": 1}, "high": {"kind": "share", "fraction": 0.45, "digits": 1}}}, "shadow_price": -162.19590088101157}], "comparisons": {"reference": {"budget": 129854.44994174845, "mean": 1213.6891202711934, "p05": 901.2485823244427, "p95": 1509.3438366946712}, "same_mix": {"budget": 500000.0, "mean": 2733.978271669318, "p05": 2228.731428962482, "p95": 3541.6264723017475}, "no_rules": {"budget": 500000.0, "mean": 2976.3446260052506, "p05": 2315.8045349818212, "p95": 3678.0690378724094}, "silos": {"budget": 500000.0, "mean": 2840.891381586013, "p05": 2231.273897167601, "p95": 3628.0953041639377}, "even_flighting": null}, "flighting": [{"date": "2027-01-04", "channel": "tv", "spend": 29063.038706434076}, {"date": "2027-01-11", "channel": "tv", "spend": 29063.038706434076}, {"date": "2027-01-04", "channel": "video", "spend": 58436.96129356593}, {"date": "2027-01-11", "channel": "video", "spend": 58436.96129356593}, {"date": "2027-01-04", "channel": "social", "spend": 54962.63839447811}, {"date": "2027-01-11", "channel": "social", "spend": 54962.63839447811}, {"date": "2027-01-04", "channel": "search", "spend": 107537.36160552189}, {"date": "2027-01-11", "channel": "search", "spend": 107537.36160552189}], "warnings": [], "conflict": [], "relaxation": [], "attainable": []}','["dccc36bafb10762c97cc0a7ddabd6dfd9949430cab9e088338d73f27da807b29"]','2026-11-26 05:09:55.667418');
CREATE INDEX ix_models_market ON models (market);
CREATE INDEX ix_promotions_market ON promotions (market);
CREATE INDEX ix_plans_scenario_id ON plans (scenario_id);
COMMIT;
PRAGMA user_version = 1;
