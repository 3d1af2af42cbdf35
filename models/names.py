"""Names of people and records as one reader may see them, for a whole page at once (X6).

One query per referenced type and one for people, however many rows. A record that the reader has in full is
named by its title, a locked one by its masked title, a hidden one by a dash, as if it were gone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bson import ObjectId
from pymongo.errors import ExecutionTimeout

from config.database import database, in_transaction
from models import access, listed, registry, widths
from models.access import Purpose
from models.declarations import Field, RecordType
from models.destruction import gone
from models.errors import NotFound, Refusal
from models.key_vault.refusals import UNREADABLE, Unopened
from models.kinds import in_rows, kind_of, loaded
from models.masking import masked
from models.person import directory
from models.person.roles import Person
from models.record import collection_name
from models.search import holding

MOST_NAMED, NAMED_MS = 500, 3000
HIDDEN = "—"
POINTERS = ("reference", "person")
POINTING = (*POINTERS, "embedded", "embedded_list")


class TooManyNamed(Refusal):
    """A piece of a name stands for more records than a filter can hold."""

    code, status = "too_many_named", 400
    zh = "名称中含“{text}”的{types}太多，请多输入几个字。"
    en = "Too many of “{types}” have “{text}” in their name. Type more of it."


@dataclass(frozen=True)
class Name:
    """How a record is called. `number` is '' when the reader may not know it; `locked`: only its card; `archived`: it
    is read in full, and in the archive."""

    text: str
    number: str = ""
    locked: bool = False
    archived: bool = False

    def marked(self, language: str) -> str:
        """The name as pages show it: one of the archive says so."""
        if not self.archived:
            return self.text
        return f"{self.text}（已归档）" if language.startswith("zh") else f"{self.text} (archived)"


@dataclass(frozen=True)
class Names:
    """The names that one page needs, for one reader, in one language."""

    language: str
    people: Mapping[ObjectId, str] = field(default_factory=dict)
    records: Mapping[tuple[str, ObjectId], Name] = field(default_factory=dict)

    def and_those_of(self, other: Names) -> Names:
        """These names and others for the same reader."""
        return Names(self.language, {**other.people, **self.people}, {**other.records, **self.records})

    def person(self, person_id: ObjectId | None) -> str:
        """A person's name; '' for nobody."""
        return "" if person_id is None else self.people.get(person_id, HIDDEN)

    def record(self, slug: str, record_id: ObjectId) -> Name:
        """A record's name."""
        return self.records.get((slug, record_id), Name(HIDDEN))

    def text(self, declared: Field, value: Any) -> str:
        """A value as the reader reads it, pointers and embedded ones included; '' when empty, a mark where it could not
        be opened."""
        if value is None:
            return ""
        if isinstance(value, Unopened):
            return UNREADABLE.text(self.language)
        if declared.kind == "person":
            return self.person(value)
        if declared.kind == "reference":
            return self.record(declared.to, value).text
        if declared.kind in ("embedded", "embedded_list"):
            return in_rows(declared, value, self.text)
        return kind_of(declared).text(declared, value, self.language)


def pointers(fields: Iterable[Field], values: Mapping[str, Any]) -> Iterator[tuple[Field, ObjectId]]:
    """Every person and record that some values point to, with the field that does."""
    for declared in fields:
        value = values.get(declared.name)
        if value is None:
            continue
        if declared.kind in POINTERS and isinstance(value, ObjectId):
            yield declared, value
        elif declared.kind == "embedded":
            yield from pointers(declared.fields, value)
        elif declared.kind == "embedded_list":
            for row in value:
                yield from pointers(declared.fields, row)


