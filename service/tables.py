"""Tables of the database."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, DateTime, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Table(DeclarativeBase):
    """Base of the tables; its metadata creates the schema."""


class ModelRow(Table):
    """A published model version."""

    __tablename__ = "models"
    __table_args__ = (UniqueConstraint("market", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    market: Mapped[str] = mapped_column(String(64), index=True)
    version: Mapped[int]
    alias: Mapped[str] = mapped_column(String(16))
    verdict: Mapped[str] = mapped_column(String(16))
    digests: Mapped[dict[str, str]] = mapped_column(JSON)
    data_digest: Mapped[str] = mapped_column(String(64))
    spec_digest: Mapped[str] = mapped_column(String(64))
    seed: Mapped[str] = mapped_column(String(20))  # 63 bits: more than JSON readers and some databases keep exactly
    created_at: Mapped[datetime] = mapped_column(DateTime)


class PromotionRow(Table):
    """One change of a market's champion; the last row of a market says who it is. Rows are never changed.

    `replaced` is the row that was in force before, so that a rollback, itself a new row, can walk back step by step.
    """

    __tablename__ = "promotions"

    id: Mapped[int] = mapped_column(primary_key=True)
    market: Mapped[str] = mapped_column(String(64), index=True)
    version: Mapped[int]
    replaced: Mapped[int | None] = mapped_column(ForeignKey("promotions.id"))
    is_forced: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(DateTime)


class ScenarioRow(Table):
    """One version of a scenario."""

    __tablename__ = "scenarios"
    __table_args__ = (UniqueConstraint("market", "name", "version"),)

    number: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(String(32), unique=True)
    market: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(200))
    version: Mapped[int]
    document: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(DateTime)


class PlanRow(Table):
    """A plan of a scenario, with the digests of the artifacts that it rests on."""

    __tablename__ = "plans"

    number: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(String(32), unique=True)
    scenario_id: Mapped[str] = mapped_column(ForeignKey("scenarios.id"), index=True)
    document: Mapped[dict[str, Any]] = mapped_column(JSON)
    digests: Mapped[list[str]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(DateTime)
