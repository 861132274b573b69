"""What went wrong, as a document (RFC 9457) and as an exit code: one table for CLI and HTTP."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from sqlalchemy.exc import OperationalError

from mmm.errors import ArtifactError, Fault, FileRefused, FitError, HistoryTooShort, MarketRefused, Refused, Unusable
from mmm.parsing import json_pointer
from mmm.sentence import Number, Said, Sentence, phrase, sentence
from optimizer.errors import ScenarioRefused, SolverError
from optimizer.plan.document import Plan
from optimizer.plan.portfolio import PortfolioPlan
from service.documents import Document, Json, document
from service.errors import Busy, DatabaseUnreachable, NoChampion, NotAllowed, NotKnown, ServiceError, StoreRefused
from service.language import Reader
from service.portfolios import excess_of

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of problem: its name in `type`, the HTTP status, the exit code of a command, the title."""

    slug: str
    status: int
    exit_code: Literal[1, 2]
    title: Sentence


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing that is wrong: where, as a JSON pointer into the document, and what to do about it.

    `parameter` names the query parameter where the fault is not in the document.
    """

    pointer: str
    detail: Said
    parameter: str | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem with its details; `more` holds members beyond the standard ones."""

    kind: Kind
    detail: Sentence
    errors: tuple[Flaw, ...] = ()
    more: Mapping[str, object] = field(default_factory=dict)


SCENARIO_REFUSED = Kind("scenario-refused", 422, 1, sentence("The scenario is refused"))
REQUEST_REFUSED = Kind("request-refused", 422, 1, sentence("The request is refused"))
MARKET_REFUSED = Kind("market-refused", 422, 1, sentence("The market is refused"))
INFEASIBLE = Kind("infeasible", 422, 1, sentence("The rules cannot hold together"))
NOT_KNOWN = Kind("not-known", 404, 2, sentence("There is nothing of that name"))
NO_CHAMPION = Kind("no-champion", 409, 1, sentence("The market has no model in use"))
NOT_ALLOWED = Kind("not-allowed", 409, 1, sentence("The registry does not allow this"))
ARTIFACT_DAMAGED = Kind("artifact-damaged", 500, 1, sentence("The model cannot be read"))
HOME_UNUSABLE = Kind("home-unusable", 503, 1, sentence("The home folder cannot be used"))
DATABASE_SILENT = Kind("database-silent", 503, 1, sentence("The database does not answer"))
NOT_FITTED = Kind("not-fitted", 500, 1, sentence("The model could not be fitted"))
HISTORY_TOO_SHORT = Kind("history-too-short", 422, 1, sentence("The history is too short for this backtest"))
JOB_FAILED = Kind("job-failed", 500, 1, sentence("The job failed"))
NOT_SOLVED = Kind("not-solved", 422, 1, sentence("The solver found no answer"))

BUSY = Kind("busy", 503, 1, sentence("Too much is asked for at once"))

MISUSE = Kind("misuse", 400, 2, sentence("The command is not understood"))

KINDS: tuple[tuple[type[Exception], Kind], ...] = (
    (ScenarioRefused, SCENARIO_REFUSED),
    (MarketRefused, MARKET_REFUSED),
    (FileRefused, REQUEST_REFUSED),
    (NotKnown, NOT_KNOWN),
    (NoChampion, NO_CHAMPION),
    (NotAllowed, NOT_ALLOWED),
    (Busy, BUSY),
    (DatabaseUnreachable, DATABASE_SILENT),
    (StoreRefused, HOME_UNUSABLE),
    (OperationalError, DATABASE_SILENT),
    (ArtifactError, ARTIFACT_DAMAGED),
    (FitError, NOT_FITTED),
    (HistoryTooShort, HISTORY_TOO_SHORT),
    (SolverError, NOT_SOLVED),
)
"""Which kind of problem an exception is; the first that fits counts."""

ADVICE: dict[str, Sentence] = {
    ARTIFACT_DAMAGED.slug: sentence("{reason}. Fit the market again; what is damaged is never used."),
    DATABASE_SILENT.slug: sentence("{reason}. Nothing was changed; try again in a while."),
    NOT_FITTED.slug: sentence("{reason}. Nothing was registered."),
    HISTORY_TOO_SHORT.slug: sentence("{reason}. Bring more history, or ask for fewer or shorter windows."),
    NOT_SOLVED.slug: sentence("{reason}. Nothing was kept; a change of the rules or their units may help."),
}
"""What to do about kinds of problem whose exceptions give but a reason."""

EXPECTED: tuple[type[Exception], ...] = tuple(kind for kind, _ in KINDS)
"""The exceptions that have a kind; any other is a fault of ours."""


def problem_of(error: Exception) -> Problem:
    """The problem that an exception of `EXPECTED` is."""
    kind = next(kind for raised, kind in KINDS if isinstance(error, raised))
    if isinstance(error, Refused | ScenarioRefused):
        return Problem(kind, counted(len(error.faults)), flaws(error.faults))
    if isinstance(error, ServiceError):
        return Problem(kind, error.said)
    said = error.said if isinstance(error, Unusable) else str(error)
    if isinstance(error, OperationalError):
        said = str(error.orig)
    reason = phrase(said.rstrip(".") if isinstance(said, str) else said)
    return Problem(kind, Sentence(template=ADVICE[kind.slug].template, values={"reason": reason}))


def infeasible(plan: Plan) -> Problem:
    """The problem that an infeasible plan is: the rules in conflict and the smallest relaxation."""
    return Problem(
        INFEASIBLE,
        sentence("No plan fulfils all rules. See which rules are in conflict and the smallest relaxation."),
        tuple(Flaw(json_pointer(rule.rule), rule.text) for rule in plan.conflict),
        more={"conflict": plan.conflict, "relaxation": plan.relaxation, "attainable": plan.attainable},
    )


def infeasible_portfolio(plan: PortfolioPlan) -> Problem:
    """The problem that a portfolio is whose markets cannot be served with its budget."""
    return Problem(
        INFEASIBLE,
        excess_of(plan),
        tuple(
            Flaw(json_pointer(f"markets.{market}.{rule.rule}"), rule.text)
            for market, refused in plan.refused.items()
            for rule in refused.conflict
        ),
        more={"excess": plan.excess},
    )


def counted(faults: int) -> Sentence:
    """How many faults there are."""
    if faults == 1:
        return sentence("One fault was found; nothing was changed or guessed.")
    return sentence("{count} faults were found; nothing was changed or guessed.", count=Number(amount=faults))


def flaws(faults: Sequence[Fault]) -> tuple[Flaw, ...]:
    """Faults as pointers and details."""
    return tuple(Flaw(json_pointer(fault.field), fault.said) for fault in faults)


def problem_document(problem: Problem, reader: Reader) -> Document:
    """The problem as an RFC 9457 document in the reader's language."""
    body: dict[str, Json] = {
        "type": f"urn:mixplan:problem:{problem.kind.slug}",
        "title": reader.say(problem.kind.title),
        "status": problem.kind.status,
        "detail": reader.say(problem.detail),
    }
    if problem.errors:
        body["errors"] = [_flaw_document(flaw, reader) for flaw in problem.errors]
    for name, value in problem.more.items():
        body[name] = document(value, reader)
    return body


def _flaw_document(flaw: Flaw, reader: Reader) -> Document:
    place: Document = {"pointer": flaw.pointer} if flaw.parameter is None else {"parameter": flaw.parameter}
    return place | {"detail": document(flaw.detail, reader)}
