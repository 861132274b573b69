"""Worlds to be wrong in: each departs from the model where it says, and tells the truth of what it did."""

import itertools
import json

import numpy as np
import pytest

from mmm.curves import historical_contributions
from mmm.io import load_market
from mmm.simulation.bent_spend import CORRELATION
from mmm.simulation.departures import demand_led, departed_world, together
from mmm.simulation.files import simulated_files, write_simulated
from mmm.simulation.outlook import Outlook, look_ahead
from mmm.simulation.scoring import documented_value, true_value
from mmm.simulation.setting import world_of
from mmm.simulation.simulate import simulate_market
from mmm.simulation.truth import SimulatedMarket, truth_artifact
from mmm.simulation.truth_document import truth_document
from mmm.simulation.world_names import WORLDS

FORMULA_WORLDS = [
    (business, world)
    for business, world in itertools.product(("b2b", "b2c"), WORLDS)
    if world != "agents" and (business, world) != ("b2c", "sparse_b2b")
]
each_world = pytest.mark.parametrize(("business", "world"), FORMULA_WORLDS)
each_business = pytest.mark.parametrize("business", ["b2b", "b2c"])


def outcome(simulated: SimulatedMarket) -> np.ndarray:
    return simulated.market.outcomes[simulated.market.spec.outcomes[0].name]


def national_spend(simulated: SimulatedMarket) -> np.ndarray:
    return simulated.market.spend.sum(axis=2)


def by_name(outlook: Outlook, spend: np.ndarray) -> dict[str, float]:
    return dict(zip(outlook.channels, spend.tolist(), strict=True))


def correlation(first: np.ndarray, second: np.ndarray) -> float:
    return float(np.corrcoef(first, second)[0, 1])


def test_every_world_has_a_name_and_one_sentence():
    assert next(iter(WORLDS)) == "model"
    assert all(sentence.endswith(".") and sentence.count(". ") == 0 for sentence in WORLDS.values())


@each_world
def test_equal_seeds_give_equal_worlds_and_no_world_is_the_models(business, world):
    first, again = (simulate_market(business, seed=3, world=world, periods=104) for _ in range(2))
    assert first.market.data_digest == again.market.data_digest
    if world != "model":
        assert first.market.data_digest != simulate_market(business, seed=3, periods=104).market.data_digest
        assert first.truth.world == world


@each_world
@pytest.mark.parametrize("geos", [1, 2])
def test_the_outcome_is_the_sum_of_its_parts_in_every_world(business, world, geos):
    simulated = simulate_market(business, seed=5, geos=geos, world=world)
    truth = simulated.truth
    parts = truth.base + truth.organic + truth.contributions.sum(axis=1) + truth.shock + truth.noise
    np.testing.assert_allclose(outcome(simulated), parts, rtol=1e-9, atol=1e-9)
    assert (truth.base > 0).all()
    assert (truth.contributions >= -1e-9).all()
    assert (simulated.market.spend >= 0).all()
    assert 0.15 <= truth.media_share <= 0.45


@each_world
def test_what_is_written_reads_back_and_names_its_world(business, world, tmp_path):
    simulated = simulate_market(business, seed=6, world=world)
    write_simulated(simulated, tmp_path / "world")
    assert load_market(tmp_path / "world" / "market.toml").data_digest == simulated.market.data_digest
    document = json.loads((tmp_path / "world" / "truth.json").read_text(encoding="utf-8"))
    assert document.get("world", "model") == world
    usual = json.loads(simulated_files(simulate_market(business, seed=6))["truth.json"])
    assert set(usual) <= set(document)
    assert set(usual["channels"][0]) <= set(document["channels"][0])


@each_world
def test_the_best_split_beats_random_ones_on_the_true_curves(business, world):
    outlook = look_ahead(simulate_market(business, seed=7, world=world))
    budget = float(outlook.reference_spend.sum())
    best = outlook.best(budget, None)
    rng = np.random.default_rng(1)
    for split in budget * rng.dirichlet(np.ones(len(outlook.channels)), 100):
        assert true_value(outlook, by_name(outlook, split)) <= best.incremental * (1 + 1e-5)


@each_world
def test_a_marginal_return_is_the_slope_of_the_true_curve(business, world):
    outlook = look_ahead(simulate_market(business, seed=8, world=world))
    for channel in range(len(outlook.channels)):
        budget = outlook.reference_spend.mean()
        low, high = outlook.curve(channel, budget * np.array([1 - 1e-4, 1 + 1e-4]))
        assert outlook.marginal(channel, budget) == pytest.approx((high - low) / (2e-4 * budget), rel=1e-4)


@each_world
def test_a_reader_of_truth_json_scores_a_split_as_the_truth_does(business, world):
    simulated = simulate_market(business, seed=9, world=world)
    outlook = look_ahead(simulated)
    document = json.loads(json.dumps(truth_document(simulated, outlook)))
    rng = np.random.default_rng(2)
    for part in rng.uniform(0.0, 1.0, (20, len(outlook.channels))):
        most = np.array([channel["curve"]["spend"][-1] for channel in document["channels"]])
        split = by_name(outlook, part * most)
        assert documented_value(document, split) == pytest.approx(true_value(outlook, split), rel=2e-3)
    with pytest.raises(ValueError, match="shows it up to"):
        documented_value(document, by_name(outlook, 2.0 * most))
    with pytest.raises(ValueError, match="expected channels"):
        documented_value(document, {"tv": 1.0})
    with pytest.raises(ValueError, match="0 or more"):
        true_value(outlook, by_name(outlook, -most))


