"""An annual goal taken apart: by season into quarters or months, by shares into parts, and into tasks of a horizon.

Children add up to their parent exactly, in whole units (largest remainder). A period of the market spreads evenly over
its days, so that weeks may lie across the ends of months.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

from mmm.artifact import ResponseArtifact
from mmm.errors import Fault
from mmm.parsing import StrictModel
from mmm.periods import periods_between, shift_period
from mmm.sentence import Day, Sentence, Term, Word, listed, phrase, sentence
from mmm.vocabulary import SEASON_LAG, PeriodName
from optimizer.errors import ScenarioRefused
from optimizer.goals.calendar import GoalCalendar, goal_calendar, goal_ends, horizon_window, period_weights
from optimizer.horizon.timeline import horizon_faults
from optimizer.scenario.annual_goal import AnnualGoal, GoalPeriodName
from optimizer.scenario.document import Horizon, Scenario, Task, place_of

_FARTHEST = 3
"""Years beyond the last data in which a season is still forecast, as for the horizon of a scenario."""


class GoalPart(StrictModel):
    """What one region, product or market has to bring."""

    name: str
    target: int


class GoalPeriod(StrictModel):
    """One quarter or month, both days included; `share` is its weight in the whole."""

    start: date
    end: date
    share: float
    target: int
    parts: tuple[GoalPart, ...] = ()


class GoalTree(StrictModel):
    """The goal with its children; `parts` are sums over the periods, `tasks` what the scenario's horizon has to reach.

    `toml` is the text of the tasks for a scenario file.
    """

    kpi: str
    target: int
    by: GoalPeriodName
    periods: tuple[GoalPeriod, ...]
    parts: tuple[GoalPart, ...]
    tasks: tuple[Task, ...]
    toml: str
    remarks: tuple[Sentence, ...] = ()


def shared_out(total: int, weights: Sequence[float]) -> tuple[int, ...]:
    """Whole parts of `total` in proportion to the weights, with `total` as their sum.

    Each gets its share rounded down, and those with the largest remainders one more (Hamilton's method); the first of
    equal ones. Exact for weights as they are in binary.

    Raises
    ------
    ValueError
        When a weight is negative or all are zero.
    """
    exact = [Fraction(weight) for weight in weights]
    whole = sum(exact)
    if min(exact) < 0 or whole == 0:
        raise ValueError("weights must be >= 0 and not all zero")
    quotas = [total * weight / whole for weight in exact]
    parts = [int(quota) for quota in quotas]
    by_remainder = sorted(range(len(parts)), key=lambda place: parts[place] - quotas[place])
    for place in by_remainder[: total - sum(parts)]:
        parts[place] += 1
    return tuple(parts)


def goal_faults(scenario: Scenario, artifacts: Mapping[str, ResponseArtifact]) -> list[Fault]:
    """What of a scenario's goal its market cannot answer, for a horizon that it can; `artifacts` has the goal's KPI."""
    goal, file = scenario.goal, place_of(scenario)
    if goal is None:
        return []
    artifact = artifacts[goal.kpi]
    manifest = artifact.manifest
    found = goal.start.isoformat()
    if goal.start < manifest.window_start:
        expected = sentence(
            "not before the data, which start on {day}", day=Word(text=manifest.window_start.isoformat())
        )
        return [Fault(file, "goal.start", found, expected)]
    known = manifest.window_periods + _FARTHEST * SEASON_LAG[manifest.period]
    starts_within = periods_between(manifest.window_start, goal.start, manifest.period) <= known
    if not starts_within or periods_between(manifest.window_start, goal_ends(goal)[-1], manifest.period) > known:
        expected = sentence("an end within three years of the last data: a forecast further out means nothing")
        return [Fault(file, "goal.start", found, expected)]
    end = goal_ends(goal)[-1]
    first, after = horizon_window(goal, scenario.horizon, manifest.period, scenario.horizon.periods)
    if after <= goal.start or first >= end:
        expected = sentence(
            "a goal that holds the horizon, which counts for {first} to {last}",
            first=Day(day=first),
            last=Day(day=after - timedelta(days=1)),
        )
        return [Fault(file, "goal.start", found, expected)]
    if goal.weights is None and (manifest.period == "year" or (manifest.period == "quarter" and goal.by == "month")):
        expected = sentence(
            "weights, one a {by}: data with one row a {period} show no season of that kind",
            by=Term(text=goal.by),
            period=Term(text=manifest.period),
        )
        return [Fault(file, "goal.weights", sentence("nothing"), expected)]
    if goal.weights is None and min(goal_calendar(goal, artifact).weights) <= 0:
        expected = sentence("one a period: the forecast of what comes without advertising is not above zero all along")
        return [Fault(file, "goal.weights", sentence("nothing"), expected)]
    return []


def goal_tree(scenario: Scenario, artifacts: Mapping[str, ResponseArtifact]) -> GoalTree:
    """The goal of a scenario taken apart, with the tasks of its horizon.

    Raises
    ------
    ScenarioRefused
        When the scenario has no goal, or one that does not fit its market.
    """
    goal, file = scenario.goal, place_of(scenario)
    if goal is None:
        expected = sentence("[goal] with kpi, target and start: it is what is taken apart")
        raise ScenarioRefused([Fault(file, "goal", sentence("nothing"), expected)])
    if goal.kpi not in artifacts:
        what = phrase(sentence("an outcome of the market"))
        expected = sentence("{expected}: {names}", expected=what, names=listed(list(artifacts), is_quoted=False))
        raise ScenarioRefused([Fault(file, "goal.kpi", f"'{goal.kpi}'", expected)])
    artifact = artifacts[goal.kpi]
    if faults := horizon_faults(scenario, artifact) or goal_faults(scenario, artifacts):
        raise ScenarioRefused(faults)
    calendar = goal_calendar(goal, artifact)
    periods = _periods(goal, calendar)
    tasks = _tasks(goal, scenario.horizon, artifact.manifest.period, calendar, periods)
    return GoalTree(
        kpi=goal.kpi,
        target=goal.target,
        by=goal.by,
        periods=periods,
        parts=tuple(
            GoalPart(name=name, target=sum(period.parts[place].target for period in periods))
            for place, name in enumerate(goal.shares)
        ),
        tasks=tasks,
        toml="\n".join(_toml(task) for task in tasks),
        remarks=goal_remarks(scenario, artifact.manifest.period),
    )


def goal_remarks(scenario: Scenario, period: PeriodName) -> tuple[Sentence, ...]:
    """What to know of the tasks that follow from a goal; `period` is the market's."""
    goal, horizon = scenario.goal, scenario.horizon
    if goal is None:
        return ()
    first, after = horizon_window(goal, horizon, period, horizon.periods)
    if first >= goal.start and after <= goal_ends(goal)[-1]:
        return ()
    beyond = sentence(
        "The horizon counts for {first} to {last}, and only the days from {start} to {end} are in the goal.",
        first=Day(day=first),
        last=Day(day=after - timedelta(days=1)),
        start=Day(day=max(first, goal.start)),
        end=Day(day=min(after, goal_ends(goal)[-1]) - timedelta(days=1)),
    )
    return (beyond,)


def with_goal_tasks(scenario: Scenario, artifacts: Mapping[str, ResponseArtifact]) -> Scenario:
    """The scenario as it is, or with the tasks of its goal where it is to be sized and states none itself."""
    if scenario.goal is None or scenario.tasks or scenario.objective != "size":
        return scenario
    return scenario.model_copy(update={"tasks": goal_tree(scenario, artifacts).tasks})


def _periods(goal: AnnualGoal, calendar: GoalCalendar) -> tuple[GoalPeriod, ...]:
    weights, names = list(goal.weights or period_weights(calendar)), list(goal.shares)
    targets = shared_out(goal.target, weights)
    periods = []
    for (start, end), weight, target in zip(pairwise((calendar.start, *calendar.ends)), weights, targets, strict=True):
        parts = shared_out(target, list(goal.shares.values())) if names else ()
        periods.append(
            GoalPeriod(
                start=start,
                end=end - timedelta(days=1),
                share=weight / sum(weights),
                target=target,
                parts=tuple(GoalPart(name=name, target=part) for name, part in zip(names, parts, strict=True)),
            )
        )
    return tuple(periods)


def _tasks(
    goal: AnnualGoal,
    horizon: Horizon,
    period: PeriodName,
    calendar: GoalCalendar,
    periods: Sequence[GoalPeriod],
) -> tuple[Task, ...]:
    """What must be reached from the start of the horizon to its end, and to the milestones where they are asked for.

    A period of the market counts as a whole: a milestone is the end of the one in which a period of the goal ends.
    """
    start, _ = horizon_window(goal, horizon, period, 0)
    ends = calendar.ends if goal.milestones else ()
    counts = {periods_between(start, end - timedelta(days=1), period) + 1 for end in ends}
    tasks = []
    for count in [*sorted(count for count in counts if 0 < count < horizon.periods), horizon.periods]:
        reached = round(_target_between(goal, calendar, periods, *horizon_window(goal, horizon, period, count)))
        if reached > 0:
            last = shift_period(horizon.start, count, period) - timedelta(days=1)
            tasks.append(
                Task(
                    kpi=goal.kpi,
                    at_least=reached,
                    counts=goal.counts,
                    probability=goal.probability,
                    by=None if count == horizon.periods else last,
                )
            )
    return tuple(tasks)


def _target_between(
    goal: AnnualGoal, calendar: GoalCalendar, periods: Sequence[GoalPeriod], first: date, after: date
) -> float:
    """The goal's (or its part's) target over some days: of each period the share that its days have in its weight."""
    total = 0.0
    for period in periods:
        own = period.target if goal.part is None else {part.name: part.target for part in period.parts}[goal.part]
        end = period.end + timedelta(days=1)
        weight = calendar.between(period.start, end)
        if weight > 0 and first < end and after > period.start:
            total += own * calendar.between(max(first, period.start), min(after, end)) / weight
    return total


def _toml(task: Task) -> str:
    """A task as it stands in a scenario file."""
    lines = [
        "[[tasks]]",
        f"kpi = {json.dumps(task.kpi, ensure_ascii=False)}",
        f"at_least = {task.at_least:.0f}",
        f'counts = "{task.counts}"',
        f"probability = {task.probability}",
    ]
    return "\n".join(lines if task.by is None else [*lines, f"by = {task.by.isoformat()}"]) + "\n"
