"""Records that wait for a role of somebody who may not sign them: they asked, or gave a signature before (People),
or do not read what it asks for (X6).

They are not on that person's desk (`work`), and nobody is reminded of what is for others to do.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from bson import ObjectId

from config.database import database
from models import access, moves, records, sealing, store, stored_form, turns, work
from models.access import Purpose
from models.declarations import RecordType
from models.person.roles import Person
from models.record import UNSHOWN, collection_name

Condition = dict[str, Any]


def left_out(person: Person, rt: RecordType, among: Condition, *, signing: bool = False) -> list[Condition]:
    """The condition that leaves such records, `among` those of a type for which a condition holds, out of what is the
    person's work, or theirs to sign; none where there are none."""
    found = of_person(person, rt, among, signing=signing)
    return [{"_id": {"$nin": sorted(found)}}] if found else []


def of_person(person: Person, rt: RecordType, among: Condition, *, signing: bool = False) -> set[ObjectId]:
    """Such records of a type, `among` those for which a condition holds: those with which the person can do nothing,
    without what is theirs by name or as its owner; `signing`: all those that they may not sign, though they may take
    them back.

    Whoever holds none of the roles that sign costs no question; whole records are read only of what the person asked
    for or signed, what concerns them, or asks for what they do not read.
    """
    states = _signed_states(person, rt)
    if not states:
        return set()
    waits: Condition = {"state": {"$in": states}}
    if not signing:
        waits |= {"waiting": {"$nin": turns.user_tokens(person)}, "owner": {"$ne": person.id}}
    reach = access.reach(person, rt, Purpose.VIEW)
    within = [among, waits, work.turn_of(person, rt), reach.query()]
    collection, keepers = database()[collection_name(rt.slug)], _keepers(rt)
    unread = _unread_states(person, rt)
    needed = [*keepers, *(["acl"] if reach.about else []), *(["state"] if unread else [])]
    rows = list(collection.find({"$and": within}, dict.fromkeys(needed, 1)))
    asked = {row["_id"] for row in rows if any(row.get(name) == person.id for name in keepers)}
    concerned = {row["_id"] for row in rows if reach.withholds(row.get("acl", ()))}
    unseen = {row["_id"] for row in rows if row.get("state") in unread}
    doubtful = asked | concerned | unseen | _signed(person, rt, [row["_id"] for row in rows])
    if not doubtful:
        return set()
    sons = collection.find({"_id": {"$in": list(doubtful)}}, UNSHOWN | sealing.left_out(rt))
    whole = [stored_form.load_to_show(rt, son) for son in sons]
    if signing:
        return not_to_sign(person, rt, whole)
    return {record_id for record_id, moves in records.moves_on(person, rt, whole).items() if not moves}


def not_to_sign(person: Person, rt: RecordType, whole: Collection[Mapping[str, Any]]) -> set[ObjectId]:
    """Of some records of a type that the person reads in full, those to which they give no signature."""
    moves_on = records.moves_on(person, rt, whole)
    return {record_id for record_id, moves in moves_on.items() if not any(move.signature for move in moves)}


def _signed_states(person: Person, rt: RecordType) -> list[str]:
    """The states in which a record of a type waits for a signature of a role that the person holds or stands in for."""
    flow = rt.workflow
    if flow is None or person.id is None:
        return []
    found = []
    for state in flow.states:
        whose = {*state.turn, *(one for climb in state.climbs for one in climb.to)}
        roles = [turns.role_of(one) for one in whose if turns.is_role(one)]
        if flow.signatures(state.value) and roles and (person.has(*roles) or person.stands_in):
            found.append(state.value)
    return found


def _unread_states(person: Person, rt: RecordType) -> set[str]:
    """The states in which a signature asks for what the person does not read."""
    made = rt.workflow.transitions if rt.workflow is not None else ()
    return {
        value for move in made if move.signature and not moves.reads_asked(person, rt, move) for value in move.source
    }


def _keepers(rt: RecordType) -> list[str]:
    """Where the people stand who do not sign a record themselves."""
    flow = rt.workflow
    signed = [move for move in flow.transitions if move.signature] if flow is not None else []
    named = {whose for move in signed if flow is not None for whose in flow.kept_from(move) if not turns.is_role(whose)}
    return sorted("created_by" if whose == "creator" else whose for whose in named)


def _signed(person: Person, rt: RecordType, ids: Collection[ObjectId]) -> set[ObjectId]:
    """Of some records those that bear a signature of the person, or of somebody for whom they stand in."""
    moves = rt.workflow.transitions if rt.workflow is not None else ()
    actions = [move.name for move in moves if move.signature]
    signing = [person.id, *(one.principal.id for one in person.stands_in)]
    theirs = [{"by": {"$in": signing}}, {"behalf": {"$in": signing}}]
    rows = database()[store.VERSIONS].find(
        {"record": {"$in": list(ids)}, "action": {"$in": actions}, "$or": theirs}, {"record": 1}
    )
    return {row["record"] for row in rows} if ids else set()
