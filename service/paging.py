"""Lists that are read page by page, the newest first."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select
from sqlalchemy.orm import InstrumentedAttribute, Session


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
