"""Rows without a problem, read quickly: what a cell of a column means is settled once and remembered.

Nothing is decided here: a row with a cell that is not plainly good is left to `taking`, which says what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from bson import ObjectId

from models.declarations import Field
from models.exchange.mapping import Column, Plan
from models.exchange.pointing import Pointing
from models.exchange.problem import Problem
from models.exchange.table import Cell, Row
from models.exchange.values import raw_value
from models.kinds import Unreadable, kind_of, read_values
from models.names import POINTERS

REMEMBERED = 2_000
"""How many different texts of a column are remembered."""
LONGEST = 60
UNCHANGING = (str, int, bool, Decimal, date, datetime, time, ObjectId, type(None))
_NEVER = object()


class _NotPlain(Exception):
    """The cell is not plainly good."""


Read = Callable[[Row], Any]


class Quick:
    """Reads rows for one plan. `fixed` are the raw values of fields whose cell is empty, or which have no column."""

    def __init__(self, fields: Iterable[Field], plan: Plan, fixed: Mapping[str, Any], pointing: Pointing) -> None:
        self.fixed, self.pointing = fixed, pointing
        inner: dict[str, list[Column]] = {}
        own: dict[str, Column] = {}
        for column in plan.columns:
            if column.target.outer is None:
                own[column.target.path] = column
            else:
                inner.setdefault(column.target.outer.name, []).append(column)
        self.reads: list[tuple[str, Read]] = []
        for field in fields:
            if field.name in inner:
                read = self._inside(field, Plan(tuple(inner[field.name])))
            elif field.name in own and field.kind == "embedded_list":
                read = self._inside(field, Plan((own[field.name],)))
            elif field.name in own:
                read = self._single(field, own[field.name])
            else:
                read = self._without_column(field)
            self.reads.append((field.name, read))

    def values(self, row: Row) -> dict[str, Any] | None:
        """The row's values; None when it needs a closer look."""
        try:
            return {name: read(row) for name, read in self.reads}
        except (_NotPlain, Unreadable):
            return None

    def _single(self, field: Field, column: Column) -> Read:
        known: dict[str, Any] = {}
        index = column.index

        def read(row: Row) -> Any:
            cell = row.cells[index]
            if type(cell) is not str:
                return self._value(field, column, cell)
            value = known.get(cell, _NEVER)
            if value is _NEVER:
                value = self._value(field, column, cell)
                if len(known) < REMEMBERED and len(cell) <= LONGEST and isinstance(value, UNCHANGING):
                    known[cell] = value
            return value

        return read

    def _value(self, field: Field, column: Column, cell: Cell) -> Any:
        raw = raw_value(cell, field.kind, column.order)
        if isinstance(raw, Problem):
            raise _NotPlain
        if raw is None:
            raw = self.fixed.get(field.name)
        if raw is not None and field.kind in POINTERS:
            raw = self.pointing.find(field, str(raw))
            if not isinstance(raw, ObjectId):
                raise _NotPlain
        return _required(field, kind_of(field).read(field, raw))

    def _inside(self, field: Field, plan: Plan) -> Read:
        if any(one.kind in POINTERS for c in plan.columns for one in (c.target.field, *c.target.field.fields)):
            return _not_plain

        def read(row: Row) -> Any:
            raw, problems = plan.take(row)
            value = raw.get(field.name)
            values, wrong = read_values((field,), {field.name: self.fixed.get(field.name) if value is None else value})
            if problems or wrong:
                raise _NotPlain
            return values[field.name]

        return read

    def _without_column(self, field: Field) -> Read:
        raw = self.fixed.get(field.name)
        return lambda _: _required(field, kind_of(field).read(field, raw))


def _not_plain(_: Row) -> Any:
    raise _NotPlain


def _required(field: Field, value: Any) -> Any:
    if value is None and field.required:
        raise _NotPlain
    return value
