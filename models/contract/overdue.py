"""An agreed delivery, payment or end that passed: the sales manager hears of it; the head has it in My work (K5).

A sales manager does not read contracts by that role. They are told the number of one that their salesperson reads, and
of none with a class: what is more than internal goes to the head alone (X3, X6). Whose salesperson's manager is no
sales manager goes to those of the salesperson's department.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from bson import ObjectId

from config.database import database, transaction
from models import store
from models.calendar import WorkingCalendar, local
from models.channel_choice import sending
from models.contract import rules, service
from models.contract.document import SLUG
from models.day_words import day_text
from models.declarations import Level
from models.errors import NotFound, Refusal
from models.office import office_calendar
from models.person import directory
from models.person import service as people
from models.person.roles import SYSTEM, Person, Role
from models.record import SOONEST, collection_name

log = logging.getLogger(__name__)

LOOKED_BACK = timedelta(days=31)
"""Who was away for longer than this is told by the head."""
WATCHED = "in_custody"
"""The state in which the deadline is an agreed day, or the contract's end."""
RENEWS = "到期自动续约 · renews by itself"


def tell(now: datetime, fence: Callable[[], None] = lambda: None) -> int:
    """Tell sales managers of internal contracts that became late, once for each deadline; returns how many messages
    are new. `fence` is called in each message's transaction: what it raises ends it."""
    managers = {person.id: person for person in people.active_people() if person.has(Role.SALES_MANAGER)}
    told = 0
    for row in _late(now) if managers else ():
        for manager in _told(row.get("salesperson"), managers):
            told += transaction(partial(_send, fence, manager, row, now))
    return told


def let_renew(now: datetime, fence: Callable[[], None] = lambda: None) -> int:
    """Let contracts that renew by themselves, and that nobody ended in time, be due at their end; returns how many
    there were. To be done behind `tell`. `fence` is called in each one's transaction: what it raises ends it."""
    condition = {"state": WATCHED, "renews": True, "due_at": {"$lt": now}, "archived_at": {"$exists": False}}
    renewed = 0
    for row in list(database()[collection_name(SLUG)].find(condition, {"number": 1}).sort("_id", 1)):
        try:
            renewed += transaction(partial(_let_renew, fence, row["_id"], now))
        except Refusal as refusal:
            log.warning("contract %s stays due at its last day of notice: %s", row["number"], refusal.code)
    return renewed


def _let_renew(fence: Callable[[], None], record_id: ObjectId, now: datetime) -> bool:
    fence()
    record = store.fetch(SLUG, record_id)
    found = service.deadline(record, office_calendar(), local(now).date())
    if record["state"] != WATCHED or found is None or record["due"] is None or found.at <= record["due"]:
        return False
    store.change(SLUG, record_id, {"due": found.at}, actor=SYSTEM, now=now, note=RENEWS)
    return True


def _late(now: datetime) -> Iterator[Mapping[str, Any]]:
    condition = {
        "state": WATCHED,
        "due_at": {"$gte": now - LOOKED_BACK, "$lt": now},
        "level": Level.INTERNAL.value,
        "archived_at": {"$exists": False},
    }
    shown = {"number": 1, "due_at": 1, "salesperson": 1, "ends_on": 1, "renews": 1, "notice_days": 1}
    return iter(database()[collection_name(SLUG)].find(condition, shown).sort(SOONEST))


def _told(salesperson: ObjectId | None, managers: Mapping[ObjectId | None, Person]) -> list[Person]:
    """Everybody where no salesperson is known; one who has left still has a manager, or a department."""
    if salesperson is None:
        return list(managers.values())
    try:
        seller = people.person_of(people.get(salesperson))
    except NotFound:
        return []
    if seller.manager in managers:
        return [managers[seller.manager]]
    return [one for one in managers.values() if seller.department and one.department == seller.department]


def _send(fence: Callable[[], None], manager: Person, row: Mapping[str, Any], now: datetime) -> bool:
    fence()
    if manager.id is None:
        return False
    subject, text = _words(row)
    key = f"contract_late:{manager.id}:{row['_id']}:{row['due_at']:%Y%m%dT%H%M}"
    address = directory.emails([manager.id]).get(manager.id, "")
    return sending.send(manager.id, key, to=address, subject=subject, text=text, now=now, record=(SLUG, row))


def _words(row: Mapping[str, Any]) -> tuple[str, str]:
    number, (zh, en) = row["number"], _happened(row, office_calendar())
    subject = f"合同 {number} 已逾期 · Contract {number} is overdue"
    return subject, f"{zh}请向业务员了解情况并督促。\n\n{en} Please ask the salesperson.\n"


def _happened(row: Mapping[str, Any], calendar: WorkingCalendar) -> tuple[str, str]:
    number, due = row["number"], local(row["due_at"]).date()
    day, ends = day_text(due), row["ends_on"].date() if row.get("renews") and row.get("ends_on") else None
    if ends is not None and due == rules.renewal_decision_by(ends, row.get("notice_days") or 0, calendar):
        return (
            f"合同 {number} 到期自动续约，提出不续约的最后期限 {day.zh}已过，将于 {day_text(ends).zh}到期后续约。",
            f"Contract {number} renews by itself after {day_text(ends).en}. The last day to end it was {day.en}.",
        )
    if ends is not None and due == calendar.end_of(ends).day:
        return (
            f"合同 {number} 已于 {day_text(ends).zh}到期并自动续约，尚未登记新的到期日。",
            f"Contract {number} ran until {day_text(ends).en} and renews by itself; its new end is not recorded.",
        )
    return (
        f"合同 {number} 约定的交付、付款或到期日 {day.zh}已过，尚未登记完成。",
        f"An agreed delivery or payment of contract {number}, or its end, was due on {day.en} and is not recorded.",
    )
