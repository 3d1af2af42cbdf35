"""A person's calendar by private address: made, shown once, kept as a hash, renewed, revoked, read (J).

Whoever has the address reads when the person's work is due, and nothing else of it. It ends at once when it is renewed
or revoked, and when its person is disabled or gets a new password, as access tokens do.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bson import ObjectId
from pymongo import ASCENDING, IndexModel

from config.database import database, transaction
from models import audit, schema, work
from models.access_request import grants
from models.calendar_feed import ical, rules
from models.errors import NotFound
from models.person import deputies
from models.person import service as people
from models.person.document import USERS
from models.person.known import as_before
from models.person.roles import Person

FEEDS = "calendar_feed"

schema.declare({FEEDS: [IndexModel([("hash", ASCENDING)], unique=True, name="hash")]})


@dataclass(frozen=True)
class Feed:
    """A calendar address as its person may know it; the secret is kept nowhere. `ended` when it opens nothing any more:
    the password was changed since."""

    created: datetime
    last_used: datetime | None
    ended: bool


@dataclass(frozen=True)
class Subscriber:
    """Whose calendar an address in force is: their stored account, and their grants in force by use (X5); `feed` names
    the address for counting."""

    feed: ObjectId
    account: dict[str, Any]
    grants: dict[str, frozenset[str]]

    def person(self, now: datetime) -> Person:
        """The person with what they may read at this moment."""
        known = replace(people.person_of(self.account), grants=self.grants)
        return as_before(deputies.with_stand_ins(known, self.account, now))


def make(actor: Person, user: Mapping[str, Any], now: datetime) -> str:
    """Give an account a new address and return its secret; the former one opens nothing from then on."""
    secret = f"cal_{secrets.token_urlsafe(32)}"
    row = {
        "feed": ObjectId(),
        "hash": _hash(secret),
        "uniquifier": user["fs_uniquifier"],
        "created": now,
        "last_used": None,
    }

    def work_() -> None:
        database()[FEEDS].replace_one({"_id": user["_id"]}, row, upsert=True)
        audit.append("calendar_feed_made", actor, people.subject_of(user), now=now)

    transaction(work_)
    return secret


def revoke(actor: Person, user: Mapping[str, Any], now: datetime) -> None:
    """End an account's address at once. :raises NotFound: when it has none."""

    def work_() -> None:
        if not database()[FEEDS].delete_one({"_id": user["_id"]}).deleted_count:
            raise NotFound()
        audit.append("calendar_feed_revoked", actor, people.subject_of(user), now=now)

    transaction(work_)


def of_person(user: Mapping[str, Any]) -> Feed | None:
    """What an account knows of its address; None when it has none."""
    row = database()[FEEDS].find_one({"_id": user["_id"]})
    return Feed(row["created"], row["last_used"], row["uniquifier"] != user["fs_uniquifier"]) if row else None


def find(secret: str, now: datetime) -> Subscriber | None:
    """Whose calendar the secret of an address in force opens; None for any other, however it came to be none. Notes the
    use."""
    if rules.FORM.fullmatch(secret) is None:
        return None
    row = database()[FEEDS].find_one({"hash": _hash(secret)})
    if row is None:
        return None
    account = [{"$match": {"_id": row["_id"], "active": True}}, {"$project": {"_id": 0, "account": "$$ROOT"}}]
    told = list(database()[USERS].aggregate([*account, grants.beside(row["_id"], now)]))
    user = next((one["account"] for one in told if "account" in one), None)
    if user is None or user["fs_uniquifier"] != row["uniquifier"]:
        return None
    if row["last_used"] is None or now - row["last_used"] >= rules.USE_NOTED_EVERY:
        database()[FEEDS].update_one({"_id": row["_id"], "hash": row["hash"]}, {"$max": {"last_used": now}})
    held = grants.by_use((one["grant"] for one in told if "grant" in one), people.person_of(user))
    return Subscriber(row["feed"], user, held)


def calendar(person: Person, now: datetime, base_url: str) -> bytes:
    """What of the person's work has a deadline, as an iCalendar file. The same work gives the same bytes (X6: kinds and
    numbers, no titles)."""
    due = work.with_deadline(person, now + rules.AHEAD, rules.MOST_OF_A_TYPE)
    return ical.written(due, person.language, base_url)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
