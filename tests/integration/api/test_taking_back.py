"""What somebody asked for as a reader is taken back over the API by the record's card, when they read it no longer
(K4, X5)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from config.database import database
from models import catalogue, schema, store
from models.person.roles import SYSTEM, Role
from tests.factories.contracts import contract
from tests.factories.customers import customer
from tests.integration.api.conftest import Program, Start
from tests.integration.api.test_records import problem

SECRETS = ("年度供货合同", "91310000MA1K00001X")


@pytest.fixture
def asker(start: Start) -> Program:
    """Who asked for the loan of an original, and sees the card of its contract."""
    catalogue.load()
    schema.migrate()
    return start(Role.SPECIALIST)


@pytest.fixture
def asked(asker: Program, start: Start, now: datetime) -> dict[str, Any]:
    """The contract, as it is stored."""
    owner = start(Role.SPECIALIST).person
    made = contract(owner, customer(owner, now)["_id"], now, level="confidential", level_basis="往来")
    loan = {"state": "loan_asked", "original": "kept", "borrower": asker.person.id, "loan_reason": "核对原件"}
    database()["record_contract"].update_one({"_id": made["_id"]}, {"$set": loan})
    return store.fetch("contract", made["_id"])


def act(who: Program, asked: dict[str, Any], name: str = "cancel_loan", **more: Any) -> Any:
    body = {"rev": 1, **more.pop("body", {})}
    return who.ask("POST", f"/contract/{asked['number']}/actions/{name}", json=body, **more)


def stands(asked: dict[str, Any]) -> tuple[str, Any]:
    found = store.fetch("contract", asked["_id"])
    return found["state"], found["borrower"]


def test_whoever_asked_takes_it_back_by_the_card(asker: Program, asked: dict[str, Any]) -> None:
    card = asker.get(f"/contract/{asked['number']}")
    assert card["locked"]
    answer = act(asker, asked)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    said = {"type": "contract", "number": asked["number"], "rev": 2, "state": "in_custody"}
    assert answer.get_json() == said, "no content of what they do not read"
    assert stands(asked) == ("in_custody", None)
    entry = database()["audit"].find_one({"action": "cancel_loan", "record": asked["_id"]}) or {}
    assert (entry["actor"], entry["token"]["name"]) == (asker.person.id, "test")
    problem(act(asker, asked, body={"rev": 2}), 403, "locked")


def test_nobody_else_does_and_they_do_nothing_else(asker: Program, asked: dict[str, Any], start: Start) -> None:
    colleague = start(Role.SPECIALIST)
    problem(act(colleague, asked), 403, "locked")
    for name in ("lend", "refuse_loan", "ask_loan", "end"):
        problem(act(asker, asked, name), 403, "locked")
    problem(act(asker, asked, "nothing"), 404, "not_found")
    problem(act(start(Role.HEAD), asked), 403, "forbidden")
    assert stands(asked) == ("loan_asked", asker.person.id)


def test_with_a_token_that_only_reads_it_is_refused(asker: Program, asked: dict[str, Any], start: Start) -> None:
    reads = start(Role.SPECIALIST, read_only=True)
    loan = {"$set": {"borrower": reads.person.id}}
    database()["record_contract"].update_one({"_id": asked["_id"]}, loan)
    problem(act(reads, asked), 403, "locked")
    assert stands(asked)[0] == "loan_asked"


def test_what_became_top_secret_is_not_there_for_them(asker: Program, asked: dict[str, Any]) -> None:
    store.change("contract", asked["_id"], {"level": "top_secret"}, actor=SYSTEM, now=asked["created_at"])
    problem(act(asker, asked, body={"rev": 2}), 404, "not_found")
    assert stands(asked)[0] == "loan_asked"


def test_sent_twice_with_a_key_it_is_done_once(asker: Program, asked: dict[str, Any]) -> None:
    key = {"Idempotency-Key": "back-1"}
    first = act(asker, asked, headers=key)
    assert first.status_code == 200
    again = act(asker, asked, headers=key)
    assert (again.status_code, again.get_data()) == (200, first.get_data())
    assert again.headers["Idempotency-Replayed"] == "true"
    assert store.fetch("contract", asked["_id"])["rev"] == 2
    problem(act(asker, asked, headers=key, body={"note": "another"}), 422, "idempotency_key_reused")
    store.change("contract", asked["_id"], {"level": "top_secret"}, actor=SYSTEM, now=asked["created_at"])
    problem(act(asker, asked, headers=key), 404, "not_found")


def test_with_the_key_of_another_move_on_a_card_nothing_is_told(asker: Program, asked: dict[str, Any]) -> None:
    key = {"Idempotency-Key": "back-1"}
    problem(act(asker, asked, "lend", headers=key), 403, "locked")
    assert act(asker, asked, headers={"Idempotency-Key": "back-2"}).status_code == 200
    problem(act(asker, asked, "lend", headers=key), 403, "locked")
    problem(act(asker, asked, headers={"Idempotency-Key": "back-3"}), 403, "locked")


def test_the_moves_that_a_card_offers_stand_with_the_version_that_they_want(
    asker: Program, asked: dict[str, Any], start: Start
) -> None:
    at = f"/contract/{asked['number']}/actions"
    store.change("contract", asked["_id"], {"name": "另一份合同"}, actor=SYSTEM, now=asked["created_at"])
    said = asker.get(at)
    assert (said["rev"], [one["name"] for one in said["items"]]) == (2, ["cancel_loan"])
    problem(start(Role.SPECIALIST).ask("GET", at), 403, "locked")
    assert act(asker, asked, body={"rev": said["rev"]}).status_code == 200
    problem(asker.ask("GET", at), 403, "locked")


def test_of_a_version_that_is_gone_nothing_is_told_but_that(
    asker: Program, asked: dict[str, Any], start: Start
) -> None:
    editor = start(Role.HEAD, Role.FINANCE_REVIEWER).person
    store.change("contract", asked["_id"], {"name": "另一份合同"}, actor=editor, now=asked["created_at"])
    answer = act(asker, asked)
    assert editor.name not in answer.get_data(as_text=True), "a card does not tell who changed the record"
    page = f"/records/contract/{asked['number']}"
    assert asker.desk.send(f"{page}/do/cancel_loan", rev="1").location == page
    shown = asker.desk.text(page)
    assert "has changed meanwhile" in shown
    assert editor.name not in shown
    said = problem(answer, 409, "stale")
    assert said["current"]["locked"]
    assert said["changed"] == []
    assert "另一份合同" not in answer.get_data(as_text=True)
    assert not any(one in answer.get_data(as_text=True) for one in SECRETS)
    assert stands(asked)[0] == "loan_asked"
    assert act(asker, asked, body={"rev": 2}).status_code == 200
