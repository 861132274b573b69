"""Kills workers at random moments while jobs run, and stops PostgreSQL as a crash would, and counts what was lost.

Jobs are refits of markets whose data have not changed: they take every step of a refit but the fit, so that hundreds
of them are under way in minutes. Each is asked for while workers come and go.
"""

import argparse
import random
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from homes import Account, account, fresh_home, settle
from sqlalchemy.exc import DBAPIError

from service.errors import NotAllowed
from service.home import Home
from service.jobs.asking import ask_refit
from service.tables import WorkerRow
from service.times import now

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from postgresql import Cluster
from serving.small_market import publish_as_fitted, small_csv, small_toml
from serving.workers import start_worker

MARKETS = 20
LAST = "last"
"""Name of the worker that is left alone."""
PATIENCE = timedelta(minutes=10)
"""How long after the last kill all jobs must have ended."""


@dataclass
class Tally:
    """What happened in one run."""

    asked: int = 0
    kills: int = 0
    stops: int = 0
    seconds: float = 0.0
    account: Account | None = None
    reasons: list[str] = field(default_factory=list)


def prepare(home: Home) -> list[str]:
    """Markets with a model of their newest data; their names."""
    names = [f"market-{number}" for number in range(MARKETS)]
    for number, name in enumerate(names):
        home.datasets.keep(small_toml(name), "x.csv", small_csv(seed=number), now())
        publish_as_fitted(home, name)
    return names


def ask_all(home: Home, names: list[str], count: int, tally: Tally, pause: float) -> None:
    """Ask for refits, market after market, as fast as the ones before end and the database answers."""
    turn = 0
    while tally.asked < count:
        try:
            ask_refit(home, names[turn % len(names)], "bench", now())
            tally.asked += 1
        except NotAllowed:
            time.sleep(0.05)  # one of that market is under way
        except DBAPIError:
            time.sleep(0.5)  # whoever asked got an error, and nothing was queued
            continue
        turn += 1
        time.sleep(pause)


def kill_workers(home: Home, tally: Tally, kills: int, rng: random.Random, log: IO[str]) -> None:
    """Keep one worker process running, and kill it again and again."""
    while tally.kills < kills:
        worker = start_worker(home, "--slots", "4", log=log)
        time.sleep(rng.uniform(3.0, 8.0))  # long enough to begin a job, not always to end it
        worker.kill()
        worker.wait()
        tally.kills += 1


def stop_database(cluster: Cluster, tally: Tally, stops: int, rng: random.Random) -> None:
    """Stop the server as a crash would, and start it again, again and again."""
    for _ in range(stops):
        time.sleep(rng.uniform(2.0, 5.0))
        cluster.stop("immediate")
        time.sleep(rng.uniform(0.0, 2.0))
        cluster.start()
        tally.stops += 1


def run(database: str, jobs: int, kills: int, stops: int, seed: int) -> Tally:
    """Jobs under kills of workers, or under stops of the database with one worker that is left alone."""
    tally, rng, began = Tally(), random.Random(seed), time.monotonic()
    with (
        fresh_home(on_postgresql=database == "postgresql") as (home, cluster),
        ThreadPoolExecutor(1) as pool,
        TemporaryFile("w+") as log,
    ):
        names = prepare(home)
        pause = (5.5 * kills + 5.0 * stops) / (2 * jobs)
        asking = pool.submit(ask_all, home, names, jobs, tally, pause)
        if kills:
            kill_workers(home, tally, kills, rng, log)
        worker = start_worker(home, "--slots", "4", "--name", LAST, log=log)
        if stops and cluster is not None:
            _await_worker(home)  # who finds no database at the start ends, and says so
            stop_database(cluster, tally, stops, rng)
        asking.result()
        _await_all(home)
        worker.terminate()
        worker.wait(timeout=60)
        log.seek(0)
        tally.reasons += [line.strip() for line in log if "nobody was at it" in line]
        failed = [job for job in home.jobs.page(10_000).items if job.status == "failed"]
        tally.reasons += [f"{job.id} failed after {job.attempts} attempts: {job.problem}" for job in failed]
        tally.account = account(home)
    tally.seconds = time.monotonic() - began
    return tally


def _await_worker(home: Home) -> None:
    until = now() + PATIENCE
    while now() < until:
        with home.store.reading() as session:
            if session.get(WorkerRow, LAST) is not None:
                return
        time.sleep(0.1)


def _await_all(home: Home) -> None:
    until = now() + PATIENCE
    while now() < until:
        if all(job.is_ended for job in home.jobs.page(10_000).items):
            settle(home)
            return
        time.sleep(0.5)


def main() -> int:
    """Print what was lost; exit code 1 when it is more than nothing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=500)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--stops", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--databases", nargs="+", default=["sqlite", "postgresql"])
    asked = parser.parse_args()
    runs = [(database, asked.jobs, asked.kills, 0) for database in asked.databases if asked.kills]
    if "postgresql" in asked.databases and asked.stops:
        runs.append(("postgresql", asked.jobs, 0, asked.stops))
    heads = "".join(
        f"{head:>10}" for head in ("jobs", "kills", "stops", "lost", "failed", "twice", "dangling", "seconds")
    )
    print(f"{'database':12}{heads}")
    is_clean = True
    for one in runs:
        tally = run(*one, seed=asked.seed)
        found = tally.account
        assert found is not None
        figures = (tally.asked, tally.kills, tally.stops, found.lost, found.failed, found.twice, found.dangling)
        print(f"{one[0]:12}" + "".join(f"{figure:>10}" for figure in figures) + f"{tally.seconds:>10.0f}", flush=True)
        print(*tally.reasons, sep="\n", file=sys.stderr)
        is_clean &= found.is_clean
    return 0 if is_clean else 1


if __name__ == "__main__":
    sys.exit(main())
