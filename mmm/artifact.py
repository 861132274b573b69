"""The fitted response of one outcome: everything the optimiser may know about a market.

An artifact is a JSON manifest and a table of arrays (safetensors: a JSON header and raw
numbers). Its digest is the sha256 of the manifest, which names the sha256 of the arrays, so
equal content has an equal digest and every bit is covered. Loading executes nothing.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from mmm.errors import ArtifactError
from mmm.geo_curves import GEO_PREFIX, GeoDraws, geo_arrays, geo_shapes
from mmm.long_run import LONG_RUN_PREFIX, LongRunDraws, long_run_arrays, long_run_shapes
from mmm.manifest import SCHEMA_VERSION, Manifest, baseline_terms
from mmm.noise_paths import NoiseDraws
from mmm.vocabulary import FloatArray

ARTIFACT_FILES = frozenset({"manifest.json", "draws.safetensors"})
"""Names of an artifact's files."""


@dataclass(frozen=True, slots=True)
class ResponseDraws:
    """Posterior draws and history, in natural units. S draws, T periods, C channels, O organic media, K linear terms.

    Attributes
    ----------
    retention, peak_delay, half_saturation, slope, ceiling
        Per draw and channel, shape (S, C). Retention in [0, 1); peak_delay in periods (zero for geometric; for Weibull
        its exponent, see `mmm.adstock.weibull_weights`, with the survival as retention);
        half_saturation in money per period; ceiling in outcome units per period. Of a channel with reach and frequency
        (saturation `reach`) half_saturation and slope are of frequency, and ceiling is outcome units per money times
        frequency over its response (`mmm.saturation.effect_of_impression`).
    organic_retention, organic_peak_delay, organic_half_saturation, organic_slope, organic_ceiling
        The same for organic media, shape (S, O), half_saturation in the medium's own unit.
    baseline
        Coefficients of `baseline_design`, in outcome units. Shape (S, K).
    noise_scale
        Standard deviation of one period's noise, outcome units; of counts that at the mean outcome. Shape (S,).
    spend
        History of spend, money per period. Shape (T, C).
    organic
        History of organic media. Shape (T, O).
    controls
        History of controls, as in the file. Shape (T, number of controls).
    outcome
        History of the outcome. Shape (T,).
    noise_persistence, noise_share
        How normal noise follows itself in each draw (`mmm.noise_paths`). None where it is independent. Shape (S,).
    exposure
        What worked in each period, in money: spend, or exposure at the last year's cost per unit for channels whose
        market gives it. None where it is spend for all. Shape (T, C).
    frequency
        Contacts of a person reached by channels with reach and frequency, the usual number where nobody was; one for
        the others. None where no channel has them. Shape (T, C), > 0.
    long_run
        Slow curves through brand, beside those above; None where no channel has a part in brand.
    geos
        The curves above by geo, of a panel; None where the market has no geos that were fitted side by side.
    """

    retention: FloatArray
    peak_delay: FloatArray
    half_saturation: FloatArray
    slope: FloatArray
    ceiling: FloatArray
    organic_retention: FloatArray
    organic_peak_delay: FloatArray
    organic_half_saturation: FloatArray
    organic_slope: FloatArray
    organic_ceiling: FloatArray
    baseline: FloatArray
    noise_scale: FloatArray
    spend: FloatArray
    organic: FloatArray
    controls: FloatArray
    outcome: FloatArray
    noise_persistence: FloatArray | None = None
    noise_share: FloatArray | None = None
    exposure: FloatArray | None = None
    frequency: FloatArray | None = None
    long_run: LongRunDraws | None = None
    geos: GeoDraws | None = None

    @property
    def worked(self) -> FloatArray:
        """What carries over and saturates, in money per period. Shape (T, C)."""
        return self.spend if self.exposure is None else self.exposure

    @property
    def noise(self) -> NoiseDraws:
        """The noise of every draw."""
        none = np.zeros(len(self.noise_scale))
        persistence = none if self.noise_persistence is None else self.noise_persistence
        return NoiseDraws(self.noise_scale, persistence, none if self.noise_share is None else self.noise_share)


@dataclass(frozen=True)
class ResponseArtifact:
    """A manifest and its draws. Build with `seal`, read with `read_artifact`."""

    manifest: Manifest
    draws: ResponseDraws
    digest: str

    @cached_property
    def channels(self) -> tuple[str, ...]:
        """Names of the paid channels, in the order of axis C."""
        return tuple(channel.name for channel in self.manifest.channels)


def seal(manifest: Manifest, draws: ResponseDraws) -> ResponseArtifact:
    """The artifact of a manifest and its draws, with digest.

    Raises
    ------
    ArtifactError
        When a shape does not fit the manifest or a number is not finite.
    """
    _check_shapes(manifest, draws)
    arrays = _arrays_bytes(draws)
    sealed = manifest.model_copy(update={"arrays_sha256": hashlib.sha256(arrays).hexdigest()})
    return ResponseArtifact(sealed, draws, hashlib.sha256(_manifest_bytes(sealed)).hexdigest())


def artifact_files(artifact: ResponseArtifact) -> dict[str, bytes]:
    """Content of the artifact's two files, by file name."""
    return {
        "manifest.json": _manifest_bytes(artifact.manifest),
        "draws.safetensors": _arrays_bytes(artifact.draws),
    }


