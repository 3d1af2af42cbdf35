"""An owner who left makes no owner's moves, though another relation lets them read the record (X3)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pymongo.database import Database

from models import catalogue, records, registry, schema, store
from models.person.roles import Role
from tests.factories.customers import customer
from tests.factories.people import person


def test_an_owner_who_left_has_the_moves_of_any_salesperson(db: Database[dict[str, Any]], now: datetime) -> None:
    catalogue.load()
    schema.migrate()
    owner = person(Role.SPECIALIST, Role.SALES, name="Owner")
    file = customer(owner, now, name="甲有限公司")
    store.change("customer", file["_id"], {"salesperson": owner.id}, actor=person(Role.HEAD), now=now)
    rt = registry.get("customer").rt

    def offered() -> set[str]:
        return {move.name for move in records.moves(owner, rt, store.fetch("customer", file["_id"]))}

    assert "activate" in offered()
    own = {field.name for field in records.form_fields(owner, rt, store.fetch("customer", file["_id"]))}
    assert "level" in own
    db["record_customer"].update_one({"_id": file["_id"]}, {"$set": {"owner_left": "service"}})
    assert "activate" not in offered()
    left = {field.name for field in records.form_fields(owner, rt, store.fetch("customer", file["_id"]))}
    assert "level" not in left
