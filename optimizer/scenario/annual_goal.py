"""The goal of a year as a scenario states it; `optimizer.goals.tree` takes it apart."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from mmm.parsing import CalendarDay, StrictModel, Unfit
from mmm.sentence import Number, Sentence, Word, sentence
from mmm.vocabulary import TaskCount

type GoalPeriodName = Literal["quarter", "month"]

A_YEAR: dict[GoalPeriodName, int] = {"quarter": 4, "month": 12}
"""Quarters and months of a year."""

SUM_TOLERANCE = 1e-9
"""How far shares may be from a sum of one: what rounding of decimals leaves."""


class AnnualGoal(StrictModel):
    """What is to be reached in a year, or in so many quarters or months of it.

    `target` is in whole units of the KPI. `weights` say what each period carries, in place of the season that the
    model's baseline has. `shares` are those of regions, products or markets, and `part` the one that the scenario plans
    for (all together unless given). What is spent in a period counts for the goal `lead_time` periods of the market
    later. `counts` and `probability` are those of the tasks that follow from it: one for the whole horizon, and with
    `milestones` one for the end of each period of the goal in it.
    """

    kpi: str
    target: Annotated[int, Field(gt=0, le=10**15)]
    start: CalendarDay
    by: GoalPeriodName = "quarter"
    periods: Annotated[int, Field(ge=1, le=36)] | None = None
    weights: tuple[Annotated[float, Field(ge=0, le=1e15)], ...] | None = None
    shares: Mapping[str, Annotated[float, Field(gt=0, le=1)]] = Field(default_factory=dict)
    part: str | None = None
    lead_time: Annotated[int, Field(ge=0, le=1000)] = 0
    milestones: bool = False
    counts: TaskCount = "total"
    probability: Annotated[float, Field(ge=0.5, le=0.99)] = 0.8

    @property
    def count(self) -> int:
        """Number of quarters or months."""
        return self.periods or A_YEAR[self.by]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        problems: list[Sentence] = []
        if self.start.day != 1:
            problems.append(sentence("start: a goal starts on the first of a month"))
        if self.weights is not None and len(self.weights) != self.count:
            problems.append(
                sentence(
                    "weights: {count} are needed, one a period, not {given}",
                    count=Number(amount=self.count),
                    given=Number(amount=len(self.weights)),
                )
            )
        if self.weights is not None and not any(self.weights):
            problems.append(sentence("weights: one of them at least is above zero"))
        total = sum(self.shares.values())
        if self.shares and abs(total - 1.0) > SUM_TOLERANCE:
            problems.append(sentence("shares: they add up to {total}, not to 1", total=Number(amount=total, digits=6)))
        if self.part is not None and self.part not in self.shares:
            problems.append(sentence("part: '{name}' is none of the shares", name=Word(text=self.part)))
        if problems:
            raise Unfit(*problems)
        return self
