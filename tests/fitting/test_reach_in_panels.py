"""Reach and frequency in a panel: people of every geo respond alike to contacts, and the country is their sum."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from fitting_markets import quick, small_market, with_exposure, with_reach

from mmm.artifact import ResponseArtifact, artifact_files, read_artifact
from mmm.checks.lift import increments
from mmm.curves import historical_contributions, medium_contribution
from mmm.design import build_design
from mmm.fit import fit_outcome
from mmm.frequency_figures import frequency_figures
from mmm.market import Market
from mmm.panel.design import PanelDesign, build_panel_design
from mmm.panel.geo_draws import geo_draws
from mmm.panel.lift import geo_increments
from mmm.panel.parameters import panel_prior
from mmm.panel.posterior import PanelPosterior, draw_panel_posterior
from mmm.posterior import Posterior, draw_posterior
from mmm.priors import build_priors
from mmm.saturation import best_frequency
from mmm.sentence import plain
from mmm.simulation.contacts import ContactMarket, with_contacts
from mmm.simulation.simulate import simulate_market
from mmm.spec import MarketSpec
from optimizer.errors import ScenarioRefused
from optimizer.plan_parts.channel_curves import channel_curves
from optimizer.planning import Planner
from optimizer.question.asked import PlanningModel
from optimizer.scenario.document import Scenario
from service.answers import curves_answer

KEPT = ("social_feed", "search", "tv")
"""Channels of the simulated panel that its data keep, of which the first has reach and frequency."""


def contacts() -> ContactMarket:
    """A simulated panel of three geos and three channels; what the others brought is taken out of its orders."""
    made = with_contacts(simulate_market("b2c", periods=78, seed=1, geos=3), KEPT[0])
    market = made.market
    kept = [place for place, channel in enumerate(market.spec.channels) if channel.name in KEPT]
    left = np.delete(made.contributions, kept, axis=1).sum(axis=1)
    channels = tuple(market.spec.channels[place] for place in kept)
    return replace(
        made,
        market=replace(
            market,
            spec=market.spec.model_copy(update={"channels": channels}),
            spend=market.spend[:, kept],
            outcomes={"orders": market.outcomes["orders"] - left},
        ),
        contributions=made.contributions[:, kept],
    )


MADE = contacts()


@pytest.fixture(scope="module")
def artifact() -> ResponseArtifact:
    return fit_outcome(quick(MADE.market, draws=200, tune=300, holdout=6), "orders")


def test_the_fit_holds_what_the_channel_brought_and_its_best_frequency(artifact: ResponseArtifact) -> None:
    brought = historical_contributions(artifact).sum(axis=1)
    truth = MADE.contributions.sum(axis=(0, 2))
    low, high = np.quantile(brought, (0.05, 0.95), axis=0)
    place = artifact.channels.index(MADE.channel)
    assert low[place] < truth[place] < high[place]
    # Not for want of an answer: the prior alone spans a factor of ten.
    assert high[place] < 2.5 * low[place]
    (found,) = frequency_figures(artifact)
    assert found.best.p05 < best_frequency(np.array(MADE.half_saturation), np.array(MADE.slope)) < found.best.p95
    verdicts = {gate.name: gate.verdict for gate in artifact.manifest.gates}
    assert {verdicts[name] for name in ("convergence", "divergences", "holdout_error", "predictive")} == {"pass"}


def planned(artifact: ResponseArtifact, **changes: object) -> Scenario:
    """A quarter's plan by geo."""
    document = {
        "name": "by geo",
        "market": artifact.manifest.market,
        "kpi": "orders",
        "budget": float(artifact.draws.spend[-13:].sum()),
        "horizon": {"start": "2026-10-05", "periods": 13},
        "business": "none",
        "geos": {},
    }
    return Scenario.model_validate(document | changes)


