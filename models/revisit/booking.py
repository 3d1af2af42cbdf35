"""Booking revisits that follow from something else (V1, T7)."""

from __future__ import annotations

from bson import ObjectId

from models import ownership, registry, store
from models.calendar import local
from models.copied import taken
from models.person import directory
from models.person.roles import SYSTEM, Role
from models.registry import Draft

SLUG = "revisit"


def after_complaint(draft: Draft) -> None:
    """Book the revisit that follows a closed complaint, for whoever handled it; once per closing."""
    values = draft.values
    store.create(
        SLUG,
        {
            "customer": values["customer"],
            "complaint": values["_id"],
            "occasion": "complaint",
            "complaint_closed": draft.now,
            **taken(registry.get(SLUG).rt, "complaint", values),
            "owner": ownership.in_effect(draft.stored) or _instead(draft),
            "department": values["department"],
            "level": values["level"],
        },
        actor=SYSTEM,
        now=draft.now,
    )


def _instead(draft: Draft) -> ObjectId | None:
    """Who revisits where whoever handled the complaint left: who closes it in its department, or the head of that."""
    closes, department = draft.behalf or draft.actor, draft.values["department"]
    if closes.department == department:
        return closes.id
    return next(iter(directory.holders((Role.HEAD,), department)), None)


def visited(customer: ObjectId, draft: Draft) -> None:
    """Note on the customer's file that it was revisited, which moves its next regular revisit."""
    today = local(draft.now).date()
    store.change("customer", customer, {"last_revisited": today}, actor=draft.actor, now=draft.now, action="revisited")
