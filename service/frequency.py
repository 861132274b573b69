"""The best frequency of channels with reach and frequency, as a table that command line and report share."""

from collections.abc import Sequence
from dataclasses import dataclass

from mmm.sentence import sentence
from optimizer.plan_parts.channel_curves import ChannelCurve, ChannelFrequency
from service.language import Reader

TOLD = sentence(
    "Of these channels people respond to how often they are reached, and the KPI to how many. At the best frequency an "
    "impression does most; the last column says what last year's impressions would have brought more there. Curves "
    "end, and plans stop, where a period would have to reach more people than any did."
)


@dataclass(frozen=True, slots=True)
class FrequencyTable:
    """Names of the columns, and a row a channel; the first column is text."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def frequency_table(channels: Sequence[ChannelCurve], reader: Reader, *, is_wide: bool = True) -> FrequencyTable | None:
    """The channels with reach and frequency; None where there are none. Narrow tables go without what was seen."""
    _ = reader.gettext
    found = [(channel.name, channel.frequency) for channel in channels if channel.frequency is not None]
    if not found:
        return None
    header = (_("Channel"), _("Frequency last year"), _("Seen"), _("Best (90 % interval)"), _("Brings more"))
    rows = tuple(
        (
            name,
            reader.ratio(one.last),
            _("{low} to {high}").format(low=reader.ratio(one.least_seen), high=reader.ratio(one.most_seen)),
            f"{reader.ratio(one.recommended)} ({reader.ratio(one.best.p05)}–{reader.ratio(one.best.p95)})",
            _uplift(one, reader),
        )
        for name, one in found
    )
    if is_wide:
        return FrequencyTable(header, rows)
    return FrequencyTable((*header[:2], *header[3:]), tuple((*row[:2], *row[3:]) for row in rows))


def _uplift(one: ChannelFrequency, reader: Reader) -> str:
    """What the best frequency would add, with its interval; marked where no period had such a frequency."""
    low, high = reader.change(one.uplift.p05), reader.change(one.uplift.p95)
    band = reader.gettext("{low} to {high}").format(low=low, high=high)
    told = f"{reader.change(one.uplift.mean)} ({band})"
    if one.is_seen:
        return told
    return reader.gettext("{figure}, at a frequency never seen").format(figure=told)
