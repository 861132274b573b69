"""A phasing to learn from: what it tells, what it costs, and that it is one that the planner may take."""

import numpy as np
import pytest
from builders import CHANNELS, make_artifact

from mmm.noise_paths import NoiseDraws
from mmm.sentence import plain
from mmm.vocabulary import FloatArray
from optimizer.horizon.outlook import outlook, planned_spend
from optimizer.learning.information import Questions, noise_covariance
from optimizer.learning.phasing import learning_phasing
from optimizer.plan.document import Plan
from optimizer.plan.explanation import LearningPhasing
from optimizer.planning import Planner
from optimizer.question.asked import PlanningModel
from optimizer.scenario.document import Scenario

PAIR = make_artifact(draws=2_000, channels=CHANNELS[1:3])
THREE = make_artifact(draws=120, channels=CHANNELS[:3])
BUDGET = 500_000.0


def asked(**changes: object) -> Scenario:
    return Scenario.model_validate(
        {
            "name": "Q1",
            "market": "testland",
            "kpi": "orders",
            "budget": BUDGET,
            "horizon": {"start": "2027-01-04", "periods": 13},
            "channels": {"video": {"min": 150_000.0}, "social": {"min": 150_000.0}},
            **changes,
        }
    )


def learned(planner: Planner, scenario: Scenario) -> tuple[Plan, LearningPhasing]:
    plan = planner.plan(scenario)
    found, notes = learning_phasing(planner.question(scenario), plan)
    assert found is not None, notes
    return plan, found


def spend_of(plan: Plan, found: LearningPhasing, channels: tuple[str, ...]) -> FloatArray:
    """Spend by period and channel under the phasing. Shape (T, C)."""
    rows = {channel.channel: channel.spend for channel in found.channels}
    planned = planned_spend(plan, make_artifact(draws=2, channels=tuple(c for c in CHANNELS if c.name in channels)))
    return np.column_stack([rows.get(name, planned[:, place]) for place, name in enumerate(channels)])


def carried_out(planner: Planner, scenario: Scenario, plan: Plan, found: LearningPhasing) -> Plan:
    """The plan with the phasing as the scenario's own: checked as every plan is."""
    document = scenario.model_dump(mode="json", exclude_unset=True)
    rules = document.setdefault("channels", {})
    for channel in plan.channels:
        own = {name: value for name, value in rules.get(channel.channel, {}).items() if name not in ("min", "max")}
        rules[channel.channel] = own | {"locked": channel.spend}
    document["flighting"] = {
        "pattern": "given",
        "weights": {channel.channel: list(channel.spend) for channel in found.channels},
    }
    return planner.plan(Scenario.model_validate(document))


@pytest.fixture(scope="module")
def pair() -> tuple[Planner, Plan, LearningPhasing]:
    planner = Planner({"orders": PlanningModel(PAIR)})
    return planner, *learned(planner, asked())


def test_information_is_that_of_a_regression_where_everything_is_linear() -> None:
    rng = np.random.default_rng(5)
    design, size = rng.normal(size=(6, 2)), 200_000
    effects = rng.normal(size=(size, 2)) * (1.0, 3.0)
    questions = Questions(effects, 0.5 * np.eye(6))
    prior, data = np.diag([1.0, 9.0]), design.T @ design / 0.5
    posterior = np.linalg.inv(np.linalg.inv(prior) + data)
    gained, _ = questions.information(effects @ design.T)
    assert gained == pytest.approx(0.5 * np.log(np.linalg.det(prior) / np.linalg.det(posterior)), rel=0.01)
    narrowed = questions.narrowed(effects @ design.T)
    np.testing.assert_allclose(narrowed, 1.0 - np.sqrt(np.diag(posterior) / np.diag(prior)), rtol=0.01)


