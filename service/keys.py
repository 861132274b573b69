"""API keys: shown once, kept as digests, each of one tenant, with scopes and an end.

A key is ``mxp_<id>_<secret>``: the id finds its row, and 256 random bits are the secret, which no list of guesses
reaches, so that its plain sha256 may be stored.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast, get_args

from sqlalchemy import select

from mmm.errors import Fault, FileRefused
from mmm.sentence import sentence
from service.errors import not_known
from service.events import Events
from service.paging import NamedPage, page_by_age
from service.settings import DEFAULT_TENANT
from service.store import Store
from service.tables import KeyRow
from service.times import as_utc, naive_utc

type Scope = Literal["read", "plan", "fit", "admin"]
"""read: see everything. plan: ask for plans and change what becomes of them. fit: data, refits, models. admin: keys."""

SCOPES: tuple[Scope, ...] = get_args(Scope.__value__)

TENANT = re.compile(r"[A-Za-z0-9_-]{1,64}")
_KEY = re.compile(r"mxp_([0-9a-f]{16})_([A-Za-z0-9_-]{43})")


@dataclass(frozen=True, slots=True)
class Key:
    """A key without its secret."""

    id: str
    tenant: str
    name: str
    scopes: tuple[Scope, ...]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None

    def is_valid(self, now: datetime) -> bool:
        """Whether the key opens anything at a moment."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A new key and, for this once, its secret."""

    key: Key
    secret: str


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one tenant."""

    store: Store
    tenant: str = DEFAULT_TENANT

    def issue(
        self, name: str, scopes: Sequence[Scope], actor: str, now: datetime, expires_at: datetime | None = None
    ) -> IssuedKey:
        """Make a key; its secret is nowhere but in what this returns.

        Raises
        ------
        FileRefused
            When the tenant's name has other than letters, digits, - and _, or the key would have ended already.
        """
        faults = []
        if not TENANT.fullmatch(self.tenant):
            expected = sentence("letters, digits, - and _; at most 64 of them")
            faults.append(Fault(sentence("request"), "tenant", repr(self.tenant), expected))
        if expires_at is not None and expires_at <= now:
            faults.append(Fault(sentence("request"), "expires_at", expires_at.isoformat(), sentence("a time to come")))
        if faults:
            raise FileRefused(faults)
        identity, secret = secrets.token_hex(8), secrets.token_urlsafe(32)
        row = KeyRow(
            id=identity,
            tenant=self.tenant,
            name=name,
            digest=_digest(secret),
            scopes=list(dict.fromkeys(scopes)),
            created_at=naive_utc(now),
            expires_at=None if expires_at is None else naive_utc(expires_at),
        )
        with self.store.writing(f"keys of {self.tenant}") as session:
            session.add(row)
            Events(self.store, self.tenant).record(
                session, "key.created", actor, now, subject=identity, document={"name": name, "scopes": row.scopes}
            )
            return IssuedKey(_key(row), f"mxp_{identity}_{secret}")

    def all(self) -> tuple[Key, ...]:
        """Every key of the tenant, also those that have ended, the oldest first."""
        with self.store.reading() as session:
            mine = select(KeyRow).where(KeyRow.tenant == self.tenant).order_by(KeyRow.created_at)
            return tuple(_key(row) for row in session.scalars(mine))

    def page(self, limit: int, cursor: str | None = None) -> NamedPage[Key]:
        """Keys, the oldest first, at most `limit` of those behind `cursor`."""
        with self.store.reading() as session:
            return page_by_age(session, select(KeyRow).where(KeyRow.tenant == self.tenant), KeyRow, _key, limit, cursor)

    def revoke(self, identity: str, actor: str, now: datetime) -> Key:
        """End a key at once; one that has ended stays as it is.

        Raises
        ------
        NotKnown
            When there is none of that id.
        """
        with self.store.writing(f"keys of {self.tenant}") as session:
            row = session.get(KeyRow, identity)
            if row is None or row.tenant != self.tenant:
                raise not_known("key", identity)
            if row.revoked_at is None:
                row.revoked_at = naive_utc(now)
                Events(self.store, self.tenant).record(session, "key.revoked", actor, now, subject=identity)
            return _key(row)


def key_of(store: Store, presented: str, now: datetime) -> Key | None:
    """The valid key, of whichever tenant, that a text is; None for anything else, without saying why."""
    match = _KEY.fullmatch(presented)
    if match is None:
        return None
    with store.reading() as session:
        row = session.get(KeyRow, match[1])
        known = "0" * 64 if row is None else row.digest
        is_same = hmac.compare_digest(known, _digest(match[2]))
        if row is None or not is_same:
            return None
        key = _key(row)
        return key if key.is_valid(now) else None


def has_keys(store: Store) -> bool:
    """Whether a key was ever made in this home: from then on every request needs one."""
    with store.reading() as session:
        return session.scalars(select(KeyRow.id).limit(1)).first() is not None


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _key(row: KeyRow) -> Key:
    return Key(
        id=row.id,
        tenant=row.tenant,
        name=row.name,
        scopes=tuple(cast(Scope, scope) for scope in row.scopes),
        created_at=as_utc(row.created_at),
        expires_at=None if row.expires_at is None else as_utc(row.expires_at),
        revoked_at=None if row.revoked_at is None else as_utc(row.revoked_at),
    )
