"""How often a token may be used, over all processes: a counter per token and minute in our own database.

A process takes requests from the counter a handful at a time and spends them by itself, so that most requests cost no
write. The limit is never passed; with several processes a token may be refused a few requests before it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Lock

from bson import ObjectId
from pymongo import ASCENDING, IndexModel, ReturnDocument, WriteConcern
from pymongo.errors import DuplicateKeyError

from config.database import database
from models import schema
from models.errors import Refusal
from models.token import rules

COUNTERS = "token_rate"
WINDOW = 60
HANDFULS = 30
"""In so many steps a process takes a whole limit."""
FORGOTTEN = 5_000

schema.declare({COUNTERS: [IndexModel([("ends", ASCENDING)], name="ends", expireAfterSeconds=60)]})


class TooManyRequests(Refusal):
    """The token has had its requests of this minute."""

    code, status = "too_many_requests", 429
    zh, en = "请求过于频繁，请在 {seconds} 秒后再试。", "Too many requests. Try again in {seconds} seconds."

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        super().__init__(seconds=seconds)


@dataclass
class Allowance:
    """Counts requests of tokens in one process. `limit` requests a minute, for each token."""

    limit: int = rules.REQUESTS_A_MINUTE
    _held: dict[tuple[ObjectId, int], int] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def spend(self, token: ObjectId, now: datetime) -> None:
        """Count a request. :raises TooManyRequests: with the seconds until the next minute."""
        window, gone = divmod(int(now.timestamp()), WINDOW)
        key = (token, window)
        with self._lock:
            if self._held.get(key, 0) <= 0:
                self._forget(window)
                self._held[key] = self._take(token, window)
            self._held[key] -= 1
            if self._held[key] < 0:
                raise TooManyRequests(WINDOW - gone)

    def _take(self, token: ObjectId, window: int) -> int:
        """Take a handful from the common counter; returns how many of it are within the limit."""
        handful = max(1, self.limit // HANDFULS)
        # Losing a count when the server dies is harmless: the write need not reach the disk.
        counters = database()[COUNTERS].with_options(write_concern=WriteConcern(w=1, j=False))
        ends = datetime.fromtimestamp(window * WINDOW, UTC) + timedelta(seconds=WINDOW)
        change = {"$inc": {"count": handful}, "$setOnInsert": {"ends": ends}}
        wanted = {"_id": f"{token}:{window}"}
        try:
            row = counters.find_one_and_update(wanted, change, upsert=True, return_document=ReturnDocument.AFTER)
        except DuplicateKeyError:  # another process made the row at the same moment
            row = counters.find_one_and_update(wanted, change, return_document=ReturnDocument.AFTER)
        taken = row["count"] if row else handful
        return min(handful, self.limit - (taken - handful))

    def _forget(self, window: int) -> None:
        if len(self._held) > FORGOTTEN:
            self._held = {key: left for key, left in self._held.items() if key[1] == window}
