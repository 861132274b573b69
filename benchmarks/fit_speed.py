"""How fast is a fit, against its peers? `uv run python benchmarks/fit_speed.py --seeds 1 2 3`.

One simulated consumer market (156 weeks, 8 channels) a seed, the same CSV for all tools, the same effort
(4 chains of 1000 draws after 1000 of warm-up), in the same run and on the same machine. Every measurement
is of a process of its own; its clocks are read right after the fit, before effective samples are counted.

Three states: *first* is a process that finds the tool installed and no compiled code of its own on disk
(caches of numba, PyTensor and JAX in an empty folder); *cold* is a fresh process that finds the code which the
first one left, importing and compiling included; *warm* is the second fit in that process, with another
seed of the sampler, by each tool's own API. With `--first-once` the first is measured on the first seed alone, and what
it compiled is there for all others.

All tools do the same work: one fit to the whole window, and in every draw what each medium brought in each
period. `mixplan fit` does more (before that a fit that does not see the holdout, then gates and the artifact);
what that takes is printed as `mixplan product`, and is not in the ratios of effective samples.

Printed: wall and CPU seconds (user and system, children included), smallest bulk ESS of all parameters
(Mixplan's integrated coefficients included) and of the channels' contributions, the former per CPU second,
peak memory, largest R-hat, divergences; then the ratios, to every peer and to the best one. Exit code 1 when a
median of the ratios to the best peer misses its target.

Peers (`--peers pymc-marketing meridian`) run in environments that this script builds with uv, outside of the
project, and keeps: delete the folder for newer releases.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from peers.environment import MERIDIAN, PEERS, PYMC_MARKETING, child_environment, peer_environment, versions
from peers.handover import write_for_peer
from peers.measure import Measurement

from mmm.simulation.files import write_simulated
from mmm.simulation.simulate import simulate_market

SCRIPTS = Path(__file__).parent / "peers"
OURS = "mixplan"
FITS = {PYMC_MARKETING.name: "pymc_marketing_fit.py", MERIDIAN.name: "meridian_fit.py"}
LONGEST_SECONDS = 3600
"""Longest time that one process may take."""
STATES = ("first", "cold", "warm")

TARGETS = {"cold": 20.0, "warm": 50.0}
"""How many times the best peer's effective samples a CPU second are promised, per state."""

LARGEST_RHAT = 1.05
"""Above it the chains disagree and their effective samples say little; the ratio is marked."""

type Runs = dict[tuple[str, str], Measurement]


@dataclass(frozen=True, slots=True)
class Effort:
    """How long all tools sample."""

    chains: int
    draws: int
    tune: int

    @property
    def options(self) -> list[str]:
        """As options of a child."""
        return ["--chains", str(self.chains), "--draws", str(self.draws), "--tune", str(self.tune)]


