"""A plan as tables: what is in each sheet of an export, in the reader's language, with numbers as numbers."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from optimizer.plan.document import Interval, OutcomePlan, Plan
from service.export.cells import Cell, Kind, Sheet, interval_cells, interval_names, yes_or_no
from service.export.geo_sheets import geo_flighting_sheet, geo_sheet
from service.language import Reader
from service.records import SavedPlan


def plan_sheets(saved: SavedPlan, reader: Reader) -> tuple[Sheet, ...]:
    """The sheets of a plan that can be carried out: plan, channels, flighting, outcomes, tasks, rules, certificate.

    One by geo has its geos and their flighting too.
    """
    plan = saved.plan
    sheets = (
        _summary(saved, reader),
        channel_sheet(plan, reader),
        flighting_sheet(plan, reader),
        geo_sheet(plan, reader),
        geo_flighting_sheet(plan, reader),
        _outcomes(plan, reader),
        _tasks(plan, reader),
        _rules(plan, reader),
        _certificate(saved, reader),
    )
    return tuple(sheet for sheet in sheets if sheet.rows)


def channel_sheet(plan: Plan, reader: Reader) -> Sheet:
    """Each channel: money, what it brings, what to do."""
    _ = reader.gettext
    header = (
        _("Channel"),
        _("Role"),
        _("Stage"),
        _("Spend"),
        _("Share"),
        _("Reference spend"),
        _("Change"),
        *interval_names(_("Brings"), reader),
        *interval_names(_("ROAS"), reader),
        *interval_names(_("Next unit"), reader),
        *interval_names(_("CPA"), reader),
        _("Verdict"),
        _("Reason"),
        _("Beyond what was seen"),
        _("Evidence"),
        _("Assumed"),
    )
    rows = tuple(
        (
            Cell(channel.channel),
            Cell(_(channel.role)),
            Cell(None if channel.stage is None else _(channel.stage)),
            Cell(channel.spend, "money"),
            Cell(channel.share, "share"),
            Cell(channel.reference_spend, "money"),
            Cell(channel.change, "share"),
            *interval_cells(channel.contribution, "quantity"),
            *interval_cells(channel.roas, "ratio"),
            *interval_cells(channel.mroas, "ratio"),
            *interval_cells(channel.cpa, "money"),
            Cell(_(channel.verdict)),
            Cell(reader.say(channel.reason)),
            Cell(yes_or_no(channel.beyond_observed, reader)),
            Cell(None if channel.evidence is None else _(channel.evidence)),
            Cell(None if channel.basis is None else reader.say(channel.basis)),
        )
        for channel in plan.channels
    )
    return Sheet(_("Channels"), header, rows)


def flighting_sheet(plan: Plan, reader: Reader) -> Sheet:
    """Spend by period (rows) and channel (columns), with the sum of each period."""
    _ = reader.gettext
    names = [channel.channel for channel in plan.channels]
    spend = {(flight.date, flight.channel): flight.spend for flight in plan.flighting}
    rows = []
    for day in sorted({flight.date for flight in plan.flighting}):
        amounts = [spend.get((day, name), 0.0) for name in names]
        rows.append((Cell(day, "day"), *(Cell(each, "money") for each in (*amounts, round(sum(amounts), 6)))))
    return Sheet(_("Flighting"), (_("Date"), *names, _("Total")), tuple(rows))


def trace(saved: SavedPlan, reader: Reader) -> Iterator[tuple[str, Cell]]:
    """Where the numbers come from: scenario, plan, and the artifacts that they were worked out from."""
    _ = reader.gettext
    yield _("Scenario"), Cell(saved.plan.scenario)
    yield _("Scenario id"), Cell(saved.scenario_id)
    yield _("Plan id"), Cell(saved.id)
    yield _("Made at"), Cell(_moment(saved.created_at))
    for model in saved.plan.models:
        version = "" if model.version is None else f" {model.version}"
        yield f"{_('Model')}: {model.kpi}", Cell(f"{model.name}{version} ({_(model.evidence)})")
        yield f"{_('Artifact digest')}: {model.kpi}", Cell(model.digest)


def _summary(saved: SavedPlan, reader: Reader) -> Sheet:
    _ = reader.gettext
    plan = saved.plan
    rows: list[tuple[str, Cell]] = [
        *trace(saved, reader),
        (_("Market"), Cell(plan.market)),
        (_("KPI"), Cell(plan.kpi)),
        (_("Objective"), Cell(_(plan.objective))),
        (_("Status"), Cell(_(plan.status))),
        (_("Start"), Cell(plan.horizon.start, "day")),
        (_("Periods"), Cell(plan.horizon.periods, "quantity")),
        (_("Currency"), Cell(plan.currency)),
        (_("Budget"), Cell(plan.budget, "money")),
        (_("Fees"), Cell(plan.fees, "money")),
        (_("Paid by partners"), Cell(plan.coop, "money")),
        (_("Test reserve"), Cell(plan.test_reserve, "money")),
        (_("Fixed costs"), Cell(plan.fixed_costs, "money")),
    ]
    if plan.profit is not None:
        rows.append((_("Profit"), Cell(plan.profit.mean, "money")))
    if plan.split is not None:
        rows.append((_("Brand share"), Cell(plan.split.brand_share, "share")))
        if plan.split.band is not None:
            rows.append((_("Brand share at least"), Cell(plan.split.band[0], "share")))
            rows.append((_("Brand share at most"), Cell(plan.split.band[1], "share")))
    rows += [(_("Warning"), Cell(reader.say(warning))) for warning in plan.warnings]
    return _pairs(_("Plan"), rows, reader)


def _outcomes(plan: Plan, reader: Reader) -> Sheet:
    _ = reader.gettext
    parts = [_("Incremental"), _("Base"), _("Total"), _("After the end")]
    has_assumed = any(outcome.assumed is not None for outcome in plan.outcomes)
    parts += [_("Of that measured"), _("Of that assumed")] if has_assumed else []
    header = (_("KPI"), _("Unit"), _("Value"), *(name for part in parts for name in interval_names(part, reader)))
    rows = tuple(
        (
            Cell(outcome.kpi),
            Cell(outcome.unit),
            Cell(outcome.value, "money"),
            *(cell for part in _parts(outcome, has_assumed=has_assumed) for cell in interval_cells(part, "quantity")),
        )
        for outcome in plan.outcomes
    )
    return Sheet(_("Outcomes"), header, rows)


def _parts(outcome: OutcomePlan, *, has_assumed: bool) -> tuple[Interval | None, ...]:
    whole = (outcome.incremental, outcome.base, outcome.total, outcome.after_horizon)
    return (*whole, outcome.measured, outcome.assumed) if has_assumed else whole


def _tasks(plan: Plan, reader: Reader) -> Sheet:
    _ = reader.gettext
    header = (_("KPI"), _("Stage"), _("Target"), _("By"), _("Asked"), _("Reached"), _("Expected"), _("Cost alone"))
    rows = tuple(
        (
            Cell(task.kpi),
            Cell(None if task.stage is None else _(task.stage)),
            Cell(task.at_least, "quantity"),
            Cell(_("the end")) if task.by is None else Cell(task.by, "day"),
            Cell(task.probability, "share"),
            Cell(task.reached_probability, "share"),
            Cell(task.expected, "quantity"),
            Cell(task.cost, "money"),
            Cell(yes_or_no(task.drives_budget, reader)),
        )
        for task in plan.tasks
    )
    return Sheet(_("Tasks"), (*header, _("drives the budget")), rows)


def _rules(plan: Plan, reader: Reader) -> Sheet:
    _ = reader.gettext
    rows = tuple(
        (Cell(rule.rule), Cell(reader.say(rule.text)), Cell(rule.shadow_price, "ratio")) for rule in plan.binding
    )
    return Sheet(_("What limits it"), (_("Rule"), _("Says"), _("One more unit of its limit brings")), rows)


def _certificate(saved: SavedPlan, reader: Reader) -> Sheet:
    _ = reader.gettext
    certificate = saved.plan.certificate
    if certificate is None:
        return Sheet(_("Certificate"), (), ())
    kind: Kind = "money" if certificate.unit == "money" else "quantity"
    value, bound = _names_of_certificate(saved.plan, reader)
    rows: list[tuple[str, Cell]] = [
        (value, Cell(certificate.value, kind)),
        (bound, Cell(certificate.bound, kind)),
        (_("Gap"), Cell(certificate.gap, "share")),
        (_("Counted in"), Cell(saved.plan.currency if certificate.unit == "money" else saved.plan.kpi)),
        (_("Method"), Cell(certificate.method)),
        (_("Seconds"), Cell(certificate.seconds, "seconds")),
        *trace(saved, reader),
    ]
    return _pairs(_("Certificate"), rows, reader)


def _names_of_certificate(plan: Plan, reader: Reader) -> tuple[str, str]:
    """What the value and the bound of a certificate are."""
    _ = reader.gettext
    if plan.objective == "size":
        return _("What the plan needs"), _("Bound for the tasks restated as means of draws, no floor of the tasks")
    if plan.regret is not None:
        return _("What the plan misses in its worst cases"), _("What no plan can miss less than")
    if plan.tasks:
        return _("What the plan earns"), _("Bound, for the tasks restated as means of draws where they hold it back")
    return _("What the plan earns"), _("What no plan can exceed")


def _pairs(title: str, rows: Sequence[tuple[str, Cell]], reader: Reader) -> Sheet:
    _ = reader.gettext
    return Sheet(title, (_("What"), _("Value")), tuple((Cell(name), cell) for name, cell in rows))


def _moment(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
