"""Whose work a record is, and what lies before a person: the one answer that My work and reminders share.

A record is the work of whoever its state waits for, by name or by role, and of its owner where it waits for nobody. A
top-secret record never opens to a role (X3): where it waits for roles alone, its owner answers for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from bson import ObjectId

from config.database import database
from models import access, records, registry, sealing, store, turns
from models.access import Purpose
from models.calendar import WorkingCalendar, local
from models.declarations import Level, RecordType, Relation, State, Transition
from models.hand_over import rules
from models.hand_over import service as hand_over
from models.moves import deputed, is_plain, why_not
from models.person.roles import Person, Role
from models.put_aside import document as put_aside
from models.record import SOONEST, UNSHOWN, collection_name
from models.sights import Sight, one_version_each, sight_stored

Condition = dict[str, Any]
Row = Mapping[str, Any]

COMING_WORKING_DAYS = 5
"""How far ahead a person sees the deadlines of records that wait for nobody."""


class Pile(StrEnum):
    """The piles on a person's desk, the most pressing first."""

    LATE = "late"
    TODAY = "today"
    SIGNATURE = "signature"
    RETURNED = "returned"
    COMING = "coming"
    OPEN = "open"
    ASIDE = "aside"


@dataclass(frozen=True)
class Returned:
    """That somebody gave a record back or handed it over, and why."""

    by: str
    reason: str


@dataclass(frozen=True)
class Task:
    """A record that is somebody's work, as the reader sees it, and what they may do about it. `returned` says who gave
    it back, `received` who handed it over, `back_at` until when the reader has put it aside, `movable` that they may
    hand it over, and `behalf` for whom they sign as a deputy."""

    sight: Sight
    due: datetime | None
    moves: list[Transition] = field(default_factory=list)
    pile: Pile = Pile.OPEN
    returned: Returned | None = None
    received: Returned | None = None
    back_at: datetime | None = None
    movable: bool = False
    behalf: str = ""

    @property
    def done(self) -> Transition | None:
        """The move that gets the work done without another word: the main one, or one that ends it well."""
        return done_by(self.sight.rt, self.moves)

    @property
    def main(self) -> Transition | None:
        """The move that the work asks for."""
        return next((move for move in self.moves if move.main), None)


def done_by(rt: RecordType, moves: Iterable[Transition]) -> Transition | None:
    """Of the moves that a person may make, the one that gets the work done without another word; None for none."""
    for move in sorted(filter(is_plain, moves), key=lambda one: not one.main):
        if move.main or (move.tone == "good" and rt.workflow and rt.workflow.state(move.target).final):
            return move
    return None


# --- whose work


def waits_for(person: Person, rt: RecordType) -> Condition:
    """The database condition for records of a type that are the person's work. To be joined with the person's reach."""
    return {"$or": [turn_of(person, rt), *owned_by(person)]}


def turn_of(person: Person, rt: RecordType) -> Condition:
    """The condition for records that wait for the person, by name or by role, or for a signature of somebody for whom
    they stand in."""
    own: Condition = {"waiting": {"$in": turns.turn_tokens(person)}}
    deputed = access.deputed_tokens(person, rt)
    return {"$or": [own, {"acl": {"$in": deputed}}]} if deputed else own


def gone_up_to(person: Person, rt: RecordType) -> Condition | None:
    """The condition for late records that came to the person because those before them did not see to them (T6); None
    where a type declares no such way up to any of their roles."""
    ways, held = [], frozenset(turns.turn_tokens(person))
    for state in rt.workflow.states if rt.workflow else ():
        if any(turns.is_role(whose) and person.has(Role(whose)) for whose in state.turn):
            continue
        levels = {whose for climb in state.climbs if climb.late for whose in climb.to}
        theirs = held.intersection(f"role:{turns.of_department(whose, person.department)}" for whose in levels)
        if theirs:
            ways.append({"state": state.value, "waiting": {"$in": sorted(theirs)}})
    return {"$or": ways, "waiting": {"$nin": turns.user_tokens(person)}} if ways else None


