"""The parts of a plan, each worked out from a question and its answer."""

from collections.abc import Mapping, Sequence

import numpy as np

from mmm.sentence import Word, sentence
from optimizer.answer.cleaning import OFF
from optimizer.answer.split import answer, worth_of_draws
from optimizer.caution.regret import largest
from optimizer.caution.shortfall import WorthOfDraws, mean_of_worst
from optimizer.new_channels.assumptions import basis_of, evidence_of
from optimizer.plan.document import (
    BindingRule,
    CertificateUnit,
    ChannelPlan,
    Comparisons,
    DrawRegret,
    Flight,
    Interval,
    Plan,
    RegretPlan,
    RiskPlan,
    ServedPeriod,
    SplitPlan,
)
from optimizer.plan_parts.explain import NOTICEABLE_CHANGE, ChannelOutlook, OwnRule, channel_verdict
from optimizer.plan_parts.silos import silo_split
from optimizer.program.allocation import Allocation
from optimizer.program.formulation import Row
from optimizer.program.shadow import TIGHT, Gradient, binding_rows, binding_sides, settle, shadow_prices
from optimizer.question.answered import Answer, Refusal
from optimizer.question.asked import Question, without_rules, without_split
from optimizer.responses.evaluate import compared, interval, ratio_interval
from optimizer.scenario.brand_share import brand_band, split_preset
from optimizer.scenario.costs import unit_costs
from optimizer.scenario.document import Risk, Scenario
from optimizer.scenario.rules import SMALLEST_BUDGET


def channel_plans(question: Question, found: Answer) -> tuple[ChannelPlan, ...]:
    """Every channel's spend, what it brings, and what to do with it; in the artifact's order."""
    allocation = found.allocation
    rules, scenario = _own_rules(found), question.scenario
    evidence = evidence_of(question.artifact.manifest, scenario)
    spend_total = sum(allocation.spend.values())
    value = question.artifact.manifest.outcome.value_per_unit
    plans = []
    for info in question.artifact.manifest.channels:
        spend, reference = allocation.spend[info.name], question.timeline.reference[info.name]
        at = question.kpi.channel_draws(info.name, spend)
        draws, marginal = at.added, at.slope
        contribution = interval(draws)
        is_beyond = spend > question.timeline.largest_seen[info.name] * (1.0 + 1e-9)
        verdict, reason = channel_verdict(
            ChannelOutlook(
                channel=info.name,
                spend=spend,
                reference=reference,
                contribution=contribution,
                is_beyond_observed=is_beyond,
                rule=_rule_that_matters(rules.get(info.name, ()), spend, reference),
                smallest=OFF * question.ceiling,
                objective=scenario.objective,
                is_free=spend_total == 0,
                is_new=info.name in scenario.new_channels,
            )
        )
        money = np.full(len(draws), spend)
        plans.append(
            ChannelPlan(
                channel=info.name,
                role=info.role,
                stage=info.stage,
                spend=spend,
                share=spend / spend_total if spend_total > 0 else 0.0,
                reference_spend=reference,
                change=spend / reference - 1.0 if reference >= SMALLEST_BUDGET else None,
                contribution=contribution,
                roas=None if value is None or spend == 0 else interval(draws * value / spend),
                mroas=None if value is None or not np.isfinite(marginal).all() else interval(marginal * value),
                cpa=ratio_interval(money, draws) if spend > 0 else None,
                verdict=verdict,
                reason=reason,
                beyond_observed=is_beyond,
                evidence=evidence.get(info.name),
                basis=basis_of(scenario, info.name, scenario.kpi),
            )
        )
    return tuple(plans)


def _own_rules(found: Answer) -> dict[str, list[tuple[Row, OwnRule]]]:
    """By channel, what rules about it alone say that hold it where it is."""
    allocation = found.allocation
    settle(found.form, allocation.spend, allocation.is_on, allocation.total)
    by_place = {f"{table}.{name}": name for name in found.form.setting.names for table in ("channels", "new_channels")}
    held: dict[str, list[tuple[Row, OwnRule]]] = {}
    for row in found.form.rows:
        name = by_place.get(row.rule.rpartition(".")[0])
        is_upper, is_lower = binding_sides(found.form, row) if name is not None else (False, False)
        if name is not None and (is_upper or is_lower):
            held.setdefault(name, []).append((row, OwnRule(row.text, is_floor=not is_upper)))
    return held


def _rule_that_matters(held: Sequence[tuple[Row, OwnRule]], spend: float, reference: float) -> OwnRule | None:
    """The rule that says most of why a channel gets what it gets; a step does only where it is a large one."""
    rules = [rule for row, rule in held if not row.rule.endswith(".increment")]
    steps = [rule for row, rule in held if row.limit >= NOTICEABLE_CHANGE * max(spend, reference)]
    return next(reversed(rules or steps), None)


def fixed_costs(scenario: Scenario, allocation: Allocation) -> float:
    """Money that the channels which are on cost beside their spend."""
    return sum(
        rule.fixed_cost for name, rule in scenario.channels.items() if rule.fixed_cost and allocation.is_on.get(name)
    )


