"""What jobs compute, by kind. Runs in a child process: samplers and solvers are imported here and nowhere before."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from service.home import Home
from service.jobs.points import pass_point
from service.jobs.records import JobProgress

if TYPE_CHECKING:
    from mmm.market import Market

type Report = Callable[[JobProgress], None]


def perform(home: Home, request: Mapping[str, Any], report: Report) -> dict[str, Any]:
    """The result of a job, as JSON; what is large is kept in the vault and named by its digest.

    Raises
    ------
    Exception
        One of `service.problems.EXPECTED` when the request is refused.
    """
    match request["kind"]:
        case "refit":
            return _refit(home, request, report)
        case kind:
            raise ValueError(f"no work is called {kind!r}")


def _refit(home: Home, request: Mapping[str, Any], report: Report) -> dict[str, Any]:
    from mmm.spec_digest import spec_digest
    from service.refitting import fit_all

    dataset = home.datasets.dataset(request["dataset"])
    market = home.datasets.load(dataset)
    pass_point("child.loaded")
    seed = request.get("seed")
    seed = market.spec.model.seed if seed is None else seed
    known = home.registry.fitted(market.name, market.data_digest, spec_digest(market), seed)
    if known is not None and not home.registry.set_aside_damaged(known):
        return {"digests": dict(known.digests), "is_unchanged": True}
    artifacts = fit_all(market, seed, _stage_reporter(market, report))
    pass_point("child.fitted")
    for artifact in artifacts:
        home.vault.keep_artifact(artifact)
        pass_point("child.artifact_kept")
    return {"digests": {one.manifest.outcome.name: one.digest for one in artifacts}, "is_unchanged": False}


def _stage_reporter(market: "Market", report: Report) -> Callable[[str, str, int, int], None]:
    has_many = len(market.spec.outcomes) > 1

    def tell(outcome: str, stage: str, done: int, total: int) -> None:
        report(JobProgress(f"{outcome}: {stage}" if has_many else stage, done, total))

    return tell
