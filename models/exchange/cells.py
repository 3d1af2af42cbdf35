"""What an export writes for a stored value: one function for a column, chosen once for all rows. What is sealed lies
open already (`sealing.opened`); what could not be opened leaves as a mark."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from models.declarations import Field
from models.key_vault.refusals import UNREADABLE, Unopened
from models.kinds import Kind, kind_of, loaded
from models.names import Names

TYPED = ("integer", "decimal", "money", "percent", "date", "datetime")
Cell = Callable[[Any, Names], Any]


def is_typed(field: Field) -> bool:
    """Whether a spreadsheet holds the value itself and not its text. An amount with its own currency is a text."""
    return field.kind in TYPED and not field.currencies


def cell_of(field: Field, language: str) -> Cell | None:
    """How a stored value of the field leaves, empty ones apart; None when it leaves as it is stored."""
    if not field.encrypted:
        return _plain(field, language)
    mark, plain = UNREADABLE.text(language), _plain(replace(field, encrypted=False), language)

    def opened(value: Any, found: Names) -> Any:
        if isinstance(value, Unopened):
            return mark
        return value if plain is None else plain(value, found)

    return opened


def _plain(field: Field, language: str) -> Cell | None:
    kind = type(kind_of(field))
    if is_typed(field):
        load = kind_of(field).load
        return None if kind.load is Kind.load else lambda value, _: load(value)
    if field.kind == "choice":
        labels = {choice.value: choice.label.text(language) for choice in field.choices}
        return lambda value, _: labels.get(value, value)
    if field.kind == "person":
        return lambda value, found: found.person(value)
    if field.kind == "reference":
        return lambda value, found: found.text(field, value)
    if kind.cell is not Kind.cell:
        own = kind_of(field)
        return lambda value, found: own.cell(field, loaded(field, value), found.language)
    if kind.load is Kind.load and kind.text is Kind.text:
        return None
    return lambda value, found: found.text(field, loaded(field, value))
