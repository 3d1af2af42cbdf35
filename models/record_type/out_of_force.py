"""What stays known of stored types that are out of force: withdrawn, or left out because this version of the program
cannot make sense of their definition. What others do goes on to their records as well (`registry.kept_types`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from models import checks
from models.checks.finding import Finding
from models.declarations import Field, Label, RecordType, Rights
from models.record_type.plain import Plain, WrongDefinition, from_plain

Known = tuple[RecordType, frozenset[str]]
"""A declaration, and the words of its definition where not everything of that could be read."""


def known(
    rows: Iterable[Mapping[str, Any]], in_force: Iterable[RecordType], keeps_out: Callable[[Finding], bool]
) -> list[Known]:
    """What is known of stored types that are out of force: the whole declaration where it makes sense beside the
    others, or else what it says of its references (`bare`)."""
    stored = list(rows)
    whole = {row["_id"]: rt for row in stored if (rt := _read(row)) is not None}
    wrong = {one.slug for one in checks.check([*in_force, *whole.values()]) if keeps_out(one)}
    return [
        (whole[row["_id"]], frozenset[str]())
        if row["_id"] in whole.keys() - wrong
        else (bare(row["_id"], row["version"], row["definition"]), frozenset(_words(row["definition"])))
        for row in stored
    ]


def _read(row: Mapping[str, Any]) -> RecordType | None:
    try:
        data: Plain = {**row["definition"], "version": row["version"]}
        return from_plain(data)
    except WrongDefinition:
        return None


def bare(slug: str, version: int, definition: Any) -> RecordType:
    """By what the records of a type follow others, of a definition that makes no sense as a whole: whether they are
    classified, and to what they point themselves. What else they hold stays as it is when they are written: a row of a
    list is no part of it, since it is written as a whole."""
    says = definition if isinstance(definition, Mapping) else {}
    return RecordType(
        slug=slug,
        label=Label(slug, slug),
        plural=Label(slug, slug),
        icon="",
        menu="",
        number="",
        title="",
        fields=tuple(_references(says.get("fields"))),
        groups=(),
        rights=Rights(),
        classified=says.get("classified") is True,
        version=version,
    )


def _references(fields: Any) -> Iterator[Field]:
    for one in fields if isinstance(fields, list) else ():
        if not isinstance(one, Mapping) or one.get("kind") != "reference":
            continue
        name, to = one.get("name"), one.get("to")
        if isinstance(name, str) and isinstance(to, str) and name and to and one.get("encrypted") is not True:
            label, gathered = Label(name, name), one.get("gathered") is True
            yield Field(name=name, kind="reference", label=label, to=to, gathered=gathered)


def _words(value: Any) -> Iterator[str]:
    """Every text within plain data."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _words(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _words(one)
