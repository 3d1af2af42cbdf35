"""Revisits at work: allowed hours, tries, satisfaction, and what the customer's file learns of them (V1-V3)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from config.policy import policy
from models.calendar import SHANGHAI, local
from models.copied import taken
from models.customer.children import VIA, customer_of, follow_customer
from models.customer.document import CUSTOMER
from models.errors import Refusal, Sentence
from models.kinds import stored
from models.office import office_calendar
from models.opening import FOLDED_TITLE, Opening, concat, days_before, open_set, without
from models.registry import Draft, Hooks
from models.revisit import booking, rules
from models.revisit.document import REVISIT

AHEAD_DAYS = 7
"""Regular revisits are opened a week before they are due, so that they can be planned."""


def plan(draft: Draft) -> None:
    """Follow the customer's file, take its contact, and refuse times in rest hours (V2)."""
    values = draft.values
    if values["customer"] is not None:
        follow_customer(draft)
        if draft.before is None:
            _take_contact(draft)
    if values["planned_at"] is not None and draft.touches(("planned_at",)):
        try:
            rules.check_planned_time(
                values["channel"] or "",
                values["planned_at"],
                office_calendar(),
                values["contact_hours"] or "",
                policy().revisit.calling_hours,
            )
        except Refusal as refused:
            draft.problems["planned_at"] = Sentence(refused.text("zh"), refused.text("en"))


def _take_contact(draft: Draft) -> None:
    for name, value in taken(draft.rt, VIA, customer_of(draft)).items():
        draft.values[name] = draft.values[name] or value


def record(draft: Draft) -> None:
    """Keep who revisited when, the tries, and the average of the points answered (V3)."""
    values = draft.values
    if draft.action == "record":
        scores = {point: values[point] for point in rules.POINTS}
        try:
            rules.check_reached(scores, values["answers"] or "")
        except Refusal as refused:
            draft.problems["answers"] = Sentence(refused.text("zh"), refused.text("en"))
            return
        values["average"] = rules.satisfaction(scores).average
        values["revisited_at"], values["revisited_by"] = draft.now, draft.actor.id
        values["next_try_at"] = None
    elif draft.action == "not_reached":
        _note_try(draft, values)


def _note_try(draft: Draft, values: dict[str, Any]) -> None:
    values["tries"] = [*(values["tries"] or ()), {"at": draft.now, "note": values["try_note"]}]
    values["try_note"] = None
    standing = rules.tries(
        [row["at"] for row in values["tries"]],
        reached=False,
        calendar=office_calendar(),
        attempts=policy().revisit.attempts,
        convenient_hours=values["contact_hours"] or "",
        hours=policy().revisit.calling_hours,
    )
    values["next_try_at"] = standing.next_at
    if standing.standing == "given_up":
        values["state"] = "given_up"
    elif standing.next_at is not None:
        values["due_on"] = max(values["due_on"], standing.next_at.astimezone(SHANGHAI).date())


def tell_customer_file(draft: Draft) -> None:
    """A revisit that is over, reached or not, moves the next regular one."""
    over = draft.values["state"] in ("reached", "given_up") and draft.action in ("record", "not_reached")
    if over and draft.values["customer"] is not None:
        booking.visited(draft.values["customer"], draft)


def open_regular(now: datetime) -> int:
    """Open the regular revisits that fall due within a week, one at a time per customer; returns how many (V1).

    Set work in the database; running it again adds nothing.
    """
    return open_set(regular_opening(now), now)


def regular_opening(now: datetime) -> Opening:
    """What is to be opened on a day: a revisit for each customer that is soon due one and has none planned."""
    today = local(now).date()
    horizon = stored(CUSTOMER.by_name["next_revisit_due"], today + timedelta(days=AHEAD_DAYS))
    planned = {"occasion": "regular", "state": "planned", "archived_at": {"$exists": False}}
    day = {"$dateToString": {"date": "$next_revisit_due", "format": "%Y%m%d"}}
    return Opening(
        key=today.isoformat(),
        earlier=days_before(today),
        source=CUSTOMER,
        target=REVISIT,
        match={"state": "active", "archived_at": {"$exists": False}, "next_revisit_due": {"$lte": horizon}},
        stages=without(REVISIT, "customer", planned),
        number=concat("HF-", day, "-", "$number"),
        values={
            "customer": "$_id",
            "customer_name": "$name",
            "occasion": "regular",
            "channel": "phone",
            "contact": "$contact_name",
            "contact_phone": "$contact_phone",
            "contact_hours": "$contact_hours",
        },
        folded={"customer_name": FOLDED_TITLE},
        due="$next_revisit_due",
    )


HOOKS = Hooks(prepare=(plan, record), after=(tell_customer_file,))
