"""Everything that the data say before a fit: faults that forbid it, and warnings to read its results by."""

from collections.abc import Iterable
from dataclasses import dataclass

from mmm.errors import Fault, MarketRefused
from mmm.intake.checks_series import too_few_periods
from mmm.manifest import Gate
from mmm.market import Market
from mmm.prefit.apart import inseparable
from mmm.prefit.channels import thin_channels
from mmm.prefit.controls import mediators
from mmm.prefit.demand import led_by_outcome
from mmm.prefit.evidence import evidence_of
from mmm.prefit.outcomes import odd_outcomes
from mmm.prefit.warning import DataWarning
from mmm.priors import check_priors
from mmm.sentence import Sentence, Term, phrase, sentence

SPEC_FILE = "market.toml"


@dataclass(frozen=True, slots=True)
class PrefitReport:
    """Faults that make a fit meaningless, and warnings that do not; no two of either are alike."""

    faults: tuple[Fault, ...]
    warnings: tuple[DataWarning, ...]


def before_fit(market: Market, outcomes: Iterable[str] | None = None) -> PrefitReport:
    """What the data of a market say about fitting some of its outcomes; all of them unless named."""
    wanted = set(outcomes) if outcomes is not None else {outcome.name for outcome in market.spec.outcomes}
    faults = too_few_periods(SPEC_FILE, market.spec, len(market.dates))
    warnings = [*_coarse(market), *thin_channels(market)]
    for outcome in market.spec.outcomes:
        if outcome.name not in wanted:
            continue
        faults += check_priors(market, outcome)
        evidence = evidence_of(market, outcome)
        for blocked, told in (
            inseparable(evidence, SPEC_FILE),
            led_by_outcome(evidence, outcome.name, SPEC_FILE),
        ):
            faults += blocked
            warnings += told
        warnings += mediators(evidence)
        warnings += odd_outcomes(evidence, outcome, market.dates, market.spec.market.period)
    return PrefitReport(_distinct(faults), _distinct(warnings))


def refuse_unfit(market: Market, outcomes: Iterable[str] | None = None) -> tuple[DataWarning, ...]:
    """The warnings of a market whose data allow a fit.

    Raises
    ------
    MarketRefused
        With every reason why a fit would be meaningless.
    """
    report = before_fit(market, outcomes)
    if report.faults:
        raise MarketRefused(report.faults)
    return report.warnings


def data_gate(warnings: Iterable[DataWarning]) -> Gate:
    """The warnings as a gate of the fit that was done in spite of them."""
    told = tuple(warnings)
    if not told:
        text = sentence("Nothing in the data speaks against the fit.")
        return Gate(name="data", verdict="pass", value=0.0, limit=0.0, text=text)
    return Gate(
        name="data",
        verdict="review",
        value=float(len(told)),
        limit=0.0,
        text=_joined([warning.text for warning in told]),
        action=_joined(_distinct([warning.action for warning in told])),
    )


def _coarse(market: Market) -> list[DataWarning]:
    """What coarse periods cannot teach (Clarke 1976, on the duration of advertising effect)."""
    period = market.spec.market.period
    if period not in ("quarter", "year"):
        return []
    return [
        DataWarning(
            name="coarse",
            subject=market.name,
            text=sentence(
                "One row a {period} cannot show carryover of days or weeks, and overstates how long advertising works.",
                period=Term(text=period),
            ),
            action=sentence("Bring weekly or monthly data; use these effects for no decision."),
        )
    ]


def _joined(sentences: Iterable[Sentence]) -> Sentence:
    first, *rest = sentences
    for following in rest:
        first = sentence("{first} {second}", first=phrase(first), second=phrase(following))
    return first


def _distinct[Said](items: Iterable[Said]) -> tuple[Said, ...]:
    kept: list[Said] = []
    for item in items:
        if item not in kept:
            kept.append(item)
    return tuple(kept)
