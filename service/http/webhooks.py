"""Webhooks over HTTP: named, listed, tried and ended by whoever has the scope admin, for their own tenant."""

from datetime import datetime

from apiflask import APIBlueprint
from flask import Response, url_for

from service.answers import Answer
from service.http.bodies import AgeQuery, LanguageQuery, WebhookBody
from service.http.idempotency import work_identity
from service.http.replies import actor, home, reader_for, reply
from service.times import now
from service.webhooks import Webhooks

webhooks = APIBlueprint("webhooks", __name__, url_prefix="/v1/webhooks", tag="Webhooks")


class WebhookAnswer(Answer):
    """An address that events are sent to, without its secret.

    `sent` is the number of the last event that arrived there, `failures` counts the tries since, `waiting` the events
    that are still to be sent.
    """

    id: str
    address: str
    sent: int
    failures: int
    waiting: int
    next_try_at: datetime
    created_at: datetime


class NewWebhookAnswer(Answer):
    """A new webhook, and the secret that what is sent there is signed with: shown this once."""

    webhook: WebhookAnswer
    secret: str


class WebhookList(Answer):
    """A page of webhooks, the oldest first; `next` is the cursor of the following page."""

    webhooks: tuple[WebhookAnswer, ...]
    next: str | None


@webhooks.post("")
@webhooks.input(LanguageQuery, location="query")
@webhooks.input(WebhookBody)
@webhooks.output(NewWebhookAnswer, status_code=201)
@webhooks.doc(responses=[400, 409, 413, 415])
def post_webhook(query_data: LanguageQuery, json_data: WebhookBody) -> Response:
    """Send events to an address from now on.

    The answer has the secret that they are signed with, which no other answer shows. Addresses are https on the
    public network, or on a host that whoever runs the service has opened.
    """
    hosts = home().settings.webhook_hosts
    added, secret = _webhooks().add_public(json_data.address, now(), hosts, work_identity())
    location = url_for("webhooks.get_webhook", identity=added.id)
    body = NewWebhookAnswer(webhook=WebhookAnswer.model_validate(added), secret=secret)
    return reply(body, reader_for(), 201, {"Location": location})


@webhooks.get("")
@webhooks.input(AgeQuery, location="query")
@webhooks.output(WebhookList)
def list_webhooks(query_data: AgeQuery) -> Response:
    """List the addresses that events of the tenant are sent to, the oldest first.

    Each with the last event that arrived there, and how many are still to be sent.
    """
    page = _webhooks().page(query_data.limit, query_data.cursor)
    body = WebhookList(webhooks=tuple(map(WebhookAnswer.model_validate, page.items)), next=page.next_cursor)
    return reply(body, reader_for())


@webhooks.get("/<string:identity>")
@webhooks.input(LanguageQuery, location="query")
@webhooks.output(WebhookAnswer)
def get_webhook(query_data: LanguageQuery, identity: str) -> Response:
    """Read how far an address is: what arrived there, and what is still to be sent.

    `failures` counts the tries since one arrived, `next_try_at` says when the next one is.
    """
    return reply(WebhookAnswer.model_validate(_webhooks().webhook(identity)), reader_for())


@webhooks.post("/<string:identity>/test")
@webhooks.input(LanguageQuery, location="query")
@webhooks.output(WebhookAnswer, status_code=202)
@webhooks.doc(responses=[404, 409])
def post_test(query_data: LanguageQuery, identity: str) -> Response:
    """Have a worker send an event `webhook.tested`, and what waits before it, without waiting for the next try.

    It goes to the other addresses of the tenant too, as every event does. Read the webhook to see whether it arrived:
    nothing waits then.
    """
    return reply(WebhookAnswer.model_validate(_webhooks().test(identity, actor(), now())), reader_for(), 202)


@webhooks.delete("/<string:identity>")
@webhooks.input(LanguageQuery, location="query")
@webhooks.output(WebhookAnswer)
def delete_webhook(query_data: LanguageQuery, identity: str) -> Response:
    """Send nothing more to an address.

    What waited to be sent there is not sent. The other addresses of the tenant are not touched.
    """
    return reply(WebhookAnswer.model_validate(_webhooks().remove(identity)), reader_for())


def _webhooks() -> Webhooks:
    return Webhooks(home().store, home().settings.tenant)
