"""From a table and the meaning of its columns to a market, or to every fault that it has."""

from collections.abc import Sequence

import numpy as np

from mmm.errors import Fault, MarketRefused
from mmm.intake.assembly import assembled
from mmm.intake.cells import CellProblem, NumberColumn, read_numbers, without
from mmm.intake.checks_calendar import Calendar, place_rows
from mmm.intake.checks_frequency import frequencies
from mmm.intake.checks_period import RowPlaces
from mmm.intake.checks_privacy import personal_columns
from mmm.intake.checks_series import Series, collinear, too_few_periods, unchanging
from mmm.intake.checks_spec import (
    ColumnUse,
    columns_in_two_roles,
    misfitting_choices,
    misfitting_tests,
    missing_columns,
    not_counts,
    number_columns,
    other_columns,
    unknown_calendars,
    worthless,
)
from mmm.intake.dates import read_dates
from mmm.intake.surveys import survey_columns
from mmm.intake.tables import EMPTY_CELL, Cell, Table, capped, row_number
from mmm.market import NATIONAL, Market
from mmm.sentence import Sentence, Word, sentence
from mmm.spec import MarketSpec
from mmm.vocabulary import FloatArray, IntArray


def market_from_table(spec: MarketSpec, table: Table, spec_file: str = "market.toml") -> Market:
    """The market that a table holds, checked and aligned.

    Parameters
    ----------
    spec
        What market.toml said.
    table
        The data as they stand in their file.
    spec_file
        Name of market.toml in faults.

    Raises
    ------
    MarketRefused
        With every fault of the table and of its fit to `spec`.
    """
    numeric, others = number_columns(spec), other_columns(spec)
    personal = personal_columns(table, {use.column for use in numeric})
    faults = [*table.faults, *columns_in_two_roles(spec, spec_file), *personal]
    faults += missing_columns(table, [*others, *numeric], spec_file)
    faults += unknown_calendars(spec, spec_file)

    readable = frozenset(table.header) - {fault.field for fault in personal}  # faults of cells quote what they found
    numbers = {use.column: _read(table, use) for use in numeric if use.column in readable}
    for column, read in numbers.items():
        faults += _cell_faults(table, column, read.problems)
    faults += _survey_faults(spec, table)
    clean = {column: read.values for column, read in numbers.items() if read.is_clean}

    geos, geo_faults = _geo_labels(spec, table, readable)
    series_faults, notes = _series_faults(spec, table, clean, geos)
    faults += [*geo_faults, *series_faults]

    calendar, calendar_faults = _calendar(spec, table, geos, readable)
    faults += calendar_faults
    if calendar is not None:
        faults += misfitting_tests(spec, calendar, spec_file)
        faults += misfitting_choices(spec, len(calendar.dates), spec_file)
        faults += too_few_periods(table.file, spec, len(calendar.dates))
    if faults or calendar is None:
        raise MarketRefused(_in_reading_order(faults, table.file))
    clean |= survey_columns(spec, table)
    return assembled(spec, calendar, clean, (*table.notes, *calendar.notes, *notes))


def _in_reading_order(faults: Sequence[Fault], data_file: str) -> list[Fault]:
    """Faults of market.toml, then of the data: of whole columns first, then row by row."""
    return sorted(faults, key=lambda fault: (fault.file == data_file, fault.row or 0))


# Reading


def _read(table: Table, use: ColumnUse) -> NumberColumn:
    return without(read_numbers(table.column(use.column), at_least=use.at_least, above=use.above), table.broken_rows)


def _cell_faults(table: Table, column: str, problems: Sequence[CellProblem]) -> list[Fault]:
    by_kind: dict[str, list[Fault]] = {}
    for problem in problems:
        fault = Fault(table.file, column, problem.found, problem.expected, row=row_number(problem.index))
        by_kind.setdefault(problem.kind, []).append(fault)
    return [fault for faults in by_kind.values() for fault in capped(faults)]


def _survey_faults(spec: MarketSpec, table: Table) -> list[Fault]:
    """Faults of survey indicators: both cells or none, and no more successes than answers."""
    faults: list[Fault] = []
    for indicator in spec.indicators:
        columns = (indicator.successes, indicator.sample)
        if indicator.kind != "survey" or any(column not in table.header for column in columns):
            continue
        successes, sample = (table.column(column) for column in columns if column is not None)
        taken = [at for at in range(table.rows) if successes[at] is not None or sample[at] is not None]
        read = [read_numbers([cells[at] for at in taken], at_least=0.0) for cells in (successes, sample)]
        for column, numbers in zip(columns, read, strict=True):
            problems = [CellProblem(taken[one.index], one.kind, one.found, one.expected) for one in numbers.problems]
            faults += _cell_faults(table, str(column), problems)
        over = np.flatnonzero(read[0].values > read[1].values)
        faults += capped(
            [
                Fault(
                    table.file,
                    str(indicator.successes),
                    f"{read[0].values[at]:g}",
                    sentence(
                        "at most the sample of {number} ({column})",
                        number=Word(text=f"{read[1].values[at]:g}"),
                        column=Word(text=str(indicator.sample)),
                    ),
                    row=row_number(taken[at]),
                )
                for at in over
            ]
        )
    return faults


