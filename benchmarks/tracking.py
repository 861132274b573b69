"""How often tracking raises a false alarm, how soon it sees a change, and whether its bridge names it.

Worlds are quarters of a running plan: the outcome comes from draws of the model that the tracker has not seen, with the
model's noise. In some nothing changes; in others what one channel brings, or the base, falls from the fifth week on.
"""

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmm.artifact import ResponseArtifact
from mmm.vocabulary import FloatArray
from optimizer.horizon.outlook import Outlook, outlook, planned_spend
from optimizer.plan.document import Plan
from optimizer.planning import Planner
from optimizer.question.asked import PlanningModel
from service.tracking.document import Tracking
from service.tracking.track import track

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from tracked import START, actuals, asked, some_draws, tracked_artifact

FIRST = 4
"""Periods before the change."""

AT_ONCE = 20
"""Worlds that share one run of the model: each has a draw of its own with the noise of that draw."""

TOO_OFTEN = 0.08
"""False alarms a quarter from which on the rule is broken: 5 % are meant, and draws are few."""


@dataclass(frozen=True, slots=True)
class Change:
    """A kind of world: what is taken from the outcome, given the outlook and the draw that it comes from."""

    name: str
    part: str
    taken: Callable[[Outlook, int], FloatArray]


def changes() -> list[Change]:
    """Worlds without a change and with one."""

    def nothing(found: Outlook, _draw: int) -> FloatArray:
        return np.zeros(len(found.dates))

    def of_tv(share: float) -> Callable[[Outlook, int], FloatArray]:
        return lambda found, draw: share * found.media[draw, found.channels.index("tv")]

    def of_base(share: float) -> Callable[[Outlook, int], FloatArray]:
        return lambda found, draw: share * found.base[draw]

    return [
        Change("nothing changes", "", nothing),
        Change("the effect of tv falls by 25 %", "effect", of_tv(0.25)),
        Change("the effect of tv is halved", "effect", of_tv(0.5)),
        Change("tv stops working", "effect", of_tv(1.0)),
        Change("the base falls by 10 %", "base", of_base(0.1)),
    ]


def named(found: Tracking) -> str:
    """The part of the bridge, chance aside, that most of the difference is put down to."""
    bridge = found.outcomes[0].bridge
    if bridge is None:
        return ""
    return "effect" if abs(bridge.effect.mean) > abs(bridge.base.mean) else "base"


def main() -> int:
    """Run the worlds and print a line for each kind."""
    asking = argparse.ArgumentParser(description=__doc__)
    asking.add_argument("--worlds", type=int, default=400, help="quarters of each kind")
    asking.add_argument("--draws", type=int, default=1000, help="draws of the model")
    asked_for = asking.parse_args()
    both = tracked_artifact(draws=2 * asked_for.draws)
    seen, unseen = some_draws(both, slice(0, asked_for.draws)), some_draws(both, slice(asked_for.draws, None))
    plan = Planner({"orders": PlanningModel(some_draws(seen, slice(0, 200)))}).plan(asked())
    print(f"{asked_for.worlds} quarters of each kind; the change begins in week {FIRST + 1} of 13")
    print(f"{'world':34} {'alert':>7} {'median week':>12} {'named rightly':>14} {'outcome inside':>15}")
    false = 0.0
    for change in changes():
        rate, week, right, inside = _of_kind(change, plan, seen, unseen, asked_for.worlds)
        false = rate if change.part == "" else false
        shown = f"{right:14.1%}" if change.part else f"{'–':>14}"
        print(f"{change.name:34} {rate:7.1%} {week:>12} {shown} {inside:15.1%}")
    if false > TOO_OFTEN:
        print(f"FALSE ALARMS IN {false:.1%} OF QUARTERS", file=sys.stderr)
        return 1
    return 0


def _of_kind(
    change: Change, plan: Plan, seen: ResponseArtifact, unseen: ResponseArtifact, worlds: int
) -> tuple[float, str, float, float]:
    """Share of alerts, median week of those, share named rightly, and how often the 90 % forecast at half-time held."""
    spend = planned_spend(plan, seen)
    rng = np.random.default_rng(20270104)
    alerts, weeks, right, inside = 0, [], 0, 0
    found = outlook(unseen, START, spend, seed=0)
    for world in range(worlds):
        if world % AT_ONCE == AT_ONCE - 1:
            found = outlook(unseen, START, spend, seed=world)
        draw = int(rng.integers(len(found.total)))
        taken = change.taken(found, draw)
        taken[:FIRST] = 0.0
        came = np.maximum(found.total[draw] - taken, 0.0)
        whole = track(plan, {"orders": seen}, actuals(plan, seen, came))
        outside = [alert for alert in whole.alerts if alert.kind == "outcome"]
        alerts += bool(outside)
        weeks += [(alert.since - START).days // 7 + 1 for alert in outside]
        right += named(whole) == change.part
        half = track(plan, {"orders": seen}, actuals(plan, seen, came[:9])).outcomes[0].projected
        inside += half.p05 <= came.sum() <= half.p95
    week = f"{np.median(weeks):.0f}" if weeks else "–"
    return alerts / worlds, week, right / worlds, inside / worlds


if __name__ == "__main__":
    sys.exit(main())