def resolve(
    reader: Person,
    rows: Iterable[tuple[Iterable[Field], Mapping[str, Any]]],
    *,
    language: str,
    people: Iterable[ObjectId | None] = (),
    purpose: Purpose = Purpose.VIEW,
) -> Names:
    """The names of everything that some rows (fields and values) point to, and of `people`. In what is printed or
    exported, a record that the reader may not print or export is named as a locked one."""
    persons = set(people)
    records: dict[str, set[ObjectId]] = {}
    telling: dict[int, tuple[Iterable[Field], list[Field]]] = {}  # rows share their fields; most point nowhere
    for fields, values in rows:
        if id(fields) not in telling:  # kept with them, so that no other ones get this id
            telling[id(fields)] = fields, [f for f in fields if f.kind in POINTING]
        for declared, value in pointers(telling[id(fields)][1], values):
            if declared.kind == "person":
                persons.add(value)
            else:
                records.setdefault(declared.to, set()).add(value)
    found: dict[tuple[str, ObjectId], Name] = {}
    for slug, ids in records.items():
        found.update(_records(reader, slug, ids, language, purpose))
    return Names(language, directory.names(persons), found)


def one(reader: Person, slug: str, record_id: ObjectId, language: str) -> Name:
    """The name of one record."""
    return dict(_records(reader, slug, {record_id}, language)).get((slug, record_id), Name(HIDDEN))


def title_of(reader: Person, rt: RecordType, son: Mapping[str, Any], seen: str, language: str) -> str:
    """The title of a stored record for a reader who sees it in `full` or as a `card`; its number where the
    title is not theirs to read or names nothing by itself."""
    return titles(reader, rt, language)(son, seen)


def titles(reader: Person, rt: RecordType, language: str) -> Callable[[Mapping[str, Any], str], str]:
    """`title_of` for many records of a type. Each is shown to the reader: the open answer tells of it (X7)."""
    title, kind = rt.by_name[rt.title], kind_of(rt.by_name[rt.title])
    pointing = title.kind in POINTERS
    readable = {"full": title in access.visible_fields(reader, rt), "card": bool(title.card)}

    def name_of(son: Mapping[str, Any], seen: str) -> str:
        text = "" if pointing or not readable[seen] else kind.text(title, loaded(title, son.get(title.name)), language)
        if not text:
            return str(son["number"])
        if seen == "full":
            listed.glimpse(rt, son["_id"], son["number"], son.get("level"))
        return masked(text) if seen == "card" and title.card == "masked" else text

    return name_of


def _records(
    reader: Person, slug: str, ids: set[ObjectId], language: str, purpose: Purpose = Purpose.VIEW
) -> Iterator[tuple[tuple[str, ObjectId], Name]]:
    try:
        rt = registry.get(slug).rt
    except NotFound:  # the type was taken out of force: its records are hidden
        return
    reach, leaving = access.reach(reader, rt, Purpose.VIEW), access.reach(reader, rt, purpose)
    name_of = titles(reader, rt, language)
    # By id alone, and what may be seen decided here: the database need not weigh the indexes of rights against ids.
    shown, missing = {"number": 1, "level": 1, "acl": 1, rt.title: 1}, set(ids)
    for son in database()[collection_name(slug)].find({"_id": {"$in": list(ids)}}, shown):
        missing.discard(son["_id"])
        seen = reach.sees(son["acl"])
        if seen == "full" and leaving.sees(son["acl"]) != "full":
            seen = "card"
        if seen:
            archived = seen == "full" and any(one.startswith(access.ARCHIVED) for one in son["acl"])
            yield (slug, son["_id"]), Name(name_of(son, seen), son["number"], seen == "card", archived)
    if missing:
        for record_id, text in gone.names(reach, missing, language):
            yield (slug, record_id), Name(text)


def pointed(reader: Person, declared: Field, raw: Any) -> Any:
    """What a person wrote for a pointer, as an id: a record's number, or a person's email or only name.

    Anything else comes back as it was, for the field's kind to read or refuse: a number out of reach and one
    that does not exist are the same.
    """
    text = raw.strip() if isinstance(raw, str) else ""
    if not 0 < len(text) <= 200:
        return raw
    if declared.kind == "person":
        return directory.known_as(text, declared.roles) or raw
    rt = registry.get(declared.to).rt
    reach = access.reach(reader, rt, Purpose.VIEW)
    query = {"$and": [{"number": text}, reach.query(cards=True, archived=None)]}
    son = database()[collection_name(rt.slug)].find_one(query, {"merged_into": 1})
    return ObjectId(standing(reach, rt.slug, son)["_id"]) if son else raw


