"""Two ledgers of one budget: by task, from the curves; and bottom up, from rates, with what explains the difference."""

from collections.abc import Callable, Sequence

from mmm.sentence import Money, Number, Sentence, Word, sentence
from optimizer.answer.cleaning import OFF
from optimizer.answer.split import smallest_budget
from optimizer.plan.document import TaskLedger, TaskPlan
from optimizer.program.allocation import Allocation
from optimizer.question.asked import Question
from optimizer.scenario.bottom_up import BottomUpPlan, GapPart, GapReason, LedgerGap, bottom_up_ledger
from optimizer.scenario.document import Scenario, own_task
from optimizer.tasks.probability import MeasuredTask, measure_task

MOST_TASKS = 4
"""With more tasks than this, what each adds to the others is not looked for: that may take a search like the plan's."""


def task_plans(question: Question, allocation: Allocation) -> tuple[TaskPlan, ...]:
    """Every task with what the plan does for it, the smallest budget for it alone, and what it adds to the others.

    The plan itself reaches each task and any of them together, so that no smallest budget is above its own.
    """
    tasks, is_size = question.tasks, question.scenario.objective == "size"
    found: dict[tuple[int, ...], float | None] = {}
    enough = (1.0 - question.scenario.solve.gap) * allocation.total

    def least(places: tuple[int, ...]) -> float | None:
        """Smallest budget for the tasks at these places: no less than for one of them, no more than for all."""
        known = [found.get((place,)) or 0.0 for place in places]
        if is_size and known and max(known) >= enough:
            return max(known)
        if places not in found:
            amount = smallest_budget(question, [tasks[place] for place in places])
            found[places] = amount if amount is None or not is_size else min(amount, allocation.total)
        return found[places]

    if is_size:
        found[tuple(range(len(tasks)))] = allocation.total
    for place in range(len(tasks)):
        least((place,))
    return tuple(_task(question, place, allocation, least) for place in range(len(tasks)))


def task_ledger(scenario: Scenario, tasks: Sequence[TaskPlan], budget: float) -> TaskLedger | None:
    """What the tasks of a sized plan share; None where there is nothing to compare."""
    costs = [task.cost for task in tasks if task.cost is not None]
    if scenario.objective != "size" or len(tasks) < 2 or len(costs) < len(tasks):
        return None
    return TaskLedger(alone=sum(costs), budget=budget, shared=sum(costs) - budget)


def bottom_up_plan(scenario: Scenario, question: Question, allocation: Allocation | None) -> BottomUpPlan | None:
    """The bottom-up ledger of a scenario that has one, beside the budget of its plan where there is a plan."""
    if scenario.bottom_up is None:
        return None
    task = own_task(scenario)
    ledger = bottom_up_ledger(scenario.bottom_up, scenario.kpi, None if task is None else task.at_least)
    if allocation is None:
        return ledger
    return ledger.model_copy(update={"gap": _gap(question, allocation, ledger)})


def _task(
    question: Question, place: int, allocation: Allocation, least: Callable[[tuple[int, ...]], float | None]
) -> TaskPlan:
    task, count = question.tasks[place], len(question.tasks)
    asked, is_size = task.task, question.scenario.objective == "size"
    cost = least((place,))
    others = tuple(other for other in range(count) if other != place)
    without = least(others) if is_size and count <= MOST_TASKS else None
    added = None if without is None else allocation.total - without
    return TaskPlan(
        kpi=asked.kpi,
        stage=asked.stage,
        at_least=asked.at_least,
        counts=asked.counts,
        probability=asked.probability,
        by=asked.by,
        reached_probability=task.reached_probability(allocation.spend),
        expected=float(task.draws(allocation.spend).mean()),
        cost=cost,
        added_cost=0.0 if added is not None and added < OFF * allocation.total else added,
        drives_budget=is_size and cost is not None and cost >= 0.999 * allocation.total,
        with_assumed=_with_assumed(question, task, allocation),
    )


def _with_assumed(question: Question, task: MeasuredTask, allocation: Allocation) -> float | None:
    """Probability of a task with what channels without history are assumed to bring; None where there are none."""
    if not question.scenario.new_channels:
        return None
    whole = measure_task(
        task.task, question.responses[task.task.kpi], task.periods or question.scenario.horizon.periods
    )
    return whole.reached_probability(allocation.spend)


def _gap(question: Question, allocation: Allocation, ledger: BottomUpPlan) -> LedgerGap:
    """Cost less budget, in parts that add up: each a quantity at the plan's money per unit, or a difference of that.

    With b units bought from the bottom up at cost / b each, and m that the plan's media bring at budget / m each,
    cost - budget = (b - m) budget / m + b (cost / b - budget / m). b - m is what is aimed at beyond the task, plus what
    comes without the plan, less what the plan brings beyond the task to be certain of it or after it is counted.
    """
    budget, cost = allocation.total, ledger.cost
    incremental = float(question.kpi.media_draws(allocation.spend).mean())
    parts: list[GapPart] = []
    if budget > 0 and incremental > 0:
        price = budget / incremental
        task = next((each for each in question.tasks if each.task == own_task(question.scenario)), None)
        parts = [
            GapPart(reason=reason, text=text, amount=quantity * price)
            for reason, text, quantity in _quantities(ledger, task, allocation, incremental)
            if quantity != 0
        ]
        unit_cost = sentence(
            "A unit of {kpi} costs {rates} by the rates, {curves} by the curves.",
            kpi=Word(text=ledger.kpi),
            rates=Money(amount=cost / ledger.brings),
            curves=Money(amount=price),
        )
        parts.append(GapPart(reason="unit_cost", text=unit_cost, amount=cost - ledger.brings * price))
    ratio = cost / budget if budget > 0 else None
    return LedgerGap(budget=budget, difference=cost - budget, ratio=ratio, parts=tuple(parts))


def _quantities(
    ledger: BottomUpPlan, task: MeasuredTask | None, allocation: Allocation, incremental: float
) -> list[tuple[GapReason, Sentence, float]]:
    """Units of the KPI by which the bottom-up route buys more than the plan's media bring, by cause."""
    kpi, brings = Word(text=ledger.kpi), _quantity(ledger.brings)
    if task is None:
        text = sentence(
            "The rates buy {brings} {kpi}; the plan's media bring {incremental}.",
            brings=brings,
            kpi=kpi,
            incremental=_quantity(incremental),
        )
        return [("aim", text, ledger.brings - incremental)]
    target, base = task.task.at_least, float(task.offset.mean())
    expected = float(task.draws(allocation.spend).mean())
    later = incremental - (expected - base)
    of_aim = sentence(
        "The rates buy {brings} {kpi}; the task asks for {target}.", brings=brings, kpi=kpi, target=_quantity(target)
    )
    of_base = sentence(
        "{base} {kpi} come without this plan: the rates pay for them, the plan does not.",
        base=_quantity(base),
        kpi=kpi,
    )
    of_certainty = sentence(
        "The plan expects {expected} {kpi} where {target} are asked: its tasks are to be reached with their "
        "probability.",
        kpi=kpi,
        expected=_quantity(expected),
        target=_quantity(target),
    )
    of_later = sentence("{later} {kpi} of the plan come too late for the task.", later=_quantity(later), kpi=kpi)
    return [
        ("aim", of_aim, ledger.brings - target),
        ("base", of_base, base),
        ("certainty", of_certainty, target - expected),
        ("later", of_later, -later if abs(later) > 1e-9 * incremental else 0.0),
    ]


def _quantity(amount: float) -> Number:
    return Number(amount=amount, digits=0 if abs(amount) >= 100 else 1)
