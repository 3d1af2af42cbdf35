"""Moving the references to a merged record: each record that points to it is changed once, with its version.

A chunk is a transaction, and notes on the merge's own document how far it is; the document makes two workers take
turns. Broken off at any point and taken up by whoever comes next, it ends in the same state.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from bson import ObjectId
from pymongo import ASCENDING

from config.database import database, transaction
from models import access, belonging, registry, sealing, store, stored_form
from models.access import Purpose, Reach
from models.declarations import Field, Level, RecordType
from models.errors import NotFound, Refusal
from models.key_vault.refusals import Unopened
from models.kinds import loaded
from models.merge.document import DONE, MERGES, MOVING, UNDOING, UNDONE, Row
from models.person import service as people
from models.person.roles import Means, Person
from models.record import collection_name
from models.registry import Draft
from models.secrecy import keep_level
from models.set_change import FOLLOWED, cause_of, put_many, raise_about

log = logging.getLogger(__name__)

_SECRECY = frozenset({"level", "level_basis", "level_set_by", "secret_until"})

JOB = "merge_references"
CHUNK = 300
SETTLING = timedelta(minutes=2)
"""A write that was on its way when two records were merged has ended after this time."""

Step = Callable[[Row], Row]


def pointing_paths(rt: RecordType, slug: str) -> list[str]:
    """The stored paths of a type's references to records of another type, embedded ones included."""
    return list(_paths(rt.fields, slug))


def _paths(fields: Iterable[Field], slug: str, outer: str = "") -> Iterator[str]:
    for field in fields:
        if field.kind == "reference" and field.to == slug:
            yield outer + field.name
        elif field.fields:
            yield from _paths(field.fields, slug, f"{outer}{field.name}.")


def pointing(slug: str, record_id: ObjectId, but: Sequence[ObjectId]) -> list[tuple[RecordType, Row]]:
    """The types that may point to records of a type, each with the condition for those that point to one of them,
    without some. Those out of force are among them."""
    found = [(rt, pointing_paths(rt, slug)) for rt in registry.kept_types()]
    return [
        (rt, {"$or": [{path: record_id} for path in paths], "_id": {"$nin": list(but)}}) for rt, paths in found if paths
    ]


def count_pointing(slug: str, record_id: ObjectId, but: Sequence[ObjectId], limit: int) -> int:
    """How many records point to one, up to `limit`, whoever may see them: for the machine, never for a page."""
    return _count(pointing(slug, record_id, but), limit)


def count_known_pointing(person: Person, slug: str, record_id: ObjectId, but: Sequence[ObjectId], limit: int) -> int:
    """How many records point to one, up to `limit`, of those of which the person may know that they do: the pointer is
    theirs to see, on a record that they have in full or on its card (X6)."""
    return _count(known_pointing(person, slug, [record_id], but), limit)


def known_pointing(
    person: Person, slug: str, records: Sequence[ObjectId], but: Sequence[ObjectId]
) -> Iterator[tuple[RecordType, Row]]:
    """The types that may point to records of a type, each with the condition for those that point to one of some and of
    which the person may know that they do, without others."""
    for rt in registry.all_types():
        reach = access.reach(person, rt, Purpose.VIEW)
        plain = [field for field in access.card_fields(rt) if field.card == "plain"]
        shown = ((reach.full, access.visible_fields(person, rt)), (reach.card, plain))
        ways = [
            {"$or": [{path: {"$in": list(records)}} for path in paths], **Reach(tokens).query(archived=None)}
            for tokens, fields in shown
            if tokens and (paths := list(_paths(fields, slug)))
        ]
        if ways:
            yield rt, {"$or": ways, "_id": {"$nin": list(but)}}


def _count(conditions: Iterable[tuple[RecordType, Row]], limit: int) -> int:
    total = 0
    for rt, condition in conditions:
        total += database()[collection_name(rt.slug)].count_documents(condition, limit=limit)
        if total >= limit:
            return limit
    return total


def repointed(fields: Iterable[Field], values: Mapping[str, Any], slug: str, old: ObjectId, new: ObjectId) -> Row:
    """The values in which a reference to `old` stands, pointing to `new`; nothing else of the record."""
    changed: Row = {}
    for field in fields:
        value = values.get(field.name)
        if field.kind == "reference" and field.to == slug and value == old:
            changed[field.name] = new
        elif field.kind == "embedded" and value:
            inner = repointed(field.fields, value, slug, old, new)
            if inner:
                changed[field.name] = {**value, **inner}
        elif field.kind == "embedded_list" and value:
            rows = [{**row, **repointed(field.fields, row, slug, old, new)} for row in value]
            if rows != value:
                changed[field.name] = rows
    return changed


