"""What a plan leaves open: the choice that is left, how well it is known, and what to test next."""

from collections.abc import Sequence

from mmm.sentence import Sentence, sentence
from optimizer.answer.split import answer
from optimizer.insight.ground import Ground, ground_of
from optimizer.insight.information import ChannelInformation, LiftTestValue, channel_information
from optimizer.insight.near_best import NEAR, Room, near_best
from optimizer.insight.open_split import SpendRange, halves, open_split
from optimizer.plan.explanation import AlternativePlan, ChannelExplanation, Explanation, PauseTest, SpendInterval
from optimizer.question.answered import Refusal
from optimizer.question.asked import Question, with_budget
from optimizer.scenario.document import Risk, Scenario

_NOTICEABLE = 1e-4
"""Share of what the plan brings that the result of a test must add."""


def maximised(scenario: Scenario, budget: float) -> tuple[Scenario, list[Sentence]]:
    """The scenario as a maximum that can be explained, and what was changed for that."""
    notes: list[Sentence] = []
    if scenario.risk.attitude != "neutral":
        notes.append(sentence("Risk is left aside here: values are means over all draws."))
        scenario = scenario.model_copy(update={"risk": Risk()})
    if scenario.tasks or scenario.objective in ("size", "efficiency"):
        notes.append(sentence("Tasks and targets are left aside here: it is the best split of the plan's budget."))
        scenario = with_budget(scenario, budget)
    return scenario, notes


def explained(question: Question, notes: list[Sentence]) -> Explanation | None:
    """The explanation of a question that `maximised` made; None where the rules allow no spend."""
    found = answer(question)
    ground = None if isinstance(found, Refusal) else ground_of(question, found)
    if ground is None:
        return None
    rooms, alternatives = near_best(ground)
    opened, half = open_split(ground), halves(ground)
    known = {each.channel: each for each in opened.ranges}
    channels = tuple(
        _channel(ground, room, known[room.channel], channel_information(ground, room.channel)) for room in rooms
    )
    manifest = question.artifact.manifest
    if question.scenario.flighting.pattern == "optimized":
        notes = [*notes, sentence("The phasing is even here.")]
    return Explanation(
        scenario=question.scenario.name,
        market=question.scenario.market,
        kpi=question.scenario.kpi,
        currency=manifest.currency,
        unit="money" if ground.goal.is_money else "kpi",
        kpi_unit=manifest.outcome.unit,
        budget=ground.best.total,
        value=ground.best.value,
        near=NEAR,
        channels=channels,
        alternatives=tuple(AlternativePlan(loss=each.loss, spend=each.spend) for each in alternatives),
        knowing_all=opened.value,
        knowing_all_error=opened.standard_error,
        regret_p95=opened.largest,
        chosen_by=None if half is None else half.chosen_by,
        other_draws=None if half is None else half.others,
        best_test=_best_test(channels, _NOTICEABLE * ground.gross),
        notes=tuple(notes),
    )


def _channel(
    ground: Ground, room: Room, known: SpendRange, information: ChannelInformation | None
) -> ChannelExplanation:
    return ChannelExplanation(
        channel=room.channel,
        spend=ground.best.spend[room.channel],
        low=room.low,
        high=room.high,
        if_known=SpendInterval(p05=known.p05, p50=known.p50, p95=known.p95),
        knowing_it=None if information is None else information.value,
        more_if=None if information is None else information.more_if,
        less_if=None if information is None else information.less_if,
        test=None if information is None else _test(ground, information.test),
        is_assumed=room.channel in ground.question.scenario.new_channels,
    )


def _test(ground: Ground, test: LiftTestValue) -> PauseTest:
    value = 1.0 if ground.goal.is_money else ground.question.values().get(ground.question.scenario.kpi)
    worth = None if value is None else value * (test.value - test.lost) + test.saved
    return PauseTest(
        periods=test.periods,
        standard_error=test.standard_error,
        value=test.value,
        lost=test.lost,
        saved=test.saved,
        worth=worth,
    )


def _best_test(channels: Sequence[ChannelExplanation], least: float) -> str | None:
    """The channel whose test leaves most, in money where that is known; None where no test adds `least`."""
    tests = [(each.channel, each.test) for each in channels if each.test is not None and each.test.value >= least]
    ranked = [(test.value - test.lost if test.worth is None else test.worth, name) for name, test in tests]
    return max(ranked)[1] if ranked else None
