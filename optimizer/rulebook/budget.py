"""Rules of the whole plan's money: the budget, and how far the total moves."""

from mmm.sentence import Money, Share, sentence
from optimizer.program.formulation import Formulation


def spend_the_budget(form: Formulation) -> None:
    """What channel spend costs, fixed costs and test reserve together are the total, which is at most the budget.

    Where the setting says so the whole budget is spent.
    """
    setting, model = form.setting, form.model
    rules = setting.scenario.rules
    fixed = sum(
        rule.fixed_cost * form.is_on(name) for name, rule in setting.scenario.channels.items() if rule.fixed_cost
    )
    model.links.add(form.total_cost() + fixed + rules.test_reserve * model.total == model.total)
    budget = setting.scenario.budget
    if budget is None:
        return
    text = sentence("The budget is {budget}.", budget=Money(amount=budget))
    relation = model.total == budget if setting.spends_all else model.total <= budget
    form.add("budget", text, relation, limit=budget, unit="money", measured=dict.fromkeys(setting.names, 1.0))


def keep_total_change(form: Formulation) -> None:
    """The total moves against the reference plan within limits."""
    limits = form.setting.scenario.rules.total_change
    if limits is None:
        return
    low, high = ((1.0 + change) * form.setting.reference_total for change in limits)
    text = sentence(
        "The total stays between {low} and {high}, {lowest} to {highest} against the reference.",
        low=Money(amount=low),
        high=Money(amount=high),
        lowest=Share(fraction=limits[0]),
        highest=Share(fraction=limits[1]),
    )
    measured = dict.fromkeys(form.setting.names, 1.0)
    form.add("rules.total_change", text, form.model.total >= low, limit=low, unit="money", measured=measured)
    form.add("rules.total_change", text, form.model.total <= high, limit=high, unit="money", measured=measured)
