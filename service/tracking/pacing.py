"""Money against the plan, channel by channel and in all."""

from collections.abc import Sequence
from datetime import date

from mmm.sentence import Day, Money, Sentence, Share, Value, Word, phrase, sentence
from mmm.vocabulary import FloatArray
from service.tracking.document import Alert, Pacing

OFF_PACE = 0.1
"""Relative difference from what was planned to date from which on pacing is an alert."""

WORTH_SAYING = 0.02
"""A channel's difference is an alert only from this share of all the money planned to date on."""


def pacing_of(channel: str | None, planned: FloatArray, spent: FloatArray) -> Pacing:
    """Pacing of one series. `planned` of shape (T,), `spent` of its first periods, shape (n,)."""
    to_date, so_far, whole = float(planned[: len(spent)].sum()), float(spent.sum()), float(planned.sum())
    ratio = so_far / to_date if to_date > 0 else None
    rest = whole - to_date
    return Pacing(
        channel=channel,
        planned_to_date=to_date,
        spent_to_date=so_far,
        ratio=ratio,
        planned=whole,
        of_whole=so_far / whole if whole > 0 else None,
        projected=so_far + rest * (1.0 if ratio is None else ratio),
        remaining=whole - so_far,
    )


def spend_alerts(total: Pacing, channels: Sequence[Pacing], since: date | None) -> tuple[Alert, ...]:
    """Money that is off its pace, first of all channels together, then of each; `since` is the newest period."""
    least = WORTH_SAYING * total.planned_to_date
    alerts = []
    for each in (total, *channels):
        off = each.spent_to_date - each.planned_to_date
        if since is None or abs(off) <= max(OFF_PACE * each.planned_to_date, least):
            continue
        alerts.append(
            Alert(
                kind="spend",
                channel=each.channel,
                direction="above" if off > 0 else "below",
                since=since,
                text=_told(each, since),
                action=_advice(each),
            )
        )
    return tuple(alerts)


def _told(pacing: Pacing, last: date) -> Sentence:
    spent, planned = Money(amount=pacing.spent_to_date), Money(amount=pacing.planned_to_date)
    what: Value = phrase(sentence("All channels")) if pacing.channel is None else Word(text=pacing.channel)
    if pacing.ratio is None:
        return sentence(
            "{channel}: {spent} spent up to the period from {day}, where the plan has nothing.",
            channel=what,
            spent=spent,
            day=Day(day=last),
        )
    return sentence(
        "{channel}: {spent} spent up to the period from {day}, {share} of the {planned} planned by then.",
        channel=what,
        spent=spent,
        day=Day(day=last),
        share=Share(fraction=pacing.ratio, digits=0),
        planned=planned,
    )


def _advice(pacing: Pacing) -> Sentence:
    if pacing.spent_to_date > pacing.planned_to_date:
        return sentence(
            "Find out whether it was meant; at this pace {projected} are spent by the end, {planned} were planned. "
            "Slow down, or plan the rest anew with what is left.",
            projected=Money(amount=pacing.projected),
            planned=Money(amount=pacing.planned),
        )
    return sentence(
        "Find out what holds it back; at this pace {projected} are spent by the end, {planned} were planned. Catch up "
        "with the plan, or plan the rest anew with what is left.",
        projected=Money(amount=pacing.projected),
        planned=Money(amount=pacing.planned),
    )
