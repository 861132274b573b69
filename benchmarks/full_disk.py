"""Refits on a disk that is full: a small one of its own (tmpfs, so only for root), with less and less room left.

For each amount of room: a worker at work, a market's data, a refit asked for, the disk filled up to that room. The job
fails in words, or waits as long as the database takes nothing, or succeeds where there was room. Then room is made;
what had failed is asked for again, and the home is looked over.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from homes import account, settle

from service.home import Home, open_home
from service.jobs.asking import ask_refit
from service.settings import Settings
from service.times import now

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from serving.small_market import small_csv, small_toml
from serving.workers import awaited, ended, working

DISK = 8_000_000
"""Bytes of the disk."""

ROOMS = (0, 50_000, 100_000, 200_000, 400_000, 800_000, 1_600_000)
PATIENCE = 600.0
WAITING = 40.0
"""Seconds after which a job that has not ended counts as one that waits."""


@contextmanager
def small_disk() -> Iterator[Path]:
    """A file system of `DISK` bytes."""
    with tempfile.TemporaryDirectory(prefix="mixplan-disk-") as folder:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}", "none", folder], check=True)
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)


def refit_with(room: int) -> tuple[str, str, bool]:
    """How a refit ended with so much room, what was said, and whether all is well once there is room."""
    with small_disk() as disk:
        home = open_home(Settings(disk / "home"))
        home.datasets.keep(small_toml("first"), "x.csv", small_csv(seed=1), now())
        home.datasets.keep(small_toml("second"), "x.csv", small_csv(seed=2), now())
        with working(home):
            ended(home, ask_refit(home, "first", "bench", now()).id, PATIENCE)  # a child is up
            job = ask_refit(home, "second", "bench", now()).id
            awaited(home, job, PATIENCE, lambda job: job.status != "queued")
            filler = _fill(disk, room)
            outcome, said = _outcome(home, job)
            is_partly = outcome != "succeeded" and "second" in home.registry.markets()
            filler.unlink()
            status = ended(home, job, PATIENCE).status
            if status == "failed":
                status = ended(home, ask_refit(home, "second", "bench", now()).id, PATIENCE).status
            settle(home)
        found = account(home)
        is_well = status == "succeeded" and not is_partly and not (found.lost or found.twice or found.dangling)
        is_well &= not found.halves and len(home.registry.versions("second")) == 1
        home.close()
        return outcome, said, is_well


def _fill(disk: Path, room: int) -> Path:
    """Take the room of a disk, but for some bytes."""
    filler = disk / "filler"
    free = os.statvfs(disk)
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, max(1, free.f_bavail * free.f_frsize - room))
    return filler


def _outcome(home: Home, job: str) -> tuple[str, str]:
    until = time.monotonic() + WAITING
    while time.monotonic() < until:
        now_is = home.jobs.job(job)
        if now_is.is_ended:
            problem = now_is.problem or {}
            values = problem.get("detail", {}).get("values", {})
            return now_is.status, values.get("reason", {}).get("text", "")
        time.sleep(0.5)
    return "waits", ""


def main() -> int:
    """Print the table; exit code 1 where something was lost or half."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rooms", type=int, nargs="+", default=ROOMS)
    asked = parser.parse_args()
    print(f"{'room, bytes':>12}  {'the job':12}{'what it says':28}after room was made")
    is_well = True
    for room in asked.rooms:
        outcome, said, is_right = refit_with(room)
        is_well &= is_right
        print(f"{room:>12}  {outcome:12}{said:28}{'published once' if is_right else 'WRONG'}", flush=True)
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main())
