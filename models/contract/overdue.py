"""An agreed delivery, payment or end that passed: the sales manager hears of it; the head has it in My work (K5).

A sales manager does not read contracts by that role. They are told the number of one that their salesperson reads, and
of none with a class: what is more than internal goes to the head alone (X3, X6).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from bson import ObjectId

from config.database import database, transaction
from models.calendar import local
from models.channel_choice import sending
from models.contract.document import SLUG
from models.day_words import day_text
from models.declarations import Level
from models.person import directory
from models.person import service as people
from models.person.roles import Person, Role
from models.record import collection_name

LOOKED_BACK = timedelta(days=31)
"""Who was away for longer than this is told by the head."""
WATCHED = "in_custody"
"""The state in which the deadline is an agreed day, or the contract's end."""


def tell(now: datetime, fence: Callable[[], None] = lambda: None) -> int:
    """Tell sales managers of internal contracts that became late, once for each deadline; returns how many messages
    are new. `fence` is called in each message's transaction: what it raises ends it."""
    managers = {person.id: person for person in people.active_people() if person.has(Role.SALES_MANAGER)}
    above = _managers_of({row.get("salesperson") for row in _late(now)}) if managers else {}
    told = 0
    for row in _late(now) if managers else ():
        own = managers.get(above.get(row.get("salesperson")))
        for manager in (own,) if own else managers.values():
            told += transaction(partial(_send, fence, manager, row, now))
    return told


def _late(now: datetime) -> Iterator[Mapping[str, Any]]:
    condition = {
        "state": WATCHED,
        "due_at": {"$gte": now - LOOKED_BACK, "$lt": now},
        "level": Level.INTERNAL.value,
        "archived_at": {"$exists": False},
    }
    shown = {"number": 1, "due_at": 1, "salesperson": 1}
    return iter(database()[collection_name(SLUG)].find(condition, shown).sort([("due_at", 1), ("_id", 1)]))


def _managers_of(salespeople: set[ObjectId | None]) -> dict[ObjectId | None, ObjectId | None]:
    known = [person for person in people.active_people() if person.id in salespeople]
    return {person.id: person.manager for person in known}


def _send(fence: Callable[[], None], manager: Person, row: Mapping[str, Any], now: datetime) -> bool:
    fence()
    if manager.id is None:
        return False
    subject, text = _words(row)
    key = f"contract_late:{manager.id}:{row['_id']}:{row['due_at']:%Y%m%dT%H%M}"
    address = directory.emails([manager.id]).get(manager.id, "")
    return sending.send(manager.id, key, to=address, subject=subject, text=text, now=now)


def _words(row: Mapping[str, Any]) -> tuple[str, str]:
    number, day = row["number"], day_text(local(row["due_at"]).date())
    zh = f"合同 {number} 约定的交付、付款或到期日 {day.zh} 已过，尚未登记完成。请向业务员了解情况并督促。"
    en = f"An agreed delivery or payment of contract {number}, or its end, was due on {day.en} and is not recorded."
    subject = f"合同 {number} 已逾期 · Contract {number} is overdue"
    return subject, f"{zh}\n\n{en} Please ask the salesperson.\n"
