"""Strict documents: one place that turns a parsed TOML or JSON tree into a value or a list of faults."""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from mmm.errors import Fault
from mmm.sentence import Number, Said, Sentence, Value, Word, listed, phrase, plain, sentence

_A_TABLE = sentence("a table")
_A_LIST = sentence("a list")
_A_NUMBER = sentence("a number")
_A_WHOLE_NUMBER = sentence("a whole number")
_A_DATE = sentence("a date such as 2026-01-05")

_WORDS: dict[str, Sentence] = {
    "bool_parsing": sentence("true or false"),
    "bool_type": sentence("true or false"),
    "date_from_datetime_inexact": sentence("a date without a time of day"),
    "date_from_datetime_parsing": _A_DATE,
    "date_parsing": _A_DATE,
    "date_type": _A_DATE,
    "dict_type": _A_TABLE,
    "finite_number": sentence("a finite number"),
    "float_parsing": _A_NUMBER,
    "float_type": _A_NUMBER,
    "int_from_float": _A_WHOLE_NUMBER,
    "int_parsing": _A_WHOLE_NUMBER,
    "int_parsing_size": sentence("a whole number that is not as large"),
    "int_type": _A_WHOLE_NUMBER,
    "list_type": _A_LIST,
    "mapping_type": _A_TABLE,
    "missing": sentence("a value: this field is required"),
    "model_attributes_type": _A_TABLE,
    "model_type": _A_TABLE,
    "string_too_short": sentence("text that is not empty"),
    "string_type": sentence("text"),
    "string_unicode": sentence("text"),
    "tuple_type": _A_LIST,
}
"""What pydantic's kinds of error say to somebody who writes TOML or JSON."""

_LIMITS: dict[str, tuple[str, Sentence]] = {
    "greater_than": ("gt", sentence("greater than {limit}")),
    "greater_than_equal": ("ge", sentence("greater than or equal to {limit}")),
    "less_than": ("lt", sentence("less than {limit}")),
    "less_than_equal": ("le", sentence("less than or equal to {limit}")),
    "string_too_long": ("max_length", sentence("text of at most {limit} characters")),
    "too_long": ("max_length", sentence("a list of at most {limit}")),
    "too_short": ("min_length", sentence("a list of at least {limit}")),
}
"""Kinds of error that have a limit: its name in their context, and what they say."""


FIRST_DAY, LAST_DAY = date(1800, 1, 1), date(2200, 12, 31)
"""Days that may be asked about: others are slips of the pen, and the calendar of computers ends with 9999."""

type CalendarDay = Annotated[date, Field(ge=FIRST_DAY, le=LAST_DAY)]
"""A day of a document."""

type Name = Annotated[
    str,
    Field(
        min_length=1,
        max_length=80,
        pattern=r"^[^\s/\\.\[\]](?:[^/\\.\[\]\n\r\t]*[^\s/\\.\[\]])?$",
        description=sentence("a name without slash, dot or bracket, and without white space at its ends").template,
    ),
]
"""Name of a channel, outcome or control: any script, no slash, dot or bracket (they would break paths to fields)."""

MOST_ERRORS = 1_000
"""Errors of one document that are told: nobody reads more, and sorting them out takes time with their square."""


MOST_VALUES = 50_000
"""Values of one document, lists and tables among them: no scenario or market has a tenth of them."""


class Unfit(ValueError):
    """Raised by a validator of a strict model: everything that is wrong, in sentences (pydantic carries it along)."""

    def __init__(self, *problems: Sentence) -> None:
        said = problems[0]
        for further in problems[1:]:
            said = sentence("{first}; {second}", first=phrase(said), second=phrase(further))
        self.said = said
        super().__init__(plain(said))


_POSITION = re.compile(r"\[([1-9][0-9]{0,8})\]")
_POSITIONS = re.compile(r"(?:\[[1-9][0-9]{0,8}\])+$")
"""List positions at the end of a step of a path; other brackets belong to a name that somebody gave."""


