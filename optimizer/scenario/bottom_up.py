"""The budget from the bottom up: rates and unit costs in place of response curves.

Objective-and-task as the textbooks have it. Either a population of which a share is wanted (Kotler, Marketing
Management: share wanted, reached, try, stay, gross rating points, cost of a point), or people at each stage of the
journey, from the target backwards.
"""

from collections.abc import Mapping
from itertools import pairwise
from math import log, prod
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from mmm.parsing import StrictModel, Unfit
from mmm.sentence import Number, Sentence, Share, Term, Word, sentence
from mmm.vocabulary import STAGES, Stage

type Rate = Annotated[float, Field(gt=0, le=1)]
type Positive = Annotated[float, Field(gt=0, ge=1e-6, le=1e15)]
type GapReason = Literal["aim", "base", "certainty", "later", "unit_cost"]

POPULATION_ROUTE = ("population", "share_wanted", "reached", "trial_rate", "repeat_rate", "cost_per_point")
"""What the route by population needs, beside exposures_per_percent or reach_rate."""

SAME = 1e-9
"""Relative difference below which two shares are one."""


class FunnelStep(StrictModel):
    """One stage of the journey: the share of its people who go on to the next, and money for each of them.

    Who goes on from the last stage is counted as the outcome.
    """

    stage: Stage
    rate: Rate
    unit_cost: Annotated[float, Field(ge=0, le=1e15)] = 0.0


class BottomUp(StrictModel):
    """Rates and unit costs of one of both routes.

    Population: `share_wanted` of the `population` is to stay; `reached` is the share of the population that becomes
    aware, `trial_rate` that of the aware who try, `repeat_rate` that of those who stay. `exposures_per_percent` are the
    gross rating points needed for each percent reached; or they follow from `reach_rate` (see `points_for`).
    Stages: `steps`, and the `target` in units of the KPI, that of the scenario's task unless given.
    `per_person` is the number of units of the KPI that each person brings.
    """

    population: Positive | None = None
    share_wanted: Rate | None = None
    reached: Rate | None = None
    trial_rate: Rate | None = None
    repeat_rate: Rate | None = None
    exposures_per_percent: Positive | None = None
    reach_rate: Positive | None = None
    cost_per_point: Positive | None = None
    steps: Annotated[tuple[FunnelStep, ...], Field(max_length=len(STAGES))] = ()
    target: Positive | None = None
    per_person: Positive = 1.0

    @model_validator(mode="after")
    def _one_route(self) -> Self:
        if problems := self._stage_problems() if self.steps else self._population_problems():
            raise Unfit(*problems)
        return self

    def _stage_problems(self) -> list[Sentence]:
        problems = [
            sentence("{field}: goes with a population, not with steps", field=Word(text=name))
            for name in (*POPULATION_ROUTE, "exposures_per_percent", "reach_rate")
            if getattr(self, name) is not None
        ]
        places = [STAGES.index(step.stage) for step in self.steps]
        if any(later <= earlier for earlier, later in pairwise(places)):
            problems.append(sentence("steps: name each stage once, in the order of the journey"))
        return problems

    def _population_problems(self) -> list[Sentence]:
        problems = [
            sentence("{field}: the route by population needs it; or give steps", field=Word(text=name))
            for name in POPULATION_ROUTE
            if getattr(self, name) is None
        ]
        if (self.exposures_per_percent is None) == (self.reach_rate is None):
            problems.append(sentence("give exactly one of exposures_per_percent, reach_rate"))
        if self.reach_rate is not None and self.reached == 1.0:
            problems.append(sentence("reached: a reach curve comes near to 1 and never there"))
        if self.target is not None:
            problems.append(sentence("target: goes with steps; a population has share_wanted"))
        return problems


class LedgerStep(StrictModel):
    """One line: what is counted, how many, and what they cost (None where nothing is paid)."""

    step: str
    text: Sentence
    figure: float
    cost: float | None = None


class GapPart(StrictModel):
    """Money of the gap that one cause explains: positive where the bottom-up budget is the larger for it."""

    reason: GapReason
    text: Sentence
    amount: float


class LedgerGap(StrictModel):
    """The bottom-up budget against the plan's: cost - budget, cost / budget, and parts that add up to the difference.

    `ratio` is None for a plan without a budget, `parts` is empty where the plan's media bring nothing.
    """

    budget: float
    difference: float
    ratio: float | None
    parts: tuple[GapPart, ...]


class BottomUpPlan(StrictModel):
    """The bottom-up ledger.

    `brings` is in units of the KPI. `share_attained` is what the rates bring of the population, and `needed_rates`
    what each of them would have to be for `share_wanted` with the others as they are; above 1 it cannot be had so.
    """

    kpi: str
    steps: tuple[LedgerStep, ...]
    brings: float
    cost: float
    share_wanted: float | None = None
    share_attained: float | None = None
    needed_rates: Mapping[str, float] = Field(default_factory=dict)
    remarks: tuple[Sentence, ...] = ()
    gap: LedgerGap | None = None


def bottom_up_ledger(asked: BottomUp, kpi: str, target: float | None) -> BottomUpPlan:
    """The ledger of a route; `target`, in units of `kpi`, is used where the route by stages states none.

    Raises
    ------
    ValueError
        When the route by stages has no target from either.
    """
    if asked.steps:
        wanted = asked.target or target
        if wanted is None:
            raise ValueError("the route by stages needs a target")
        return _by_stage(asked, kpi, wanted)
    return _by_population(asked, kpi)


