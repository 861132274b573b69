"""Delimited texts that are wrong as files: encodings, delimiters, quotes, sizes."""

import random
from collections.abc import Iterator

from malformed import Content, Malformed, always
from market_files import weekly_sheet

CHINESE = "促销活动，第一周"
GB = 1_000_000_000


def text_cases() -> Iterator[Malformed]:
    """Every case of this module."""
    yield from _encodings()
    yield from _delimiters()
    yield from _quotes()
    yield from size_cases()
    yield from _other_formats()


def _csv() -> str:
    return weekly_sheet().csv().decode()


def _chinese_csv() -> str:
    return weekly_sheet().fill("remark", lambda _: CHINESE).csv().decode()


def _encodings() -> Iterator[Malformed]:
    wide = _csv().encode("utf-16-le")
    chinese = _chinese_csv()
    lines = chinese.split("\n")
    contents = {
        "UTF-16 little endian without mark": (wide, "nul bytes"),
        "UTF-16 big endian without mark": (_csv().encode("utf-16-be"), "nul bytes"),
        "UTF-16 with half of a character at its end": (b"\xff\xfe" + wide[:-1], "utf-16"),
        "UTF-16 with a lone surrogate": (b"\xff\xfe" + wide + b"\x00\xd8\x41\x00", "utf-16"),
        "a mark of UTF-16 before UTF-8": (b"\xff\xfe" + _csv().encode(), ""),
        "the other mark of UTF-16 before UTF-8": (b"\xfe\xff" + _csv().encode(), ""),
        "UTF-32 little endian": (_csv().encode("utf-32"), "nul bytes"),
        "UTF-32 big endian": (b"\x00\x00\xfe\xff" + _csv().encode("utf-32-be"), "not utf-8"),
        "UTF-7": (chinese.replace("week", "wöch").encode("utf-7"), "market.toml"),
        "GB18030 cut inside of a character": (chinese.encode("gb18030").rstrip() + b"\x81", "not utf-8"),
        "GB18030 cut inside of four bytes": (chinese.encode("gb18030").rstrip() + b"\x81\x30\x81", "not utf-8"),
        "UTF-8 cut inside of a character": (chinese.encode().rstrip() + "周".encode()[:2], "utf-8"),
        "overlong UTF-8": (_csv().encode() + b"\xc0\xaf", ""),
        "a surrogate in UTF-8": (_csv().encode() + b"\xed\xa0\x80", "utf-8"),
        "UTF-8 and GB18030 by turns": (
            b"\n".join(line.encode(("utf-8", "gb18030")[at % 2]) for at, line in enumerate(lines)),
            "utf-8",
        ),
        "Latin-1": (_csv().replace("na", "Zürich").encode("latin-1"), "neither utf-8 nor chinese"),
        "Shift JIS": (_csv().replace("na", "ﾃﾚﾋﾞ広告").encode("shift_jis"), "utf-8"),
        "EBCDIC": (_csv().encode("cp500"), ""),
        "a NUL byte in a cell": (_csv().replace("na", "n\0a", 1).encode(), "nul bytes"),
        "a NUL byte at the end": (_csv().encode() + b"\0", "nul bytes"),
        "a NUL byte first": (b"\0" + _csv().encode(), "nul bytes"),
        "NUL bytes alone": (b"\0" * 1000, "nul bytes"),
        "random bytes": (random.Random(1).randbytes(4000), "utf-8"),
        "an image": (b"\x89PNG\r\n\x1a\n" + random.Random(2).randbytes(4000), "utf-8"),
        "a PDF": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + random.Random(3).randbytes(4000), "utf-8"),
        "a gzipped file": (b"\x1f\x8b\x08\x00" + random.Random(4).randbytes(4000), "utf-8"),
        "two marks of UTF-8": (b"\xef\xbb\xbf\xef\xbb\xbf" + _csv().encode(), "week"),
    }
    for name, (content, says) in contents.items():
        yield Malformed("encodings", name, always(content), says)


def _delimiters() -> Iterator[Malformed]:
    good = _csv()
    lines = good.splitlines()
    header = lines[0]
    contents = {
        "a delimiter that nobody knows": (good.replace(",", "~"), "market.toml"),
        "colons": (good.replace(",", ":"), "market.toml"),
        "two delimiters by turns": ("\n".join(line.replace(",", ";,"[at % 2]) for at, line in enumerate(lines)), ""),
        "a header in another delimiter": ("\n".join([header.replace(",", ";"), *lines[1:]]), "first row"),
        "one row with a cell too many": ("\n".join([*lines[:5], lines[5] + ",1", *lines[6:]]), "9 cells"),
        "one row with a cell too few": ("\n".join([*lines[:5], lines[5].rpartition(",")[0], *lines[6:]]), "7 cells"),
        "delimiters alone": (",,,,,,,\n" * 30, "empty file"),
        "a header alone": (header + "\n", "no rows"),
        "a header and empty rows": (header + "\n" + ",,,,,,,\n" * 30, "no rows"),
        "no header": ("\n".join(lines[1:]), "column"),
        "an empty first row": (",,,,,,,\n" + good, "empty first row"),
        "a title above the header": ("Report of May\n" + good, "first row"),
        "an empty row in the middle": ("\n".join([*lines[:9], ",,,,,,,", *lines[9:]]), "empty row"),
        "a header twice": ("\n".join([*lines[:9], header, *lines[9:]]), "plain number"),
        "one name twice": (good.replace("remark", "orders", 1), "2 columns of this name"),
        "a name of white space": (good.replace("tv_spend", " \t ", 1), "column"),
        "a name that looks like another": (good.replace("orders", "оrders", 1), "column"),
        "full-width commas": (good.replace(",", "，"), "market.toml"),
        "an empty row between old line ends": ("\r".join([*lines[:30], "", *lines[30:]]), "empty row"),
        "one line": (good.replace("\n", " "), ""),
        "text alone": ("Dear colleagues, here are the numbers for May.\n" * 20, "market.toml"),
        "JSON": ('[{"week": "2025-01-06", "orders": 900}]\n' * 3, "market.toml"),
    }
    for name, (text, says) in contents.items():
        yield Malformed("delimiters", name, always(text.encode()), says)


