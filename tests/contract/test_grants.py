"""What a grant is for (X5), and what it takes to hand a record on (X3): asked of every classified type, role and level.

No type is named. Records are those facts that rights are made of; nothing is stored.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from bson import ObjectId
from flask import Flask

from models import access, moves, ownership, records, registry
from models.access import Purpose
from models.access_request.grants import tokens
from models.declarations import Level, RecordType
from models.person.roles import Person, Role
from models.sights import levels_read

pytestmark = pytest.mark.usefixtures("app")

WRITING = (Purpose.EDIT, Purpose.ARCHIVE, Purpose.MERGE)
GRANT = ObjectId()
TOP = Level.TOP_SECRET.value
SOMEBODY = ObjectId()


def classified() -> list[RecordType]:
    return [rt for rt in registry.all_types() if rt.classified]


def people(**more: Any) -> Iterator[Person]:
    for role in Role:
        for department in ("service", "sales"):
            yield Person(ObjectId(), role.value, frozenset({role}), department, **more)


def cases(rt: RecordType, **facts: Any) -> Iterator[dict[str, Any]]:
    """Records of somebody's, of each level and state, as far as rights are concerned."""
    states = [state.value for state in rt.workflow.states] if rt.workflow else [None]
    for level in Level:
        for state in states:
            record = dict.fromkeys(field.name for field in rt.fields)
            record |= {"_id": ObjectId(), "level": level.value, "state": state, "archived_at": None, **facts}
            record |= {"department": rt.kept_by or "service", "owner": SOMEBODY, "created_by": SOMEBODY, "rev": 1}
            yield record | {"acl": access.tokens_of(rt, record)}


def without(record: dict[str, Any], rt: RecordType) -> dict[str, Any]:
    """The same record, as it is without the grant."""
    bare = {**record, "granted": []}
    return bare | {"acl": access.tokens_of(rt, bare)}


def test_a_grant_opens_reading_and_no_way_of_writing(app: Flask) -> None:
    opened = 0
    for rt in classified():
        for reader in people(grants={use.value: tokens(GRANT, TOP) for use in access.READING}):
            for record in cases(rt, granted=[GRANT]):
                bare, case = without(record, rt), (rt.slug, reader.name, record["level"], record["state"])
                assert access.reach(reader, rt, Purpose.VIEW).sees(record["acl"]) == "full", case
                opened += access.reach(reader, rt, Purpose.VIEW).sees(bare["acl"]) != "full"
                for purpose in WRITING:
                    both = [records.can(reader, rt, one, purpose) for one in (record, bare)]
                    assert both[0] is both[1], (*case, purpose)
                made, own = ([move.name for move in moves.moves(reader, rt, one)] for one in (record, bare))
                flow = rt.workflow.transitions if rt.workflow else ()
                left = [move.name for move in flow if moves.READER in move.by or move.takes_back]
                assert set(made) - set(left) == set(own) - set(left), case
                answers = ownership.answers_for(reader, rt, record)
                keeps = Role.CUSTODIAN in reader.roles and reader.department == record["department"]
                assert answers is (keeps and record["level"] in ("internal", "secret")), case
                assert not ownership.goes_along(reader, rt, record, None) or own_reading(reader, rt, bare), case
    assert opened > 100


def test_a_grant_opens_nothing_above_the_level_that_was_signed_for_now_or_in_the_past(app: Flask) -> None:
    for rt in classified():
        for signed in Level:
            held = {use.value: tokens(GRANT, signed.value) for use in access.READING}
            for record in cases(rt, granted=[GRANT]):
                reader = Person(ObjectId(), "Reader", frozenset({Role.SALES}), "elsewhere", grants=held)
                reach = access.reach(reader, rt, Purpose.VIEW)
                wanted = {level.value for level in Level if level.rank <= signed.rank}
                assert levels_read(reach, record["acl"]) == wanted, (rt.slug, record["level"], record["state"])
                assert (reach.sees(record["acl"]) == "full") is (record["level"] in wanted)


def own_reading(reader: Person, rt: RecordType, record: dict[str, Any]) -> bool:
    return access.reach(reader, rt, Purpose.VIEW).sees(record["acl"]) == "full"


def test_who_may_do_something_by_right_keeps_it_beside_a_grant(app: Flask) -> None:
    for rt in classified():
        for record in cases(rt, granted=[GRANT]):
            grants = {use.value: tokens(GRANT, TOP) for use in access.READING}
            held = Person(SOMEBODY, "Owner", frozenset({Role.SPECIALIST}), "service", grants=grants)
            bare = Person(SOMEBODY, "Owner", frozenset({Role.SPECIALIST}), "service")
            for purpose in WRITING:
                assert records.can(held, rt, record, purpose) is records.can(bare, rt, record, purpose)
            more = [move for move in moves.moves(held, rt, record) if move not in moves.moves(bare, rt, record)]
            assert all(move.takes_out for move in more), "a card to print lets an owner ask for the paper (X4)"
            assert all(move in moves.moves(held, rt, record) for move in moves.moves(bare, rt, record))
            assert ownership.answers_for(held, rt, record)


def test_nobody_makes_themselves_read_more_by_an_owner_and_above_secret_only_who_reads_for_good_hands_on(
    app: Flask,
) -> None:
    refused = 0
    for rt in classified():
        for giver in people(grants={use.value: tokens(GRANT, TOP) for use in access.READING}):
            for record in cases(rt, granted=[GRANT]):
                bare, case = without(record, rt), (rt.slug, giver.name, record["level"], record["state"])
                owned = {**bare, "owner": giver.id, "state": record["state"]}
                acl = access.tokens_of(rt, owned)
                if ownership.refusal(giver, rt, record, giver) is None:
                    for purpose in access.READING:
                        after = access.reads_for_good(giver, rt, acl, purpose)
                        assert after is access.reads_for_good(giver, rt, bare["acl"], purpose) or not after, case
                else:
                    refused += 1
                if record["level"] in ("confidential", "top_secret"):
                    mine = access.reads_for_good(giver, rt, bare["acl"])
                    assert (ownership.refusal(giver, rt, record, None) is None) is mine, case
    assert refused > 100
