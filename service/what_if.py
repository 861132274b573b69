"""Scenarios under changes.

A change names a field by its path, as a fault does (``channels.tv.max``, ``tasks[1].at_least``),
and gives it a value. The changed document is parsed like any other, so it is refused in the same
words.
"""

import tomllib
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from itertools import pairwise
from typing import Annotated, Any

from pydantic import Field, ValidationError

from mmm.errors import Fault, FileRefused
from mmm.parsing import StrictModel, faults_of
from mmm.sentence import Number, sentence
from optimizer.errors import ScenarioRefused
from optimizer.scenario.document import Budget, Business, Scenario

type Scalar = bool | int | float | str | date | None
type SetValue = Scalar | list[Any] | dict[str, Any]

MOST_CHANGES = 50
"""Variants that one request may ask for."""

DEEPEST_PATH = 12
"""Steps that a path may have: more than any field of a scenario lies below its top."""

A_CHANGE = sentence("change")
"""The file of a fault that lies in none."""


class Change(StrictModel):
    """One variant of a scenario; what is not given stays as the scenario has it.

    `set` maps a path to a value; the value None takes the field away, so that its default holds.
    """

    name: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    budget: Budget | None = None
    business: Business | None = None
    set: Mapping[str, Any] = Field(default_factory=dict)


def parse_setting(text: str) -> tuple[str, SetValue]:
    """Path and value of a ``path=value`` argument.

    The value is read as TOML (``90000``, ``true``, ``[0.1, 0.4]``, ``2027-03-29``), and as plain
    text where it is no TOML. Nothing after the equals sign takes the field away.

    Raises
    ------
    ValueError
        When there is no equals sign or no path.
    """
    path, equals, value = text.partition("=")
    if not equals or not path.strip():
        raise ValueError(f"expected path=value such as channels.tv.max=90000, got {text!r}")
    return path.strip(), _toml_value(value.strip())


def changed(scenario: Scenario, change: Change) -> Scenario:
    """The scenario with a change made to it.

    A business preset that is given replaces a band that the scenario states, which would
    otherwise hide it.

    Raises
    ------
    FileRefused
        When a path leads nowhere or the result is no valid scenario; every fault is listed.
    """
    document = scenario.model_dump(mode="json", by_alias=True, exclude_unset=True)
    if change.budget is not None:
        document["budget"] = change.budget
    if change.business is not None:
        document["business"] = change.business
        if isinstance(document.get("split"), dict):
            document["split"].pop("brand_share", None)
    faults = [fault for path, value in change.set.items() if (fault := _set(document, path, _json(value))) is not None]
    if faults:
        raise FileRefused(faults)
    try:
        return Scenario.model_validate(document)
    except ValidationError as error:
        raise FileRefused(faults_of(error, Scenario, A_CHANGE)) from error


def sized(scenario: Scenario) -> Scenario:
    """The scenario asked for the smallest budget of its tasks; a budget that it was to maximise with is no limit then.

    Raises
    ------
    ScenarioRefused
        When it has no tasks and no goal.
    """
    if scenario.objective == "size":
        return scenario
    if not scenario.tasks and scenario.goal is None:
        expected = sentence(
            "at least one [[tasks]] with kpi, at_least and probability, or a [goal]: they are what sizes a budget"
        )
        raise ScenarioRefused([Fault(sentence("scenario"), "tasks", sentence("nothing"), expected)])
    return changed(scenario, Change(set={"objective": "size", "budget": None, "target": None}))


def variants(
    budgets: Sequence[float], businesses: Sequence[Business], settings: Mapping[str, SetValue]
) -> tuple[Change, ...]:
    """Every combination of the budgets and businesses, each with all settings; one change when only settings came."""
    return tuple(
        Change(budget=budget, business=business, set=settings)
        for business in (*businesses,) or (None,)
        for budget in (*budgets,) or (None,)
    )


def _toml_value(text: str) -> SetValue:
    if not text:
        return None
    try:
        value: SetValue = tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError):  # no TOML, or more digits or brackets than its parser takes
        return text
    return value


def _json(value: object) -> object:
    return value.isoformat() if isinstance(value, date | datetime | time) else value


def _set(document: dict[str, Any], path: str, value: object) -> Fault | None:
    """Put a value at a path of a document, in place; the fault when the path leads through something else."""
    node: Any = document
    keys = _keys(path)
    if len(keys) > DEEPEST_PATH:
        return _no_way(path[:80], node)
    for key, following in pairwise(keys):
        if isinstance(node, dict) and isinstance(key, str):
            node = node.setdefault(key, [] if isinstance(following, int) else {})
        elif isinstance(node, list) and isinstance(key, int) and 0 <= key < len(node):
            node = node[key]
        else:
            return _no_way(path, node)
    last = keys[-1]
    if isinstance(node, dict) and isinstance(last, str):
        if value is None:
            node.pop(last, None)
        else:
            node[last] = value
    elif isinstance(node, list) and isinstance(last, int) and 0 <= last < len(node) and value is not None:
        node[last] = value
    else:
        return _no_way(path, node)
    return None


def _keys(path: str) -> list[str | int]:
    keys: list[str | int] = []
    for part in path.split("."):
        name, *positions = part.split("[")
        keys.append(name)
        keys += [
            int(position[:-1]) - 1 if position.endswith("]") and position[:-1].isdigit() else position
            for position in positions
        ]
    return keys


def _no_way(path: str, node: object) -> Fault:
    if not isinstance(node, list):
        expected = sentence("a path to a field, such as channels.tv.max")
    elif node:
        expected = sentence("a position from 1 to {count}", count=Number(amount=len(node)))
    else:
        expected = sentence("a list with entries: this one is empty")
    return Fault(file=A_CHANGE, field=path, found=sentence("a path that leads nowhere"), expected=expected)
