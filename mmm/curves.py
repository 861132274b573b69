"""Response curves: what a channel's budget adds to the outcome, exactly, over all draws.

With the flighting fixed, a channel's budget x reaches period t as adstock
``carry[s, t] + gain[s, t] * x`` in draw s, and adds ``ceiling[s] * (sat(carry + gain * x) - sat(carry))``.
A `ChannelResponse` holds those numbers; its value is their sum over periods, its expectation
the mean over draws. Periods after the horizon count, so that carryover is not lost.
"""

from dataclasses import dataclass

import numpy as np

from mmm.adstock import delayed_weights, geometric_weights, lagged_exposure, weibull_weights
from mmm.artifact import ResponseArtifact
from mmm.saturation import effect_of_impression, inflection, saturate, saturation_derivative
from mmm.vocabulary import SEASON_LAG, AdstockKind, FloatArray, SaturationKind


@dataclass(frozen=True, slots=True)
class CurveDraws:
    """Carryover and saturation of one channel, per draw; each array of shape (S,), as in `ResponseDraws`."""

    adstock: AdstockKind
    saturation: SaturationKind
    carryover_periods: int
    retention: FloatArray
    peak_delay: FloatArray
    half_saturation: FloatArray
    slope: FloatArray
    ceiling: FloatArray


@dataclass(frozen=True, slots=True)
class ChannelResponse:
    """One channel's response to its budget over a horizon, per draw. S draws, T periods (horizon and after).

    Attributes
    ----------
    channel
        Name.
    saturation
        Kind of the curve.
    carry
        Adstock left by earlier spend, money per period. Shape (S, T), >= 0.
    gain
        Adstock per unit of budget, per period. Shape (S, T), >= 0.
    half_saturation, slope, ceiling
        Per draw. Shape (S,).
    horizon
        Number of the first periods that lie inside the horizon; the rest is carryover after it.
    """

    channel: str
    saturation: SaturationKind
    carry: FloatArray
    gain: FloatArray
    half_saturation: FloatArray
    slope: FloatArray
    ceiling: FloatArray
    horizon: int

    def per_period(self, budget: float) -> FloatArray:
        """Outcome added per draw and period by `budget`. Shape (S, T)."""
        half, slope = self.half_saturation[:, None], self.slope[:, None]
        reached = saturate(self.saturation, self.carry + self.gain * budget, half, slope)
        before = saturate(self.saturation, self.carry, half, slope)
        added: FloatArray = self.ceiling[:, None] * (reached - before)
        return added

    def per_draw(self, budget: float) -> FloatArray:
        """Outcome added per draw by `budget`, all periods. Shape (S,)."""
        return self.per_period(budget).sum(axis=1)

    def marginal_per_draw(self, budget: float) -> FloatArray:
        """Derivative of `per_draw` with respect to the budget. Shape (S,)."""
        half, slope = self.half_saturation[:, None], self.slope[:, None]
        steepness = saturation_derivative(self.saturation, self.carry + self.gain * budget, half, slope)
        with np.errstate(invalid="ignore"):
            marginal = np.where(self.gain > 0, self.gain * steepness, 0.0)
        return np.asarray(self.ceiling * marginal.sum(axis=1))

    def expected(self, budget: float) -> float:
        """Mean of `per_draw` over the draws."""
        return float(self.per_draw(budget).mean())

    def carried_in(self) -> FloatArray:
        """Outcome per draw and period that earlier spend alone still brings. Shape (S, T)."""
        half, slope = self.half_saturation[:, None], self.slope[:, None]
        carried: FloatArray = self.ceiling[:, None] * saturate(self.saturation, self.carry, half, slope)
        return carried

    def inflections(self) -> FloatArray:
        """Budget at which each draw and period turns from convex to concave; zero where it is concave. Shape (S, T)."""
        turning = inflection(self.saturation, self.half_saturation, self.slope)[:, None]
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            budget = np.where(self.gain > 0, (turning - self.carry) / self.gain, 0.0)
        return np.maximum(budget, 0.0)

    def of_draw(self, position: int) -> "ChannelResponse":
        """The same response in one draw alone."""
        one = slice(position, position + 1)
        return ChannelResponse(
            self.channel,
            self.saturation,
            self.carry[one],
            self.gain[one],
            self.half_saturation[one],
            self.slope[one],
            self.ceiling[one],
            self.horizon,
        )

    def during(self, period: int) -> "ChannelResponse":
        """The same response counted in one period only, the first being 0."""
        return ChannelResponse(
            self.channel,
            self.saturation,
            self.carry[:, period : period + 1],
            self.gain[:, period : period + 1],
            self.half_saturation,
            self.slope,
            self.ceiling,
            min(max(self.horizon - period, 0), 1),
        )

    def until(self, periods: int) -> "ChannelResponse":
        """The same response counted over the first `periods` periods only."""
        return ChannelResponse(
            self.channel,
            self.saturation,
            self.carry[:, :periods],
            self.gain[:, :periods],
            self.half_saturation,
            self.slope,
            self.ceiling,
            min(self.horizon, periods),
        )