def test_slopes_of_the_information_are_finite_differences() -> None:
    rng = np.random.default_rng(2)
    outcome, effects = rng.normal(size=(40, 5)), rng.normal(size=(40, 2))
    questions = Questions(effects + outcome[:, :2], np.eye(5))
    _, slopes = questions.information(outcome)
    for place in ((0, 0), (7, 3), (39, 4)):
        step = np.zeros_like(outcome)
        step[place] = 1e-5
        ahead, behind = (questions.information(outcome + sign * step)[0] for sign in (1.0, -1.0))
        assert slopes[place] == pytest.approx((ahead - behind) / 2e-5, rel=1e-4)


def test_noise_that_follows_itself_is_counted_so() -> None:
    noise = NoiseDraws(scale=np.full(3, 2.0), persistence=np.full(3, 0.5), share=np.full(3, 0.8))
    covariance = noise_covariance(noise, 3)
    np.testing.assert_allclose(covariance[0], [4.0, 4.0 * 0.8 * 0.5, 4.0 * 0.8 * 0.25])
    np.testing.assert_allclose(np.diag(covariance), 4.0)


def test_totals_and_variation_are_kept_and_the_loss_is_what_was_allowed(
    pair: tuple[Planner, Plan, LearningPhasing],
) -> None:
    planner, plan, found = pair
    for channel in found.channels:
        total = next(each.spend for each in plan.channels if each.channel == channel.channel)
        assert sum(channel.spend) == pytest.approx(total, abs=0.01)
        even = total / 13
        assert min(channel.spend) >= 0.5 * even - 0.01
        assert max(channel.spend) <= 1.5 * even + 0.01
    again = carried_out(planner, asked(), plan, found)
    before, after = (each.outcomes[0].incremental.mean for each in (plan, again))
    assert before - after == pytest.approx(found.lost, abs=1e-3 * before)
    assert found.lost_share == pytest.approx(found.lost / before, rel=1e-6)
    assert 0.005 < found.lost_share <= 0.01 + 1e-9
    assert found.lost_money == pytest.approx(40.0 * found.lost)


def test_channels_are_less_tied_and_every_interval_gets_narrower(pair: tuple[Planner, Plan, LearningPhasing]) -> None:
    _, _, found = pair
    for channel in found.channels:
        assert channel.narrower > channel.narrower_as_planned
        assert channel.tie is not None
        assert channel.tie_as_planned is not None
        assert channel.tie < channel.tie_as_planned


def test_outcomes_of_that_phasing_really_tell_more(pair: tuple[Planner, Plan, LearningPhasing]) -> None:
    """In worlds that are draws of the model, draws are weighed by the likelihood of a quarter's outcomes in each."""
    _, plan, found = pair
    channels, rng = PAIR.channels, np.random.default_rng(4)
    planned, moved = planned_spend(plan, PAIR), spend_of(plan, found, PAIR.channels)
    asked_for = outlook(PAIR, plan.horizon.start, planned, seed=1).media.sum(axis=2)
    worlds = rng.choice(len(asked_for), 300, replace=False)
    noise = 80.0 * rng.standard_normal((len(worlds), 13))
    left = []
    for spend in (planned, moved):
        expected = outlook(PAIR, plan.horizon.start, spend, seed=1).expected
        seen = expected[worlds] + noise
        distance = ((seen[:, None, :] - expected[None, :, :]) ** 2).sum(axis=2) / 80.0**2
        weights = np.exp(-0.5 * (distance - distance.min(axis=1, keepdims=True)))
        weights /= weights.sum(axis=1, keepdims=True)
        means = weights @ asked_for
        left.append((weights @ asked_for**2 - means**2).mean(axis=0))
    narrower = 1.0 - np.sqrt(np.array(left) / asked_for.var(axis=0))
    said = {channel.channel: channel for channel in found.channels}
    for place, name in enumerate(channels):
        assert narrower[1, place] > narrower[0, place]
        assert narrower[0, place] == pytest.approx(said[name].narrower_as_planned, abs=0.05)
        assert narrower[1, place] == pytest.approx(said[name].narrower, abs=0.05)


