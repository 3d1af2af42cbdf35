"""What rows name of other records leaves as these do: by the card, where they may not be taken out (X4, X5)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from pymongo.database import Database

from models import records, store
from models.access import Purpose
from models.access_request import grants
from models.access_request import service as asking
from models.exchange.export import export
from models.listing import ListQuery
from models.person.roles import Person
from tests.factories.customers import customer
from tests.factories.definitions import in_force, visit, visit_with

NAME = "机密远山有限公司"
OPEN = visit() | {"rights": {**visit()["rights"], "export": [{"relation": "dept"}]}}


@pytest.fixture
def register(now: datetime) -> Iterator[None]:
    """A plain register that everybody of the department exports is in force."""
    with in_force(OPEN, now):
        yield


@pytest.fixture
def file(owner: Person, register: None, now: datetime) -> dict[str, Any]:
    """A confidential file, and a visit of that customer."""
    made = customer(owner, now, name=NAME, level="confidential", level_basis="x")
    records.create(owner, "visit", {"visitor": "Guest", "customer": str(made["_id"])}, now=now)
    return made


def text(who: Person, slug: str, now: datetime) -> str:
    return b"".join(export(who, slug, ListQuery(), "csv", now=now, language="en").pieces).decode("utf-8-sig")


def test_a_card_to_consult_takes_no_name_out(
    file: dict[str, Any], head: Person, clerk: Person, db: Database[dict[str, Any]], now: datetime
) -> None:
    before = text(clerk, "visit", now)
    wanted = {"uses": "view", "reason": "x", "valid_until": (now + timedelta(days=2)).date()}
    card = asking.ask_for(clerk, "customer", [file["number"]], wanted, now=now)
    rev = store.fetch("access_request", card["_id"])["rev"]
    records.move(head, "access_request", card["number"], "approve", {}, rev=rev, now=now, fresh=True)
    reader = replace(clerk, grants=grants.grants_in_force(clerk, now))
    assert records.see(reader, "customer", file["number"], Purpose.VIEW, now).full
    assert text(reader, "visit", now) == before
    assert (NAME in before, "机***司" in before) == (False, True)
    assert db["audit"].count_documents({"action": "listed", "detail.via": "export"}) == 0, "nothing is named in full"


def test_an_owner_takes_the_name_out_no_more_than_the_file(file: dict[str, Any], owner: Person, now: datetime) -> None:
    assert records.see(owner, "customer", file["number"], Purpose.VIEW, now).full
    for slug in ("customer", "visit"):
        content = text(owner, slug, now)
        assert (NAME in content, "机***司" in content) == (False, True), slug


def test_who_may_take_the_file_out_takes_its_name_out(file: dict[str, Any], head: Person, now: datetime) -> None:
    assert NAME in text(head, "visit", now)


def test_a_plain_record_that_may_not_be_exported_is_named_by_its_number(owner: Person, now: datetime) -> None:
    kept = visit() | {"rights": {**visit()["rights"], "export": []}}
    pointing = visit_with(name="of", kind="reference", to="visit") | {"slug": "loan", "number": "JY-{year}-{seq:05d}"}
    pointing["rights"] = OPEN["rights"]
    with in_force(kept, now):
        made = records.create(owner, "visit", {"visitor": "Ms Li"}, now=now)
        with in_force(pointing, now):
            records.create(owner, "loan", {"visitor": "Guest", "of": str(made["_id"])}, now=now)
            content = text(owner, "loan", now)
    assert (made["number"] in content, "Ms Li" in content) == (True, False)
