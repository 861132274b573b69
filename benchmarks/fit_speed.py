"""How fast is a fit, against PyMC-Marketing? `uv run python benchmarks/fit_speed.py --seeds 1 2 3`.

One simulated consumer market (156 weeks, 8 channels) a seed, the same CSV for both tools, the same effort
(4 chains of 1000 draws after 1000 of warm-up), in the same run and on the same machine. Every measurement
is of a process of its own; its clocks are read right after the fit, before effective samples are counted.

Three states: *first* is a process that finds the tool installed and no compiled code of its own on disk
(caches of numba and PyTensor in an empty folder); *cold* is a fresh process that finds the code which the
first one left, importing and compiling included; *warm* is the second fit in that process, with another
seed of the sampler, by each tool's own API.

Both tools do the same work: one fit to the whole window, and in every draw what each medium brought in each
period. `mixplan fit` does more (before that a fit that does not see the holdout, then gates and the artifact);
what that takes is printed as `mixplan product`, and is not in the ratios of effective samples.

Printed: wall and CPU seconds (user and system, children included), smallest bulk ESS of all parameters
(Mixplan's integrated coefficients included) and of the channels' contributions, the former per CPU second,
peak memory, largest R-hat, divergences; then the ratios. Exit code 1 when a median misses its target.

PyMC-Marketing runs in an environment that this script builds with uv, outside of the project, and keeps:
delete the folder for a newer release.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from peers.measure import Measurement

from mmm.design import carryover_periods
from mmm.market import Market
from mmm.periods import periods_between
from mmm.simulation.files import data_text, write_simulated
from mmm.simulation.simulate import simulate_market

PEERS = Path(__file__).parent / "peers"
PEER_PACKAGES = ("pymc-marketing", "nutpie")

OURS, PEER = "mixplan", "pymc-marketing"
STATES = ("first", "cold", "warm")

TARGETS = {"cold": 5.0, "warm": 30.0}
"""How many times the peer's effective samples a CPU second are promised, per state."""

LARGEST_RHAT = 1.05
"""Above it the chains disagree and their effective samples say little; the ratio is marked."""

type Runs = dict[tuple[str, str], Measurement]


@dataclass(frozen=True, slots=True)
class Effort:
    """How long both tools sample."""

    chains: int
    draws: int
    tune: int

    @property
    def options(self) -> list[str]:
        """As options of a child."""
        return ["--chains", str(self.chains), "--draws", str(self.draws), "--tune", str(self.tune)]


def main() -> int:
    """Build the peer's environment, fit, print; exit code 1 when a median misses its target."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1], help="of markets and samplers")
    parser.add_argument("--periods", type=int, default=156)
    parser.add_argument("--chains", type=int, default=4)
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--tune", type=int, default=1000)
    parser.add_argument("--saturation", choices=("logistic", "hill", "michaelis_menten"), default="logistic")
    parser.add_argument("--peers-dir", type=Path, default=Path(tempfile.gettempdir()) / "mixplan-peers")
    arguments = parser.parse_args()
    effort = Effort(arguments.chains, arguments.draws, arguments.tune)
    peer_python = peer_environment(arguments.peers_dir.resolve())
    print(f"{os.cpu_count()} cores; {versions(sys.executable, 'numba', 'nutpie')}")
    print(f"peer: {versions(peer_python, 'pymc-marketing', 'pymc', 'pytensor', 'nutpie')}, {arguments.saturation}")
    ratios: dict[str, list[float]] = {state: [] for state in STATES}
    for seed in arguments.seeds:
        runs = measure_seed(seed, arguments.periods, effort, peer_python, arguments.saturation)
        print_runs(seed, runs)
        for state, ratio in print_ratios(runs).items():
            ratios[state].append(ratio)
    return judge(ratios)


def measure_seed(seed: int, periods: int, effort: Effort, peer_python: str, saturation: str) -> Runs:
    """All measurements on the market of one seed, by row of the table and state."""
    market = simulate_market("b2c", periods=periods, seed=seed)
    with tempfile.TemporaryDirectory(prefix="mixplan-fit-speed-") as scratch:
        folder, caches = Path(scratch) / "market", Path(scratch) / "caches"
        write_simulated(market, folder)
        write_for_peer(market.market, folder)
        common = [str(folder), "--seed", str(seed), *effort.options]
        ours = [sys.executable, str(PEERS / "mixplan_fit.py"), *common]
        peer = [peer_python, str(PEERS / "pymc_marketing_fit.py"), *common, "--saturation", saturation]
        runs: Runs = {}
        for name, command in ((OURS, ours), (PEER, peer)):
            runs[name, "first"] = run(command, caches / name)["cold"]
            for state, found in run([*command, "--fits", "2"], caches / name).items():
                runs[name, state] = found
        for state, found in run([*ours, "--fits", "2", "--work", "product"], caches / OURS).items():
            runs[f"{OURS} product", state] = found
    return runs


def write_for_peer(market: Market, folder: Path) -> None:
    """The market's CSV and what its columns mean, for a tool that does not read market.toml."""
    spec = market.spec
    columns = {
        "date": spec.columns.date,
        "outcome": spec.outcomes[0].column,
        "channels": [channel.spend for channel in spec.channels],
        "controls": [control.column for control in spec.controls],
        "organic": [medium.column for medium in spec.organic],
        "events": [
            {
                "name": event.name,
                "start": periods_between(market.dates[0], event.start, spec.market.period),
                "periods": event.periods,
            }
            for event in spec.events
        ],
        "lags": carryover_periods(market),
    }
    (folder / "columns.json").write_text(json.dumps(columns))
    (folder / "data.csv").write_text(data_text(market))


