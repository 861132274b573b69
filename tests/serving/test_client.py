"""The Python client, against the application itself and against servers that misbehave."""

import inspect
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from builders import make_artifact
from flask.testing import FlaskClient
from serving.small_market import small_csv, small_toml

from service.client.calls import Retries, retry_after
from service.client.errors import NotReached, Problem, StillRunning
from service.client.mixplan import MixplanClient
from service.home import Home
from service.http.app import create_app

ADDRESS = "http://mixplan.test"


@pytest.fixture
def mixplan_client(home: Home) -> Iterator[MixplanClient]:
    with MixplanClient(ADDRESS, transport=httpx.WSGITransport(create_app(home)), timeout=30) as opened:
        yield opened


def answering(
    *answers: httpx.Response | Exception, retries: Retries | None = None
) -> tuple[MixplanClient, list[httpx.Request], list[float]]:
    """A client whose server gives these answers one after the other, what it was asked, and how long it waited."""
    asked: list[httpx.Request] = []
    slept: list[float] = []
    waiting = iter(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        given = next(waiting)
        if isinstance(given, Exception):
            raise given
        return given

    client = MixplanClient(
        ADDRESS, "secret", transport=httpx.MockTransport(answer), sleep=slept.append, retries=retries or Retries()
    )
    return client, asked, slept


def a_job(**changes: Any) -> httpx.Response:
    job = {"id": "j1", "kind": "refit", "market": "shop", "parent": None, "status": "queued", "progress": None}
    job |= {"result": None, "problem": None, "attempts": 0, "created_at": "2026-11-21T12:00:00Z"}
    return httpx.Response(202, json={**job, "started_at": None, "ended_at": None, **changes})


def test_a_scenario_is_planned_read_again_and_varied(mixplan_client: MixplanClient, document: dict[str, Any]) -> None:
    scenarios = mixplan_client.scenarios
    planned = scenarios.post(document)
    assert sum(channel.spend for channel in planned.plan.channels) == pytest.approx(500_000)
    assert scenarios.plan(planned.id) == planned.plan
    assert scenarios.get(planned.id).name == "Q1 2027 base"
    varied = scenarios.what_if(planned.id, [{"budget": 400_000}])
    assert [variant.plan.budget for variant in varied.variants] == [500_000, 400_000]
    seen = scenarios.frontier(planned.id, 200_000, 600_000, points=2)
    assert [point.budget for point in seen.points] == [200_000, 600_000]
    assert scenarios.explanation(planned.id).budget == 500_000
    for budget in (1e5, 2e5):
        scenarios.post(document | {"budget": budget})
    assert [one.scenario["budget"] for one in scenarios.saved("testland")] == [2e5, 1e5, 5e5]


def test_what_is_known_of_a_market_is_read(mixplan_client: MixplanClient) -> None:
    markets = mixplan_client.markets
    assert [market.name for market in markets.all().markets] == ["testland"]
    assert markets.get("testland").champion == 1
    assert len(markets.curves("testland", kpi="orders").channels[0].curve.mean) == 201
    assert [model.version for model in markets.models("testland").models] == [1]
    assert mixplan_client.ready().status == mixplan_client.alive().status == "ok"


def test_data_are_uploaded_and_a_refit_is_asked_for_and_stopped(mixplan_client: MixplanClient, tmp_path: Path) -> None:
    data, market_file = tmp_path / "shop.csv", tmp_path / "market.toml"
    data.write_bytes(small_csv())
    market_file.write_bytes(small_toml())
    markets, jobs = mixplan_client.markets, mixplan_client.jobs
    assert markets.upload("shop", data, market_file).periods == 104
    data.write_bytes(small_csv(13, first=104))
    markets.upload("shop", data)
    assert [one.version for one in markets.datasets("shop").datasets] == [2, 1]
    job = markets.refit("shop", seed=7)
    with pytest.raises(StillRunning, match="queued"):
        jobs.wait(job, seconds=0)
    assert jobs.cancel(job.id).status == jobs.wait(job).status == "cancelled"
    assert [one.id for one in jobs.all(market="shop")] == [job.id]
    assert markets.refit_several(["shop"]).kind == "batch"


def test_a_plan_is_followed_to_its_end(mixplan_client: MixplanClient, document: dict[str, Any]) -> None:
    plans = mixplan_client.plans
    planned = mixplan_client.scenarios.post(document)
    seen = plans.get(planned.plan_id)
    assert (seen.state, seen.plan) == ("draft", planned.plan)
    approved = plans.change(seen.id, "approved", seen.revision)
    with pytest.raises(Problem) as raised:
        plans.change(seen.id, "running", seen.revision)
    assert raised.value.status == 409
    plans.change(seen.id, "running", approved.revision)
    first = min(flight.date for flight in planned.plan.flighting)
    spend = {flight.channel: flight.spend for flight in planned.plan.flighting if flight.date == first}
    told = plans.report("testland", [{"date": str(first), "spend": spend, "outcomes": {"orders": 2200.0}}])
    assert told == plans.tracking("testland", seen.id)
    assert (told.periods_spent, told.last) == (1, first)
    rest = plans.replan(seen.id)
    assert rest.continues == seen.id
    assert [one.state for one in plans.saved("testland")] == ["draft", "running"]
    assert plans.rescore(seen.id).channels[0].spend == planned.plan.channels[0].spend


def test_a_key_opens_what_it_allows_until_it_is_revoked(mixplan_client: MixplanClient, home: Home) -> None:
    admin = mixplan_client.keys.create("ada", ["admin"])
    with pytest.raises(Problem) as raised:
        mixplan_client.markets.all()
    assert raised.value.status == 401
    transport = httpx.WSGITransport(create_app(home))
    with (
        MixplanClient(ADDRESS, admin.secret, transport=transport) as ada,
        MixplanClient(
            ADDRESS, ada.keys.create("board", ["read"], datetime(2100, 1, 1, tzinfo=UTC)).secret, transport=transport
        ) as board,
    ):
        assert board.markets.get("testland").champion == 1
        with pytest.raises(Problem) as raised:
            board.markets.rollback("testland")
        assert raised.value.status == 403
        assert [key.name for key in ada.keys.all().keys] == ["ada", "board"]
        assert ada.keys.revoke(ada.keys.all().keys[1].id).revoked_at
        with pytest.raises(Problem) as raised:
            board.markets.all()
        assert raised.value.status == 401


def test_models_are_promoted_told_apart_and_rolled_back(mixplan_client: MixplanClient, home: Home) -> None:
    home.registry.publish([make_artifact(draws=60, seed=2)], datetime(2026, 11, 22, tzinfo=UTC))
    markets = mixplan_client.markets
    assert markets.promote("testland", 2).alias == "champion"
    difference = markets.difference("testland", 2, earlier=1)
    assert (difference.before.version, difference.after.version) == (1, 2)
    assert markets.rollback("testland").version == 1
    assert {event.subject for event in mixplan_client.events(market="testland")} == {"1", "2"}
    with pytest.raises(Problem) as raised:
        markets.judgement("testland", 1)
    assert raised.value.status == 404


def test_a_refusal_says_every_fault(mixplan_client: MixplanClient, document: dict[str, Any]) -> None:
    with pytest.raises(Problem) as raised:
        mixplan_client.scenarios.post(document | {"bugdet": 1, "business": "b2x"})
    problem = raised.value
    assert (problem.type, problem.status) == ("urn:mixplan:problem:scenario-refused", 422)
    assert {flaw.pointer for flaw in problem.errors} == {"/bugdet", "/business"}
    assert "did you mean 'budget'?" in str(problem)


def test_rules_that_cannot_hold_come_with_conflict_and_relaxation(
    mixplan_client: MixplanClient, document: dict[str, Any]
) -> None:
    rules = {name: {"max": 50_000} for name in ("tv", "video", "social", "search")}
    with pytest.raises(Problem) as raised:
        mixplan_client.scenarios.post(document | {"business": "none", "channels": {**rules, "tv": {"locked": 900_000}}})
    assert raised.value.more["conflict"]
    assert raised.value.more["relaxation"]


def test_sentences_come_in_the_language_asked_for(home: Home) -> None:
    transport = httpx.WSGITransport(create_app(home))
    with MixplanClient(ADDRESS, language="zh", transport=transport) as client, pytest.raises(Problem) as raised:
        client.markets.get("nowhere")
    assert re.search(r"[\u4e00-\u9fff]", raised.value.title)


def test_what_passes_by_itself_is_tried_again_as_the_same_request() -> None:
    busy = httpx.Response(503, headers={"Retry-After": "3"}, json={"title": "Busy"})
    client, asked, slept = answering(httpx.ConnectError("refused"), busy, httpx.ReadTimeout("slow"), a_job())
    assert client.markets.refit("shop").id == "j1"
    assert slept == [0.5, 3.0, 2.0]
    keys = {request.headers["Idempotency-Key"] for request in asked}
    assert (len(asked), len(keys)) == (4, 1)
    assert {request.headers["Authorization"] for request in asked} == {"Bearer secret"}


def test_what_was_done_without_its_answer_coming_through_is_not_done_twice(home: Home) -> None:
    home.datasets.keep(small_toml(), "shop.csv", small_csv(), datetime(2026, 11, 22, tzinfo=UTC))
    served = httpx.WSGITransport(create_app(home))
    broken: list[httpx.Request] = []

    class Breaking(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            response = served.handle_request(request)
            if request.method == "POST" and not broken:
                broken.append(request)
                raise httpx.ReadError("the connection broke")
            return response

    with MixplanClient(ADDRESS, transport=Breaking(), sleep=lambda _: None) as client:
        job = client.markets.refit("shop")
        assert [one.id for one in client.jobs.all()] == [job.id]
    assert broken


def test_an_answer_that_is_on_its_way_is_waited_for() -> None:
    under_way = httpx.Response(409, headers={"Retry-After": "1"}, json={"title": "Under way"})
    client, asked, slept = answering(httpx.ReadTimeout("slow"), *[under_way] * 10, a_job())
    assert client.markets.refit("shop").id == "j1"
    assert (len(asked), sum(slept)) == (12, 10.5)


def test_each_post_has_a_key_of_its_own_and_a_get_has_none() -> None:
    client, asked, _ = answering(a_job(), a_job(), a_job())
    client.markets.refit("shop")
    client.markets.refit("shop")
    client.jobs.get("j1")
    first, second, read = (request.headers.get("Idempotency-Key") for request in asked)
    assert first != second
    assert read is None


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(503, json={"title": "Not ready"}),
        httpx.Response(429, headers={"Retry-After": "86400"}),
        httpx.Response(409, json={"title": "Not allowed now"}),
        httpx.Response(500, headers={"Retry-After": "1"}),
    ],
)
def test_what_does_not_pass_is_not_tried_again(answer: httpx.Response) -> None:
    client, asked, slept = answering(answer)
    with pytest.raises(Problem) as raised:
        client.markets.refit("shop")
    assert raised.value.status == answer.status_code
    assert (len(asked), slept) == (1, [])


