"""What a plan leaves open, against splits and draws looked at one by one."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from builders import CHANNELS, make_artifact

from mmm.artifact import ResponseArtifact, seal
from mmm.curves import channel_response
from optimizer.answer.split import answer
from optimizer.errors import ScenarioRefused
from optimizer.insight.ground import Ground, ground_of
from optimizer.insight.information import channel_information
from optimizer.insight.near_best import NEAR, near_best
from optimizer.insight.open_split import halves, open_split
from optimizer.planning import Planner, PlanningModel
from optimizer.question.answered import Answer
from optimizer.question.asked import Desk
from optimizer.scenario.document import Scenario

BUDGET = 300_000.0
PAIR = make_artifact(draws=100, channels=(CHANNELS[0], CHANNELS[2]), value_per_unit=75.0)
FOUR = make_artifact(draws=100, value_per_unit=75.0)


def scenario(**changes: object) -> Scenario:
    return Scenario.model_validate(
        {
            "name": "Q1",
            "market": "testland",
            "kpi": "orders",
            "budget": BUDGET,
            "horizon": {"start": "2027-01-04", "periods": 13},
            **changes,
        }
    )


def ground(artifact: ResponseArtifact, **changes: object) -> Ground:
    question = Desk({"orders": PlanningModel(artifact)}).question(scenario(**changes), None)
    found = answer(question)
    assert isinstance(found, Answer)
    made = ground_of(question, found)
    assert made is not None
    return made


def brought(artifact: ResponseArtifact, channel: str, budgets: Sequence[float]) -> np.ndarray:
    """What a channel brings, per draw and budget. Shape (S, budgets)."""
    index = artifact.channels.index(channel)
    response = channel_response(artifact, channel, np.full(13, 1 / 13), artifact.draws.spend[:, index])
    return np.stack([response.per_draw(amount) for amount in budgets], axis=1)


def test_every_end_of_the_room_and_every_alternative_is_nearly_as_good() -> None:
    base = ground(FOUR, business="b2c")
    rooms, alternatives = near_best(base)
    assert len(rooms) == 4
    for room in rooms:
        assert room.low <= base.best.spend[room.channel] <= room.high
    assert any(room.high - room.low > 0.05 * BUDGET for room in rooms)
    assert alternatives
    for other in alternatives:
        worth = sum(brought(FOUR, name, [amount]).mean() for name, amount in other.spend.items())
        assert 1 - worth / base.best.value == pytest.approx(other.loss, abs=1e-6)
        assert other.loss <= NEAR * 1.001
        assert sum(other.spend.values()) == pytest.approx(BUDGET, rel=1e-6)
        brand = (other.spend["tv"] + other.spend["video"]) / BUDGET
        assert 0.35 - 1e-6 <= brand <= 0.45 + 1e-6


def test_beyond_the_room_no_split_is_nearly_as_good() -> None:
    base = ground(PAIR)
    rooms, _ = near_best(base)
    amounts = np.linspace(0, BUDGET, 1201)
    worth = (brought(PAIR, "tv", amounts) + brought(PAIR, "social", BUDGET - amounts)).mean(axis=0)
    good = amounts[worth >= (1 - NEAR) * worth.max()]
    (tv,) = (room for room in rooms if room.channel == "tv")
    assert tv.low == pytest.approx(good.min(), abs=0.02 * BUDGET)
    assert tv.high == pytest.approx(good.max(), abs=0.02 * BUDGET)


def test_knowing_everything_is_worth_what_every_draw_would_gain_by_its_own_split() -> None:
    base = ground(PAIR)
    found = open_split(base)
    amounts = np.linspace(0, BUDGET, 601)
    worth = brought(PAIR, "tv", amounts) + brought(PAIR, "social", BUDGET - amounts)
    planned = np.sum([brought(PAIR, name, [amount])[:, 0] for name, amount in base.best.spend.items()], axis=0)
    looked_at = np.unique(np.linspace(0, 99, 40).round().astype(int))
    gains = (worth.max(axis=1) - planned)[looked_at]
    assert found.value == pytest.approx(gains.mean(), rel=0.05, abs=1e-3 * base.best.value)
    assert found.largest == pytest.approx(np.quantile(gains, 0.95), rel=0.05, abs=1e-3 * base.best.value)
    (tv,) = (each for each in found.ranges if each.channel == "tv")
    assert tv.p50 == pytest.approx(np.median(amounts[worth.argmax(axis=1)][looked_at]), abs=0.03 * BUDGET)


def test_knowing_one_channel_is_worth_what_its_draws_would_gain_with_the_others_as_expected() -> None:
    base = ground(PAIR)
    found = channel_information(base, "tv")
    assert found is not None
    amounts = np.linspace(0, min(BUDGET, 2 * base.best.spend["tv"]), 601)
    others = brought(PAIR, "social", BUDGET - amounts).mean(axis=0)
    worth = brought(PAIR, "tv", amounts) + others
    gain = worth.max(axis=1).mean() - worth.mean(axis=0).max()
    assert gain > 0
    assert found.value == pytest.approx(gain, rel=0.15)
    assert 0 <= found.test.value <= found.value


def test_the_sharper_a_test_the_nearer_it_comes_to_knowing() -> None:
    sharp = seal(PAIR.manifest, replace(PAIR.draws, noise_scale=PAIR.draws.noise_scale / 1e4))
    found, blunt = channel_information(ground(sharp), "tv"), channel_information(ground(PAIR), "tv")
    assert found is not None
    assert blunt is not None
    assert blunt.test.value < found.test.value <= found.value
    assert found.test.value > 0.5 * found.value
    assert found.test.lost == blunt.test.lost > 0
    assert found.test.saved == pytest.approx(0.5 * 6 / 13 * ground(sharp).best.spend["tv"], rel=1e-3)


def test_a_channel_that_brings_so_much_more_gets_a_tenth_more() -> None:
    base = ground(PAIR)
    found = channel_information(base, "tv")
    assert found is not None
    assert found.more_if is not None
    assert found.less_if is not None
    assert found.less_if < 1 < found.more_if

    def spend(factor: float) -> float:
        ceiling = PAIR.draws.ceiling.copy()
        ceiling[:, 0] *= factor
        changed = seal(PAIR.manifest, replace(PAIR.draws, ceiling=ceiling))
        return ground(changed).best.spend["tv"] / base.best.spend["tv"]

    # A knot a tenth away is better than the plan from there on, so the best has moved by about half as much or more.
    assert spend(found.more_if) > 1.03
    assert spend(1 + 0.2 * (found.more_if - 1)) < 1.1
    assert spend(found.less_if) < 0.97


def test_a_channel_that_is_off_is_tested_by_running_it() -> None:
    base = ground(FOUR, channels={"video": {"max": 60_000}, "tv": {"min": 150_000}}, budget=200_000.0)
    (off,) = (name for name, amount in base.best.spend.items() if name == "video" and amount < 1.0)
    found = channel_information(base, off)
    assert found is not None
    assert found.less_if is None
    assert found.test.lost < 0
    assert found.test.saved < 0


def test_a_channel_held_at_zero_comes_back_when_it_is_let_go() -> None:
    steep = seal(FOUR.manifest, replace(FOUR.draws, slope=np.minimum(FOUR.draws.slope, 0.8)))
    base = ground(steep)
    before = base.solved(gap=1e-4)
    assert before is not None
    assert before.spend["tv"] > 0
    held = base.solved(gap=1e-4, form=base.form.holding("tv", 0.0))
    assert held is not None
    assert held.spend["tv"] == pytest.approx(0.0, abs=1e-6)
    after = base.solved(gap=1e-4, form=base.form.holding("social", before.spend["social"]))
    assert after is not None
    assert after.value == pytest.approx(before.value, rel=2e-4)


def test_a_split_is_worth_less_by_draws_that_did_not_choose_it() -> None:
    few = make_artifact(draws=12, value_per_unit=75.0)
    found = halves(ground(few))
    assert found is not None
    assert found.others < found.chosen_by


def test_an_explanation_says_what_it_left_aside() -> None:
    planner = Planner({"orders": PlanningModel(FOUR)})
    plan, found = planner.explain(scenario(objective="efficiency", target={"roas": 1.0}))
    assert found is not None
    assert found.budget == pytest.approx(plan.budget, rel=1e-6)
    assert len(found.notes) == 1
    plan, found = planner.explain(scenario(objective="profit"))
    assert found is not None
    assert found.unit == "money"
    assert found.notes == ()
    assert {channel.channel for channel in found.channels} == set(FOUR.channels)


def test_what_spends_nothing_or_cannot_be_is_not_explained() -> None:
    worthless = Planner({"orders": PlanningModel(make_artifact(draws=60, value_per_unit=1e-3))})
    with pytest.raises(ScenarioRefused, match="spends something"):
        worthless.explain(scenario(objective="profit"))
    plan, found = worthless.explain(scenario(channels={"tv": {"min": 400_000}}))
    assert plan.status == "infeasible"
    assert found is None
