"""Plans count what was spent after the data of their model, where a newer dataset has it."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from builders import CHANNELS, make_artifact
from serving.small_market import START, small_csv, small_toml

from mmm.sentence import plain
from optimizer.planning import Planner
from optimizer.question.asked import PlanningModel
from optimizer.scenario.document import Scenario
from service.home import Home, open_home
from service.settings import Settings
from service.times import now

WINDOW_END = 157
"""Periods of the small market until the model's data end."""

HORIZON = START + timedelta(weeks=WINDOW_END + 6)
ASSUMED = "spend in between is assumed"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    opened = open_home(Settings(tmp_path / "home"))
    channels = (CHANNELS[0], CHANNELS[1].model_copy(update={"name": "search"}))
    opened.registry.publish([make_artifact(market="shop", draws=30, channels=channels)], now())
    yield opened
    opened.close()


def asked(start: date = HORIZON) -> Scenario:
    return Scenario.model_validate(
        {
            "name": "next quarter",
            "market": "shop",
            "kpi": "orders",
            "objective": "maximize",
            "budget": 200_000.0,
            "business": "none",
            "horizon": {"start": start, "periods": 13},
        }
    )


def keep(home: Home, periods: int) -> None:
    home.datasets.keep(small_toml(), "shop.csv", small_csv(periods), now())


def is_assumed(home: Home, scenario: Scenario) -> bool:
    return any(ASSUMED in plain(warning) for warning in home.desk.plan(scenario).warnings)


def test_what_a_newer_dataset_has_is_counted_and_kept_with_the_plan(home: Home) -> None:
    keep(home, WINDOW_END)
    assert is_assumed(home, asked())
    keep(home, WINDOW_END + 13)
    answer = home.desk.answer(asked(), now())
    assert answer.saved is not None
    assert answer.saved.known is not None
    assert not any(ASSUMED in plain(warning) for warning in answer.plan.warnings)
    dataset = home.datasets.load(home.datasets.dataset(home.datasets.market("shop").dataset))
    spent = dataset.spend[WINDOW_END : WINDOW_END + 6, :, 0]
    assert answer.saved.known.start == START + timedelta(weeks=WINDOW_END)
    assert answer.saved.known.spend == {"tv": tuple(spent[:, 0]), "search": tuple(spent[:, 1])}

    models = {"orders": PlanningModel(home.desk.market("shop").artifacts["orders"], 1)}
    assert answer.plan.outcomes == Planner(models, known=answer.saved.known).plan(asked()).outcomes
    assert answer.plan.outcomes != Planner(models).plan(asked()).outcomes


def test_where_the_dataset_ends_before_the_horizon_the_rest_is_assumed(home: Home) -> None:
    keep(home, WINDOW_END + 3)
    assert is_assumed(home, asked())
    assert not is_assumed(home, asked(START + timedelta(weeks=WINDOW_END + 3)))


def test_a_dataset_in_another_currency_says_nothing(home: Home) -> None:
    other = small_toml().replace(b'"EUR"', b'"USD"')
    home.datasets.keep(other, "shop.csv", small_csv(WINDOW_END + 13), now())
    assert is_assumed(home, asked())


def test_a_model_that_has_seen_everything_needs_no_dataset(home: Home) -> None:
    assert home.desk.market("shop").known is None
    assert not is_assumed(home, asked(START + timedelta(weeks=WINDOW_END)))
