"""Geos together: the compiled density is that of the model, and what is drawn back adds up to the country."""

from dataclasses import replace

import numpy as np
import pytest
from fitting_markets import quick, small_market, with_reach

from mmm.artifact import ResponseArtifact
from mmm.curves import historical_contributions, medium_contribution
from mmm.fit import fit_outcome
from mmm.kernel.evaluation import density_of
from mmm.market import Market, national_aggregate
from mmm.panel.design import PanelDesign, build_panel_design
from mmm.panel.geo_draws import geo_draws
from mmm.panel.lift import geo_increments
from mmm.panel.model import build_panel
from mmm.panel.parameters import panel_data, panel_prior
from mmm.panel.posterior import draw_panel_posterior
from mmm.priors import Priors, build_priors
from mmm.simulation.simulate import simulate_market
from mmm.spec import MarketSpec

AS_WRITTEN = "FAST_COMPILE"


def panel(geos: int, periods: int, *, seed: int = 3) -> Market:
    """A simulated panel with two lift tests, the second of them in two of its geos, measured beyond its end."""
    market = simulate_market("b2c", periods=periods, seed=seed, geos=geos).market
    on_air = market.spend[20:23, :, :2].min(axis=(0, 2)) > 100.0
    first, second = market.spec.channels[0].name, market.spec.channels[int(np.flatnonzero(on_air)[-1])].name
    start = market.dates[20].isoformat()
    tests = [
        {
            "channel": first,
            "start": start,
            "periods": 4,
            "spend_change": -1e4,
            "estimate": -30.0,
            "standard_error": 20.0,
        },
        {
            "channel": second,
            "start": start,
            "periods": 3,
            "measured_periods": 6,
            "geos": list(market.geos[:2]),
            "spend_change": 100.0,
            "estimate": 5.0,
            "standard_error": 30.0,
        },
    ]
    tables = {**market.spec.model_dump(mode="json", exclude_unset=True), "lift_tests": tests}
    return replace(market, spec=MarketSpec.model_validate(tables))


def prepared(market: Market, held_out: int) -> tuple[PanelDesign, Priors]:
    outcome = market.spec.outcomes[0]
    design = build_panel_design(market, outcome, held_out)
    return design, build_priors(national_aggregate(market), outcome, design.national)


def panel_with_reach(geos: int, periods: int) -> Market:
    """Four of its channels, of which one of each carryover has reach and frequency, the tested ones among them."""
    market = panel(geos, periods)
    tested = [test.channel for test in market.spec.lift_tests]
    others = [channel.name for channel in market.spec.channels if channel.name not in tested]
    kinds = dict(zip((*tested, others[0]), ("weibull", "delayed", "geometric"), strict=True))
    kept = [place for place, channel in enumerate(market.spec.channels) if channel.name in (*kinds, others[1])]
    channels = tuple(
        channel.model_copy(update={"adstock": kinds.get(channel.name, channel.adstock)})
        for channel in (market.spec.channels[place] for place in kept)
    )
    spec = market.spec.model_copy(update={"channels": channels})
    return with_reach(replace(market, spec=spec, spend=market.spend[:, kept]), *kinds)


@pytest.mark.parametrize(
    ("market", "held_out"),
    [(panel(3, 52), 0), (panel(3, 52), 6), (panel_with_reach(2, 52), 6)],
    ids=["all seen", "held out", "reach and frequency"],
)
def test_the_compiled_density_and_its_gradient_are_those_of_the_model(market: Market, held_out: int) -> None:
    design, priors = prepared(market, held_out)
    compiled, model = density_of(panel_data(design, priors)), build_panel(design, priors)
    density, slope = model.compile_logp(mode=AS_WRITTEN), model.compile_dlogp(mode=AS_WRITTEN)
    prior = panel_prior(design, priors)
    rng, offsets = np.random.default_rng(1), []
    for _ in range(6):
        point = prior.location + 0.7 * prior.total_spread * rng.standard_normal(len(prior.location))
        value, gradient = compiled(point)
        expected = slope({"parameters": point})
        offsets.append(value - density({"parameters": point}))
        np.testing.assert_allclose(gradient, expected, rtol=1e-6, atol=1e-7 * np.abs(expected).max())
    np.testing.assert_allclose(offsets, offsets[0], atol=1e-6)


