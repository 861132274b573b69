"""A home with one small fitted market, and the ways into it."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from builders import make_artifact
from flask.testing import FlaskClient
from postgresql import Cluster, programs, running_cluster
from typer.testing import CliRunner, Result

from mmm.artifact import ResponseArtifact
from optimizer import planning
from optimizer.errors import CheckFailed
from optimizer.plan.document import Plan
from service.cli.main import app
from service.home import Home, open_home
from service.http.app import create_app
from service.settings import Settings

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="session", autouse=True)
def every_plan_stands() -> Iterator[None]:
    """Let a test fail whose plan does not stand its own check, which a service answers with a warning."""

    def refused(_: Plan, faults: Sequence[str]) -> Plan:
        raise CheckFailed(faults)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(planning, "failed_its_check", refused)
        yield


@pytest.fixture(scope="session")
def artifact() -> ResponseArtifact:
    return make_artifact(draws=60)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    if programs() is None:
        pytest.skip("PostgreSQL is not installed")
    with running_cluster() as started:
        yield started


@pytest.fixture
def home(tmp_path: Path, artifact: ResponseArtifact) -> Iterator[Home]:
    opened = open_home(Settings(tmp_path / "home"))
    opened.registry.publish([artifact], NOW)
    yield opened
    opened.close()


@pytest.fixture
def client(home: Home) -> FlaskClient:
    return create_app(home).test_client()


@pytest.fixture
def document() -> dict[str, Any]:
    return {
        "name": "Q1 2027 base",
        "market": "testland",
        "kpi": "orders",
        "objective": "maximize",
        "budget": 500000.0,
        "business": "b2c",
        "horizon": {"start": "2027-01-04", "periods": 13},
    }


SCENARIO_TOML = """
name = "Q1 2027 base"
market = "testland"
kpi = "orders"
objective = "maximize"
budget = 500000.0
business = "b2c"

[horizon]
start = 2027-01-04
periods = 13
"""


@pytest.fixture
def scenario_file(tmp_path: Path) -> Path:
    file = tmp_path / "scenario.toml"
    file.write_text(SCENARIO_TOML, encoding="utf-8")
    return file


@pytest.fixture
def mixplan(home: Home, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run the command line in this process, on the home of the test and on a page of the usual width."""
    monkeypatch.delenv("COLUMNS", raising=False)

    def run(*arguments: str | Path) -> Result:
        return CliRunner().invoke(app, [*map(str, arguments), "--home", str(home.settings.home)])

    return run
