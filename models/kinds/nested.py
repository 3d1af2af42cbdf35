"""Records inside records, files, and the table of all kinds, which the nested ones need themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

import mongoengine as me
from bson import Binary, ObjectId

from models.declarations import Field
from models.errors import Sentence
from models.key_vault import service as keys
from models.key_vault.refusals import UNREADABLE, Unopened
from models.kinds.base import Kept, Kind, Unreadable
from models.kinds.compound import Address, Amounts, Compound, Period
from models.kinds.numbers import Integer, Money, Number, Percent
from models.kinds.picks import ChoiceKind, Choices, PersonKind, Pointer, TreeChoice, YesNo
from models.kinds.sealed import sealed_kind
from models.kinds.text import Email, Link, LongText, Phone
from models.kinds.times import Date, DateTime, Time

MOST_FILES = 20
UNDECLARED = "_undeclared"
"""Under this key a row, or group, that was loaded holds what is stored in it beside its declared fields, as it is
stored: what a declaration had once stays in rows as it does in records. No field is called so."""
Storing = Callable[[Any], Any]


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
        return in_rows(field, value, lambda f, one: kind_of(f).text(f, one, language)) if value else ""

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

    def mongo(self, field: Field) -> me.fields.BaseField:
        return me.ListField(me.DictField())


def _opened(name: Any) -> Any:
    return keys.unseal_value(name) if type(name) is Binary else name


class Files(Kind):
    """Attachments: rows of `{file, name, size, type}` that point to immutable stored files; `name` is stored sealed."""

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

    def load(self, stored: Any) -> Any:
        """The rows with their names open. A row of the time before names were sealed is as it was."""
        if not stored or not any(type(row.get("name")) is Binary for row in stored):
            return stored
        return [{**row, "name": _opened(row["name"])} for row in stored]

    def text(self, field: Field, value: Any, language: str) -> str:
        names = (row["name"] for row in value or ())
        return ", ".join(UNREADABLE.text(language) if isinstance(name, Unopened) else name for name in names)

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
        Address(),
        Integer(),
        Number(),
        Money(),
        Percent(),
        Date(),
        Time(),
        DateTime(),
        Period(),
        YesNo(),
        ChoiceKind(),
        Choices(),
        TreeChoice(),
        Pointer(),
        PersonKind(),
        Embedded(),
        EmbeddedList(),
        Files(),
    )
}


AMOUNTS = Amounts()


SEALED = {name: sealed_kind(kind) for name, kind in KINDS.items()}
SEALED_AMOUNTS = sealed_kind(AMOUNTS)


def kind_of(field: Field) -> Kind:
    """The kind of a declared field."""
    if field.encrypted:
        return SEALED_AMOUNTS if field.currencies else SEALED[field.kind]
    return AMOUNTS if field.currencies else KINDS[field.kind]


def parts_of(field: Field) -> tuple[Field, ...]:
    """What stands inside a field's value: declared inner fields, or the parts of an address, a period, an amount with
    its currency. Nothing for a single value."""
    kind = kind_of(field)
    return kind.parts(field) if isinstance(kind, Compound) else field.fields


def in_rows(field: Field, value: Any, word: Callable[[Field, Any], str]) -> str:
    """An embedded value in one line, row after row: `word` says what one value of a row reads as; what is empty is left
    out."""
    rows = value if field.kind == "embedded_list" else [value]
    filled = ([(f, row[f.name]) for f in field.fields if row.get(f.name) is not None] for row in rows)
    return "; ".join(" · ".join(text for f, one in row if (text := word(f, one))) for row in filled)


def plain(field: Field, value: Any) -> Any:
    """A field's value as JSON, embedded rows included."""
    if value is None or field.kind not in ("embedded", "embedded_list"):
        return kind_of(field).plain(value)
    rows = value if field.kind == "embedded_list" else [value]
    made = [{f.name: plain(f, row.get(f.name)) for f in field.fields} for row in rows]
    return made if field.kind == "embedded_list" else made[0]


def read_values(fields: tuple[Field, ...], raw: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Sentence]]:
    """Every field's value for `raw`, and the problems by path. Fields that are absent from `raw` read as empty;
    a missing `required` one is a problem; keys that are not declared are problems too. What is `Kept` is not read; so
    stays what a row holds `UNDECLARED`."""
    values: dict[str, Any] = {}
    beside = raw.get(UNDECLARED)
    known = {UNDECLARED} if isinstance(beside, Kept) else set()
    problems: dict[str, Sentence] = {
        str(key)[:60]: Sentence("没有这个字段。", "There is no such field.")
        for key in raw.keys() - {f.name for f in fields} - known
    }
    for field in fields:
        given = raw.get(field.name)
        try:
            value = given.value if isinstance(given, Kept) else kind_of(field).read(field, given)
        except Unreadable as wrong:
            problems.update({f"{field.name}.{path}".rstrip("."): s for path, s in wrong.problems.items()})
            continue
        if value is None and field.required:
            problems[field.name] = Sentence("必填。", "This is required.")
        values[field.name] = value
    if isinstance(beside, Kept) and beside.value:
        values[UNDECLARED] = beside.value
    return values, problems


def stored(field: Field, value: Any) -> Any:
    """The BSON form of a field's value, embedded rows included."""
    store = storing(field)
    return value if value is None or store is None else store(value)


@lru_cache(maxsize=10_000)
def storing(field: Field) -> Storing | None:
    """How the values of a field that are not empty become BSON; None for as they are. Worked out once for a field:
    every write asks for each of them."""
    if field.kind not in ("embedded", "embedded_list"):
        kind = kind_of(field)
        return None if type(kind).store is Kind.store else kind.store
    inner = tuple((f.name, storing(f)) for f in field.fields)

    def row_of(row: Mapping[str, Any]) -> dict[str, Any]:
        made = {}
        for name, store in inner:
            value = row.get(name)
            if value is not None:
                made[name] = value if store is None else store(value)
        beside = row.get(UNDECLARED)
        return {**beside, **made} if beside else made

    def rows_of(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        return [row_of(row) for row in rows]

    return rows_of if field.kind == "embedded_list" else row_of


def loaded(field: Field, value: Any) -> Any:
    """The value of a field's BSON form, embedded rows included."""
    load = loading(field)
    return value if value is None or load is None else load(value)


@lru_cache(maxsize=10_000)
def loading(field: Field) -> Storing | None:
    """The other way than `storing`."""
    if field.kind not in ("embedded", "embedded_list"):
        kind = kind_of(field)
        return None if type(kind).load is Kind.load else kind.load
    inner = tuple((f.name, loading(f)) for f in field.fields)
    names = frozenset(f.name for f in field.fields)

    def row_of(row: Mapping[str, Any]) -> dict[str, Any]:
        found = ((name, load, row.get(name)) for name, load in inner)
        made = {name: value if load is None or value is None else load(value) for name, load, value in found}
        if not row.keys() <= names:
            made[UNDECLARED] = {name: value for name, value in row.items() if name not in names}
        return made

    def rows_of(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        return [row_of(row) for row in rows]

    return rows_of if field.kind == "embedded_list" else row_of
