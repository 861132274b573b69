"""What rules cost, in words."""

import math

from mmm.sentence import Money, Sentence, Share, Value, sentence
from optimizer.plan.document import BindingRule, Plan, SplitPlan
from service.cli.figures import worth
from service.limits import limit_unit

NOTHING = 5e-5
"""A cost below this share is within the certificate's gap: nothing that one could speak of."""

_NOTHING = Share(fraction=NOTHING, digits=3)

SPLIT_RULE = "split.brand_share"
"""Path of the rule on the split among the rules that bind."""


def is_split_free(plan: Plan) -> bool:
    """Whether the rule of the split takes away nothing that one could speak of."""
    if plan.split is None or plan.split.cost_of_rule is None:
        return False
    whole = plan.budget if plan.objective == "size" else plan.split.kpi_without_rule or 0.0
    return plan.split.cost_of_rule <= NOTHING * whole


def cost_of_split(plan: Plan, split: SplitPlan) -> Sentence | None:
    """What the rule of the split takes away: KPI at this budget, or budget when sizing."""
    cost = split.cost_of_rule
    if cost is None:
        return None
    if is_split_free(plan):
        return _costs_nothing(plan)
    if plan.objective == "size":
        return sentence(
            "It costs {cost} of budget ({share}): without it {without} would do.",
            cost=Money(amount=cost),
            share=Share(fraction=cost / plan.budget, digits=2),
            without=Money(amount=plan.budget - cost),
        )
    without = split.kpi_without_rule or 0.0
    told: dict[str, Value] = {
        "cost": worth(plan, cost),
        "share": Share(fraction=cost / without, digits=2),
        "without": worth(plan, without),
    }
    if plan.objective != "maximize" or plan.risk is not None:
        return sentence("It costs {cost} ({share}): without it the best plan would come to {without}.", **told)
    return sentence("It costs {cost} ({share}): without it the same budget would bring {without}.", **told)


def _costs_nothing(plan: Plan) -> Sentence:
    if any(rule.rule == SPLIT_RULE for rule in plan.binding):
        return sentence("The plan lies at its edge, which costs next to nothing here: below {share}.", share=_NOTHING)
    return sentence("It costs nothing here: the best split lies inside the band anyway.")


def price_of_rule(plan: Plan, rule: BindingRule) -> Sentence | None:
    """What a step of the rule's limit is worth, where that can be said in money or in shares."""
    unit = limit_unit(rule.rule)
    if not rule.shadow_price or unit not in ("money", "share") or rule.rule.endswith(".increment"):
        return None  # what another step would bring is not what a longer step would
    if rule.rule == SPLIT_RULE and is_split_free(plan):
        return None  # its section says so; a price beside that would contradict it
    if unit == "share":
        return _price_of_point(plan, rule.shadow_price / 100.0)
    step = 10.0 ** math.floor(math.log10(plan.budget / 100.0)) if plan.budget > 0 else 1.0
    return _price_of_step(plan, step, rule.shadow_price * step)


def _price_of_point(plan: Plan, change: float) -> Sentence:
    """What one percentage point is worth: KPI, or budget when sizing."""
    money, gain = Money(amount=abs(change)), worth(plan, abs(change))
    if plan.objective == "size":
        if change < 0:
            return sentence("One percentage point more would save {money} of budget.", money=money)
        return sentence("One percentage point more would cost {money} of budget.", money=money)
    if change < 0:
        return sentence("One percentage point more would bring {gain} less.", gain=gain)
    return sentence("One percentage point more would bring {gain} more.", gain=gain)


def _price_of_step(plan: Plan, step: float, change: float) -> Sentence:
    """What a step of money is worth: KPI, or budget when sizing."""
    room, money = Money(amount=step), Money(amount=abs(change))
    gain = worth(plan, abs(change))
    if plan.objective == "size":
        if change < 0:
            return sentence("{room} more of it would save {money} of budget.", room=room, money=money)
        return sentence("{room} more of it would cost {money} of budget.", room=room, money=money)
    if change < 0:
        return sentence("{room} more of it would bring {gain} less.", room=room, gain=gain)
    return sentence("{room} more of it would bring {gain} more.", room=room, gain=gain)
