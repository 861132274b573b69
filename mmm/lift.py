"""Lift tests as the model sees them: the exposure there was, the exposure there would have been, and what was measured.

A test speaks of the increment inside the periods in which the outcome was measured, carryover included as far as it
falls into them, and of nothing else. Counted is the same difference of two contributions by the same curves that
everything else uses.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mmm.errors import FitError
from mmm.market import Market
from mmm.periods import periods_between
from mmm.spec import LiftTestSpec, OutcomeSpec
from mmm.vocabulary import FloatArray


@dataclass(frozen=True, slots=True)
class LiftTest:
    """One test of one medium.

    Attributes
    ----------
    medium
        Position on axis M.
    start
        First period of the window in which spend was changed, counted from the first of the market.
    measured
        Number of periods from `start` on in which the outcome was measured.
    exposure_without
        Exposure in the window of the change if there had been no test. Shape (periods of the change,).
    estimate, standard_error
        Change of the outcome that was measured, outcome units.
    """

    medium: int
    start: int
    measured: int
    exposure_without: FloatArray
    estimate: float
    standard_error: float


def lift_tests(
    market: Market, outcome: OutcomeSpec, places: Mapping[int, int], exposure: FloatArray
) -> tuple[LiftTest, ...]:
    """The lift tests of one outcome of a market that is no panel.

    Parameters
    ----------
    market
        With its lift tests under `spec`.
    outcome
        A test that names no outcome is of the market's first one.
    places
        Position on axis M of each paid channel, by its place in market.toml.
    exposure
        What worked in each period, in money. Shape (T, M).

    Raises
    ------
    FitError
        When a test lies outside of the data, or more spend was added than there was.
    """
    channels = {channel.name: position for position, channel in enumerate(market.spec.channels)}
    first = market.spec.outcomes[0].name
    found = []
    for number, spec in enumerate(market.spec.lift_tests, start=1):
        if (spec.outcome or first) == outcome.name:
            position = channels[spec.channel]
            found.append(_lift_test(market, spec, number, position, places[position], exposure))
    return tuple(found)


def _lift_test(
    market: Market, spec: LiftTestSpec, number: int, position: int, medium: int, exposure: FloatArray
) -> LiftTest:
    start = periods_between(market.dates[0], spec.start, market.spec.market.period)
    measured, periods = spec.measured_periods or spec.periods, len(market.dates)
    where = f"lift_tests[{number}] of '{spec.channel}'"
    if start < 0 or start + measured > periods:
        raise FitError(
            f"{where}: the test lies outside of the data, which run from {market.dates[0]} to {market.dates[-1]}; "
            f"bring data that cover it, or leave the test out ({market.name}, market.toml)."
        )
    window = slice(start, start + spec.periods)
    spend = market.spend[window, position, 0]
    without = spend_without(spend, spec.spend_change)
    if without is None:
        raise FitError(
            f"{where}: spend_change is {spec.spend_change:,.0f}, but only {spend.sum():,.0f} was spent in these "
            f"periods; spend_change is what was spent less what would have been spent without the test "
            f"({market.name}, market.toml)."
        )
    bought = bought_per_money(exposure[window, medium], spend)
    return LiftTest(medium, start, measured, without * bought, spec.estimate, spec.standard_error)


def spend_without(spend: FloatArray, change: float, weights: FloatArray | None = None) -> FloatArray | None:
    """Spend of a window without a test: added money leaves in proportion, money held back returns evenly.

    Evenly over periods and, by their `weights` (such as population), over geos; `spend` is of shape (T,) or (G, T),
    `weights` of shape (G, 1). None when more was added than was spent.
    """
    total = float(spend.sum())
    if change <= 0:
        shares = np.ones_like(spend) if weights is None else np.broadcast_to(weights, spend.shape)
        return np.asarray(spend - change * shares / shares.sum())
    if change > total * (1.0 + 1e-9):
        return None
    return np.asarray(spend * max(1.0 - change / total, 0.0))


def bought_per_money(worked: FloatArray, spend: FloatArray) -> FloatArray:
    """Exposure that money bought at the price of the day, where effects are by exposure; one where none was spent.

    `worked`, in money of the last year, and `spend` are of the same shape, as is what is returned.
    """
    return np.divide(worked, spend, out=np.ones_like(spend), where=spend > 0)
