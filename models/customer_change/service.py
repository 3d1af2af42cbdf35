"""Reported changes at work: when they were received, to which report they belong, that the file has them (F4)."""

from __future__ import annotations

from config.database import database
from models import store
from models.calendar import local
from models.customer.children import customer_of, follow_customer, reads_customer
from models.customer_change import rules
from models.record import collection_name
from models.registry import Draft, Hooks

REPORTS = collection_name("change_report")


def receive(draft: Draft) -> None:
    """Note when it was received, and the writer's own monthly report that is under way."""
    values = draft.values
    if draft.before is None:
        values["received_at"] = draft.now
        under_way = {"owner": draft.actor.id, "state": "open", "archived_at": {"$exists": False}}
        found = database()[REPORTS].find_one(under_way, {"_id": 1}, sort=[("number", -1)])
        if values["report"] is None and found is not None:
            values["report"] = found["_id"]
    if rules.is_ahead(values["happened_on"], local(draft.now).date()):
        draft.problem("happened_on", "日期不能晚于今天。", "This day cannot lie in the future.")


def close(draft: Draft) -> None:
    """Whoever files shows it: the version of the file that has the change. Who does not read the file any more would
    learn whether it was written in (X6). :raises NotFiled:"""
    values = draft.values
    if draft.action != "file":
        return
    if not reads_customer(draft.actor, customer_of(draft)):
        draft.problem(
            "customer",
            "您已无权查阅该客户的档案，请由有权查阅的人员办理入档。",
            "You do not read this customer's file any more: let somebody file this who reads it.",
        )
        return
    wanted = {"record": values["customer"], "at": {"$gt": values["received_at"]}}
    versions = database()[store.VERSIONS].find(wanted, {"_id": 0, "rev": 1, "at": 1, "action": 1})
    found = rules.filing_version(versions, values["received_at"])
    values["filed_rev"], values["filed_at"] = found["rev"], found["at"]


HOOKS = Hooks(prepare=(follow_customer, receive, close))
