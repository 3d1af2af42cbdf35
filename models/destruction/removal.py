"""Removing what three people have signed for, once the cooling-off is over (D2).

First the records are taken out of their collection, in one transaction with what says so: from then on nobody reaches
them, and nothing new can point to them. After a while, in which writes that were under way have ended, what stands
against it is asked once more. Then everything goes, step by step: first what other places hold of all of them, then
record after record, of which no more stays than which one it was; then the keys. Whoever goes on after a crash does the
same step again. Each record ends with one transaction: what was set aside of it is deleted, and the trail says so.

One that cannot go on is told of and taken up by the next run, as long as it takes; the others go on.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from bson import ObjectId
from pymongo import ASCENDING, DESCENDING, IndexModel

from config.database import database, transaction
from models import audit, registry, schema, store
from models.access_request import service as access_request
from models.backup.belonging import sealing_id
from models.backup.rules import JOB as BACKUP
from models.declarations import RecordType
from models.destruction import everywhere, gone, matters, pointing, traces, words
from models.destruction.document import SLUG, WAITING
from models.destruction.gone import ASIDE, GONE
from models.destruction.service import NoLongerThere, changed, numbers_of, stored_of
from models.errors import Refusal, Spoken
from models.job import service as jobs
from models.job.long import GoOn, LongWork
from models.key_vault import service as vault
from models.person.roles import SYSTEM
from models.record import collection_name

JOB = "destruction"
WORK_DOCUMENTS = "destruction_work"
SETTLING, REMOVING, DONE, GIVEN_BACK = "settling", "removing", "done", "given_back"
SETTLED_AFTER = timedelta(minutes=2)
"""A write that was under way when the records were taken out has ended by then."""
SAVED_AFTER = timedelta(minutes=10)
"""A backup that begins then takes everything that lost something; one of the moment before leaves it out."""
AT_ONCE = 50
WORK = LongWork(WORK_DOCUMENTS, (SETTLING, REMOVING), lasting=True)
_NAMED = {"number": 1, "type_asked": 1, "items.number": 1}
Row = dict[str, Any]
Tell = Callable[[str, Spoken], None]
"""Called with the number of a destruction that cannot go on, and why."""

log = logging.getLogger(__name__)

schema.declare({WORK_DOCUMENTS: [IndexModel([("state", ASCENDING)], name="state")]})


class Unfinished(Refusal):
    """Nothing is set aside any more, and of a record nothing says that it was destroyed."""

    code, status = "destruction_unfinished", 409
    zh, en = "{number} 尚无销毁结果。", "Nothing says what became of {number}."


def _log(number: str, why: Spoken) -> None:
    log.error("the destruction %s cannot go on: %s", number, why.code)


def begin_due(now: datetime, tell: Tell = _log) -> int:
    """Take the records of every destruction out whose cooling-off is over, 50 at most; returns how many began."""
    due = {"state": "cooling", "stop_until": {"$lte": now}}
    began = 0
    for row in list(database()[collection_name(SLUG)].find(due, {"number": 1}).sort("stop_until", ASCENDING)):
        if began < AT_ONCE:
            try:
                began += transaction(partial(_begin, row["_id"], now))
            except Spoken as why:
                tell(row["number"], why)
    return began


def end_impossible(now: datetime, tell: Tell = _log) -> int:
    """End every proposal that waits for signatures and names a record that is not there any more, as after the restore
    of a backup from before its destruction: nobody can sign it. Returns how many ended."""
    ended = 0
    for row in list(database()[collection_name(SLUG)].find({"state": {"$in": list(WAITING)}}, _NAMED)):
        if _lacking(row):
            try:
                ended += transaction(partial(_end_impossible, row["_id"], now))
            except Spoken as why:
                tell(row["number"], why)
    return ended


def _end_impossible(destruction: ObjectId, now: datetime) -> int:
    asked = store.fetch(SLUG, destruction)
    lacking = _lacking(asked) if asked["state"] in WAITING else set()
    if lacking:
        _bar(asked, dict.fromkeys(lacking, "gone"), now)
    return 1 if lacking else 0


def _lacking(asked: Mapping[str, Any]) -> set[str]:
    """The numbers on a proposal under which there is no record. One that was merged is there: it may come back."""
    numbers = numbers_of(asked)
    rows = database()[collection_name(asked["type_asked"])].find({"number": {"$in": numbers}}, {"number": 1})
    return set(numbers) - {row["number"] for row in rows}


def _begin(destruction: ObjectId, now: datetime) -> int:
    """Take the records out, or bar the destruction; inside a transaction. 0 when somebody was faster."""
    asked = store.fetch(SLUG, destruction)
    if asked["state"] != "cooling":
        return 0
    slug = asked["type_asked"]
    pointing.refuse_unread(slug)
    rt = registry.kept(slug).rt
    try:
        sons = stored_of(slug, numbers_of(asked))
    except NoLongerThere as lacking:
        _bar(asked, {lacking.params["number"]: "gone"}, now)
        return 0
    found = {number: against[0].kind for number, against in matters.against(rt, sons, SYSTEM, now).items()}
    found = {**dict.fromkeys(changed(asked, rt, sons), "changed"), **found}
    if found:
        _bar(asked, found, now)
        return 0
    parts = matters.parts_of(rt, sons)
    for son in sons:
        for one in (*parts[son["_id"]], son):
            _take_out(rt, one, asked, now)
    store.change(SLUG, destruction, {"state": "removing"}, actor=SYSTEM, now=now, action="removal_begun")
    # By the server's clock: `now` is when this was planned, which may be any time.
    begun = [{"$set": {"type": slug, "state": SETTLING, "at": "$$NOW"}}]
    database()[WORK_DOCUMENTS].update_one({"_id": destruction}, begun, upsert=True)
    return 1


def _take_out(rt: RecordType, son: Mapping[str, Any], asked: Row, now: datetime) -> None:
    access_request.end_for(rt.slug, son, actor=SYSTEM, now=now, action="record_destroyed")
    database()[collection_name(rt.slug)].delete_one({"_id": son["_id"]})
    gone.note(rt.slug, son, asked["_id"], now)
    database()[ASIDE].insert_one({"_id": son["_id"], "destruction": asked["_id"], "type": rt.slug, "son": son})


def _bar(asked: Row, outcomes: Mapping[str, str], now: datetime) -> None:
    items = [{**item, "outcome": outcomes.get(item["number"])} for item in asked["items"]]
    values = {"state": "barred", "items": items}
    store.change(SLUG, asked["_id"], values, actor=SYSTEM, now=now, action="removal_barred")


def work(
    holder: str,
    now: datetime,
    go_on: GoOn = lambda: True,
    *,
    settled: timedelta = SETTLED_AFTER,
    tell: Tell = _log,
) -> tuple[int, bool]:
    """Go on with every removal while `go_on`; returns how many records are gone, and whether work is left for now.

    `settled` is how long ago, by the server's clock, the records were taken out: none, where nobody else writes.
    """
    before, left = _aside(), False
    since = {"$dateSubtract": {"startDate": "$$NOW", "unit": "second", "amount": int(settled.total_seconds())}}
    ready = {"$or": [{"state": SETTLING, "$expr": {"$lte": ["$at", since]}}, {"state": REMOVING}]}
    # What broke off most often comes last, so that it holds nothing else up.
    waiting = database()[WORK_DOCUMENTS].find(ready, {"_id": 1}).sort([("attempts", ASCENDING), ("_id", ASCENDING)])
    for row in list(waiting.limit(AT_ONCE)):
        try:
            left |= WORK.advance(row["_id"], holder, now, lambda seen: _go_on(seen, holder, now, go_on))
        except Spoken as why:
            tell(store.fetch(SLUG, row["_id"])["number"], why)
    ended = {"_id": {"$in": list(before - _aside())}}  # what was given back is noted as gone no more
    return database()[GONE].count_documents(ended), left


def count_barred() -> int:
    """How many destructions ended because something stood against them (D3)."""
    return database()[collection_name(SLUG)].count_documents({"state": "barred"})


def _aside() -> set[ObjectId]:
    return {one["_id"] for one in database()[ASIDE].find({}, {"_id": 1})}


def _go_on(row: Row, holder: str, now: datetime, go_on: GoOn) -> bool:
    pointing.refuse_unread(row["type"])
    if row["state"] == SETTLING:
        row = transaction(partial(_settle, row, holder, now))
    if row["state"] != REMOVING:
        return False
    keep = WORK.hold(row["_id"], holder).keep
    if not _traced(row, holder, keep, go_on):
        return True
    while (aside := _next(row)) is not None:
        if not go_on():
            return True
        _empty(aside, keep)
    _end(row, now)
    transaction(partial(_finish, row, holder, now))
    return False


def _next(row: Row) -> Row | None:
    """One of the records that are not emptied yet. Parts first: what they were merged into says under which number they
    go."""
    order = [("son.merged_into", DESCENDING), ("_id", ASCENDING)]
    return database()[ASIDE].find_one({"destruction": row["_id"], "emptied": None}, sort=order)


def _settle(row: Row, holder: str, now: datetime) -> Row:
    """Ask once more what stands against it, now that nothing new can come; what does brings the records back."""
    rt, aside = registry.kept(row["type"]).rt, list(database()[ASIDE].find({"destruction": row["_id"]}))
    asked = store.fetch(SLUG, row["_id"])
    sons = [one["son"] for one in aside]
    found = matters.open_about(rt, sons, SYSTEM, now)
    outcomes = {_named_with(asked, son, aside): found[son["_id"]][0].kind for son in sons if found[son["_id"]]}
    if outcomes:
        _give_back(rt, aside)
        _bar(asked, outcomes, now)
        _have_saved(now)
    seen = {"_id": row["_id"], "state": SETTLING}
    return WORK.note(seen, holder, {"$set": {"state": GIVEN_BACK if outcomes else REMOVING}})


def _named_with(asked: Row, son: Mapping[str, Any], aside: Sequence[Row]) -> str:
    """The number on the destruction under which a record goes: its own, or that of the one it was merged into."""
    by_id, numbers = {one["_id"]: one["son"] for one in aside}, numbers_of(asked)
    while son["number"] not in numbers and son.get("merged_into") in by_id:
        son = by_id[son["merged_into"]]
    return str(son["number"])


def _give_back(rt: RecordType, aside: Sequence[Row]) -> None:
    ids = {"$in": [one["_id"] for one in aside]}
    database()[collection_name(rt.slug)].insert_many([one["son"] for one in aside])
    for name in (ASIDE, GONE):
        database()[name].delete_many({"_id": ids})


def _have_saved(now: datetime) -> None:
    """Backups of before lack what lost something, or was set aside for a while: a new one is to have it. What it was is
    noted by the server's clock; `now` is when this was planned."""
    jobs.ask_behind(BACKUP, now, SAVED_AFTER)


