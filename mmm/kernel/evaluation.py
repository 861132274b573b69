"""What the sampler needs of a market: compiled functions, the vector that they read, and the way back to parameters."""

from ctypes import POINTER, c_double
from typing import Any

import numpy as np

from mmm.coordinates import Coordinates, Density, unmoved
from mmm.kernel.data import KernelData, pack
from mmm.kernel.density import compiled_functions
from mmm.kernel.panel_data import PanelData, pack_panel
from mmm.kernel.panel_density import compiled_panel_density
from mmm.kernel.positions import ACCEPTED
from mmm.vocabulary import FloatArray


def density_function(data: KernelData | PanelData) -> Any:
    """The density as the C function that nutpie calls."""
    return compiled_panel_density() if isinstance(data, PanelData) else compiled_functions()[0]


def packed(data: KernelData | PanelData, coordinates: Coordinates) -> FloatArray:
    """Everything that compiled functions read, as one vector."""
    return pack_panel(data, coordinates) if isinstance(data, PanelData) else pack(data, coordinates)


def density_of(data: KernelData | PanelData, *, is_amplitude: bool = False) -> Density:
    """Log posterior density of sampled parameters (D,), up to a constant, and its gradient (D,).

    Where either is not finite, the density is minus infinity. Where `is_amplitude`, log amplitudes stand in the places
    of log shares (`mmm.coordinates`); panels have none.
    """
    size = data.size
    vector = packed(data, unmoved(size, is_amplitude=is_amplitude))
    compiled = density_function(data).ctypes

    def evaluate(parameters: FloatArray) -> tuple[float, FloatArray]:
        place = np.ascontiguousarray(parameters, dtype=np.float64)
        gradient, value = np.empty(size), np.empty(1)
        pointers = (_pointer(values) for values in (place, gradient, value))
        code = compiled(size, *pointers, vector.ctypes.data)
        return (float(value[0]) if code == ACCEPTED else -np.inf), gradient

    return evaluate


def amplitudes_of(data: KernelData, parameters: FloatArray) -> FloatArray:
    """Parameters (..., D) with log amplitudes in the places of log shares."""
    # The difference between the two depends on neither.
    return np.asarray(2.0 * parameters - shares_of(data, parameters))


def shares_of(data: KernelData, walked: FloatArray) -> FloatArray:
    """Parameters (..., D) with log shares in the places of log amplitudes."""
    found = np.array(walked, dtype=np.float64, order="C")
    vector = packed(data, unmoved(data.size, is_amplitude=True))
    compiled_functions()[1].ctypes(found.size // data.size, data.size, _pointer(found), vector.ctypes.data)
    return found


def parameters_of(data: KernelData | PanelData, coordinates: Coordinates, positions: FloatArray) -> FloatArray:
    """The sampled parameters at positions of the sampler, both of shape (..., D)."""
    walked = coordinates.center + positions @ coordinates.stretch.T
    return shares_of(data, walked) if isinstance(data, KernelData) and coordinates.is_amplitude else np.asarray(walked)


def _pointer(values: FloatArray) -> Any:
    return values.ctypes.data_as(POINTER(c_double))
