"""Saved scenarios and their plans."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from optimizer.plan.document import Plan
from optimizer.scenario.document import Scenario
from optimizer.scenario.known_spend import KnownSpend
from service.errors import not_known
from service.events import Events
from service.paging import Page, page_of
from service.records import PlanState, SavedPlan, SavedScenario
from service.settings import DEFAULT_TENANT
from service.store import Store
from service.tables import PlanRow, ScenarioRow
from service.times import as_utc, naive_utc


@dataclass(frozen=True, slots=True)
class Scenarios:
    """The scenarios and plans of one tenant."""

    store: Store
    tenant: str = DEFAULT_TENANT

    def save(
        self,
        scenario: Scenario,
        plan: Plan,
        now: datetime,
        *,
        identity: str | None = None,
        continues: str | None = None,
        known: KnownSpend | None = None,
        actor: str = "",
    ) -> tuple[SavedScenario, SavedPlan]:
        """Keep a scenario and the plan that it was answered with.

        A scenario is known by its market and name. The same document again is the version that
        is there; a changed document is the next version.

        Parameters
        ----------
        scenario, plan
            What was asked and answered.
        now
            Time of the answer.
        identity
            The id to give the plan; where there is a plan of that id, it stays and is what is answered.
        continues
            Id of the plan whose rest this one plans anew: an event tells of it.
        known
            Spend before the horizon that the plan was made with.
        actor
            Who asked.
        """
        written = scenario.model_dump(mode="json", by_alias=True, exclude_unset=True)
        moment = naive_utc(now)
        with self.store.writing(f"scenarios of {self.tenant}/{scenario.market}") as session:
            if identity is not None and (before := self._known_plan(session, identity)) is not None:
                return _scenario(self._row(session, before.scenario_id)), saved_plan(before)
            newest = session.scalars(
                select(ScenarioRow)
                .where(
                    ScenarioRow.tenant == self.tenant,
                    ScenarioRow.market == scenario.market,
                    ScenarioRow.name == scenario.name,
                )
                .order_by(ScenarioRow.version.desc())
                .limit(1)
            ).first()
            row = newest
            if row is None or row.document != written:
                row = ScenarioRow(
                    id=secrets.token_hex(8),
                    tenant=self.tenant,
                    market=scenario.market,
                    name=scenario.name,
                    version=1 if newest is None else newest.version + 1,
                    document=written,
                    created_at=moment,
                )
                session.add(row)
                session.flush()
            kept = PlanRow(
                id=identity or secrets.token_hex(8),
                tenant=self.tenant,
                scenario_id=row.id,
                document=plan.model_dump(mode="json", by_alias=True),
                digests=[model.digest for model in plan.models],
                state="draft",
                revision=1,
                continues=continues,
                known=None if known is None else _written(known),
                created_at=moment,
            )
            session.add(kept)
            if continues is not None:
                Events(self.store, self.tenant).record(
                    session,
                    "plan.replanned",
                    actor,
                    now,
                    market=scenario.market,
                    subject=continues,
                    document={"plan": kept.id},
                )
            return _scenario(row), saved_plan(kept)

    def standing(self, market: str, most: int = 8) -> tuple[SavedScenario, ...]:
        """The newest version of each scenario of a market, at most so many of those saved last."""
        newest = (
            select(func.max(ScenarioRow.number))
            .where(ScenarioRow.tenant == self.tenant, ScenarioRow.market == market)
            .group_by(ScenarioRow.name)
        )
        query = select(ScenarioRow).where(ScenarioRow.number.in_(newest)).order_by(ScenarioRow.number.desc())
        with self.store.reading() as session:
            return tuple(_scenario(row) for row in session.scalars(query.limit(most)))

    def scenario(self, identity: str) -> SavedScenario:
        """A saved scenario.

        Raises
        ------
        NotKnown
            When there is none of that id.
        """
        with self.store.reading() as session:
            return _scenario(self._row(session, identity))

    def latest_plan(self, identity: str) -> SavedPlan:
        """The newest plan of a saved scenario.

        Raises
        ------
        NotKnown
            When there is no scenario of that id.
        """
        with self.store.reading() as session:
            row = self._row(session, identity)
            return saved_plan(
                session.scalars(
                    select(PlanRow).where(PlanRow.scenario_id == row.id).order_by(PlanRow.number.desc()).limit(1)
                ).one()
            )

    def plan(self, identity: str) -> SavedPlan:
        """A saved plan by its own id, or the newest plan of the scenario of that id.

        Raises
        ------
        NotKnown
            When nothing has that id.
        """
        with self.store.reading() as session:
            row = self._known_plan(session, identity)
            if row is not None:
                return saved_plan(row)
        return self.latest_plan(identity)

    def page(self, limit: int, cursor: int | None = None, market: str | None = None) -> Page[SavedScenario]:
        """Saved scenarios, the newest first, at most `limit` of those saved before `cursor`."""
        query = select(ScenarioRow).where(ScenarioRow.tenant == self.tenant)
        if market is not None:
            query = query.where(ScenarioRow.market == market)
        with self.store.reading() as session:
            return page_of(session, query, ScenarioRow.number, _scenario, limit, cursor)

    def _known_plan(self, session: Session, identity: str) -> PlanRow | None:
        return session.scalars(select(PlanRow).where(PlanRow.tenant == self.tenant, PlanRow.id == identity)).first()

    def _row(self, session: Session, identity: str) -> ScenarioRow:
        mine = select(ScenarioRow).where(ScenarioRow.tenant == self.tenant, ScenarioRow.id == identity)
        row = session.scalars(mine).first()
        if row is None:
            raise not_known("scenario", identity)
        return row


def _scenario(row: ScenarioRow) -> SavedScenario:
    return SavedScenario(
        id=row.id,
        name=row.name,
        market=row.market,
        version=row.version,
        scenario=Scenario.model_validate(row.document),
        created_at=as_utc(row.created_at),
    )


def saved_plan(row: PlanRow) -> SavedPlan:
    """A row of the plans as a value."""
    return SavedPlan(
        id=row.id,
        scenario_id=row.scenario_id,
        plan=Plan.model_validate(row.document),
        created_at=as_utc(row.created_at),
        digests=tuple(row.digests),
        state=cast(PlanState, row.state),
        revision=row.revision,
        continues=row.continues,
        known=None if row.known is None else _known(row.known),
    )


def _written(known: KnownSpend) -> dict[str, Any]:
    return {"start": known.start.isoformat(), "spend": {name: list(amounts) for name, amounts in known.spend.items()}}


def _known(written: Mapping[str, Any]) -> KnownSpend:
    spend = {name: tuple(amounts) for name, amounts in written["spend"].items()}
    return KnownSpend(date.fromisoformat(written["start"]), spend)
