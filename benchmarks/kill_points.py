"""Kills a process at every named point of a refit, on SQLite and on PostgreSQL, and counts what was lost.

For each point and seed: a market with a champion and a period of new data, a refit asked for, the process killed at
the point as the operating system would, a worker started again, and then the home is looked over. Processes are forked
from one that has loaded everything (`warm.py`), so that a kill costs two or three CPU seconds.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from homes import Account, account, fresh_home, settle
from warm import WarmProcess, nursery, started

from service.home import Home
from service.jobs.asking import ask_batch, ask_refit
from service.jobs.points import POINTS, VARIABLE
from service.jobs.records import Job
from service.tables import MarketRow
from service.times import naive_utc, now

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from serving.small_market import small_csv, small_toml
from serving.workers import awaited, ended

PATIENCE = 400.0
"""Seconds after which a job counts as lost."""

NOT_IN = {"sqlite": ("vault.shared",), "postgresql": ()}
"""Points that a database has no use for: files are shared where several machines are."""

IN_CHILD = ("child.", "vault.")
BY_OTHERS = ("job.enqueued",)
"""Points at which it is not the worker that is killed."""


@dataclass
class Line:
    """What became of the kills at one point on one database."""

    point: str
    database: str
    kills: int = 0
    missed: int = 0
    """Refits that did not pass the point: a challenger that was held is not promoted."""
    seconds: float = 0.0
    account: Account | None = None

    @property
    def is_clean(self) -> bool:
        """Whether there were kills and nothing went wrong after any."""
        return self.kills > 0 and self.account is not None and self.account.is_clean


class Bench:
    """One market of a home, whose workers are killed at one point, seed after seed."""

    def __init__(self, home: Home, nursery: str, point: str, marker: Path, log: IO[str]) -> None:
        self.home, self.nursery, self.point, self.marker, self.log = home, nursery, point, marker, log
        self.market = point.replace(".", "-").replace("_", "-")
        self.worker: WarmProcess | None = None

    def prepare(self) -> None:
        """Fit the champion, unhindered."""
        self.marker.touch()
        self._keep_rows(0)
        asked = ask_refit(self.home, self.market, "bench", now())
        self._start()
        ended(self.home, asked.id, PATIENCE)

    def kill_once(self, seed: int) -> bool:
        """Ask for a refit of new data, see a process killed, and wait until the job has ended all the same."""
        self._keep_rows(seed + 1)
        if self.point == "child.started":  # a child that waits for the next job has started already
            self.stop()
            self._start()
        if self.point == "worker.recovered":
            job = self._lose_worker()
        else:
            self.marker.unlink()
            job = self._ask()
        is_killed = self._await_kill(job)
        self.marker.touch()
        if is_killed and not self.point.startswith(IN_CHILD + BY_OTHERS) and self.worker is not None:
            self.worker.wait(timeout=PATIENCE)  # the marker is there a moment before the process is gone
        if self.worker is not None and self.worker.poll() is not None:
            self._start()
        ended(self.home, job, PATIENCE)
        for child in self.home.jobs.page(10, parent=job).items:
            ended(self.home, child.id, PATIENCE)
        settle(self.home)
        return is_killed

    def _ask(self) -> str:
        if self.point == "batch.spread":
            return ask_batch(self.home, [self.market], "bench", now()).id
        if self.point == "job.enqueued":  # passed by whoever asks
            self._command("refit", self.market, "--queue-only").wait(PATIENCE)
            return self.home.jobs.page(1, market=self.market).items[0].id
        if self.point == "schedule.asked":
            return self._let_a_date_pass()
        return ask_refit(self.home, self.market, "bench", now()).id

    def _let_a_date_pass(self) -> str:
        """Have the market miss a date of its schedule; the job that a worker asks for, killed in the middle of that."""
        known = {job.id for job in self._jobs()}
        with self.home.store.writing() as session:
            row = session.get_one(MarketRow, (self.home.settings.tenant, self.market))
            # a minute of its own: the job's id follows from its date
            row.schedule, row.due_since = f"{len(known) % 60} 0 * * *", naive_utc(now() - timedelta(days=2))
        deadline = time.monotonic() + PATIENCE
        while not (asked := [job.id for job in self._jobs() if job.id not in known]) and time.monotonic() < deadline:
            time.sleep(0.2)
        with self.home.store.writing() as session:
            session.get_one(MarketRow, (self.home.settings.tenant, self.market)).schedule = "0 6 1 1 *"
        assert asked, "nobody asked for what is due"
        return asked[0]

    def _jobs(self) -> tuple[Job, ...]:
        return self.home.jobs.page(500, market=self.market).items

    def _lose_worker(self) -> str:
        """Kill the worker in the middle of a fit, and start one of another name that is killed when it finds that."""
        self._keep_slow()
        job = ask_refit(self.home, self.market, "bench", now()).id
        awaited(self.home, job, PATIENCE, lambda job: job.progress is not None)
        assert self.worker is not None
        self.worker.kill()
        self.worker.wait(PATIENCE)
        self.marker.unlink()
        self._start("--name", f"other-{job}")
        return job

    def _await_kill(self, job: str) -> bool:
        """Whether the kill happened before the job had ended and two seconds more."""
        grace = 2.0
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and grace > 0:
            if self.marker.exists():
                return True
            if self.home.jobs.job(job).is_ended:
                grace -= 0.2
            time.sleep(0.2)
        return False

    def _keep_rows(self, seed: int) -> None:
        self.home.datasets.keep(small_toml(self.market, draws=200), "x.csv", _rows(104 + seed), now())

    def _keep_slow(self) -> None:
        rows = _rows(105 + len(self._jobs()))
        self.home.datasets.keep(small_toml(self.market, draws=1500), "x.csv", rows, now())

    def _command(self, *arguments: str) -> WarmProcess:
        url = self.home.settings.database_url
        database = {} if url is None else {"MIXPLAN_DATABASE_URL": url}
        kill = {"MIXPLAN_LOG": "WARNING", VARIABLE: f"{self.point}:1:{self.marker}"}
        home = ("--home", str(self.home.settings.home))
        return started(self.nursery, (*arguments, *home), os.environ | database | kill, self.log)

    def _start(self, *arguments: str) -> None:
        self.worker = self._command("worker", *arguments)

    def stop(self) -> None:
        """End the worker, and its children with it."""
        if self.worker is not None:
            self.worker.terminate()
            self.worker.wait(PATIENCE)

    def worker_state(self) -> str:
        """How the worker's process ended, and what was said: for whoever has to find out why a job is lost."""
        self.log.seek(0)
        return "" if self.worker is None else f"(worker: {self.worker.returncode}, said: {self.log.read()[-2000:]})"


