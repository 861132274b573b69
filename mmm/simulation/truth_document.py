"""The truth of a simulated market as a plain document: what truth.json holds."""

import json
import re
from collections.abc import Mapping

import numpy as np

from mmm.simulation.agent_outlook import LivedResponse
from mmm.simulation.brand_stock import true_long_run
from mmm.simulation.outlook import Outlook, TrueSplit
from mmm.simulation.truth import SimulatedMarket
from mmm.vocabulary import SEASON_LAG, FloatArray

type Json = Mapping[str, "Json"] | list["Json"] | str | float | int | bool | None

CURVE_POINTS = 41
"""Points of a curve, from no spend to twice the largest spend seen over such a horizon."""
_DIGITS = 7
"""Significant digits of figures: more than a reader needs, few enough to be equal on every machine."""
_FORMULA = "outcome = base + organic + sum of channel contributions + shock + noise"
_FORMULA_OF_PEOPLE = (
    "outcome = base + organic + sum of channel contributions + interaction + shock + noise; "
    "a contribution is what would be missing without that channel alone"
)
_NUMBERS_ON_LINES = re.compile(r"\[\s+(-?[\d.][^\[\]{}\"]*?)\s+\]")


def truth_text(simulated: SimulatedMarket, outlook: Outlook) -> str:
    """The content of truth.json: sorted as a reader wants it, each list of numbers on one line."""
    text = json.dumps(truth_document(simulated, outlook), ensure_ascii=False, indent=2)
    return _NUMBERS_ON_LINES.sub(lambda found: "[" + re.sub(r"\s+", " ", found.group(1)) + "]", text) + "\n"


def truth_document(simulated: SimulatedMarket, outlook: Outlook) -> dict[str, Json]:
    """Everything that is true of a simulated market, in outcome units and money, geos added up where not named."""
    market, truth = simulated.market, simulated.truth
    outcome = market.spec.outcomes[0]
    value = market.values_per_unit[outcome.name]
    return {
        "market": market.name,
        "business": truth.business,
        **({} if truth.world == "model" else {"world": truth.world}),
        "seed": truth.seed,
        "language": market.spec.market.language,
        "currency": market.spec.market.currency,
        "data_digest": market.data_digest,
        "window": {"start": market.dates[0].isoformat(), "periods": len(market.dates), "period": "week"},
        "outcome": {
            "name": outcome.name,
            "unit": outcome.unit,
            "value_per_unit": None if value is None else _figure(value[-1].mean()),
            "formula": _FORMULA if truth.interaction is None else _FORMULA_OF_PEOPLE,
        },
        "media_share": _figure(truth.media_share),
        "channels": [_channel(simulated, outlook, index) for index in range(len(market.spec.channels))],
        "organic": [_organic(simulated, index) for index in range(len(market.spec.organic))],
        "baseline": _baseline(simulated),
        "scatter": {
            "shock_scale": _per_geo(simulated, truth.process.shock_scale),
            "shock_persistence": _figure(truth.process.shock_persistence),
            "noise_scale": _per_geo(simulated, truth.process.noise_scale),
        },
        "series": {
            "base": _figures(truth.base.sum(axis=1)),
            "organic": _figures(truth.organic.sum(axis=1)),
            "shock": _figures(truth.shock.sum(axis=1)),
            "noise": _figures(truth.noise.sum(axis=1)),
            "expected": _figures(truth.expected.sum(axis=1)),
            **({} if truth.interaction is None else {"interaction": _figures(truth.interaction.sum(axis=1))}),
            **({} if truth.hidden is None else {"hidden_driver": _figures(truth.hidden.sum(axis=1))}),
        },
        **_brand(simulated),
        "outlook": _outlook(simulated, outlook),
        **_surface(outlook),
    }


def _channel(simulated: SimulatedMarket, outlook: Outlook, index: int) -> dict[str, Json]:
    market, truth = simulated.market, simulated.truth
    channel, paid = market.spec.channels[index], truth.process.paid
    spend = market.spend[:, index].sum(axis=1)
    brought = truth.contributions[:, index].sum(axis=1)
    values = market.values_per_unit[market.spec.outcomes[0].name]
    worth = brought * (1.0 if values is None else values.mean(axis=1))
    spacing = np.linspace(0.0, 1.0, CURVE_POINTS)
    # Curves of other families may be steep at no money: their points lie closer there.
    budgets = 2.0 * _largest(spend, outlook.periods) * (spacing if truth.world == "model" else spacing**2)
    reference = float(outlook.reference_spend[index])
    return {
        "name": channel.name,
        "role": channel.main_role,
        "adstock": paid.adstock[index],
        "saturation": paid.saturation[index],
        "retention": _figure(paid.retention[index]),
        "peak_delay": _figure(paid.peak_delay[index]),
        "half_saturation": _per_geo(simulated, paid.half_saturation[index]),
        "slope": _figure(paid.slope[index]),
        "ceiling": _per_geo(simulated, paid.ceiling[index]),
        **({} if paid.effectiveness is None else {"effectiveness_per_period": _figures(paid.effectiveness[:, index])}),
        "spend": _money(spend.sum()),
        "contribution": _figure(brought.sum()),
        "share_of_outcome": _figure(brought.sum() / truth.expected.sum()),
        "roas": _figure(worth.sum() / spend.sum()),
        "cpa": _figure(spend.sum() / brought.sum()),
        "contribution_per_period": _figures(brought),
        "curve": {
            "spend": [_money(budget) for budget in budgets],
            "incremental": _figures(outlook.curve(index, budgets)),
        },
        "at_last_years_spend": {
            "spend": _money(reference),
            "incremental": _figure(outlook.curve(index, np.array([reference]))[0]),
            "marginal": _figure(outlook.marginal(index, reference)),
        },
    }


