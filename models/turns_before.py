"""Records of the time when they waited for a role whatever the department: they name it now (`turns.of_department`);
and when what is top secret was open to whomever a field named of whom no role is asked (`turns.named_for_none`)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pymongo import UpdateOne

from config.database import database
from models import access, registry, sealing, stored_form, turns
from models.declarations import Level, RecordType, Relation
from models.record import UNSHOWN, collection_name

AT_ONCE = 500


def name_departments() -> list[str]:
    """Let the records that wait for a role in which people serve their own department wait for those of it, with the
    rights that follow; found by the index of what waits. It makes no version; done again it looks at no record. What a
    version before writes later follows by the job that lets records follow their type.

    :return: a line where there were any.
    """
    count = sum(_name(rt) for rt in registry.all_types())
    return [f"named the department of {count} records that wait for a role of it"] if count else []


def _name(rt: RecordType) -> int:
    roles = sorted(turns.roles_awaited(rt) & turns.OF_DEPARTMENT)
    if not roles:
        return 0
    return _follow(rt, {"waiting": {"$in": [f"role:{role}" for role in roles]}})


def close_to_unasked() -> list[str]:
    """Close what is top secret to whom it waits for by a field that asks no role of them: stored types of former
    versions have such. It makes no version; done again it looks at no record but those that wait for somebody else.

    :return: a line where there were any.
    """
    opened = {"$regex": f"^{re.escape(access.token(Level.TOP_SECRET.value, Relation.ASSIGNED, ''))}"}
    types = (rt for rt in registry.all_types() if rt.classified and turns.named_for_none(rt))
    count = sum(_follow(rt, {"level": Level.TOP_SECRET.value, "acl": opened}) for rt in types)
    return [f"closed {count} top-secret records to whom they wait for without being asked for a role"] if count else []


def _follow(rt: RecordType, which: Mapping[str, Any]) -> int:
    """Derive the rights and turns of some records anew; how many changed."""
    collection, count = database()[collection_name(rt.slug)], 0
    ids = [row["_id"] for row in collection.find(which, {"_id": 1})]
    for start in range(0, len(ids), AT_ONCE):
        sons = collection.find({"_id": {"$in": ids[start : start + AT_ONCE]}}, UNSHOWN | sealing.left_out(rt))
        updates = list(_updates(rt, sons))
        count += collection.bulk_write(updates, ordered=False).modified_count if updates else 0
    return count


def _updates(rt: RecordType, sons: Iterable[Mapping[str, Any]]) -> Iterator[UpdateOne]:
    for son in sons:
        record = stored_form.load_to_show(rt, son)
        follows = {"acl": access.tokens_of(rt, record), "waiting": access.turns_of(rt, record)}
        if all(sorted(son.get(name) or ()) == value for name, value in follows.items()):
            continue
        unchanged = {name: son.get(name) for name in ("_id", "rev", "granted", "climbed", "in_person")}
        yield UpdateOne(unchanged, {"$set": follows})
