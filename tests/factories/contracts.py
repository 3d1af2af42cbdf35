"""Contracts for tests."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bson import ObjectId

from models import records
from models.person.roles import Person

CHECKED: dict[str, Any] = {
    "name": "年度供货合同",
    "amount": "120000",
    "payment": "prepaid",
    "licence_no": "91310000MA1K00001X",
    "licence_until": "2030-12-31",
    "reputation": "同业评价良好。",
}
"""A contract whose counterparty was checked; `answerable` is the writer."""


def contract(writer: Person, customer: ObjectId, now: datetime, **raw: Any) -> dict[str, Any]:
    """A draft written by `writer`, from form input."""
    values = {**CHECKED, "customer": customer, "answerable": writer.id, **raw}
    return records.create(writer, "contract", values, now=now)
