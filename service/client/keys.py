"""API keys of a tenant, for whoever administers it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from service.client.answers import Answer
from service.client.calls import Calls, path_of


class Key(Answer):
    """An API key without its secret."""

    id: str
    tenant: str
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


class NewKey(Answer):
    """A key that was just made; `secret` is what to send, and is shown this once."""

    key: Key
    secret: str


class KeyList(Answer):
    """The keys of a tenant, the oldest first."""

    keys: tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class Keys:
    """Calls about keys; each raises as `Calls.send` does."""

    calls: Calls

    def create(self, name: str, scopes: Sequence[str], expires_at: datetime | None = None) -> NewKey:
        """A new key for `name` that allows any of read, plan, fit and admin, until a time with its zone."""
        body: dict[str, Any] = {"name": name, "scopes": list(scopes)}
        if expires_at is not None:
            body["expires_at"] = expires_at.isoformat()
        return self.calls.post(NewKey, "/v1/keys", body)

    def all(self) -> KeyList:
        """The keys of the tenant, the oldest first, all pages of them."""
        return self.calls.whole(KeyList, "/v1/keys", ("keys",))

    def revoke(self, key_id: str) -> Key:
        """Refuse a key from now on."""
        return Key.model_validate(self.calls.send("DELETE", path_of("/v1/keys/{id}", id=key_id)).json())