def carryover_weights(
    kind: AdstockKind, carryover_periods: int, retention: FloatArray, peak_delay: FloatArray
) -> FloatArray:
    """Adstock weights per draw, summing to one. `retention`, `peak_delay` of shape (S,); returns shape (S, L).

    `peak_delay` is in periods; for Weibull carryover it is the exponent, and `retention` the survival.
    """
    lags = np.arange(carryover_periods, dtype=np.float64)
    match kind:
        case "geometric":
            return np.asarray(geometric_weights(retention[:, None], lags))
        case "delayed":
            return np.asarray(delayed_weights(retention[:, None], peak_delay[:, None], lags))
        case "weibull":
            return np.asarray(weibull_weights(retention[:, None], peak_delay[:, None], lags))


def adstocked(
    saturation: SaturationKind,
    weights: FloatArray,
    exposure: FloatArray,
    frequency: FloatArray | None,
    half_saturation: FloatArray,
    slope: FloatArray,
) -> FloatArray:
    """Adstock per draw and period; of `reach` every impression counts as its frequency makes it.

    `weights` of shape (S, L); `exposure` and `frequency`, which `reach` alone needs, of shape (T,); `half_saturation`
    and `slope` of shape (S,). Returns shape (S, T).
    """
    lags = weights.shape[1]
    if saturation != "reach" or frequency is None:
        return np.asarray(weights @ lagged_exposure(exposure, lags).T)
    worked = exposure * effect_of_impression(frequency, half_saturation[:, None], slope[:, None])
    stock = np.zeros_like(worked)
    for lag in range(min(lags, len(exposure))):
        stock[:, lag:] += weights[:, lag, None] * worked[:, : len(exposure) - lag]
    return np.asarray(stock)


def medium_contribution(
    adstock: AdstockKind,
    saturation: SaturationKind,
    carryover_periods: int,
    exposure: FloatArray,
    retention: FloatArray,
    peak_delay: FloatArray,
    half_saturation: FloatArray,
    slope: FloatArray,
    ceiling: FloatArray,
    frequency: FloatArray | None = None,
) -> FloatArray:
    """Outcome that one medium brought per draw and period: ceiling * saturation(adstock(exposure)).

    `exposure` and `frequency`, which `reach` alone needs, of shape (T,), zero before its first period; parameters of
    shape (S,). Returns shape (S, T).
    """
    weights = carryover_weights(adstock, carryover_periods, retention, peak_delay)
    stock = adstocked(saturation, weights, exposure, frequency, half_saturation, slope)
    return np.asarray(ceiling[:, None] * saturate(saturation, stock, half_saturation[:, None], slope[:, None]))


