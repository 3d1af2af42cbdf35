"""Which column goes to which field: guessed from headings and contents, or chosen by hand and kept as plain
data.

What an export writes for a group of fields is a column for each of them, for a list of rows one column with all of it
(`inner_rows`); both come back.

A mapping is a dict that can be stored and used again for another file with the same headings in any order:
`{"columns": [{"header": "公司名称", "field": "name", "order": ""}, ...]}`. `field` is a field's name, or
`people.phone` for a field inside an embedded one (of a list, the first row, instead of all of it); `order` is a date
order (`dates.ORDERS`) for dates.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from models.declarations import Field, Label
from models.exchange import inner_rows
from models.exchange.dates import ORDERS, OrderEvidence, OrderGuess
from models.exchange.names import best_likeness, key
from models.exchange.problem import Problem
from models.exchange.refusals import (
    MappedTwice,
    MappingRefused,
    NoSuchColumn,
    NoSuchField,
    NoSuchOrder,
    NothingMapped,
)
from models.exchange.table import Cell, Row
from models.exchange.values import DATE_KINDS, NUMERIC_KINDS, is_empty, raw_value

# Columns that `rejects` adds to the rows it hands back, and those by which an export says who took it when; they are
# never imported.
REJECT_HEADINGS = (Label("导入行号", "Row in file"), Label("未导入原因", "Why not imported"))
EXPORT_HEADINGS = (Label("导出人", "Exported by"), Label("导出时间", "Exported at"))
RECEIPT_HEADING = Label("回执编号", "Receipt")
SAMPLED_ROWS = 200
ENOUGH = 0.45
INNER = 0.8
BY_CONTENT = 0.5
TELLING_VALUES = 3
NOT_IMPORTED = {"files"}

_EMAIL = re.compile(r"[^@\s<>]+@[^@\s<>]+\.\w{2,}")
_LINK = re.compile(r"https?://\S+", re.IGNORECASE)
_NUMBER = re.compile(r"[(（]?[-+]?[¥￥$]?\s*[\d,]+(?:\.\d+)?\s*[%％元]?[)）]?")
_PHONE = re.compile(r"(?:\+\d|0\d|\(\d|1[3-9]\d)[\d\s()/-]{5,22}(?:\s*(?:转|ext\.?|x|#)\s*\d{1,6})?", re.IGNORECASE)


@dataclass(frozen=True)
class Target:
    """A field that a column can go to. `path` is its name, or `outer.inner`."""

    path: str
    label: Label
    field: Field
    outer: Field | None
    names: tuple[str, ...]
    weak_names: tuple[str, ...]

    def likeness(self, heading: str) -> float:
        """0 to 1; an inner field's own name alone says less, since the outer one is missing."""
        return max(best_likeness(heading, self.names), INNER * best_likeness(heading, self.weak_names))

    def called(self, heading: str) -> int:
        """2 when a heading is the field's label, 1 when it is but for case, blanks, signs and script, else 0."""
        labels = (self.label.zh, self.label.en)
        return 2 if heading in labels else int(bool(key(heading)) and key(heading) in map(key, labels))


def targets(fields: Iterable[Field]) -> list[Target]:
    """What can be imported into: editable fields, and those inside embedded ones, in the declared order."""
    found = []
    for field in fields:
        if not field.editable or field.kind in NOT_IMPORTED:
            continue
        own = (field.name, field.label.zh, field.label.en)
        if field.kind == "embedded_list":  # what it is called elsewhere means its first row
            found.append(Target(field.name, field.label, field, None, own, ()))
        elif not field.fields:
            found.append(Target(field.name, field.label, field, None, (*own, *field.aliases), ()))
        found += [_inner(field, inner) for inner in field.fields if inner.kind not in NOT_IMPORTED]
    return found


def label_within(outer: Field, inner: Field) -> Label:
    """What a field inside an embedded one is called, as a column."""
    return Label(f"{outer.label.zh}·{inner.label.zh}", f"{outer.label.en}: {inner.label.en}")


