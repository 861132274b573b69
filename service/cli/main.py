"""The command `mixplan`: its commands, and what becomes of an error."""

import os
import sys
import threading
from pathlib import Path
from typing import Annotated, Any

import typer
from typer._click.exceptions import ClickException
from typer.core import TyperGroup

from service.cli import (
    backtesting,
    exporting,
    fitting,
    following,
    goals,
    keys,
    markets,
    planning,
    plans,
    reporting,
    samples,
    sensitivities,
    serving,
    storing,
    webhooks,
    working,
)
from service.cli.options import LanguageChoice
from service.cli.session import Asked


class MixplanCommands(TyperGroup):
    """The commands; what a command refuses ends in words and an exit code, never in a traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was named."""
        arguments = tuple(ctx.args)
        try:
            return super().invoke(ctx)
        except (typer.Exit, typer.Abort):
            raise
        except ClickException as error:
            if "--json" in arguments or ctx.find_root().ensure_object(Asked).as_json:
                from service.cli.refusal import misuse

                misuse(error.format_message())
            raise
        except _own_errors() as error:
            from service.cli.refusal import refuse

            raise typer.Exit(refuse(ctx.find_root().ensure_object(Asked), error)) from error
        finally:
            session = ctx.find_root().ensure_object(Asked).session
            if session is not None:
                session.close()


app = typer.Typer(
    cls=MixplanCommands,
    name="mixplan",
    help="How much should we spend, and where? Learns what each channel does, sizes a budget and splits it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help starts in half of the time
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _print_version(is_asked: bool) -> None:
    if is_asked:
        from importlib.metadata import version

        typer.echo(f"mixplan {version('mixplan')}")
        raise typer.Exit


@app.callback()
def before_any_command(
    context: typer.Context,
    home: Annotated[Path | None, typer.Option("--home", help="As after the command.", file_okay=False)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As after the command.")] = False,
    language: Annotated[LanguageChoice | None, typer.Option("--lang", help="As after the command.")] = None,
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Take the options that may stand before a command too."""
    context.obj = Asked(home, as_json, language)


for commands in (
    samples.commands,
    markets.commands,
    fitting.commands,
    sensitivities.commands,
    backtesting.commands,
    goals.commands,
    planning.commands,
    plans.commands,
    following.commands,
    exporting.commands,
    reporting.commands,
    serving.commands,
    storing.commands,
    working.commands,
    keys.commands,
    webhooks.commands,
):
    app.add_typer(commands)


def main() -> None:
    """Run the command line, and end with it: the queue's threads may wait for what no longer comes."""
    try:
        app()
    except SystemExit as ended:
        if threading.active_count() > 1:  # the interpreter would wait for those of a pool, daemons or not
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(ended.code if isinstance(ended.code, int) else 0)
        raise


def _own_errors() -> tuple[type[Exception], ...]:
    """The exceptions that mean "refused": looked up only once one was raised."""
    from service.problems import EXPECTED

    return EXPECTED


if __name__ == "__main__":
    main()
