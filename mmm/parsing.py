"""Strict documents: one place that turns a parsed TOML or JSON tree into a value or a list of faults."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from mmm.errors import Fault

_PLAIN_WORDS = {
    "bool_type": "true or false",
    "dict_type": "a table",
    "float_type": "a number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "list_type": "a list",
    "mapping_type": "a table",
    "model_type": "a table",
    "string_too_short": "text that is not empty",
    "string_type": "text",
    "tuple_type": "a list",
}
"""What pydantic's kinds of error say to somebody who writes TOML or JSON."""


class StrictModel(BaseModel):
    """Base of everything that is parsed: frozen, no unknown fields, no NaN or infinity."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def faults_of(error: ValidationError, model: type[BaseModel], file: str) -> tuple[Fault, ...]:
    """Every fault of a document that `model` refused, unknown fields with the nearest known name.

    `field` is the dotted path of the entry, list positions counted from one as
    ``channels[2].spend``. A value that fits no branch of a union is one fault, of the branch that
    was meant where that can be told.
    """
    details = [_Detail(_dotted(one["loc"]), one) for one in error.errors(include_url=False)]
    faults: dict[tuple[str, str], Fault] = {}
    for detail in details:
        if _is_echo(detail, details):
            continue
        found = "nothing" if detail.kind == "missing" else _shown(detail.error["input"])
        expected = _expectation(detail, model)
        same = faults.get((detail.field, found))
        if same is not None and same.expected != expected:
            expected = f"{same.expected}; or {expected}"
        faults[detail.field, found] = Fault(file=file, field=detail.field, found=found, expected=expected)
    return tuple(faults.values())


def json_pointer(field: str) -> str:
    """RFC 6901 pointer of a dotted path as `faults_of` writes it (list positions from zero)."""
    parts: list[str] = []
    for part in field.split(".") if field else []:
        name, _, position = part.partition("[")
        parts.append(name.replace("~", "~0").replace("/", "~1"))
        if position:
            parts.append(str(int(position.rstrip("]")) - 1))
    return "".join(f"/{part}" for part in parts)


def nearest(name: str, known: Mapping[str, object] | list[str]) -> str | None:
    """The known name closest to `name`, or None when nothing resembles it."""
    found = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return found[0] if found else None


@dataclass(frozen=True, slots=True)
class _Detail:
    """One error of pydantic and the dotted path of the entry that it is about."""

    field: str
    error: ErrorDetails

    @property
    def kind(self) -> str:
        return self.error["type"]


def _is_echo(detail: _Detail, details: list[_Detail]) -> bool:
    """Whether an error only repeats what another one says better.

    A list whose entries failed counts as too short, and a union complains about every branch whose
    type the value never had.
    """
    path = detail.field
    below = any(other.field.startswith((f"{path}.", f"{path}[")) for other in details)
    if detail.kind == "too_short":
        return below
    if detail.kind.endswith("_type"):
        return below or any(other.field == path and not other.kind.endswith("_type") for other in details)
    return False


def _dotted(location: tuple[int | str, ...]) -> str:
    path = ""
    for part in location:
        if isinstance(part, int):
            path += f"[{part + 1}]"
        elif not _is_union_branch(part):
            path += f".{part}" if path else part
    return path


def _is_union_branch(part: str) -> bool:
    """Pydantic names the tried branch of a union inside the location; the user never wrote it."""
    is_type = part in {"float", "int", "str", "bool"} or part.startswith(("constrained-", "function-"))
    return is_type or part.endswith("]") or part[:1].isupper()


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _expectation(detail: _Detail, model: type[BaseModel]) -> str:
    location = detail.error["loc"]
    if detail.kind == "extra_forbidden":
        unknown = str(location[-1])
        known = sorted(_fields_at(model, location[:-1]))
        near = nearest(unknown, known)
        hint = f"did you mean '{near}'?" if near else f"known: {', '.join(known)}"
        return f"no field of that name; {hint}"
    if detail.kind == "missing":
        return "a value: this field is required"
    if detail.kind == "string_pattern_mismatch":
        described = _described(model, location)
        if described is not None:
            return described
    if detail.kind in _PLAIN_WORDS:
        return _PLAIN_WORDS[detail.kind]
    return detail.error["msg"].removeprefix("Value error, ").removeprefix("Input should be ")


def _fields_at(model: type[BaseModel], location: tuple[int | str, ...]) -> set[str]:
    """Names of the fields of the model that sits at `location` below `model`."""
    schema = model.model_json_schema()
    return set(_resolve(_node_at(schema, location), schema).get("properties", {}))


def _described(model: type[BaseModel], location: tuple[int | str, ...]) -> str | None:
    """Description of the field at `location`, None where it has none."""
    schema = model.model_json_schema()
    node = _resolve(_node_at(schema, location), schema)
    branches = [node, *(_resolve(branch, schema) for branch in node.get("anyOf", []))]
    return next((str(branch["description"]) for branch in branches if "description" in branch), None)


def _node_at(schema: dict[str, Any], location: tuple[int | str, ...]) -> dict[str, Any]:
    """The part of a JSON schema that describes the entry at `location`; empty where there is none."""
    node: dict[str, Any] = schema
    for part in location:
        node = _resolve(node, schema)
        if isinstance(part, int):
            node = node.get("items", {})
        elif not _is_union_branch(part):
            node = node.get("properties", {}).get(part) or node.get("additionalProperties") or {}
            if not isinstance(node, dict):
                return {}
    return node


def _resolve(node: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in node:
        return _resolve(schema["$defs"][node["$ref"].rsplit("/", 1)[-1]], schema)
    for branch in node.get("anyOf", []):
        resolved = _resolve(branch, schema)
        if "properties" in resolved or "items" in resolved:
            return resolved
    return node
