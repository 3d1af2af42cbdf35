"""Numbers: whole, decimal, money, percent. Decimals are kept exactly."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from struct import Struct
from typing import Any

import mongoengine as me
from bson import Decimal128

from models.declarations import Field
from models.kinds.base import Kind, Unreadable

GROUPED = re.compile(
    r"""[+-]?
    (?=\.?[0-9])                                # a digit somewhere
    (?: [0-9]{1,3}(?:,[0-9]{3})+                # 1,200,000
      | [0-9]{1,4}(?:,[0-9]{4})+                # 120,0000
      | [0-9]{1,3}(?:[ ][0-9]{3})+              # 1 200 000
      | [0-9]* )
    (?:\.[0-9]*)?
    (?:E[+-]?[0-9]{1,2})?""",
    re.VERBOSE,
)
"""A number as people and spreadsheets write it. Where a comma stands for anything but a group, as in `1,5`, nobody can
tell what was meant."""


def digits_of(text: str, marks: tuple[str, ...]) -> str:
    """A number's text without its groups, and without one of `marks` before or behind it; '' when it is no number."""
    rest = unicodedata.normalize("NFKC", text).strip().upper()
    sign = rest[:1] if rest[:1] in ("+", "-") else ""
    rest = rest[len(sign) :].lstrip()
    for mark in marks:
        if rest != (bare := rest.removeprefix(mark)):
            rest = bare.lstrip()
            break
    for mark in marks:
        if rest != (bare := rest.removesuffix(mark)):
            rest = bare.rstrip()
            break
    whole = sign + rest
    return re.sub("[, ]", "", whole) if GROUPED.fullmatch(whole) else ""


class Integer(Kind):
    name = "integer"
    operators: tuple[str, ...] = ("is", "is_not", "at_least", "at_most", "between", "empty", "filled")
    numeric = True

    def read_text(self, field: Field, text: str) -> int:
        cleaned = digits_of(text, ())
        if not re.fullmatch(r"[+-]?[0-9]{1,15}(\.0+)?", cleaned):
            raise Unreadable("应为整数，例如 1200。", "This should be a whole number, for example 1200.")
        number = int(cleaned.split(".")[0])
        check_bounds(field, number)
        return number

    def text(self, field: Field, value: Any, language: str) -> str:
        return "" if value is None else f"{value:,}"

    def mongo(self, field: Field) -> me.fields.BaseField:
        return me.IntField()


def check_bounds(field: Field, number: int | Decimal) -> None:
    """:raises Unreadable: when the number is outside the field's minimum and maximum."""
    if field.minimum is not None and number < field.minimum:
        raise Unreadable(f"不能小于 {field.minimum}。", f"Not less than {field.minimum}.")
    if field.maximum is not None and number > field.maximum:
        raise Unreadable(f"不能大于 {field.maximum}。", f"Not more than {field.maximum}.")


class Number(Kind):
    """A decimal number, kept exactly."""

    name = "decimal"
    operators: tuple[str, ...] = ("is", "is_not", "at_least", "at_most", "between", "empty", "filled")
    numeric = True

    def marks(self, field: Field) -> tuple[str, ...]:
        """What may stand before or behind a number and means nothing else, the longest first, in capitals."""
        return ()

    def wanted(self, field: Field) -> Unreadable:
        """How the number should look."""
        return Unreadable("应为数字，例如 1200.50。", "This should be a number, for example 1200.50.")

    def read_text(self, field: Field, text: str) -> Decimal:
        cleaned = digits_of(text, self.marks(field))
        if not cleaned:
            raise self.wanted(field)
        number = Decimal(cleaned)
        if abs(number) >= Decimal(10) ** 15:
            raise Unreadable("数字太大。", "The number is too large.")
        rounded = number.quantize(Decimal(1).scaleb(-field.places)) + 0  # there is no "minus nothing"
        if rounded != number:
            raise Unreadable(f"最多 {field.places} 位小数。", f"At most {field.places} decimal places.")
        check_bounds(field, rounded)
        return rounded

    def store(self, value: Any) -> Any:
        return None if value is None else decimal128(value)

    def load(self, stored: Any) -> Any:
        return decimal_of(stored) if isinstance(stored, Decimal128) else stored

    def text(self, field: Field, value: Any, language: str) -> str:
        return "" if value is None else written(value, field.places)

    def plain(self, value: Any) -> Any:
        return None if value is None else str(value)

    def mongo(self, field: Field) -> me.fields.BaseField:
        return me.Decimal128Field()


