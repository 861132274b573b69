"""Commands about API keys: keys create, list, revoke."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated

import typer

from service.cli.options import HomeOption, JsonOption, LanguageOption
from service.cli.session import open_session

commands = typer.Typer()
key_commands = typer.Typer(help="API keys of the service.", no_args_is_help=True)
commands.add_typer(key_commands, name="keys")


class ScopeChoice(StrEnum):
    """What a key may do."""

    READ = "read"
    PLAN = "plan"
    FIT = "fit"
    ADMIN = "admin"


TenantOption = Annotated[
    str | None, typer.Option("--tenant", help="Whose key; $MIXPLAN_TENANT or “default” unless given.")
]


@key_commands.command()
def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the key is for; the log calls it by that.")],
    scope: Annotated[
        list[ScopeChoice] | None, typer.Option(help="What it may do; may be repeated. read and plan unless given.")
    ] = None,
    days: Annotated[int | None, typer.Option(min=1, max=3650, help="Days after which it ends.")] = None,
    tenant: TenantOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
    language: LanguageOption = None,
) -> None:
    """Make a key, and show it this once."""
    from service.cli.session import actor
    from service.keys import Keys, Scope
    from service.times import now

    session = open_session(context, home, as_json, language)
    keys = Keys(session.home.store, tenant or session.home.settings.tenant)
    moment = now()
    expires_at = None if days is None else moment + timedelta(days=days)
    scopes: list[Scope] = [choice.value for choice in scope or (ScopeChoice.READ, ScopeChoice.PLAN)]
    issued = keys.issue(name[:80], scopes, actor(), moment, expires_at)
    reader = session.reader()
    if session.as_json:
        session.answer({"key": issued.key, "secret": issued.secret}, reader)
        return
    session.say(reader.gettext("This key is shown once, and can never be read again:"))
    session.show(issued.secret)


@key_commands.command("list")
def list_keys(
    context: typer.Context,
    tenant: TenantOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
    language: LanguageOption = None,
) -> None:
    """List the keys of a tenant, also those that have ended."""
    from rich.text import Text

    from service.cli.tables import table
    from service.keys import Keys
    from service.times import now

    session = open_session(context, home, as_json, language)
    found = Keys(session.home.store, tenant or session.home.settings.tenant).all()
    reader = session.reader()
    if session.as_json:
        session.answer({"keys": found}, reader)
        return
    _ = reader.gettext
    shown = table(_("Key"), _("Name"), _("Scopes"), _("Made"), _("Ends"), _("Valid"))
    for key in found:
        ends = key.revoked_at or key.expires_at
        shown.add_row(
            key.id,
            Text(key.name),
            ", ".join(key.scopes),
            reader.day(key.created_at.date()),
            "" if ends is None else reader.day(ends.date()),
            _("yes") if key.is_valid(now()) else _("no"),
        )
    session.show(shown)


@key_commands.command()
def revoke(
    context: typer.Context,
    key: Annotated[str, typer.Argument(metavar="KEY", help="Id of the key, as “mixplan keys list” shows it.")],
    tenant: TenantOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
    language: LanguageOption = None,
) -> None:
    """End a key at once."""
    from service.cli.session import actor
    from service.keys import Keys
    from service.times import now

    session = open_session(context, home, as_json, language)
    keys = Keys(session.home.store, tenant or session.home.settings.tenant)
    ended = keys.revoke(key, actor(), now())
    reader = session.reader()
    told = reader.gettext("Key {name} opens nothing any more.").format(name=ended.name)
    session.tell({"key": ended}, reader, lambda: [told])
