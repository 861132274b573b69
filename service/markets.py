"""What is known of a market: its models, channels and gates, as documents."""

from datetime import date, datetime

from mmm.artifact import ChannelInfo, Gate, Manifest
from mmm.checks.health import Health, health
from mmm.parsing import StrictModel
from mmm.periods import shift_period
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


class ModelDetail(StrictModel):
    """A model version with the gates of each of its outcomes."""

    market: str
    version: int
    alias: Alias
    verdict: Verdict
    created_at: datetime
    seed: int
    kpis: tuple[KpiDetail, ...]


def market_summary(registry: Registry, name: str) -> MarketSummary:
    """One line about a market.

    Raises
    ------
    NotKnown
        When the market has no model.
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
        kpis=_kpis(registry, version),
    )


def model_detail(registry: Registry, version: ModelVersion) -> ModelDetail:
    """A model version with its gates."""
    return ModelDetail(
        market=version.market,
        version=version.version,
        alias=version.alias,
        verdict=version.verdict,
        created_at=version.created_at,
        seed=version.seed,
        kpis=_kpis(registry, version),
    )


def _shown(registry: Registry, name: str) -> tuple[ModelVersion, bool]:
    try:
        return registry.champion(name), True
    except NoChampion:
        return registry.versions(name)[0], False


def _manifest(registry: Registry, version: ModelVersion) -> Manifest:
    return next(iter(registry.load(version).values())).manifest


def _kpis(registry: Registry, version: ModelVersion) -> tuple[KpiDetail, ...]:
    return tuple(
        KpiDetail(
            kpi=kpi,
            unit=artifact.manifest.outcome.unit,
            stage=artifact.manifest.outcome.stage,
            value_per_unit=artifact.manifest.outcome.value_per_unit,
            evidence=artifact.manifest.evidence,
            verdict=artifact.manifest.verdict,
            digest=artifact.digest,
            gates=artifact.manifest.gates,
            health=health(artifact.manifest.gates),
        )
        for kpi, artifact in registry.load(version).items()
    )