# --- steps, each inside a transaction


def move_some(merge: Row, limit: int) -> tuple[int, list[ObjectId]]:
    """Point up to `limit` records that point to the merged one to the surviving one; returns how many there were, and
    which of them cannot be opened: they are passed over, and still lead to the surviving one by way of the merged."""
    slug, old = merge["type"], merge["loser"]
    new = _last(slug, merge["survivor"])
    met, passed_over, opened = 0, list[ObjectId](), list[tuple[RecordType, Row]]()
    for rt, condition in pointing(slug, old, (old, new, *merge.get("passed_over", ()))):
        sons = list(database()[collection_name(rt.slug)].find(condition).limit(limit - met))
        for son, one in _loaded(rt, sons) if sons else ():
            if isinstance(one, Unopened):
                log.error("the record %s was passed over in a merge: %s", son["number"], one.code)
                passed_over.append(son["_id"])
            else:
                opened.append((rt, one))
        met += len(sons)
        if met >= limit:
            break
    if met:
        _move(opened, merge, new)
    return met, passed_over


def _loaded(rt: RecordType, sons: Sequence[Row]) -> Iterator[tuple[Row, Row | Unopened]]:
    """Stored records, each with itself loaded, or with the refusal when something of it cannot be opened."""
    sealing.at_hand(rt, sons)
    for son in sons:
        try:
            yield son, stored_form.load(rt, son)
        except Unopened as refusal:
            yield son, refusal


def _detail(merge: Row) -> Row:
    return {"merge": merge["loser_number"]}


def _last(slug: str, record_id: ObjectId) -> ObjectId:
    """The record in which one has ended up, should it have been merged since."""
    son = database()[collection_name(slug)].find_one({"_id": record_id}, {"merged_into": 1}) or {}
    return _last(slug, son["merged_into"]) if son.get("merged_into") else record_id


def _move(opened: Iterable[tuple[RecordType, Row]], merge: Row, new: ObjectId) -> None:
    """Point records, those of a type one after the other, to the surviving one, with what follows for them."""
    slug, old = merge["type"], merge["loser"]
    survivor, former, actor = store.fetch(slug, new), store.fetch(slug, old), _mover(merge)
    drafts = list[Draft]()
    for rt, before in opened:
        values = repointed(rt.fields, before, slug, old, new)
        draft = Draft(rt, "follow_merge", before, {**before, **values}, actor, merge["at"], given=frozenset(values))
        drafts.append(draft)
    if (adopt := registry.kept(slug).hooks.adopt) is not None:
        adopt(drafts, former, survivor)
    for draft in (one for one in drafts if one.rt.classified):
        belonging.come_to(draft, survivor)
        keep_level(draft)
    for _, of_type in groupby(drafts, lambda draft: draft.rt.slug):
        put_many(list(of_type), detail=_detail(merge), merge=merge["_id"])


def raise_pointing(away: Draft, merge: ObjectId) -> None:
    """Let what points to a record that was merged away be as secret at once as that has become: what is to be moved by
    and by, and what is passed over as it cannot be opened (X1)."""
    level = Level.of(away.values["level"])
    if away.rt.classified and level.rank > Level.of((away.before or {}).get("level")).rank:
        raise_about(away.rt.slug, [away.values["_id"]], level, cause_of(away), merge=merge)


def move_back(merge: Row, limit: int) -> tuple[ObjectId | None, list[ObjectId]]:
    """Give up to `limit` moved records back what the merge changed on them, where nobody changed it since; returns how
    far it is, None at the end, and which of them were left with more than a pointer of it, as they cannot be opened or
    were written since at a level to which the merge raised them (X2)."""
    pair = [merge["survivor"], merge["loser"]]
    behind: Row = {"_id": {"$gt": merge["back_to"]}} if merge.get("back_to") else {}
    of_others: Row = {"action": {"$in": ["follow_merge", FOLLOWED]}, "record": {"$nin": pair}}
    condition: Row = {"merge": merge["_id"], **of_others, **behind}
    versions = list(database()[store.VERSIONS].find(condition).sort("_id", ASCENDING).limit(limit))
    # A record that was pointed to the merged one again on the way has followed twice: one version after the other.
    times, rounds = Counter[ObjectId](), dict[tuple[str, int], list[Row]]()
    for version in versions:
        times[version["record"]] += 1
        rounds.setdefault((version["type"], times[version["record"]]), []).append(version)
    left: list[ObjectId] = []
    for (slug, _), rows in rounds.items():
        try:
            left += _give_back(registry.kept(slug).rt, rows, merge)
        except NotFound:  # a type that came with a former version of the product
            log.error("undoing a merge left %d records as they are: nothing is known of their type %s", len(rows), slug)
            left += [version["record"] for version in rows]
    return (versions[-1]["_id"] if versions else None), left