def _inner(outer: Field, inner: Field) -> Target:
    label = label_within(outer, inner)
    names = (
        *inner.aliases,
        outer.label.zh + inner.label.zh,
        f"{outer.label.en} {inner.label.en}",
        f"{outer.name}_{inner.name}",
        *(alias + inner.label.zh for alias in outer.aliases),
        *(f"{alias} {inner.name}" for alias in outer.aliases),
    )
    return Target(
        f"{outer.name}.{inner.name}", label, inner, outer, names, (inner.name, inner.label.zh, inner.label.en)
    )


@dataclass(frozen=True)
class Guess:
    """What one column is taken for. `field` is a target's path, empty when nothing fits; `why`: `name` (the
    heading says so), `content` (only its values do) or empty. `order` is given for columns of dates."""

    column: int
    header: str
    field: str = ""
    confidence: float = 0.0
    why: str = ""
    order: OrderGuess | None = None


class Content:
    """What the values of one column look like."""

    def __init__(self) -> None:
        self.seen = self.emails = self.links = self.phones = self.numbers = self.lists = 0
        self.orders = OrderEvidence()

    def add(self, cell: Cell) -> None:
        """Look at one value."""
        if is_empty(cell):
            return
        self.seen += 1
        self.orders.add(cell)
        text = str(cell).strip()
        self.emails += bool(_EMAIL.fullmatch(text))
        self.links += bool(_LINK.fullmatch(text))
        self.lists += inner_rows.looks_like(text)
        self.phones += bool(_PHONE.fullmatch(text))
        self.numbers += not isinstance(cell, bool) and bool(_NUMBER.fullmatch(text))

    def share(self, kind: str) -> float | None:
        """How many of the values can be of this kind, 0 to 1; None when values of it have no form of their
        own."""
        if not self.seen:
            return None
        if kind in DATE_KINDS:
            return self.orders.guess().dates / self.seen
        if kind in NUMERIC_KINDS:
            return self.numbers / self.seen
        counts = {"email": self.emails, "link": self.links, "phone": self.phones, "embedded_list": self.lists}
        return counts[kind] / self.seen if kind in counts else None

    def says_dates(self, least: float) -> bool:
        """Whether the values alone show dates; five digits do not, they may be day numbers or postcodes."""
        order = self.orders.guess()
        return order.order != "serial" and order.dates > order.seen * least

    def tells(self, kind: str) -> bool:
        """Whether the values alone are enough to take the column for one of this kind."""
        if kind in DATE_KINDS:
            return self.says_dates(0.9)
        return (self.share(kind) or 0) >= 0.9


def guess(
    header: Sequence[str],
    sample_rows: Iterable[Row],
    fields: Iterable[Field],
    own: Label | None = None,
    others: Iterable[Label] = (),
) -> list[Guess]:
    """One guess per column; no field is given twice. `own` is what an export calls the records' own numbers: where a
    field is called so as well, the first column of that name holds those. `others` is what else the type calls its
    fields: a column that is called as one which may not be filled is nobody else's.

    Headings decide, through field names, labels and aliases in both languages and common synonyms. A label goes before
    everything: a column that is called as a field goes to it, whatever fields have that word among theirs. Values
    that cannot be what the field holds make a likeness weaker. Columns still free are given to a date, phone,
    email or link field when exactly one such column and one such field are left.
    """
    possible = targets(fields)
    contents = look_at(len(header), islice(sample_rows, SAMPLED_ROWS))
    foreign = _foreign(header, possible, others)
    own_numbers = _own_numbers(header, possible, own)
    given = _by_name(header, contents, possible, foreign | own_numbers)
    given |= _by_content(header, contents, possible, given, foreign)
    made = []
    for index, name in enumerate(header):
        target, confidence, why = given.get(index, (None, 0.0, ""))
        order = contents[index].orders.guess()
        is_date = target.field.kind in DATE_KINDS if target else contents[index].says_dates(0.5)
        made.append(Guess(index, name, target.path if target else "", confidence, why, order if is_date else None))
    return made


