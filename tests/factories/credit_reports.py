"""Credit reports for tests."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bson import ObjectId

from models import records
from models.person.roles import Person

WELL_PAID: dict[str, Any] = {
    "channels": ["bank"],
    "bank_findings": "基本户无不良记录。",
    "facts": "近 12 个月 24 笔账单均按期支付。",
    "sales_year": "3650000",
    "on_time_percent": "99",
    "longest_overdue_days": "0",
    "years_of_dealings": "6",
    "debt_ratio_percent": "40",
    "sales_growth_percent": "12",
    "bank_opinion": "good",
    "trade_opinion": "good",
    "visit_opinion": "good",
    "limit": "300000",
    "term_days": "30",
}
"""A survey that scores 100 and asks for what grade A may hold."""


def credit_report(writer: Person, customer: ObjectId, now: datetime, **raw: Any) -> dict[str, Any]:
    """A draft written by `writer`, from form input."""
    return records.create(writer, "credit_report", {**WELL_PAID, "customer": customer, **raw}, now=now)
