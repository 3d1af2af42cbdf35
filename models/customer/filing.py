"""What follows from a write of a customer file: completeness, deadlines, and what of them is met (F3, F6, V1)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from config.policy import policy
from models.calendar import Deadline, WorkingCalendar, local
from models.customer import rules
from models.customer.document import CUSTOMER, FIRST_FILL
from models.deadline import settling
from models.office import office_calendar
from models.registry import Draft
from models.revisit.rules import next_revisit_due

REVISIT_SOURCES = frozenset({"delivered", "last_revisited", "key_customer", "state"})
FUTURE = ("日期不能晚于今天。", "This day cannot lie in the future.")
WANTED = tuple(f.name for f in CUSTOMER.fields if f.wanted or f.name in FIRST_FILL)
FIRST_FILLED = frozenset(FIRST_FILL)


def check(draft: Draft) -> None:
    """Refuse days that cannot be: founded, born or signed in the future."""
    today, received = local(draft.now).date(), draft.values["information_received_at"]
    for name in ("founded", "dealings_since", "contact_birthday", "contract_signed", "talked_on"):
        if draft.values[name] is not None and draft.values[name] > today:
            draft.problem(name, *FUTURE)
    if received is not None and received > draft.now:
        draft.problem("information_received_at", "时间不能晚于现在。", "This cannot lie in the future.")
    for index, row in enumerate(draft.values["key_people"] or ()):
        if row.get("birthday") is not None and row["birthday"] > today:
            draft.problem(f"key_people.{index}.birthday", "日期不能晚于今天。", "This day cannot lie in the future.")


def follow(draft: Draft) -> None:
    """Derive completeness, the deadlines of F3 and F6, what of them is met and how late, state and next deadline."""
    values, today = draft.values, local(draft.now).date()
    done = rules.completeness(values, WANTED)
    values["completeness"] = Decimal(done.percent)
    settling.settle(draft)  # what is late, and what is due next, follow from it
    if values["contract_signed"] and values["state"] == "prospect" and "state" not in draft.given:
        values["state"] = "active"
    if values["first_filled"] is None and FIRST_FILLED.isdisjoint(done.missing):
        values["first_filled"] = today
    due, filled = values["first_fill_due"], values["first_filled"]
    values["first_fill_late"] = (
        office_calendar().working_days_between(due, filled) if due is not None and filled is not None else None
    )
    if values["completed_on"] is None and values["assigned_at"] is not None and rules.is_completed(values, done):
        values["completed_on"] = today
    _follow_filing(draft)
    values["next_due"] = _next_due(values)
    if draft.before is None or draft.touches(REVISIT_SOURCES):
        found = next_revisit(values, office_calendar())
        values["next_revisit_due"] = found.day if found else None


def _follow_filing(draft: Draft) -> None:
    """Information that was received is filed by the write that brings something of what a file has to hold (F3)."""
    values, before = draft.values, draft.before
    received, brings = values["information_received_at"], draft.touches(WANTED)
    fresh = before is None or received != before["information_received_at"]
    if received is None or (fresh and not brings):
        values["information_filed_at"] = None
    elif brings and (fresh or values["information_filed_at"] is None):
        values["information_filed_at"] = draft.now
    due, filed = values["filing_due"], values["information_filed_at"]
    values["filing_late"] = (
        office_calendar().working_days_between(local(due).date(), local(filed).date())
        if due is not None and filed is not None
        else None
    )


def next_revisit(values: Mapping[str, Any], calendar: WorkingCalendar) -> Deadline | None:
    """When the customer is to be revisited next (V1): only after a delivery, and only while in use."""
    if values["delivered"] is None or values["state"] != "active":
        return None
    terms = policy().revisit
    return next_revisit_due(
        values["delivered"],
        values["last_revisited"],
        calendar,
        key_customer=bool(values["key_customer"]),
        first_year_months=terms.first_year_months,
        later_months=terms.later_months,
        key_months=terms.key_customer_months,
    )


def _next_due(values: Mapping[str, Any]) -> Any:
    """The nearest open deadline of a file in use. An active customer's next credit report has a record of its own."""
    if values["state"] == "dormant":
        return None
    open_days = [values["next_report_due"]] if values["state"] != "active" else []
    if values["first_filled"] is None:
        open_days.append(values["first_fill_due"])
    if not values["key_people"]:
        open_days.append(values["personal_due"])
    if values["completed_on"] is None:
        open_days.append(values["completion_due"])
    if values["information_filed_at"] is None and values["filing_due"] is not None:
        open_days.append(local(values["filing_due"]).date())
    return min((day for day in open_days if day is not None), default=None)
