"""What is known of a market: its models, channels and gates, as documents."""

from collections.abc import Iterable
from datetime import date, datetime

from mmm.artifact import ResponseArtifact
from mmm.checks.health import Health, health
from mmm.errors import ArtifactError
from mmm.manifest import ChannelInfo, Gate, Manifest
from mmm.parsing import StrictModel
from mmm.periods import shift_period
from mmm.sentence import Sentence
from mmm.vocabulary import Evidence, Language, PeriodName, Stage, Verdict
from service.errors import NoChampion
from service.records import Alias, ModelVersion
from service.registry import Registry


class MarketSummary(StrictModel):
    """One line about a market; `champion` is the version in use, None when no model may be planned with."""

    name: str
    language: Language
    currency: str
    period: PeriodName
    kpis: tuple[str, ...]
    champion: int | None
    verdict: Verdict


class KpiDetail(StrictModel):
    """One modelled outcome of a market, with the gates of its model."""

    kpi: str
    unit: str
    stage: Stage
    value_per_unit: float | None
    evidence: Evidence
    verdict: Verdict
    digest: str
    gates: tuple[Gate, ...]
    health: Health | None


class MarketDetail(StrictModel):
    """Everything about a market that is not a draw, as its champion (else its newest model) has it."""

    name: str
    language: Language
    currency: str
    period: PeriodName
    business: str | None
    champion: int | None
    version: int
    alias: Alias
    verdict: Verdict
    data_from: date
    data_until: date
    next_period: date
    channels: tuple[ChannelInfo, ...]
    kpis: tuple[KpiDetail, ...]


class DamagedKpi(StrictModel):
    """An outcome of a model version whose artifact is missing or damaged, and why it cannot be read."""

    kpi: str
    digest: str
    reason: str | Sentence


class DamagedMarket(StrictModel):
    """A market whose model cannot be read, and why."""

    name: str
    version: int
    reason: str | Sentence


class ModelDetail(StrictModel):
    """A model version with the gates of each of its outcomes; `damaged` names those that cannot be read."""

    market: str
    version: int
    alias: Alias
    verdict: Verdict
    created_at: datetime
    seed: int
    kpis: tuple[KpiDetail, ...]
    damaged: tuple[DamagedKpi, ...] = ()


def market_summaries(
    registry: Registry, names: Iterable[str]
) -> tuple[tuple[MarketSummary, ...], tuple[DamagedMarket, ...]]:
    """One line about each of some markets with models, and those of them whose model in use cannot be read."""
    summaries, damaged = [], []
    for name in names:
        try:
            summaries.append(market_summary(registry, name))
        except ArtifactError as error:
            version, _is_champion = _shown(registry, name)
            damaged.append(DamagedMarket(name=name, version=version.version, reason=error.said))
    return tuple(summaries), tuple(damaged)


def market_summary(registry: Registry, name: str) -> MarketSummary:
    """One line about a market.

    Raises
    ------
    NotKnown
        When the market has no model.
    ArtifactError
        When an artifact of the model that is shown is missing or damaged.
    """
    version, is_champion = _shown(registry, name)
    manifest = _manifest(registry, version)
    return MarketSummary(
        name=name,
        language=manifest.language,
        currency=manifest.currency,
        period=manifest.period,
        kpis=tuple(version.digests),
        champion=version.version if is_champion else None,
        verdict=version.verdict,
    )


def market_detail(registry: Registry, name: str) -> MarketDetail:
    """Everything about a market that is not a draw.

    Raises
    ------
    NotKnown
        When the market has no model.
    ArtifactError
        When an artifact of the model that is shown is missing or damaged.
    """
    version, is_champion = _shown(registry, name)
    manifest = _manifest(registry, version)
    periods = manifest.window_periods
    return MarketDetail(
        name=name,
        language=manifest.language,
        currency=manifest.currency,
        period=manifest.period,
        business=manifest.business,
        champion=version.version if is_champion else None,
        version=version.version,
        alias=version.alias,
        verdict=version.verdict,
        data_from=manifest.window_start,
        data_until=shift_period(manifest.window_start, periods - 1, manifest.period),
        next_period=shift_period(manifest.window_start, periods, manifest.period),
        channels=manifest.channels,
        kpis=tuple(_kpi_detail(kpi, artifact) for kpi, artifact in registry.load(version).items()),
    )


def newest_manifest(registry: Registry, name: str) -> Manifest | None:
    """What the newest model of a market that can be read says of it; None where none can.

    Raises
    ------
    NotKnown
        When the market has no model.
    """
    for version in registry.versions(name):
        for kpi in version.digests:
            try:
                return registry.load_outcome(version, kpi).manifest
            except ArtifactError:
                continue
    return None


def model_detail(registry: Registry, version: ModelVersion) -> ModelDetail:
    """A model version with its gates, and what of it is missing or damaged."""
    kpis, damaged = [], []
    for kpi, digest in version.digests.items():
        try:
            kpis.append(_kpi_detail(kpi, registry.load_outcome(version, kpi)))
        except ArtifactError as error:
            damaged.append(DamagedKpi(kpi=kpi, digest=digest, reason=error.said))
    return ModelDetail(
        market=version.market,
        version=version.version,
        alias=version.alias,
        verdict=version.verdict,
        created_at=version.created_at,
        seed=version.seed,
        kpis=tuple(kpis),
        damaged=tuple(damaged),
    )


def _shown(registry: Registry, name: str) -> tuple[ModelVersion, bool]:
    try:
        return registry.champion(name), True
    except NoChampion:
        return registry.versions(name)[0], False


def _manifest(registry: Registry, version: ModelVersion) -> Manifest:
    return next(iter(registry.load(version).values())).manifest


def _kpi_detail(kpi: str, artifact: ResponseArtifact) -> KpiDetail:
    manifest = artifact.manifest
    return KpiDetail(
        kpi=kpi,
        unit=manifest.outcome.unit,
        stage=manifest.outcome.stage,
        value_per_unit=manifest.outcome.value_per_unit,
        evidence=manifest.evidence,
        verdict=manifest.verdict,
        digest=artifact.digest,
        gates=manifest.gates,
        health=health(manifest.gates),
    )