def split_plan(question: Question, found: Answer) -> SplitPlan:
    """Brand share of the plan, and what the rule on it costs."""
    scenario, allocation = question.scenario, found.allocation
    band = brand_band(scenario)
    weights = {info.name: info.brand_weight for info in question.artifact.manifest.channels}
    spend_total = sum(allocation.spend.values())
    brand = sum(weights[name] * amount for name, amount in allocation.spend.items())
    kpi_without = cost = price = None
    if band is not None and found.regret is None:
        free = answer(question, without_split(scenario), known=allocation)
        if isinstance(free, Answer):
            is_size = scenario.objective == "size"
            kpi_without = None if is_size else max(free.allocation.value, allocation.value)
            difference = free.allocation.value - allocation.value
            cost = max(0.0, -difference if is_size else difference)
        prices = prices_of_rows(question, found)
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


def profit(question: Question, allocation: Allocation) -> Interval | None:
    """Money that the plan's media bring less its budget; None without values of units."""
    valued = question.valued()
    return interval(WorthOfDraws(valued).draws(allocation.spend) - allocation.total) if valued else None


def certificate_unit(question: Question, found: Answer) -> CertificateUnit:
    """What the certificate counts: the KPI, or money."""
    return "money" if question.scenario.objective == "size" or found.goal.is_money else "kpi"


def risk_plan(question: Question, found: Answer) -> RiskPlan | None:
    """What caution gains in the worst draws, and gives up on average."""
    risk = question.scenario.risk
    if risk.attitude != "cautious":
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


def regret_plan(question: Question, found: Answer) -> RegretPlan | None:
    """What the plan regrets in the draws that were looked at, beside what the neutral one does."""
    if found.regret is None:
        return None
    regret, level, price = found.regret, question.scenario.risk.level, found.goal.price
    free = answer(question, question.scenario.model_copy(update={"risk": Risk()}))
    own, neutral = found.allocation, found.allocation if isinstance(free, Refusal) else free.allocation
    regrets = regret.regrets(own.spend, own.total, price)
    others = regret.regrets(neutral.spend, neutral.total, price)
    return RegretPlan(
        level=level,
        worst=largest(regrets, level),
        largest=float(regrets.max()),
        average=float(regrets.mean()),
        mean=float(regret.worth.draws(own.spend).mean()),
        neutral_worst=largest(others, level),
        neutral_largest=float(others.max()),
        neutral_average=float(others.mean()),
        neutral_mean=float(regret.worth.draws(neutral.spend).mean()),
        draws=tuple(
            DrawRegret(draw=int(draw), best=float(best), regret=float(own))
            for draw, best, own in zip(regret.best.draws, regret.best.bound, regrets, strict=True)
        ),
    )


def binding_rules(question: Question, found: Answer) -> tuple[BindingRule, ...]:
    """Rules that hold the plan where it is, with their shadow prices."""
    if found.allocation.total == 0:
        return ()  # every share of nothing is at its limit
    prices = prices_of_rows(question, found)
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


def served_periods(question: Question, allocation: Allocation) -> tuple[ServedPeriod, ...]:
    """What every period brings of a KPI with a capacity, beside that."""
    dates = question.timeline.dates
    return tuple(
        ServedPeriod(
            rule=f"capacity[{each.rule + 1}]",
            kpi=each.capacity.kpi,
            date=dates[each.period],
            limit=each.limit,
            base=each.base,
            expected=each.outcome(allocation.spend),
        )
        for each in question.period_capacities(question.scenario)
    )


def prices_of_rows(question: Question, found: Answer) -> dict[int, float]:
    """Per binding row: change of the KPI (for sizing, of the budget needed) per unit of its limit."""
    allocation = found.allocation
    settle(found.form, allocation.spend, allocation.is_on, allocation.total)
    least = TIGHT * found.form.setting.ceiling
    requirements = [
        Gradient(requirement.slopes(allocation.spend, least), total=-requirement.per_money)
        for requirement in found.requirements
    ]
    goal = found.goal
    if goal.curves is None:
        prices, _ = shadow_prices(found.form, Gradient({}, total=-1.0), requirements)
        return {position: -price for position, price in prices.items()}
    objective = Gradient(goal.curves.slopes(allocation.spend, least), total=-goal.price)
    prices, _ = shadow_prices(found.form, objective, requirements)
    return prices


def comparisons(question: Question, allocation: Allocation, even: Question | None) -> Comparisons:
    """The plan against the reference, its mix, no rules, departments apart, and an even phasing of its split."""
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
    silos = silo_split(question, spend_total)
    return Comparisons(
        reference=compared(question.kpi, reference, reference_total) if reference_total > 0 else None,
        same_mix=same_mix,
        no_rules=no_rules,
        silos=None if silos is None else compared(question.kpi, silos, spend_total),
        even_flighting=None if even is None else compared(even.kpi, allocation.spend, allocation.total),
    )


def flights(question: Question, spend: Mapping[str, float]) -> tuple[Flight, ...]:
    """Spend by period of every channel that is on."""
    timeline = question.timeline
    return tuple(
        Flight(date=day, channel=name, spend=spend[name] * float(timeline.flighting[row, column]))
        for column, name in enumerate(question.artifact.channels)
        if spend[name] > 0
        for row, day in enumerate(timeline.dates)
    )


def failed_its_check(plan: Plan, faults: Sequence[str]) -> Plan:
    """The plan with a warning that its own check found something wrong with it."""
    said = sentence(
        "This plan did not stand its own check ({faults}): do not decide on it, and report it.",
        faults=Word(text="; ".join(faults)),
    )
    return plan.model_copy(update={"status": "feasible", "warnings": (said, *plan.warnings)})
