"""What an artifact holds of the long run through brand: where it comes from, and the slow curve of each channel.

Pure records; `mmm.brand` makes them and `mmm.long_run_figures` reads them.
"""

from dataclasses import dataclass, fields

from mmm.parsing import StrictModel
from mmm.vocabulary import Evidence, FloatArray, SaturationKind


class IndicatorInfo(StrictModel):
    """An indicator of brand, and what could be learned from it.

    Attributes
    ----------
    readings, years
        Number of periods with a reading, and years from the first to the last.
    reliability
        Share of what its level varies over time in that and the error of the level, in [0, 1]; None without a fit.
    is_used
        Whether its level is part of the outcome's base.
    """

    name: str
    kind: str
    readings: int
    years: float
    reliability: float | None
    is_used: bool


class SlowCurveInfo(StrictModel):
    """One slow curve of a channel: with an indicator what its spend does through that; else its short run, drawn out.

    `contraction` is one minus posterior over prior sd of the logarithm of what the channel did to the indicator.
    """

    channel: str
    evidence: Evidence
    saturation: SaturationKind
    indicator: str | None = None
    contraction: float | None = None


class LongRunInfo(StrictModel):
    """The long run through brand of one outcome. E slow curves, I indicators.

    Attributes
    ----------
    carryover_periods
        Number of lags of the slow curves.
    curves
        Axis E of `LongRunDraws`. A channel with several indicators has a curve for each: they add up.
    indicators
        Axis I of `LongRunDraws`.
    elasticity_contraction
        One minus posterior over prior sd of the outcome's elasticity to the level of the brand; None without one.
    """

    carryover_periods: int
    curves: tuple[SlowCurveInfo, ...]
    indicators: tuple[IndicatorInfo, ...] = ()
    elasticity_contraction: float | None = None


@dataclass(frozen=True, slots=True)
class LongRunDraws:
    """Slow curves and the history of the brand. S draws, E slow curves, I indicators, T periods.

    Attributes
    ----------
    retention, half_saturation, slope, ceiling
        As in `mmm.artifact.ResponseDraws`, of geometric carryover. A ceiling is in units of the outcome, and negative
        where the outcome falls while the brand grows. Shape (S, E).
    readings
        Of each indicator: volume, or share of answers; zero where there is none. Shape (T, I).
    weights
        What a reading counts, about one; zero where there is none. Shape (T, I).
    level
        Mean, 5 and 95 % quantile of the level of each indicator in its own unit, season and events taken out; zero
        without a fit. Shape (3, T, I).
    """

    retention: FloatArray
    half_saturation: FloatArray
    slope: FloatArray
    ceiling: FloatArray
    readings: FloatArray
    weights: FloatArray
    level: FloatArray


LONG_RUN_PREFIX = "long_run_"
"""What names of these arrays begin with in an artifact's table."""


def long_run_arrays(draws: LongRunDraws | None) -> dict[str, FloatArray]:
    """The arrays by their names in an artifact's table; none where there is no long run."""
    if draws is None:
        return {}
    return {f"{LONG_RUN_PREFIX}{field.name}": getattr(draws, field.name) for field in fields(draws)}


def long_run_shapes(info: LongRunInfo | None, draws: int, periods: int) -> dict[str, tuple[int, ...]]:
    """Shape that each of these arrays must have, by its name in an artifact's table."""
    if info is None:
        return {}
    curve, count = (draws, len(info.curves)), len(info.indicators)
    shapes: dict[str, tuple[int, ...]] = dict.fromkeys(("retention", "half_saturation", "slope", "ceiling"), curve)
    shapes |= {"readings": (periods, count), "weights": (periods, count), "level": (3, periods, count)}
    return {f"{LONG_RUN_PREFIX}{name}": shape for name, shape in shapes.items()}
