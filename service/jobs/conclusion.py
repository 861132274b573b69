"""How a job ends: its result, the model that it publishes and the event, in one transaction or not at all."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from sqlalchemy.orm import Session

from service.home import Home
from service.jobs.ledger import end
from service.jobs.points import pass_point
from service.jobs.records import JobStatus
from service.records import Origin
from service.tables import JobRow


def conclude(home: Home, identity: str, answer: Mapping[str, Any], now: datetime) -> None:
    """End a job with what its child answered; a job that has ended stays as it is.

    Raises
    ------
    ArtifactError
        When an artifact that the child kept is missing or damaged.
    """
    job = home.jobs.job(identity)
    pass_point("conclude.begun")
    with home.store.writing(f"models of {home.settings.tenant}/{job.market}") as session:
        row = home.jobs.open_row(session, identity)
        if row is None:
            return
        status = "cancelled" if row.is_cancel_asked else cast(JobStatus, answer["status"])
        result = dict(answer.get("result") or {})
        if status == "succeeded" and row.kind == "refit":
            result |= _publish(home, session, row, result, now)
        end(row, status, now, result=result if status == "succeeded" else None, problem=answer.get("problem"))
        kind, document = f"{row.kind}.{_event_kind(status, result)}", {"job": identity, "result": _in_short(row.result)}
        home.events.record(session, kind, row.actor, now, market=row.market, subject=identity, document=document)
        pass_point("conclude.event_written")
    pass_point("conclude.committed")


def _publish(home: Home, session: Session, row: JobRow, result: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Publish what a refit fitted, and promote it where it has earned it; what became of it.

    The judgement counts only against the champion that it was made against: where another has come meanwhile the model
    stays a challenger.
    """
    artifacts = [home.vault.artifact(digest) for digest in result["digests"].values()]
    origin = Origin(job=row.id, dataset=row.request.get("dataset"))
    version = home.registry.publish_in(session, artifacts, now, origin=origin)
    pass_point("conclude.published")
    if result["is_unchanged"]:
        return {"version": version.version, "alias": version.alias, "outcome": "unchanged"}
    champion = home.registry.champion_in(session, version.market)
    is_earned = result["report"]["judgement"]["decision"] == "promote" and champion == result["against"]
    if version.alias == "challenger" and is_earned:
        version = home.registry.promote_in(session, version.market, version.version, now)
        pass_point("conclude.promoted")
    outcome = "promoted" if version.alias == "champion" else "held"
    return {"version": version.version, "alias": version.alias, "outcome": outcome}


def _in_short(result: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """A result as its event has it: without the report on a refit, which the model's judgement is read for."""
    return None if result is None else {name: value for name, value in result.items() if name != "report"}


def _event_kind(status: JobStatus, result: Mapping[str, Any]) -> str:
    return str(result.get("outcome", status)) if status == "succeeded" else status
