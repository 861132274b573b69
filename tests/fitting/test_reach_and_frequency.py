"""Channels with reach and frequency: the best frequency is recovered, and money stops where reach does."""

from dataclasses import replace

import numpy as np
import pytest
from fitting_markets import assembled, quick
from rich.console import Console

from mmm.adstock import geometric_weights, lagged_exposure
from mmm.artifact import ResponseArtifact, artifact_files, read_artifact
from mmm.contribution import channel_figures
from mmm.curves import historical_contributions
from mmm.fit import fit_outcome
from mmm.frequency_figures import frequency_figures
from mmm.market import Market, national_aggregate, with_data_digest
from mmm.saturation import best_frequency, hill
from mmm.sentence import plain
from optimizer.plan.document import Plan
from optimizer.plan_parts.channel_curves import channel_curves
from optimizer.planning import Planner, PlanningModel
from optimizer.scenario.document import Scenario
from service.answers import curves_answer
from service.cli.curve_page import curve_page
from service.language import Reader

HALF, SLOPE = 2.5, 2.5
PRICE = 0.02
SHARE = 0.2


def made_market(periods: int = 130, *, seed: int = 3) -> Market:
    """Video, whose reach and frequency vary on their own, brings a fifth of the outcome; search brings a tenth."""
    rng = np.random.default_rng(seed)
    frequency = np.clip(rng.lognormal(np.log(3.2), 0.55, (periods, 1)), 1.0, 10.0)
    reach = rng.gamma(4.0, 10_000.0, (periods, 1)) * (rng.random((periods, 1)) > 0.1)
    search = rng.gamma(3.0, 400.0, (periods, 1))
    weights = geometric_weights(np.array([0.4]), np.arange(13))
    responding = lagged_exposure((reach * hill(frequency, HALF, SLOPE))[:, 0], 13) @ weights
    brought = SHARE * 1000.0 * responding / responding.mean()
    searched = 100.0 * search[:, 0] / search.mean()
    outcome = 700.0 + brought + searched + 12.0 * rng.standard_normal(periods)
    impressions = reach * frequency
    spend = np.stack([impressions * PRICE, search], axis=1)
    channels = [
        {"name": "video", "spend": "v", "role": "brand", "reach": "people", "frequency": "contacts"},
        {"name": "search", "spend": "s", "role": "performance", "saturation": "michaelis_menten"},
    ]
    spec = {"channels": channels, "model": {"seasonality": 1, "trend": "linear", "holdout": 0}}
    market = assembled(spec, spend, outcome[:, None])
    frequency = np.where(reach > 0, frequency, 0.0)
    return quick(with_data_digest(replace(market, exposure={"video": impressions}, frequency={"video": frequency})))


@pytest.fixture(scope="module")
def artifact() -> ResponseArtifact:
    return fit_outcome(made_market(), "orders")


def planned(artifact: ResponseArtifact, budget: float, **changes: object) -> Plan:
    document = {
        "name": "Q",
        "market": "testland",
        "kpi": "orders",
        "budget": budget,
        "business": "none",
        "horizon": {"start": "2026-06-29", "periods": 13},
        **changes,
    }
    return Planner({"orders": PlanningModel(artifact)}).plan(Scenario.model_validate(document))


def test_the_best_frequency_and_the_contribution_are_recovered(artifact: ResponseArtifact) -> None:
    (found,) = frequency_figures(artifact)
    truth = float(best_frequency(np.array(HALF), np.array(SLOPE)))
    assert truth == pytest.approx(2.94, abs=0.01)
    assert found.best.p05 < truth < found.best.p95
    # The data narrow it: the prior alone spans a factor of eight.
    assert found.best.p95 / found.best.p05 < 3.0
    assert found.recommended == pytest.approx(truth, rel=0.25)
    video = historical_contributions(artifact)[:, :, 0].sum(axis=1) / artifact.draws.outcome.sum()
    low, high = np.quantile(video, (0.05, 0.95))
    assert low < SHARE < high


