"""The gates of a fit: each measures one thing, says it in a sentence, and what to do about it.

A failed gate keeps an artifact from becoming champion. The limits are ours where no source is given.
"""

from collections.abc import Sequence

import numpy as np
from scipy.special import bdtr, bdtrik

from mmm.checks.bend import judge_bends
from mmm.checks.common_cause import judge_common_movement
from mmm.checks.diagnostics import Diagnostics
from mmm.checks.drift import judge_drift
from mmm.checks.holdout import HoldoutScore
from mmm.checks.lift import LiftComparison, judge_lift_tests
from mmm.checks.likeness import judge_likenesses
from mmm.checks.predictive import judge_predictions
from mmm.checks.residual import judge_residuals, judge_shared_noise
from mmm.checks.sampler import judge_sampler
from mmm.checks.split import judge_split
from mmm.checks.verdicts import below, unless_passed
from mmm.design import Design
from mmm.forecast_scores import INTERVAL
from mmm.manifest import MEASURED_CONTRACTION, Gate
from mmm.market import Market
from mmm.sentence import Number, Share, Term, Word, sentence
from mmm.vocabulary import Evidence, FloatArray, PeriodName, Verdict

HOLDOUT_ERROR_LIMITS = (1.0, 1.5)
"""Errors of the seasonal-naive forecast."""

COVERAGE_CHANCES = (0.05, 0.0005)
"""Chance of so few hits, were the interval right and periods independent. They are not quite: hence the second."""

NEGATIVE_BASELINE_LIMITS = (0.02, 0.3)
"""Probability that media are given more than there is."""

COARSE: dict[PeriodName, Verdict] = {"quarter": "review", "year": "fail"}
"""Periods too long to tell carryover from the effect of the same period (Clarke 1976)."""


def evidence_of(market: Market, design: Design, contraction: FloatArray) -> Evidence:
    """What the effects rest on: `measured` if the data narrowed the priors by a fifth on average over spend.

    Periods that cannot tell carryover (`COARSE`) measure nothing, however narrow the posterior.
    """
    if COARSE.get(market.spec.market.period) == "fail":
        return "prior"
    return "measured" if _average_contraction(design, contraction) >= MEASURED_CONTRACTION else "prior"


def judge(
    market: Market,
    design: Design,
    found: Diagnostics,
    holdout: HoldoutScore | None,
    comparisons: Sequence[LiftComparison] = (),
) -> tuple[Gate, ...]:
    """All gates of a fit.

    Parameters
    ----------
    market
        The market as it was fitted.
    design
        Of the fit on all periods.
    found
        Its diagnostics.
    holdout
        Score of the fit that did not see the last periods; None when the window is too short for one.
    comparisons
        The lift tests beside a fit without them.
    """
    gates = [
        *judge_sampler(found.sampler),
        *_holdout(holdout),
        judge_predictions(found.predicted),
        judge_residuals(found.residual_autocorrelation, int(design.observed.sum())),
        *judge_shared_noise(found.shared_noise),
        _baseline(found),
        *judge_common_movement(found.common_movement, design),
        *judge_drift(found.drift),
        _carryover(market),
        _learned(design, found),
        *judge_likenesses(found.likenesses),
        judge_bends(found.bends),
        *judge_split(found.split),
        *judge_lift_tests(comparisons),
    ]
    return tuple(gates)


def _holdout(score: HoldoutScore | None) -> list[Gate]:
    if score is None:
        gate = Gate(
            name="holdout_error",
            verdict="review",
            value=None,
            limit=HOLDOUT_ERROR_LIMITS[0],
            text=sentence("No periods were kept out, so the model's forecasts are untested."),
            action=sentence("Bring a longer history, or set holdout under [model]."),
        )
        return [gate]
    return [_holdout_error(score), _holdout_coverage(score)]


