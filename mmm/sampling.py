"""NUTS over the compiled density, by nutpie: the one module that knows the sampler."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import nutpie
from nutpie.compile_pymc import CompiledPyMCModel

from mmm.coordinates import round_coordinates
from mmm.errors import FitError
from mmm.kernel.data import KernelData
from mmm.kernel.evaluation import density_of, functions_for, packed
from mmm.kernel.panel_data import PanelData
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

POLL_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Effort:
    """How long to sample: chains, and draws after `tune` draws of warm-up in each."""

    chains: int
    draws: int
    tune: int

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

    sampler = nutpie.sample(
        _nutpie_model(data),
        draws=effort.draws,
        tune=effort.tune,
        chains=effort.chains,
        # nutpie takes 64 bits, of which the seeds of market.toml use 63.
        seed=seed,
        # The ridges of the posterior (share, half-saturation, slope) are straightened by the coordinates.
        adaptation="diag",
        target_accept=CAREFUL_ACCEPT if _samples_linear_terms(data) else TARGET_ACCEPT,
        save_warmup=False,
        progress_bar=False,
        blocking=False,
        progress_callback=listen,
        progress_rate=100,
    )
    try:
        while (trace := _finished_trace(sampler)) is None:
            if progress is not None:
                progress(reported["done"], reported["divergences"])
    except RuntimeError as error:
        raise FitError(f"The sampler stopped: {error}") from error
    except BaseException:
        sampler.cancel()
        raise
    divergences = int(trace.sample_stats["diverging"].sum())
    if progress is not None:
        progress(effort.total, divergences)
    energy = np.asarray(trace.sample_stats["energy"].values)
    return Samples(np.asarray(trace.posterior["parameters"].values), divergences, energy)


def _samples_linear_terms(data: KernelData | PanelData) -> bool:
    return isinstance(data, KernelData) and data.coefficient_place >= 0


def _finished_trace(sampler: Any) -> Any:
    """The trace, or None if it is not finished after a moment."""
    try:
        return sampler.wait(timeout=POLL_SECONDS)
    except TimeoutError:
        return None


def _nutpie_model(data: KernelData | PanelData) -> CompiledPyMCModel:
    """Our compiled density in the place of one that nutpie would have compiled from a PyMC model.

    nutpie's `compile_pymc_model` ends in this same value, after some seconds of compiling in every new process.
    """
    size = data.size
    density, expand = functions_for(data)
    evaluate = density_of(data)
    coordinates = round_coordinates(evaluate, data.start, data.spread)

    def start(seed: int) -> FloatArray:
        position = np.asarray(START_SPREAD * np.random.default_rng(seed).standard_normal(size))
        # Far out on a steep side the density is no number: such a chain starts nearer to the mode.
        for _ in range(NEARER_STARTS):
            if np.isfinite(evaluate(coordinates.center + coordinates.stretch @ position)[0]):
                break
            position /= 2.0
        return position

    return CompiledPyMCModel(
        dims={},
        reparameterized_names=[],
        compiled_logp_func=density,
        compiled_expand_func=expand,
        initial_point_func=start,
        shared_data={},
        shared_var_keys={},
        user_data=packed(data, coordinates),
        n_expanded=size,
        shape_info=(["parameters"], [slice(0, size)], [(size,)]),
        logp_func=None,
        expand_func=None,
        _n_dim=size,
        _shapes={"parameters": (size,)},
        _coords={},
    )
