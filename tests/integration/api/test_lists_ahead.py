"""A list is asked for together with who asks, on the guess that they have the rights of their last request; what it
found is taken only where they have (X6)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from pymongo.database import Database

from models import access
from models.declarations import Relation
from models.listing import hits, walking
from models.person import rights
from models.person import service as people
from models.person.roles import SYSTEM, Role
from models.record import REACH_INDEX
from models.token import service as tokens
from models.token.rate import Allowance
from tests.factories.commands import commands
from tests.factories.web import Clock
from tests.integration.api.conftest import Program
from tests.integration.api.test_records import problem

Base = Database[dict[str, Any]]
ALONE, TOGETHER = "find record_sample", "aggregate record_sample"


@pytest.fixture(autouse=True)
def nothing_counted() -> None:
    walking.forget()


def asked(program: Program, path: str) -> tuple[list[str], dict[str, Any]]:
    """The questions to the sample's records that a request sends, and its answer."""
    with commands.heard() as heard:
        answer = program.get(path)
    return [one for one in heard if one.endswith(("record_sample", " token"))], answer


def test_from_the_second_request_of_a_token_on_one_question_finds_both(head: Program) -> None:
    for _ in range(3):
        head.make()
    head.get("/sample")
    for path in ("/sample", "/sample?show=50", "/sample?archived=1", "/sample?colour=red"):
        once, twice = asked(head, path), asked(head, path)
        assert twice == ([TOGETHER], once[1]), path


def test_pages_are_the_same_whether_asked_for_together_or_alone(head: Program, now: datetime) -> None:
    numbers = [head.make(name=f"Lamp {i}", colour=("red", "blue")[i % 2]) for i in range(45)]
    orders = ("", "sort=name", "sort=-amount", "colour=red", "q=Lamp", "columns=name,amount")
    for order in orders:
        pages = []
        for fresh in (False, True):
            shown, path = [], f"/sample?show=20&{order}"
            while path:
                secret = tokens.create(head.person, account(head), name="fresh", now=now)[1] if fresh else ""
                found = Program(head.desk, head.client, secret or head.secret).get(path)
                shown.append(found["items"])
                path = f"/sample?show=20&{order}&after={found['next']}" if found["next"] else ""
            pages.append(shown)
        assert pages[0] == pages[1], order
        assert {row["number"] for page in pages[0] for row in page} <= set(numbers)
        assert len(pages[0]) > 1


@pytest.fixture
def nothing_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever works out what a list asks for counts every time; more than two records are many."""
    for module in (hits, walking):
        monkeypatch.setattr(module, "BELIEVED_SECONDS", 0)
        monkeypatch.setattr(module, "FEW_HITS", 2)
    monkeypatch.setattr(walking, "FEW", 2)


@pytest.mark.usefixtures("nothing_believed")
@pytest.mark.parametrize("order", ["sort=name", "q=Lamp"])
def test_a_list_that_cannot_be_asked_for_together_is_worked_out_once(head: Program, now: datetime, order: str) -> None:
    """The guess being right, it is not worked out anew: a token that serves for the first time costs as much."""
    for i in range(21):
        head.make(name=f"Lamp {i}")
    path = f"/sample?show=20&{order}"
    for page in (path, f"{path}&after={head.get(path)['next']}"):
        secret = tokens.create(head.person, account(head), name="fresh", now=now)[1]
        first, again = (asked(one, page) for one in (Program(head.desk, head.client, secret), head))
        assert again[1] == first[1]
        assert [one for one in again[0] if "token" not in one] == [one for one in first[0] if "token" not in one], page


def account(program: Program) -> dict[str, Any]:
    assert program.person.id is not None
    return people.get(program.person.id)


def test_a_list_shows_what_the_rights_of_the_moment_open(head: Program, clock: Clock, db: Base) -> None:
    head.make()
    confidential = [access.token("confidential", Relation.DEPARTMENT, head.person.department)]
    db["record_sample"].update_many({}, {"$set": {"acl": confidential, "level": "confidential"}})

    def shown() -> list[bool]:
        return [row["locked"] for row in head.get("/sample")["items"]]

    assert shown() == shown() == [False]
    rights.set_roles(SYSTEM, account(head)["_id"], [Role.SPECIALIST], clock.now)
    assert shown() == shown() == [True]
    rights.set_roles(SYSTEM, account(head)["_id"], [Role.HEAD], clock.now)
    assert shown() == [False]
    top = [access.token("top_secret", Relation.OWNER, "somebody")]
    db["record_sample"].update_many({}, {"$set": {"acl": top, "level": "top_secret"}})
    assert shown() == []


def test_a_token_that_has_ended_is_guessed_about_once(head: Program, clock: Clock) -> None:
    head.make()
    head.get("/sample")
    rights.set_active(SYSTEM, account(head)["_id"], False, clock.now)
    heard: list[list[str]] = []
    for _ in range(2):
        with commands.heard() as sent:
            problem(head.ask("GET", "/sample"), 401, "bad_token")
        heard.append([one for one in sent if "record_sample" in one])
    assert heard == [[TOGETHER], []]


def test_a_token_that_had_its_requests_is_guessed_about_once(head: Program) -> None:
    head.client.application.extensions["api_allowance"] = Allowance(limit=2)
    head.get("/sample")
    head.get("/sample")
    heard: list[list[str]] = []
    for _ in range(2):
        with commands.heard() as sent:
            assert head.ask("GET", "/sample").status_code == 429
        heard.append([one for one in sent if "record_sample" in one])
    assert heard == [[TOGETHER], []]


def test_what_is_wrong_with_an_address_is_said_as_before(head: Program) -> None:
    head.get("/sample")
    for _ in range(2):
        answer = problem(head.ask("GET", "/sample?colour=is:none&nothing=1"), 400, "bad_query")
        assert answer["errors"][0]["field"] in ("colour", "nothing")
        problem(head.ask("GET", "/no_such_type"), 404, "not_found")


def test_two_tokens_of_one_person_and_their_pages_do_not_drive_each_other_out(head: Program, now: datetime) -> None:
    other = Program(head.desk, head.client, tokens.create(head.person, account(head), name="other", now=now)[1])
    head.make()
    for program in (head, other):
        program.get("/sample")
    head.desk.text("/records/sample/")
    for program in (head, other, head, other):
        assert asked(program, "/sample")[0] == [TOGETHER]


def test_without_its_index_a_list_is_asked_for_alone(head: Program, db: Base) -> None:
    head.make()
    head.get("/sample")
    db["record_sample"].drop_index(REACH_INDEX)
    questions, answer = asked(head, "/sample")
    assert questions[0] == TOGETHER
    assert ALONE in questions
    assert len(answer["items"]) == 1
