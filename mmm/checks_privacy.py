"""Columns that look like they identify persons: only aggregates come in.

Every column is looked at, used or not. A finding never repeats what it found. Two kinds of
evidence count: values that have the form of an identifier, and names of columns that say so.
Large whole numbers are common in aggregates (impressions, populations), so numbers are judged
by form only where the column's name does not say that it counts something.
"""

import ipaddress
import re
import unicodedata
from collections.abc import Callable, Collection
from dataclasses import dataclass

from mmm.cells import is_number
from mmm.errors import Fault
from mmm.tables import Cell, Table, row_number

_MOST = 0.5
"""Share of the filled cells that must have the form, where one alone could be chance."""


@dataclass(frozen=True, slots=True)
class _Form:
    """A form of identifier; `is_certain` says that one cell is enough, else most cells must have it."""

    what: str
    matches: Callable[[str], bool]
    is_certain: bool = False
    is_of_digits: bool = False


def personal_columns(table: Table, numeric: Collection[str]) -> list[Fault]:
    """A fault for each column that looks like it identifies persons.

    Parameters
    ----------
    table
        The whole table.
    numeric
        Names of the columns that the market reads as numbers: plain digits in them are quantities.
    """
    faults = []
    for name, cells in zip(table.header, table.columns, strict=True):
        finding = _finding(name, cells, is_quantity=name in numeric)
        if finding is not None:
            what, index = finding
            expected = "aggregates per period alone: remove the column, it is not to be kept here"
            faults.append(Fault(table.file, name, what, expected, row=row_number(index)))
    return faults


def _finding(name: str, cells: tuple[Cell, ...], *, is_quantity: bool) -> tuple[str, int] | None:
    filled = [(index, _text(cell)) for index, cell in enumerate(cells) if cell is not None and _is_plain(cell)]
    if not filled:
        return None
    said = _said_by_name(name, [text for _, text in filled])
    if said is not None and not is_quantity:
        return f"a column whose name says that it holds {said}", filled[0][0]
    distinct = len({text for _, text in filled})
    for form in _FORMS:
        if form.is_of_digits and (is_quantity or _counts_something(name)):
            continue
        hits = [index for index, text in filled if form.matches(text)]
        if hits and (form.is_certain or (len(hits) > _MOST * len(filled) and distinct > 1)):
            return f"{form.what} in {len(hits)} {'cell' if len(hits) == 1 else 'cells'} (not repeated here)", hits[0]
    return None


def _is_plain(cell: Cell) -> bool:
    return isinstance(cell, str | int | float) and not isinstance(cell, bool)


def _text(cell: Cell) -> str:
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e18:
        return str(int(cell))
    return unicodedata.normalize("NFKC", str(cell)).strip()


# Values

_EMAIL = re.compile(r"[^\s@<>,;]+@[^\s@<>,;]+\.[A-Za-z]{2,}")
_CHINESE_MOBILE = re.compile(r"(?:\+?86[- ]?)?1[3-9][0-9][- ]?[0-9]{4}[- ]?[0-9]{4}")
_INTERNATIONAL_PHONE = re.compile(r"(?:\+|00)[1-9][0-9 ().-]{7,18}[0-9]")
_NATIONAL_PHONE = re.compile(r"\(?0?[0-9]{2,4}\)?[ .-][0-9]{3,4}[ .-][0-9]{3,4}")
_CHINESE_ID = re.compile(r"[1-9][0-9]{5}(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9Xx]")
_SOCIAL_SECURITY = re.compile(r"(?!000|666|9)[0-9]{3}-[0-9]{2}-[0-9]{4}")
_UUID = re.compile(r"\{?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\}?", re.IGNORECASE)
_HASH = re.compile(r"(?=.*[a-f])(?=.*[0-9])(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})", re.IGNORECASE)
_OPEN_ID = re.compile(r"o[A-Za-z0-9_-]{27}")


def _is_chinese_id(text: str) -> bool:
    """Resident identity number: 17 digits and a check character (GB 11643-1999, ISO 7064 MOD 11-2)."""
    if not _CHINESE_ID.fullmatch(text):
        return False
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(weight * int(digit) for weight, digit in zip(weights, text, strict=False))
    return "10X98765432"[total % 11] == text[-1].upper()


def _is_device_number(text: str) -> bool:
    """IMEI: 15 digits, the last a Luhn check digit."""
    if not re.fullmatch(r"[0-9]{15}", text):
        return False
    digits = [int(digit) for digit in text]
    doubled = [digit if position % 2 == 0 else digit // 5 + digit * 2 % 10 for position, digit in enumerate(digits)]
    return sum(doubled) % 10 == 0


def _is_network_address(text: str) -> bool:
    if text.count(".") != 3 and text.count(":") < 2:
        return False
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_written_phone(text: str) -> bool:
    """A telephone number with the marks that only telephone numbers have."""
    if is_number(text) and not text.startswith("+"):
        return False
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2,4}", text):
        return False
    return any(form.fullmatch(text) for form in (_CHINESE_MOBILE, _INTERNATIONAL_PHONE, _NATIONAL_PHONE))


_FORMS = (
    _Form("an e-mail address", lambda text: _EMAIL.search(text) is not None, is_certain=True),
    _Form("a national identity number", _is_chinese_id, is_certain=True, is_of_digits=True),
    _Form("a social security number", lambda text: _SOCIAL_SECURITY.fullmatch(text) is not None),
    _Form("a telephone number", _is_written_phone),
    _Form("a mobile number", lambda text: _CHINESE_MOBILE.fullmatch(text) is not None, is_of_digits=True),
    _Form("a device identifier", lambda text: _UUID.fullmatch(text) is not None),
    _Form("a device identifier", _is_device_number, is_of_digits=True),
    _Form("a hashed identifier", lambda text: _HASH.fullmatch(text) is not None),
    _Form("a user identifier of a platform", lambda text: _OPEN_ID.fullmatch(text) is not None),
    _Form("a network address", _is_network_address),
)

