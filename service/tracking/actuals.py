"""What was spent and what came of it while a plan ran, period by period; checked, or refused with every fault."""

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Protocol

from pydantic import Field, ValidationError

from mmm.errors import Fault, FileRefused
from mmm.parsing import StrictModel, faults_of, meant, nearest
from mmm.periods import period_range, periods_between
from mmm.sentence import Day, Number, Said, Sentence, Word, listed, phrase, sentence
from mmm.vocabulary import PeriodName
from optimizer.plan.document import Plan
from optimizer.scenario.rules import Amount

MOST_ROWS = 1000
"""Periods that a horizon may have."""


class Actuals(StrictModel):
    """The first periods of a plan's horizon as they were.

    `spend` has one amount a period for each channel of the plan. `outcomes` has the KPIs that are known, one amount a
    period from the first on; they may end before spend does.
    """

    start: date
    spend: Mapping[str, tuple[float, ...]]
    outcomes: Mapping[str, tuple[float, ...]] = Field(default_factory=dict)

    @property
    def periods(self) -> int:
        """Number of periods whose spend is known."""
        return max((len(amounts) for amounts in self.spend.values()), default=0)


class ActualsRow(StrictModel):
    """One period: its start, money by channel, outcome by KPI (none where it is not known yet)."""

    date: date
    spend: Mapping[str, Amount]
    outcomes: Mapping[str, Annotated[float, Field(ge=0, le=1e15)] | None] = Field(default_factory=dict)


class ActualsDocument(StrictModel):
    """Actuals as JSON."""

    rows: Annotated[tuple[ActualsRow, ...], Field(min_length=1, max_length=MOST_ROWS)]


class Places(Protocol):
    """Where the parts of a row stand in what was handed in."""

    def fault(self, row: int | None, part: str, name: str, found: Said, expected: Said) -> Fault:
        """A fault of `part` (date, spend, outcomes) of a row, or of all rows; `name` is a channel or KPI."""
        ...


@dataclass(frozen=True, slots=True)
class Reported:
    """Rows as they were handed in, and where their parts stand."""

    rows: tuple[ActualsRow, ...]
    places: Places


@dataclass(frozen=True, slots=True)
class JsonPlaces:
    """Rows of a JSON document."""

    file: Said

    def fault(self, row: int | None, part: str, name: str, found: Said, expected: Said) -> Fault:
        """A fault at the dotted path of its entry."""
        field = "rows" if row is None else f"rows[{row + 1}].{part}" + (f".{name}" if name else "")
        return Fault(self.file, field, found, expected)


def read_actuals(document: object, plan: Plan, period: PeriodName, file: Said = "") -> Actuals:
    """The actuals of a JSON document with `rows`.

    Raises
    ------
    FileRefused
        With every fault by its path: names that the plan does not have, dates that are none of its periods or twice
        there, amounts that are negative or not finite, periods that are left out.
    """
    return actuals_of_rows(reported_rows(document, file), plan, period)


def reported_rows(document: object, file: Said = "") -> Reported:
    """The rows of a JSON document, not held against a plan yet.

    Raises
    ------
    FileRefused
        With every fault by its path.
    """
    try:
        rows = ActualsDocument.model_validate(document).rows
    except ValidationError as error:
        raise FileRefused(faults_of(error, ActualsDocument, file)) from None
    return Reported(rows, JsonPlaces(file))


def actuals_of_rows(reported: Reported, plan: Plan, period: PeriodName, earlier: Sequence[ActualsRow] = ()) -> Actuals:
    """The actuals in rows, in whatever order they are.

    A channel that the plan gives nothing, and that no row names, spent nothing.

    Parameters
    ----------
    reported
        What was handed in.
    plan, period
        The plan that it is held against, and the period of its market.
    earlier
        Rows of periods of the plan that were known before, each complete. What is reported of a period counts instead,
        and what a report leaves out stays.

    Raises
    ------
    FileRefused
        With every fault.
    """
    rows, places = reported.rows, reported.places
    dates = period_range(plan.horizon.start, plan.horizon.periods, period)
    faults = [*_unknown_names(rows, plan, places), *_date_faults(rows, dates, period, places)]
    if not faults:
        before = {row.date: row for row in earlier}
        named = {name for row in rows for name in row.spend}
        rows = tuple(_completed(row, before.get(row.date)) for row in rows)
        merged = [*rows, *(row for row in earlier if row.date not in {one.date for one in rows})]
        faults += [*_gaps(merged, dates, places), *_missing_spend(rows, named, plan, places)]
        faults += _missing_outcomes(merged, len(rows), plan, places)
    if faults:
        raise FileRefused(faults)
    ordered = sorted(merged, key=lambda row: row.date)
    known = {
        outcome.kpi: tuple(amount for row in ordered if (amount := row.outcomes.get(outcome.kpi)) is not None)
        for outcome in plan.outcomes
    }
    return Actuals(
        start=plan.horizon.start,
        spend={
            channel.channel: tuple(row.spend.get(channel.channel, 0.0) for row in ordered) for channel in plan.channels
        },
        outcomes={kpi: amounts for kpi, amounts in known.items() if amounts},
    )


