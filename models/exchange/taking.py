"""Rows of a file as values of a record type, read for one person as if that person had typed them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bson import ObjectId

from models import access, records
from models.access import Purpose
from models.declarations import Field, RecordType
from models.errors import Invalid, Refusal, Sentence
from models.exchange import inner_rows
from models.exchange.mapping import Plan
from models.exchange.pointing import Pointing
from models.exchange.problem import Problem
from models.exchange.quick import Quick
from models.exchange.refusals import RequiredNotMapped
from models.exchange.table import Row
from models.exchange.values import is_empty
from models.kinds import read_values
from models.names import POINTERS
from models.person.roles import Person
from models.record_input import in_sight

Said = tuple[str, Sentence]
"""A reason, with the heading of its column ('' for the row as a whole)."""


@dataclass(frozen=True)
class Taken:
    """A row as values, or why it is refused; `emptied`: bad values that were left out."""

    row: Row
    values: dict[str, Any]
    refused: tuple[Said, ...] = ()
    emptied: tuple[Said, ...] = ()


class Taker:
    """Reads rows for one person. `empty_bad`: a bad value in an optional field is left out instead of refusing the
    row. `level` is what records get whose row names none.

    :raises RequiredNotMapped: no column goes to a required field without default.
    """

    def __init__(self, person: Person, rt: RecordType, plan: Plan, *, level: str = "", empty_bad: bool = False) -> None:
        self.person, self.rt, self.plan, self.empty_bad = person, rt, plan, empty_bad
        self.fields = records.form_fields(person, rt)
        known = {f.name: f for f in self.fields}
        self.fixed = {f.name: f.default for f in self.fields if f.default is not None}
        if level and "level" in known:
            self.fixed["level"] = level
        used = {column.target.path.partition(".")[0] for column in plan.columns}
        for field in self.fields:
            if field.required and field.name not in used and field.name not in self.fixed:
                raise RequiredNotMapped(field=field.label)
        self.fields = tuple(f for f in self.fields if f.name in used or f.name in self.fixed)
        self.by_name = {f.name: f for f in self.fields}
        self.pointers = [column for column in plan.columns if column.target.field.kind in POINTERS]
        self.lists = [c.target.field for c in plan.columns if c.target.field.kind == "embedded_list"]
        self.pointing = Pointing(person)
        self.quick = Quick(self.fields, plan, self.fixed, self.pointing)

    def take_all(self, rows: Sequence[Row]) -> list[Taken]:
        """The values of some rows, or why they cannot be taken; the records that they name are looked up together."""
        for field in self.lists:
            self._look_up_inside(field, rows)
        for column in self.pointers:
            cells = (row.cells[column.index] for row in rows if row.problem is None)
            self.pointing.look_up(column.target.field, {c for c in cells if isinstance(c, str) and not is_empty(c)})
        return [self.take(row) for row in rows]

    def _look_up_inside(self, field: Field, rows: Sequence[Row]) -> None:
        """The same for what stands in the rows of a list."""
        named: dict[Field, set[str]] = {inner: set() for inner in field.fields if inner.kind in POINTERS}
        if not named:
            return
        plan = Plan(tuple(c for c in self.plan.columns if c.target.field is field))
        for row in rows:
            for one in (plan.take(row)[0].get(field.name) or ()) if row.problem is None else ():
                for inner, text in inner_rows.pointed(one, named):
                    named[inner].add(text)
        for inner, texts in named.items():
            self.pointing.look_up(inner, texts)

    def take(self, row: Row) -> Taken:
        """A row's values, or why it cannot be taken."""
        if row.problem is not None:
            return Taken(row, {}, (("", _sentence(row.problem)),))
        quickly = self.quick.values(row)
        if quickly is not None:
            return Taken(row, quickly)
        raw, found = self.plan.take(row)
        raw = {**self.fixed, **{name: value for name, value in raw.items() if value is not None}}
        problems = {path: _sentence(problem) for path, problem in found.items()}
        self._point(raw, problems)
        values, wrong = read_values(self.fields, raw)
        problems = {**wrong, **problems}
        if not problems:
            return Taken(row, values)
        if self.empty_bad and (without := self._without(raw, problems)) is not None:
            values, wrong = read_values(self.fields, without)
            if not wrong:
                return Taken(row, values, emptied=self._said(problems))
        return Taken(row, {}, self._said(problems))

    def refused(self, taken: Taken, refusal: Refusal, *, again: bool) -> Taken:
        """What a rule's refusal makes of a row: refused, or, the first time, taken without the values that the rule
        named. It is told as the person may know it (X6)."""
        if not isinstance(refusal, Invalid):
            return Taken(taken.row, {}, (("", Sentence(refusal.text("zh"), refusal.text("en"))),))
        without = None if again or not self.empty_bad else self._without(taken.values, refusal.problems)
        said = self._said(in_sight(self.person, self.rt, refusal.problems, self.by_name))
        if without is None:
            return Taken(taken.row, {}, said)
        return Taken(taken.row, without, emptied=(*taken.emptied, *said))

    def _point(self, raw: dict[str, Any], problems: dict[str, Sentence]) -> None:
        """Turn what people wrote for a person or a record into its id."""
        for column in self.pointers:
            target = column.target
            holder: Any = raw.get(target.outer.name) if target.outer else raw
            holder = holder[0] if isinstance(holder, list) else holder
            if not holder or holder.get(target.field.name) is None:
                continue
            found = self.pointing.find(target.field, str(holder[target.field.name]))
            if isinstance(found, ObjectId):
                holder[target.field.name] = found
            else:
                holder.pop(target.field.name)
                problems[target.path] = found
        for field in self.lists:
            pointers = [inner for inner in field.fields if inner.kind in POINTERS]
            for at, one in enumerate(raw.get(field.name) or ()):
                for inner, text in list(inner_rows.pointed(one, pointers)):
                    found = self.pointing.find(inner, text)
                    if isinstance(found, ObjectId):
                        one[inner.name] = found
                    else:
                        one.pop(inner.name)
                        problems[f"{field.name}.{at}.{inner.name}"] = found

    def _without(self, values: Mapping[str, Any], problems: Mapping[str, Sentence]) -> dict[str, Any] | None:
        """The values without the bad ones; None when one of those is required or came from no column."""
        left = dict(values)
        for path in problems:
            name, _, inner = path.partition(".")
            field = self.by_name.get(name)
            if field is None or field.required or not self.plan.header_of(path):
                return None
            if inner:
                left[name] = _inside(field, left.get(name), inner)
            else:
                left.pop(name, None)
        return left

    def _said(self, problems: Mapping[str, Sentence]) -> tuple[Said, ...]:
        """Each problem with its column's heading; a field that no column fills is named by its label."""
        said = []
        for path, sentence in problems.items():
            header, field = self.plan.header_of(path), self.by_name.get(path.partition(".")[0])
            if header or field is None:
                said.append((header, sentence))
            else:
                label = field.label
                said.append(("", Sentence(f"{label.zh}：{sentence.zh}", f"{label.en}: {sentence.en}")))
        return tuple(said)


def _inside(field: Field, value: Any, path: str) -> Any:
    """An embedded value without one of its parts; without the row, or nothing, when the part was required in it. The
    other rows of a list keep their places."""
    place, _, part = path.rpartition(".")
    inner = next((f for f in field.fields if f.name == part), None)
    if inner is None or not value:
        return None
    if not isinstance(value, list):
        return None if inner.required else _but(value, part)
    if not place.isdecimal():
        return None
    return [(None if inner.required else _but(row, part)) if at == int(place) else row for at, row in enumerate(value)]


def _but(row: Mapping[str, Any] | None, part: str) -> dict[str, Any] | None:
    return None if row is None else {name: value for name, value in row.items() if name != part}


def _sentence(problem: Problem) -> Sentence:
    return Sentence(problem.zh, problem.en)


def may_import(person: Person, rt: RecordType) -> bool:
    """Whether the person may import records of a type, and could see them."""
    return access.may_import(person, rt) and not access.reach(person, rt, Purpose.VIEW).nothing
