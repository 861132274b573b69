"""The most that rules let a unit of money bring on average, and which rules stand against a target for it.

The ratio of two functions is largest at the root of the difference that it leaves (Dinkelbach 1967, "On Nonlinear
Fractional Programming"): the split with the most of F(x) − r · total is searched for with the ratio r of the split
before, until the ratio rises no more.
"""

from optimizer.program.allocation import Allocation, AllocationProblem, KpiCurves
from optimizer.program.formulation import Formulation
from optimizer.scenario.document import SolveLimits
from optimizer.tree.allocate import allocate

_ROUNDS = 30
_RISEN = 1e-6
_ROUGH = 1e-3
_SPENT = 1e-9
"""Share of the most that may be spent below which nothing is."""


def best_ratio(form: Formulation, curves: KpiCurves, limits: SolveLimits) -> float:
    """The largest F(x) / total that a split of the rules was found to have; zero where nothing may be spent."""
    ratio, start = 0.0, None
    for _ in range(_ROUNDS):
        found = _richest(form, curves, ratio, limits, start)
        if found is None or not _spends(form, found):
            break
        better = curves.value(found.spend) / found.total
        if better <= ratio * (1.0 + _RISEN):
            return max(ratio, better)
        ratio, start = better, found
    return ratio


def rules_against(form: Formulation, curves: KpiCurves, ratio: float, limits: SolveLimits) -> list[str]:
    """Rules of which each is needed for no split to have the ratio; none where the curves alone stand against it.

    A deletion filter, as for rules in conflict: a rule that is left out stays out when the ratio is still not reached.
    """
    needed: list[str] = []
    for rule in dict.fromkeys(row.rule for row in form.rows):
        rest = form.without(rule)
        found = _richest(rest, curves, ratio, limits)
        if found is not None and _spends(rest, found) and found.value >= 0.0:
            needed.append(rule)
        else:
            form = rest
    return needed


def _richest(
    form: Formulation, curves: KpiCurves, ratio: float, limits: SolveLimits, start: Allocation | None = None
) -> Allocation | None:
    problem = AllocationProblem(form, curves, price=ratio)
    return allocate(problem, gap=max(limits.gap, _ROUGH), seconds=limits.seconds, known=start)


def _spends(form: Formulation, found: Allocation) -> bool:
    return found.total > _SPENT * form.setting.ceiling
