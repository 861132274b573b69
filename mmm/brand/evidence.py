"""When a long run counts as measured: one rule, and the gates that say how it was judged."""

from collections.abc import Sequence
from dataclasses import dataclass

from mmm.long_run import IndicatorInfo, LongRunInfo, SlowCurveInfo
from mmm.manifest import MEASURED_CONTRACTION, Gate
from mmm.sentence import Number, Sentence, Share, Word, listed, phrase, sentence
from mmm.vocabulary import Evidence, Verdict

FEWEST_READINGS = 24
"""Readings of an indicator from which on it may measure: twice as many as a trend with a season takes up."""

FEWEST_YEARS = 1.5
"""Years that they must span: a stock that lasts for months is told from a trend by several of its rises and falls."""

LEAST_RELIABILITY = 0.5
"""Share of the level's variance over time in that and its error from which on it varies: below, most of what a
regression would follow is error, and the elasticity is drawn towards zero (Carroll et al. 2006, chapter 3)."""


@dataclass(frozen=True, slots=True)
class Learned:
    """What the data taught about one channel's long run, by the indicator that taught least; None without a fit.

    Attributes
    ----------
    indicators
        Those that explain the outcome.
    elasticity
        Contraction of the outcome's elasticity to the level of the brand.
    channel
        Contraction of what the channel does to the indicator.
    """

    indicators: tuple[IndicatorInfo, ...]
    elasticity: float | None
    channel: float | None


def evidence_of_long_run(learned: Learned, *, is_stated: bool) -> Evidence:
    """What a channel's long run rests on.

    `measured` where an indicator with enough readings over enough years, whose level varies beyond its error, explains
    the outcome, and the data narrowed both the elasticity and what the channel does to the indicator; else `prior`
    where market.toml states the long run; else `assumed`.
    """
    speaks = any(
        one.readings >= FEWEST_READINGS
        and one.years >= FEWEST_YEARS
        and one.reliability is not None
        and one.reliability >= LEAST_RELIABILITY
        for one in learned.indicators
    )
    narrowed = [learned.elasticity or 0.0, learned.channel or 0.0]
    if speaks and min(narrowed) >= MEASURED_CONTRACTION:
        return "measured"
    return "prior" if is_stated else "assumed"


def judge_brand(info: LongRunInfo | None) -> list[Gate]:
    """A gate for each indicator of brand, and one for what the long run of the channels rests on."""
    if info is None or not info.indicators:
        return []
    return [*(_indicator(one) for one in info.indicators), _long_run(info)]


def _indicator(info: IndicatorInfo) -> Gate:
    verdict: Verdict = "pass" if info.is_used else "review"
    name, readings, years = Word(text=info.name), Number(amount=info.readings), Number(amount=info.years, digits=1)
    reliability = Share(fraction=info.reliability or 0.0, digits=0)
    return Gate(
        name="indicator",
        verdict=verdict,
        value=info.reliability,
        limit=LEAST_RELIABILITY,
        text=_about_indicator(info, name, readings, years, reliability),
        action=None
        if info.is_used
        else sentence(
            "The base does without it. Bring more readings, or an indicator that follows the brand more closely."
        ),
    )


def _about_indicator(info: IndicatorInfo, name: Word, readings: Number, years: Number, reliability: Share) -> Sentence:
    if info.reliability is not None:
        return sentence(
            "Indicator '{name}' has {readings} readings over {years} years; {reliability} of what its level does is "
            "more than error.",
            name=name,
            readings=readings,
            years=years,
            reliability=reliability,
        )
    if info.readings >= FEWEST_READINGS and info.years >= FEWEST_YEARS:
        return sentence(
            "Indicator '{name}' says nothing: it never varies, or no channel has a part in brand.", name=name
        )
    return sentence(
        "Indicator '{name}' has {readings} readings over {years} years, which are too few: it takes {fewest} over "
        "{least} years.",
        name=name,
        readings=readings,
        years=years,
        fewest=Number(amount=FEWEST_READINGS),
        least=Number(amount=FEWEST_YEARS, digits=1),
    )


def _long_run(info: LongRunInfo) -> Gate:
    measured = _channels(info.curves, "measured")
    others = [curve.channel for curve in info.curves if curve.channel not in measured]
    verdict: Verdict = "pass" if measured else "review"
    told = sentence("The data do not show what any channel brings through brand in the long run.")
    if measured:
        told = sentence(
            "The data show what these channels bring through brand in the long run: {channels}.",
            channels=listed(measured),
        )
        if others:
            told = sentence(
                "{told} They do not show it of {channels}.",
                told=phrase(told),
                channels=listed(list(dict.fromkeys(others))),
            )
    return Gate(
        name="long_run",
        verdict=verdict,
        value=info.elasticity_contraction,
        limit=MEASURED_CONTRACTION,
        text=told,
        action=None
        if measured
        else sentence(
            "State what you believe (long_run), or test a channel with brand in mind and give the test here."
        ),
    )


def _channels(curves: Sequence[SlowCurveInfo], evidence: Evidence) -> list[str]:
    return list(dict.fromkeys(curve.channel for curve in curves if curve.evidence == evidence))
