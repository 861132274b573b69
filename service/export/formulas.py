"""Texts that a spreadsheet would run instead of showing.

A cell that begins with ``=``, ``+``, ``-`` or ``@`` is a formula to a spreadsheet, also after white space, and in East
Asian versions in full width too (OWASP, "CSV Injection"). Names of channels, scenarios and KPIs come from files and
over HTTP, so any of them may begin so. What each format does about it:

- CSV has no types. Every text stands in quotes, and one that could start a formula gets an apostrophe in front; so
  does what follows a delimiter inside of a text, where a spreadsheet that splits at semicolons would see a new cell.
  Numbers stay as they are: a minus before digits alone starts no formula.
- XLSX has types. Every text is written as a text, which no program runs, without an apostrophe; those that could start
  a formula carry the mark "quote prefix" besides, so that they stay texts when somebody edits the cell.

In both, tabs, line breaks and other control characters become spaces: they have no place in a cell of a table, and a
reader that takes a file line by line would see a new cell behind them.
"""

import re
import unicodedata

TRIGGERS = frozenset("=+-@＝＋－＠﹢﹣﹦﹫−")
"""Characters that start a formula, in ASCII, in full width and in small forms, and the minus of typesetters."""

_AFTER_DELIMITER = re.compile(rf"""([,;|][\s"']*)(?=[{re.escape("".join(sorted(TRIGGERS)))}])""")
_UNSEEN = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})
"""Categories of characters that a spreadsheet may skip at the start of a cell."""


def one_line(text: str) -> str:
    """The text with every control character and line break as a space, and without halves of characters."""
    return "".join(_shown(character) for character in text)


def starts_formula(text: str) -> bool:
    """Whether a spreadsheet might take the text for a formula."""
    seen = (character for character in text if character != '"' and unicodedata.category(character) not in _UNSEEN)
    first = next(seen, "")
    return first in TRIGGERS


def for_csv(text: str) -> str:
    """The text as a CSV cell that is no formula."""
    shown = _AFTER_DELIMITER.sub(r"\1'", one_line(text))
    return f"'{shown}" if starts_formula(shown) else shown


def _shown(character: str) -> str:
    category = unicodedata.category(character)
    if category in ("Cc", "Zl", "Zp"):
        return " "
    return "\ufffd" if category == "Cs" or character in "\ufffe\uffff" else character
