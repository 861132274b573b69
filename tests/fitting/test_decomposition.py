"""What the outcome is made of: parts that add up, in every draw and every period."""

from dataclasses import replace

import numpy as np
import pytest
from builders import make_artifact

from mmm.artifact import ResponseArtifact, seal
from mmm.baseline import forecast_baseline
from mmm.contribution import contribution_by_period
from mmm.curves import historical_contributions
from mmm.decomposition import (
    BASE,
    decompose,
    expected_series,
    part_series,
    spend_range,
    year_on_year,
)
from mmm.manifest import BaselineInfo, EventInfo, OrganicInfo

SEASON = 52


def with_every_part(periods: int = 120, draws: int = 40) -> ResponseArtifact:
    """A market with a trend, a season, two controls, an event and an organic medium beside its channels."""
    plain = make_artifact(draws=draws, periods=periods)
    rng = np.random.default_rng(5)
    controls = np.column_stack([rng.normal(100.0, 2.0, periods), rng.random(periods)])
    info = BaselineInfo(
        trend_unit=52.0,
        has_slope=True,
        knots=(30.0, 60.0),
        fourier_pairs=2,
        season_length=52.1775,
        controls=("price", "holiday"),
        control_means=tuple(controls.mean(axis=0).tolist()),
        control_scales=tuple(controls.std(axis=0).tolist()),
        events=(EventInfo(name="launch", start=10, periods=3),),
    )
    organic = (OrganicInfo(name="letter", adstock="geometric", saturation="hill"),)
    manifest = plain.manifest.model_copy(update={"baseline": info, "organic": organic})
    one = np.ones((draws, 1))
    return seal(
        manifest,
        replace(
            plain.draws,
            baseline=rng.normal(100.0, 10.0, size=(draws, 11)),
            controls=controls,
            organic=rng.gamma(2.0, 50.0, size=(periods, 1)),
            organic_retention=0.3 * one,
            organic_peak_delay=0.0 * one,
            organic_half_saturation=100.0 * one,
            organic_slope=one,
            organic_ceiling=80.0 * one,
        ),
    )


def test_parts_come_in_a_fixed_order() -> None:
    parts = decompose(with_every_part()).parts
    assert [part.kind for part in parts] == ["level", "season", *["control"] * 2, "event", "organic", *["channel"] * 4]
    assert [part.name for part in parts[2:7]] == ["price", "holiday", "launch", "letter", "tv"]


def test_a_term_that_the_model_lacks_is_no_part() -> None:
    assert [part.kind for part in decompose(make_artifact(draws=5)).parts[:3]] == ["level", "season", "channel"]


def test_the_base_is_that_of_the_forecast_and_channels_those_of_the_curves() -> None:
    artifact = with_every_part()
    split = decompose(artifact)
    base = forecast_baseline(artifact, artifact.manifest.window_start, artifact.manifest.window_periods)
    np.testing.assert_allclose(split.of(BASE), base)
    np.testing.assert_allclose(split.of(["channel"]), historical_contributions(artifact).sum(axis=2))
    np.testing.assert_allclose(split.fitted, split.of(BASE) + split.of(["channel"]))


def test_means_of_the_parts_add_up_to_the_fitted_mean() -> None:
    split = decompose(with_every_part())
    total = sum(part.mean for part in part_series(split))
    np.testing.assert_allclose(total, expected_series(split, np.random.default_rng(0)).mean)


def test_channels_by_period_are_those_of_contribution_by_period() -> None:
    artifact = with_every_part()
    split = decompose(artifact)
    by_channel = contribution_by_period(artifact)
    for part, shown in zip(split.parts, part_series(split), strict=True):
        if part.kind == "channel":
            np.testing.assert_allclose(
                np.column_stack([shown.mean, shown.p05, shown.p95]), by_channel[part.name][:, [0, 1, 3]]
            )


def test_an_event_brings_something_in_its_own_periods_alone() -> None:
    split = decompose(with_every_part())
    event = split.brought[:, :, 4]
    assert (event[:, 10:13] != 0).all()
    assert (np.delete(event, [10, 11, 12], axis=1) == 0).all()


def test_controls_count_against_their_average() -> None:
    split = decompose(with_every_part())
    np.testing.assert_allclose(split.brought[:, :, 2].sum(axis=1), 0.0, atol=1e-8)


def test_nine_of_ten_observations_of_the_model_lie_in_the_interval() -> None:
    split = decompose(with_every_part(draws=800))
    rng = np.random.default_rng(3)
    band = expected_series(split, rng)
    seen = split.fitted + split.noise_scale[:, None] * rng.standard_normal(split.fitted.shape)
    assert np.mean((seen >= band.p05) & (seen <= band.p95)) == pytest.approx(0.9, abs=0.01)


def test_changes_of_the_parts_and_what_is_unexplained_are_the_whole_change() -> None:
    artifact = with_every_part()
    change = year_on_year(decompose(artifact), SEASON)
    assert change is not None
    assert change.first_before == 120 - 104
    assert change.first_after == 120 - 52
    outcome = artifact.draws.outcome
    assert change.actual_after - change.actual_before == pytest.approx(outcome[68:].sum() - outcome[16:68].sum())
    explained = sum(part.change.mean for part in change.changes)
    assert explained + change.unexplained == pytest.approx(change.actual_after - change.actual_before)
    for part in change.changes:
        assert part.change.mean == pytest.approx(part.after - part.before)


def test_less_than_two_years_have_no_year_on_year() -> None:
    assert year_on_year(decompose(with_every_part(103)), SEASON) is None
    assert year_on_year(decompose(with_every_part(104)), SEASON) is not None


def test_the_spend_range_is_over_consecutive_periods() -> None:
    assert spend_range(np.array([1.0, 5.0, 2.0, 0.0]), 2) == (2.0, 7.0)
