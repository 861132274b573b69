"""The simulate command in every world."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mmm.simulation.simulate import simulate_market
from mmm.simulation.world_names import WORLDS
from service.cli.main import app


def simulated(folder: Path, *arguments: str):
    asked = ["simulate", "--seed", "3", "--periods", "104", "--out", str(folder), "--home", str(folder / "home")]
    return CliRunner().invoke(app, [*asked, *arguments])


def test_a_world_that_is_asked_for_is_written_as_the_simulator_makes_it(tmp_path):
    done = simulated(tmp_path / "twins", "--business", "b2b", "--world", "twins", "--json")
    assert done.exit_code == 0
    truth = json.loads((tmp_path / "twins" / "truth.json").read_text(encoding="utf-8"))
    assert truth["world"] == "twins"
    market = simulate_market("b2b", seed=3, periods=104, world="twins").market
    assert truth["data_digest"] == market.data_digest


def test_without_a_world_the_models_own_is_simulated(tmp_path):
    assert simulated(tmp_path / "usual", "--business", "b2c").exit_code == 0
    truth = json.loads((tmp_path / "usual" / "truth.json").read_text(encoding="utf-8"))
    assert truth["data_digest"] == simulate_market("b2c", seed=3, periods=104).market.data_digest


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--business", "b2c", "--world", "sparse_b2b"), "consumers buy every week"),
        (("--business", "b2c", "--world", "flat_earth"), "flat_earth"),
    ],
)
def test_a_world_that_is_not_to_be_had_is_misuse(tmp_path, arguments, complaint):
    done = simulated(tmp_path / "none", *arguments)
    assert done.exit_code == 2
    assert complaint in done.stderr
    assert not (tmp_path / "none" / "market.toml").exists()


def test_help_and_dictionary_name_every_world():
    shown = "".join(CliRunner().invoke(app, ["simulate", "--help"]).stdout.split())
    text = (Path(__file__).parents[2] / "docs" / "simulation.md").read_text(encoding="utf-8")
    for name in WORLDS:
        assert name in shown
        assert f"`{name}`" in text
