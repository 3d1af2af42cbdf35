"""Tokens: made, shown once, narrower than their person, and gone at once."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask

from config.database import database
from models.errors import Invalid
from models.person import rights
from models.person import service as people
from models.person.credentials import store_credentials
from models.person.roles import SYSTEM, Role
from models.token import rate, rules
from models.token import service as tokens
from tests.factories.desks import Desk, seat
from tests.factories.web import Clock
from tests.integration.api.conftest import Program, Start
from tests.integration.api.test_records import problem


def account(program: Program) -> dict[str, Any]:
    assert program.person.id is not None
    return people.get(program.person.id)


def test_a_token_says_whose_it_is(head: Program) -> None:
    said = head.get("/me")
    assert (said["email"], said["roles"]) == (head.person.email, ["custodian", "head", "specialist"])
    assert said["token"]["prefix"] == head.secret[: rules.SHOWN]
    assert "sample" in said["types"]


def test_the_database_does_not_hold_the_token(head: Program) -> None:
    (row,) = database()[tokens.TOKENS].find()
    assert head.secret not in str(row)
    assert head.secret[12:] not in str(list(database()["audit"].find()))
    assert len(head.secret) == 3 + 8 + 1 + 43


def disabled(program: Program, clock: Clock) -> None:
    rights.set_active(SYSTEM, account(program)["_id"], False, clock.now)


def disabled_for_a_moment(program: Program, clock: Clock) -> None:
    disabled(program, clock)
    rights.set_active(SYSTEM, account(program)["_id"], True, clock.now)


def new_password(program: Program, clock: Clock) -> None:
    store_credentials(account(program)["_id"], {"fs_uniquifier": "another"})


def reset(program: Program, clock: Clock) -> None:
    rights.reset_access(SYSTEM, account(program)["_id"], "hash", clock.now)


def revoked(program: Program, clock: Clock) -> None:
    tokens.revoke(program.person, account(program), program.secret[: rules.SHOWN], clock.now)


def expired(program: Program, clock: Clock) -> None:
    clock.forward(days=rules.USUAL_LIFE.days)


@pytest.mark.parametrize("end", [disabled, disabled_for_a_moment, new_password, reset, revoked, expired])
def test_a_token_ends_at_once(head: Program, clock: Clock, end: Callable[[Program, Clock], None]) -> None:
    assert head.ask("GET", "/me").status_code == 200
    end(head, clock)
    answer = head.ask("GET", "/me")
    problem(answer, 401, "bad_token")
    assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


def test_rights_are_those_of_the_moment(head: Program, clock: Clock) -> None:
    head.make()
    rights.set_roles(SYSTEM, account(head)["_id"], [Role.AUDITOR], clock.now)
    assert head.get("/me")["roles"] == ["auditor"]
    problem(head.ask("POST", "/sample", json={"values": {"name": "x"}}), 403, "forbidden")


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Bearer x", "Basic eDp4", "Token {}", "Bearer {}x", "Bearer {} {}", "{}"]
)
def test_what_is_no_bearer_token_opens_nothing(head: Program, header: str) -> None:
    sent = head.client.get("/api/v1/me", headers={"Authorization": header.replace("{}", head.secret)})
    assert sent.status_code == 401
    assert head.client.get("/api/v1/me", query_string={"access_token": head.secret}).status_code == 401


def test_use_is_noted(head: Program, clock: Clock) -> None:
    head.ask("GET", "/me")
    (one,) = tokens.of_person(account(head)["_id"], clock.now)
    assert one.last_used == clock.now


def test_a_token_that_makes_no_sense_is_refused_by_field(start: Start, now: datetime) -> None:
    sales = start(Role.SALES)
    with pytest.raises(Invalid) as refused:
        tokens.create(sales.person, account(sales), name=" ", days=9999, types=["nothing"], now=now)
    assert set(refused.value.problems) == {"name", "days", "types"}


def test_nobody_has_more_than_fifty_tokens(head: Program, now: datetime) -> None:
    for count in range(rules.MOST_TOKENS - 1):
        tokens.create(head.person, account(head), name=str(count), now=now)
    with pytest.raises(tokens.TooManyTokens):
        tokens.create(head.person, account(head), name="one more", now=now)


def test_too_many_requests_wait_until_the_next_minute(app: Flask, head: Program, clock: Clock) -> None:
    app.extensions["api_allowance"].limit = 40
    answers = [head.ask("GET", "/me").status_code for _ in range(41)]
    assert answers == [200] * 40 + [429]
    answer = head.ask("GET", "/me")
    problem(answer, 429, "too_many_requests")
    assert answer.headers["Retry-After"] == "60"
    clock.forward(seconds=60)
    assert head.ask("GET", "/me").status_code == 200


def test_processes_share_a_limit(head: Program, now: datetime) -> None:
    token = database()[tokens.TOKENS].find_one({})
    assert token is not None
    processes = [rate.Allowance(limit=90) for _ in range(3)]
    spent = 0
    for turn in range(200):
        try:
            processes[turn % 3].spend(token["_id"], now)
        except rate.TooManyRequests:
            continue
        spent += 1
    assert spent == 90


def test_a_token_is_made_on_the_page_shown_once_and_revoked(app: Flask, head: Program, clock: Clock) -> None:
    desk = head.desk
    page = desk.send("/account/tokens/", 200, name="Telephone", days="30", types="sample", read_only="y").get_data(True)
    secret = rules.FORM.search(page)
    assert secret is not None
    program = Program(desk, app.test_client(), secret[0])
    said = program.get("/me")
    assert (said["types"], said["token"]["read_only"], said["token"]["name"]) == (["sample"], True, "Telephone")
    problem(program.ask("POST", "/sample", json={"values": {"name": "x"}}), 403, "token_only_reads")
    listed = desk.text("/account/tokens/")
    assert secret[0] not in listed
    assert secret[0][: rules.SHOWN] in listed
    token = next(one for one in tokens.of_person(account(head)["_id"], clock.now) if one.name == "Telephone")
    desk.send(f"/account/tokens/{token.id}/revoke")
    problem(program.ask("GET", "/me"), 401, "bad_token")


def test_a_form_that_is_sent_again_makes_no_second_token(head: Program) -> None:
    desk = head.desk
    before = database()[tokens.TOKENS].count_documents({})
    found = re.search(r'name="token" value="([0-9a-f]{24})"', desk.text("/account/tokens/"))
    assert found is not None
    sent = {"name": "Telephone", "days": "30", "token": found[1]}
    desk.send("/account/tokens/", 200, **sent)
    assert "made already" in desk.send("/account/tokens/", 409, **sent).get_data(True)
    assert database()[tokens.TOKENS].count_documents({}) == before + 1
    desk.send("/account/tokens/", 404, **{**sent, "token": "x"})


def test_a_token_wants_a_fresh_sign_in(head: Program, clock: Clock) -> None:
    head.desk.text("/account/tokens/")
    clock.forward(minutes=6)
    answer = head.desk.post("/account/tokens/", {"name": "Telephone & co", "days": "7", "types": "sample"})
    assert answer.status_code == 303
    assert answer.location.startswith("/verify")
    [again] = parse_qs(urlsplit(answer.location).query)["next"]
    form = head.desk.text(again)
    assert "No token was made yet" in form
    assert 'value="Telephone &amp; co"' in form
    assert re.search(r'value="sample"[^>]*checked|checked[^>]*value="sample"', form)
    assert len(tokens.of_person(account(head)["_id"], clock.now)) == 1


@pytest.mark.parametrize("wrong", [{"name": ""}, {"days": "²"}, {"days": "99999"}, {"types": "nothing"}])
def test_the_page_says_what_is_wrong(head: Program, wrong: dict[str, str]) -> None:
    answer = head.desk.post("/account/tokens/", {"name": "x", "days": "30", **wrong})
    assert answer.status_code == 422


def test_nobody_revokes_the_token_of_another(app: Flask, head: Program, now: datetime) -> None:
    other: Desk = seat(app, Role.ADMINISTRATOR, now=now)
    (token,) = tokens.of_person(account(head)["_id"], now)
    assert other.post(f"/account/tokens/{token.id}/revoke").status_code == 404
    assert head.ask("GET", "/me").status_code == 200


def test_making_and_revoking_are_in_the_audit_trail(head: Program, now: datetime) -> None:
    revoked(head, Clock(now + timedelta(minutes=1)))
    actions = [entry["action"] for entry in database()["audit"].find({"actor": head.person.id}).sort("_id")]
    assert [action for action in actions if action.startswith("token_")] == ["token_made", "token_revoked"]


def test_the_reference_page_shows_what_its_reader_reaches(app: Flask, head: Program) -> None:
    page = head.desk.text("/api/")
    assert "/api/v1/search" in page
    assert "Samples" in page
    assert "/api/v1/sample/{number}/actions/submit" in head.desk.text("/api/?part=Samples")
    assert app.test_client().get("/api/").status_code == 302
