"""Forms and names of person identifiers: what e-mail addresses, telephone and identity numbers look like."""

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass

from mmm.intake.cells import is_number
from mmm.intake.tables import Cell
from mmm.sentence import Sentence, sentence


@dataclass(frozen=True, slots=True)
class Form:
    """A form of identifier; `is_certain` says that one cell is enough, else most cells must have it."""

    what: Sentence
    matches: Callable[[str], bool]
    is_certain: bool = False
    is_of_digits: bool = False


_EMAIL = re.compile(r"(?<=[^\s@<>,;])@[^\s@<>,;]{1,255}\.[A-Za-z]{2,}")
_CHINESE_MOBILE = re.compile(r"(?:\+?86[- ]?)?1[3-9][0-9][- ]?[0-9]{4}[- ]?[0-9]{4}")
_INTERNATIONAL_PHONE = re.compile(r"(?:\+|00)[1-9][0-9 ().-]{7,18}[0-9]")
_NATIONAL_PHONE = re.compile(r"\(?0?[0-9]{2,4}\)?[ .-][0-9]{3,4}[ .-][0-9]{3,4}")
_DATE_LIKE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2,4}")
_THOUSANDS = re.compile(r"[1-9][0-9]{0,2}(?:[ .][0-9]{3})+")
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
    if _DATE_LIKE.fullmatch(text) or _THOUSANDS.fullmatch(text):
        return False
    return any(form.fullmatch(text) for form in (_CHINESE_MOBILE, _INTERNATIONAL_PHONE, _NATIONAL_PHONE))


FORMS = (
    Form(sentence("an e-mail address"), lambda text: _EMAIL.search(text) is not None, is_certain=True),
    Form(sentence("a national identity number"), _is_chinese_id, is_certain=True, is_of_digits=True),
    Form(sentence("a social security number"), lambda text: _SOCIAL_SECURITY.fullmatch(text) is not None),
    Form(sentence("a telephone number"), _is_written_phone),
    Form(sentence("a mobile number"), lambda text: _CHINESE_MOBILE.fullmatch(text) is not None, is_of_digits=True),
    Form(sentence("a device identifier"), lambda text: _UUID.fullmatch(text) is not None),
    Form(sentence("a device identifier"), _is_device_number, is_of_digits=True),
    Form(sentence("a hashed identifier"), lambda text: _HASH.fullmatch(text) is not None),
    Form(sentence("a user identifier of a platform"), lambda text: _OPEN_ID.fullmatch(text) is not None),
    Form(sentence("a network address"), _is_network_address),
)

_OF_PERSONS = sentence("identifiers of persons")
_OF_DEVICES = sentence("identifiers of devices")
_OF_CLICKS = sentence("identifiers of clicks")
_TELEPHONES = sentence("telephone numbers")
_NATIONAL_NUMBERS = sentence("national identity numbers")
_BIRTHS = sentence("dates of birth")
_NAMES = sentence("names of persons")
_EMAILS = sentence("e-mail addresses")
_PASSPORTS = sentence("passport numbers")
_ADDRESSES = sentence("addresses of persons")
_IDENTITY_NUMBERS = sentence("identity numbers")
_NUMBERS = sentence("telephone or passport numbers")

_PERSON = {
    "user", "customer", "client", "member", "visitor", "person", "subscriber", "buyer", "patient",
    "device", "cookie", "advertising", "session", "contact", "lead", "employee", "student", "player", "viewer",
}  # fmt: skip
_IDENTIFIER = {"id", "ids", "uid", "guid", "uuid", "identifier", "no", "number", "hash", "key"}
_ALONE = {
    "userid": _OF_PERSONS,
    "uid": _OF_PERSONS,
    "customerid": _OF_PERSONS,
    "memberid": _OF_PERSONS,
    "clientid": _OF_PERSONS,
    "visitorid": _OF_PERSONS,
    "deviceid": _OF_DEVICES,
    "cookieid": _OF_DEVICES,
    "openid": _OF_PERSONS,
    "unionid": _OF_PERSONS,
    "idfa": _OF_DEVICES,
    "idfv": _OF_DEVICES,
    "gaid": _OF_DEVICES,
    "aaid": _OF_DEVICES,
    "oaid": _OF_DEVICES,
    "imei": _OF_DEVICES,
    "imsi": _OF_DEVICES,
    "msisdn": _TELEPHONES,
    "ssn": _NATIONAL_NUMBERS,
    "gclid": _OF_CLICKS,
    "fbclid": _OF_CLICKS,
    "dob": _BIRTHS,
    "birthdate": _BIRTHS,
    "surname": _NAMES,
    "firstname": _NAMES,
    "lastname": _NAMES,
    "fullname": _NAMES,
}
_TEXT_ALONE = {
    "email": _EMAILS,
    "emails": _EMAILS,
    "mail": _EMAILS,
    "phone": _TELEPHONES,
    "mobile": _TELEPHONES,
    "telephone": _TELEPHONES,
    "passport": _PASSPORTS,
    "address": _ADDRESSES,
    "wechat": _OF_PERSONS,
}
"""Names that are channels or counts as well: they count only where the cells are not numbers."""
_CHINESE = (
    (r"手机号|电话号|联系电话|手机$|^电话$", _TELEPHONES),
    (r"身份证|证件号|护照", _IDENTITY_NUMBERS),
    (r"姓名|真实姓名", _NAMES),
    (r"邮箱地址|电子邮箱|电子邮件地址", _EMAILS),
    (
        r"(?:用户|会员|客户|顾客|买家|粉丝|访客|设备)(?:id|编号|编码|标识|号码|号$|账号|昵称|名$|名称)",
        _OF_PERSONS,
    ),
    (r"微信号|微信id|设备号|住址|家庭地址|收货地址|出生日期", _OF_PERSONS),
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


def said_by_name(name: str, cells: tuple[Cell, ...]) -> Sentence | None:
    """What the name of a column says that it holds, where that is of persons."""
    if counts_something(name):
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
        return _OF_PERSONS
    if (
        len(words) > 1
        and words[-1] in {"name", "names"}
        and words[-2] in _PERSON - {"device"} | {"first", "last", "full"}
    ):
        return _NAMES
    if words[-3:] == ["date", "of", "birth"]:
        return _BIRTHS
    if words[-2:] in (["phone", "number"], ["mobile", "number"], ["passport", "number"], ["passport", "no"]):
        return _NUMBERS
    if words[-2:] in (["email", "address"], ["ip", "address"], ["home", "address"], ["street", "address"]):
        return _ADDRESSES
    if words and words[-1] in _TEXT_ALONE and _is_individual(cells):
        return _TEXT_ALONE[words[-1]]
    return None


def _is_individual(cells: tuple[Cell, ...]) -> bool:
    """Whether the cells are texts that differ from row to row, as those of persons do."""
    texts = {cell for cell in cells if isinstance(cell, str) and not is_number(cell)}
    return len(texts) > max(2, len(cells) // 4)


def counts_something(name: str) -> bool:
    """Whether the name of a column says that it counts or measures, so that its digits are a quantity."""
    return bool(_COUNTING.intersection(_words(name))) or _CHINESE_COUNTING.search(name) is not None


def _words(name: str) -> list[str]:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    return [word for word in re.split(r"[^A-Za-z0-9]+", spaced.casefold()) if word]
