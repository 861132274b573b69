"""What a plan says that it brings, and what its money comes to, against the recount."""

from collections.abc import Iterator

import numpy as np

from mmm.vocabulary import FloatArray
from optimizer.checker.baseline import forecast, noise_of_sum
from optimizer.checker.recount import Recount
from optimizer.checker.reference import reference_spend
from optimizer.checker.splits import brand_band
from optimizer.plan.document import ChannelPlan, OutcomePlan
from optimizer.plan.figures import ComparedPlan, Interval

_ROUNDING = 1e-5
"""Relative difference of figures that is rounding."""

_LEAST_REFERENCE = 1e-6
"""Money below which no change against it is told."""


def is_near(said: float, counted: float, scale: float) -> bool:
    """Whether two figures are the same to within rounding, beside what is large."""
    return abs(said - counted) <= _ROUNDING * max(abs(scale), 1e-12) + 1e-9


class Spreads:
    """Intervals that a plan tells, each with the draws that it should be of; all are sorted at once. S draws."""

    def __init__(self) -> None:
        self._said: list[tuple[str, Interval | ComparedPlan, float, FloatArray]] = []

    def hold(
        self, name: str, said: Interval | ComparedPlan | None, draws: FloatArray, mean: float | None = None
    ) -> None:
        """An interval, and what it is of; `mean` where that is not the mean of the draws of shape (S,)."""
        if said is not None:
            self._said.append((name, said, float(draws.mean()) if mean is None else mean, draws))

    def faults(self) -> Iterator[str]:
        """Intervals whose mean or quantiles are others."""
        by_size: dict[int, list[tuple[str, Interval | ComparedPlan, float, FloatArray]]] = {}
        for each in self._said:
            by_size.setdefault(len(each[3]), []).append(each)
        for group in by_size.values():
            quantiles = np.quantile(np.array([draws for *_, draws in group]), (0.05, 0.5, 0.95), axis=1).T
            for (name, said, mean, _), (low, middle, high) in zip(group, quantiles.tolist(), strict=True):
                scale = max(abs(mean), abs(low), abs(high))
                pairs = [("", said.mean, mean), (" at 5 %", said.p05, low), (" at 95 %", said.p95, high)]
                pairs += [(" at 50 %", said.p50, middle)] if isinstance(said, Interval) else []
                for where, told, counted in pairs:
                    if not is_near(told, counted, scale):
                        yield f"{name} is said to be {told}{where}, counted {counted}"


def wrong_figures(recount: Recount, *, is_thorough: bool = True) -> list[str]:
    """Figures of channels, outcomes and profit that are not those of the recount, in words.

    Where it is thorough, those of the reference plan as well.
    """
    spreads = Spreads()
    for outcome in recount.plan.outcomes:
        _hold_outcome(recount, outcome, spreads)
    for channel in recount.plan.channels:
        _hold_channel(recount, channel, spreads)
    worth = [value * recount.incremental[kpi] for kpi, value in recount.values.items() if kpi in recount.incremental]
    if worth and len(worth) == len(recount.values):
        spreads.hold("profit", recount.plan.profit, np.sum(worth, axis=0) - recount.plan.budget)
    if is_thorough:
        _hold_comparisons(recount, spreads)
    return [*spreads.faults(), *_wrong_values(recount), *_wrong_shares(recount), *_wrong_money(recount)]


def base_in_periods(recount: Recount, kpi: str) -> FloatArray:
    """What comes in each period of the horizon without the plan, with what earlier spend still brings. Shape (T, S)."""
    horizon = recount.plan.horizon
    base = forecast(recount.artifacts[kpi], horizon.start, horizon.periods)
    for channel in recount.channels[kpi].values():
        base += channel.carried_in(horizon.periods)
    return base


def _hold_outcome(recount: Recount, outcome: OutcomePlan, spreads: Spreads) -> None:
    kpi, periods = outcome.kpi, recount.plan.horizon.periods
    draws = recount.incremental[kpi]
    within = np.sum([rows[:periods].sum(axis=0) for rows in recount.in_periods[kpi].values()], axis=0)
    base = base_in_periods(recount, kpi).sum(axis=0)
    noisy = base + within + noise_of_sum(recount.artifacts[kpi], periods)
    spreads.hold(kpi, outcome.incremental, draws)
    spreads.hold(f"base of {kpi}", outcome.base, base)
    spreads.hold(f"total of {kpi}", outcome.total, noisy, float((base + within).mean()))
    if outcome.after_horizon.mean > _ROUNDING * draws.mean() or (draws - within).mean() > _ROUNDING * draws.mean():
        spreads.hold(f"part of {kpi} after the horizon", outcome.after_horizon, draws - within)
    if recount.scenario.new_channels:
        new = sum((recount.brought[kpi][name] for name in recount.scenario.new_channels), np.zeros(len(draws)))
        spreads.hold(f"assumed part of {kpi}", outcome.assumed, new)
        spreads.hold(f"measured part of {kpi}", outcome.measured, draws - new)


