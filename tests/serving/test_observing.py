"""What the service tells of itself: logs, metrics, readiness."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from service.home import Home
from service.http.app import create_app
from service.http.observing import JsonLines, requests_log
from service.keys import Keys
from service.times import now


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What is written to the log of requests."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(JsonLines())
    level = requests_log.level
    requests_log.addHandler(handler)
    requests_log.setLevel(logging.INFO)
    yield written
    requests_log.removeHandler(handler)
    requests_log.setLevel(level)


def entries(lines: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines.getvalue().splitlines()]


def test_a_request_is_one_line_without_secrets_or_bodies(
    home: Home, client: FlaskClient, document: dict[str, Any], lines: io.StringIO
) -> None:
    issued = Keys(home.store).issue("shop", ["plan", "read"], "test", now(), None)
    header = {"Authorization": f"Bearer {issued.secret}"}
    client.post("/v1/scenarios?lang=en", json=document, headers=header | {"X-Request-Id": "from-the-proxy-1"})
    client.get("/v1/scenarios/secret-looking-id", headers=header)
    client.get("/v1/markets", headers={"Authorization": "Bearer mxp_guessed"})
    posted, missed, refused = entries(lines)
    assert (posted["method"], posted["route"], posted["status"]) == ("POST", "/v1/scenarios", 201)
    assert (posted["tenant"], posted["key"], posted["request_id"]) == ("default", issued.key.id, "from-the-proxy-1")
    assert posted["milliseconds"] > 0
    assert (missed["route"], missed["status"]) == ("/v1/scenarios/<string:identity>", 404)
    assert (refused["status"], refused["key"]) == (401, None)
    for secret in (issued.secret.rsplit("_", 1)[1], "mxp_", "500000", "secret-looking-id"):
        assert secret not in lines.getvalue()


@pytest.mark.parametrize("header", ["", "with space", "x" * 65, 'quote"', "a=b"])
def test_an_odd_request_id_is_replaced_and_the_one_in_use_is_told(client: FlaskClient, header: str) -> None:
    told = client.get("/healthz", headers={"X-Request-Id": header}).headers["X-Request-Id"]
    assert told != header
    assert len(told) == 16
    assert client.get("/healthz", headers={"X-Request-Id": "abc-1"}).headers["X-Request-Id"] == "abc-1"


def metrics_of(client: FlaskClient, **headers: str) -> dict[str, float]:
    response = client.get("/metrics", headers=headers)
    assert response.status_code == 200
    lines = [line for line in response.text.splitlines() if not line.startswith("#")]
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines}


def test_requests_solves_and_jobs_are_counted(home: Home, client: FlaskClient, document: dict[str, Any]) -> None:
    client.post("/v1/scenarios", json=document)
    client.get("/v1/scenarios/nope")
    client.get("/v1/scenarios/neither")
    home.jobs.ask("batch", None, {"markets": []}, "test", now())
    counted = metrics_of(client)
    assert counted['mixplan_requests_total{method="POST",route="/v1/scenarios",status="201"}'] == 1
    route = "/v1/scenarios/<string:identity>"
    assert counted[f'mixplan_requests_total{{method="GET",route="{route}",status="404"}}'] == 2
    assert counted[f'mixplan_request_seconds_count{{route="{route}"}}'] == 2
    assert (counted["mixplan_solves_total"], counted["mixplan_solving"]) == (1, 0)
    assert counted['mixplan_jobs{kind="batch",status="queued"}'] == counted["mixplan_queue_depth"] == 1


def test_metrics_need_an_admin_once_there_are_keys(home: Home, client: FlaskClient) -> None:
    keys = Keys(home.store)
    reader, admin = (keys.issue("k", [scope], "test", now(), None).secret for scope in ("read", "admin"))
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers={"Authorization": f"Bearer {reader}"}).status_code == 403
    assert metrics_of(client, Authorization=f"Bearer {admin}")


def test_a_layout_that_is_not_ours_is_not_ready(home: Home) -> None:
    client = create_app(home).test_client()
    with home.store.writing() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    response = client.get("/readyz")
    assert response.status_code == 503
    assert "0001" in response.json["detail"]


def test_an_artifacts_folder_that_cannot_be_written_is_not_ready(home: Home) -> None:
    home.settings.artifacts.rename(home.settings.home / "elsewhere")
    home.settings.artifacts.write_text("a file in its place")
    response = create_app(home).test_client().get("/readyz")
    assert response.status_code == 503
    assert "artifacts" in response.json["detail"]


def test_jobs_without_the_tables_of_their_queue_are_not_ready(home: Home) -> None:
    client = create_app(home).test_client()
    home.jobs.ask("batch", None, {"markets": []}, "test", now())
    assert client.get("/readyz").status_code == 200
    with home.store.engine.connect() as connection:
        connection.execute(text("PRAGMA foreign_keys=OFF"))
        connection.execute(text("DROP TABLE workflow_status"))
        connection.commit()
    assert client.get("/readyz").status_code == 503
