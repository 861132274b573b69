"""Calls to a database that may be away for a while: a worker waits for it, because a job must not fail for that."""

import logging
from collections.abc import Callable
from threading import Event

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

LONGEST_WAIT = 5.0
"""Most seconds between two tries."""

_log = logging.getLogger("mixplan.worker")


class GivenUp(BaseException):
    """Whoever carries a job was asked to stop.

    No `Exception`: the queue would write it down as the outcome of the job.
    """


def is_silence(error: DBAPIError) -> bool:
    """Whether an error means that the database does not answer, rather than that it refuses what was asked."""
    return error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)


def patiently[**P, T](call: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    """The value of a call, tried again while the database does not answer."""
    return patiently_unless(Event(), call, *arguments, **named)


def patiently_unless[**P, T](stopping: Event, call: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    """The value of a call, tried again while the database does not answer and nobody asks to stop.

    Raises
    ------
    GivenUp
        When the database did not answer and `stopping` is set.
    """
    wait = 0.1
    while True:
        try:
            return call(*arguments, **named)
        except DBAPIError as error:
            if not is_silence(error):
                raise
            _log.warning("the database does not answer (%s); trying again", _first_line(error))
            if stopping.wait(wait):
                raise GivenUp from error
            wait = min(2 * wait, LONGEST_WAIT)


def _first_line(error: DBAPIError) -> str:
    """What a database says of an error: that its disk is full, that it cannot be reached."""
    return str(error.orig).partition("\n")[0] or type(error.orig).__name__