def unsigned_states(rt: RecordType) -> list[str]:
    """The states in which a record goes on to the next because nobody signs it."""
    states = rt.workflow.states if rt.workflow else ()
    return [state.value for state in states if state.climbs and not goes_up_late(state)]


def goes_up_late(state: State | None) -> bool:
    """Whether a record in this state goes up when it is late."""
    return state is not None and any(climb.late for climb in state.climbs)


def owned_by(person: Person) -> list[Condition]:
    """The conditions for records that are left to the person as their owner. The token names the owner as well, and
    the owner is asked for all the same: by the index of owners and deadlines only what is due is looked at, and not
    every top-secret record that the person ever had."""
    top_secret = access.token(Level.TOP_SECRET.value, Relation.OWNER, person.id)
    return [
        {"owner": person.id, "waiting": []},
        {"owner": person.id, "acl": top_secret, "waiting": {"$not": {"$regex": "^user:"}}},
    ]


def is_work_of(person: Person, rt: RecordType, son: Row) -> bool:
    """Whether a stored record of a type is the person's work: what `waits_for` asks the database."""
    if is_turn_of(person, rt, son):
        return True
    waiting = son.get("waiting") or []
    unnamed = not any(token.startswith("user:") for token in waiting)
    left_to_owner = not waiting or (unnamed and son.get("level") == Level.TOP_SECRET.value)
    return left_to_owner and person.id is not None and son.get("owner") == person.id


def is_turn_of(person: Person, rt: RecordType, son: Row) -> bool:
    """Whether a stored record of a type waits for the person: what `turn_of` asks the database."""
    if not set(son.get("waiting") or ()).isdisjoint(turns.turn_tokens(person)):
        return True
    return not set(son.get("acl") or ()).isdisjoint(access.deputed_tokens(person, rt))


# --- a person's desk


def desk(person: Person, now: datetime, calendar: WorkingCalendar, limit: int = 30) -> list[Task]:
    """What waits for the person, what is due first first: at most `limit` with and `limit` without a deadline of each
    type. Deadlines of records that wait for nobody are shown to their owner some days ahead; what the person has put
    aside is not on it."""
    horizon = calendar.add_working_days(now, COMING_WORKING_DAYS).at
    asides = put_aside.of_people([person.id], now)
    tasks = []
    for rt in registry.all_types():
        reach = access.reach(person, rt, Purpose.VIEW).of_work
        if reach.nothing or not (rt.due or rt.workflow):
            continue
        quiet = put_aside.without(asides, person.id, rt.slug)
        rows = list(_dated(person, rt, reach, horizon, limit, quiet)) if rt.due else []
        tasks += list(_tasks(person, rt, reach, [*rows, *_undated(person, rt, reach, limit, quiet)]))
    return sorted(_piled(tasks, person, now), key=lambda task: (task.due is None, task.due or now))


def aside(person: Person, now: datetime) -> list[Task]:
    """What the person has put aside, what comes back first first."""
    found: list[Task] = []
    asides = put_aside.of_people([person.id], now)
    for rt in registry.all_types():
        known = {one.record: one.until for one in asides if one.type == rt.slug}
        reach = access.reach(person, rt, Purpose.VIEW).of_work
        if known and not reach.nothing:
            stands = {"$or": [one.condition() for one in asides if one.type == rt.slug]}
            rows = _find(rt, {"$and": [stands, reach.query(cards=True), waits_for(person, rt)]})
            tasks = _tasks(person, rt, reach, rows)
            found += [replace(task, pile=Pile.ASIDE, back_at=known[task.sight.id]) for task in tasks]
    return sorted(found, key=lambda task: (task.back_at or now, task.sight.number))


