"""What one fit cost and what it gave, measured alike in every tool's own process.

Imported by the children of `fit_speed.py`, each in its own environment: nothing but the standard
library at import, so that no tool's start is charged with anything but itself. ArviZ, which every
environment has, is imported after the clocks have been read.
"""

import json
import resource
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Clock:
    """Readings of one moment: wall clock, CPU time of this process (all threads) and its ended children."""

    wall: float
    cpu: float

    @classmethod
    def now(cls) -> "Clock":
        """The present readings."""
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return cls(time.time(), time.process_time() + used.ru_utime + used.ru_stime)

    @classmethod
    def of_start(cls, started: float) -> "Clock":
        """Readings when the process was started, `started` as the parent's wall clock told; no CPU used yet."""
        return cls(started, 0.0)


@dataclass(frozen=True, slots=True)
class Measurement:
    """One fit.

    Attributes
    ----------
    wall_seconds, cpu_seconds
        User and system time of the process, its threads and its children.
    peak_megabytes
        Largest resident memory of the process so far.
    parameter_ess
        Smallest bulk effective sample size of all parameters, or None where draws were not kept.
    contribution_ess
        Smallest bulk effective sample size of the channels' total contributions, or None.
    rhat
        Largest rank-normalised split R-hat of all parameters, or None.
    divergences
        Diverging draws after warm-up, or None.
    parameters
        How many numbers were estimated.
    """

    wall_seconds: float
    cpu_seconds: float
    peak_megabytes: float
    parameter_ess: float | None = None
    contribution_ess: float | None = None
    rhat: float | None = None
    divergences: int | None = None
    parameters: int | None = None


@dataclass(frozen=True, slots=True)
class Cost:
    """What was used between two moments, read before anything is evaluated."""

    wall_seconds: float
    cpu_seconds: float
    peak_megabytes: float

    @classmethod
    def since(cls, start: Clock) -> "Cost":
        """The cost from `start` to now."""
        end = Clock.now()
        own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        # Kilobytes on Linux, bytes on macOS.
        unit = 1e6 if sys.platform == "darwin" else 1e3
        peak = max(own.ru_maxrss, children.ru_maxrss) / unit
        return cls(end.wall - start.wall, end.cpu - start.cpu, peak)


def assess(cost: Cost, parameters: Mapping[str, Any], contributions: Any, divergences: int) -> Measurement:
    """The measurement of a fit, from its cost and all of its draws.

    Parameters
    ----------
    cost
        Of the fit.
    parameters
        Every estimated parameter, by name. Arrays of shape (chains, draws, ...).
    contributions
        Outcome that each channel brought over the window, in any unit. Shape (chains, draws, C).
    divergences
        Diverging draws after warm-up.
    """
    import numpy as np

    columns = [np.asarray(values).reshape(*np.shape(values)[:2], -1) for values in parameters.values()]
    draws = np.concatenate(columns, axis=2)

    return Measurement(
        **asdict(cost),
        parameter_ess=smallest_ess(draws),
        contribution_ess=smallest_ess(np.asarray(contributions)),
        rhat=largest_rhat(draws),
        divergences=divergences,
        parameters=draws.shape[2],
    )


def smallest_ess(values: Any) -> float:
    """Smallest rank-normalised bulk ESS of some numbers. `values` of shape (chains, draws, ...)."""
    try:
        from arviz_stats.base import array_stats
    except ImportError:  # arviz before its split into packages; the same estimator
        import arviz

        return float(arviz.ess(arviz.convert_to_dataset({"x": values}), method="bulk")["x"].min())
    return float(array_stats.ess(values, chain_axis=0, draw_axis=1, method="bulk").min())


def largest_rhat(values: Any) -> float:
    """Largest rank-normalised split R-hat of some numbers. `values` of shape (chains, draws, ...)."""
    try:
        from arviz_stats.base import array_stats
    except ImportError:
        import arviz

        return float(arviz.rhat(arviz.convert_to_dataset({"x": values}))["x"].max())
    return float(array_stats.rhat(values, chain_axis=0, draw_axis=1).max())


def report(**measurements: Measurement) -> None:
    """Print measurements by name as the last line of stdout, where `fit_speed.py` reads them."""
    print(json.dumps({name: asdict(measurement) for name, measurement in measurements.items()}), flush=True)
