"""Records as JSON, for one reader. What is the same for a whole page is worked out once: a page has up to a hundred."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from bson import ObjectId

from backoffice import trail
from models import access, listed, names, records, sealing, store
from models.access import Reach
from models.audit import Subject
from models.declarations import Field, RecordType
from models.key_vault.refusals import UNREADABLE, Unopened
from models.kinds import kind_of, loaded, loading, plain
from models.names import HIDDEN, Names
from models.person.roles import Person
from models.records import PLACING, Sight
from models.stored_form import OPEN_SYSTEM

Json = dict[str, Any]

NESTED = ("embedded", "embedded_list")
SAME = ("text", "long_text", "email", "phone", "link", "choice", "choices", "tree", "integer", "yes_no")
"""Kinds whose stored form is their JSON."""

SYSTEM: tuple[Field, ...] = (
    *(f for f in OPEN_SYSTEM if f.name in ("level", "level_basis", "level_set_by", "secret_until")),
    *(f for f in OPEN_SYSTEM if f.name in ("department", "owner", "state")),
    *(
        Field(name=name, kind=kind, label=PLACING[0].label)
        for name, kind in (
            ("state_since", "datetime"),
            ("due_at", "datetime"),
            ("archived_at", "datetime"),
            ("created_at", "datetime"),
            ("created_by", "person"),
            ("updated_at", "datetime"),
            ("updated_by", "person"),
        )
    ),
)
"""The engine's own fields, as a record shows them."""

IN_LISTS = tuple(f for f in SYSTEM if f.name in ("level", "owner", "state", "due_at", "updated_at"))


def person(found: Names, person_id: ObjectId | None) -> Json | None:
    """A person: id and name."""
    return None if person_id is None else {"id": str(person_id), "name": found.person(person_id)}


def reference(found: Names, slug: str, record_id: ObjectId) -> Json:
    """Another record: number and title, both null when it is not the reader's to know."""
    name = found.record(slug, record_id)
    hidden = not name.number and name.text == HIDDEN
    return {"number": None, "title": None} if hidden else {"number": name.number, "title": name.text}


def value(field: Field, stated: Any, found: Names) -> Any:
    """A loaded value as JSON."""
    if stated is None or isinstance(stated, Unopened):
        return None
    if field.kind == "person":
        return person(found, stated)
    if field.kind == "reference":
        return reference(found, field.to, stated)
    if field.kind in NESTED:
        rows = stated if field.kind == "embedded_list" else [stated]
        made = [{f.name: value(f, row.get(f.name), found) for f in field.fields} for row in rows]
        return made if field.kind == "embedded_list" else made[0]
    if field.kind == "files":
        return [{**row, "file": str(row["file"]), "name": _file_name(row["name"], found)} for row in stated]
    return plain(field, stated)


def _file_name(name: Any, found: Names) -> str:
    return UNREADABLE.text(found.language) if isinstance(name, Unopened) else str(name)


def record(sight: Sight, found: Names) -> Json:
    """A record as its reader sees it: in full, or as its card (`locked`)."""
    head: Json = {"type": sight.rt.slug, "number": sight.number, "locked": not sight.full}
    if not sight.full:
        card = {f.name: _on_card(f, sight.values.get(f.name), found) for f in sight.fields}
        return {**head, "level": sight.level, "owner": person(found, sight.values.get("owner")), "values": card}
    system = {f.name: value(f, sight.values.get(f.name), found) for f in SYSTEM}
    values = {f.name: value(f, sight.values.get(f.name), found) for f in sight.fields}
    return {**head, "rev": sight.values["rev"], **system, "values": values, "unreadable": list(sight.unreadable)}


def _on_card(field: Field, stated: Any, found: Names) -> Any:
    return stated if field.card == "masked" else value(field, stated, found)


def names_for(reader: Person, sights: Iterable[Sight], language: str) -> Names:
    """The names that some records need, in one query per type."""
    rows = [((*sight.fields, *SYSTEM), sight.values) for sight in sights]
    return names.resolve(reader, rows, language=language)


