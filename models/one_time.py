"""One-time tokens: a form sent twice makes one record."""

from __future__ import annotations

from datetime import datetime

from bson import ObjectId
from pymongo import ASCENDING, IndexModel

from config.database import database
from models.errors import Refusal

SPENT = "spent_token"
KEPT_SECONDS = 7 * 86400

INDEXES: dict[str, list[IndexModel]] = {
    SPENT: [IndexModel([("at", ASCENDING)], name="expiry", expireAfterSeconds=KEPT_SECONDS)],
}


class AlreadySent(Refusal):
    """The same form was sent twice; `record` is the id of what the first one made."""

    code, status = "already_sent", 409
    zh, en = "这份表单已提交过。", "This form was already sent."

    def __init__(self, record: ObjectId | None) -> None:
        self.record = record
        super().__init__()


def spend(token: str, record_id: ObjectId, now: datetime) -> None:
    """Use up a one-time token, inside a transaction. :raises AlreadySent: when it was used before."""
    if token:
        check_unspent(token)
        database()[SPENT].insert_one({"_id": token, "record": record_id, "at": now})


def check_unspent(token: str) -> None:
    """:raises AlreadySent: when a record was made with this one-time token already."""
    spent = database()[SPENT].find_one({"_id": token}) if token else None
    if spent is not None:
        raise AlreadySent(spent["record"])
