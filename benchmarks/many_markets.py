"""Refits many markets as one batch, by one worker and by two, and counts what was lost.

Every market has two years of weeks, four channels and data of its own, and is fitted for the first time: a refit
against a champion takes a backtest more.
"""

import argparse
import os
import sys
import time
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path

import numpy as np
from homes import account, fresh_home, settle

from service.jobs.asking import ask_batch
from service.times import now

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from serving.workers import ended, working

WEEKS = 104
CHANNELS = ("tv", "video", "social", "search")

CHANNEL = """
[[channels]]
name = "{name}"
spend = "{name}"
role = "{role}"
adstock = "geometric"
"""

MARKET = """
[market]
name = "{name}"
data = "data.csv"
period = "week"
currency = "EUR"

[columns]
date = "week"

[[outcomes]]
name = "orders"
column = "orders"
unit = "orders"
value_per_unit = 40.0
{channels}
[model]
draws = {draws}
tune = 300
trend = "linear"
seasonality = 1
holdout = 13
"""


def market_file(name: str, draws: int) -> bytes:
    """market.toml of one market."""
    roles = ("brand", "brand", "performance", "performance")
    channels = "".join(CHANNEL.format(name=channel, role=role) for channel, role in zip(CHANNELS, roles, strict=True))
    return MARKET.format(name=name, channels=channels, draws=draws).encode()


def rows(seed: int) -> bytes:
    """Data of one market: carried over and saturating effects, a season, noise."""
    rng = np.random.default_rng(seed)
    spend = rng.gamma(2.0, 1500.0, (WEEKS, len(CHANNELS)))
    retention = rng.uniform(0.0, 0.7, len(CHANNELS))
    carried = np.zeros_like(spend)
    for week in range(WEEKS):
        carried[week] = (1 - retention) * spend[week] + (retention * carried[week - 1] if week else 0.0)
    effect = (rng.uniform(100.0, 500.0, len(CHANNELS)) * carried / (carried + 3000.0)).sum(axis=1)
    season = 80.0 * np.sin(2 * np.pi * np.arange(WEEKS) / 52.18)
    orders = np.maximum(900.0 + season + effect + rng.normal(0.0, 25.0, WEEKS), 0.0)
    lines = [",".join(("week", "orders", *CHANNELS))]
    for week in range(WEEKS):
        day = date(2024, 1, 1) + timedelta(weeks=week)
        lines.append(f"{day},{orders[week]:.0f}," + ",".join(f"{money:.2f}" for money in spend[week]))
    return ("\n".join(lines) + "\n").encode()


def seconds_of(workers: int, markets: int, draws: int, database: str) -> tuple[float, int]:
    """Seconds that a batch takes with so many workers, and how many of its jobs were lost or failed."""
    with fresh_home(on_postgresql=database == "postgresql") as (home, _), ExitStack() as stack:
        for number in range(markets):
            home.datasets.keep(market_file(f"market-{number}", draws), "data.csv", rows(number), now())
        for _ in range(workers):
            stack.enter_context(working(home))
        time.sleep(5.0)  # workers are up
        began = time.monotonic()
        batch = ended(home, ask_batch(home, None, "bench", now()).id, seconds=24 * 3600.0)
        seconds = time.monotonic() - began
        settle(home)
        found = account(home)
        assert batch.result is not None
        done = batch.result["jobs"].get("succeeded", 0)
        return seconds, max(markets - done, found.lost + found.failed + found.twice + found.dangling)


def main() -> int:
    """Print seconds a refit and the speed-up; exit code 1 when a job was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--markets", type=int, default=500)
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    asked = parser.parse_args()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    first, lost = None, 0
    print(f"{'workers':>8}{'markets':>9}{'seconds':>9}{'a refit':>9}{'speed-up':>9}{'lost':>6}")
    for workers in asked.workers:
        seconds, missing = seconds_of(workers, asked.markets, asked.draws, asked.database)
        first, lost = first or seconds, lost + missing
        figures = f"{seconds:>9.0f}{seconds / asked.markets:>9.2f}{first / seconds:>9.2f}{missing:>6}"
        print(f"{workers:>8}{asked.markets:>9}{figures}", flush=True)
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
