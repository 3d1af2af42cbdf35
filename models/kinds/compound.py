"""Values of several parts that are one thing to people: a period, an address, an amount in one of several currencies.

A value is a dict with a key for each part. Forms show the parts side by side; files and searches take it as one text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

import mongoengine as me
from bson import Decimal128, MaxKey

from models import widths
from models.declarations import Choice, Field, Label
from models.errors import Sentence
from models.kinds.base import Kind, Unreadable
from models.kinds.numbers import MARKS, Number, decimal128, with_sign
from models.kinds.times import Date

DAY, TEXT = Date(), Kind()


class Compound(Kind):
    """A dict of parts, or one text. Which parts there are follows from the field."""

    def parts(self, field: Field) -> tuple[Field, ...]:
        """The parts, as fields of their own."""
        return ()

    def read(self, field: Field, raw: Any) -> Any:
        if not isinstance(raw, Mapping):
            return super().read(field, raw)
        parts = self.parts(field)
        problems = {
            str(key)[:60]: Sentence("没有这个字段。", "There is no such field.")
            for key in raw.keys() - {part.name for part in parts}
        }
        value: dict[str, Any] = {}
        for part in parts:
            try:
                value[part.name] = self.read_part(field, part, raw.get(part.name))
            except Unreadable as wrong:
                problems[part.name] = wrong.problems[""]
        if problems:
            raise Unreadable(problems=problems)
        return self.whole(field, value)

    def read_part(self, field: Field, part: Field, raw: Any) -> Any:
        """The value of one part. :raises Unreadable:"""
        return TEXT.read(part, raw)

    def whole(self, field: Field, value: dict[str, Any]) -> Any:
        """The value, its parts checked against one another; None when it is empty. :raises Unreadable:"""
        return value if any(part is not None for part in value.values()) else None

    def mongo(self, field: Field) -> me.fields.BaseField:
        return me.DictField()


class Period(Compound):
    """From one day until another, both included; either end may be open."""

    name = "period"
    operators = ("covers", "from", "until", "empty", "filled")

    def parts(self, field: Field) -> tuple[Field, ...]:
        return (
            Field(name="from", kind="date", label=Label("自", "From")),
            Field(name="until", kind="date", label=Label("至", "Until")),
        )

    def read_text(self, field: Field, text: str) -> Any:
        """`2026-01-01 至 2026-03-31`, and with one end only `2026-01-01 起` or `至 2026-03-31`."""
        text = re.sub(r"^(自|从|from)\s*", "", unicodedata.normalize("NFKC", text), flags=re.IGNORECASE)
        text = re.sub(r"\s*(起|起至今|on)$", " 至 ", text, flags=re.IGNORECASE)
        ends = re.split(r"\s*(?:至|到|~|–|—|\bto\b|\buntil\b|\s-\s)\s*", text, maxsplit=1, flags=re.IGNORECASE)
        if len(ends) != 2:
            raise Unreadable("期间格式应如 2026-01-01 至 2026-03-31。", "A period looks like 2026-01-01 to 2026-03-31.")
        read = [DAY.read(field, end.removesuffix("止").strip()) for end in ends]
        return self.whole(field, dict(zip(("from", "until"), read, strict=True)))

    def read_part(self, field: Field, part: Field, raw: Any) -> Any:
        return DAY.read(part, raw)

    def whole(self, field: Field, value: dict[str, Any]) -> Any:
        begins, ends = value["from"], value["until"]
        if begins is not None and ends is not None and begins > ends:
            raise Unreadable(problems={"until": Sentence("结束不能早于开始。", "It cannot end before it begins.")})
        return super().whole(field, value)

    def store(self, value: Any) -> Any:
        return None if value is None else {end: DAY.store(value[end]) for end in ("from", "until")}

    def load(self, stored: Any) -> Any:
        return None if stored is None else {end: DAY.load(stored.get(end)) for end in ("from", "until")}

    def text(self, field: Field, value: Any, language: str) -> str:
        if value is None:
            return ""
        begins, ends = (DAY.text(field, value[end], language) for end in ("from", "until"))
        return between(begins, ends, language)

    def plain(self, value: Any) -> Any:
        return None if value is None else {end: DAY.plain(value[end]) for end in ("from", "until")}

    def condition(self, field: Field, operator: str, text: str) -> dict[str, Any] | None:
        day = DAY.store(DAY.read(field, text))
        begins, ends = f"{field.name}.from", f"{field.name}.until"
        if day is None:
            raise Unreadable("应为日期。", "This should be a date.")
        if operator == "from":
            return {begins: {"$gte": day}}
        if operator == "until":
            return {ends: {"$lte": day, "$ne": None}}
        open_begin, open_end = {begins: None}, {ends: None}
        return {
            field.name: {"$ne": None},
            "$and": [{"$or": [{begins: {"$lte": day}}, open_begin]}, {"$or": [{ends: {"$gte": day}}, open_end]}],
        }


def between(begins: str, ends: str, language: str) -> str:
    """Two days in words, '' standing for an open end."""
    if language.startswith("zh"):
        return f"{begins} 至 {ends}" if begins and ends else f"{begins} 起" if begins else f"至 {ends}"
    return f"{begins} to {ends}" if begins and ends else f"from {begins} on" if begins else f"until {ends}"


ADDRESS_PARTS: tuple[tuple[str, Label, int], ...] = (
    ("province", Label("省", "Province"), 40),
    ("city", Label("市", "City"), 40),
    ("district", Label("区县", "District"), 60),
    ("street", Label("详细地址", "Street"), 200),
    ("postcode", Label("邮编", "Postcode"), 12),
)
PROVINCE = (
    r"(?P<province>(?:北京|天津|上海|重庆)市|(?:香港|澳门)特别行政区|[^\s省市区县]{2,3}省|[^\s省市县]{2,6}自治区)?"
)
CITY = r"(?P<city>[^\s市盟区县路街号]{1,12}?(?:市|自治州|地区|盟))?"
DISTRICT = r"(?P<district>[^\s市区县旗路街号]{1,14}(?:区|县|市|旗))?"
ADDRESS = re.compile(PROVINCE + r"\s*" + CITY + r"\s*" + DISTRICT + r"\s*(?P<street>.*?)")
BAR = "|"
POSTCODE = re.compile(r"\s*[(（]?\s*(?P<postcode>\d{6})\s*[)）]?$")


class Address(Compound):
    """Province, city, district, street and postcode, shown and searched as one text."""

    name = "address"
    operators = ("contains", "starts", "empty", "filled")
    sortable = False
    path = "text"

    def parts(self, field: Field) -> tuple[Field, ...]:
        return tuple(Field(name=n, kind="text", label=label, max_length=most) for n, label, most in ADDRESS_PARTS)

    def read_part(self, field: Field, part: Field, raw: Any) -> Any:
        value = super().read_part(field, part, raw)
        if (
            part.name == "postcode"
            and value is not None
            and not re.fullmatch(r"[0-9A-Z][0-9A-Z -]{2,11}", value.upper())
        ):
            raise Unreadable("邮编应为 6 位数字。", "A postcode looks like 310000.")
        return value

    def read_text(self, field: Field, text: str) -> Any:
        """One text, taken apart as far as its own words tell: what names no province, city or district is street. Five
        parts between bars are what they are (`cell`)."""
        text = " ".join(text.split())
        parts = _in_bars(text)
        if parts is not None:
            return self.read(field, parts)
        value = _in_words(text)
        for name, _, most in ADDRESS_PARTS:
            self.check_length(Field(name=name, kind="text", label=field.label, max_length=most), value[name] or "")
        return self.whole(field, value)

    def store(self, value: Any) -> Any:
        return None if value is None else {"text": self._written(value), **value}

    def load(self, stored: Any) -> Any:
        return None if stored is None else {name: stored.get(name) for name, _, _ in ADDRESS_PARTS}

    def text(self, field: Field, value: Any, language: str) -> str:
        if value is None:
            return ""
        written = self._written(value)
        if language.startswith("zh") or not written.isascii():
            return written  # an address in characters is written from the large to the small, for whoever reads it
        line = ", ".join(value[name] for name in ("street", "district", "city", "province") if value[name])
        return " ".join(part for part in (line, value["postcode"]) if part)

    def cell(self, field: Field, value: Any, language: str) -> str:
        """As people read it where that tells the parts; else the parts between bars: `|乐山市|市中区|海棠路 1 号|`."""
        text = self.text(field, value, language)
        if value is None or (_in_bars(text) is None and _in_words(text) == value):
            return text
        return BAR.join(value[name] or "" for name, _, _ in ADDRESS_PARTS)

    def _written(self, value: Mapping[str, Any]) -> str:
        """As an envelope has it. A part written in Latin letters stands off from the one before it."""
        text = ""
        for part in (value[name] for name in ("province", "city", "district", "street") if value[name]):
            text += f" {part}" if text[-1:].isascii() and text and part[0].isascii() else part
        return f"{text}（{value['postcode']}）" if value["postcode"] else text

    def condition(self, field: Field, operator: str, text: str) -> dict[str, Any] | None:
        anchor = "^" if operator == "starts" else ""
        return {f"{field.name}.text": {"$regex": anchor + widths.pattern(text.strip()), "$options": "i"}}


def _in_bars(text: str) -> dict[str, str | None] | None:
    """The parts of an address that stand between bars; None where they do not. A street may hold bars of its own."""
    *places, rest = text.split(BAR, 3)
    street, bar, postcode = rest.rpartition(BAR)
    if len(places) < 3 or not bar:
        return None
    parts = [*places, street, postcode]
    return {name: part.strip() or None for (name, _, _), part in zip(ADDRESS_PARTS, parts, strict=True)}


def _in_words(text: str) -> dict[str, str | None]:
    value: dict[str, str | None] = dict.fromkeys((name for name, _, _ in ADDRESS_PARTS), None) | {"street": text}
    found = POSTCODE.search(text)
    if found:
        text = text[: found.start()]
    places = ADDRESS.fullmatch(text)
    if places and (places["province"] or places["city"]):
        value |= {name: part or None for name, part in places.groupdict().items()}
        value["postcode"] = found["postcode"] if found else None
    return value


NAMED = {mark: code for code, marks in MARKS.items() for mark in marks}


WORDS = re.compile(r"[^\d\s.,+\-()]+")


class Amounts(Compound, Number):
    """Money in one of several currencies, which stands beside the amount."""

    name = "money"
    operators = ("is", "at_least", "at_most", "empty", "filled")
    numeric = True

    def parts(self, field: Field) -> tuple[Field, ...]:
        choices = tuple(Choice(code, Label(code, code)) for code in field.currencies)
        return (
            Field(
                name="amount",
                kind="decimal",
                label=Label("金额", "Amount"),
                places=field.places,
                minimum=field.minimum,
                maximum=field.maximum,
            ),
            Field(name="currency", kind="choice", label=Label("币种", "Currency"), choices=choices),
        )

    def read_text(self, field: Field, text: str) -> Any:
        """`USD 1,200.50`, `1200.5 欧元`; without a currency, the first that the field declares."""
        text = unicodedata.normalize("NFKC", text).upper()
        words = WORDS.findall(text)
        code = NAMED.get(words[0], words[0]) if words else field.currencies[0]
        if len(words) > 1 or code not in field.currencies:
            raise Unreadable(
                f"币种可选：{'、'.join(field.currencies)}。", f"A currency is one of {', '.join(field.currencies)}."
            )
        amount = Number().read_text(field, text.replace(words[0], "") if words else text)
        return {"amount": amount, "currency": code}

    def read_part(self, field: Field, part: Field, raw: Any) -> Any:
        if part.name == "amount":
            return Number().read(part, raw)
        text = TEXT.read(part, raw)
        if text is not None and text.upper() not in field.currencies:
            raise Unreadable(f"币种可选：{'、'.join(field.currencies)}。", f"One of: {', '.join(field.currencies)}.")
        return text.upper() if text else None

    def whole(self, field: Field, value: dict[str, Any]) -> Any:
        """A currency without an amount is nothing: forms always send one."""
        if value["amount"] is None:
            return None
        return {"amount": value["amount"], "currency": value["currency"] or field.currencies[0]}

    def store(self, value: Any) -> Any:
        return None if value is None else {"amount": decimal128(value["amount"]), "currency": value["currency"]}

    def load(self, stored: Any) -> Any:
        if stored is None:
            return None
        return {"amount": stored["amount"].to_decimal(), "currency": stored["currency"]}

    def text(self, field: Field, value: Any, language: str) -> str:
        return "" if value is None else with_sign(value["amount"], value["currency"], field.places)

    def plain(self, value: Any) -> Any:
        return None if value is None else {"amount": str(value["amount"]), "currency": value["currency"]}

    def condition(self, field: Field, operator: str, text: str) -> dict[str, Any] | None:
        """An amount alone means that amount in any currency. Whole values are compared, so that one index serves."""
        value = self.read(field, text)
        if value is None:
            raise Unreadable("应为金额。", "This should be an amount.")
        amount = Decimal128(value["amount"])
        least, most = {"amount": amount}, {"amount": amount, "currency": MaxKey()}
        bounds = {"is": {"$gte": least, "$lte": most}, "at_least": {"$gte": least}, "at_most": {"$lte": most}}
        named = WORDS.search(unicodedata.normalize("NFKC", text)) is not None
        return {field.name: bounds[operator], **({f"{field.name}.currency": value["currency"]} if named else {})}
