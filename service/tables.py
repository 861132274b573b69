"""Tables of the database. Every change of them is a step in `service/migrations/versions`.

Times are UTC without a zone. Whatever belongs to a tenant says whose it is in its own row.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, DateTime, ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

OPEN_REFIT = "kind = 'refit' AND status IN ('queued', 'running')"
"""Jobs of which a market may have one at a time."""


class Table(DeclarativeBase):
    """Base of the tables."""


class ModelRow(Table):
    """A published model version; `job` and `dataset` say which job made it of which data."""

    __tablename__ = "models"
    __table_args__ = (UniqueConstraint("tenant", "market", "version", name="uq_models_version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    tenant: Mapped[str] = mapped_column(String(64))
    market: Mapped[str] = mapped_column(String(64), index=True)
    version: Mapped[int]
    alias: Mapped[str] = mapped_column(String(16))
    verdict: Mapped[str] = mapped_column(String(16))
    digests: Mapped[dict[str, str]] = mapped_column(JSON)
    data_digest: Mapped[str] = mapped_column(String(64))
    spec_digest: Mapped[str] = mapped_column(String(64))
    seed: Mapped[str] = mapped_column(String(20))  # 63 bits: more than JSON readers and some databases keep exactly
    job: Mapped[str | None] = mapped_column(String(128))
    dataset: Mapped[str | None] = mapped_column(String(32))
    created_at: Mapped[datetime] = mapped_column(DateTime)


class PromotionRow(Table):
    """One change of a market's champion; the last row of a market says who it is. Rows are never changed.

    `replaced` is the row that was in force before, so that a rollback, itself a new row, can walk back step by step.
    """

    __tablename__ = "promotions"

    id: Mapped[int] = mapped_column(primary_key=True)
    tenant: Mapped[str] = mapped_column(String(64))
    market: Mapped[str] = mapped_column(String(64), index=True)
    version: Mapped[int]
    replaced: Mapped[int | None] = mapped_column(ForeignKey("promotions.id"))
    is_forced: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(DateTime)


class ScenarioRow(Table):
    """One version of a scenario."""

    __tablename__ = "scenarios"
    __table_args__ = (UniqueConstraint("tenant", "market", "name", "version", name="uq_scenarios_version"),)

    number: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(String(32), unique=True)
    tenant: Mapped[str] = mapped_column(String(64))
    market: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(200))
    version: Mapped[int]
    document: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(DateTime)


class PlanRow(Table):
    """A plan of a scenario, with the digests of the artifacts that it rests on, and the state that people gave it.

    `revision` counts the changes of the state. `continues` is the plan whose rest it plans anew, and `known` what was
    spent before its horizon, where it was made with that.
    """

    __tablename__ = "plans"

    number: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(String(32), unique=True)
    tenant: Mapped[str] = mapped_column(String(64))
    scenario_id: Mapped[str] = mapped_column(ForeignKey("scenarios.id"), index=True)
    document: Mapped[dict[str, Any]] = mapped_column(JSON)
    digests: Mapped[list[str]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(16))
    revision: Mapped[int]
    continues: Mapped[str | None] = mapped_column(String(32))
    known: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    created_at: Mapped[datetime] = mapped_column(DateTime)


class ActualRow(Table):
    """What happened in one period of a plan: one row a period, the newest report of it counts."""

    __tablename__ = "actuals"

    number: Mapped[int] = mapped_column(primary_key=True)
    tenant: Mapped[str] = mapped_column(String(64))
    plan_id: Mapped[str] = mapped_column(ForeignKey("plans.id"), index=True)
    document: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(DateTime)


class MarketRow(Table):
    """A market that the service refits: its newest dataset, and when a refit was last due."""

    __tablename__ = "markets"

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    dataset: Mapped[str] = mapped_column(String(32))
    schedule: Mapped[str | None] = mapped_column(String(100))
    due_since: Mapped[datetime] = mapped_column(DateTime)


class DatasetRow(Table):
    """One version of a market's file and data, kept as a folder that is named by its digest."""

    __tablename__ = "datasets"
    __table_args__ = (UniqueConstraint("tenant", "market", "version", name="uq_datasets_version"),)

    number: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(String(32), unique=True)
    tenant: Mapped[str] = mapped_column(String(64))
    market: Mapped[str] = mapped_column(String(64))
    version: Mapped[int]
    folder: Mapped[str] = mapped_column(String(64))
    data_digest: Mapped[str] = mapped_column(String(64))
    spec_digest: Mapped[str] = mapped_column(String(64))
    first_period: Mapped[str] = mapped_column(String(10))
    last_period: Mapped[str] = mapped_column(String(10))
    periods: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(DateTime)