def _quotes() -> Iterator[Malformed]:
    good = _csv()
    lines = good.splitlines()
    contents = {
        "a quote never closed in the last row": (good.rstrip() + ',"', ""),
        "a quote never closed in the second row": ("\n".join([lines[0], lines[1][:-2] + '"na', *lines[2:]]), "quote"),
        "a quote never closed in the header": ('"' + good, "quote"),
        "text after a closing quote": ("\n".join([*lines[:4], lines[4][:-2] + '"na"x', *lines[5:]]), "quote"),
        "one quote alone": ('"', "quote"),
        "quotes alone": ('""""""""\n' * 20, "column"),
        "every row in quotes": ("\n".join(f'"{line}"' for line in lines), "market.toml"),
        "quotes of a typesetter": (good.replace("na", "“na", 1).replace("week", "“week”", 1), "column"),
    }
    for name, (text, says) in contents.items():
        yield Malformed("quotes", name, always(text.encode()), says)


def size_cases() -> Iterator[Malformed]:
    """Files that are far too large, or seem so."""
    cell = "x" * 1_000_000
    contents: dict[str, tuple[Content, str, bool]] = {
        "a million columns": (lambda: ("a," * 1_000_000 + "\n" + "1," * 1_000_000).encode(), "1,000,001 columns", True),
        "a million columns in the second row": (lambda: b"a,b\n" + b"1," * 1_000_000, "columns", True),
        "three thousand columns": (lambda: ("a," * 3000 + "\n" + "1," * 3000).encode(), "columns", False),
        "one enormous cell": (lambda: _csv().replace("na", cell, 1).encode(), "32,767 characters", True),
        "one enormous name": (lambda: _csv().replace("remark", cell, 1).encode(), "32,767 characters", True),
        "an enormous cell in quotes": (lambda: _csv().replace("na", f'"{cell}"', 1).encode(), "32,767", True),
        "a cell of commas in quotes": (lambda: _csv().replace("na", f'"{"," * 200_000}"', 1).encode(), "32,767", True),
        "a million rows": (lambda: b"a,b\n" + b"1,2\n" * 1_000_000, "more than 500,000 rows", False),
        "ten million empty rows": (lambda: b"a,b\n" + b"\n" * 10_000_000 + b"1,2\n", "rows", True),
        "ten million cells": (lambda: b"a," * 100 + b"\n" + (b"1," * 100 + b"\n") * 100_000, "cells", False),
        "ten million quotes": (lambda: b'"' * 10_000_000, "", True),
        "one number with a million digits": (lambda: _csv().replace("na", "9" * 1_000_000, 1).encode(), "32,767", True),
    }
    for name, (content, says, is_bomb) in contents.items():
        yield Malformed("sizes", name, content, says, is_bomb=is_bomb)
    for size in (GB, 8 * GB, 1000 * GB):
        name = f"a file of {size // GB} GB, sparse"
        yield Malformed("sizes", name, lambda: _csv().encode(), "at most 100 mb", length=size, is_bomb=True)


def _other_formats() -> Iterator[Malformed]:
    contents = {
        "nothing": (b"", "empty file"),
        "white space": (b" \r\n\t \n" * 50, "empty file"),
        "a mark alone": (b"\xef\xbb\xbf", "empty file"),
        "a mark of UTF-16 alone": (b"\xff\xfe", "empty file"),
        "an old workbook": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(3000), "xls"),
        "a web page": (b"<!DOCTYPE html><html><table><tr><td>1</td></tr></table></html>", "web page"),
        "XML of an old spreadsheet": (b'<?xml version="1.0"?><Workbook></Workbook>', "web page or xml"),
        "an archive that is cut at once": (b"PK\x03\x04", "archive"),
        "an empty archive": (b"PK\x05\x06" + bytes(18), ""),
        "a script": (b"#!/bin/sh\nrm -rf /\n", "market.toml"),
    }
    for name, (content, says) in contents.items():
        yield Malformed("other formats", name, always(content), says)
