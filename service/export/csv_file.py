"""A plan as CSV: one row a channel (of a plan by geo one a channel and geo), and its spend in each period."""

import csv
import io
from collections.abc import Iterator
from datetime import date

from service.export.cells import Cell, Value
from service.export.formulas import for_csv
from service.export.geo_sheets import geo_flighting_sheet, geo_sheet
from service.export.sheets import channel_sheet, flighting_sheet, trace
from service.language import Reader
from service.records import SavedPlan

MARK = "\ufeff"
"""A byte order mark, without which Excel reads UTF-8 as the system's old encoding."""


def plan_csv(saved: SavedPlan, reader: Reader) -> bytes:
    """The channels and the flighting of a plan as CSV in UTF-8 with byte order mark, ended by CR LF (RFC 4180).

    Numbers are exact, with a decimal point and without separators, whatever the reader's language; days are ISO 8601.
    The first columns say which scenario, plan and artifacts a row comes from. A channel that is split over geos has a
    row for each of them instead of one, and `Geo` is empty for the others.
    """
    header, rows = _by_channel(saved, reader) if saved.plan.geos is None else _by_geo(saved, reader)
    source = [*trace(saved, reader), (reader.gettext("Currency"), Cell(saved.plan.currency))]
    text = io.StringIO()
    text.write(MARK)
    writer = csv.writer(text, quoting=csv.QUOTE_STRINGS, lineterminator="\r\n")
    writer.writerow([_cell(name) for name in (*(name for name, _ in source), *header)])
    traced = [cell.value for _, cell in source]
    for row in rows:
        writer.writerow([_cell(value) for value in (*traced, *row)])
    return text.getvalue().encode()


def _by_channel(saved: SavedPlan, reader: Reader) -> tuple[list[Value], list[list[Value]]]:
    """Names of the columns, and a row a channel."""
    channels, flights = channel_sheet(saved.plan, reader), flighting_sheet(saved.plan, reader)
    days = [row[0].value for row in flights.rows]
    rows = [
        [*(cell.value for cell in row), *(flight[position].value for flight in flights.rows)]
        for position, row in enumerate(channels.rows, start=1)
    ]
    return [*channels.header, *days], rows


def _by_geo(saved: SavedPlan, reader: Reader) -> tuple[list[Value], list[list[Value]]]:
    """The same with a row for each geo of a channel that is split; what the columns say of a channel stays its own."""
    header, whole = _by_channel(saved, reader)
    geos, flights = geo_sheet(saved.plan, reader), geo_flighting_sheet(saved.plan, reader)
    days = [flight[0].value for flight in flights.rows]
    names = channel_sheet(saved.plan, reader).header
    of_geo: dict[Value, list[list[Value]]] = {}
    for position, row in enumerate(geos.rows, start=1):
        known = dict(zip(geos.header, (cell.value for cell in row), strict=True))
        spend = dict(zip(days, (flight[position].value for flight in flights.rows), strict=True))
        phased = [spend.get(day, 0.0) for day in header[len(names) :]]
        of_geo.setdefault(row[0].value, []).append([row[1].value, *(known.get(name) for name in names[1:]), *phased])
    return [header[0], reader.gettext("Geo"), *header[1:]], list(_rows(whole, of_geo))


def _rows(whole: list[list[Value]], of_geo: dict[Value, list[list[Value]]]) -> Iterator[list[Value]]:
    for row in whole:
        channel = row[0]
        if channel not in of_geo:
            yield [channel, None, *row[1:]]
        yield from ([channel, *part] for part in of_geo.get(channel, ()))


def _cell(value: Value) -> str | int | float | None:
    """A value as the writer takes it: texts are quoted, numbers written as they are."""
    if isinstance(value, date):
        return value.isoformat()
    return for_csv(value) if isinstance(value, str) else value
