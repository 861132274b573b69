"""nutpie's compiled No-U-Turn sampler alone, without the Python package around it.

The package imports ArviZ, xarray, pandas and SciPy's statistics, two CPU seconds and 110 MB in every new process, to
compile PyMC models and to dress draws up. What samples is its extension module, which needs none of them. Its names are
private to nutpie; pyproject.toml therefore holds nutpie to one minor version.
"""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec
from typing import Any

import numpy as np
from arro3.core import list_flatten

from mmm.vocabulary import FloatArray

_PACKAGE, _LIBRARY = "nutpie", "nutpie._lib"
_DRAWS = "position"
_PROGRESS_MILLISECONDS = 100


@dataclass(frozen=True, slots=True)
class CompiledDensity:
    """What is sampled: C functions, the data that they read, and where chains start.

    Attributes
    ----------
    density, copy
        As `mmm.kernel.evaluation.density_function` and `mmm.kernel.positions.compiled_copy` return them.
    data
        The vector that the density reads.
    start
        Position (D,) at which a chain starts, given a seed.
    size
        Number of parameters D.
    """

    density: Any
    copy: Any
    data: FloatArray
    start: Callable[[int], FloatArray]
    size: int


@dataclass(frozen=True, slots=True)
class Trace:
    """Draws after the warm-up: positions (chains, draws, D), energy and whether a draw diverged (chains, draws)."""

    positions: FloatArray
    energy: FloatArray
    diverged: FloatArray


def start_sampling(
    density: CompiledDensity,
    *,
    chains: int,
    draws: int,
    tune: int,
    seed: int,
    target_accept: float,
    listen: Callable[[list[Any]], None],
) -> Any:
    """A sampler at work in threads of its own, one a chain, no more at a time than there are cores.

    It has `wait(seconds)`, which raises TimeoutError while it works, `take_results()` and `abort()`. `listen` is called
    now and then with one object a chain that has `finished_draws` and `divergences`.
    """
    library = _library()
    settings = library.PyNutsSettings.Diag(seed)
    settings.update({"num_tune": tune, "num_draws": draws, "num_chains": chains, "target_accept": target_accept})
    data = density.data.ctypes.data
    sizes: dict[str, int] = {}  # of axes; nutpie adds that of a position
    variables = library.PyVariable.new_variables([_DRAWS], ["float64"], [(density.size,)], sizes, {})
    model = library.PyMcModel(
        library.LogpFunc(density.density.address, data, density),
        library.ExpandFunc(density.size, density.size, density.copy.address, data, density),
        variables,
        density.size,
        sizes,
        {},
        density.start,
        _no_adapter,
    )
    return library.PySampler.from_pymc(
        settings,
        min(chains, _cores()),
        model,
        library.ProgressType.none(),
        listen,
        _PROGRESS_MILLISECONDS,
        library.PyStorage.arrow(),
    )


def finished_trace(sampler: Any, seconds: float) -> Trace | None:
    """The draws, or None if the sampler is not finished after so many seconds.

    Raises
    ------
    RuntimeError
        When the sampler stopped early.
    """
    try:
        sampler.wait(seconds)
    except TimeoutError:
        return None
    drawn, statistics = sampler.take_results().get_arrow_trace()
    kept = [~statistic.column("tuning").to_numpy() for statistic in statistics]
    walked = [list_flatten(of_chain.column(_DRAWS)).to_numpy().reshape(of_chain.num_rows, -1) for of_chain in drawn]
    return Trace(
        np.stack([of_chain[rows] for of_chain, rows in zip(walked, kept, strict=True)]),
        *(
            np.stack([found.column(name).to_numpy()[rows] for found, rows in zip(statistics, kept, strict=True)])
            for name in ("energy", "diverging")
        ),
    )


@cache
def _library() -> Any:
    """The extension module; where nutpie itself is imported, before or after, both have the same one."""
    if _LIBRARY not in sys.modules:
        package = find_spec(_PACKAGE)
        found = None if package is None else PathFinder.find_spec(_LIBRARY, package.submodule_search_locations)
        if found is None or found.loader is None:
            raise ImportError(f"{_LIBRARY} is missing: nutpie is not installed, or not whole.", name=_LIBRARY)
        library = module_from_spec(found)
        found.loader.exec_module(library)
        sys.modules[_LIBRARY] = library
    return sys.modules[_LIBRARY]


def _cores() -> int:
    """Cores that this process may use; Python 3.12 knows those of the machine alone."""
    return int(getattr(os, "process_cpu_count", os.cpu_count)() or 1)


def _no_adapter(*_: object) -> None:
    """In the place of a normalising flow, which this way of adapting never asks for."""
    raise NotImplementedError
