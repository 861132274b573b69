"""What can be served in a period."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from mmm.sentence import Day, Number, Sentence, Word, sentence
from optimizer.curves.expected import Line
from optimizer.program.capacity_lines import CapacityRow, PeriodCapacity
from optimizer.program.formulation import Formulation


def keep_capacity(form: Formulation) -> None:
    """The expected KPI of a period is at most what can be served in it, on straight lines in place of its curves."""
    lines = form.setting.capacity
    for row in lines.rows:
        each = row.capacity
        served = sum(_served(form, row, name, pieces) for name, pieces in row.lines.items())
        form.add(
            _place(each),
            _text(each, form),
            served * each.limit <= each.limit - each.base,
            limit=each.limit,
            unit="kpi",
            measure=partial(_measured, form, each),
            outcome=each,
        )


def _served(form: Formulation, row: CapacityRow, name: str, pieces: Sequence[Sequence[Line]]) -> Any:
    """What a channel adds to the KPI of a period as a share of the capacity, at least as its lines have it."""
    served = form.model.served.add()
    parts = form.parts(name, form.setting.capacity.cuts[name])
    limit = row.capacity.limit
    for place in range(max(len(lines) for lines in pieces)):
        chosen = [lines[min(place, len(lines) - 1)] for lines in pieces]
        height = sum(
            line.slope / limit * amount + line.intercept / limit * switch
            for line, (amount, switch) in zip(chosen, parts, strict=False)  # none beyond the most spend
        )
        form.model.pieces.add(served - height >= 0)
    return served


def _measured(form: Formulation, each: PeriodCapacity, spend: Mapping[str, float]) -> float:
    """What the limit would have to be: the outcome of the period, or of the worst one where all have one limit."""
    if isinstance(each.capacity.at_most, tuple):
        return each.outcome(spend)
    return form.setting.capacity.measured(each.rule, spend)


def _place(each: PeriodCapacity) -> str:
    where = f"capacity[{each.rule + 1}]"
    return f"{where}.at_most[{each.period + 1}]" if isinstance(each.capacity.at_most, tuple) else where


def _text(each: PeriodCapacity, form: Formulation) -> Sentence:
    kpi, limit = Word(text=each.capacity.kpi), Number(amount=each.limit)
    is_total = each.capacity.counts == "total"
    if isinstance(each.capacity.at_most, tuple):
        day = Day(day=form.setting.dates[each.period])
        if is_total:
            return sentence(
                "At most {limit} {kpi} can be served in the period from {day}.", limit=limit, kpi=kpi, day=day
            )
        return sentence(
            "At most {limit} {kpi} of this plan's media can be served in the period from {day}.",
            limit=limit,
            kpi=kpi,
            day=day,
        )
    if is_total:
        return sentence("At most {limit} {kpi} can be served in any period.", limit=limit, kpi=kpi)
    return sentence("At most {limit} {kpi} of this plan's media can be served in any period.", limit=limit, kpi=kpi)
