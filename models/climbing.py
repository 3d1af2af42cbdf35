"""Signatures that nobody gave in time: the record goes on to the next, as its state declares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from bson import ObjectId

from config.database import database, transaction
from config.policy import policy
from models import audit, registry, store, stored_form
from models.calendar import Deadline, WorkingCalendar
from models.deadline.rules import policy_value
from models.declarations import Climb, RecordType, State
from models.errors import NotFound
from models.person.roles import SYSTEM
from models.record import collection_name

ACTION = "signature_climbed"
AT_ONCE = 500


def climb(now: datetime, calendar: WorkingCalendar) -> int:
    """Let everything that waits unsigned for too long wait for the next as well; returns how many steps were taken.

    A step is taken once: running it again, or twice at the same time, adds nothing. The record's version stays what it
    is, so that whoever is just signing is not told that it changed.
    """
    taken = 0
    for rt, state, at in _steps():
        for row in _stuck(rt, state, at, now, calendar):
            taken += transaction(partial(_step, rt, state, row, now))
    return taken


def coming(now: datetime, until: datetime, calendar: WorkingCalendar) -> Iterator[tuple[RecordType, Mapping[str, Any]]]:
    """The records that go on to the next after `now` and by `until` if nobody signs them, as they would be then."""
    for rt, state, at in _steps():
        for row in _stuck(rt, state, at, until, calendar, behind=now):
            try:
                record = store.fetch(rt.slug, row["_id"])
            except NotFound:  # gone since it was found
                continue
            follows = stored_form.derived(rt, {**record, "climbed": at + 1})
            yield rt, {**record, "acl": follows["acl"], "waiting": follows["waiting"]}


def climbs_at(state: State, record: Mapping[str, Any], calendar: WorkingCalendar) -> Deadline | None:
    """When a record that waits in a state goes on to the next; None when it goes no further."""
    at = record.get("climbed") or 0
    if at >= len(state.climbs) or record.get("state_since") is None:
        return None
    return calendar.add_working_hours(record["state_since"], hours_of(state.climbs[at]))


def hours_of(climb: Climb) -> int:
    """After how many working hours a step is taken. :raises AttributeError: the policy has no value of that name."""
    hours = policy_value(climb.hours, policy()) if isinstance(climb.hours, str) else climb.hours
    return int(hours)


def _steps() -> Iterator[tuple[RecordType, State, int]]:
    for rt in registry.all_types():
        for state in rt.workflow.states if rt.workflow else ():
            for at in range(len(state.climbs)):
                yield rt, state, at


def _stuck(
    rt: RecordType,
    state: State,
    at: int,
    now: datetime,
    calendar: WorkingCalendar,
    *,
    behind: datetime | None = None,
) -> list[Mapping[str, Any]]:
    """What goes on by `now`, and not by `behind` already; what waits longest first."""
    hours = timedelta(hours=hours_of(state.climbs[at]))
    since: dict[str, datetime] = {"$lte": calendar.subtract_working_time(now, hours)}
    if behind is not None:
        since["$gt"] = calendar.subtract_working_time(behind, hours)
    condition = {
        "state": state.value,
        "state_since": since,
        "climbed": at or None,
        "archived_at": None,
    }
    found = database()[collection_name(rt.slug)].find(condition, {"_id": 1})
    return list(found.sort([("state_since", 1), ("_id", 1)]).limit(AT_ONCE))


def _step(rt: RecordType, state: State, row: Mapping[str, Any], now: datetime) -> int:
    """Take one step, unless the record has moved on since."""
    record_id: ObjectId = row["_id"]
    record = store.fetch(rt.slug, record_id)
    at = record["climbed"] or 0
    if record["state"] != state.value or record["archived_at"] or at >= len(state.climbs):
        return 0
    follows = stored_form.derived(rt, {**record, "climbed": at + 1})
    change = {"climbed": at + 1, "acl": follows["acl"], "waiting": follows["waiting"]}
    database()[collection_name(rt.slug)].update_one({"_id": record_id, "rev": record["rev"]}, {"$set": change})
    detail = {"step": at + 1, "to": list(state.climbs[at].to)}
    audit.append(ACTION, SYSTEM, store.subject(rt, record), now=now, detail=detail)
    return 1
