"""PyMC-Marketing's side of `fit_speed.py`: fits of one market in one process, measured.

Runs in an environment of its own. NUTS by nutpie. The second fit of a process is `MMM.fit` called again on
the same object with another seed, so that the model is not even built again.
"""

import argparse
import json
import warnings
from pathlib import Path
from typing import Any

from peers.measure import Clock, Cost, Measurement, assess, report
from peers.predictors import read_predictors
from peers.pymc_marketing_model import SATURATIONS, build_model
from pymc_marketing.mmm import MMM


def main() -> None:
    """Fit once or twice and print what it cost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="with data.csv and columns.json")
    parser.add_argument("--started", type=float, required=True, help="wall clock when this process was started")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--fits", type=int, choices=(1, 2), default=1)
    parser.add_argument("--saturation", choices=tuple(SATURATIONS), default="logistic")
    parser.add_argument("--chains", type=int, default=4)
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--tune", type=int, default=1000)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    start = Clock.of_start(arguments.started)
    columns = json.loads((arguments.folder / "columns.json").read_text())
    predictors, outcome = read_predictors(arguments.folder / "data.csv", columns)
    model = build_model(predictors, columns, arguments.saturation)
    found: dict[str, Measurement] = {}
    for name, seed in list(zip(("cold", "warm"), (arguments.seed, arguments.seed + 1), strict=True))[: arguments.fits]:
        trace = model.fit(
            predictors,
            outcome,
            random_seed=seed,
            progressbar=False,
            nuts_sampler="nutpie",
            chains=arguments.chains,
            draws=arguments.draws,
            tune=arguments.tune,
            cores=2,
        )
        found[name] = judge(Cost.since(start), model, trace)
        start = Clock.now()
    report(**found)


def judge(cost: Cost, model: MMM, trace: Any) -> Measurement:
    """The measurement of a fit, from its cost and its trace."""
    posterior = trace["posterior"]
    return assess(
        cost,
        {variable.name: posterior[variable.name].values for variable in model.model.free_RVs},
        posterior["channel_contribution"].sum("date").transpose("chain", "draw", "channel").values,
        int(trace["sample_stats"]["diverging"].sum()),
    )


if __name__ == "__main__":
    main()
