"""Do 90 % intervals hold the truth in every world? `uv run python benchmarks/coverage.py --markets 20`.

Markets are simulated in every world of docs/simulation.md and fitted to all of their data, one after the other in one
process, by the functions and with the effort of Mixplan's row in `accuracy.py`; nobody else is asked and nothing is
planned, so that a world can be judged by many markets. Printed a world and kind of business: the part of channels whose
true contribution lies in its 90 % interval, on which side the others miss, the same for the sum over all channels, and
fits with an R-hat above 1.05; then, a world, the channels by the saturation that market.toml names, right or wrong.
"""

import argparse
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from peers.mixplan_answer import fitted, media_of
from peers.question import Task

from mmm.io import load_market
from mmm.posterior import response_draws
from mmm.simulation.files import write_simulated
from mmm.simulation.simulate import simulate_market
from mmm.simulation.world_names import WORLDS, WorldName
from mmm.simulation.worlds import BusinessKind
from mmm.vocabulary import FloatArray

PERIODS = 156
TAIL = 0.05
LARGEST_RHAT = 1.05
LEAST = 0.85
"""Asked for in every world."""
BUSINESSES: tuple[BusinessKind, ...] = ("b2c", "b2b")


@dataclass(frozen=True, slots=True)
class Fit:
    """One market: part of the draws below the truth, of each channel, shape (C,), and of their sum; largest R-hat.

    `named` is the saturation of each channel in market.toml, length C.
    """

    named: tuple[str, ...]
    ranks: FloatArray
    rank_of_sum: float
    rhat: float


@dataclass(frozen=True, slots=True)
class Held:
    """How often the truth was inside, below and above its interval, of how many."""

    inside: int
    below: int
    above: int

    @property
    def count(self) -> int:
        """Intervals in all."""
        return self.inside + self.below + self.above

    @property
    def part(self) -> float:
        """Part inside."""
        return self.inside / self.count

    def __str__(self) -> str:
        return f"{self.part:.1%} of {self.count} inside, truth below {self.below}, above {self.above}"


def main() -> None:
    """Simulate, fit, count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--markets", type=int, default=20, help="of each kind of business and world")
    parser.add_argument("--worlds", nargs="+", choices=tuple(WORLDS), default=list(WORLDS))
    parser.add_argument("--first-seed", type=int, default=101)
    parser.add_argument("--chains", type=int, default=2)
    parser.add_argument("--draws", type=int, default=500)
    parser.add_argument("--tune", type=int, default=500)
    arguments = parser.parse_args()
    seeds = range(arguments.first_seed, arguments.first_seed + arguments.markets)
    short = []
    for world in arguments.worlds:
        fits = []
        for business in BUSINESSES[1:] if world == "sparse_b2b" else BUSINESSES:
            found = [fit_market(world, business, seed, arguments) for seed in seeds]
            print_row(f"{world}, {business}", found)
            fits += found
        if print_row(world, fits).part < LEAST:
            short.append(world)
        print_kinds(fits)
    print(f"below {LEAST:.0%}: {', '.join(short) or 'no world'}")


def fit_market(world: WorldName, business: BusinessKind, seed: int, effort: argparse.Namespace) -> Fit:
    """Where the truth of one market lies among the draws."""
    simulated = simulate_market(business, periods=PERIODS, seed=seed, world=world)
    with tempfile.TemporaryDirectory(prefix="mixplan-coverage-") as scratch:
        folder = Path(scratch) / "market"
        write_simulated(simulated, folder)
        market = load_market(folder)
    task = Task(folder, Path(), seed, effort.chains, effort.draws, effort.tune, "")
    posterior, rhat, _ = fitted(market, 0, task, np.random.SeedSequence(seed))
    contributions = media_of(posterior, response_draws(posterior), posterior.design.spend).sum(axis=1)
    true = simulated.truth.contributions.sum(axis=(0, 2))
    ranks = (contributions < true).mean(axis=0)
    named = tuple(channel.saturation for channel in market.spec.channels)
    return Fit(named, ranks, float((contributions.sum(axis=1) < true.sum()).mean()), rhat)


def print_row(title: str, fits: Sequence[Fit]) -> Held:
    """Print one row; how often channels were held."""
    channels = held(np.concatenate([fit.ranks for fit in fits]))
    sums = held(np.array([fit.rank_of_sum for fit in fits]))
    apart = sum(fit.rhat > LARGEST_RHAT for fit in fits)
    print(f"{title}: {channels}; sum {sums}; R-hat > {LARGEST_RHAT}: {apart}", flush=True)
    return channels


def print_kinds(fits: Sequence[Fit]) -> None:
    """Print how often channels were held, by the saturation that they were given."""
    named = np.concatenate([fit.named for fit in fits])
    ranks = np.concatenate([fit.ranks for fit in fits])
    for kind in np.unique(named):
        print(f"  named {kind}: {held(ranks[named == kind])}", flush=True)


def held(ranks: FloatArray) -> Held:
    """Count ranks, parts of the draws below the truth."""
    below, above = int((ranks < TAIL).sum()), int((ranks > 1.0 - TAIL).sum())
    return Held(len(ranks) - below - above, below, above)


if __name__ == "__main__":
    main()
