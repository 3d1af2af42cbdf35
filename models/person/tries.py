"""Counting tries to sign in, per account and per address, in our own database.

A try is counted before the password is looked at, by one atomic step, so that tries made at once are all
counted. The account's count starts anew with a success. Unknown accounts are counted like known ones, so
that a refusal tells nothing.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from config.database import database
from models.errors import Refusal
from models.person import rules
from models.person.document import TRIES


class TooManyTries(Refusal):
    """The account or the address has had its tries for now."""

    code, status = "too_many_tries", 429
    zh = "尝试次数过多，请在 {minutes} 分钟后再试。"
    en = "Too many tries. Please try again in {minutes} minutes."

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        super().__init__(minutes=max(1, -(-seconds // 60)))


def count(account: str, address: str, now: datetime) -> None:
    """Count a try of `account` from `address`.

    :raises TooManyTries: when either has reached its limit; the try is not to be looked at.
    """
    for key, limit in ((_account(account), rules.ACCOUNT_TRIES), (_address(address), rules.ADDRESS_TRIES)):
        tries, ends = _add(key, now)
        if tries > limit:
            raise TooManyTries(int((ends - now).total_seconds()))


def succeeded(account: str, address: str) -> None:
    """Take back what `count` counted: the account starts anew, the address loses this one try."""
    database()[TRIES].delete_one({"_id": _account(account)})
    database()[TRIES].update_one({"_id": _address(address), "tries": {"$gt": 0}}, {"$inc": {"tries": -1}})


def _add(key: str, now: datetime) -> tuple[int, datetime]:
    collection = database()[TRIES]
    # The database removes ended rows only once a minute: an ended one is replaced here.
    collection.delete_one({"_id": key, "ends": {"$lte": now}})
    change = {"$inc": {"tries": 1}, "$setOnInsert": {"ends": now + rules.TRY_WINDOW}}
    try:
        row = collection.find_one_and_update({"_id": key}, change, upsert=True, return_document=ReturnDocument.AFTER)
    except DuplicateKeyError:  # another try made the row at the same moment
        row = collection.find_one_and_update({"_id": key}, change, return_document=ReturnDocument.AFTER)
    if row is None:
        return 1, now + rules.TRY_WINDOW
    return row["tries"], row["ends"]


def _account(email: str) -> str:
    return "account:" + hashlib.sha256(email.strip().lower().encode()).hexdigest()


def _address(address: str) -> str:
    return "address:" + hashlib.sha256(address.encode()).hexdigest()
