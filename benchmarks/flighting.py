"""Flighting and split together, on random instances.

`OPENBLAS_NUM_THREADS=1 uv run python benchmarks/flighting.py --count 8`: one thread, so that CPU seconds are seconds.

Each instance has 10 channels, 52 weeks and 1000 draws of posterior-like curves: retention spread over the draws as a
year or two of weekly data leave it, half-saturation and slope likewise, spend before the horizon, a brand band. Kinds:
concave (slopes up to one, logistic, Michaelis-Menten), usual (Hill slopes about 1.3, as the prior of the model has
them), mixed, and s-shaped (Hill slopes from 1.4 to 2.6). `--wanted` is what is made large: the KPI; profit, money at a
price of 0.6 of the mean return of an even spend; the KPI at a target return of 1.1 times that one; or the mean of
the worst fifth of the draws. Prints per kind the gap between what the flighting found
brings on the curves and what none can exceed, CPU seconds in a warm process, and what the flighting brings over an
even phasing at its best split.
"""

import argparse
import sys
import time
from datetime import date

import numpy as np

from mmm.curves import ChannelResponse, CurveDraws, carryover_weights, response_of
from mmm.manifest import ChannelInfo
from mmm.vocabulary import AdstockKind, SaturationKind
from optimizer.curves.expected import ExpectedCurve
from optimizer.flight.cautious import most_cautious_flighting
from optimizer.flight.concave import FlightProblem
from optimizer.flight.floors import Floor
from optimizer.flight.period_rules import PeriodRules
from optimizer.flight.problem import Raised
from optimizer.flight.rows import FlightRows
from optimizer.flight.search import Flighting, best_flighting
from optimizer.flight.terms import FlightTerms
from optimizer.program.allocation import AllocationProblem, KpiCurves, Requirement
from optimizer.program.formulation import Formulation, Setting
from optimizer.rulebook.rules import formulate
from optimizer.scenario.document import Scenario
from optimizer.tree.allocate import allocate

PERIODS, LAGS = 52, 13
SLOPES = {"concave": (0.6, 1.0), "usual": (1.0, 1.7), "mixed": (0.7, 2.2), "s-shaped": (1.4, 2.6)}
"""Least and largest median Hill slope of a channel."""

WANTED = ("kpi", "profit", "return", "cautious")

GAP = 1e-4
SECONDS = 120.0
"""Wall time allowed, so much that a busy machine cuts no search short."""


