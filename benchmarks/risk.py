"""Cautious splits, and splits of least regret: how near they provably are to the best there are.

`OPENBLAS_NUM_THREADS=1 uv run python benchmarks/risk.py --count 12`. Markets of `--channels` channels and `--draws`
draws with a brand band and integer rules, three kinds of curves: concave (slopes up to one), usual (Hill slopes of 1 to
1.7, as the prior of the model has them) and S-shaped (1.4 to 2.6). What is made large is the mean of the worst fifth of
the draws (CVaR), or what is made small the regret in the mean of its worst fifth. Prints gaps on the exact curves and
CPU seconds. Exit code 1 where the gap of a concave cautious split is above 0.1 %; a plan that fails its own check ends
it.
"""

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from mmm.artifact import ResponseArtifact, seal
from optimizer.planning import Planner
from optimizer.question.asked import PlanningModel
from optimizer.scenario.document import Scenario

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from instances import draw_market

SLOPES = {"concave": (0.6, 1.0), "usual": (1.0, 1.7), "s-shaped": (1.4, 2.6)}
LEVEL, CONCAVE_GAP = 0.2, 1e-3


def main() -> int:
    """Plan the markets and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=12, help="markets a kind")
    parser.add_argument("--channels", type=int, default=10)
    parser.add_argument("--draws", type=int, default=500)
    arguments = parser.parse_args()
    wrong = 0
    print(f"{'':>24}  gap: median, 90 %, largest      CPU seconds: median, 90 %, largest")
    for place, (kind, slopes) in enumerate(SLOPES.items()):
        markets = [
            market(np.random.default_rng([place, index]), slopes, arguments.channels, arguments.draws)
            for index in range(arguments.count)
        ]
        for attitude in ("cautious", "regret"):
            found = [judged(planner, scenario, attitude) for planner, scenario in markets]
            gaps, seconds = np.array([each for each in found if each is not None]).T
            if kind == "concave" and attitude == "cautious":
                wrong += int((gaps > CONCAVE_GAP).sum())
            numbers = " ".join(f"{100 * gap:8.4f}%" for gap in (*np.quantile(gaps, (0.5, 0.9)), gaps.max()))
            times = " ".join(f"{value:6.2f}" for value in (*np.quantile(seconds, (0.5, 0.9)), seconds.max()))
            print(f"{kind:>12} {attitude:>11}  {numbers}   {times}   ({len(gaps)})", flush=True)
    return int(wrong > 0)


def market(
    rng: np.random.Generator, slopes: tuple[float, float], channels: int, draws: int
) -> tuple[Planner, Scenario]:
    """A market of Hill curves with slopes in a range, and a scenario with a band and integer rules for it."""
    artifact, scenario = draw_market(rng, channels, draws)
    hills = tuple(channel.model_copy(update={"saturation": "hill"}) for channel in artifact.manifest.channels)
    low, high = slopes
    median = np.exp(rng.uniform(np.log(low), np.log(high), channels))
    slope = median * np.exp(0.15 * rng.standard_normal((draws, channels)))
    bent = np.minimum(slope, 1.0) if high <= 1.0 else slope
    manifest = artifact.manifest.model_copy(update={"channels": hills})
    return planner_of(seal(manifest, replace(artifact.draws, slope=bent))), scenario


def planner_of(artifact: ResponseArtifact) -> Planner:
    """A planner that refuses a plan which fails its own check."""
    return Planner({artifact.manifest.outcome.name: PlanningModel(artifact)})


def judged(planner: Planner, scenario: Scenario, attitude: str) -> tuple[float, float] | None:
    """Gap and CPU seconds of a plan; None where the rules allow none."""
    asked = Scenario.model_validate({**scenario.model_dump(), "risk": {"attitude": attitude, "level": LEVEL}})
    started = time.process_time()
    plan = planner.plan(asked)
    seconds = time.process_time() - started
    return None if plan.certificate is None else (plan.certificate.gap, seconds)


if __name__ == "__main__":
    sys.exit(main())
