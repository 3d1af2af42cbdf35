"""What every kind has, and the plain text of one line."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import mongoengine as me

from models.declarations import Field
from models.errors import Sentence

ZONE = ZoneInfo("Asia/Shanghai")
HALVES = re.compile("[\ud800-\udfff]")
"""Halves of characters beyond the first 65,536, as they stand alone in no text that could be stored."""


class Unreadable(ValueError):
    """A value that is not of its kind. `problems` maps a path below the field ('' is the field) to a sentence."""

    def __init__(self, zh: str = "", en: str = "", problems: dict[str, Sentence] | None = None) -> None:
        self.problems = problems or {"": Sentence(zh, en)}
        super().__init__(en)


@dataclass(frozen=True)
class Kept:
    """Stands for a raw value: what is stored there already, loaded. It is not read again, and so stays as it is even
    where nobody could fill it in so any more."""

    value: Any


class Kind:
    """Text in one line; the other kinds differ from it."""

    name = "text"
    operators: tuple[str, ...] = ("is", "is_not", "contains", "starts", "empty", "filled")
    numeric = False
    sortable = True
    path = ""
    """The part of the stored value by which its index goes; '' for the value as a whole."""

    def read(self, field: Field, raw: Any) -> Any:
        """The value for `raw` (text from a form or file, or plain JSON); None when empty. :raises Unreadable:"""
        if raw is None:
            return None
        if not isinstance(raw, str | int | float | Decimal) or isinstance(raw, bool):
            raise Unreadable("应为文字。", "This should be text.")
        text = unicodedata.normalize("NFC", str(raw)).strip()
        if "\x00" in text:
            raise Unreadable("含有无法保存的字符（NUL）。", "This holds a character that cannot be stored (NUL).")
        if not text.isascii() and HALVES.search(text):
            raise Unreadable("含有无法保存的半个字符。", "This holds half of a character, which cannot be stored.")
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

    def cell(self, field: Field, value: Any, language: str) -> str:
        """The value in a cell of a file, which `read` takes for the same value again; '' when empty."""
        return self.text(field, value, language)

    def plain(self, value: Any) -> Any:
        """The value as JSON."""
        return value

    def condition(self, field: Field, operator: str, text: str) -> dict[str, Any] | None:
        """The database condition of a filter, where it is not the plain comparison of stored values (None); never
        asked for `empty` and `filled`. :raises Unreadable:"""
        return None

    def mongo(self, field: Field) -> me.fields.BaseField:
        """The MongoEngine field of the document class."""
        return me.StringField()
