"""From a scenario to a plan: the way through the package, in order."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from mmm.sentence import Sentence
from optimizer.allocate import METHOD, Allocation
from optimizer.answer import Answer, Refusal, answer, smallest_budget, worth_of_draws
from optimizer.cautious import WorthOfDraws, mean_of_worst
from optimizer.channel_curves import ChannelCurve, channel_curves
from optimizer.costs import coop_of, fees_of, unit_costs
from optimizer.evaluate import compared, interval, ratio_interval, score_outcome
from optimizer.explain import ChannelOutlook, channel_verdict, model_warnings, unspent_warning
from optimizer.flight.answer import IN_TURNS, Flighted, answer_flighting
from optimizer.frontier import FrontierPoint, frontier_point
from optimizer.plan import (
    BindingRule,
    Certificate,
    CertificateUnit,
    ChannelPlan,
    Comparisons,
    Flight,
    Interval,
    ModelReference,
    Plan,
    RiskPlan,
    SplitPlan,
    TaskPlan,
)
from optimizer.question import Desk, PlanningModel, Question, with_budget, without_rules, without_split
from optimizer.scenario import Risk, Scenario
from optimizer.scenario_rules import ChannelRules
from optimizer.shadow import TIGHT, Gradient, binding_rows, settle, shadow_prices
from optimizer.split import brand_band, split_preset
from optimizer.tasks import MeasuredTask

_OFF = 1e-9
"""Share of the budget below which a channel counts as off: the solver's own tolerance."""

_ROUNDING = 1e-6
"""Share of the budget up to which money that does not add up is the solver's tolerance."""


class Planner:
    """Answers scenarios on the models of one market (by KPI).

    What scenarios on the same horizon share is kept, so that what-ifs and frontiers cost little
    more than one plan.
    """

    def __init__(self, models: Mapping[str, PlanningModel]) -> None:
        self._models = models
        self._desk = Desk(models)

    def plan(self, scenario: Scenario, reference_spend: Mapping[str, float] | None = None) -> Plan:
        """The plan for a scenario; one that cannot be met has status ``infeasible`` and says why.

        `reference_spend` is the spend by channel of the plan that `scenario.reference.plan` names.

        Raises
        ------
        ScenarioRefused
            When the scenario does not fit its market.
        """
        answered = _answered(self._desk.question(scenario, reference_spend))
        question, found = answered.question, answered.found
        if isinstance(found, Refusal):
            return self._infeasible(question, found)
        return self._plan(answered, _still_reaching(question, _cleaned(found)))

    def frontier(
        self, scenario: Scenario, budgets: Sequence[float], reference_spend: Mapping[str, float] | None = None
    ) -> tuple[FrontierPoint, ...]:
        """The best that each budget brings under the scenario's rules, tasks left aside."""
        points = []
        for budget in budgets:
            answered = _answered(self._desk.question(with_budget(scenario, budget), reference_spend))
            question, found = answered.question, answered.found
            if isinstance(found, Refusal):
                points.append(frontier_point(question, budget, None, None))
                continue
            prices = _shadow_prices(question, found)
            price = next((price for i, price in prices.items() if found.form.rows[i].rule == "budget"), None)
            points.append(frontier_point(question, budget, _cleaned(found), price))
        return tuple(points)

    def curves(self, kpi: str, scenario: Scenario | None = None) -> tuple[ChannelCurve, ...]:
        """Response curve and figures of every channel, over the scenario's horizon or the last year of history."""
        if scenario is None:
            return channel_curves(self._models[kpi].artifact, None)
        question = self._desk.question(scenario.model_copy(update={"kpi": kpi}), None)
        return channel_curves(self._models[kpi].artifact, question)

    def _plan(self, answered: Flighted, found: Answer) -> Plan:
        question = answered.question
        scenario, allocation = question.scenario, found.allocation
        warnings = [*model_warnings(question.artifact), *question.timeline.warnings]
        if scenario.objective == "maximize" and allocation.total < question.ceiling * (1.0 - 1e-9):
            warnings.append(unspent_warning(question.ceiling - allocation.total))
        spend = allocation.spend
        return Plan(
            **_header(question, self._models),
            status="optimal" if allocation.gap <= scenario.solve.gap and answered.method != IN_TURNS else "feasible",
            budget=allocation.total,
            channels=_channels(question, found),
            test_reserve=scenario.rules.test_reserve * allocation.total,
            fixed_costs=_fixed_costs(scenario, allocation),
            fees=fees_of(scenario, question.artifact.manifest.channels, spend),
            coop=coop_of(scenario, question.artifact.manifest.channels, spend),
            outcomes=tuple(score_outcome(kpi, spend) for kpi in question.responses.values()),
            tasks=_tasks(question, allocation),
            split=_split(question, found),
            profit=_profit(question, allocation),
            risk=_risk(question, found),
            certificate=Certificate(
                value=allocation.value,
                bound=allocation.bound,
                gap=allocation.gap,
                unit=_certificate_unit(question, found),
                method=answered.method,
                seconds=allocation.seconds,
            ),
            binding=_binding(question, found),
            comparisons=_comparisons(question, allocation, answered.even),
            flighting=_flighting(question, spend),
            warnings=tuple(warnings),
        )

    def _infeasible(self, question: Question, refusal: Refusal) -> Plan:
        warnings: tuple[Sentence, ...] = model_warnings(question.artifact)
        return Plan(
            **_header(question, self._models),
            status="infeasible",
            budget=question.scenario.budget or 0.0,
            warnings=warnings,
            conflict=refusal.conflict,
            relaxation=refusal.relaxation,
            attainable=refusal.attainable,
        )


