"""An administrator sees the tokens of one person, revokes them and narrows what they read; nobody else does."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from bson import ObjectId
from flask import Flask
from pymongo.database import Database

from models.errors import FieldProblem, Forbidden
from models.person import api_level
from models.person import service as people
from models.person.roles import SYSTEM, Role
from models.person.service import OwnAccount
from models.token import rules
from models.token import service as tokens
from tests.factories.desks import Desk, seat
from tests.factories.filled import filled
from tests.integration.api.conftest import Program, Start
from tests.integration.api.test_records import problem

Base = Database[dict[str, Any]]


@pytest.fixture
def admin(app: Flask, head: Program, now: datetime) -> Desk:
    return seat(app, Role.ADMINISTRATOR, now=now, name="Admin")


@pytest.fixture
def at(head: Program) -> str:
    return f"/people/{head.person.id}"


def account(program: Program) -> dict[str, Any]:
    assert program.person.id is not None
    return people.get(program.person.id)


def entries(db: Base, action: str) -> list[dict[str, Any]]:
    return list(db["audit"].find({"action": action}).sort("_id"))


def narrow(admin: Desk, at: str, level: str, status: int = 303) -> str:
    answer = admin.send(at, status, **filled(admin.text(at), "") | {"api_level": level})
    return answer.get_data(as_text=True)


def test_the_page_of_a_person_lists_their_tokens_and_no_secret(
    admin: Desk, head: Program, at: str, now: datetime
) -> None:
    head.get("/me")
    tokens.create(head.person, account(head), name="Telephone", now=now, types=["sample"], read_only=True, days=7)
    page = admin.text(at)
    section = page.partition('id="tokens"')[2]
    for text in ("Telephone", "Samples", "reads only", head.secret[: rules.SHOWN], "23 Nov"):
        assert text in section, text
    assert head.secret[12:] not in page
    assert "There are none." in admin.text(f"/people/{admin.person.id}")


def test_one_token_is_revoked_and_the_others_stay(
    app: Flask, admin: Desk, head: Program, at: str, now: datetime, db: Base
) -> None:
    made, secret = tokens.create(head.person, account(head), name="Telephone", now=now)
    other = Program(head.desk, app.test_client(), secret)
    assert other.ask("GET", "/me").status_code == 200
    assert admin.send(f"{at}/tokens/{made.id}/revoke").location == at
    problem(other.ask("GET", "/me"), 401, "bad_token")
    assert head.ask("GET", "/me").status_code == 200
    [entry] = entries(db, "token_revoked")
    assert (entry["actor"], entry["record"], entry["detail"]) == (
        admin.person.id,
        head.person.id,
        {"token": made.prefix},
    )


def test_all_tokens_are_revoked_each_with_its_entry(
    admin: Desk, head: Program, start: Start, at: str, now: datetime, db: Base
) -> None:
    for name in ("one", "two"):
        tokens.create(head.person, account(head), name=name, now=now)
    expired, _ = tokens.create(head.person, account(head), name="old", now=now - timedelta(days=8), days=7)
    stranger = start(Role.SPECIALIST)
    admin.send(f"{at}/tokens/revoke")
    assert "3 tokens open nothing any more." in admin.text(at)
    problem(head.ask("GET", "/me"), 401, "bad_token")
    assert stranger.ask("GET", "/me").status_code == 200
    told = entries(db, "token_revoked")
    assert len(told) == 3
    assert expired.prefix not in {entry["detail"]["token"] for entry in told}
    assert f"{at}/tokens/" not in admin.text(at), "nothing is left to be revoked"


def test_only_an_administrator_does(app: Flask, head: Program, start: Start, at: str, now: datetime) -> None:
    [token] = tokens.of_person(account(head)["_id"], now)
    for roles in ((Role.SPECIALIST,), (Role.HEAD,), (Role.AUDITOR,), (Role.GENERAL_MANAGER,)):
        desk = seat(app, *roles, now=now)
        for path in (f"{at}/tokens/{token.id}/revoke", f"{at}/tokens/revoke"):
            desk.send(path, 403)
        with pytest.raises(Forbidden):
            tokens.revoke(desk.person, account(head), token.id, now)
        with pytest.raises(Forbidden):
            tokens.revoke_all(desk.person, account(head), now)
        with pytest.raises(Forbidden):
            api_level.change(desk.person, account(head)["_id"], "internal", now)
    assert head.ask("GET", "/me").status_code == 200


def test_what_is_no_token_of_the_person_is_not_found(
    admin: Desk, head: Program, start: Start, at: str, now: datetime
) -> None:
    [token] = tokens.of_person(account(start(Role.SPECIALIST))["_id"], now)
    for path in (f"{at}/tokens/{token.id}/revoke", f"{at}/tokens/x/revoke", f"{at}/tokens/{ObjectId()}/revoke"):
        admin.send(path, 404)
    admin.send(f"/people/{ObjectId()}/tokens/revoke", 404)


@pytest.fixture
def numbers(head: Program) -> dict[str, str]:
    """A record of each level, by level."""
    return {
        level: head.make(name=f"Lamp {level}", level=level)
        for level in ("internal", "secret", "confidential", "top_secret")
    }


def status(program: Program, numbers: dict[str, str]) -> list[tuple[int, bool | None]]:
    """How each record is answered, and whether as a card."""
    answers = [program.ask("GET", f"/sample/{number}") for number in numbers.values()]
    return [(one.status_code, one.get_json().get("locked")) for one in answers]


FULL, CARD, GONE = (200, False), (200, True), (404, None)


def test_a_limit_narrows_all_tokens_of_one_person_from_the_next_request_on(
    app: Flask, admin: Desk, head: Program, start: Start, at: str, numbers: dict[str, str], now: datetime, db: Base
) -> None:
    _, secret = tokens.create(head.person, account(head), name="Telephone", now=now)
    other, colleague = Program(head.desk, app.test_client(), secret), start(Role.HEAD)
    assert status(head, numbers) == [FULL] * 4
    narrow(admin, at, "secret")
    for program in (head, other):
        assert status(program, numbers) == [FULL, FULL, CARD, GONE]
    assert status(colleague, numbers) == [FULL] * 4
    for number in numbers.values():
        assert head.desk.get(f"/records/sample/{number}").status_code == 200, "the screens stay as they are"
    narrow(admin, at, "")
    assert status(head, numbers) == [FULL] * 4
    told = [(one["actor"], one["record"], one["detail"]) for one in entries(db, "api_level_changed")]
    assert told == [
        (admin.person.id, head.person.id, {"api_level": "secret", "from": "policy"}),
        (admin.person.id, head.person.id, {"api_level": "policy", "from": "secret"}),
    ]
    trail = seat(app, Role.AUDITOR, now=now).text("/audit/")
    assert "changed how far somebody" in trail
    assert "up to: Secret; from: as the policy says" in trail


def test_what_is_stored_and_is_no_level_opens_nothing(head: Program, numbers: dict[str, str], db: Base) -> None:
    for nonsense in ("secrets", "TOP_SECRET", 4, ["secret"], True):
        db["user"].update_one({"_id": head.person.id}, {"$set": {"api_level": nonsense}})
        assert status(head, numbers) == [(404, None), CARD, CARD, GONE], nonsense
        assert head.get("/sample")["items"][0]["locked"]


def test_what_is_no_level_is_refused_at_its_field(admin: Desk, at: str, head: Program) -> None:
    assert "Choose a level from the list." in narrow(admin, at, "secrets", 422)
    assert "api_level" not in account(head)


def test_nobody_sets_their_own(admin: Desk, now: datetime, start: Start, app: Flask) -> None:
    assert admin.person.id is not None
    with pytest.raises(OwnAccount):
        api_level.change(admin.person, admin.person.id, "internal", now)
    api_level.change(admin.person, admin.person.id, "", now)
    with pytest.raises(FieldProblem):
        api_level.change(SYSTEM, admin.person.id, "all", now)


def test_a_form_that_was_opened_before_lifts_no_limit_that_was_set_meanwhile(
    admin: Desk, head: Program, at: str, now: datetime
) -> None:
    before = filled(admin.text(at), "")
    api_level.change(SYSTEM, account(head)["_id"], "internal", now)
    page = admin.send(at, 409, **before | {"name": "Somebody"}).get_data(as_text=True)
    assert "as the policy says (Top secret)" in page
    assert api_level.of(account(head)) == "internal"
    admin.send(at, 303, **filled(page, ""))
    assert (account(head)["name"], api_level.of(account(head))) == ("Somebody", "internal")
