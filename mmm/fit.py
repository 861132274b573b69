"""From a market to a response artifact: holdout fit, fit, gates. The shell around the sampler."""

from dataclasses import dataclass, replace
from importlib.metadata import version

import numpy as np

from mmm.artifact import ResponseArtifact, seal
from mmm.brand.evidence import judge_brand
from mmm.brand.level import Brand, fit_brand, with_brand, with_panel_brand
from mmm.brand.long_run import long_run_of
from mmm.checks.diagnostics import Diagnostics, diagnose
from mmm.checks.gates import evidence_of, judge
from mmm.checks.holdout import forecast_held_out, score_holdout
from mmm.checks.lift import LiftComparison, compare, compare_panel
from mmm.common_demand import with_common_demand
from mmm.design import Design, build_design, default_holdout
from mmm.errors import FitError
from mmm.forecast_scores import DrawnForecast
from mmm.long_run import LongRunDraws, LongRunInfo
from mmm.manifest import ChannelEvidence, ChannelInfo, Gate, Manifest, OrganicInfo, OutcomeInfo
from mmm.market import Market, national_aggregate, without_lift_tests
from mmm.panel.design import PanelDesign, build_panel_design
from mmm.panel.geo_draws import geo_draws
from mmm.panel.parameters import panel_data, panel_prior, panel_structure
from mmm.panel.posterior import PanelPosterior, draw_panel_posterior
from mmm.parameters import ParameterPrior, Structure, prior_of_parameters, structure_of
from mmm.posterior import KEPT_DRAWS, Posterior, draw_posterior, response_draws, thinned
from mmm.prefit.report import data_gate, refuse_unfit
from mmm.priors import build_priors, widened
from mmm.progress import Listener, sample_until_agreed
from mmm.sampling import Effort, Samples
from mmm.settled import settle
from mmm.spec import ModelChoices, OutcomeSpec
from mmm.spec_digest import spec_digest
from mmm.vocabulary import PERIODS_PER_YEAR, PeriodName

HOLDOUT_STAGE = "holdout fit"
FULL_STAGE = "fit"
HISTORY_STAGE = "fit without lift tests"
WIDENED_STAGE = "fit with wider priors"
BRAND_STAGE = "fit of brand indicators"

HOLDOUT_DRAWS, HOLDOUT_TUNE = 250, 300
"""Most draws and warm-up of a chain for the holdout: quantiles of a forecast need no more."""

BRAND_DRAWS = 400
"""Most draws of a chain for an indicator of brand: with fewer its chains often have to be sampled again."""

LENGTHENINGS = (1, 2, 4)
"""How long to sample, as multiples of what is asked for: longer only while the chains do not agree."""

RECORDED_VERSIONS = ("mixplan", "numpy", "numba", "nutpie")
"""Packages whose versions decide about the draws."""


def fit_outcome(
    market: Market, outcome: str, *, seed: int | None = None, progress: Listener | None = None
) -> ResponseArtifact:
    """The fitted response of one outcome of a market.

    Where the chains do not agree it samples again, up to four times as long; the gates judge what came of it.

    Parameters
    ----------
    market
        What to learn from. The geos of a panel are pooled in part, or added up where market.toml says so; either way
        the artifact speaks of the country.
    outcome
        Name of one of its outcomes.
    seed
        Instead of the market's own. Equal markets and seeds give equal artifacts.
    progress
        Told how far the fit is, several times a second.

    Raises
    ------
    FitError
        When the outcome is unknown, the market asks for something that cannot be fitted, or the sampler stops.
    MarketRefused
        When the data make a fit meaningless, with every reason (`mmm.prefit`).
    """
    spec = _outcome_spec(market, outcome)
    warnings = refuse_unfit(market, [outcome])
    chosen = market.spec.model.seed if seed is None else seed
    fitted_as = _as_fitted(market, spec)
    choices = market.spec.model
    of_holdout, of_fit, of_history, of_long_run = np.random.SeedSequence(chosen).spawn(4)
    held_out = default_holdout(fitted_as)
    score = None
    short = (_short_effort(choices),)
    if held_out:
        fitted = _fit(fitted_as, spec, held_out, short, HOLDOUT_STAGE, of_holdout, progress)
        score = score_holdout(fitted.posterior, market.spec.market.period, fitted.rng)
    full = _lengthened(Effort(choices.chains, choices.draws, choices.tune))
    fitted = _fit(fitted_as, spec, 0, full, FULL_STAGE, of_fit, progress)
    comparisons: tuple[LiftComparison, ...] = ()
    if fitted.has_tests:
        history = _fit(without_lift_tests(fitted_as), spec, 0, short, HISTORY_STAGE, of_history, progress)
        comparisons = _compare(fitted, history)
    found, national = _diagnose(fitted, market.spec.market.period), national_aggregate(market)
    slow = long_run_of(national, fitted.posterior, fitted.brand, np.random.default_rng(of_long_run))
    gates = (
        *judge(national, fitted.posterior.design, found, score, comparisons),
        *judge_brand(None if slow is None else slow[0]),
        data_gate(warnings),
    )
    return _artifact(market, national, spec, chosen, fitted, found, gates, slow)