def _answered(question: Question) -> Flighted:
    """The answer to a question, with the phasing that is best where the scenario asks for that."""
    if question.scenario.flighting.pattern == "optimized":
        return answer_flighting(question)
    return Flighted(question, answer(question), METHOD, None)


def _header(question: Question, models: Mapping[str, PlanningModel]) -> dict[str, object]:
    scenario, manifest = question.scenario, question.artifact.manifest
    return {
        "scenario": scenario.name,
        "market": scenario.market,
        "kpi": scenario.kpi,
        "objective": scenario.objective,
        "target": scenario.target,
        "models": tuple(
            ModelReference(
                kpi=kpi,
                name=manifest.market,
                version=models[kpi].version,
                digest=models[kpi].artifact.digest,
                evidence=models[kpi].artifact.manifest.evidence,
            )
            for kpi in question.responses
        ),
        "currency": manifest.currency,
        "horizon": scenario.horizon,
    }


def _cleaned(found: Answer) -> Answer:
    """The answer without the solver's tolerance: off is zero, locked and stepped spend is exact, money adds up.

    What that moves goes to the largest channel that is free, or off the total where none is.
    """
    allocation, setting = found.allocation, found.form.setting
    rules = setting.scenario.channels
    spend = {
        name: 0.0 if amount <= _OFF * setting.ceiling else _exact(amount, rules.get(name))
        for name, amount in allocation.spend.items()
    }
    is_on = {name: is_on and spend[name] > 0 for name, is_on in allocation.is_on.items()}
    reserve = setting.scenario.rules.test_reserve
    fixed = sum(rule.fixed_cost for name, rule in rules.items() if rule.fixed_cost and is_on.get(name))
    costs = setting.unit_costs
    paid = sum(costs[name] * amount for name, amount in spend.items())
    moved = allocation.total * (1.0 - reserve) - fixed - paid
    free = [name for name, amount in spend.items() if amount > 0 and not _is_exact(rules.get(name))]
    if free and abs(moved) <= _ROUNDING * setting.ceiling:
        largest = max(free, key=lambda name: spend[name])
        spend[largest] += moved / costs[largest]
        total = allocation.total
    else:
        total = (paid + fixed) / (1.0 - reserve)
    return replace(found, allocation=replace(allocation, spend=spend, is_on=is_on, total=total))


def _still_reaching(question: Question, found: Answer) -> Answer:
    """The answer with what cleaning took from a task given back: up to a millionth more in every channel that is free.

    A sized budget reaches its tasks exactly, so that a draw lies on the target and falls below it for a billionth.
    """
    allocation = found.allocation
    if question.scenario.objective != "size" or _reaches(question, allocation):
        return found
    rules, reserve = found.form.setting.scenario.channels, found.form.setting.scenario.rules.test_reserve
    costs = found.form.setting.unit_costs
    for more in np.logspace(-12, np.log10(_ROUNDING), 13):
        spend = {
            name: amount if _is_exact(rules.get(name)) else amount * (1.0 + more)
            for name, amount in allocation.spend.items()
        }
        added = sum(costs[name] * (amount - allocation.spend[name]) for name, amount in spend.items())
        lifted = replace(allocation, spend=spend, total=allocation.total + added / (1.0 - reserve))
        if _reaches(question, lifted):
            return replace(found, allocation=lifted)
    return found


def _reaches(question: Question, allocation: Allocation) -> bool:
    return all(task.attained(allocation.spend) >= task.task.at_least for task in question.tasks)


