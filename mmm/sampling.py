"""NUTS over the compiled density: where chains start, how carefully they walk, what they report."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mmm.coordinates import Coordinates, round_coordinates
from mmm.errors import FitError
from mmm.kernel.data import KernelData
from mmm.kernel.evaluation import amplitudes_of, density_function, density_of, packed, parameters_of
from mmm.kernel.panel_data import PanelData
from mmm.kernel.positions import compiled_copy
from mmm.nuts import CompiledDensity, finished_trace, start_sampling
from mmm.vocabulary import FloatArray

START_SPREAD = 1.5
"""Chains start around the mode, in standard deviations of the normal that the density looks like there: further apart
than the posterior's draws, so that R-hat means something."""

NEARER_STARTS = 10
"""How often the distance of a start from the mode is halved until the density there is a number."""

TARGET_ACCEPT = 0.7
"""Acceptance that the step size is adapted to: the integrated posterior is smooth, and longer steps than nutpie's
default of 0.8 give a fifth more effective draws for the same time. Divergences are gated."""

CAREFUL_ACCEPT = 0.9
"""The same where linear terms are sampled: more directions, and a wall where media bring more than there is."""

SHORT_STEPS_ACCEPT = 0.95
"""The same where longer steps have diverged."""

POLL_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Effort:
    """How long to sample: chains, and draws after `tune` draws of warm-up in each; whether with short steps."""

    chains: int
    draws: int
    tune: int
    has_short_steps: bool = False

    @property
    def total(self) -> int:
        """All draws of all chains, warm-up included."""
        return self.chains * (self.draws + self.tune)


@dataclass(frozen=True, slots=True)
class Samples:
    """What the sampler walked over: parameters of shape (chains, draws, D), and how many draws diverged.

    `energy` is that of each draw (Betancourt 2016), of shape (chains, draws).
    """

    parameters: FloatArray
    divergences: int
    energy: FloatArray


def sample(
    data: KernelData | PanelData, effort: Effort, seed: int, progress: Callable[[int, int], None] | None = None
) -> Samples:
    """Draws from the posterior of the sampled parameters.

    Parameters
    ----------
    data
        Prior and data of the density.
    effort
        How long to sample.
    seed
        Equal data, effort and seed give equal draws.
    progress
        Called now and then, on the caller's thread, with draws done and divergences met.

    Raises
    ------
    FitError
        When the sampler cannot start or stops early.
    """
    reported: dict[str, int] = {"done": 0, "divergences": 0}

    def listen(chains: Any) -> None:
        reported["done"] = sum(chain.finished_draws for chain in chains)
        reported["divergences"] = sum(chain.divergences for chain in chains)

    coordinates = _coordinates(data)
    sampler = start_sampling(
        _compiled_density(data, coordinates),
        chains=effort.chains,
        draws=effort.draws,
        tune=effort.tune,
        # nutpie takes 64 bits, of which the seeds of market.toml use 63.
        seed=seed,
        target_accept=_acceptance(data, effort),
        listen=listen,
    )
    try:
        while (trace := finished_trace(sampler, POLL_SECONDS)) is None:
            if progress is not None:
                progress(reported["done"], reported["divergences"])
    except RuntimeError as error:
        raise FitError(f"The sampler stopped: {error}") from error
    except BaseException:
        sampler.abort()
        raise
    divergences = int(trace.diverged.sum())
    if progress is not None:
        progress(effort.total, divergences)
    return Samples(parameters_of(data, coordinates, trace.positions), divergences, trace.energy)


def _acceptance(data: KernelData | PanelData, effort: Effort) -> float:
    if effort.has_short_steps:
        return SHORT_STEPS_ACCEPT
    samples_linear_terms = isinstance(data, KernelData) and data.coefficient_place >= 0
    return CAREFUL_ACCEPT if samples_linear_terms else TARGET_ACCEPT


def _coordinates(data: KernelData | PanelData) -> Coordinates:
    """Coordinates in which the density looks round; shares of a panel are walked in as they are."""
    if isinstance(data, PanelData):
        return round_coordinates(density_of(data), data.start, data.spread)
    found = round_coordinates(density_of(data, is_amplitude=True), amplitudes_of(data, data.start), data.spread)
    return replace(found, is_amplitude=True)


def _compiled_density(data: KernelData | PanelData, coordinates: Coordinates) -> CompiledDensity:
    """The density in these coordinates, and where chains start."""
    evaluate = density_of(data, is_amplitude=coordinates.is_amplitude)

    def start(seed: int) -> FloatArray:
        position = np.asarray(START_SPREAD * np.random.default_rng(seed).standard_normal(data.size))
        # Far out on a steep side the density is no number: such a chain starts nearer to the mode.
        for _ in range(NEARER_STARTS):
            if np.isfinite(evaluate(coordinates.center + coordinates.stretch @ position)[0]):
                break
            position /= 2.0
        return position

    return CompiledDensity(density_function(data), compiled_copy(), packed(data, coordinates), start, data.size)
