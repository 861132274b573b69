"""Two versions of a model side by side: as a value, on a page, over HTTP."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from builders import CHANNELS
from flask.testing import FlaskClient
from refit_variants import with_effect, with_gates, with_manifest, with_weeks, without_channel
from serving.conftest import NOW
from typer.testing import Result

from mmm.artifact import ResponseArtifact
from service.home import Home
from service.refits.difference import FittedVersion, ModelDifference, difference


def refitted(artifact: ResponseArtifact) -> ResponseArtifact:
    """A quarter of new data, another carryover, a channel whose effect halved, a gate that failed, other software."""
    tv = CHANNELS[0].model_copy(update={"adstock": "delayed"})
    changed = with_manifest(
        with_effect(artifact, "video", 0.5),
        channels=(tv, *CHANNELS[1:]),
        data_digest="1" * 64,
        spec_digest="2" * 64,
        seed=2,
        versions={"numpy": "2.6", "nutpie": "0.16"},
    )
    return with_gates(changed, [("drift", "fail"), ("bend", "pass"), ("predictive", "pass")])


def before_it(artifact: ResponseArtifact) -> ResponseArtifact:
    first = with_manifest(with_weeks(artifact, 91), versions={"numpy": "2.5", "nutpie": "0.16"})
    return with_gates(first, [("drift", "pass"), ("bend", "pass")])


@pytest.fixture
def two_versions(home: Home, artifact: ResponseArtifact) -> Home:
    """Versions 2 and 3 beside the first."""
    home.registry.publish([before_it(artifact)], NOW)
    home.registry.publish([refitted(artifact)], NOW + timedelta(hours=1))
    return home


def compared(home: Home, first: int, second: int) -> ModelDifference:
    versions = [home.registry.version("testland", number) for number in (first, second)]
    return difference(*(FittedVersion(version, home.registry.load(version)) for version in versions))


def test_what_differs_is_told_from_the_first_to_the_second(two_versions: Home) -> None:
    found = compared(two_versions, 2, 3)
    assert (found.before.version, found.after.version) == (2, 3)
    assert (found.data.is_same, found.data.added_after, found.data.added_before) == (False, 13, 0)
    assert (found.before.data_until.isoformat(), found.after.data_until.isoformat()) == ("2026-09-28", "2026-12-28")
    assert [(one.path, one.before, one.after) for one in found.choices] == [
        ("channels.tv.adstock", "geometric", "delayed")
    ]
    assert "priors" in found.choices_told.template
    assert not found.is_seed_same
    assert [(one.package, one.before, one.after) for one in found.packages] == [("numpy", "2.5", "2.6")]
    assert [(one.gate, one.before, one.after) for one in found.gates] == [
        ("drift", "pass", "fail"),
        ("predictive", None, "pass"),
    ]
    assert found.health[0].before == 100.0 > found.health[0].after
    assert [move.channel for move in found.channels if move.is_beyond] == ["video"]


def test_a_difference_reverses(two_versions: Home) -> None:
    forth, back = compared(two_versions, 2, 3), compared(two_versions, 3, 2)
    assert back.data.added_after == -forth.data.added_after
    assert [(one.before, one.after) for one in back.gates] == [("fail", "pass"), ("pass", None)]
    assert (back.before, back.after) == (forth.after, forth.before)


def test_a_version_does_not_differ_from_itself(two_versions: Home) -> None:
    found = compared(two_versions, 3, 3)
    assert found.data.is_same
    assert (found.choices, found.packages, found.gates) == ((), (), ())
    assert found.choices_told.template == "Both were fitted with the same choices."
    assert all(move.roas is not None and move.roas.standardised == 0.0 for move in found.channels)


def test_a_channel_that_is_gone_is_one_choice(home: Home, artifact: ResponseArtifact) -> None:
    fewer = without_channel(artifact, "social")
    home.registry.publish([with_manifest(fewer, spec_digest="3" * 64)], NOW)
    found = compared(home, 1, 2)
    assert [(one.path, one.before, one.after) for one in found.choices] == [("channels.social", True, None)]
    assert found.lost_channels == ("social",)


def test_choices_that_no_model_holds_are_said_to_differ(home: Home, artifact: ResponseArtifact) -> None:
    home.registry.publish([with_manifest(artifact, spec_digest="3" * 64)], NOW)
    found = compared(home, 1, 2)
    assert found.choices == ()
    assert "what a model does not hold" in found.choices_told.template


def test_a_difference_is_the_same_over_http_and_on_the_command_line(
    two_versions: Home, client: FlaskClient, mixplan: Callable[..., Result]
) -> None:
    response = client.get("/v1/markets/testland/models/3/difference?with=2")
    assert response.status_code == 200
    printed = mixplan("models", "testland", "--diff", "2", "3", "--json")
    assert printed.exit_code == 0
    assert client.application.json.loads(printed.stdout) == response.json  # type: ignore[attr-defined]
    assert response.json["choices"] == [{"path": "channels.tv.adstock", "before": "geometric", "after": "delayed"}]


def test_the_page_says_what_differs(two_versions: Home, mixplan: Callable[..., Result]) -> None:
    page = mixplan("models", "testland", "--diff", "2", "3").stdout
    for words in (
        "version 2 → 3",
        "13 weeks came in, up to Dec 28, 2026.",
        "channels.tv.adstock",
        "numpy",
        "It was meas",
    ):
        assert words in page
    video = next(line for line in page.splitlines() if line.startswith("video"))
    assert "0.27 (0.17–0.45)" in video
    assert "0.14 (0.08–0.23)" in video
    same = mixplan("models", "testland", "--diff", "3", "3").stdout
    assert "Both were fitted on the same data." in same
    assert "No gate changed its verdict." in same
    assert "版本 2 → 3" in mixplan("models", "testland", "--diff", "2", "3", "--lang", "zh").stdout


def test_what_is_not_there_is_refused(
    two_versions: Home, client: FlaskClient, mixplan: Callable[..., Result], tmp_path: Path
) -> None:
    addresses: dict[str, int] = {
        "/v1/markets/testland/models/3/difference?with=9": 404,
        "/v1/markets/testland/models/9/difference?with=3": 404,
        "/v1/markets/nowhere/models/1/difference?with=3": 404,
        "/v1/markets/testland/models/3/difference": 422,
        "/v1/markets/testland/models/3/difference?with=0": 422,
        "/v1/markets/testland/models/3/difference?with=two": 422,
        "/v1/markets/testland/models/three/difference?with=2": 404,
    }
    found: dict[str, Any] = {address: client.get(address).status_code for address in addresses}
    assert found == addresses
    assert client.get("/v1/markets/testland/models/3/difference").json["errors"][0]["parameter"] == "with"
    assert mixplan("models", "testland", "--diff", "2", "9").exit_code == 2
    assert mixplan("models", "--diff", "2", "3").exit_code == 2