def _is_exact(rule: ChannelRules | None) -> bool:
    return rule is not None and (rule.locked is not None or rule.increment is not None)


def _exact(amount: float, rule: ChannelRules | None) -> float:
    if rule is None:
        return amount
    if rule.increment is not None:
        return round(amount / rule.increment) * rule.increment
    return amount if rule.locked is None else rule.locked


def _channels(question: Question, found: Answer) -> tuple[ChannelPlan, ...]:
    allocation = found.allocation
    rules = _own_rules(found)
    spend_total = sum(allocation.spend.values())
    value = question.artifact.manifest.outcome.value_per_unit
    plans = []
    for info in question.artifact.manifest.channels:
        spend, reference = allocation.spend[info.name], question.timeline.reference[info.name]
        response = question.kpi.responses[info.name]
        draws = response.per_draw(spend)
        contribution = interval(draws)
        is_beyond = spend > question.timeline.largest_seen[info.name] * (1.0 + 1e-9)
        verdict, reason = channel_verdict(
            ChannelOutlook(
                channel=info.name,
                spend=spend,
                reference=reference,
                contribution=contribution,
                is_beyond_observed=is_beyond,
                rule=rules.get(info.name),
                smallest=_OFF * question.ceiling,
                objective=question.scenario.objective,
                is_free=spend_total == 0,
            )
        )
        money = np.full(len(draws), spend)
        marginal = response.marginal_per_draw(spend)
        plans.append(
            ChannelPlan(
                channel=info.name,
                role=info.role,
                stage=info.stage,
                spend=spend,
                share=spend / spend_total if spend_total > 0 else 0.0,
                reference_spend=reference,
                change=spend / reference - 1.0 if reference > 0 else None,
                contribution=contribution,
                roas=None if value is None or spend == 0 else interval(draws * value / spend),
                mroas=None if value is None or not np.isfinite(marginal).all() else interval(marginal * value),
                cpa=ratio_interval(money, draws) if spend > 0 else None,
                verdict=verdict,
                reason=reason,
                beyond_observed=is_beyond,
            )
        )
    return tuple(plans)


def _own_rules(found: Answer) -> dict[str, Sentence]:
    """By channel, what a rule about it alone says that holds it where it is."""
    allocation = found.allocation
    settle(found.form, allocation.spend, allocation.is_on, allocation.total)
    by_place = {f"channels.{name}": name for name in found.form.setting.names}
    return {
        by_place[place]: row.text
        for row in binding_rows(found.form)
        if (place := row.rule.rpartition(".")[0]) in by_place
    }


def _fixed_costs(scenario: Scenario, allocation: Allocation) -> float:
    return sum(
        rule.fixed_cost for name, rule in scenario.channels.items() if rule.fixed_cost and allocation.is_on.get(name)
    )


def _tasks(question: Question, allocation: Allocation) -> tuple[TaskPlan, ...]:
    is_single = len(question.tasks) == 1 and question.scenario.objective == "size"
    return tuple(
        _task(question, task, allocation, allocation.total if is_single else smallest_budget(question, task))
        for task in question.tasks
    )


def _task(question: Question, task: MeasuredTask, allocation: Allocation, cost: float | None) -> TaskPlan:
    asked, is_size = task.task, question.scenario.objective == "size"
    return TaskPlan(
        kpi=asked.kpi,
        stage=asked.stage,
        at_least=asked.at_least,
        counts=asked.counts,
        probability=asked.probability,
        by=asked.by,
        reached_probability=task.reached_probability(allocation.spend),
        expected=float(task.draws(allocation.spend).mean()),
        cost=cost,
        drives_budget=is_size and cost is not None and cost >= 0.999 * allocation.total,
    )


def _split(question: Question, found: Answer) -> SplitPlan:
    scenario, allocation = question.scenario, found.allocation
    band = brand_band(scenario)
    weights = {info.name: info.brand_weight for info in question.artifact.manifest.channels}
    spend_total = sum(allocation.spend.values())
    brand = sum(weights[name] * amount for name, amount in allocation.spend.items())
    kpi_without = cost = price = None
    if band is not None:
        free = answer(question, without_split(scenario), known=allocation)
        if isinstance(free, Answer):
            is_size = scenario.objective == "size"
            kpi_without = None if is_size else max(free.allocation.value, allocation.value)
            difference = free.allocation.value - allocation.value
            cost = max(0.0, -difference if is_size else difference)
        prices = _shadow_prices(question, found)
        rows = found.form.rows
        price = sum(price for position, price in prices.items() if rows[position].rule == "split.brand_share")
    return SplitPlan(
        brand_share=brand / spend_total if spend_total > 0 else 0.0,
        band=band,
        preset=split_preset(scenario),
        kpi_without_rule=kpi_without,
        cost_of_rule=cost,
        shadow_price=price,
    )


