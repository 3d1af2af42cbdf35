"""X3, X4: a card opens what a record held in the past up to the level that was signed for, its former files too."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from pymongo.database import Database

from models import catalogue, records, schema, store
from models.access import Purpose
from models.access_request import grants, service
from models.access_request.grants import GRANTS
from models.attachment import service as attachment
from models.customer.document import CUSTOMER
from models.errors import NotFound
from models.person.roles import Person, Role
from tests.factories.customers import customer
from tests.factories.people import person

DB = Database[dict[str, Any]]
CARD = "access_request"
Record = dict[str, Any]
TOP = {"level": "top_secret", "level_basis": "往来"}
SECRET = {"level": "secret", "level_basis": "往来"}


@pytest.fixture(autouse=True)
def types(db: DB) -> None:
    catalogue.load()
    schema.migrate()


@pytest.fixture
def reader(head: Person) -> Person:
    return person(Role.SALES_MANAGER, name="Reader", department="service", manager=head.id)


@pytest.fixture
def manager() -> Person:
    return person(Role.GENERAL_MANAGER, name="Manager", department="office")


FILES = next(field.name for field in CUSTOMER.fields if field.kind == "files")


@pytest.fixture
def cleaned(owner: Person, now: datetime) -> tuple[Record, str]:
    """A file that was top secret, of which its owner took out what made it so, and the id of a former attachment."""
    made = customer(owner, now, **TOP, analysis="TOPWORD", address="TOPROAD")
    row = attachment.put(io.BytesIO(b"TOPFILE content"), "top.txt", person=owner, now=now, limit=10_000)
    made = store.change("customer", made["_id"], {FILES: [row]}, actor=owner, now=now)
    raw = {"analysis": "clean", "address": "x", FILES: []}
    return records.change(owner, "customer", made["number"], raw, rev=made["rev"], now=now), str(row["file"])


def lowered(head: Person, made: Record, now: datetime) -> Record:
    return records.change(head, "customer", made["number"], SECRET, rev=made["rev"], now=now)


def wish(now: datetime, uses: str) -> dict[str, Any]:
    return {"uses": uses, "reason": "Audit", "valid_until": (now + timedelta(days=2)).date()}


def held(reader: Person, now: datetime) -> Person:
    return replace(reader, grants=grants.grants_in_force(reader, now))


def granted(reader: Person, head: Person, made: Record, uses: str, now: datetime) -> Person:
    card = service.ask_for(reader, "customer", [made["number"]], wish(now, uses), now=now)
    records.move(head, CARD, card["number"], "approve", {}, rev=1, now=now, fresh=True)
    return held(reader, now)


def shown(who: Person, made: Record, now: datetime) -> str:
    seen = records.see(who, "customer", made["number"], Purpose.VIEW, now)
    assert seen.full
    return str(records.versions_of(seen))


def test_a_card_signed_for_secret_opens_nothing_of_a_top_secret_past(
    head: Person, reader: Person, cleaned: tuple[Record, str], now: datetime
) -> None:
    made = lowered(head, cleaned[0], now)
    text = shown(granted(reader, head, made, "view", now), made, now)
    assert [word for word in ("TOPWORD", "TOPROAD", "top.txt") if word in text] == []


def test_a_card_to_export_signed_for_secret_takes_no_file_out_of_a_top_secret_past(
    head: Person, reader: Person, cleaned: tuple[Record, str], now: datetime
) -> None:
    made = lowered(head, cleaned[0], now)
    borrower = granted(reader, head, made, "export", now)
    with pytest.raises(NotFound):
        records.pointed_file(records.taken_out(borrower, "customer", made["number"], now, cleaned[1]), cleaned[1])


def test_what_was_signed_as_top_secret_keeps_its_past_when_it_is_lowered(
    head: Person, reader: Person, manager: Person, cleaned: tuple[Record, str], now: datetime
) -> None:
    card = service.offer(head, "customer", cleaned[0]["number"], reader.id, wish(now, "view"), now=now)
    records.move(manager, CARD, card["number"], "countersign", {}, rev=1, now=now, fresh=True)
    made = lowered(head, cleaned[0], now)
    text = shown(held(reader, now), made, now)
    assert [word for word in ("TOPWORD", "TOPROAD", "top.txt") if word in text] == ["TOPWORD", "TOPROAD", "top.txt"]


def test_grants_of_former_versions_open_what_their_cards_were_signed_for(
    head: Person, reader: Person, cleaned: tuple[Record, str], now: datetime, db: DB
) -> None:
    made = lowered(head, cleaned[0], now)
    granted(reader, head, made, "view", now)
    db[GRANTS].update_many({}, {"$unset": {"level": ""}})
    assert not records.see(held(reader, now), "customer", made["number"], Purpose.VIEW, now).full
    assert "noted the level that was signed for on 1 grant in force" in schema.migrate()
    assert schema.migrate() == []
    assert "TOPWORD" not in shown(held(reader, now), made, now)