# Names of columns

_PERSON = {
    "user", "customer", "client", "member", "visitor", "person", "subscriber", "buyer", "patient", "account",
    "device", "cookie", "advertising", "session", "contact", "lead", "employee", "student", "player", "viewer",
}  # fmt: skip
_IDENTIFIER = {"id", "ids", "uid", "guid", "uuid", "identifier", "no", "number", "hash", "key"}
_ALONE = {
    "userid": "identifiers of persons",
    "uid": "identifiers of persons",
    "customerid": "identifiers of persons",
    "memberid": "identifiers of persons",
    "clientid": "identifiers of persons",
    "visitorid": "identifiers of persons",
    "deviceid": "identifiers of devices",
    "cookieid": "identifiers of devices",
    "openid": "identifiers of persons",
    "unionid": "identifiers of persons",
    "idfa": "identifiers of devices",
    "idfv": "identifiers of devices",
    "gaid": "identifiers of devices",
    "aaid": "identifiers of devices",
    "oaid": "identifiers of devices",
    "imei": "identifiers of devices",
    "imsi": "identifiers of devices",
    "msisdn": "telephone numbers",
    "ssn": "national identity numbers",
    "gclid": "identifiers of clicks",
    "fbclid": "identifiers of clicks",
    "dob": "dates of birth",
    "birthdate": "dates of birth",
    "surname": "names of persons",
    "firstname": "names of persons",
    "lastname": "names of persons",
    "fullname": "names of persons",
}
_TEXT_ALONE = {
    "email": "e-mail addresses",
    "emails": "e-mail addresses",
    "mail": "e-mail addresses",
    "phone": "telephone numbers",
    "mobile": "telephone numbers",
    "telephone": "telephone numbers",
    "passport": "passport numbers",
    "address": "addresses of persons",
    "wechat": "identifiers of persons",
}
"""Names that are channels or counts as well: they count only where the cells are not numbers."""
_CHINESE = (
    (r"手机号|电话号|联系电话|手机$|^电话$", "telephone numbers"),
    (r"身份证|证件号|护照", "identity numbers"),
    (r"姓名|真实姓名", "names of persons"),
    (r"邮箱地址|电子邮箱|电子邮件地址", "e-mail addresses"),
    (
        r"(?:用户|会员|客户|顾客|买家|粉丝|访客|设备)(?:id|编号|编码|标识|号码|号$|账号|昵称|名$|名称)",
        "identifiers of persons",
    ),
    (r"微信号|微信id|设备号|住址|家庭地址|收货地址|出生日期", "identifiers of persons"),
)
_COUNTING = {
    "count", "counts", "total", "sum", "avg", "average", "mean", "median", "share", "rate", "ratio", "pct", "percent",
    "spend", "cost", "costs", "revenue", "sales", "impressions", "impression", "clicks", "views", "reach",
    "population", "budget", "value", "users", "visits", "sessions", "unique", "uniques", "num", "calls", "orders",
    "conversions", "quantity", "qty", "volume", "queries", "amount", "index", "plays", "downloads", "installs",
    "followers", "grp", "grps", "gmv", "uv", "pv", "exposure", "new",
}  # fmt: skip
_CHINESE_COUNTING = re.compile(
    r"数$|数量|人数|次数|花费|费用|费$|金额|投放|消耗|曝光|点击|展现|播放|销售|销量|收入|人口|成本|占比|比例|率$|均|总|指数|量$|额$"
)


def _said_by_name(name: str, texts: list[str]) -> str | None:
    """What the name of a column says that it holds, where that is of persons."""
    if _counts_something(name):
        return None
    for pattern, what in _CHINESE:
        if re.search(pattern, name.casefold()):
            return what
    words = _words(name)
    joined = "".join(words)
    if joined in _ALONE:
        return _ALONE[joined]
    if words and words[-1] in _ALONE and words[-1] != "uid":
        return _ALONE[words[-1]]
    if len(words) > 1 and words[-1] in _IDENTIFIER and words[-2] in _PERSON:
        return "identifiers of persons"
    if (
        len(words) > 1
        and words[-1] in {"name", "names"}
        and words[-2] in _PERSON - {"account", "device"} | {"first", "last", "full"}
    ):
        return "names of persons"
    if words[-3:] == ["date", "of", "birth"]:
        return "dates of birth"
    if words[-2:] in (["phone", "number"], ["mobile", "number"], ["passport", "number"], ["passport", "no"]):
        return "telephone or passport numbers"
    if words[-2:] in (["email", "address"], ["ip", "address"], ["home", "address"], ["street", "address"]):
        return "addresses of persons"
    if words and words[-1] in _TEXT_ALONE and not all(is_number(text) for text in texts) and _is_individual(texts):
        return _TEXT_ALONE[words[-1]]
    return None


def _is_individual(texts: list[str]) -> bool:
    """Whether the texts differ from row to row, as those of persons do."""
    return len(set(texts)) > max(2, len(texts) // 4)


def _counts_something(name: str) -> bool:
    return bool(_COUNTING.intersection(_words(name))) or _CHINESE_COUNTING.search(name) is not None


def _words(name: str) -> list[str]:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    return [word for word in re.split(r"[^A-Za-z0-9]+", spaced.casefold()) if word]
