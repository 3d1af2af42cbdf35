"""People, records that fall due one after the other, and matters, as a trial finds them."""

from __future__ import annotations

from datetime import datetime, timedelta

from bson import ObjectId

from config.database import database
from models import registry, store, stored_form
from models.channel_choice import service as choices
from models.channel_choice.rules import Choice
from models.person.roles import Person, Role
from models.record import collection_name
from models.review.document import SLUG
from tests.factories.people import person
from tests.failover.plan import Plan
from tests.failover.worker import EFFECTS, MATTERS, ROUNDS

FIRST_MINUTES = 3
"""Nothing falls due before this, so that the first worker stands."""


def fill(plan: Plan, opens: datetime, channels: int) -> None:
    """Store everything. Each record is one person's work; each person has email and one channel."""
    staff = [person(Role.SPECIALIST, name=f"Specialist {number}") for number in range(plan.people)]
    for number, one in enumerate(staff):
        choices.store(one, Choice(channels=(f"robot{number % channels}",)), opens)
    sons = [_review(plan, number, staff[number % plan.people], opens) for number in range(plan.reminders)]
    db = database()
    db[collection_name(SLUG)].insert_many(sons)
    for name in (EFFECTS, ROUNDS):
        db.create_collection(name)
    db[MATTERS].create_index([("done", 1), ("due", 1)])
    db[MATTERS].insert_many([{"_id": number, "due": son["due_at"], "done": False} for number, son in enumerate(sons)])


def number_of(number: int) -> str:
    """The number of a record at a place in the series."""
    return f"HD-2026-{number:06d}"


def _review(plan: Plan, number: int, owner: Person, opens: datetime) -> dict[str, object]:
    values = {"customer": ObjectId(), "customer_name": f"Company {number}", "quarter": "2026Q4", "owner": owner.id}
    draft = store.new_draft(registry.get(SLUG), values, actor=owner, now=opens)
    son = stored_form.new_son(draft, ObjectId(), number_of(number), None)
    after = FIRST_MINUTES * 60 + number * plan.spread_minutes * 60 // plan.reminders
    return {**son, "due_at": opens + timedelta(seconds=after)}