def test_uplift_is_what_the_same_impressions_bring_more_at_the_frequency_recommended(
    artifact: ResponseArtifact,
) -> None:
    (found,) = frequency_figures(artifact)
    draws = artifact.draws
    assert draws.frequency is not None
    worked, frequency = draws.worked[-52:, 0], draws.frequency[-52:, 0]
    half, slope = draws.half_saturation[:, :1], draws.slope[:, :1]
    was = (worked / frequency * hill(frequency, half, slope)).sum(axis=1)
    would = worked.sum() / found.recommended * hill(found.recommended, half, slope)[:, 0]
    assert found.uplift.mean == pytest.approx(float((would / was - 1.0).mean()))
    assert found.uplift.mean > 0.0
    assert found.is_seen
    assert found.last == pytest.approx(worked.sum() / (worked / frequency).sum())
    assert found.cost_per_impression == pytest.approx(PRICE)


def test_last_years_curve_is_linear_and_brings_what_history_did(artifact: ResponseArtifact) -> None:
    video = channel_curves(artifact, None)[0]
    spend, mean = np.array(video.curve.spend), np.array(video.curve.mean)
    np.testing.assert_allclose(mean, spend * mean[-1] / spend[-1])
    figures = channel_figures(artifact, 78, 52)[0]
    assert figures.cpa is not None
    assert video.contribution.mean == pytest.approx(mean[-1] / spend[-1] * video.spend)
    assert figures.cpa.p50 == pytest.approx(video.spend / video.contribution.p50, rel=0.01)
    # What last year's spend brings in all is what arrives in the year, but for what carries over its ends.
    assert video.contribution.mean == pytest.approx(figures.contribution.mean, rel=0.03)


def test_money_stops_where_a_period_reaches_as_many_people_as_any_did(artifact: ResponseArtifact) -> None:
    draws = artifact.draws
    assert draws.frequency is not None
    plan = planned(artifact, 60.0 * draws.spend.sum(axis=1).max(), flighting={"pattern": "even"})
    video = plan.channels[0]
    most = (draws.worked[:, 0] / draws.frequency[:, 0]).max()
    # Thirteen equal parts, at the mean frequency of the same weeks a year before: people, not impressions, count.
    then = draws.frequency[130 - 52 : 130 - 52 + 13, 0]
    assert video.spend == pytest.approx(13.0 * most / (1.0 / then).mean(), rel=1e-6)
    bound = [one for one in plan.binding if one.rule == "channels.video.reach"]
    assert bound
    assert "more people in a period than it ever did" in plain(bound[0].text)
    smaller = planned(artifact, 60.0 * draws.spend.sum(axis=1).max(), channels={"video": {"max": 1000.0}})
    assert smaller.channels[0].spend == pytest.approx(1000.0)
    refused = planned(artifact, 5e7, channels={"video": {"locked": 4e7}})
    assert refused.status == "infeasible"
    assert {one.rule for one in refused.conflict} == {"channels.video.reach", "channels.video.locked"}


def test_the_curves_page_tells_the_best_frequency_in_both_languages(artifact: ResponseArtifact) -> None:
    answer = curves_answer(artifact, channel_curves(artifact, None))
    for language, words in (("en", "Reach and frequency"), ("zh", "触达与频次")):
        console = Console(width=120)
        with console.capture() as printed:
            for block in curve_page(answer, "last year", Reader(language, "EUR"), 120):
                console.print(block)
        assert words in printed.get()
        assert answer.channels[0].frequency is not None
        assert f"{answer.channels[0].frequency.recommended:.2f}" in printed.get()


def test_an_artifact_with_frequency_is_read_as_it_was_written(artifact: ResponseArtifact) -> None:
    again = read_artifact(artifact_files(artifact), artifact.digest)
    np.testing.assert_array_equal(again.draws.frequency, artifact.draws.frequency)


def test_geos_add_up_to_all_impressions_over_all_people() -> None:
    market = made_market(60)
    two = replace(
        market,
        geos=("north", "south"),
        outcomes={"orders": np.repeat(market.outcomes["orders"], 2, axis=1)},
        values_per_unit={"orders": None},
        spend=np.repeat(market.spend, 2, axis=2),
        exposure={"video": np.tile([600.0, 200.0], (60, 1))},
        frequency={"video": np.tile([3.0, 2.0], (60, 1))},
    )
    np.testing.assert_allclose(national_aggregate(two).frequency["video"], 800.0 / (200.0 + 100.0))
