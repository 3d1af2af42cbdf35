"""The people of the measured department: invented, with fixed ids, so that every run makes the same records."""

from __future__ import annotations

from datetime import datetime

from bson import ObjectId
from pymongo import UpdateOne

from config.database import database
from models.person.roles import Person, Role

OTHERS = ("sales", "management")
"""Departments that keep a few of the records too."""


def _person(serial: int, name: str, *roles: Role, department: str = "service", language: str = "zh") -> Person:
    return Person(
        id=ObjectId(f"{serial:024x}"),
        name=name,
        roles=frozenset(roles),
        department=department,
        language=language,
        email=f"person{serial}@bench.example",
    )


HEAD = _person(1, "程若兰", Role.HEAD)
CUSTODIAN = _person(2, "邹明哲", Role.CUSTODIAN)
MANAGER = _person(3, "章立群", Role.GENERAL_MANAGER, department="management")
SPECIALISTS = tuple(_person(10 + n, f"专员{n + 1}", Role.SPECIALIST) for n in range(12))
SALES = tuple(_person(30 + n, f"业务员{n + 1}", Role.SALES, department="sales") for n in range(6))
EVERYBODY = (HEAD, CUSTODIAN, MANAGER, *SPECIALISTS, *SALES)


def move_in(now: datetime) -> None:
    """Store the people."""
    database()["user"].bulk_write(
        [UpdateOne({"_id": p.id}, {"$set": _account(p, now)}, upsert=True) for p in EVERYBODY]
    )


def _account(person: Person, now: datetime) -> dict[str, object]:
    return {
        "name": person.name,
        "email": person.email,
        "active": True,
        "roles": sorted(role.value for role in person.roles),
        "department": person.department,
        "manager": HEAD.id if person in SPECIALISTS else None,
        "language": person.language,
        "must_change": False,
        "fs_uniquifier": f"bench-{person.id}",
        "mf_recovery_codes": [],
        "created_at": now,
        "updated_at": now,
    }
