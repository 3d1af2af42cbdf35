"""A sealed value that cannot be opened holds up no page that shows many records."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from bson import ObjectId
from pymongo.database import Database

from models.hand_over.service import HANDED
from models.person.roles import Role
from tests.factories.customers import customer
from tests.factories.damage import damage
from tests.factories.desks import Desk

Base = Database[dict[str, Any]]
Sit = Callable[..., Desk]


def test_what_was_handed_over_stays_on_the_page(sit: Sit, db: Base, now: datetime) -> None:
    head, other = sit(Role.HEAD), sit(Role.SPECIALIST, name="Wang Wu")
    made = customer(other.person, now, name="Lamp works", analysis="Slow")
    row = {"by": head.person.id, "to": other.person.id, "type": "customer", "record": made["_id"], "at": now}
    db[HANDED].insert_one({**row, "_id": ObjectId()})
    damage("record_customer", made["_id"], "analysis")
    page = head.text("/?show=handed")
    assert "Lamp works" in page
    assert "handed over to Wang Wu on" in page


def test_a_search_finds_it_and_its_neighbours(sit: Sit, now: datetime) -> None:
    desk = sit(Role.SPECIALIST)
    made = [customer(desk.person, now, name=f"Lamp works {n}", contact_phone="13900000001") for n in range(2)]
    damage("record_customer", made[0]["_id"], "contact_phone")
    page = desk.text("/records/find?q=lamp")
    assert page.count("</mark> works") == 2
