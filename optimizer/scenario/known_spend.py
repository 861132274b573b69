"""Spend that is known from after the data of a model: what was spent between a fit and a plan, or in a plan so far."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class KnownSpend:
    """Money per period of channels in consecutive periods; what a model has seen itself comes before it.

    Attributes
    ----------
    start
        Start of the first period.
    spend
        By channel, one amount >= 0 a period, all of the same length. A channel that is not named is not known. Where
        it is known by geo too, also under the names of cells (`optimizer.geos.cells`): “search / north”.
    """

    start: date
    spend: Mapping[str, tuple[float, ...]] = field(default_factory=dict)

    @property
    def periods(self) -> int:
        """Number of periods that are known."""
        return max((len(amounts) for amounts in self.spend.values()), default=0)
