"""What a classified record points to is what it is about: it is never less secret than that (X1, X3, X6).

Only references of the record itself count, to another classified type: a row of a list mentions its record, a record of
the same type stands beside it, and under one that is declared as `gathered` the record is handed in with others. Every
write asks for the level of what it lets its record point to (`keep_least`); what a write makes more secret takes along
what points to it (`set_change.follow`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bson import ObjectId

from config.database import database
from models import registry
from models.declarations import Level, RecordType
from models.errors import Sentence
from models.record import collection_name
from models.registry import Draft

SECRECY = ("level", "level_basis", "level_set_by", "secret_until")
"""What is said with a level, and who set it."""


def leads(rt: RecordType) -> Iterator[tuple[str, str]]:
    """By which fields the records of a type belong to others, each with the type of those."""
    if not rt.classified:
        return
    classified = None
    for field in rt.fields:
        if field.kind == "reference" and field.to != rt.slug and not field.gathered:
            classified = classified or {one.slug for one in registry.kept_types() if one.classified}
            if field.to in classified:
                yield field.name, field.to


def belonging_to(slug: str) -> Iterator[tuple[RecordType, list[str]]]:
    """The types whose records belong to those of a type, each with the fields by which they do; those out of force are
    among them."""
    for rt in registry.kept_types():
        if names := [name for name, to in leads(rt) if to == slug]:
            yield rt, names


def keep_least(draft: Draft) -> None:
    """Let a record be no less secret than what it points to; who wants to make it less secret is refused. What it
    pointed to before is asked again where its level changes, and where a rule has read it anyway."""
    fresh, values = draft.touches(("level",)), draft.values
    for name, to in leads(draft.rt):
        if values[name] is None:
            continue
        near = draft.nearby.get(values[name])
        if near is None and (fresh or draft.touches((name,))):
            near = _level_of(to, values[name])
        least = Level.of((near or {}).get("level"))
        if Level.of(values["level"]).rank >= least.rank:
            continue
        if fresh and "level" in draft.given and draft.before is not None:  # sent along as it was, it is no wish
            draft.problems["level"] = _too_low(draft.rt, name)
        values["level"] = least.value


def problem_with(rt: RecordType, record: Mapping[str, Any], level: Level) -> Sentence | None:
    """What is wrong with such a level for a stored record: what it points to is more secret. None where nothing is."""
    for name, to in leads(rt):
        near = _level_of(to, record[name]) if record.get(name) is not None else None
        if level.rank < Level.of((near or {}).get("level")).rank:
            return _too_low(rt, name)
    return None


def _too_low(rt: RecordType, name: str) -> Sentence:
    label = rt.by_name[name].label
    return Sentence(
        f"密级不得低于“{label.zh}”所指记录的密级。",
        f"The level cannot be lower than that of the record under “{label.en}”.",
    )


def come_to(draft: Draft, to: Mapping[str, Any]) -> None:
    """Let a record be no less secret than one that it is made to point to by a merge: also than one that it comes back
    to when a merge is taken back, for that was there before it and may have been raised."""
    values = draft.values
    if all(values[name] != to["_id"] for name, _ in leads(draft.rt)):
        return
    least = Level.of(to.get("level"))
    if Level.of(values["level"]).rank >= least.rank:
        return
    values.update((name, (draft.before or {}).get(name)) for name in SECRECY)
    if Level.of(values["level"]).rank < least.rank:
        values["level"] = least.value


def _level_of(slug: str, record_id: ObjectId) -> Mapping[str, Any] | None:
    """The level of a stored record; None for one that is gone."""
    return database()[collection_name(slug)].find_one({"_id": record_id}, {"level": 1})