def standing(reach: access.Reach, slug: str, son: Mapping[str, Any]) -> Mapping[str, Any]:
    """The record for which a stored one (with `merged_into`) stands for a reader: of those into which it was merged,
    one after the other, the last that they may know, if only by its card; itself, when they may know none (X6).

    Its `_id`, `number` and `merged_into` are there; the last one leads on only to what the reader may not know.
    """
    seen = {son["_id"]}
    while (into := son.get("merged_into")) is not None and into not in seen:
        seen.add(into)
        further = database()[collection_name(slug)].find_one({"_id": into}, {"number": 1, "acl": 1, "merged_into": 1})
        if further is None or not reach.sees(further["acl"]):
            break
        son = further
    return son


def named(reader: Person, declared: Field, text: str, *, begins: bool = False) -> tuple[ObjectId, ...]:
    """The people, or the records that the reader has in full, whose name holds (or begins with) a text; records are
    named by their number too. A locked or hidden record is never among them (X6).

    :raises TooManyNamed: when there are more than 500, or finding them takes too long.
    """
    pattern = ("^" if begins else "") + widths.pattern(text)
    if declared.kind == "person":
        return directory.named(pattern)
    rt = registry.get(declared.to).rt
    title = rt.by_name[rt.title]
    reach = access.reach(reader, rt, Purpose.VIEW)
    if reach.nothing or not text:
        return ()
    by_title: dict[str, Any] = {title.name: {"$regex": pattern, "$options": "i"}}
    if title.searchable and (pieces := holding(text)):
        by_title["$and"] = pieces
    readable = title in access.visible_fields(reader, rt) and title.kind not in POINTERS
    names_it = [{"number": text}, by_title] if readable else [{"number": text}]
    query = {"$and": [{"$or": names_it}, reach.query(archived=None)]}
    cursor = database()[collection_name(rt.slug)].find(query, {"_id": 1}).limit(MOST_NAMED + 1)
    if not in_transaction():
        cursor = cursor.max_time_ms(NAMED_MS)
    try:
        found = tuple(son["_id"] for son in cursor)
    except ExecutionTimeout:
        raise _too_many(declared, text) from None
    if len(found) > MOST_NAMED:
        raise _too_many(declared, text)
    return found


def _too_many(declared: Field, text: str) -> TooManyNamed:
    refusal = TooManyNamed(text=text[:40], types=registry.get(declared.to).rt.plural)
    refusal.about = declared.name
    return refusal


def known(
    reader: Person, fields: Iterable[Field], values: Iterable[Mapping[str, Any]]
) -> frozenset[tuple[str, ObjectId]]:
    """Of the records to which some values point, those that the reader may know, if only by a card, by type and id.
    Nothing of them is shown."""
    fields, wanted = tuple(fields), dict[str, set[ObjectId]]()
    for row in values:
        for declared, target in pointers(fields, row):
            if declared.kind == "reference":
                wanted.setdefault(declared.to, set()).add(target)
    found = set[tuple[str, ObjectId]]()
    for rt in registry.all_types():
        if ids := wanted.get(rt.slug):
            reach = access.reach(reader, rt, Purpose.VIEW)
            query = {"$and": [{"_id": {"$in": list(ids)}}, reach.query(cards=True, archived=None)]}
            found |= {(rt.slug, son["_id"]) for son in database()[collection_name(rt.slug)].find(query, {"_id": 1})}
    return frozenset(found)


def within_reach(reader: Person, declared: Field, target: ObjectId) -> ObjectId | None:
    """An id that somebody wrote for a pointer, if the reader may know what it points to; people are known to all."""
    if declared.kind == "person":
        return target
    rt = registry.get(declared.to).rt
    reach = access.reach(reader, rt, Purpose.VIEW)
    query = {"$and": [{"_id": target}, reach.query(cards=True, archived=None)]}
    found = database()[collection_name(rt.slug)].find_one(query, {"_id": 1})
    return target if found else None
