"""The same money split by departments on their own: each spends its share of the reference plan at best."""

from collections.abc import Mapping

from optimizer.answer.split import answer
from optimizer.question.answered import Refusal
from optimizer.question.asked import Question, without_rules
from optimizer.scenario.costs import unit_costs
from optimizer.scenario.rules import ChannelRules

_OFF = ChannelRules(max=0.0)
_SMALLEST = 1e-6
"""Share of the money below which a department has none."""


def silo_split(question: Question, total: float) -> Mapping[str, float] | None:
    """Spend by channel when every department splits its own money without any rule; None with fewer than two of them.

    Channels without a department count as one of their own; new ones have no share to split. `total` is what the
    company pays in all.
    """
    channels = question.artifact.manifest.channels
    departments: dict[str | None, list[str]] = {}
    for info in channels:
        departments.setdefault(info.department, []).append(info.name)
    costs = unit_costs(question.scenario, channels)
    paid = {name: costs[name] * amount for name, amount in question.timeline.reference.items()}
    whole = sum(paid.values())
    if len(departments) < 2 or whole <= 0 or total <= 0:
        return None
    spend = dict.fromkeys(paid, 0.0)
    for members in departments.values():
        share = sum(paid[name] for name in members) / whole
        if share <= _SMALLEST:
            continue
        own = without_rules(question.scenario, total * share)
        rules = {
            info.name: own.channels[info.name].model_copy(update={"max": 0.0}) if info.name in own.channels else _OFF
            for info in channels
            if info.name not in members or info.name in question.scenario.new_channels
        }
        found = answer(question, own.model_copy(update={"channels": {**own.channels, **rules}}))
        if isinstance(found, Refusal):
            return None
        spend.update({name: found.allocation.spend[name] for name in members})
    return spend
