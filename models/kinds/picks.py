"""What is picked: yes or no, choices, people and records."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import mongoengine as me
from bson import ObjectId
from bson.errors import InvalidId

from models.declarations import Choice, Field
from models.kinds.base import Kind, Unreadable

YES = {"1", "y", "yes", "true", "on", "是", "有", "对"}
NO = {"0", "n", "no", "false", "off", "否", "无", "不"}


class YesNo(Kind):
    name = "yes_no"
    operators = ("is", "is_not", "empty", "filled")

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
    operators = ("any_of", "is", "is_not", "empty", "filled")
    sortable = False

    def read(self, field: Field, raw: Any) -> Any:
        parts = self._split(field, raw) if isinstance(raw, str) else raw
        if parts is None:
            return None
        if not isinstance(parts, list | tuple):
            raise Unreadable("应为若干选项。", "This should be a list of choices.")
        found = {super(Choices, self).read(field, part) for part in parts}
        return [c.value for c in field.choices if c.value in found] or None

    def _split(self, field: Field, text: str) -> list[str]:
        """The choices in a text. A comma parts them, too, where none holds one."""
        held = any("," in word or "，" in word for choice in field.choices for word in words(choice))
        return re.split(r"[;；、|\n]" if held else r"[;；、|\n,，]", text)

    def text(self, field: Field, value: Any, language: str) -> str:
        joiner = "、" if language.startswith("zh") else ", "
        return joiner.join(super(Choices, self).text(field, v, language) for v in value or ())

    def mongo(self, field: Field) -> me.fields.BaseField:
        return me.ListField(me.StringField())


class TreeChoice(ChoiceKind):
    """One of nested choices, at any depth. A filter on a branch finds the branch and everything below it, so that
    the tree can be shaped anew without touching a record."""

    name = "tree"

    def read_text(self, field: Field, text: str) -> str:
        wanted = steps_in(text)
        routes = list(branches(field.choices))
        for route in routes:
            if route[-1].value.lower() == text.lower():
                return route[-1].value
        for route in routes:
            if len(route) == len(wanted) and all(step in words(one) for step, one in zip(wanted, route, strict=True)):
                return route[-1].value
        named = [route[-1].value for route in routes if len(wanted) == 1 and wanted[0] in words(route[-1])]
        if len(named) == 1:
            return named[0]
        if named:
            raise Unreadable("有多个同名选项，请写明上级。", "Several have this name: write what it is part of, too.")
        return super().read_text(field, text)

    def text(self, field: Field, value: Any, language: str) -> str:
        for route in branches(field.choices):
            if route[-1].value == value:
                return STEP.join(choice.label.text(language) for choice in route)
        return value or ""

    def condition(self, field: Field, operator: str, text: str) -> dict[str, Any] | None:
        wanted = {self.read(field, part) for part in (text.split("|") if operator == "any_of" else [text])}
        if wanted == {None}:
            raise Unreadable("请选择。", "Choose one.")
        found = [route[-1].value for route in branches(field.choices) if any(one.value in wanted for one in route)]
        return {field.name: {"$nin" if operator == "is_not" else "$in": found}}


STEP = " / "


def steps_in(text: str) -> list[str]:
    """The steps of a written path such as `硬件 / 打印机`, folded."""
    return [step.strip().lower() for step in re.split(r"[/／>›]", text)]


def words(choice: Choice) -> tuple[str, ...]:
    """What a choice may be called in input, folded."""
    return choice.value.lower(), choice.label.zh.lower(), choice.label.en.lower()


def branches(choices: tuple[Choice, ...], above: tuple[Choice, ...] = ()) -> Iterator[tuple[Choice, ...]]:
    """Every choice of a tree with those above it, outermost first, in the declared order."""
    for choice in choices:
        yield (*above, choice)
        yield from branches(choice.below, (*above, choice))


class Pointer(Kind):
    """A person, or a record of another type, by id. Names are looked up by whoever shows it, within their rights."""

    name = "reference"
    unknown = ("没有这条记录，或者您不能选用它，请另选。", "There is no such record, or you may not choose it.")
    operators = ("is", "is_not", "any_of", "contains", "starts", "empty", "filled")
    sortable = False

    def read(self, field: Field, raw: Any) -> Any:
        if isinstance(raw, ObjectId):
            return raw
        return super().read(field, raw)

    def read_text(self, field: Field, text: str) -> ObjectId:
        try:
            return ObjectId(text)
        except InvalidId:
            raise Unreadable(*self.unknown) from None

    def plain(self, value: Any) -> Any:
        return None if value is None else str(value)

    def mongo(self, field: Field) -> me.fields.BaseField:
        return me.ObjectIdField()


class PersonKind(Pointer):
    name = "person"
    unknown = ("没有这个人，或者不能选用，请另选。", "There is no such person, or they may not be chosen here.")
