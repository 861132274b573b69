"""The market of people: carryover and saturation that nobody wrote down, and a truth found by living again."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmm.io import load_market
from mmm.simulation.agent_outlook import LivedResponse
from mmm.simulation.exchange import climb, into_band
from mmm.simulation.files import write_simulated
from mmm.simulation.outlook import Outlook, look_ahead
from mmm.simulation.people import contacts_at
from mmm.simulation.scoring import documented_value, true_value
from mmm.simulation.simulate import simulate_market
from mmm.simulation.truth import SimulatedMarket, truth_artifact

each_business = pytest.mark.parametrize("business", ["b2b", "b2c"])


@cache
def lived(business: str) -> tuple[SimulatedMarket, Outlook]:
    simulated = simulate_market(business, seed=1, world="agents")
    return simulated, look_ahead(simulated)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Per business, a market of the same seed simulated again, and the folder that describes it."""

    @cache
    def write(business: str) -> tuple[SimulatedMarket, Path]:
        again = simulate_market(business, seed=1, world="agents")
        folder = tmp_path_factory.mktemp(business) / "people"
        write_simulated(again, folder)
        return again, folder

    return write


def surface_response(outlook: Outlook) -> LivedResponse:
    assert isinstance(outlook.response, LivedResponse)
    return outlook.response


def document_of(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "truth.json").read_text(encoding="utf-8"))


@each_business
def test_equal_seeds_give_equal_people(business, written):
    simulated, outlook = lived(business)
    again, folder = written(business)
    assert simulated.market.data_digest == again.market.data_digest
    assert np.array_equal(simulated.truth.contributions, again.truth.contributions)
    # The surface is fitted to hundreds of lives: every one of them was lived alike.
    assert document_of(folder)["surface"]["error"] == pytest.approx(surface_response(outlook).surface.error, rel=1e-6)


@each_business
def test_outcome_is_counted_and_is_the_sum_of_its_parts(business):
    simulated, _ = lived(business)
    truth = simulated.truth
    counted = simulated.market.outcomes[simulated.market.spec.outcomes[0].name]
    assert truth.interaction is not None
    parts = truth.base + truth.organic + truth.contributions.sum(axis=1) + truth.interaction + truth.shock + truth.noise
    np.testing.assert_allclose(counted, parts, rtol=1e-9)
    assert np.array_equal(counted, np.rint(counted))
    assert truth.noise.std() == pytest.approx(truth.process.noise_scale[0], rel=0.25)
    assert (truth.base > 0).all()


@each_business
def test_channels_take_from_each_other_so_that_their_contributions_do_not_add_up(business):
    truth = lived(business)[0].truth
    assert truth.interaction is not None
    all_media = (truth.expected - truth.base).sum()
    alone = truth.contributions.sum() + truth.organic.sum()
    assert 0.6 * all_media < alone < 0.98 * all_media
    assert (truth.contributions.sum(axis=0) > 0).all()
    assert 0.15 <= truth.media_share <= 0.45


@each_business
def test_no_artifact_pretends_to_hold_people(business):
    with pytest.raises(ValueError, match="emergent"):
        truth_artifact(lived(business)[0])


@each_business
def test_saturation_emerges(business):
    _, outlook = lived(business)
    for channel, reference in enumerate(outlook.reference_spend):
        half, usual, double = outlook.curve(channel, max(reference, 1.0) * np.array([0.5, 1.0, 2.0]))
        assert 0 < half < usual < double
        assert double < 1.95 * usual
        assert usual < 1.95 * half


@each_business
def test_carryover_emerges_and_lasts_longer_where_people_remember_longer(business):
    _, outlook = lived(business)
    split = outlook.judge(outlook.reference_spend)
    within = split.within_horizon / split.incremental
    # Orders that advertising brings early are missing after the horizon: more may arrive within it than in all.
    assert within < 0.85 if business == "b2b" else 0.85 < within < 1.15


