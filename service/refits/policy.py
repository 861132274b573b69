"""The rules by which a refitted model takes the champion's place, as numbers. docs/refits.md says why each is as it is.

The words: a rule that `holds` keeps the champion in use until a person decides; whatever else a rule finds is told.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PromotionPolicy:
    """What a challenger may do and still be promoted by itself.

    Attributes
    ----------
    worse_crps
        Holds: CRPS on the newest quarter higher than the champion's by more than this fraction of it.
    fewest_periods
        A quarter of which the champion has not seen at least so many periods decides nothing.
    coverage_chance
        Holds: the chance of so few periods inside the challenger's 90 % interval, were it right and the periods
        independent, is below this, and the champion's interval held more of them.
    moved_spend
        Holds: channels whose ROAS or mROAS moved beyond both intervals have more than this share of last year's spend,
        for any one KPI.
    moved_far, least_share
        Holds: the ROAS or mROAS of one channel moved beyond both intervals by more than so many pooled sds, and the
        channel has at least this share of last year's spend.
    loss_told
        Told: following the champion's split of a standing scenario loses more than this fraction on the challenger's
        curves.
    loss_held
        Holds: it loses more than this, which a person should see before every plan changes.
    """

    worse_crps: float = 0.10
    fewest_periods: int = 3
    coverage_chance: float = 0.0005
    moved_spend: float = 1.0 / 3.0
    moved_far: float = 3.0
    least_share: float = 0.05
    loss_told: float = 0.05
    loss_held: float = 0.10


USUAL_POLICY = PromotionPolicy()
"""The policy of a market that has none of its own."""
