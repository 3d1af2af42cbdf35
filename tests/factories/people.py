"""People for tests: stored in the directory, returned as the values that rules take."""

from __future__ import annotations

from bson import ObjectId

from config.database import database
from models.person.roles import Person, Role


def person(*roles: Role, name: str = "", department: str = "service", manager: ObjectId | None = None) -> Person:
    """An active person of the directory with these roles."""
    made = Person(
        id=ObjectId(),
        name=name or "+".join(role.value for role in roles) or "nobody",
        roles=frozenset(roles),
        department=department,
        manager=manager,
        language="en",
    )
    database()["user"].insert_one(
        {
            "_id": made.id,
            "name": made.name,
            "email": f"{made.id}@example.test",
            "active": True,
            "roles": [role.value for role in roles],
            "department": department,
            "manager": manager,
            "language": "en",
            "fs_uniquifier": str(made.id),
        }
    )
    return made
