"""The linear program of a branch: rules, and for every channel a mixture of corners that lie above its curve.

A channel's spend and what it brings are a mixture of corners within its range: their concave hull. Another branch is
other bounds of the same columns, and a nearer over-estimator is more columns, so that HiGHS goes on from where it was.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import highspy
import numpy as np

from mmm.vocabulary import FloatArray, IntArray
from optimizer.errors import SolverError
from optimizer.program.linear import Program
from optimizer.program.solve import CompiledSplit
from optimizer.tree.blocks import CONVEXITY, KPI, SPEND, SWITCHES, KpiTerm, blocks_of, rows_of
from optimizer.tree.branch import Branch
from optimizer.tree.corners import NewCorners, Prices
from optimizer.tree.links import Links

_ANSWERED = {
    highspy.HighsModelStatus.kOptimal,
    highspy.HighsModelStatus.kInfeasible,
    highspy.HighsModelStatus.kUnboundedOrInfeasible,
}

_OTHERWISE: tuple[tuple[str, str | int], ...] = (
    ("presolve", "on"),
    ("solver", "ipm"),
    ("simplex_scale_strategy", 0),
)
"""What is tried in turn where a program is left open, which is rare: presolve where the last basis is not quite best;
an interior point, and numbers as they are, where something can only just not be reached."""


_DUAL, _PRIMAL = 1, 4
"""Of the simplex method, as HiGHS counts them."""

_LARGE = 2000
"""Columns from which on the dual simplex method solves a program whose last solution other bounds have taken away."""


@dataclass(frozen=True, slots=True)
class Solved:
    """The best mixture: values of the rules' columns, what it comes to, shares of all corners, prices of all rows."""

    values: FloatArray
    bound: float
    shares: FloatArray
    prices: FloatArray


@dataclass
class _Columns:
    """Corners in the program, in the order in which they came. Shape (N,) each."""

    kpi: IntArray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    channel: IntArray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    spend: FloatArray = field(default_factory=lambda: np.zeros(0))
    height: FloatArray = field(default_factory=lambda: np.zeros(0))
    counts: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=bool))


