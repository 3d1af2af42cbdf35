"""Short forms for writing a declaration as a table: one line a field."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from models.declarations import Choice, Field, Group, Label, State, View


def field(name: str, kind: str, zh: str, en: str, flags: str = "", *, aliases: str = "", **more: Any) -> Field:
    """A field with its label in both languages.

    `flags` are the yes-or-no properties that hold, such as `required listed`; `fixed` means not editable.
    `aliases` are separated by commas. `more` as in `Field`.
    """
    on: dict[str, Any] = dict.fromkeys(flags.split(), True)
    if on.pop("fixed", False):
        on["editable"] = False
    names = tuple(alias.strip() for alias in aliases.split(",") if alias.strip())
    return Field(name=name, kind=kind, label=Label(zh, en), aliases=names, **on, **more)


def grouped(group: str, *fields: Field) -> tuple[Field, ...]:
    """The fields, all of one group."""
    return tuple(replace(f, group=group) for f in fields)


def group(name: str, zh: str, en: str, **more: Any) -> Group:
    """A group with its label in both languages; `more` as in `Group`."""
    return Group(name=name, label=Label(zh, en), **more)


def choice(value: str, zh: str, en: str, tone: str = "neutral", below: tuple[Choice, ...] = ()) -> Choice:
    """A choice with its label in both languages, and the choices below it in a tree."""
    return Choice(value, Label(zh, en), tone, below)


def state(value: str, zh: str, en: str, tone: str = "neutral", **more: Any) -> State:
    """A state with its label in both languages; `more` as in `State`."""
    return State(value, Label(zh, en), tone, **more)


def view(name: str, zh: str, en: str, query: str) -> View:
    """A saved view with its label in both languages."""
    return View(name=name, label=Label(zh, en), query=query)
