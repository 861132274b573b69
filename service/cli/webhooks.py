"""Commands about webhooks: webhooks add, list, remove."""

from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.keys import TenantOption
from service.cli.options import HomeOption, JsonOption, LanguageOption
from service.cli.session import Session, open_session

if TYPE_CHECKING:
    from service.webhooks import Webhooks

commands = typer.Typer()
webhook_commands = typer.Typer(help="Addresses that events are sent to.", no_args_is_help=True)
commands.add_typer(webhook_commands, name="webhooks")


@webhook_commands.command()
def add(
    context: typer.Context,
    address: Annotated[str, typer.Argument(metavar="URL", help="An https address, or http on this machine.")],
    tenant: TenantOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
    language: LanguageOption = None,
) -> None:
    """Send every event to an address from now on, and show the secret that it is signed with."""
    from service.times import now

    session = open_session(context, home, as_json, language)
    webhook, secret = _webhooks(session, tenant).add(address, now())
    reader = session.reader()
    if session.as_json:
        session.answer({"webhook": webhook, "secret": secret}, reader)
        return
    session.say(reader.gettext("What is sent there is signed with this secret, which is shown once:"))
    session.show(secret)


@webhook_commands.command(name="list")
def list_webhooks(
    context: typer.Context,
    tenant: TenantOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
    language: LanguageOption = None,
) -> None:
    """List the addresses that events are sent to."""
    from service.cli.tables import table

    session = open_session(context, home, as_json, language)
    reader = session.reader()
    found = _webhooks(session, tenant).all()
    if session.as_json:
        session.answer({"webhooks": found}, reader)
        return
    if not found:
        session.say(reader.gettext("Events are sent nowhere."))
        return
    _ = reader.gettext
    shown = table(_("Webhook"), _("Address"), _("Last event"), _("Failed tries"), numbers=(2, 3))
    for one in found:
        shown.add_row(one.id, one.address, str(one.sent), str(one.failures))
    session.show(shown)


@webhook_commands.command()
def remove(
    context: typer.Context,
    webhook: Annotated[str, typer.Argument(metavar="WEBHOOK", help="Id of the webhook, as the list has it.")],
    tenant: TenantOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
    language: LanguageOption = None,
) -> None:
    """Send nothing more to an address."""
    session = open_session(context, home, as_json, language)
    removed = _webhooks(session, tenant).remove(webhook)
    reader = session.reader()
    told = reader.gettext("Nothing more is sent to {address}.").format(address=removed.address)
    session.tell({"webhook": removed}, reader, lambda: [told])


def _webhooks(session: Session, tenant: str | None) -> "Webhooks":
    from service.webhooks import Webhooks

    return Webhooks(session.home.store, tenant or session.home.settings.tenant)