class Master:
    """The program, which grows, kept in HiGHS.

    Parameters
    ----------
    split
        The rules.
    program
        Their columns and rows, costs of the objective included, with the rows of `terms`.
    terms
        One a KPI.
    links
        What ties spend to binaries.
    cuts
        Ends of the pieces of channels whose range capacities cut, money.
    """

    def __init__(
        self,
        split: CompiledSplit,
        program: Program,
        terms: Sequence[KpiTerm],
        links: Links,
        cuts: Mapping[str, Sequence[float]],
    ) -> None:
        self._split, self._terms = split, tuple(terms)
        self._scale = split.spend_scale
        self._spend_columns = np.array(list(split.spend_columns.values()))
        self._integers = np.array(split.program.integers, dtype=np.int64)
        self._blocks = [blocks_of(program, split, links, cuts) for _ in terms]
        self._rows = [rows_of(blocks, term) for blocks, term in zip(self._blocks, terms, strict=True)]
        self._count = len(program.costs)
        self._lower, self._upper = np.array(program.column_lower), np.array(program.column_upper)
        self._now = self._lower.copy(), self._upper.copy()
        self._forced = np.zeros(len(self._spend_columns), dtype=bool)
        self.columns = _Columns()
        self._places: list[dict[tuple[int, int], int]] = [{} for _ in terms]
        self._solver = split.solver
        self._solver.setOptionValue("presolve", "off")
        self._solver.setOptionValue("solver", "simplex")
        self._is_grown = False
        self._solver.setOptionValue("primal_simplex_bound_perturbation_multiplier", 0.0)
        program.integers = []
        self._program = program
        self._is_loaded = False
        self._branch: Branch | None = None

    def add(self, kpi: int, new: NewCorners) -> None:
        """Corners of a KPI that came, and those that are gone."""
        places = self._places[kpi]
        self._drop([places.pop((channel, slot)) for channel, slot in new.gone.tolist()])
        if len(self._split.piece_columns) == 0:
            blocks, chosen = new.channels, np.arange(len(new.channels))
        else:
            blocks, chosen = self._in_pieces(kpi, new)
        if len(chosen) == 0:
            return
        first = len(self.columns.kpi)
        for position, (channel, slot) in enumerate(
            zip(new.channels[chosen].tolist(), new.slots[chosen].tolist(), strict=True)
        ):
            places[channel, slot] = first + position
        self._append(kpi, blocks, new.channels[chosen], new.spend[chosen], new.height[chosen])

    def _drop(self, gone: list[int]) -> None:
        """Corners that no longer count."""
        if not gone:
            return
        self.columns.counts[gone] = False
        at = self._count + np.array(gone)
        zeros = np.zeros(len(gone))
        self._solver.changeColsBounds(len(gone), at.astype(np.int32), zeros, zeros)
        self._now[1][at] = 0.0

    def _in_pieces(self, kpi: int, new: NewCorners) -> tuple[IntArray, IntArray]:
        """Blocks of new corners, and which corner each is; one between two pieces is in both."""
        pairs = [
            (index, position)
            for position, (channel, spend) in enumerate(zip(new.channels.tolist(), new.spend.tolist(), strict=True))
            for index, block in enumerate(self._blocks[kpi])
            if block.channel == channel and block.low <= spend <= block.high
        ]
        blocks, chosen = zip(*pairs, strict=True) if pairs else ((), ())
        return np.array(blocks, dtype=np.int64), np.array(chosen, dtype=np.int64)

    def _append(self, kpi: int, blocks: IntArray, channels: IntArray, spend: FloatArray, height: FloatArray) -> None:
        term, count = self._terms[kpi], len(blocks)
        known = self.columns
        self.columns = _Columns(
            np.concatenate((known.kpi, np.full(count, kpi))),
            np.concatenate((known.channel, channels)),
            np.concatenate((known.spend, spend)),
            np.concatenate((known.height, height)),
            np.concatenate((known.counts, np.ones(count, dtype=bool))),
        )
        starts, rows, values = self._entries(kpi, blocks, spend / self._scale, height)
        highest = np.where(self._is_inside(channels, spend), np.inf, 0.0)
        self._load()
        self._solver.addCols(
            count,
            term.cost * height,
            np.zeros(count),
            highest,
            len(rows),
            starts,
            rows,
            values,
        )
        low, high = self._now
        self._now = np.concatenate((low, np.zeros(count))), np.concatenate((high, highest))

    def _entries(
        self, kpi: int, blocks: IntArray, spend: FloatArray, height: FloatArray
    ) -> tuple[IntArray, IntArray, FloatArray]:
        """Where the columns of new corners start, and their rows and values."""
        rows, term = self._rows[kpi][blocks], self._terms[kpi]
        values = np.ones(rows.shape)
        values[:, SPEND] = spend
        if term.row is not None:
            values[:, KPI] = term.factor * height
        is_there = rows >= 0
        ends = np.cumsum(is_there.sum(axis=1))
        starts = np.concatenate(([0], ends[:-1]))
        return starts, rows[is_there], values[is_there]

    def _is_inside(self, channels: IntArray, spend: FloatArray) -> np.ndarray:
        """Whether corners lie in the branch."""
        if self._branch is None:
            return np.ones(len(spend), dtype=bool)
        return (spend >= self._branch.low[channels]) & (spend <= self._branch.high[channels])

    def _load(self) -> None:
        if self._is_loaded:
            return
        self._is_loaded = True
        self._program.pass_to(self._solver)

    def move_to(self, branch: Branch) -> None:
        """From now on the program is that of a branch."""
        lower, upper = self._lower.copy(), self._upper.copy()
        lower[self._integers], upper[self._integers] = branch.least, branch.most
        lower[self._spend_columns] = np.where(branch.is_spending, branch.low / self._scale, 0.0)
        upper[self._spend_columns] = branch.high / self._scale
        self._branch = branch
        inside = self.columns.counts & self._is_inside(self.columns.channel, self.columns.spend)
        lower = np.concatenate((lower, np.zeros(len(inside))))
        upper = np.concatenate((upper, np.where(inside, np.inf, 0.0)))
        self._load()
        changed = np.flatnonzero((lower != self._now[0]) | (upper != self._now[1])).astype(np.int32)
        if len(changed):
            self._is_grown = False
            self._solver.changeColsBounds(len(changed), changed, lower[changed], upper[changed])
            self._now = lower, upper
        for channel in np.flatnonzero(branch.is_spending != self._forced).tolist():
            least = 1.0 if branch.is_spending[channel] else -np.inf
            for blocks in self._blocks:
                for block in blocks:
                    if block.channel == channel and block.is_whole:
                        self._solver.changeRowBounds(block.convexity, least, 1.0)
        self._forced = branch.is_spending.copy()

    def ask_for(self, margins: Sequence[float]) -> None:
        """Ask requirements, in the order of the KPIs that are some, for shares more than they say."""
        wanted = [term for term in self._terms if term.requirement is not None]
        for term, margin in zip(wanted, margins, strict=True):
            if term.requirement is None or term.row is None:
                continue
            at_least, per_money = term.requirement
            self._solver.changeRowBounds(term.row, (1.0 + margin) * at_least, np.inf)
            if per_money:
                self._solver.changeCoeff(term.row, self._split.total_column, -(1.0 + margin) * per_money)

    def solve(self) -> Solved | None:
        """The best mixture in the branch; None where it has none.

        Raises
        ------
        SolverError
            When the solver stops in a state that is no answer.
        """
        self._load()
        status = self._run()
        for option, value in _OTHERWISE:
            if status in _ANSWERED:
                break
            _, usual = self._solver.getOptionValue(option)
            self._solver.clearSolver()
            self._solver.setOptionValue(option, value)
            status = self._run()
            self._solver.setOptionValue(option, usual)
        if status not in _ANSWERED:
            raise SolverError(f"HiGHS ended without an answer: {self._solver.modelStatusToString(status)}")
        if status != highspy.HighsModelStatus.kOptimal:
            return None
        solution = self._solver.getSolution()
        values, prices = np.array(solution.col_value), np.array(solution.row_dual)
        bound = float(self._solver.getInfo().objective_function_value)
        return Solved(values[: self._count], bound, values[self._count :], prices)

    def prices(self, kpi: int, solved: Solved) -> Prices:
        """What corners of a KPI are worth and cost at a mixture, where a channel has one block alone."""
        term, rows = self._terms[kpi], self._rows[kpi]
        of_rows = np.where(rows >= 0, solved.prices[rows], 0.0)
        worth = term.cost - (0.0 if term.row is None else term.factor * float(solved.prices[term.row]))
        of_switches = of_rows[:, SWITCHES].sum(axis=1)
        return Prices(worth, of_rows[:, SPEND] / self._scale, of_rows[:, CONVEXITY] + of_switches, of_switches)

    def most_spend(self, channel: int) -> float:
        """The most that a channel can spend in the branch where integers may have fractions, money."""
        lp = self._solver.getLp()
        costs, every = np.array(lp.col_cost_), np.arange(lp.num_col_, dtype=np.int32)
        only = (every == self._spend_columns[channel]).astype(float)
        self._solver.changeColsCost(len(every), every, only)
        found = self.solve()
        self._solver.changeColsCost(len(every), every, costs)
        return 0.0 if found is None else found.bound * self._scale

    def _run(self) -> Any:
        is_primal = self._is_grown or len(self._now[0]) < _LARGE
        self._solver.setOptionValue("simplex_strategy", _PRIMAL if is_primal else _DUAL)
        self._solver.run()
        self._is_grown = True
        return self._solver.getModelStatus()

    def heights(self, solved: Solved) -> FloatArray:
        """What the mixtures of every KPI and channel come to, KPI. Shape (K, C)."""
        return self._summed(solved.shares * self.columns.height[: len(solved.shares)])

    def _summed(self, of_corners: FloatArray) -> FloatArray:
        """Sums over the first corners by KPI and channel. Shape (K, C)."""
        columns, channels, count = self.columns, len(self._spend_columns), len(of_corners)
        cell = columns.kpi[:count] * channels + columns.channel[:count]
        return np.bincount(cell, of_corners, len(self._terms) * channels).reshape(-1, channels)

    def shares(self, solved: Solved) -> FloatArray:
        """Shares of the corners of every KPI and channel. Shape (K, C)."""
        return self._summed(solved.shares)

    def share_above(self, solved: Solved, channel: int, spend: float) -> float:
        """Share of a channel's corners that lie above a spend in a mixture of the first KPI."""
        columns, count = self.columns, len(solved.shares)
        mine = (columns.kpi == 0) & (columns.channel == channel) & (columns.spend > spend)
        return float(solved.shares[mine[:count]].sum())
