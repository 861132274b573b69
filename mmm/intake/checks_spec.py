"""Whether market.toml fits its data: columns that exist, windows inside of the calendar, counts that are counts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from mmm.errors import Fault
from mmm.holiday_calendar import unknown_countries
from mmm.intake.checks_calendar import Calendar
from mmm.intake.tables import Table
from mmm.market import NATIONAL
from mmm.parsing import meant, nearest
from mmm.periods import is_period_start, periods_between, shift_period
from mmm.sentence import Day, Number, Sentence, Term, Word, listed, phrase, sentence
from mmm.spec import MarketSpec
from mmm.vocabulary import FloatArray


@dataclass(frozen=True, slots=True)
class ColumnUse:
    """One mention of a column in market.toml: where, and which numbers it may hold."""

    field: str
    column: str
    at_least: float | None = None
    above: float | None = None


def number_columns(spec: MarketSpec) -> tuple[ColumnUse, ...]:
    """Every mention of a column that is read as numbers, in the order of market.toml."""
    return tuple(_number_columns(spec))


def _number_columns(spec: MarketSpec) -> Iterator[ColumnUse]:
    if spec.columns.population is not None:
        yield ColumnUse("columns.population", spec.columns.population, above=0.0)
    for position, outcome in enumerate(spec.outcomes, start=1):
        yield ColumnUse(f"outcomes[{position}].column", outcome.column, at_least=0.0)
        if isinstance(outcome.value_per_unit, str):
            yield ColumnUse(f"outcomes[{position}].value_per_unit", outcome.value_per_unit, at_least=0.0)
    for position, channel in enumerate(spec.channels, start=1):
        yield ColumnUse(f"channels[{position}].spend", channel.spend, at_least=0.0)
        for field in ("exposure", "reach", "frequency"):
            column = getattr(channel, field)
            if column is not None:
                yield ColumnUse(f"channels[{position}].{field}", column, at_least=0.0)
    for position, control in enumerate(spec.controls, start=1):
        yield ColumnUse(f"controls[{position}].column", control.column)
    for position, medium in enumerate(spec.organic, start=1):
        yield ColumnUse(f"organic[{position}].column", medium.column, at_least=0.0)
    for position, indicator in enumerate(spec.indicators, start=1):
        if indicator.kind == "volume" and indicator.column is not None:
            yield ColumnUse(f"indicators[{position}].column", indicator.column, at_least=0.0)


def other_columns(spec: MarketSpec) -> tuple[ColumnUse, ...]:
    """Mentions of columns that need not hold a number in every row: dates, geos, and surveys."""
    uses = [ColumnUse("columns.date", spec.columns.date)]
    if spec.columns.geo is not None:
        uses.append(ColumnUse("columns.geo", spec.columns.geo))
    for position, indicator in enumerate(spec.indicators, start=1):
        for field in ("successes", "sample"):
            column = getattr(indicator, field)
            if indicator.kind == "survey" and column is not None:
                uses.append(ColumnUse(f"indicators[{position}].{field}", column))
    return tuple(uses)


def missing_columns(table: Table, uses: Sequence[ColumnUse], spec_file: str) -> list[Fault]:
    """A fault for each mention of a column that the table does not have, with the nearest that it has."""
    named = [name for name in table.header if name]
    found = sentence("no column of this name")
    faults = []
    for use in uses:
        if use.column in named:
            continue
        near = next((name for name in named if name.casefold() == use.column.casefold()), nearest(use.column, named))
        field, file = Word(text=use.field), Word(text=spec_file)
        expected = sentence("the column that {field} of {file} names", field=field, file=file)
        if near is not None:
            expected = meant(expected, near)
        else:
            expected = sentence("{expected}; the columns are {names}", expected=phrase(expected), names=listed(named))
        faults.append(Fault(table.file, use.column, found, expected, row=1))
    return faults


def columns_in_two_roles(spec: MarketSpec, spec_file: str) -> list[Fault]:
    """Faults of columns that are an outcome, or an indicator of brand, and its own explanation."""
    outcomes = {outcome.column: outcome.name for outcome in spec.outcomes}
    indicators = {
        column: indicator.name
        for indicator in spec.indicators
        for column in (indicator.column, indicator.successes, indicator.sample)
        if column is not None
    }
    explaining = [
        *((f"channels[{at}].spend", channel.spend) for at, channel in enumerate(spec.channels, start=1)),
        *((f"controls[{at}].column", control.column) for at, control in enumerate(spec.controls, start=1)),
        *((f"organic[{at}].column", medium.column) for at, medium in enumerate(spec.organic, start=1)),
    ]
    expected = sentence("another column")
    faults = [
        Fault(spec_file, field, _column_of_outcome(column, outcomes[column]), expected)
        for field, column in explaining
        if column in outcomes
    ]
    apart = sentence("another column: brand brings an indicator about, and holding it fixed would hide what brand does")
    faults += [
        Fault(spec_file, field, _column_of_indicator(column, indicators[column]), apart)
        for field, column in explaining
        if column in indicators
    ]
    return faults


def _column_of_indicator(column: str, indicator: str) -> Sentence:
    return sentence(
        "'{column}', the column of the indicator '{indicator}'",
        column=Word(text=column),
        indicator=Word(text=indicator),
    )


def _column_of_outcome(column: str, outcome: str) -> Sentence:
    return sentence(
        "'{column}', the column of the outcome '{outcome}'", column=Word(text=column), outcome=Word(text=outcome)
    )


def misfitting_tests(spec: MarketSpec, calendar: Calendar, spec_file: str) -> list[Fault]:
    """Faults of lift tests whose window or geos the data do not have."""
    faults: list[Fault] = []
    first, last = calendar.dates[0], calendar.dates[-1]
    period = spec.market.period
    inside = sentence(
        "a window inside of the data, {first} to {last}", first=Word(text=str(first)), last=Word(text=str(last))
    )
    is_panel = calendar.geos != (NATIONAL,)
    for position, test in enumerate(spec.lift_tests, start=1):
        field = f"lift_tests[{position}]"
        end = shift_period(test.start, (test.measured_periods or test.periods) - 1, period)
        if test.start < first or end > last:
            found = sentence(
                "{start} to {end} (starts of its first and last {period})",
                start=Word(text=str(test.start)),
                end=Word(text=str(end)),
                period=Term(text=period),
            )
            faults.append(Fault(spec_file, f"{field}.start", found, inside))
        elif not is_period_start(test.start, first, period):
            near = Word(text=str(_start_of(test.start, first, spec)))
            expected = sentence(
                "the start of a {period} of the data, such as {day}", period=Term(text=period), day=near
            )
            faults.append(Fault(spec_file, f"{field}.start", str(test.start), expected))
        for geo in test.geos:
            if not is_panel:
                expected = sentence("no geos: the market is no panel")
                faults.append(Fault(spec_file, f"{field}.geos", f"'{geo}'", expected))
            elif geo not in calendar.geos:
                faults.append(Fault(spec_file, f"{field}.geos", f"'{geo}'", _known_geo(geo, calendar.geos)))
    return faults


def _known_geo(geo: str, geos: Sequence[str]) -> Sentence:
    near = nearest(geo, list(geos))
    if near is not None:
        return meant(sentence("a geo of the data"), near)
    return sentence("a geo of the data; the geos are {names}", names=listed(geos))


def misfitting_choices(spec: MarketSpec, periods: int, spec_file: str) -> list[Fault]:
    """Faults of model choices that the length of the history does not allow."""
    faults = []
    for name in ("holdout", "carryover_periods"):
        asked = getattr(spec.model, name)
        if asked is not None and asked >= periods:
            expected = sentence("fewer than the {count} periods of the data", count=Number(amount=periods))
            faults.append(Fault(spec_file, f"model.{name}", str(asked), expected))
    return faults


def unknown_calendars(spec: MarketSpec, spec_file: str) -> list[Fault]:
    """A fault for each country whose holidays nobody here knows."""
    expected = sentence("a country whose holidays are known, such as DE, US or CN (GB for the United Kingdom)")
    unknown = unknown_countries(spec.model.holidays)
    return [Fault(spec_file, "model.holidays", repr(code), expected) for code in unknown]


def event_notes(spec: MarketSpec, dates: Sequence[date]) -> tuple[Sentence, ...]:
    """Notes on events that lie outside of the data or begin inside of a period."""
    notes = []
    for event in spec.events:
        end = shift_period(event.start, event.periods - 1, spec.market.period)
        if end < dates[0] or event.start > dates[-1]:
            notes.append(
                sentence(
                    "The event '{event}' of {day} lies outside of the data: its effect cannot be learned from them.",
                    event=Word(text=event.name),
                    day=Day(day=event.start),
                )
            )
        elif not is_period_start(event.start, dates[0], spec.market.period):
            notes.append(
                sentence(
                    "The event '{event}' begins on {day}, inside of the {period} of {start}, and counts from there.",
                    event=Word(text=event.name),
                    day=Day(day=event.start),
                    period=Term(text=spec.market.period),
                    start=Day(day=_start_of(event.start, dates[0], spec)),
                )
            )
    return tuple(notes)


def not_counts(file: str, spec: MarketSpec, values: dict[str, FloatArray]) -> list[Fault]:
    """Faults of outcomes that are modelled as counts and are not whole numbers. Values by column, shape (rows,)."""
    faults = []
    for outcome in spec.outcomes:
        if outcome.likelihood != "negative_binomial" or outcome.column not in values:
            continue
        broken = np.flatnonzero(values[outcome.column] % 1 != 0)
        if len(broken):
            found = sentence(
                "{number} (and {count} more cells that are not whole)",
                number=Word(text=f"{values[outcome.column][broken[0]]:g}"),
                count=Number(amount=len(broken) - 1),
            )
            expected = sentence('whole numbers, for likelihood = "negative_binomial" counts; or another likelihood')
            faults.append(Fault(file, outcome.column, found, expected, row=int(broken[0]) + 2))
    return faults


def worthless(file: str, spec: MarketSpec, values: dict[str, FloatArray]) -> list[Fault]:
    """Faults of outcomes whose column of value per unit is zero throughout. Values by column, shape (rows,)."""
    columns = {outcome.value_per_unit for outcome in spec.outcomes if isinstance(outcome.value_per_unit, str)}
    found = sentence("a value per unit of 0 in every row")
    expected = sentence("money per unit: check that this is the right column")
    return [
        Fault(file, column, found, expected)
        for column in sorted(columns)
        if column in values and not values[column].any()
    ]


def _start_of(day: date, anchor: date, spec: MarketSpec) -> date:
    period = spec.market.period
    return shift_period(anchor, periods_between(anchor, day, period), period)
