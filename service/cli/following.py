"""Commands about a plan that runs: track, replan."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.options import HomeOption, JsonOption, LanguageOption
from service.cli.plans import PlanArgument, plan_reader
from service.cli.session import Session, actor, open_session

if TYPE_CHECKING:
    from service.records import SavedPlan

commands = typer.Typer()


@commands.command()
def track(
    context: typer.Context,
    subject: Annotated[
        str | None,
        typer.Argument(metavar="[MARKET|PLAN]", help="A market, of which the running plan is meant, or a plan."),
    ] = None,
    actuals: Annotated[
        Path | None,
        typer.Option(
            help="What happened, to keep first: CSV, XLSX, Parquet or JSON, one row a period.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
    language: LanguageOption = None,
) -> None:
    """Show a running plan against what happened: outcome, money, tasks, alerts."""
    from service.actuals_files import reported_file
    from service.cli.tracking_page import tracking_page
    from service.following import received, tracked
    from service.times import now

    session = open_session(context, home, as_json, language, subject)
    saved = _meant(session, subject)
    if actuals is None:
        found = tracked(session.home, saved)
    else:
        reported = reported_file(session.home, saved, actuals.name, actuals.read_bytes())
        found = received(session.home, saved, reported, actor(), now())
    reader = plan_reader(session, saved)
    if session.as_json:
        session.answer(found, reader)
        return
    session.show(*tracking_page(found, reader))
    if found.alerts and saved.state == "running":
        session.next(reader, f"mixplan replan {saved.id}")


@commands.command()
def replan(
    context: typer.Context,
    plan: PlanArgument,
    budget: Annotated[
        float | None, typer.Option(max=1e15, help="What the rest may cost; what is left of the budget unless given.")
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
    language: LanguageOption = None,
) -> None:
    """Plan the rest of a running plan anew; what was spent is spent. Kept as a draft."""
    from service.answers import ReplannedAnswer
    from service.cli.memo import Setting, memo
    from service.cli.tracking_page import rest_notes
    from service.following import own_models, replanned
    from service.times import now

    if budget is not None and budget <= 0:
        raise typer.BadParameter("a budget must be above zero", param_hint="--budget")
    session = open_session(context, home, as_json, language)
    saved = session.home.plans.plan_of(plan)
    answer = replanned(session.home, saved, actor(), now(), remaining_budget=budget)
    found, reader = answer.replanned, plan_reader(session, saved)
    if session.as_json:
        session.answer(
            found if answer.saved is None else ReplannedAnswer.of(answer.saved, found),
            reader,
        )
    else:
        period = own_models(session.home, saved)[saved.plan.kpi].manifest.period
        setting = Setting(period, found.scenario.reference.kind, session.out.width)
        session.show(*memo(found.plan, reader, setting), *rest_notes(found.notes, reader))
    if answer.saved is None:
        raise typer.Exit(1)
    session.say(reader.gettext("Saved as draft: plan {id}").format(id=answer.saved.id))
    session.next(reader, f"mixplan approve {answer.saved.id}")


def _meant(session: Session, subject: str | None) -> "SavedPlan":
    """The running plan of the market that is named, or of the only one; or the plan that is."""
    plans, markets = session.home.plans, session.home.registry.markets()
    if subject is None:
        if len(markets) != 1:
            raise typer.BadParameter("say which market or plan to track", param_hint="MARKET|PLAN")
        return plans.running(markets[0])
    return plans.running(subject) if subject in markets else plans.plan_of(subject)
