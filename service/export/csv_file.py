"""A plan as CSV: one row a channel, what is known of it, and its spend in each period."""

import csv
import io
from datetime import date

from service.export.formulas import for_csv
from service.export.sheets import Cell, Value, channel_sheet, flighting_sheet, trace
from service.language import Reader
from service.records import SavedPlan

MARK = "\ufeff"
"""A byte order mark, without which Excel reads UTF-8 as the system's old encoding."""


def plan_csv(saved: SavedPlan, reader: Reader) -> bytes:
    """The channels and the flighting of a plan as CSV in UTF-8 with byte order mark, ended by CR LF (RFC 4180).

    Numbers are exact, with a decimal point and without separators, whatever the reader's language; days are ISO 8601.
    The first columns say which scenario, plan and artifacts a row comes from.
    """
    channels, flights = channel_sheet(saved.plan, reader), flighting_sheet(saved.plan, reader)
    source = [*trace(saved, reader), (reader.gettext("Currency"), Cell(saved.plan.currency))]
    days = [row[0].value for row in flights.rows]
    text = io.StringIO()
    text.write(MARK)
    writer = csv.writer(text, quoting=csv.QUOTE_STRINGS, lineterminator="\r\n")
    writer.writerow([_cell(name) for name in (*(name for name, _ in source), *channels.header, *days)])
    traced = [cell.value for _, cell in source]
    for position, row in enumerate(channels.rows, start=1):
        spend = [flight[position].value for flight in flights.rows]
        writer.writerow([_cell(value) for value in (*traced, *(cell.value for cell in row), *spend)])
    return text.getvalue().encode()


def _cell(value: Value) -> str | int | float | None:
    """A value as the writer takes it: texts are quoted, numbers written as they are."""
    if isinstance(value, date):
        return value.isoformat()
    return for_csv(value) if isinstance(value, str) else value