@each_business
def test_a_channels_curve_is_the_difference_that_its_money_makes_to_the_whole(business):
    _, outlook = lived(business)
    usual = outlook.reference_spend
    whole = outlook.judge(usual).incremental
    for channel in range(len(usual)):
        left_out = usual.copy()
        left_out[channel] = 0.0
        alone = outlook.curve(channel, usual[[channel]])[0]
        assert whole - outlook.judge(left_out).incremental == pytest.approx(alone, rel=1e-9, abs=1e-6)


@each_business
def test_the_best_split_beats_random_ones_when_all_are_lived_through(business):
    _, outlook = lived(business)
    budget = float(outlook.reference_spend.sum())
    best = outlook.best(budget, None)
    banded = outlook.best(budget, outlook.band)
    assert best.spend.sum() == pytest.approx(budget)
    assert outlook.band[0] - 1e-6 <= banded.spend[outlook.is_brand].sum() / budget <= outlook.band[1] + 1e-6
    assert outlook.judge(outlook.reference_spend).incremental < best.incremental
    rng = np.random.default_rng(1)
    for split in budget * rng.dirichlet(np.ones(len(outlook.channels)), 40):
        spend = dict(zip(outlook.channels, split, strict=True))
        assert true_value(outlook, spend) <= best.incremental
    for split in best.spend * np.exp(0.1 * rng.standard_normal((20, len(outlook.channels)))):
        # Near the best the surface of values is flat: steps of half a percent leave next to nothing.
        assert outlook.judge(split * budget / split.sum()).incremental <= best.incremental * (1 + 5e-4)


@each_business
def test_the_surface_is_as_near_the_truth_as_it_says(business, written):
    simulated, outlook = lived(business)
    _, folder = written(business)
    surface = surface_response(outlook).surface
    assert surface.error < 0.02
    assert load_market(folder / "market.toml").data_digest == simulated.market.data_digest
    document = document_of(folder)
    assert document["world"] == "agents"
    assert document["surface"]["error"] == pytest.approx(surface.error)
    assert "interaction" in document["outcome"]["formula"]
    usual = outlook.judge(outlook.reference_spend).incremental
    rng = np.random.default_rng(3)
    most = np.array([channel["curve"]["spend"][-1] for channel in document["channels"]])
    errors = []
    for part in rng.uniform(0.0, 0.8, (30, len(most))):
        split = dict(zip(outlook.channels, part * most, strict=True))
        errors.append((documented_value(document, split) - true_value(outlook, split)) / usual)
    assert np.sqrt(np.mean(np.square(errors))) < 2.0 * surface.error
    assert np.abs(errors).max() < 0.05


def test_equal_chances_give_more_contacts_at_higher_rates():
    chance = np.random.default_rng(1).random(20_000)
    few, more, many = (contacts_at(np.full(20_000, rate), chance) for rate in (0.7, 3.0, 30.0))
    assert (few <= more).all()
    assert (more <= many).all()
    for counts, rate in ((few, 0.7), (more, 3.0), (many, 30.0)):
        assert counts.mean() == pytest.approx(rate, rel=0.03)
        assert counts.var() == pytest.approx(rate, rel=0.05)
    assert (contacts_at(np.zeros(5), chance[:5]) == 0).all()


def test_exchange_finds_the_hand_solved_best_split_and_keeps_the_band():
    # Square roots with weights 2 and 1: the best of 100 is 80 and 20; with at most half for the first, 50 and 50.
    weights, is_brand = np.array([2.0, 1.0]), np.array([True, False])

    def value(spend: np.ndarray) -> float:
        return float(weights @ np.sqrt(spend))

    start = np.array([50.0, 50.0])
    free = climb(value, start, (0.1, 0.01), is_brand, None)
    np.testing.assert_allclose(free, [80.0, 20.0])
    np.testing.assert_allclose(climb(value, start, (0.1, 0.01), is_brand, (0.3, 0.5)), [50.0, 50.0])
    np.testing.assert_allclose(into_band(np.array([90.0, 10.0]), is_brand, (0.3, 0.5)), [50.0, 50.0])
