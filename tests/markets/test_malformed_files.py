"""Files from outside that are wrong, whatever is wrong with them, end in faults that say where and what to do."""

import io
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow.parquet
import pytest
from malformed import Malformed
from malformed_cells import cell_cases
from malformed_parquet import columns, parquet, parquet_cases
from malformed_texts import text_cases
from malformed_toml import toml_cases
from malformed_workbooks import workbook_cases

from mmm.errors import Refused
from mmm.intake.archives import MAX_SHEET_TAGS
from mmm.intake.parquet_pages import unpacked_bytes
from mmm.io import load_market
from mmm.sentence import plain

FAMILIES = {"texts": text_cases, "cells": cell_cases, "workbooks": workbook_cases, "toml": toml_cases}
SLOW = ("a million rows", "ten million cells", "hundred thousand", "a table of 50,000 parts")
BOMBS = (
    "a million columns",
    "a file of 1000 GB, sparse",
    "a ratio of 1,000",
    "billion laughs in the sheet",
    "properties of 30 MB",
    "texts of 400 MB, said to be few",
    "a key of 50,000 parts",
    "lists nested 50,000 deep",
)
MALFORMED = Path(__file__).parents[2] / "benchmarks" / "malformed_files.py"


def not_refused(cases: Iterator[Malformed], folder: Path) -> list[str]:
    """The cases that were read, or refused for another reason or without words."""
    wrong = []
    for number, case in enumerate(case for case in cases if not case.is_bomb and case.name not in SLOW):
        place = folder / str(number)
        place.mkdir()
        try:
            load_market(case.write(place))
        except Refused as refused:
            said = "\n".join(map(str, refused.faults)).lower()
            if case.says not in said or not all(plain(one.file) and plain(one.expected) for one in refused.faults):
                wrong.append(f"{case.family}: {case.name}: {said}")
        else:
            wrong.append(f"{case.family}: {case.name}: read")
    return wrong


@pytest.mark.parametrize("cases", FAMILIES.values(), ids=FAMILIES)
def test_every_malformed_file_is_refused_for_what_is_wrong_with_it(
    cases: Callable[[], Iterator[Malformed]], tmp_path: Path
) -> None:
    assert not_refused(cases(), tmp_path) == []


def test_every_malformed_parquet_file_is_refused_for_what_is_wrong_with_it(tmp_path: Path) -> None:
    assert not_refused(parquet_cases(), tmp_path) == []


def test_bombs_are_refused_in_a_second_and_a_hundred_megabytes() -> None:
    ended = subprocess.run(
        [sys.executable, MALFORMED, "--names", *BOMBS], capture_output=True, text=True, timeout=120, check=False
    )
    assert "every file ended as it should" in ended.stdout, ended.stdout + ended.stderr
    count = len(BOMBS) + 1  # a sparse file as data and as market.toml
    assert f"all: {count} files, {count} refused" in ended.stdout


def test_what_the_pages_of_a_parquet_file_unpack_to_is_what_pyarrow_says() -> None:
    for options in ({}, {"compression": "zstd"}, {"use_dictionary": False}, {"data_page_version": "2.0"}):
        content = parquet(columns(), row_group_size=25, **options)
        metadata = pyarrow.parquet.ParquetFile(io.BytesIO(content)).metadata
        said = sum(metadata.row_group(group).total_byte_size for group in range(metadata.num_row_groups))
        assert 0.5 * said < unpacked_bytes(content) <= said


def test_the_tags_of_a_sheet_are_enough_for_a_panel() -> None:
    assert MAX_SHEET_TAGS / 4 >= 250 * 260 * 20  # geos, weeks, columns
