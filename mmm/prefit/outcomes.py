"""Whether an outcome scatters as its model says, and whether it is one outcome from beginning to end."""

from datetime import date

import numpy as np

from mmm.adstock import geometric_weights
from mmm.least_squares import FEWEST_SPARE_ROWS, residual
from mmm.periods import PLURALS
from mmm.prefit.evidence import Evidence
from mmm.prefit.warning import DataWarning
from mmm.sentence import Day, Number, Share, Term, Word, sentence
from mmm.spec import OutcomeSpec
from mmm.vocabulary import FloatArray, PeriodName

MANY_ZEROS = 0.1
"""Share of periods without any outcome from which a normal scatter is the wrong picture."""

FAR_OFF = 6.0
"""Distance from what a plain regression expects, in robust standard deviations, that normal noise never reaches."""

BREAK_SHARE = 0.5
"""Share of the unexplained variance that one step in level must explain to count as a break: slow demand wanders,
and a step through it explains a third at times."""

QUIET_ENDS = 0.1
"""Share of the window at either end in which no break is looked for."""

MAD_TO_SD = 1.4826
"""Standard deviation of normal noise in median absolute deviations."""

_USUAL = np.array([0.5])
"""Retention of a period with which media are carried over before any of it is known."""


def odd_outcomes(
    evidence: Evidence, outcome: OutcomeSpec, dates: tuple[date, ...], period: PeriodName
) -> list[DataWarning]:
    """Warnings of many zeros and outliers under a noise that has none, and of a break in the level."""
    explaining = _explaining(evidence)
    series = evidence.design.outcome
    warnings = _zeros(series, outcome)
    if len(series) - explaining.shape[1] < 2 * FEWEST_SPARE_ROWS:
        return warnings
    left = residual(series, explaining)
    broken = _break(left, explaining, outcome, dates)
    # A break leaves every period off: naming single ones beside it would send the reader the wrong way.
    return [*warnings, *(broken or _outliers(left, outcome, dates, period))]


def _explaining(evidence: Evidence) -> FloatArray:
    """Intercept, calendar, controls and media with diminishing returns, of the country. Shape (T, K)."""
    design = evidence.design
    info = design.baseline
    bends = range(1 + info.has_slope, 1 + info.has_slope + len(info.knots))
    stock = design.lagged @ geometric_weights(_USUAL, np.arange(design.carryover_periods, dtype=np.float64))
    return np.hstack([np.delete(design.columns, list(bends), axis=1), np.log1p(stock)])


def _zeros(series: FloatArray, outcome: OutcomeSpec) -> list[DataWarning]:
    share = float((series == 0).mean())
    if outcome.likelihood == "negative_binomial" or share < MANY_ZEROS:
        return []
    return [
        DataWarning(
            name="many_zeros",
            subject=outcome.name,
            text=sentence(
                "'{outcome}' is zero in {share} of the periods, which noise of kind {likelihood} does not know.",
                outcome=Word(text=outcome.name),
                share=Share(fraction=share, digits=0),
                likelihood=Word(text=outcome.likelihood),
            ),
            action=sentence('Set likelihood = "negative_binomial" where it counts something; else use longer periods.'),
        )
    ]


def _outliers(left: FloatArray, outcome: OutcomeSpec, dates: tuple[date, ...], period: PeriodName) -> list[DataWarning]:
    spread = MAD_TO_SD * float(np.median(np.abs(left - np.median(left))))
    far = np.flatnonzero(np.abs(left) > FAR_OFF * spread) if spread > 0 else np.array([], dtype=np.int64)
    if outcome.likelihood != "normal" or len(far) == 0:
        return []
    worst = int(far[np.abs(left[far]).argmax()])
    return [
        DataWarning(
            name="outliers",
            subject=outcome.name,
            text=sentence(
                "'{outcome}' lies far off in {count} {periods}, most of all in that of {day}.",
                outcome=Word(text=outcome.name),
                count=Number(amount=len(far)),
                periods=Term(text=PLURALS[period]),
                day=Day(day=dates[worst]),
            ),
            action=sentence(
                'Name what happened then as an event; where nobody knows, set likelihood = "student_t", which doubts '
                "such periods instead of the channels."
            ),
        )
    ]


def _break(
    left: FloatArray, explaining: FloatArray, outcome: OutcomeSpec, dates: tuple[date, ...]
) -> list[DataWarning]:
    """A warning of the step in level that explains most of what is left, if it explains enough (Andrews 1993)."""
    periods = len(left)
    quiet = max(int(QUIET_ENDS * periods), 3)
    steps = np.tri(periods, k=0)[:, quiet : periods - quiet]
    apart = residual(steps, explaining)
    lengths = (apart**2).sum(axis=0)
    known = lengths > 1e-6 * periods
    explained = np.where(known, (left @ apart) ** 2 / np.where(known, lengths, 1.0), 0.0) / max((left**2).sum(), 1e-12)
    place = int(explained.argmax())
    if explained[place] < BREAK_SHARE:
        return []
    return [
        DataWarning(
            name="break",
            subject=outcome.name,
            text=sentence(
                "The level of '{outcome}' breaks around {day}: one step explains {share} of what nothing else does.",
                outcome=Word(text=outcome.name),
                day=Day(day=dates[quiet + place]),
                share=Share(fraction=float(explained[place]), digits=0),
            ),
            action=sentence(
                "Say what changed: an event from that day to the end of it, a control, or history from that day on."
            ),
        )
    ]
