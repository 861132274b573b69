"""Parquet files that are wrong: cut, spoilt, claiming too much, with columns that no table of numbers has."""

import io
import random
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from malformed import Malformed, always
from market_files import weekly_sheet

ROWS = 60


def parquet_cases() -> Iterator[Malformed]:
    """Every case of this module."""
    yield from _damaged()
    yield from parquet_bomb_cases()
    yield from _columns()


def columns() -> dict[str, Any]:
    """The weekly sheet as columns."""
    sheet = weekly_sheet()
    whole = {name: [row[at] for row in sheet.rows] for at, name in enumerate(sheet.header)}
    return {
        name: pa.array(cells if name in ("week", "remark") else [float(cell) for cell in cells])
        for name, cells in whole.items()
    }


def parquet(table: dict[str, Any] | pa.Table, **options: Any) -> bytes:
    """Columns as a Parquet file."""
    content = io.BytesIO()
    pq.write_table(table if isinstance(table, pa.Table) else pa.table(table), content, **options)
    return content.getvalue()


def _damaged() -> Iterator[Malformed]:
    good = parquet(columns())
    contents = {
        "cut in half": good[: len(good) // 2],
        "without its last byte": good[:-1],
        "without its footer": good[:-400],
        "the magic alone": b"PAR1",
        "the magic twice": b"PAR1PAR1",
        "a footer longer than the file": good[:-8] + b"\xff\xff\xff\x7f" + b"PAR1",
        "a footer of nothing": good[:-8] + b"\0\0\0\0" + b"PAR1",
        "a footer of zeros": good[:-1000] + bytes(992) + (900).to_bytes(4, "little") + b"PAR1",
        "pages of zeros": good[:4] + bytes(2000) + good[2004:],
        "pages of ones": good[:4] + b"\xff" * 2000 + good[2004:],
        "another magic at its end": good[:-4] + b"PARE",
        "something after its end": good + b"hello",
    }
    for name, content in contents.items():
        yield Malformed("Parquet files", name, always(content), "damaged parquet")
    yield Malformed("Parquet files", "another magic at its start", always(b"PARX" + good[4:]), "")
    summed = parquet(columns(), write_page_checksum=True, compression="none")
    noise = random.Random(3)
    start = summed.index(b"2025-01-06")  # of the page of weeks, which its checksum covers
    for number in range(8):
        flipped = bytearray(summed)
        flipped[start + noise.randrange(60)] ^= 1 << noise.randrange(8)
        yield Malformed("Parquet files", f"a flipped bit under a checksum, {number}", always(bytes(flipped)), "damaged")
    for number in range(12):
        flipped = bytearray(good)
        for _ in range(200):
            flipped[noise.randrange(4, len(good) - 8)] ^= 1 << noise.randrange(8)
        yield Malformed("Parquet files", f"two hundred flipped bits, {number}", always(bytes(flipped)), "")


def parquet_bomb_cases() -> Iterator[Malformed]:
    """Files that would cost far more than their size."""
    million = {"a": pa.array([0.0] * 1_000_000)}
    cases: dict[str, tuple[Callable[[], bytes], str]] = {
        "a million rows": (lambda: parquet(million), "more than 500,000 rows"),
        "a billion rows claimed": (lambda: _claimed(million, 1_000_000, 2**30), ""),
        "3,000 columns": (lambda: parquet({f"c{at}": [1.0] for at in range(3000)}), "3,000 columns"),
        "texts of 400 MB": (lambda: _texts(400), "mb when unpacked"),
        "texts of 400 MB, said to be few": (lambda: _lying(_texts(400)), "mb when unpacked"),
        "one text of 1 MB 60 times": (
            lambda: parquet(columns() | {"remark": pa.array(["x" * 1_000_000] * ROWS)}),
            "characters",
        ),
        "one text of 32,000 characters in 100,000 rows": (
            lambda: parquet({"week": pa.array([" " + "x" * 32_000 + " "] * 100_000).dictionary_encode()}),
            "more than 50,000,000 characters",
        ),
        "a list of a million in every row": (
            lambda: parquet(columns() | {"tv_spend": _endless_lists()}),
            "plain number",
        ),
    }
    for name, (content, says) in cases.items():
        yield Malformed("Parquet bombs", name, content, says, is_bomb=True)


def _columns() -> Iterator[Malformed]:
    number, text = "plain number", "date"
    stamps = pa.array(range(ROWS), pa.int64())
    spends: dict[str, tuple[Any, str]] = {
        "lists": (pa.array([[1.0]] * ROWS), number),
        "structures": (pa.array([{"a": 1.0}] * ROWS), number),
        "maps": (pa.array([[("a", 1.0)]] * ROWS, pa.map_(pa.string(), pa.float64())), number),
        "lists of lists": (pa.array([[[1.0]]] * ROWS), number),
        "binary": (pa.array([b"\x00\xff"] * ROWS), number),
        "binary of fixed size": (pa.array([b"ab"] * ROWS, pa.binary(2)), number),
        "truth values": (pa.array([True] * ROWS), "1 for yes"),
        "texts": (pa.array(["1,234"] * ROWS), "separators of thousands"),
        "categories": (pa.array(["a few"] * ROWS).dictionary_encode(), number),
        "dates": (pa.array([1] * ROWS, pa.date32()), "formatted as a date"),
        "times of day": (pa.array([1] * ROWS, pa.time32("s")), number),
        "durations": (pa.array([1] * ROWS, pa.duration("s")), number),
        "nothing": (pa.nulls(ROWS), "a number in every row"),
        "nothing at all, of floats": (pa.array([None] * ROWS, pa.float64()), "a number in every row"),
        "NaN": (pa.array([float("nan")] * ROWS), "a number in every row"),
        "infinity": (pa.array([float("inf")] * ROWS), "finite number"),
        "1e308": (pa.array([1e308] * ROWS), "between 1e-30 and 1e+15"),
        "the largest whole numbers": (pa.array([2**64 - 1] * ROWS, pa.uint64()), "between 1e-30 and 1e+15"),
        "decimals of 70 digits": (pa.array([Decimal(10**70)] * ROWS, pa.decimal256(76, 0)), "between 1e-30"),
        "half floats of infinity": (pa.array([float("inf")] * ROWS).cast(pa.float16()), "finite number"),
    }
    for name, (column, says) in spends.items():
        yield _case(f"spend as {name}", {"tv_spend": column}, says)
    last = 2**62
    weeks: dict[str, tuple[Any, str]] = {
        "timestamps beyond all time": (pa.array([last // 1_000_000] * ROWS, pa.timestamp("s")), text),
        "timestamps of year 9999": (
            pa.array([253_370_764_800 + 604_800 * at for at in range(ROWS)], pa.timestamp("s")),
            "",
        ),
        "timestamps of microseconds beyond all time": (pa.array([last] * ROWS, pa.timestamp("us")), text),
        "timestamps in a zone that there is not": (stamps.cast(pa.timestamp("us", "Mars/Olympus")), ""),
        "timestamps at noon in Shanghai": (stamps.cast(pa.timestamp("us", "Asia/Shanghai")), "time of day"),
        "dates beyond all time": (pa.array([2**30] * ROWS, pa.date32()), text),
        "dates of year 0001": (pa.array([-719162 + at for at in range(ROWS)], pa.date32()), "year between"),
        "floats": (pa.array([float(at) for at in range(ROWS)]), text),
        "lists": (pa.array([["2025-01-06"]] * ROWS), text),
        "binary": (pa.array([b"2025-01-06"] * ROWS), text),
        "nothing": (pa.nulls(ROWS), text),
    }
    for name, (column, says) in weeks.items():
        yield _case(f"weeks as {name}", {"week": column}, says)
    twice = pa.Table.from_arrays([*columns().values(), pa.array([1.0] * ROWS)], names=[*columns(), "orders"])
    yield Malformed("Parquet columns", "one name twice", always(parquet(twice)), "2 columns of this name")
    empty = {name: column.slice(0, 0) for name, column in columns().items()}
    yield Malformed("Parquet columns", "no rows", always(parquet(empty)), "no rows")
    yield Malformed("Parquet columns", "no columns", always(parquet({})), "")
    nameless = pa.Table.from_arrays(list(columns().values()), names=["", *list(columns())[1:]])
    yield Malformed("Parquet columns", "a column without a name", always(parquet(nameless)), "week")
    inverted = pa.Table.from_arrays(list(columns().values()), names=["we\0ek", *list(columns())[1:]])
    yield Malformed("Parquet columns", "a name with a NUL byte", always(parquet(inverted)), "week")
    broken = parquet(columns()).replace(b"na", b"\xff\xfe")
    yield Malformed("Parquet columns", "texts that are no UTF-8", always(broken), "damaged")


def _case(name: str, changes: dict[str, Any], says: str) -> Malformed:
    return Malformed("Parquet columns", name, always(parquet(columns() | changes)), says)


def _texts(megabytes: int) -> bytes:
    texts = pa.array(["x" * 30_000] * (megabytes * 1_000_000 // 30_000))
    return parquet({"week": texts}, use_dictionary=False, compression="zstd")


def _endless_lists() -> Any:
    return pa.ListArray.from_arrays([1_000_000 * at for at in range(ROWS + 1)], pa.nulls(60_000_000).cast(pa.bool_()))


def _claimed(table: dict[str, Any], number: int, claimed: int) -> bytes:
    """The file of a table with a number of its footer changed, wherever it stands."""
    content = parquet(table)
    footer = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    return content[:footer] + content[footer:].replace(
        _varint(2 * number), _varint(2 * claimed, len(_varint(2 * number)))
    )


def _lying(content: bytes) -> bytes:
    """The file with every large size in its footer said to be 1,000 bytes."""
    metadata = pq.ParquetFile(io.BytesIO(content)).metadata
    footer = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    head, tail = content[:footer], content[footer:]
    for group in range(metadata.num_row_groups):
        sizes = (metadata.row_group(group).total_byte_size, metadata.row_group(group).column(0).total_uncompressed_size)
        for size in sizes:
            told = _varint(2 * size)
            tail = tail.replace(told, _varint(2000, len(told)))
    return head + tail


def _varint(number: int, length: int = 0) -> bytes:
    """A number in the compact protocol, in at least so many bytes."""
    found = bytearray()
    while True:
        found.append(number & 127)
        number >>= 7
        if not number and len(found) >= length:
            return bytes(byte | 128 for byte in found[:-1]) + bytes(found[-1:])
