"""Baseline of a simulated market: trend, season, controls and an event."""

import numpy as np

from mmm.baseline import baseline_design
from mmm.manifest import BaselineInfo, EventInfo
from mmm.simulation.occasions import holidays, promotions
from mmm.simulation.setting import Setting, draw
from mmm.simulation.spend_habits import autocorrelated
from mmm.simulation.worlds import WorldControl
from mmm.vocabulary import PERIODS_PER_YEAR, FloatArray

SEASON_WAVES = 4
"""Fourier pairs of the true season: one more than a weekly model usually has."""
_TREND_BEND = 0.04
"""Standard deviation of a change of growth a year, as a part of the level."""


def draw_controls(rng: np.random.Generator, setting: Setting) -> FloatArray:
    """Series of the controls, equal in all geos, rounded as in a file. Shape (T, number of controls)."""
    return np.stack([_series(rng, setting, control) for control in setting.world.controls], axis=1)


def draw_event(rng: np.random.Generator, setting: Setting) -> EventInfo:
    """The one event that the market remembers, somewhere in the middle of its history."""
    periods = len(setting.weeks)
    return EventInfo(
        name=setting.world.event.of(setting.language),
        start=int(rng.integers(periods // 4, 3 * periods // 4)),
        periods=int(rng.integers(3, 6)),
    )


def draw_baseline(
    rng: np.random.Generator, setting: Setting, controls: FloatArray, event: EventInfo, media: float
) -> tuple[BaselineInfo, FloatArray]:
    """The baseline's terms and their coefficients per geo, shape (K, G).

    `media` is what all media, paid and organic, bring a week; the intercept is what is left of the level.
    """
    world, level, periods = setting.world, setting.level, len(setting.weeks)
    scales = controls.std(axis=0)
    info = BaselineInfo(
        trend_unit=PERIODS_PER_YEAR["week"],
        has_slope=True,
        knots=tuple(round(float(knot), 1) for knot in np.array([0.3, 0.6]) * periods + rng.uniform(-8.0, 8.0, 2)),
        fourier_pairs=SEASON_WAVES,
        season_length=PERIODS_PER_YEAR["week"],
        controls=tuple(control.name.of(setting.language) for control in world.controls),
        control_means=tuple(float(mean) for mean in controls.mean(axis=0)),
        control_scales=tuple(float(scale) for scale in scales),
        events=(event,),
    )
    waves = draw(rng, world.season) / np.arange(1, SEASON_WAVES + 1) ** 1.5
    phases = rng.uniform(0.0, 2.0 * np.pi, SEASON_WAVES)
    effects = [
        _effect_per_unit(control, draw(rng, control.effect), scale)
        for control, scale in zip(world.controls, scales, strict=True)
    ]
    relative = np.concatenate(
        [
            [0.0, draw(rng, world.growth)],
            _TREND_BEND * rng.standard_normal(len(info.knots)),
            np.column_stack([waves * np.sin(phases), waves * np.cos(phases)]).ravel(),
            np.array(effects) * scales,
            [draw(rng, world.event_effect)],
        ]
    )
    coefficients = level * relative
    design = baseline_design(info, np.arange(periods), controls)
    coefficients[0] = level - media - (design @ coefficients).mean()
    return info, np.outer(coefficients, setting.part)


def _series(rng: np.random.Generator, setting: Setting, control: WorldControl) -> FloatArray:
    kind, language, weeks = setting.world.kind, setting.language, setting.weeks
    match control.series:
        case "promotions":
            return np.round(promotions(kind, language, weeks), 3)
        case "holidays":
            return np.round(holidays(kind, language, weeks), 3)
        case "price":
            drift = autocorrelated(rng, len(weeks), control.persistence)
            weekly = 0.4 * rng.standard_normal(len(weeks))
            cheaper = 4.0 * promotions(kind, language, weeks)
            return np.round(control.center + control.scale * drift + weekly - cheaper, 1)
        case "index":
            return np.round(control.center + control.scale * autocorrelated(rng, len(weeks), control.persistence), 1)


def _effect_per_unit(control: WorldControl, effect: float, scale: float) -> float:
    """Relative change of the outcome per unit of the control's series."""
    match control.series:
        case "promotions" | "holidays":
            return effect
        case "price":
            return effect / control.center
        case "index":
            return effect / scale
