"""Brand and performance: the band of the brand share that a scenario asks for.

Sources of the presets: b2b 60/40 and b2c 40/60 are Mixplan's defaults; the published ones are
Binet and Field, 46/54 for B2B ("The 5 Principles of Growth in B2B Marketing", 2019) and 60/40
for B2C ("The Long and the Short of It", 2013).
"""

from optimizer.scenario.document import Business, Scenario

PRESET_BRAND_SHARE: dict[Business, float] = {
    "b2b": 0.60,
    "b2c": 0.40,
    "published_b2b": 0.46,
    "published_b2c": 0.60,
}
"""Brand share at the middle of each preset's band."""

DEFAULT_TOLERANCE = 0.05
"""Half width of a preset's band: a plan whose share is known to the percent is not known to the percent."""


def brand_band(scenario: Scenario) -> tuple[float, float] | None:
    """Lowest and highest brand share of the channels' spend, or None where there is no rule.

    The scenario's own band comes first, then the preset with its tolerance.
    """
    split = scenario.split
    if split is not None and split.brand_share is not None:
        return split.brand_share
    middle = PRESET_BRAND_SHARE.get(scenario.business)
    if middle is None:
        return None
    tolerance = DEFAULT_TOLERANCE if split is None or split.tolerance is None else split.tolerance
    return (max(0.0, round(middle - tolerance, 12)), min(1.0, round(middle + tolerance, 12)))


def split_preset(scenario: Scenario) -> str:
    """Name of what set the band: ``own``, a preset, or ``none``."""
    if scenario.split is not None and scenario.split.brand_share is not None:
        return "own"
    return scenario.business
