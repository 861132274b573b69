"""Refits that markets ask for by themselves, and those that were missed while no worker ran."""

import hashlib
from datetime import datetime

from cronsim import CronSim
from sqlalchemy import select

from service.errors import NotAllowed
from service.home import Home
from service.jobs.asking import ask_refit
from service.jobs.points import pass_point
from service.jobs.records import Job
from service.tables import MarketRow
from service.times import as_utc, naive_utc

ACTOR = "schedule"


def ask_due(home: Home, now: datetime) -> tuple[Job, ...]:
    """Ask for the refits of all tenants that are due.

    However many dates a market has missed, one refit makes up for them. A market that is being refitted when its date
    comes is asked for once that has ended.
    """
    with home.store.reading() as session:
        rows = session.scalars(select(MarketRow).where(MarketRow.schedule.is_not(None)))
        due = [
            (row.tenant, row.name, moment)
            for row in rows
            if (moment := last_due(row.schedule or "", as_utc(row.due_since), now)) is not None
        ]
    return tuple(
        job for tenant, market, moment in due if (job := _ask(home.of(tenant), market, moment, now)) is not None
    )


def last_due(schedule: str, since: datetime, now: datetime) -> datetime | None:
    """The last date of a schedule after `since` and not after `now`; None where there is none."""
    last = None
    for moment in CronSim(schedule, since):
        if moment > now:
            break
        last = moment
    return last


def _ask(home: Home, market: str, due: datetime, now: datetime) -> Job | None:
    """Ask for a refit under an id that follows from its date, so that whoever asks again gets the same job."""
    of = hashlib.sha256(f"{home.settings.tenant}/{market}".encode()).hexdigest()[:12]
    try:
        job = ask_refit(home, market, ACTOR, now, identity=f"due-{due:%Y%m%d%H%M}-{of}")
    except NotAllowed:
        return None
    pass_point("schedule.asked")
    with home.store.writing(f"datasets of {home.settings.tenant}/{market}") as session:
        row = session.get_one(MarketRow, (home.settings.tenant, market))
        if as_utc(row.due_since) < due:
            row.due_since = naive_utc(due)
    return job
