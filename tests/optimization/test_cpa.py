"""Ceilings on what an outcome costs: where a curve keeps them, and plans under them."""

import math

import numpy as np
import pytest
from builders import make_artifact

from mmm.curves import ChannelResponse
from mmm.sentence import plain
from optimizer.curves.expected import ExpectedCurve
from optimizer.plan.document import Plan
from optimizer.planning import Planner, PlanningModel
from optimizer.program.cpa_ceilings import most_within, windows_within
from optimizer.question.asked import Desk
from optimizer.scenario.document import Scenario

ARTIFACT = make_artifact(draws=40)
MODELS = {"orders": PlanningModel(ARTIFACT)}
PLANNER = Planner(MODELS)


def curve(*terms: tuple[float, float, float], carry: float = 0.0) -> ExpectedCurve:
    """The mean of Hill curves, each a half saturation, a slope and a ceiling."""
    half, slope, ceiling = (np.array(values) for values in zip(*terms, strict=True))
    count = (len(terms), 1)
    response = ChannelResponse("tv", "hill", np.full(count, carry), np.ones(count), half, slope, ceiling, horizon=1)
    return ExpectedCurve(response)


def asked(**changes: object) -> Scenario:
    return Scenario.model_validate(
        {
            "name": "cpa",
            "market": "testland",
            "kpi": "orders",
            "budget": 900_000.0,
            "horizon": {"start": "2027-01-04", "periods": 13},
            "solve": {"gap": 1e-5},
            **changes,
        }
    )


def plan(**changes: object) -> Plan:
    return PLANNER.plan(asked(**changes))


def value(found: Plan) -> float:
    assert found.certificate is not None
    return found.certificate.value


def spend(found: Plan) -> dict[str, float]:
    return {channel.channel: channel.spend for channel in found.channels}


def exact(name: str) -> ExpectedCurve:
    """The curve that the plan's channel has."""
    return Desk(MODELS).question(asked(), None).kpi.curves().curves[name]


@pytest.mark.parametrize("seed", range(6))
def test_the_floor_lies_under_the_curve_and_no_slope_is_steeper_than_its_bound(seed: int) -> None:
    rng = np.random.default_rng([6, seed])
    terms = [(float(rng.uniform(5, 50)), float(rng.uniform(0.5, 6)), float(rng.uniform(1, 9))) for _ in range(300)]
    mixed = curve(*terms, carry=float(rng.uniform(0, 10)))
    for _ in range(20):
        low, high = np.sort(rng.uniform(0.0, 200.0, 2))
        left, right = mixed.point(float(low)), mixed.point(float(high))
        floor, steepest = mixed.floor(left, right), mixed.steepest(left, right)
        for at in np.linspace(low, high, 23):
            assert floor.intercept + floor.slope * at <= mixed.value(at) + 1e-9
            assert mixed.point(float(at)).slope <= steepest + 1e-9


@pytest.mark.parametrize("seed", range(3))
def test_the_bound_on_a_slope_comes_as_near_as_the_points_do(seed: int) -> None:
    rng = np.random.default_rng([7, seed])
    terms = [(float(rng.uniform(50, 60)), float(rng.uniform(2, 6)), float(rng.uniform(1, 9))) for _ in range(600)]
    mixed, at = curve(*terms), float(rng.uniform(30, 50))  # in the middle of the inflections
    steepest = max(mixed.point(float(each)).slope for each in np.linspace(20, 60, 81))
    for width in (1e-1, 1e-3, 1e-5):
        left, right = mixed.point(at), mixed.point(at + width)
        slopes = [mixed.point(float(each)).slope for each in np.linspace(at, at + width, 9)]
        assert max(slopes) <= mixed.steepest(left, right) <= max(slopes) + 0.3 * width * steepest


def test_the_last_unit_that_keeps_a_ceiling_is_found_in_few_looks() -> None:
    # Many draws whose curves turn about where the ceiling ends: each look settles all but a few of the terms.
    looked_at = exact("tv")
    ceiling = 1.001 / looked_at.point(200_000.0).slope
    most = most_within(looked_at, ceiling, 4e6)
    assert looked_at.point(most).slope * ceiling == pytest.approx(1.0, rel=1e-6)
    assert len(looked_at._points) < 300


def test_a_concave_curve_keeps_an_average_from_zero_to_one_point() -> None:
    # 100 x / (x + 10) = x / c at x = 100 c - 10.
    assert windows_within(curve((10.0, 1.0, 100.0)), 0.5, 1000.0) == (pytest.approx((0.0, 40.0), abs=2e-3),)


def test_an_s_shaped_curve_keeps_an_average_between_two_points() -> None:
    # 100 x^2 / (x^2 + 100) = x / c: x^2 - 100 c x + 100 = 0, for c = 0.5 at x = 25 -+ sqrt(525).
    (window,) = windows_within(curve((10.0, 2.0, 100.0)), 0.5, 1000.0)
    assert window == pytest.approx((25 - math.sqrt(525), 25 + math.sqrt(525)), abs=2e-3)


def test_a_curve_of_two_steps_keeps_an_average_in_two_windows() -> None:
    two = curve((10.0, 8.0, 100.0), (200.0, 8.0, 2000.0))
    windows = windows_within(two, 0.5, 2000.0)
    grid = np.linspace(1.0, 2000.0, 4_000)
    is_kept = np.array([amount <= 0.5 * two.value(amount) for amount in grid])
    inside = np.array([any(low <= amount <= high for low, high in windows) for amount in grid])
    assert len(windows) == 2
    assert (is_kept != inside).mean() < 1e-3