class StrictModel(BaseModel):
    """Base of everything that is parsed: frozen, no unknown fields, no NaN or infinity."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def faults_of(error: ValidationError, model: type[BaseModel], file: Said) -> tuple[Fault, ...]:
    """The faults of a document that `model` refused, unknown fields with the nearest known name.

    `field` is the dotted path of the entry, list positions counted from one as
    ``channels[2].spend``. A value that fits no branch of a union is one fault, of the branch that
    was meant where that can be told.
    """
    details = [_Detail(_dotted(one["loc"]), one) for one in error.errors(include_url=False)[:MOST_ERRORS]]
    faults: dict[tuple[str, str], Fault] = {}
    for detail in details:
        if _is_echo(detail, details):
            continue
        found = _found(detail)
        expected = _expectation(detail, model)
        same = faults.get((detail.field, plain(found)))
        if same is not None and same.expected != expected:
            expected = sentence("{first}; or {second}", first=phrase(same.expected), second=phrase(expected))
        faults[detail.field, plain(found)] = Fault(file=file, field=detail.field, found=found, expected=expected)
    return tuple(faults.values())


def refuse_too_many(tree: object) -> None:
    """Refuse a parsed document of more than `MOST_VALUES` values before it is made a value of ours.

    Raises
    ------
    Unfit
        When it has more.
    """
    count, waiting = 0, [tree]
    while waiting:
        value = waiting.pop()
        if isinstance(value, Mapping):
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
        count += 1
        if count + len(waiting) > MOST_VALUES:
            raise Unfit(sentence("a document of more than {count} values", count=Number(amount=MOST_VALUES)))


def json_pointer(field: str) -> str:
    """RFC 6901 pointer of a dotted path as `faults_of` writes it (list positions from zero)."""
    parts: list[str] = []
    for part in field.split(".") if field else []:
        positions = _POSITIONS.search(part)
        name = part if positions is None else part[: positions.start()]
        parts.append(name.replace("~", "~0").replace("/", "~1"))
        if positions is not None:
            parts += [str(int(position) - 1) for position in _POSITION.findall(positions[0])]
    return "".join(f"/{part}" for part in parts)


def nearest(name: str, known: Mapping[str, object] | list[str]) -> str | None:
    """The known name closest to `name`, or None when nothing resembles it."""
    found = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return found[0] if found else None


def meant(expected: Sentence, near: str) -> Sentence:
    """What is expected, with the known name that was perhaps meant."""
    return sentence("{expected}; did you mean '{near}'?", expected=phrase(expected), near=Word(text=near))


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


def _found(detail: _Detail) -> Said:
    if detail.kind == "missing":
        return sentence("nothing")
    if detail.kind == "value_error" and isinstance(detail.error["input"], dict):
        return sentence("fields that do not go together")  # a table written out would hide what is said about it
    return _shown(detail.error["input"])


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _expectation(detail: _Detail, model: type[BaseModel]) -> Sentence:
    location, context = detail.error["loc"], detail.error.get("ctx", {})
    if detail.kind == "extra_forbidden":
        return _known_fields(str(location[-1]), sorted(_fields_at(model, location[:-1])))
    if detail.kind == "value_error" and isinstance(context["error"], Unfit):
        return context["error"].said
    if detail.kind == "literal_error":
        return _choices(re.findall(r"'[^']*'", context["expected"]))
    if detail.kind == "string_pattern_mismatch":
        described = _described(model, location)
        if described is not None:
            return Sentence(template=described)
    if detail.kind in _LIMITS:
        name, said = _LIMITS[detail.kind]
        return Sentence(template=said.template, values={"limit": _limit(context[name])})
    if detail.kind in _WORDS:
        return _WORDS[detail.kind]
    message = detail.error["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    return sentence("{reason}", reason=Word(text=message))


def _known_fields(unknown: str, known: list[str]) -> Sentence:
    near = nearest(unknown, known)
    if near is not None:
        return meant(sentence("no field of that name"), near)
    names = listed(known, len(known), is_quoted=False)
    return sentence("no field of that name; known: {names}", names=names)


def _choices(quoted: list[str]) -> Sentence:
    """The values of which one is expected, as pydantic quotes them."""
    *others, last = quoted
    if not others:
        return sentence("{choice}", choice=Word(text=last))
    names = listed(others, len(others), is_quoted=False)
    return sentence("{others} or {last}", others=names, last=Word(text=last))


def _limit(limit: float | str) -> Value:
    if isinstance(limit, str):  # a day
        return Word(text=limit)
    return Number(amount=limit) if float(limit).is_integer() else Word(text=f"{limit:g}")


def _fields_at(model: type[BaseModel], location: tuple[int | str, ...]) -> set[str]:
    """Names of the fields of the model that sits at `location` below `model`."""
    schema = model.model_json_schema()
    return set(_resolve(_node_at(schema, location), schema).get("properties", {}))


def _described(model: type[BaseModel], location: tuple[int | str, ...]) -> str | None:
    """Description of the field at `location`, which is a message of ours, None where it has none."""
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
    for branch in [*node.get("anyOf", []), *node.get("oneOf", [])]:
        resolved = _resolve(branch, schema)
        if "properties" in resolved or "items" in resolved:
            return resolved
    return node
