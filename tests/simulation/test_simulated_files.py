import json
import tomllib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from mmm.errors import FileRefused
from mmm.io import load_market
from mmm.simulation.files import named_after, simulated_files, write_simulated
from mmm.simulation.outlook import look_ahead
from mmm.simulation.simulate import simulate_market
from mmm.simulation.worlds import BusinessKind
from mmm.vocabulary import Language
from optimizer.scenario.document import Scenario

DATA = Path(__file__).parents[2] / "data"


@dataclass(frozen=True)
class Shipped:
    folder: str
    business: BusinessKind
    language: Language
    periods: int
    seed: int


SHIPPED = (Shipped("consumer-brand-cn", "b2c", "zh", 156, 1111), Shipped("industrial-b2b", "b2b", "en", 260, 40))
each_shipped = pytest.mark.parametrize("shipped", SHIPPED, ids=lambda shipped: shipped.folder)


@each_shipped
def test_the_shipped_markets_are_what_the_simulator_makes_today(shipped):
    simulated = simulate_market(shipped.business, periods=shipped.periods, seed=shipped.seed, language=shipped.language)
    folder = DATA / shipped.folder
    made = simulated_files(named_after(simulated, folder))
    assert {path.name for path in folder.iterdir()} == set(made)
    for name, content in made.items():
        assert (folder / name).read_bytes() == content, f"{name}: write it again with the command in data/README.md"


@each_shipped
def test_the_data_dictionary_names_every_column_and_the_command(shipped):
    text = (DATA / "README.md").read_text(encoding="utf-8")
    market = load_market(DATA / shipped.folder / "market.toml")
    spec = market.spec
    columns = [spec.columns.date, *(named.column for named in (*spec.outcomes, *spec.controls, *spec.organic))]
    for column in [*columns, *(channel.spend for channel in spec.channels)]:
        assert f" {column} |" in text
    asked = f"--language {shipped.language} --periods {shipped.periods} --seed {shipped.seed}"
    command = f"--business {shipped.business} {asked}"
    assert f"mixplan simulate {command} --out data/{shipped.folder}" in text


@pytest.mark.parametrize("kind", ["b2b", "b2c"])
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("geos", [1, 3])
def test_what_is_written_reads_back_as_the_same_market(kind, language, geos, tmp_path):
    simulated = simulate_market(kind, seed=21, language=language, geos=geos, periods=104)
    write_simulated(simulated, tmp_path / "some-market")
    market = load_market(tmp_path / "some-market" / "market.toml")
    assert market.data_digest == simulated.market.data_digest
    assert market.name == "some-market"
    assert market.spec.channels == simulated.market.spec.channels
    assert market.spec.events == simulated.market.spec.events


@each_shipped
def test_scenarios_fit_their_market_and_the_target_is_in_reach(shipped):
    folder = DATA / shipped.folder
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    plan, size = (
        Scenario.model_validate(tomllib.loads((folder / name).read_text(encoding="utf-8")))
        for name in ("plan.toml", "size.toml")
    )
    assert plan.market == size.market == shipped.folder
    assert plan.business == size.business == shipped.business
    assert plan.budget == truth["outlook"]["budget"]
    assert plan.horizon.start.isoformat() == truth["outlook"]["start"]
    simulated = simulate_market(shipped.business, periods=shipped.periods, seed=shipped.seed, language=shipped.language)
    outlook = look_ahead(simulated)
    task = size.tasks[0]
    stretched = outlook.best(1.1 * truth["outlook"]["budget"], outlook.band)
    within_reach = outlook.reached(stretched, task.probability) if task.counts == "total" else stretched.incremental
    assert task.at_least <= within_reach


@each_shipped
def test_the_truth_adds_up_as_written(shipped):
    truth = json.loads((DATA / shipped.folder / "truth.json").read_text(encoding="utf-8"))
    series, outlook = truth["series"], truth["outlook"]
    brought = np.sum([channel["contribution_per_period"] for channel in truth["channels"]], axis=0)
    expected = np.array(series["base"]) + np.array(series["organic"]) + brought
    np.testing.assert_allclose(expected, series["expected"], rtol=1e-5)
    for channel in truth["channels"]:
        assert sum(channel["contribution_per_period"]) == pytest.approx(channel["contribution"], rel=1e-5)
        assert channel["roas"] * channel["cpa"] == pytest.approx(truth["outcome"]["value_per_unit"], rel=1e-5)
        assert channel["curve"]["incremental"] == sorted(channel["curve"]["incremental"])
    for split in ("best_split", "best_split_without_band"):
        assert sum(outlook[split]["spend"].values()) == pytest.approx(outlook["budget"], abs=0.05)
        assert outlook[split]["incremental"] >= outlook["best_split"]["incremental"]


def test_chinese_data_are_in_the_encoding_of_a_chinese_desktop(tmp_path):
    write_simulated(simulate_market("b2c", seed=1, language="zh"), tmp_path)
    data = next(tmp_path.glob("*.csv")).read_bytes()
    assert data.decode("gb18030").startswith("周,订单量,电视广告花费")
    with pytest.raises(UnicodeDecodeError):
        data.decode("utf-8")


def test_a_simulation_may_be_repeated_in_its_folder_but_never_over_a_real_market(tmp_path):
    simulated = simulate_market("b2b", seed=1)
    write_simulated(simulated, tmp_path / "again")
    write_simulated(simulated, tmp_path / "again")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "market.toml").write_text("[market]")
    with pytest.raises(FileRefused, match="not simulated"):
        write_simulated(simulated, tmp_path / "mine")
    assert (tmp_path / "mine" / "market.toml").read_text() == "[market]"


def test_a_folder_that_is_no_name_keeps_the_markets_own(tmp_path):
    simulated = simulate_market("b2b", seed=1)
    write_simulated(simulated, tmp_path / "二〇二六")
    assert (tmp_path / "二〇二六" / "industrial-b2b-1.csv").exists()