class Rows:
    """The rows of one page: of each record the engine's own `IN_LISTS` and `fields`, and nothing else is loaded. What
    lists do not show of classified records is null there."""

    def __init__(self, reader: Person, rt: RecordType, reach: Reach, fields: tuple[Field, ...], language: str) -> None:
        self.reader, self.rt, self.reach, self.fields, self.language = reader, rt, reach, fields, language
        self._pointers = tuple(f for f in (*IN_LISTS, *fields) if f.kind in (*names.POINTERS, *NESTED))
        self._names_records = any(f.kind != "person" for f in self._pointers)
        self._kept_back = frozenset(f.name for f in fields) - listed.shown(rt)
        self._sealed = sealing.sealed_fields(rt).keys() & {f.name for f in fields}
        self._lost: set[ObjectId] = set()
        self.unreadable: list[Json] = []
        """Number and field of what the rows made so far should show and nobody can open: it is null there."""

    @property
    def stored(self) -> list[str]:
        """The stored fields that the rows are made of, those of cards included."""
        on_cards = (*access.card_fields(self.rt), *access.held_fields(self.rt))
        return [f.name for f in (*IN_LISTS, *self.fields, *on_cards)]

    def classified(self, sons: Iterable[Mapping[str, Any]]) -> list[Subject]:
        """Those of some stored records that are above internal and shown in full."""
        above = [son for son in sons if self._above(son) and self._full(son)]
        return [store.subject(self.rt, son) for son in above]

    def left_empty(self, sons: Iterable[Mapping[str, Any]]) -> list[str]:
        """The fields that are null for the classified ones of some records because lists do not show them."""
        held = self._kept_back and any(self._above(son) and self._full(son) for son in sons)
        return sorted(self._kept_back) if held else []

    def made(self, sons: Iterable[Mapping[str, Any]]) -> list[Json]:
        """The rows of some stored records, in their order."""
        sons = list(sons)
        if not self._names_records:
            trail.ahead()
        full = [self._full(son) for son in sons]
        cards = {i: self._card(son) for i, son in enumerate(sons) if not full[i]}
        found = self._names([son for i, son in enumerate(sons) if full[i]], [s for s in cards.values() if s])
        trail.ahead()
        system = _writers(IN_LISTS, found)
        values = {above: self._values(found, above) for above in (False, True)}
        withheld = {f.name for f in self.fields if f.withheld}
        of_oneself = {above: [one for one in values[above] if one[0] not in withheld] for above in values}
        opened = self._opened([son for i, son in enumerate(sons) if full[i]])
        made = []
        for i, son in enumerate(sons):
            if full[i]:
                writers = of_oneself if self.reach.withholds(son["acl"]) else values
                made.append(self._row(opened.get(son["_id"], son), system, writers[self._above(son)]))
            elif (card := cards[i]) is not None:
                made.append(record(card, found))
        return made

    def _opened(self, sons: list[Mapping[str, Any]]) -> dict[ObjectId, Mapping[str, Any]]:
        """Of some stored records those of which a row shows something sealed, with that open; in one run."""
        open_: dict[ObjectId, Mapping[str, Any]] = {}

        def lost(son: Mapping[str, Any]) -> None:
            self._lost.add(son["_id"])

        for above in (False, True) if self._sealed else ():
            names = self._sealed - self._kept_back if above else self._sealed
            group = [son for son in sons if self._above(son) is above]
            if names and group:
                open_.update((son["_id"], son) for son in sealing.opened(self.rt, group, names, lost))
        return open_

    def _row(self, son: Mapping[str, Any], system: list[Writer], values: list[Writer]) -> Json:
        get = son.get
        row: Json = {"type": self.rt.slug, "number": son["number"], "locked": False, "rev": son["rev"]}
        for name, write in system:
            row[name] = write(stored) if (stored := get(name)) is not None and write else stored
        shown: Json = {}
        for name, write in values:
            shown[name] = write(stored) if (stored := get(name)) is not None and write else stored
        row["values"] = shown
        if son["_id"] in self._lost:
            lost = [name for name in shown if any(sealing.unopened_in([get(name)]))]
            self.unreadable += [{"number": son["number"], "field": name} for name in lost]
        return row

    def _full(self, son: Mapping[str, Any]) -> bool:
        return self.reach.sees(son.get("acl") or ()) == "full"

    def _above(self, son: Mapping[str, Any]) -> bool:
        return listed.is_classified(self.rt, son.get("level"))

    def _values(self, found: Names, above: bool) -> list[Writer]:
        writers = _writers(self.fields, found)
        return [(name, _nothing if above and name in self._kept_back else write) for name, write in writers]

    def _card(self, son: Mapping[str, Any]) -> Sight | None:
        return records.sight(self.reader, self.rt, self.reach, son)

    def _names(self, sons: list[Mapping[str, Any]], cards: list[Sight]) -> Names:
        pointers = {True: tuple(f for f in self._pointers if f.name not in self._kept_back), False: self._pointers}
        rows: list[tuple[tuple[Field, ...], Mapping[str, Any]]] = [(pointers[self._above(son)], son) for son in sons]
        rows += [((*card.fields, *PLACING[:1]), card.values) for card in cards]
        return names.resolve(self.reader, rows, language=self.language)


Writer = tuple[str, Callable[[Any], Any] | None]


def _nothing(_stored: Any) -> None:
    """What lists show of a classified record where they show nothing."""


def _writers(fields: Iterable[Field], found: Names) -> list[Writer]:
    return [(f.name, _writer(f, found)) for f in fields]


def _writer(field: Field, found: Names) -> Callable[[Any], Any] | None:
    """Makes JSON of a field's stored form; None where it is that already."""
    if field.kind in SAME and not field.encrypted:
        return None
    if field.kind == "person":
        return lambda stored: person(found, stored)
    if field.kind == "reference":
        return lambda stored: reference(found, field.to, stored)
    if field.kind in (*NESTED, "files") or field.encrypted:
        return lambda stored: value(field, loaded(field, stored), found)
    load, plain_of = loading(field), kind_of(field).plain
    return plain_of if load is None else lambda stored: plain_of(load(stored))


__all__ = ["IN_LISTS", "SYSTEM", "Json", "Rows", "names_for", "person", "record", "reference", "value"]
