"""Figures of a report as text: means with their intervals, signed where they may be negative."""

from typing import Protocol

from service.language import Reader


class Estimate(Protocol):
    """A mean and the 90 % interval around it."""

    @property
    def mean(self) -> float:
        """Mean over the draws."""
        ...

    @property
    def p05(self) -> float:
        """The 5 % quantile."""
        ...

    @property
    def p95(self) -> float:
        """The 95 % quantile."""
        ...


NOTHING = "–"
"""What stands where a figure has no meaning."""


def quantity(shown: Estimate, reader: Reader) -> str:
    """A quantity with its interval; a plain zero where there is nothing."""
    if shown.mean == shown.p05 == shown.p95 == 0.0:
        return reader.quantity(0.0)
    if shown.p05 < 0:
        return _spelled(shown, reader, is_signed=False)
    return reader.estimate(shown.mean, shown.p05, shown.p95)


def change(shown: Estimate, reader: Reader) -> str:
    """A difference with its interval, all three with their sign."""
    return _spelled(shown, reader, is_signed=True)


def ratio(shown: Estimate | None, reader: Reader) -> str:
    """A ratio with its interval."""
    if shown is None:
        return NOTHING
    return f"{reader.ratio(shown.mean)} ({reader.ratio(shown.p05)}–{reader.ratio(shown.p95)})"


def money(shown: Estimate | None, reader: Reader) -> str:
    """An amount of money with its interval."""
    if shown is None:
        return NOTHING
    return f"{reader.money(shown.mean)} ({reader.money(shown.p05)}–{reader.money(shown.p95)})"


def spent(amount: float, reader: Reader) -> str:
    """Money that was spent, in whole units unless it is less than one."""
    return reader.money(amount, 0 if amount >= 1 or amount == 0 else None)


def signed(amount: float, reader: Reader, digits: int | None = None) -> str:
    """A quantity with its sign, to about three figures unless `digits` says otherwise."""
    told = reader.quantity(amount) if digits is None else reader.number(amount, digits)
    return f"+{told}" if amount > 0 and told != reader.quantity(0.0) else told


def _spelled(shown: Estimate, reader: Reader, *, is_signed: bool) -> str:
    size = max(abs(shown.mean), abs(shown.p05) / 10.0, abs(shown.p95) / 10.0)
    digits = 0 if size >= 100 or size == 0 else 1 if size >= 10 else 2
    told = [
        signed(amount, reader, digits) if is_signed else reader.number(amount, digits)
        for amount in (shown.mean, shown.p05, shown.p95)
    ]
    if len(set(told)) == 1:
        return told[0]
    return reader.gettext("{mean} ({low} to {high})").format(mean=told[0], low=told[1], high=told[2])