def with_deadline(person: Person, until: datetime, limit: int) -> list[Task]:
    """What of the person's work is due before `until`, or late already, what is due first first; `limit` of each
    type."""
    found: list[Task] = []
    for rt in registry.all_types():
        reach = access.reach(person, rt, Purpose.VIEW).of_work
        if rt.due and not reach.nothing:
            rows = _dated(person, rt, reach, until, limit)
            tasks = (task for task, _record in _loaded(person, rt, reach, rows))
            found += [task for task in tasks if task.due is not None and task.due < until]
    return sorted(found, key=lambda task: (task.due or until, task.sight.number))


def late_in_department(person: Person, now: datetime, limit: int = 10) -> list[Task]:
    """What is late in a head's department and is not their own work, the oldest first; `limit` of each type (F5)."""
    tasks: list[Task] = []
    for rt in registry.all_types():
        late = {"due_at": {"$lt": now}, "department": person.department, "$nor": [waits_for(person, rt)]}
        reach = access.reach(person, rt, Purpose.VIEW)
        if rt.due and not reach.nothing:
            rows = _find(rt, {"$and": [late, reach.query()]}).sort(SOONEST).limit(limit)
            seen = ((row, records.sight(person, rt, reach, row)) for row in rows)
            tasks += [Task(sight, row["due_at"], pile=Pile.LATE) for row, sight in seen if sight]
    return sorted(tasks, key=lambda task: task.due or now)


def _dated(
    person: Person,
    rt: RecordType,
    reach: access.Reach,
    horizon: datetime,
    limit: int,
    quiet: Iterable[Condition] = (),
) -> Iterator[Row]:
    turn = {**turn_of(person, rt), "due_at": {"$type": "date"}}
    owned = [{**condition, "due_at": {"$lt": horizon}} for condition in owned_by(person)]
    found = _find(rt, {"$and": [{"$or": [turn, *owned]}, reach.query(cards=True), *quiet]})
    yield from found.sort(SOONEST).limit(limit)


def _undated(
    person: Person, rt: RecordType, reach: access.Reach, limit: int, quiet: Iterable[Condition] = ()
) -> Iterator[Row]:
    found = _find(rt, {"$and": [{**turn_of(person, rt), "due_at": None}, reach.query(cards=True), *quiet]})
    yield from found.sort([("state_since", 1), ("_id", 1)]).limit(limit)


def _find(rt: RecordType, condition: Condition) -> Any:
    # What is encrypted decides about no turn: it need not be unsealed, nor its keys be asked for.
    return database()[collection_name(rt.slug)].find(condition, UNSHOWN | sealing.left_out(rt))


def _tasks(person: Person, rt: RecordType, reach: access.Reach, rows: Iterable[Row]) -> Iterator[Task]:
    """The rows as tasks, without those that only others of a role may move on, as one's own request."""
    for task, record in _loaded(person, rt, reach, rows):
        way = hand_over.way(person, rt, record, task.moves) if record is not None else None
        yield replace(task, movable=way is not None)


def _loaded(
    person: Person, rt: RecordType, reach: access.Reach, rows: Iterable[Row]
) -> Iterator[tuple[Task, dict[str, Any] | None]]:
    """The rows as tasks, each with its record; without one for what the person holds and sees the card of."""
    loaded = [(row, *sight_stored(person, rt, reach, row)) for row in rows]
    names = frozenset(turns.user_tokens(person))
    moves_on = records.moves_on(person, rt, [record for _, _, record in loaded if record is not None])
    for row, sight, record in loaded:
        if sight is None:
            continue
        if record is None:
            yield Task(sight, row.get("due_at")), None
            continue
        moves = moves_on[row["_id"]]
        if moves or not names.isdisjoint(row["waiting"]) or row.get("owner") == person.id:
            yield Task(sight, row.get("due_at"), moves, behalf=_behalf(person, rt, record, moves)), record


def _behalf(person: Person, rt: RecordType, record: Row, moves: Iterable[Transition]) -> str:
    """For whom the person signs a record as a deputy; '' where they sign in their own right, or not at all."""
    signing = min((move for move in moves if move.signature), key=lambda one: not one.main, default=None)
    if signing is None or not person.stands_in or why_not(person, rt, signing, record) is None:
        return ""
    principal = deputed(person, rt, signing, record)
    return principal.name if principal is not None else ""


