"""Lists that are read page by page: the newest first by number, or in another order by a name."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, or_
from sqlalchemy.orm import InstrumentedAttribute, Session

from service.tables import KeyRow, WebhookRow

AGE_CURSOR = r"^[0-9]{1,16}-[0-9a-zA-Z]{1,64}$"
"""What the cursor of a list by age looks like: microseconds since 1970, and an id."""

_EPOCH = datetime(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Page[T]:
    """Some items, the newest first, and where the next page begins (None at the end)."""

    items: tuple[T, ...]
    next_cursor: int | None


def page_of[R, T](
    session: Session,
    query: Select[Any],
    number: "InstrumentedAttribute[int]",
    value: Callable[[R], T],
    limit: int,
    cursor: int | None,
) -> Page[T]:
    """A page of what a query finds.

    Parameters
    ----------
    query
        Rows to read, in any order.
    number
        The column that grows with time.
    value
        What a row is to its reader.
    limit
        Most items of the page.
    cursor
        Only rows with a smaller number; from the newest on where None.
    """
    ordered = query.order_by(number.desc()).limit(limit + 1)
    rows: list[R] = list(session.scalars(ordered if cursor is None else ordered.where(number < cursor)))
    shown = rows[:limit]
    is_more = len(rows) > limit and bool(shown)
    return Page(tuple(value(row) for row in shown), getattr(shown[-1], number.key) if is_more else None)


@dataclass(frozen=True, slots=True)
class NamedPage[T]:
    """Some items in the order of their list, and what the next page begins behind (None at the end)."""

    items: tuple[T, ...]
    next_cursor: str | None


def page_by_age[R: (KeyRow, WebhookRow), T](
    session: Session, query: Select[Any], table: type[R], value: Callable[[R], T], limit: int, cursor: str | None
) -> NamedPage[T]:
    """A page of what a query finds, the oldest first.

    Parameters
    ----------
    query
        Rows to read, in any order.
    table
        What rows are of.
    value
        What a row is to its reader.
    limit
        Most items of the page.
    cursor
        Only rows behind it (`AGE_CURSOR`); from the oldest on where None.
    """
    if cursor is not None:
        microseconds, _, identity = cursor.partition("-")
        moment = _EPOCH + timedelta(microseconds=int(microseconds))
        is_same_moment = and_(table.created_at == moment, table.id > identity)
        query = query.where(or_(table.created_at > moment, is_same_moment))
    rows: list[R] = list(session.scalars(query.order_by(table.created_at, table.id).limit(limit + 1)))
    shown = rows[:limit]
    if len(rows) <= limit:
        return NamedPage(tuple(value(row) for row in shown), None)
    last = shown[-1]
    age = (last.created_at - _EPOCH) // timedelta(microseconds=1)
    return NamedPage(tuple(value(row) for row in shown), f"{age}-{last.id}")
