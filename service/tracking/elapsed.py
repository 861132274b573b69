"""What of a plan's horizon has passed, and what is left of it, as the rules for the rest need it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from pydantic import BaseModel

from mmm.artifact import ResponseArtifact
from mmm.periods import shift_period
from mmm.sentence import Day, Money, sentence
from optimizer.horizon.outlook import planned_spend
from optimizer.horizon.timeline import build_timeline
from optimizer.plan.document import Plan
from optimizer.scenario.costs import unit_costs
from optimizer.scenario.document import Scenario, most_of_new
from service.errors import NotAllowed
from service.tracking.actuals import Actuals


@dataclass(frozen=True, slots=True)
class Elapsed:
    """A plan some periods into its horizon. Amounts are money.

    Attributes
    ----------
    scenario, artifact
        What was asked, and the model of its KPI.
    periods
        Periods that have passed.
    start
        Start of the first that has not.
    spent
        By channel.
    planned_rest
        By channel, what the plan has for the periods that are left.
    costs
        What the company pays for a unit of each channel's spend.
    paid
        For what was spent, with the fixed costs of channels that are on.
    budget
        What is left to be paid, None where there is no limit.
    reference, largest_seen
        Of the whole horizon, by channel; see `optimizer.horizon.timeline.Timeline`.
    """

    scenario: Scenario
    artifact: ResponseArtifact
    periods: int
    start: date
    spent: Mapping[str, float]
    planned_rest: Mapping[str, float]
    costs: Mapping[str, float]
    paid: float
    budget: float | None
    reference: Mapping[str, float]
    largest_seen: Mapping[str, float]

    @property
    def channels(self) -> tuple[str, ...]:
        """Names in the model's order."""
        return self.artifact.channels

    @property
    def used(self) -> frozenset[str]:
        """Channels that have spent something."""
        return frozenset(name for name, amount in self.spent.items() if amount > 0)

    @property
    def spent_total(self) -> float:
        """Spend of all channels so far."""
        return sum(self.spent.values())

    def most_of_new(self, name: str) -> float | None:
        """The most that a channel without history may get over the whole horizon; None where its own rules say it."""
        return most_of_new(self.scenario, name, sum(self.costs[each] * self.reference[each] for each in self.channels))

    @property
    def test_reserve(self) -> float:
        """Share of the rest's budget that has to be kept so that the reserve of the whole is; may exceed one."""
        share = self.scenario.rules.test_reserve
        if self.budget is None or self.scenario.budget is None or self.budget <= 0:
            return share
        return share * (self.budget + self.paid) / self.budget

    @property
    def rest_spend(self) -> float:
        """Spend of all channels in the rest: what its budget buys, else what the plan has left."""
        planned = sum(self.planned_rest.values())
        if self.budget is None or self.scenario.objective != "maximize":
            return planned
        cost = sum(self.costs[name] * amount for name, amount in self.planned_rest.items())
        kept = self.budget * (1.0 - min(self.test_reserve, 1.0)) - self._open_fixed_costs()
        mean_cost = cost / planned if planned > 0 else 1.0
        return max(kept, 0.0) / mean_cost

    @property
    def is_rest_spend_known(self) -> bool:
        """Whether `rest_spend` is that of every split: one budget, spent whole, at the same cost in all channels."""
        is_even = max(self.costs.values()) - min(self.costs.values()) < 1e-12
        is_whole = self.budget is not None and self.scenario.objective == "maximize"
        return is_whole and is_even and self._open_fixed_costs() == 0

    def _open_fixed_costs(self) -> float:
        """Fixed costs of channels that the plan has yet to turn on."""
        return sum(
            rule.fixed_cost or 0.0
            for name, rule in self.scenario.channels.items()
            if name not in self.used and self.planned_rest.get(name, 0.0) > 0
        )


def elapsed(
    scenario: Scenario,
    plan: Plan,
    artifact: ResponseArtifact,
    actuals: Actuals,
    *,
    budget: float | None = None,
    reference_spend: Mapping[str, float] | None = None,
) -> Elapsed:
    """Where a plan stands; `budget` is what the rest may cost, else what the scenario's has left.

    Raises
    ------
    NotAllowed
        When nothing of the horizon or of the budget is left.
    """
    periods = actuals.periods
    if periods >= scenario.horizon.periods:
        said = sentence(
            "Every period of the plan is over: the newest actuals are of its last one. There is nothing left to plan."
        )
        raise NotAllowed(said)
    start = shift_period(scenario.horizon.start, periods, artifact.manifest.period)
    rows = planned_spend(plan, artifact)[periods:].sum(axis=0)
    spent = {name: sum(actuals.spend.get(name, ())) for name in artifact.channels}
    costs = unit_costs(scenario, artifact.manifest.channels)
    paid = sum(costs[name] * amount for name, amount in spent.items())
    paid += sum(rule.fixed_cost or 0.0 for name, rule in scenario.channels.items() if spent.get(name, 0.0) > 0)
    left = budget if budget is not None or scenario.budget is None else scenario.budget - paid
    if left is not None and left <= 0:
        said = sentence(
            "Nothing is left to spend from {day} on: {paid} of the budget of {budget} are paid. Say what the rest may "
            "cost.",
            day=Day(day=start),
            paid=Money(amount=paid),
            budget=Money(amount=scenario.budget or 0.0),
        )
        raise NotAllowed(said)
    timeline = build_timeline(scenario, artifact, reference_spend)
    return Elapsed(
        scenario=scenario,
        artifact=artifact,
        periods=periods,
        start=start,
        spent=spent,
        planned_rest=dict(zip(artifact.channels, rows.tolist(), strict=True)),
        costs=costs,
        paid=paid,
        budget=left,
        reference=timeline.reference,
        largest_seen=timeline.largest_seen,
    )


def said_of(model: type[BaseModel], values: Mapping[str, object]) -> dict[str, object]:
    """The values that are not the model's own defaults: what somebody who writes it would state."""
    defaults = {name: field.get_default(call_default_factory=True) for name, field in model.model_fields.items()}
    return {name: value for name, value in values.items() if value != defaults[name]}
