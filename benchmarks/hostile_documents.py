"""Do scenarios beyond reason end in words? `uv run python benchmarks/hostile_documents.py`.

A home with two small markets is served in this process. Every number of a scenario is put at 1e308, 1e999, 2**70, 400
digits, NaN, 1e-308, a denormal and minus nought, every day at the ends of the calendar and beyond, and the scenario is
posted as it is, for its goal, for a frontier and in a portfolio. Printed: how many of each path were answered with each
status, the slowest, and every answer that is a 5xx, a refusal without a place, or a plan with numbers that are none:
one of these is exit code 1.
"""

import argparse
import sys
import tempfile
import time
import warnings
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from beyond_reason import PATHS, bodies, is_honest, post
from builders import make_artifact

from service.home import open_home
from service.http.app import create_app
from service.settings import Settings

DOCUMENT: dict[str, Any] = {
    "name": "beyond reason",
    "market": "testland",
    "kpi": "orders",
    "objective": "maximize",
    "budget": 500_000.0,
    "business": "b2c",
    "horizon": {"start": "2027-01-04", "periods": 13},
}


def main() -> None:
    """Post everything, print, and judge."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    warnings.simplefilter("error", RuntimeWarning)  # a number that overflows on the way is a fault too
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        home = open_home(Settings(Path(folder) / "home"))
        for market in ("testland", "otherland"):
            home.registry.publish([make_artifact(market=market, draws=60)], datetime.now(UTC))
        client = create_app(home).test_client()
        for path in PATHS:
            statuses: Counter[int] = Counter()
            slowest = 0.0
            for name, body in bodies(path, DOCUMENT):
                started = time.perf_counter()
                response = post(client, path, body)
                slowest = max(slowest, time.perf_counter() - started)
                statuses[response.status_code] += 1
                if said := is_honest(response):
                    wrong.append(f"{path}: {name}: {said}")
            counts = ", ".join(f"{count} × {status}" for status, count in sorted(statuses.items()))
            print(f"{path}: {counts}; slowest {slowest:.2f} s", flush=True)
        home.close()
    print("\n".join(wrong) or "every answer is a plan, or a refusal that says where")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
