"""One active scheduler at a time: a lease that must be renewed, judged by the database's clock alone."""

from __future__ import annotations

from typing import Any

from pymongo import ReturnDocument

from config.database import database
from models.job.document import LEASES, Lease
from models.job.rules import LeaseLost

SCHEDULER = "scheduler"
TTL_SECONDS = 15.0

Row = dict[str, Any]

_RUNNING: Row = {"$gt": ["$until", "$$NOW"]}


def acquire(worker: str, *, ttl: float = TTL_SECONDS) -> Lease | None:
    """Take or renew the lease for `ttl` seconds.

    :return: the lease, or None while another worker holds it. A change of holder raises the fencing token.
    """
    mine: Row = {"$eq": ["$worker", {"$literal": worker}]}
    # The condition stands in the change, not in the filter: a filter that misses would insert a second one.
    free: Row = {"$or": [mine, {"$not": [_RUNNING]}]}
    raised: Row = {"$cond": [mine, "$token", {"$add": [{"$ifNull": ["$token", 0]}, 1]}]}
    take: Row = {
        "worker": {"$cond": [free, {"$literal": worker}, "$worker"]},
        "until": {"$cond": [free, {"$add": ["$$NOW", int(ttl * 1000)]}, "$until"]},
        "token": {"$cond": [free, raised, "$token"]},
    }
    row = database()[LEASES].find_one_and_update(
        {"_id": SCHEDULER}, [{"$set": take}], upsert=True, return_document=ReturnDocument.AFTER
    )
    return _read(row) if row and row["worker"] == worker else None


def release(lease: Lease) -> None:
    """Give the lease back, so that another scheduler need not wait for its end."""
    database()[LEASES].update_one(_held_by(lease), [{"$set": {"until": "$$NOW"}}])


def require(lease: Lease) -> None:
    """Go on only while `lease` is the current one and has not run out.

    :raises LeaseLost: it is not.
    """
    if database()[LEASES].find_one(_held_by(lease) | {"$expr": _RUNNING}, {"_id": 1}) is None:
        raise LeaseLost(f"{lease.worker} no longer holds lease {lease.token}")


def active() -> Lease | None:
    """The lease of the scheduler at work, or None when none is."""
    row = database()[LEASES].find_one({"_id": SCHEDULER, "$expr": _RUNNING})
    return _read(row) if row else None


def _read(row: Row) -> Lease:
    return Lease(worker=row["worker"], token=row["token"], until=row["until"])


def _held_by(lease: Lease) -> Row:
    return {"_id": SCHEDULER, "worker": lease.worker, "token": lease.token}
