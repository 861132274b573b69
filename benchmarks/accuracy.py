"""How near the truth is a fit, against its peers? `uv run python benchmarks/accuracy.py --out folder --markets 20`.

Markets are simulated in every world of docs/simulation.md and given, as the same CSV, to Mixplan, to PyMC-Marketing
and to Google Meridian, each with its default priors and each with the same chains, draws and warm-up; peers a second
time with a saturation that suits the world, where they have one; and to Mixplan's prior, which is fitted to nothing.
Every tool says what the channels brought, what money over the next 13 weeks would add, and what the last 13 weeks
would have been had it not seen them. Each tool's curves go into one and the same exact optimiser, under the same
budget and the same brand band, and its split is scored on the true curves.

Scores are appended to `scores.jsonl` in the folder as they come, so that a run that was stopped goes on where it was;
`--markets 0` prints the summary of what is there. A process that fails or takes too long is noted and left out.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any, get_args

from accuracy_score import Yardstick, as_fields, score, yardstick
from accuracy_table import LAST_YEAR, print_tables
from peers.environment import PEERS, child_environment, peer_environment, versions
from peers.handover import write_for_peer
from peers.question import Question, read_answer, write_question

from mmm.design import carryover_periods
from mmm.simulation.files import write_simulated
from mmm.simulation.outlook import look_ahead
from mmm.simulation.simulate import simulate_market
from mmm.simulation.world_names import WORLDS, WorldName
from mmm.simulation.worlds import BusinessKind

SCRIPTS = Path(__file__).parent / "peers"
PERIODS, HORIZON = 156, 13
"""Weeks of a market; weeks of the horizon and of the holdout."""
GRID = 32
"""Budgets of a channel that are asked about are the squares of 0 to 32 over 32, as parts of the whole budget."""
FAMILY_WORLDS = frozenset(WORLDS) - {"other_saturation", "agents"}
"""Worlds whose saturations are of the model's family."""
LONGEST_SECONDS = 1800
BUSINESSES: tuple[BusinessKind, ...] = get_args(BusinessKind.__value__)


@dataclass(frozen=True, slots=True)
class Tool:
    """One row of the tables: a script, the environment that it runs in, and the saturation that it is told."""

    name: str
    environment: str
    script: str
    saturation: str
    worlds: frozenset[str] = frozenset(WORLDS)


TOOLS = (
    Tool("mixplan", "mixplan", "mixplan_answer.py", ""),
    Tool("mixplan prior", "mixplan", "mixplan_answer.py", "prior"),
    Tool("pymc-marketing", "pymc-marketing", "pymc_marketing_answer.py", "logistic"),
    Tool("meridian", "meridian", "meridian_answer.py", "slope_one"),
    Tool("pymc-marketing hill", "pymc-marketing", "pymc_marketing_answer.py", "hill", FAMILY_WORLDS),
    Tool(
        "pymc-marketing log", "pymc-marketing", "pymc_marketing_answer.py", "logarithm", frozenset({"other_saturation"})
    ),
    Tool("meridian hill", "meridian", "meridian_answer.py", "hill", FAMILY_WORLDS),
)


@dataclass(frozen=True, slots=True)
class Effort:
    """How long every tool samples."""

    chains: int
    draws: int
    tune: int

    @property
    def options(self) -> list[str]:
        """As options of a child."""
        return ["--chains", str(self.chains), "--draws", str(self.draws), "--tune", str(self.tune)]


@dataclass(frozen=True, slots=True)
class Case:
    """One market."""

    world: WorldName
    business: BusinessKind
    seed: int


@dataclass(frozen=True, slots=True)
class Run:
    """What holds for the whole of a run: where scores go, which Python runs which tool, how much it may take."""

    out: Path
    pythons: dict[str, str]
    tools: tuple[Tool, ...]
    effort: Effort
    jobs: int
    longest: float


