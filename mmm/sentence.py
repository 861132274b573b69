"""Sentences for planners, kept apart from their language.

A `Sentence` is an English template, which is also its gettext message id, and typed
values. The service translates the template and formats the values in the market's
currency and grouping; nothing here knows a locale. What may be either a sentence of ours or
text that is nobody's language (the content of a cell, a name) is `Said`.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Money(_Value):
    """An amount in the market's currency."""

    kind: Literal["money"] = "money"
    amount: float


class Share(_Value):
    """A fraction, shown as a percentage with `digits` decimals."""

    kind: Literal["share"] = "share"
    fraction: float
    digits: int = 1


class Number(_Value):
    """A plain quantity with at most `digits` decimals."""

    kind: Literal["number"] = "number"
    amount: float
    digits: int = 0


class Word(_Value):
    """A name as the user wrote it (never translated)."""

    kind: Literal["word"] = "word"
    text: str


class Term(_Value):
    """A word of our own that is translated, such as a stage or a role."""

    kind: Literal["term"] = "term"
    text: str


class Day(_Value):
    """A calendar date."""

    kind: Literal["day"] = "day"
    day: date


class Names(_Value):
    """Names as the user wrote them, one after the other; `more` counts those that are left out."""

    kind: Literal["names"] = "names"
    names: tuple[str, ...]
    more: int = 0
    is_quoted: bool = True


class Phrase(_Value):
    """A sentence that is part of another."""

    kind: Literal["phrase"] = "phrase"
    said: "Sentence"


type Value = Annotated[
    Money | Share | Number | Word | Term | Day | Names | Phrase,
    Field(discriminator="kind"),
]


class Sentence(BaseModel):
    """A planner-facing sentence: English template with named fields, and the values of those fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    template: str
    values: Mapping[str, Value] = Field(default_factory=dict)


type Said = str | Sentence


def sentence(template: str, **values: Value) -> Sentence:
    """A sentence from its English template and values; the name that message extraction looks for."""
    return Sentence(template=template, values=values)


def phrase(said: Said) -> Value:
    """What was said, as a value of another sentence."""
    return Word(text=said) if isinstance(said, str) else Phrase(said=said)


def listed(names: Sequence[str], most: int = 12, *, is_quoted: bool = True) -> Names:
    """The first `most` names, and how many there are beside them."""
    return Names(names=tuple(names[:most]), more=max(0, len(names) - most), is_quoted=is_quoted)


def plain(said: Said) -> str:
    """What was said, in English with locale-free numbers, for logs and errors of the core."""
    if isinstance(said, str):
        return said
    return said.template.format(**{name: _plain_value(value) for name, value in said.values.items()})


def _plain_value(value: Value) -> str:
    match value:
        case Money():
            return f"{value.amount:,.2f}"
        case Share():
            return f"{value.fraction:.{value.digits}%}"
        case Number():
            return f"{value.amount:,.{value.digits}f}"
        case Day():
            return value.day.isoformat()
        case Word() | Term():
            return value.text
        case Names():
            shown = ", ".join(f"'{name}'" if value.is_quoted else name for name in value.names)
            return f"{shown} and {value.more:,} more" if value.more else shown
        case Phrase():
            return plain(value.said)
