"""Markets with a known truth: a seed and a kind of business in, data and the process behind them out.

The process is of the family that the model fits (additive, adstock then saturation), because a
truth must be expressible to be compared. Its parameters come from `mmm.simulation.worlds`, and the data hold
what a fit is not told: autocorrelated demand, a season of more waves, budgets that follow
promotions, a split that nobody optimised.
"""

from dataclasses import dataclass

import numpy as np

from mmm.baseline import baseline_design
from mmm.market import Market, with_data_digest
from mmm.simulation.base import draw_baseline, draw_controls, draw_event
from mmm.simulation.media import (
    draw_organic_media,
    draw_organic_reach,
    draw_paid_media,
    draw_spend,
    media_outcome,
)
from mmm.simulation.setting import Setting, draw, draw_setting, world_of
from mmm.simulation.spec import simulated_spec
from mmm.simulation.spend_habits import autocorrelated
from mmm.simulation.truth import SimulatedMarket, TrueProcess, Truth
from mmm.simulation.worlds import ORGANIC_ADSTOCK, ORGANIC_SATURATION, BusinessKind
from mmm.spec import MarketSpec
from mmm.vocabulary import FloatArray, Language

SHORTEST, LONGEST = 52, 520
"""Fewest and most weeks of a simulated market."""


def simulate_market(
    business: BusinessKind,
    *,
    periods: int = 156,
    seed: int,
    language: Language = "en",
    geos: int = 1,
    name: str | None = None,
) -> SimulatedMarket:
    """A weekly market of one kind of business, drawn from `seed`, with its truth.

    Parameters
    ----------
    business
        `b2c`: orders in the thousands a week, fast search, social and e-commerce. `b2b`: a few
        dozen leads a week, long carryover, trade media and fairs.
    periods
        Weeks of data, from 52 to 520; the last one ends with the third quarter of 2026.
    seed
        Equal seeds give equal markets.
    language
        Of the names: `en` in USD, `zh` in CNY.
    geos
        1 for a national market, more for a panel.
    name
        Of the market; by default its world and seed.

    Raises
    ------
    ValueError
        When `business` is unknown, or `periods`, `seed` or `geos` is out of range.
    """
    world = world_of(business)
    if not SHORTEST <= periods <= LONGEST:
        raise ValueError(f"periods: expected {SHORTEST} to {LONGEST} weeks, got {periods}")
    if seed < 0 or geos < 1:
        raise ValueError(f"expected seed >= 0 and geos >= 1, got seed {seed} and {geos} geos")
    of_setting, of_spend, of_media, of_base, of_noise = np.random.default_rng(seed).spawn(5)
    setting = draw_setting(of_setting, world, language, periods, geos)
    spend = draw_spend(of_spend, setting)
    reach = draw_organic_reach(of_spend, setting)
    controls, event = draw_controls(of_base, setting), draw_event(of_base, setting)
    paid = draw_paid_media(of_media, setting, spend)
    organic = draw_organic_media(of_media, setting, reach)
    contributions = media_outcome([(c.adstock, c.saturation) for c in world.channels], spend, paid)
    unpaid = media_outcome([(ORGANIC_ADSTOCK, ORGANIC_SATURATION)] * reach.shape[1], reach, organic).sum(axis=1)
    info, coefficients = draw_baseline(
        of_base, setting, controls, event, (contributions.sum() + unpaid.sum()) / periods
    )
    base = baseline_design(info, np.arange(periods), controls) @ coefficients
    expected = base + unpaid + contributions.sum(axis=1)
    scatter = _draw_scatter(of_noise, setting, expected)
    process = TrueProcess(
        paid=paid,
        organic=organic,
        baseline=info,
        coefficients=coefficients,
        shock_scale=scatter.shock_scale,
        noise_scale=scatter.noise_scale,
        shock_persistence=scatter.shock_persistence,
        geo_share=spend.sum(axis=0) / spend.sum(axis=(0, 2))[:, None],
    )
    spec = simulated_spec(setting, event, name or f"{world.name.of(language)}-{seed}")
    noise = scatter.outcome - expected - scatter.shock
    truth = Truth(business, seed, process, base, unpaid, contributions, scatter.shock, noise)
    return SimulatedMarket(_market(setting, spec, spend, reach, controls, scatter.outcome), truth)


@dataclass(frozen=True, slots=True)
class _Scatter:
    """Shocks and noise, and the outcome that came of them. Arrays as in `Truth` and `TrueProcess`."""

    outcome: FloatArray
    shock: FloatArray
    shock_scale: FloatArray
    noise_scale: FloatArray
    shock_persistence: float


def _draw_scatter(rng: np.random.Generator, setting: Setting, expected: FloatArray) -> _Scatter:
    world, (periods, geos) = setting.world, expected.shape
    persistence = draw(rng, world.shock_persistence)
    shock_scale = setting.level * draw(rng, world.shock) * setting.part
    shock = shock_scale * np.stack([autocorrelated(rng, periods, persistence) for _ in range(geos)], axis=1)
    if world.noise is None:
        outcome = rng.poisson(expected + shock).astype(np.float64)
        noise_scale = np.sqrt(expected.mean(axis=0))
    else:
        # A geo's noise falls with the root of its size, so that the nation's is that of the world.
        noise_scale = setting.level * draw(rng, world.noise) * np.sqrt(setting.part)
        outcome = np.rint(expected + shock + noise_scale * rng.standard_normal((periods, geos)))
    return _Scatter(outcome, shock, shock_scale, noise_scale, persistence)


def _market(
    setting: Setting, spec: MarketSpec, spend: FloatArray, reach: FloatArray, controls: FloatArray, outcome: FloatArray
) -> Market:
    geos = len(setting.geos)
    name = spec.outcomes[0].name
    return with_data_digest(
        Market(
            spec=spec,
            dates=setting.weeks,
            geos=setting.geos,
            population=setting.population if geos > 1 else None,
            outcomes={name: outcome},
            values_per_unit={name: np.full_like(outcome, setting.value)},
            spend=spend,
            exposure={},
            controls={
                control.name: controls[:, [index]].repeat(geos, axis=1) for index, control in enumerate(spec.controls)
            },
            organic={medium.name: reach[:, index] for index, medium in enumerate(spec.organic)},
        )
    )
