"""The page and the charts of a running plan say what its document says, in both languages and on narrow pages."""

import json
from functools import cache

import numpy as np
import vl_convert
from serving.test_narrow_pages import ARTIFACT, KPI, each_language, each_page, holds, made, printed
from tracked import actuals, asked, tracked_artifact, world

from optimizer.horizon.outlook import planned_spend
from optimizer.planning import Planner, PlanningModel
from service.cli.tracking_page import rest_notes, tracking_page
from service.documents import document
from service.language import Reader
from service.report.blocks import ChartGrid
from service.report.tracking import tracking_section
from service.tracking.document import Tracking
from service.tracking.replan import replan
from service.tracking.track import track

ENGLISH = Reader("en", "EUR")


@cache
def halved(periods: int = 11) -> Tracking:
    artifact = tracked_artifact()
    tasks = [{"kpi": "orders", "at_least": 10_000, "probability": 0.5}]
    plan = Planner({"orders": PlanningModel(artifact)}).plan(asked(tasks=tasks))
    came = world(plan, artifact, 3, halved={"tv": 4})[:periods]
    return track(
        plan, {"orders": artifact}, actuals(plan, artifact, came, planned_spend(plan, artifact)[: periods + 1])
    )


@cache
def with_long_names() -> Tracking:
    plan = made()
    came = np.full(4, 1234.5)
    spent = 1.5 * planned_spend(plan, ARTIFACT)[:5]
    return track(plan, {KPI: ARTIFACT}, actuals(plan, ARTIFACT, came, spent, kpi=KPI))


def test_the_page_has_the_figures_of_the_document() -> None:
    found = halved()
    page = printed(tracking_page(found, ENGLISH), 100)
    kpi = found.outcomes[0]
    assert kpi.bridge is not None
    for amount in (kpi.bridge.actual, kpi.bridge.planned, kpi.projected.mean, found.tasks[0].expected):
        assert ENGLISH.quantity(amount) in page
    assert ENGLISH.say(found.alerts[0].text)[:50] in page
    assert ENGLISH.money(found.total.spent_to_date) in page
    assert "11 of 13 weeks" not in page
    assert "12 of 13 weeks are known" in page


def test_a_plan_that_runs_as_planned_has_no_alert_on_its_page() -> None:
    artifact = tracked_artifact()
    plan = Planner({"orders": PlanningModel(artifact)}).plan(asked())
    expected = np.array([2_300.0] * 2)
    page = printed(tracking_page(track(plan, {"orders": artifact}, actuals(plan, artifact, expected)), ENGLISH), 100)
    assert "No alert" in page
    assert "Tasks" not in page
    nothing = track(plan, {"orders": artifact}, actuals(plan, artifact, np.zeros(0)))
    assert "Nothing is known yet of the 13 weeks" in printed(tracking_page(nothing, ENGLISH), 100)


@each_language
@each_page
def test_no_character_is_lost(width: int, language: str) -> None:
    holds(tracking_page(with_long_names(), Reader(language, "EUR")), width)


def test_long_horizons_show_their_newest_periods_and_the_others_together() -> None:
    artifact = tracked_artifact()
    horizon = {"start": "2027-01-04", "periods": 20}
    plan = Planner({"orders": PlanningModel(artifact)}).plan(asked(horizon=horizon))
    found = track(plan, {"orders": artifact}, actuals(plan, artifact, world(plan, artifact, 1)))
    page = printed(tracking_page(found, ENGLISH), 100)
    assert "Up to Feb 15, 2027" in page
    assert "Jan 4, 2027  " not in page


def test_charts_are_drawn_and_the_document_is_json() -> None:
    found = halved()
    section = tracking_section(found, Reader("zh", "EUR"))
    grid = section.blocks[1]
    assert isinstance(grid, ChartGrid)
    assert len(grid.charts) == 2
    for chart in grid.charts:
        drawn = vl_convert.vegalite_to_svg(json.dumps(chart.spec | {"width": 400}))
        assert "计划" in drawn
    periods = grid.charts[0].spec["datasets"]["periods"]
    assert [("actual" in row, "least" in row) for row in periods] == [(True, False)] * 11 + [(False, True)] * 2
    told = json.dumps(document(found, ENGLISH), allow_nan=False)
    assert "put down to what media bring" in told


def test_what_the_rest_rests_on_is_a_list() -> None:
    artifact = tracked_artifact(draws=60)
    plan = Planner({"orders": PlanningModel(artifact)}).plan(asked())
    rest = replan(
        asked(), plan, {"orders": artifact}, actuals(plan, artifact, np.zeros(0), planned_spend(plan, artifact)[:3])
    )
    assert "next refit on" in printed(rest_notes(rest.notes, ENGLISH), 100)
