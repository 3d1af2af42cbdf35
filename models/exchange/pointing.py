"""What a file says for a person or a record, found within the reader's reach; never guessed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bson import ObjectId

from config.database import database
from models import access, names, registry
from models.access import Purpose
from models.declarations import Field, RecordType
from models.errors import Sentence
from models.person import directory
from models.person.roles import Person
from models.record import collection_name

REMEMBERED = 10_000
LONGEST = 300

NO_PERSON = Sentence(
    "没有叫此名的在用人员，或同名者不止一位。请填写邮箱。",
    "No active person is called so, or more than one is. Give the email address.",
)
NO_RECORD = Sentence(
    "在您可查看的范围内，没有此编号或名称的“{type}”。",
    "No “{type}” of this number or name is within your reach.",
)
SEVERAL = Sentence(
    "名称相同的“{type}”不止一份。请填写编号。",
    "More than one “{type}” bears this name. Give its number.",
)


class Pointing:
    """Looks up numbers and names for one person, each once. Hidden records and missing ones are the same (X6)."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self._known: dict[tuple[str, str, str], ObjectId | Sentence] = {}

    def look_up(self, field: Field, texts: Iterable[str]) -> None:
        """Look many numbers of a reference field up in one question; `find` answers from it."""
        if field.kind != "reference":
            return
        keys = {text: _key(field, text) for text in map(_one_line, texts)}
        wanted = {text: key for text, key in keys.items() if key not in self._known}
        if len(self._known) + len(wanted) > REMEMBERED:
            self._known.clear()
        rt = registry.get(field.to).rt
        reach = access.reach(self.person, rt, Purpose.VIEW)
        by_number = {"$and": [{"number": {"$in": sorted(wanted)}}, reach.query(cards=True, archived=None)]}
        shown = {"number": 1, "merged_into": 1}
        for son in database()[collection_name(rt.slug)].find(by_number, shown) if wanted else ():
            self._known[wanted[son["number"]]] = _standing(reach, rt, son)

    def find(self, field: Field, text: str) -> ObjectId | Sentence:
        """The id that a text names for a person or reference field, or why there is none.

        A person: email or only name. A record: its number, or the title or the number elsewhere that only one
        record in use has, among those that the person reads in full.
        """
        text = _one_line(text)
        key = _key(field, text)
        if key not in self._known:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            self._known[key] = self._person(field, text) if field.kind == "person" else self._record(field, text)
        return self._known[key]

    def _person(self, field: Field, text: str) -> ObjectId | Sentence:
        return directory.known_as(text, field.roles) or NO_PERSON

    def _record(self, field: Field, text: str) -> ObjectId | Sentence:
        rt = registry.get(field.to).rt
        records = database()[collection_name(rt.slug)]
        reach = access.reach(self.person, rt, Purpose.VIEW)
        by_number = {"$and": [{"number": text}, reach.query(cards=True, archived=None)]}
        if (found := records.find_one(by_number, {"merged_into": 1})) is not None:
            return _standing(reach, rt, found)
        readable = {f.name: f for f in access.visible_fields(self.person, rt)}
        by = [name for name in (rt.title, rt.foreign) if name in readable and readable[name].kind == "text"]
        hits: list[ObjectId] = []
        if by and reach.full:
            query = {"$and": [{"$or": [{name: text} for name in by]}, reach.query()]}
            hits = [row["_id"] for row in records.find(query, {"_id": 1}).limit(2)]
        if len(hits) == 1:
            return hits[0]
        return _said(SEVERAL if hits else NO_RECORD, rt)


def _standing(reach: access.Reach, rt: RecordType, found: Mapping[str, Any]) -> ObjectId | Sentence:
    stands = names.standing(reach, rt.slug, found)
    if stands.get("merged_into"):
        return _said(NO_RECORD, rt)
    made: ObjectId = stands["_id"]
    return made


def _said(sentence: Sentence, rt: RecordType) -> Sentence:
    return Sentence(sentence.zh.format(type=rt.label.zh), sentence.en.format(type=rt.label.en))


def _one_line(text: str) -> str:
    return " ".join(text.split())[:LONGEST]


def _key(field: Field, text: str) -> tuple[str, str, str]:
    return field.kind, field.to or ",".join(sorted(field.roles)), text
