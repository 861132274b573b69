"""Descriptions of markets that are wrong: as TOML, and in what they say."""

from collections.abc import Iterator

from malformed import GOOD_MARKET, Content, Malformed, always


def toml_cases() -> Iterator[Malformed]:
    """Every case of this module."""
    yield from _syntax()
    yield from _values()
    yield from toml_size_cases()


def _syntax() -> Iterator[Malformed]:
    good = GOOD_MARKET.encode()
    contents: dict[str, tuple[bytes, str]] = {
        "nothing": (b"", "required"),
        "a mark alone": (b"\xef\xbb\xbf", "required"),
        "two marks": (b"\xef\xbb\xbf" * 2 + good, "invalid statement"),
        "UTF-16 without mark": (GOOD_MARKET.encode("utf-16-le"), "nul bytes"),
        "Latin-1": (GOOD_MARKET.replace("orders", "Aufträge").encode("latin-1"), "neither utf-8"),
        "a NUL byte": (good + b"\0", "nul bytes"),
        "random bytes": (bytes(range(128, 256)) * 8, "utf-8"),
        "a key twice": (good.replace(b'name = "shop"', b'name = "shop"\nname = "shop2"'), "overwrite"),
        "a table twice": (good + b'[columns]\ndate = "week"\n', "twice"),
        "a table and a list of that name": (good + b"[[columns]]\n", ""),
        "a text never closed": (good.replace(b'"shop"', b'"shop', 1), "illegal character"),
        "a table never closed": (good.replace(b"[market]", b"[market"), "expected ']'"),
        "a list never closed": (good + b"a = [1, 2", "unclosed"),
        "a value without quotes": (good.replace(b'"week"', b"week", 1), "invalid value"),
        "JSON": (b'{"market": {"name": "shop"}}', "invalid statement"),
        "YAML": (b"market:\n  name: shop\n", ""),
        "INI": (b"[market]\nname = shop\n", "invalid value"),
        "a date that is none": (good + b'[[events]]\nname = "x"\nstart = 2026-13-45\n', "at column"),
        "a control character": (good.replace(b"shop", b"sh\x07op"), "illegal character"),
        "a half of a character": (good.replace(b"shop", b"sh\\uD800op", 1), "scalar"),
    }
    for name, (content, says) in contents.items():
        yield Malformed("TOML", name, always(content), says, is_market=True)


