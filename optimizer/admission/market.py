"""Whether a scenario fits its market: every fault at once, each with the nearest name that is known."""

from collections.abc import Mapping

from mmm.artifact import ResponseArtifact
from mmm.errors import Fault
from mmm.parsing import meant, nearest
from mmm.sentence import Names, Number, Sentence, Word, listed, phrase, sentence
from optimizer.admission.new_channels import new_channel_faults
from optimizer.goals.tree import goal_faults
from optimizer.horizon.timeline import horizon_faults
from optimizer.new_channels.extension import announced
from optimizer.scenario.brand_share import split_preset
from optimizer.scenario.document import Scenario, place_of
from optimizer.scenario.rules import Group, group_members

A_CHANNEL = sentence("a channel of the market")


def scenario_faults(scenario: Scenario, artifacts: Mapping[str, ResponseArtifact]) -> list[Fault]:
    """Everything in a scenario that its market's models (by KPI) cannot answer."""
    file = place_of(scenario)
    faults: list[Fault] = []
    kpis = list(artifacts)
    for field, kpi in [
        ("kpi", scenario.kpi),
        *((f"values.{kpi}", kpi) for kpi in scenario.values),
        *([("goal.kpi", scenario.goal.kpi)] if scenario.goal else []),
        *((f"tasks[{i + 1}].kpi", task.kpi) for i, task in enumerate(scenario.tasks)),
        *((f"capacity[{i + 1}].kpi", rule.kpi) for i, rule in enumerate(scenario.capacity)),
    ]:
        if kpi not in artifacts:
            faults.append(unknown_name(file, field, kpi, kpis, sentence("an outcome of the market")))
    if scenario.kpi not in artifacts:
        return faults
    faults += new_channel_faults(scenario, artifacts, file)
    artifact = announced(artifacts[scenario.kpi], scenario)
    if scenario.market != artifact.manifest.market:
        expected = sentence("the market of the model, {market}", market=Word(text=artifact.manifest.market))
        faults.append(Fault(file, "market", scenario.market, expected))
    needs_value = scenario.objective == "profit" or (scenario.target is not None and scenario.target.cpa is None)
    if needs_value and not scenario.values and artifact.manifest.outcome.value_per_unit is None:
        expected = sentence(
            "a value per unit of {kpi}: in market.toml, or values = {{ {kpi} = .. }} in the scenario",
            kpi=Word(text=scenario.kpi),
        )
        faults.append(Fault(file, "values", sentence("nothing"), expected))
    faults += _channel_faults(scenario, artifact, file)
    for index, group in enumerate(scenario.groups):
        faults += _group_faults(group, artifact, file, f"groups[{index + 1}]")
    of_horizon = horizon_faults(scenario, artifact)
    if scenario.goal is not None and scenario.goal.kpi in artifacts and not of_horizon:
        faults += goal_faults(scenario, artifacts)
    return faults + of_horizon + _offer_faults(scenario, artifact, file)


def unknown_name(file: Sentence, field: str, name: str, known: list[str], what: Sentence) -> Fault:
    """A name that the market does not know, with the nearest one that it knows; `what` says what was expected."""
    near = nearest(name, known)
    if near is not None:
        return Fault(file, field, f"'{name}'", meant(what, near))
    expected = sentence("{expected}: {names}", expected=phrase(what), names=_all_of(known))
    return Fault(file, field, f"'{name}'", expected)


def _channel_faults(scenario: Scenario, artifact: ResponseArtifact, file: Sentence) -> list[Fault]:
    named = [(f"channels.{name}", name) for name in scenario.channels]
    named += [(f"reference.spend.{name}", name) for name in scenario.reference.spend or {}]
    for index, rule in enumerate(scenario.either_or):
        named += [(f"either_or[{index + 1}].channels", name) for name in rule.channels]
    for index, requirement in enumerate(scenario.requires):
        named.append((f"requires[{index + 1}].channel", requirement.channel))
        named += [(f"requires[{index + 1}].upstream", name) for name in requirement.upstream]
    for index, order in enumerate(scenario.precedence):
        named.append((f"precedence[{index + 1}].channel", order.channel))
        named += [(f"precedence[{index + 1}].after.{name}", name) for name in order.after]
    known = list(artifact.channels)
    return [unknown_name(file, field, name, known, A_CHANNEL) for field, name in named if name not in known]


