"""Rules about single periods of the horizon, with the phasing of every channel fixed."""

import numpy as np

from mmm.sentence import Day, Money, Sentence, Word, sentence
from optimizer.program.formulation import Formulation


def limit_channel_period(form: Formulation) -> None:
    """A channel spends at most so much in any period: a bound through its fullest period."""
    for name, rule in form.setting.scenario.channels.items():
        if rule.per_period_max is None:
            continue
        most, fullest = rule.per_period_max, float(form.setting.phasing[name].max())
        text = sentence(
            "{channel} gets at most {amount} in any period.", channel=Word(text=name), amount=Money(amount=most)
        )
        relation = fullest * form.model.spend[name] <= most
        where = f"channels.{name}.per_period_max"
        form.add(where, text, relation, limit=most, unit="money", measured={name: fullest})


def keep_bursts(form: Formulation) -> None:
    """A channel is off, or spends at least so much in every period in which it is on air: through its emptiest one."""
    for name, rule in form.setting.scenario.channels.items():
        if rule.burst_at_least is None:
            continue
        shares, least = form.setting.phasing[name], rule.burst_at_least
        emptiest = float(shares[shares > 0].min())
        text = burst_text(name, least)
        relation = form.model.spend[name] - least / emptiest * form.is_on(name) >= 0
        where = f"channels.{name}.burst_at_least"
        form.add(where, text, relation, limit=least, unit="money", measured={name: emptiest})


def burst_text(channel: str, least: float) -> Sentence:
    """What a burst says."""
    return sentence(
        "{channel} gets at least {amount} in every period in which it is on air.",
        channel=Word(text=channel),
        amount=Money(amount=least),
    )


def limit_cash(form: Formulation) -> None:
    """What the company pays for the channels in a period is at most the cash of that period.

    Fixed costs are paid as the channel's spend is phased. The test reserve has no date and is in no period. A
    period that can never be the first to run short has no row.
    """
    setting = form.setting
    cash = setting.scenario.rules.cash_per_period
    if cash is None:
        return
    if isinstance(cash, tuple) and len(set(cash)) == 1:
        cash = cash[0]  # one amount for all periods, whose price is that of all of them
    names, costs = setting.names, setting.unit_costs
    shares = np.column_stack([setting.phasing[name] for name in names])
    limits = np.asarray(cash) if isinstance(cash, tuple) else np.full(len(shares), cash)
    for period in _scarce(shares, limits):
        limit = float(limits[period])
        phased = {name: float(shares[period, column]) for column, name in enumerate(names)}
        spent = {name: share * costs[name] for name, share in phased.items()}
        fixed = {
            name: phased[name] * rule.fixed_cost for name, rule in setting.scenario.channels.items() if rule.fixed_cost
        }
        body = sum(weight * form.model.spend[name] for name, weight in spent.items())
        body += sum(amount * form.is_on(name) for name, amount in fixed.items())
        if isinstance(cash, tuple):
            where = f"rules.cash_per_period[{period + 1}]"
            text = sentence(
                "At most {amount} is paid in the period from {day}.",
                amount=Money(amount=limit),
                day=Day(day=setting.dates[period]),
            )
        else:
            where = "rules.cash_per_period"
            text = sentence("At most {amount} is paid in any period.", amount=Money(amount=limit))
        form.add(where, text, body <= limit, limit=limit, unit="money", measured=spent, measured_on=fixed)


def _scarce(shares: np.ndarray, limits: np.ndarray) -> list[int]:
    """Periods that no other one implies: with no less of every channel, and no more cash. `shares` of shape (T, C)."""
    kept: list[int] = []
    for period in range(len(shares)):
        implied = (shares >= shares[period]).all(axis=1) & (limits <= limits[period])
        is_same = (shares == shares[period]).all(axis=1) & (limits == limits[period])
        implied &= ~is_same | (np.arange(len(shares)) < period)
        if not implied.any():
            kept.append(period)
    return kept