def main() -> None:
    """Fit, score, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder of scores.jsonl and of compiled code")
    parser.add_argument("--markets", type=int, default=20, help="how many, all worlds in turn")
    parser.add_argument("--worlds", nargs="+", choices=tuple(WORLDS), default=list(WORLDS))
    parser.add_argument("--tools", nargs="+", choices=[tool.name for tool in TOOLS], default=[t.name for t in TOOLS])
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--chains", type=int, default=2)
    parser.add_argument("--draws", type=int, default=500)
    parser.add_argument("--tune", type=int, default=500)
    parser.add_argument("--jobs", type=int, default=1, help="processes at a time")
    parser.add_argument("--longest", type=float, default=LONGEST_SECONDS, help="seconds that one process may take")
    parser.add_argument("--peers-dir", type=Path, default=Path(tempfile.gettempdir()) / "mixplan-peers")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    effort = Effort(arguments.chains, arguments.draws, arguments.tune)
    tools = tuple(tool for tool in TOOLS if tool.name in arguments.tools)
    if arguments.markets:
        run = Run(
            arguments.out.resolve(),
            pythons_of(tools, arguments.peers_dir.resolve()),
            tools,
            effort,
            arguments.jobs,
            arguments.longest,
        )
        for case in islice(cases(arguments.worlds, arguments.first_seed), arguments.markets):
            judge(case, run)
    print_tables(scored(arguments.out, effort), tuple(WORLDS))


def pythons_of(tools: tuple[Tool, ...], folder: Path) -> dict[str, str]:
    """Python of each environment that the tools need; prints versions."""
    pythons = {"mixplan": sys.executable}
    print(f"mixplan: {versions(sys.executable, 'numpy', 'numba', 'nutpie')}; {os.cpu_count()} cores")
    for name in sorted({tool.environment for tool in tools} - {"mixplan"}):
        pythons[name] = peer_environment(PEERS[name], folder)
        print(f"{name}: {versions(pythons[name], *PEERS[name].shown)}", flush=True)
    return pythons


def cases(worlds: list[WorldName], first_seed: int) -> Iterator[Case]:
    """Markets without end: each world with one business in turn, then with the other, then with the next seed."""
    seed = first_seed
    while True:
        for turn in range(len(BUSINESSES)):
            for place, world in enumerate(worlds):
                business = BUSINESSES[(place + turn) % len(BUSINESSES)]
                if world == "sparse_b2b":
                    if turn:
                        continue
                    business = "b2b"
                yield Case(world, business, seed)
        seed += 1


def judge(case: Case, run: Run) -> None:
    """Ask every tool that has not been asked yet about one market, and append its score."""
    missing = [tool for tool in run.tools if case.world in tool.worlds and not is_done(case, tool.name, run)]
    if not missing:
        return
    started = time.time()
    simulated = simulate_market(case.business, periods=PERIODS, seed=case.seed, world=case.world)
    outlook = look_ahead(simulated, HORIZON)
    budget = float(outlook.reference_spend.sum())
    budgets = tuple(budget * (step / GRID) ** 2 for step in range(GRID + 1))
    question = Question(HORIZON, HORIZON, budgets, carryover_periods(simulated.market))
    truth = yardstick(simulated, outlook, question)
    if not is_done(case, LAST_YEAR, run):
        append(case, LAST_YEAR, {"score": {"regret": truth.last_year_regret}}, run)
    with tempfile.TemporaryDirectory(prefix="mixplan-accuracy-") as scratch:
        folder = Path(scratch) / "market"
        write_simulated(simulated, folder)
        write_for_peer(simulated.market, folder)
        write_question(question, folder)
        with ThreadPoolExecutor(run.jobs) as pool:
            list(pool.map(lambda tool: ask(case, tool, run, folder, question, truth), missing))
    print(f"{case.world} {case.business} seed {case.seed}: {time.time() - started:.0f} s", flush=True)


def ask(case: Case, tool: Tool, run: Run, folder: Path, question: Question, truth: Yardstick) -> None:
    """Have one tool answer in a process of its own, and append its score or why there is none."""
    answer = folder.parent / f"{tool.name.replace(' ', '-')}.npz"
    command = [run.pythons[tool.environment], str(SCRIPTS / tool.script), str(folder)]
    command += ["--answer", str(answer), "--seed", str(case.seed), *run.effort.options]
    command += ["--saturation", tool.saturation] if tool.saturation else []
    caches = run.out / "caches" / tool.environment
    started = time.time()
    found: dict[str, Any]
    try:
        subprocess.run(
            command, env=child_environment(caches), capture_output=True, text=True, check=True, timeout=run.longest
        )
        found = {"score": as_fields(score(read_answer(answer), question, truth))}
    except subprocess.TimeoutExpired:
        found = {"failure": f"took more than {run.longest:.0f} s"}
    except subprocess.CalledProcessError as error:
        found = {"failure": "\n".join(error.stderr.splitlines()[-3:])}
    except ValueError as error:
        found = {"failure": str(error)}
    append(case, tool.name, {**found, "wall_seconds": time.time() - started}, run)
    told = f"regret {found['score']['regret']:.2%}" if "score" in found else f"FAILED: {found['failure']}"
    print(f"  {case.world} {case.business} {case.seed}, {tool.name}: {told}, {time.time() - started:.0f} s", flush=True)


def append(case: Case, tool: str, found: dict[str, Any], run: Run) -> None:
    """One line more in scores.jsonl."""
    with scores_file(run.out).open("a") as file:
        file.write(json.dumps({**asdict(case), "tool": tool, "effort": asdict(run.effort), **found}) + "\n")


def is_done(case: Case, tool: str, run: Run) -> bool:
    """Whether this tool's score on this market, with this effort, is there; what failed is tried again."""
    wanted = {**asdict(case), "tool": tool, "effort": asdict(run.effort)}
    return any("score" in record and wanted.items() <= record.items() for record in records(run.out))


def scored(out: Path, effort: Effort) -> list[dict[str, Any]]:
    """Scores at one effort, one a market and tool: the last one where it was scored twice."""
    found = [record for record in records(out) if "score" in record and record["effort"] == asdict(effort)]
    return list({(r["tool"], r["world"], r["business"], r["seed"]): r for r in found}.values())


def records(out: Path) -> list[dict[str, Any]]:
    """All lines of scores.jsonl."""
    file = scores_file(out)
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def scores_file(out: Path) -> Path:
    """Where scores are kept."""
    return out / "scores.jsonl"


if __name__ == "__main__":
    main()
