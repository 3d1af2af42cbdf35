"""A record changed in a set is the record that the store would have made, for every type in force."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from bson import ObjectId
from pymongo.database import Database

from config.database import transaction
from models import registry, store
from models.bulk_change import rules
from models.bulk_change.writing import Act, Change, change_many
from models.declarations import RecordType
from models.errors import Refusal
from models.person.roles import Person, Role
from models.record import collection_name
from models.records import form_fields
from tests.factories.people import person
from tests.factories.planted import plant
from tests.factories.sealed import unsealed

Base = Database[dict[str, Any]]


class Undone(Exception):
    """Takes a transaction back."""


def values_for(rt: RecordType, who: Person) -> dict[str, Any]:
    """Something else in the simple fields of a type."""
    texts = [f for f in rules.settable(rt, form_fields(who, rt)) if f.kind in ("text", "long_text")]
    picks = [f for f in rules.settable(rt, form_fields(who, rt)) if f.kind == "choice" and f.name in rt.by_name]
    found = {f.name: "walked" for f in texts[:3]} | {f.name: f.choices[-1].value for f in picks[:2]}
    return found | ({"level": "secret"} if rt.classified else {})


def written(db: Base, rt: RecordType, record: ObjectId) -> dict[str, Any]:
    """What a write left behind: the record, its newest version, its newest audit entry."""
    son = db[collection_name(rt.slug)].find_one({"_id": record})
    version = db[store.VERSIONS].find_one({"record": record}, {"_id": 0, "batch": 0}, sort=[("rev", -1)])
    entry = db["audit"].find_one({"record": record}, {"_id": 0, "detail": 0}, sort=[("_id", -1)])
    return {"son": unsealed(son), "version": unsealed(version), "audit": entry}


def test_every_type_is_changed_alike_alone_and_in_a_set(db: Base, now: datetime) -> None:
    owner = person(Role.SPECIALIST, Role.HEAD, Role.CUSTODIAN)
    later, tried = now + timedelta(hours=1), 0
    for planted in plant(registry.all_types(), owner, now, ruled=True):
        rt, record = planted.rt, planted.son["_id"]
        values = values_for(rt, owner)
        seen: list[dict[str, Any]] = []

        def alone(rt: RecordType = rt, record: ObjectId = record, values: Any = values, seen: Any = seen) -> None:
            store.change(rt.slug, record, values, actor=owner, now=later, note="x")
            seen.append(written(db, rt, record))
            raise Undone

        def together(rt: RecordType = rt, record: ObjectId = record, values: Any = values, seen: Any = seen) -> None:
            act = Act(note="x", marks={"batch": ObjectId()})
            wanted = [Change(record, 1, values)]
            (one,) = change_many(rt.slug, wanted, act, actor=owner, now=later, allowed=lambda _: None)
            if one.refusal is not None:
                raise one.refusal
            seen.append(written(db, rt, record))
            raise Undone

        refusals = []
        for way in (alone, together):
            try:
                transaction(way)
            except Undone:
                tried += 1
            except Refusal as refusal:
                refusals.append(f"{type(refusal).__name__}: {refusal}")
        assert len(refusals) in (0, 2), (rt.slug, refusals)
        assert len(set(refusals)) <= 1
        assert len(seen) in (0, 2)
        assert not seen or seen[0] == seen[1], rt.slug
    assert tried > 10


def test_a_version_that_moved_is_refused_alike(db: Base, now: datetime) -> None:
    owner = person(Role.SPECIALIST)
    record = store.create("sample", {"name": "A", "owner": owner.id}, actor=owner, now=now)["_id"]
    store.change("sample", record, {"colour": "red"}, actor=owner, now=now)
    wanted = [Change(record, 1, {"colour": "blue"})]
    (one,) = change_many("sample", wanted, Act(), actor=owner, now=now, allowed=lambda _: None)
    with pytest.raises(Exception, match="changed this record") as alone:
        store.change("sample", record, {"colour": "blue"}, actor=owner, now=now, rev=1)
    assert type(one.refusal) is type(alone.value)
