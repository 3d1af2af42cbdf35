"""Customer files for tests."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from models import store
from models.person.roles import Person

FIRST_FILL: dict[str, Any] = {
    "name": "远山机械有限公司",
    "address": "临江市滨河路 8 号",
    "phone": "021-55501234",
    "person_in_charge": "赵一",
    "contact_name": "钱二",
    "contact_position": "采购主管",
    "contact_phone": "13900000001",
    "contact_email": "qian@example.test",
    "contact_sex": "female",
    "contact_birthday": "1990-05-01",
    "contact_hours": "工作日 9:00-11:30",
}
"""All that the first fill asks for, as a form sends it."""


def customer(actor: Person, now: datetime, **values: Any) -> dict[str, Any]:
    """A stored customer file owned by `actor` unless `owner` is given."""
    return store.create("customer", {"name": "远山机械有限公司", "owner": actor.id, **values}, actor=actor, now=now)
