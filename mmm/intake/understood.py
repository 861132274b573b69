"""What was understood of a market, in sentences: the answer to ``mixplan check`` when nothing is wrong."""

import numpy as np

from mmm.holiday_calendar import holiday_terms
from mmm.intake.checks_series import parameter_count
from mmm.market import Market
from mmm.periods import PLURALS
from mmm.sentence import Day, Money, Number, Sentence, Share, Term, Value, Word, sentence
from mmm.spec import ChannelSpec, OutcomeSpec
from mmm.vocabulary import FloatArray


def understood(market: Market) -> tuple[Sentence, ...]:
    """The market in sentences: its calendar, geos, outcomes, channels, other series, and the notes of its reading."""
    spend = market.spend.sum(axis=2)
    lines = [_calendar_line(market)]
    if market.spec.columns.geo is not None:
        lines.append(_geo_line(market))
    lines += [_outcome_line(outcome, market) for outcome in market.spec.outcomes]
    lines.append(_spend_line(market, spend))
    lines += [
        _channel_line(channel, spend[:, position], float(spend.sum()))
        for position, channel in enumerate(market.spec.channels)
    ]
    lines += _other_lines(market)
    lines.append(
        sentence(
            "The smallest model of this market has {parameters} unknowns for {periods} periods.",
            parameters=Number(amount=parameter_count(market.spec)),
            periods=Number(amount=len(market.dates)),
        )
    )
    return (*lines, *market.notes)


def _calendar_line(market: Market) -> Sentence:
    return sentence(
        "{market}: {periods} {unit}, {start} to {end}, money in {currency}.",
        market=Word(text=market.name),
        periods=Number(amount=len(market.dates)),
        unit=Term(text=PLURALS[market.spec.market.period]),
        start=Day(day=market.dates[0]),
        end=Day(day=market.dates[-1]),
        currency=Word(text=market.spec.market.currency),
    )


def _geo_line(market: Market) -> Sentence:
    shown = ", ".join(market.geos[:8])
    names = Word(text=shown if len(market.geos) <= 8 else f"{shown}, …")
    if market.population is None:
        return sentence("{count} geos: {names}.", count=Number(amount=len(market.geos)), names=names)
    return sentence(
        "{count} geos of {people} people: {names}.",
        count=Number(amount=len(market.geos)),
        people=Number(amount=float(market.population.sum())),
        names=names,
    )


def _outcome_line(outcome: OutcomeSpec, market: Market) -> Sentence:
    units = market.outcomes[outcome.name]
    value = market.values_per_unit[outcome.name]
    name, unit = Word(text=outcome.name), Word(text=outcome.unit)
    total = Number(amount=float(units.sum()), digits=0 if units.sum() >= 1000 else 2)
    if value is None:
        return sentence(
            "Outcome {outcome}: {total} {unit}, without a value in money.", outcome=name, total=total, unit=unit
        )
    worth = Money(amount=float((units * value).sum()))
    return sentence(
        "Outcome {outcome}: {total} {unit}, worth {worth}.", outcome=name, total=total, unit=unit, worth=worth
    )


def _spend_line(market: Market, spend: FloatArray) -> Sentence:
    weights = np.array([channel.weight for channel in market.spec.channels])
    totals = spend.sum(axis=0)
    return sentence(
        "Spend in all channels: {spend}, {brand} of it brand.",
        spend=Money(amount=float(totals.sum())),
        brand=Share(fraction=float(weights @ totals / totals.sum())),
    )


def _channel_line(channel: ChannelSpec, spend: FloatArray, everything: float) -> Sentence:
    told: dict[str, Value] = {
        "channel": Word(text=channel.name),
        "role": Term(text=channel.main_role),
        "spend": Money(amount=float(spend.sum())),
        "share": Share(fraction=float(spend.sum()) / everything),
    }
    idle = int((spend == 0).sum())
    if not idle:
        return sentence("Channel {channel} ({role}): {spend}, {share} of all spend.", **told)
    return sentence(
        "Channel {channel} ({role}): {spend}, {share} of all spend; nothing in {idle} of {periods} periods.",
        **told,
        idle=Number(amount=idle),
        periods=Number(amount=len(spend)),
    )


def _other_lines(market: Market) -> list[Sentence]:
    """Lines on what moves the outcome besides paid media."""
    spec = market.spec
    lines = []
    if spec.controls:
        names = Word(text=", ".join(control.name for control in spec.controls))
        lines.append(sentence("Controls: {names}.", names=names))
    if spec.organic:
        names = Word(text=", ".join(medium.name for medium in spec.organic))
        lines.append(sentence("Organic media: {names}.", names=names))
    if spec.events:
        names = Word(text=", ".join(event.name for event in spec.events))
        lines.append(sentence("Events: {names}.", names=names))
    holidays = holiday_terms(spec.model.holidays, market.dates, spec.market.period, spec.market.language)
    if spec.model.holidays:
        names = Word(text=", ".join(holiday.name for holiday in holidays) or "–")
        lines.append(sentence("Holidays: {names}.", names=names))
    if spec.indicators:
        names = Word(text=", ".join(indicator.name for indicator in spec.indicators))
        lines.append(sentence("Indicators of brand: {names}.", names=names))
    if spec.lift_tests:
        names = Word(text=", ".join(test.channel for test in spec.lift_tests))
        lines.append(sentence("Lift tests of: {names}.", names=names))
    return lines