def rows_of(actuals: Actuals, period: PeriodName) -> tuple[ActualsRow, ...]:
    """The periods of actuals, each complete: every channel, and the outcomes that are known."""
    return tuple(
        ActualsRow(
            date=day,
            spend={name: amounts[at] for name, amounts in actuals.spend.items()},
            outcomes={name: amounts[at] for name, amounts in actuals.outcomes.items() if at < len(amounts)},
        )
        for at, day in enumerate(period_range(actuals.start, actuals.periods, period))
    )


def nothing_known(plan: Plan) -> Actuals:
    """The actuals of a plan of which nothing is known yet."""
    return Actuals(start=plan.horizon.start, spend=dict.fromkeys(channel_names(plan), ()))


def _completed(row: ActualsRow, before: ActualsRow | None) -> ActualsRow:
    """A row with what an earlier report of its period says and it does not."""
    if before is None:
        return row
    told = {name: amount for name, amount in row.outcomes.items() if amount is not None}
    return ActualsRow(date=row.date, spend={**before.spend, **row.spend}, outcomes={**before.outcomes, **told})


def unknown_name(name: str, known: Sequence[str], what: Sentence) -> Sentence:
    """What is expected in place of a name that is not known: the nearest one, or all of them."""
    near = nearest(name, list(known))
    if near is not None:
        return meant(what, near)
    names = listed(known, len(known), is_quoted=False)
    return sentence("{expected}: {names}", expected=phrase(what), names=names)


def channel_names(plan: Plan) -> list[str]:
    """Channels of a plan."""
    return [channel.channel for channel in plan.channels]


def kpi_names(plan: Plan) -> list[str]:
    """KPIs that a plan speaks of."""
    return [outcome.kpi for outcome in plan.outcomes]


def _unknown_names(rows: Sequence[ActualsRow], plan: Plan, places: Places) -> list[Fault]:
    channels, kpis = channel_names(plan), kpi_names(plan)
    faults = []
    for index, row in enumerate(rows):
        for part, given, known, what in (
            ("spend", row.spend, channels, sentence("a channel of the plan")),
            ("outcomes", row.outcomes, kpis, sentence("a KPI of the plan")),
        ):
            faults += [
                places.fault(index, part, name, f"'{name}'", unknown_name(name, known, what))
                for name in given
                if name not in known
            ]
    return faults


def _date_faults(rows: Sequence[ActualsRow], dates: Sequence[date], period: PeriodName, places: Places) -> list[Fault]:
    counts = Counter(row.date for row in rows)
    seen: set[date] = set()
    faults = []
    for index, row in enumerate(rows):
        if row.date not in dates:
            faults.append(places.fault(index, "date", "", row.date.isoformat(), _expected_date(row, dates, period)))
        elif row.date in seen:
            found = sentence(
                "{day}, which is there {count} times",
                day=Word(text=row.date.isoformat()),
                count=Number(amount=counts[row.date]),
            )
            faults.append(places.fault(index, "date", "", found, sentence("each period of the plan once")))
        seen.add(row.date)
    return faults


def _expected_date(row: ActualsRow, dates: Sequence[date], period: PeriodName) -> Sentence:
    position = periods_between(dates[0], row.date, period)
    if 0 <= position < len(dates):
        return sentence("the start of a period of the plan: {day}", day=Word(text=dates[position].isoformat()))
    return sentence(
        "the start of a period of the plan, {first} to {last}",
        first=Word(text=dates[0].isoformat()),
        last=Word(text=dates[-1].isoformat()),
    )


def _gaps(rows: Sequence[ActualsRow], dates: Sequence[date], places: Places) -> list[Fault]:
    given = {row.date for row in rows}
    last = max(dates.index(day) for day in given)
    missing = [day.isoformat() for day in dates[:last] if day not in given]
    if not missing:
        return []
    found = sentence("no row of {days}", days=listed(missing, is_quoted=False))
    return [places.fault(None, "date", "", found, sentence("every period from the first of the plan to the newest"))]


def _missing_spend(rows: Sequence[ActualsRow], named: Set[str], plan: Plan, places: Places) -> list[Fault]:
    needed = [channel.channel for channel in plan.channels if channel.spend > 0 or channel.channel in named]
    expected = sentence("what was spent: 0 where it was nothing")
    return [
        places.fault(index, "spend", name, sentence("nothing"), expected)
        for index, row in enumerate(rows)
        for name in needed
        if name not in row.spend
    ]


def _missing_outcomes(rows: Sequence[ActualsRow], reported: int, plan: Plan, places: Places) -> list[Fault]:
    """Outcomes that are missing although later ones are there; the first `reported` rows were handed in."""
    faults = []
    for kpi in kpi_names(plan):
        known = [row.date for row in rows if row.outcomes.get(kpi) is not None]
        for index, row in enumerate(rows):
            if row.outcomes.get(kpi) is None and known and row.date < max(known):
                expected = sentence(
                    "an outcome: only the newest may be missing, and {day} has one", day=Day(day=max(known))
                )
                if index < reported:
                    faults.append(places.fault(index, "outcomes", kpi, sentence("nothing"), expected))
                else:
                    found = sentence("no row of {days}", days=listed([row.date.isoformat()], is_quoted=False))
                    faults.append(places.fault(None, "outcomes", kpi, found, expected))
    return faults
