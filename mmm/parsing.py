"""Strict documents: one place that turns a parsed TOML or JSON tree into a value or a list of faults."""

import difflib
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from mmm.errors import Fault


class StrictModel(BaseModel):
    """Base of everything that is parsed: frozen, no unknown fields, no NaN or infinity."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def faults_of(error: ValidationError, model: type[BaseModel], file: str) -> tuple[Fault, ...]:
    """Every fault of a document that `model` refused, unknown fields with the nearest known name.

    `field` is the dotted path of the entry, list positions counted from one as
    ``channels[2].spend``.
    """
    return tuple(
        Fault(
            file=file,
            field=_dotted(detail["loc"]),
            found="nothing" if detail["type"] == "missing" else _shown(detail["input"]),
            expected=_expectation(detail["type"], detail["msg"], detail["loc"], model),
        )
        for detail in error.errors(include_url=False)
    )


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
    return part.endswith("]") or part in {"float", "int", "str", "bool"} or part[:1].isupper()


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _expectation(kind: str, message: str, location: tuple[int | str, ...], model: type[BaseModel]) -> str:
    if kind == "extra_forbidden":
        unknown = str(location[-1])
        known = sorted(_fields_at(model, location[:-1]))
        near = nearest(unknown, known)
        hint = f"did you mean '{near}'?" if near else f"known: {', '.join(known)}"
        return f"no field of that name; {hint}"
    if kind == "missing":
        return "a value: this field is required"
    return message.removeprefix("Value error, ")


def _fields_at(model: type[BaseModel], location: tuple[int | str, ...]) -> set[str]:
    """Names of the fields of the model that sits at `location` below `model`."""
    schema: dict[str, Any] = model.model_json_schema()
    node: dict[str, Any] = schema
    for part in location:
        node = _resolve(node, schema)
        if isinstance(part, int):
            node = node.get("items", {})
        elif not _is_union_branch(part):
            node = node.get("properties", {}).get(part) or node.get("additionalProperties") or {}
            if not isinstance(node, dict):
                return set()
    return set(_resolve(node, schema).get("properties", {}))


def _resolve(node: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in node:
        return _resolve(schema["$defs"][node["$ref"].rsplit("/", 1)[-1]], schema)
    for branch in node.get("anyOf", []):
        resolved = _resolve(branch, schema)
        if "properties" in resolved or "items" in resolved:
            return resolved
    return node
