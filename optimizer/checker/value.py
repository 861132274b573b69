"""What a channel brings, worked out from the draws of its model by formulas written out here.

A channel's spend, phased as the plan says, follows its history; carryover weights are applied lag by lag, and the
outcome is what the saturated adstock brings beyond what history alone still would. N periods, of the horizon and after
it, S draws.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mmm.artifact import ResponseArtifact
from mmm.vocabulary import SEASON_LAG, AdstockKind, FloatArray, IntArray, SaturationKind
from optimizer.checker.calendar import periods_between, repeated
from optimizer.scenario.document import Horizon
from optimizer.scenario.known_spend import KnownSpend


@dataclass(frozen=True, slots=True)
class RecountedChannel:
    """What a channel of one model brings with any spend, phased in one way.

    Attributes
    ----------
    kind
        Shape of its curve.
    gain
        Adstock of each unit of spend, in half-saturations (of reach and frequency: in effective money). Shape (N, S).
    carried, before
        Adstock of what was spent before, in the same unit, and the level of the curve there. Shape (N, S).
    slope, ceiling
        Of each draw. Shape (S,).
    """

    kind: SaturationKind
    gain: FloatArray
    carried: FloatArray
    before: FloatArray
    slope: FloatArray
    ceiling: FloatArray

    def at(self, spend: float) -> "RecountedSpend":
        """What some spend does in each period."""
        stock = spend * self.gain
        stock += self.carried
        return RecountedSpend(self, stock, _saturated(self.kind, stock, self.slope), is_on=spend > 0)

    def in_periods(self, spend: float) -> FloatArray:
        """What some spend brings in each period, beyond what earlier spend still does. Shape (N, S)."""
        return self.at(spend).in_periods

    def added(self, spend: float) -> FloatArray:
        """The same of all periods together. Shape (S,)."""
        return np.asarray(self.in_periods(spend).sum(axis=0))

    def carried_in(self, periods: int) -> FloatArray:
        """What earlier spend alone still brings in each of the first periods. Shape (periods, S)."""
        return np.asarray(self.ceiling * self.before[:periods])

    def of_draws(self, places: IntArray) -> "RecountedChannel":
        """The same in some draws alone."""
        gain, carried, before = (each[:, places] for each in (self.gain, self.carried, self.before))
        return RecountedChannel(self.kind, gain, carried, before, self.slope[places], self.ceiling[places])

    def weighted(self, spend: FloatArray, weights: FloatArray) -> FloatArray:
        """Weighted sum over the draws of what each amount brings. `spend` (K,), `weights` (S,); returns (K,)."""
        reached = _saturated(self.kind, self.carried + spend[:, None, None] * self.gain, self.slope)
        return np.asarray((reached - self.before).sum(axis=1) @ (self.ceiling * weights))

    def slopes(self, spend: float) -> FloatArray:
        """What one more unit of spend brings in all periods together; not finite where the curve is upright. (S,)."""
        return self.at(spend).slopes


@dataclass(frozen=True, slots=True)
class RecountedSpend:
    """What a channel does in each period with some spend: its adstock, and the level of the curve there. (N, S)."""

    channel: RecountedChannel
    stock: FloatArray
    level: FloatArray
    is_on: bool

    @property
    def in_periods(self) -> FloatArray:
        """What it brings in each period, beyond what earlier spend still does. Shape (N, S)."""
        channel = self.channel
        if not self.is_on:
            return np.zeros(channel.gain.shape)
        brought = self.level - channel.before
        brought *= channel.ceiling
        return brought

    @property
    def slopes(self) -> FloatArray:
        """What one more unit of spend brings in all periods together; not finite where the curve is upright. (S,)."""
        channel = self.channel
        with np.errstate(invalid="ignore"):
            per_unit = _steepness(channel.kind, self.stock, self.level, channel.slope) * channel.gain
        per_unit[channel.gain <= 0] = 0.0
        return np.asarray(channel.ceiling * per_unit.sum(axis=0))


def recounted_channel(
    artifact: ResponseArtifact,
    name: str,
    phasing: FloatArray,
    horizon: Horizon,
    past: ResponseArtifact,
    known: KnownSpend | None = None,
) -> RecountedChannel:
    """A channel of a model with a phasing of shape (T,) that sums to one.

    What was spent before is that of `past`, the model of the plan's own KPI: others may have seen other periods.
    `known` is spend after its data.
    """
    manifest, draws = artifact.manifest, artifact.draws
    place, lags = artifact.channels.index(name), manifest.carryover_periods
    info = manifest.channels[place]
    weights = lag_weights(info.adstock, lags, draws.retention[:, place], draws.peak_delay[:, place])
    half, slope = draws.half_saturation[:, place], draws.slope[:, place]
    after = np.zeros(lags - 1)
    planned = np.concatenate([np.zeros(lags), phasing, after])
    earlier = np.concatenate([history(past, name, horizon, lags, known), np.zeros(len(phasing)), after])
    if info.saturation == "reach":
        first = periods_between(past.manifest.window_start, horizon.start, past.manifest.period)
        effect = _effects(past, name, first - lags, len(planned), half, slope)
        gain, carried = (_lagged(each[:, None] * effect, weights) for each in (planned, earlier))
    else:
        gain, carried = (_lagged(each[:, None], weights / half) for each in (planned, earlier))
    before = np.zeros(carried.shape)  # nothing carries over for longer than L periods
    before[: lags - 1] = _saturated(info.saturation, carried[: lags - 1], slope)
    return RecountedChannel(info.saturation, gain, carried, before, slope, draws.ceiling[:, place])


def lag_weights(kind: AdstockKind, lags: int, retention: FloatArray, shape: FloatArray) -> FloatArray:
    """Part of an effect that comes so many periods later, of sum one. Shape (L, S)."""
    match kind:
        case "geometric":
            weights = [retention**lag for lag in range(lags)]
        case "delayed":
            weights = [retention ** ((lag - shape) ** 2) for lag in range(lags)]
        case "weibull":
            weights = [retention ** (lag**shape) - retention ** ((lag + 1.0) ** shape) for lag in range(lags)]
    return np.asarray(np.array(weights) / np.sum(weights, axis=0))


def history(
    artifact: ResponseArtifact, name: str, horizon: Horizon, lags: int, known: KnownSpend | None = None
) -> FloatArray:
    """What worked in the `lags` periods before the horizon. Shape (lags,).

    After the data it is what is known, else what worked a year before, or what did on average where the data have no
    year.
    """
    manifest, worked = artifact.manifest, artifact.draws.worked[:, artifact.channels.index(name)]
    amounts = () if known is None else known.spend.get(name, ())
    begins = 0 if known is None else periods_between(manifest.window_start, known.start, manifest.period)
    first = periods_between(manifest.window_start, horizon.start, manifest.period)
    earlier = np.zeros(lags)
    for step, position in enumerate(range(first - lags, first)):
        if position >= len(worked) and begins <= position < begins + len(amounts):
            earlier[step] = amounts[position - begins]
        elif position >= 0:
            earlier[step] = repeated(worked, [position], SEASON_LAG[manifest.period])[0]
    return earlier


def saturated_medium(
    kind: SaturationKind, exposure: FloatArray, weights: FloatArray, half: FloatArray, slope: FloatArray
) -> FloatArray:
    """Saturated adstock of an exposure of shape (L + N,), its first L periods left out. `weights` (L, S); (N, S)."""
    return _saturated(kind, _lagged(exposure[:, None], weights) / half, slope)


def _lagged(exposure: FloatArray, weights: FloatArray) -> FloatArray:
    """Adstock in the periods from the one at position L on. `exposure` of shape (L + N, 1 or S); returns (N, S)."""
    lags, count = len(weights), len(exposure) - len(weights)
    if exposure.shape[1] == 1:
        rows = np.arange(lags, lags + count)[:, None] - np.arange(lags)
        return np.asarray(exposure[rows, 0] @ weights)
    return np.asarray(sum(weights[lag] * exposure[lags - lag : lags - lag + count] for lag in range(lags)))


def _effects(
    past: ResponseArtifact, name: str, first: int, periods: int, half: FloatArray, slope: FloatArray
) -> FloatArray:
    """What an impression does in each period where people get as many as a year before: Hill of that over that.

    Counted from the period at position `first`. Shape (periods, S).
    """
    contacts = np.ones(periods)
    if past.draws.frequency is not None:
        frequency = past.draws.frequency[:, past.channels.index(name)]
        inside = [row for row in range(periods) if first + row >= 0]
        season = SEASON_LAG[past.manifest.period]
        contacts[inside] = repeated(frequency, [first + row for row in inside], season)
    return np.asarray(_hill(contacts[:, None] / half, slope) / contacts[:, None])


def _saturated(kind: SaturationKind, stock: FloatArray, slope: FloatArray) -> FloatArray:
    return _CURVES[kind](stock, slope)


def _steepness(kind: SaturationKind, stock: FloatArray, level: FloatArray, slope: FloatArray) -> FloatArray:
    """Slope of a curve for another unit of adstock, where it has a level."""
    match kind:
        case "hill":
            with np.errstate(divide="ignore", invalid="ignore"):
                steep = slope * level * (1.0 - level) / stock
            at_zero = np.where(slope < 1.0, np.inf, np.where(slope == 1.0, 1.0, 0.0))
            return np.asarray(np.where(stock > 0, steep, at_zero))
        case "michaelis_menten":
            return np.asarray((1.0 - level) ** 2)
        case "logistic":
            return np.asarray(np.log(3.0) * (1.0 - level**2) / 2.0)
        case "reach":
            return np.ones(stock.shape)


def _hill(stock: FloatArray, slope: FloatArray) -> FloatArray:
    with np.errstate(divide="ignore", over="ignore"):
        level = np.log(stock)
        level *= -slope
        np.exp(level, out=level)
        level += 1.0
        return np.asarray(np.divide(1.0, level, out=level))


_CURVES: dict[SaturationKind, Callable[[FloatArray, FloatArray], FloatArray]] = {
    "hill": _hill,
    "michaelis_menten": lambda stock, _slope: stock / (1.0 + stock),
    # Half of the ceiling at half saturation: 2 / (1 + exp(-k)) - 1 = 1/2 at k = log 3.
    "logistic": lambda stock, _slope: np.asarray(2.0 / (1.0 + np.exp(-np.log(3.0) * stock)) - 1.0),
    # Impressions were weighed before, and nothing bends after that.
    "reach": lambda stock, _slope: stock,
}