def forecast_last(
    market: Market,
    outcome: str,
    periods: int,
    *,
    seed: np.random.SeedSequence,
    progress: Listener | None = None,
) -> DrawnForecast:
    """The forecast of a market's last periods by a fit that does not see their outcome, but their spend and controls.

    Parameters
    ----------
    market, outcome, progress
        As in `fit_outcome`.
    periods
        Number of last periods.
    seed
        Equal markets and seeds give equal forecasts.

    Raises
    ------
    FitError
        As in `fit_outcome`.
    """
    spec = _outcome_spec(market, outcome)
    fitted_as = _as_fitted(market, spec)
    effort = _short_effort(market.spec.model)
    fitted = _fit(fitted_as, spec, periods, (effort,), HOLDOUT_STAGE, seed, progress)
    return forecast_held_out(fitted.posterior, fitted.rng)


def fit_widened(
    market: Market, outcome: str, widening: float, *, seed: int | None = None, progress: Listener | None = None
) -> Posterior:
    """Draws of a fit whose priors about media are wider, with the effort of a holdout fit.

    Parameters
    ----------
    market, outcome, seed, progress
        As in `fit_outcome`. Equal seeds share their randomness over all widenings.
    widening
        Factor of every spread about media; one for the priors as they are.

    Raises
    ------
    FitError
        As in `fit_outcome`.
    """
    spec = _outcome_spec(market, outcome)
    fitted_as = _as_fitted(market, spec)
    effort = _short_effort(market.spec.model)
    chosen = np.random.SeedSequence(market.spec.model.seed if seed is None else seed)
    return _fit(fitted_as, spec, 0, (effort,), WIDENED_STAGE, chosen, progress, widening).posterior


def _as_fitted(market: Market, outcome: OutcomeSpec) -> Market:
    return with_common_demand(market if market.is_pooled else national_aggregate(market), outcome)


def _short_effort(choices: ModelChoices) -> Effort:
    return Effort(choices.chains, min(HOLDOUT_DRAWS, choices.draws), min(HOLDOUT_TUNE, choices.tune))


def _lengthened(effort: Effort) -> tuple[Effort, ...]:
    return tuple(Effort(effort.chains, times * effort.draws, times * effort.tune) for times in LENGTHENINGS)


@dataclass(frozen=True, slots=True)
class _Fitted:
    prior: ParameterPrior
    structure: Structure
    samples: Samples
    posterior: Posterior
    brand: Brand | None
    rng: np.random.Generator
    panel: tuple[PanelDesign, PanelPosterior] | None = None

    @property
    def has_tests(self) -> bool:
        return bool(self.posterior.design.tests if self.panel is None else self.panel[0].tests)


def _fit(
    market: Market,
    outcome: OutcomeSpec,
    held_out: int,
    efforts: tuple[Effort, ...],
    stage: str,
    seed: np.random.SeedSequence,
    progress: Listener | None,
    widening: float = 1.0,
) -> _Fitted:
    of_sampler, of_rest, of_brand = seed.spawn(3)
    sampler_seed, rng = int(of_sampler.generate_state(1, np.uint64)[0]), np.random.default_rng(of_rest)
    brand = None
    if market.spec.indicators:
        choices = market.spec.model
        least = Effort(choices.chains, min(BRAND_DRAWS, choices.draws), min(HOLDOUT_TUNE, choices.tune))
        brand = fit_brand(national_aggregate(market), held_out, _lengthened(least), BRAND_STAGE, of_brand, progress)
    if market.is_panel:
        panel = with_panel_brand(build_panel_design(market, outcome, held_out), brand)
        priors = widened(build_priors(national_aggregate(market), outcome, panel.national), widening)
        samples = sample_until_agreed(panel_data(panel, priors), efforts, sampler_seed, stage, progress)
        drawn = draw_panel_posterior(panel, priors, thinned(samples.parameters, KEPT_DRAWS), rng)
        prior, structure = panel_prior(panel, priors), panel_structure(panel)
        return _Fitted(prior, structure, samples, drawn.country, brand, rng, (panel, drawn))
    design = with_brand(build_design(market, outcome, held_out), brand)
    priors = widened(build_priors(market, outcome, design), widening)
    priors, data = settle(design, priors)
    samples = sample_until_agreed(data, efforts, sampler_seed, stage, progress)
    posterior = draw_posterior(design, priors, thinned(samples.parameters, KEPT_DRAWS), rng)
    structure = structure_of(design)
    return _Fitted(prior_of_parameters(structure, priors), structure, samples, posterior, brand, rng)


