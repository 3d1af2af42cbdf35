"""Writes that are sent twice are carried out once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from pymongo.client_session import ClientSession
from pymongo.errors import AutoReconnect

from backoffice.api import once
from config.database import database
from models import idempotency, store
from models.idempotency import Claim
from models.person.roles import Role
from models.record import collection_name
from tests.factories.web import Clock
from tests.integration.api.conftest import Program, Start
from tests.integration.api.test_records import problem

KEY = {"Idempotency-Key": "order-1"}


def stored() -> int:
    return database()[collection_name("sample")].count_documents({})


def send(program: Program, name: str = "Lamp", headers: dict[str, str] = KEY) -> Any:
    return program.ask("POST", "/sample", json={"values": {"name": name}}, headers=headers)


def test_the_same_request_is_answered_the_same_and_done_once(head: Program) -> None:
    first, second = send(head), send(head)
    assert first.status_code == second.status_code == 201
    assert first.get_data() == second.get_data()
    assert first.headers["Location"] == second.headers["Location"]
    assert (first.headers.get("Idempotency-Replayed"), second.headers["Idempotency-Replayed"]) == (None, "true")
    assert stored() == 1


def test_a_change_is_answered_the_same_though_its_version_is_no_longer_there(head: Program) -> None:
    number = head.make()
    answers = [
        head.ask("PATCH", f"/sample/{number}", json={"rev": 1, "values": {"name": "Torch"}}, headers=KEY)
        for _ in range(2)
    ]
    assert [one.status_code for one in answers] == [200, 200]
    assert answers[0].get_data() == answers[1].get_data()
    assert head.get(f"/sample/{number}")["rev"] == 2


def test_who_has_lost_the_right_is_told_so_and_not_what_was_answered_before(
    head: Program, start: Start, clock: Clock
) -> None:
    owner = start(Role.SPECIALIST)
    number = owner.make(level="secret")
    wanted = {"rev": 1, "values": {"name": "Torch"}}
    assert head.ask("PATCH", f"/sample/{number}", json=wanted, headers=KEY).status_code == 200
    store.change("sample", stored_id(number), {"department": "sales"}, actor=owner.person, now=clock.now)
    answer = head.ask("PATCH", f"/sample/{number}", json=wanted, headers=KEY)
    assert "Idempotency-Replayed" not in answer.headers
    problem(answer, 404, "not_found")
    assert send(owner).status_code == 201
    database()["user"].update_one({"_id": owner.person.id}, {"$set": {"roles": [Role.SALES.value]}})
    problem(send(owner), 403, "forbidden")


def test_an_answer_given_again_is_a_reading_of_its_own(head: Program, start: Start) -> None:
    number = start(Role.SPECIALIST).make(level="secret")
    for times in (1, 2):
        head.ask("PATCH", f"/sample/{number}", json={"rev": 1, "values": {"name": "Torch"}}, headers=KEY)
        assert database()["audit"].count_documents({"action": "view", "number": number}) == times


def stored_id(number: str) -> Any:
    found = database()[collection_name("sample")].find_one({"number": number})
    assert found is not None
    return found["_id"]


def test_another_request_with_the_key_is_refused(head: Program) -> None:
    send(head)
    problem(send(head, "Torch"), 422, "idempotency_key_reused")
    number = head.make()
    problem(head.ask("POST", f"/sample/{number}/restore", json={"rev": 1}, headers=KEY), 422, "idempotency_key_reused")
    assert stored() == 2


def test_the_key_is_the_tokens_own(head: Program, start: Start) -> None:
    send(head)
    assert send(start(Role.HEAD), "Torch").status_code == 201


def test_a_refused_request_may_be_sent_again(head: Program) -> None:
    problem(send(head, "x" * 300), 400, "bad_request")
    wrong = {"values": {"name": "Lamp", "seller": "nobody@example.com"}}
    problem(head.ask("POST", "/sample", json=wrong, headers=KEY), 422, "invalid")
    assert send(head).status_code == 201


def test_the_key_ends_after_a_day(head: Program, clock: Clock) -> None:
    send(head)
    clock.forward(hours=25)
    assert send(head, "Torch").status_code == 201


@pytest.mark.parametrize("key", ["", " ", "x" * 201, "schlüssel"])
def test_a_key_that_is_none_is_refused_by_name(head: Program, key: str) -> None:
    said = problem(send(head, headers={"Idempotency-Key": key}), 400, "bad_request")
    assert said["errors"][0]["field"] == "Idempotency-Key"


def test_of_two_at_once_one_is_done(app: Flask, head: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second comes while the first is being carried out."""
    running, go_on = threading.Event(), threading.Event()
    written = once.written

    def slowly(*arguments: Any, **more: Any) -> Any:
        running.set()
        assert go_on.wait(60)
        return written(*arguments, **more)

    monkeypatch.setattr(once, "written", slowly)
    answers: list[Any] = []
    thread = threading.Thread(target=lambda: answers.append(send(Program(head.desk, app.test_client(), head.secret))))
    thread.start()
    assert running.wait(60)
    problem(send(head), 409, "still_running")
    go_on.set()
    thread.join()
    assert answers[0].status_code == 201
    assert send(head).headers["Idempotency-Replayed"] == "true"
    assert stored() == 1


@pytest.fixture
def gone_meanwhile(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """The database stores what a request sends, does not get to say so, and stays away while the request goes on."""
    finish = ClientSession._finish_transaction

    def unheard(self: ClientSession, *arguments: Any) -> None:
        finish(self, *arguments)
        raise AutoReconnect("gone")

    def lost(_mine: Claim) -> None:
        raise AutoReconnect("still gone")

    with monkeypatch.context() as patch:
        patch.setattr(ClientSession, "_finish_transaction", unheard)
        patch.setattr("config.database.COMMIT_SECONDS", 2)
        patch.setattr(idempotency, "give_back", lost)
        yield patch


def test_a_write_of_which_nobody_knows_whether_it_is_stored_is_sent_again_with_its_key(
    head: Program, gone_meanwhile: pytest.MonkeyPatch
) -> None:
    answer = send(head)
    problem(answer, 503, "outcome_unknown")
    assert answer.headers["Retry-After"] == "10"
    gone_meanwhile.undo()
    again = send(head)
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (201, "true")
    assert stored() == 1


def test_without_a_key_nobody_is_asked_to_send_again_what_may_be_stored(
    head: Program, gone_meanwhile: pytest.MonkeyPatch
) -> None:
    answer = send(head, headers={})
    problem(answer, 503, "outcome_unknown")
    assert "Retry-After" not in answer.headers


def test_a_request_whose_process_died_may_be_sent_again_and_the_dead_one_stores_nothing(
    head: Program, clock: Clock
) -> None:
    key, asked = idempotency.digest(b"key"), idempotency.digest(b"request")
    dead = idempotency.claim(key, asked, clock.now)
    assert isinstance(dead, Claim)
    with pytest.raises(idempotency.StillRunning):
        idempotency.claim(key, asked, clock.now)
    clock.forward(seconds=61)
    heir = idempotency.claim(key, asked, clock.now)
    assert isinstance(heir, Claim)
    answer = idempotency.Answer(201, {}, "{}")
    with pytest.raises(idempotency.StillRunning):
        idempotency.keep(dead, answer)
    idempotency.keep(heir, answer)
    assert idempotency.claim(key, asked, clock.now) == answer


def test_what_is_kept_holds_no_content(head: Program) -> None:
    send(head, "Leuchtturm")
    assert "Leuchtturm" not in str(list(database()[idempotency.KEYS].find()))
