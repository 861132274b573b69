"""An attack on the bound of a plan: splits that keep every rule, and might bring more than the plan says can be had.

From the plan's split money is moved from one channel to another, taken away or added, in amounts from a half of the
budget down to a two-thousandth, all of what a channel has, and as much as one needs to be on; and again from the best
split so far, and from others near the plan. Moves are judged first on some of the draws, put right by what the curves
are at the split; the most promising that keep the rules are counted on all. K moves, C channels, S draws.

It proves nothing about a bound that it does not beat. Plans with tasks are left out: their bound is for a restated
problem, and so is that of a sized plan.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from mmm.vocabulary import FloatArray, IntArray
from optimizer.checker.capacity import is_served
from optimizer.checker.certificate import Wanted, broken_target, worth_of
from optimizer.checker.recount import Recount
from optimizer.checker.rules import broken_ceilings
from optimizer.checker.splits import SplitRules, split_rules

_BEATEN = 2e-5
"""Part of what a plan brings by which a split must be better than the bound: rules are kept to within a rounding."""

_HALVINGS = 11
_WHOLE = 5
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
    attack = _Attack(recount, effort, Wanted.of(recount), split_rules(recount))
    best, value = attack.best()
    sign = -1.0 if attack.wanted.is_small else 1.0
    if sign * (value - plan.certificate.bound) <= _BEATEN * abs(attack.wanted.gross):
        return []
    amounts = ", ".join(f"{name} {amount:.6g}" for name, amount in zip(recount.names, best.tolist(), strict=True))
    return [f"bound {plan.certificate.bound} is beaten by {value}, with {amounts}"]


@dataclass(frozen=True, slots=True)
class _Moves:
    """Splits one move away from another, and what each promises, best first. Shapes (K, C) and (K,)."""

    splits: FloatArray
    promised: FloatArray


@dataclass
class _Attack:
    recount: Recount
    effort: Effort
    wanted: Wanted
    rules: SplitRules
    _added: dict[tuple[str, str, float], FloatArray] = field(default_factory=dict)
    _slopes: dict[tuple[str, str, float], FloatArray] = field(default_factory=dict)

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
        value = self.value(split)
        bound = self.recount.plan.certificate.bound if self.recount.plan.certificate else 0.0
        for _ in range(self.effort.rounds):
            least = self.effort.least * max(0.0, self.sign * (bound - value)) + 1e-9 * abs(self.wanted.gross)
            moves = self.moves(split)
            tried = [
                each
                for each in moves.splits[moves.promised > least][: self.effort.tries]
                if self.sign * (self.value(each) - value) > 0 and self.is_kept(each)
            ]
            if not tried:
                break
            split = max(tried, key=lambda each: self.sign * self.value(each))
            value = self.value(split)
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

    def value(self, split: FloatArray) -> float:
        """The value of a split, on all draws."""
        return self.wanted.value(self.worth(split), self.paid(split))

    def worth(self, split: FloatArray) -> FloatArray:
        """What a split is worth in each draw. Shape (S,)."""
        return worth_of(self.recount, {kpi: self.brought(kpi, split) for kpi in self.recount.units})

    def brought(self, kpi: str, split: FloatArray) -> FloatArray:
        """What a split brings of a KPI. Shape (S,)."""
        pairs = zip(self.recount.names, split.tolist(), strict=True)
        return np.asarray(np.sum([self.added(kpi, name, amount) for name, amount in pairs], axis=0))

    def added(self, kpi: str, name: str, amount: float) -> FloatArray:
        """What some spend of a channel brings; kept. Shape (S,)."""
        if amount == self.recount.spend[name]:
            return self.recount.brought[kpi][name]
        if (kpi, name, amount) not in self._added:
            self._added[kpi, name, amount] = self.recount.channels[kpi][name].added(amount)
        return self._added[kpi, name, amount]

    def slopes(self, kpi: str, name: str, amount: float) -> FloatArray:
        """What one more unit of spend of a channel brings; kept. Shape (S,)."""
        if amount == self.recount.spend[name]:
            return self.recount.slopes[kpi][name]
        if (kpi, name, amount) not in self._slopes:
            self._slopes[kpi, name, amount] = self.recount.channels[kpi][name].slopes(amount)
        return self._slopes[kpi, name, amount]

    def paid(self, split: FloatArray) -> float:
        return float(self.rules.totals(split[None])[0])

    def is_kept(self, split: FloatArray) -> bool:
        """Whether a split that keeps the rules on spend keeps those on curves as well."""
        recount, spend = self.recount, dict(zip(self.recount.names, split.tolist(), strict=True))
        if broken_ceilings(recount, spend) or not is_served(recount, spend):
            return False
        target = recount.plan.target
        if target is None or target.mroas is not None:
            return True
        kpis = recount.values if target.roas is not None else (recount.plan.kpi,)
        return not broken_target(recount, {kpi: self.brought(kpi, split) for kpi in kpis}, self.paid(split))

    def moves(self, split: FloatArray) -> _Moves:
        """Splits one move away that keep the rules on spend."""
        money = self.amounts(split)
        given, got = _one_channel_less(split, money, self.rules.costs), self.one_channel_more(split, money)
        lost, gained = self.changes(split, given), self.changes(split, got)
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
        kept = self.rules.kept(splits)
        if self.spends_all:
            kept &= np.abs(self.rules.totals(splits) - self.recount.plan.budget) <= self.rules.slack
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

    def changes(self, split: FloatArray, spend: FloatArray) -> FloatArray:
        """By how much what counts moves when one channel alone has other spend, nearly. `spend` (C, K); (C, K)."""
        weights = self.wanted.weights(self.worth(split), self.paid(split))
        moved = np.zeros(spend.shape)
        for kpi, value in self.recount.units.items():
            for place, name in enumerate(self.recount.names):
                moved[place] += value * self.change(kpi, name, float(split[place]), spend[place], weights)
        return np.abs(moved)

    def change(self, kpi: str, name: str, own: float, spend: FloatArray, weights: FloatArray) -> FloatArray:
        """The same of one channel, judged by some draws whose level and slope at its own spend are put right. (K,)."""
        channel = self.recount.channels[kpi][name]
        count = spend.size * 2 * len(self.recount.names) * len(channel.gain)
        few, fewer = _some(weights, max(4, self.effort.evaluations // count))
        part = channel.of_draws(few)
        moved = part.weighted(np.append(spend, own), fewer)
        change = moved[:-1] - moved[-1]
        if len(few) == np.count_nonzero(weights) or own <= 0:
            return np.asarray(change)
        level = _ratio(float(weights @ self.added(kpi, name, own)), float(moved[-1]))
        slope = _ratio(float(weights @ self.slopes(kpi, name, own)), float(fewer @ part.slopes(own)))
        far = np.minimum(1.0, np.abs(spend - own) / own)
        return np.asarray(change * (far * level + (1.0 - far) * slope))


def _one_channel_less(split: FloatArray, money: FloatArray, costs: FloatArray) -> FloatArray:
    """Spend of each channel with so much less money; not a number where it has less than that. Shape (C, K)."""
    left = split[:, None] - money / costs[:, None]
    return np.where(left > -1e-9 * split[:, None], np.maximum(left, 0.0), np.nan)


def _some(weights: FloatArray, most: int) -> tuple[IntArray, FloatArray]:
    """At most so many of the draws that count, evenly spaced, and their weights, of sum one."""
    counting = np.flatnonzero(weights)
    places = counting[np.unique(np.linspace(0, len(counting) - 1, min(most, len(counting))).round().astype(np.int64))]
    return places, weights[places] / weights[places].sum()


def _ratio(whole: float, part: float) -> float:
    return whole / part if part > 0 and np.isfinite(whole) and np.isfinite(part) else 1.0
