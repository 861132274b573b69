"""Actuals of plans in the database: what was reported of each period, and when. Reports are added, never changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from mmm.sentence import Term, Word, sentence
from mmm.vocabulary import PeriodName
from service.errors import NotAllowed
from service.events import Events
from service.records import SavedPlan
from service.settings import DEFAULT_TENANT
from service.store import Store
from service.tables import ActualRow
from service.times import naive_utc
from service.tracking.actuals import Actuals, ActualsRow, JsonPlaces, Reported, actuals_of_rows, nothing_known, rows_of


@dataclass(frozen=True, slots=True)
class ActualsLog:
    """The actuals of one tenant's plans."""

    store: Store
    tenant: str = DEFAULT_TENANT

    def of(self, saved: SavedPlan, period: PeriodName) -> Actuals:
        """What is known of a plan's periods: the newest report of each."""
        with self.store.reading() as session:
            rows = self._rows(session, saved.id)
        if not rows:
            return nothing_known(saved.plan)
        return actuals_of_rows(Reported(tuple(rows), JsonPlaces("")), saved.plan, period)

    def report(self, saved: SavedPlan, reported: Reported, period: PeriodName, actor: str, now: datetime) -> Actuals:
        """Add what was reported of a plan's periods, with an event; the same again changes nothing.

        Parameters
        ----------
        saved
            A plan that is running or closed.
        reported
            Rows of some of its periods. What they leave out of a period that was reported before stays.
        period
            Period of its market.
        actor, now
            Who reports, and when.

        Returns
        -------
        All that is known of the plan's periods now.

        Raises
        ------
        NotAllowed
            When the plan has never run.
        FileRefused
            With every fault; nothing is kept then.
        """
        if saved.state not in ("running", "closed"):
            raise NotAllowed(
                sentence(
                    "Plan {plan} is {state}: actuals are held against a plan that runs. Start it first.",
                    plan=Word(text=saved.id),
                    state=Term(text=saved.state),
                )
            )
        with self.store.writing(f"actuals of {self.tenant}/{saved.id}") as session:
            earlier = self._rows(session, saved.id)
            actuals = actuals_of_rows(reported, saved.plan, period, earlier)
            before = {row.date: row for row in earlier}
            changed = [row for row in rows_of(actuals, period) if row != before.get(row.date)]
            if changed:
                self._add(session, saved, changed, actor, now)
        return actuals

    def _add(
        self, session: Session, saved: SavedPlan, changed: Sequence[ActualsRow], actor: str, now: datetime
    ) -> None:
        session.add_all(
            ActualRow(
                tenant=self.tenant,
                plan_id=saved.id,
                document=row.model_dump(mode="json"),
                created_at=naive_utc(now),
            )
            for row in changed
        )
        Events(self.store, self.tenant).record(
            session,
            "actuals.received",
            actor,
            now,
            market=saved.plan.market,
            subject=saved.id,
            document={"periods": len(changed), "last": changed[-1].date.isoformat()},
        )

    def _rows(self, session: Session, plan: str) -> list[ActualsRow]:
        """The newest report of each period that has one, by date."""
        mine = select(ActualRow.document).where(ActualRow.tenant == self.tenant, ActualRow.plan_id == plan)
        reports = [ActualsRow.model_validate(each) for each in session.scalars(mine.order_by(ActualRow.number))]
        newest = {row.date: row for row in reports}
        return [newest[day] for day in sorted(newest)]