def test_a_window_that_lies_between_coarse_points_is_not_missed() -> None:
    narrow = curve((700.0, 30.0, 100.0))
    best = min(amount / narrow.value(amount) for amount in np.linspace(700.0, 900.0, 4_001))
    (window,) = windows_within(narrow, best * 1.0005, 4000.0)
    assert 750.0 < window[0] < window[1] < 850.0
    assert windows_within(narrow, best * 0.9995, 4000.0) == ()


def test_a_ceiling_that_the_end_of_the_range_keeps_is_open() -> None:
    assert windows_within(curve((10.0, 1.0, 100.0)), 5.0, 100.0) == ((0.0, math.inf),)
    assert most_within(curve((10.0, 1.0, 100.0)), 50.0, 100.0) == math.inf


def test_the_marginal_is_kept_up_to_its_last_point_also_behind_a_foot() -> None:
    # Slope 1000 / (x + 10)^2 = 1 / c at x = sqrt(1000 c) - 10.
    assert most_within(curve((10.0, 1.0, 100.0)), 1.0, 1000.0) == pytest.approx(math.sqrt(1000.0) - 10, abs=2e-3)
    assert most_within(curve((10.0, 1.0, 100.0)), 0.05, 1000.0) == 0.0
    steep = curve((100.0, 12.0, 100.0))
    grid = np.linspace(1.0, 400.0, 4_000)
    last = max(amount for amount in grid if steep.point(float(amount)).slope >= 0.5)
    assert most_within(steep, 2.0, 4000.0) == pytest.approx(last, abs=0.2)


def test_a_plan_under_a_ceiling_on_the_average_is_the_best_one_inside_its_windows() -> None:
    video = spend(plan())["video"]
    curve_of_video = exact("video")
    ceiling = 1.01 * min(at / curve_of_video.value(at) for at in np.linspace(1e4, 1e6, 100))
    assert video / curve_of_video.value(video) > ceiling
    (window,) = windows_within(curve_of_video, ceiling, 3_600_000.0)
    found = plan(channels={"video": {"cpa_at_most": ceiling}})
    inside = plan(channels={"video": {"min": window[0], "max": window[1]}})
    off = plan(channels={"video": {"max": 0.0}})
    assert value(found) == pytest.approx(max(value(inside), value(off)), rel=3e-5)
    at = spend(found)["video"]
    assert at / exact("video").value(at) <= ceiling * (1 + 1e-5)
    (bound,) = [rule for rule in found.binding if rule.rule == "channels.video.cpa_at_most"]
    assert bound.shadow_price is None


def test_a_plan_under_a_ceiling_on_the_marginal_is_the_best_one_up_to_its_last_unit() -> None:
    video = spend(plan())["video"]
    ceiling = 0.8 / exact("video").point(video).slope
    found = plan(channels={"video": {"marginal_cpa_at_most": ceiling}})
    at = spend(found)["video"]
    assert at < video
    assert 1.0 / exact("video").point(at).slope == pytest.approx(ceiling, rel=1e-3)
    assert value(found) == pytest.approx(value(plan(channels={"video": {"max": at}})), rel=3e-5)


def test_a_ceiling_that_no_spend_keeps_says_so_and_one_in_conflict_is_relaxed_to_what_is_asked() -> None:
    found = plan(channels={"tv": {"cpa_at_most": 1.0}, "search": {"marginal_cpa_at_most": 1.0}})
    assert spend(found)["tv"] == spend(found)["search"] == 0.0
    texts = {rule.rule: plain(rule.text) for rule in found.binding}
    assert texts["channels.tv.cpa_at_most"].startswith("tv stays off: at no spend")
    assert texts["channels.search.marginal_cpa_at_most"].startswith("search stays off: at no spend")
    for field, cost in (
        ("cpa_at_most", 300_000.0 / exact("tv").value(300_000.0)),
        ("marginal_cpa_at_most", 1.0 / exact("tv").point(300_000.0).slope),
    ):
        clash = plan(channels={"tv": {"min": 300_000.0, field: 0.7 * cost}})
        assert {rule.rule for rule in clash.conflict} == {"channels.tv.min", f"channels.tv.{field}"}
        to = {rule.rule: rule.to for rule in clash.relaxation}
        changes = {"min": to.get("channels.tv.min", 300_000.0) * (1 - 1e-6)}
        changes[field] = to.get(f"channels.tv.{field}", 0.7 * cost) * (1 + 1e-6)
        assert plan(channels={"tv": changes}).status == "optimal"


def test_a_ceiling_that_gives_way_does_so_to_the_least_cost_that_the_curve_has() -> None:
    # A thousandth of the budget would do for the count, but there, in the foot of the S, orders cost far more.
    group = {"name": "both", "role": "brand", "at_least_channels": 2}
    found = plan(channels={"tv": {"cpa_at_most": 1.0}}, groups=[group])
    (relaxed,) = found.relaxation
    tv = exact("tv")
    least = min(at / tv.value(at) for at in np.linspace(1e3, 9e5, 900))
    assert (relaxed.rule, relaxed.to) == ("channels.tv.cpa_at_most", pytest.approx(least, rel=2e-4))
    eased = plan(channels={"tv": {"cpa_at_most": relaxed.to}}, groups=[group])
    assert eased.status == "optimal"
    assert 900.0 / tv.value(900.0) > 2 * least
