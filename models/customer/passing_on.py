"""Records about a customer whose file is given to another owner, or salesperson: they follow it (F6, X3).

Thousands of records of one owner would take longer than a transaction may, and one that a rule refuses would undo it.
Then they are noted with the change of the file, and a job hands them on, a piece in a transaction: until then they are
their former owner's, and nobody else's.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import asdict, replace
from datetime import datetime
from functools import partial
from typing import Any

from bson import ObjectId
from pymongo import ASCENDING

from config.database import begin_anew, database, does_otherwise, transaction
from models import ownership, schema, sealing, store, stored_form
from models.customer.children import FOLLOWED, PASSED_ON, SALESPERSON, VIA, sold_by, tell_heads, types_about
from models.customer.document import SLUG
from models.declarations import RecordType
from models.errors import Refusal
from models.job import service as jobs
from models.key_vault.refusals import Unopened
from models.person import service as people
from models.person.roles import Means, Person
from models.record import collection_name
from models.registry import Draft
from models.set_change import put_many, update_of_rights

log = logging.getLogger(__name__)

JOB = "owners_passed_on"
AT_ONCE = 100
"""So many records are handed on with their file; more follow by and by, `PIECE` in a transaction."""
BY_AND_BY = "passing_on"
"""That a transaction leaves it to the job to hand records on, however few."""
PIECE = 50
UNABLE = 500
"""From this status on a refusal says that the product cannot for the moment; below, that a rule forbids it."""

FOLLOWING = ("level", "owner", "owner_left", "department", "acl")
"""What of such a record says how it follows the file."""

schema.declare({PASSED_ON: []})

Row = dict[str, Any]
Found = list[tuple[RecordType, Row]]


class _Refused(Exception):
    """A rule refuses to hand one record on; what its transaction has written goes with it."""

    def __init__(self, record: ObjectId, refusal: Refusal) -> None:
        super().__init__(record)
        self.record, self.refusal = record, refusal


def pass_on(draft: Draft) -> None:
    """Hand the records of a customer that are its former owner's to the new one, as far as they are the writer's to
    hand on; the others stay with their owner, of which the head alone is told (X6). All of them are read by the
    salesperson that the customer has now, and by no former one (X3)."""
    before, values = draft.before, draft.values
    if before is None:
        return
    if draft.touches(("owner",)):
        found = _owned(values["_id"], before["owner"], AT_ONCE + 1)
        if len(found) > AT_ONCE or (found and does_otherwise(BY_AND_BY)):
            _note(draft, before["owner"])
        elif _handed_on_at_once(found, draft):
            tell_heads(values, before["owner"], draft.now)
    if draft.touches((SALESPERSON,)):
        for rt in types_about():
            if rt.classified and sold_by(rt):
                _hand_to_salesperson(draft, rt)


def _handed_on_at_once(found: Found, draft: Draft) -> int:
    """How many records stay with the former owner. Where a rule refuses one, the transaction begins anew, and all are
    handed on behind it: that one stays, which holds up neither the others nor the file, and tells its writer nothing of
    a record that they may not see (X6)."""
    try:
        return _hand_on(found, draft.stored, draft.actor, draft.now, draft.nearby)
    except _Refused:  # what the refused one has written is to go, and the change of the file to stay
        begin_anew(BY_AND_BY)


def _owned(
    file: ObjectId,
    owner: ObjectId | None,
    most: int,
    at: tuple[str, ObjectId] | None = None,
    until: datetime | None = None,
) -> Found:
    """Records of a file that are somebody's, of one type after the other, behind the last one `at`; with `until`, those
    alone that were recorded by then: what somebody records later is theirs (T1)."""
    found: Found = []
    for rt in sorted((one for one in types_about() if one.classified), key=lambda one: one.slug):
        if at is not None and rt.slug < at[0]:
            continue
        theirs: Row = {VIA: file, "owner": owner}
        if until is not None:
            theirs["created_at"] = {"$lte": until}
        if at is not None and rt.slug == at[0]:
            theirs["_id"] = {"$gt": at[1]}
        rows = database()[collection_name(rt.slug)].find(theirs, dict.fromkeys(FOLLOWING, 1))
        found += [(rt, row) for row in rows.sort("_id", ASCENDING).limit(most - len(found))]
        if len(found) >= most:
            break
    return found


def _hand_on(
    found: Found, file: Mapping[str, Any], actor: Person, now: datetime, accounts: dict[ObjectId, Mapping[str, Any]]
) -> int:
    """Let records follow their file, as it is stored, to its owner; how many stay with the former one.

    :raises _Refused:
    """
    to, change = ownership.whom(ownership.in_effect(file), accounts), ownership.handed_down(file)
    left = 0
    for rt, row in found:
        if not ownership.goes_along(actor, rt, row, to):
            left += 1
            continue
        try:
            store.change(rt.slug, row["_id"], change, actor=actor, now=now, action=FOLLOWED)
        except Unopened:  # a damaged value holds nothing up
            _hand_on_closed(rt, row["_id"], file, actor, now)
        except Refusal as refusal:
            if refusal.status >= UNABLE:  # the next turn may be able to
                raise
            raise _Refused(row["_id"], refusal) from refusal
    return left


def _hand_on_closed(rt: RecordType, record: ObjectId, file: Mapping[str, Any], actor: Person, now: datetime) -> None:
    """Let a record of which something cannot be opened follow its file; its seals stay as they are."""
    son = database()[collection_name(rt.slug)].find_one({"_id": record}, sealing.left_out(rt) or None)
    before = stored_form.load(rt, son or {})
    draft = Draft(rt, FOLLOWED, before, dict(before), actor, now, given=frozenset())
    ownership.hand_down(draft, file)
    put_many([draft], update_of=update_of_rights)


def _hand_to_salesperson(draft: Draft, rt: RecordType) -> None:
    """Let the records of a type about a file be those of its salesperson, all in a few writes; nothing sealed is
    opened."""
    to = draft.values[SALESPERSON]
    condition = {VIA: draft.values["_id"], SALESPERSON: {"$ne": to}}
    sons = database()[collection_name(rt.slug)].find(condition, sealing.left_out(rt) or None)
    befores = [stored_form.load(rt, son) for son in sons]
    drafts = [
        Draft(rt, FOLLOWED, before, {**before, SALESPERSON: to}, draft.actor, draft.now, given=frozenset())
        for before in befores
    ]
    put_many(drafts, update_of=update_of_rights)


# --- piece by piece


def _note(draft: Draft, former: ObjectId | None) -> None:
    actor = draft.actor
    database()[PASSED_ON].insert_one(
        {
            "file": draft.values["_id"],
            "former": former,
            "by": actor.id,
            "by_name": actor.name,
            "token": asdict(actor.through) if actor.through else None,
            "at": draft.now,
            "left": 0,
        }
    )
    jobs.ask(JOB, actor.name, draft.now)


def carry_on(now: datetime, go_on: Callable[[], bool]) -> tuple[int, bool]:
    """Hand on what was noted, a piece in a transaction, while `go_on`; how many records were looked at, and whether
    some are left. Broken off, whoever comes next goes on behind the last piece. A record that a rule refuses to hand on
    stays with its owner, and holds up no other."""
    looked = 0
    for one in [row["_id"] for row in database()[PASSED_ON].find({}, {"_id": 1}).sort("_id", ASCENDING)]:
        for count in _pieces(one, now):
            looked += count
            if not go_on():
                return looked, True
    return looked, False


def _pieces(noted: ObjectId, now: datetime) -> Iterator[int]:
    passed_over: set[ObjectId] = set()
    while True:
        try:
            count = transaction(partial(_piece, noted, now, passed_over))
        except _Refused as refused:
            log.error("the record %s stays with its owner: %s", refused.record, refused.refusal.code)
            passed_over.add(refused.record)
            continue
        if count is None:
            return
        yield count


def _piece(noted: ObjectId, now: datetime, passed_over: Set[ObjectId]) -> int | None:
    """Hand the next records on, but those `passed_over`; how many were looked at, None when nothing is left. They go to
    whom the file has now: who gives it to somebody else in the same moment is waited for.

    :raises _Refused:
    """
    row = database()[PASSED_ON].find_one({"_id": noted})
    if row is None:
        return None
    store.one_at_a_time(SLUG, [row["file"]])
    file = database()[collection_name(SLUG)].find_one({"_id": row["file"]}, dict.fromkeys(FOLLOWING, 1))
    at = (row["type"], row["behind"]) if "behind" in row else None
    still = file is not None and file.get("owner") != row["former"]
    found = _owned(row["file"], row["former"], PIECE, at, row["at"]) if still else []
    going = [(rt, one) for rt, one in found if one["_id"] not in passed_over]
    left = row["left"] + len(found) - len(going)
    left += _hand_on(going, file or {}, _giver(row), now, {}) if going else 0
    if len(found) < PIECE:
        if file is not None and left:
            tell_heads(file, row["former"], now)
        database()[PASSED_ON].delete_one({"_id": noted})
    else:
        rt, last = found[-1]
        how_far = {"left": left, "type": rt.slug, "behind": last["_id"]}
        database()[PASSED_ON].update_one({"_id": noted}, {"$set": how_far})
    return len(found)


def _giver(row: Row) -> Person:
    """Who gave the file away, with the rights of this moment: by them its records go along."""
    token = row["token"]
    actor = Person(row["by"], row["by_name"], through=Means(**token) if token else None)
    known = people.those([row["by"]]).get(row["by"]) if row["by"] else None
    return actor if known is None else replace(known, name=actor.name, through=actor.through)