@contextmanager
def bench_at(home: Home, nursery: str, point: str, folder: Path) -> Iterator[Bench]:
    """A prepared bench, whose worker ends with the block."""
    with TemporaryFile("w+") as log:
        bench = Bench(home, nursery, point, folder / f"{point}.killed", log)
        try:
            bench.prepare()
            yield bench
        finally:
            bench.stop()


def kills(database: str, nursery: str, points: list[str], seeds: int, until: float) -> list[Line]:
    """A line a point: so many kills at each, or fewer when the time is over."""
    lines = {point: Line(point, database) for point in points if point not in NOT_IN[database]}
    with fresh_home(on_postgresql=database == "postgresql") as (home, _), tempfile.TemporaryDirectory() as markers:
        for point, line in lines.items():
            began = time.monotonic()
            share = began + (until - began) / (len(lines) - list(lines).index(point))
            with bench_at(home, nursery, point, Path(markers)) as bench:
                try:
                    for seed in range(seeds):
                        if seed and time.monotonic() > share:
                            break
                        is_killed = bench.kill_once(seed)
                        line.kills += is_killed
                        line.missed += not is_killed
                except AssertionError as error:
                    print(f"{database} {point}: {error} {bench.worker_state()}", file=sys.stderr)
                    line.missed += 1
            line.account = account(home, bench.market)
            line.seconds = time.monotonic() - began
            print(_row(line), file=sys.stderr, flush=True)
    return list(lines.values())


def _rows(periods: int) -> bytes:
    """The first rows of one long series: what came before stays as it was."""
    return b"".join(small_csv(400).splitlines(keepends=True)[: periods + 1])


def _row(line: Line) -> str:
    totals = () if line.account is None else astuple(line.account)
    figures = "".join(f"{figure:>10}" for figure in (line.kills, line.missed, *totals))
    return f"{line.point:24}{line.database:12}{figures}{line.seconds:>10.0f}"


def main() -> int:
    """Print the table; exit code 1 when anything was lost, twice, dangling or half."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--minutes", type=float, default=600.0, help="stop early; the kills done are in the table")
    parser.add_argument("--databases", nargs="+", default=["sqlite", "postgresql"])
    parser.add_argument("--points", nargs="+", default=POINTS)
    asked = parser.parse_args()
    until = time.monotonic() + 60 * asked.minutes
    with nursery() as warm, ThreadPoolExecutor(len(asked.databases)) as pool:
        found = list(
            pool.map(lambda database: kills(database, warm, asked.points, asked.seeds, until), asked.databases)
        )
    lines = [line for of_database in found for line in of_database]
    heads = "".join(
        f"{head:>10}" for head in ("kills", "missed", "lost", "failed", "twice", "dangling", "halves", "seconds")
    )
    print(f"{'point':24}{'database':12}{heads}")
    for line in lines:
        print(_row(line))
    print(f"{sum(line.kills for line in lines)} kills at {len({line.point for line in lines})} points")
    return 0 if all(line.is_clean for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main())
