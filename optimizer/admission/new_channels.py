"""What of a scenario's new channels does not fit the models of its market."""

from collections.abc import Mapping

from mmm.artifact import ResponseArtifact
from mmm.errors import Fault
from mmm.parsing import meant, nearest
from mmm.sentence import Sentence, Word, listed, sentence
from optimizer.scenario.document import Scenario
from optimizer.scenario.new_channel import NewChannel


def new_channel_faults(scenario: Scenario, artifacts: Mapping[str, ResponseArtifact], file: Sentence) -> list[Fault]:
    """Every new channel that the models know already, or of which they are not told enough."""
    kpis = [kpi for kpi in _kpis(scenario) if kpi in artifacts]
    faults: list[Fault] = []
    for name, channel in scenario.new_channels.items():
        field = f"new_channels.{name}"
        known = artifacts[scenario.kpi].channels
        if name in known:
            expected = sentence(
                "a name that no channel of the model has: it has measured this one, so leave it out of new_channels"
            )
            faults.append(Fault(file, field, f"'{name}'", expected))
        elif channel.like is not None:
            faults += _like_faults(scenario, channel.like, [artifacts[kpi] for kpi in kpis], file, field)
        else:
            faults += _named_kpi_faults(scenario, channel, artifacts, file, field)
            faults += _prior_faults(scenario, channel, {kpi: artifacts[kpi] for kpi in kpis}, file, field)
    return faults


def _kpis(scenario: Scenario) -> list[str]:
    """KPIs for which a new channel needs a curve."""
    goal = [] if scenario.goal is None else [scenario.goal.kpi]
    counted = [*(task.kpi for task in scenario.tasks), *(rule.kpi for rule in scenario.capacity)]
    return list(dict.fromkeys([scenario.kpi, *scenario.values, *counted, *goal]))


def _like_faults(
    scenario: Scenario, like: str, artifacts: list[ResponseArtifact], file: Sentence, field: str
) -> list[Fault]:
    for artifact in artifacts:
        if like not in artifact.channels:
            return [Fault(file, f"{field}.like", f"'{like}'", _measured_channel(like, scenario, artifact))]
        if artifact.manifest.channels[artifact.channels.index(like)].saturation == "reach":
            expected = sentence(
                "a channel without reach and frequency: people reached by one cannot be taken over; else state priors"
            )
            return [Fault(file, f"{field}.like", f"'{like}'", expected)]
    return []


def _measured_channel(like: str, scenario: Scenario, artifact: ResponseArtifact) -> Sentence:
    """What `like` may name."""
    names = listed(artifact.channels, len(artifact.channels), is_quoted=False)
    if like in scenario.new_channels:
        return sentence("a channel that the model has measured, which no new one is: {names}", names=names)
    known = sentence(
        "a channel of the model of {kpi}: {names}", kpi=Word(text=artifact.manifest.outcome.name), names=names
    )
    near = nearest(like, list(artifact.channels))
    return known if near is None else meant(known, near)


def _named_kpi_faults(
    scenario: Scenario, channel: NewChannel, artifacts: Mapping[str, ResponseArtifact], file: Sentence, field: str
) -> list[Fault]:
    stated = [prior.kpi or scenario.kpi for prior in channel.priors]
    faults: list[Fault] = []
    for place, kpi in enumerate(stated, start=1):
        where = f"{field}.priors[{place}].kpi"
        if kpi not in artifacts:
            expected = sentence("an outcome of the market: {names}", names=listed(tuple(artifacts), is_quoted=False))
            faults.append(Fault(file, where, f"'{kpi}'", expected))
        elif kpi in stated[: place - 1]:
            faults.append(Fault(file, where, f"'{kpi}'", sentence("one prior for each KPI")))
    return faults


def _prior_faults(
    scenario: Scenario, channel: NewChannel, artifacts: Mapping[str, ResponseArtifact], file: Sentence, field: str
) -> list[Fault]:
    faults: list[Fault] = []
    for kpi, artifact in artifacts.items():
        prior = channel.prior_of(kpi, scenario.kpi)
        if prior is None:
            expected = sentence(
                "one for each KPI that the scenario counts: state one for {kpi}, or like, a similar channel",
                kpi=Word(text=kpi),
            )
            faults.append(Fault(file, f"{field}.priors", sentence("no prior for {kpi}", kpi=Word(text=kpi)), expected))
        elif prior.roas is not None and artifact.manifest.outcome.value_per_unit is None:
            expected = sentence(
                "cpa instead: {kpi} has no value per unit in market.toml, so that no return in money follows",
                kpi=Word(text=kpi),
            )
            faults.append(Fault(file, f"{field}.priors", "roas", expected))
    return faults