def test_what_is_drawn_back_fits_the_geos_and_adds_up_to_the_country() -> None:
    design, priors = prepared(panel(4, 104), 0)
    parameters = np.repeat(panel_prior(design, priors).location[None], 200, axis=0)
    drawn = draw_panel_posterior(design, priors, parameters, np.random.default_rng(5))
    national = design.national
    residual = national.outcome - drawn.country.expected.mean(axis=0)
    assert residual.std() < 0.5 * national.outcome.std()
    assert abs(residual.mean()) < 0.02 * national.outcome_scale
    assert drawn.effects.mean() == pytest.approx(1.0, abs=0.1)
    # What is the same everywhere has one effect.
    np.testing.assert_array_equal(drawn.effects.std(axis=0).max(axis=0) > 0.05, design.varies > 0)


def known_panel() -> Market:
    """Three geos of one size, in which each channel brings 150 x / (x + 1000) a period."""
    rng = np.random.default_rng(2)
    market = small_market()
    spend = rng.gamma(1.0, 1000.0, size=(60, 2, 3))
    brought = 150.0 * spend / (spend + 1000.0)
    tables = market.spec.model_dump(mode="json", exclude_unset=True)
    spec = MarketSpec.model_validate({**tables, "columns": {"date": "date", "geo": "geo"}})
    return replace(
        market,
        spec=spec,
        geos=("north", "south", "west"),
        outcomes={"orders": 300.0 + brought.sum(axis=1) + 15.0 * rng.standard_normal((60, 3))},
        values_per_unit={"orders": np.full((60, 3), 10.0)},
        spend=spend,
    )


def with_a_test_in_the_north(market: Market, estimate: float) -> Market:
    """The panel with a test in one geo: search rested by 1000 in each of four periods."""
    test = {
        "channel": "search",
        "start": "2024-06-03",
        "periods": 4,
        "geos": ["north"],
        "spend_change": -4000.0,
        "estimate": estimate,
        "standard_error": 8.0,
    }
    tables = {**market.spec.model_dump(mode="json", exclude_unset=True), "lift_tests": [test]}
    return replace(market, spec=MarketSpec.model_validate(tables))


@pytest.mark.parametrize(("times", "verdict"), [(1.0, "pass"), (6.0, "review")])
def test_a_lift_test_in_a_geo_passes_where_history_agrees_and_asks_for_review_where_not(
    times: float, verdict: str
) -> None:
    market = quick(known_panel())
    spend = market.spend[22:26, 1, 0]
    truth = float((150.0 * spend / (spend + 1000.0) - 150.0 * (spend + 1000.0) / (spend + 2000.0)).sum())
    found = fit_outcome(with_a_test_in_the_north(market, times * truth), "orders").manifest.gates
    assert [gate.verdict for gate in found if gate.name == "lift_test"] == [verdict]


def test_an_increment_counts_the_effect_of_the_geos_that_were_tested() -> None:
    market = with_a_test_in_the_north(known_panel(), -100.0)
    design, priors = prepared(market, 0)
    parameters = np.repeat(panel_prior(design, priors).location[None], 3, axis=0)
    drawn = draw_panel_posterior(design, priors, parameters, np.random.default_rng(5))
    (test,) = design.tests
    increments = geo_increments(drawn, test)
    assert (increments < 0.0).all()
    doubled = drawn.effects.copy()
    doubled[:, test.geos[0], test.medium] *= 2.0
    np.testing.assert_allclose(geo_increments(replace(drawn, effects=doubled), test), 2.0 * increments)
    elsewhere = drawn.effects.copy()
    elsewhere[:, 1:] = 7.0
    np.testing.assert_allclose(geo_increments(replace(drawn, effects=elsewhere), test), increments)