def _traced(row: Row, holder: str, keep: Callable[[], None], go_on: GoOn) -> bool:
    """Take from other places what they hold of all of these records, as long as it is known what each was called, each
    step once. False when something is left for later."""
    left = [step for step in everywhere.STEPS if step.__name__ not in row.get("traced", ())]
    if not left:
        return True
    whole = _whole(row, keep)
    for step in left if whole.families else ():
        if not go_on():
            return False
        keep()
        step(whole)
        done = {"$addToSet": {"traced": step.__name__}}
        WORK.note({"_id": row["_id"], "state": REMOVING}, holder, done)
    return True


def _whole(row: Row, keep: Callable[[], None]) -> everywhere.Whole:
    """All that is set aside of a destruction, by the number under which it goes."""
    rt, asked = registry.kept(row["type"]).rt, store.fetch(SLUG, row["_id"])
    aside = list(database()[ASIDE].find({"destruction": row["_id"]}))
    together: dict[str, list[Row]] = {}
    for one in aside:
        together.setdefault(_named_with(asked, one["son"], aside), []).append(one["son"])
    families = [
        everywhere.Family(root, sons, frozenset[str]().union(*(words.names_of(rt, son) for son in sons)))
        for root, sons in together.items()
    ]
    return everywhere.Whole(row["_id"], rt, families, keep)


