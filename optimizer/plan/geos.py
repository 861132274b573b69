"""What a plan says of the geos of a panel."""

from datetime import date

from mmm.parsing import StrictModel
from optimizer.plan.figures import ComparedPlan, Interval


class GeoCell(StrictModel):
    """One channel in one geo; `share` is of the channel's spend. Ratios are None where they have no meaning."""

    channel: str
    geo: str
    spend: float
    share: float
    reference_spend: float
    change: float | None
    contribution: Interval
    roas: Interval | None
    mroas: Interval | None
    cpa: Interval | None
    beyond_observed: bool


class GeoTotal(StrictModel):
    """One geo: what all channels that are split have there, and its `share` of what they have in all."""

    geo: str
    spend: float
    share: float
    reference_spend: float
    change: float | None
    contribution: Interval


class GeoFlight(StrictModel):
    """Spend of one channel in one geo in one period."""

    date: date
    channel: str
    geo: str
    spend: float


class GeoPlan(StrictModel):
    """A plan by geo. Cells of a channel add up to its spend, and so do totals of all geos to that of all `channels`.

    `as_in_history` is the same spend by channel, shared out over geos as in the last year, on the same curves.
    """

    channels: tuple[str, ...]
    totals: tuple[GeoTotal, ...]
    cells: tuple[GeoCell, ...]
    as_in_history: ComparedPlan
    flighting: tuple[GeoFlight, ...]
