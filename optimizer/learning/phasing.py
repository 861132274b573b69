"""A plan's phasing moved so that the outcomes of its horizon tell channels apart, beside what that costs."""

import numpy as np

from mmm.sentence import Sentence, sentence
from mmm.vocabulary import BoolArray, FloatArray
from optimizer.flight.answer import period_rules
from optimizer.flight.problem import carryover_of
from optimizer.horizon.outlook import planned_spend
from optimizer.learning.information import Questions, noise_covariance
from optimizer.learning.paths import Expectation, MovedChannel, Paths
from optimizer.learning.rows import PhasingRows, limits_of
from optimizer.learning.search import Design, most_telling
from optimizer.plan.document import Plan
from optimizer.plan.explanation import LearningChannel, LearningPhasing
from optimizer.question.asked import Question
from optimizer.responses.kpi import KpiResponses
from optimizer.scenario.rules import ChannelRules

_SEARCHED, _SEARCHED_A_PERIOD = 200, 6
"""Draws that the search looks at, evenly spaced: so many, or so many a period; what is told is counted over all."""

_DRAWS_A_PERIOD = 4
"""Draws for each period of the horizon below which covariances over the draws say too little."""

_FLAT = 1e-6
"""Standard deviation of a path over its mean below which it counts as constant."""


def learning_phasing(question: Question, plan: Plan) -> tuple[LearningPhasing | None, list[Sentence]]:
    """The phasing, and what to know of it; None with the reason where there is none to choose.

    `question` is the plan's own, and the totals of its channels stay what they are.
    """
    scenario, kpi = question.scenario, question.kpi
    planned = planned_spend(plan, question.artifact).T
    is_moved = _may_move(question, planned)
    if scenario.capacity:
        return None, [sentence("No phasing to learn from: what a period can serve limits how it may be phased.")]
    if not is_moved.any() or scenario.horizon.periods < 2:
        return None, [sentence("No phasing to learn from: no channel has two periods that it could be moved between.")]
    if kpi.artifact.manifest.draws < _DRAWS_A_PERIOD * scenario.horizon.periods:
        return None, [sentence("No phasing to learn from: the model has too few draws for so many periods.")]
    notes = [] if not plan.tasks else [sentence("A task may be reached less surely with the phasing to learn from.")]
    design = _design(question, planned, is_moved)
    size, most = kpi.artifact.manifest.draws, max(_SEARCHED, _SEARCHED_A_PERIOD * scenario.horizon.periods)
    some = np.unique(np.linspace(0, size - 1, min(most, size)).round().astype(int))
    found = most_telling(design, some, seed=scenario.horizon.periods)
    return _told(question, design, found, planned, is_moved), notes


def _may_move(question: Question, planned: FloatArray) -> BoolArray:
    """Channels with spend in two periods or more whose effect follows spend alone, and without a ceiling on CPA."""
    rules = question.scenario.channels
    infos = question.artifact.manifest.channels
    is_held = [
        info.saturation == "reach" or bool(rule.cpa_at_most or rule.marginal_cpa_at_most)
        for info in infos
        for rule in (rules.get(info.name, ChannelRules()),)
    ]
    return np.asarray(((planned > 0).sum(axis=1) >= 2) & ~np.array(is_held))


def _design(question: Question, planned: FloatArray, is_moved: BoolArray) -> Design:
    scenario, kpi = question.scenario, question.kpi
    names = [name for name, moves in zip(question.artifact.channels, is_moved, strict=True) if moves]
    counted = question.valued() if scenario.values else [(kpi, 1.0)]
    moved = {each.artifact.manifest.outcome.name: _moved(each, names) for each, _ in [(kpi, 1.0), *counted]}
    own, horizon = moved[scenario.kpi], scenario.horizon.periods
    paths = Paths(own, _fixed(question, planned, is_moved))
    expectation = Expectation(tuple((worth, moved[each.artifact.manifest.outcome.name]) for each, worth in counted))
    spend = planned[is_moved]
    asked = [
        (channel.brings(row) - channel.response.carried_in()).sum(axis=1)
        for channel, row in zip(own, spend, strict=True)
    ]
    fixed_costs = np.array([scenario.channels.get(name, ChannelRules()).fixed_cost or 0.0 for name in kpi.responses])
    limits = limits_of(planned, is_moved, period_rules(question, scenario), fixed_costs, scenario.learning.variation)
    questions = Questions(np.stack(asked, axis=1), noise_covariance(kpi.artifact.draws.noise, horizon))
    may_lose = scenario.learning.lost_at_most * _worth(question, planned)
    least = expectation.value(spend) - may_lose
    return Design(paths, questions, expectation, PhasingRows(limits), spend, least)


