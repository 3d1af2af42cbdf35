"""Customer information reports at work: one for each salesperson and month, closed when its changes are filed (F4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from bson import ObjectId

from config.database import database
from models import access, store
from models.access import Purpose
from models.calendar import local
from models.change_report import rules
from models.change_report.document import SLUG
from models.customer_change.document import CUSTOMER_CHANGE
from models.one_time import AlreadySent
from models.person import directory
from models.person.roles import SYSTEM, Role
from models.record import collection_name
from models.registry import Draft, Hooks, MoveSheet, Needs

DONE = ("filed", "void")


def open_month(now: datetime, go_on: Callable[[], bool] = lambda: True) -> int:
    """Open the month's report for every active salesperson who has none; how many this call opened.

    Each is a write of its own: whoever runs it, and however often, each is there once. It looks for what is there, and
    a one-time token holds off who runs it at the same moment. It ends early when `go_on` says no.
    """
    month = rules.month_to_open(local(now).date())
    if month is None:
        return 0
    opened = 0
    for person in missing(month):
        opened += _open(person, month, now)
        if not go_on():
            break
    return opened


def missing(month: rules.Month, department: str = "") -> list[ObjectId]:
    """The salespeople, of a department or all, who have no report of a month."""
    people = directory.holders([Role.SALES], department)
    condition = {"month": month.name, "salesperson": {"$in": people}}
    there = {row["salesperson"] for row in database()[collection_name(SLUG)].find(condition, {"salesperson": 1})}
    return [person for person in people if person not in there]


def _open(person: ObjectId, month: rules.Month, now: datetime) -> bool:
    name = directory.names([person]).get(person, "")
    values = {
        "subject": rules.subject_of(month.name, name),
        "salesperson": person,
        "owner": person,
        "month": month.name,
        "due_on": month.due,
    }
    try:
        store.create(SLUG, values, actor=SYSTEM, now=now, once=f"{SLUG}:{month.name}:{person}")
    except AlreadySent:  # another run opened it a moment ago
        return False
    return True


def hand_in(draft: Draft) -> None:
    """A report that is handed in says what changed; one without changes needs nobody to file it."""
    values = draft.values
    if draft.action != "hand_in":
        return
    changes = _changes(draft)
    others = values["others"] or ""
    rules.check_handed_in(nothing_changed=bool(values["nothing_changed"]), changes=changes, others=others)
    values["received_at"] = draft.now
    if values["nothing_changed"]:
        values["state"], values["closed_at"] = "closed", draft.now


def close(draft: Draft) -> None:
    """A report is closed when every change that it reports is in its file."""
    values = draft.values
    if draft.action != "close":
        return
    rules.check_closed(
        unfiled=_changes(draft, {"state": {"$nin": DONE}}),
        others=values["others"] or "",
        others_filed=values["others_filed"] or "",
    )
    values["closed_at"] = draft.now


def _changes(draft: Draft, condition: Mapping[str, Any] | None = None) -> int:
    """How many changes the report has, of those that whoever moves it knows of (X6)."""
    reach = access.reach(draft.actor, CUSTOMER_CHANGE, Purpose.VIEW)
    wanted = {"$and": [{"report": draft.values["_id"]}, condition or {}, reach.query(cards=True)]}
    return database()[collection_name(CUSTOMER_CHANGE.slug)].count_documents(wanted)


def needs(sheet: MoveSheet) -> Needs:
    """A word on what was written of other customers, when a report that has it is closed."""
    return dict.fromkeys(("others_filed",) if sheet.action == "close" and sheet.values["others"] else ())


HOOKS = Hooks(prepare=(hand_in, close), needs=needs)
