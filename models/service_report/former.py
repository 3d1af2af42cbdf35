"""Reports of former versions: their figures said what people had written into complaints, and so did their history."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from bson import ObjectId

from config.database import database, transaction
from models import store
from models.record import collection_name
from models.service_report.document import SLUG

REPORTS = collection_name(SLUG)
BY_WORDS = ("投诉：产品", "投诉：原因")
"""The figures that were counted by words."""


def take_words_out() -> list[str]:
    """Take the rows of such figures out of reports and their history. It makes no version, and done again it finds
    nothing.

    :return: a line where there were any.
    """
    held = {"$elemMatch": {"figure": {"$in": list(BY_WORDS)}}}
    reports = {row["_id"]: row.get("figures") or () for row in database()[REPORTS].find({}, {"figures": 1})}
    found = {one for one, rows in reports.items() if any(row["figure"] in BY_WORDS for row in rows)}
    sides = [{f"changes.{side}": held} for side in ("before", "after")]
    found |= set(database()[store.VERSIONS].distinct("record", {"record": {"$in": list(reports)}, "$or": sides}))
    for report in found:
        transaction(partial(_take_out, report))
    many = "report" if len(found) == 1 else "reports"
    return [f"took what complaints say out of the figures of {len(found)} {many}"] if found else []


def _take_out(report: ObjectId) -> None:
    row = database()[REPORTS].find_one({"_id": report}, {"figures": 1})
    versions = database()[store.VERSIONS]
    for version in versions.find({"record": report, "changes.field": "figures"}, {"changes": 1}):
        changes = [_without(change) if change["field"] == "figures" else change for change in version["changes"]]
        versions.update_one({"_id": version["_id"]}, {"$set": {"changes": changes}})
    if row is not None and row.get("figures"):
        database()[REPORTS].update_one({"_id": report}, {"$set": {"figures": _numbers(row["figures"])}})


def _without(change: Mapping[str, Any]) -> dict[str, Any]:
    return {**change, **{side: _numbers(change[side]) for side in ("before", "after") if change.get(side)}}


def _numbers(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in rows if row["figure"] not in BY_WORDS]
