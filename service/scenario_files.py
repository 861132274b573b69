"""Scenarios from files: TOML, or JSON with the same fields."""

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from mmm.errors import Fault, FileRefused
from mmm.io import read_toml
from mmm.parsing import Unfit, faults_of
from mmm.sentence import sentence
from optimizer.errors import ScenarioRefused
from optimizer.scenario.document import Scenario
from service.strict_json import read_json


def read_scenario(path: Path) -> Scenario:
    """The scenario in a file.

    Raises
    ------
    ScenarioRefused
        When the file cannot be read, or what it says is no scenario; every fault is listed.
    """
    try:
        document = _read_json(path) if path.suffix.lower() == ".json" else read_toml(path)
        return Scenario.model_validate(document)
    except FileRefused as refused:
        raise ScenarioRefused(refused.faults) from refused
    except ValidationError as error:
        raise ScenarioRefused(faults_of(error, Scenario, path.name)) from error


def scenarios_in(folder: Path) -> list[Path]:
    """The scenario files of a folder: every TOML beside its market.toml."""
    return sorted(file for file in folder.glob("*.toml") if file.name != "market.toml")


def _read_json(path: Path) -> Any:
    try:
        return read_json(path.read_bytes())
    except (Unfit, OSError) as error:
        found = error.said if isinstance(error, Unfit) else str(error.strerror)
        raise FileRefused([Fault(path.name, "", found, sentence("one JSON document in UTF-8"))]) from error
