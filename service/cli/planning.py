"""Commands that plan: plan, size, what-if, compare, frontier, explain, portfolio."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.options import BusinessChoice, HomeOption, JsonOption, LanguageOption, ScenarioArgument
from service.cli.session import Session, open_session

if TYPE_CHECKING:
    from rich.console import RenderableType

    from optimizer.plan.document import Plan
    from optimizer.scenario.document import Scenario
    from service.language import Reader

commands = typer.Typer()


@commands.command()
def plan(
    context: typer.Context,
    scenario: ScenarioArgument,
    home: HomeOption = None,
    as_json: JsonOption = False,
    language: LanguageOption = None,
) -> None:
    """Plan a scenario: what to spend, where, what it brings."""
    from service.scenario_files import read_scenario

    session = open_session(context, home, as_json, language, scenario)
    tell_plan(session, read_scenario(scenario))


@commands.command()
def size(
    context: typer.Context,
    scenario: ScenarioArgument,
    home: HomeOption = None,
    as_json: JsonOption = False,
    language: LanguageOption = None,
) -> None:
    """Look for the smallest budget that fulfils the tasks.

    The scenario's own objective and budget do not count.
    """
    from service.scenario_files import read_scenario
    from service.what_if import sized

    session = open_session(context, home, as_json, language, scenario)
    tell_plan(session, sized(read_scenario(scenario)))


@commands.command("what-if")
def what_if(
    context: typer.Context,
    scenario: ScenarioArgument,
    budget: Annotated[list[float] | None, typer.Option(max=1e15, help="Another budget; may be repeated.")] = None,
    business: Annotated[list[BusinessChoice] | None, typer.Option(help="Another preset; may be repeated.")] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PATH=VALUE", help="Another value of any field, such as channels.tv.max=90000."),
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
    language: LanguageOption = None,
) -> None:
    """Plan a scenario under changes, side by side.

    Every budget is combined with every preset; all settings hold in each.
    """
    if not (budget or business or setting):
        raise typer.BadParameter("say what to change: --budget, --business or --set")
    from service import variants
    from service.scenario_files import read_scenario
    from service.what_if import parse_setting
    from service.what_if import variants as combinations

    session = open_session(context, home, as_json, language, scenario)
    try:
        settings = dict(parse_setting(text) for text in setting or [])
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--set") from error
    asked = read_scenario(scenario)
    if any(amount <= 0 for amount in budget or []):
        raise typer.BadParameter("a budget must be above zero", param_hint="--budget")
    answer = variants.what_if(
        session.home.desk, asked, combinations(budget or [], [choice.value for choice in business or []], settings)
    )
    market = session.home.desk.market_of(asked)
    reader = session.reader(market.language, market.currency)
    from service.cli.side_by_side import side_by_side

    session.tell(answer, reader, lambda: side_by_side(answer, reader, session.out.width))
    if any(variant.plan.status == "infeasible" for variant in answer.variants):
        raise typer.Exit(1)


@commands.command()
def compare(
    context: typer.Context,
    scenarios: Annotated[
        list[str], typer.Argument(metavar="SCENARIO…", help="Scenario files, or ids of saved scenarios and plans.")
    ],
    home: HomeOption = None,
    as_json: JsonOption = False,
    language: LanguageOption = None,
) -> None:
    """Show the plans of several scenarios of one market side by side."""
    from service.cli.side_by_side import side_by_side
    from service.comparison import Compared, saved_plan, side_by_side_of
    from service.scenario_files import read_scenario

    if len(scenarios) < 2:
        raise typer.BadParameter("name at least two scenarios")
    session = open_session(context, home, as_json, language, scenarios[0])
    compared = []
    for named in scenarios:
        if Path(named).is_file():
            asked = read_scenario(Path(named))
            compared.append(Compared(asked.name, session.home.desk.plan(asked)))
        else:
            compared.append(saved_plan(session.home.scenarios, named))
    answer = side_by_side_of(compared)
    market = session.home.desk.market(answer.market)
    reader = session.reader(market.language, answer.currency)
    session.tell(answer, reader, lambda: side_by_side(answer, reader, session.out.width))


@commands.command()
def frontier(
    context: typer.Context,
    scenario: ScenarioArgument,
    lowest: Annotated[float, typer.Option("--from", min=0, help="The smallest budget.")],
    highest: Annotated[float, typer.Option("--to", min=0, help="The largest budget.")],
    points: Annotated[int, typer.Option(min=2, max=200, help="Budgets in all, both ends among them.")] = 50,
    home: HomeOption = None,
    as_json: JsonOption = False,
    language: LanguageOption = None,
) -> None:
    """Show outcome, ROAS and mROAS over budgets."""
    if not 0 < lowest < highest:
        raise typer.BadParameter("--from must be above zero and below --to")
    from service.answers import frontier_answer
    from service.cli.frontier_page import frontier_page
    from service.scenario_files import read_scenario
    from service.variants import budgets_between

    session = open_session(context, home, as_json, language, scenario)
    asked = read_scenario(scenario)
    found = session.home.desk.frontier(asked, budgets_between(lowest, highest, points))
    market = session.home.desk.market_of(asked)
    answer = frontier_answer(asked, market.artifacts[asked.kpi], found)
    reader = session.reader(market.language, market.currency)
    session.tell(answer, reader, lambda: frontier_page(answer, reader, session.out.width))


@commands.command()
def explain(
    context: typer.Context,
    scenario: ScenarioArgument,
    home: HomeOption = None,
    as_json: JsonOption = False,
    language: LanguageOption = None,
) -> None:
    """Show what a plan leaves open: other plans as good, how well the split is known, what to test next."""
    from service.cli.explanation_page import explanation_page
    from service.cli.memo import Setting, memo
    from service.scenario_files import read_scenario

    session = open_session(context, home, as_json, language, scenario)
    asked = read_scenario(scenario)
    plan, explanation = session.home.desk.explain(asked)
    market = session.home.desk.market_of(asked)
    reader = session.reader(market.language, market.currency)
    if session.as_json:
        session.answer(plan if explanation is None else explanation, reader)
    elif explanation is None:
        session.show(*memo(plan, reader, Setting(market.period, asked.reference.kind, session.out.width)))
    else:
        session.show(*explanation_page(explanation, reader, market.period))
    if explanation is None:
        raise typer.Exit(1)


@commands.command()
def portfolio(
    context: typer.Context,
    file: Annotated[
        Path, typer.Argument(metavar="PORTFOLIO", help="A portfolio file (TOML).", exists=True, dir_okay=False)
    ],
    home: HomeOption = None,
    as_json: JsonOption = False,
    language: LanguageOption = None,
) -> None:
    """Split one budget over several markets, and in each."""
    from service.cli.portfolio_page import portfolio_page
    from service.portfolios import plan_of_portfolio, read_portfolio

    session = open_session(context, home, as_json, language, file)
    asked = read_portfolio(file)
    planned = plan_of_portfolio(session.home.desk, asked)
    market = session.home.desk.market_of(asked.markets[0].scenario)
    reader = session.reader(market.language, planned.currency)
    session.tell(planned, reader, lambda: portfolio_page(planned, reader))
    if planned.status == "infeasible":
        raise typer.Exit(1)


def tell_plan(session: Session, scenario: "Scenario") -> None:
    """Plan a scenario and show its memo; ends with exit code 1 when the scenario is infeasible."""
    answered, reader, page = plan_page(session, scenario)
    session.tell(answered, reader, lambda: page)
    if answered.status == "infeasible":
        raise typer.Exit(1)


def plan_page(session: Session, scenario: "Scenario") -> "tuple[Plan, Reader, list[RenderableType]]":
    """The plan of a scenario, kept; its reader; and its page."""
    from service.cli.memo import Setting, memo
    from service.times import now

    found = session.home.desk.answer(scenario, now())
    answered = found.plan
    market = session.home.desk.market_of(scenario)
    reader = session.reader(market.language, market.currency)
    if found.saved is not None:
        session.say(reader.gettext("Saved as draft: plan {id}").format(id=found.saved.id))
    return answered, reader, memo(answered, reader, Setting(market.period, scenario.reference.kind, session.out.width))
