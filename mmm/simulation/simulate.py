"""Markets with a known truth: a seed and a kind of business in, data and the process behind them out.

The process of the world called `model` is of the family that the model fits (additive, adstock
then saturation). Its parameters come from `mmm.simulation.worlds`, and the data hold what a fit is
not told: autocorrelated demand, a season of more waves, budgets that follow promotions, a split
that nobody optimised. The other worlds of `mmm.simulation.world_names` depart from it, one at a time.
"""

import numpy as np

from mmm.simulation.agent_market import simulate_agents
from mmm.simulation.bent_spend import CORRELATION, follow_demand, follow_driver, move_together, on_air_twice
from mmm.simulation.brand_stock import draw_brand, feed_base, with_indicator
from mmm.simulation.departures import HiddenDriver, demand_led, departed_world, draw_hidden_driver, together
from mmm.simulation.forms import draw_forms
from mmm.simulation.media import draw_organic_media, draw_paid_media, media_outcome, whole_money
from mmm.simulation.scatter import draw_outcome
from mmm.simulation.setting import draw_setting, world_of
from mmm.simulation.surroundings import (
    Streams,
    Surroundings,
    demand_ahead,
    draw_base,
    draw_surroundings,
    observed_market,
)
from mmm.simulation.truth import SimulatedMarket, TrueProcess, Truth
from mmm.simulation.world_names import PANEL_WORLDS, WorldName
from mmm.simulation.worlds import BusinessKind
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
    world: WorldName = "model",
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
        Of the market; by default its business, its world and its seed.
    world
        What the process assumes: one of `WORLDS`.

    Raises
    ------
    ValueError
        When `business` or `world` is unknown, when `periods`, `seed` or `geos` is out of range, or
        when the business or a panel is not to be had in this world.
    """
    departed = departed_world(world_of(business), world)
    if not SHORTEST <= periods <= LONGEST:
        raise ValueError(f"periods: expected {SHORTEST} to {LONGEST} weeks, got {periods}")
    if seed < 0 or geos < 1:
        raise ValueError(f"expected seed >= 0 and geos >= 1, got seed {seed} and {geos} geos")
    if geos > 1 and world not in PANEL_WORLDS:
        raise ValueError(f"geos: world {world!r} is national, got {geos} geos")
    of_setting, *others = np.random.default_rng(seed).spawn(6)
    streams = Streams(*others)
    setting = draw_setting(of_setting, departed, language, periods, geos)
    around = draw_surroundings(streams, setting)
    apart = "" if world in ("model", "sparse_b2b") else f"-{world.replace('_', '-')}"
    name = name or f"{departed.name.of(language)}{apart}-{seed}"
    if world == "agents":
        return simulate_agents(streams, around, seed, name)
    return _from_formulas(streams, around, world, seed, name)


def _from_formulas(streams: Streams, around: Surroundings, world: WorldName, seed: int, name: str) -> SimulatedMarket:
    """A market whose media work by formulas and add up."""
    setting = around.setting
    periods = len(setting.weeks)
    hidden = draw_hidden_driver(streams.departure, setting.world, periods) if world == "missing_control" else None
    spend = _spend(streams, around, world, hidden)
    paid = draw_paid_media(streams.media, setting, spend, draw_forms(streams.departure, setting, world))
    organic = draw_organic_media(streams.media, setting, around.reach)
    contributions = media_outcome(spend, paid)
    unpaid = media_outcome(around.reach, organic).sum(axis=1)
    info, coefficients, base = draw_base(streams.base, around, (contributions.sum() + unpaid.sum()) / periods)
    if hidden is not None:
        base = base + hidden.brought(setting.level, setting.part)
    brand = draw_brand(streams.departure, setting, spend, paid) if world == "brand" else None
    if brand is not None:
        info, coefficients, fed = feed_base(brand, setting, info, coefficients)
        base = base + fed
    expected = base + unpaid + contributions.sum(axis=1)
    outcome, noise_scale = draw_outcome(streams.noise, setting, expected, around.shock.series)
    process = TrueProcess(
        paid=paid,
        organic=organic,
        baseline=info,
        coefficients=coefficients,
        shock_scale=around.shock.scale,
        noise_scale=noise_scale,
        shock_persistence=around.shock.persistence,
        geo_share=spend.sum(axis=0) / spend.sum(axis=(0, 2))[:, None],
    )
    truth = Truth(
        business=setting.world.kind,
        seed=seed,
        world=world,
        process=process,
        base=base,
        organic=unpaid,
        contributions=contributions,
        shock=around.shock.series,
        noise=outcome - expected - around.shock.series,
        hidden=None if hidden is None else hidden.brought(setting.level, setting.part),
        brand=brand,
    )
    market = observed_market(around, name, spend, outcome)
    return SimulatedMarket(market if brand is None else with_indicator(market, brand), truth)


def _spend(streams: Streams, around: Surroundings, world: WorldName, hidden: HiddenDriver | None) -> FloatArray:
    """What the planners of a world spend. Shape (T, C, G)."""
    setting, spend, rng = around.setting, around.usual_spend, streams.departure
    match world:
        case "spend_follows_demand":
            bent = follow_demand(rng, spend, demand_ahead(streams.base, around), demand_led(setting.world))
        case "correlated_channels" | "twins":
            bent = move_together(rng, spend, together(setting.world, world), CORRELATION[world])
        case "bursts":
            bent = on_air_twice(rng, spend, 0)
        case "missing_control" if hidden is not None:
            bent = follow_driver(spend, hidden.series)
        case _:
            return spend
    return whole_money(bent, setting)
