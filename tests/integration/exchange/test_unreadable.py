"""Rows that name a record of which something cannot be opened are handed back; the others are taken."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pymongo.database import Database

from models.exchange.preview import preview
from models.key_vault.refusals import SealDamaged
from models.person.roles import Person
from tests.factories.customers import customer
from tests.factories.damage import damage
from tests.factories.imports import checked, imported, reasons

Base = Database[dict[str, Any]]


def test_rows_about_a_damaged_customer_hold_up_no_others(custodian: Person, now: datetime, db: Base) -> None:
    harmed = customer(custodian, now, name="远山机械有限公司", analysis="Slow")
    whole = customer(custodian, now, name="近水电子有限公司")
    damage("record_customer", harmed["_id"], "analysis")
    text = "事由,客户\n一,远山机械有限公司\n二,近水电子有限公司\n"
    batch = checked(custodian, text, now, slug="complaint")
    shown = preview(custodian, batch, 5, now=now, language="en")
    assert [(number, values is None) for number, values in shown.rows] == [(2, True), (3, False)]
    batch = imported(custodian, text, now, slug="complaint")
    assert (batch.count("taken"), reasons(batch)) == (1, {SealDamaged.en: 1})
    assert db["record_complaint"].distinct("customer") == [whole["_id"]]
