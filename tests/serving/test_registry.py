from datetime import UTC, datetime
from pathlib import Path

import pytest
from builders import make_artifact

from mmm.artifact import ResponseArtifact, seal
from mmm.errors import ArtifactError
from mmm.manifest import Gate
from mmm.sentence import sentence
from mmm.vocabulary import Verdict
from service.errors import NoChampion, NotAllowed, NotKnown
from service.home import Home, open_home
from service.settings import Settings

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def gated(artifact: ResponseArtifact, verdict: Verdict) -> ResponseArtifact:
    gate = Gate(name="r_hat", verdict=verdict, value=1.2, limit=1.01, text=sentence("The chains disagree."))
    return seal(artifact.manifest.model_copy(update={"gates": (gate,)}), artifact.draws)


@pytest.fixture
def empty_home(tmp_path: Path):
    opened = open_home(Settings(tmp_path / "home"))
    yield opened
    opened.close()


def test_the_first_model_becomes_champion_and_later_ones_challengers(empty_home: Home) -> None:
    registry = empty_home.registry
    first = registry.publish([make_artifact(draws=20, seed=1)], NOW)
    second = registry.publish([make_artifact(draws=20, seed=2)], NOW)
    third = registry.publish([make_artifact(draws=20, seed=3)], NOW)
    assert [(model.version, model.alias) for model in (first, second, third)] == [
        (1, "champion"),
        (2, "challenger"),
        (3, "challenger"),
    ]
    assert registry.champion("testland").version == 1


def test_the_same_artifacts_published_again_add_no_version(empty_home: Home) -> None:
    registry = empty_home.registry
    first = registry.publish([make_artifact(draws=20)], NOW)
    again = registry.publish([make_artifact(draws=20)], NOW)
    assert again == first
    assert len(registry.versions("testland")) == 1


def test_a_failed_gate_keeps_the_first_model_from_being_champion(empty_home: Home) -> None:
    registry = empty_home.registry
    published = registry.publish([gated(make_artifact(draws=20), "fail")], NOW)
    assert published.alias == "held"
    assert published.verdict == "fail"
    with pytest.raises(NoChampion, match="version 1 failed its gates"):
        registry.champion("testland")


def test_a_model_to_be_reviewed_may_be_champion(empty_home: Home) -> None:
    assert empty_home.registry.publish([gated(make_artifact(draws=20), "review")], NOW).alias == "champion"


def test_one_outcome_that_fails_holds_the_whole_version(empty_home: Home) -> None:
    good = make_artifact(draws=20, kpi="orders")
    bad = gated(make_artifact(draws=20, kpi="leads"), "fail")
    published = empty_home.registry.publish([good, bad], NOW)
    assert published.alias == "held"
    assert set(published.digests) == {"orders", "leads"}


def test_a_held_model_is_promoted_by_force_alone(empty_home: Home) -> None:
    registry = empty_home.registry
    registry.publish([gated(make_artifact(draws=20), "fail")], NOW)
    with pytest.raises(NotAllowed, match="failed a gate"):
        registry.promote("testland", 1, NOW)
    assert registry.promote("testland", 1, NOW, force=True).alias == "champion"
    assert registry.champion("testland").verdict == "fail"


def test_a_passing_model_after_a_held_one_becomes_champion(empty_home: Home) -> None:
    registry = empty_home.registry
    registry.publish([gated(make_artifact(draws=20), "fail")], NOW)
    assert registry.publish([make_artifact(draws=20, seed=2)], NOW).alias == "champion"


def test_rollback_walks_back_one_champion_at_a_time(empty_home: Home) -> None:
    registry = empty_home.registry
    for seed in (1, 2, 3):
        registry.publish([make_artifact(draws=20, seed=seed)], NOW)
    registry.promote("testland", 2, NOW)
    registry.promote("testland", 3, NOW)
    assert registry.rollback("testland", NOW).version == 2
    assert registry.rollback("testland", NOW).version == 1
    with pytest.raises(NotAllowed, match="no other champion"):
        registry.rollback("testland", NOW)


def test_there_is_one_champion_after_any_promotion(empty_home: Home) -> None:
    registry = empty_home.registry
    for seed in (1, 2, 3):
        registry.publish([make_artifact(draws=20, seed=seed)], NOW)
    registry.promote("testland", 3, NOW)
    aliases = {model.version: model.alias for model in registry.versions("testland")}
    assert aliases == {1: "retired", 2: "challenger", 3: "champion"}


def test_a_fit_is_found_by_its_data_choices_and_seed(empty_home: Home) -> None:
    registry = empty_home.registry
    registry.publish([make_artifact(draws=20, seed=7)], NOW)
    assert registry.fitted("testland", "0" * 64, "0" * 64, 7) is not None
    assert registry.fitted("testland", "0" * 64, "0" * 64, 8) is None
    assert registry.fitted("testland", "1" * 64, "0" * 64, 7) is None


def test_an_unknown_market_is_refused_with_the_nearest_known(home: Home) -> None:
    with pytest.raises(NotKnown, match="Did you mean “testland”"):
        home.registry.versions("tesland")


def test_a_damaged_artifact_is_refused_at_load(home: Home, artifact: ResponseArtifact) -> None:
    file = home.settings.artifacts / artifact.digest / "draws.safetensors"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(bytes(content))
    with pytest.raises(ArtifactError, match="damaged or changed"):
        home.registry.load(home.registry.champion("testland"))


def test_models_outlive_the_process(home: Home) -> None:
    again = open_home(home.settings)
    assert again.registry.champion("testland").created_at == NOW
    again.close()
