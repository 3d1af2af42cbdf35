"""Signatures that nobody gave in time, and records that are late: they go on to the next, as their state declares."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from bson import ObjectId

from config.database import database, transaction
from config.policy import policy
from models import access, audit, registry, sealing, store, stored_form, turns
from models.calendar import Deadline, WorkingCalendar
from models.deadline.rules import policy_value
from models.declarations import Climb, RecordType, State
from models.errors import NotFound
from models.moves import moves, signed_already
from models.person import changes, directory
from models.person import service as people
from models.person.roles import SYSTEM, Person, Role
from models.record import UNSHOWN, collection_name

ACTION = "signature_climbed"
LATE_ACTION = "late_climbed"
AT_ONCE = 500


def climb(now: datetime, calendar: WorkingCalendar) -> int:
    """Let everything that waits for too long wait for the next as well; returns how many records took a step.

    A step is taken once: running it again, or twice at the same time, adds nothing. The record's version stays what it
    is, so that whoever is just signing is not told that it changed.
    """
    taken = 0
    for rt, state, at in _steps():
        for row in _stuck(rt, state, at, now, calendar, {"_id": 1}):
            taken += transaction(partial(_step, rt, state, at, row["_id"], now))
    return taken + pass_by(directory.disabled(), now)


def pass_by(gone: Collection[ObjectId], now: datetime) -> int:
    """Let everything that waits for a signature of nobody but these people, by name, go on at once, whose accounts are
    disabled; returns how many records took a step."""
    if not gone:
        return 0
    taken = 0
    for rt, state, at in _steps():
        tokens = [f"user:{one}{role}" for one in gone for role in ("", *(f"@{of}" for of in turns.named_roles(rt)))]
        nobody_else = {"$in": tokens, "$not": {"$elemMatch": {"$nin": tokens}}}
        condition = {"state": state.value, "waiting": nobody_else, "climbed": at or None, "archived_at": None}
        rows = [] if state.climbs[at].late else list(database()[collection_name(rt.slug)].find(condition, {"_id": 1}))
        taken += sum(transaction(partial(_step, rt, state, at, row["_id"], now)) for row in rows)
    return taken


def _follow(_before: Person, person: Person, now: datetime) -> None:
    if person.id is not None and not directory.eligible(person.id):
        pass_by([person.id], now)


def pass_nobody(rt: RecordType, record: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Let a record that was just signed go on at once, where nobody of the level that it waits for may sign because of
    the signatures before; to the first level that somebody is left of. Returns the record as it is then; inside the
    transaction of the signature."""
    state, given = access.state_of(rt, record), store.latest_moves(record["_id"])
    if state is None or not any(row.get("climbed") or row.get("behalf") for row in given):
        return record
    if not rt.workflow or not rt.workflow.signatures(state.value) or any(climb.late for climb in state.climbs):
        return record
    everybody, change = people.active_people(), dict[str, Any]()
    for step in range(len(state.climbs) + 1):
        change = _with_steps(rt, state, record, step, step - 1) if step else {}
        if any(_may_sign(one, rt, {**record, **change}, given) for one in everybody):
            break
    else:
        return record
    if not change:
        return record
    database()[collection_name(rt.slug)].update_one({"_id": record["_id"], "rev": record["rev"]}, {"$set": change})
    store.share_rights(rt, [record])
    _note(rt, state, record, change["climbed"], now)
    return store.fetch(rt.slug, record["_id"])


