"""Scenarios from files: TOML, or JSON with the same fields."""

import json
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from mmm.errors import Fault, FileRefused
from mmm.io import read_toml
from mmm.parsing import faults_of
from mmm.sentence import sentence
from optimizer.errors import ScenarioRefused
from optimizer.scenario import Scenario


def read_scenario(path: Path) -> Scenario:
    """The scenario in a file.

    Raises
    ------
    FileRefused
        When the file cannot be read.
    ScenarioRefused
        When what it says is no scenario; every fault is listed.
    """
    document = _read_json(path) if path.suffix.lower() == ".json" else read_toml(path)
    try:
        return Scenario.model_validate(document)
    except ValidationError as error:
        raise ScenarioRefused(faults_of(error, Scenario, path.name)) from error


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except ValueError as error:
        fault = Fault(path.name, "", str(error), sentence("one JSON document in UTF-8"))
        raise FileRefused([fault]) from error