def test_patience_ends() -> None:
    client, _, slept = answering(*[httpx.ConnectError("refused")] * 3, retries=Retries(attempts=3))
    with pytest.raises(NotReached, match="refused"):
        client.alive()
    assert slept == [0.5, 1.0]


def test_an_answer_that_is_no_document_is_a_problem_all_the_same() -> None:
    client, _, _ = answering(httpx.Response(502, text="<html>Bad Gateway</html>"))
    with pytest.raises(Problem, match="Bad Gateway") as raised:
        client.alive()
    assert (raised.value.status, raised.value.type) == (502, "about:blank")


def test_a_job_is_waited_for_until_it_ends() -> None:
    done = a_job(status="succeeded", ended_at="2026-11-21T12:01:00Z", result={"version": 2})
    client, asked, slept = answering(a_job(status="running"), a_job(status="running"), done)
    assert client.jobs.wait("j1", poll=2.0).result == {"version": 2}
    assert (len(asked), slept) == (3, [2.0, 2.0])


def test_why_a_job_failed_is_raised() -> None:
    problem = {"type": "urn:mixplan:problem:not-fitted", "title": "Not fitted", "status": 422, "detail": "Diverged."}
    client, _, _ = answering(a_job(status="failed", ended_at="2026-11-21T12:01:00Z", problem=problem))
    with pytest.raises(Problem, match=r"Diverged\.") as raised:
        client.jobs.wait("j1")
    assert raised.value.type == problem["type"]


