"""A reading that the trail does not take, or that the database loses, is answered as it is, and with nothing done."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from pymongo.database import Database
from pymongo.errors import AutoReconnect

from backoffice.api import once
from config.database import TransactionGaveUp
from models import audit, catalogue, listed, schema
from models.customer.document import CUSTOMER
from models.idempotency import Answer
from models.person.roles import Role
from tests.factories.customers import customer
from tests.integration.api.conftest import Program, Start

Base = Database[dict[str, Any]]


@pytest.fixture
def reader(start: Start) -> Program:
    """A head, with every shipped type in force."""
    catalogue.load()
    schema.migrate()
    return start(Role.HEAD, Role.SPECIALIST)


@pytest.fixture
def secret(reader: Program, now: datetime) -> dict[str, Any]:
    return customer(reader.person, now, name="隐山仪表有限公司", level="secret")


@pytest.fixture
def no_views(secret: dict[str, Any], db: Base) -> Iterator[None]:
    """A trail that takes acts and no view."""
    db.command("collMod", audit.ENTRIES, validator={"action": {"$ne": "view"}})
    yield
    db.command("collMod", audit.ENTRIES, validator={})


@pytest.mark.usefixtures("no_views")
@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "order-1"}], ids=["plain", "once"])
def test_a_change_that_is_answered_as_not_done_is_not_done(
    reader: Program, secret: dict[str, Any], db: Base, headers: dict[str, str]
) -> None:
    wanted = {"rev": secret["rev"], "values": {"region": "浙江"}}
    answer = reader.ask("PATCH", f"/customer/{secret['number']}", json=wanted, headers=headers)
    assert (answer.status_code, answer.get_json()["code"]) == (503, "not_audited")
    [stored] = db["record_customer"].find({"_id": secret["_id"]})
    assert stored["rev"] == secret["rev"]
    assert db[audit.ENTRIES].count_documents({"action": "change", "record": secret["_id"]}) == 0


@pytest.mark.parametrize("error", [AutoReconnect("gone"), TransactionGaveUp()], ids=["gone", "gave up"])
def test_a_database_that_goes_away_before_the_answer_leaves_is_an_outage(
    reader: Program, secret: dict[str, Any], monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def follow(*_: Any) -> None:
        raise error

    monkeypatch.setattr("models.audit.writing._follow", follow)
    answer = reader.ask("GET", f"/customer/{secret['number']}")
    assert (answer.status_code, answer.get_json()["code"]) == (503, "database_away")
    assert answer.headers["Retry-After"]
    for accept in ("application/json", "text/html"):
        page = reader.desk.get(
            f"/records/customer/{secret['number']}", headers={"Accept": accept, "Accept-Language": "en"}
        )
        assert page.status_code == 503
        assert page.headers["Retry-After"]
        assert "The database cannot be reached" in page.get_data(as_text=True)


@pytest.mark.parametrize("error", [AutoReconnect("gone"), audit.NotAudited()], ids=["gone", "refused"])
def test_after_an_act_nobody_is_told_that_it_was_not_done(
    reader: Program,
    secret: dict[str, Any],
    db: Base,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
) -> None:
    """An answer that names another secret record: the trail hears of that when the act is stored."""

    other, written = customer(reader.person, now, name="隐水仪表有限公司", level="secret"), once.written

    def naming(*told: Any) -> Answer:
        listed.glimpse(CUSTOMER, other["_id"], other["number"], "secret")
        return written(*told)

    def follow(entries: Any, *_: Any) -> None:
        if entries[0]["action"] == "listed":
            raise error

    monkeypatch.setattr("models.audit.writing._follow", follow)
    monkeypatch.setattr(once, "written", naming)
    wanted = {"rev": secret["rev"], "values": {"region": "浙江"}}
    answer = reader.ask("PATCH", f"/customer/{secret['number']}", json=wanted)
    [stored] = db["record_customer"].find({"_id": secret["_id"]})
    assert stored["rev"] == secret["rev"] + 1
    assert (answer.status_code, answer.get_json()["code"]) == (503, "not_shown")
    assert "may have been done" in answer.get_json()["detail"]
