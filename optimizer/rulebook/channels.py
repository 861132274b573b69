"""Rules of one channel: bounds, locks, change, viable spend, steps."""

from mmm.sentence import Money, Number, Share, Word, sentence
from optimizer.program.formulation import Formulation


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


def stay_within_reach(form: Formulation) -> None:
    """A channel with reach and frequency gets no more than reaches, in a period, the most people it ever reached."""
    for name, most in form.setting.within_reach.items():
        text = sentence(
            "{channel} gets at most {amount}: more would have to reach more people in a period than it ever did "
            "({people}).",
            channel=Word(text=name),
            amount=Money(amount=most.spend),
            people=Number(amount=most.people),
        )
        relation, where = form.model.spend[name] <= most.spend, f"channels.{name}.reach"
        form.add(where, text, relation, limit=most.spend, unit="money", measured={name: 1.0}, is_relaxable=False)


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


def limit_extrapolation(form: Formulation) -> None:
    """No channel gets more than a multiple of the most that it ever had over such a horizon; new ones never had any."""
    ratio = form.setting.scenario.rules.at_most_seen
    if ratio is None:
        return
    for name in form.setting.known_names:
        most, channel = ratio * form.setting.largest_seen[name], Word(text=name)
        if most > 0:
            text = sentence(
                "{channel} gets at most {amount}: {ratio} times the most that it ever had over such a horizon.",
                channel=channel,
                amount=Money(amount=most),
                ratio=Number(amount=ratio, digits=2),
            )
        else:
            text = sentence(
                "{channel} stays off: it never had any spend, and no channel may get more than {ratio} times the most "
                "that it ever had.",
                channel=channel,
                ratio=Number(amount=ratio, digits=2),
            )
        relation, where = form.model.spend[name] <= most, f"rules.at_most_seen.{name}"
        form.add(where, text, relation, limit=most, unit="money", measured={name: 1.0})
