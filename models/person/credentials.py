"""What the sign-in itself keeps about a person: one-time codes and recovery codes used, new passwords."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bson import ObjectId

from config.database import database
from models import audit
from models.person.document import USERS
from models.person.service import person_of, subject_of


def use_code(person_id: ObjectId, counter: int) -> bool:
    """Note that the one-time code of a time step was used; False when it, or a later one, was used before."""
    unused = [{"tf_last_counter": None}, {"tf_last_counter": {"$lt": counter}}]
    change = {"$set": {"tf_last_counter": counter}}
    return database()[USERS].update_one({"_id": person_id, "$or": unused}, change).matched_count == 1


def use_recovery_code(person_id: ObjectId, code_hash: str) -> bool:
    """Strike off a recovery code; False when it is not, or no longer, one of the person's."""
    held = {"_id": person_id, "mf_recovery_codes": code_hash}
    change = {"$pull": {"mf_recovery_codes": code_hash}}
    return database()[USERS].update_one(held, change).modified_count == 1


def store_credentials(person_id: ObjectId, values: Mapping[str, Any]) -> None:
    """Store what the sign-in itself changes: password hash, uniquifier, second factor, recovery codes."""
    allowed = {
        "password",
        "fs_uniquifier",
        "must_change",
        "tf_primary_method",
        "tf_totp_secret",
        "mf_recovery_codes",
    }
    unknown = set(values) - allowed
    if unknown:
        raise ValueError(f"not for the sign-in to change: {', '.join(sorted(unknown))}")
    database()[USERS].update_one({"_id": person_id}, {"$set": dict(values)})


def report(action: str, row: Mapping[str, Any], now: datetime) -> None:
    """Note in the audit trail what a person did with their own account: signed in, changed the password."""
    audit.append(action, person_of(row), subject_of(row), now=now)
