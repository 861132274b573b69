"""Requests that carry a key of their own, so that asking again does not do again: claimed, answered, remembered."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete

from service.settings import DEFAULT_TENANT
from service.store import Store
from service.tables import IdempotencyRow
from service.times import naive_utc

KEPT = timedelta(hours=24)
"""How long an answer is remembered."""

IN_FLIGHT = timedelta(minutes=2)
"""How long a request without an answer counts as being under way, from its claim or the last renewal of that; then its
process counts as gone."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to answer a request.

    Attributes
    ----------
    key
        The key of the request.
    owner
        Who has the right; another one after it was taken over.
    work
        Id for what the request makes: the same after it was taken over, so that nothing is made twice.
    """

    key: str
    owner: str
    work: str


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer as it was sent."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class UnderWay:
    """The same request is being answered; `seconds` until it counts as lost."""

    seconds: float


@dataclass(frozen=True, slots=True)
class AnotherRequest:
    """The key was used for another request."""


@dataclass(frozen=True, slots=True)
class KeyedRequests:
    """The keyed requests of one tenant."""

    store: Store
    tenant: str = DEFAULT_TENANT

    def claim(self, key: str, digest: str, now: datetime) -> Claim | KeptAnswer | UnderWay | AnotherRequest:
        """The right to answer a request, the answer that there is, or why there is neither.

        Parameters
        ----------
        key
            The client's key, 1 to 200 characters.
        digest
            Digest of the whole request, hexadecimal.
        now
            The time: older keys are forgotten, requests under way for too long are taken over.
        """
        moment, owner = naive_utc(now), secrets.token_hex(8)
        with self.store.writing(self._lock(key)) as session:
            row = session.get(IdempotencyRow, (self.tenant, key))
            if row is not None and row.created_at <= moment - KEPT:
                session.delete(row)
                session.flush()
                row = None
            if row is None:
                work = secrets.token_hex(8)
                session.add(
                    IdempotencyRow(
                        tenant=self.tenant, key=key, request_digest=digest, owner=owner, work=work, created_at=moment
                    )
                )
                return Claim(key, owner, work)
            if row.request_digest != digest:
                return AnotherRequest()
            if row.status is not None:
                return KeptAnswer(row.status, row.headers or {}, row.body or b"")
            left = row.created_at + IN_FLIGHT - moment
            if left > timedelta(0):
                return UnderWay(left.total_seconds())
            row.owner, row.created_at = owner, moment
            return Claim(key, owner, row.work)

    def is_known(self, key: str) -> bool:
        """Whether a request came under a key before, and is remembered."""
        with self.store.reading() as session:
            return session.get(IdempotencyRow, (self.tenant, key)) is not None

    def renew(self, claim: Claim, now: datetime) -> None:
        """Say that whoever has a claim is still at it, unless someone else has taken it over."""
        with self.store.writing(self._lock(claim.key)) as session:
            row = session.get(IdempotencyRow, (self.tenant, claim.key))
            if row is not None and row.owner == claim.owner and row.status is None:
                row.created_at = naive_utc(now)

    def keep(self, claim: Claim, answer: KeptAnswer) -> None:
        """Remember the answer to a request, unless someone else has taken it over."""
        with self.store.writing(self._lock(claim.key)) as session:
            row = session.get(IdempotencyRow, (self.tenant, claim.key))
            if row is not None and row.owner == claim.owner:
                row.status, row.headers, row.body = answer.status, dict(answer.headers), answer.body

    def release(self, claim: Claim) -> None:
        """Forget a request that came to no lasting answer, so that it may be tried again."""
        with self.store.writing(self._lock(claim.key)) as session:
            row = session.get(IdempotencyRow, (self.tenant, claim.key))
            if row is not None and row.owner == claim.owner:
                session.delete(row)

    def forget_old(self, now: datetime) -> None:
        """Remove what need not be remembered any more, of every tenant."""
        with self.store.writing("idempotency") as session:
            session.execute(delete(IdempotencyRow).where(IdempotencyRow.created_at <= naive_utc(now) - KEPT))

    def _lock(self, key: str) -> str:
        return f"idempotency {self.tenant}/{key}"
