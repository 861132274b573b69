"""Commands about saved plans: plans, approve, start, close, rescore."""

from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.options import HomeOption, JsonOption, LanguageOption
from service.cli.session import Session, actor, open_session

if TYPE_CHECKING:
    from service.language import Reader
    from service.records import PlanState, SavedPlan

commands = typer.Typer()

PlanArgument = Annotated[str, typer.Argument(metavar="PLAN", help="Id of a plan, or how it begins.")]


@commands.command()
def plans(
    context: typer.Context,
    market: Annotated[str | None, typer.Argument(metavar="[MARKET]", help="Only plans of this market.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="At most so many, the newest.")] = 20,
    home: HomeOption = None,
    as_json: JsonOption = False,
    language: LanguageOption = None,
) -> None:
    """List saved plans and their states, the newest first."""
    from service.answers import PlanList, plan_head
    from service.cli.plan_pages import plan_table

    session = open_session(context, home, as_json, language, market)
    page = session.home.plans.page(limit, market=market)
    heads = tuple(plan_head(saved) for saved in page.items)
    reader = plan_reader(session, page.items[0]) if page.items else session.reader()
    if session.as_json:
        session.answer(PlanList(plans=heads, next=page.next_cursor), reader)
    elif heads:
        session.show(plan_table(heads, reader))
    else:
        session.say(reader.gettext("No plan has been saved yet. “mixplan plan SCENARIO” makes one."))


@commands.command()
def approve(
    context: typer.Context,
    plan: PlanArgument,
    home: HomeOption = None,
    as_json: JsonOption = False,
    language: LanguageOption = None,
) -> None:
    """Approve a plan that is a draft."""
    _change(open_session(context, home, as_json, language), plan, "approved")


@commands.command()
def reopen(
    context: typer.Context,
    plan: PlanArgument,
    home: HomeOption = None,
    as_json: JsonOption = False,
    language: LanguageOption = None,
) -> None:
    """Make a plan that is approved a draft again."""
    _change(open_session(context, home, as_json, language), plan, "draft")


@commands.command()
def start(
    context: typer.Context,
    plan: PlanArgument,
    home: HomeOption = None,
    as_json: JsonOption = False,
    language: LanguageOption = None,
) -> None:
    """Start a plan that is approved: from now on its market is tracked by it."""
    _change(open_session(context, home, as_json, language), plan, "running")


@commands.command()
def close(
    context: typer.Context,
    plan: PlanArgument,
    home: HomeOption = None,
    as_json: JsonOption = False,
    language: LanguageOption = None,
) -> None:
    """Close a plan that runs."""
    _change(open_session(context, home, as_json, language), plan, "closed")


@commands.command()
def rescore(
    context: typer.Context,
    plan: PlanArgument,
    version: Annotated[int | None, typer.Option(min=1, help="Model version; the one in use unless given.")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
    language: LanguageOption = None,
) -> None:
    """Show what a saved plan brings by a newer model, beside what it promised."""
    from service.cli.plan_pages import rescore_page
    from service.rescored import rescored

    session = open_session(context, home, as_json, language)
    saved = session.home.plans.plan_of(plan)
    found, reader = rescored(session.home, saved, version), plan_reader(session, saved)
    session.tell(found, reader, lambda: rescore_page(found, reader))


def _change(session: Session, plan: str, state: "PlanState") -> None:
    from service.answers import saved_plan_answer
    from service.times import now

    saved = session.home.plans.plan_of(plan)
    changed = session.home.plans.change(saved.id, state, actor(), now())
    reader = plan_reader(session, changed)
    if session.as_json:
        session.answer(saved_plan_answer(changed), reader)
        return
    told = reader.gettext("Plan {id} ({scenario}, {market}) is {state}.")
    session.show(
        told.format(
            id=changed.id,
            scenario=changed.plan.scenario,
            market=changed.plan.market,
            state=reader.gettext(changed.state),
        )
    )
    following = {"approved": "start", "running": "track"}.get(changed.state)
    if following is not None:
        session.next(reader, f"mixplan {following} {changed.id}")


def plan_reader(session: Session, saved: "SavedPlan") -> "Reader":
    """The reader of this run, in the language of the plan's market unless another is asked for."""
    from service.markets import newest_manifest

    manifest = newest_manifest(session.home.registry, saved.plan.market)
    return session.reader("en" if manifest is None else manifest.language, saved.plan.currency)
