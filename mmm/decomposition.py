"""What the outcome of each period is made of: the parts of the base, organic media and paid channels.

The parts add up to the fitted outcome in every draw and every period. NumPy alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np

from mmm.artifact import ResponseArtifact
from mmm.baseline import baseline_design
from mmm.contribution import Figure, figure
from mmm.curves import historical_contributions, medium_contribution
from mmm.manifest import BaselineInfo
from mmm.periods import period_range
from mmm.vocabulary import FloatArray

type PartKind = Literal["level", "season", "control", "event", "week", "holiday", "brand", "organic", "channel"]

BASE: tuple[PartKind, ...] = ("level", "season", "control", "event", "week", "holiday", "brand", "organic")
"""Parts that no paid channel brings."""

SEASON_AND_CAUSES: tuple[PartKind, ...] = ("season", "control", "event", "week", "holiday", "brand")
"""Parts that count against a norm, and so may be negative: the average of the year, the week, a control or the brand,
no event and no holiday."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the outcome; `name` is that of a control, event, holiday, medium or channel, else empty."""

    kind: PartKind
    name: str = ""


@dataclass(frozen=True, slots=True)
class Decomposition:
    """The outcome of a history, part by part. S draws, T periods, P parts.

    Attributes
    ----------
    parts
        Level (intercept and trend), season, controls, events, day of the week, holidays, brand, organic media, paid
        channels; those that the model has.
    dates
        Start of each period. Length T.
    brought
        Outcome units of each part. Controls and brand count against their average, the season against that of the
        year.
        Shape (S, T, P).
    outcome
        What was observed. Shape (T,).
    noise_scale
        Standard deviation of one period's noise, outcome units. Shape (S,).
    """

    parts: tuple[Part, ...]
    dates: tuple[date, ...]
    brought: FloatArray
    outcome: FloatArray
    noise_scale: FloatArray

    @property
    def fitted(self) -> FloatArray:
        """Outcome that the model expects, without noise. Shape (S, T)."""
        return np.asarray(self.brought.sum(axis=2))

    def of(self, kinds: Iterable[PartKind]) -> FloatArray:
        """What the parts of these kinds brought together. Shape (S, T)."""
        wanted = set(kinds)
        places = [place for place, part in enumerate(self.parts) if part.kind in wanted]
        return np.asarray(self.brought[:, :, places].sum(axis=2))


@dataclass(frozen=True, slots=True)
class Series:
    """A quantity by period: mean and 5 and 95 % quantiles over the draws, each of shape (T,)."""

    mean: FloatArray
    p05: FloatArray
    p95: FloatArray


def decompose(artifact: ResponseArtifact) -> Decomposition:
    """The history of a model's outcome, part by part."""
    manifest, draws = artifact.manifest, artifact.draws
    columns = baseline_design(manifest.baseline, np.arange(manifest.window_periods), draws.controls)
    parts: list[Part] = []
    brought: list[FloatArray] = []
    for part, places in _baseline_columns(manifest.baseline):
        parts.append(part)
        brought.append(draws.baseline[:, places] @ columns[:, places].T)
    for place, medium in enumerate(manifest.organic):
        parts.append(Part("organic", medium.name))
        brought.append(
            medium_contribution(
                medium.adstock,
                medium.saturation,
                manifest.carryover_periods,
                draws.organic[:, place],
                draws.organic_retention[:, place],
                draws.organic_peak_delay[:, place],
                draws.organic_half_saturation[:, place],
                draws.organic_slope[:, place],
                draws.organic_ceiling[:, place],
            )
        )
    parts += [Part("channel", channel) for channel in artifact.channels]
    return Decomposition(
        parts=tuple(parts),
        dates=period_range(manifest.window_start, manifest.window_periods, manifest.period),
        brought=np.concatenate([np.stack(brought, axis=2), historical_contributions(artifact)], axis=2),
        outcome=draws.outcome,
        noise_scale=draws.noise_scale,
    )


