"""JSON that can be taken for one thing only: no NaN, no infinity, no repeated names, no broken Unicode, not too deep.

What the standard library's parser objects to becomes a sentence; its own messages know English alone.
"""

import json
from collections import Counter
from typing import Any

from mmm.parsing import Unfit, refuse_too_many
from mmm.sentence import Number, Said, Word, phrase, sentence

MOST_LEVELS = 64
"""Lists and objects that may be in each other."""

_OBJECTIONS = {
    "Expecting value": sentence("a value is expected"),
    "Expecting property name enclosed in double quotes": sentence("a name in double quotes is expected"),
    "Expecting ':' delimiter": sentence("a colon is expected"),
    "Expecting ',' delimiter": sentence("a comma is expected"),
    "Unterminated string starting at": sentence("a text is never closed"),
    "Invalid control character at": sentence("a text has a control character in it"),
    "Invalid \\escape": sentence("a backslash stands before something that needs none"),
    "Invalid \\uXXXX escape": sentence("\\u needs four hexadecimal digits"),
    "Extra data": sentence("something follows after the end"),
    "Illegal trailing comma before end of object": sentence("a comma is the last thing in an object"),
    "Illegal trailing comma before end of array": sentence("a comma is the last thing in a list"),
}
"""Messages of the standard library's parser."""


def read_json(content: str | bytes) -> Any:
    """The value of a JSON document.

    Raises
    ------
    Unfit
        When it is no JSON, or JSON that two readers might take for two things.
    """
    try:
        text = content if isinstance(content, str) else content.decode("utf-8-sig")
        value = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_refuse_repeated)
        refuse_too_many(value)
        json.dumps(value, ensure_ascii=False).encode()
        _refuse_depth(value)
    except RecursionError as error:
        raise Unfit(sentence("nested too deeply")) from error
    except UnicodeDecodeError as error:
        raise Unfit(sentence("byte {position} is not UTF-8", position=Word(text=str(error.start + 1)))) from error
    except UnicodeEncodeError as error:
        raise Unfit(sentence("a text has half of a character in it")) from error
    except json.JSONDecodeError as error:
        raise Unfit(
            sentence(
                "{reason}, at row {row}, column {column}",
                reason=phrase(_objection(error.msg)),
                row=Word(text=str(error.lineno)),
                column=Word(text=str(error.colno)),
            )
        ) from error
    except ValueError as error:
        if isinstance(error, Unfit):
            raise
        raise Unfit(sentence("a number has too many digits")) from error  # the interpreter's limit of integers
    return value


def _refuse_depth(value: Any) -> None:
    """Refuse lists and objects more than `MOST_LEVELS` deep."""
    level, levels = [value], 0
    while level:
        level = [one for one in level if isinstance(one, dict | list)]
        levels += bool(level)
        if levels > MOST_LEVELS:
            raise Unfit(sentence("nested more than {levels} levels deep", levels=Number(amount=MOST_LEVELS)))
        level = [inner for one in level for inner in (one.values() if isinstance(one, dict) else one)]


def _objection(message: str) -> Said:
    """The sentence that a message is; the message itself where the parser has learned another one."""
    return next((said for known, said in _OBJECTIONS.items() if message.startswith(known)), message)


def _refuse_constant(name: str) -> float:
    raise Unfit(sentence("{name} is no JSON number", name=Word(text=name)))


def _refuse_repeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        counts = Counter(name for name, _ in pairs)
        repeated = sorted(name for name, count in counts.items() if count > 1)
        name = Word(text=repr(repeated[0]))
        raise Unfit(sentence("the name {name} appears more than once in one object", name=name))
    return found
