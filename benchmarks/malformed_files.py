"""Do malformed files end in words? `uv run python benchmarks/malformed_files.py --flips 500`.

Every case of `tests/malformed_*.py` is loaded in a process of its own, forked after everything is imported, so that its
memory and its crashes are its own; so are `--flips` copies of a workbook, a Parquet file and a market.toml each, with 1
to 200 bits flipped. Printed: by family how many files were refused, the slowest and the largest; every file that was
not refused with a named fault, or not for the reason expected; bombs above a second of CPU or 100 MB. Flipped files may
be read, since a bit can fall where it changes nothing that is read, but must not crash. Crashes, other reasons and
bombs above their bounds are exit code 1.
"""

import argparse
import json
import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # a process with one thread can be forked

import random
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import openpyxl  # noqa: F401 - imported before anything is measured
import pyarrow.parquet  # noqa: F401
from malformed import GOOD_MARKET, Malformed, always
from malformed_cells import cell_cases
from malformed_parquet import columns, parquet, parquet_bomb_cases, parquet_cases
from malformed_texts import size_cases, text_cases
from malformed_toml import toml_cases, toml_size_cases
from malformed_workbooks import workbook_bomb_cases, workbook_cases
from workbooks import workbook

from mmm.errors import Refused
from mmm.intake.formats import read_table  # noqa: F401
from mmm.intake.reading import market_from_table  # noqa: F401
from mmm.io import load_market
from mmm.sentence import plain

BOMB_SECONDS, BOMB_MEGABYTES = 1.0, 100.0
TIME_LIMIT = 120
FAMILIES = (text_cases, cell_cases, workbook_cases, parquet_cases, toml_cases)
BOMBS = (size_cases, workbook_bomb_cases, parquet_bomb_cases, toml_size_cases)


@dataclass(frozen=True, slots=True)
class Measured:
    """How one file ended: `outcome` is refused, read, unnamed, or what crashed."""

    outcome: str
    said: str
    seconds: float
    megabytes: float


def main() -> None:
    """Load every file, print, and judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--names", nargs="*", help="these bombs alone")
    parser.add_argument("--flips", type=int, default=0)
    arguments = parser.parse_args()
    makers = BOMBS if arguments.names else FAMILIES
    cases = [case for cases in makers for case in cases() if not arguments.names or case.name in arguments.names]
    found = [(case, measured(case)) for case in cases]
    failures = [line for case, one in found if (line := failure(case, one))]
    for family in dict.fromkeys(case.family for case in cases):
        report(family, [one for case, one in found if case.family == family])
    flipped = [measured(case) for case in flips(arguments.flips)]
    if flipped:
        report("flipped bits", flipped)
        failures += [f"flipped bits: {one.outcome}" for one in flipped if one.outcome not in ("refused", "read")]
    everything = [one for _, one in found] + flipped
    report("all", everything)
    print(f"crashes: {sum(one.outcome not in ('refused', 'read', 'unnamed') for one in everything)}")
    print("\n".join(failures) or "every file ended as it should")
    sys.exit(bool(failures))


def flips(count: int) -> Iterator[Malformed]:
    """Copies of a good file of each kind with some bits flipped."""
    noise = random.Random(11)
    for content, is_market in ((workbook(), False), (parquet(columns()), False), (GOOD_MARKET.encode(), True)):
        for number in range(count):
            flipped = bytearray(content)
            for _ in range(noise.choice((1, 3, 20, 200))):
                flipped[noise.randrange(len(content))] ^= 1 << noise.randrange(8)
            yield Malformed("flipped bits", str(number), always(bytes(flipped)), "", is_market)


def failure(case: Malformed, one: Measured) -> str:
    """What is wrong with how a case ended; nothing where nothing is."""
    name = f"{case.family}: {case.name}"
    if one.outcome != "refused":
        return f"{name}: {one.outcome}"
    if case.says not in one.said:
        return f"{name}: another reason: {one.said[:200]}"
    if case.is_bomb and (one.seconds >= BOMB_SECONDS or one.megabytes >= BOMB_MEGABYTES):
        return f"{name}: {one.seconds:.2f} CPU s, {one.megabytes:.0f} MB"
    return ""


def measured(case: Malformed) -> Measured:
    """How a file ends in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = case.write(Path(folder))
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            signal.alarm(TIME_LIMIT)
            os.write(writing, json.dumps(_loaded(path)).encode())
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as pipe:
            answer = pipe.read()
        _, status = os.waitpid(child, 0)
        if not answer:
            return Measured(f"the process ended by signal {status & 127}", "", 0.0, 0.0)
        return Measured(*json.loads(answer))


def _loaded(path: Path) -> tuple[str, str, float, float]:
    """Outcome, what was said, CPU seconds, and megabytes beyond what the process had."""
    before, started = _resident(), time.process_time()
    outcome, said = "read", ""
    try:
        load_market(path)
    except Refused as refused:
        said = "\n".join(map(str, refused.faults)).lower()[:20_000]
        is_named = refused.faults and all(plain(one.file) and plain(one.expected) for one in refused.faults)
        outcome = "refused" if is_named else "unnamed"
    except BaseException as error:
        outcome = f"{type(error).__name__}: {str(error)[:200]}"
    seconds = time.process_time() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return outcome, said, seconds, max(0.0, peak - before)


def _resident() -> float:
    """Megabytes that the process has now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def report(name: str, found: list[Measured]) -> None:
    """One line a family."""
    refused = sum(one.outcome == "refused" for one in found)
    print(
        f"{name}: {len(found)} files, {refused} refused, {sum(one.outcome == 'read' for one in found)} read; slowest "
        f"{max(one.seconds for one in found):.2f} CPU s, largest {max(one.megabytes for one in found):.0f} MB",
        flush=True,
    )


if __name__ == "__main__":
    main()
