"""Field kinds: how each kind of value is read, stored, loaded and written out as text.

A kind is the one place that knows its value: forms, imports, filters, API and jobs all read through `read`, and every
screen and export writes through `text`. Values in Python are plain (`str`, `Decimal`, `date`, aware `datetime`,
`bool`, `ObjectId`, lists and dicts); `store` and `load` turn them into BSON and back.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

import mongoengine as me
from bson import Decimal128, ObjectId
from bson.errors import InvalidId

from models.declarations import Field
from models.errors import Sentence

ZONE = ZoneInfo("Asia/Shanghai")
MOST_FILES = 20


class Unreadable(ValueError):
    """A value that is not of its kind. `problems` maps a path below the field ('' is the field) to a sentence."""

    def __init__(self, zh: str = "", en: str = "", problems: dict[str, Sentence] | None = None) -> None:
        self.problems = problems or {"": Sentence(zh, en)}
        super().__init__(en)


class Kind:
    """Text in one line; the other kinds differ from it."""

    name = "text"
    operators: tuple[str, ...] = ("is", "is_not", "contains", "starts", "empty", "filled")
    numeric = False
    sortable = True

    def read(self, field: Field, raw: Any) -> Any:
        """The value for `raw` (text from a form or file, or plain JSON); None when empty. :raises Unreadable:"""
        if raw is None:
            return None
        if not isinstance(raw, str | int | float | Decimal) or isinstance(raw, bool):
            raise Unreadable("应为文字。", "This should be text.")
        text = unicodedata.normalize("NFC", str(raw)).replace("\x00", "").strip()
        if not text:
            return None
        return self.read_text(field, text)

    def read_text(self, field: Field, text: str) -> Any:
        """The value for a stripped text that is not empty. :raises Unreadable:"""
        text = " ".join(text.split())
        self.check_length(field, text)
        return text

    def check_length(self, field: Field, text: str) -> None:
        if len(text) > field.max_length:
            raise Unreadable(
                f"最多 {field.max_length} 个字，现有 {len(text)} 个。",
                f"At most {field.max_length} characters, this has {len(text)}.",
            )

    def store(self, value: Any) -> Any:
        """The BSON form of a value."""
        return value

    def load(self, stored: Any) -> Any:
        """The value of a BSON form."""
        return stored

    def text(self, field: Field, value: Any, language: str) -> str:
        """The value as a person reads it; '' when empty."""
        return "" if value is None else str(value)

    def plain(self, value: Any) -> Any:
        """The value as JSON."""
        return value

    def mongo(self, field: Field) -> me.fields.BaseField:
        """The MongoEngine field of the document class."""
        return me.StringField()


class LongText(Kind):
    name = "long_text"
    operators = ("contains", "empty", "filled")
    sortable = False

    def read_text(self, field: Field, text: str) -> str:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        self.check_length(field, text)
        return text


class Email(Kind):
    name = "email"

    def read_text(self, field: Field, text: str) -> str:
        text = text.lower()
        if not re.fullmatch(r"[^@\s<>\"]{1,64}@[^@\s<>\"]{1,190}\.[^@\s<>\".]{2,60}", text):
            raise Unreadable("邮箱格式应如 name@example.com。", "An email address looks like name@example.com.")
        return text


class Phone(Kind):
    name = "phone"

    def read_text(self, field: Field, text: str) -> str:
        text = unicodedata.normalize("NFKC", " ".join(text.split()))
        digits = re.sub(r"\D", "", text)
        if not 5 <= len(digits) <= 20 or not re.fullmatch(r"[\d\s()+\-./,;#*转xextEXT]{5,60}", text):
            raise Unreadable(
                "电话应为 5 至 20 位数字，可含空格、括号和连字符。",
                "A phone number has 5 to 20 digits; blanks, brackets and hyphens are fine.",
            )
        return text


class Link(Kind):
    name = "link"
    operators = ("contains", "empty", "filled")

    def read_text(self, field: Field, text: str) -> str:
        if not re.fullmatch(r"https?://[^\s<>\"']{3,1000}", text):
            raise Unreadable("网址应以 http:// 或 https:// 开头。", "A link starts with http:// or https://.")
        return text


class Integer(Kind):
    name = "integer"
    operators = ("is", "at_least", "at_most", "empty", "filled")
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
    operators = ("is", "at_least", "at_most", "empty", "filled")
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
        return None if value is None else Decimal128(value)

    def load(self, stored: Any) -> Any:
        return stored.to_decimal() if isinstance(stored, Decimal128) else stored

    def text(self, field: Field, value: Any, language: str) -> str:
        return "" if value is None else f"{value:,.{field.places}f}"

    def plain(self, value: Any) -> Any:
        return None if value is None else str(value)

    def mongo(self, field: Field) -> me.fields.BaseField:
        return me.Decimal128Field()


class Money(Number):
    name = "money"

    def text(self, field: Field, value: Any, language: str) -> str:
        if value is None:
            return ""
        sign = {"CNY": "¥", "USD": "US$", "EUR": "€"}.get(field.currency, field.currency + " ")
        return f"-{sign}{-value:,.2f}" if value < 0 else f"{sign}{value:,.2f}"


class Percent(Number):
    name = "percent"

    def text(self, field: Field, value: Any, language: str) -> str:
        return "" if value is None else f"{value.normalize():f}%"


class Date(Kind):
    name = "date"
    operators = ("is", "from", "until", "empty", "filled")

    def read(self, field: Field, raw: Any) -> Any:
        if isinstance(raw, datetime):
            return raw.astimezone(ZONE).date() if raw.tzinfo else raw.date()
        if isinstance(raw, date):
            return raw
        return super().read(field, raw)

    def read_text(self, field: Field, text: str) -> date:
        match = re.fullmatch(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?", unicodedata.normalize("NFKC", text))
        problem = Unreadable("日期格式应如 2026-11-22。", "A date looks like 2026-11-22.")
        if not match:
            raise problem
        try:
            day = date(*map(int, match.groups()))
        except ValueError:
            raise problem from None
        if not 1800 <= day.year <= 2200:
            raise Unreadable("年份应在 1800 至 2200 之间。", "The year should be between 1800 and 2200.")
        return day

    def store(self, value: Any) -> Any:
        return None if value is None else datetime(value.year, value.month, value.day, tzinfo=UTC)

    def load(self, stored: Any) -> Any:
        return stored.date() if isinstance(stored, datetime) else stored

    def text(self, field: Field, value: Any, language: str) -> str:
        return "" if value is None else value.isoformat()

    def plain(self, value: Any) -> Any:
        return None if value is None else value.isoformat()

    def mongo(self, field: Field) -> me.fields.BaseField:
        return me.DateField()


class DateTime(Kind):
    """A moment; read and shown in the department's time zone, stored in UTC."""

    name = "datetime"
    operators = ("from", "until", "empty", "filled")

    def read(self, field: Field, raw: Any) -> Any:
        if isinstance(raw, datetime):
            return (raw if raw.tzinfo else raw.replace(tzinfo=ZONE)).astimezone(UTC)
        return super().read(field, raw)

    def read_text(self, field: Field, text: str) -> datetime:
        cleaned = re.sub(r"[/.]", "-", unicodedata.normalize("NFKC", text)) if "T" not in text else text
        try:
            moment = datetime.fromisoformat(cleaned)
        except ValueError:
            raise Unreadable("时间格式应如 2026-11-22 14:30。", "A time looks like 2026-11-22 14:30.") from None
        if not 1800 <= moment.year <= 2200:
            raise Unreadable("年份应在 1800 至 2200 之间。", "The year should be between 1800 and 2200.")
        return (moment if moment.tzinfo else moment.replace(tzinfo=ZONE)).astimezone(UTC)

    def text(self, field: Field, value: Any, language: str) -> str:
        return "" if value is None else value.astimezone(ZONE).strftime("%Y-%m-%d %H:%M")

    def plain(self, value: Any) -> Any:
        return None if value is None else value.astimezone(UTC).isoformat()

    def mongo(self, field: Field) -> me.fields.BaseField:
        return me.DateTimeField()


