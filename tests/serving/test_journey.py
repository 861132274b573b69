"""From data to a plan, as a new user goes."""

import json
from pathlib import Path

import pytest
from serving.server import numbers_of, posted_plan, served
from typer.testing import CliRunner, Result

from service.cli.main import app
from service.scenario_files import read_scenario

QUICK = """
[model]
draws = 250
tune = 400
chains = 2
"""


class Journey:
    """A folder with a simulated market, and a home beside it."""

    def __init__(self, folder: Path) -> None:
        self.market = folder / "trade"
        self.home = folder / "home"
        self.mixplan("simulate", "--business", "b2c", "--periods", "104", "--seed", "11", "--out", self.market)
        file = self.market / "market.toml"
        text = file.read_text(encoding="utf-8")
        assert "[model]" not in text
        file.write_text(text + QUICK, encoding="utf-8")
        self.fitted = self.mixplan("fit", self.market, "--json")

    def mixplan(self, *arguments: object) -> Result:
        return CliRunner().invoke(app, [*map(str, arguments), "--home", str(self.home)])

    def scenarios(self) -> list[Path]:
        return sorted(file for file in self.market.glob("*.toml") if file.name != "market.toml")


@pytest.fixture(scope="module")
def journey(tmp_path_factory: pytest.TempPathFactory) -> Journey:
    return Journey(tmp_path_factory.mktemp("journey"))


def test_a_fit_is_judged_and_registered(journey: Journey) -> None:
    fitted = json.loads(journey.fitted.stdout)
    assert fitted["market"] == "trade"
    assert fitted["version"] == 1
    assert {gate["name"] for gate in fitted["kpis"][0]["gates"]} >= {"convergence", "holdout_error"}
    assert journey.fitted.exit_code == (1 if fitted["verdict"] == "fail" else 0)
    assert fitted["alias"] == ("held" if fitted["verdict"] == "fail" else "champion")


def test_fitting_tells_its_stages_on_stderr(journey: Journey) -> None:
    assert "trade · " in journey.fitted.stderr
    assert "holdout fit" in journey.fitted.stderr


def test_the_same_market_is_not_fitted_twice(journey: Journey) -> None:
    again = journey.mixplan("fit", journey.market, "--json")
    assert "was fitted on the same data before" in again.stderr
    assert json.loads(again.stdout)["version"] == 1


def test_both_scenarios_of_the_market_are_planned(journey: Journey) -> None:
    if json.loads(journey.fitted.stdout)["alias"] == "held":
        journey.mixplan("promote", "trade", "1", "--force")
    plans = [json.loads(journey.mixplan("plan", file, "--json").stdout) for file in journey.scenarios()]
    assert {plan["objective"] for plan in plans} == {"maximize", "size"}
    for plan in plans:
        assert plan["status"] == "optimal"
        spent = sum(channel["spend"] for channel in plan["channels"]) + plan["test_reserve"] + plan["fixed_costs"]
        spent += plan["fees"] - plan["coop"]
        assert spent == pytest.approx(plan["budget"], abs=0.005)
        low, high = plan["split"]["band"]
        assert low - 1e-9 <= plan["split"]["brand_share"] <= high + 1e-9


def test_a_server_answers_the_fitted_market_with_the_printed_plans(journey: Journey) -> None:
    if json.loads(journey.fitted.stdout)["alias"] == "held":
        journey.mixplan("promote", "trade", "1", "--force")
    with served(journey.home) as address:
        for file in journey.scenarios():
            asked = read_scenario(file).model_dump(mode="json", by_alias=True, exclude_unset=True)
            printed = json.loads(journey.mixplan("plan", file, "--json").stdout)
            assert numbers_of(posted_plan(address, asked)) == numbers_of(printed)


def test_curves_name_the_market_by_its_folder(journey: Journey) -> None:
    by_folder = journey.mixplan("curves", journey.market, "--json").stdout
    assert json.loads(by_folder) == json.loads(journey.mixplan("curves", "trade", "--json").stdout)