def _empty(aside: Row, keep: Callable[[], None]) -> None:
    """Everything of one record; of itself no more stays than which one it was. From then on no backup takes it."""
    case = traces.Case(registry.kept(aside["type"]).rt, aside["son"], keep)
    for step in traces.STEPS:
        case.keep()
        step(case)
    remains = {name: case.son.get(name) for name in ("_id", "number", "level", "merged_into")}
    database()[ASIDE].update_one({"_id": case.id}, {"$set": {"son": remains, "emptied": True}})


def _end(row: Row, now: datetime) -> None:
    """The keys of all records, and their end: whoever comes second finds nothing set aside."""
    emptied = list(database()[ASIDE].find({"destruction": row["_id"]}))
    # Also of those that a backup did not bring back: it may be of a moment before their keys went.
    ids = [one["_id"] for one in database()[GONE].find({"destruction": row["_id"]}, {"_id": 1})]
    if ids:
        vault.destroy([*ids, *map(sealing_id, ids)])
        gone.parts_done([row["_id"], *ids])
    for aside in emptied:
        transaction(partial(_close, aside, row, now))


def _close(aside: Row, row: Row, now: datetime) -> None:
    if not database()[ASIDE].delete_one({"_id": aside["_id"]}).deleted_count:
        return
    _note_destroyed(row, aside["son"]["number"], now)
    subject = store.subject(registry.kept(aside["type"]).rt, aside["son"])
    audit.append("destroyed", SYSTEM, subject, now=now, detail={"destruction": store.fetch(SLUG, row["_id"])["number"]})


def _note_destroyed(row: Row, number: str, now: datetime) -> None:
    asked = store.fetch(SLUG, row["_id"])
    items = [_ended(item, number, now) for item in asked["items"]]
    if items != asked["items"]:
        store.change(SLUG, asked["_id"], {"items": items}, actor=SYSTEM, now=now, action="record_destroyed")


def _ended(item: Row, number: str, now: datetime) -> Row:
    ends = item["number"] == number and item["outcome"] is None
    return {**item, "outcome": "destroyed", "at": now} if ends else item


def _finish(row: Row, holder: str, now: datetime) -> None:
    for number in gone.found_gone(row["_id"]):
        _note_destroyed(row, number, now)
    for item in store.fetch(SLUG, row["_id"])["items"]:
        if item["outcome"] is None:
            raise Unfinished(number=item["number"])
    values = {"state": "destroyed", "destroyed_at": now}
    store.change(SLUG, row["_id"], values, actor=SYSTEM, now=now, action="removal_done")
    _have_saved(now)
    WORK.note({"_id": row["_id"], "state": REMOVING}, holder, {"$set": {"state": DONE}})