def _hold_channel(recount: Recount, channel: ChannelPlan, spreads: Spreads) -> None:
    name, spend = channel.channel, channel.spend
    draws = recount.brought[recount.plan.kpi][name]
    value = recount.artifact.manifest.outcome.value_per_unit
    spreads.hold(f"contribution of {name}", channel.contribution, draws)
    if value is not None and spend > 0:
        spreads.hold(f"ROAS of {name}", channel.roas, draws * value / spend)
    if channel.mroas is not None and value is not None:
        spreads.hold(f"mROAS of {name}", channel.mroas, recount.slopes[recount.plan.kpi][name] * value)
    if channel.cpa is not None and (draws > 0).all():
        spreads.hold(f"CPA of {name}", channel.cpa, spend / draws, spend / float(draws.mean()))


def _hold_comparisons(recount: Recount, spreads: Spreads) -> None:
    """The reference plan, and its mix at the plan's money, phased as the plan is."""
    compared, before = recount.plan.comparisons, reference_spend(recount)
    is_free = recount.scenario.flighting.pattern == "optimized"
    if compared is None or before is None or is_free:
        return
    costs = recount.unit_costs
    whole = sum(costs[name] * amount for name, amount in before.items())
    paid = sum(costs[name] * amount for name, amount in recount.spend.items())
    if compared.reference is not None:
        spreads.hold("reference plan", compared.reference, recount.brought_by(recount.plan.kpi, before))
    if compared.same_mix is not None and whole > 0:
        scaled = {name: amount * paid / whole for name, amount in before.items()}
        spreads.hold("same mix", compared.same_mix, recount.brought_by(recount.plan.kpi, scaled))


def _wrong_values(recount: Recount) -> Iterator[str]:
    """Outcomes whose worth in money is not their units times their value."""
    for outcome in recount.plan.outcomes:
        value = recount.artifacts[outcome.kpi].manifest.outcome.value_per_unit
        worth = None if value is None else value * float(recount.incremental[outcome.kpi].mean())
        if (worth is None) != (outcome.value is None) or not is_near(outcome.value or 0.0, worth or 0.0, worth or 0.0):
            yield f"{outcome.kpi} is said to be worth {outcome.value}, counted {worth}"


def _wrong_shares(recount: Recount) -> Iterator[str]:
    """Shares and changes of channels, and the brand share, that do not follow from spend."""
    whole = sum(recount.spend.values())
    for channel in recount.plan.channels:
        before = channel.reference_spend
        share = channel.spend / whole if whole > 0 else 0.0
        change = channel.spend / before - 1.0 if before >= _LEAST_REFERENCE else None
        if not is_near(channel.share, share, 1.0):
            yield f"share of {channel.channel} is not {share}"
        if (change is None) != (channel.change is None) or not is_near(channel.change or 0.0, change or 0.0, 1.0):
            yield f"change of {channel.channel} is not {change}"
    split = recount.plan.split
    if split is not None:
        brand = sum(recount.infos[name].brand_weight * amount for name, amount in recount.spend.items())
        if not is_near(split.brand_share, brand / whole if whole > 0 else 0.0, 1.0):
            yield f"brand share is said to be {split.brand_share}"
        band = brand_band(recount.scenario)
        if (split.band is None) != (band is None) or not np.allclose(split.band or (), band or (), atol=1e-9):
            yield f"brand band is said to be {split.band}, counted {band}"


def _wrong_money(recount: Recount) -> Iterator[str]:
    """Fees, co-op money, fixed costs and test reserve, and whether all add up to the budget."""
    plan, slack = recount.plan, 1e-6 * recount.plan.budget
    fees = {name: recount.fee(name) * amount for name, amount in recount.spend.items()}
    coop = sum(recount.rule(name).coop * (amount + fees[name]) for name, amount in recount.spend.items())
    fixed = sum(recount.rule(name).fixed_cost or 0.0 for name, amount in recount.spend.items() if amount > 0)
    told = [("fees", plan.fees, sum(fees.values())), ("co-op money", plan.coop, coop)]
    told += [("fixed costs", plan.fixed_costs, fixed)]
    told += [("test reserve", plan.test_reserve, recount.scenario.rules.test_reserve * plan.budget)]
    for name, said, counted in told:
        if abs(said - counted) > slack + 1e-9:
            yield f"{name} is not {counted}"
    whole = sum(recount.spend.values())
    if abs(whole + plan.fees - plan.coop + plan.test_reserve + plan.fixed_costs - plan.budget) > 0.005 + slack:
        yield "money adds up"
