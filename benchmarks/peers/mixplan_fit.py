"""Mixplan's side of `fit_speed.py`: fits of one market in one process, measured.

`full` is what the peers do: the file read, one fit to the whole window, every draw in natural units with what
the media brought, by the functions and with the seeds of `mmm.fit.fit_outcome`, which converts a thousand draws
and no more. `product` is `fit_outcome` itself: the fit to the window without its holdout, the score of the
holdout, the fit to the whole window, gates and the artifact. The second fit of a process differs from the
first by its seed.
"""

import argparse
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from peers.measure import Clock, Cost, Measurement, assess, report

from mmm.design import build_design
from mmm.fit import fit_outcome
from mmm.io import load_market
from mmm.parameters import structure_of
from mmm.posterior import draw_posterior
from mmm.priors import build_priors
from mmm.sampling import Effort, sample
from mmm.settled import settle


def main() -> None:
    """Fit once or twice and print what it cost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--started", type=float, required=True, help="wall clock when this process was started")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--fits", type=int, choices=(1, 2), default=1)
    parser.add_argument("--work", choices=("full", "product"), default="full")
    parser.add_argument("--chains", type=int, default=4)
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--tune", type=int, default=1000)
    arguments = parser.parse_args()
    effort = Effort(arguments.chains, arguments.draws, arguments.tune)
    found: dict[str, Measurement] = {}
    start = Clock.of_start(arguments.started)
    for name, seed in list(zip(("cold", "warm"), (arguments.seed, arguments.seed + 1), strict=True))[: arguments.fits]:
        if arguments.work == "full":
            found[name] = fit_full(arguments.folder, effort, seed, start)
        else:
            found[name] = fit_product(arguments.folder, effort, seed, start)
        start = Clock.now()
    report(**found)


def fit_full(folder: Path, effort: Effort, seed: int, start: Clock) -> Measurement:
    """One fit to the whole window, as `mmm.fit` does it."""
    market = load_market(folder)
    outcome = market.spec.outcomes[0]
    _, of_fit = np.random.SeedSequence(seed).spawn(2)
    of_sampler, of_rest = of_fit.spawn(2)
    design = build_design(market, outcome, 0)
    priors, data = settle(design, build_priors(market, outcome, design))
    samples = sample(data, effort, int(of_sampler.generate_state(1, np.uint64)[0]))
    walked = samples.parameters
    posterior = draw_posterior(design, priors, walked.reshape(-1, walked.shape[2]), np.random.default_rng(of_rest))
    cost = Cost.since(start)

    # The linear coefficients are integrated out and then drawn: they count among what was estimated.
    coefficients = posterior.coefficients.reshape(*walked.shape[:2], -1)
    # A medium's share of the outcome is a parameter, and its total contribution a multiple of it.
    shares = np.exp(walked[:, :, structure_of(design).blocks["log_share"]])[:, :, list(design.paid)]
    return assess(cost, {"sampled": walked, "coefficients": coefficients}, shares, samples.divergences)


def fit_product(folder: Path, effort: Effort, seed: int, start: Clock) -> Measurement:
    """Everything that `mixplan fit` does before it stores the artifact."""
    market = load_market(folder)
    model = market.spec.model.model_copy(update=asdict(effort))
    market = replace(market, spec=market.spec.model_copy(update={"model": model}))
    fit_outcome(market, market.spec.outcomes[0].name, seed=seed)
    cost = Cost.since(start)
    return Measurement(cost.wall_seconds, cost.cpu_seconds, cost.peak_megabytes)


if __name__ == "__main__":
    main()