def brought_by_geo(artifact: ResponseArtifact) -> np.ndarray:
    """What each channel brought in each geo over the window, by each draw. Shape (S, G, C)."""
    draws, geos = artifact.draws, artifact.draws.geos
    assert geos is not None
    return np.stack(
        [
            np.stack(
                [
                    medium_contribution(
                        info.adstock,
                        info.saturation,
                        artifact.manifest.carryover_periods,
                        geos.exposure[:, geo, place],
                        draws.retention[:, place],
                        draws.peak_delay[:, place],
                        geos.size[geo] * geos.price[geo, place] * geos.half_saturation[:, place],
                        draws.slope[:, place],
                        geos.size[geo] * geos.effect[:, geo, place] * geos.ceiling[:, place],
                    ).sum(axis=1)
                    for geo in range(len(geos.size))
                ],
                axis=1,
            )
            for place, info in enumerate(artifact.manifest.channels)
        ],
        axis=2,
    )


def test_the_curves_of_geos_add_up_to_the_country_and_find_where_a_channel_works() -> None:
    market = quick(known_panel())
    spend, orders = market.spend, market.outcomes["orders"].copy()
    orders[:, 2] += 150.0 * spend[:, 1, 2] / (spend[:, 1, 2] + 1000.0)  # search works twice as well in the west
    artifact = fit_outcome(replace(market, outcomes={"orders": orders}), "orders")
    assert artifact.manifest.geos is not None
    assert artifact.manifest.geos.names == ("north", "south", "west")
    assert artifact.manifest.geos.local == ("tv", "search")
    by_geo = brought_by_geo(artifact)
    np.testing.assert_allclose(by_geo.sum(axis=1), historical_contributions(artifact).sum(axis=1), rtol=1e-9)
    true = 300.0 * spend[:, 1, 2] / (spend[:, 1, 2] + 1000.0)
    assert by_geo[:, 2, 1].mean() == pytest.approx(true.sum(), rel=0.15)
    assert by_geo[:, 2, 1].mean() > 1.5 * by_geo[:, :2, 1].mean()


def test_an_effect_below_zero_counts_as_none_and_the_country_keeps_its_history() -> None:
    market = known_panel()
    design, priors = prepared(market, 0)
    parameters = np.repeat(panel_prior(design, priors).location[None], 4, axis=0)
    found = draw_panel_posterior(design, priors, parameters, np.random.default_rng(5))
    effects, paid = found.effects.copy(), list(design.national.paid)
    effects[0, 0, paid[0]] = -0.3
    _, draws = geo_draws(market, replace(found, effects=effects))
    assert draws.effect.min() == draws.effect[0, 0, 0] == 0.0
    effects, brought = effects[:, :, paid], found.brought[:, :, paid]
    np.testing.assert_allclose((draws.effect * brought).sum(axis=1), (effects * brought).sum(axis=1))
    np.testing.assert_array_equal(draws.effect[1:], effects[1:])


def test_exposure_counts_at_the_price_of_its_geo() -> None:
    market = known_panel()
    units = market.spend[:, 1] / np.array([1.0, 2.0, 4.0])
    market = replace(market, exposure={"search": units})
    design, priors = prepared(market, 0)
    parameters = np.repeat(panel_prior(design, priors).location[None], 2, axis=0)
    _, draws = geo_draws(market, draw_panel_posterior(design, priors, parameters, np.random.default_rng(5)))
    np.testing.assert_allclose(draws.exposure[:, :, 1], market.spend[:, 1], rtol=1e-12)
    assert draws.price[2, 1] == pytest.approx(4.0 * draws.price[0, 1])
    np.testing.assert_array_equal(draws.price[:, 0], 1.0)
