"""Declarations as plain data that JSON can hold, and back, exactly. What is said twice is left out: a property that
has its default is not written.

| code | about |
|---|---|
| E031 | a key that nothing reads |
| E032 | a value of the wrong kind, or a missing one |
| E033 | more than a definition may hold |
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from models.checks.finding import Finding
from models.declarations import RecordType
from models.errors import Refusal, Sentence

Plain = dict[str, Any]

LARGEST = 300_000
"""Characters of a definition as JSON."""
MOST_ITEMS, LONGEST_TEXT, LARGEST_NUMBER, DEEPEST = 1_000, 2_000, 10**15, 12
NAMING = ("name", "value", "slug")


class WrongDefinition(Refusal):
    """A definition that cannot come into force; `findings` say what is wrong, with their codes and places."""

    code, status = "wrong_definition", 422
    zh, en = "记录类型的定义有误：\n{lines}", "This definition of a record type is wrong:\n{lines}"

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        self.findings = findings
        zh, en = ("\n".join(one.line(language) for one in findings) for language in ("zh", "en"))
        super().__init__(lines=Sentence(zh, en))


def to_plain(declared: Any) -> Any:
    """A declaration, or a part of one, as plain data."""
    if is_dataclass(declared) and not isinstance(declared, type):
        own = {f.name: (getattr(declared, f.name), f) for f in fields(declared) if f.init}
        return {n: to_plain(value) for n, (value, f) in own.items() if f.default is MISSING or value != f.default}
    if isinstance(declared, StrEnum):
        return declared.value
    if isinstance(declared, tuple | list):
        return [to_plain(one) for one in declared]
    return declared


def from_plain(data: Any) -> RecordType:
    """The declaration that plain data describes. Whether it makes sense is asked of `models.checks`.

    :raises WrongDefinition: for unknown keys, wrong or missing values and too much of anything.
    """
    reading = Reading(_slug_of(data))
    try:
        size = len(json.dumps(data, ensure_ascii=False, allow_nan=False))
    except (TypeError, ValueError, RecursionError):
        reading.wrong("E032", "", "定义只能包含 JSON 数据。", "a definition holds what JSON holds, and nothing else")
    else:
        if size > LARGEST:
            reading.large("", f"{LARGEST:,} characters", f"{LARGEST:,} 个字符")
    made = reading.one(data, RecordType, "") if not reading.findings else None
    if reading.findings or not isinstance(made, RecordType):
        raise WrongDefinition(tuple(reading.findings))
    return made


def _slug_of(data: Any) -> str:
    slug = data.get("slug") if isinstance(data, Mapping) else None
    return slug[:60] if isinstance(slug, str) and slug else "?"


@cache
def _hints(declared: type) -> dict[str, Any]:
    return get_type_hints(declared)


class Reading:
    """One definition being read; everything that is wrong is gathered."""

    def __init__(self, slug: str) -> None:
        self.slug = slug
        self.findings: list[Finding] = []

    def wrong(self, code: str, place: str, zh: str, en: str) -> None:
        """Note what is wrong at a place such as `fields.amount.kind`."""
        self.findings.append(Finding(code, self.slug, place[:120], Sentence(zh, en)))

    def large(self, place: str, en: str, zh: str) -> None:
        """Note that there is too much of something."""
        self.wrong("E033", place, f"最多 {zh}。", f"{en} at most")

    def one(self, data: Any, wanted: Any, place: str, depth: int = 0) -> Any:
        """The value of a type for some data; None, and a finding, when it is none."""
        if depth > DEEPEST:
            return self.large(place, f"{DEEPEST} levels", f"{DEEPEST} 层")
        if wanted is Any:
            return self._scalar_or_list(data, place)
        origin = get_origin(wanted)
        if origin in (Union, UnionType):
            kinds = [one for one in get_args(wanted) if one is not NoneType]
            if data is None and NoneType in get_args(wanted):
                return None
            own = next((kind for kind in kinds if kind in (int, str) and type(data) is kind), kinds[0])
            return self.one(data, own, place, depth)
        if origin is tuple:
            return self._tuple(data, get_args(wanted), place, depth)
        if is_dataclass(wanted) and isinstance(wanted, type):
            return self._declared(data, wanted, place, depth)
        return self._scalar(data, wanted, place)

    def _declared(self, data: Any, wanted: type, place: str, depth: int) -> Any:
        if not isinstance(data, Mapping):
            return self._expected(place, "一组键值", "an object")
        known = {f.name: f for f in fields(wanted) if f.init}
        for key in sorted(str(key) for key in data.keys() - known.keys())[:20]:
            self.wrong("E031", _at(place, key[:60]), "没有这个键。", "nothing reads this key")
        before = len(self.findings)
        values = {
            name: self.one(data[name], _hints(wanted)[name], _at(place, name), depth + 1)
            for name in known
            if name in data
        }
        for name, one in known.items():
            if name not in data and one.default is MISSING:
                self.wrong("E032", _at(place, name), "缺少此项。", "it is missing")
        return wanted(**values) if len(self.findings) == before else None

    def _tuple(self, data: Any, inner: tuple[Any, ...], place: str, depth: int) -> Any:
        if not isinstance(data, list | tuple):
            return self._expected(place, "列表", "a list")
        if len(data) > MOST_ITEMS:
            return self.large(place, f"{MOST_ITEMS:,} items", f"{MOST_ITEMS:,} 项")
        if inner[-1] is not Ellipsis:
            if len(data) != len(inner):
                return self._expected(place, f"{len(inner)} 项的列表", f"a list of {len(inner)}")
            kinds: Iterator[Any] = iter(inner)
        else:
            kinds = iter([inner[0]] * len(data))
        named = (_at(place, _name_of(item) or str(index)) for index, item in enumerate(data))
        return tuple(self.one(item, kind, at, depth + 1) for item, kind, at in zip(data, kinds, named, strict=True))

    def _scalar(self, data: Any, wanted: type, place: str) -> Any:
        if issubclass(wanted, StrEnum):
            if isinstance(data, str) and data in wanted._value2member_map_:
                return wanted(data)
            known = ", ".join(list(wanted._value2member_map_)[:20])
            return self._expected(place, f"其中之一：{known}", f"one of {known}")
        if wanted is bool:
            return data if isinstance(data, bool) else self._expected(place, "true 或 false", "true or false")
        if wanted is int:
            if not isinstance(data, int) or isinstance(data, bool):
                return self._expected(place, "整数", "a whole number")
            return (
                data if abs(data) <= LARGEST_NUMBER else self.large(place, f"{LARGEST_NUMBER:,}", f"{LARGEST_NUMBER:,}")
            )
        if not isinstance(data, str):
            return self._expected(place, "文字", "text")
        if "\x00" in data:
            return self._expected(place, "不含控制字符的文字", "text without control characters")
        return (
            data
            if len(data) <= LONGEST_TEXT
            else self.large(place, f"{LONGEST_TEXT:,} characters", f"{LONGEST_TEXT:,} 个字")
        )

    def _scalar_or_list(self, data: Any, place: str) -> Any:
        """A default: a value as JSON has it."""
        if isinstance(data, list | tuple):
            return self._tuple(data, (str, ...), place, DEEPEST - 1)
        if isinstance(data, bool) or data is None:
            return data
        return self._scalar(data, int if isinstance(data, int) else str, place)

    def _expected(self, place: str, zh: str, en: str) -> None:
        self.wrong("E032", place, f"应为{zh}。", f"this should be {en}")


def _at(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _name_of(item: Any) -> str:
    """What an item of a list calls itself, for the place of a finding."""
    if not isinstance(item, Mapping):
        return ""
    return next((item[key][:60] for key in NAMING if isinstance(item.get(key), str) and item[key]), "")
