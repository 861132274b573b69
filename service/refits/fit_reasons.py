"""What the gates of a challenger and its forecast of the newest quarter say for it and against it."""

from collections.abc import Sequence

from scipy.stats import binom

from mmm.backtest.verdict import CHANCE_ERRORS
from mmm.forecast_scores import INTERVAL
from mmm.manifest import Gate
from mmm.periods import PLURALS
from mmm.sentence import Number, Share, Term, Word, phrase, sentence
from service.refits.judgement import Reason
from service.refits.policy import PromotionPolicy
from service.refits.quarter import QuarterBacktest, QuarterScore

WAIT = sentence("Gates and curves decide; a quarter of new data will say more.")
"""What to do where forecasts cannot be compared."""

LEVEL = 0.005
"""Relative difference of CRPS that whole percents do not show."""


def gate_reasons(kpi: str, gates: Sequence[Gate]) -> list[Reason]:
    """A failed gate holds; gates to review are told; gates that all pass speak for it."""
    failed = [gate for gate in gates if gate.verdict == "fail"]
    if failed:
        return [_failed(kpi, gate) for gate in failed]
    review = [gate.name for gate in gates if gate.verdict == "review"]
    if review:
        text = sentence(
            "No gate of {kpi} failed, {count} of {all} ask for a review.",
            kpi=Word(text=kpi),
            count=Number(amount=len(review)),
            all=Number(amount=len(gates)),
        )
        action = sentence("Read what they say before relying on a single channel: “mixplan models” lists them.")
        return [Reason(rule="gates", bearing="told", kpi=kpi, text=text, action=action)]
    text = sentence("All gates of {kpi} pass.", kpi=Word(text=kpi))
    return [Reason(rule="gates", bearing="supports", kpi=kpi, text=text)]


def backtest_reasons(found: QuarterBacktest, policy: PromotionPolicy) -> list[Reason]:
    """A forecast clearly worse than the champion's holds, as do intervals far too narrow and what is beyond compare."""
    if found.not_compared is not None:
        text = sentence(
            "The newest quarter says nothing of {kpi}: {reason}",
            kpi=Word(text=found.kpi),
            reason=phrase(found.not_compared),
        )
        if found.obstacle in ("seen", "history"):
            return [Reason(rule="forecast", bearing="told", kpi=found.kpi, text=text, action=WAIT)]
        action = sentence(
            "So much changed that the champion cannot be asked: see what with “mixplan models --diff”, and promote the "
            "challenger by hand if that was meant."
        )
        return [Reason(rule="forecast", bearing="holds", kpi=found.kpi, text=text, action=action)]
    champion, challenger = found.score("champion"), found.score("challenger")
    if champion is None or challenger is None:
        raise ValueError(f"the backtest of {found.kpi} has no scores of champion and challenger")
    reasons = [_forecast(found, champion, challenger, policy), *_coverage(found, champion, challenger, policy)]
    naive = found.score("seasonal_naive")
    return reasons if naive is None else [*reasons, *_against_naive(found, challenger, naive)]


def _failed(kpi: str, gate: Gate) -> Reason:
    text = sentence(
        "Gate “{gate}” of {kpi} failed: {found}", gate=Term(text=gate.name), kpi=Word(text=kpi), found=phrase(gate.text)
    )
    action = gate.action or sentence("Correct what the gate names, and fit again.")
    return Reason(rule="gates", bearing="holds", kpi=kpi, text=text, action=action)


