"""Plans whose flighting is optimised, through the planner."""

from collections import defaultdict

import numpy as np
import pytest
from builders import CHANNELS, make_artifact

from mmm.curves import channel_response
from optimizer.errors import ScenarioRefused
from optimizer.plan.document import Plan
from optimizer.planning import Planner
from optimizer.question.asked import PlanningModel
from optimizer.scenario.document import Scenario

ARTIFACT = make_artifact(draws=60, seed=3)
PLANNER = Planner({"orders": PlanningModel(ARTIFACT)})


def plan(planner: Planner = PLANNER, **changes: object) -> Plan:
    fields = {
        "name": "phased",
        "market": "testland",
        "kpi": "orders",
        "budget": 300_000.0,
        "business": "b2c",
        "horizon": {"start": "2027-01-04", "periods": 13},
        "flighting": {"pattern": "optimized"},
        **changes,
    }
    return planner.plan(Scenario.model_validate(fields))


def flights(found: Plan) -> dict[str, np.ndarray]:
    by_channel: dict[str, list[float]] = defaultdict(list)
    for flight in found.flighting:
        by_channel[flight.channel].append(flight.spend)
    return {name: np.array(spend) for name, spend in by_channel.items()}


@pytest.fixture(scope="module")
def free() -> Plan:
    return plan()


def test_an_optimised_flighting_beats_even_and_history(free: Plan) -> None:
    assert free.certificate is not None
    for pattern in ("even", "history"):
        other = plan(flighting={"pattern": pattern}).certificate
        assert other is not None
        assert other.value < free.certificate.value
        assert other.value < free.certificate.bound


def test_value_and_flighting_are_recounted_from_the_artifact(free: Plan) -> None:
    assert free.certificate is not None
    total = 0.0
    for name, spend in flights(free).items():
        total += channel_response(ARTIFACT, name, spend / spend.sum(), _earlier(name)).expected(float(spend.sum()))
    assert total == pytest.approx(free.certificate.value, rel=1e-6)
    assert free.outcomes[0].incremental.mean == pytest.approx(free.certificate.value, rel=1e-6)


def _earlier(name: str) -> np.ndarray:
    """Spend before the horizon: history ends two years before, so that it repeats its last year."""
    question = PLANNER._desk.question(
        Scenario.model_validate(
            {
                "name": "history",
                "market": "testland",
                "kpi": "orders",
                "budget": 1.0,
                "horizon": {"start": "2027-01-04", "periods": 13},
            }
        ),
        None,
    )
    return question.timeline.earlier_spend[:, ARTIFACT.channels.index(name)]


def test_money_adds_up_to_the_cent(free: Plan) -> None:
    spend = {channel.channel: channel.spend for channel in free.channels}
    for name, amounts in flights(free).items():
        assert amounts.sum() == pytest.approx(spend[name], abs=0.005)
    assert sum(spend.values()) == pytest.approx(300_000.0, abs=0.005)
    assert free.budget == pytest.approx(300_000.0, abs=0.005)


def test_the_certificate_is_the_joint_one_and_even_phasing_is_shown_beside(free: Plan) -> None:
    assert free.certificate is not None
    assert free.certificate.method.startswith("joint flighting")
    assert free.certificate.bound >= free.certificate.value
    assert free.status == ("optimal" if free.certificate.gap <= 1e-4 else "feasible")
    assert free.comparisons is not None
    assert free.comparisons.even_flighting is not None
    assert free.comparisons.even_flighting.mean < free.certificate.value
    even = plan(flighting={"pattern": "even"}).comparisons
    assert even is not None
    assert even.even_flighting is None


def test_blackout_lead_time_full_periods_and_cash_are_kept() -> None:
    found = plan(
        channels={
            "tv": {"blackout": ["2027-02-01"], "per_period_max": 12_000.0, "off_or_at_least": 80_000.0},
            "social": {"lead_time": 2},
        },
        rules={"cash_per_period": 28_000.0},
    )
    spend = flights(found)
    assert spend["tv"][4] == 0
    assert spend["tv"].max() <= 12_000.0 * (1 + 1e-6)
    assert (spend["social"][:2] == 0).all()
    assert np.sum(list(spend.values()), axis=0).max() <= 28_000.0 * (1 + 1e-6)
    tv = next(channel.spend for channel in found.channels if channel.channel == "tv")
    assert tv == 0 or tv >= 80_000.0 - 0.01


def test_fees_count_in_the_budget_and_in_cash() -> None:
    found = plan(channels={"tv": {"fee": 0.25}}, rules={"cash_per_period": 28_000.0})
    spend = flights(found)
    assert spend["tv"].sum() > 0
    paid = sum((1.25 if name == "tv" else 1.0) * amounts for name, amounts in spend.items())
    assert isinstance(paid, np.ndarray)
    assert paid.max() <= 28_000.0 * (1 + 1e-6)
    assert paid.sum() == pytest.approx(300_000.0, abs=0.01)


def test_no_room_in_the_periods_is_infeasible_and_says_why() -> None:
    found = plan(business="none", channels={"tv": {"min": 200_000.0, "per_period_max": 12_000.0}})
    assert found.status == "infeasible"
    assert {rule.rule for rule in found.conflict} == {"channels.tv.min", "channels.tv.per_period_max"}
    assert found.relaxation


def test_sizing_needs_no_more_than_with_an_even_phasing() -> None:
    two = Planner({"orders": PlanningModel(make_artifact(draws=30, seed=3, channels=CHANNELS[1:3]))})
    asked = {
        "objective": "size",
        "budget": None,
        "business": "none",
        "tasks": [{"kpi": "orders", "at_least": 1_500.0, "probability": 0.8}],
    }
    phased, even = plan(two, **asked), plan(two, **asked, flighting={"pattern": "even"})
    assert phased.budget < even.budget
    assert phased.tasks[0].reached_probability >= 0.8
    assert phased.status == "feasible"
    assert phased.certificate is not None
    assert "in turns" in phased.certificate.method


def test_a_phasing_on_unknown_carryover_is_a_warning() -> None:
    """Retention of the artifact's draws is spread over nearly all of (0, 1)."""
    found = plan(channels={"tv": {"blackout": [{"start": "2027-02-01", "periods": 6}]}})
    assert any("carryover that is not well known" in warning.template for warning in found.warnings)


def test_a_frontier_phases_every_budget_anew() -> None:
    scenario = Scenario.model_validate(
        {
            "name": "phased",
            "market": "testland",
            "kpi": "orders",
            "budget": 300_000.0,
            "horizon": {"start": "2027-01-04", "periods": 13},
            "flighting": {"pattern": "optimized"},
        }
    )
    means = [point.mean for point in PLANNER.frontier(scenario, [100_000.0, 300_000.0])]
    found = PLANNER.plan(scenario).certificate
    assert found is not None
    assert means[1] == pytest.approx(found.value, rel=1e-6)
    assert means[0] is not None
    assert means[0] < found.value


@pytest.mark.parametrize(
    "changes",
    [
        {"risk": {"attitude": "regret"}},
        {"risk": {"attitude": "cautious"}, "channels": {"tv": {"cpa_at_most": 100.0}}},
        {"rules": {"cash_per_period": 50_000.0}, "channels": {"tv": {"fixed_cost": 5_000.0}}},
        {"channels": {"tv": {"marginal_cpa_at_most": 100.0}}},
        {"capacity": [{"kpi": "orders", "at_most": 900.0}]},
    ],
)
def test_what_does_not_go_with_it_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ScenarioRefused) as refused:
        plan(**changes)
    assert "flighting.pattern" in {fault.field for fault in refused.value.faults}
