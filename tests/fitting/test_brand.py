"""The long run through brand: measured where an indicator speaks, stated or assumed where it does not."""

from dataclasses import replace

import numpy as np
import pytest
from brand_markets import ELASTICITY, brand_level, brand_market

from mmm.artifact import ResponseArtifact, artifact_files, read_artifact
from mmm.backtest.rolling_origin import Origin, known_at
from mmm.baseline import baseline_design, forecast_baseline
from mmm.brand.evidence import Learned, evidence_of_long_run
from mmm.brand.indicator_design import build_indicator_design, readings_of
from mmm.brand.level import fit_brand
from mmm.curves import channel_response
from mmm.decomposition import decompose
from mmm.errors import ArtifactError
from mmm.fit import fit_outcome
from mmm.long_run import IndicatorInfo
from mmm.long_run_figures import long_run_figures, long_run_responses, per_draw
from mmm.manifest import MEASURED_CONTRACTION
from mmm.market import Market, national_aggregate, with_data_digest
from mmm.sampling import Effort
from mmm.spec import MarketSpec

SHORT = (Effort(2, 250, 300),)
SURVEY = {"name": "awareness", "kind": "survey", "successes": "known", "sample": "asked"}


@pytest.fixture(scope="module")
def measured() -> ResponseArtifact:
    return fit_outcome(brand_market(), "orders")


def without_indicator(market: Market) -> Market:
    spec = market.spec.model_copy(update={"indicators": ()})
    return with_data_digest(replace(market, spec=spec, indicators={}, samples={}))


def test_the_long_run_is_measured_and_holds_the_truth(measured: ResponseArtifact) -> None:
    elasticity = measured.draws.baseline[:, -1] / measured.draws.outcome.mean()
    assert elasticity.mean() == pytest.approx(ELASTICITY * 1000.0 / measured.draws.outcome.mean(), abs=0.15)
    (found,) = long_run_figures(measured)
    assert (found.channel, found.evidence) == ("tv", "measured")
    flights = measured.draws.spend[:, 0]
    brought = 1000.0 * ELASTICITY * (brand_level(flights)[-52:] - 2.0 / 3.0).sum()
    assert found.contribution.p05 < brought < found.contribution.p95
    assert found.roas is not None
    assert found.roas.mean == pytest.approx(10.0 * found.contribution.mean / found.spend)


def test_equal_markets_and_seeds_give_equal_levels() -> None:
    market = brand_market()
    first, again = (fit_brand(market, 13, SHORT, "test", np.random.SeedSequence(7), None).level for _ in range(2))
    assert first == again
    assert first != fit_brand(market, 13, SHORT, "test", np.random.SeedSequence(8), None).level


def test_the_level_of_the_brand_is_a_part_of_the_base(measured: ResponseArtifact) -> None:
    split = decompose(measured)
    (place,) = [place for place, part in enumerate(split.parts) if part.kind == "brand"]
    np.testing.assert_allclose(split.brought[:, :, place].sum(axis=1), 0.0, atol=1e-6)
    true = brand_level(measured.draws.spend[:, 0])
    assert np.corrcoef(split.brought[:, :, place].mean(axis=0), true)[0, 1] > 0.95


def test_a_forecast_holds_the_last_level(measured: ResponseArtifact) -> None:
    info = measured.manifest.baseline
    ahead = baseline_design(info, np.array([129, 130, 200]), np.zeros((3, 0)))[:, -1]
    np.testing.assert_allclose(ahead, info.brand[-1])
    assert np.isfinite(forecast_baseline(measured, measured.manifest.window_start, 200)).all()


def test_slow_curves_come_back_from_their_files_and_a_changed_number_is_noticed(measured: ResponseArtifact) -> None:
    files = artifact_files(measured)
    again = read_artifact(files, measured.digest)
    assert again.manifest.long_run == measured.manifest.long_run
    np.testing.assert_array_equal(again.draws.long_run.ceiling, measured.draws.long_run.ceiling)
    spoilt = bytearray(files["draws.safetensors"])
    spoilt[-1] ^= 1
    with pytest.raises(ArtifactError, match="does not match"):
        read_artifact({**files, "draws.safetensors": bytes(spoilt)}, measured.digest)


