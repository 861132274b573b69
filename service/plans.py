"""States of plans, and who changed them: draft, approved, running, closed.

A market has one running plan at a time, because its money is spent once and what happened is held against that plan.
A plan that continues the running one, planned anew for the rest of its horizon, takes its place when it starts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from mmm.sentence import Number, Sentence, Term, Word, listed, sentence
from service.errors import NotAllowed, NotKnown, not_known
from service.events import Events
from service.paging import Page, page_of
from service.records import PlanState, SavedPlan
from service.scenarios import saved_plan
from service.settings import DEFAULT_TENANT
from service.store import Store
from service.tables import PlanRow, ScenarioRow

NEXT: Mapping[PlanState, tuple[PlanState, ...]] = {
    "draft": ("approved",),
    "approved": ("running", "draft"),
    "running": ("closed",),
    "closed": (),
}
"""The states that a plan may be given from each state."""

EVENTS: Mapping[PlanState, str] = {
    "draft": "plan.reopened",
    "approved": "plan.approved",
    "running": "plan.started",
    "closed": "plan.closed",
}
"""The event that tells of a new state."""

SHORTEST_PREFIX = 4
"""Characters of an id that may stand for it."""


@dataclass(frozen=True, slots=True)
class Plans:
    """The plans of one tenant and their states."""

    store: Store
    tenant: str = DEFAULT_TENANT

    def plan(self, identity: str, *, market: str | None = None) -> SavedPlan:
        """A plan by its id, one of `market` where that is given.

        Raises
        ------
        NotKnown
            When there is none.
        """
        with self.store.reading() as session:
            saved = saved_plan(self._row(session, identity))
        if market is not None and saved.plan.market != market:
            raise not_known("plan", identity)
        return saved

    def plan_of(self, beginning: str) -> SavedPlan:
        """A plan by its id or the beginning of it, at least four characters that no other id begins with.

        Raises
        ------
        NotKnown
            When there is none, or more than one.
        """
        if len(beginning) < SHORTEST_PREFIX:
            return self.plan(beginning)
        query = self._mine().where(PlanRow.id.startswith(beginning, autoescape=True)).limit(5)
        with self.store.reading() as session:
            rows = list(session.scalars(query))
        if len(rows) > 1:
            raise NotKnown(
                sentence(
                    "Several plans begin with “{beginning}”: {ids}. Give more of the id.",
                    beginning=Word(text=beginning),
                    ids=listed([row.id for row in rows], is_quoted=False),
                )
            )
        if not rows:
            raise not_known("plan", beginning)
        return saved_plan(rows[0])

    def running(self, market: str) -> SavedPlan:
        """The plan by which a market's money is being spent.

        Raises
        ------
        NotKnown
            When no plan of the market runs.
        """
        with self.store.reading() as session:
            row = self._running(session, market)
            if row is None:
                raise NotKnown(
                    sentence(
                        "No plan of {market} is running. Approve and start one, or name the plan.",
                        market=Word(text=market),
                    )
                )
            return saved_plan(row)

    def page(self, limit: int, cursor: int | None = None, market: str | None = None) -> Page[SavedPlan]:
        """Plans, the newest first, at most `limit` of those made before `cursor`."""
        query = self._mine()
        if market is not None:
            query = query.where(ScenarioRow.market == market)
        with self.store.reading() as session:
            return page_of(session, query, PlanRow.number, saved_plan, limit, cursor)

    def change(
        self, identity: str, state: PlanState, actor: str, now: datetime, *, revision: int | None = None
    ) -> SavedPlan:
        """Give a plan another state; the one that it has already changes nothing.

        Starting a plan that continues the running one closes that one.

        Parameters
        ----------
        identity
            Id of the plan.
        state
            The state to give it.
        actor
            Who does so.
        now
            When.
        revision
            The revision that was seen; another one is refused.

        Raises
        ------
        NotKnown
            When there is no such plan.
        NotAllowed
            When the state cannot follow the one that it has, another plan of the market runs, or it was changed since.
        """
        market = self.plan(identity).plan.market
        with self.store.writing(f"plans of {self.tenant}/{market}") as session:
            row = self._row(session, identity)
            if revision is not None and revision != row.revision:
                raise NotAllowed(_changed_since(row))
            if row.state == state:
                return saved_plan(row)
            if state not in NEXT[saved_plan(row).state]:
                raise NotAllowed(_cannot_follow(saved_plan(row), state))
            if state == "running":
                self._make_room(session, row, market, actor, now)
            self._give(session, row, state, market, actor, now)
            return saved_plan(row)

    def _make_room(self, session: Session, row: PlanRow, market: str, actor: str, now: datetime) -> None:
        """Close the running plan where this one continues it; refuse where it does not."""
        current = self._running(session, market)
        if current is None:
            return
        if current.id != row.continues:
            raise NotAllowed(
                sentence(
                    "Plan {plan} of {market} is running, and a market has one running plan at a time. Close it first.",
                    plan=Word(text=current.id),
                    market=Word(text=market),
                )
            )
        self._give(session, current, "closed", market, actor, now)

    def _give(self, session: Session, row: PlanRow, state: PlanState, market: str, actor: str, now: datetime) -> None:
        before = row.state
        row.state, row.revision = state, row.revision + 1
        Events(self.store, self.tenant).record(
            session,
            EVENTS[state],
            actor,
            now,
            market=market,
            subject=row.id,
            document={"from": before, "to": state, "revision": row.revision},
        )

    def _running(self, session: Session, market: str) -> PlanRow | None:
        query = self._mine().where(ScenarioRow.market == market, PlanRow.state == "running")
        return session.scalars(query.limit(1)).first()

    def _mine(self) -> Select[PlanRow]:
        joined = select(PlanRow).join(ScenarioRow, ScenarioRow.id == PlanRow.scenario_id)
        return joined.where(PlanRow.tenant == self.tenant)

    def _row(self, session: Session, identity: str) -> PlanRow:
        row = session.scalars(self._mine().where(PlanRow.id == identity)).first()
        if row is None:
            raise not_known("plan", identity)
        return row


def _changed_since(row: PlanRow) -> Sentence:
    return sentence(
        "Plan {plan} was changed since: it is {state} now, at revision {revision}. Read it again.",
        plan=Word(text=row.id),
        state=Term(text=row.state),
        revision=Number(amount=row.revision),
    )


def _cannot_follow(plan: SavedPlan, state: PlanState) -> Sentence:
    now, asked, identity = Term(text=plan.state), Term(text=state), Word(text=plan.id)
    following = NEXT[plan.state]
    if not following:
        return sentence("Plan {plan} is {now}, and stays so.", plan=identity, now=now)
    if len(following) == 1:
        return sentence(
            "Plan {plan} is {now}, so it cannot become {asked}: it may become {first}.",
            plan=identity,
            now=now,
            asked=asked,
            first=Term(text=following[0]),
        )
    return sentence(
        "Plan {plan} is {now}, so it cannot become {asked}: it may become {first} or {second}.",
        plan=identity,
        now=now,
        asked=asked,
        first=Term(text=following[0]),
        second=Term(text=following[1]),
    )
