"""Tenants on every row; jobs, datasets, actuals, events, keys and what serving needs."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

OPEN_REFIT = sa.text("kind = 'refit' AND status IN ('queued', 'running')")
UNNAMED = {"uq": "uq_%(table_name)s_%(column_0_N_name)s"}
"""How SQLite's unnamed constraints are called while a table is rebuilt; PostgreSQL has named them itself."""


def upgrade() -> None:
    """Give the rows that are there to the default tenant, and create the other tables."""
    _add_tenants()
    _replace_unique("models", ["market", "version"], "uq_models_version", ["tenant", "market", "version"])
    _replace_unique(
        "scenarios", ["market", "name", "version"], "uq_scenarios_version", ["tenant", "market", "name", "version"]
    )
    _create_data_tables()
    _create_job_tables()
    _create_serving_tables()


def _add_tenants() -> None:
    for table in ("models", "promotions", "scenarios", "plans"):
        op.add_column(table, sa.Column("tenant", sa.String(64), nullable=False, server_default="default"))
    op.add_column("models", sa.Column("job", sa.String(128)))
    op.add_column("models", sa.Column("dataset", sa.String(32)))
    op.add_column("plans", sa.Column("state", sa.String(16), nullable=False, server_default="draft"))
    op.add_column("plans", sa.Column("revision", sa.Integer, nullable=False, server_default="1"))
    op.add_column("plans", sa.Column("continues", sa.String(32)))
    op.add_column("plans", sa.Column("known", sa.JSON))


def _replace_unique(table: str, before: list[str], name: str, columns: list[str]) -> None:
    old = f"uq_{table}_{'_'.join(before)}"
    if op.get_bind().dialect.name == "postgresql":
        old = f"{table}_{'_'.join(before)}_key"
    with op.batch_alter_table(table, naming_convention=UNNAMED) as batch:
        batch.drop_constraint(old, type_="unique")
        batch.create_unique_constraint(name, columns)


def _create_data_tables() -> None:
    op.create_table(
        "markets",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("dataset", sa.String(32), nullable=False),
        sa.Column("schedule", sa.String(100)),
        sa.Column("due_since", sa.DateTime, nullable=False),
    )
    op.create_table(
        "datasets",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("id", sa.String(32), nullable=False, unique=True),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("market", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("folder", sa.String(64), nullable=False),
        sa.Column("data_digest", sa.String(64), nullable=False),
        sa.Column("spec_digest", sa.String(64), nullable=False),
        sa.Column("first_period", sa.String(10), nullable=False),
        sa.Column("last_period", sa.String(10), nullable=False),
        sa.Column("periods", sa.Integer, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.UniqueConstraint("tenant", "market", "version", name="uq_datasets_version"),
    )
    op.create_table(
        "actuals",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("plan_id", sa.String(32), sa.ForeignKey("plans.id"), nullable=False),
        sa.Column("document", sa.JSON, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
    )
    op.create_index("ix_actuals_plan_id", "actuals", ["plan_id"])
    op.create_table(
        "files",
        sa.Column("folder", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(200), primary_key=True),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("kept_at", sa.DateTime, nullable=False),
    )


def _create_job_tables() -> None:
    op.create_table(
        "jobs",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("id", sa.String(128), nullable=False, unique=True),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("market", sa.String(64)),
        sa.Column("parent", sa.String(128)),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("is_cancel_asked", sa.Boolean, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("request", sa.JSON, nullable=False),
        sa.Column("progress", sa.JSON),
        sa.Column("result", sa.JSON),
        sa.Column("problem", sa.JSON),
        sa.Column("actor", sa.String(80), nullable=False),
        sa.Column("worker", sa.String(128)),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("started_at", sa.DateTime),
        sa.Column("ended_at", sa.DateTime),
    )
    op.create_index("ix_jobs_tenant", "jobs", ["tenant"])
    op.create_index("ix_jobs_parent", "jobs", ["parent"])
    op.create_index(
        "one_refit_a_market",
        "jobs",
        ["tenant", "market"],
        unique=True,
        sqlite_where=OPEN_REFIT,
        postgresql_where=OPEN_REFIT,
    )
    op.create_table(
        "workers",
        sa.Column("name", sa.String(128), primary_key=True),
        sa.Column("host", sa.String(128), nullable=False),
        sa.Column("process", sa.Integer, nullable=False),
        sa.Column("started_at", sa.DateTime, nullable=False),
        sa.Column("seen_at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "events",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("market", sa.String(64)),
        sa.Column("subject", sa.String(128)),
        sa.Column("actor", sa.String(80), nullable=False),
        sa.Column("document", sa.JSON, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
    )
    op.create_index("ix_events_tenant", "events", ["tenant"])
    op.create_index("ix_events_subject", "events", ["subject"])


def _create_serving_tables() -> None:
    op.create_table(
        "webhooks",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("address", sa.String(500), nullable=False),
        sa.Column("secret", sa.String(64), nullable=False),
        sa.Column("sent", sa.Integer, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("next_try_at", sa.DateTime, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
    )
    op.create_index("ix_webhooks_tenant", "webhooks", ["tenant"])
    op.create_table(
        "keys",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False, unique=True),
        sa.Column("scopes", sa.JSON, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("expires_at", sa.DateTime),
        sa.Column("revoked_at", sa.DateTime),
    )
    op.create_index("ix_keys_tenant", "keys", ["tenant"])
    op.create_table(
        "idempotency",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("key", sa.String(200), primary_key=True),
        sa.Column("request_digest", sa.String(64), nullable=False),
        sa.Column("owner", sa.String(32), nullable=False),
        sa.Column("work", sa.String(32), nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("headers", sa.JSON),
        sa.Column("body", sa.LargeBinary),
        sa.Column("created_at", sa.DateTime, nullable=False),
    )
    op.create_index("ix_idempotency_created_at", "idempotency", ["created_at"])
