"""A plan with what it brings counted anew: what every part of the checker looks at. S draws, N periods."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from mmm.artifact import ResponseArtifact
from mmm.manifest import ChannelInfo
from mmm.vocabulary import FloatArray
from optimizer.checker.new_channels import with_new_channels
from optimizer.checker.phasing import asked_phasing, planned_phasing
from optimizer.checker.value import RecountedChannel, RecountedSpend, recounted_channel
from optimizer.plan.document import Certificate, Plan
from optimizer.scenario.document import Scenario
from optimizer.scenario.known_spend import KnownSpend
from optimizer.scenario.rules import ChannelRules


@dataclass(frozen=True)
class Recount:
    """A plan beside its scenario and its models.

    Attributes
    ----------
    scenario, plan
        What was asked, and what was answered.
    artifacts
        Models of the KPIs that the plan counts, with the scenario's new channels.
    known
        Spend of periods after the data.
    reference_spend
        Spend by channel of the plan that the scenario names as its reference.
    split
        Spend by channel where it is not that of the plan.
    """

    scenario: Scenario
    plan: Plan
    artifacts: Mapping[str, ResponseArtifact]
    known: KnownSpend | None = None
    reference_spend: Mapping[str, float] | None = None
    split: Mapping[str, float] | None = None

    @classmethod
    def of(
        cls,
        scenario: Scenario,
        plan: Plan,
        artifacts: Mapping[str, ResponseArtifact],
        known: KnownSpend | None = None,
        reference_spend: Mapping[str, float] | None = None,
    ) -> "Recount":
        """The recount of a plan, `artifacts` the models by KPI as they are in the registry."""
        counted = dict.fromkeys([plan.kpi, *(outcome.kpi for outcome in plan.outcomes)])
        extended = {kpi: with_new_channels(scenario, artifacts[kpi]) for kpi in counted}
        return cls(scenario, plan, extended, known, reference_spend)

    @classmethod
    def of_split(
        cls,
        scenario: Scenario,
        split: Mapping[str, float],
        certificate: Certificate | None,
        artifacts: Mapping[str, ResponseArtifact],
        known: KnownSpend | None = None,
        reference_spend: Mapping[str, float] | None = None,
    ) -> "Recount":
        """The recount of a split that no plan is told of, phased as the scenario says.

        What it costs is counted here; `certificate` is what is said of its value.
        """
        kpis = dict.fromkeys([scenario.kpi, *scenario.values, *(rule.kpi for rule in scenario.capacity)])
        extended = {kpi: with_new_channels(scenario, artifacts[kpi]) for kpi in kpis}
        plan = Plan(
            scenario=scenario.name,
            market=scenario.market,
            kpi=scenario.kpi,
            objective=scenario.objective,
            target=scenario.target,
            models=(),
            status="feasible",
            budget=0.0,
            currency=extended[scenario.kpi].manifest.currency,
            horizon=scenario.horizon,
            certificate=certificate,
        )
        made = cls(scenario, plan, extended, known, reference_spend, split)
        fixed = sum(made.rule(name).fixed_cost or 0.0 for name, amount in split.items() if amount > 0)
        paid = sum(made.unit_costs[name] * amount for name, amount in split.items()) + fixed
        return replace(made, plan=plan.model_copy(update={"budget": paid / (1.0 - scenario.rules.test_reserve)}))

    @property
    def artifact(self) -> ResponseArtifact:
        """Model of the plan's own KPI."""
        return self.artifacts[self.plan.kpi]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the channels, new ones last."""
        return self.artifact.channels

    @cached_property
    def infos(self) -> Mapping[str, ChannelInfo]:
        """The channels by name."""
        return {info.name: info for info in self.artifact.manifest.channels}

    @cached_property
    def spend(self) -> Mapping[str, float]:
        """Money of each channel in the plan."""
        return self.split or {channel.channel: channel.spend for channel in self.plan.channels}

    def rule(self, name: str) -> ChannelRules:
        """What the scenario says of a channel."""
        return self.scenario.channels.get(name, ChannelRules())

    @cached_property
    def unit_costs(self) -> Mapping[str, float]:
        """What the company pays for a unit of spend: with the fee, the scenario's before the market's, less co-op."""
        return {name: (1.0 + self.fee(name)) * (1.0 - self.rule(name).coop) for name in self.names}

    def fee(self, name: str) -> float:
        """Fee of a channel, as a share of its spend."""
        stated = self.rule(name).fee
        return self.infos[name].fee if stated is None else stated

    @cached_property
    def phasing(self) -> Mapping[str, FloatArray]:
        """Share of its spend that each channel has, or would have, in each period of the horizon. Shape (T,) each.

        Of a channel without spend in a plan that chose its phasing, even over the periods that are open.
        """
        return asked_phasing(self.scenario, self.artifact) | planned_phasing(self.plan, self.artifact)

    @cached_property
    def channels(self) -> Mapping[str, Mapping[str, RecountedChannel]]:
        """By KPI and name, what each channel brings with any spend."""
        return {
            kpi: {
                name: recounted_channel(
                    model, name, self.phasing[name], self.plan.horizon, past=self.artifact, known=self.known
                )
                for name in model.channels
            }
            for kpi, model in self.artifacts.items()
        }

    @cached_property
    def planned(self) -> Mapping[str, Mapping[str, RecountedSpend]]:
        """By KPI and name, what each channel does with its spend in the plan."""
        return {
            kpi: {name: channel.at(self.spend[name]) for name, channel in channels.items()}
            for kpi, channels in self.channels.items()
        }

    @cached_property
    def in_periods(self) -> Mapping[str, Mapping[str, FloatArray]]:
        """By KPI and name, what each channel of the plan brings in each period. Shape (N, S) each."""
        return {
            kpi: {name: each.in_periods for name, each in channels.items()} for kpi, channels in self.planned.items()
        }

    @cached_property
    def brought(self) -> Mapping[str, Mapping[str, FloatArray]]:
        """By KPI and name, what each channel of the plan brings in all. Shape (S,) each."""
        return {
            kpi: {name: np.asarray(rows.sum(axis=0)) for name, rows in channels.items()}
            for kpi, channels in self.in_periods.items()
        }

    @cached_property
    def slopes(self) -> Mapping[str, Mapping[str, FloatArray]]:
        """By KPI and name, what one more unit of each channel's spend would bring. Shape (S,) each."""
        return {kpi: {name: each.slopes for name, each in channels.items()} for kpi, channels in self.planned.items()}

    @cached_property
    def incremental(self) -> Mapping[str, FloatArray]:
        """By KPI, what all channels of the plan bring. Shape (S,) each."""
        return {kpi: np.asarray(np.sum(list(parts.values()), axis=0)) for kpi, parts in self.brought.items()}

    def brought_by(self, kpi: str, spend: Mapping[str, float]) -> FloatArray:
        """What another split, phased as the plan, brings of a KPI. Shape (S,)."""
        return np.asarray(np.sum([each.added(spend[name]) for name, each in self.channels[kpi].items()], axis=0))

    @cached_property
    def values(self) -> Mapping[str, float]:
        """Money that a unit of each KPI is worth which counts in money; nothing where none is stated."""
        own = self.artifact.manifest.outcome.value_per_unit
        return dict(self.scenario.values) or ({} if own is None else {self.plan.kpi: own})

    @property
    def is_money(self) -> bool:
        """Whether what is wanted most of is counted in money."""
        target = self.plan.target
        has_margin = target is not None and target.mroas is not None
        return self.plan.objective == "profit" or has_margin or bool(self.scenario.values)

    @property
    def units(self) -> Mapping[str, float]:
        """KPIs that are wanted most of, with what a unit of each counts."""
        return self.values if self.is_money else {self.plan.kpi: 1.0}

    @property
    def price(self) -> float:
        """What is taken off for each unit of money that is spent."""
        if self.plan.objective == "profit":
            return 1.0
        target = self.plan.target
        return 0.0 if target is None or target.mroas is None else target.mroas
