"""PyMC-Marketing's side of `fit_speed.py`: fits of one market in one process, measured.

Runs in an environment of its own. The model is the package's standard one, with its default priors: geometric
adstock over as many lags as Mixplan has, one saturation for all channels, yearly season, controls, a linear
trend. What the market has beyond channels and controls (media without cost, events, the trend) enters as
controls, as the package's own examples do with trends and events; controls are standardised, because its
default priors suit no other scale. NUTS by nutpie. The second fit of a process is `MMM.fit` called again on
the same object with another seed, so that the model is not even built again.
"""

import argparse
import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from measure import Clock, Cost, Measurement, assess, report
from pymc_marketing.mmm import MMM, GeometricAdstock, HillSaturation, LogisticSaturation, MichaelisMentenSaturation

SATURATIONS = {
    "logistic": LogisticSaturation,
    "hill": HillSaturation,
    "michaelis_menten": MichaelisMentenSaturation,
}


def main() -> None:
    """Fit once or twice and print what it cost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="with data.csv and columns.json")
    parser.add_argument("--started", type=float, required=True, help="wall clock when this process was started")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--fits", type=int, choices=(1, 2), default=1)
    parser.add_argument("--saturation", choices=tuple(SATURATIONS), default="logistic")
    parser.add_argument("--chains", type=int, default=4)
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--tune", type=int, default=1000)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    start = Clock.of_start(arguments.started)
    columns = json.loads((arguments.folder / "columns.json").read_text())
    predictors, outcome = read(arguments.folder / "data.csv", columns)
    model = MMM(
        date_column=columns["date"],
        target_column=columns["outcome"],
        channel_columns=columns["channels"],
        control_columns=[name for name in predictors if name not in (columns["date"], *columns["channels"])],
        adstock=GeometricAdstock(l_max=columns["lags"]),
        saturation=SATURATIONS[arguments.saturation](),
        yearly_seasonality=3,
    )
    found: dict[str, Measurement] = {}
    for name, seed in list(zip(("cold", "warm"), (arguments.seed, arguments.seed + 1), strict=True))[: arguments.fits]:
        trace = model.fit(
            predictors,
            outcome,
            random_seed=seed,
            progressbar=False,
            nuts_sampler="nutpie",
            chains=arguments.chains,
            draws=arguments.draws,
            tune=arguments.tune,
            cores=2,
        )
        found[name] = judge(Cost.since(start), model, trace)
        start = Clock.now()
    report(**found)


def read(file: Path, columns: dict[str, Any]) -> tuple[pd.DataFrame, pd.Series]:
    """Predictors, with trend and events as columns and everything but spend standardised, and the outcome."""
    table = pd.read_csv(file, parse_dates=[columns["date"]])
    predictors = table[[columns["date"], *columns["channels"]]].copy()
    for name in (*columns["controls"], *columns["organic"]):
        if table[name].std() > 0:
            predictors[name] = (table[name] - table[name].mean()) / table[name].std()
    for event in columns["events"]:
        inside = np.zeros(len(table))
        inside[event["start"] : event["start"] + event["periods"]] = 1.0
        predictors[f"event_{event['name']}"] = inside
    predictors["trend"] = np.linspace(-0.5, 0.5, len(table))
    return predictors, table[columns["outcome"]].astype(float)


def judge(cost: Cost, model: MMM, trace: Any) -> Measurement:
    """The measurement of a fit, from its cost and its trace."""
    posterior = trace["posterior"]
    return assess(
        cost,
        {variable.name: posterior[variable.name].values for variable in model.model.free_RVs},
        posterior["channel_contribution"].sum("date").transpose("chain", "draw", "channel").values,
        int(trace["sample_stats"]["diverging"].sum()),
    )


if __name__ == "__main__":
    main()
