"""The figures of a period, counted from the records that the writer of a report reads (T8, Q, X6).

A report keeps numbers, and nothing that somebody wrote into a record: others read it than read the records, and it
stays when these are raised or destroyed (X6, D2). What is counted by words is told to whoever writes the report, at
that moment and from what they read then.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from config.database import database
from models import access, listed, registry
from models.access import Purpose
from models.calendar import SHANGHAI
from models.declarations import Label, Level, RecordType
from models.person.roles import Person
from models.record import collection_name

COMPLAINT = "complaint"
INTERNAL = Level.INTERNAL.value
MOST = 10
"""Values of one figure, the most frequent first."""
Row = dict[str, Any]
Condition = Mapping[str, Any]


@dataclass(frozen=True)
class Figure:
    """Records of a type whose moment `at` lies in the period, in one of `states` if any; counted by the choices of the
    field `by`."""

    name: str
    slug: str
    at: str
    states: tuple[str, ...] = ()
    by: str = ""


COMPLAINTS = (
    Figure("收到投诉", "complaint", "received_at"),
    Figure("结案投诉", "complaint", "state_since", ("closed",)),
    Figure("投诉：渠道", "complaint", "received_at", by="channel"),
    Figure("投诉：问题类型", "complaint", "received_at", by="problem"),
    Figure("投诉：责任部门", "complaint", "received_at", by="fault"),
    Figure("结案投诉：客户反馈", "complaint", "state_since", ("closed",), "satisfaction"),
)
WORDS = {"product": Label("投诉最多的产品", "Products most complained about"), "cause": Label("主要原因", "Hot causes")}
"""What of complaints is counted by words, for whoever writes a report of a month."""
WORK = (
    Figure("新建客户档案", "customer", "created_at"),
    Figure("完成回访", "revisit", "state_since", ("reached",)),
    Figure("完成季度核定", "review", "state_since", ("done",)),
    Figure("批准信用报告", "credit_report", "state_since", ("approved",)),
    Figure("收到客户变动", "customer_change", "received_at"),
    Figure("入档客户变动", "customer_change", "filed_at"),
)
OF_KIND = {
    "weekly": (*COMPLAINTS[:2], *WORK),
    "monthly": COMPLAINTS,
    "supervision": (*COMPLAINTS[:2], COMPLAINTS[-1], *WORK),
}


def count(person: Person, kind: str, begins: date, ends: date) -> list[Row]:
    """The rows of a report of this kind: `figure`, `value` ('' for all) and `count`."""
    rows: list[Row] = []
    for figure in OF_KIND[kind]:
        rt = registry.get(figure.slug).rt
        reach = access.reach(person, rt, Purpose.VIEW)
        if reach.nothing:
            continue
        within = _within(figure.at, begins, ends)
        if figure.states:
            within["state"] = {"$in": list(figure.states)}
        rows += _rows(rt, figure, {"$and": [reach.query(archived=None), within]})
    return rows


def most_frequent(person: Person, begins: date, ends: date) -> dict[str, list[tuple[str, int]]]:
    """The products and causes of the complaints of a period, the most frequent first, with how many there are; of what
    the person could take out on paper, too. One question; the open answer tells of those that are classified (X7)."""
    rt = registry.get(COMPLAINT).rt
    reach = access.reach(person, rt, Purpose.PRINT).without_cards
    if reach.nothing:
        return {}
    condition = {"$and": [reach.query(archived=None), _within("received_at", begins, ends)]}
    plain = {"$eq": [{"$ifNull": ["$level", INTERNAL]}, INTERNAL]}
    secret = {"$cond": [plain, "$$REMOVE", {"_id": "$_id", "number": "$number", "level": "$level"}]}
    counted = {
        name: [
            {"$match": {name: {"$gt": ""}}},
            {"$group": {"_id": f"${name}", "count": {"$sum": 1}, "secrets": {"$push": secret}}},
            {"$sort": {"count": -1, "_id": 1}},
            {"$limit": MOST},
        ]
        for name in WORDS
    }
    [found] = database()[collection_name(COMPLAINT)].aggregate([{"$match": condition}, {"$facet": counted}])
    for one in (one for rows in found.values() for row in rows for one in row["secrets"]):
        listed.glimpse(rt, one["_id"], one["number"], one["level"])
    return {name: [(row["_id"], row["count"]) for row in found[name]] for name in WORDS if found[name]}


def _within(moment: str, begins: date, ends: date) -> Row:
    since = datetime.combine(begins, time(), SHANGHAI)
    return {moment: {"$gte": since, "$lt": datetime.combine(ends + timedelta(days=1), time(), SHANGHAI)}}


def _rows(rt: RecordType, figure: Figure, condition: Condition) -> Iterator[Row]:
    records = database()[collection_name(rt.slug)]
    if not figure.by:
        yield {"figure": figure.name, "value": None, "count": records.count_documents(condition)}
        return
    labels = {choice.value: choice.label.zh for choice in rt.by_name[figure.by].choices}
    grouped = {"$group": {"_id": f"${figure.by}", "count": {"$sum": 1}}}
    named = {"$match": {**condition, figure.by: {"$ne": None}}}
    for row in records.aggregate([named, grouped, {"$sort": {"count": -1, "_id": 1}}, {"$limit": MOST}]):
        if row["_id"] in labels:
            yield {"figure": figure.name, "value": labels[row["_id"]], "count": row["count"]}
