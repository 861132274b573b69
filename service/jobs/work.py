"""What jobs compute, by kind. Runs in a child process: samplers and solvers are imported here and nowhere before."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from service.errors import NoChampion, NotKnown, not_known
from service.home import Home
from service.jobs.patience import patiently
from service.jobs.points import pass_point
from service.jobs.records import JobProgress

if TYPE_CHECKING:
    from mmm.artifact import ResponseArtifact
    from mmm.market import Market
    from mmm.progress import Listener, Progress

type Stages = Callable[[str, str, int, int], None]
"""A listener that is told outcome, stage, done and total."""

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
        case "plan":
            return _plan(home, request)
        case "backtest":
            return _backtest(home, request, report)
        case kind:
            raise ValueError(f"no work is called {kind!r}")


def _plan(home: Home, request: Mapping[str, Any]) -> dict[str, Any]:
    """Plan a scenario and keep both; the plan has the id of the job, so that a second time makes no second one."""
    from optimizer.scenario.document import Scenario
    from service.times import now

    scenario = Scenario.model_validate(request["scenario"])
    answer = home.desk.answer(scenario, now(), identity=request["job"])
    if answer.scenario is None or answer.saved is None:
        document = answer.plan.model_dump(mode="json", by_alias=True)
        conflict = [rule["rule"] for rule in document["conflict"]]
        return {"outcome": "infeasible", "conflict": conflict, "relaxation": document["relaxation"]}
    return {"outcome": "planned", "scenario_id": answer.scenario.id, "plan_id": answer.saved.id}


def _backtest(home: Home, request: Mapping[str, Any], report: Report) -> dict[str, Any]:
    """Forecast a market's past from what was known, window by window, and score it against simpler forecasts."""
    from pydantic import TypeAdapter

    from mmm.backtest.document import Backtest
    from mmm.backtest.rolling_origin import rolling_origins
    from mmm.backtest.run import score_origin, summarize

    market = home.datasets.load(home.datasets.dataset(request["dataset"]))
    names = [outcome.name for outcome in market.spec.outcomes]
    kpi = request["kpi"] or names[0]
    if kpi not in names:
        raise not_known("KPI", kpi, names)
    origins = rolling_origins(market, request["folds"], request["periods"])
    seed = market.spec.model.seed if request["seed"] is None else request["seed"]
    scores = []
    for number, origin in enumerate(origins):
        tell = _window_reporter(report, number, len(origins))
        scores.append(score_origin(market, kpi, origin, seed=seed, progress=tell))
    found = summarize(market, kpi, origins, scores)
    return {"dataset": request["dataset"], "backtest": TypeAdapter(Backtest).dump_python(found, mode="json")}


def _window_reporter(report: Report, number: int, windows: int) -> "Listener":
    """A listener to the fit before one of a backtest's windows, `number` of `windows` before it."""

    def tell(progress: "Progress") -> None:
        report(JobProgress("backtest", number * progress.total + progress.done, windows * progress.total))

    return tell


def _refit(home: Home, request: Mapping[str, Any], report: Report) -> dict[str, Any]:
    from mmm.spec_digest import spec_digest

    dataset = home.datasets.dataset(request["dataset"])
    market = home.datasets.load(dataset)
    pass_point("child.loaded")
    seed = request.get("seed")
    seed = market.spec.model.seed if seed is None else seed
    known = home.registry.fitted(market.name, market.data_digest, spec_digest(market), seed)
    if known is not None and not home.registry.set_aside_damaged(known):
        return {"digests": dict(known.digests), "is_unchanged": True}
    from service.refitting import fit_all  # only now: what is unchanged is answered without a sampler

    tell = _stage_reporter(market, report)
    artifacts = fit_all(market, seed, tell)
    pass_point("child.fitted")
    for artifact in artifacts:
        patiently(home.vault.keep_artifact, artifact)
        pass_point("child.artifact_kept")
    challenger = {artifact.manifest.outcome.name: artifact for artifact in artifacts}
    judged = _judge(home, market, challenger, seed, tell)
    pass_point("child.judged")
    digests = {kpi: artifact.digest for kpi, artifact in challenger.items()}
    return {"digests": digests, "is_unchanged": False, **judged}


def _judge(
    home: Home, market: "Market", challenger: "Mapping[str, ResponseArtifact]", seed: int, tell: Stages
) -> dict[str, Any]:
    """The judgement on what was fitted, and the version that it was held against (None where there is none)."""
    from service.refits.judging import judged_refit
    from service.refits.split_stability import StandingScenario

    try:
        champion = home.registry.champion(market.name)
    except (NotKnown, NoChampion):
        found = judged_refit(None, challenger, market, seed=seed)
        return {"against": None, "report": found.model_dump(mode="json")}
    standing = [
        StandingScenario(saved.id, saved.scenario, home.desk.reference_spend(saved.scenario))
        for saved in home.scenarios.standing(market.name)
    ]

    def listen(progress: "Progress") -> None:
        tell("", "backtest of the newest quarter", progress.done, progress.total)

    found = judged_refit(home.registry.load(champion), challenger, market, standing, seed=seed, progress=listen)
    return {"against": champion.version, "report": found.model_dump(mode="json")}


def _stage_reporter(market: "Market", report: Report) -> Stages:
    has_many = len(market.spec.outcomes) > 1

    def tell(outcome: str, stage: str, done: int, total: int) -> None:
        report(JobProgress(f"{outcome}: {stage}" if has_many and outcome else stage, done, total))

    return tell