def _profit(question: Question, allocation: Allocation) -> Interval | None:
    valued = question.valued()
    return interval(WorthOfDraws(valued).draws(allocation.spend) - allocation.total) if valued else None


def _certificate_unit(question: Question, found: Answer) -> CertificateUnit:
    return "money" if question.scenario.objective == "size" or found.goal.is_money else "kpi"


def _risk(question: Question, found: Answer) -> RiskPlan | None:
    """What caution gains in the worst draws, and gives up on average."""
    risk = question.scenario.risk
    if risk.attitude == "neutral":
        return None
    worth = worth_of_draws(question, found.goal)
    neutral = answer(question, question.scenario.model_copy(update={"risk": Risk()}))
    draws = worth.draws(found.allocation.spend)
    others = draws if isinstance(neutral, Refusal) else worth.draws(neutral.allocation.spend)
    return RiskPlan(
        level=risk.level,
        worst=mean_of_worst(draws, risk.level),
        mean=float(draws.mean()),
        neutral_worst=mean_of_worst(others, risk.level),
        neutral_mean=float(others.mean()),
    )


def _binding(question: Question, found: Answer) -> tuple[BindingRule, ...]:
    if found.allocation.total == 0:
        return ()  # every share of nothing is at its limit
    prices = _shadow_prices(question, found)
    rows = found.form.rows
    binding = binding_rows(found.form)
    listed: dict[tuple[str, float], BindingRule] = {}
    for index, row in enumerate(rows):
        if row not in binding:
            continue
        price = None if row.unit in ("count", "cpa") else prices.get(index)
        same = listed.get((row.rule, row.limit))
        if same is not None and same.shadow_price is not None and price is not None:
            price += same.shadow_price  # one limit in several rows, such as one a period
        listed[row.rule, row.limit] = BindingRule(rule=row.rule, text=row.text, shadow_price=price)
    return tuple(listed.values())


def _shadow_prices(question: Question, found: Answer) -> dict[int, float]:
    """Per binding row: change of the KPI (for sizing, of the budget needed) per unit of its limit."""
    allocation = found.allocation
    settle(found.form, allocation.spend, allocation.is_on, allocation.total)
    least = TIGHT * found.form.setting.ceiling
    requirements = [
        Gradient(requirement.curves.slopes(allocation.spend, least), total=-requirement.per_money)
        for requirement in found.requirements
    ]
    goal = found.goal
    if goal.curves is None:
        prices, _ = shadow_prices(found.form, Gradient({}, total=-1.0), requirements)
        return {position: -price for position, price in prices.items()}
    objective = Gradient(goal.curves.slopes(allocation.spend, least), total=-goal.price)
    prices, _ = shadow_prices(found.form, objective, requirements)
    return prices


def _comparisons(question: Question, allocation: Allocation, even: Question | None) -> Comparisons:
    reference = dict(question.timeline.reference)
    costs = unit_costs(question.scenario, question.artifact.manifest.channels)
    reference_total = sum(costs[name] * amount for name, amount in reference.items())
    spend_total = sum(costs[name] * amount for name, amount in allocation.spend.items())
    no_rules = None
    if allocation.total > 0:
        free = answer(question, without_rules(question.scenario, allocation.total))
        if isinstance(free, Answer):
            no_rules = compared(question.kpi, free.allocation.spend, free.allocation.total)
    same_mix = None
    if reference_total > 0:
        scaled = {name: amount * spend_total / reference_total for name, amount in reference.items()}
        same_mix = compared(question.kpi, scaled, spend_total)
    return Comparisons(
        reference=compared(question.kpi, reference, reference_total) if reference_total > 0 else None,
        same_mix=same_mix,
        no_rules=no_rules,
        even_flighting=None if even is None else compared(even.kpi, allocation.spend, allocation.total),
    )


def _flighting(question: Question, spend: Mapping[str, float]) -> tuple[Flight, ...]:
    timeline = question.timeline
    return tuple(
        Flight(date=day, channel=name, spend=spend[name] * float(timeline.flighting[row, column]))
        for column, name in enumerate(question.artifact.channels)
        if spend[name] > 0
        for row, day in enumerate(timeline.dates)
    )
