"""How soon a server answers: from the start of `mixplan serve` to the first 200 of /readyz, then its first plans.

A start of an installation has its modules compiled, as one that is written to disk has after its first start. Another
compiles what is not in the environment anew each time, as a program does that may not write beside its source.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import httpx
from load import (
    CACHE,
    MOST_SECONDS_TO_READY,
    NO_CACHE,
    PROCESSES,
    fill,
    keep_compiled,
    megabytes,
    processor_seconds,
    scenario,
    serving_processes,
    timed_server,
)


@dataclass(frozen=True)
class Start:
    """Seconds and processor seconds until ready, milliseconds of the first plans, and megabytes of a process."""

    seconds: float
    processor: float
    plans: tuple[float, ...]
    megabytes: float


def started(home: Path, number: int) -> Start:
    """Start a server, ask it for plans, and stop it."""
    with timed_server(home) as (server, seconds), httpx.Client(base_url=server.address, timeout=60) as client:
        processor, plans = processor_seconds(server), []
        for turn in range(4):
            began = time.monotonic()
            client.post("/v1/scenarios", json=scenario(10 * number + turn)).raise_for_status()
            plans.append(1000 * (time.monotonic() - began))
        return Start(seconds, processor, tuple(plans), max(map(megabytes, serving_processes(server))))


def main() -> int:
    """Print the figures; exit code 1 when the median start of what is compiled takes longer than its target."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--starts", type=int, default=5, help="of each kind, after one that is not counted")
    asked = parser.parse_args()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    medians = []
    with tempfile.TemporaryDirectory(prefix="mixplan-start-") as folder:
        home = Path(folder) / "home"
        fill(home)
        for is_compiled in (True, False):
            keep_compiled(Path(folder) / "compiled")
            if not is_compiled:
                os.environ[NO_CACHE] = "1"
                os.environ.pop(CACHE)
            started(home, 1000 + is_compiled)
            found = [started(home, 100 * is_compiled + number) for number in range(asked.starts)]
            medians.append(statistics.median(one.seconds for one in found))
            print(f"{PROCESSES} processes, {'compiled' if is_compiled else 'compiled at each start'}:")
            for one in found:
                plans = ", ".join(f"{plan:.0f}" for plan in one.plans)
                print(
                    f"  ready {one.seconds:.2f} s, processor {one.processor:.2f} s; plans {plans} ms; "
                    f"{one.megabytes:.0f} MB",
                    flush=True,
                )
            print(f"  median {medians[-1]:.2f} s", flush=True)
    is_met = medians[0] <= MOST_SECONDS_TO_READY
    print(f"target {MOST_SECONDS_TO_READY:.0f} s: {'met' if is_met else 'MISSED'}")
    return 0 if is_met else 1


if __name__ == "__main__":
    sys.exit(main())
