"""Which format a file has, told from its first bytes and never from its name."""

from mmm.errors import Fault, MarketRefused
from mmm.intake.delimited import read_delimited
from mmm.intake.parquet import read_parquet
from mmm.intake.tables import Table, empty_file
from mmm.intake.workbooks import read_workbook
from mmm.sentence import sentence

_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def read_table(file: str, content: bytes) -> Table:
    """The table in a CSV, XLSX or Parquet file.

    Parameters
    ----------
    file
        Name of the file, for faults.
    content
        Its bytes.

    Raises
    ------
    MarketRefused
        When there is no table in it.
    """
    start = content[:512].lstrip()[:64].lower()
    if not content.strip():
        raise MarketRefused([empty_file(file)])
    if content.startswith(b"PK\x03\x04"):
        return read_workbook(file, content)
    if content.startswith(b"PAR1"):
        return read_parquet(file, content)
    if content.startswith(_OLD_OFFICE):
        found = sentence("an old (XLS) or encrypted workbook")
        expected = sentence("XLSX, CSV or Parquet: save it as XLSX, without a password")
        raise MarketRefused([Fault(file, "", found, expected)])
    if start.startswith((b"<html", b"<!doctype", b"<table", b"<?xml")):
        found = sentence("a web page or XML, whatever its name says")
        expected = sentence("XLSX, CSV or Parquet: open it and save it as XLSX")
        raise MarketRefused([Fault(file, "", found, expected)])
    return read_delimited(file, content)
