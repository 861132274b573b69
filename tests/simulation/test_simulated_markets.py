import numpy as np
import pytest

from mmm.baseline import forecast_baseline
from mmm.curves import carryover_weights, historical_contributions
from mmm.periods import period_range
from mmm.simulation.occasions import holidays, promotions
from mmm.simulation.setting import FIRST_DAY_AFTER
from mmm.simulation.simulate import simulate_market
from mmm.simulation.truth import SimulatedMarket, truth_artifact

KINDS = ("b2b", "b2c")
SEEDS = range(1, 11)


def outcome(simulated: SimulatedMarket) -> np.ndarray:
    return simulated.market.outcomes[simulated.market.spec.outcomes[0].name]


def carryover_weeks(simulated: SimulatedMarket) -> float:
    """Mean weeks from spend to effect, channels weighted by spend."""
    paid, market = simulated.truth.process.paid, simulated.market
    lags = np.arange(13)
    mean = [
        lags @ carryover_weights(c.adstock, 13, paid.retention[[i]], paid.peak_delay[[i]])[0]
        for i, c in enumerate(market.spec.channels)
    ]
    return float(np.average(mean, weights=market.spend.sum(axis=(0, 2))))


@pytest.mark.parametrize("kind", KINDS)
def test_equal_seeds_give_equal_markets_and_other_seeds_others(kind):
    first, again, other = (simulate_market(kind, seed=seed) for seed in (3, 3, 4))
    assert first.market.data_digest == again.market.data_digest
    assert np.array_equal(first.truth.contributions, again.truth.contributions)
    assert first.market.data_digest != other.market.data_digest
    assert not np.allclose(first.truth.process.paid.ceiling, other.truth.process.paid.ceiling)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("geos", [1, 3])
def test_the_outcome_is_the_sum_of_what_made_it(kind, geos):
    simulated = simulate_market(kind, seed=5, geos=geos)
    truth = simulated.truth
    parts = truth.base + truth.organic + truth.contributions.sum(axis=1) + truth.shock + truth.noise
    np.testing.assert_allclose(outcome(simulated), parts, rtol=1e-12)
    np.testing.assert_allclose(truth.expected + truth.shock + truth.noise, outcome(simulated), rtol=1e-12)
    assert np.array_equal(outcome(simulated), np.rint(outcome(simulated)))


@pytest.mark.parametrize("kind", KINDS)
def test_noise_has_mean_zero_and_the_scale_that_truth_tells(kind):
    truth = simulate_market(kind, seed=6, periods=520).truth
    assert abs(truth.noise.mean()) < 4 * truth.process.noise_scale[0] / np.sqrt(520)
    assert truth.noise.std() == pytest.approx(truth.process.noise_scale[0], rel=0.15)


@pytest.mark.parametrize("kind", KINDS)
def test_a_truth_is_an_artifact_of_one_draw_with_the_same_contributions_and_base(kind):
    simulated = simulate_market(kind, seed=7)
    artifact, truth = truth_artifact(simulated), simulated.truth
    assert artifact.manifest.draws == 1
    np.testing.assert_allclose(historical_contributions(artifact)[0], truth.contributions[:, :, 0], rtol=1e-9)
    within = forecast_baseline(artifact, simulated.market.dates[0], 156)[0]
    np.testing.assert_allclose(within, (truth.base + truth.organic)[:, 0], rtol=1e-9)


def test_each_geo_of_a_panel_has_its_own_truth_and_none_is_guessed():
    simulated = simulate_market("b2c", seed=2, geos=3)
    assert simulated.market.spend.shape == (156, 8, 3)
    assert simulated.market.population is not None
    for at, geo in enumerate(simulated.market.geos):
        contributions = historical_contributions(truth_artifact(simulated, geo))[0]
        np.testing.assert_allclose(contributions, simulated.truth.contributions[:, :, at], rtol=1e-9)
    with pytest.raises(ValueError, match="expected one of region 01, region 02, region 03"):
        truth_artifact(simulated)
    with pytest.raises(ValueError, match="Atlantis"):
        truth_artifact(simulated, "Atlantis")


@pytest.mark.parametrize("seed", SEEDS)
def test_consumer_brands_sell_thousands_a_week_and_industry_gets_five_to_sixty_leads(seed):
    consumer, industry = simulate_market("b2c", seed=seed), simulate_market("b2b", seed=seed)
    assert outcome(consumer).min() > 1000
    assert outcome(consumer).max() < 30_000
    assert outcome(industry).min() >= 5
    assert outcome(industry).max() <= 60


@pytest.mark.parametrize("seed", SEEDS)
def test_media_of_industry_work_for_weeks_and_those_of_consumer_brands_for_days(seed):
    fast, slow = (carryover_weeks(simulate_market(kind, seed=seed)) for kind in ("b2c", "b2b"))
    assert fast < 1.5
    assert slow > 2.0


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_fit_has_a_fair_chance(kind, seed):
    simulated = simulate_market(kind, seed=seed)
    market, truth = simulated.market, simulated.truth
    spend = market.spend[:, :, 0]
    correlation = np.corrcoef(spend.T) - np.eye(spend.shape[1])
    assert 0.15 <= truth.media_share <= 0.45
    assert (truth.contributions > -1e-9).all()
    assert (truth.base > 0).all()
    assert (spend.std(axis=0) / spend.mean(axis=0)).min() > 0.15
    assert np.abs(correlation).max() < 0.8
    unexplained = (truth.shock + truth.noise).std() / outcome(simulated).std()
    assert unexplained < 0.95


def test_a_chinese_market_speaks_chinese_and_counts_in_yuan():
    spec = simulate_market("b2c", seed=1, language="zh").market.spec
    assert (spec.market.currency, spec.market.language) == ("CNY", "zh")
    assert [channel.name for channel in spec.channels][:2] == ["电视广告", "电梯媒体"]
    assert all(channel.department in {"品牌部", "增长部", "电商部"} for channel in spec.channels)


def test_data_end_right_before_the_quarter_to_be_planned():
    market = simulate_market("b2b", seed=1, periods=60).market
    assert len(market.dates) == 60
    assert (FIRST_DAY_AFTER - market.dates[-1]).days == 7


def test_the_largest_chinese_promotion_is_in_the_week_of_singles_day():
    weeks = period_range(FIRST_DAY_AFTER.replace(month=1, day=6, year=2025), 52, "week")
    strongest = weeks[int(np.argmax(promotions("b2c", "zh", weeks)))]
    assert strongest.isoformat() in {"2025-11-03", "2025-11-10"}


def test_spring_festival_stops_shipping_when_it_falls():
    weeks = period_range(FIRST_DAY_AFTER.replace(month=1, day=6, year=2025), 12, "week")
    still = holidays("b2c", "zh", weeks)
    assert weeks[int(np.argmax(still))].isoformat() == "2025-01-27"
    assert still.max() == pytest.approx(6 / 7, abs=0.15)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"business": "b2x", "seed": 1}, "b2x"),
        ({"business": "b2b", "seed": 1, "periods": 51}, "52 to 520"),
        ({"business": "b2b", "seed": -1}, "seed"),
        ({"business": "b2b", "seed": 1, "geos": 0}, "geos"),
    ],
)
def test_what_cannot_be_simulated_is_refused(arguments, complaint):
    with pytest.raises(ValueError, match=complaint):
        simulate_market(arguments.pop("business"), **arguments)
