"""Generated requests against every address, at each level of access: 5xx and breaks of the description, 0 wanted.

Run with ``python benchmarks/contract_fuzz.py [REQUESTS]``, 10,000 unless given.
"""

import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from builders import make_artifact
from contract import LEVELS, Outcome, fuzz, headers_of

from service.home import open_home
from service.http.app import create_app
from service.keys import Scope
from service.settings import Settings
from service.times import now

ROUND = 20
"""Requests of each operation before the next seed."""


def main(wanted: int) -> int:
    """Send so many requests at least, and say what came of them; the exit code is 1 when anything broke."""
    began, total, rounds = time.perf_counter(), Outcome(), 0
    while total.requests < wanted:
        for level in LEVELS:
            _one_round(level, rounds, total)
        rounds += 1
        print(f"{total.requests} requests, {time.perf_counter() - began:.0f} s", file=sys.stderr)
    for status, count in sorted(total.statuses.items()):
        print(f"{status}: {count}")
    print(f"requests: {total.requests} at {len(LEVELS)} levels of access")
    print(f"answers of 5xx: {total.server_errors}")
    print(f"breaks of the description: {sum(total.breaks.values())}")
    for told, count in total.breaks.most_common():
        print(f"  {count} x {told}")
    return 1 if total.server_errors or total.breaks else 0


def _one_round(level: tuple[Scope, ...] | None, start: int, total: Outcome) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = open_home(Settings(Path(folder) / "home", rate_limit=0))
        home.registry.publish([make_artifact(draws=60)], now())
        found = fuzz(create_app(home), headers_of(home, level), ROUND, start=start)
        home.close()
    total.requests += found.requests
    total.statuses.update(found.statuses)
    total.breaks.update(found.breaks)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