YES = {"1", "y", "yes", "true", "on", "是", "有", "对"}
NO = {"0", "n", "no", "false", "off", "否", "无", "不"}


class YesNo(Kind):
    name = "yes_no"
    operators = ("is",)

    def read(self, field: Field, raw: Any) -> Any:
        return raw if isinstance(raw, bool) else super().read(field, raw)

    def read_text(self, field: Field, text: str) -> bool:
        if text.lower() in YES:
            return True
        if text.lower() in NO:
            return False
        raise Unreadable("请填“是”或“否”。", "Say yes or no.")

    def text(self, field: Field, value: Any, language: str) -> str:
        if value is None:
            return ""
        return ("是" if value else "否") if language.startswith("zh") else ("Yes" if value else "No")

    def mongo(self, field: Field) -> me.fields.BaseField:
        return me.BooleanField()


class ChoiceKind(Kind):
    name = "choice"
    operators: tuple[str, ...] = ("is", "is_not", "any_of", "empty", "filled")

    def read_text(self, field: Field, text: str) -> str:
        wanted = text.lower()
        for choice in field.choices:
            if wanted in (choice.value.lower(), choice.label.zh.lower(), choice.label.en.lower()):
                return choice.value
        zh = "、".join(c.label.zh for c in field.choices[:8])
        en = ", ".join(c.label.en for c in field.choices[:8])
        raise Unreadable(f"可选：{zh}。", f"One of: {en}.")

    def text(self, field: Field, value: Any, language: str) -> str:
        for choice in field.choices:
            if choice.value == value:
                return choice.label.text(language)
        return value or ""


