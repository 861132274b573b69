"""One run of a command: what was asked for on the command line, and where answers go.

Data goes to stdout, talk to stderr. What is heavy is imported when it is first needed, so that
help and completion stay quick.
"""

import json
import os
import re
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from service.cli.options import LanguageChoice

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rich.console import Console, RenderableType

    from service.home import Home
    from service.language import Reader

PAGE_WIDTH = 100
"""Columns of a page: wider terminals do not make a table easier to read."""

_PADDING = re.compile(r"(?: |\x1b\[[0-9;]*m)+$")
"""What may end a line: spaces, and the codes of styles between them."""


@dataclass
class Asked:
    """What was asked before the name of a command; then the session that it opened, and what it is about."""

    home: Path | None = None
    as_json: bool = False
    language: LanguageChoice | None = None
    session: "Session | None" = None
    subject: str | Path | None = None


@dataclass(frozen=True)
class Session:
    """What a command works with."""

    home_folder: Path | None
    as_json: bool
    language: LanguageChoice | None

    @cached_property
    def home(self) -> "Home":
        """The opened home folder."""
        from service.home import open_home
        from service.settings import settings_from

        return open_home(settings_from(self.home_folder, os.environ))

    def close(self) -> None:
        """Give back what was opened."""
        if "home" in self.__dict__:
            self.home.close()

    @cached_property
    def out(self) -> "Console":
        """Where answers go."""
        return _console(is_error=False)

    @cached_property
    def talk(self) -> "Console":
        """Where progress and remarks go."""
        return _console(is_error=True)

    def reader(self, language: str = "en", currency: str | None = None) -> "Reader":
        """The reader of this run: in the language asked for, else in `language`."""
        from service.language import NO_CURRENCY, Reader

        return Reader(self.language or ("zh" if language == "zh" else "en"), currency or NO_CURRENCY)

    def print_json(self, document: object) -> None:
        """Write the one JSON document of this run."""
        sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False) + "\n")

    def answer(self, value: object, reader: "Reader") -> None:
        """Write a value as the JSON document of this run."""
        from service.documents import document

        self.print_json(document(value, reader))

    def tell(self, value: object, reader: "Reader", page: "Callable[[], Iterable[RenderableType]]") -> None:
        """Answer a command: with a value where JSON is asked for, else with the page that is made of it."""
        if self.as_json:
            self.answer(value, reader)
        else:
            self.show(*page())

    def show(self, *parts: "RenderableType") -> None:
        """Write parts of a page to stdout."""
        for part in parts:
            print_trimmed(self.out, part)

    def say(self, text: str) -> None:
        """Write a remark to stderr."""
        self.talk.print(text, markup=False, highlight=False, soft_wrap=True)

    def next(self, reader: "Reader", command: str) -> None:
        """Tell on stderr which command comes next."""
        self.say(reader.gettext("Next: {command}").format(command=command))


def open_session(
    context: typer.Context,
    home: Path | None,
    as_json: bool,
    language: LanguageChoice | None,
    subject: str | Path | None = None,
) -> Session:
    """The session of a command; an option after the command's name wins over the same before it.

    `subject` is the market or the file that the command is about: a refusal is read in its language.
    """
    asked = context.find_root().ensure_object(Asked)
    asked.subject = subject
    session = Session(home or asked.home, as_json or asked.as_json, language or asked.language)
    asked.session = session
    return session


def actor() -> str:
    """Who runs the command, for the log of who did what."""
    import getpass

    try:
        return getpass.getuser()[:80]
    except (KeyError, OSError):
        return "command line"


def print_trimmed(console: "Console", part: "RenderableType") -> None:
    """Print a part of a page without the spaces that would end its lines."""
    from rich.table import Table

    from service.cli.narrow import fit_to_page

    if isinstance(part, Table):
        fit_to_page(part, console)
    with console.capture() as captured:
        console.print(part)
    for line in captured.get().splitlines():
        console.file.write(_PADDING.sub(_without_spaces, line) + "\n")


def _without_spaces(end: re.Match[str]) -> str:
    return end[0].replace(" ", "")


def _console(*, is_error: bool) -> "Console":
    from rich.console import Console

    console = Console(stderr=is_error, highlight=False, soft_wrap=False)
    is_told = console.is_terminal or os.environ.get("COLUMNS", "").isdigit()
    width = min(console.width, PAGE_WIDTH) if is_told else PAGE_WIDTH
    return Console(stderr=is_error, highlight=False, width=width)