def test_a_plan_by_geo_keeps_the_channel_for_the_whole_country_and_says_so(artifact: ResponseArtifact) -> None:
    assert artifact.manifest.geos is not None
    assert artifact.manifest.geos.local == ("tv", "search")
    planner = Planner({"orders": PlanningModel(artifact)})
    found = planner.plan(planned(artifact))
    assert found.geos is not None
    assert found.geos.channels == ("tv", "search")
    reached = next(one for one in found.channels if one.channel == MADE.channel)
    whole = planner.plan(planned(artifact, geos=None, channels={MADE.channel: {"locked": reached.spend}}))
    alone = next(one for one in whole.channels if one.channel == MADE.channel)
    assert reached.contribution.mean == pytest.approx(alone.contribution.mean, rel=1e-9)
    limits = {"region 01": {"channels": {MADE.channel: {"max": 1000.0}}}}
    with pytest.raises(ScenarioRefused) as refused:
        planner.plan(planned(artifact, geos={"limits": limits}))
    (fault,) = refused.value.faults
    assert fault.field == f"geos.limits.region 01.channels.{MADE.channel}"
    assert plain(fault.expected) == (
        "a channel that is split over geos: tv, search; one with reach and frequency is planned for the whole country"
    )


def test_curves_and_files_of_such_an_artifact_are_those_of_the_country(artifact: ResponseArtifact) -> None:
    again = read_artifact(artifact_files(artifact), artifact.digest)
    impressions = MADE.market.exposure[MADE.channel]
    people = np.where(impressions > 0, impressions / np.maximum(MADE.market.frequency[MADE.channel], 1.0), 0.0)
    on_air = people.sum(axis=1) > 0
    country = impressions.sum(axis=1)[on_air] / people.sum(axis=1)[on_air]
    assert again.draws.frequency is not None
    np.testing.assert_allclose(again.draws.frequency[on_air, again.channels.index(MADE.channel)], country)
    shown = curves_answer(again, channel_curves(again, None)).channels
    assert [channel.name for channel in shown if channel.frequency is not None] == [MADE.channel]


TEST = {
    "channel": "tv",
    "start": "2024-06-03",
    "periods": 4,
    "measured_periods": 6,
    "spend_change": 900.0,
    "estimate": 60.0,
    "standard_error": 8.0,
}


def with_a_test(market: Market, **changes: object) -> Market:
    tables = {**market.spec.model_dump(mode="json", exclude_unset=True), "lift_tests": [TEST | changes]}
    return replace(market, spec=MarketSpec.model_validate(tables))


def shared_out(market: Market, parts: np.ndarray) -> Market:
    """A national market as a panel: each geo has a part of everything, and the country's frequency."""
    tables = market.spec.model_dump(mode="json", exclude_unset=True)
    return replace(
        market,
        spec=MarketSpec.model_validate({**tables, "columns": {"date": "date", "geo": "geo"}}),
        geos=tuple(f"geo {place}" for place in range(len(parts))),
        population=parts,
        outcomes={name: values * parts for name, values in market.outcomes.items()},
        values_per_unit=dict.fromkeys(market.outcomes),
        spend=market.spend * parts,
        exposure={name: values * parts for name, values in market.exposure.items()},
        frequency={name: np.repeat(values, len(parts), axis=1) for name, values in market.frequency.items()},
    )


def drawn_from(market: Market, draws: int) -> tuple[PanelDesign, PanelPosterior, np.ndarray]:
    """What random parameters of a panel's prior say of it."""
    outcome = market.spec.outcomes[0]
    design = build_panel_design(market, outcome, 0)
    priors = build_priors(replace(market, geos=("all",)), outcome, design.national)
    prior = panel_prior(design, priors)
    rng = np.random.default_rng(3)
    parameters = prior.location + 0.5 * prior.total_spread * rng.standard_normal((draws, len(prior.location)))
    return design, draw_panel_posterior(design, priors, parameters, rng), parameters


@pytest.mark.parametrize("given", [with_reach, with_exposure])
def test_geos_that_are_alike_bring_and_test_what_the_country_does(given: Callable[[Market, str], Market]) -> None:
    national = with_a_test(given(small_market(), "tv"))
    design, found, parameters = drawn_from(shared_out(national, np.array([0.5, 0.3, 0.2])), 4)
    np.testing.assert_array_equal(design.varies, 0.0)
    outcome = national.spec.outcomes[0]
    of_country = build_design(national, outcome, 0)
    whole: Posterior = draw_posterior(
        of_country,
        build_priors(national, outcome, of_country),
        parameters[:, : parameters.shape[1] - 4],
        np.random.default_rng(1),
    )
    np.testing.assert_allclose(found.country.media.contribution, whole.media.contribution, rtol=1e-9)
    np.testing.assert_allclose(found.country.media.ceiling, whole.media.ceiling, rtol=1e-9)
    np.testing.assert_allclose(found.country.media.half_saturation, whole.media.half_saturation)
    (in_panel,), (alone,) = design.tests, of_country.tests
    np.testing.assert_allclose(geo_increments(found, in_panel), increments(whole, alone), rtol=1e-9)


