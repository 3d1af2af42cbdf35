"""Whoever asked for something is told what became of it, once: in the product and as they chose."""

from __future__ import annotations

from bson import ObjectId

from config.database import database
from models import access
from models.registry import Draft
from models.reminder.document import REMINDERS
from models.reminder.rules import Matter, Step, key_of


def tell_asker(draft: Draft) -> None:
    """Remind whoever handed a request in that it waits for nobody any more: it was granted, refused, taken back from
    them or left undecided, by anybody but themselves. In the transaction of the write."""
    tell(draft, draft.values["created_by"])


def tell(draft: Draft, *people: ObjectId | None) -> None:
    """The same to some people, those who are None left out. What they were told before stands no longer."""
    before, values = draft.before or {}, draft.values
    state, to = access.state_of(draft.rt, values), {one for one in people if one is not None}
    if state is None or before.get("state") in (None, state.value):
        return
    earlier = {"record": values["_id"], "matter": Matter.OUTCOME.value}
    former = {"person": {"$in": sorted(to)}, "closed_at": None, **earlier}
    database()[REMINDERS].update_many(former, {"$set": {"closed_at": draft.now}})
    for person in () if state.turn else to - {draft.actor.id}:
        key = key_of(person, Matter.OUTCOME, values["_id"], Step.OUTCOME, draft.now, f"|{state.value}")
        told = {"person": person, "type": draft.rt.slug, **earlier, "step": Step.OUTCOME.value, "due": draft.now}
        first = {**told, "created": draft.now, "seen": draft.now}
        database()[REMINDERS].update_one({"_id": key}, {"$setOnInsert": first}, upsert=True)