class JobRow(Table):
    """A job and how far it is; its id is the id of the durable workflow that carries it."""

    __tablename__ = "jobs"
    __table_args__ = (
        Index(
            "one_refit_a_market",
            "tenant",
            "market",
            unique=True,
            sqlite_where=text(OPEN_REFIT),
            postgresql_where=text(OPEN_REFIT),
        ),
    )

    number: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(String(128), unique=True)
    tenant: Mapped[str] = mapped_column(String(64), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    market: Mapped[str | None] = mapped_column(String(64))
    parent: Mapped[str | None] = mapped_column(String(128), index=True)
    status: Mapped[str] = mapped_column(String(16))
    is_cancel_asked: Mapped[bool]
    attempts: Mapped[int]
    request: Mapped[dict[str, Any]] = mapped_column(JSON)
    progress: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    result: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    problem: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    actor: Mapped[str] = mapped_column(String(80))
    worker: Mapped[str | None] = mapped_column(String(128))
    created_at: Mapped[datetime] = mapped_column(DateTime)
    started_at: Mapped[datetime | None] = mapped_column(DateTime)
    ended_at: Mapped[datetime | None] = mapped_column(DateTime)


class EventRow(Table):
    """Something that happened, and who did it; never changed."""

    __tablename__ = "events"

    number: Mapped[int] = mapped_column(primary_key=True)
    tenant: Mapped[str] = mapped_column(String(64), index=True)
    kind: Mapped[str] = mapped_column(String(40))
    market: Mapped[str | None] = mapped_column(String(64))
    subject: Mapped[str | None] = mapped_column(String(128), index=True)
    actor: Mapped[str] = mapped_column(String(80))
    document: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(DateTime)


class WebhookRow(Table):
    """An address that a tenant's events are sent to; `sent` is the number of the last event that arrived there."""

    __tablename__ = "webhooks"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    tenant: Mapped[str] = mapped_column(String(64), index=True)
    address: Mapped[str] = mapped_column(String(500))
    secret: Mapped[str] = mapped_column(String(64))
    sent: Mapped[int]
    failures: Mapped[int]
    next_try_at: Mapped[datetime] = mapped_column(DateTime)
    created_at: Mapped[datetime] = mapped_column(DateTime)


class KeyRow(Table):
    """An API key: its digest, never the key itself. Rows stay, so that a home that had keys is never open again."""

    __tablename__ = "keys"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    tenant: Mapped[str] = mapped_column(String(64), index=True)
    name: Mapped[str] = mapped_column(String(80))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[list[str]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(DateTime)
    expires_at: Mapped[datetime | None] = mapped_column(DateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime)


class IdempotencyRow(Table):
    """A request that carried an idempotency key, and its answer once there is one.

    `owner` is whoever is at it; `work` is the id of what it makes, the same for whoever takes it over.
    """

    __tablename__ = "idempotency"

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    request_digest: Mapped[str] = mapped_column(String(64))
    owner: Mapped[str] = mapped_column(String(32))
    work: Mapped[str] = mapped_column(String(32))
    status: Mapped[int | None]
    headers: Mapped[dict[str, str] | None] = mapped_column(JSON)
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(DateTime, index=True)


class WorkerRow(Table):
    """A worker process that said it is there, and when it last did."""

    __tablename__ = "workers"

    name: Mapped[str] = mapped_column(String(128), primary_key=True)
    host: Mapped[str] = mapped_column(String(128))
    process: Mapped[int]
    started_at: Mapped[datetime] = mapped_column(DateTime)
    seen_at: Mapped[datetime] = mapped_column(DateTime)


class FileRow(Table):
    """A file of an artifact or dataset, where several machines share one database and no folder.

    `kept_at` is when it was last kept by someone: what is new is never collected.
    """

    __tablename__ = "files"

    folder: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    kept_at: Mapped[datetime] = mapped_column(DateTime)