def _give_back(rt: RecordType, versions: Sequence[Row], merge: Row) -> list[ObjectId]:
    """Give records of one type back what a merge changed on them. One that cannot be opened is given its pointers as
    far as they are not sealed, one that was written since keeps a level to which the merge raised it: what was written
    is as secret as that was, and the head alone lowers it (X2). Which were left with anything is returned."""
    ids = [version["record"] for version in versions]
    sons = {son["_id"]: son for son in database()[collection_name(rt.slug)].find({"_id": {"$in": ids}})}
    found = {son["_id"]: one for son, one in _loaded(rt, list(sons.values()))}
    sealing.keys_at_hand(list(versions))
    names = {path.partition(".")[0] for path in pointing_paths(rt, merge["type"])} - sealing.sealed_fields(rt).keys()
    whole, closed, left = list[Draft](), list[Draft](), list[ObjectId]()
    written = _written_since(versions, merge)
    for version in versions:
        son = sons.get(version["record"])
        if son is None:
            continue
        changes = version["changes"]
        if son["_id"] in written and _raised(version):
            left.append(son["_id"])
            changes = [change for change in version["changes"] if change["field"] not in _SECRECY]
        draft = _returning(rt, {**version, "changes": changes}, found[son["_id"]], merge)
        if isinstance(draft, Draft):
            whole.append(draft)
            continue
        closed.append(_pointing_back(rt, version, son, merge, names))
        if not names.issuperset(change["field"] for change in version["changes"]):
            log.error("undoing a merge left the record %s with more than a pointer: %s", son["number"], draft.code)
            left.append(son["_id"])
    part: Any = {"detail": _detail(merge), "merge": merge["_id"]}
    put_many([draft for draft in whole if draft.changed], **part)
    put_many([draft for draft in closed if draft.changed], **part, update_of=stored_form.update_in_clear)
    return left


def _written_since(versions: Sequence[Row], merge: Row) -> set[ObjectId]:
    """Which of the records have versions behind these that are no part of the merge."""
    revs = {version["record"]: version["rev"] for version in versions}
    behind = {"record": {"$in": list(revs)}, "rev": {"$gt": min(revs.values())}, "merge": {"$ne": merge["_id"]}}
    found = database()[store.VERSIONS].find(behind, {"record": 1, "rev": 1})
    return {row["record"] for row in found if row["rev"] > revs[row["record"]]}


def _raised(version: Row) -> bool:
    told = next((change for change in version["changes"] if change["field"] == "level"), None)
    return told is not None and Level.of(told.get("after")).rank > Level.of(told.get("before")).rank


def _returning(rt: RecordType, version: Row, before: Row | Unopened, merge: Row) -> Draft | Unopened:
    """A record as it is given back; the refusal when it, or its version, cannot be opened."""
    if isinstance(before, Unopened):
        return before
    try:
        values = _returned_values(rt, version, before)
    except Unopened as refusal:
        return refusal
    draft, settle = _unmerging(rt, before, values, merge), registry.kept(merge["type"]).hooks.returned
    comes_to = store.fetch_to_show(merge["type"], merge["loser"])
    if settle is not None:
        settle(draft, comes_to)
    if rt.classified:
        belonging.come_to(draft, comes_to)
        if draft.values["level"] != values.get("level", before["level"]):
            keep_level(draft)
    return draft


def _pointing_back(rt: RecordType, version: Row, son: Row, merge: Row, names: Container[str]) -> Draft:
    """A record of which these fields alone, which are not sealed, are given back; nothing of it is opened."""
    before = stored_form.load(rt, {name: value for name, value in son.items() if name not in sealing.left_out(rt)})
    plain = {**version, "changes": [change for change in version["changes"] if change["field"] in names]}
    return _unmerging(rt, before, _returned_values(rt, plain, before), merge)


