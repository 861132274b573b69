"""What is left of a plan's tasks, and what the outcomes that were seen say about its rest."""

from collections.abc import Mapping

import numpy as np

from mmm.artifact import ResponseArtifact
from mmm.periods import periods_between
from mmm.sentence import Day, Number, Sentence, Word, sentence
from mmm.vocabulary import FloatArray
from optimizer.geos.outlook import geo_shares, plan_outlook
from optimizer.horizon.outlook import planned_spend
from optimizer.plan.document import Plan, TaskPlan
from optimizer.scenario.document import Task
from optimizer.scenario.known_spend import KnownSpend
from service.tracking.actuals import Actuals
from service.tracking.conditioning import conditioned
from service.tracking.elapsed import Elapsed
from service.tracking.paths import interval_of, joint_paths


def rest_of_tasks(
    plan: Plan,
    artifacts: Mapping[str, ResponseArtifact],
    passed: Elapsed,
    actuals: Actuals,
    known: KnownSpend | None,
) -> tuple[tuple[Task, ...], list[Sentence]]:
    """Tasks less what has been reached; those that are reached, or over, fall away."""
    tasks: list[Task] = []
    notes: list[Sentence] = []
    for task in plan.tasks:
        counted = _counted(task, passed)
        target, kpi = Number(amount=task.at_least), Word(text=task.kpi)
        if task.by is not None and counted <= passed.periods:
            over = Day(day=task.by)
            notes.append(sentence("{kpi}: the task of {target} by {day} is over.", kpi=kpi, target=target, day=over))
            continue
        reached = _reached(task, counted, plan, artifacts, passed, actuals, known)
        if reached >= task.at_least:
            notes.append(sentence("{kpi}: the task of {target} is reached already.", kpi=kpi, target=target))
            continue
        notes.append(
            sentence(
                "{kpi}: {reached} of {target} are counted as reached; the rest has to bring what is missing.",
                kpi=kpi,
                reached=Number(amount=reached),
                target=target,
            )
        )
        tasks.append(
            Task(
                kpi=task.kpi,
                stage=task.stage,
                at_least=task.at_least - reached,
                counts=task.counts,
                probability=task.probability,
                by=task.by,
            )
        )
    return tuple(tasks), notes


def about_curves(
    plan: Plan,
    artifacts: Mapping[str, ResponseArtifact],
    passed: Elapsed,
    actuals: Actuals,
    known: KnownSpend | None,
) -> list[Sentence]:
    """That the curves know nothing of the actuals; and what these say, where the model finds it hard to believe."""
    notes = [
        sentence(
            "The curves are those of the model as it was fitted: what the actuals say about them counts from the next "
            "refit on."
        )
    ]
    for kpi, seen in actuals.outcomes.items():
        artifact = artifacts[kpi]
        spent = _spent(plan, artifact, passed, actuals)
        shares = geo_shares(plan, passed.artifact)
        paths = joint_paths(artifact, plan.horizon.start, spent, known=known, past=passed.artifact, shares=shares)
        found = conditioned(paths, np.asarray(seen, dtype=float))
        promised = float(paths.mean[:, passed.periods : -1].sum())
        moved = interval_of(
            found.totals[:, passed.periods :].sum(axis=1), float(found.mean[:, passed.periods : -1].sum())
        )
        if not moved.p05 <= promised <= moved.p95:
            notes.append(
                sentence(
                    "{kpi}: by what was seen so far, the rest as it was planned brings {now} ({low} to {high}), and "
                    "not the {promised} of the model. Refit before relying on what the rest is said to bring.",
                    kpi=Word(text=kpi),
                    now=Number(amount=moved.mean),
                    low=Number(amount=moved.p05),
                    high=Number(amount=moved.p95),
                    promised=Number(amount=promised),
                )
            )
    return notes


def _reached(
    task: TaskPlan,
    counted: int,
    plan: Plan,
    artifacts: Mapping[str, ResponseArtifact],
    passed: Elapsed,
    actuals: Actuals,
    known: KnownSpend | None,
) -> float:
    """What of a task the periods that have passed bring.

    Of a total the outcomes that were seen, and where they are late what is expected, given those. Of an increment what
    the money spent so far is expected to bring by itself, later periods included.
    """
    artifact, own = artifacts[task.kpi], passed.artifact
    spent, shares = _spent(plan, artifact, passed, actuals), geo_shares(plan, own)
    if task.counts == "incremental":
        spent[passed.periods :] = 0.0
        alone = plan_outlook(artifact, plan.horizon.start, spent, seed=0, known=known, past=own, shares=shares)
        within = float(alone.media[:, :, :counted].sum(axis=(1, 2)).mean())
        return within + (float(alone.after.sum(axis=1).mean()) if task.by is None else 0.0)
    actual = np.asarray(actuals.outcomes.get(task.kpi, ()), dtype=float)
    paths = joint_paths(artifact, plan.horizon.start, spent, known=known, past=own, shares=shares)
    found = conditioned(paths, actual)
    return float(actual.sum() + found.mean[:, len(actual) : passed.periods].sum())


def _spent(plan: Plan, artifact: ResponseArtifact, passed: Elapsed, actuals: Actuals) -> FloatArray:
    """Spend as it was, then as the plan has it. Shape (T, C) in the order of the artifact's channels."""
    spent = planned_spend(plan, artifact)
    for column, name in enumerate(artifact.channels):
        spent[: passed.periods, column] = actuals.spend.get(name, (0.0,) * passed.periods)
    return spent


def _counted(task: TaskPlan, passed: Elapsed) -> int:
    """Periods of the whole horizon that count for a task."""
    horizon = passed.scenario.horizon
    if task.by is None:
        return horizon.periods
    return periods_between(horizon.start, task.by, passed.artifact.manifest.period) + 1
