"""A running plan as a page: what needs attention, what came against the plan and why, the money, the tasks."""

from collections.abc import Iterator
from datetime import timedelta

from rich.console import RenderableType
from rich.text import Text

from mmm.periods import PLURALS, shift_period
from mmm.sentence import Day, Number, Sentence, Share, Term, Word, phrase, sentence
from service.cli.figures import quantity
from service.cli.tables import bar, bullet, heading, interval, table, with_unit
from service.language import Reader
from service.tracking.document import Bridge, Deviation, KpiTracking, Pacing, TaskTracking, Tracking

BAR = 12
"""Columns of a bar."""

NEWEST = 13
"""Periods that a table shows; earlier ones are in its first line together."""


def tracking_page(found: Tracking, reader: Reader) -> list[RenderableType]:
    """The page of a plan that runs."""
    title = Text(f"\n{found.scenario}", style="bold")
    title.append(f"   {found.market} · {found.kpi}", style="not bold dim")
    parts: list[RenderableType] = [title, Text(reader.say(_how_far(found))), *_alerts(found, reader)]
    for kpi in found.outcomes:
        parts += _outcome(kpi, found, reader)
    parts += _pacing(found, reader)
    parts += _tasks(found, reader)
    parts += ["", *(Text(reader.say(note), style="dim") for note in found.notes)]
    return parts


def rest_notes(notes: tuple[Sentence, ...], reader: Reader) -> list[RenderableType]:
    """What to know of the scenario for the rest of a horizon."""
    return [heading(reader.gettext("What the rest rests on")), *(bullet(reader.say(note)) for note in notes)]


def _how_far(found: Tracking) -> Sentence:
    end = shift_period(found.horizon.start, found.horizon.periods, found.period) - timedelta(days=1)
    whole, start = Number(amount=found.horizon.periods), Day(day=found.horizon.start)
    periods = Term(text=PLURALS[found.period])
    if found.last is None:
        return sentence(
            "Nothing is known yet of the {whole} {periods} from {start} to {end}.",
            whole=whole,
            periods=periods,
            start=start,
            end=Day(day=end),
        )
    return sentence(
        "{count} of {whole} {periods} are known, from {start} to {last}; the plan ends on {end}.",
        count=Number(amount=found.periods_spent),
        whole=whole,
        periods=periods,
        start=start,
        last=Day(day=shift_period(found.last, 1, found.period) - timedelta(days=1)),
        end=Day(day=end),
    )


def _alerts(found: Tracking, reader: Reader) -> Iterator[RenderableType]:
    if not found.alerts:
        if found.last is not None:
            yield Text(reader.gettext("No alert: money and outcomes are where they may be."), style="green")
        return
    yield heading(reader.gettext("Alerts"))
    for alert in found.alerts:
        yield bullet(reader.join(reader.say(alert.text), reader.say(alert.action)))


def _outcome(kpi: KpiTracking, found: Tracking, reader: Reader) -> Iterator[RenderableType]:
    _ = reader.gettext
    yield heading(with_unit(kpi.kpi, kpi.unit))
    known = kpi.periods[: kpi.periods_known]
    if known:
        newest = known[-1]
        actual = newest.actual_to_date or 0.0
        said = sentence(
            "{actual} came so far, {share} of the {planned} planned by then; for the money that was spent {expected} "
            "were expected.",
            actual=quantity(actual),
            share=Share(fraction=actual / newest.planned_to_date.mean, digits=0),
            planned=quantity(newest.planned_to_date.mean),
            expected=quantity(newest.expected_to_date.mean),
        )
        yield Text(reader.say(said), style="bold")
        shown = table(
            _("Period from"),
            _("Planned (90 % interval)"),
            _("Expected for the spend"),
            _("Actual"),
            _("Of plan"),
            "",
            numbers=[1, 2, 3, 4],
        )
        if len(known) > NEWEST:
            before = known[len(known) - NEWEST - 1]
            shown.add_row(
                _("Up to {day}").format(day=reader.day(before.date)),
                interval(before.planned_to_date, reader),
                reader.quantity(before.expected_to_date.mean),
                reader.quantity(before.actual_to_date or 0.0),
                *_of_plan(before.actual_to_date or 0.0, before.planned_to_date.mean, reader),
            )
            shown.add_section()
        for period in known[-NEWEST:]:
            shown.add_row(
                reader.day(period.date),
                interval(period.planned, reader),
                reader.quantity(period.expected.mean),
                reader.quantity(period.actual or 0.0),
                *_of_plan(period.actual or 0.0, period.planned.mean, reader),
            )
        shown.add_section()
        shown.add_row(
            _("To date"),
            interval(newest.planned_to_date, reader),
            reader.quantity(newest.expected_to_date.mean),
            reader.quantity(actual),
            *_of_plan(actual, newest.planned_to_date.mean, reader),
            style="bold",
        )
        yield shown
    yield Text(reader.say(_by_the_end(kpi)))
    if kpi.bridge is not None:
        yield from _bridge(kpi.bridge, reader)


def _of_plan(actual: float, planned: float, reader: Reader) -> tuple[str, str]:
    """Share of the plan, and a bar that is full at one and a half of it."""
    if planned <= 0:
        return "–", ""
    return reader.share(actual / planned, 0), bar(actual / planned / 1.5, BAR)