def _geo_labels(spec: MarketSpec, table: Table, readable: frozenset[str]) -> tuple[tuple[str | None, ...], list[Fault]]:
    """Name of the geo of each row; `NATIONAL` throughout where there is no such column."""
    column = spec.columns.geo
    if column is None or column not in readable:
        return (NATIONAL,) * table.rows, []
    labels = tuple(_label(cell) for cell in table.column(column))
    expected = sentence("the name of a geo in every row")
    empty = [
        CellProblem(at, "empty", EMPTY_CELL, expected)
        for at, label in enumerate(labels)
        if label is None and at not in table.broken_rows
    ]
    return labels, _cell_faults(table, column, empty)


def _label(cell: Cell) -> str | None:
    """Name of a geo: the cell as text, whole numbers without decimals."""
    if cell is None:
        return None
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def _codes(labels: Sequence[str | None]) -> IntArray:
    order = {label: code for code, label in enumerate(dict.fromkeys(labels))}
    return np.array([order[label] for label in labels], dtype=np.int64)


def _calendar(
    spec: MarketSpec, table: Table, geos: tuple[str | None, ...], readable: frozenset[str]
) -> tuple[Calendar | None, list[Fault]]:
    """The calendar of the rows, or None with what keeps them from having one."""
    column, geo_column = spec.columns.date, spec.columns.geo
    if column not in readable or (geo_column is not None and geo_column not in readable):
        return None, []
    dates = read_dates(table.column(column))
    problems = [problem for problem in dates.problems if problem.index not in table.broken_rows]
    faults = _cell_faults(table, column, problems)
    numeric = {use.column for use in number_columns(spec)}
    texts = tuple(
        name
        for name, cells in zip(table.header, table.columns, strict=True)
        if name in readable - numeric - {column, ""} and all(isinstance(cell, str) for cell in cells)
    )
    placed = place_rows(RowPlaces(table.file, column, dates, geo_column, geos, texts), spec.market.period)
    if isinstance(placed, Calendar):
        return placed, faults
    return None, [*faults, *placed]


# Checking


def _series_faults(
    spec: MarketSpec, table: Table, clean: dict[str, FloatArray], geos: Sequence[str | None]
) -> tuple[list[Fault], tuple[Sentence, ...]]:
    """Faults and notes of whole columns of numbers."""
    series, geo_of_row = _series(spec, clean), _codes(geos)
    regressors = [one for one in series if one.table in ("channels", "controls", "organic")]
    alike, notes = collinear(table.file, regressors, geo_of_row)
    faults = [*unchanging(table.file, series, geo_of_row), *alike]
    faults += not_counts(table.file, spec, clean)
    faults += worthless(table.file, spec, clean)
    broken, unvaried = frequencies(table.file, spec, clean)
    faults += broken
    faults += _population_faults(spec, table, clean, geos)
    return faults, (*notes, *unvaried)


def _series(spec: MarketSpec, clean: dict[str, FloatArray]) -> list[Series]:
    mentions = [("outcomes", outcome.name, outcome.column) for outcome in spec.outcomes]
    mentions += [("channels", channel.name, channel.spend) for channel in spec.channels]
    for channel in spec.channels:
        media = (channel.exposure, channel.reach)
        mentions += [("exposures", channel.name, column) for column in media if column is not None]
    mentions += [("controls", control.name, control.column) for control in spec.controls]
    mentions += [("organic", medium.name, medium.column) for medium in spec.organic]
    return [Series(table, name, column, clean[column]) for table, name, column in mentions if column in clean]


def _population_faults(
    spec: MarketSpec, table: Table, clean: dict[str, FloatArray], geos: Sequence[str | None]
) -> list[Fault]:
    """Faults of geos whose population changes over time."""
    column = spec.columns.population
    if column is None or column not in clean or spec.columns.geo not in table.header:
        return []
    expected = sentence("one population a geo in every row")
    first: dict[str | None, float] = {}
    changed: dict[str | None, Fault] = {}
    for at, (geo, people) in enumerate(zip(geos, clean[column], strict=True)):
        if first.setdefault(geo, people) != people and geo not in changed:
            found = sentence(
                "{people} for geo '{geo}', which had {before} before",
                people=Word(text=f"{people:g}"),
                geo=Word(text=str(geo)),
                before=Word(text=f"{first[geo]:g}"),
            )
            changed[geo] = Fault(table.file, column, found, expected, row=row_number(at))
    return capped(list(changed.values()))
