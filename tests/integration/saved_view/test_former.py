"""Saved views of the time when a department was typed are brought up to choosing it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from pymongo.database import Database

from models import access, schema
from models.key_vault import service as keys
from models.listing import BadQuery, address, queryable
from models.person.roles import Person
from models.saved_view import service
from tests.factories.registering import registered
from tests.factories.types import SAMPLE
from tests.factories.views import view

DB = Database[dict[str, Any]]


def opened(reader: Person, query: tuple[tuple[str, str], ...]) -> None:
    """:raises BadQuery: for an address that the list refuses."""
    known = queryable(SAMPLE, access.visible_fields(reader, SAMPLE))
    address.read(query, known, reader, datetime(2026, 11, 2, tzinfo=UTC))


@pytest.mark.usefixtures("sample")
@pytest.mark.parametrize(
    ("typed", "chosen"),
    [
        ("department=contains:SERV", "department=any_of:service"),
        ("department=starts:s&sort=-name", "department=any_of:service|sales&sort=-name"),
        ("where=any(department:contains:it,colour:is:red)", "where=any(department:any_of:audit|it,colour:is:red)"),
        (
            "where=all(colour:is:red,any(department:starts:le,name:contains:\\,))",
            "where=all(colour:is:red,any(department:any_of:legal,name:contains:\\,))",
        ),
    ],
)
def test_a_typed_piece_becomes_the_departments_that_have_it(owner: Person, typed: str, chosen: str) -> None:
    made = view(owner, typed)
    with pytest.raises(BadQuery):
        opened(owner, made.address)
    assert "let 1 saved views choose departments" in schema.migrate()
    found = service.get(made.id)
    assert "&".join(f"{name}={text}" for name, text in found.address) == chosen
    assert (found.rev, found.name, found.position) == (made.rev, made.name, made.position)
    opened(owner, found.address)
    assert schema.migrate() == []


@pytest.mark.usefixtures("sample")
@pytest.mark.parametrize(
    "query",
    [
        "department=is:service",
        "department=service",
        "department=contains:moon",
        "department=starts:SERV",
        "q=department&columns=department",
        "name=contains:service",
        "where=any(department:contains:service",
    ],
)
def test_what_asks_otherwise_or_found_nothing_stays(owner: Person, query: str) -> None:
    made = view(owner, query)
    assert schema.migrate() == []
    assert service.get(made.id) == made


def test_a_sealed_address_stays_sealed(owner: Person, db: DB) -> None:
    fields = tuple(replace(field, encrypted=field.name == "notes") for field in SAMPLE.fields)
    with registered(replace(SAMPLE, fields=fields)):
        made = view(owner, "name=contains:lamp&department=contains:legal")
        schema.migrate()
        row = db["saved_view"].find_one({"_id": made.id}) or {}
        assert keys.is_sealed(row["address"])
        assert service.get(made.id).address == (("name", "contains:lamp"), ("department", "any_of:legal"))
