"""What a plan leaves open, as one page: the choice that is left, how well it is known, what to test next."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from mmm.periods import PLURALS
from mmm.sentence import Money, Number, Sentence, Share, Term, Value, Word, phrase, sentence
from mmm.vocabulary import PeriodName
from optimizer.plan.explanation import ChannelExplanation, Explanation, PauseTest
from service.cli.figures import quantity
from service.cli.learning import learning_parts
from service.cli.tables import ASSUMED_MARK, bullet, channel_name, heading, table
from service.language import Reader


def explanation_page(found: Explanation, reader: Reader, period: PeriodName) -> list[RenderableType]:
    """The page of an explanation."""
    _ = reader.gettext
    title = Text(f"\n{found.scenario}", style="bold")
    title.append(f"   {found.market} · {found.kpi}", style="not bold dim")
    parts: list[RenderableType] = [title]
    parts += [bullet(reader.say(note)) for note in found.notes]
    for section in (_room, _alternatives, _known):
        parts += section(found, reader)
    parts += _tests(found, reader, period)
    parts += learning_parts(found, reader)
    if any(channel.is_assumed for channel in found.channels):
        parts.append(Text(reader.say(ASSUMED_MARK), style="italic"))
    return parts


def _room(found: Explanation, reader: Reader) -> Iterator[RenderableType]:
    _ = reader.gettext
    yield heading(_("How much choice there is"))
    told = sentence(
        "Plans that bring {near} less at most may spend from the first to the second column, the others making room.",
        near=Share(fraction=found.near, digits=0),
    )
    yield Text(reader.say(told))
    shown = table(_("Channel"), _("Best"), _("At least"), _("At most"), numbers=[1, 2, 3])
    for channel in found.channels:
        amounts = (channel.spend, channel.low, channel.high)
        shown.add_row(
            channel_name(channel.channel, is_assumed=channel.is_assumed), *(reader.money(amount) for amount in amounts)
        )
    yield shown


def _alternatives(found: Explanation, reader: Reader) -> Iterator[RenderableType]:
    if not found.alternatives:
        return
    _ = reader.gettext
    yield heading(_("Other plans nearly as good"))
    names = [
        reader.say(sentence("Other {number}", number=Number(amount=i + 1))) for i in range(len(found.alternatives))
    ]
    shown = table("", _("Best"), *names, numbers=range(1, len(names) + 2))
    shown.add_row(_("Brings less"), "–", *(reader.share(other.loss, 2) for other in found.alternatives), style="bold")
    for channel in found.channels:
        others = (reader.money(other.spend[channel.channel]) for other in found.alternatives)
        shown.add_row(
            channel_name(channel.channel, is_assumed=channel.is_assumed), reader.money(channel.spend), *others
        )
    yield shown


def _known(found: Explanation, reader: Reader) -> Iterator[RenderableType]:
    _ = reader.gettext
    yield heading(_("How well the split is known"))
    share = found.knowing_all / found.value if found.value > 0 else 0.0
    yield Text(
        reader.say(
            sentence(
                "Whoever knew the curves exactly would split otherwise, and bring {gain} more on average ({share}); in "
                "one case of twenty {most} or more.",
                gain=_amount(found, found.knowing_all),
                share=Share(fraction=share),
                most=_amount(found, found.regret_p95),
            )
        )
    )
    if found.chosen_by is not None and found.other_draws is not None and found.value > 0:
        optimism = max(0.0, (found.chosen_by - found.other_draws) / found.value)
        yield Text(
            reader.say(
                sentence(
                    "Split by one half of the draws it brings {less} less on the other half: so much of its promise is "
                    "luck.",
                    less=Share(fraction=optimism, digits=2),
                )
            )
        )
    shown = table(
        _("Channel"),
        _("Best"),
        _("If all were known (90 %)"),
        _("A tenth more from"),
        _("A tenth less from"),
        numbers=[1, 2, 3, 4],
    )
    for channel in found.channels:
        ends = f"{reader.money(channel.if_known.p05)}–{reader.money(channel.if_known.p95)}"
        factors = (_factor(each, reader) for each in (channel.more_if, channel.less_if))
        shown.add_row(
            channel_name(channel.channel, is_assumed=channel.is_assumed), reader.money(channel.spend), ends, *factors
        )
    yield shown
    yield Text(
        _(
            "The last columns: the best spend is a tenth more where a channel brings so many times what is believed, "
            "and a tenth less where it brings no more than the second."
        ),
        style="italic",
    )


def _tests(found: Explanation, reader: Reader, period: PeriodName) -> Iterator[RenderableType]:
    _ = reader.gettext
    tested = [(channel, channel.test) for channel in found.channels if channel.test is not None]
    if not tested:
        return
    yield heading(_("What to test next"))
    periods = tested[0][1].periods
    told = sentence(
        "A test here pauses a channel in half of the market for {periods} {period}, or runs it there where it is off. "
        "What its result adds counts for one plan like this one.",
        periods=Number(amount=periods),
        period=Term(text=PLURALS[period]),
    )
    yield Text(reader.say(told))
    shown = table(
        _("Channel"),
        _("Knowing it adds"),
        _("The test adds"),
        _("The pause costs"),
        _("It saves"),
        numbers=[1, 2, 3, 4],
    )
    for channel, test in tested:
        knowing = "–" if channel.knowing_it is None else _said(found, channel.knowing_it, reader)
        adds, costs = _said(found, test.value, reader), _said(found, test.lost, reader)
        shown.add_row(
            channel_name(channel.channel, is_assumed=channel.is_assumed), knowing, adds, costs, reader.money(test.saved)
        )
    yield shown
    yield bullet(reader.say(_verdict(found, tested)))


def _verdict(found: Explanation, tested: list[tuple[ChannelExplanation, PauseTest]]) -> Sentence:
    best = next(((channel, test) for channel, test in tested if channel.channel == found.best_test), None)
    if best is None:
        return sentence("No such test would change this plan: none is worth its pause.")
    channel, test = best
    told: dict[str, Value] = {"channel": Word(text=channel.channel), "value": _amount(found, test.value)}
    if test.worth is None:
        return sentence("{channel} is the channel to test: its result adds {value} on average.", **told)
    if test.worth > 0:
        return sentence(
            "{channel} is the channel to test: its result adds {value} on average, which leaves {worth} for the cost "
            "of running it.",
            worth=Money(amount=test.worth),
            **told,
        )
    return sentence(
        "No test pays for itself within this one plan; {channel} comes nearest: its result adds {value} on average and "
        "{worth} is missing.",
        worth=Money(amount=-test.worth),
        **told,
    )


def _factor(factor: float | None, reader: Reader) -> str:
    return "–" if factor is None else f"{reader.ratio(factor)} ×"


def _said(found: Explanation, amount: float, reader: Reader) -> str:
    return reader.money(amount) if found.unit == "money" else reader.quantity(amount)


def _amount(found: Explanation, amount: float) -> Value:
    if found.unit == "money":
        return Money(amount=amount)
    return phrase(sentence("{amount} {unit}", amount=quantity(amount), unit=Word(text=found.kpi_unit)))