def _may_sign(person: Person, rt: RecordType, record: Mapping[str, Any], given: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a record waits for a signature that somebody may give themselves. A deputy changes nothing: whom they
    stand in for has signed too, or may."""
    held = (move for move in moves(person, rt, record) if move.signature)
    return any(not signed_already(person, rt, move, record, given) for move in held)


def coming(now: datetime, until: datetime, calendar: WorkingCalendar) -> Iterator[tuple[RecordType, Mapping[str, Any]]]:
    """The records that go on to the next after `now` and by `until` if nobody sees to them, as they would be then;
    without what is encrypted of them, which decides about no turn."""
    for rt, state, at in _steps():
        rows = _stuck(rt, state, at, until, calendar, UNSHOWN | sealing.left_out(rt), behind=now)
        owners = _owners(state, rows)
        for row in rows:
            record = stored_form.load_to_show(rt, row)
            yield rt, {**record, **_gone_up(rt, state, record, owners)}


@dataclass(frozen=True)
class Onward:
    """When a record goes on if nobody sees to it, and to whom, named as in `State.turn`."""

    deadline: Deadline
    to: tuple[str, ...]


def onward(state: State, record: Mapping[str, Any], calendar: WorkingCalendar) -> Onward | None:
    """When a record that waits in a state goes on to the next, and to whom; None when it goes no further."""
    at = record.get("climbed") or 0
    since = record.get(counted_from(state.climbs[at])) if at < len(state.climbs) else None
    if since is None:
        return None
    step = _next_step(state, record, _owners(state, [record]))
    return Onward(calendar.add_working_hours(since, hours_of(state.climbs[at])), state.climbs[step - 1].to)


def is_overdue(state: State, record: Mapping[str, Any], calendar: WorkingCalendar, now: datetime) -> bool:
    """Whether the time is over after which a record takes the last step that it took: nobody signed it in time. Else it
    went on at once, since those for whom it waited cannot sign it."""
    at = record.get("climbed") or 0
    climb = state.climbs[at - 1] if 0 < at <= len(state.climbs) else None
    since = record.get(counted_from(climb)) if climb is not None else None
    if climb is None or since is None:
        return False
    return climb.late or calendar.add_working_hours(since, hours_of(climb)).at <= now


def hours_of(climb: Climb) -> int:
    """After how many working hours a step is taken. :raises AttributeError: the policy has no value of that name."""
    hours = policy_value(climb.hours, policy()) if isinstance(climb.hours, str) else climb.hours
    return int(hours) * climb.times


def counted_from(climb: Climb) -> str:
    """What of a record the hours of a step are counted from."""
    return "due_at" if climb.late else "state_since"


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
    shown: Mapping[str, int],
    *,
    behind: datetime | None = None,
) -> list[dict[str, Any]]:
    """What goes on by `now`, and not by `behind` already; what waits longest first."""
    climb, since_what = state.climbs[at], counted_from(state.climbs[at])
    hours = timedelta(hours=hours_of(climb))
    since: dict[str, datetime] = {"$lte": calendar.subtract_working_time(now, hours)}
    if behind is not None:
        since["$gt"] = calendar.subtract_working_time(behind, hours)
    condition = {
        "state": state.value,
        since_what: since,
        "climbed": at or None,
        "archived_at": None,
    }
    found = database()[collection_name(rt.slug)].find(condition, shown)
    return list(found.sort([(since_what, 1), ("archived", 1), ("number", 1)]).limit(AT_ONCE))


def _step(rt: RecordType, state: State, at: int, record_id: ObjectId, now: datetime) -> int:
    """Take the step for which a record was found after `at` steps, unless it has moved on since or is gone: of two runs
    at the same time the second takes none, least of all the one after."""
    try:
        record = store.fetch_to_show(rt.slug, record_id)
    except NotFound:
        return 0
    if record["state"] != state.value or record["archived_at"] or (record["climbed"] or 0) != at:
        return 0
    late = state.climbs[at].late
    if late and (record["due_at"] is None or record["due_at"] > now):
        return 0
    change = _gone_up(rt, state, record, _owners(state, [record]))
    database()[collection_name(rt.slug)].update_one({"_id": record_id, "rev": record["rev"]}, {"$set": change})
    store.share_rights(rt, [record])
    _note(rt, state, record, change["climbed"], now)
    return 1


def _note(rt: RecordType, state: State, record: Mapping[str, Any], step: int, now: datetime) -> None:
    """Say in the trail to whom a record went on."""
    climb = state.climbs[step - 1]
    detail = {"step": step, "to": list(climb.to)}
    audit.append(LATE_ACTION if climb.late else ACTION, SYSTEM, store.subject(rt, record), now=now, detail=detail)


def _owners(state: State, records: Iterable[Mapping[str, Any]]) -> dict[ObjectId, Person]:
    """Who owns the records, where it decides how far they go."""
    late = any(climb.late for climb in state.climbs)
    return people.those(record["owner"] for record in records if record.get("owner")) if late else {}


def _gone_up(
    rt: RecordType, state: State, record: Mapping[str, Any], owners: Mapping[ObjectId, Person]
) -> dict[str, Any]:
    """What is stored with a record's next step. The levels that it passes over (`climbed_from` of them) get nothing."""
    at, step = record.get("climbed") or 0, _next_step(state, record, owners)
    return _with_steps(rt, state, record, step, step - 1 if step > at + 1 else None)


def _with_steps(
    rt: RecordType, state: State, record: Mapping[str, Any], step: int, passed_over: int | None
) -> dict[str, Any]:
    """What is stored with a record that has taken so many steps, some of which it may have passed over."""
    change = {"climbed": step} | ({"climbed_from": passed_over} if passed_over else {})
    then = {**record, **change}
    waiting = [] if state.final else access.turns_of(rt, then)
    return {**change, "acl": access.tokens_of(rt, then), "waiting": waiting}


def _next_step(state: State, record: Mapping[str, Any], owners: Mapping[ObjectId, Person]) -> int:
    """The next step of a record; of one that is late, above what its owner is. Who is gone holds nothing."""
    at = record.get("climbed") or 0
    owner = owners.get(record["owner"]) if record.get("owner") and not at else None
    if owner is None or not state.climbs[at].late:
        return at + 1
    roles = ([Role(whose) for whose in climb.to] for climb in state.climbs)
    own = [place for place, to in enumerate(roles) if turns.serves(owner, record, *to)]
    return min(max(own, default=-1) + 2, len(state.climbs))


changes.when_person_changes(_follow)