def _compare(fitted: _Fitted, history: _Fitted) -> tuple[LiftComparison, ...]:
    if fitted.panel is None or history.panel is None:
        return compare(fitted.posterior.design, history.posterior)
    return compare_panel(fitted.panel[0], history.panel[1])


def _diagnose(fitted: _Fitted, period: PeriodName) -> Diagnostics:
    return diagnose(fitted.samples, fitted.prior, fitted.structure, fitted.posterior, period, fitted.rng)


def _outcome_spec(market: Market, name: str) -> OutcomeSpec:
    outcomes = {outcome.name: outcome for outcome in market.spec.outcomes}
    if name not in outcomes:
        raise FitError(f"Market '{market.name}' has no outcome '{name}'; it has {', '.join(outcomes)}.")
    outcome = outcomes[name]
    series = market.outcomes[name]
    if outcome.likelihood == "negative_binomial" and (series != series.round()).any():
        raise FitError(
            f"Outcome '{name}': likelihood 'negative_binomial' is of counts, and some values are no whole numbers; use "
            f"'normal' or 'student_t' ({market.name}, market.toml)."
        )
    return outcome


def _artifact(
    market: Market,
    national: Market,
    outcome: OutcomeSpec,
    seed: int,
    fitted: _Fitted,
    found: Diagnostics,
    gates: tuple[Gate, ...],
    slow: tuple[LongRunInfo, LongRunDraws] | None,
) -> ResponseArtifact:
    long_run, slow_draws = (None, None) if slow is None else slow
    geos, by_geo = (None, None) if fitted.panel is None else geo_draws(market, fitted.panel[1])
    design = fitted.posterior.design
    draws = replace(response_draws(fitted.posterior), long_run=slow_draws, geos=by_geo)
    spec, header = market.spec, market.spec.market
    manifest = Manifest(
        market=market.name,
        language=header.language,
        currency=header.currency,
        period=header.period,
        business=header.business,
        outcome=_outcome_info(national, outcome),
        channels=_channel_infos(national, design),
        organic=tuple(
            OrganicInfo(name=medium.name, adstock=medium.adstock, saturation=medium.saturation)
            for medium in spec.organic
        ),
        window_start=market.dates[0],
        window_periods=len(market.dates),
        carryover_periods=design.carryover_periods,
        baseline=design.baseline,
        evidence=evidence_of(national, design, found.contraction.share),
        contraction=_channel_evidence(design, found),
        gates=gates,
        long_run=long_run,
        geos=geos,
        is_national_aggregate=market.is_panel and not market.is_pooled,
        data_digest=market.data_digest,
        spec_digest=spec_digest(market),
        seed=seed,
        draws=len(draws.noise_scale),
        versions={name: version(name) for name in RECORDED_VERSIONS},
    )
    return seal(manifest, draws)


def _channel_evidence(design: Design, found: Diagnostics) -> tuple[ChannelEvidence, ...]:
    taught = found.contraction
    return tuple(
        ChannelEvidence(
            channel=bend.channel,
            contraction=float(taught.share[place]),
            half_saturation=float(taught.half_saturation[place]),
            retention=float(taught.retention[place]),
            reach=bend.reach,
            bend_seen=bend.probability,
        )
        for place, bend in zip(design.paid, found.bends, strict=True)
    )


def _outcome_info(national: Market, outcome: OutcomeSpec) -> OutcomeInfo:
    per_unit = national.values_per_unit[outcome.name]
    last_year = max(round(PERIODS_PER_YEAR[national.spec.market.period]), 1)
    value = None if per_unit is None else float(per_unit[-last_year:, 0].mean())
    return OutcomeInfo(
        name=outcome.name, unit=outcome.unit, stage=outcome.stage, value_per_unit=value, likelihood=outcome.likelihood
    )


def _channel_infos(national: Market, design: Design) -> tuple[ChannelInfo, ...]:
    return tuple(
        ChannelInfo(
            name=channel.name,
            role=channel.main_role,
            brand_weight=channel.weight,
            stage=channel.stage,
            scene=channel.scene,
            department=channel.department,
            owner=channel.owner,
            fee=channel.fee,
            adstock=channel.adstock,
            saturation=design.media[place].saturation,
            cost_per_impression=_cost_per_impression(national, design, place),
        )
        for channel, place in zip(national.spec.channels, design.paid, strict=True)
    )


def _cost_per_impression(national: Market, design: Design, place: int) -> float | None:
    """Money over the last year, as `mmm.design.exposure_of` counts exposure; None without reach and frequency."""
    medium = design.media[place]
    impressions = float(national.exposure[medium.name].sum()) if medium.saturation == "reach" else 0.0
    return float(design.exposure[:, place].sum()) / impressions if impressions > 0 else None
