"""Ceilings on what one outcome of a channel costs."""

from collections.abc import Mapping
from functools import partial

from mmm.sentence import Money, Value, Word, sentence
from optimizer.program.cpa_ceilings import CpaLimits
from optimizer.program.formulation import Formulation


def limit_average_cpa(form: Formulation) -> None:
    """A channel is off, or its spend lies where an outcome costs at most so much on average."""
    for name, rule in form.setting.scenario.channels.items():
        if rule.cpa_at_most is None:
            continue
        limits = form.setting.cpa_limits[name]
        said: dict[str, Value] = {
            "channel": Word(text=name),
            "kpi": Word(text=form.setting.scenario.kpi),
            "cost": Money(amount=rule.cpa_at_most),
        }
        if limits.windows:
            text = sentence("{channel} is off or brings {kpi} at {cost} each or less on average.", **said)
        else:
            text = sentence("{channel} stays off: at no spend does it bring {kpi} at {cost} each or less.", **said)
        most, spend = form.setting.most_spend[name], form.model.spend[name]
        windows = [form.window(name, low, high) for low, high in limits.windows or ()]
        if len(windows) > 1:
            form.model.links.add(sum(window.switch for window in windows) <= 1)
        highest = sum(min(window.high, most) * window.switch for window in windows)
        add = partial(
            form.add,
            f"channels.{name}.cpa_at_most",
            text,
            limit=rule.cpa_at_most,
            unit="cpa",
            measure=partial(_average, limits, name),
        )
        add(spend - highest <= 0)
        if any(window.low > 0 for window in windows):
            add(spend - sum(window.low * window.switch for window in windows) >= 0)


def limit_marginal_cpa(form: Formulation) -> None:
    """A channel gets no more than where one more outcome costs at most so much."""
    for name, rule in form.setting.scenario.channels.items():
        ceiling = rule.marginal_cpa_at_most
        if ceiling is None:
            continue
        limits = form.setting.cpa_limits[name]
        channel, kpi, cost = Word(text=name), Word(text=form.setting.scenario.kpi), Money(amount=ceiling)
        if limits.most > 0:
            most = min(limits.most, form.setting.most_spend[name])
            text = sentence(
                "{channel} gets at most {amount}: beyond that, more {kpi} would cost over {cost} each.",
                channel=channel,
                amount=Money(amount=most),
                kpi=kpi,
                cost=cost,
            )
        else:
            most = 0.0
            text = sentence(
                "{channel} stays off: at no spend does it bring more {kpi} at {cost} each or less.",
                channel=channel,
                kpi=kpi,
                cost=cost,
            )
        relation, where = form.model.spend[name] <= most, f"channels.{name}.marginal_cpa_at_most"
        measure = partial(_marginal, limits, name)
        form.add(where, text, relation, limit=ceiling, unit="cpa", measure=measure)


def _average(limits: CpaLimits, name: str, spend: Mapping[str, float]) -> float:
    return limits.average(spend[name])


def _marginal(limits: CpaLimits, name: str, spend: Mapping[str, float]) -> float:
    return limits.marginal(spend[name])