def test_the_gates_say_what_the_indicator_says(measured: ResponseArtifact) -> None:
    verdicts = {gate.name: gate.verdict for gate in measured.manifest.gates}
    assert (verdicts["indicator"], verdicts["long_run"]) == ("pass", "pass")
    assert "unused_indicators" not in verdicts


def test_without_an_indicator_the_long_run_is_assumed_and_with_a_prior_stated() -> None:
    plain = fit_outcome(without_indicator(brand_market()), "orders")
    assert not plain.manifest.baseline.brand
    (found,) = long_run_figures(plain)
    assert found.evidence == "assumed"
    stated = fit_outcome(
        without_indicator(brand_market(channel={"long_run": {"median": 2.0, "spread": 0.1}})), "orders"
    )
    (found,) = long_run_figures(stated, slice(0, 130))
    assert found.evidence == "prior"
    np.testing.assert_array_equal(stated.draws.ceiling, plain.draws.ceiling)
    history = stated.draws.spend[:, 0]
    (slow,) = long_run_responses(stated, "tv", history / history.sum(), np.zeros(0))
    short = channel_response(stated, "tv", history / history.sum(), np.zeros(0)).per_draw(history.sum())
    multiple = per_draw([slow], history.sum()) / short
    assert np.median(multiple) == pytest.approx(2.0, rel=0.03)
    assert np.log(multiple).std() == pytest.approx(0.1, rel=0.2)


def test_a_flat_or_short_indicator_is_left_out_and_says_so() -> None:
    market = brand_market()
    flat = replace(market, indicators={"searches": np.full((130, 1), 7.0)})
    rng = np.random.default_rng(1)
    noise = replace(market, indicators={"searches": 100.0 + 20.0 * rng.standard_normal((130, 1))})
    assert not fit_brand(flat, 0, SHORT, "test", np.random.SeedSequence(1), None).level
    artifact = fit_outcome(with_data_digest(noise), "orders")
    verdicts = {gate.name: gate.verdict for gate in artifact.manifest.gates}
    assert (verdicts["indicator"], verdicts["long_run"]) == ("review", "review")
    assert not artifact.manifest.baseline.brand
    assert [one.evidence for one in long_run_figures(artifact)] == ["assumed"]


def test_a_survey_counts_each_reading_by_the_people_asked() -> None:
    market = brand_market(indicator=SURVEY)
    prepared = build_indicator_design(market, market.spec.indicators[0], 10)
    asked = market.samples["awareness"][:-10, 0]
    weight = prepared.readings.weight
    assert int(weight.sum()) == prepared.readings.count == (asked > 0).sum()
    assert (weight[-10:] == 0).all()
    np.testing.assert_allclose(weight[:-10] ** 2 / weight[0] ** 2, asked / asked[0])
    assert prepared.design.outcome_scale == pytest.approx(0.2, rel=0.1)
    brand = fit_brand(market, 0, SHORT, "test", np.random.SeedSequence(1), None)
    true = brand_level(market.spend[:, 0, 0])
    assert brand.indicators[0].is_used
    assert np.corrcoef(np.array(brand.level), true)[0, 1] > 0.9


def test_spend_before_the_window_is_that_of_the_first_year() -> None:
    market = brand_market()
    prepared = build_indicator_design(market, market.spec.indicators[0], 0)
    lead = prepared.lead
    np.testing.assert_allclose(prepared.design.exposure[:lead, 0], market.spend[:52, 0, 0].mean())
    np.testing.assert_array_equal(prepared.design.exposure[lead:, 0], market.spend[:, 0, 0])
    assert (prepared.design.observed[:lead] == 0).all()
    np.testing.assert_array_equal(prepared.design.columns[lead, :2], [1.0, 0.0])


