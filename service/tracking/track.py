"""A plan against what happened, in one document."""

from collections.abc import Mapping

import numpy as np

from mmm.artifact import ResponseArtifact
from mmm.sentence import Number, Sentence, Share, Word, sentence
from mmm.vocabulary import FloatArray
from optimizer.geos.outlook import geo_shares
from optimizer.horizon.outlook import planned_spend
from optimizer.plan.document import Plan
from optimizer.scenario.known_spend import KnownSpend
from service.tracking.actuals import Actuals
from service.tracking.alarm import FALSE_ALARMS
from service.tracking.document import Alert, Tracking
from service.tracking.outcomes import Delivered, SpendPaths, delivered, kpi_tracking, outcome_alert
from service.tracking.pacing import pacing_of, spend_alerts
from service.tracking.tasks import task_tracking


def track(
    plan: Plan, artifacts: Mapping[str, ResponseArtifact], actuals: Actuals, *, known: KnownSpend | None = None
) -> Tracking:
    """A plan against what happened.

    Parameters
    ----------
    plan
        A plan that is feasible.
    artifacts
        The models that it was made with, by KPI.
    actuals
        What is known of its first periods; see `service.tracking.actuals`.
    known
        Spend between the models' data and the horizon, if the plan was made with it.

    Raises
    ------
    ValueError
        When the plan is infeasible or a model of its KPIs is missing.
    """
    if plan.status == "infeasible":
        raise ValueError("an infeasible plan has nothing to be tracked")
    if missing := [outcome.kpi for outcome in plan.outcomes if outcome.kpi not in artifacts]:
        raise ValueError(f"no model of {', '.join(missing)}")
    own = artifacts[plan.kpi]
    level = FALSE_ALARMS / len(plan.outcomes)
    found = {
        outcome.kpi: _delivered(plan, artifacts[outcome.kpi], own, actuals, level, known) for outcome in plan.outcomes
    }
    dates = next(iter(found.values())).given.dates
    last = dates[actuals.periods - 1] if actuals.periods else None
    planned, spent = planned_spend(plan, own), _spent(actuals, own)
    total = pacing_of(None, planned.sum(axis=1), spent.sum(axis=1))
    channels = tuple(pacing_of(name, planned[:, at], spent[:, at]) for at, name in enumerate(own.channels))
    outcome_alerts = [alert for each in found.values() if (alert := outcome_alert(each)) is not None]
    alerts: tuple[Alert, ...] = (*outcome_alerts, *spend_alerts(total, channels, last))
    return Tracking(
        scenario=plan.scenario,
        market=plan.market,
        kpi=plan.kpi,
        currency=plan.currency,
        period=own.manifest.period,
        horizon=plan.horizon,
        periods_spent=actuals.periods,
        last=last,
        total=total,
        channels=channels,
        outcomes=tuple(kpi_tracking(each) for each in found.values()),
        tasks=tuple(task_tracking(task, plan.horizon, found[task.kpi]) for task in plan.tasks),
        alerts=alerts,
        false_alarms=FALSE_ALARMS,
        notes=_notes(plan, found, actuals),
    )


def _delivered(
    plan: Plan,
    artifact: ResponseArtifact,
    own: ResponseArtifact,
    actuals: Actuals,
    level: float,
    known: KnownSpend | None,
) -> Delivered:
    planned, spent = planned_spend(plan, artifact), _spent(actuals, artifact)
    given = np.concatenate([spent, planned[len(spent) :]])
    actual = np.asarray(actuals.outcomes.get(artifact.manifest.outcome.name, ()), dtype=float)
    paths = SpendPaths(planned, given)
    shares = geo_shares(plan, own)
    return delivered(artifact, plan.horizon.start, paths, actual, level, known=known, past=own, shares=shares)


def _spent(actuals: Actuals, artifact: ResponseArtifact) -> FloatArray:
    """Money that was spent in each known period, in the model's order. Shape (n, C)."""
    nothing = (0.0,) * actuals.periods
    return np.column_stack([np.asarray(actuals.spend.get(name, nothing), dtype=float) for name in artifact.channels])


def _notes(plan: Plan, found: Mapping[str, Delivered], actuals: Actuals) -> tuple[Sentence, ...]:
    """What to know when reading the document."""
    said = [
        sentence(
            "An alert about an outcome is false in {share} of horizons like this one: so often chance alone leaves the "
            "interval.",
            share=Share(fraction=FALSE_ALARMS, digits=0),
        )
    ]
    if plan.geos is not None and actuals.periods:
        said.append(
            sentence(
                "What was spent is known for the whole country: it is taken to be shared out over geos as in the plan."
            )
        )
    for kpi, each in found.items():
        late = actuals.periods - len(each.actual)
        if late > 0:
            said.append(
                sentence(
                    "{kpi}: the outcome of the newest periods is not known yet ({count}).",
                    kpi=Word(text=kpi),
                    count=Number(amount=late),
                )
            )
    if any(len(each.actual) for each in found.values()):
        said.append(
            sentence(
                "What media brought and what the base did cannot be told apart for certain in one series: the bridge "
                "divides them by how far each may be off."
            )
        )
    return tuple(said)
