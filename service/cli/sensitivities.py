"""The command that says how much returns lean on what was assumed."""

from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.options import HomeOption, JsonOption, LanguageOption, MarketFile
from service.cli.session import open_session

if TYPE_CHECKING:
    from rich.console import RenderableType

    from mmm.checks.sensitivity import ChannelSensitivity, OtherReturn, PriorSensitivity
    from service.language import Reader

commands = typer.Typer()


@commands.command()
def sensitivity(
    context: typer.Context,
    market: MarketFile,
    kpi: Annotated[str | None, typer.Option("--kpi", help="Which KPI; the first unless given.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of the draws; the market's own unless given.")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
    language: LanguageOption = None,
) -> None:
    """Fit a market under wider priors and with learnt shapes, and say which channels' returns move."""
    from mmm.checks.sensitivity import WIDENINGS, compare_priors, with_learnt_shapes
    from mmm.fit import fit_widened
    from mmm.io import load_market
    from service.cli.progress import fit_progress
    from service.errors import not_known

    session = open_session(context, home, as_json, language, market)
    loaded = load_market(market)
    header = loaded.spec.market
    reader = session.reader(header.language, header.currency)
    names = [outcome.name for outcome in loaded.spec.outcomes]
    name = names[0] if kpi is None else kpi
    if name not in names:
        raise not_known("KPI", name, names)
    fits = {}
    for factor in (1.0, *WIDENINGS):
        with fit_progress(session.talk, f"{loaded.name} · {name} · ×{factor:g}", reader) as progress:
            fits[factor] = fit_widened(loaded, name, factor, seed=seed, progress=progress)
    learnt = None
    if (other := with_learnt_shapes(loaded)) is not None:
        with fit_progress(session.talk, f"{loaded.name} · {name} · hill", reader) as progress:
            learnt = fit_widened(other, name, 1.0, seed=seed, progress=progress)
    worth = loaded.values_per_unit[name]
    found = compare_priors(
        loaded.name,
        name,
        None if worth is None else float(worth.mean()),
        fits.pop(1.0),
        fits,
        learnt,
    )
    session.tell(found, reader, lambda: sensitivity_page(found, reader))


def sensitivity_page(found: "PriorSensitivity", reader: "Reader") -> "list[RenderableType]":
    """Each channel's return as it was fitted, under wider priors and with learnt shapes, and what that means."""
    from rich.text import Text

    from service.cli.tables import heading, table

    _ = reader.gettext
    factors = [one.widening for one in found.channels[0].widened]
    heads = [_("Priors × {factor}").format(factor=reader.number(factor, 1)) for factor in factors]
    columns = [name for head in heads for name in (head, _("Moved"), _("Interval"))]
    title = _("ROAS") if found.is_valued else _("Units per money")
    shown = table(_("Channel"), title, *columns, numbers=range(1, 2 + 3 * len(factors)))
    for channel in found.channels:
        cells = [_interval(channel, reader)]
        for one in channel.widened:
            cells += [_ratio(one.mean, reader), *_against(one, reader)]
        shown.add_row(Text(channel.channel), *cells)
    told = _(
        "Moved: shift of the mean, as a part of the 90 % interval under the priors as they are. Interval: how many "
        "times as wide."
    )
    page: list[RenderableType] = [
        heading(f"{found.market} · {found.outcome}"),
        shown,
        "",
        Text(told),
        Text(reader.say(found.said)),
    ]
    if found.said_of_shapes is not None:
        page += ["", _shapes(found, title, reader), "", Text(reader.say(found.said_of_shapes))]
    return page


def _shapes(found: "PriorSensitivity", title: str, reader: "Reader") -> "RenderableType":
    """Returns of the channels whose saturation has a given shape, and with a learnt one."""
    from rich.text import Text

    from service.cli.tables import table

    _ = reader.gettext
    heads = (title, _("Learnt shape (hill)"), _("Moved"), _("Interval"))
    shown = table(_("Channel"), *heads, numbers=range(1, 5))
    for channel in found.channels:
        if channel.learnt_shape is not None:
            cells = (_interval(channel, reader), _interval(channel.learnt_shape, reader))
            shown.add_row(Text(channel.channel), *cells, *_against(channel.learnt_shape, reader))
    return shown


def _interval(one: "ChannelSensitivity | OtherReturn", reader: "Reader") -> str:
    return f"{_ratio(one.mean, reader)} ({_ratio(one.p05, reader)}–{_ratio(one.p95, reader)})"


def _against(one: "OtherReturn", reader: "Reader") -> tuple[str, str]:
    return reader.change(one.moved), f"× {reader.number(one.stretched, 1)}"


def _ratio(amount: float, reader: "Reader") -> str:
    return reader.ratio(amount) if abs(amount) >= 0.1 else reader.number(amount, 6)