def _organic(simulated: SimulatedMarket, index: int) -> dict[str, Json]:
    medium, media = simulated.market.spec.organic[index], simulated.truth.process.organic
    return {
        "name": medium.name,
        "adstock": media.adstock[index],
        "saturation": media.saturation[index],
        "retention": _figure(media.retention[index]),
        "half_saturation": _per_geo(simulated, media.half_saturation[index]),
        "ceiling": _per_geo(simulated, media.ceiling[index]),
    }


def _baseline(simulated: SimulatedMarket) -> dict[str, Json]:
    process = simulated.truth.process
    info = process.baseline
    return {
        "terms": info.model_dump(mode="json", exclude=set() if info.brand else {"brand"}),
        "coefficients": [_per_geo(simulated, term) for term in process.coefficients],
    }


def _brand(simulated: SimulatedMarket) -> dict[str, Json]:
    """The slow stock, and what last year's spend of its channels brings through it, where there is one."""
    market, brand = simulated.market, simulated.truth.brand
    if brand is None:
        return {}
    spend = market.spend.sum(axis=2)
    year = slice(max(0, len(market.dates) - SEASON_LAG["week"]), len(market.dates))
    level = float(simulated.truth.process.coefficients[-1].sum())
    value = market.values_per_unit[market.spec.outcomes[0].name]
    worth = 1.0 if value is None else float(value[-1].mean())
    brought = level * true_long_run(brand, spend, year)
    channels: list[Json] = []
    for place, (channel, curve) in enumerate(zip(brand.channels, brand.curves, strict=True)):
        spent = float(spend[year, channel].sum())
        channels.append(
            {
                "name": market.spec.channels[channel].name,
                "saturation": curve.saturation,
                "retention": _figure(curve.retention[0]),
                "half_saturation": _figure(curve.half_saturation[0]),
                "slope": _figure(curve.slope[0]),
                "ceiling": _figure(curve.ceiling[0]),
                "spend_before": _money(brand.before[place]),
                "last_years_spend": _money(spent),
                "long_run_contribution": _figure(brought[place]),
                "long_run_roas": _figure(worth * brought[place] / spent) if spent > 0 else None,
            }
        )
    return {
        "brand": {
            "elasticity": _figure(brand.elasticity),
            "level": _figures(brand.level),
            "channels": channels,
        }
    }


def _outlook(simulated: SimulatedMarket, outlook: Outlook) -> dict[str, Json]:
    budget = float(outlook.reference_spend.sum())
    return {
        "start": outlook.start.isoformat(),
        "periods": outlook.periods,
        "flighting": "even",
        "budget": _money(budget),
        "brand_band": [_figure(end) for end in outlook.band],
        "base": _figure(outlook.base),
        "scatter": _figure(outlook.scatter),
        "last_years_split": _split(simulated, outlook, outlook.judge(outlook.reference_spend)),
        "best_split": _split(simulated, outlook, outlook.best(budget, outlook.band)),
        "best_split_without_band": _split(simulated, outlook, outlook.best(budget, None)),
    }


def _surface(outlook: Outlook) -> dict[str, Json]:
    """The surface through what splits bring, where channels interact; see `mmm.simulation.surface`."""
    response = outlook.response
    if not isinstance(response, LivedResponse):
        return {}
    surface = response.surface
    return {
        "surface": {
            "terms": "u = log(1 + spend / scale); u, then u_i u_j for i <= j row by row, then u^3",
            "scale": _figures(surface.scale),
            "coefficients": _figures(surface.coefficients),
            "error": _figure(surface.error),
            "worst_error": _figure(surface.worst_error),
        }
    }


def _split(simulated: SimulatedMarket, outlook: Outlook, split: TrueSplit) -> dict[str, Json]:
    names = [channel.name for channel in simulated.market.spec.channels]
    return {
        "incremental": _figure(split.incremental),
        "within_horizon": _figure(split.within_horizon),
        "brand_share": _figure(split.spend[outlook.is_brand].sum() / split.spend.sum()),
        "spend": {name: _money(amount) for name, amount in zip(names, split.spend, strict=True)},
    }


def _per_geo(simulated: SimulatedMarket, values: FloatArray) -> Json:
    """A figure, or in a panel one a geo."""
    if not simulated.market.is_panel:
        return _figure(values[0])
    return {geo: _figure(number) for geo, number in zip(simulated.market.geos, values, strict=True)}


def _largest(spend: FloatArray, periods: int) -> float:
    return float(np.convolve(spend, np.ones(periods), mode="valid").max())


def _figures(values: FloatArray) -> list[Json]:
    return [_figure(number) for number in values]


def _figure(number: float) -> float | None:
    """A number as written; None for what is not known, or infinite."""
    return float(f"{float(number):.{_DIGITS}g}") if np.isfinite(number) else None


def _money(amount: float) -> float:
    return round(float(amount), 2)
