"""What a TOML parser objects to, in sentences: its messages name the place in words and know English alone."""

import re

from mmm.errors import Fault
from mmm.sentence import Said, Sentence, Word, phrase, sentence

_OBJECTIONS = (
    sentence("invalid statement"),
    sentence("expected newline or end of document after a statement"),
    sentence("expected '=' after a key in a key/value pair"),
    sentence("expected ']' at the end of a table declaration"),
    sentence("expected ']]' at the end of an array declaration"),
    sentence("cannot overwrite a value"),
    sentence("invalid initial character for a key part"),
    sentence("invalid value"),
    sentence("invalid date or datetime"),
    sentence("invalid hex value"),
    sentence("unclosed array"),
    sentence("unclosed inline table"),
    sentence("unterminated string"),
    sentence("unescaped '\\' in a string"),
    sentence("escaped character is not a Unicode scalar value"),
    sentence("illegal character {what}"),
    sentence("found invalid character {what}"),
    sentence("cannot declare {what} twice"),
    sentence("cannot redefine namespace {what}"),
    sentence("cannot mutate immutable namespace {what}"),
    sentence("duplicate inline table key {what}"),
    sentence("expected {what}"),
)
"""Messages of the standard library's parser; of two that fit, the first is meant."""


def syntax_fault(file: str, message: str, text: str) -> Fault:
    """The fault of a TOML parser's message, at the row and column that it names."""
    expected = sentence("TOML (https://toml.io)")
    lowered = message[:1].lower() + message[1:]
    place = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)$", lowered)
    last_row = max(1, len(text.splitlines()))
    if place is None:
        return Fault(file, "", _objection(lowered), expected, row=last_row)
    reason = phrase(_objection(lowered.removesuffix(place[0])))
    if place[1] is None:
        found = sentence("{reason} (at end of document)", reason=reason)
        return Fault(file, "", found, expected, row=last_row)
    found = sentence("{reason}, at column {column}", reason=reason, column=Word(text=place[2]))
    return Fault(file, "", found, expected, row=int(place[1]))


def _objection(message: str) -> Said:
    """The sentence that a message is; the message itself where the parser has learned another one."""
    for known in _OBJECTIONS:
        before, _, after = known.template.partition("{what}")
        if message == known.template:
            return known
        if before != known.template and message.startswith(before) and message.endswith(after):
            what = message.removeprefix(before).removesuffix(after)
            return Sentence(template=known.template, values={"what": Word(text=what)})
    return message
