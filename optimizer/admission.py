"""Whether a scenario fits its market: every fault at once, each with the nearest name that is known."""

from collections.abc import Mapping

from mmm.artifact import ResponseArtifact
from mmm.errors import Fault
from mmm.parsing import nearest
from optimizer.scenario import Group, Scenario
from optimizer.timeline import horizon_faults


def scenario_faults(scenario: Scenario, artifacts: Mapping[str, ResponseArtifact]) -> list[Fault]:
    """Everything in a scenario that its market's models (by KPI) cannot answer."""
    file = f"scenario '{scenario.name}'"
    faults: list[Fault] = []
    kpis = list(artifacts)
    for field, kpi in [
        ("kpi", scenario.kpi),
        *((f"tasks[{i + 1}].kpi", task.kpi) for i, task in enumerate(scenario.tasks)),
    ]:
        if kpi not in artifacts:
            faults.append(_unknown(file, field, kpi, kpis, "an outcome of the market"))
    if scenario.kpi not in artifacts:
        return faults
    artifact = artifacts[scenario.kpi]
    if scenario.market != artifact.manifest.market:
        faults.append(Fault(file, "market", scenario.market, f"the market of the model, {artifact.manifest.market}"))
    faults += _channel_faults(scenario, artifact, file)
    for index, group in enumerate(scenario.groups):
        faults += _group_faults(group, artifact, file, f"groups[{index + 1}]")
    return faults + horizon_faults(scenario, artifact) + _offer_faults(scenario, file)


def _channel_faults(scenario: Scenario, artifact: ResponseArtifact, file: str) -> list[Fault]:
    named = [(f"channels.{name}", name) for name in scenario.channels]
    named += [(f"reference.spend.{name}", name) for name in scenario.reference.spend or {}]
    for index, rule in enumerate(scenario.either_or):
        named += [(f"either_or[{index + 1}].channels", name) for name in rule.channels]
    for index, requirement in enumerate(scenario.requires):
        named.append((f"requires[{index + 1}].channel", requirement.channel))
        named += [(f"requires[{index + 1}].upstream", name) for name in requirement.upstream]
    known = list(artifact.channels)
    return [_unknown(file, field, name, known, "a channel of the market") for field, name in named if name not in known]


def _group_faults(group: Group, artifact: ResponseArtifact, file: str, field: str) -> list[Fault]:
    known = list(artifact.channels)
    if group.channels is not None:
        return [
            _unknown(file, f"{field}.channels", name, known, "a channel of the market")
            for name in group.channels
            if name not in known
        ]
    infos = artifact.manifest.channels
    for key, wanted in (
        ("stage", group.stage),
        ("scene", group.scene),
        ("department", group.department),
        ("role", group.role),
    ):
        present = sorted({str(getattr(info, key)) for info in infos if getattr(info, key) is not None})
        if wanted is not None and wanted not in present:
            return [
                Fault(
                    file,
                    f"{field}.{key}",
                    wanted,
                    f"a {key} that some channel has: {', '.join(present) or 'none has one'}",
                )
            ]
    return []


def _offer_faults(scenario: Scenario, file: str) -> list[Fault]:
    """Parts of the contract that this version does not answer: said plainly, never ignored."""
    faults = []
    if scenario.objective in ("profit", "efficiency"):
        faults.append(Fault(file, "objective", scenario.objective, "maximize or size: this version offers no other"))
    if scenario.flighting.pattern == "optimized":
        faults.append(
            Fault(file, "flighting.pattern", "optimized", "even, history or given: this version offers no other")
        )
    if scenario.risk.attitude == "cautious":
        faults.append(Fault(file, "risk.attitude", "cautious", "neutral: this version offers no other"))
    return faults


def _unknown(file: str, field: str, name: str, known: list[str], what: str) -> Fault:
    near = nearest(name, known)
    hint = f"; did you mean '{near}'?" if near else f": {', '.join(known)}"
    return Fault(file, field, f"'{name}'", f"{what}{hint}")