def test_a_newer_server_may_say_more() -> None:
    client, _, _ = answering(a_job(colour="red", kind="a kind of tomorrow", status="paused"))
    job = client.jobs.get("j1")
    assert (job.kind, job.status, job.model_extra) == ("a kind of tomorrow", "paused", {"colour": "red"})


def test_lists_are_read_page_by_page() -> None:
    def page(numbers: list[int], cursor: int | None) -> httpx.Response:
        plain = {"kind": "k", "market": None, "subject": None, "actor": "a", "document": {}}
        events = [{"number": number, "created_at": "2026-11-21T12:00:00Z", **plain} for number in numbers]
        return httpx.Response(200, json={"events": events, "next": cursor})

    client, asked, _ = answering(page([5, 4], 4), page([3], None))
    assert [event.number for event in client.events(subject="x")] == [5, 4, 3]
    assert [str(request.url.query, "ascii") for request in asked] == ["subject=x", "subject=x&cursor=4"]


def test_names_are_one_segment_of_the_address() -> None:
    client, asked, _ = answering(httpx.Response(404, json={}))
    with pytest.raises(Problem):
        client.markets.get("../咖啡/x")
    assert asked[0].url.raw_path == b"/v1/markets/..%2F%E5%92%96%E5%95%A1%2Fx"


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("7", 7.0), ("Sat, 21 Nov 2026 12:00:30 GMT", 30.0), ("Sat, 21 Nov 2026 11:00:00 GMT", 0.0), ("soon", None)],
)
def test_when_to_come_again_is_a_number_or_a_date(said: str, seconds: float | None) -> None:
    response = httpx.Response(503, headers={"Retry-After": said})
    assert retry_after(response, datetime(2026, 11, 21, 12, 0, tzinfo=UTC)) == seconds


