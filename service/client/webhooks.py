"""Addresses that a tenant's events are sent to, for whoever administers it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from service.client.answers import Answer
from service.client.calls import Calls, path_of


class Webhook(Answer):
    """An address: `sent` is the last event that arrived there, `waiting` counts those that are still to be sent."""

    id: str
    address: str
    sent: int
    failures: int
    waiting: int
    next_try_at: datetime
    created_at: datetime


class NewWebhook(Answer):
    """A webhook that was just made; `secret` signs what is sent there, and is shown this once."""

    webhook: Webhook
    secret: str


@dataclass(frozen=True, slots=True)
class Webhooks:
    """Calls about webhooks; each raises as `Calls.send` does."""

    calls: Calls

    def create(self, address: str) -> NewWebhook:
        """Send events to an address from now on."""
        return self.calls.post(NewWebhook, "/v1/webhooks", {"address": address})

    def all(self) -> Iterator[Webhook]:
        """Every webhook of the tenant, the oldest first."""
        return self.calls.pages(Webhook, "/v1/webhooks", "webhooks", {})

    def get(self, webhook_id: str) -> Webhook:
        """What arrived at an address, and what is still to be sent."""
        return self.calls.get(Webhook, path_of("/v1/webhooks/{id}", id=webhook_id))

    def test(self, webhook_id: str) -> Webhook:
        """Have a worker send an event that says nothing, and whatever waits before it."""
        return self.calls.post(Webhook, path_of("/v1/webhooks/{id}/test", id=webhook_id))

    def remove(self, webhook_id: str) -> Webhook:
        """Send nothing more to an address."""
        return Webhook.model_validate(self.calls.send("DELETE", path_of("/v1/webhooks/{id}", id=webhook_id)).json())
