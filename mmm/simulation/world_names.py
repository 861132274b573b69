"""The worlds that can be simulated, by name, and a sentence on each.

Only names stand here, and nothing is imported, so that a command can offer them without
loading the simulator.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

# No `type` statement: a command line reads the names off a plain alias only.
WorldName = Literal[
    "model",
    "other_saturation",
    "drifting_effects",
    "spend_follows_demand",
    "missing_control",
    "correlated_channels",
    "twins",
    "bursts",
    "sparse_b2b",
    "brand",
    "agents",
]

WORLDS: Mapping[WorldName, str] = MappingProxyType(
    {
        "model": "What the model assumes: additive, adstock then saturation, spend that no planner fits to demand.",
        "other_saturation": "Responses of families that the model lacks: logarithm, power, reach curve, threshold.",
        "drifting_effects": "Effectiveness wanders, or wears out and is renewed; ahead it stays as it is at the end.",
        "spend_follows_demand": "Budgets are set from the season and from shocks of demand that no column shows.",
        "missing_control": "A strong driver of the outcome moves with spend and is not in the data.",
        "correlated_channels": "Three channels of different returns are bought nearly together.",
        "twins": "Two channels of different returns whose spends are almost one series.",
        "bursts": "One channel is on air twice in the whole window and never else.",
        "sparse_b2b": "A seller of large plants: none to five leads a week, many weeks without any.",
        "brand": "Brand media feed a slow stock that moves the base for months, and a column indicates it.",
        "agents": "Thousands of consumers who see, remember, forget and buy: carryover and saturation emerge.",
    }
)
"""Every world, the model's own first."""

PANEL_WORLDS: frozenset[WorldName] = frozenset(WORLDS) - {"agents"}
"""Worlds that may have several geos."""