def _values() -> Iterator[Malformed]:
    for name, old, new, says in (
        ("a number for a name", 'name = "shop"', "name = 5", "text"),
        ("a list for a table", "[market]", "[[market]]", "a table"),
        ("a table for a list", "[[outcomes]]", "[outcomes]", "a list"),
        ("no currency", 'currency = "EUR"', "", "required"),
        ("a currency that is none", '"EUR"', '"XYZ"', "iso 4217"),
        ("a period that is none", '"week"', '"fortnight"', "week"),
        ("an unknown field", 'currency = "EUR"', 'currency = "EUR"\ncurency = "EUR"', "currency"),
        ("an unknown table", "[market]", "[mraket]", "market"),
        ("NaN", "42.0", "nan", "finite"),
        ("infinity", "42.0", "inf", "finite"),
        ("less than nothing", "42.0", "-42.0", "greater than 0"),
        ("1e308", "42.0", "1e308", "less than or equal to"),
        ("1e999", "42.0", "1e999", "finite"),
        ("a thousand digits", "42.0", "9" * 1000, ""),
        ("five thousand digits", "42.0", "9" * 5000, "digits"),
        ("hexadecimal of 5,000 digits", "42.0", "0x" + "f" * 5000, ""),
        ("a weight of 1e308", "0.4", "1e308", "less than or equal to 1"),
        ("a weight of NaN", "0.4", "nan", "finite"),
        ("data that are not there", '"shop.csv"', '"other.csv"', "no such file"),
        ("data elsewhere", '"shop.csv"', '"../../../../../../etc/hostname"', ""),
        ("data with a NUL byte", '"shop.csv"', '"shop\\u0000.csv"', ""),
        ("data of a name of 5,000 letters", '"shop.csv"', f'"{"x" * 5000}"', ""),
        ("data from a device", '"shop.csv"', '"/dev/zero"', "no file"),
        ("data from the process itself", '"shop.csv"', '"/proc/self/environ"', ""),
        ("data that are the file itself", '"shop.csv"', '"market.toml"', ""),
        ("data that are a folder", '"shop.csv"', '"."', "a folder"),
        ("data of an empty name", '"shop.csv"', '""', "not empty"),
        ("one name for two channels", '"search"\n', '"tv"\n', "more than once"),
        ("one column for two channels", '"search_spend"', '"tv_spend"', "more than one channel"),
        ("a formula for a name", 'name = "tv"', "name = \"=cmd|' /C calc'!A0\"", ""),
        ("a path for a name", 'name = "tv"', 'name = "../tv"', "slash"),
        ("a name of 81 letters", 'name = "tv"', f'name = "{"x" * 81}"', "80 characters"),
    ):
        yield _market(name, GOOD_MARKET.replace(old, new, 1), says)
    for name, addition, says in (
        ("a date of year 9999", '[[events]]\nname = "x"\nstart = 9999-12-27\nperiods = 10000', "2200"),
        ("a date of year 0001", '[[events]]\nname = "x"\nstart = 0001-01-01', "1800"),
        ("a time for a date", '[[events]]\nname = "x"\nstart = 2026-01-05T12:00:00Z', "date"),
        ("a text for a date", '[[events]]\nname = "x"\nstart = "soon"', "date"),
        ("a number for a date", '[[events]]\nname = "x"\nstart = 20260105', "date"),
        ("a huge number for a date", '[[events]]\nname = "x"\nstart = 99999999999999999', "date"),
        ("a million periods", '[[events]]\nname = "x"\nstart = 2025-02-03\nperiods = 1000000', "less than or equal"),
        ("2**70 periods", f'[[events]]\nname = "x"\nstart = 2025-02-03\nperiods = {2**70}', ""),
        ("half a period", '[[events]]\nname = "x"\nstart = 2025-02-03\nperiods = 0.5', "whole number"),
        ("a test in year 9999", f"{_TEST}\nstart = 9999-12-27\nperiods = 10000", "2200"),
        ("a test of infinite money", f"{_TEST}\nstart = 2025-02-03\nperiods = 3".replace("-300", "inf"), "finite"),
        ("a test of 1e308", f"{_TEST}\nstart = 2199-02-03\nperiods = 3".replace("-300", "1e308"), ""),
        ("a seed of 2**70", f"[model]\nseed = {2**70}", ""),
        ("a thousand chains", "[model]\nchains = 1000", "less than or equal to 16"),
        ("a country that is none", '[model]\nholidays = ["ZZ"]', "country"),
        ("a holdout of the whole history", "[model]\nholdout = 60", "fewer than"),
    ):
        yield _market(name, f"{GOOD_MARKET}\n{addition}\n", says)


_TEST = '[[lift_tests]]\nchannel = "tv"\nspend_change = -300\nestimate = -5\nstandard_error = 1'


def toml_size_cases() -> Iterator[Malformed]:
    """Files that are far too large or too deep."""
    nested = "a = " + "[" * 50_000 + "]" * 50_000
    contents: dict[str, tuple[Content, str]] = {
        "lists nested 50,000 deep": (lambda: nested.encode(), "too deeply"),
        "tables nested 50,000 deep": (lambda: ("a = " + "{a = " * 50_000).encode(), "too deeply"),
        "a key of 50,000 parts": (lambda: ("a" + ".a" * 50_000 + " = 1").encode(), "too deeply"),
        "a table of 50,000 parts": (lambda: ("[a" + ".a" * 50_000 + "]").encode(), "too deeply"),
        "lists nested 300 deep": (lambda: ("a = " + "[" * 300 + "]" * 300).encode(), ""),
        "a hundred thousand keys": (lambda: "".join(f"a{at} = 1\n" for at in range(100_000)).encode(), ""),
        "a hundred thousand tables": (lambda: b"[[channels]]\n" * 70_000, "50,000 values"),
        "three million bytes": (lambda: b"#" * 3_000_000, "at most 1 mb"),
        "a text of a million letters": (lambda: GOOD_MARKET.replace('"shop"', f'"{"x" * 900_000}"', 1).encode(), ""),
    }
    for name, (content, says) in contents.items():
        yield Malformed("TOML sizes", name, content, says, is_market=True, is_bomb=True)
    for size in (1, 1000):
        name = f"a file of {size} GB, sparse"
        content = always(GOOD_MARKET.encode())
        yield Malformed("TOML sizes", name, content, "at most 1 mb", True, size * 10**9, is_bomb=True)


def _market(name: str, text: str, says: str) -> Malformed:
    return Malformed("TOML values", name, always(text.encode()), says, is_market=True)
