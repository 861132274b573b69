"""Two model versions of a market side by side: data, choices, seed, software, gates, curves, health."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from mmm.artifact import ResponseArtifact
from mmm.checks.health import health
from mmm.manifest import Manifest
from mmm.parsing import StrictModel
from mmm.periods import periods_between, shift_period
from mmm.sentence import Sentence, sentence
from mmm.vocabulary import PeriodName, Verdict
from service.records import Alias, ModelVersion
from service.refits.curve_stability import ChannelMove, CurveStability, stability_of_curves
from service.refits.model_choices import ChoiceChange, choice_changes


@dataclass(frozen=True, slots=True)
class FittedVersion:
    """A model version with its artifacts, by outcome."""

    version: ModelVersion
    artifacts: Mapping[str, ResponseArtifact]

    @property
    def manifest(self) -> Manifest:
        """What its first artifact says; data, seed and period are the same in all of them."""
        return next(iter(self.artifacts.values())).manifest


class VersionHead(StrictModel):
    """Which version, and what it was fitted on.

    `data_from` and `data_until` are its first and last period, `periods` how many there are.
    """

    version: int
    alias: Alias
    verdict: Verdict
    created_at: datetime
    data_from: date
    data_until: date
    periods: int
    data_digest: str
    spec_digest: str
    seed: int


class DataChange(StrictModel):
    """How the data differ: periods that only the newer has after the end of the older, and before its start.

    `is_same` says that both digests are equal. Negative numbers are periods that are gone.
    """

    is_same: bool
    added_after: int
    added_before: int


class PackageChange(StrictModel):
    """A package that decides about the draws, in two versions; None where it is not recorded."""

    package: str
    before: str | None
    after: str | None


class GateChange(StrictModel):
    """A gate whose verdict differs; None where a version has no such gate. `text` is what the newer one found."""

    kpi: str
    gate: str
    before: Verdict | None
    after: Verdict | None
    text: Sentence | None


class HealthChange(StrictModel):
    """The health of an outcome's fit in both versions, 0 to 100; None where it has no gates."""

    kpi: str
    before: float | None
    after: float | None


class ModelDifference(StrictModel):
    """What differs between two versions of a market's model, from `before` to `after`.

    `choices` lists what differs of all that an artifact says of market.toml; `choices_told` is a sentence where the
    digests differ and the list does not say all, or they are equal and so are the choices.
    """

    market: str
    currency: str
    period: PeriodName
    before: VersionHead
    after: VersionHead
    data: DataChange
    choices: tuple[ChoiceChange, ...]
    choices_told: Sentence
    is_seed_same: bool
    packages: tuple[PackageChange, ...]
    gates: tuple[GateChange, ...]
    health: tuple[HealthChange, ...]
    channels: tuple[ChannelMove, ...]
    new_channels: tuple[str, ...]
    lost_channels: tuple[str, ...]
    new_kpis: tuple[str, ...]
    lost_kpis: tuple[str, ...]
    not_compared: tuple[str, ...]


def difference(before: FittedVersion, after: FittedVersion) -> ModelDifference:
    """Two versions of one market side by side; what moved is told as from `before` to `after`."""
    curves: CurveStability = stability_of_curves(before.artifacts, after.artifacts)
    changes = choice_changes(before.artifacts, after.artifacts)
    return ModelDifference(
        market=after.version.market,
        currency=after.manifest.currency,
        period=after.manifest.period,
        before=_head(before),
        after=_head(after),
        data=_data(before, after),
        choices=changes,
        choices_told=_told(before.version.spec_digest == after.version.spec_digest, bool(changes)),
        is_seed_same=before.version.seed == after.version.seed,
        packages=_packages(before.manifest, after.manifest),
        gates=_gates(before, after),
        health=_health(before, after),
        channels=curves.channels,
        new_channels=curves.new_channels,
        lost_channels=curves.lost_channels,
        new_kpis=curves.new_kpis,
        lost_kpis=curves.lost_kpis,
        not_compared=curves.not_compared,
    )


def _head(one: FittedVersion) -> VersionHead:
    version, manifest = one.version, one.manifest
    return VersionHead(
        version=version.version,
        alias=version.alias,
        verdict=version.verdict,
        created_at=version.created_at,
        data_from=manifest.window_start,
        data_until=_end(manifest, -1),
        periods=manifest.window_periods,
        data_digest=version.data_digest,
        spec_digest=version.spec_digest,
        seed=version.seed,
    )


def _end(manifest: Manifest, step: int = 0) -> date:
    """The first period after the window; `step` periods on."""
    return shift_period(manifest.window_start, manifest.window_periods + step, manifest.period)


def _data(before: FittedVersion, after: FittedVersion) -> DataChange:
    first, second = before.manifest, after.manifest
    return DataChange(
        is_same=before.version.data_digest == after.version.data_digest,
        added_after=periods_between(_end(first), _end(second), second.period),
        added_before=periods_between(second.window_start, first.window_start, second.period),
    )


def _told(is_same: bool, is_listed: bool) -> Sentence:
    if is_same:
        return sentence("Both were fitted with the same choices.")
    if is_listed:
        return sentence("The choices differ; priors and the sampler's settings are not in a model and may differ too.")
    return sentence(
        "The choices differ in what a model does not hold: priors, lift tests, the sampler's settings, or the software."
    )


def _packages(before: Manifest, after: Manifest) -> tuple[PackageChange, ...]:
    return tuple(
        PackageChange(package=name, before=before.versions.get(name), after=after.versions.get(name))
        for name in dict.fromkeys([*before.versions, *after.versions])
        if before.versions.get(name) != after.versions.get(name)
    )


def _gates(before: FittedVersion, after: FittedVersion) -> tuple[GateChange, ...]:
    changes = []
    for kpi, artifact in after.artifacts.items():
        older = before.artifacts.get(kpi)
        first = {gate.name: gate for gate in older.manifest.gates} if older is not None else {}
        second = {gate.name: gate for gate in artifact.manifest.gates}
        for name in dict.fromkeys([*first, *second]) if older is not None else ():
            old, new = first.get(name), second.get(name)
            verdicts = (None if old is None else old.verdict, None if new is None else new.verdict)
            if verdicts[0] != verdicts[1]:
                text = None if new is None else new.text
                changes.append(GateChange(kpi=kpi, gate=name, before=verdicts[0], after=verdicts[1], text=text))
    return tuple(changes)


def _health(before: FittedVersion, after: FittedVersion) -> tuple[HealthChange, ...]:
    def score(one: FittedVersion, kpi: str) -> float | None:
        found = health(one.artifacts[kpi].manifest.gates) if kpi in one.artifacts else None
        return None if found is None else found.score

    kpis = dict.fromkeys([*before.artifacts, *after.artifacts])
    return tuple(HealthChange(kpi=kpi, before=score(before, kpi), after=score(after, kpi)) for kpi in kpis)