def look_at(width: int, rows: Iterable[Row]) -> list[Content]:
    """What the columns hold; rows with problems are left out, since their cells may be shifted."""
    contents = [Content() for _ in range(width)]
    for row in rows:
        if row.problem is None:
            for content, cell in zip(contents, row.cells, strict=False):
                content.add(cell)
    return contents


Given = dict[int, tuple[Target, float, str]]


def _own_numbers(header: Sequence[str], possible: list[Target], own: Label | None) -> set[int]:
    """The column of the records' own numbers, where a field is called as they are and has a column behind it."""
    called = (
        {own.zh, own.en} & {name for target in possible for name in (target.label.zh, target.label.en)} if own else ()
    )
    found = [at for at, name in enumerate(header) if name in called and f"{name} (2)" in header]
    return set(found[:1])


def _foreign(header: Sequence[str], possible: list[Target], others: Iterable[Label]) -> set[int]:
    """The columns that are no field's to take: those that rows handed back and exports bring along, and those that are
    called as a field which may not be filled."""
    ours = (*REJECT_HEADINGS, *EXPORT_HEADINGS, RECEIPT_HEADING)
    called = {name for label in ours for name in (label.zh, label.en)}
    fillable = {name for target in possible for name in (target.label.zh, target.label.en)}
    called |= {name for label in others for name in (label.zh, label.en)} - fillable
    return {column for column, name in enumerate(header) if name in called}


def _by_name(header: Sequence[str], contents: list[Content], possible: list[Target], foreign: set[int]) -> Given:
    ranked = []
    for column, name in enumerate(header):
        if column in foreign:
            continue
        able = [(rank, t) for rank, t in enumerate(possible) if _can_hold(t, contents[column])]
        closest = max((target.called(name) for _, target in able), default=0)
        for rank, target in able:
            if target.called(name) < closest:
                continue
            likeness = target.likeness(name)
            share = contents[column].share(target.field.kind)
            if share is not None and share < 0.3 and contents[column].seen >= TELLING_VALUES:
                likeness *= 0.5
            if likeness >= ENOUGH:
                ranked.append((-closest, -likeness, column, rank))
    given: Given = {}
    used: set[int] = set()
    for _closest, negative, column, rank in sorted(ranked):
        target = possible[rank]
        if column not in given and rank not in used and not _collides(target, (one for one, _, _ in given.values())):
            given[column] = (target, round(-negative, 2), "name")
            used.add(rank)
    return given


def _collides(target: Target, others: Iterable[Target]) -> bool:
    """Whether a list of rows would come both as a whole and by fields of its first row."""
    if target.outer is not None:
        return any(one.path == target.outer.name for one in others)
    return any(one.outer is not None and one.outer.name == target.path for one in others)


def _can_hold(target: Target, content: Content) -> bool:
    """Whether a column's values can be the field's: all of a list of rows has a form of its own."""
    share = content.share(target.field.kind)
    return target.field.kind != "embedded_list" or share is None or share >= 0.9


def _by_content(
    header: Sequence[str], contents: list[Content], possible: list[Target], given: Given, foreign: set[int]
) -> Given:
    taken = {target.path for target, _, _ in given.values()}
    found: Given = {}
    for kinds in (("email",), ("phone",), ("link",), ("date", "datetime")):
        free_fields = [t for t in possible if t.path not in taken and t.field.kind in kinds]
        free_columns = [
            column
            for column in range(len(header))
            if column not in given
            and column not in foreign
            and contents[column].seen >= TELLING_VALUES
            and contents[column].tells(kinds[0])
        ]
        if len(free_fields) == len(free_columns) == 1:
            found[free_columns[0]] = (free_fields[0], BY_CONTENT, "content")
    return found