def _holdout_error(score: HoldoutScore) -> Gate:
    verdict = below(score.relative_error, HOLDOUT_ERROR_LIMITS)
    return Gate(
        name="holdout_error",
        verdict=verdict,
        value=score.relative_error,
        limit=HOLDOUT_ERROR_LIMITS[0],
        text=sentence(
            "The last {periods} periods, kept out, were forecast with an error of {error}; repeating the year before "
            "errs by {naive}.",
            periods=Number(amount=score.periods),
            error=Share(fraction=score.error),
            naive=Share(fraction=score.naive_error),
        ),
        action=unless_passed(
            verdict,
            sentence("Add what drove the outcome in these periods as a control or an event, or try another trend."),
        ),
    )


def _holdout_coverage(score: HoldoutScore) -> Gate:
    chance = float(bdtr(score.covered, score.periods, INTERVAL))
    verdict: Verdict = "pass" if chance >= COVERAGE_CHANCES[0] else "review"
    if chance < COVERAGE_CHANCES[1]:
        verdict = "fail"
    fewest = float(np.ceil(bdtrik(COVERAGE_CHANCES[0], score.periods, INTERVAL)))
    return Gate(
        name="holdout_coverage",
        verdict=verdict,
        value=score.coverage,
        limit=fewest / score.periods,
        text=sentence(
            "{covered} of {periods} periods kept out lay inside the {interval} interval of their forecast.",
            covered=Number(amount=score.covered),
            periods=Number(amount=score.periods),
            interval=Share(fraction=INTERVAL, digits=0),
        ),
        action=unless_passed(
            verdict,
            sentence("Read intervals as too narrow; look for a break in the outcome and name it as an event."),
        ),
    )


def _baseline(found: Diagnostics) -> Gate:
    verdict = below(found.negative_baseline, NEGATIVE_BASELINE_LIMITS)
    return Gate(
        name="baseline",
        verdict=verdict,
        value=found.negative_baseline,
        limit=NEGATIVE_BASELINE_LIMITS[0],
        text=sentence(
            "The chance that paid media are given more than the whole outcome is {chance}.",
            chance=Share(fraction=found.negative_baseline),
        ),
        action=unless_passed(
            verdict,
            sentence(
                "Spend was never low enough to show what is left without it: trust small changes of a plan, not the "
                "total effect, and put a prior on the return (roas)."
            ),
        ),
    )


def _carryover(market: Market) -> Gate:
    period = market.spec.market.period
    verdict = COARSE.get(period, "pass")
    told = sentence("Periods are short enough to tell carryover from immediate effect.")
    if verdict != "pass":
        told = sentence(
            "With data by {period} nobody can tell how long advertising works: carryover within a period looks like "
            "immediate effect, and slow demand like carryover.",
            period=Term(text=period),
        )
    return Gate(
        name="carryover",
        verdict=verdict,
        value=None,
        limit=None,
        text=told,
        action=unless_passed(verdict, sentence("Bring weekly or monthly data; use these effects for no decision.")),
    )


def _learned(design: Design, found: Diagnostics) -> Gate:
    average = _average_contraction(design, found.contraction.share)
    verdict: Verdict = "pass" if average >= MEASURED_CONTRACTION else "review"
    weakest = [
        design.media[place].name for place in design.paid if found.contraction.share[place] < MEASURED_CONTRACTION
    ]
    told = sentence(
        "The data narrowed what was assumed about the channels' effects by {average} on average.",
        average=Share(fraction=average, digits=0),
    )
    if weakest:
        told = sentence(
            "The data narrowed what was assumed about the channels' effects by {average} on average; little was "
            "learned about {channels}.",
            average=Share(fraction=average, digits=0),
            channels=Word(text=_listed(weakest)),
        )
    return Gate(
        name="learned",
        verdict=verdict,
        value=average,
        limit=MEASURED_CONTRACTION,
        text=told,
        action=unless_passed(
            verdict,
            sentence("Plan on these channels with care: vary their spend, or test them, before moving much money."),
        ),
    )


def _average_contraction(design: Design, contraction: FloatArray) -> float:
    paid = list(design.paid)
    spend = design.exposure[:, paid].sum(axis=0)
    return float(np.average(contraction[paid], weights=spend)) if spend.sum() > 0 else 0.0


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)
