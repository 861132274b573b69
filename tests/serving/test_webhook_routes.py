"""Webhooks over HTTP: which addresses are taken, what is shown, and trying one."""

from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest
from flask.testing import FlaskClient
from serving.conftest import NOW
from serving.test_webhooks import LATER, happen, receiving

from service.client.mixplan import MixplanClient
from service.home import Home
from service.http.app import create_app
from service.settings import settings_from
from service.times import now
from service.webhook_addresses import is_public
from service.webhook_delivery import SETTLED, deliver_due
from service.webhook_destinations import NotOpen, destination
from service.webhooks import MOST_WEBHOOKS, Webhooks

OPEN = frozenset({"127.0.0.1"})


@pytest.fixture
def opened(home: Home) -> Home:
    """The home with this machine open to webhooks."""
    return replace(home, settings=replace(home.settings, webhook_hosts=OPEN))


@pytest.fixture
def mixplan_client(opened: Home) -> Iterator[MixplanClient]:
    with MixplanClient("http://mixplan.test", transport=httpx.WSGITransport(create_app(opened))) as client:
        yield client


@pytest.mark.parametrize(
    "address",
    [
        *("http://example.com/", "https://127.0.0.1/", "http://localhost:8000/", "https://a.localhost/"),
        *("https://10.1.2.3/", "https://192.168.0.1/", "https://169.254.169.254/latest", "https://[::1]/"),
        *("https://[::ffff:10.0.0.1]/", "https://[fe80::1]/", "https://0.0.0.0/", "https://224.0.0.1/", "nonsense"),
        *("https://user:pass@example.com/", "file:///etc/passwd", "https://"),
    ],
)
def test_an_address_of_our_own_network_is_refused_over_http(client: FlaskClient, home: Home, address: str) -> None:
    refused = client.post("/v1/webhooks", json={"address": address})
    assert refused.status_code == 422
    assert refused.json["errors"][0]["pointer"] == "/address"
    assert Webhooks(home.store).all() == ()


def test_whoever_runs_the_service_opens_hosts() -> None:
    found = settings_from(None, {"MIXPLAN_WEBHOOK_HOSTS": "Hooks.internal, 10.0.0.7"})
    assert found.webhook_hosts == {"hooks.internal", "10.0.0.7"}
    assert is_public("http://hooks.internal:9000/x", found.webhook_hosts)
    assert is_public("https://10.0.0.7/", found.webhook_hosts)
    assert not is_public("https://10.0.0.8/", found.webhook_hosts)


def test_a_name_goes_to_the_address_that_was_checked() -> None:
    to = destination("https://example.com:8443/x?y=1", resolve=lambda host, port: ["93.184.216.34"])
    assert (str(to.url), to.host) == ("https://93.184.216.34:8443/x?y=1", "example.com")
    assert to.headers == {"Host": "example.com:8443"}


@pytest.mark.parametrize("inside", ["127.0.0.1", "10.0.0.1", "::1", "fd00::1", "169.254.169.254"])
def test_a_public_name_that_leads_inside_is_sent_nothing(home: Home, inside: str) -> None:
    with pytest.raises(NotOpen):
        destination("https://example.com/", resolve=lambda host, port: ["93.184.216.34", inside])
    Webhooks(home.store).add_public("https://example.com/", NOW, frozenset())
    happen(home)
    assert deliver_due(home, LATER, lambda host, port: [inside]) == 0
    (webhook,) = Webhooks(home.store).all()
    assert (webhook.failures, webhook.waiting) == (1, 1)
    assert destination("https://example.com/", {"example.com"}, lambda host, port: [inside]).host == "example.com"


def test_a_webhook_is_made_tried_watched_and_ended(mixplan_client: MixplanClient, opened: Home) -> None:
    with receiving() as receiver:
        made = mixplan_client.webhooks.create(receiver.address)
        identity = made.webhook.id
        assert [one.id for one in mixplan_client.webhooks.all()] == [identity]
        assert mixplan_client.webhooks.test(identity).waiting == 1
        assert deliver_due(opened, now() + SETTLED) == 1
        assert mixplan_client.webhooks.get(identity).waiting == 0
        ((headers, body),) = receiver.got
        assert b"webhook.tested" in body
        assert headers["Host"] == receiver.address.removeprefix("http://")
    assert made.secret not in mixplan_client.webhooks.get(identity).model_dump_json()
    assert mixplan_client.webhooks.remove(identity).id == identity
    assert list(mixplan_client.webhooks.all()) == []


def test_a_request_that_is_sent_again_makes_one_webhook(client: FlaskClient, home: Home) -> None:
    body, key = {"address": "https://example.com/"}, {"Idempotency-Key": "once"}
    first, again = (client.post("/v1/webhooks", json=body, headers=key) for _ in range(2))
    assert (first.status_code, first.json) == (again.status_code, again.json)
    assert len(Webhooks(home.store).all()) == 1


def test_a_tenant_has_so_many_webhooks_and_reads_them_page_by_page(client: FlaskClient, home: Home) -> None:
    mine = Webhooks(home.store)
    for number in range(MOST_WEBHOOKS):
        mine.add(f"https://example.com/{number}", NOW)
    assert client.post("/v1/webhooks", json={"address": "https://example.com/more"}).status_code == 409
    shown: list[str] = []
    address: str | None = "/v1/webhooks?limit=20"
    while address is not None:
        page = client.get(address)
        shown += [one["id"] for one in page.json["webhooks"]]
        address = page.headers["Link"].split(">")[0].strip("<") if "Link" in page.headers else None
    assert shown == [one.id for one in mine.all()]
    assert client.get("/v1/webhooks?cursor=yesterday").status_code == 422
