"""Actuals in a table: a CSV, XLSX or Parquet file with one row a period."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from mmm.errors import Fault, FileRefused, MarketRefused
from mmm.intake.cells import CellProblem, NumberColumn, read_numbers
from mmm.intake.dates import read_dates
from mmm.intake.formats import read_table
from mmm.intake.tables import Table, capped, row_number
from mmm.sentence import Said, listed, sentence
from mmm.spec import MarketSpec
from mmm.vocabulary import PeriodName
from optimizer.plan.document import Plan
from service.tracking.actuals import (
    MOST_ROWS,
    Actuals,
    ActualsRow,
    Reported,
    actuals_of_rows,
    channel_names,
    kpi_names,
    unknown_name,
)
from service.tracking.geo_sums import sum_of_geos


@dataclass(frozen=True, slots=True)
class ActualsColumns:
    """What the columns of a table are.

    Attributes
    ----------
    date
        Column with the start of each period.
    spend, outcomes
        Column to channel, and column to KPI. A column that is called like a channel or KPI need not be named, and one
        that is called like both is told apart as ``spend.search`` and ``outcomes.search``.
    others
        Columns that are no actuals.
    geo
        Column with the geo of each row, where a period has a row a geo: their sum is what counts.
    geos
        Geos that each period must have.
    """

    date: str = "date"
    spend: Mapping[str, str] = field(default_factory=dict)
    outcomes: Mapping[str, str] = field(default_factory=dict)
    others: frozenset[str] = frozenset()
    geo: str | None = None
    geos: frozenset[str] = frozenset()


def columns_of_market(spec: MarketSpec, header: Sequence[str], geos: Collection[str] = ()) -> ActualsColumns:
    """The columns of a market's own data file, so that its newest rows can be handed in as they are.

    `geos` are those of a panel, of which each period must have a row.
    """
    spend = {channel.spend: channel.name for channel in spec.channels}
    outcomes = {outcome.column: outcome.name for outcome in spec.outcomes}
    used = {spec.columns.date, *spend, *outcomes}
    others = frozenset(name for name in header if name not in used)
    geo = spec.columns.geo if spec.columns.geo in header else None
    return ActualsColumns(spec.columns.date, spend, outcomes, others, geo, frozenset(geos))


def read_actuals_table(
    file: str, content: bytes, plan: Plan, period: PeriodName, columns: ActualsColumns | None = None
) -> Actuals:
    """The actuals in a file.

    Parameters
    ----------
    file
        Name of the file, for faults.
    content
        Its bytes.
    plan
        The plan that they are held against.
    period
        Period of the market.
    columns
        What its columns are, where they are not called ``date``, and like channels and KPIs.

    Raises
    ------
    FileRefused
        With every fault by row and column.
    """
    return actuals_of_rows(_rows_of_table(_table(file, content), plan, columns or ActualsColumns()), plan, period)


def reported_in_file(
    file: str, content: bytes, plan: Plan, spec: MarketSpec | None = None, geos: Collection[str] = ()
) -> Reported:
    """The rows of a file, not held against the periods of a plan yet.

    Parameters
    ----------
    file, content, plan
        As of `read_actuals_table`.
    spec
        The market's own file: data that have its columns of dates and money are read as it says.
    geos
        The geos of a panel: rows by geo are summed.

    Raises
    ------
    FileRefused
        With every fault by row and column.
    """
    table = _table(file, content)
    columns = ActualsColumns()
    if spec is not None and spec.columns.geo in table.header:
        columns = ActualsColumns(geo=spec.columns.geo, geos=frozenset(geos))
    if spec is not None and {spec.columns.date, *(channel.spend for channel in spec.channels)} <= set(table.header):
        columns = columns_of_market(spec, table.header, geos)
    return _rows_of_table(table, plan, columns)


def _table(file: str, content: bytes) -> Table:
    try:
        return read_table(file, content)
    except MarketRefused as refused:
        raise FileRefused(refused.faults) from None


def _rows_of_table(table: Table, plan: Plan, columns: ActualsColumns) -> Reported:
    spend, outcomes, faults = _named(table, plan, columns)
    faults = [*table.faults, *faults]
    if columns.date not in table.header:
        expected = sentence("a column with the start of each period")
        faults.append(Fault(table.file, columns.date, sentence("no such column"), expected, row=1))
    if table.rows > MOST_ROWS and columns.geo is None:
        faults.append(
            Fault(table.file, "", sentence("more rows than a plan has periods"), sentence("one row a period"))
        )
    if faults:
        raise FileRefused(faults)
    dates = read_dates(table.column(columns.date))
    faults += _cell_faults(table.file, columns.date, dates.problems)
    numbers = {column: read_numbers(table.column(column), at_least=0.0) for column in spend}
    known = {column: _read_known(table, column) for column in outcomes}
    for column, read in (numbers | known).items():
        faults += _cell_faults(table.file, column, read.problems)
    if faults:
        raise FileRefused(faults)
    rows = tuple(
        ActualsRow(
            date=day,
            spend={name: float(numbers[column].values[row]) for column, name in spend.items()},
            outcomes={
                name: None if table.column(column)[row] is None else float(known[column].values[row])
                for column, name in outcomes.items()
            },
        )
        for row, day in enumerate(dates.dates)
        if isinstance(day, date)
    )
    places = _TablePlaces(table.file, columns.date, spend, outcomes)
    if columns.geo is None:
        return Reported(rows, places)
    summed = sum_of_geos(table.file, columns.geo, rows, table.column(columns.geo), columns.geos)
    return Reported(summed.rows, replace(places, lines=summed.lines))


@dataclass(frozen=True, slots=True)
class _TablePlaces:
    """Rows of a table."""

    file: str
    date: str
    spend: Mapping[str, str]
    outcomes: Mapping[str, str]
    lines: tuple[int, ...] | None = None

    def fault(self, row: int | None, part: str, name: str, found: Said, expected: Said) -> Fault:
        """A fault in a column and row."""
        by_name = {known: column for column, known in (self.spend if part == "spend" else self.outcomes).items()}
        column = self.date if part == "date" else by_name.get(name, name)
        line = row if row is None or self.lines is None else self.lines[row]
        return Fault(self.file, column, found, expected, row=None if line is None else row_number(line))


def _named(table: Table, plan: Plan, columns: ActualsColumns) -> tuple[dict[str, str], dict[str, str], list[Fault]]:
    """Column to channel, column to KPI, and the columns that are neither."""
    channels, kpis = channel_names(plan), kpi_names(plan)
    spend: dict[str, str] = {}
    outcomes: dict[str, str] = {}
    faults: list[Fault] = []
    for column in dict.fromkeys(table.header):
        if column in (columns.date, columns.geo) or column in columns.others:
            continue
        channel = columns.spend.get(column, column.removeprefix("spend."))
        kpi = columns.outcomes.get(column, column.removeprefix("outcomes."))
        is_spend = channel in channels and column not in columns.outcomes and not column.startswith("outcomes.")
        is_outcome = kpi in kpis and column not in columns.spend and not column.startswith("spend.")
        if is_spend and is_outcome:
            expected = sentence(
                "spend. or outcomes. before the name: the plan has a channel and a KPI that are called so"
            )
            faults.append(Fault(table.file, column, f"'{column}'", expected, row=1))
        elif is_spend:
            spend[column] = channel
        elif is_outcome:
            outcomes[column] = kpi
        elif column not in columns.spend and column not in columns.outcomes:
            expected = unknown_name(
                column, [columns.date, *channels, *kpis], sentence("a channel or a KPI of the plan")
            )
            faults.append(Fault(table.file, column, f"'{column}'", expected, row=1))
    faults += _twice(table.file, spend) + _twice(table.file, outcomes)
    return spend, outcomes, faults + _without_column(table.file, plan, set(spend.values()))


def _twice(file: str, named: Mapping[str, str]) -> list[Fault]:
    """Columns that say what another one says already."""
    first: dict[str, str] = {}
    faults = []
    for column, name in named.items():
        if name in first:
            found = sentence("the same as another column")
            faults.append(Fault(file, column, found, sentence("one column a channel and KPI"), row=1))
        first.setdefault(name, column)
    return faults


def _without_column(file: str, plan: Plan, given: set[str]) -> list[Fault]:
    """Channels that the plan spends on and that have no column."""
    missing = [channel.channel for channel in plan.channels if channel.spend > 0 and channel.channel not in given]
    if not missing:
        return []
    found = sentence("no column of {channels}", channels=listed(missing, len(missing)))
    return [Fault(file, "", found, sentence("a column with the spend of each channel of the plan"), row=1)]


def _read_known(table: Table, column: str) -> NumberColumn:
    """Numbers of a column whose empty cells are not known yet."""
    cells = table.column(column)
    read = read_numbers(cells, at_least=0.0)
    return NumberColumn(read.values, tuple(each for each in read.problems if cells[each.index] is not None))


def _cell_faults(file: str, column: str, problems: Sequence[CellProblem]) -> list[Fault]:
    return capped([Fault(file, column, one.found, one.expected, row=row_number(one.index)) for one in problems])
