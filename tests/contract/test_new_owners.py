"""To whom a classified record may be given (X3): asked of every classified type, level, state, giver and receiver.

No type is named. Records are those facts that rights are made of; nothing is stored.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from bson import ObjectId
from flask import Flask

from models import access, ownership, registry
from models.declarations import Level, RecordType
from models.person.roles import Person, Role

pytestmark = pytest.mark.usefixtures("app")

FORMER = ObjectId()


def people() -> list[Person]:
    return [
        Person(ObjectId(), role.value, frozenset({role}), department)
        for role in Role
        for department in ("service", "sales")
    ]


def cases(rt: RecordType) -> Iterator[dict[str, Any]]:
    """Records of somebody's, of each level and state, as far as rights are concerned."""
    states = [state.value for state in rt.workflow.states] if rt.workflow else [None]
    for level in Level:
        for state in states:
            record = dict.fromkeys(field.name for field in rt.fields)
            record |= {"_id": ObjectId(), "level": level.value, "state": state, "archived_at": None, "rev": 1}
            record |= {"department": rt.kept_by or "service", "owner": FORMER, "created_by": FORMER}
            yield record | {"acl": access.tokens_of(rt, record)}


def test_another_owner_reads_it_for_good_or_gets_it_from_the_head_of_their_own_department(app: Flask) -> None:
    given = refused = 0
    for rt in (one for one in registry.all_types() if one.classified):
        for record in cases(rt):
            for giver in people():
                if not ownership.may_hand_on(giver, rt, record):
                    continue
                for to in people():
                    heads = Role.HEAD in giver.roles and giver.department == record["department"]
                    known = access.reads_for_good(to, rt, record["acl"])
                    colleague = heads and to.department == record["department"] and to.placed
                    may = ownership.refusal(giver, rt, record, to) is None
                    assert may is (known or colleague), (rt.slug, giver, record["level"], record["state"], to)
                    assert may or not ownership.goes_along(giver, rt, record, to)
                    given, refused = given + may, refused + (not may)
    assert given > 100
    assert refused > 100