def main() -> int:
    """Build the peers' environments, fit, print; exit code 1 when a median misses its target."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1], help="of markets and samplers")
    parser.add_argument("--peers", nargs="+", choices=tuple(FITS), default=[PYMC_MARKETING.name])
    parser.add_argument("--periods", type=int, default=156)
    parser.add_argument("--chains", type=int, default=4)
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--tune", type=int, default=1000)
    parser.add_argument("--saturation", choices=("logistic", "hill", "michaelis_menten"), default="logistic")
    parser.add_argument("--first-once", action="store_true", help="measure the first fit on the first seed alone")
    parser.add_argument("--peers-dir", type=Path, default=Path(tempfile.gettempdir()) / "mixplan-peers")
    arguments = parser.parse_args()
    effort = Effort(arguments.chains, arguments.draws, arguments.tune)
    options = {PYMC_MARKETING.name: ["--saturation", arguments.saturation], MERIDIAN.name: []}
    print(f"{os.cpu_count()} cores; {versions(sys.executable, 'numba', 'nutpie')}")
    commands: dict[str, list[str]] = {}
    for name in arguments.peers:
        python = peer_environment(PEERS[name], arguments.peers_dir.resolve())
        commands[name] = [python, str(SCRIPTS / FITS[name]), *options[name]]
        print(", ".join([f"peer: {versions(python, *PEERS[name].shown)}", *options[name][1:]]))
    ratios: dict[str, list[float]] = {state: [] for state in STATES}
    with tempfile.TemporaryDirectory(prefix="mixplan-fit-speed-") as scratch:
        for seed in arguments.seeds:
            is_kept = arguments.first_once and seed != arguments.seeds[0]
            caches = Path(scratch) / f"caches-{arguments.seeds[0] if is_kept else seed}"
            runs = measure_seed(seed, arguments.periods, effort, commands, caches, with_first=not is_kept)
            print_runs(seed, runs)
            for state, ratio in print_ratios(runs, arguments.peers).items():
                ratios[state].append(ratio)
    return judge(ratios, arguments.peers)


def measure_seed(
    seed: int, periods: int, effort: Effort, peers: Mapping[str, Sequence[str]], caches: Path, *, with_first: bool
) -> Runs:
    """All measurements on the market of one seed, by row of the table and state; `peers` are commands by name.

    Compiled code is in a folder of each tool in `caches`, empty before the first fit.
    """
    market = simulate_market("b2c", periods=periods, seed=seed)
    with tempfile.TemporaryDirectory(prefix="mixplan-fit-speed-") as scratch:
        folder = Path(scratch) / "market"
        write_simulated(market, folder)
        write_for_peer(market.market, folder)
        common = [str(folder), "--seed", str(seed), *effort.options]
        ours = [sys.executable, str(SCRIPTS / "mixplan_fit.py"), *common]
        runs: Runs = {}
        for name, command in {OURS: ours, **{peer: [*command, *common] for peer, command in peers.items()}}.items():
            if with_first:
                runs[name, "first"] = run(command, caches / name)["cold"]
            for state, found in run([*command, "--fits", "2"], caches / name).items():
                runs[name, state] = found
        for state, found in run([*ours, "--fits", "2", "--work", "product"], caches / OURS).items():
            runs[f"{OURS} product", state] = found
    return runs


def run(command: Sequence[str], caches: Path) -> dict[str, Measurement]:
    """The measurements that a child reports, by state; its compiled code is kept in `caches` alone."""
    environment = child_environment(caches)
    started = time.time()
    child = subprocess.run(
        [*command, "--started", repr(started)],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
        timeout=LONGEST_SECONDS,
    )
    if child.returncode:
        raise SystemExit(f"{Path(command[1]).name} failed with exit code {child.returncode}")
    return {state: Measurement(**found) for state, found in json.loads(child.stdout.splitlines()[-1]).items()}


def print_runs(seed: int, runs: Runs) -> None:
    """The table of one seed."""
    heads = ("wall s", "CPU s", "ESS", "ESS contrib.", "ESS/CPU s", "peak MB", "R-hat", "diverg.", "params")
    print(f"\nseed {seed}\n{'':24}" + "".join(f"{head:>13}" for head in heads))
    for (name, state), found in runs.items():
        rate = None if found.parameter_ess is None else per_cpu_second(found)
        cells = (
            f"{found.wall_seconds:.2f}",
            f"{found.cpu_seconds:.2f}",
            _rounded(found.parameter_ess),
            _rounded(found.contribution_ess),
            "" if rate is None else f"{rate:.1f}",
            f"{found.peak_megabytes:.0f}",
            "" if found.rhat is None else f"{found.rhat:.3f}",
            _rounded(found.divergences),
            _rounded(found.parameters),
        )
        print(f"{name + ', ' + state:24}" + "".join(f"{cell:>13}" for cell in cells), flush=True)


def print_ratios(runs: Runs, peers: Sequence[str]) -> dict[str, float]:
    """Print ours against each peer's, and return the promised ratio, to the best peer, by state."""
    ratios: dict[str, float] = {}
    for state in (state for state in STATES if (OURS, state) in runs):
        ours = runs[OURS, state]
        for name in peers:
            peer = runs[name, state]
            ratio = per_cpu_second(ours) / per_cpu_second(peer)
            ratios[state] = min(ratio, ratios.get(state, ratio))
            contributions = per_cpu_second(ours, "contribution_ess") / per_cpu_second(peer, "contribution_ess")
            wall = ratio * (ours.cpu_seconds / ours.wall_seconds) / (peer.cpu_seconds / peer.wall_seconds)
            print(
                f"{_against(state, name, peers)}: {ratio:.1f} x the effective samples a CPU second "
                f"({contributions:.1f} x of contributions; {wall:.1f} x a second of wall time); "
                f"{peer.cpu_seconds / ours.cpu_seconds:.1f} x less CPU time, "
                f"{peer.wall_seconds / ours.wall_seconds:.1f} x less wall time, "
                f"{peer.peak_megabytes / ours.peak_megabytes:.1f} x less memory" + _doubt(name, ours, peer),
                flush=True,
            )
    for state in ("cold", "warm"):
        for name in peers:
            less = runs[name, state].cpu_seconds / runs[f"{OURS} product", state].cpu_seconds
            print(f"{_against(state, name, peers)}: the whole product fit takes {less:.1f} x less CPU time")
    return ratios


def judge(ratios: dict[str, list[float]], peers: Sequence[str]) -> int:
    """Print the median of each state against its target; 1 when one is missed."""
    against = peers[0] if len(peers) == 1 else "the best peer"
    print(f"\neffective samples a CPU second, mixplan / {against}, over the seeds")
    missed = False
    for state, found in ratios.items():
        median, target = statistics.median(found), TARGETS.get(state)
        verdict = "" if target is None else f", target {target:.0f}: {'held' if median >= target else 'MISSED'}"
        missed |= target is not None and median < target
        print(f"{state:>5}: median {median:.1f}, {min(found):.1f} to {max(found):.1f}{verdict}")
    return int(missed)


def per_cpu_second(found: Measurement, kind: str = "parameter_ess") -> float:
    """Effective samples of one kind per CPU second."""
    return float(getattr(found, kind)) / found.cpu_seconds


def _against(state: str, peer: str, peers: Sequence[str]) -> str:
    """Head of a line of ratios; it names the peer where there are several."""
    return f"{state:>5}" if len(peers) == 1 else f"{state:>5}, against {peer}"


def _doubt(name: str, ours: Measurement, peer: Measurement) -> str:
    doubtful = [
        f"{name} did not converge (R-hat {found.rhat:.2f})"
        for name, found in ((OURS, ours), (name, peer))
        if found.rhat is not None and found.rhat > LARGEST_RHAT
    ]
    return "".join(f"; {note}" for note in doubtful)


def _rounded(value: float | None) -> str:
    return "" if value is None else f"{value:.0f}"


if __name__ == "__main__":
    raise SystemExit(main())
