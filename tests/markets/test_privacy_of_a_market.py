"""Only aggregates come in: columns that identify persons are refused, metrics are not."""

import hashlib
import uuid
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from market_files import only_fault, refusal, weekly_sheet

from mmm.sentence import plain

RNG = np.random.default_rng(3)
DIGITS = [int(value) for value in RNG.integers(10**8, 10**9, 60)]


def chinese_id(at: int) -> str:
    body = f"110105{1960 + at % 40}0{1 + at % 9}1{at % 9 + 1}{at % 900:03d}"[:17]
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(weight * int(digit) for weight, digit in zip(weights, body, strict=True))
    return body + "10X98765432"[total % 11]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("remark2", lambda at: f"anna{at}@example.org"),
        ("remark2", lambda at: "sent by b.li@example.com" if at == 7 else "na"),
        ("contact", lambda at: f"+49 30 {DIGITS[at]}"),
        ("line", lambda at: f"(030) {DIGITS[at] % 900 + 100}-{DIGITS[at] % 9000 + 1000}"),
        ("联系", lambda at: f"13{DIGITS[at]}"),
        ("mobile_number", lambda at: f"13{DIGITS[at]}"),
        ("手机号", lambda at: f"138 {DIGITS[at] % 9000 + 1000} {DIGITS[at] % 9000 + 1000}"),
        ("x", chinese_id),
        ("ssn_text", lambda at: f"{100 + at}-{10 + at % 80}-{DIGITS[at] % 9000 + 1000}"),
        ("visitor", lambda at: str(uuid.UUID(int=DIGITS[at] ** 4))),
        ("hashed", lambda at: hashlib.sha256(str(at).encode()).hexdigest()),
        ("md5", lambda at: hashlib.md5(str(at).encode()).hexdigest()),
        ("ip", lambda at: f"10.{at}.{at % 7}.{200 - at}"),
        ("user_id", lambda at: str(DIGITS[at])),
        ("userId", lambda at: str(at)),
        ("UserID", lambda at: str(at)),
        ("customer id", lambda at: f"C{at}"),
        ("device_id", lambda at: f"d{at}"),
        ("用户ID", lambda at: str(DIGITS[at])),
        ("会员编号", lambda at: str(DIGITS[at])),
        ("姓名", lambda at: f"王{at}"),
        ("first_name", lambda at: f"Anna{at}"),
        ("customer_name", lambda at: f"Anna{at}"),
        ("email", lambda at: f"anna{at} at example"),
        ("date_of_birth", lambda at: "1980-01-01"),
        ("openid", lambda at: f"o{'x' * 27}"),
    ],
)
def test_a_column_that_identifies_persons_is_refused_and_not_repeated(column: str, value: Callable[[int], Any]) -> None:
    fault = only_fault(weekly_sheet().add(column, value))
    assert fault.field == column
    assert "remove the column" in plain(fault.expected)
    assert str(value(fault.row - 2)) not in str(fault)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("impressions", lambda at: str(13_000_000_000 + 17 * DIGITS[at] % 5_000_000_000)),
        ("曝光量", lambda at: str(13_000_000_000 + DIGITS[at])),
        ("population", lambda at: str(DIGITS[at])),
        ("reach", lambda at: str(DIGITS[at])),
        ("clicks", lambda at: repr(DIGITS[at] / 7)),
        ("revenue", lambda at: f"{DIGITS[at] / 100:.2f}"),
        ("email_spend", lambda at: str(at)),
        ("email", lambda at: str(DIGITS[at])),
        ("phone_calls", lambda at: str(at)),
        ("mobile", lambda at: str(DIGITS[at])),
        ("users", lambda at: str(DIGITS[at])),
        ("new_customers", lambda at: str(at)),
        ("用户数", lambda at: str(DIGITS[at])),
        ("手机端曝光", lambda at: str(DIGITS[at])),
        ("campaign_name", lambda at: f"spring {at // 10}"),
        ("campaign_id", lambda at: str(120_000_000_000_000 + at)),
        ("campaign_start", lambda at: f"2025-03-{at % 28 + 1:02d}"),
        ("month", lambda at: f"2025-{at % 12 + 1:02d}"),
        ("id", lambda at: str(at + 1)),
        ("row_number", lambda at: str(at + 1)),
        ("export_id", lambda _: "0c8f3c52-9b1e-4a52-8a52-0c8f3c529b1e"),
        ("version", lambda at: f"1.{at}.0"),
        ("season", lambda at: "2024-2025"),
        ("address", lambda at: "main site"),
        ("leads", lambda at: str(at)),
        ("account_id", lambda _: "act_1203948"),
        ("umsatz", lambda at: f"{at + 11}.345.678"),
        ("ventes", lambda at: f"{at + 11} 345 678"),
        ("lead_id_count", lambda at: str(at)),
    ],
)
def test_an_aggregate_is_not_taken_for_a_person(column: str, value: Callable[[int], Any]) -> None:
    assert refusal(weekly_sheet().add(column, value)) == ()


def test_spend_of_thirteen_billion_is_a_quantity() -> None:
    assert refusal(weekly_sheet().fill("tv_spend", lambda at: str(13_000_000_000 + DIGITS[at]))) == ()


def test_persons_in_a_column_of_the_market_are_not_repeated_either() -> None:
    fault = only_fault(weekly_sheet().fill("tv_spend", lambda at: f"anna{at}@example.org"))
    assert fault.field == "tv_spend"
    assert "anna" not in str(fault)
    geos = weekly_sheet().add("region", lambda at: f"anna{at}@example.org")
    faults = refusal(geos, columns={"date": "week", "geo": "region"})
    assert [fault.field for fault in faults] == ["region"]
