"""Rules on what each channel gets, written out once more as tests of splits. K splits, C channels.

Shares nothing with the formulation: each is what a planner would check with a pocket calculator. What is about curves
(ceilings on CPA, capacities, returns) is not here.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from mmm.manifest import ChannelInfo
from mmm.vocabulary import BoolArray, FloatArray
from optimizer.checker.calendar import periods_from
from optimizer.checker.reach import most_within_reach
from optimizer.checker.recount import Recount
from optimizer.checker.reference import most_seen, reference_spend
from optimizer.checker.split_tests import (
    Test,
    at_least_each,
    count,
    linear,
    off_or,
    paid_in_period,
    total,
    whole_steps,
)
from optimizer.scenario.document import Scenario
from optimizer.scenario.rules import Group

_MIDDLES = {"b2b": 0.60, "b2c": 0.40, "published_b2b": 0.46, "published_b2c": 0.60}
_TOLERANCE = 0.05


@dataclass(frozen=True, slots=True)
class SplitRules:
    """Every rule of a scenario on splits, by name, kept to within `slack` of money; and what a split costs.

    `costs` and `fixed` are what is paid for a unit of spend and beside it, of each channel. Shape (C,).
    """

    tests: tuple[tuple[str, Test], ...]
    costs: FloatArray
    fixed: FloatArray
    reserve: float
    slack: float

    def totals(self, spend: FloatArray) -> FloatArray:
        """What splits cost in all, with fixed costs and test reserve. `spend` (K, C); returns (K,)."""
        paid = spend @ self.costs + (spend > self.slack) @ self.fixed
        return np.asarray(paid / (1.0 - self.reserve))

    def broken(self, spend: FloatArray, paid: float) -> list[str]:
        """Names of the rules that one split breaks, for which so much is paid in all; `spend` of shape (C,)."""
        return [name for name, test in self.tests if not test(spend[None], np.array([paid]))[0]]

    def kept(self, spend: FloatArray) -> BoolArray:
        """Which splits keep all rules. `spend` (K, C); returns (K,)."""
        totals, kept = self.totals(spend), (spend >= -self.slack).all(axis=1)
        for _, test in self.tests:
            kept &= test(spend, totals)
        return np.asarray(kept)


def split_rules(recount: Recount) -> SplitRules:
    """The rules of a plan's scenario, kept to within a millionth of its budget."""
    made = _Rules(recount)
    return SplitRules(
        tests=tuple(made.all()),
        costs=made.costs,
        fixed=made.fixed,
        reserve=recount.scenario.rules.test_reserve,
        slack=made.slack,
    )


def brand_band(scenario: Scenario) -> tuple[float, float] | None:
    """Lowest and highest brand share: the scenario's own, or its preset's middle and what may be off it."""
    split, middle = scenario.split, _MIDDLES.get(scenario.business)
    if split is not None and split.brand_share is not None:
        return split.brand_share
    if middle is None:
        return None
    off = _TOLERANCE if split is None or split.tolerance is None else split.tolerance
    return max(0.0, middle - off), min(1.0, middle + off)


def _members(group: Group, infos: Sequence[ChannelInfo]) -> list[str]:
    return [
        info.name
        for info in infos
        if (group.channels and info.name in group.channels)
        or (group.stage and info.stage == group.stage)
        or (group.scene and info.scene == group.scene)
        or (group.department and info.department == group.department)
        or (group.role and info.role == group.role)
    ]


