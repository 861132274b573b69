"""Whether a plan keeps its word: rules, money, what it says that it brings, and that its bound is one.

Cheap enough to look at every plan before it leaves; shares no code with what found it.
"""

from collections.abc import Mapping

from mmm.artifact import ResponseArtifact
from optimizer.checker.bottom_up import wrong_ledger
from optimizer.checker.bound import QUICK, THOROUGH, beaten_bound
from optimizer.checker.capacity import broken_capacities
from optimizer.checker.certificate import broken_certificate
from optimizer.checker.figures import wrong_figures
from optimizer.checker.new_channels import wrong_marks
from optimizer.checker.phasing import wrong_phasing
from optimizer.checker.recount import Recount
from optimizer.checker.reference import wrong_reference
from optimizer.checker.rules import rules_broken_in
from optimizer.checker.tasks import broken_tasks
from optimizer.plan.document import Plan
from optimizer.scenario.document import Scenario
from optimizer.scenario.known_spend import KnownSpend


def faults_of_plan(
    scenario: Scenario,
    plan: Plan,
    artifacts: Mapping[str, ResponseArtifact],
    known: KnownSpend | None = None,
    reference_spend: Mapping[str, float] | None = None,
    *,
    is_thorough: bool = True,
) -> tuple[str, ...]:
    """What is wrong with a plan, by name; nothing where it is infeasible or stands.

    `artifacts` are the models by KPI; the plan's own KPI and those of its outcomes are looked up. `known` is spend of
    periods after their data, `reference_spend` that of the plan which the scenario names as its reference.
    Where `is_thorough` other plans that it is compared with are counted too, and its bound is attacked harder.
    """
    if plan.status == "infeasible":
        return ()
    recount = Recount.of(scenario, plan, artifacts, known, reference_spend)
    if header := _wrong_header(recount):
        return tuple(header)
    faults = (
        *rules_broken_in(recount),
        *wrong_phasing(scenario, plan, recount.artifact),
        *wrong_reference(recount),
        *wrong_marks(scenario, plan),
        *wrong_figures(recount, is_thorough=is_thorough),
        *broken_certificate(recount),
        *broken_capacities(recount),
        *broken_tasks(recount),
        *wrong_ledger(recount),
    )
    # A plan that breaks a rule, or counts wrongly, is no start for others that keep them.
    return faults or tuple(beaten_bound(recount, THOROUGH if is_thorough else QUICK))


def _wrong_header(recount: Recount) -> list[str]:
    """Names, KPIs and models of a plan that are not those of its scenario."""
    scenario, plan = recount.scenario, recount.plan
    counted = {scenario.kpi, *scenario.values}
    counted |= {task.kpi for task in plan.tasks} | {rule.kpi for rule in scenario.capacity}
    pairs = [
        ("scenario", plan.scenario, scenario.name),
        ("market", plan.market, scenario.market),
        ("KPI", plan.kpi, scenario.kpi),
        ("horizon", plan.horizon, scenario.horizon),
        ("currency", plan.currency, recount.artifact.manifest.currency),
        ("channels", tuple(recount.spend), recount.names),
        ("outcomes", {outcome.kpi for outcome in plan.outcomes}, counted),
        ("models", {each.kpi: each.digest for each in plan.models}, _digests(recount)),
    ]
    return [f"{name} of the plan is not {wanted}" for name, said, wanted in pairs if said != wanted]


def _digests(recount: Recount) -> dict[str, str]:
    return {kpi: model.digest for kpi, model in recount.artifacts.items()}
