"""What spend costs the company: agency fees on top of it, and the part that a partner pays back.

Spend is always net media spend, which is what the curves see. A unit of it costs (1 + fee) * (1 - coop).
"""

from collections.abc import Mapping, Sequence

from mmm.manifest import ChannelInfo
from optimizer.scenario.document import Scenario


def unit_costs(scenario: Scenario, channels: Sequence[ChannelInfo]) -> dict[str, float]:
    """What the company pays for a unit of each channel's spend, above zero."""
    return {
        info.name: (1.0 + fee) * (1.0 - coop)
        for info, (fee, coop) in zip(channels, _terms(scenario, channels), strict=True)
    }


def fees_of(scenario: Scenario, channels: Sequence[ChannelInfo], spend: Mapping[str, float]) -> float:
    """Fees on a split, money."""
    terms = _terms(scenario, channels)
    return sum(fee * spend[info.name] for info, (fee, _coop) in zip(channels, terms, strict=True))


def coop_of(scenario: Scenario, channels: Sequence[ChannelInfo], spend: Mapping[str, float]) -> float:
    """What partners pay of a split and its fees, money."""
    terms = _terms(scenario, channels)
    return sum(coop * (1.0 + fee) * spend[info.name] for info, (fee, coop) in zip(channels, terms, strict=True))


def _terms(scenario: Scenario, channels: Sequence[ChannelInfo]) -> list[tuple[float, float]]:
    """Fee and co-op share of each channel: the scenario's fee comes before the market's."""
    terms = []
    for info in channels:
        rule = scenario.channels.get(info.name)
        fee = info.fee if rule is None or rule.fee is None else rule.fee
        terms.append((fee, 0.0 if rule is None else rule.coop))
    return terms