class _Rules:
    """Makes the tests of one scenario."""

    def __init__(self, recount: Recount) -> None:
        self.recount, self.scenario, self.slack = recount, recount.scenario, 1e-6 * recount.plan.budget
        self.places = {name: place for place, name in enumerate(recount.names)}
        self.infos = list(recount.infos.values())
        self.costs = np.array([recount.unit_costs[name] for name in recount.names])
        self.fixed = np.array([recount.rule(name).fixed_cost or 0.0 for name in recount.names])
        said = {channel.channel: channel.reference_spend for channel in recount.plan.channels}
        self.reference = reference_spend(recount) or said
        self.reference_cost = sum(recount.unit_costs[name] * self.reference[name] for name in recount.names)
        self.phasing = np.array([recount.phasing[name] for name in recount.names])

    def all(self) -> Iterator[tuple[str, Test]]:
        for name in self.scenario.channels:
            yield from self._of_channel(name)
        band = brand_band(self.scenario)
        if band is not None:
            yield from self._share("brand share", np.array([info.brand_weight for info in self.infos]), band)
        for group in self.scenario.groups:
            yield from self._of_group(group)
        yield from self._of_order()
        yield from self._of_whole()
        yield from self._of_limits()
        yield from self._of_periods()
        for rule in getattr(self.scenario.geos, "sums", ()):  # what cells of a plan by geo have together
            low, high = rule.low or 0.0, math.inf if rule.high is None else rule.high
            if rule.base:
                yield from self._share(rule.rule, self._sum(rule.members), (low, high), self._sum(rule.base))
            else:
                yield rule.rule, self._between(rule.members, low, high)

    def _sum(self, names: Sequence[str]) -> FloatArray:
        """Weights that add up what some channels have. Shape (C,)."""
        weights = np.zeros(len(self.places))
        weights[[self.places[name] for name in names]] = 1.0
        return weights

    def _between(self, names: Sequence[str], low: float, high: float) -> Test:
        return linear(self._sum(names), self.slack, low=low, high=high)

    def _share(
        self, name: str, part: FloatArray, band: tuple[float, float], whole: FloatArray | float = 1.0
    ) -> Iterator[tuple[str, Test]]:
        """Both ends of a share of what all channels have, or some."""
        yield name, linear(part - band[0] * whole, self.slack, low=0.0)
        yield name, linear(part - min(band[1], 1e9) * whole, self.slack, high=0.0)

    def _of_channel(self, name: str) -> Iterator[tuple[str, Test]]:
        rule, place = self.recount.rule(name), self.places[name]
        if rule.min is not None:
            yield f"{name} min", self._between([name], rule.min, math.inf)
        if rule.max is not None:
            yield f"{name} max", self._between([name], 0.0, rule.max)
        if rule.locked is not None:
            yield f"{name} locked", self._between([name], rule.locked, rule.locked)
        if rule.off_or_at_least is not None:
            viable = self._between([name], rule.off_or_at_least, math.inf)
            yield f"{name} off or at least", off_or(place, self.slack, viable)
        if rule.change is not None:
            low, high = (self.reference[name] * (1.0 + change) for change in rule.change)
            yield f"{name} change", self._between([name], low, high)
        if rule.increment is not None:
            yield f"{name} increment", whole_steps(place, rule.increment, self.slack)

    def _of_group(self, group: Group) -> Iterator[tuple[str, Test]]:
        members = _members(group, self.infos)
        columns = [self.places[name] for name in members]
        if group.share is not None:
            yield from self._share(f"group {group.name} share", self._sum(members), group.share)
        if group.amount is not None:
            yield f"group {group.name} amount", self._between(members, *group.amount)
        if group.at_least_channels is not None:
            enough = 0.001 * (self.scenario.budget or self.reference_cost) - self.slack
            yield f"group {group.name} at least", count(columns, enough, low=group.at_least_channels)
        if group.at_most_channels is not None:
            yield f"group {group.name} at most", count(columns, self.slack, high=group.at_most_channels)

    def _of_order(self) -> Iterator[tuple[str, Test]]:
        for order in self.scenario.precedence:
            before = [self.places[name] for name in order.after]
            reached = at_least_each(before, np.array(list(order.after.values())), self.slack)
            yield f"{order.channel} after", off_or(self.places[order.channel], self.slack, reached)
        for either in self.scenario.either_or:
            columns = [self.places[name] for name in set(either.channels)]
            yield "either or", count(columns, self.slack, high=either.at_most)
        for needs in self.scenario.requires:
            weights = self._sum([needs.channel]) - needs.at_most_ratio * self._sum(needs.upstream)
            yield "requires", linear(weights, self.slack, high=0.0)

    def _of_whole(self) -> Iterator[tuple[str, Test]]:
        rules = self.scenario.rules
        if self.scenario.budget is not None:
            yield "budget", total(self.slack, high=self.scenario.budget)
        if rules.at_most_channels is not None:
            everyone = list(self.places.values())
            yield "channel count", count(everyone, self.slack, high=rules.at_most_channels)
        if rules.total_change is not None:
            low, high = (self.reference_cost * (1.0 + change) for change in rules.total_change)
            yield "total change", total(self.slack, low=low, high=high)

    def _of_limits(self) -> Iterator[tuple[str, Test]]:
        """What was seen, what can be reached, and how small channels without history stay."""
        ratio, periods = self.scenario.rules.at_most_seen, self.scenario.horizon.periods
        for name, place in self.places.items():
            if ratio is not None and name not in self.scenario.new_channels:
                seen = most_seen(self.recount.artifact.draws.spend[:, place], periods)
                yield f"{name} at most seen", self._between([name], 0.0, ratio * seen)
        for name, most in most_within_reach(self.recount).items():
            yield f"{name} reach", self._between([name], 0.0, most)
        money = self.scenario.budget or self.reference_cost
        for name, new in self.scenario.new_channels.items():
            rule = self.recount.rule(name)
            if rule.max is None and rule.locked is None and money > 0:
                yield f"{name} small", self._between([name], 0.0, new.at_most_share * money)

    def _of_periods(self) -> Iterator[tuple[str, Test]]:
        """Rules on single periods, with the plan's phasing."""
        for name, place in self.places.items():
            rule, shares = self.recount.rule(name), self.phasing[place]
            if rule.per_period_max is not None:
                fullest = shares.max() * self._sum([name])
                yield f"{name} per period", linear(fullest, self.slack, high=rule.per_period_max)
            if rule.burst_at_least is not None:
                spend = self.recount.spend[name]
                used = shares > (self.slack / spend if spend > self.slack else 0.0)
                burst = linear(shares[used].min() * self._sum([name]), self.slack, low=rule.burst_at_least)
                yield f"{name} burst", off_or(place, self.slack, burst)
        horizon, cash = self.scenario.horizon, self.scenario.rules.cash_per_period
        dates = periods_from(horizon.start, horizon.periods, self.recount.artifact.manifest.period)
        for row, day in enumerate(dates if cash is not None else ()):
            most = cash[row] if isinstance(cash, tuple) else cash or 0.0
            paid = paid_in_period(self.phasing[:, row], self.costs, self.fixed, self.slack, high=most)
            yield f"cash on {day}", paid
        for number, budget in enumerate(self.scenario.flighting.budgets, start=1):
            rows = [row for row, day in enumerate(dates) if budget.start <= day <= budget.end]
            weights, (low, high) = self.costs * self.phasing[:, rows].sum(axis=1), budget.amount
            yield f"flighting budget {number}", linear(weights, self.slack, low=low, high=high)
