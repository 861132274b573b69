"""What any split is truly worth, in every world: from the truth itself, or from the document it was written to."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.interpolate import PchipInterpolator

from mmm.simulation.outlook import Outlook
from mmm.simulation.surface import Surface
from mmm.vocabulary import FloatArray


def true_value(outlook: Outlook, spend: Mapping[str, float]) -> float:
    """Outcome that a split truly brings, carryover after the horizon included.

    Parameters
    ----------
    outlook
        The truth about the horizon.
    spend
        Money over the horizon by channel name; every channel of the market, and no other.

    Raises
    ------
    ValueError
        When a channel is missing or unknown, or gets less than nothing.
    """
    return outlook.judge(_in_order(outlook.channels, spend)).incremental


def documented_value(document: Mapping[str, Any], spend: Mapping[str, float]) -> float:
    """The same from a parsed truth.json: its surface where it has one, else its curves, added up.

    A curve is read between its points by a monotone cubic (Fritsch and Carlson 1980).

    Raises
    ------
    ValueError
        When a channel is missing or unknown, or gets less than nothing or more than its curve shows.
    """
    channels = document["channels"]
    names = tuple(str(channel["name"]) for channel in channels)
    ordered = _in_order(names, spend)
    for name, money, channel in zip(names, ordered, channels, strict=True):
        most = float(channel["curve"]["spend"][-1])
        if money > most:
            raise ValueError(f"spend of {name}: the document shows it up to {most:.2f}, got {money:.2f}")
    surface = document.get("surface")
    if surface is not None:
        scale, coefficients = np.array(surface["scale"]), np.array(surface["coefficients"])
        return float(Surface(scale, coefficients, 0.0, 0.0).at(ordered[None])[0])
    return math.fsum(
        float(PchipInterpolator(channel["curve"]["spend"], channel["curve"]["incremental"])(money))
        for channel, money in zip(channels, ordered, strict=True)
    )


def _in_order(channels: Sequence[str], spend: Mapping[str, float]) -> FloatArray:
    """Money by channel name in the order of the channels. Shape (C,)."""
    if set(spend) != set(channels):
        raise ValueError(f"spend: expected channels {', '.join(channels)}, got {', '.join(spend)}")
    ordered = np.array([spend[name] for name in channels], dtype=np.float64)
    if not (ordered >= 0).all():
        raise ValueError(f"spend: expected 0 or more a channel, got {dict(spend)}")
    return ordered
