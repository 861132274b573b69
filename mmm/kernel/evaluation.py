"""What the sampler needs of a market: compiled functions and the vector that they read."""

from ctypes import POINTER, c_double
from typing import Any

import numpy as np

from mmm.coordinates import Coordinates, Density
from mmm.kernel.data import KernelData, pack
from mmm.kernel.density import compiled_functions
from mmm.kernel.panel_data import PanelData, pack_panel
from mmm.kernel.panel_density import compiled_panel_functions
from mmm.kernel.positions import ACCEPTED
from mmm.vocabulary import FloatArray


def functions_for(data: KernelData | PanelData) -> tuple[Any, Any]:
    """Density and expansion as C functions that nutpie calls."""
    return compiled_panel_functions() if isinstance(data, PanelData) else compiled_functions()


def packed(data: KernelData | PanelData, coordinates: Coordinates) -> FloatArray:
    """Everything that those functions read, as one vector."""
    return pack_panel(data, coordinates) if isinstance(data, PanelData) else pack(data, coordinates)


def density_of(data: KernelData | PanelData) -> Density:
    """Log posterior density of sampled parameters (D,), up to a constant, and its gradient (D,).

    Where either is not finite, the density is minus infinity.
    """
    size = data.size
    vector = packed(data, Coordinates(np.zeros(size), np.eye(size)))
    compiled = functions_for(data)[0].ctypes

    def evaluate(parameters: FloatArray) -> tuple[float, FloatArray]:
        place = np.ascontiguousarray(parameters, dtype=np.float64)
        gradient, value = np.empty(size), np.empty(1)
        pointers = (values.ctypes.data_as(POINTER(c_double)) for values in (place, gradient, value))
        code = compiled(size, *pointers, vector.ctypes.data)
        return (float(value[0]) if code == ACCEPTED else -np.inf), gradient

    return evaluate
