"""The geos of a plan as tables."""

from optimizer.plan.document import Plan
from service.export.cells import Cell, Sheet, interval_cells, interval_names, yes_or_no
from service.language import Reader


def geo_sheet(plan: Plan, reader: Reader) -> Sheet:
    """Each channel in each geo: money and what it brings; no rows where the plan is for the whole country."""
    _ = reader.gettext
    header = (
        _("Channel"),
        _("Geo"),
        _("Spend"),
        _("Share of channel"),
        _("Reference spend"),
        _("Change"),
        *interval_names(_("Brings"), reader),
        *interval_names(_("ROAS"), reader),
        *interval_names(_("Next unit"), reader),
        *interval_names(_("CPA"), reader),
        _("Beyond what was seen"),
    )
    rows = tuple(
        (
            Cell(cell.channel),
            Cell(cell.geo),
            Cell(cell.spend, "money"),
            Cell(cell.share, "share"),
            Cell(cell.reference_spend, "money"),
            Cell(cell.change, "share"),
            *interval_cells(cell.contribution, "quantity"),
            *interval_cells(cell.roas, "ratio"),
            *interval_cells(cell.mroas, "ratio"),
            *interval_cells(cell.cpa, "money"),
            Cell(yes_or_no(cell.beyond_observed, reader)),
        )
        for cell in (() if plan.geos is None else plan.geos.cells)
    )
    return Sheet(_("Geos"), header, rows)


def geo_flighting_sheet(plan: Plan, reader: Reader) -> Sheet:
    """Spend by period (rows) of every channel in every geo (columns)."""
    _ = reader.gettext
    title = _("Flighting of geos")
    if plan.geos is None:
        return Sheet(title, (), ())
    places = [(cell.channel, cell.geo) for cell in plan.geos.cells]
    spend = {(flight.date, flight.channel, flight.geo): flight.spend for flight in plan.geos.flighting}
    rows = tuple(
        (Cell(day, "day"), *(Cell(spend.get((day, *place), 0.0), "money") for place in places))
        for day in sorted({flight.date for flight in plan.geos.flighting})
    )
    return Sheet(title, (_("Date"), *(f"{channel} / {geo}" for channel, geo in places)), rows)
