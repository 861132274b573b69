"""How many people channels with reach and frequency reach, and the money at which they reach as many as ever."""

from mmm.vocabulary import SEASON_LAG
from optimizer.checker.calendar import periods_between, repeated
from optimizer.checker.recount import Recount
from optimizer.checker.reference import most_seen


def most_within_reach(recount: Recount) -> dict[str, float]:
    """The most money of each channel with reach and frequency, as the plan is phased.

    A person gets as many contacts as a year before, each at the price of an impression: in money of one impression
    each, money x over a horizon reaches x Σ_t share_t / contacts_t people in all, of whom the part share_t is in
    period t. No period reaches more than any of history did, but what was once spent over as many periods is allowed.
    """
    artifact, draws = recount.artifact, recount.artifact.draws
    if draws.frequency is None:
        return {}
    manifest, periods = artifact.manifest, recount.plan.horizon.periods
    first = periods_between(manifest.window_start, recount.plan.horizon.start, manifest.period)
    contacts = repeated(draws.frequency, range(first, first + periods), SEASON_LAG[manifest.period])
    limits = {}
    for place, info in enumerate(manifest.channels):
        shares = recount.phasing[info.name]
        in_fullest = shares.max() * (shares / contacts[:, place]).sum()
        if info.saturation == "reach" and info.cost_per_impression is not None and in_fullest > 0:
            ever = (draws.worked[:, place] / draws.frequency[:, place]).max()
            limits[info.name] = max(float(ever / in_fullest), most_seen(draws.spend[:, place], periods))
    return limits
