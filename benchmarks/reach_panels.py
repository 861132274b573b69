"""Does a panel find reach and frequency? `OPENBLAS_NUM_THREADS=1 uv run python benchmarks/reach_panels.py --markets 4`.

Simulated consumer panels (8 channels, 6 geos, 104 weeks) in which one channel has reach and frequency
(`mmm.simulation.contacts`), another one in each market; fitted as `mixplan fit` fits them. Printed per market: CPU
seconds, R-hat, smallest bulk ESS, divergences; how many channels' true contributions lie in their 90 % intervals; what
the channel with reach and frequency truly brought, and its best frequency, each with the interval that was found. Last,
how many of these there were in all, and how many of the same panels as simulated first, in which all channels work by
money: what frequency is to blame for, and what any panel is. With `--level-base` season, trend, controls and shocks are
taken out of the data, which a fit knows in part only. Exit code 1 when R-hat or ESS miss what panels promise.
"""

import argparse
import resource
import sys
from dataclasses import dataclass, replace

import numpy as np

from mmm.checks.sampler import convergence_of
from mmm.market import Market, national_aggregate
from mmm.media_history import media_history
from mmm.panel.design import build_panel_design
from mmm.panel.parameters import panel_data
from mmm.panel.posterior import draw_panel_posterior
from mmm.posterior import KEPT_DRAWS, thinned
from mmm.priors import build_priors
from mmm.sampling import Effort, sample
from mmm.saturation import best_frequency
from mmm.simulation.contacts import with_contacts
from mmm.simulation.simulate import simulate_market
from mmm.simulation.truth import SimulatedMarket
from mmm.vocabulary import FloatArray

EFFORT = Effort(chains=4, draws=1000, tune=400)
"""That of a fit, unless market.toml says otherwise."""
GEOS, PERIODS = 6, 104
RHAT, ESS = 1.01, 400.0
TAILS = (0.05, 0.95)


@dataclass(frozen=True, slots=True)
class Fit:
    """What a fit found of C channels, and its cost and mixing. S draws.

    `brought` and `best`, what a channel brought over the window and its best frequency, are of shape (S, C); the latter
    means something where there is frequency alone.
    """

    seconds: float
    rhat: float
    ess: float
    divergences: int
    brought: FloatArray
    best: FloatArray

    def inside(self, truth: FloatArray) -> list[bool]:
        """Whether what each channel truly brought, shape (C,), lies in its 90 % interval."""
        return [_holds(_interval(self.brought[:, place]), float(truth[place])) for place in range(len(truth))]


def main() -> int:
    """Fit and print; exit code 1 when a promise is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--markets", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1, help="of the first market")
    parser.add_argument("--level-base", action="store_true", help="without season, trend, controls and shocks")
    arguments = parser.parse_args()
    reached: list[bool] = []
    money: list[bool] = []
    own: list[bool] = []
    own_by_money: list[bool] = []
    best_inside: list[bool] = []
    is_missed = False
    for number in range(arguments.markets):
        seed = arguments.seed + number
        simulated = simulate_market("b2c", periods=PERIODS, seed=seed, geos=GEOS)
        simulated = with_level_base(simulated) if arguments.level_base else simulated
        names = [channel.name for channel in simulated.market.spec.channels]
        place = number % len(names)
        made = with_contacts(simulated, names[place])
        found, plain = fitted(made.market, seed), fitted(simulated.market, seed)
        truth = made.contributions.sum(axis=(0, 2))
        inside, inside_by_money = found.inside(truth), plain.inside(simulated.truth.contributions.sum(axis=(0, 2)))
        low, high = _interval(found.brought[:, place])
        best = float(best_frequency(np.array(made.half_saturation), np.array(made.slope)))
        least, most = _interval(found.best[:, place])
        reached += inside
        money += inside_by_money
        own.append(inside[place])
        own_by_money.append(inside_by_money[place])
        best_inside.append(_holds((least, most), best))
        is_missed |= found.rhat >= RHAT or found.ess < ESS
        print(
            f"{seed:3} {names[place]}: {found.seconds:.0f} CPU s, R-hat {found.rhat:.4f}, ESS {found.ess:.0f}, "
            f"{found.divergences} divergences; {sum(inside)}/{len(names)} contributions ({sum(inside_by_money)} by "
            f"money); brought {truth[place]:,.0f} ({low:,.0f} to {high:,.0f}), best frequency {best:.2f} ({least:.2f} "
            f"to {most:.2f})",
            flush=True,
        )
    print(
        f"In their 90 % intervals: {sum(reached)} of {len(reached)} contributions (by money {sum(money)}), {sum(own)} "
        f"of {len(own)} of the channel with reach and frequency (by money {sum(own_by_money)}), {sum(best_inside)} of "
        f"{len(best_inside)} best frequencies"
    )
    return int(is_missed)


def with_level_base(simulated: SimulatedMarket) -> SimulatedMarket:
    """The market whose base is the same in every week."""
    market, truth = simulated.market, simulated.truth
    name = market.spec.outcomes[0].name
    moved = truth.base - truth.base.mean(axis=0) + truth.shock
    return replace(simulated, market=replace(market, outcomes={name: market.outcomes[name] - moved}))


def fitted(market: Market, seed: int) -> Fit:
    """The fit of a panel's only outcome."""
    outcome = market.spec.outcomes[0]
    started = cpu_seconds()
    design = build_panel_design(market, outcome, 0)
    priors = build_priors(national_aggregate(market), outcome, design.national)
    samples = sample(panel_data(design, priors), EFFORT, seed)
    drawn = draw_panel_posterior(
        design, priors, thinned(samples.parameters, KEPT_DRAWS), np.random.default_rng(seed)
    ).country
    seconds, mixing, paid = cpu_seconds() - started, convergence_of(samples), list(drawn.design.paid)
    return Fit(
        seconds=seconds,
        rhat=mixing.rhat,
        ess=mixing.bulk_ess,
        divergences=samples.divergences,
        brought=media_history(drawn).total[:, paid],
        best=best_frequency(drawn.media.half_saturation[:, paid], drawn.media.slope[:, paid]),
    )


def cpu_seconds() -> float:
    """User and system time of this process, all threads."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _interval(draws: FloatArray) -> tuple[float, float]:
    low, high = np.quantile(draws, TAILS)
    return float(low), float(high)


def _holds(interval: tuple[float, float], truth: float) -> bool:
    return interval[0] <= truth <= interval[1]


if __name__ == "__main__":
    sys.exit(main())
