"""A reader that waits at the end of the log of a replica set of one, as a second member would.

A write that is to be in the journal is acknowledged once the log before it is visible. A server (6.0 and later) makes
the log visible at once while somebody waits for it, else at the next full millisecond. In a set of several, the other
members wait; in a set of one nobody does, and each transaction and each entry of the trail loses half a millisecond.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from bson import Timestamp
from pymongo import MongoClient
from pymongo.errors import PyMongoError

LOG = "oplog.rs"
NOTHING = "nothing.at.all"
"""A collection that does not exist: what the log tells is not wanted, only to wait for it."""
WAIT_MS = 5_000
PAUSE_SECONDS = 0.5


@contextmanager
def following(client: MongoClient[dict[str, Any]]) -> Iterator[threading.Thread]:
    """Wait at the end of the log for the block's time, on the thread that is given; it ends within `WAIT_MS` after the
    block. A server that went away is tried again. It answers nothing, and when it fails writes are slower, no more."""
    stopped = threading.Event()
    thread = threading.Thread(target=_wait, args=(client, stopped), name="oplog-follower", daemon=True)
    thread.start()
    try:
        yield thread
    finally:
        stopped.set()


def _wait(client: MongoClient[dict[str, Any]], stopped: threading.Event) -> None:
    while not stopped.is_set():
        with suppress(PyMongoError):
            _follow(client, stopped)
        stopped.wait(PAUSE_SECONDS)  # the server ends, starts again or has thrown the log's part away


def _follow(client: MongoClient[dict[str, Any]], stopped: threading.Event) -> None:
    log = client.local
    last = next(iter(log[LOG].find({}, {"ts": 1}).sort("$natural", -1).limit(1)), {"ts": Timestamp(0, 0)})
    answer = log.command(
        {"find": LOG, "filter": {"ts": {"$gt": last["ts"]}, "ns": NOTHING}, "tailable": True, "awaitData": True}
    )
    while answer["cursor"]["id"] and not stopped.is_set():
        answer = log.command({"getMore": answer["cursor"]["id"], "collection": LOG, "maxTimeMS": WAIT_MS})
