"""What a command says when it refuses: a table of faults or a sentence, and the exit code."""

from pathlib import Path

from rich.table import Table
from rich.text import Text

from mmm.errors import Fault, Refused
from mmm.sentence import Word, sentence
from mmm.vocabulary import Language
from optimizer.errors import ScenarioRefused
from service.cli.session import Asked, Session, print_trimmed
from service.cli.subject import language_of
from service.cli.tables import table
from service.errors import StoreRefused
from service.language import Reader
from service.problems import MISUSE, Problem, problem_document, problem_of


def refuse(asked: Asked, error: Exception) -> int:
    """Tell what was refused and return the exit code; with `--json` as a problem document on stdout."""
    session = asked.session or Session(asked.home, asked.as_json, asked.language)
    reader = session.reader(_language(session, asked.subject))
    problem = problem_of(error)
    if session.as_json:
        session.print_json(problem_document(problem, reader))
        return problem.kind.exit_code
    print_trimmed(session.talk, Text(reader.say(problem.kind.title), style="bold red"))
    print_trimmed(session.talk, Text(reader.say(problem.detail)))
    if isinstance(error, Refused | ScenarioRefused):
        print_trimmed(session.talk, fault_table(error.faults, reader))
    return problem.kind.exit_code


def misuse(reason: str) -> None:
    """Write what was wrong with a command line as the problem document of this run."""
    session = Session(None, as_json=True, language="en")
    problem = Problem(MISUSE, sentence("{reason}", reason=Word(text=reason)))
    session.print_json(problem_document(problem, session.reader()))


def _language(session: Session, subject: str | Path | None) -> Language:
    if subject is None or session.language is not None:
        return session.language or "en"
    try:
        return language_of(subject, session.home.registry)
    except StoreRefused:
        return "en"


def fault_table(faults: tuple[Fault, ...], reader: Reader) -> Table:
    """Faults as a table: where, what was found, what is expected."""
    has_rows = any(fault.row is not None for fault in faults)
    shown = table(
        reader.gettext("File"),
        *([reader.gettext("Row")] if has_rows else []),
        reader.gettext("Field"),
        reader.gettext("Found"),
        reader.gettext("Expected"),
        show_lines=True,
    )
    for fault in faults:
        row = [] if not has_rows else ["" if fault.row is None else str(fault.row)]
        cells = (reader.say(fault.file), *row, fault.field, reader.say(fault.found), reader.say(fault.expected))
        shown.add_row(*(Text(cell) for cell in cells))
    return shown
