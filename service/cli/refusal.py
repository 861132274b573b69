"""What a command says when it refuses: a table of faults or a sentence, and the exit code."""

from rich.table import Table
from rich.text import Text

from mmm.errors import Fault, Refused
from optimizer.errors import ScenarioRefused
from service.cli.session import Asked, Session
from service.cli.tables import table
from service.language import Reader
from service.problems import problem_document, problem_of


def refuse(asked: Asked, error: Exception) -> int:
    """Tell what was refused and return the exit code; with `--json` as a problem document on stdout."""
    session = asked.session or Session(asked.home, asked.as_json, asked.language)
    reader = session.reader()
    problem = problem_of(error)
    if session.as_json:
        session.print_json(problem_document(problem, reader))
        return problem.kind.exit_code
    session.talk.print(Text(reader.say(problem.kind.title), style="bold red"))
    session.talk.print(Text(reader.say(problem.detail)))
    if isinstance(error, Refused | ScenarioRefused):
        session.talk.print(fault_table(error.faults, reader))
    return problem.kind.exit_code


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
