"""The figures of a period, counted from the records that the writer of a report reads (T8, Q, X6)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from config.database import database
from models import access, registry
from models.access import Purpose
from models.calendar import SHANGHAI
from models.declarations import RecordType
from models.person.roles import Person
from models.record import collection_name

MOST = 10
"""Values of one figure, the most frequent first."""
Row = dict[str, Any]
Condition = Mapping[str, Any]


@dataclass(frozen=True)
class Figure:
    """Records of a type whose moment `at` lies in the period, in one of `states` if any; counted by the field `by`."""

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
    Figure("投诉：产品", "complaint", "received_at", by="product"),
    Figure("投诉：责任部门", "complaint", "received_at", by="fault"),
    Figure("投诉：原因", "complaint", "received_at", by="cause"),
    Figure("结案投诉：客户反馈", "complaint", "state_since", ("closed",), "satisfaction"),
)
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
    since = datetime.combine(begins, time(), SHANGHAI)
    until = datetime.combine(ends + timedelta(days=1), time(), SHANGHAI)
    rows: list[Row] = []
    for figure in OF_KIND[kind]:
        rt = registry.get(figure.slug).rt
        reach = access.reach(person, rt, Purpose.VIEW)
        if reach.nothing:
            continue
        within: Row = {figure.at: {"$gte": since, "$lt": until}}
        if figure.states:
            within["state"] = {"$in": list(figure.states)}
        rows += _rows(rt, figure, {"$and": [reach.query(archived=None), within]})
    return rows


def _rows(rt: RecordType, figure: Figure, condition: Condition) -> Iterator[Row]:
    records = database()[collection_name(rt.slug)]
    if not figure.by:
        yield {"figure": figure.name, "value": None, "count": records.count_documents(condition)}
        return
    labels = {choice.value: choice.label.zh for choice in rt.by_name[figure.by].choices}
    grouped = {"$group": {"_id": f"${figure.by}", "count": {"$sum": 1}}}
    named = {"$match": {**condition, figure.by: {"$ne": None}}}
    for row in records.aggregate([named, grouped, {"$sort": {"count": -1, "_id": 1}}, {"$limit": MOST}]):
        yield {"figure": figure.name, "value": labels.get(row["_id"], row["_id"]), "count": row["count"]}
