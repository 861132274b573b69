"""When each channel is on air: a table with a column of blocks a period."""

from collections import defaultdict

import numpy as np
from rich.table import Table
from rich.text import Text

from optimizer.plan.document import Flight, Plan
from service.cli.tables import table
from service.language import Reader

LEVELS = " ▁▂▃▄▅▆▇█"
"""Spend of a period against the channel's fullest one, in eighths; blank is off air."""

ROOM_BESIDE = 46
"""Columns of the page that the other columns take."""

NARROW_PAGE = 76
"""Columns below which a page has no room for amounts."""


def phasing_table(plan: Plan, reader: Reader, width: int) -> Table:
    """A line a channel: its phasing in blocks, periods on air, and the most of any."""
    _ = reader.gettext
    amounts = [] if width < NARROW_PAGE else [_("Most in a period")]
    shown = table(_("Channel"), _("From first to last period"), _("On air"), *amounts, numbers=[2, 3])
    by_channel: dict[str, list[Flight]] = defaultdict(list)
    for flight in plan.flighting:
        by_channel[flight.channel].append(flight)
    for channel, flights in by_channel.items():
        spend = np.array([flight.spend for flight in sorted(flights, key=lambda flight: flight.date)])
        shown.add_row(
            Text(channel),
            Text(blocks(spend, max(13, width - ROOM_BESIDE)), no_wrap=True),
            f"{int((spend > 0).sum())}/{len(spend)}",
            *(reader.money(float(spend.max()), 0) for _amount in amounts),
        )
    return shown


def blocks(spend: np.ndarray, width: int) -> str:
    """Spend by period as blocks, each the mean of as many periods as fit the width. `spend` of shape (T,)."""
    together = -(-len(spend) // width)
    starts = np.arange(0, len(spend), together)
    means = np.add.reduceat(spend, starts) / np.diff(np.append(starts, len(spend)))
    top = float(means.max())
    if top <= 0:
        return LEVELS[0] * len(means)
    return "".join(LEVELS[0 if mean <= 0 else max(1, round(8 * mean / top))] for mean in means)
