"""market.toml is found, read in its encoding, and refused with the place of each fault."""

from pathlib import Path

import pytest
from market_files import FILE, weekly_sheet

from mmm.errors import Fault, FileRefused, MarketRefused
from mmm.io import load_market, read_toml
from mmm.sentence import plain

TOML = """
[market]
name = "shop"
data = "shop.csv"
period = "week"
currency = "EUR"

[columns]
date = "week"

[[outcomes]]
name = "订单"
column = "orders"
unit = "orders"
value_per_unit = 42.0

[[channels]]
name = "tv"
spend = "tv_spend"
role = "brand"
"""


def folder_with(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    (tmp_path / "market.toml").write_bytes(text.encode(encoding))
    (tmp_path / FILE).write_bytes(weekly_sheet().csv())
    return tmp_path


def faults_of_folder(folder: Path) -> tuple[Fault, ...]:
    with pytest.raises(MarketRefused) as refused:
        load_market(folder)
    return refused.value.faults


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_market_loads_from_its_folder_and_from_its_file(tmp_path: Path, encoding: str) -> None:
    folder = folder_with(tmp_path, TOML, encoding)
    market = load_market(folder)
    assert market.outcomes["订单"].shape == (60, 1)
    assert load_market(folder / "market.toml").data_digest == market.data_digest
    assert not market.spend.flags.writeable


@pytest.mark.parametrize(
    ("before", "after", "field", "expected"),
    [
        ('spend = "tv_spend"', 'spnd = "tv_spend"', "channels[1].spnd", "did you mean 'spend'?"),
        ('period = "week"', 'period = "weekly"', "market.period", "'day', 'week', 'month', 'quarter' or 'year'"),
        ('currency = "EUR"', 'currency = "EUX"', "market.currency", "ISO 4217"),
        ('currency = "EUR"', 'currency = "eur"', "market.currency", "three capitals"),
        ('name = "shop"', 'name = "my shop"', "market.name", "letters, digits, - and _"),
        ('role = "brand"', "", "channels[1]", 'role = "brand" or "performance"'),
        ("value_per_unit = 42.0", "value_per_unit = -1", "outcomes[1].value_per_unit", "greater than 0"),
        (
            "value_per_unit = 42.0",
            "value_per_unit = {margin = 0}",
            "outcomes[1].value_per_unit.margin",
            "greater than 0",
        ),
        ('data = "shop.csv"', 'data = "shops.csv"', "market.data", "did you mean 'shop.csv'?"),
        ('data = "shop.csv"', 'data = "."', "market.data", "a CSV, XLSX or Parquet file"),
        ("[columns]", "[colums]", "colums", "did you mean 'columns'?"),
    ],
)
def test_a_fault_of_the_file_names_its_field_and_what_to_write(
    tmp_path: Path, before: str, after: str, field: str, expected: str
) -> None:
    faults = faults_of_folder(folder_with(tmp_path, TOML.replace(before, after)))
    assert expected in next(plain(fault.expected) for fault in faults if fault.field == field)
    assert {fault.file for fault in faults} == {"market.toml"}


def test_a_wrong_branch_of_a_choice_is_one_fault(tmp_path: Path) -> None:
    text = TOML.replace("value_per_unit = 42.0", "value_per_unit = -1")
    assert len(faults_of_folder(folder_with(tmp_path, text))) == 1


def test_faults_of_the_file_and_of_the_data_come_together(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, TOML.replace("EUR", "EUX"))
    (folder / FILE).write_bytes(weekly_sheet().put(9, "tv_spend", "x").csv())
    assert {fault.file for fault in faults_of_folder(folder)} == {"market.toml", FILE}


def test_broken_toml_is_refused_with_its_line_and_column(tmp_path: Path) -> None:
    (fault,) = faults_of_folder(folder_with(tmp_path, TOML.replace("[columns]", "[columns")))
    assert fault.row == 8
    assert "column 9" in plain(fault.found)


def test_bytes_that_are_no_text_are_refused_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "market.toml"
    path.write_bytes(b'[market]\nname = "\xff\xfe\xff"\n')
    with pytest.raises(FileRefused) as refused:
        read_toml(path)
    assert refused.value.faults[0].row == 2


def test_a_file_that_is_not_there_is_refused_with_the_ones_that_are(tmp_path: Path) -> None:
    folder_with(tmp_path, TOML)
    (fault,) = faults_of_folder(tmp_path / "markte.toml")
    assert "no such file" in plain(fault.found)
    assert "'market.toml'" in plain(fault.expected)
