"""Whether spend was set by what was sold before: then a fit takes the cause for the effect.

The measure is a partial correlation, of spend with the outcome of the period before, given the spend of the two
periods before, trend, season, controls and events (Granger 1969, with one lag). Its mirror is that of the outcome
with the spend of the period before, given earlier outcomes.
"""

import numpy as np

from mmm.errors import Fault
from mmm.least_squares import residual
from mmm.prefit.evidence import Evidence
from mmm.prefit.warning import DataWarning
from mmm.sentence import Number, Word, sentence
from mmm.vocabulary import FloatArray

FOLLOWS = 0.35
"""Partial correlation from which a reader is told, provided that chance would seldom bring it."""

LED_BY_OUTCOME = 0.9
"""From which spend is little else than the sales of the period before."""

CHANCE = 3.5
"""Standard errors (one over the root of the periods) that a correlation must exceed."""


def led_by_outcome(evidence: Evidence, outcome: str, file: str) -> tuple[list[Fault], list[DataWarning]]:
    """Faults of channels that all but repeat the outcome of the period before; warnings of those that follow it."""
    design = evidence.design
    base = _base(evidence)
    least = max(FOLLOWS, CHANCE / np.sqrt(design.periods))
    faults, warnings = [], []
    for position, place in enumerate(design.paid):
        spend = design.spend[:, position]
        follows = partial_correlation(spend, design.outcome, base)
        leads = partial_correlation(design.outcome, spend, base)
        if follows < least or follows <= abs(leads):
            continue
        name, correlation = design.media[place].name, Number(amount=follows, digits=2)
        if follows >= LED_BY_OUTCOME:
            found = sentence(
                "'{channel}' set by '{outcome}' of the period before (partial correlation {correlation})",
                channel=Word(text=name),
                outcome=Word(text=outcome),
                correlation=correlation,
            )
            expected = sentence(
                "spend that was decided, below {limit}: money that follows sales by a rule has no effect that could be "
                "seen; leave the channel out, or bring periods in which the rule did not hold",
                limit=Number(amount=LED_BY_OUTCOME, digits=2),
            )
            faults.append(Fault(file, f"channels[{position + 1}]", found, expected))
            continue
        warnings.append(
            DataWarning(
                name="follows_demand",
                subject=name,
                text=sentence(
                    "Spend in '{channel}' tracks '{outcome}' of the period before (partial correlation {correlation}).",
                    channel=Word(text=name),
                    outcome=Word(text=outcome),
                    correlation=correlation,
                ),
                action=sentence(
                    "Part of its effect may be demand: add what moves demand as a control, or bring a lift test."
                ),
            )
        )
    return faults, warnings


def partial_correlation(later: FloatArray, earlier: FloatArray, base: FloatArray) -> float:
    """Correlation of a series with another one period before, given two periods of its own past and other causes.

    Parameters
    ----------
    later, earlier
        Shape (T,).
    base
        Other causes, intercept included. Shape (T, K).
    """
    given = np.column_stack([later[1:-1], later[:-2], base[2:]])
    if len(given) < given.shape[1] + 10:
        return 0.0
    one, other = residual(later[2:], given), residual(earlier[1:-1], given)
    lengths = np.linalg.norm(one) * np.linalg.norm(other)
    floor = 1e-9 * np.linalg.norm(later) * np.linalg.norm(earlier)
    return float(one @ other / lengths) if lengths > floor else 0.0


def _base(evidence: Evidence) -> FloatArray:
    """The baseline's columns of the country, bends included: slow demand is not what is looked for."""
    return evidence.design.columns
