from datetime import date

import pytest

from mmm.sentence import Day, Money, Number, Share, Term, Word, sentence
from service.language import Reader


@pytest.mark.parametrize(
    ("reader", "amount", "expected"),
    [
        (Reader("en", "EUR"), 500000.0, "€500,000"),
        (Reader("zh", "CNY"), 3778900.4, "¥3,778,900"),
        (Reader("en", "USD"), 12.5, "$12.50"),
        (Reader("en", "JPY"), 12.0, "¥12"),
        (Reader("en", "EUR"), -2500.0, "-€2,500"),
        (Reader("en", "EUR"), 0.0025, "€0.002500"),
        (Reader("en", "EUR"), -0.0000001, "€0.000000"),
    ],
)
def test_money_is_written_in_the_market_s_currency(reader: Reader, amount: float, expected: str) -> None:
    assert reader.money(amount) == expected


def test_a_sentence_is_said_in_english_with_its_values() -> None:
    said = sentence("{channel} gets at most {amount}.", channel=Word(text="tv"), amount=Money(amount=90000.0))
    assert Reader("en", "EUR").say(said) == "tv gets at most €90,000."


def test_a_sentence_is_said_in_chinese_with_the_same_values() -> None:
    said = sentence("{channel} gets at most {amount}.", channel=Word(text="抖音"), amount=Money(amount=90000.0))
    assert Reader("zh", "CNY").say(said) == "抖音 至多 ¥90,000。"


def test_names_of_the_user_are_never_translated() -> None:
    assert Reader("zh", "CNY").value(Word(text="brand")) == "brand"
    assert Reader("zh", "CNY").value(Term(text="brand")) == "品牌"


def test_braces_in_a_name_are_only_text() -> None:
    said = sentence("{channel} gets at most {amount}.", channel=Word(text="{amount}"), amount=Money(amount=1.0))
    assert Reader("en", "EUR").say(said) == "{amount} gets at most €1.00."


def test_values_are_written_as_the_language_does() -> None:
    english, chinese = Reader("en", "EUR"), Reader("zh", "CNY")
    assert english.value(Day(day=date(2027, 1, 4))) == "Jan 4, 2027"
    assert chinese.value(Day(day=date(2027, 1, 4))) == "2027年1月4日"
    assert english.value(Share(fraction=0.4)) == "40.0%"
    assert english.value(Share(fraction=0.123456, digits=2)) == "12.35%"
    assert english.value(Number(amount=12345.6)) == "12,346"
    assert english.value(Number(amount=1.50, digits=2)) == "1.5"


def test_quantities_keep_about_three_figures() -> None:
    reader = Reader("en", "EUR")
    assert [reader.quantity(amount) for amount in (12345.6, 99.94, 9.876, 0.0)] == ["12,346", "99.9", "9.88", "0"]


def test_changes_carry_their_sign() -> None:
    reader = Reader("en", "EUR")
    assert [reader.change(change) for change in (0.123, -0.5, 0.0)] == ["+12%", "-50%", "0%"]


def test_a_small_change_keeps_a_decimal_and_a_tiny_one_is_none() -> None:
    reader = Reader("en", "EUR")
    assert [reader.change(change) for change in (-0.027, 0.0951, -0.0004)] == ["-2.7%", "+10%", "0%"]


def test_an_interval_has_the_decimals_of_its_mean() -> None:
    reader = Reader("en", "EUR")
    assert reader.estimate(1.0, 0.412, 1.938) == "1.00 (0.41–1.94)"
    assert reader.estimate(20.6, 7.16, 41.9) == "20.6 (7.2–41.9)"
    assert reader.estimate(9447.2, 7518.0, 11262.4) == "9,447 (7,518–11,262)"