def test_who_may_lose_more_learns_more_and_who_may_lose_nothing_loses_nothing() -> None:
    planner = Planner({"orders": PlanningModel(THREE)})
    told = []
    for learning in ({"lost_at_most": 0.0}, {}, {"lost_at_most": 0.05, "variation": 1.0}):
        _, found = learned(planner, asked(learning=learning))
        assert found.lost_share <= found.lost_at_most + 1e-9
        told.append(sum(channel.narrower for channel in found.channels))
    assert told[0] < told[1] < told[2]


RULES: dict[str, dict[str, object]] = {
    "blackout and lead time": {
        "channels": {
            "video": {"min": 150_000.0, "blackout": ["2027-02-01"]},
            "social": {"min": 150_000.0, "lead_time": 3},
        }
    },
    "caps and cash": {
        "channels": {"video": {"min": 150_000.0, "per_period_max": 14_000.0}, "social": {"min": 150_000.0, "fee": 0.1}},
        "rules": {"cash_per_period": 41_000.0, "test_reserve": 0.05},
    },
    "fixed costs and cash": {
        "channels": {"video": {"min": 150_000.0, "fixed_cost": 20_000.0}, "social": {"min": 150_000.0}},
        "rules": {"cash_per_period": 40_000.0},
    },
    "bursts": {"channels": {"video": {"min": 150_000.0, "burst_at_least": 10_000.0}, "social": {"min": 150_000.0}}},
    "history": {"flighting": {"pattern": "history"}},
    "a new channel": {"new_channels": {"tiktok": {"like": "social"}}},
}


@pytest.mark.parametrize("changes", RULES.values(), ids=RULES)
def test_every_rule_on_periods_holds(changes: dict[str, object]) -> None:
    planner = Planner({"orders": PlanningModel(THREE)})
    scenario = asked(**changes)
    plan, found = learned(planner, scenario)
    again = carried_out(planner, scenario, plan, found)
    assert again.status == "optimal"
    before, after = (each.outcomes[0].incremental.mean for each in (plan, again))
    assert before - after == pytest.approx(found.lost, abs=1e-3 * before)
    assert any(channel.narrower > channel.narrower_as_planned for channel in found.channels)


def test_budgets_of_parts_of_the_horizon_hold() -> None:
    part = {"start": "2027-01-04", "end": "2027-02-01", "amount": [150_000.0, 200_000.0]}
    planner = Planner({"orders": PlanningModel(make_artifact(draws=60, channels=CHANNELS[1:3]))})
    scenario = asked(flighting={"pattern": "optimized", "budgets": [part]}, solve={"seconds": 1.0})
    _, found = learned(planner, scenario)
    spent = sum(sum(channel.spend[:5]) for channel in found.channels)
    assert 150_000.0 - 1.0 <= spent <= 200_000.0 + 1.0
    assert found.lost_share <= 0.01 + 1e-6


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"capacity": [{"kpi": "orders", "at_most": 1e6}]}, "what a period can serve"),
        ({"horizon": {"start": "2027-01-04", "periods": 1}}, "no channel has two periods"),
        ({"horizon": {"start": "2027-01-04", "periods": 40}}, "too few draws"),
    ],
)
def test_where_there_is_no_such_phasing_it_is_said_why(changes: dict[str, object], said: str) -> None:
    planner = Planner({"orders": PlanningModel(THREE)})
    scenario = asked(**changes)
    found, notes = learning_phasing(planner.question(scenario), planner.plan(scenario))
    assert found is None
    assert said in plain(notes[0])


def test_a_channel_with_a_ceiling_on_its_cost_keeps_its_phasing() -> None:
    planner = Planner({"orders": PlanningModel(THREE)})
    scenario = asked(channels={"video": {"min": 150_000.0}, "social": {"min": 100_000.0, "cpa_at_most": 400.0}})
    _, found = learned(planner, scenario)
    assert "social" not in {channel.channel for channel in found.channels}
