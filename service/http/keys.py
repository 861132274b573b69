"""Keys over HTTP: made, listed and ended by whoever has the scope admin, for their own tenant."""

from datetime import datetime

from apiflask import APIBlueprint
from flask import Response
from pydantic import BaseModel, ConfigDict

from service.http.bodies import AgeQuery, KeyBody, LanguageQuery
from service.http.idempotency import never_keep
from service.http.replies import actor, home, reader_for, reply
from service.keys import Keys, Scope
from service.times import now

keys = APIBlueprint("keys", __name__, url_prefix="/v1/keys", tag="Keys")


class KeyAnswer(BaseModel):
    """A key without its secret."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    id: str
    tenant: str
    name: str
    scopes: tuple[Scope, ...]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


class NewKeyAnswer(BaseModel):
    """A new key with its secret, which is shown this once."""

    model_config = ConfigDict(frozen=True)

    key: KeyAnswer
    secret: str


class KeyList(BaseModel):
    """A page of the keys of a tenant, the oldest first; `next` is the cursor of the following page."""

    model_config = ConfigDict(frozen=True)

    keys: tuple[KeyAnswer, ...]
    next: str | None


@keys.post("")
@keys.input(LanguageQuery, location="query")
@keys.input(KeyBody)
@keys.output(NewKeyAnswer, status_code=201)
@keys.doc(responses=[400, 413, 415, 422])
def post_key(query_data: LanguageQuery, json_data: KeyBody) -> Response:
    """Make a key; its secret is shown this once.

    Only its digest is kept. The first key of a home closes it: every request to `/v1` needs one from then on.
    """
    never_keep()
    issued = _keys().issue(json_data.name, json_data.scopes, actor(), now(), json_data.expires_at)
    return reply(NewKeyAnswer(key=KeyAnswer.model_validate(issued.key), secret=issued.secret), reader_for(), 201)


@keys.get("")
@keys.input(AgeQuery, location="query")
@keys.output(KeyList)
def list_keys(query_data: AgeQuery) -> Response:
    """List the keys of the tenant, the oldest first, also those that have ended.

    Secrets are shown by no list: a key that was lost is replaced.
    """
    page = _keys().page(query_data.limit, query_data.cursor)
    return reply(KeyList(keys=tuple(map(KeyAnswer.model_validate, page.items)), next=page.next_cursor), reader_for())


@keys.delete("/<string:identity>")
@keys.input(LanguageQuery, location="query")
@keys.output(KeyAnswer)
def delete_key(query_data: LanguageQuery, identity: str) -> Response:
    """End a key at once.

    Requests with it are refused from then on. Its row stays, so that a home that had keys never opens again.
    """
    return reply(KeyAnswer.model_validate(_keys().revoke(identity, actor(), now())), reader_for())


def _keys() -> Keys:
    return Keys(home().store, home().settings.tenant)
