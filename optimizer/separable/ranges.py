"""Whether the rules of a scenario are a budget and a range for each channel, and which ranges these are."""

from dataclasses import dataclass

import numpy as np

from optimizer.program.formulation import Setting
from optimizer.scenario.brand_share import brand_band
from optimizer.scenario.document import Scenario
from optimizer.scenario.rules import ChannelRules, Rules

_OF_RANGES = frozenset(
    {"min", "max", "locked", "change", "off_or_at_least", "per_period_max", "fee", "coop", "blackout", "lead_time"}
)
"""Rules of a channel that are about its own spend alone, or are in its curve or its cost."""

_OF_SWITCHES = tuple(name for name in ChannelRules.model_fields if name not in _OF_RANGES)
_OF_TOTALS = tuple(name for name in Rules.model_fields if name not in ("test_reserve", "at_most_seen"))
_NO_RULES = ChannelRules()

_OF_ANY_SPLIT = frozenset(
    {
        "name",
        "market",
        "kpi",
        "values",
        "objective",
        "budget",
        "business",
        "split",
        "horizon",
        "tasks",
        "target",
        "channels",
        "new_channels",
        "rules",
        "reference",
        "flighting",
        "risk",
        "solve",
        "learning",
    }
)
"""Fields of a scenario that are no rules, or are looked at here one by one."""

_OF_SEVERAL = tuple(name for name in Scenario.model_fields if name not in _OF_ANY_SPLIT)


@dataclass(frozen=True, slots=True)
class SpendRange:
    """What one channel may spend: from `least` to `most`, money, or nothing at all if `may_be_off`."""

    least: float
    most: float
    may_be_off: bool


def spend_ranges(setting: Setting) -> dict[str, SpendRange] | None:
    """The range of every channel where the rules are these and a limit for the total; None where they are more."""
    if not _has_ranges_alone(setting.scenario):
        return None
    return {name: _range(setting, name, most) for name, most in setting.most_spend.items()}


def money_for_channels(setting: Setting) -> float:
    """What is left for the channels of the most that may be spent: without the test reserve."""
    return setting.ceiling * (1.0 - setting.scenario.rules.test_reserve)


def _has_ranges_alone(scenario: Scenario) -> bool:
    if brand_band(scenario) is not None or any(getattr(scenario, name) for name in _OF_SEVERAL):
        return False
    if any(getattr(scenario.rules, name) is not None for name in _OF_TOTALS):
        return False
    return not any(getattr(rule, name) for rule in scenario.channels.values() for name in _OF_SWITCHES)


def _range(setting: Setting, name: str, most: float) -> SpendRange:
    rule, least = setting.scenario.channels.get(name, _NO_RULES), 0.0
    if rule.min is not None:
        least = max(least, rule.min)
    if rule.max is not None:
        most = min(most, rule.max)
    if rule.locked is not None:
        least, most = max(least, rule.locked), min(most, rule.locked)
    if rule.change is not None:
        low, high = (setting.reference[name] * (1.0 + change) for change in rule.change)
        least, most = max(least, low), min(most, high)
    if rule.per_period_max is not None:
        fullest = float(np.max(setting.phasing[name]))
        most = min(most, rule.per_period_max / fullest if fullest > 0 else np.inf)
    if name in setting.scenario.new_channels:
        small = setting.most_of_new(name)
        most = most if small is None else min(most, small)
    elif setting.scenario.rules.at_most_seen is not None:
        most = min(most, setting.scenario.rules.at_most_seen * setting.largest_seen[name])
    if name in setting.within_reach:
        most = min(most, setting.within_reach[name].spend)
    may_be_off = rule.off_or_at_least is not None and least == 0.0
    return SpendRange(max(least, rule.off_or_at_least or 0.0), most, may_be_off)