def _unmerging(rt: RecordType, before: Row, values: Row, merge: Row) -> Draft:
    return Draft(rt, "unmerge", before, before | values, _actor(merge, "undo_"), merge["undo_at"], given=frozenset())


def _returned_values(rt: RecordType, version: Row, before: Row) -> Row:
    """What a move's version changed, as it was. :raises Unopened:"""
    declared, values = {f.name: f for f in stored_form.fields_of(rt)}, dict[str, Any]()
    for change in version["changes"]:
        field = declared.get(change["field"])
        if field is not None:
            sides = (loaded(field, change.get("before")), loaded(field, change.get("after")))
            values[field.name] = returned(before.get(field.name), *sides)
    return values


def returned(current: Any, before: Any, after: Any) -> Any:
    """A value as it was before a move, as far as it is still what the move made of it; a list row by row."""
    if current == after:
        return before
    if not all(isinstance(side, list) for side in (current, before, after)) or len(before) != len(after):
        return current
    found = list(current)
    for old, new in zip(before, after, strict=True):
        if old != new and new in found:
            found[found.index(new)] = old
    return found


def _actor(merge: Row, prefix: str = "") -> Person:
    """Who merges, or takes it back; and through which token, as the trail names it."""
    token = merge.get(f"{prefix}token")
    through = Means(**token) if token else None
    return Person(id=merge[f"{prefix}by"], name=merge[f"{prefix}by_name"], through=through)


def _mover(merge: Row) -> Person:
    """Who merges, with the rights of this moment: by them records pass to another owner."""
    actor = _actor(merge)
    known = people.those([merge["by"]]).get(merge["by"])
    return actor if known is None else replace(known, name=actor.name, through=actor.through)


# --- going on, chunk by chunk


def go_on_with(merge_id: ObjectId, limit: int = CHUNK) -> bool:
    """Do the next chunk of a merge or of its undoing, in a transaction; False when nothing is left of it."""

    def work() -> bool:
        merge = database()[MERGES].find_one({"_id": merge_id})
        if merge is None or merge["state"] not in (MOVING, UNDOING):
            return False
        change = _forward(merge, limit) if merge["state"] == MOVING else _backward(merge, limit)
        database()[MERGES].update_one({"_id": merge_id}, change)
        return change["$set"]["state"] in (MOVING, UNDOING)

    return transaction(work)


def _forward(merge: Row, limit: int) -> Row:
    met, passed_over = move_some(merge, limit)
    change: Row = {"$inc": {"moved": met - len(passed_over), "turn": 1}}
    change["$set"] = {"state": DONE if met < limit else MOVING}
    if passed_over:
        change["$addToSet"] = {"passed_over": {"$each": passed_over}}
    return change


def _backward(merge: Row, limit: int) -> Row:
    at, left = move_back(merge, limit)
    state = {"state": UNDONE} if at is None else {"state": UNDOING, "back_to": at}
    change: Row = {"$inc": {"turn": 1}, "$set": state}
    if left:
        change["$addToSet"] = {"left_behind": {"$each": left}}
    return change


def carry_on(now: datetime, go_on: Callable[[], bool]) -> tuple[int, bool]:
    """Go on with every merge that waits, while `go_on`; returns how many chunks were done, and whether work is left.

    What was written while two records were being merged, and points to the merged one, is moved after them. A merge
    that cannot go on, as one of the two cannot be opened, is logged and waits; it holds up no other.
    """
    chunks = 0
    _look_again(now)
    waiting = database()[MERGES].find({"state": {"$in": [MOVING, UNDOING]}}, {"_id": 1}).sort("at", ASCENDING)
    for row in list(waiting):
        while go_on():
            chunks += 1
            if not goes_on(row["_id"]):
                break
        else:
            return chunks, True
    return chunks, False


def goes_on(merge_id: ObjectId) -> bool:
    """`go_on_with`; False as well for a merge that cannot go on, which is logged."""
    try:
        return go_on_with(merge_id)
    except Refusal as refusal:
        log.error("the merge %s cannot go on: %s", merge_id, refusal.code)
        return False


def _look_again(now: datetime) -> None:
    finished = {"state": DONE, "looked_again": False, "at": {"$lt": now - SETTLING}}
    database()[MERGES].update_many(finished, {"$set": {"state": MOVING, "looked_again": True}})