def test_the_client_needs_neither_server_nor_database_nor_sampler() -> None:
    code = "import json, sys, service.client.mixplan; print(json.dumps(sorted(sys.modules)))"
    loaded = json.loads(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout)
    heavy = {"flask", "apiflask", "sqlalchemy", "pymc", "pytensor", "pandas", "numpy", "pyomo", "dbos", "mmm"}
    assert heavy & set(loaded) == set()
    own = {name for name in loaded if name.split(".")[0] == "service"}
    assert {name for name in own if not name.startswith("service.client")} == {"service"}


SAMPLES: dict[str, Any] = {
    "scenario": {}, "scenario_id": "s", "changes": [], "lowest": 1.0, "highest": 2.0, "portfolio": {}, "market": "m",
    "plan_id": "p", "state": "approved", "rows": [], "name": "n", "scopes": [], "key_id": "k",
    "address": "https://example.com", "webhook_id": "w",
    "version": 1, "earlier": 1, "job": "j", "job_id": "j", "data": Path(__file__),
}  # fmt: skip


def calls_of(client: MixplanClient) -> Iterator[Callable[..., Any]]:
    """Every call that a client offers."""
    parts = [one for one in vars(client).values() if hasattr(one, "calls")]
    for part in (client, *parts):
        for name, method in vars(type(part)).items():
            if inspect.isfunction(method) and not name.startswith("_") and name != "close":
                yield getattr(part, name)


def asked_by_every_call() -> set[tuple[str, str]]:
    """Method and path of all that the client may ask for; each call once, with all that it takes."""
    client, asked, _ = answering(*[httpx.Response(404, json={}) for _ in range(100)])
    for call in calls_of(client):
        wanted = {name: SAMPLES[name] for name in inspect.signature(call).parameters if name in SAMPLES}
        with pytest.raises(Problem):
            next(call(**wanted))  # a list is asked for with its first item, all else before that
    return {(request.method, request.url.path) for request in asked}


def test_every_call_goes_to_an_address_of_the_description(client: FlaskClient) -> None:
    described = [
        (method.upper(), re.compile(re.sub(r"\{[^}]*\}", "[^/]+", path)))
        for path, operations in client.get("/openapi.json").json["paths"].items()
        for method in operations
    ]
    asked = asked_by_every_call()
    assert len(asked) >= 25
    for method, path in asked:
        assert any(method == known and pattern.fullmatch(path) for known, pattern in described), (method, path)
