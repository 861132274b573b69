"""Everything about a response artifact that is not a draw: outcome, channels, baseline, evidence and gates."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from mmm.geo_curves import GeosInfo
from mmm.long_run import LongRunInfo
from mmm.parsing import StrictModel
from mmm.sentence import Sentence
from mmm.vocabulary import (
    AdstockKind,
    Evidence,
    Language,
    LikelihoodKind,
    PeriodName,
    Role,
    SaturationKind,
    Scene,
    Stage,
    Verdict,
)

SCHEMA_VERSION = 1


class OutcomeInfo(StrictModel):
    """The modelled outcome; `value_per_unit` is money per unit over the last year, None if not given."""

    name: str
    unit: str
    stage: Stage
    value_per_unit: float | None
    likelihood: LikelihoodKind = "normal"


class ChannelInfo(StrictModel):
    """A paid channel as the optimiser needs it.

    `cost_per_impression` is money over the last year, of channels with reach and frequency alone.
    """

    name: str
    role: Role
    brand_weight: float
    stage: Stage | None = None
    scene: Scene | None = None
    department: str | None = None
    owner: str | None = None
    fee: float = 0.0
    adstock: AdstockKind
    saturation: SaturationKind
    cost_per_impression: float | None = None


class OrganicInfo(StrictModel):
    """A medium without cost; its history is in the arrays and its future is assumed to repeat last year."""

    name: str
    adstock: AdstockKind
    saturation: SaturationKind


class EventInfo(StrictModel):
    """A span of periods with a level of its own, by position (0 is the first period of the window)."""

    name: str
    start: int
    periods: int


class HolidayInfo(StrictModel):
    """A public holiday: how many of its `days` fall into the periods at `positions`, also beyond the window.

    Position 0 is the first period of the window; periods that are not named have none.
    """

    name: str
    positions: tuple[int, ...]
    days: tuple[int, ...]


class BaselineInfo(StrictModel):
    """How the columns of the baseline's design follow from a position in time.

    Column order of `baseline_design`: intercept, slope (if `slope_scale` > 0), one hinge a knot,
    sine and cosine a Fourier pair, controls, events, sine and cosine a Fourier pair of the week, holidays, brand.

    `trend_unit` is the number of periods that count as one unit of the slope. `controls` are
    standardised by `control_means` and `control_scales`. `brand` is the level of the brand over its mean, less one, in
    each period of the window; later periods hold the last one. Empty where nothing indicates it.
    """

    trend_unit: float
    has_slope: bool
    knots: tuple[float, ...] = ()
    fourier_pairs: int = 0
    season_length: float
    controls: tuple[str, ...] = ()
    control_means: tuple[float, ...] = ()
    control_scales: tuple[float, ...] = ()
    events: tuple[EventInfo, ...] = ()
    week_pairs: int = 0
    holidays: tuple[HolidayInfo, ...] = ()
    brand: tuple[float, ...] = ()


def baseline_terms(info: BaselineInfo) -> int:
    """Number of columns K of `baseline_design`."""
    trend, seasons = 1 + info.has_slope + len(info.knots), 2 * (info.fourier_pairs + info.week_pairs)
    return trend + seasons + len(info.controls) + len(info.events) + len(info.holidays) + bool(info.brand)


class Gate(StrictModel):
    """One check of a fit: what was measured, against which limit, in words, and what to do."""

    name: str
    verdict: Verdict
    value: float | None
    limit: float | None
    text: Sentence
    action: Sentence | None = None


MEASURED_CONTRACTION = 0.2
"""Contraction from which on an effect counts as measured: of a channel, or of a model, averaged over spend."""

SEEN_FROM = 0.5
"""Probability from which on the bend of a curve counts as seen: more likely than not."""


class ChannelEvidence(StrictModel):
    """How much the data taught about a channel.

    `contraction` is one minus posterior over prior sd of its log effect, in [0, 1]; `half_saturation` and `retention`
    are the same of these. `reach` is its largest adstocked level in the window over its half-saturation (median), and
    `bend_seen` the probability that it was one or more: that spend was seen where the curve bends. None in artifacts
    from before these were measured.
    """

    channel: str
    contraction: float
    half_saturation: float | None = None
    retention: float | None = None
    reach: float | None = None
    bend_seen: float | None = None


class Manifest(StrictModel):
    """Everything about an artifact that is not a draw."""

    schema_version: Literal[1] = 1
    market: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
    language: Language
    currency: str
    period: PeriodName
    business: str | None = None
    outcome: OutcomeInfo
    channels: Annotated[tuple[ChannelInfo, ...], Field(min_length=1)]
    organic: tuple[OrganicInfo, ...] = ()
    window_start: date
    window_periods: int
    carryover_periods: int
    baseline: BaselineInfo
    evidence: Evidence
    contraction: tuple[ChannelEvidence, ...] = ()
    gates: tuple[Gate, ...] = ()
    long_run: LongRunInfo | None = None
    geos: GeosInfo | None = None
    is_national_aggregate: bool = False
    data_digest: str
    spec_digest: str
    seed: int
    draws: int
    versions: Mapping[str, str] = Field(default_factory=dict)
    arrays_sha256: str = ""

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of its gates."""
        verdicts = {gate.verdict for gate in self.gates}
        return "fail" if "fail" in verdicts else "review" if "review" in verdicts else "pass"
