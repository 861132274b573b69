"""What freeing the geos of a panel gains: `OPENBLAS_NUM_THREADS=1 uv run python benchmarks/geos.py --seeds 6`.

Consumer panels with a known truth in every geo are simulated, fitted as `mixplan fit` does, and planned for 13 weeks at
last year's spend, without a brand band: by channel alone, shared out over geos as in the last year (*history*); by
channel and geo (*free*); by channel and geo with every geo within 30 % of last year (*near*). Printed for each market:
what the last two bring more than *history*, as the model says (on the same curves) and on the true curves; what *free*
and *history* miss there of the best split by channel and geo, which is planned on the truth; the certified gap and CPU
seconds of *free*. Exit code 1 where the model's own curves say that free geos bring less than those of history.
"""

import argparse
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from mmm.artifact import ResponseArtifact, seal
from mmm.fit import fit_outcome
from mmm.geo_curves import GeoDraws, GeosInfo
from mmm.periods import shift_period
from mmm.simulation.simulate import simulate_market
from mmm.simulation.truth import SimulatedMarket, truth_artifact
from optimizer.geos.cells import cell_artifact, cells_of, history_shares, over_cells
from optimizer.plan.document import Plan
from optimizer.planning import Planner
from optimizer.question.asked import PlanningModel, Question
from optimizer.scenario.document import Scenario

HORIZON, PERIODS = 13, 104
NEAR = (-0.3, 0.3)


@dataclass(frozen=True, slots=True)
class Gains:
    """One market: gains over *history* as said and in truth, shortfalls in truth, gap and CPU seconds of *free*."""

    said: float
    true: float
    near_said: float
    near_true: float
    free_missed: float
    history_missed: float
    gap: float
    seconds: float


def main() -> int:
    """Simulate, fit, plan, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=6)
    parser.add_argument("--geos", type=int, default=5)
    arguments = parser.parse_args()
    heads = ("free, said", "in truth", "near, said", "in truth", "free misses", "history misses", "gap", "CPU s")
    print(f"{'seed':<6}" + "".join(f"{head:>15}" for head in heads))
    found = []
    for seed in range(1, arguments.seeds + 1):
        found.append(gains(seed, arguments.geos))
        print(line(str(seed), found[-1]), flush=True)
    print(line("mean", Gains(*np.mean([list(_values(each)) for each in found], axis=0))))
    return int(any(min(each.said, each.near_said) < -each.gap for each in found))


def gains(seed: int, geos: int) -> Gains:
    """Plans of one simulated panel, on its model and on its truth."""
    simulated = simulate_market("b2c", periods=PERIODS, seed=seed, geos=geos)
    market = simulated.market
    model, truth = fit_outcome(market, market.spec.outcomes[0].name, seed=seed), truth_panel(simulated)
    start = shift_period(market.dates[-1], 1, market.spec.market.period)
    asked = {
        "name": "geos",
        "market": market.name,
        "kpi": market.spec.outcomes[0].name,
        "budget": float(market.spend[-52 : HORIZON - 52].sum()),
        "horizon": {"start": start, "periods": HORIZON},
    }
    by_channel = planned(model, asked)
    started = time.process_time()
    free = planned(model, asked | {"geos": {}})
    seconds = time.process_time() - started
    near = planned(model, asked | {"geos": {"change": NEAR}})
    best = planned(truth, asked | {"geos": {}})
    said, true = question_by_cell(model, asked), question_by_cell(truth, asked)
    cells = cells_of(model, None)
    shares = history_shares(cell_artifact(model, cells), cells)
    as_before = over_cells(cells, shares, {channel.channel: channel.spend for channel in by_channel.channels})
    highest = brought(true, by_cell(best))
    if free.certificate is None:
        raise SystemExit("no plan by geo")
    return Gains(
        said=brought(said, by_cell(free)) / brought(said, as_before) - 1.0,
        true=brought(true, by_cell(free)) / brought(true, as_before) - 1.0,
        near_said=brought(said, by_cell(near)) / brought(said, as_before) - 1.0,
        near_true=brought(true, by_cell(near)) / brought(true, as_before) - 1.0,
        free_missed=1.0 - brought(true, by_cell(free)) / highest,
        history_missed=1.0 - brought(true, as_before) / highest,
        gap=free.certificate.gap,
        seconds=seconds,
    )


def truth_panel(simulated: SimulatedMarket) -> ResponseArtifact:
    """The true curves of every geo as a panel's model of one draw."""
    market, paid = simulated.market, simulated.truth.process.paid
    first = truth_artifact(simulated, market.geos[0])
    half, ceiling = paid.half_saturation, paid.ceiling  # (C, G)
    size = ceiling.sum(axis=0) / ceiling.sum()
    spend = np.ascontiguousarray(market.spend.transpose(0, 2, 1))
    by_geo = GeoDraws(
        half_saturation=half.sum(axis=1)[None],
        ceiling=ceiling.sum(axis=1)[None],
        effect=(ceiling / (size * ceiling.sum(axis=1, keepdims=True))).T[None],
        size=size,
        price=(half / (size * half.sum(axis=1, keepdims=True))).T,
        spend=spend,
        exposure=spend,
    )
    info = GeosInfo(names=market.geos, local=first.channels)
    draws = replace(
        first.draws,
        half_saturation=by_geo.half_saturation,
        ceiling=by_geo.ceiling,
        spend=spend.sum(axis=1),
        geos=by_geo,
    )
    return seal(first.manifest.model_copy(update={"geos": info}), draws)


def planned(artifact: ResponseArtifact, asked: Mapping[str, object]) -> Plan:
    """The plan of a scenario on one model."""
    scenario = Scenario.model_validate(asked)
    return Planner({scenario.kpi: PlanningModel(artifact)}).plan(scenario)


def question_by_cell(artifact: ResponseArtifact, asked: Mapping[str, object]) -> Question:
    """The curves of every channel in every geo over the scenario's horizon."""
    scenario = Scenario.model_validate(asked)
    return Planner({scenario.kpi: PlanningModel(cell_artifact(artifact, cells_of(artifact, None)))}).question(scenario)


def by_cell(plan: Plan) -> dict[str, float]:
    """Spend by cell of a plan by geo."""
    cells = () if plan.geos is None else plan.geos.cells
    local = {f"{cell.channel} / {cell.geo}": cell.spend for cell in cells}
    names = {cell.channel for cell in cells}
    return local | {channel.channel: channel.spend for channel in plan.channels if channel.channel not in names}


def brought(question: Question, spend: Mapping[str, float]) -> float:
    """Expected outcome of a split by cell."""
    return float(question.kpi.media_draws(spend).mean())


def line(name: str, found: Gains) -> str:
    """One line of the table."""
    *shares, gap, seconds = _values(found)
    return f"{name:<6}" + "".join(f"{100 * each:14.2f}%" for each in shares) + f"{gap:15.1e}{seconds:15.1f}"


def _values(found: Gains) -> tuple[float, ...]:
    return tuple(getattr(found, name) for name in Gains.__slots__)


if __name__ == "__main__":
    raise SystemExit(main())
