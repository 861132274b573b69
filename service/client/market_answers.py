"""What the server answers about markets, their data and their models."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from service.client.answers import Answer, Interval


class Market(Answer):
    """One line about a market; `champion` is the model version in use, None when there is none."""

    name: str
    language: str
    currency: str
    period: str
    kpis: tuple[str, ...]
    champion: int | None
    verdict: str


class Kpi(Answer):
    """One modelled outcome, with the gates of its model."""

    kpi: str
    unit: str
    value_per_unit: float | None
    evidence: str
    verdict: str
    digest: str
    gates: tuple[Mapping[str, Any], ...]


class MarketDetail(Answer):
    """A market as its champion, else its newest model, has it; `next_period` is the first after its data."""

    name: str
    language: str
    currency: str
    period: str
    champion: int | None
    version: int
    verdict: str
    data_from: date
    data_until: date
    next_period: date
    channels: tuple[Mapping[str, Any], ...]
    kpis: tuple[Kpi, ...]


class CurveTable(Answer):
    """The KPI that a channel adds, by spend; four lists of equal length."""

    spend: tuple[float, ...]
    mean: tuple[float, ...]
    p05: tuple[float, ...]
    p95: tuple[float, ...]


class ChannelCurve(Answer):
    """One channel's curve, and what it brings at `spend`."""

    name: str
    role: str
    spend: float
    contribution: Interval
    roas: Interval | None
    mroas: Interval | None
    cpa: Interval | None
    largest_seen: float
    curve: CurveTable


class Curves(Answer):
    """The response curves of a market."""

    market: str
    kpi: str
    unit: str
    currency: str
    channels: tuple[ChannelCurve, ...]


class Dataset(Answer):
    """One version of a market's data."""

    id: str
    market: str
    version: int
    data_digest: str
    spec_digest: str
    first_period: str
    last_period: str
    periods: int
    created_at: datetime


class Datasets(Answer):
    """The versions of a market's data, the newest first."""

    market: str
    datasets: tuple[Dataset, ...]


class Markets(Answer):
    """The markets that have models."""

    markets: tuple[Market, ...]
    damaged: tuple[Mapping[str, Any], ...] = ()


class Model(Answer):
    """A model version: `alias` says whether it is in use, `verdict` what its gates say."""

    market: str
    version: int
    alias: str
    verdict: str
    created_at: datetime
    seed: int
    kpis: tuple[Kpi, ...]


class Models(Answer):
    """The model versions of a market, the newest first."""

    market: str
    models: tuple[Model, ...]


class Reason(Answer):
    """What one rule of promotion found: `bearing` says whether it holds the model back."""

    rule: str
    bearing: str
    text: str
    action: str | None
    kpi: str | None


class Judgement(Answer):
    """Whether a challenger takes the champion's place, and why."""

    decision: str
    reasons: tuple[Reason, ...]


class RefitReport(Answer):
    """The judgement on a refit, and what it rests on."""

    market: str
    judgement: Judgement
    backtests: tuple[Mapping[str, Any], ...] = ()
    curves: Mapping[str, Any] | None = None
    splits: Mapping[str, Any] | None = None


class VersionHead(Answer):
    """A model version, and what it was fitted on."""

    version: int
    alias: str
    verdict: str
    data_from: date
    data_until: date
    periods: int
    data_digest: str
    spec_digest: str
    seed: int


class ModelDifference(Answer):
    """What differs between two model versions of a market, from `before` to `after`."""

    market: str
    before: VersionHead
    after: VersionHead
