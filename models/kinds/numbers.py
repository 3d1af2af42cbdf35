"""Numbers: whole, decimal, money, percent. Decimals are kept exactly."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal, InvalidOperation
from struct import Struct
from typing import Any

import mongoengine as me
from bson import Decimal128

from models.declarations import Field
from models.kinds.base import Kind, Unreadable


class Integer(Kind):
    name = "integer"
    operators: tuple[str, ...] = ("is", "is_not", "at_least", "at_most", "between", "empty", "filled")
    numeric = True

    def read_text(self, field: Field, text: str) -> int:
        cleaned = unicodedata.normalize("NFKC", text).replace(",", "").replace(" ", "")
        if not re.fullmatch(r"[+-]?\d{1,15}(\.0+)?", cleaned):
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

    def read_text(self, field: Field, text: str) -> Decimal:
        cleaned = re.sub(r"[,\s¥￥$元%％]", "", unicodedata.normalize("NFKC", text))
        try:
            number = Decimal(cleaned)
        except InvalidOperation:
            raise Unreadable("应为数字，例如 1200.50。", "This should be a number, for example 1200.50.") from None
        if not number.is_finite() or abs(number) >= Decimal(10) ** 15:
            raise Unreadable("数字太大。", "The number is too large.")
        rounded = number.quantize(Decimal(1).scaleb(-field.places))
        if rounded != number:
            raise Unreadable(f"最多 {field.places} 位小数。", f"At most {field.places} decimal places.")
        check_bounds(field, rounded)
        return rounded

    def store(self, value: Any) -> Any:
        return None if value is None else decimal128(value)

    def load(self, stored: Any) -> Any:
        return decimal_of(stored) if isinstance(stored, Decimal128) else stored

    def text(self, field: Field, value: Any, language: str) -> str:
        return "" if value is None else f"{value:,.{field.places}f}"

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


def with_sign(amount: Decimal, currency: str) -> str:
    """An amount as people read it: `¥1,200.50`, `-US$3.00`, `JPY 100.00`."""
    sign = SIGNS.get(currency, currency + " ")
    return f"-{sign}{-amount:,.2f}" if amount < 0 else f"{sign}{amount:,.2f}"


class Money(Number):
    name = "money"

    def text(self, field: Field, value: Any, language: str) -> str:
        return "" if value is None else with_sign(value, field.currency)


class Percent(Number):
    name = "percent"

    def text(self, field: Field, value: Any, language: str) -> str:
        return "" if value is None else f"{value.normalize():f}%"