def _group_faults(group: Group, artifact: ResponseArtifact, file: Sentence, field: str) -> list[Fault]:
    known = list(artifact.channels)
    if unknown := [name for name in group.channels or () if name not in known]:
        return [unknown_name(file, f"{field}.channels", name, known, A_CHANNEL) for name in unknown]
    infos = artifact.manifest.channels
    for key, wanted in (
        ("stage", group.stage),
        ("scene", group.scene),
        ("department", group.department),
        ("role", group.role),
    ):
        present = sorted({str(getattr(info, key)) for info in infos if getattr(info, key) is not None})
        if wanted is not None and wanted not in present:
            return [Fault(file, f"{field}.{key}", wanted, _some_channel_has(key, present))]
    members = len(group_members(group, infos))
    if group.at_least_channels is not None and group.at_least_channels > members:
        expected = sentence("at most {count}: the group has no more channels", count=Number(amount=members))
        return [Fault(file, f"{field}.at_least_channels", str(group.at_least_channels), expected)]
    return []


def _some_channel_has(key: str, present: list[str]) -> Sentence:
    if not present:
        return sentence("a {field} that some channel has: none has one", field=Word(text=key))
    return sentence("a {field} that some channel has: {names}", field=Word(text=key), names=_all_of(present))


def _offer_faults(scenario: Scenario, artifact: ResponseArtifact, file: Sentence) -> list[Fault]:
    """Parts of the contract that this version does not answer: said plainly, never ignored."""
    faults = []
    split = scenario.split
    if split is not None and split.tolerance is not None and split_preset(scenario) in ("own", "none"):
        expected = sentence("a preset in business and no brand_share: it is the half width of a preset's band")
        faults.append(Fault(file, "split.tolerance", str(split.tolerance), expected))
    if scenario.flighting.pattern == "optimized":
        faults += _optimized_flighting_faults(scenario, artifact, file)
    return faults


def _optimized_flighting_faults(scenario: Scenario, artifact: ResponseArtifact, file: Sentence) -> list[Fault]:
    """What does not go with a flighting that is optimised."""
    field, faults = "flighting.pattern", []
    costs_of_one = scenario.target is not None and scenario.target.cpa is not None
    costs_of_one |= any(rule.cpa_at_most for rule in scenario.channels.values())
    if costs_of_one and set(scenario.values) - {scenario.kpi}:
        expected = sentence(
            "even, history or given where a CPA is limited and several KPIs count; values of {kpi} alone go with it",
            kpi=Word(text=scenario.kpi),
        )
        faults.append(Fault(file, field, "optimized", expected))
    if any(info.saturation == "reach" for info in artifact.manifest.channels):
        expected = sentence(
            "even, history or given with reach and frequency: how many people a period reaches follows the phasing"
        )
        faults.append(Fault(file, field, "optimized", expected))
    if scenario.risk.attitude == "regret":
        expected = sentence("even, history or given with regret; attitude cautious goes with it")
        faults.append(Fault(file, field, "optimized", expected))
    if scenario.risk.attitude == "cautious" and any(rule.cpa_at_most for rule in scenario.channels.values()):
        expected = sentence(
            "even, history or given with cpa_at_most and attitude cautious: the former counts all draws alike"
        )
        faults.append(Fault(file, field, "optimized", expected))
    if any(rule.marginal_cpa_at_most for rule in scenario.channels.values()):
        expected = sentence(
            "even, history or given with marginal_cpa_at_most; cpa_at_most, profit and a target mroas go with it"
        )
        faults.append(Fault(file, field, "optimized", expected))
    if scenario.capacity:
        expected = sentence("even, history or given with a capacity: what a period brings follows the phasing")
        faults.append(Fault(file, field, "optimized", expected))
    if scenario.rules.cash_per_period is not None and any(rule.fixed_cost for rule in scenario.channels.values()):
        expected = sentence(
            "even, history or given with cash_per_period and a fixed_cost: when that is paid follows the phasing"
        )
        faults.append(Fault(file, field, "optimized", expected))
    return faults


def _all_of(names: list[str]) -> Names:
    return listed(names, len(names), is_quoted=False)
