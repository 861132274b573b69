"""Times as the database keeps them: UTC without its zone, one convention for every database."""

from datetime import UTC, datetime


def now() -> datetime:
    """The time, for whoever has to write it down."""
    return datetime.now(UTC)


def naive_utc(moment: datetime) -> datetime:
    """A moment as it is stored."""
    return moment.astimezone(UTC).replace(tzinfo=None)


def as_utc(stored: datetime) -> datetime:
    """A stored moment with its zone."""
    return stored.replace(tzinfo=UTC)