def _piled(tasks: Iterable[Task], person: Person, now: datetime) -> Iterator[Task]:
    known = list(tasks)
    given_back, handed = _given(person, known, now)
    for task in known:
        returned = given_back.get(task.sight.id)
        pile = Pile.RETURNED if returned else _pile(task, now)
        yield replace(task, pile=pile, returned=returned, received=handed.get(task.sight.id))


def _pile(task: Task, now: datetime) -> Pile:
    if any(move.signature for move in task.moves):
        return Pile.SIGNATURE
    if task.due is None:
        return Pile.OPEN
    if task.due < now:
        return Pile.LATE
    return Pile.TODAY if local(task.due).date() == local(now).date() else Pile.COMING


def _given(
    person: Person, tasks: Iterable[Task], now: datetime
) -> tuple[dict[ObjectId, Returned], dict[ObjectId, Returned]]:
    """Which records somebody else took out of a frozen or final state, so that they are with the person again; which of
    their own somebody gave to them in the last days; and with which words. Nothing of a time when the record was more
    secret than the person reads (X6)."""
    sights = {task.sight.id: task.sight for task in tasks if task.sight.full}
    last = _last_changes(list(sights))
    others = {key: row for key, row in last.items() if row["by"] not in (None, person.id)}
    back = {r: row for (r, field), row in others.items() if field == "state" and _came_back(person, sights[r], row)}
    got = {r: row for (r, field), row in others.items() if field == "owner" and _is_given(person, sights[r], row, now)}
    told = one_version_each((sights[r], row["rev"]) for rows in (back, got) for r, row in rows.items())
    return _said(back, told), _said(got, told)


def _came_back(person: Person, sight: Sight, last: Row) -> bool:
    if goes_up_late(_state(sight)) and sight.values.get("owner") != person.id:
        return False  # it came to them for being late
    before = access.state_of(sight.rt, {"state": last["before"]})
    return not _is_closed(_state(sight)) and _is_closed(before)


def _is_given(person: Person, sight: Sight, last: Row, now: datetime) -> bool:
    return sight.values.get("owner") == person.id and last["action"] != "create" and last["at"] > now - rules.SHOWN


def _last_changes(ids: list[ObjectId]) -> dict[tuple[ObjectId, str], Row]:
    """Of the last version of each record that changed its state, and its owner: what it changed that from, and who
    made it."""
    names = ["state", "owner"]
    stages: list[Condition] = [
        {"$match": {"record": {"$in": ids}, "changes.field": {"$in": names}}},
        {"$sort": {"record": 1, "rev": -1}},
        {"$project": {"record": 1, "rev": 1, "action": 1, "by": 1, "at": 1, "changes.field": 1, "changes.before": 1}},
        {"$unwind": "$changes"},
        {"$match": {"changes.field": {"$in": names}}},
        {"$group": {"_id": {"record": "$record", "field": "$changes.field"}, "last": {"$first": "$$ROOT"}}},
    ]
    rows = database()[store.VERSIONS].aggregate(stages, batchSize=2 * len(ids) + 1) if ids else ()
    return {
        (row["_id"]["record"], row["_id"]["field"]): {**row["last"], "before": row["last"]["changes"].get("before")}
        for row in rows
    }


def _said(
    rows: Mapping[ObjectId, Row], told: Mapping[tuple[ObjectId, int], Mapping[str, Any]]
) -> dict[ObjectId, Returned]:
    """Who made each version, and its note; nothing where the reader of the record may not know what it changed."""
    seen = {record: told[record, row["rev"]] for record, row in rows.items()}
    return {
        record: Returned(one["by_name"], one["note"])
        for record, one in seen.items()
        if not one["masked"] and not one.get("withheld")
    }


def _state(sight: Sight) -> State | None:
    return access.state_of(sight.rt, sight.values)


def _is_closed(state: State | None) -> bool:
    return state is not None and (state.frozen or state.final)
