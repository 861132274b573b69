"""An attack on the bound of a plan: splits that keep every rule, and might bring more than the plan says can be had.

From the plan's split money is moved from one channel to another, taken away or added, in amounts from a half of the
budget down to a two-thousandth, all of what a channel has, and as much as one needs to be on; where rules are about
which channels are on, one is left off for another. So it goes on from the best split so far, and from others near the
plan. Moves are judged first on some of the draws, put right by what the curves are at the split; the most promising
that keep the rules are counted on all: rules on curves without any slack, and amounts below it as more than nothing,
since a bound need not hold for splits that a rounding lets in. K moves, C channels, S draws.

It proves nothing about a bound that it does not beat. Plans with tasks are left out: their bound is for a restated
problem, and so is that of a sized plan.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mmm.vocabulary import BoolArray, FloatArray
from optimizer.checker.capacity import is_served
from optimizer.checker.certificate import Wanted, broken_target
from optimizer.checker.recount import Recount
from optimizer.checker.rules import broken_ceilings
from optimizer.checker.screen import Screen
from optimizer.checker.splits import SplitRules, split_rules
from optimizer.checker.swaps import swaps

_BEATEN = 2e-5
"""Part of what a plan brings by which a split must be better than the bound: rules are kept to within a rounding."""

_HALVINGS = 11
_WHOLE = 8
_MOST_MOVES = 4000


@dataclass(frozen=True, slots=True)
class Effort:
    """How hard a bound is attacked.

    Attributes
    ----------
    evaluations
        Terms of curves that are looked at to judge the moves from one split.
    tries, rounds
        Splits that are counted on all draws in a round, and rounds from each start.
    starts
        Starts beside the plan's own split.
    least
        Part of the distance to the bound that a move must promise to be counted.
    """

    evaluations: int
    tries: int
    rounds: int
    starts: int
    least: float


QUICK = Effort(evaluations=120_000, tries=3, rounds=2, starts=0, least=0.5)
"""For every plan that leaves: a few milliseconds."""

THOROUGH = Effort(evaluations=400_000, tries=4, rounds=3, starts=1, least=0.0)
"""For tests."""


def beaten_bound(recount: Recount, effort: Effort) -> list[str]:
    """A split that keeps all rules and lies beyond the plan's bound, in words; nothing where none was found."""
    plan = recount.plan
    if plan.objective == "size" or plan.tasks or plan.certificate is None or plan.budget <= 0:
        return []
    wanted, rules = Wanted.of(recount), split_rules(recount)
    attack = _Attack(recount, effort, wanted, rules, Screen(recount, wanted, rules, effort.evaluations))
    best, value = attack.best()
    if attack.sign * (value - plan.certificate.bound) <= _BEATEN * abs(wanted.gross):
        return []
    amounts = ", ".join(f"{name} {amount:.6g}" for name, amount in zip(recount.names, best.tolist(), strict=True))
    return [f"bound {plan.certificate.bound} is beaten by {value}, with {amounts}"]


@dataclass(frozen=True, slots=True)
class _Moves:
    """Splits one move away from another, and what each promises, best first. Shapes (K, C) and (K,)."""

    splits: FloatArray
    promised: FloatArray


