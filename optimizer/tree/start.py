"""How a search begins: corners above the curves of every KPI, the program, and the branch of all splits."""

from collections.abc import Mapping, Sequence

import numpy as np

from mmm.vocabulary import FloatArray
from optimizer.program.allocation import AllocationProblem
from optimizer.program.linear import Program
from optimizer.program.solve import CompiledSplit, compile_split
from optimizer.tree.blocks import KpiTerm
from optimizer.tree.branch import Branch, narrowed
from optimizer.tree.corners import KpiCorners
from optimizer.tree.links import links_of
from optimizer.tree.master import Master
from optimizer.tree.rounding import Rounding
from optimizer.tree.state import Search


def start(problem: AllocationProblem, gap: float) -> tuple[Search, Branch] | None:
    """A search and its first branch; None where ranges alone allow no split."""
    split, setting = compile_split(problem.form), problem.form.setting
    names = list(split.spend_columns)
    most = np.array([setting.most_spend[name] for name in names])
    links = links_of(split, most)
    everything = _all_splits(split.program, links.low, links.high)
    root = narrowed(everything, links, range(len(names)), range(len(split.program.integers)))
    if root is None:
        return None
    kpis = [*problem.counted, *(requirement.curves.exact for requirement in problem.requirements)]
    cuts = {name: _ends(setting.capacity.cuts.get(name, ()), setting.most_spend[name]) for name in split.piece_columns}
    corners = [KpiCorners(kpi, names, root.high, is_fine=not cuts) for kpi in kpis]
    scales = []
    for each in corners:
        for position, name in enumerate(names):
            for end in cuts.get(name, ()):
                each.touch(np.full(len(names), end), np.arange(len(names)) == position)
        scales.append(max(float(each.touch(np.where(root.high > 0.0, root.high, most)).mean()), 1e-300))
    program = split.program.copy()
    unit = _unit(problem, split, scales)
    terms = _terms(problem, split, program, scales, unit)
    master = Master(split, program, terms, links, cuts)
    for kpi, each in enumerate(corners):
        master.add(kpi, each.first(are_all=bool(cuts)))
        master.add(kpi, each.fresh())
    rounding = Rounding(split, links)
    return Search(problem, split, links, master, corners, kpis, scales, unit, gap, rounding), root


def _all_splits(program: Program, low: FloatArray, high: FloatArray) -> Branch:
    integers = program.integers
    return Branch(
        low.copy(),
        high.copy(),
        low > 0.0,
        np.array([program.column_lower[column] for column in integers]),
        np.array([program.column_upper[column] for column in integers]),
    )


def _ends(cuts: Sequence[float], most: float) -> list[float]:
    """Ends of the pieces that capacities cut the range of a channel in."""
    return [0.0, *(cut for cut in cuts if 0.0 < cut < most), most]


def _unit(problem: AllocationProblem, split: CompiledSplit, scales: Sequence[float]) -> float:
    """What one unit of the program's objective is, in that of the problem."""
    if problem.counted:
        return scales[0]
    if problem.is_approach:
        return max(scale / each.at_least for scale, each in zip(scales, problem.requirements, strict=True))
    money = max((abs(worth) for worth in problem.spend_worth.values()), default=0.0)
    return (money if problem.spend_worth else 1.0) * split.spend_scale or 1.0


def _terms(
    problem: AllocationProblem, split: CompiledSplit, program: Program, scales: Sequence[float], unit: float
) -> list[KpiTerm]:
    """The costs of the objective, and what each KPI is in the program, with the rows and columns that it needs."""
    weights: Mapping[str, float] = problem.spend_worth
    program.costs[split.total_column] = (-1.0 if problem.is_smallest else -problem.price) * split.spend_scale / unit
    for name, worth in weights.items():
        program.costs[split.spend_columns[name]] += worth * split.spend_scale / unit
    terms = _objective_terms(problem, program, unit)
    for requirement, scale in zip(problem.requirements, scales[len(problem.counted) :], strict=True):
        if problem.is_approach:
            worth = scale / requirement.at_least / unit
            counted = program.column(0.0, requirement.at_least / scale, worth)
            terms.append(KpiTerm(row=program.row(0.0, np.inf, [(counted, -1.0)]), factor=1.0 / scale))
            continue
        dues = requirement.per_money * split.spend_scale / scale
        entries = [(split.total_column, -dues)] if dues else []
        row = program.row(requirement.at_least / scale, np.inf, entries)
        of_row = scale * program.row_scales[row]
        asked = requirement.at_least / of_row, requirement.per_money * split.spend_scale / of_row
        terms.append(KpiTerm(row=row, factor=1.0 / of_row, requirement=asked))
    return terms


def _objective_terms(problem: AllocationProblem, program: Program, unit: float) -> list[KpiTerm]:
    counted = problem.counted
    if len(counted) <= 1 and not any(problem.offsets):
        return [KpiTerm(cost=1.0 / unit) for _ in counted]
    least = program.column(-np.inf, np.inf, 1.0)
    offsets = problem.offsets or (0.0,) * len(counted)
    return [KpiTerm(row=program.row(-offset / unit, np.inf, [(least, -1.0)]), factor=1.0 / unit) for offset in offsets]
