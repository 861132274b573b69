"""Why a job failed, kept so that each reader gets it in their own language."""

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from mmm.sentence import Said, Sentence
from service.problems import JOB_FAILED, KINDS, Flaw, Kind, Problem, problem_of

_KINDS: dict[str, Kind] = {kind.slug: kind for _, kind in KINDS} | {JOB_FAILED.slug: JOB_FAILED}
_SAID: TypeAdapter[Said] = TypeAdapter(Said)


def kept_problem(problem: Problem) -> dict[str, Any]:
    """A problem as JSON."""
    return {
        "kind": problem.kind.slug,
        "detail": problem.detail.model_dump(mode="json"),
        "errors": [
            {"pointer": flaw.pointer, "detail": _SAID.dump_python(flaw.detail, mode="json")} for flaw in problem.errors
        ],
    }


def kept_error(error: Exception) -> dict[str, Any]:
    """An exception of `service.problems.EXPECTED` as JSON."""
    return kept_problem(problem_of(error))


def failure(said: Sentence) -> dict[str, Any]:
    """A failure of ours as JSON."""
    return kept_problem(Problem(JOB_FAILED, said))


def problem_from(kept: Mapping[str, Any]) -> Problem:
    """The problem that was kept."""
    return Problem(
        _KINDS[kept["kind"]],
        Sentence.model_validate(kept["detail"]),
        tuple(Flaw(flaw["pointer"], _SAID.validate_python(flaw["detail"])) for flaw in kept["errors"]),
    )