def main() -> int:
    """Solve the instances and print the table; exit code 1 where a flighting does better than its bound."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=8, help="instances a kind")
    parser.add_argument("--channels", type=int, default=10)
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--wanted", choices=WANTED, default="kpi")
    arguments = parser.parse_args()
    sizes = arguments.channels, arguments.draws
    wanted = arguments.wanted
    solve(np.random.default_rng(0), "concave", (2, 10), wanted)  # warm
    wrong = 0
    print(f"{'':>9}  gap: median, 90 %, largest     CPU seconds: median, 90 %, largest   over even phasing")
    for position, kind in enumerate(SLOPES):
        rows = [
            solve(np.random.default_rng([position, index]), kind, sizes, wanted) for index in range(arguments.count)
        ]
        gaps, seconds, gains = np.array(rows).T
        wrong += int((gaps < 0).sum())
        numbers = " ".join(f"{100 * gap:8.4f}%" for gap in (*np.quantile(gaps, (0.5, 0.9)), gaps.max()))
        times = " ".join(f"{value:6.2f}" for value in (*np.quantile(seconds, (0.5, 0.9)), seconds.max()))
        print(f"{kind:>9}  {numbers}   {times}               {100 * gains.min():+.2f} to {100 * gains.max():+.2f} %")
    return int(wrong > 0)


def solve(rng: np.random.Generator, kind: str, sizes: tuple[int, int], wanted: str) -> tuple[float, float, float]:
    """Gap, CPU seconds and gain over an even phasing (none where caution is wanted) of one random instance."""
    channels, draws = sizes
    budget = 10.0 ** rng.uniform(3, 8) * channels
    infos, curves = draw_curves(rng, kind, channels, draws, budget / channels / PERIODS)
    past = budget / channels / PERIODS * rng.gamma(4.0, 0.25, (LAGS - 1, channels))
    form = rules(infos, budget, spends_all=wanted in ("kpi", "cautious"))
    even = np.full(PERIODS, 1.0 / PERIODS)
    responses = [
        response_of(info.name, curve, even, past[:, index])
        for index, (info, curve) in enumerate(zip(infos, curves, strict=True))
    ]
    evenly = KpiCurves({each.channel: ExpectedCurve(each) for each in responses})
    mean_return = evenly.value({info.name: budget / channels for info in infos}) / budget
    price, target = (0.6 * mean_return if wanted == "profit" else 0.0), 1.1 * mean_return
    floors = (Floor(target),) if wanted == "return" else ()
    started = time.process_time()
    found = flighted(form, curves, responses, Raised((), price, floors), wanted)
    seconds = time.process_time() - started
    if wanted == "cautious":
        return found.gap, seconds, 0.0
    kept = (Requirement(evenly, 0.0, target),) if floors else ()
    fixed = allocate(AllocationProblem(form, evenly, kept, price=price), gap=GAP, seconds=60)
    assert fixed is not None
    gap = -1.0 if fixed.value > found.bound * (1 + 1e-9) else found.gap
    return gap, seconds, (found.value - fixed.value) / (found.value + price * found.choice.total)


def flighted(
    form: Formulation, curves: list[CurveDraws], responses: list[ChannelResponse], raised: Raised, wanted: str
) -> Flighting:
    """The flighting of an instance, terms and rows made anew. What is counted of `raised` are the responses."""
    rows = FlightRows(form, PeriodRules.none(PERIODS, len(curves)))
    terms = [
        [
            FlightTerms(
                response,
                carryover_weights(curve.adstock, LAGS, curve.retention, curve.peak_delay),
                PERIODS,
                rows.most[index],
                float(rows.totals[index]),
            )
        ]
        for index, (curve, response) in enumerate(zip(curves, responses, strict=True))
    ]
    problem = FlightProblem(terms, rows, raised.price, raised.floors)
    if wanted == "cautious":
        found = most_cautious_flighting(problem, 0.2, gap=GAP, seconds=SECONDS)
    else:
        found = best_flighting(problem, gap=GAP, seconds=SECONDS)
    assert found is not None
    return found


def rules(infos: tuple[ChannelInfo, ...], budget: float, *, spends_all: bool) -> Formulation:
    """The rows of a budget under a brand band."""
    scenario = Scenario.model_validate(
        {
            "name": "random",
            "market": "random",
            "kpi": "kpi",
            "budget": budget,
            "business": "b2c",
            "horizon": {"start": date(2027, 1, 4), "periods": PERIODS},
        }
    )
    return formulate(Setting(scenario, infos, {info.name: 0.0 for info in infos}, budget, spends_all=spends_all))


def draw_curves(
    rng: np.random.Generator, kind: str, channels: int, draws: int, level: float
) -> tuple[tuple[ChannelInfo, ...], list[CurveDraws]]:
    """Channels with posterior-like draws; `level` is the money of an even spend a period."""
    infos, curves = [], []
    for index in range(channels):
        adstock: AdstockKind = "delayed" if rng.random() < 0.3 else "geometric"
        others: list[SaturationKind] = ["logistic", "michaelis_menten"]
        saturation: SaturationKind = others[index % 2] if kind == "concave" and rng.random() < 0.5 else "hill"
        low, high = SLOPES[kind]
        slope = np.exp(rng.uniform(np.log(low), np.log(high)) + 0.15 * rng.standard_normal(draws))
        infos.append(
            ChannelInfo(
                name=f"c{index}",
                role="brand" if index % 2 else "performance",
                brand_weight=float(index % 2),
                adstock=adstock,
                saturation=saturation,
            )
        )
        curves.append(
            CurveDraws(
                adstock=adstock,
                saturation=saturation,
                carryover_periods=LAGS,
                retention=1.0 / (1.0 + np.exp(-rng.normal(0.0, 0.8) - 0.4 * rng.standard_normal(draws))),
                peak_delay=rng.uniform(0.5, 2.5) * np.exp(0.2 * rng.standard_normal(draws)),
                half_saturation=level * np.exp(rng.normal(0.2, 0.6) + 0.25 * rng.standard_normal(draws)),
                slope=np.minimum(slope, 1.0) if kind == "concave" else slope,
                ceiling=np.exp(rng.normal(0.0, 0.5) + 0.3 * rng.standard_normal(draws)),
            )
        )
    return tuple(infos), curves


if __name__ == "__main__":
    sys.exit(main())