@each_business
def test_other_saturations_are_none_of_the_models_and_no_artifact_pretends_to_hold_them(business):
    simulated = simulate_market(business, seed=1, world="other_saturation")
    kinds = simulated.truth.process.paid.saturation
    assert set(kinds) == {"logarithm", "power", "reach", "threshold"}
    with pytest.raises(ValueError, match="no artifact holds"):
        truth_artifact(simulated)


@each_business
def test_effectiveness_drifts_and_the_future_has_its_level_at_the_end(business):
    simulated = simulate_market(business, seed=2, world="drifting_effects")
    paths = simulated.truth.process.paid.effectiveness
    assert paths is not None
    assert (paths[-1] == 1.0).all()
    assert (paths > 0).all()
    assert (paths.max(axis=0) / paths.min(axis=0) > 1.2).all()
    # At the level of the end throughout, history would have been what the artifact of the future says.
    steady = historical_contributions(truth_artifact(simulated))[0]
    np.testing.assert_allclose(simulated.truth.contributions[:, :, 0], steady * paths, rtol=1e-9)
    outlook, response = look_ahead(simulated), historical_contributions(truth_artifact(simulated))
    assert response.shape[1:] == paths.shape
    assert outlook.judge(outlook.reference_spend).incremental > 0


@each_business
def test_worn_creatives_lose_and_renewed_ones_regain(business):
    paths = simulate_market(business, seed=2, world="drifting_effects").truth.process.paid.effectiveness
    assert paths is not None
    jumps = np.diff(np.log(paths), axis=0)
    worn_out = (jumps > 0.2).any(axis=0)
    assert 1 <= worn_out.sum() < len(worn_out)
    assert ((jumps[:, worn_out] < 0).mean(axis=0) > 0.9).all()


@pytest.mark.parametrize("seed", range(1, 6))
@each_business
def test_spend_follows_demand_that_no_column_shows(business, seed):
    simulated = simulate_market(business, seed=seed, world="spend_follows_demand")
    led = demand_led(world_of(business))
    spend = national_spend(simulated)[:, led].sum(axis=1)
    usual = simulate_market(business, seed=seed)
    truth = simulated.truth
    assert correlation(spend, (truth.base + truth.shock)[:, 0]) > 0.85
    assert correlation(spend, truth.shock[:, 0]) > 0.25
    assert abs(correlation(national_spend(usual)[:, led].sum(axis=1), usual.truth.shock[:, 0])) < 0.3


@pytest.mark.parametrize("seed", range(1, 6))
@each_business
def test_the_hidden_driver_moves_outcome_and_spend_and_is_in_no_column(business, seed):
    simulated = simulate_market(business, seed=seed, world="missing_control")
    hidden = simulated.truth.hidden
    assert hidden is not None
    assert hidden.std() > 0.05 * outcome(simulated).mean()
    assert correlation(national_spend(simulated).sum(axis=1), hidden[:, 0]) > 0.4
    assert abs(hidden.mean()) < 1e-9 * hidden.std()
    names = {control.name for control in simulated.market.spec.controls}
    assert names == {control.name for control in simulate_market(business, seed=seed).market.spec.controls}
    # Spend that no driver bends is that of the model's world: nothing else has changed.
    usual = national_spend(simulate_market(business, seed=seed))
    np.testing.assert_allclose(national_spend(simulated).sum(axis=0), usual.sum(axis=0), rtol=1e-2)


@pytest.mark.parametrize("world", ["correlated_channels", "twins"])
@pytest.mark.parametrize("periods", [60, 156])
@each_business
def test_channels_that_move_together_are_alike_in_spend_and_not_in_return(business, periods, world):
    for seed in range(1, 6):
        simulated = simulate_market(business, seed=seed, periods=periods, world=world)
        group = list(together(departed_world(world_of(business), world), world))
        alike = np.corrcoef(national_spend(simulated)[:, group].T)[np.triu_indices(len(group), 1)]
        assert alike.min() == pytest.approx(CORRELATION[world], abs=2e-3)
        assert alike.max() < 0.995
        spend = national_spend(simulated)[:, group].sum(axis=0)
        returns = simulated.truth.contributions[:, group].sum(axis=(0, 2)) / spend
        assert returns.max() > 3.0 * returns.min()


@each_business
def test_a_channel_of_bursts_is_on_air_twice(business):
    for seed in range(1, 6):
        spend = national_spend(simulate_market(business, seed=seed, world="bursts"))[:, 0]
        starts = np.flatnonzero(np.diff(np.concatenate([[0.0], spend > 0])) > 0)
        assert len(starts) == 2
        assert (spend > 0).sum() == 10


@pytest.mark.parametrize("seed", range(1, 6))
def test_a_sparse_market_has_few_leads_and_many_weeks_without(seed):
    leads = outcome(simulate_market("b2b", seed=seed, world="sparse_b2b"))
    assert (leads == 0).mean() > 0.2
    assert np.quantile(leads, 0.99) <= 5
    assert leads.mean() < 1.3


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"business": "b2b", "world": "flat_earth"}, "expected one of model, other_saturation"),
        ({"business": "b2c", "world": "sparse_b2b"}, "'b2b' only"),
        ({"business": "b2c", "world": "agents", "geos": 2}, "national"),
    ],
)
def test_a_world_that_is_not_to_be_had_is_refused(arguments, complaint):
    with pytest.raises(ValueError, match=complaint):
        simulate_market(arguments.pop("business"), seed=1, **arguments)
