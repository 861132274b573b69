"""The rules of a business, each one function beside the sentence that a planner reads.

A function takes the formulation and adds its rows; one that has nothing to do adds none. Every
row has its variables on the left and a number on the right, so that raising the limit of a row
always raises its right-hand side, whichever way it points.
`RULES` lists them all, in the order in which a reader meets them in a scenario.
"""

from collections.abc import Callable
from typing import Any

from mmm.sentence import Money, Number, Sentence, Share, Word, sentence
from optimizer.formulation import Formulation, Setting
from optimizer.scenario import Group
from optimizer.split import brand_band


def spend_the_budget(form: Formulation) -> None:
    """Channel spend, fixed costs and test reserve together are the total, which is at most the budget.

    Where the setting says so the whole budget is spent.
    """
    setting, model = form.setting, form.model
    rules = setting.scenario.rules
    fixed = sum(
        rule.fixed_cost * form.is_on(name) for name, rule in setting.scenario.channels.items() if rule.fixed_cost
    )
    model.links.add(form.total_spend() + fixed + rules.test_reserve * model.total == model.total)
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


def keep_channel_bounds(form: Formulation) -> None:
    """A channel spends at least and at most what the scenario says."""
    for name, rule in form.setting.scenario.channels.items():
        spend, channel = form.model.spend[name], Word(text=name)
        if rule.min:
            text = sentence("{channel} gets at least {amount}.", channel=channel, amount=Money(amount=rule.min))
            form.add(
                f"channels.{name}.min", text, spend >= rule.min, limit=rule.min, unit="money", measured={name: 1.0}
            )
        if rule.max is not None:
            text = sentence("{channel} gets at most {amount}.", channel=channel, amount=Money(amount=rule.max))
            form.add(
                f"channels.{name}.max", text, spend <= rule.max, limit=rule.max, unit="money", measured={name: 1.0}
            )


def lock_channels(form: Formulation) -> None:
    """A locked channel spends exactly its amount."""
    for name, rule in form.setting.scenario.channels.items():
        if rule.locked is not None:
            text = sentence(
                "{channel} is locked at {amount}.", channel=Word(text=name), amount=Money(amount=rule.locked)
            )
            relation = form.model.spend[name] == rule.locked
            form.add(f"channels.{name}.locked", text, relation, limit=rule.locked, unit="money", measured={name: 1.0})


def limit_channel_change(form: Formulation) -> None:
    """A channel moves against its reference spend within limits."""
    for name, rule in form.setting.scenario.channels.items():
        if rule.change is None:
            continue
        reference = form.setting.reference[name]
        low, high = (reference * (1.0 + change) for change in rule.change)
        text = sentence(
            "{channel} moves between {lowest} and {highest} against its reference of {reference}.",
            channel=Word(text=name),
            lowest=Share(fraction=rule.change[0]),
            highest=Share(fraction=rule.change[1]),
            reference=Money(amount=reference),
        )
        spend, where = form.model.spend[name], f"channels.{name}.change"
        form.add(where, text, spend >= low, limit=low, unit="money", measured={name: 1.0})
        form.add(where, text, spend <= high, limit=high, unit="money", measured={name: 1.0})


def keep_off_or_at_least(form: Formulation) -> None:
    """A channel is off, or spends at least what makes it viable."""
    for name, rule in form.setting.scenario.channels.items():
        if rule.off_or_at_least is None:
            continue
        least = rule.off_or_at_least
        text = sentence(
            "{channel} is off or gets at least {amount}.", channel=Word(text=name), amount=Money(amount=least)
        )
        relation = form.model.spend[name] - least * form.is_on(name) >= 0
        form.add(f"channels.{name}.off_or_at_least", text, relation, limit=least, unit="money", measured={name: 1.0})


def keep_increments(form: Formulation) -> None:
    """A channel is bought in whole steps."""
    for name, rule in form.setting.scenario.channels.items():
        if rule.increment is None:
            continue
        text = sentence(
            "{channel} is bought in steps of {amount}.", channel=Word(text=name), amount=Money(amount=rule.increment)
        )
        relation = form.model.spend[name] == rule.increment * form.model.steps[name]
        where = f"channels.{name}.increment"
        form.add(where, text, relation, limit=rule.increment, unit="money", measured={name: 1.0}, is_relaxable=False)


def keep_brand_share(form: Formulation) -> None:
    """The brand share of the channels' spend, weighted by brand weight, lies in the band of the split."""
    band = brand_band(form.setting.scenario)
    if band is None:
        return
    weights = {channel.name: channel.brand_weight for channel in form.setting.channels}
    brand = sum(weight * form.model.spend[name] for name, weight in weights.items())
    text = sentence(
        "Brand gets between {low} and {high} of spend.", low=Share(fraction=band[0]), high=Share(fraction=band[1])
    )
    _add_share(form, "split.brand_share", text, brand, weights, band)


