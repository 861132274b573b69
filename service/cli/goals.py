"""The command that takes an annual goal apart: goals."""

from typing import TYPE_CHECKING

import typer

from service.cli.options import HomeOption, JsonOption, LanguageOption, ScenarioArgument
from service.cli.session import open_session

if TYPE_CHECKING:
    from rich.console import RenderableType

    from optimizer.goals.tree import GoalTree
    from service.language import Reader

commands = typer.Typer()


@commands.command()
def goals(
    context: typer.Context,
    scenario: ScenarioArgument,
    home: HomeOption = None,
    as_json: JsonOption = False,
    language: LanguageOption = None,
) -> None:
    """Take an annual goal apart, and into tasks for the scenario's horizon."""
    from service.scenario_files import read_scenario

    session = open_session(context, home, as_json, language, scenario)
    asked = read_scenario(scenario)
    tree = session.home.desk.goals(asked)
    market = session.home.desk.market_of(asked)
    reader = session.reader(market.language, market.currency)
    session.tell(tree, reader, lambda: goal_page(tree, reader))


def goal_page(tree: "GoalTree", reader: "Reader") -> "list[RenderableType]":
    """The tree as a table, a line a period and a column a part; then the tasks, ready for a scenario file."""
    from rich.text import Text

    from service.cli.tables import bullet, heading, table

    _ = reader.gettext
    names = [part.name for part in tree.parts]
    shown = table(_("First day"), _("Last day"), _("Share"), tree.kpi, *names, numbers=range(2, 4 + len(names)))
    for period in tree.periods:
        parts = [reader.number(part.target) for part in period.parts]
        days = (reader.day(period.start), reader.day(period.end))
        shown.add_row(*days, reader.share(period.share, 1), reader.number(period.target), *parts)
    shown.add_section()
    sums = [reader.number(part.target) for part in tree.parts]
    shown.add_row(Text(_("Total")), "", reader.share(1.0, 1), reader.number(tree.target), *sums, style="bold")
    return [
        heading(_("The goal by period")),
        shown,
        *(bullet(reader.say(remark)) for remark in tree.remarks),
        heading(_("Tasks of this horizon, for the scenario file")),
        Text(tree.toml.rstrip()),
    ]
