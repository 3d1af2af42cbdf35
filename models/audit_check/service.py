"""Keeping what the checks found, and telling administrators, auditors and heads of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pymongo import DESCENDING, IndexModel

from config.database import database, transaction
from models import audit, schema
from models.audit_check import rules
from models.channel_choice import sending
from models.person import directory
from models.person.roles import SYSTEM, Person

CHECKS = "audit_check"
KEPT = timedelta(days=400)

schema.declare({CHECKS: [IndexModel([("at", DESCENDING)], name="at", expireAfterSeconds=int(KEPT.total_seconds()))]})


@dataclass(frozen=True)
class Check:
    """A check: when it was planned, how many entries it read, how many findings it told, and the first of them."""

    at: datetime
    checked: int
    count: int
    findings: tuple[str, ...]


def note(checked: int, findings: tuple[str, ...], now: datetime) -> None:
    """Keep the outcome of the check of `now`, once, with an entry in the trail; findings that were not told before are
    told by email to everybody who is to know."""

    def work() -> None:
        row = {"at": now, "checked": checked, "count": len(findings), "findings": list(findings[: rules.SHOWN])}
        stored = database()[CHECKS].update_one({"_id": now.isoformat()}, {"$setOnInsert": row}, upsert=True)
        if stored.upserted_id is not None:
            detail = {"entries": checked, "findings": len(findings)}
            audit.append("trail_checked", SYSTEM, audit.Subject("audit"), now=now, detail=detail)
        if findings:
            _tell(findings, now)

    transaction(work)


def _tell(findings: tuple[str, ...], now: datetime) -> None:
    subject, text = rules.message(len(findings))
    told = directory.emails(directory.holders(rules.TOLD))
    for person, address in sorted(told.items()):
        key = f"audit_check:{rules.digest(findings)}:{person}"
        sending.send(person, key, to=address, subject=subject, text=text, now=now, roles=rules.TOLD)


def latest() -> Check | None:
    """The newest check."""
    row: dict[str, Any] | None = database()[CHECKS].find_one(sort=[("at", DESCENDING)])
    return Check(row["at"], row["checked"], row["count"], tuple(row["findings"])) if row else None


def alarm(person: Person) -> Check | None:
    """The newest check if it has findings and the person is one of those who are told; it stands until a check finds
    nothing."""
    found = latest() if any(person.has(role) for role in rules.TOLD) else None
    return found if found is not None and found.count else None