def keep_group_limits(form: Formulation) -> None:
    """The channels of a group together keep their share of spend and their amount."""
    for group in form.setting.scenario.groups:
        members = group_members(group, form)
        spend = sum(form.model.spend[name] for name in members)
        measured = dict.fromkeys(members, 1.0)
        if group.share is not None:
            text = sentence(
                "{group} gets between {low} and {high} of spend.",
                group=Word(text=group.name),
                low=Share(fraction=group.share[0]),
                high=Share(fraction=group.share[1]),
            )
            _add_share(form, f"groups.{group.name}.share", text, spend, measured, group.share)
        if group.amount is not None:
            low, high = group.amount
            text = sentence(
                "{group} gets between {low} and {high}.",
                group=Word(text=group.name),
                low=Money(amount=low),
                high=Money(amount=high),
            )
            where = f"groups.{group.name}.amount"
            if low > 0:
                form.add(where, text, spend >= low, limit=low, unit="money", measured=measured)
            form.add(where, text, spend <= high, limit=high, unit="money", measured=measured)


def keep_either_or(form: Formulation) -> None:
    """Of some channels at most so many are on."""
    for index, rule in enumerate(form.setting.scenario.either_or):
        text = sentence(
            "At most {count} of {channels} may be on.",
            count=Number(amount=rule.at_most),
            channels=Word(text=", ".join(rule.channels)),
        )
        relation = sum(form.is_on(name) for name in dict.fromkeys(rule.channels)) <= rule.at_most
        form.add(
            f"either_or[{index + 1}]",
            text,
            relation,
            limit=rule.at_most,
            unit="count",
            measured=dict.fromkeys(rule.channels, 1.0),
        )


def require_upstream(form: Formulation) -> None:
    """A channel has at most a ratio of what its upstream channels have together."""
    for index, rule in enumerate(form.setting.scenario.requires):
        text = sentence(
            "{channel} gets at most {ratio} of what {upstream} get together.",
            channel=Word(text=rule.channel),
            ratio=Share(fraction=rule.at_most_ratio),
            upstream=Word(text=", ".join(rule.upstream)),
        )
        upstream = sum(form.model.spend[name] for name in rule.upstream)
        relation = form.model.spend[rule.channel] - rule.at_most_ratio * upstream <= 0
        form.add(
            f"requires[{index + 1}]",
            text,
            relation,
            limit=rule.at_most_ratio,
            unit="ratio",
            base=rule.upstream,
            measured={rule.channel: 1.0},
        )


def limit_channel_count(form: Formulation) -> None:
    """At most so many channels are on."""
    most = form.setting.scenario.rules.at_most_channels
    if most is None:
        return
    text = sentence("At most {count} channels may be on.", count=Number(amount=most))
    relation = sum(form.is_on(name) for name in form.setting.names) <= most
    form.add(
        "rules.at_most_channels",
        text,
        relation,
        limit=most,
        unit="count",
        measured=dict.fromkeys(form.setting.names, 1.0),
    )


RULES: tuple[Callable[[Formulation], None], ...] = (
    spend_the_budget,
    keep_total_change,
    keep_channel_bounds,
    lock_channels,
    limit_channel_change,
    keep_off_or_at_least,
    keep_increments,
    keep_brand_share,
    keep_group_limits,
    keep_either_or,
    require_upstream,
    limit_channel_count,
)


def formulate(setting: Setting) -> Formulation:
    """The rows of all rules of a scenario."""
    form = Formulation(setting)
    for add_rule in RULES:
        add_rule(form)
    return form


def group_members(group: Group, form: Formulation) -> tuple[str, ...]:
    """Names of the channels of a group, in the artifact's order."""
    return tuple(
        channel.name
        for channel in form.setting.channels
        if (group.channels is not None and channel.name in group.channels)
        or (group.stage is not None and channel.stage == group.stage)
        or (group.scene is not None and channel.scene == group.scene)
        or (group.department is not None and channel.department == group.department)
        or (group.role is not None and channel.role == group.role)
    )


def _add_share(
    form: Formulation, rule: str, text: Sentence, part: Any, measured: dict[str, float], band: tuple[float, float]
) -> None:
    """Rows that keep `part` between two shares of the channels' spend."""
    base, whole = form.setting.names, form.total_spend()
    low, high = band
    if low > 0:
        form.add(rule, text, part - low * whole >= 0, limit=low, unit="share", base=base, measured=measured)
    if high < 1:
        form.add(rule, text, part - high * whole <= 0, limit=high, unit="share", base=base, measured=measured)
