"""Do a lift test and history agree? The increment that was measured, beside what a fit without tests says of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mmm.curves import medium_contribution
from mmm.design import Design
from mmm.lift import LiftTest
from mmm.manifest import Gate
from mmm.panel.design import GeoTest, PanelDesign
from mmm.panel.lift import geo_increments
from mmm.panel.posterior import PanelPosterior
from mmm.posterior import Posterior
from mmm.sentence import Number, Word, sentence
from mmm.vocabulary import FloatArray, Verdict

DISAGREEMENT_LIMIT = 2.0
"""Distance of test and history, in standard deviations of their difference, from which on both cannot be right."""

TAILS = (0.05, 0.95)


@dataclass(frozen=True, slots=True)
class LiftComparison:
    """A test and what history alone says of the same increment.

    Attributes
    ----------
    channel
        Name.
    estimate, standard_error
        What was measured, outcome units.
    low, high
        90 % interval of the increment by the fit without tests.
    distance
        Difference of estimate and that fit's mean, in standard deviations of the difference.
    """

    channel: str
    estimate: float
    standard_error: float
    low: float
    high: float
    distance: float


def increments(posterior: Posterior, test: LiftTest) -> FloatArray:
    """What a test's change of spend brought in the periods that were measured, by each draw. Shape (S,)."""
    design, media, place = posterior.design, posterior.media, test.medium
    kinds, actual = design.media[place], design.exposure[:, place]
    changed = actual.copy()
    changed[test.start : test.start + len(test.exposure_without)] = test.exposure_without
    measured = slice(test.start, test.start + test.measured)
    with_test, without = (
        medium_contribution(
            kinds.adstock,
            kinds.saturation,
            design.carryover_periods,
            exposure,
            media.retention[:, place],
            media.peak_delay[:, place],
            media.half_saturation[:, place],
            media.slope[:, place],
            media.ceiling[:, place],
            design.frequency[:, place],
        )[:, measured].sum(axis=1)
        for exposure in (actual, changed)
    )
    return np.asarray(with_test - without)


def compare(design: Design, history: Posterior) -> tuple[LiftComparison, ...]:
    """Every test of a design beside a fit of the same market without tests."""
    together = replace(history, design=design)
    return tuple(_compared(design.media[test.medium].name, test, increments(together, test)) for test in design.tests)


def compare_panel(design: PanelDesign, history: PanelPosterior) -> tuple[LiftComparison, ...]:
    """Every test of a panel's design beside a fit of the same panel without tests."""
    media = design.national.media
    return tuple(_compared(media[test.medium].name, test, geo_increments(history, test)) for test in design.tests)


def judge_lift_tests(comparisons: Sequence[LiftComparison]) -> list[Gate]:
    """A gate for each test; one that contradicts history asks for a review, for either may be wrong."""
    return [_judged(comparison) for comparison in comparisons]


def _compared(channel: str, test: LiftTest | GeoTest, found: FloatArray) -> LiftComparison:
    low, high = np.quantile(found, TAILS)
    error = float(np.hypot(found.std(), test.standard_error))
    return LiftComparison(
        channel=channel,
        estimate=test.estimate,
        standard_error=test.standard_error,
        low=float(low),
        high=float(high),
        distance=abs(test.estimate - float(found.mean())) / error,
    )


def _judged(comparison: LiftComparison) -> Gate:
    verdict: Verdict = "pass" if comparison.distance <= DISAGREEMENT_LIMIT else "review"
    return Gate(
        name="lift_test",
        verdict=verdict,
        value=comparison.distance,
        limit=DISAGREEMENT_LIMIT,
        text=sentence(
            "The lift test of '{channel}' measured a change of {estimate} give or take {error}; history alone says "
            "{low} to {high}.",
            channel=Word(text=comparison.channel),
            estimate=Number(amount=comparison.estimate),
            error=Number(amount=comparison.standard_error),
            low=Number(amount=comparison.low),
            high=Number(amount=comparison.high),
        ),
        action=None
        if verdict == "pass"
        else sentence(
            "Test and history cannot both be right: look for what else changed during the test, and for what moved "
            "with this channel's spend in history; the fit lies between the two."
        ),
    )
