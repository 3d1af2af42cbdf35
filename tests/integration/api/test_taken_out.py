"""X4, K4: over the API, too, whoever has the original of a contract is told what they have, and nothing else of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import jsonschema
import pytest

from models import catalogue, schema, store
from models.person.roles import Role
from tests.factories.contracts import contract
from tests.factories.customers import customer
from tests.integration.api.conftest import Program, Start
from tests.integration.api.test_records import problem


@pytest.fixture
def borrower(start: Start) -> Program:
    catalogue.load()
    schema.migrate()
    return start(Role.SALES_MANAGER)


@pytest.fixture
def lent(borrower: Program, start: Start, now: datetime) -> dict[str, Any]:
    owner = start(Role.SPECIALIST).person
    made = contract(owner, customer(owner, now)["_id"], now, level="confidential", level_basis="往来")
    values = {"state": "lent", "original": "out", "borrower": borrower.person.id, "return_by": now.date()}
    return store.change("contract", made["_id"], values, actor=owner, now=now)


def test_the_card_and_the_list_tell_what_they_have(borrower: Program, lent: dict[str, Any]) -> None:
    told = borrower.get(f"/contract/{lent['number']}")
    assert told["locked"]
    values = told["values"]
    assert (values["original"], values["return_by"], values["borrower"]["id"]) == (
        "out",
        lent["return_by"].isoformat(),
        str(borrower.person.id),
    )
    assert set(values) == {"name", "original", "borrower", "return_by", "lent_by", "lent_at", "kept_by_person", "due"}
    described = borrower.get("/openapi.json")
    card = described["components"]["schemas"]["contract.card"]
    jsonschema.validate(told, {**card, "components": described["components"]})
    [row] = borrower.get("/contract")["items"]
    assert row["values"] == values
    problem(borrower.ask("GET", f"/contract/{lent['number']}/history"), 403, "locked")
