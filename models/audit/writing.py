"""How entries reach the trail: with the transaction of what they report, or, where they stand alone as readings do, by
two plain writes.

With each entry goes a line in the queue, from which the sealer takes it up; no entry is ever without one. An entry that
stands alone is announced there first, which the server acknowledges by itself; then it is written, acknowledged by a
majority and its journal. The line lies before the entry in the same log, so what vouches for the entry vouches for the
line, unless the server lost its office between the two: then both are looked for, and what is lacking is added, in a
transaction. A process that dies between the two leaves a line without entry. After a while the sealer writes an entry
of its own into that place: one that comes later, for whatever reason, finds it taken, and is refused by the database.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any

from bson import ObjectId
from pymongo.errors import ConnectionFailure, OperationFailure

from config.database import TRANSIENT, audit_database, in_transaction, transaction
from models.errors import Refusal

ENTRIES, QUEUE, SEALS = "audit", "audit_queue", "audit_seal"
UNWRITTEN = "unwritten"
"""The act of the sealer's entry in the place of one that was announced and did not come."""
ALONE = "alone"
"""A line with this mark may be there before its entry."""

LONGEST_MS = 10_000
"""So long the server may take over one write of the two."""
MOST_ALONE = 100
HAND_OVER = 0.00005
SAFE, FIRST = {"w": "majority", "j": True}, {"w": 1, "j": False}

Row = dict[str, Any]


class NotAudited(Refusal):
    """The trail does not take the entry; so what it would report does not take place (X7)."""

    code, status = "not_audited", 503
    zh = "此操作未能记入审计，因此没有执行。请稍后重试；如果一直如此，请联系系统管理员。"
    en = (
        "This could not be written to the audit trail, so it was not done. Try again in a moment; if it stays like "
        "this, tell an administrator."
    )


class NotShown(Refusal):
    """After an act the trail does not take what the answer would show: the act stands, the answer does not leave."""

    code, status = "not_shown", 503
    zh = "结果未能记入审计，因此没有显示；您的操作可能已经执行。请先查看现在的内容，不要直接重复操作。"
    en = (
        "What this would show could not be written to the audit trail, so it is not shown; what you asked for may have "
        "been done. Look at what is stored now before you ask for it again."
    )


@dataclass(frozen=True)
class Writing:
    """Entries on their way into the trail: what they report must not take place before they are confirmed."""

    _future: Future[None] | None = None

    def confirm(self) -> None:
        """Wait until the trail has them. :raises NotAudited: it does not take them."""
        if self._future is not None:
            self._future.result()


def write(entries: Sequence[Row]) -> None:
    """Store entries: with the running transaction, or at once. :raises NotAudited:"""
    if in_transaction() or len(entries) > MOST_ALONE:
        _together(entries)
    elif entries:
        _alone(entries)


def begin(entries: Sequence[Row]) -> Writing:
    """Like `write`, but outside a transaction the caller works on while the trail takes the entries, and has to wait
    for `confirm`. :raises NotAudited: the trail refuses already their announcement."""
    if in_transaction() or len(entries) > MOST_ALONE or not entries:
        write(entries)
        return Writing()
    term = _announce(entries)
    found = Writing(_writers().submit(_follow, entries, term))
    # Else this thread would keep the interpreter, and the write would begin when it has nothing left to do.
    time.sleep(HAND_OVER)
    return found


def _together(entries: Sequence[Row]) -> None:
    """Entries and lines in one transaction."""

    def store() -> None:
        trail = audit_database()
        if len(entries) == 1:  # by far the most, and less work than a set of one
            trail[ENTRIES].insert_one(entries[0])
            trail[QUEUE].insert_one({"_id": entries[0]["_id"]})
        elif entries:
            trail[ENTRIES].insert_many(entries)
            trail[QUEUE].insert_many([{"_id": entry["_id"]} for entry in entries])

    _stored(store)


def _alone(entries: Sequence[Row]) -> None:
    _follow(entries, _announce(entries))


def _announce(entries: Sequence[Row]) -> ObjectId | None:
    """Store the lines; returns in which term of office, None where that is not known."""
    try:
        return _insert(QUEUE, [{"_id": entry["_id"], ALONE: True} for entry in entries], FIRST)
    except ConnectionFailure:  # the server changed, or is gone: `_complete` tells
        return None


def _follow(entries: Sequence[Row], term: ObjectId | None) -> None:
    try:
        kept = term is not None and _insert(ENTRIES, entries, SAFE) == term
    except ConnectionFailure:
        kept = False
    if not kept:
        _stored(lambda: _complete(entries))


def _insert(name: str, documents: Sequence[Mapping[str, Any]], concern: Mapping[str, Any]) -> ObjectId | None:
    """Insert with the plain command, which the driver does not try again; the server's term of office, or None where it
    did not acknowledge as it was asked to."""
    command = {"insert": name, "documents": documents, "writeConcern": concern, "maxTimeMS": LONGEST_MS}
    try:
        told = audit_database().command(command)
    except OperationFailure as error:
        raise NotAudited() from error
    if told.get("writeErrors"):
        raise NotAudited()
    term: ObjectId | None = None if "writeConcernError" in told else told.get("electionId")
    return term


def _complete(entries: Sequence[Row]) -> None:
    """Add what is lacking of some entries and their lines. A sealer that gives one of them up at the same time writes
    into the same place: one of the two transactions is tried again and finds what the other did.

    :raises NotAudited: the sealer gave one of them up.
    """
    trail, ids = audit_database(), [entry["_id"] for entry in entries]
    there = {row["_id"]: row["action"] for row in trail[ENTRIES].find({"_id": {"$in": ids}}, {"action": 1})}
    if UNWRITTEN in there.values():
        raise NotAudited()
    lined = {row["_id"] for row in trail[QUEUE].find({"_id": {"$in": ids}}, {"_id": 1})}
    sealed = {one for seal in trail[SEALS].find({"entries": {"$in": ids}}, {"entries": 1}) for one in seal["entries"]}
    for entry in entries:
        if entry["_id"] not in there:
            trail[ENTRIES].insert_one(entry)
        if entry["_id"] not in lined and entry["_id"] not in sealed:
            trail[QUEUE].insert_one({"_id": entry["_id"]})


def _stored(work: Callable[[], None]) -> None:
    try:
        transaction(work)
    except OperationFailure as error:
        if error.has_error_label(TRANSIENT):
            raise  # the whole transaction is tried again
        raise NotAudited() from error


@cache
def _writers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=16, thread_name_prefix="audit")


os.register_at_fork(after_in_child=_writers.cache_clear)  # threads stay behind in the parent
