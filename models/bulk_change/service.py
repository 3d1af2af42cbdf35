"""Bulk changes, step by step: records are selected, what is to be done is said, previewed, confirmed, carried out.

Nothing is changed before the person has seen what would become of how many records, and confirmed it. The checking of
many records, the carrying out and the undoing are done by `running`; the use cases here say that they shall be.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from bson import ObjectId

from config.database import database, transaction
from models import access, audit, records, registry, sealing
from models.access import Purpose
from models.access_request.grants import grants_in_force
from models.bulk_change import rules, selection
from models.bulk_change.document import (
    AT_WORK,
    CARRIED_OUT,
    LINES,
    OPEN,
    PLANS,
    TARGETS,
    UNDOABLE,
    Kind,
    Plan,
    State,
)
from models.bulk_change.offers import Judge, Offer, offer
from models.bulk_change.refusals import (
    ActorGone,
    NoSuchAct,
    NotAsPreviewed,
    NothingSet,
    NothingToChange,
    NotUndoable,
    PreviewExpired,
    UndoTooLate,
    WrongStep,
)
from models.bulk_change.writing import Act
from models.declarations import Field, RecordType, Transition
from models.errors import Invalid, NotFound, Sentence
from models.job import service as jobs
from models.kinds import loaded, plain, stored
from models.person import service as people
from models.person.roles import Permission, Person, Role
from models.record_input import read_input

JOB = "bulk_changes"
UNDO_ACTION = "undo_bulk"
NO_FIELD = Sentence("该字段已停用", "it is no field any more")
Stored = dict[str, Any]


# --- making a plan


def start(
    person: Person,
    slug: str,
    what: str,
    *,
    now: datetime,
    numbers: Iterable[str] | None = None,
    address: Iterable[tuple[str, str]] = (),
) -> Plan:
    """Begin a bulk change of the records with these numbers, or of all of the list at an address. What needs nothing
    filled in is previewed at once.

    :raises NoSuchAct: the person cannot do that here.
    :raises NothingSelected: :raises TooManySelected: :raises TooManyRecords:
    :raises SelectionGone: one of the numbers is not there, or not the person's to see.
    :raises BadQuery: the address is not understood.
    """
    rt = registry.get(slug).rt
    offered = offer(person, rt, what)
    row: Stored = {
        "_id": ObjectId(),
        "type": slug,
        "owner": person.id,
        "owner_name": person.name,
        "department": person.department,
        "kind": offered.kind.value,
        "move": offered.move.name if offered.move else "",
        "state": State.DRAFT.value,
        "at": now,
    }
    if numbers is not None:
        row["picked"] = selection.pick(person, rt, numbers)
    else:
        row["address"] = sealing.sealed_address(rt, selection.checked(person, rt, address, now))
    database()[PLANS].insert_one(row)
    plan = Plan.read(row)
    return plan if offered.asks else check(person, plan.id, {}, now=now)


def check(person: Person, plan_id: ObjectId, raw: Mapping[str, Any], *, now: datetime, note: str = "") -> Plan:
    """Have every record checked with these values for the fields; nothing is changed. `raw` as in `records.change`.

    :raises Invalid: with a sentence for each field that is wrong.
    :raises NothingSet: a change without a field.
    :raises TooManyRecords: and the plan stays as it was.
    """
    plan = own(person, plan_id)
    rt = registry.get(plan.type).rt
    offered = offer(person, rt, name_of(plan))
    values = _values(person, offered, raw)
    note = records.reason(note, needed=offered.reason)
    known = {field.name: field for field in offered.fields}
    change = {
        "values": sealing.seal_values(rt, {name: stored(known[name], value) for name, value in values.items()}),
        "note": note,
        "state": State.CHECKING.value,
        "checked_at": now,
        "since": ObjectId(),
        "joined": False,
        **_fresh(),
    }
    found = selection.targets(person, rt, plan)

    def work() -> None:
        _step(plan, OPEN, {**change, "total": len(found)})
        database()[LINES].delete_many({"plan": plan_id})
        selection.remember(plan_id, found)

    transaction(work)
    jobs.ask(JOB, person.name, now)
    return get(plan_id)


def _values(person: Person, offered: Offer, raw: Mapping[str, Any]) -> Stored:
    if offered.kind is Kind.CHANGE and not raw:
        raise NothingSet()
    fields = tuple(f for f in offered.fields if f.name in raw or (f.required and offered.kind is Kind.MOVE))
    values = read_input(person, fields, raw, known={f.name for f in offered.fields})
    if offered.kind is Kind.HAND_OVER and values.get(rules.OWNER) is None:
        raise Invalid({rules.OWNER: Sentence("必填。", "This is required.")})
    if "level" in raw and values.get("level") is None:
        raise Invalid({"level": Sentence("必填。", "This is required.")})
    return values


def _fresh() -> Stored:
    """A step that begins: nothing is done of it, and what was seen of the one before does not confirm it."""
    return {"stamp": str(ObjectId()), "at_row": 0, "counts": {}, "reasons": {}, "failure": {}, "attempts": 0}


def confirm(person: Person, plan_id: ObjectId, stamp: str, now: datetime) -> Plan:
    """Have a previewed bulk change carried out. `stamp` is the preview's own: what was not seen is not confirmed.

    :raises WrongStep: it was confirmed before, or previewed again meanwhile.
    :raises PreviewExpired: after two hours.
    :raises NothingToChange: no record would change.
    """
    plan = own(person, plan_id)
    if plan.state is State.CHECKED and plan.stamp == stamp:
        if rules.expired(plan.checked_at, now):
            raise PreviewExpired()
        if not plan.count("changeable"):
            raise NothingToChange()

    def work() -> None:
        change = {"state": State.RUNNING.value, "found": dict(plan.counts), **_fresh()}
        _step(plan, (State.CHECKED,), change, stamp=stamp)
        note_audit("bulk_confirmed", person, plan, now, records=plan.count("changeable"))

    transaction(work)
    jobs.ask(JOB, person.name, now)
    return get(plan_id)


def stop(person: Person, plan_id: ObjectId, now: datetime) -> Plan:
    """Stop a bulk change behind its present chunk; what is done stands, and can be undone. :raises WrongStep:"""
    plan = see(person, plan_id)

    def work() -> None:
        _step(plan, (State.RUNNING,), {"state": State.STOPPED.value, "finished": now})
        note_audit("bulk_stopped", person, plan, now)

    transaction(work)
    return get(plan_id)


def undo(person: Person, plan_id: ObjectId, now: datetime) -> Plan:
    """Give every record that nobody has touched since its former values back, as a new version.

    :raises NotUndoable: for moves of the workflow. :raises UndoTooLate: after 30 days.
    :raises WrongStep: there is nothing to undo, or it is being undone already.
    """
    plan = see(person, plan_id)
    if plan.kind not in UNDOABLE:
        raise NotUndoable()
    if rules.too_late_to_undo(plan.at, now):
        raise UndoTooLate()
    if not plan.count("changed"):
        raise WrongStep()

    def work() -> None:
        change = {"state": State.UNDOING.value, "undo_by": person.id, "total": plan.count("changed"), "attempts": 0}
        _step(plan, CARRIED_OUT, change)
        note_audit("bulk_undo_asked", person, plan, now)

    transaction(work)
    jobs.ask(JOB, person.name, now)
    return get(plan_id)


def drop(person: Person, plan_id: ObjectId) -> None:
    """Give up a bulk change of which nothing was carried out. :raises WrongStep:"""
    own(person, plan_id)
    waiting = [state.value for state in (State.DRAFT, State.CHECKING, State.CHECKED)]
    if not database()[PLANS].delete_one({"_id": plan_id, "state": {"$in": waiting}}).deleted_count:
        raise WrongStep()
    forget([plan_id])


def forget(plan_ids: list[ObjectId]) -> None:
    """Forget which records some plans are about, and what was said about them."""
    database()[TARGETS].delete_many({"plan": {"$in": plan_ids}})
    database()[LINES].delete_many({"plan": {"$in": plan_ids}})


def _step(plan: Plan, sources: tuple[State, ...], change: Stored, stamp: str = "") -> None:
    """Move a plan on, if it still is where the person saw it. :raises WrongStep:"""
    condition: Stored = {"_id": plan.id, "state": {"$in": [state.value for state in sources]}}
    if sources == (State.CHECKED,):
        condition["stamp"] = stamp
    if not database()[PLANS].update_one(condition, {"$set": change}).matched_count:
        raise WrongStep()


# --- what a person sees of it


def get(plan_id: ObjectId) -> Plan:
    """A bulk change by id, for whoever works on it. :raises NotFound:"""
    row = database()[PLANS].find_one({"_id": plan_id})
    if row is None:
        raise NotFound()
    return Plan.read(row)


def see(person: Person, plan_id: ObjectId) -> Plan:
    """A bulk change of one's own, or, for the head, one of the department that was confirmed.

    :raises NotFound: for others' as for those that do not exist.
    """
    plan = get(plan_id)
    if plan.owner != person.id and not oversees(person, plan):
        raise NotFound()
    return plan


def own(person: Person, plan_id: ObjectId) -> Plan:
    """A bulk change that the person may go on with: only who began it. :raises NotFound:"""
    plan = get(plan_id)
    if plan.owner != person.id:
        raise NotFound()
    return plan


def oversees(person: Person, plan: Plan) -> bool:
    """Whether the person is the head who answers for it."""
    ours = plan.department == person.department and person.has(Role.HEAD)
    return ours and plan.carried_out and not access.reach(person, registry.get(plan.type).rt, Purpose.VIEW).nothing


def recent(person: Person, limit: int = 50) -> list[Plan]:
    """The latest bulk changes that the person sees, newest first: their own, the head those of the department, auditor
    and administrator all that were confirmed."""
    whose: Stored = {"owner": person.id}
    confirmed: Stored = {"found": {"$exists": True}}
    if person.may(Permission.BULK_CHANGES_READ):
        whose = {"$or": [whose, confirmed]}
    elif person.has(Role.HEAD) and person.department:
        whose = {"$or": [whose, {"department": person.department, **confirmed}]}
    return [Plan.read(row) for row in database()[PLANS].find(whose).sort("_id", -1).limit(limit)]


# --- carrying out


def name_of(plan: Plan) -> str:
    """How forms call what a plan does."""
    return f"{plan.kind.value}-{plan.move}" if plan.move else plan.kind.value


def fields_of(rt: RecordType, plan: Plan) -> tuple[Field, ...]:
    """The fields that a plan sets, as far as they are still declared."""
    known = {field.name: field for field in (*rt.called(records.PLACING), *rt.fields)}
    return tuple(known[name] for name in plan.values if name in known)


def values_of(rt: RecordType, plan: Plan, now: datetime) -> Stored:
    """What every record of a plan is to hold, loaded."""
    values = {field.name: loaded(field, plan.values[field.name]) for field in fields_of(rt, plan)}
    if plan.kind in (Kind.ARCHIVE, Kind.RESTORE):
        values["archived_at"] = now if plan.kind is Kind.ARCHIVE else None
    move = move_of(rt, plan)
    return {**values, "state": move.target} if move is not None else values


def values_anew(person: Person, rt: RecordType, plan: Plan, offered: Offer, now: datetime) -> Stored:
    """`values_of`, read once more as somebody would fill them in at this moment. :raises NotAsPreviewed:"""
    for name in gone(rt, plan):
        raise NotAsPreviewed(field=name, why=NO_FIELD)
    values = values_of(rt, plan, now)
    known = {**{field.name: field for field in fields_of(rt, plan)}, **{field.name: field for field in offered.fields}}
    asked = tuple(known[name] for name in plan.values if name in known)
    try:
        return values | read_input(person, asked, {field.name: plain(field, values[field.name]) for field in asked})
    except Invalid as wrong:
        path, why = next(iter(wrong.problems.items()))
        raise NotAsPreviewed(field=known[path.partition(".")[0]].label, why=why) from None


def gone(rt: RecordType, plan: Plan) -> list[str]:
    """The fields that a plan sets and that are not declared any more."""
    known = {field.name for field in fields_of(rt, plan)}
    return sorted(plan.values.keys() - known)


def move_of(rt: RecordType, plan: Plan) -> Transition | None:
    """The move that a plan makes; None when it makes none. :raises NoSuchAct: when it is no longer declared."""
    moves = rt.workflow.transitions if rt.workflow is not None else ()
    found = next((move for move in moves if move.name == plan.move), None)
    if plan.move and found is None:
        raise NoSuchAct()
    return found


def act_of(rt: RecordType, plan: Plan) -> Act:
    """How the versions of a plan are called and marked."""
    move = move_of(rt, plan)
    action = move.name if move else plan.kind.value if plan.kind in (Kind.ARCHIVE, Kind.RESTORE) else "change"
    return Act(action, plan.note, move, {"batch": plan.id})


def judge_of(person: Person, rt: RecordType, plan: Plan, values: Mapping[str, Any], *, undoing: bool = False) -> Judge:
    """Who says for each record whether the person may do that to it, or take it back."""
    return Judge(person, rt, plan.kind, values, move=move_of(rt, plan), undoing=undoing)


def actor_of(person_id: ObjectId | None, now: datetime) -> Person:
    """Who does it, with the rights of this moment, grants included. :raises ActorGone:"""
    row = people.get(person_id) if person_id is not None else {}
    if not row.get("active"):
        raise ActorGone()
    person = people.person_of(row)
    return replace(person, grants=grants_in_force(person, now))


def at_work() -> list[ObjectId]:
    """The bulk changes on which there is work to do, small ones first, so that none waits long for a large one."""
    wanted = {"state": {"$in": [state.value for state in AT_WORK]}}
    return [row["_id"] for row in database()[PLANS].find(wanted, {"_id": 1}).sort([("total", 1), ("_id", 1)])]


def note_audit(action: str, person: Person, plan: Plan, now: datetime, **counts: int) -> None:
    """An audit entry about a bulk change as a whole: what was done to how many, never a value."""
    subject = audit.Subject("bulk_change", plan.id)
    detail = {"of": plan.type, "act": name_of(plan), **counts}
    audit.append(action, person, subject, now=now, fields=plan.values, detail=detail)
