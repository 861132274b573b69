"""Which choices of market.toml differ between two models, as far as their artifacts say them.

An artifact keeps the digest of all choices and the values of those that planning needs. Priors, lift tests and the
sampler's settings are in the digest alone.
"""

from collections.abc import Mapping

from mmm.artifact import ResponseArtifact
from mmm.manifest import Manifest
from mmm.parsing import StrictModel

type Written = bool | int | float | str | None


class ChoiceChange(StrictModel):
    """One choice by its path in market.toml, with its value in both models; None where a model has none."""

    path: str
    before: Written
    after: Written


def choice_changes(
    before: Mapping[str, ResponseArtifact], after: Mapping[str, ResponseArtifact]
) -> tuple[ChoiceChange, ...]:
    """Every choice that differs, the market's own first, then outcomes, channels, media, and the base."""
    first, second = (_choices_of(artifacts) for artifacts in (before, after))
    differ = [path for path in dict.fromkeys([*first, *second]) if first.get(path) != second.get(path)]
    # Of a channel that is new or gone it is enough to say so.
    told = [path for path in differ if path.rpartition(".")[0] not in differ]
    return tuple(ChoiceChange(path=path, before=first.get(path), after=second.get(path)) for path in told)


def _choices_of(artifacts: Mapping[str, ResponseArtifact]) -> dict[str, Written]:
    found: dict[str, Written] = {}
    for kpi, artifact in artifacts.items():
        found |= _choices(kpi, artifact.manifest)
    return found


def _choices(kpi: str, manifest: Manifest) -> dict[str, Written]:
    """Choices by path. What follows from the data, such as a value per unit averaged over a year, is none."""
    found: dict[str, Written] = {
        "market.period": manifest.period,
        "market.currency": manifest.currency,
        "market.language": manifest.language,
        "market.business": manifest.business,
        "model.carryover_periods": manifest.carryover_periods,
        "model.is_national_aggregate": manifest.is_national_aggregate,
    }
    outcome, base = manifest.outcome, manifest.baseline
    found |= {f"outcomes.{kpi}.{name}": getattr(outcome, name) for name in ("unit", "stage", "likelihood")}
    for channel in manifest.channels:
        place = f"channels.{channel.name}"
        found[place] = True
        names = [name for name in type(channel).model_fields if name not in ("name", "cost_per_impression")]
        found |= {f"{place}.{name}": getattr(channel, name) for name in names}
    for medium in manifest.organic:
        place = f"organic.{medium.name}"
        found |= {place: True, f"{place}.adstock": medium.adstock, f"{place}.saturation": medium.saturation}
    found |= {f"controls.{name}": True for name in base.controls}
    found |= {f"events.{event.name}": True for event in base.events}
    found |= {f"holidays.{holiday.name}": True for holiday in base.holidays}
    trend = "knots" if base.knots else "linear" if base.has_slope else "none"
    return found | {
        "model.trend": trend,
        "model.seasonality": base.fourier_pairs,
        "model.week": base.week_pairs > 0,
        "model.brand": bool(base.brand),
    }
