"""What opens to a person by name, and not because of a privileged role: whether anything of it is classified."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from config.database import database
from models import access, registry
from models.access import Purpose
from models.access_request.grants import grants_in_force
from models.declarations import Level, RecordType, Relation
from models.person.roles import PRIVILEGED, Person, Role
from models.record import collection_name

BY_NAME = {Relation.OWNER.value, Relation.ASSIGNED.value, Relation.GRANT.value}
"""The relations that open what is above internal to a person, whatever their roles."""
NOWHERE = "-"
"""Stands for the department of who has none at the moment."""


def reads_classified(person: Person, now: datetime) -> bool:
    """Whether there is a record above internal that the person owns, that waits for them by name, or that a grant opens
    to them.

    Asked as if they had the ordinary roles and a department: an owner whom an administrator sends away for a moment has
    everything again afterwards. Archived records count, too.
    """
    ordinary = frozenset(Role) - PRIVILEGED
    granted = grants_in_force(person, now)
    known = replace(person, roles=ordinary, department=person.department or NOWHERE, grants=granted)
    for rt in (one for one in registry.kept_types() if one.classified):
        own = {"owner": person.id, "level": {"$nin": [None, Level.INTERNAL.value]}}
        acl = {"acl": {"$in": sorted(_tokens(known, rt))}}
        if database()[collection_name(rt.slug)].find_one({"$or": [own, acl]}, {"_id": 1}) is not None:
            return True
    return False


def _tokens(person: Person, rt: RecordType) -> Iterator[str]:
    """The tokens of what is above internal and open to a person by name, archived or not."""
    for one in access.reach(person, rt, Purpose.VIEW).full:
        level, relation, _ = one.split("|", 2)
        if level != Level.INTERNAL.value and relation in BY_NAME:
            yield from (one, access.ARCHIVED + one)
