"""A saved plan on another model version of its market."""

from service.home import Home
from service.records import SavedPlan
from service.refits.rescoring import Rescore, rescore


def rescored(home: Home, saved: SavedPlan, number: int | None = None) -> Rescore:
    """What a plan brings by a model version, by the champion unless one is named.

    Raises
    ------
    NotKnown
        When the market has no such version.
    NoChampion
        When none is named and none is in use.
    ScenarioRefused
        When the version has no model of the plan's KPI, or another period.
    ArtifactError
        When an artifact of it is missing or damaged.
    """
    market = saved.plan.market
    version = home.registry.champion(market) if number is None else home.registry.version(market, number)
    scenario = home.scenarios.scenario(saved.scenario_id).scenario
    return rescore(saved.plan, home.registry.load(version), version.version, saved.known, scenario.new_channels)
