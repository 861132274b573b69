"""Text of a file whose encoding nobody declared: UTF-8, UTF-16 with its mark, or GB18030."""

import codecs
from dataclasses import dataclass

from mmm.sentence import Sentence, Word, sentence

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text and the name of the encoding that it was read in."""

    text: str
    encoding: str


@dataclass(frozen=True, slots=True)
class Undecodable(Exception):
    """Bytes in none of the encodings that are read; `line` is the first that fails, counted from one."""

    line: int
    reason: Sentence


def decode(content: bytes) -> Decoded:
    """The text of a file, without its byte order mark.

    A file that is not valid UTF-8 is read as GB18030 only when its bytes look like Chinese: almost any
    Western text is *valid* GB18030 too, and would turn into rare characters without an error.

    Raises
    ------
    Undecodable
        With the first line that fails.
    """
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return _strict(content, encoding)
    try:
        return _strict(content, "utf-8")
    except Undecodable as unreadable:
        try:
            decoded = _strict(content, "gb18030")
        except Undecodable:
            raise unreadable from None
        if not _reads_as_chinese(decoded.text):
            reason = sentence("bytes that are neither UTF-8 nor Chinese in GB18030")
            raise Undecodable(unreadable.line, reason) from None
        return decoded


def _strict(content: bytes, encoding: str) -> Decoded:
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        reason = sentence("bytes that are not {encoding}", encoding=Word(text=error.encoding.upper()))
        raise Undecodable(line, reason) from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise Undecodable(line, sentence("NUL bytes: a binary file, or UTF-16 without mark"))
    return Decoded(text, encoding)


def _reads_as_chinese(text: str) -> bool:
    """Whether most of the characters beyond ASCII are of GB 2312, the everyday part of GB18030."""
    beyond = [character for character in text if character > "\x7f"]
    return 2 * sum(_is_everyday(character) for character in beyond) > len(beyond)


def _is_everyday(character: str) -> bool:
    try:
        character.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True