def points_for(reached: float, reach_rate: float) -> float:
    """Gross rating points that reach a share of the population at least once.

    The inverse of ``reached = 1 - exp(-reach_rate * points / 100)``. At `reach_rate` 1 exposures fall on people at
    random: Sainsbury's formula 1 - Π(1 - r_i) for many small insertions r_i (Rust 1986, Advertising Media Models);
    below 1 the same people are met again more often.

    Parameters
    ----------
    reached
        Share of the population, in [0, 1).
    reach_rate
        Points per 100 of the first reach, > 0.
    """
    return -100.0 * log(1.0 - reached) / reach_rate


def people_by_stage(rates: tuple[float, ...], people_wanted: float) -> tuple[float, ...]:
    """People needed at each stage for `people_wanted` at the end: wanted / product of this and all later rates."""
    return tuple(people_wanted / prod(rates[place:]) for place in range(len(rates)))


def _by_stage(asked: BottomUp, kpi: str, target: float) -> BottomUpPlan:
    people = people_by_stage(tuple(step.rate for step in asked.steps), target / asked.per_person)
    lines = tuple(
        LedgerStep(
            step=step.stage,
            text=sentence("{stage}: {rate} of them go on", stage=Term(text=step.stage), rate=_percent(step.rate)),
            figure=count,
            cost=count * step.unit_cost,
        )
        for step, count in zip(asked.steps, people, strict=True)
    )
    wanted = LedgerStep(step="wanted", text=sentence("People wanted"), figure=target / asked.per_person)
    return BottomUpPlan(kpi=kpi, steps=(*lines, wanted), brings=target, cost=sum(line.cost or 0.0 for line in lines))


def _by_population(asked: BottomUp, kpi: str) -> BottomUpPlan:
    population, wanted, cost_per_point = asked.population or 0.0, asked.share_wanted or 0.0, asked.cost_per_point or 0.0
    rates = {name: getattr(asked, name) or 0.0 for name in ("reached", "trial_rate", "repeat_rate")}
    reached = rates["reached"]
    if asked.reach_rate is None:
        exposures = asked.exposures_per_percent or 0.0
        points = 100.0 * reached * exposures
        of_points = sentence(
            "Gross rating points: {exposures} for each percent reached", exposures=Number(amount=exposures, digits=2)
        )
    else:
        points = points_for(reached, asked.reach_rate)
        of_points = sentence(
            "Gross rating points: each person reached is met {times} times",
            times=Number(amount=points / (100.0 * reached), digits=1),
        )
    aware = population * reached
    triers = aware * rates["trial_rate"]
    loyal = triers * rates["repeat_rate"]
    cost = points * cost_per_point
    of_wanted = sentence("People wanted: {share} of them", share=_percent(wanted))
    of_aware = sentence("Reached: {share} of them", share=_percent(reached))
    of_triers = sentence("Try it: {share} of those reached", share=_percent(rates["trial_rate"]))
    of_loyal = sentence("Stay: {share} of those who try", share=_percent(rates["repeat_rate"]))
    attained = prod(rates.values())
    needed = {name: rate * wanted / attained for name, rate in rates.items()}
    return BottomUpPlan(
        kpi=kpi,
        steps=(
            LedgerStep(step="population", text=sentence("Population"), figure=population),
            LedgerStep(step="wanted", text=of_wanted, figure=population * wanted),
            LedgerStep(step="reached", text=of_aware, figure=aware),
            LedgerStep(step="trial", text=of_triers, figure=triers),
            LedgerStep(step="repeat", text=of_loyal, figure=loyal),
            LedgerStep(step="points", text=of_points, figure=points, cost=cost),
        ),
        brings=loyal * asked.per_person,
        cost=cost,
        share_wanted=wanted,
        share_attained=attained,
        needed_rates=needed,
        remarks=_remarks(asked, wanted, attained, needed),
    )


def _remarks(asked: BottomUp, wanted: float, attained: float, needed: Mapping[str, float]) -> tuple[Sentence, ...]:
    """By how much the rates miss the share wanted, and what each would have to be alone."""
    if abs(attained - wanted) <= SAME * wanted:
        return ()
    if attained > wanted:
        enough = sentence(
            "The rates bring {attained} of the population where {wanted} are wanted: reaching {reached} would do.",
            attained=_percent(attained),
            wanted=_percent(wanted),
            reached=_percent(needed["reached"]),
        )
        return (enough,)
    short = sentence(
        "The rates bring {attained} of the population, {missing} less than the {wanted} wanted: {people} people.",
        attained=_percent(attained),
        missing=_percent(wanted - attained),
        wanted=_percent(wanted),
        people=Number(amount=(wanted - attained) * (asked.population or 0.0)),
    )
    return (short, *(_alone(name, getattr(asked, name), rate) for name, rate in needed.items()))


def _alone(name: str, given: float, needed: float) -> Sentence:
    if needed > 1.0 + SAME:
        return sentence(
            "'{rate}' cannot close that gap alone: it is {given}, and {needed} would be needed.",
            rate=Word(text=name),
            given=_percent(given),
            needed=_percent(needed),
        )
    return sentence(
        "'{rate}' alone would have to be {needed} instead of {given}.",
        rate=Word(text=name),
        needed=_percent(needed),
        given=_percent(given),
    )


def _percent(fraction: float) -> Share:
    """A share with the decimals that tell it from its neighbours."""
    return Share(fraction=fraction, digits=1 if round(fraction, 4) >= 0.01 else 3)
