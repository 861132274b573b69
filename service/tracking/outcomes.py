"""What a KPI was planned to be, what the money that was really spent should have brought, and what came."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from mmm.artifact import ResponseArtifact
from mmm.sentence import Day, Number, Sentence, Word, phrase, sentence
from mmm.vocabulary import FloatArray
from optimizer.geos.outlook import GeoShares
from optimizer.scenario.known_spend import KnownSpend
from service.tracking.alarm import AlarmBand, alarm_band
from service.tracking.conditioning import Conditioned, conditioned
from service.tracking.document import Alert, Bridge, KpiTracking, PeriodOutcome
from service.tracking.paths import JointPaths, interval_of, intervals, joint_paths


@dataclass(frozen=True, slots=True)
class SpendPaths:
    """Money per period in a model's order of channels. T periods, n of them known.

    Attributes
    ----------
    planned
        As the plan has it. Shape (T, C).
    given
        As it was in the first n periods, then as planned. Shape (T, C).
    """

    planned: FloatArray
    given: FloatArray

    def scaled(self, periods: int) -> FloatArray:
        """As planned, but over the first `periods` scaled to the money that was spent in them. Shape (T, C)."""
        scaled = self.planned.copy()
        planned = self.planned[:periods].sum()
        if planned > 0:
            scaled[:periods] *= self.given[:periods].sum() / planned
        return scaled


@dataclass(frozen=True, slots=True)
class Delivered:
    """One KPI as planned, as expected for what was spent, and given what was seen of it.

    `planned_totals` and `planned_mean` are the outcome as planned by period, with noise, shape (N, T), and its mean,
    shape (T,). `scaled_mean` is the expected outcome of the periods seen for what was spent in them, in the mix of the
    plan. `actual` has shape (m,).
    """

    planned_totals: FloatArray
    planned_mean: FloatArray
    scaled_mean: float
    given: JointPaths
    seen: Conditioned
    band: AlarmBand
    actual: FloatArray

    @property
    def last(self) -> date | None:
        """The newest period whose outcome is known."""
        return self.given.dates[len(self.actual) - 1] if len(self.actual) else None


def delivered(
    artifact: ResponseArtifact,
    start: date,
    spend: SpendPaths,
    actual: FloatArray,
    level: float,
    *,
    known: KnownSpend | None = None,
    past: ResponseArtifact | None = None,
    shares: GeoShares | None = None,
) -> Delivered:
    """One KPI of a plan, looked at from all sides; `level` is the share of false alarms that it may have."""

    def paths(money: FloatArray) -> JointPaths:
        return joint_paths(artifact, start, money, known=known, past=past, shares=shares)

    given = paths(spend.given)
    planned = given if np.array_equal(spend.planned, spend.given) else paths(spend.planned)
    planned_totals, planned_mean = planned.totals, planned.mean[:, :-1].sum(axis=0)
    scaled_spend = spend.scaled(len(actual))
    if np.array_equal(scaled_spend, spend.given):
        scaled_mean = given.mean
    else:
        del planned  # paths of all parts are large: of one spend at a time but the given
        scaled_mean = paths(scaled_spend).mean
    return Delivered(
        planned_totals=planned_totals,
        planned_mean=planned_mean,
        scaled_mean=float(scaled_mean[:, : len(actual)].sum()),
        given=given,
        seen=conditioned(given, actual),
        band=alarm_band(given.totals, artifact.manifest.period, level),
        actual=actual,
    )


def kpi_tracking(found: Delivered) -> KpiTracking:
    """The periods of a KPI, its whole, and the bridge."""
    info, seen = found.given.artifact.manifest.outcome, len(found.actual)
    totals = {"planned": found.planned_totals, "expected": found.given.totals, "now": found.seen.totals}
    means = {
        "planned": found.planned_mean,
        "expected": found.given.mean[:, :-1].sum(axis=0),
        "now": found.seen.mean[:, :-1].sum(axis=0),
    }
    by_period = {name: intervals(paths, means[name]) for name, paths in totals.items()}
    to_date = {
        name: intervals(np.cumsum(totals[name], axis=1), np.cumsum(means[name])) for name in ("planned", "expected")
    }
    summed = np.cumsum(found.actual)
    periods = tuple(
        PeriodOutcome(
            date=day,
            planned=by_period["planned"][row],
            expected=by_period["expected"][row],
            actual=float(found.actual[row]) if row < seen else None,
            forecast=None if row < seen else by_period["now"][row],
            planned_to_date=to_date["planned"][row],
            expected_to_date=to_date["expected"][row],
            actual_to_date=float(summed[row]) if row < seen else None,
            allowed=found.band.to_date[row],
        )
        for row, day in enumerate(found.given.dates)
    )
    return KpiTracking(
        kpi=info.name,
        unit=info.unit,
        periods_known=seen,
        periods=periods,
        planned=interval_of(totals["planned"].sum(axis=1), float(means["planned"].sum())),
        projected=interval_of(totals["now"].sum(axis=1), float(means["now"].sum())),
        bridge=_bridge(found) if seen else None,
    )


def outcome_alert(found: Delivered) -> Alert | None:
    """Whether what came leaves what was expected for the money spent, and what that points to."""
    outside = found.band.outside(found.actual)
    if outside is None:
        return None
    kpi, dates = found.given.artifact.manifest.outcome.name, found.given.dates
    expected = float(found.given.mean[:, outside.start : outside.end + 1].sum())
    text = sentence(
        "{kpi}: {actual} came in the periods from {start} to {end}; for what was spent {expected} were expected, and "
        "{low} to {high} are usual. {cause}",
        kpi=Word(text=kpi),
        actual=Number(amount=outside.total),
        start=Day(day=dates[outside.start]),
        end=Day(day=dates[outside.end]),
        expected=Number(amount=expected),
        low=Number(amount=outside.low),
        high=Number(amount=outside.high),
        cause=phrase(_cause(found)),
    )
    return Alert(
        kind="outcome",
        kpi=kpi,
        direction="above" if outside.is_above else "below",
        since=dates[outside.since],
        text=text,
        action=_more() if outside.is_above else _less(),
    )


def _bridge(found: Delivered) -> Bridge:
    seen, names = len(found.actual), found.given.artifact.channels
    planned = float(found.planned_mean[:seen].sum())
    given = float(found.given.mean[:, :seen].sum())
    return Bridge(
        planned=planned,
        spend=found.scaled_mean - planned,
        mix=given - found.scaled_mean,
        effect=found.seen.media_deviation(),
        base=found.seen.deviation(-2),
        chance=found.seen.deviation(-1),
        actual=float(found.actual.sum()),
        effects={name: found.seen.deviation(place) for place, name in enumerate(names)},
    )


def _cause(found: Delivered) -> Sentence:
    """What most of the difference is put down to."""
    names = found.given.artifact.channels
    parts: Mapping[str, float] = {
        "effect": found.seen.media_deviation().mean,
        "base": found.seen.deviation(-2).mean,
        "chance": found.seen.deviation(-1).mean,
    }
    largest = max(parts, key=lambda name: abs(parts[name]))
    if largest == "effect":
        by_channel = {name: found.seen.deviation(place).mean for place, name in enumerate(names)}
        most = max(by_channel, key=lambda name: abs(by_channel[name]))
        return sentence(
            "Most of the difference is put down to what media bring, of {channel} above all.", channel=Word(text=most)
        )
    if largest == "base":
        return sentence("Most of the difference is put down to the base: what comes without media.")
    return sentence("Most of the difference is put down to chance of single periods.")


def _less() -> Sentence:
    return sentence(
        "Check the data and what changed: creatives, prices, rivals, tracking. Then plan the rest anew, and refit the "
        "model: the plan's curves do not know of it yet."
    )


def _more() -> Sentence:
    return sentence(
        "Check the data and what changed; if it lasts, the rest of the plan may reach its tasks with less. Refit the "
        "model before more money follows."
    )