class Choices(ChoiceKind):
    """Several of the declared choices, in the declared order."""

    name = "choices"
    operators = ("any_of", "empty", "filled")
    sortable = False

    def read(self, field: Field, raw: Any) -> Any:
        parts = raw if isinstance(raw, list | tuple) else re.split(r"[;；、|\n]", raw) if isinstance(raw, str) else raw
        if parts is None:
            return None
        if not isinstance(parts, list | tuple):
            raise Unreadable("应为若干选项。", "This should be a list of choices.")
        found = {super(Choices, self).read(field, part) for part in parts}
        return [c.value for c in field.choices if c.value in found] or None

    def text(self, field: Field, value: Any, language: str) -> str:
        joiner = "、" if language.startswith("zh") else ", "
        return joiner.join(super(Choices, self).text(field, v, language) for v in value or ())

    def mongo(self, field: Field) -> me.fields.BaseField:
        return me.ListField(me.StringField())


class Pointer(Kind):
    """A person, or a record of another type, by id. Names are looked up by whoever shows it, within their rights."""

    name = "reference"
    operators = ("is", "empty", "filled")
    sortable = False

    def read(self, field: Field, raw: Any) -> Any:
        if isinstance(raw, ObjectId):
            return raw
        return super().read(field, raw)

    def read_text(self, field: Field, text: str) -> ObjectId:
        try:
            return ObjectId(text)
        except InvalidId:
            raise Unreadable("请从列表中选择。", "Choose one from the list.") from None

    def plain(self, value: Any) -> Any:
        return None if value is None else str(value)

    def mongo(self, field: Field) -> me.fields.BaseField:
        return me.ObjectIdField()


class PersonKind(Pointer):
    name = "person"


class Embedded(Kind):
    """A record inside the record: a dict with a value for each declared inner field."""

    name = "embedded"
    operators = ("empty", "filled")
    sortable = False

    def read(self, field: Field, raw: Any) -> Any:
        if raw is None or raw == "":
            return None
        if not isinstance(raw, Mapping):
            raise Unreadable("应为一组字段。", "This should be a group of fields.")
        values, problems = read_values(field.fields, raw)
        if problems:
            raise Unreadable(problems=problems)
        return values if any(v is not None for v in values.values()) else None

    def store(self, value: Any) -> Any:
        return value

    def text(self, field: Field, value: Any, language: str) -> str:
        texts = (kind_of(f).text(f, (value or {}).get(f.name), language) for f in field.fields)
        return " · ".join(t for t in texts if t)

    def plain(self, value: Any) -> Any:
        return value

    def mongo(self, field: Field) -> me.fields.BaseField:
        return me.DictField()


