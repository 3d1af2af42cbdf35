"""How the first rows of a file would be stored, as a person sees records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from models import bulk, names, registry
from models.declarations import Field
from models.exchange import service
from models.exchange.document import Batch, Kind
from models.names import Names
from models.person.roles import Person

ADDED = ("owner", "level")


@dataclass(frozen=True)
class Preview:
    """`rows`: the row's number in the file and its values, None for a row that is refused; `fields`: what to show."""

    fields: tuple[Field, ...]
    rows: tuple[tuple[int, Mapping[str, Any] | None], ...]
    names: Names


def preview(person: Person, batch: Batch, count: int, *, now: datetime, language: str) -> Preview:
    """The first rows of a checked file with everything that would be filled in by itself; nothing is stored.

    :raises MappingRefused: :raises NoLongerKept:
    """
    rt = registry.get(batch.type).rt
    plan, taker = service.plan_of(person, batch)
    takens = [taker.take(row) for row in service.sample(batch, count)]
    wanted = [bulk.Wanted(t.row.number, t.values) for t in takens if not t.refused]
    drafts = {o.row: o.draft for o in bulk.prepared(batch.type, wanted, actor=person, now=now)}
    values = {number: draft.values for number, draft in drafts.items() if draft is not None}
    refused = {line.row for line in service.lines(batch, Kind.REFUSED)}
    numbers = [t.row.number for t in takens]
    rows = tuple((number, None if number in refused else values.get(number)) for number in numbers)
    used = dict.fromkeys(column.target.path.partition(".")[0] for column in plan.columns)
    known = {f.name: f for f in service.fields_of(person, rt)}
    fields = tuple(known[name] for name in (*used, *(n for n in ADDED if n in known and n not in used)))
    found = names.resolve(person, [(fields, one) for one in values.values()], language=language)
    return Preview(fields, rows, found)
