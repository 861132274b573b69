"""What do geos cost, and does the sampler still mix? `uv run python benchmarks/panels.py --geos 10 40 160`.

Simulated consumer panels of 5 channels and 104 weeks, fitted as `mixplan fit` fits them (4 chains of 500 draws after
400 of warm-up, what each geo has of its own drawn back for 1000 of them). Printed per number of geos: CPU seconds of it
(user and system, compiling left out: a small fit goes first), R-hat, smallest bulk ESS over all sampled parameters,
divergences, coverage of the channels' true contributions; and a plot of the cost. Exit code 1 when R-hat, ESS or CPU
seconds miss what is promised.
"""

import argparse
import resource
import sys
from dataclasses import replace
from pathlib import Path

import altair as alt
import numpy as np
import pandas as pd

from mmm.checks.sampler import convergence_of
from mmm.curves import medium_contribution
from mmm.market import national_aggregate
from mmm.panel.design import build_panel_design
from mmm.panel.parameters import panel_data
from mmm.panel.posterior import draw_panel_posterior
from mmm.posterior import KEPT_DRAWS, response_draws, thinned
from mmm.priors import build_priors
from mmm.sampling import Effort, sample
from mmm.simulation.simulate import simulate_market

EFFORT = Effort(chains=4, draws=1000, tune=400)
"""That of a fit, unless market.toml says otherwise."""
CHANNELS, PERIODS = 5, 104
PROMISED = {10: 20.0, 40: 60.0, 160: 300.0}
"""CPU seconds by number of geos."""
RHAT, ESS = 1.01, 400.0


def main() -> int:
    """Fit, print, plot; exit code 1 when a promise is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--geos", type=int, nargs="+", default=[10, 40, 160])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--plot", type=Path, default=Path("panels.png"))
    arguments = parser.parse_args()
    fit(2, arguments.seed, Effort(2, 50, 50))
    print(f"{'geos':>5} {'CPU s':>7} {'promised':>9} {'R-hat':>7} {'ESS':>6} {'diverged':>9} {'covered':>8}")
    missed, rows = False, []
    for geos in arguments.geos:
        seconds, rhat, ess, divergences, covered = fit(geos, arguments.seed, EFFORT)
        promised = PROMISED.get(geos)
        is_kept = rhat < RHAT and ess >= ESS and (promised is None or seconds <= promised)
        missed |= not is_kept
        told = "-" if promised is None else f"{promised:.0f}"
        mark = "" if is_kept else "  MISSED"
        print(
            f"{geos:5} {seconds:7.1f} {told:>9} {rhat:7.4f} {ess:6.0f} {divergences:9} {covered:>8}{mark}", flush=True
        )
        rows.append({"geos": geos, "CPU seconds": seconds})
    alt.Chart(pd.DataFrame(rows)).mark_line(point=True).encode(
        x=alt.X("geos:Q", title="Geos"), y=alt.Y("CPU seconds:Q", title="CPU seconds of a fit")
    ).save(str(arguments.plot))
    return int(missed)


def fit(geos: int, seed: int, effort: Effort) -> tuple[float, float, float, int, str]:
    """CPU seconds, R-hat, smallest ESS, divergences, and how many true contributions lie inside their 90 % interval."""
    simulated = simulate_market("b2c", periods=PERIODS, seed=seed, geos=geos)
    whole, kept = simulated.market, slice(0, CHANNELS)
    # The other channels' contributions stay in the outcome: they are noise and season to this fit.
    left = simulated.truth.contributions[:, CHANNELS:].sum(axis=1)
    outcome = whole.spec.outcomes[0]
    market = replace(
        whole,
        spec=whole.spec.model_copy(update={"channels": whole.spec.channels[kept]}),
        spend=whole.spend[:, kept],
        outcomes={**whole.outcomes, outcome.name: np.maximum(whole.outcomes[outcome.name] - left, 0.0)},
    )
    started = cpu_seconds()
    design = build_panel_design(market, outcome, 0)
    priors = build_priors(national_aggregate(market), outcome, design.national)
    samples = sample(panel_data(design, priors), effort, seed)
    drawn = draw_panel_posterior(
        design, priors, thinned(samples.parameters, KEPT_DRAWS), np.random.default_rng(seed)
    ).country
    seconds = cpu_seconds() - started
    found = convergence_of(samples)
    truth = simulated.truth.contributions[:, kept].sum(axis=(0, 2))
    artifact_draws = response_draws(drawn)
    brought = np.stack(
        [
            medium_contribution(
                medium.adstock,
                medium.saturation,
                drawn.design.carryover_periods,
                artifact_draws.worked[:, place],
                artifact_draws.retention[:, place],
                artifact_draws.peak_delay[:, place],
                artifact_draws.half_saturation[:, place],
                artifact_draws.slope[:, place],
                artifact_draws.ceiling[:, place],
            ).sum(axis=1)
            for place, medium in enumerate(drawn.design.media[position] for position in drawn.design.paid)
        ],
        axis=1,
    )
    low, high = np.quantile(brought, [0.05, 0.95], axis=0)
    covered = f"{int(((low <= truth) & (truth <= high)).sum())}/{CHANNELS}"
    return seconds, found.rhat, found.bulk_ess, samples.divergences, covered


def cpu_seconds() -> float:
    """User and system time of this process, all threads."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    sys.exit(main())