def proposed(guesses: Iterable[Guess]) -> dict[str, Any]:
    """The mapping that the guesses amount to."""
    return {
        "columns": [
            {"header": g.header, "field": g.field, "order": g.order.order if g.order else ""}
            for g in guesses
            if g.field
        ]
    }


@dataclass(frozen=True)
class Column:
    """One mapped column of one file."""

    index: int
    header: str
    target: Target
    order: str


@dataclass(frozen=True)
class Plan:
    """A mapping bound to a file's heading and a type's fields."""

    columns: tuple[Column, ...]

    def take(self, row: Row) -> tuple[dict[str, Any], dict[str, Problem]]:
        """The raw values of a row without a problem, as `kinds.read_values` takes them, and the problems by
        path.

        Only mapped fields are in it; an embedded field whose cells are all empty is None.
        """
        values: dict[str, Any] = {}
        problems: dict[str, Problem] = {}
        for column in self.columns:
            target, cell = column.target, row.cells[column.index]
            if target.field.kind == "embedded_list":
                if not is_empty(cell):
                    values[target.path], wrong = inner_rows.read(target.field, str(cell))
                    problems |= wrong
                continue
            value = raw_value(cell, target.field.kind, column.order)
            if isinstance(value, Problem):
                problems[target.path] = value
            elif target.outer is None:
                values[target.path] = value
            else:
                _put_inside(values, target.outer, target.field.name, value)
        return values, problems

    def header_of(self, path: str) -> str:
        """The heading of the column that goes to a field, or in which it stands with others; empty when there is
        none."""
        wanted = re.sub(r"\.\d+(?=\.|$)", "", path)
        found = {c.target.path: c.header for c in self.columns}
        return found.get(wanted) or found.get(wanted.partition(".")[0], "")


def _put_inside(values: dict[str, Any], outer: Field, name: str, value: Any) -> None:
    held = values.setdefault(outer.name, None)
    if value is None:
        return
    if held is None:
        held = values[outer.name] = [{}] if outer.kind == "embedded_list" else {}
    (held[0] if isinstance(held, list) else held)[name] = value


def bind(mapping: Mapping[str, Any], header: Sequence[str], fields: Iterable[Field]) -> Plan:
    """The plan for a mapping from a store or a form; nothing in it is trusted.

    :raises MappingRefused: when a column or field is not there or is chosen twice, or nothing is chosen.
    """
    possible = {target.path: target for target in targets(fields)}
    columns: list[Column] = []
    entries = mapping.get("columns")
    if not isinstance(entries, list):
        raise MappingRefused
    for entry in entries:
        if not isinstance(entry, Mapping):
            raise MappingRefused
        if entry.get("field"):
            columns.append(_column(entry, header, possible))
    if not columns:
        raise NothingMapped
    _refuse_twice(columns, lambda c: c.header, lambda c: c.header)
    _refuse_twice(columns, lambda c: c.target.path, lambda c: c.target.label)
    for column in columns:
        if _collides(column.target, (c.target for c in columns)):
            raise MappedTwice(name=column.target.label)
    return Plan(tuple(sorted(columns, key=lambda c: c.index)))


def _column(entry: Mapping[str, Any], header: Sequence[str], possible: Mapping[str, Target]) -> Column:
    name, path, order = entry.get("header"), entry["field"], entry.get("order") or ""
    if not isinstance(name, str) or name not in header:
        raise NoSuchColumn(column=str(name)[:60])
    if not isinstance(path, str) or path not in possible:
        raise NoSuchField(field=str(path)[:60])
    if order and (not isinstance(order, str) or order not in ORDERS):
        raise NoSuchOrder(column=name[:60])
    return Column(list(header).index(name), name, possible[path], order)


def _refuse_twice(columns: list[Column], key: Callable[[Column], str], shown: Callable[[Column], Any]) -> None:
    seen: set[str] = set()
    for column in columns:
        if key(column) in seen:
            raise MappedTwice(name=shown(column))
        seen.add(key(column))