class EmbeddedList(Embedded):
    """Records inside the record, in an order of the person's choosing; at most 100."""

    name = "embedded_list"

    def read(self, field: Field, raw: Any) -> Any:
        if raw is None or raw == "":
            return None
        if not isinstance(raw, list | tuple):
            raise Unreadable("应为若干行。", "This should be a list of rows.")
        if len(raw) > 100:
            raise Unreadable("最多 100 行。", "At most 100 rows.")
        rows, problems = [], {}
        for index, item in enumerate(raw):
            try:
                row = super().read(field, item)
            except Unreadable as wrong:
                problems.update({f"{index}.{path}".rstrip("."): s for path, s in wrong.problems.items()})
                continue
            if row is not None:
                rows.append(row)
        if problems:
            raise Unreadable(problems=problems)
        return rows or None

    def text(self, field: Field, value: Any, language: str) -> str:
        return "; ".join(super(EmbeddedList, self).text(field, row, language) for row in value or ())

    def mongo(self, field: Field) -> me.fields.BaseField:
        return me.ListField(me.DictField())


class Files(Kind):
    """Attachments: rows of `{file, name, size, type}` that point to immutable stored files."""

    name = "files"
    operators = ("empty", "filled")
    sortable = False

    def read(self, field: Field, raw: Any) -> Any:
        """The files' ids as `{file}` rows: what they are called is known by the store of files, not by who asks."""
        if not raw:
            return None
        if not isinstance(raw, list) or len(raw) > MOST_FILES:
            raise Unreadable(f"应为文件，最多 {MOST_FILES} 个。", f"This should be files, {MOST_FILES} at most.")
        pointers = [one.get("file") if isinstance(one, Mapping) else one for one in raw]
        if not all(isinstance(p, ObjectId) or (isinstance(p, str) and ObjectId.is_valid(p)) for p in pointers):
            raise Unreadable("应为文件。", "This should be files.")
        return [{"file": ObjectId(p)} for p in dict.fromkeys(map(str, pointers))]

    def text(self, field: Field, value: Any, language: str) -> str:
        return ", ".join(row["name"] for row in value or ())

    def plain(self, value: Any) -> Any:
        return [{"name": row["name"], "size": row["size"]} for row in value or ()]

    def mongo(self, field: Field) -> me.fields.BaseField:
        return me.ListField(me.DictField())


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(),
        LongText(),
        Email(),
        Phone(),
        Link(),
        Integer(),
        Number(),
        Money(),
        Percent(),
        Date(),
        DateTime(),
        YesNo(),
        ChoiceKind(),
        Choices(),
        Pointer(),
        PersonKind(),
        Embedded(),
        EmbeddedList(),
        Files(),
    )
}


def kind_of(field: Field) -> Kind:
    """The kind of a declared field."""
    return KINDS[field.kind]


def read_values(fields: tuple[Field, ...], raw: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Sentence]]:
    """Every field's value for `raw`, and the problems by path. Fields that are absent from `raw` read as empty;
    a missing `required` one is a problem; keys that are not declared are problems too."""
    values: dict[str, Any] = {}
    problems: dict[str, Sentence] = {
        str(key)[:60]: Sentence("没有这个字段。", "There is no such field.")
        for key in raw.keys() - {f.name for f in fields}
    }
    for field in fields:
        try:
            value = kind_of(field).read(field, raw.get(field.name))
        except Unreadable as wrong:
            problems.update({f"{field.name}.{path}".rstrip("."): s for path, s in wrong.problems.items()})
            continue
        if value is None and field.required:
            problems[field.name] = Sentence("必填。", "This is required.")
        values[field.name] = value
    return values, problems


def stored(field: Field, value: Any) -> Any:
    """The BSON form of a field's value, embedded rows included."""
    if value is None or field.kind not in ("embedded", "embedded_list"):
        return kind_of(field).store(value)
    rows = value if field.kind == "embedded_list" else [value]
    made = [{f.name: stored(f, row.get(f.name)) for f in field.fields if row.get(f.name) is not None} for row in rows]
    return made if field.kind == "embedded_list" else made[0]


def loaded(field: Field, value: Any) -> Any:
    """The value of a field's BSON form, embedded rows included."""
    if value is None or field.kind not in ("embedded", "embedded_list"):
        return kind_of(field).load(value)
    rows = value if field.kind == "embedded_list" else [value]
    made = [{f.name: loaded(f, row.get(f.name)) for f in field.fields} for row in rows]
    return made if field.kind == "embedded_list" else made[0]
