"""Values as JSON documents: one form for `--json`, for HTTP and for whoever stores them.

Field names are the contract's. Sentences become text in the reader's language; everything
else stays a number, so that two readers of one plan read the same figures.
"""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime

from pydantic import BaseModel

from mmm.sentence import Sentence
from optimizer.scenario.document import Scenario
from service.language import Reader
from service.what_if import Change

type Json = bool | int | float | str | list[Json] | dict[str, Json] | None
type Document = dict[str, Json]


def document(value: object, reader: Reader) -> Json:
    """A value as JSON: pydantic models and dataclasses by their field names, sentences as text, dates as ISO 8601.

    Raises
    ------
    TypeError
        When a value is of a kind that has no place in a document.
    """
    match value:
        case None | bool() | int() | float() | str():
            return value
        case Sentence():
            return reader.say(value)
        case Scenario():  # as it was asked, so that it can be asked again
            return _object(value.model_dump(mode="json", by_alias=True, exclude_unset=True))
        case Change():
            return _object(value.model_dump(mode="json", by_alias=True, exclude_defaults=True))
        case BaseModel():
            names = type(value).model_fields
            return {field.alias or name: document(getattr(value, name), reader) for name, field in names.items()}
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case Mapping():
            return {str(key): document(entry, reader) for key, entry in value.items()}
        case tuple() | list():
            return [document(entry, reader) for entry in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: document(getattr(value, field.name), reader) for field in fields(value)}
    raise TypeError(f"a document has no place for {type(value).__name__}")


def _object(dumped: Document) -> Document:
    return dumped