WORDS = Struct("<QQ")
BIAS, SIGN_AT, EXPONENT_AT, EASY_DIGITS = 6176, 63, 49, 18
"""How a decimal of up to 18 digits lies in the upper of its two words (BSON, Binary Integer Decimal)."""
EXPONENTS, MORE_DIGITS = (1 << SIGN_AT - EXPONENT_AT) - 1, (1 << EXPONENT_AT) - 1
"""What of the upper word, shifted, is the exponent; and what of it are digits, of longer numbers."""


def decimal128(value: Decimal | int) -> Decimal128:
    """A number as BSON. The driver's own way goes bit by bit, which takes most of the time of storing a row."""
    sign, digits, exponent = Decimal(value).as_tuple()
    if len(digits) > EASY_DIGITS or not isinstance(exponent, int) or not -100 < exponent < 100:
        return Decimal128(Decimal(value))
    number = int("".join(map(str, digits)))
    return Decimal128.from_bid(WORDS.pack(number, sign << SIGN_AT | exponent + BIAS << EXPONENT_AT))


def decimal_of(stored: Decimal128) -> Decimal:
    """The number of a BSON decimal, the other way than `decimal128`."""
    number, upper = WORDS.unpack(stored.bid)
    exponent = (upper >> EXPONENT_AT & EXPONENTS) - BIAS
    if upper & MORE_DIGITS or not -100 < exponent < 100:
        return stored.to_decimal()
    return Decimal(f"{'-' if upper >> SIGN_AT else ''}{number}E{exponent}")


SIGNS = {"CNY": "¥", "USD": "US$", "EUR": "€"}


def written(number: Decimal, places: int) -> str:
    """A number with so many decimal places, or with more where it has more: what is shown is what is stored."""
    exponent = number.normalize().as_tuple().exponent
    return f"{number:,.{max(places, -exponent if isinstance(exponent, int) else 0)}f}"


def with_sign(amount: Decimal, currency: str, places: int) -> str:
    """An amount as people read it: `¥1,200.50`, `-US$3.00`, without places `JPY 100`."""
    sign = SIGNS.get(currency, currency + " ")
    return f"-{sign}{written(-amount, places)}" if amount < 0 else f"{sign}{written(amount, places)}"


MARKS = {"CNY": ("人民币", "RMB", "CNY", "¥", "元"), "USD": ("美元", "US$", "USD", "$"), "EUR": ("欧元", "EUR", "€")}


class Money(Number):
    name = "money"

    def marks(self, field: Field) -> tuple[str, ...]:
        """Those of the field's own currency: an amount in another one is not this many of ours."""
        return MARKS.get(field.currency, (field.currency,))

    def wanted(self, field: Field) -> Unreadable:
        return Unreadable(
            f"应为以 {field.currency} 计的金额，例如 1200.50。",
            f"This should be an amount in {field.currency}, for example 1200.50.",
        )

    def text(self, field: Field, value: Any, language: str) -> str:
        return "" if value is None else with_sign(value, field.currency, field.places)


class Percent(Number):
    name = "percent"

    def marks(self, field: Field) -> tuple[str, ...]:
        return ("%",)

    def text(self, field: Field, value: Any, language: str) -> str:
        return "" if value is None else f"{value.normalize():f}%"
