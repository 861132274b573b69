"""What curves and splits that moved say for a challenger and against it."""

from math import floor, log10

from mmm.sentence import Money, Number, Share, Value, Word, listed, phrase, sentence
from service.refits.curve_stability import ChannelMove, CurveStability
from service.refits.judgement import Reason
from service.refits.policy import PromotionPolicy
from service.refits.split_stability import SplitMove, SplitStability, UnansweredScenario


def curve_reasons(found: CurveStability, policy: PromotionPolicy) -> list[Reason]:
    """Curves that moved beyond both intervals hold where much is spent on them; others are told."""
    reasons = [*_outcomes(found), *_channels(found)]
    for kpi in found.kpis:
        moved = found.beyond(kpi)
        reasons.append(_moved(kpi, moved, policy) if moved else _steady(kpi))
    return reasons


def split_reasons(found: SplitStability, policy: PromotionPolicy) -> list[Reason]:
    """What following the old split would lose, and scenarios that the challenger has no plan for."""
    reasons = [reason for move in found.moves for reason in _split(move, policy)]
    answered = {one.id for one in found.unanswered if one.by == "champion"}
    reasons += [_unanswered(one) for one in found.unanswered if one.by == "challenger" and one.id not in answered]
    if found.moves and not reasons:
        text = sentence(
            "In all of {count} standing scenarios the champion's split loses at most {share} on the challenger's "
            "curves.",
            count=Number(amount=len(found.moves)),
            share=Share(fraction=policy.loss_told, digits=0),
        )
        reasons.append(Reason(rule="split", bearing="supports", text=text))
    return reasons


def _moved(kpi: str, moved: tuple[ChannelMove, ...], policy: PromotionPolicy) -> Reason:
    """The rule about curves; the channel that moved furthest is told with its figures."""
    moved = tuple(sorted(moved, key=lambda one: -one.distance))
    share = sum(move.spend_share for move in moved)
    text = sentence(
        "The return on the same spend moved beyond both models' 90 % intervals in {channels} of {kpi}, {share} of last "
        "year's spend; a unit of money in {first} brings {after} where it brought {before}.",
        channels=listed([move.channel for move in moved]),
        kpi=Word(text=kpi),
        share=Share(fraction=share, digits=0),
        first=Word(text=moved[0].channel),
        before=_ratio(moved[0], is_after=False),
        after=_ratio(moved[0], is_after=True),
    )
    far = [one for one in moved if one.distance > policy.moved_far and one.spend_share >= policy.least_share]
    if share > policy.moved_spend or far:
        action = sentence(
            "Ask what changed in the market or the data. A lift test settles it; promote the challenger by hand if the "
            "change is real."
        )
        return Reason(rule="curves", bearing="holds", kpi=kpi, text=text, action=action)
    action = sentence("See whether something changed in these channels, and plan a lift test if nothing did.")
    return Reason(rule="curves", bearing="told", kpi=kpi, text=text, action=action)


def _ratio(move: ChannelMove, *, is_after: bool) -> Number:
    if move.roas is None:
        raise ValueError(f"channel '{move.channel}' moved without a return")
    mean = (move.roas.after if is_after else move.roas.before).mean
    # Of leads a unit of money brings a few thousandths: two figures at least.
    digits = 2 if mean >= 0.1 or mean <= 0 else 1 - floor(log10(mean))
    return Number(amount=mean, digits=digits)


def _steady(kpi: str) -> Reason:
    text = sentence("No channel's return on {kpi} moved beyond both models' intervals.", kpi=Word(text=kpi))
    return Reason(rule="curves", bearing="supports", kpi=kpi, text=text)


def _outcomes(found: CurveStability) -> list[Reason]:
    reasons = []
    if found.lost_kpis:
        text = sentence("The challenger has no model of {kpis}, which the champion has.", kpis=listed(found.lost_kpis))
        action = sentence("Bring the outcome back into market.toml, or promote the challenger by hand to give it up.")
        reasons.append(Reason(rule="columns", bearing="holds", text=text, action=action))
    if found.not_compared:
        text = sentence(
            "Period or currency of {kpis} changed: its curves cannot be compared with the champion's.",
            kpis=listed(found.not_compared),
        )
        action = sentence("Check the challenger's curves by hand, and promote it if they are sound.")
        reasons.append(Reason(rule="columns", bearing="holds", text=text, action=action))
    if found.new_kpis:
        text = sentence("The challenger also has a model of {kpis}.", kpis=listed(found.new_kpis))
        reasons.append(Reason(rule="columns", bearing="told", text=text))
    return reasons


def _channels(found: CurveStability) -> list[Reason]:
    reasons = []
    if found.lost_channels:
        text = sentence(
            "The challenger has no channel {channels}, which the champion has: what it brought goes to others or the "
            "base.",
            channels=listed(found.lost_channels),
        )
        action = sentence("If money is still spent there, bring its column back and fit again.")
        reasons.append(Reason(rule="columns", bearing="told", text=text, action=action))
    if found.new_channels:
        text = sentence(
            "The challenger knows channels that the champion does not: {channels}.", channels=listed(found.new_channels)
        )
        reasons.append(Reason(rule="columns", bearing="told", text=text))
    return reasons


def _split(move: SplitMove, policy: PromotionPolicy) -> list[Reason]:
    if move.lost is None or move.lost_share is None or move.lost_share <= policy.loss_told:
        return []
    text = sentence(
        "Scenario “{scenario}”: {moved} of the money changes its place, and following the champion's split would lose "
        "{share} on the challenger's curves, {lost}.",
        scenario=Word(text=move.scenario),
        moved=Share(fraction=move.moved, digits=0),
        share=Share(fraction=move.lost_share),
        lost=_amount(move, move.lost),
    )
    if move.lost_share > policy.loss_held:
        action = sentence(
            "So much rests on this change that a person should see it: compare both plans, and promote the challenger "
            "by hand."
        )
        return [Reason(rule="split", bearing="holds", kpi=move.kpi, text=text, action=action)]
    action = sentence("Plan the scenario again once the challenger is in use.")
    return [Reason(rule="split", bearing="told", kpi=move.kpi, text=text, action=action)]


def _amount(move: SplitMove, lost: float) -> Value:
    if move.unit == "money":
        return Money(amount=lost)
    told = sentence("{amount} of {kpi}", amount=Number(amount=lost, digits=1), kpi=Word(text=move.kpi))
    return phrase(told)


def _unanswered(one: UnansweredScenario) -> Reason:
    why = phrase(one.reasons[0]) if one.reasons else Word(text="")
    if one.is_refused:
        text = sentence(
            "Scenario “{scenario}” no longer fits the market on the challenger: {why}",
            scenario=Word(text=one.scenario),
            why=why,
        )
        action = sentence("Correct the scenario or the market, or promote the challenger by hand.")
        return Reason(rule="scenario", bearing="holds", text=text, action=action)
    text = sentence(
        "Scenario “{scenario}” has a plan on the champion and none on the challenger: {why}",
        scenario=Word(text=one.scenario),
        why=why,
    )
    action = sentence("Expect to relax the scenario: the challenger thinks less of what its rules allow.")
    return Reason(rule="scenario", bearing="told", text=text, action=action)
