"""What to test next: the value of knowing a channel's curve, and of a lift test of it.

With x_c held at b the other channels bring V_c(b) at best, under all rules, by their expected curves. In draw s the
channel brings g_s(b). Knowing its curve is worth

    EVPPI = mean over s of max_b (g_s(b) + V_c(b)) - max_b (mean of g_s(b) + V_c(b)),

the expected value of partial perfect information; that the curves of two channels are known to go together is left
aside. A test that pauses the channel in one half of the market (or, where it is off, runs it there at an even share of
the budget) over n of the horizon's T periods measures
y = g_s(x) n / (2 T) with the noise of the difference between two halves, which is that of the whole outcome over n
periods. Draws are weighed by the likelihood of y, and the mean over what the test may say is its expected value of
sample information:

    EVSI = mean over y of max_b (Σ_s w_s(y) g_s(b) + V_c(b)) - max_b (mean of g_s(b) + V_c(b)).

From the same V_c follows how much better or worse a channel would have to be for its spend to move by a tenth.
"""

from dataclasses import dataclass

import numpy as np

from mmm.noise_paths import normal_quantiles, sum_deviation
from mmm.vocabulary import PERIODS_PER_YEAR, FloatArray
from optimizer.insight.ground import Ground

KNOTS = (0.0, 0.25, 0.5, 0.75, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0)
"""Budgets of a channel at which the others are planned anew, in multiples of its spend (or of an even share)."""

_GAP = 2e-5
_FINE = 81
"""Budgets between the knots that are looked at."""

_OUTCOMES = 200
"""Results of a test that are looked at."""

_TEST_YEARS = 0.115
"""Length of a test in years: six weeks."""

_SMALLEST = 1e-3
"""Share of the budget below which a channel counts as off."""


@dataclass(frozen=True, slots=True)
class LiftTestValue:
    """A test that pauses a channel in half of the market, or runs it there where it is off.

    Attributes
    ----------
    periods
        Its length.
    standard_error
        Of the measured increment, in the unit of the goal.
    value
        What it adds to the next plan on average, in the unit of the goal; >= 0.
    lost
        What the pause is expected to cost, in the unit of the goal; below zero where the channel is run.
    saved
        Money that is not spent meanwhile; below zero where the channel is run.
    """

    periods: int
    standard_error: float
    value: float
    lost: float
    saved: float


@dataclass(frozen=True, slots=True)
class ChannelInformation:
    """What is open about a channel.

    Attributes
    ----------
    channel
        Name.
    value
        What knowing its curve would add to the plan, in the unit of the goal; >= 0.
    test
        The lift test.
    more_if, less_if
        Factor on what the channel brings from which on its best spend is at least a tenth more, or less; None where
        none does.
    """

    channel: str
    value: float
    test: LiftTestValue
    more_if: float | None
    less_if: float | None


def channel_information(ground: Ground, channel: str) -> ChannelInformation | None:
    """What is open about a channel; None where the rules leave it no choice."""
    planned = ground.best.spend[channel]
    is_on = planned > _SMALLEST * ground.best.total
    unit = planned if is_on else ground.best.total / len(ground.best.spend)
    knots = np.array(KNOTS) * unit if is_on else np.array([0.0, 0.25, 0.5, 1.0, 1.5]) * unit
    others = np.array([_others(ground, channel, amount) for amount in knots])
    knots, others = knots[np.isfinite(others)], others[np.isfinite(others)]
    if len(knots) < 2:
        return None
    at_knots = ground.channel_draws(channel, knots.tolist()).mean(axis=0)
    fine = np.unique(np.concatenate([knots, np.linspace(knots[0], knots[-1], _FINE)]))
    left = np.interp(fine, knots, others)
    brings = ground.channel_draws(channel, fine.tolist())
    base = float((brings.mean(axis=0) + left).max())
    known = float((brings + left).max(axis=1).mean())
    more, less = _flips(knots, at_knots, others, planned)
    return ChannelInformation(
        channel=channel,
        value=max(0.0, known - base),
        test=_test(ground, channel, unit, is_on, brings, left, base),
        more_if=more,
        less_if=less if is_on else None,
    )


def _others(ground: Ground, channel: str, amount: float) -> float:
    """What the other channels bring at best with one held at an amount, less what all money costs."""
    found = ground.solved(gap=_GAP, form=ground.form.holding(channel, amount))
    if found is None:
        return -np.inf
    return found.value - float(ground.channel_draws(channel, [found.spend[channel]]).mean())


def _flips(
    knots: FloatArray, brings: FloatArray, others: FloatArray, planned: float
) -> tuple[float | None, float | None]:
    """Factors on a channel's curve from which on another knot, a tenth away, is better than the plan."""
    here = int(np.abs(knots - planned).argmin())
    gained, given = brings - brings[here], others[here] - others
    higher = [given[i] / gained[i] for i in range(len(knots)) if knots[i] >= 1.0999 * knots[here] and gained[i] > 0]
    lower = [given[i] / gained[i] for i in range(len(knots)) if knots[i] <= 0.9001 * knots[here] and gained[i] < 0]
    more = min(higher, default=None)
    less = max(lower, default=None)
    return (None if more is None else max(1.0, float(more))), (
        None if less is None else min(1.0, max(0.0, float(less)))
    )


def _test(
    ground: Ground, channel: str, spend: float, is_on: bool, brings: FloatArray, left: FloatArray, base: float
) -> LiftTestValue:
    manifest, horizon = ground.question.artifact.manifest, ground.question.scenario.horizon.periods
    periods = max(1, min(horizon, round(_TEST_YEARS * PERIODS_PER_YEAR[manifest.period])))
    part, direction = 0.5 * periods / horizon, 1.0 if is_on else -1.0
    measured = part * ground.channel_draws(channel, [spend])[:, 0]
    error = float(
        np.sqrt(
            sum(
                (worth * float(sum_deviation(kpi.artifact.draws.noise, periods).mean())) ** 2
                for kpi, worth in ground.worth.parts
            )
        )
    )
    size = len(measured)
    truths = np.linspace(0, size - 1, min(_OUTCOMES, size)).round().astype(int)
    quantiles = np.random.default_rng(size).permutation(normal_quantiles(len(truths)))
    results = measured[truths] + error * quantiles
    distance = (results[:, None] - measured) / max(error, 1e-300)
    weights = np.exp(-0.5 * (distance**2 - (distance**2).min(axis=1, keepdims=True)))
    weights /= weights.sum(axis=1, keepdims=True)
    informed = float((weights @ brings + left).max(axis=1).mean())
    # What the results of a finite number of tests average to is not quite what is believed now.
    drift = float((weights.mean(axis=0) @ brings + left).max()) - base
    known = float((brings + left).max(axis=1).mean()) - base
    return LiftTestValue(
        periods=periods,
        standard_error=error,
        value=min(max(0.0, informed - base - drift), max(0.0, known)),
        lost=direction * float(measured.mean()),
        saved=direction * part * spend,
    )