def series(draws: FloatArray) -> Series:
    """Mean and 90 % interval by period of draws of shape (S, T)."""
    low, high = np.quantile(draws, (0.05, 0.95), axis=0)
    return Series(draws.mean(axis=0), low, high)


def part_series(decomposition: Decomposition) -> tuple[Series, ...]:
    """Each part by period, in the order of `parts`."""
    return tuple(series(decomposition.brought[:, :, place]) for place in range(len(decomposition.parts)))


def expected_series(decomposition: Decomposition, rng: np.random.Generator) -> Series:
    """The fitted outcome by period, with the interval in which nine of ten observations should lie.

    The interval counts the noise of a single period, which `rng` draws; the mean does not.
    """
    fitted = decomposition.fitted
    noisy = series(fitted + decomposition.noise_scale[:, None] * rng.standard_normal(fitted.shape))
    return Series(fitted.mean(axis=0), noisy.p05, noisy.p95)


@dataclass(frozen=True, slots=True)
class PartChange:
    """A part in the last year and in the year before, in outcome units; `change` over the draws."""

    part: Part
    before: float
    after: float
    change: Figure


@dataclass(frozen=True, slots=True)
class YearOnYear:
    """Why the last year differs from the year before.

    `changes` and `unexplained` add up to `actual_after - actual_before`.
    """

    first_before: int
    first_after: int
    changes: tuple[PartChange, ...]
    actual_before: float
    actual_after: float
    unexplained: float


def year_on_year(decomposition: Decomposition, season: int) -> YearOnYear | None:
    """The last year against the one before, part by part; None where the history has no two years.

    Parameters
    ----------
    decomposition
        Of the whole history.
    season
        Periods a year.
    """
    periods = len(decomposition.dates)
    if periods < 2 * season:
        return None
    first_before, first_after = periods - 2 * season, periods - season
    before = decomposition.brought[:, first_before:first_after].sum(axis=1)
    after = decomposition.brought[:, first_after:].sum(axis=1)
    actual_before = float(decomposition.outcome[first_before:first_after].sum())
    actual_after = float(decomposition.outcome[first_after:].sum())
    changes = tuple(
        PartChange(
            part=part,
            before=float(before[:, place].mean()),
            after=float(after[:, place].mean()),
            change=figure(after[:, place] - before[:, place]),
        )
        for place, part in enumerate(decomposition.parts)
    )
    explained = sum(change.change.mean for change in changes)
    return YearOnYear(
        first_before=first_before,
        first_after=first_after,
        changes=changes,
        actual_before=actual_before,
        actual_after=actual_after,
        unexplained=actual_after - actual_before - explained,
    )


def spend_range(spend: FloatArray, periods: int) -> tuple[float, float]:
    """Smallest and largest sum of spend over so many consecutive periods of history.

    `spend` is money per period, shape (T,) with T >= `periods`.
    """
    sums = np.convolve(spend, np.ones(periods), mode="valid")
    return float(sums.min()), float(sums.max())


def _baseline_columns(info: BaselineInfo) -> list[tuple[Part, slice]]:
    """The parts of the baseline, and which columns of `mmm.baseline.baseline_design` each has."""
    groups: list[tuple[Part, int]] = [(Part("level"), 1 + info.has_slope + len(info.knots))]
    if info.fourier_pairs:
        groups.append((Part("season"), 2 * info.fourier_pairs))
    groups += [(Part("control", name), 1) for name in info.controls]
    groups += [(Part("event", event.name), 1) for event in info.events]
    if info.week_pairs:
        groups.append((Part("week"), 2 * info.week_pairs))
    groups += [(Part("holiday", holiday.name), 1) for holiday in info.holidays]
    if info.brand:
        groups.append((Part("brand"), 1))
    placed, start = [], 0
    for part, width in groups:
        placed.append((part, slice(start, start + width)))
        start += width
    return placed
