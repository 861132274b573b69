"""Calls to a database that may be away for a while: a worker waits for it, because a job must not fail for that."""

import logging
import time
from collections.abc import Callable

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

LONGEST_WAIT = 5.0
"""Most seconds between two tries."""

_log = logging.getLogger("mixplan.worker")


def is_silence(error: DBAPIError) -> bool:
    """Whether an error means that the database does not answer, rather than that it refuses what was asked."""
    return error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)


def patiently[**P, T](call: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    """The value of a call, tried again while the database does not answer."""
    wait = 0.1
    while True:
        try:
            return call(*arguments, **named)
        except DBAPIError as error:
            if not is_silence(error):
                raise
            _log.warning("the database does not answer (%s); trying again", type(error.orig).__name__)
            time.sleep(wait)
            wait = min(2 * wait, LONGEST_WAIT)
