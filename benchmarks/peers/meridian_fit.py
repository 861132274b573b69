"""Google Meridian's side of `fit_speed.py`: fits of one market in one process, measured.

Runs in an environment of its own, on its JAX backend, with its own NUTS. The second fit of a process is
`sample_posterior` called again on the same object with another seed. Each fit includes what each channel brought in
every draw, which its `Analyzer` computes.
"""

import argparse
from pathlib import Path

from peers.measure import Clock, Cost, Measurement, assess, report
from peers.meridian_model import build_model, contributions_of, divergences_of, parameters_of, sample


def main() -> None:
    """Fit once or twice and print what it cost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="with data.csv and columns.json")
    parser.add_argument("--started", type=float, required=True, help="wall clock when this process was started")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--fits", type=int, choices=(1, 2), default=1)
    parser.add_argument("--chains", type=int, default=4)
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--tune", type=int, default=1000)
    arguments = parser.parse_args()
    start = Clock.of_start(arguments.started)
    model = build_model(arguments.folder, "slope_one")
    found: dict[str, Measurement] = {}
    for name, seed in list(zip(("cold", "warm"), (arguments.seed, arguments.seed + 1), strict=True))[: arguments.fits]:
        sample(model, arguments.chains, arguments.draws, arguments.tune, seed)
        contributions = contributions_of(model)
        cost = Cost.since(start)
        found[name] = assess(cost, parameters_of(model), contributions, divergences_of(model))
        start = Clock.now()
    report(**found)


if __name__ == "__main__":
    main()
