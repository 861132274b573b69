"""What a reader sees: sentences in their language, numbers in their grouping, money in the market's currency.

Catalogues are gettext .po files, compiled in memory when a reader is made, so that the text in
the repository is the text that is shown.
"""

import io
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from gettext import GNUTranslations, NullTranslations
from importlib import resources

from babel import Locale
from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_currency, format_decimal, format_percent, get_currency_precision

from mmm.sentence import Day, Money, Names, Number, Phrase, Said, Share, Term, Value, Word
from mmm.vocabulary import Language

LOCALES: dict[Language, str] = {"en": "en_US", "zh": "zh_CN"}
"""Locale of each language that we write."""

NO_CURRENCY = "XXX"
"""ISO 4217's code for "no currency": what a reader has where no one market is meant."""

WHOLE_MONEY_FROM = 1000.0
"""Amounts from here on are shown without decimals, unless the reader's scale asks for them."""


@dataclass(frozen=True)
class Reader:
    """Someone who reads one language, about a market with one currency."""

    language: Language
    currency: str

    def gettext(self, text: str) -> str:
        """A text of ours in the reader's language; English where the catalogue has none."""
        return self._catalogue.gettext(text)

    def pgettext(self, context: str, text: str) -> str:
        """As `gettext`, for a word that means different things in different places."""
        return self._catalogue.pgettext(context, text)

    def say(self, said: Said) -> str:
        """A sentence in the reader's language, its values formatted; plain text as it is."""
        if isinstance(said, str):
            return said
        return self.gettext(said.template).format(**{name: self.value(value) for name, value in said.values.items()})

    def join(self, first: str, second: str) -> str:
        """Two sentences, one after the other, with the space that the language puts between them."""
        return self.gettext("{first} {second}").format(first=first, second=second)

    def value(self, value: Value) -> str:
        """One value of a sentence, formatted."""
        match value:
            case Money():
                return self.money(value.amount)
            case Share():
                return self.share(value.fraction, value.digits)
            case Number():
                return self.number(value.amount, value.digits)
            case Day():
                return self.day(value.day)
            case Term():
                return self.gettext(value.text)
            case Word():
                return value.text
            case Phrase():
                return self.say(value.said)
            case Names():
                return self.names(value)

    def names(self, value: Names) -> str:
        """Names one after the other, quoted as the language does, and how many are left out."""
        pattern = self.gettext("'{name}'") if value.is_quoted else "{name}"
        shown = self.gettext(", ").join(pattern.format(name=name) for name in value.names)
        if not value.more:
            return shown
        return self.gettext("{names} and {more} more").format(names=shown, more=self.number(value.more))

    def money(self, amount: float, digits: int | None = None) -> str:
        """An amount with its currency; without decimals from a thousand on unless `digits` says otherwise."""
        decimals = self._money_digits(amount) if digits is None else digits
        pattern = self._locale.currency_formats["standard"].pattern
        positive = pattern.split(";")[0].replace(".00", f".{'0' * decimals}" if decimals else "")
        return format_currency(
            _no_negative_zero(round(amount, decimals)),
            self.currency,
            format=positive,
            locale=self._locale,
            currency_digits=False,
        )

    def number(self, amount: float, digits: int = 0) -> str:
        """A plain number in the reader's grouping, with at most `digits` decimals."""
        pattern = "#,##0" + (f".{'#' * digits}" if digits else "")
        return format_decimal(_no_negative_zero(round(amount, digits)), format=pattern, locale=self._locale)

    def quantity(self, amount: float) -> str:
        """A count or quantity to about three figures: whole from a hundred on, with decimals below."""
        size = abs(amount)
        return self.number(amount, 0 if size >= 100 or size == 0 else 1 if size >= 10 else 2)

    def estimate(self, mean: float, low: float, high: float) -> str:
        """A quantity and its interval, all three with as many decimals as the mean has."""
        size = max(abs(mean), abs(high) / 10.0)
        digits = 0 if size >= 100 or size == 0 else 1 if size >= 10 else 2
        pattern = "#,##0" + (f".{'0' * digits}" if digits else "")
        shown = (
            format_decimal(_no_negative_zero(round(amount, digits)), format=pattern, locale=self._locale)
            for amount in (mean, low, high)
        )
        return "{} ({}–{})".format(*shown)

    def ratio(self, amount: float) -> str:
        """A number with always two decimals, for columns of ratios."""
        return format_decimal(_no_negative_zero(round(amount, 2)), format="#,##0.00", locale=self._locale)

    def share(self, fraction: float, digits: int = 1) -> str:
        """A fraction as a percentage."""
        pattern = "#,##0" + (f".{'0' * digits}" if digits else "") + "%"
        return format_percent(_no_negative_zero(round(fraction, digits + 2)), format=pattern, locale=self._locale)

    def change(self, fraction: float) -> str:
        """A relative change with its sign, in whole percent; with a decimal where it is small."""
        digits = 2 if abs(fraction) >= 0.095 else 3
        rounded = round(fraction, digits)
        if rounded == 0:
            return self.share(0.0, 0)
        pattern = "+#,##0%;-#,##0%" if digits == 2 else "+#,##0.0%;-#,##0.0%"
        return format_percent(rounded, format=pattern, locale=self._locale)

    def day(self, day: date) -> str:
        """A date in words."""
        return format_date(day, format="medium", locale=self._locale)

    def _money_digits(self, amount: float) -> int:
        if amount == 0 or abs(amount) >= WHOLE_MONEY_FROM:
            return 0
        if abs(amount) >= 0.01:
            return get_currency_precision(self.currency)
        return 6  # a currency unit in which amounts are tiny still has to show them

    @cached_property
    def _locale(self) -> Locale:
        return Locale.parse(LOCALES[self.language])

    @cached_property
    def _catalogue(self) -> NullTranslations:
        return catalogue(self.language)


@cache
def catalogue(language: Language) -> NullTranslations:
    """The translations of a language, read once a process; English, the language of the message ids, needs none."""
    if language == "en":
        return NullTranslations()
    source = resources.files("service") / "locales" / LOCALES[language] / "LC_MESSAGES" / "mixplan.po"
    compiled = io.BytesIO()
    write_mo(compiled, read_po(io.BytesIO(source.read_bytes()), locale=LOCALES[language]))
    compiled.seek(0)
    return GNUTranslations(compiled)


def _no_negative_zero(amount: float) -> float:
    return amount + 0.0