def _by_the_end(kpi: KpiTracking) -> Sentence:
    return sentence(
        "By the end of the horizon {projected} are expected by now ({low} to {high}); {planned} were planned ({least} "
        "to {most}).",
        projected=quantity(kpi.projected.mean),
        low=quantity(kpi.projected.p05),
        high=quantity(kpi.projected.p95),
        planned=quantity(kpi.planned.mean),
        least=quantity(kpi.planned.p05),
        most=quantity(kpi.planned.p95),
    )


def _bridge(bridge: Bridge, reader: Reader) -> Iterator[RenderableType]:
    """From planned to actual, with what each part means."""
    _ = reader.gettext
    shown = table(_("From plan to actual"), _("Amount"), _("90 % interval"), "", _("Means"), numbers=[1, 2])
    most = max(abs(part) for part in (bridge.spend, bridge.mix, bridge.effect.mean, bridge.base.mean, 1e-300))
    exact = [(_("Money"), bridge.spend, _("more or less money, in the mix of the plan"))]
    exact += [(_("Mix"), bridge.mix, _("other channels and other periods than planned"))]
    unsure = [(_("Effect"), bridge.effect, _("media brought more or less than the model expected"))]
    unsure += [("  " + name, part, "") for name, part in bridge.effects.items() if part.mean != 0.0]
    unsure += [(_("Base"), bridge.base, _("what comes without media was higher or lower"))]
    unsure += [(_("Chance"), bridge.chance, _("noise of single periods"))]
    shown.add_row(_("Planned"), reader.quantity(bridge.planned), "", "", "", style="bold")
    for name, amount, meaning in exact:
        shown.add_row(name, _signed(amount, reader), "", _change_bar(amount, most), meaning)
    for name, part, meaning in unsure:
        shown.add_row(
            Text(name), _signed(part.mean, reader), _range(part, reader), _change_bar(part.mean, most), meaning
        )
    shown.add_row(_("Actual"), reader.quantity(bridge.actual), "", "", "", style="bold")
    yield ""
    yield shown


def _signed(amount: float, reader: Reader) -> str:
    shown = reader.quantity(amount)
    return f"+{shown}" if amount > 0 and shown != reader.quantity(0.0) else shown


def _range(part: Deviation, reader: Reader) -> str:
    return f"{_signed(part.p05, reader)} … {_signed(part.p95, reader)}"


def _change_bar(amount: float, most: float) -> str:
    sign = "+" if amount > 0 else "−"
    drawn = bar(abs(amount) / most, BAR - 2).rstrip()
    return f"{sign}{drawn}" if drawn else ""


def _pacing(found: Tracking, reader: Reader) -> Iterator[RenderableType]:
    _ = reader.gettext
    if found.last is None:
        return
    yield heading(_("Money against the plan"))
    shown = table(
        _("Channel"),
        _("Planned to date"),
        _("Spent to date"),
        _("Of plan"),
        "",
        _("Of the whole"),
        _("At this pace by the end"),
        _("Planned"),
        numbers=[1, 2, 3, 5, 6, 7],
    )
    for each in found.channels:
        shown.add_row(Text(each.channel or ""), *_pace(each, reader))
    shown.add_section()
    shown.add_row(_("Total"), *_pace(found.total, reader), style="bold")
    yield shown


def _pace(pacing: Pacing, reader: Reader) -> tuple[str, ...]:
    return (
        reader.money(pacing.planned_to_date),
        reader.money(pacing.spent_to_date),
        *(("–", "") if pacing.ratio is None else (reader.share(pacing.ratio, 0), bar(pacing.ratio / 1.5, BAR))),
        "–" if pacing.of_whole is None else reader.share(pacing.of_whole, 0),
        reader.money(pacing.projected),
        reader.money(pacing.planned),
    )


def _tasks(found: Tracking, reader: Reader) -> Iterator[RenderableType]:
    _ = reader.gettext
    if not found.tasks:
        return
    yield heading(_("Tasks"))
    shown = table(
        _("Task"),
        _("By"),
        _("So far"),
        _("Expected"),
        _("Probability: planned"),
        _("Now"),
        _("A period needs"),
        _("A period brings"),
        numbers=[2, 3, 4, 5, 6, 7],
    )
    for task in found.tasks:
        shown.add_row(reader.say(_asked(task)), *_stand(task, reader))
    yield shown
    for task in found.tasks:
        yield bullet(reader.say(task.text))


def _asked(task: TaskTracking) -> Sentence:
    """What a task asks: ``orders ≥ 12,000``, and whether media alone count."""
    kpi, target = Word(text=task.kpi), Number(amount=task.at_least)
    asked = sentence("{kpi} ≥ {target}", kpi=kpi, target=target)
    return asked if task.counts == "total" else sentence("{task} from media", task=phrase(asked))


def _stand(task: TaskTracking, reader: Reader) -> tuple[str, ...]:
    return (
        reader.gettext("end") if task.by is None else reader.day(task.by),
        reader.quantity(task.so_far),
        reader.quantity(task.expected),
        reader.share(task.planned_probability, 0),
        reader.share(task.reached_probability, 0),
        "–" if task.pace_needed is None else reader.quantity(task.pace_needed),
        "–" if task.pace_expected is None else reader.quantity(task.pace_expected),
    )
