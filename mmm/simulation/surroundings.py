"""What a simulated market has before its media work: its setting, its usual spend, its controls, its shocks."""

from copy import deepcopy
from dataclasses import dataclass

import numpy as np

from mmm.baseline import baseline_design
from mmm.manifest import BaselineInfo, EventInfo
from mmm.market import Market, with_data_digest
from mmm.simulation.base import draw_baseline, draw_controls, draw_event
from mmm.simulation.media import draw_organic_reach, draw_spend
from mmm.simulation.scatter import Shock, draw_shock
from mmm.simulation.setting import Setting
from mmm.simulation.spec import simulated_spec
from mmm.vocabulary import FloatArray


@dataclass(frozen=True, slots=True)
class Streams:
    """Sources of randomness, apart from each other: a change in what one draws leaves the others as they were."""

    spend: np.random.Generator
    media: np.random.Generator
    base: np.random.Generator
    noise: np.random.Generator
    departure: np.random.Generator


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What media meet.

    Attributes
    ----------
    setting
        Size, weeks and places.
    usual_spend
        Spend of planners in the model's world. Shape (T, C, G).
    reach
        Readers of media without cost. Shape (T, O, G).
    controls
        Shape (T, number of controls).
    event
        The one event.
    shock
        Demand that no column explains.
    """

    setting: Setting
    usual_spend: FloatArray
    reach: FloatArray
    controls: FloatArray
    event: EventInfo
    shock: Shock


def draw_surroundings(streams: Streams, setting: Setting) -> Surroundings:
    """Surroundings within the ranges of the setting's world."""
    return Surroundings(
        setting=setting,
        usual_spend=draw_spend(streams.spend, setting),
        reach=draw_organic_reach(streams.spend, setting),
        controls=draw_controls(streams.base, setting),
        event=draw_event(streams.base, setting),
        shock=draw_shock(streams.noise, setting),
    )


def draw_base(
    rng: np.random.Generator, around: Surroundings, media: float
) -> tuple[BaselineInfo, FloatArray, FloatArray]:
    """Terms of the baseline, their coefficients (K, G) and the base itself (T, G), when media bring `media` a week."""
    info, coefficients = draw_baseline(rng, around.setting, around.controls, around.event, media)
    design = baseline_design(info, np.arange(len(around.setting.weeks)), around.controls)
    return info, coefficients, design @ coefficients


def demand_ahead(rng: np.random.Generator, around: Surroundings) -> FloatArray:
    """Demand without media over its mean, the shock included; `rng` is left as it was. Shape (T, G)."""
    _, _, base = draw_base(deepcopy(rng), around, 0.0)
    demand = base + around.shock.series
    return np.asarray(demand / demand.mean(axis=0))


def observed_market(around: Surroundings, name: str, spend: FloatArray, outcome: FloatArray) -> Market:
    """The market as its data show it."""
    setting = around.setting
    geos = len(setting.geos)
    spec = simulated_spec(setting, around.event, name)
    kpi = spec.outcomes[0].name
    return with_data_digest(
        Market(
            spec=spec,
            dates=setting.weeks,
            geos=setting.geos,
            population=setting.population if geos > 1 else None,
            outcomes={kpi: outcome},
            values_per_unit={kpi: np.full_like(outcome, setting.value)},
            spend=spend,
            exposure={},
            controls={
                control.name: around.controls[:, [index]].repeat(geos, axis=1)
                for index, control in enumerate(spec.controls)
            },
            organic={medium.name: around.reach[:, index] for index, medium in enumerate(spec.organic)},
        )
    )
