"""What a customer owes on credit against the limit, as far as a person reads contracts and file (C5, X6).

A warning and no refusal: beyond the limit the sales manager or the general manager is asked before trade. It tells
of the file and of the contracts that it counts: the open answer tells of those that are classified (X7).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from bson import ObjectId

from config.database import database
from config.policy import policy
from models import access, listed
from models.access import Purpose
from models.contract import rules
from models.contract.document import CONTRACT, SIGNED
from models.credit_report.rules import over_limit
from models.customer.document import CUSTOMER
from models.errors import Sentence
from models.kinds import loaded
from models.money_words import money_text
from models.person.roles import Person
from models.record import collection_name

NOTHING = Decimal(0)
ASKED = {
    "sales_manager": Sentence("市场部经理", "the sales manager"),
    "general_manager": Sentence("总经理", "the general manager"),
}


ON_CREDIT = "on_credit"
OWING = {"payment": "credit", "state": {"$in": list(SIGNED)}, "archived": {"$exists": False}}
NAMED = {"number": 1, "level": 1}
OWED = {"amount": 1, "payments": 1, "acl": 1, **NAMED}
MOST_BESIDE = 100
"""So many contracts come along with a file: all that comes with it is one document, which has its limits."""
BESIDE = {
    "$lookup": {
        "from": collection_name(CONTRACT.slug),
        "localField": "record._id",
        "foreignField": "customer",
        "pipeline": [{"$match": OWING}, {"$limit": MOST_BESIDE + 1}, {"$project": OWED}],
        "as": ON_CREDIT,
    }
}
"""The stage that adds the signed contracts on credit to a document that holds a customer; of very many only some, one
more than are taken from there."""

Row = Mapping[str, Any]


def of_contract(person: Person, values: Row, _beside: Row) -> Sequence[Sentence]:
    """The warning on a contract on credit that, with what is unpaid, passes its customer's limit (C5)."""
    order = rules.unpaid(values) if values["payment"] == "credit" and values["state"] != "ended" else NOTHING
    if not order or values["customer"] is None:
        return ()
    file = _file(person, values["customer"])
    if file is None:
        return ()
    limit = loaded(CUSTOMER.by_name["credit_limit"], file.get("credit_limit")) or NOTHING
    others = [row for row in _on_credit(values["customer"]) if row["_id"] != values["_id"]]
    said = _said(limit, _owing(person, others), order)
    if said:
        listed.glimpse(CUSTOMER, file["_id"], file["number"], file.get("level"))
    return said


def of_customer(person: Person, values: Row, beside: Row) -> Sequence[Sentence]:
    """The warning on a customer's file whose signed contracts on credit pass its limit (C5)."""
    if "credit_limit" not in values or values.get("grade") is None:
        return ()
    rows = beside.get(ON_CREDIT)
    if rows is None or len(rows) > MOST_BESIDE:
        rows = _on_credit(values["_id"])
    return _said(values["credit_limit"] or NOTHING, _owing(person, rows), NOTHING)


def _file(person: Person, customer: ObjectId) -> Row | None:
    """The customer's file as stored, with its limit; None where the person does not read it."""
    reach = access.reach(person, CUSTOMER, Purpose.VIEW)
    condition = {"_id": customer, **reach.query(archived=None)}
    return database()[collection_name(CUSTOMER.slug)].find_one(condition, {"credit_limit": 1, **NAMED})


def _on_credit(customer: ObjectId) -> list[dict[str, Any]]:
    return list(database()[collection_name(CONTRACT.slug)].find({"customer": customer, **OWING}, OWED))


def _owing(person: Person, signed: Iterable[Row]) -> list[tuple[Row, Decimal]]:
    """Those of some contracts that the person reads and that are not paid yet, with what is unpaid."""
    reach = access.reach(person, CONTRACT, Purpose.VIEW)
    owed = [(row, rules.unpaid(_loaded(row))) for row in signed if reach.sees(row["acl"]) == "full"]
    return [(row, unpaid) for row, unpaid in owed if unpaid]


def _loaded(row: Row) -> dict[str, Any]:
    return {name: loaded(CONTRACT.by_name[name], row.get(name)) for name in ("amount", "payments")}


def _said(limit: Decimal, owing: Sequence[tuple[Row, Decimal]], order: Decimal) -> Sequence[Sentence]:
    outstanding = sum((unpaid for _row, unpaid in owing), NOTHING)
    over = over_limit(limit, outstanding, order, manager_up_to=policy().credit.manager_excess)
    if over is None:
        return ()
    for row, _unpaid in owing:
        listed.glimpse(CONTRACT, row["_id"], row["number"], row.get("level"))
    ask, beyond, shown = ASKED[over.ask], money_text(over.excess), money_text(limit)
    unpaid, own = money_text(outstanding), money_text(order)
    zh = f"未收款 {unpaid.zh}" + (f"，本合同 {own.zh}" if order else "")
    en = f"unpaid {unpaid.en}" + (f", this contract {own.en}" if order else "")
    return (
        Sentence(
            f"超出授信额度 {beyond.zh}（{zh}，额度 {shown.zh}）。继续交易前须请{ask.zh}批准。",
            f"Beyond the credit limit by {beyond.en} ({en}, limit {shown.en}). Ask {ask.en} before trade.",
        ),
    )