def _forecast(
    found: QuarterBacktest, champion: QuarterScore, challenger: QuarterScore, policy: PromotionPolicy
) -> Reason:
    """The rule about CRPS, on enough periods that are new to the champion."""
    digits = 0 if champion.crps >= 100 else 1 if champion.crps >= 10 else 2
    change = _relative(challenger.crps, champion.crps)
    kpi, periods, unit = Word(text=found.kpi), Number(amount=found.periods), Term(text=PLURALS[found.period])
    by = Share(fraction=abs(change), digits=0)
    new, old = Number(amount=challenger.crps, digits=digits), Number(amount=champion.crps, digits=digits)
    if found.periods < policy.fewest_periods:
        few = sentence(
            "Only {periods} {unit} of {kpi} are new to the champion, too few to compare forecasts on.",
            periods=periods,
            unit=unit,
            kpi=kpi,
        )
        return Reason(rule="forecast", bearing="told", kpi=found.kpi, text=few, action=WAIT)
    if change <= 0:
        good = (
            sentence(
                "On the newest {periods} {unit} the challenger forecasts {kpi} better than the champion by {by}: its "
                "CRPS is {new}, the champion's {old}.",
                periods=periods,
                unit=unit,
                kpi=kpi,
                by=by,
                new=new,
                old=old,
            )
            if change <= -LEVEL
            else sentence(
                "On the newest {periods} {unit} the challenger forecasts {kpi} as well as the champion: its CRPS is "
                "{new}, the champion's {old}.",
                periods=periods,
                unit=unit,
                kpi=kpi,
                new=new,
                old=old,
            )
        )
        return Reason(rule="forecast", bearing="supports", kpi=found.kpi, text=good)
    worse = sentence(
        "On the newest {periods} {unit} the challenger forecasts {kpi} worse than the champion by {by}, where "
        "{allowed} are allowed: its CRPS is {new}, the champion's {old}.",
        periods=periods,
        unit=unit,
        kpi=kpi,
        by=by,
        allowed=Share(fraction=policy.worse_crps, digits=0),
        new=new,
        old=old,
    )
    if change <= policy.worse_crps:
        return Reason(rule="forecast", bearing="told", kpi=found.kpi, text=worse)
    is_chance = (found.difference or 0.0) <= CHANCE_ERRORS * (found.standard_error or 0.0)
    action = (
        sentence(
            "So few periods can differ as much by chance: see what else changed with “mixplan models --diff”, and "
            "promote the challenger by hand if it is sound."
        )
        if is_chance
        else sentence(
            "That is more than chance: see which choices or data changed with “mixplan models --diff”, correct them "
            "and fit again."
        )
    )
    return Reason(rule="forecast", bearing="holds", kpi=found.kpi, text=worse, action=action)


def _coverage(
    found: QuarterBacktest, champion: QuarterScore, challenger: QuarterScore, policy: PromotionPolicy
) -> list[Reason]:
    """The rule about intervals that are too narrow."""
    chance = float(binom.cdf(challenger.covered, found.periods, INTERVAL))
    if chance >= policy.coverage_chance or challenger.covered >= champion.covered:
        return []
    text = sentence(
        "The challenger's {interval} interval held {covered} of {periods} {unit} of {kpi}, the champion's {before}: it "
        "is far too sure of itself.",
        interval=Share(fraction=INTERVAL, digits=0),
        covered=Number(amount=challenger.covered),
        periods=Number(amount=found.periods),
        unit=Term(text=PLURALS[found.period]),
        kpi=Word(text=found.kpi),
        before=Number(amount=champion.covered),
    )
    action = sentence("Look for an event or a control that the newest quarter had and the model does not know.")
    return [Reason(rule="coverage", bearing="holds", kpi=found.kpi, text=text, action=action)]


def _against_naive(found: QuarterBacktest, challenger: QuarterScore, naive: QuarterScore) -> list[Reason]:
    """Where no model is needed to forecast better, that is told; whether it fails a fit is for its gates to say."""
    if challenger.crps <= naive.crps:
        return []
    text = sentence(
        "Repeating the year before forecasts the newest quarter of {kpi} better than the challenger by {by}.",
        kpi=Word(text=found.kpi),
        by=Share(fraction=_relative(challenger.crps, naive.crps), digits=0),
    )
    action = sentence("Add what moves the outcome as controls or events.")
    return [Reason(rule="forecast", bearing="told", kpi=found.kpi, text=text, action=action)]


def _relative(value: float, base: float) -> float:
    """Relative difference; none where both are zero."""
    if base > 0:
        return value / base - 1.0
    return 0.0 if value <= 0 else 1.0