def _moved(kpi: KpiResponses, names: list[str]) -> tuple[MovedChannel, ...]:
    return tuple(MovedChannel(kpi.responses[name], carryover_of(kpi.artifact, name)) for name in names)


def _fixed(question: Question, planned: FloatArray, is_moved: BoolArray) -> FloatArray:
    """Outcome per draw and period that no phasing moves: the base, and channels that keep theirs. Shape (S, T)."""
    kpi, periods = question.kpi, question.scenario.horizon.periods
    whole = kpi.baseline[:, :periods].copy()
    for place, name in enumerate(question.artifact.channels):
        if not is_moved[place]:
            whole += _brings(kpi, name, planned[place])[:, :periods]
    return np.asarray(whole)


def _worth(question: Question, planned: FloatArray) -> float:
    """Expected worth of all that the plan's media bring: the KPI, or several by their values."""
    counted = question.valued() if question.scenario.values else [(question.kpi, 1.0)]
    return sum(
        worth * float((_brings(kpi, name, planned[place]) - kpi.responses[name].carried_in()).sum(axis=1).mean())
        for kpi, worth in counted
        for place, name in enumerate(question.artifact.channels)
    )


def _brings(kpi: KpiResponses, name: str, row: FloatArray) -> FloatArray:
    """What a channel brings in each period with its planned spend, of shape (T,), and after earlier one. (S, P)."""
    response = kpi.responses[name]
    if response.saturation == "reach":  # it is phased as the question has it, for what it reaches follows frequency
        return np.asarray(response.per_period(float(row.sum())) + response.carried_in())
    return MovedChannel(response, carryover_of(kpi.artifact, name)).brings(row)


def _told(
    question: Question, design: Design, found: FloatArray, whole: FloatArray, is_moved: BoolArray
) -> LearningPhasing:
    """What a phasing of the channels that move teaches and costs; `whole` is the plan's spend of all. (C, T) each."""
    scenario, paths, planned = question.scenario, design.paths, design.planned
    narrowed = [design.questions.narrowed(paths.outcome(spend)) for spend in (planned, found)]
    tied = [_ties(paths, spend) for spend in (planned, found)]
    own = Expectation(((1.0, paths.moved),))
    lost = own.value(planned) - own.value(found)
    value = question.artifact.manifest.outcome.value_per_unit
    worth_lost = design.expectation.value(planned) - design.expectation.value(found)
    money = worth_lost if scenario.values else None if value is None else value * lost
    names = [name for name, moves in zip(question.artifact.channels, is_moved, strict=True) if moves]
    return LearningPhasing(
        lost=lost,
        lost_share=worth_lost / _worth(question, whole),
        lost_money=money,
        lost_at_most=scenario.learning.lost_at_most,
        variation=scenario.learning.variation,
        channels=tuple(
            LearningChannel(
                channel=name,
                narrower_as_planned=float(narrowed[0][place]),
                narrower=float(narrowed[1][place]),
                tie_as_planned=tied[0][place],
                tie=tied[1][place],
                spend=tuple(found[place].tolist()),
            )
            for place, name in enumerate(names)
        ),
    )


def _ties(paths: Paths, spend: FloatArray) -> list[float | None]:
    """Largest correlation over the periods of what a channel is expected to bring with another one, or with the rest.

    None for one that brings the same in every period.
    """
    periods = paths.periods
    rows = [channel.brings(row)[:, :periods].mean(axis=0) for channel, row in zip(paths.moved, spend, strict=True)]
    every = np.array([*rows, paths.fixed.mean(axis=0)])
    deviations = every - every.mean(axis=1, keepdims=True)
    sizes = np.sqrt((deviations**2).sum(axis=1))
    is_flat = sizes <= _FLAT * np.sqrt(periods) * np.abs(every).mean(axis=1)
    scaled = np.where(is_flat[:, None], 0.0, deviations / np.where(sizes > 0, sizes, 1.0)[:, None])
    together = np.abs(scaled @ scaled.T)
    np.fill_diagonal(together, 0.0)
    return [None if is_flat[place] else float(together[place].max()) for place in range(len(rows))]