@dataclass(frozen=True)
class _Attack:
    recount: Recount
    effort: Effort
    wanted: Wanted
    rules: SplitRules
    screen: Screen

    def best(self) -> tuple[FloatArray, float]:
        """The best split that was found, of shape (C,), and its value."""
        own = np.array([self.recount.spend[name] for name in self.recount.names])
        found = [self.climbed(start) for start in (own, *self.starts(own))]
        return max(found, key=lambda pair: self.sign * pair[1])

    @property
    def sign(self) -> float:
        return -1.0 if self.wanted.is_small else 1.0

    def climbed(self, split: FloatArray) -> tuple[FloatArray, float]:
        """The best split on the way up from one that keeps the rules."""
        value = self.screen.value(split)
        bound = self.recount.plan.certificate.bound if self.recount.plan.certificate else 0.0
        for _ in range(self.effort.rounds):
            least = self.effort.least * max(0.0, self.sign * (bound - value)) + 1e-9 * abs(self.wanted.gross)
            tried = [
                each
                for moves in (self.moves(split), self.swapped(split))
                for each in moves.splits[moves.promised > least][: self.effort.tries]
                if self.sign * (self.screen.value(each) - value) > 0 and self.is_kept(each)
            ]
            if not tried:
                break
            split = max(tried, key=lambda each: self.sign * self.screen.value(each))
            value = self.screen.value(split)
        return split, value

    def starts(self, own: FloatArray) -> Iterator[FloatArray]:
        """Splits about the plan's that keep the rules: some moves from it, whatever they bring."""
        if self.effort.starts == 0:
            return
        rng = np.random.default_rng(zlib.crc32(self.recount.plan.scenario.encode()))
        splits = self.moves(own).splits
        for place in rng.permutation(len(splits))[: self.effort.starts]:
            if self.is_kept(splits[place]):
                yield splits[place]

    def is_kept(self, split: FloatArray) -> bool:
        """Whether a split that keeps the rules on spend keeps those on curves as well."""
        recount, spend = self.recount, dict(zip(self.recount.names, split.tolist(), strict=True))
        if broken_ceilings(recount, spend, near=0.0) or not is_served(recount, spend):
            return False
        target = recount.plan.target
        if target is None or target.mroas is not None:
            return True
        kpis = recount.values if target.roas is not None else (recount.plan.kpi,)
        return not broken_target(
            recount, {kpi: self.screen.brought(kpi, split) for kpi in kpis}, self.screen.paid(split)
        )

    def swapped(self, split: FloatArray) -> _Moves:
        """The same of one channel that is left off for another, where rules are about which ones are on.

        The money of both sides of the brand band stays as it is, or all others make up for the difference alike. Judged
        by what both channels bring, and by the slopes of all others.
        """
        names, recount = self.recount.names, self.recount
        if not self.has_switches:
            return _Moves(np.zeros((0, len(names))), np.zeros(0))
        on = np.where(split > self.rules.slack, split, 0.0)
        is_brand = np.array([info.brand_weight >= 0.5 for info in recount.infos.values()])
        least = np.array([recount.rule(name).off_or_at_least or 0.0 for name in names])
        sides = (is_brand, np.zeros_like(is_brand))
        found = [swaps(on, self.rules.costs, self.rules.fixed, side, least) for side in sides]
        splits = np.vstack([each.splits for each in found])
        kept = self.kept(splits)
        splits, left, taken = (
            np.concatenate(parts)[kept]
            for parts in zip(*((each.splits, each.left, each.taken) for each in found), strict=True)
        )
        weights = self.wanted.weights(self.screen.worth(split), self.screen.paid(split))
        promised = np.zeros(len(splits))
        for kpi, value in recount.units.items():
            for place, name in enumerate(names):
                amounts = splits[:, place] - split[place]
                slope = float(weights @ self.screen.slopes(kpi, name, float(split[place]))) if split[place] > 0 else 0.0
                change = np.where((left == place) | (taken == place), 0.0, slope * amounts)
                change[left == place] -= float(weights @ self.screen.added(kpi, name, float(split[place])))
                mine = taken == place
                if mine.any():
                    change[mine] += self.screen.change(kpi, name, 0.0, splits[mine, place], weights)
                promised += value * change
        order = np.argsort(-promised)
        return _Moves(splits[order], promised[order])

    @property
    def has_switches(self) -> bool:
        """Whether rules are about which channels are on."""
        scenario = self.recount.scenario
        counts = any(group.at_most_channels or group.at_least_channels for group in scenario.groups)
        single = any(rule.off_or_at_least or rule.fixed_cost for rule in scenario.channels.values())
        whole = scenario.rules.at_most_channels is not None or scenario.either_or or scenario.precedence
        return bool(counts or single or whole)

    def kept(self, splits: FloatArray) -> BoolArray:
        """Which splits keep the rules on spend, and spend as much as the bound is for. `splits` (K, C); (K,)."""
        kept = self.rules.kept(splits) & (splits[:, self.is_barely_needed] > self.rules.slack).all(axis=1)
        if self.spends_all:
            kept &= np.abs(self.rules.totals(splits) - self.recount.plan.budget) <= self.rules.slack
        return kept

    @cached_property
    def is_barely_needed(self) -> BoolArray:
        """Channels that a rule asks for with less money than the slack, with which none would pass for it. (C,)."""
        recount, slack = self.recount, self.rules.slack
        needed = {name: recount.rule(name).min or 0.0 for name in recount.names}
        for order in recount.scenario.precedence:
            needed |= {name: level for name, level in order.after.items() if 0.0 < level <= slack}
        return np.array([0.0 < needed[name] <= slack for name in recount.names])

    def moves(self, split: FloatArray) -> _Moves:
        """Splits in which money is moved from one channel to another, taken away or added, that keep rules on spend."""
        money = self.amounts(split)
        given, got = _one_channel_less(split, money, self.rules.costs), self.one_channel_more(split, money)
        lost, gained = self.screen.changes(split, given), self.screen.changes(split, got)
        price = self.recount.price * money / (1.0 - self.rules.reserve)
        promised = np.vstack([gained, price])[None] - np.vstack([lost, price])[:, None]
        promised[np.isnan(promised)] = -np.inf
        for place in range(len(money)):
            np.fill_diagonal(promised[..., place], -np.inf)
        order = np.argsort(-promised, axis=None)[:_MOST_MOVES]
        order = order[promised.ravel()[order] > -np.inf]
        donors, takers, sizes = np.unravel_index(order, promised.shape)
        splits = np.repeat(split[None], len(order), axis=0)
        rows, count = np.arange(len(order)), len(split)
        for places, amounts in ((donors, given), (takers, got)):
            moved = places < count
            splits[rows[moved], places[moved]] = amounts[places[moved], sizes[moved]]
        kept = self.kept(splits)
        return _Moves(splits[kept], promised.ravel()[order][kept])

    @property
    def spends_all(self) -> bool:
        """Whether the bound is for splits that spend the budget whole."""
        scenario, plan = self.recount.scenario, self.recount.plan
        is_spent = scenario.budget is not None and plan.budget >= scenario.budget - self.rules.slack
        return plan.objective == "maximize" and is_spent and not scenario.capacity

    def amounts(self, split: FloatArray) -> FloatArray:
        """Money that is moved: halvings of the budget, all of a small channel, what one needs to be on. Shape (K,)."""
        paid = np.sort((split * self.rules.costs)[split > self.rules.slack])
        needed = [
            amount * cost
            for name, cost in zip(self.recount.names, self.rules.costs.tolist(), strict=True)
            for amount in (self.recount.rule(name).off_or_at_least, self.recount.rule(name).increment)
            if amount
        ]
        halves = self.recount.plan.budget * 0.5 ** np.arange(1, _HALVINGS + 1)
        return np.unique(np.concatenate([halves, paid[:_WHOLE], sorted(set(needed))[:_WHOLE]]))

    def one_channel_more(self, split: FloatArray, money: FloatArray) -> FloatArray:
        """Spend of each channel with so much more money, of which one that was off pays its fixed costs. (C, K)."""
        fixed = np.where(split > self.rules.slack, 0.0, self.rules.fixed)
        more = (money - fixed[:, None]) / self.rules.costs[:, None]
        return np.where(more > 0, split[:, None] + more, np.nan)


def _one_channel_less(split: FloatArray, money: FloatArray, costs: FloatArray) -> FloatArray:
    """Spend of each channel with so much less money; not a number where it has less than that. Shape (C, K)."""
    left = split[:, None] - money / costs[:, None]
    return np.where(left > -1e-9 * split[:, None], np.maximum(left, 0.0), np.nan)
