"""A plan that runs is followed up: its market's actuals, what they say, alerts told once, and the rest planned anew."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from mmm.artifact import ResponseArtifact
from mmm.sentence import Word, sentence
from optimizer.new_channels.extension import extended
from optimizer.planning import Planner
from optimizer.question.asked import PlanningModel
from service.documents import document
from service.errors import NotAllowed, NotKnown
from service.home import Home
from service.language import Reader
from service.records import SavedPlan
from service.tables import EventRow
from service.tracking.actuals import Reported
from service.tracking.document import Alert, Replanned, Tracking
from service.tracking.replan import replan
from service.tracking.track import track

ALERT_EVENT = "tracking.alert"


@dataclass(frozen=True, slots=True)
class RestAnswer:
    """The rest of a plan planned anew, and the draft that was kept of it (None when the rest cannot be planned)."""

    replanned: Replanned
    saved: SavedPlan | None


def followed_plan(home: Home, market: str, identity: str | None = None) -> SavedPlan:
    """The plan of a market that is meant: the one of that id, or the one that runs.

    Raises
    ------
    NotKnown
        When the market has no such plan, or none that runs.
    """
    if identity is None:
        return home.plans.running(market)
    return home.plans.plan(identity, market=market)


def own_models(home: Home, saved: SavedPlan) -> dict[str, ResponseArtifact]:
    """The models that a plan was made with, by KPI, whichever are in use today; with the channels that it assumed.

    Raises
    ------
    ArtifactError
        When one is missing or damaged.
    """
    scenario = home.scenarios.scenario(saved.scenario_id).scenario
    return {kpi: extended(artifact, scenario) for kpi, artifact in _fitted(home, saved).items()}


def _fitted(home: Home, saved: SavedPlan) -> dict[str, ResponseArtifact]:
    """The models that a plan was made with, as they were fitted."""
    return {model.kpi: home.vault.artifact(model.digest) for model in saved.plan.models}


def tracked(home: Home, saved: SavedPlan, models: Mapping[str, ResponseArtifact] | None = None) -> Tracking:
    """A plan against what is known of its periods, by the models that it was made with.

    Raises
    ------
    ArtifactError
        When one of them is missing or damaged.
    """
    own = own_models(home, saved) if models is None else models
    actuals = home.actuals.of(saved, own[saved.plan.kpi].manifest.period)
    return track(saved.plan, own, actuals, known=saved.known)


def running_plan(home: Home, market: str) -> Tracking | None:
    """The running plan of a market against what is known of its periods; None where no plan runs."""
    try:
        return tracked(home, home.plans.running(market))
    except NotKnown:
        return None


def received(home: Home, saved: SavedPlan, reported: Reported, actor: str, now: datetime) -> Tracking:
    """Keep what was reported of a plan's periods, and tell of alerts that were not told before.

    A report that was cut off after its rows were kept may be handed in again: alerts are told then.

    Raises
    ------
    NotAllowed
        When the plan has never run.
    FileRefused
        With every fault; nothing is kept then.
    """
    models = own_models(home, saved)
    manifest = models[saved.plan.kpi].manifest
    home.actuals.report(saved, reported, manifest.period, actor, now)
    found = tracked(home, saved, models)
    _tell_alerts(home, saved, found, Reader(manifest.language, manifest.currency), actor, now)
    return found


def replanned(
    home: Home,
    saved: SavedPlan,
    actor: str,
    now: datetime,
    *,
    remaining_budget: float | None = None,
    identity: str | None = None,
) -> RestAnswer:
    """The rest of a running plan planned anew, what has passed locked; kept as a draft that continues it.

    Parameters
    ----------
    saved
        The plan that runs.
    actor, now
        Who asks, and when.
    remaining_budget
        What the rest may cost; what is left of the plan's budget unless given.
    identity
        Id for the draft: where there is a plan of that id, it stays.

    Raises
    ------
    NotAllowed
        When the plan does not run, nothing is known of its periods, or nothing is left of it.
    """
    plan = saved.plan
    if saved.state != "running":
        raise NotAllowed(
            sentence("Plan {plan} does not run, so there is no rest of it to plan anew.", plan=Word(text=saved.id))
        )
    scenario = home.scenarios.scenario(saved.scenario_id).scenario
    models = own_models(home, saved)
    actuals = home.actuals.of(saved, models[plan.kpi].manifest.period)
    if not actuals.periods:
        raise NotAllowed(
            sentence("Nothing is known yet of what plan {plan} spent: hand in its actuals.", plan=Word(text=saved.id))
        )
    rest = replan(
        scenario,
        plan,
        models,
        actuals,
        remaining_budget=remaining_budget,
        known=saved.known,
        reference_spend=home.desk.reference_spend(scenario),
    )
    versions = {model.kpi: model.version for model in plan.models}
    planner = Planner(
        {kpi: PlanningModel(artifact, versions[kpi]) for kpi, artifact in _fitted(home, saved).items()},
        is_strict=False,
        known=rest.known,
    )
    with home.desk.solving():
        answered = planner.plan(rest.scenario)
    found = Replanned(scenario=rest.scenario, plan=answered, notes=rest.notes)
    if answered.status == "infeasible":
        return RestAnswer(found, None)
    _, kept = home.scenarios.save(
        rest.scenario, answered, now, identity=identity, continues=saved.id, known=rest.known, actor=actor
    )
    return RestAnswer(found, kept)


def _tell_alerts(home: Home, saved: SavedPlan, found: Tracking, reader: Reader, actor: str, now: datetime) -> None:
    """One event with the alerts that no earlier event of the plan told."""
    if not found.alerts:
        return
    query = select(EventRow.document).where(
        EventRow.tenant == home.events.tenant, EventRow.kind == ALERT_EVENT, EventRow.subject == saved.id
    )
    with home.store.writing(f"alerts of {home.events.tenant}/{saved.id}") as session:
        told = {_key(alert) for event in session.scalars(query) for alert in event["alerts"]}
        fresh = [alert for alert in found.alerts if _key(_what(alert)) not in told]
        if fresh:
            home.events.record(
                session,
                ALERT_EVENT,
                actor,
                now,
                market=saved.plan.market,
                subject=saved.id,
                document={"alerts": [document(alert, reader) for alert in fresh]},
            )


def _what(alert: Alert) -> dict[str, Any]:
    return alert.model_dump(include={"kind", "kpi", "channel", "direction"})


def _key(alert: Mapping[str, Any]) -> tuple[str | None, ...]:
    """What an alert is about; the same one in a later period is no new one."""
    return alert["kind"], alert["kpi"], alert["channel"], alert["direction"]