def channel_response(
    artifact: ResponseArtifact,
    channel: str,
    flighting: FloatArray,
    earlier_spend: FloatArray,
    frequency: FloatArray | None = None,
) -> ChannelResponse:
    """A channel's response to its budget when `flighting` says how the budget is phased.

    Parameters
    ----------
    artifact
        The fitted model.
    channel
        Name of one of its channels.
    flighting
        Share of the budget that each period of the horizon gets; sums to one. Shape (T,).
    earlier_spend
        Money per period before the horizon (of exposure, see `ResponseDraws.worked`), the last entry just before it.
        Shape (P,).
    frequency
        Contacts a person that money buys in each of these periods and then in the horizon, for a channel with reach and
        frequency; as many as last year unless given. Shape (P + T,), > 0.

    Raises
    ------
    KeyError
        When the artifact has no such channel.
    """
    if channel not in artifact.channels:
        raise KeyError(channel)
    index = artifact.channels.index(channel)
    info, draws = artifact.manifest.channels[index], artifact.draws
    curve = CurveDraws(
        adstock=info.adstock,
        saturation=info.saturation,
        carryover_periods=artifact.manifest.carryover_periods,
        retention=draws.retention[:, index],
        peak_delay=draws.peak_delay[:, index],
        half_saturation=draws.half_saturation[:, index],
        slope=draws.slope[:, index],
        ceiling=draws.ceiling[:, index],
    )
    if frequency is None and info.saturation == "reach":
        frequency = np.full(len(earlier_spend) + len(flighting), last_frequency(artifact, index))
    return response_of(channel, curve, flighting, earlier_spend, frequency)


def last_frequency(artifact: ResponseArtifact, index: int) -> float:
    """Impressions a person reached by a channel in the last year; of all history where it rested. One without reach."""
    draws, season = artifact.draws, SEASON_LAG[artifact.manifest.period]
    if draws.frequency is None:
        return 1.0
    for window in (slice(-season, None), slice(None)):
        worked = draws.worked[window, index]
        if worked.sum() > 0:
            return float(worked.sum() / (worked / draws.frequency[window, index]).sum())
    return 1.0


def response_of(
    channel: str,
    curve: CurveDraws,
    flighting: FloatArray,
    earlier_spend: FloatArray,
    frequency: FloatArray | None = None,
) -> ChannelResponse:
    """The response of any curve to a budget that is phased as `flighting` says; see `channel_response`.

    Of `reach` it is linear, with half-saturation and slope of one: frequency has bent each impression already.
    """
    lags = curve.carryover_periods
    weights = carryover_weights(curve.adstock, lags, curve.retention, curve.peak_delay)
    horizon = len(flighting)
    tail = lags - 1
    recent = np.zeros(tail)
    kept = earlier_spend[-tail:] if tail else earlier_spend[:0]
    recent[tail - len(kept) :] = kept
    contacts = None
    if frequency is not None:
        contacts = np.ones(2 * tail + horizon)
        contacts[tail - len(kept) : tail + horizon] = frequency[len(earlier_spend) - len(kept) :]

    def carried(exposure: FloatArray) -> FloatArray:
        bend = (curve.half_saturation, curve.slope)
        return adstocked(curve.saturation, weights, exposure, contacts, *bend)[:, tail:]

    is_bent = curve.saturation != "reach"
    return ChannelResponse(
        channel=channel,
        saturation=curve.saturation,
        carry=carried(np.concatenate([recent, np.zeros(horizon + tail)])),
        gain=carried(np.concatenate([np.zeros(tail), flighting, np.zeros(tail)])),
        half_saturation=curve.half_saturation if is_bent else np.ones_like(curve.half_saturation),
        slope=curve.slope if is_bent else np.ones_like(curve.slope),
        ceiling=curve.ceiling,
        horizon=horizon,
    )


def historical_contributions(artifact: ResponseArtifact) -> FloatArray:
    """Outcome that each paid channel brought in each period of the window. Shape (S, T, C)."""
    manifest, draws = artifact.manifest, artifact.draws
    return np.stack(
        [
            medium_contribution(
                info.adstock,
                info.saturation,
                manifest.carryover_periods,
                draws.worked[:, index],
                draws.retention[:, index],
                draws.peak_delay[:, index],
                draws.half_saturation[:, index],
                draws.slope[:, index],
                draws.ceiling[:, index],
                None if draws.frequency is None else draws.frequency[:, index],
            )
            for index, info in enumerate(manifest.channels)
        ],
        axis=2,
    )