def test_a_lift_test_of_an_indicator_narrows_what_the_channel_does_to_it() -> None:
    market = brand_market()
    test = {
        "channel": "tv",
        "start": "2025-01-06",
        "periods": 8,
        "measured_periods": 40,
        "spend_change": 10_000.0,
        "estimate": 12_000.0,
        "standard_error": 500.0,
        "outcome": "searches",
    }
    tested = brand_market(tests=[test])
    found = [
        fit_brand(one, 0, SHORT, "test", np.random.SeedSequence(1), None).indicators[0].curves
        for one in (market, tested)
    ]
    assert found[1].contraction[0] > found[0].contraction[0] + 0.05
    assert len(build_indicator_design(tested, tested.spec.indicators[0], 0).design.tests) == 1


@pytest.mark.parametrize(
    ("changes", "is_stated", "evidence"),
    [
        ({}, False, "measured"),
        ({"readings": 20}, False, "assumed"),
        ({"years": 1.0}, True, "prior"),
        ({"reliability": 0.3}, False, "assumed"),
        ({"elasticity": MEASURED_CONTRACTION - 0.01}, False, "assumed"),
        ({"channel": MEASURED_CONTRACTION - 0.01}, True, "prior"),
        ({"channel": None}, False, "assumed"),
    ],
)
def test_a_long_run_is_measured_only_if_everything_speaks(
    changes: dict[str, float | None], is_stated: bool, evidence: str
) -> None:
    known = {"readings": 100, "years": 2.0, "reliability": 0.8, "elasticity": 0.5, "channel": 0.3, **changes}
    info = IndicatorInfo(
        name="x",
        kind="volume",
        readings=known["readings"],
        years=known["years"],
        reliability=known["reliability"],
        is_used=True,
    )
    learned = Learned((info,), known["elasticity"], known["channel"])
    assert evidence_of_long_run(learned, is_stated=is_stated) == evidence


def test_an_indicator_is_unknown_after_an_origin() -> None:
    market = brand_market(indicator=SURVEY)
    known = known_at(market, Origin(100, 13))
    assert known.indicators["awareness"].shape == (113, 1)
    assert known.samples["awareness"][:100].any()
    assert not known.samples["awareness"][100:].any()


def test_a_panel_has_the_level_of_the_brand_in_all_geos() -> None:
    market = brand_market()
    parts = np.array([0.6, 0.4])
    panel = with_data_digest(
        replace(
            market,
            geos=("north", "south"),
            population=parts * 100.0,
            outcomes={"orders": market.outcomes["orders"] * parts},
            values_per_unit={"orders": np.full((130, 2), 10.0)},
            spend=market.spend * parts,
            indicators={"searches": market.indicators["searches"] * parts},
        )
    )
    np.testing.assert_allclose(national_aggregate(panel).indicators["searches"], market.indicators["searches"])
    artifact = fit_outcome(panel, "orders")
    assert [one.evidence for one in long_run_figures(artifact)] == ["measured"]
    elasticity = artifact.draws.baseline[:, -1] / artifact.draws.outcome.mean()
    assert elasticity.mean() == pytest.approx(ELASTICITY, abs=0.3)


def test_what_market_toml_may_not_say_of_brand() -> None:
    document = brand_market().spec.model_dump(mode="json", exclude_unset=True)

    def refused(match: str, **changes: object) -> None:
        with pytest.raises(ValueError, match=match):
            MarketSpec.model_validate({**document, **changes})

    test = {"channel": "search", "start": "2025-01-06", "periods": 4, "spend_change": 1.0, "estimate": 1.0}
    test |= {"standard_error": 1.0, "outcome": "searches"}
    refused("no part in brand", lift_tests=[test])
    refused("no outcome or indicator", lift_tests=[{**test, "outcome": "searchs"}])
    refused("is an outcome too", indicators=[{"name": "orders", "column": "x"}])
    channels = [{"name": "a", "spend": "a", "role": "performance", "long_run": {"median": 1.0}}]
    refused("long_run is of brand", channels=channels)


def test_a_volume_is_read_in_every_period_that_a_fit_may_see() -> None:
    market = brand_market()
    readings = readings_of(market, market.spec.indicators[0], 13)
    assert readings.count == 117
    np.testing.assert_allclose(readings.weight[:-13], 1.0)
    assert not readings.value[-13:].any()