def run(command: Sequence[str], caches: Path) -> dict[str, Measurement]:
    """The measurements that a child reports, by state; its compiled code is kept in `caches` alone."""
    caches.mkdir(parents=True, exist_ok=True)
    environment = {
        **os.environ,
        "NUMBA_CACHE_DIR": str(caches / "numba"),
        "PYTENSOR_FLAGS": f"base_compiledir={caches / 'pytensor'}",
    }
    started = time.time()
    child = subprocess.run(
        [*command, "--started", repr(started)], env=environment, stdout=subprocess.PIPE, text=True, check=False
    )
    if child.returncode:
        raise SystemExit(f"{Path(command[1]).name} failed with exit code {child.returncode}")
    return {state: Measurement(**found) for state, found in json.loads(child.stdout.splitlines()[-1]).items()}


def peer_environment(folder: Path) -> str:
    """Python of the peer's environment, which is built where it is missing or unfinished."""
    environment = folder / PEER
    python = environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if python.exists() and _finished(environment).exists():
        return str(python)
    # `uv run` tells where its uv is.
    uv = os.environ.get("UV") or shutil.which("uv")
    if uv is None:
        raise SystemExit("uv was not found: start this with `uv run`")
    print(f"building an environment of {' and '.join(PEER_PACKAGES)} in {environment}", file=sys.stderr)
    folder.mkdir(parents=True, exist_ok=True)
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    # Outside of the project, so that neither its settings nor its pins apply. Byte code as in the project.
    create = [uv, "venv", "--clear", "--no-project", "--python", version, str(environment)]
    subprocess.run(create, cwd=folder, check=True)
    install = [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", str(python), *PEER_PACKAGES]
    subprocess.run(install, cwd=folder, check=True)
    _finished(environment).touch()
    return str(python)


def versions(python: str, *packages: str) -> str:
    """Versions of Python and some packages of an environment."""
    program = (
        "import platform, sys; from importlib.metadata import version; "
        "print('Python ' + platform.python_version(), *(f'{name} {version(name)}' for name in sys.argv[1:]), sep=', ')"
    )
    return subprocess.run([python, "-c", program, *packages], capture_output=True, text=True, check=True).stdout.strip()


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


def print_ratios(runs: Runs) -> dict[str, float]:
    """Print ours against the peer's, and return the promised ratio by state."""
    ratios: dict[str, float] = {}
    for state in STATES:
        ours, peer = runs[OURS, state], runs[PEER, state]
        ratios[state] = per_cpu_second(ours) / per_cpu_second(peer)
        contributions = per_cpu_second(ours, "contribution_ess") / per_cpu_second(peer, "contribution_ess")
        wall = ratios[state] * (ours.cpu_seconds / ours.wall_seconds) / (peer.cpu_seconds / peer.wall_seconds)
        print(
            f"{state:>5}: {ratios[state]:.1f} x the effective samples a CPU second "
            f"({contributions:.1f} x of contributions; {wall:.1f} x a second of wall time); "
            f"{peer.cpu_seconds / ours.cpu_seconds:.1f} x less CPU time, "
            f"{peer.wall_seconds / ours.wall_seconds:.1f} x less wall time, "
            f"{peer.peak_megabytes / ours.peak_megabytes:.1f} x less memory" + _doubt(ours, peer),
            flush=True,
        )
    for state in ("cold", "warm"):
        product, peer = runs[f"{OURS} product", state], runs[PEER, state]
        print(f"{state:>5}: the whole product fit takes {peer.cpu_seconds / product.cpu_seconds:.1f} x less CPU time")
    return ratios


def judge(ratios: dict[str, list[float]]) -> int:
    """Print the median of each state against its target; 1 when one is missed."""
    print("\neffective samples a CPU second, mixplan / pymc-marketing, over the seeds")
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


def _finished(environment: Path) -> Path:
    """Marks an environment whose packages are all there."""
    return environment / "finished"


def _doubt(ours: Measurement, peer: Measurement) -> str:
    doubtful = [
        f"{name} did not converge (R-hat {found.rhat:.2f})"
        for name, found in ((OURS, ours), (PEER, peer))
        if found.rhat is not None and found.rhat > LARGEST_RHAT
    ]
    return "".join(f"; {note}" for note in doubtful)


def _rounded(value: float | None) -> str:
    return "" if value is None else f"{value:.0f}"


if __name__ == "__main__":
    raise SystemExit(main())
