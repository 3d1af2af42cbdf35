"""Deadlines reckoned again after the calendar changed: each record once, a few hundred in a transaction (`job.long`).

What lies ahead and stands where an earlier version of the calendar put it moves to where the present one puts it, as a
version of its record with the former value in it. What is overdue, what a person set, and what would be past at once
stays. The mark of the recount in a record's versions is unique, so that no record is moved twice. It begins when no
request under way goes by the former calendar any more: what such a one stores behind it would stay where it was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from bson import ObjectId
from pymongo import ASCENDING, IndexModel

from config.database import database, transaction
from models import audit, registry, schema, sealing, stored_form
from models.bulk_change import writing
from models.bulk_change.writing import Act, Change
from models.calendar import WorkingCalendar, local
from models.calendar_day import stored as calendars
from models.deadline import settling
from models.declarations import Field, Label, RecordType
from models.errors import Refusal
from models.job import service as jobs
from models.job.long import GoOn, LongWork, Overtaken, Row
from models.kinds import stored
from models.person.roles import SYSTEM
from models.record import collection_name
from models.registry import UNDER_WAY

RECOUNTS = "deadline_recount"
JOB = "calendar_change"
ACTION = "calendar_moved"
RUNNING, DONE, REPLACED = "running", "done", "replaced"
CHUNK = 300
WORK = LongWork(RECOUNTS, (RUNNING,))
DAY = Field(name="day", kind="date", label=Label("日", "Day"))

schema.declare({RECOUNTS: [IndexModel([("state", ASCENDING), ("version", ASCENDING)], name="state")]})


def ask(version: int, now: datetime) -> None:
    """Have every deadline reckoned again on this version of the calendar; one that is under way begins anew. Inside the
    transaction that changes the calendar."""
    recounts = database()[RECOUNTS]
    recounts.update_many({"state": RUNNING}, {"$set": {"state": REPLACED, "finished": now}})
    last = recounts.find_one({"state": DONE}, sort=[("version", -1)])
    since = last["version"] if last else 0
    made: Row = {"version": version, "since": since, "state": RUNNING, "asked": now, "types": _types()}
    recounts.insert_one(made | {"at_type": 0, "behind": None, "looked_at": 0, "moved": 0, "refused": 0})
    jobs.ask(JOB, "", now + UNDER_WAY)


def latest() -> Row | None:
    """The recount that was asked for last, with its state and counts."""
    return database()[RECOUNTS].find_one(sort=[("version", -1)])


def work(holder: str, now: datetime, go_on: GoOn) -> tuple[int, bool]:
    """Go on with what waits while `go_on`; returns how many records moved, and whether work is left. What was asked for
    within the last half minute waits for its time."""
    row = database()[RECOUNTS].find_one({"state": RUNNING}, sort=[("version", -1)])
    if row is not None and now - row["asked"] < UNDER_WAY:
        return 0, False
    if row is None:
        return 0, False
    left = WORK.advance(row["_id"], holder, now, lambda taken: _go_on(taken, holder, now, go_on))
    after = database()[RECOUNTS].find_one({"_id": row["_id"]}) or row
    return after["moved"] - row["moved"], left


def _types() -> list[str]:
    return [rt.slug for rt in registry.all_types() if settling.fields_of(rt)]


def _go_on(row: Row, holder: str, now: datetime, go_on: GoOn) -> bool:
    held = calendars.held_since(row["since"])
    desk = _Desk(holder, now, held[0].calendar(), [one.calendar() for one in held[1:]])
    while row["state"] == RUNNING:
        if not go_on():
            return True
        taken = WORK.claim(row["_id"], holder)
        if taken is None:
            raise Overtaken
        row = desk.chunk(taken)
    return False


@dataclass(frozen=True)
class _Desk:
    """What the chunks of one turn are worked on with: the present calendar and the earlier ones."""

    holder: str
    now: datetime
    present: WorkingCalendar
    former: Sequence[WorkingCalendar]

    def chunk(self, row: Row) -> Row:
        """Do the next records, or go to the next type, or end; the work as it is then."""
        if row["at_type"] >= len(row["types"]):
            return transaction(partial(self._end, row))
        slug = row["types"][row["at_type"]]
        rt = next((one for one in registry.all_types() if one.slug == slug), None)
        sons = _with_deadlines_ahead(rt, row["behind"], self.now) if rt else []
        if rt is None or not sons:
            return self._note(row, {"$set": {"at_type": row["at_type"] + 1, "behind": None}})
        try:
            return transaction(partial(self._take, row, rt, sons))
        except Refusal:
            for son in sons:
                row = self._singly(row, rt, son)
            return row

    def _singly(self, row: Row, rt: RecordType, son: Row) -> Row:
        """One record by itself, because something among them cannot be stored beside the others."""
        try:
            return transaction(partial(self._take, row, rt, [son]))
        except Refusal:
            return self._note(row, {"$set": {"behind": son["_id"]}, "$inc": {"looked_at": 1, "refused": 1}})

    def _take(self, row: Row, rt: RecordType, sons: Sequence[Row]) -> Row:
        sealing.at_hand(rt, sons)
        records = [stored_form.load(rt, son) for son in sons]
        moved = {record["_id"]: self._moved(rt, record) for record in records}
        wanted = [Change(one["_id"], one["rev"], moved[one["_id"]]) for one in records if moved[one["_id"]]]
        act = Act(ACTION, marks={"batch": row["_id"]})
        outcomes = writing.change_many(rt.slug, wanted, act, actor=SYSTEM, now=self.now, allowed=lambda _: None)
        refused = sum(one.refusal is not None for one in outcomes)
        counts = {"looked_at": len(sons), "moved": len(outcomes) - refused, "refused": refused}
        return self._note(row, {"$set": {"behind": sons[-1]["_id"]}, "$inc": counts})

    def _moved(self, rt: RecordType, record: Mapping[str, Any]) -> dict[str, Any]:
        """The deadlines of a record that move, with where to."""
        made = settling.reckoned(rt, record, self.present)
        found = {name: settling.held(rt.by_name[name], deadline) for name, deadline in made.items()}
        other = {name: value for name, value in found.items() if value != record[name] and self._ahead(value)}
        if not other:
            return {}
        stood: dict[str, list[Any]] = {name: [] for name in other}
        for calendar in self.former:
            for name, deadline in settling.reckoned(rt, record, calendar).items():
                if name in stood:
                    stood[name].append(settling.held(rt.by_name[name], deadline))
        return {
            name: value for name, value in other.items() if record[name] in stood[name] and self._ahead(record[name])
        }

    def _ahead(self, value: Any) -> bool:
        end = stored_form.end_of(value)
        return end is not None and end > self.now

    def _note(self, row: Row, change: Row) -> Row:
        seen = {name: row[name] for name in ("_id", "state", "at_type", "behind")}
        change["$set"]["attempts"] = 0
        return WORK.note(seen, self.holder, change)

    def _end(self, row: Row) -> Row:
        done = self._note(row, {"$set": {"state": DONE, "finished": self.now}})
        counts = {name: done[name] for name in ("version", "looked_at", "moved", "refused")}
        detail = {**counts, "batch": str(done["_id"])}
        audit.append("deadlines_recounted", SYSTEM, audit.Subject("calendar"), now=self.now, detail=detail)
        return done


def _with_deadlines_ahead(rt: RecordType, behind: ObjectId | None, now: datetime) -> list[Row]:
    """The next open records of a type with a deadline ahead that may follow from the calendar."""
    days = {"date": stored(DAY, local(now).date()), "datetime": now}
    ahead = [{name: {"$gte": days[rt.by_name[name].kind]}} for name in settling.fields_of(rt)]
    condition: Row = {"archived_at": {"$exists": False}, "$or": ahead}
    if rt.workflow is not None:
        condition["state"] = {"$nin": [state.value for state in rt.workflow.states if state.final]}
    if behind is not None:
        condition["_id"] = {"$gt": behind}
    return list(database()[collection_name(rt.slug)].find(condition).sort("_id", ASCENDING).limit(CHUNK))