def uneven() -> Market:
    """Three geos whose prices and frequencies differ, with a test in two of them."""
    rng = np.random.default_rng(4)
    market = shared_out(small_market(), np.array([0.5, 0.3, 0.2]))
    market = replace(market, spend=market.spend * rng.uniform(0.6, 1.4, market.spend.shape))
    return with_a_test(with_reach(market, "tv"), geos=["geo 0", "geo 2"])


def test_money_that_was_tested_bought_impressions_at_the_price_of_the_day() -> None:
    market = uneven()
    design, *_ = drawn_from(market, 1)
    (test,) = design.tests
    spent = market.spend[22:26, 0, [0, 2]].sum()
    place = design.national.paid[0]
    np.testing.assert_allclose(
        test.exposure_without, design.exposure[[0, 2], 22:26, place] * (1.0 - 900.0 / spent), rtol=1e-9
    )
    held_back = with_a_test(market, geos=["geo 0", "geo 2"], spend_change=-900.0)
    (test,) = drawn_from(held_back, 1)[0].tests
    price = market.spend[22:26, 0, [0, 2]] / market.exposure["tv"][22:26, [0, 2]]
    more = (test.exposure_without - design.exposure[[0, 2], 22:26, place]) * design.size[[0, 2], None] * price.T
    # A like amount of money a head in every period and geo, whatever it bought.
    np.testing.assert_allclose(more / more[:, :1], 1.0, rtol=1e-9)
    np.testing.assert_allclose(more[0, 0] / more[1, 0], 0.5 / 0.2, rtol=1e-9)


def test_the_curves_of_geos_add_up_to_what_the_country_brought() -> None:
    market = uneven()
    design, found, _ = drawn_from(market, 3)
    info, draws = geo_draws(market, found)
    assert info.local == ("search",)
    national, media, place = design.national, found.country.media, design.national.paid[0]
    kinds = national.media[place]
    by_geo = [
        medium_contribution(
            kinds.adstock,
            kinds.saturation,
            national.carryover_periods,
            draws.exposure[:, geo, 0] / draws.price[geo, 0],
            media.retention[:, place],
            media.peak_delay[:, place],
            draws.half_saturation[:, 0],
            media.slope[:, place],
            draws.effect[:, geo, 0] * draws.ceiling[:, 0],
            market.frequency["tv"][:, geo],
        ).sum(axis=1)
        for geo in range(3)
    ]
    whole = medium_contribution(
        kinds.adstock,
        kinds.saturation,
        national.carryover_periods,
        national.exposure[:, place],
        media.retention[:, place],
        media.peak_delay[:, place],
        media.half_saturation[:, place],
        media.slope[:, place],
        media.ceiling[:, place],
        national.frequency[:, place],
    ).sum(axis=1)
    np.testing.assert_allclose(np.sum(by_geo, axis=0), whole, rtol=1e-9)


def test_frequency_alone_that_differs_between_geos_lets_effects_differ() -> None:
    market = shared_out(with_reach(small_market(), "tv"), np.array([0.5, 0.5]))
    same = market.frequency["tv"].copy()
    same[:, 1] *= 1.2
    design, *_ = drawn_from(replace(market, frequency={"tv": same}), 1)
    varies = dict(zip((medium.name for medium in design.national.media), design.varies, strict=True))
    assert varies == {"tv": 1.0, "search": 0.0}


def test_a_geo_that_nobody_was_reached_in_has_the_frequency_of_the_others() -> None:
    market = uneven()
    exposure, frequency, spend = market.exposure["tv"].copy(), market.frequency["tv"].copy(), market.spend.copy()
    exposure[:, 1], frequency[:, 1], spend[:, 0, 1] = 0.0, 0.0, 0.0
    quiet = replace(market, exposure={"tv": exposure}, frequency={"tv": frequency}, spend=spend)
    design, found, _ = drawn_from(quiet, 2)
    np.testing.assert_allclose(design.frequency[1, :, design.national.paid[0]], 1.0)
    assert np.isfinite(found.country.media.contribution).all()