def read_artifact(files: Mapping[str, bytes], digest: str) -> ResponseArtifact:
    """The artifact in `files`, verified against `digest` before anything is interpreted.

    Raises
    ------
    ArtifactError
        When a file is missing, a hash differs, the schema is unknown or a shape is wrong.
    """
    missing = ARTIFACT_FILES - set(files)
    if missing:
        raise ArtifactError(f"artifact {digest[:12]}: missing {', '.join(sorted(missing))}")
    if hashlib.sha256(files["manifest.json"]).hexdigest() != digest:
        raise ArtifactError(
            f"artifact {digest[:12]}: manifest.json does not have the digest of its name; it was damaged or changed"
        )
    try:
        manifest = Manifest.model_validate_json(files["manifest.json"])
    except ValidationError as error:
        raise ArtifactError(
            f"artifact {digest[:12]}: manifest.json does not fit schema {SCHEMA_VERSION}: {error}"
        ) from error
    if hashlib.sha256(files["draws.safetensors"]).hexdigest() != manifest.arrays_sha256:
        raise ArtifactError(
            f"artifact {digest[:12]}: draws.safetensors does not match its manifest; it was damaged or changed"
        )
    try:
        draws = _draws(load_tensors(files["draws.safetensors"]))
    except (SafetensorError, TypeError) as error:
        raise ArtifactError(f"artifact {digest[:12]}: draws.safetensors cannot be read: {error}") from error
    _check_shapes(manifest, draws)
    return ResponseArtifact(manifest, draws, digest)


def _check_shapes(manifest: Manifest, draws: ResponseDraws) -> None:
    size, channels, media = manifest.draws, len(manifest.channels), len(manifest.organic)
    periods = manifest.window_periods
    per_channel, per_medium = (size, channels), (size, media)
    expected: dict[str, tuple[int, ...]] = {
        "retention": per_channel,
        "peak_delay": per_channel,
        "half_saturation": per_channel,
        "slope": per_channel,
        "ceiling": per_channel,
        "organic_retention": per_medium,
        "organic_peak_delay": per_medium,
        "organic_half_saturation": per_medium,
        "organic_slope": per_medium,
        "organic_ceiling": per_medium,
        "baseline": (size, baseline_terms(manifest.baseline)),
        "noise_scale": (size,),
        "spend": (periods, channels),
        "organic": (periods, media),
        "controls": (periods, len(manifest.baseline.controls)),
        "outcome": (periods,),
    }
    faults = []
    sometimes: dict[str, tuple[int, ...]] = {"noise_persistence": (size,), "noise_share": (size,)}
    sometimes |= {"exposure": (periods, channels), "frequency": (periods, channels)}
    expected |= {name: shape for name, shape in sometimes.items() if getattr(draws, name) is not None}
    if (manifest.long_run is None) != (draws.long_run is None):
        faults.append("long_run is in one of manifest and draws alone")
    if (manifest.geos is None) != (draws.geos is None):
        faults.append("geos are in one of manifest and draws alone")
    arrays = {name: getattr(draws, name) for name in expected}
    arrays |= long_run_arrays(draws.long_run) | geo_arrays(draws.geos)
    expected |= long_run_shapes(manifest.long_run, size, periods) if draws.long_run is not None else {}
    expected |= geo_shapes(manifest.geos, size, periods, channels) if draws.geos is not None else {}
    for name, shape in expected.items():
        values: FloatArray = arrays[name]
        if values.shape != shape:
            faults.append(f"{name} has shape {values.shape}, expected {shape}")
        elif not np.isfinite(values).all():
            faults.append(f"{name} has a number that is not finite")
    if faults:
        raise ArtifactError(f"artifact of market '{manifest.market}': {'; '.join(faults)}")


def _manifest_bytes(manifest: Manifest) -> bytes:
    document = manifest.model_dump(mode="json")
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _arrays_bytes(draws: ResponseDraws) -> bytes:
    plain = {name: getattr(draws, name) for name in ResponseDraws.__slots__ if name not in ("long_run", "geos")}
    arrays = plain | long_run_arrays(draws.long_run) | geo_arrays(draws.geos)
    return save_tensors(
        {name: np.ascontiguousarray(values, dtype=np.float64) for name, values in arrays.items() if values is not None}
    )


def _draws(tensors: Mapping[str, FloatArray]) -> ResponseDraws:
    """The draws of a table of arrays. A name that nobody knows, one that is missing, or no numbers is a TypeError."""
    if any(values.dtype.kind != "f" for values in tensors.values()):
        raise TypeError("draws are floating-point numbers")
    of_parts: dict[str, dict[str, FloatArray]] = {LONG_RUN_PREFIX: {}, GEO_PREFIX: {}}
    plain: dict[str, FloatArray] = {}
    for name, values in tensors.items():
        prefix = next((each for each in of_parts if name.startswith(each)), None)
        part = plain if prefix is None else of_parts[prefix]
        part[name.removeprefix(prefix or "")] = _readonly(values)
    slow, by_geo = of_parts[LONG_RUN_PREFIX], of_parts[GEO_PREFIX]
    return ResponseDraws(
        **plain,
        long_run=LongRunDraws(**slow) if slow else None,
        geos=GeoDraws(**by_geo) if by_geo else None,
    )


def _readonly(values: FloatArray) -> FloatArray:
    array = np.asarray(values, dtype=np.float64)
    array.setflags(write=False)
    return array
