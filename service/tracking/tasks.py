"""Whether the tasks of a running plan are still reached, given what was seen, with the rest as planned."""

from mmm.periods import periods_between
from mmm.sentence import Number, Sentence, Share, Word, sentence
from optimizer.plan.document import TaskPlan
from optimizer.scenario.document import Horizon
from service.tracking.document import TaskTracking
from service.tracking.outcomes import Delivered

ROUNDING = 0.01
"""How far below what was asked a probability may be before that is said: paths have chance of their own."""


def task_tracking(task: TaskPlan, horizon: Horizon, found: Delivered) -> TaskTracking:
    """One task by now: its probability on the joint paths given what was seen, and the pace that it needs."""
    count = _counted_periods(task, horizon, found)
    seen = min(len(found.actual), count)
    columns = slice(0, count if task.by is not None or task.counts == "total" else None)
    if task.counts == "total":
        known = float(found.actual[:seen].sum())
        paths = known + found.seen.totals[:, seen:count].sum(axis=1)
        expected = known + float(found.seen.mean[:, seen:count].sum())
        so_far = known
    else:
        paths = found.seen.media(columns)
        expected = float(found.seen.mean[:-2, columns].sum())
        so_far = float(found.seen.mean[:-2, :seen].sum())
    left = count - seen
    reached = float((paths >= task.at_least).mean())
    return TaskTracking(
        kpi=task.kpi,
        at_least=task.at_least,
        counts=task.counts,
        probability=task.probability,
        by=task.by,
        planned_probability=task.reached_probability if task.with_assumed is None else task.with_assumed,
        reached_probability=reached,
        so_far=so_far,
        expected=expected,
        periods_left=left,
        pace_needed=max(0.0, task.at_least - so_far) / left if left else None,
        pace_expected=(expected - so_far) / left if left else None,
        text=_told(task, reached, so_far, left),
    )


def _counted_periods(task: TaskPlan, horizon: Horizon, found: Delivered) -> int:
    """Periods of the horizon that count for a task."""
    if task.by is None:
        return horizon.periods
    return periods_between(horizon.start, task.by, found.given.artifact.manifest.period) + 1


def _told(task: TaskPlan, reached: float, so_far: float, left: int) -> Sentence:
    kpi, target = Word(text=task.kpi), Number(amount=task.at_least)
    if left == 0 and task.counts == "total":
        if so_far >= task.at_least:
            return sentence("{kpi}: the {target} that were asked for are reached.", kpi=kpi, target=target)
        missing = Number(amount=task.at_least - so_far)
        return sentence(
            "{kpi}: {missing} are missing of the {target} that were asked for.", kpi=kpi, missing=missing, target=target
        )
    probability, asked = Share(fraction=reached, digits=0), Share(fraction=task.probability, digits=0)
    if reached >= task.probability - ROUNDING:
        return sentence(
            "{kpi}: {target} are reached with a probability of {probability}; {asked} were asked for.",
            kpi=kpi,
            target=target,
            probability=probability,
            asked=asked,
        )
    return sentence(
        "{kpi}: {target} are reached with a probability of {probability} by now, less than the {asked} that were asked "
        "for. Plan the rest anew.",
        kpi=kpi,
        target=target,
        probability=probability,
        asked=asked,
    )
