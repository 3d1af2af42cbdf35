"""The API has no side door (X6): every type in force, every role, every route, walked and never named."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from config.database import database
from models import access, registry, schema
from models.access import Purpose
from models.declarations import Level, RecordType
from models.person import service as people
from models.person.roles import Person, Role
from models.token import service as tokens
from tests.factories.desks import seat
from tests.factories.planted import Planted, assert_untouched, betrayed, plant
from tests.factories.types import SAMPLE

SERVICE = (Role.SPECIALIST, Role.CUSTODIAN, Role.SUPERVISOR, Role.HEAD)
PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
NOWHERE = "Kanarie000"
ID = "5f0000000000000000000001"


@dataclass
class Program:
    """A program that acts for a person."""

    person: Person
    client: FlaskClient
    secret: str

    def ask(self, method: str, path: str, **more: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.secret}", **more.pop("headers", {})}
        return self.client.open(path, method=method, headers=headers, **more)


@dataclass
class House:
    """A program for everybody, and everything that was planted."""

    app: Flask
    programs: list[Program]
    planted: list[Planted]

    def unread(self, program: Program) -> list[tuple[Planted, str]]:
        found = []
        for one in self.planted:
            seen = access.reach(program.person, one.rt, Purpose.VIEW).sees(one.son["acl"])
            if seen != "full":
                found.append((one, seen))
        return found

    def examples(self, program: Program, wanted: str) -> list[Planted]:
        """Of each type, the first record that the person sees in this way."""
        found: dict[str, Planted] = {}
        for one, seen in self.unread(program):
            if seen == wanted:
                found.setdefault(one.rt.slug, one)
        return list(found.values())

    def kinds_of_people(self) -> list[Program]:
        """One for each way of seeing what was planted."""
        ways = {tuple((one.number, seen) for one, seen in self.unread(p)): p for p in self.programs}
        return list(ways.values())


@pytest.fixture
def house(app: Flask, now: datetime) -> Iterator[House]:
    registry.register(SAMPLE)
    schema.migrate()
    owner = seat(app, Role.SPECIALIST, now=now, name="The Owner")
    desks = [seat(app, role, now=now, department="service" if role in SERVICE else "sales") for role in Role]
    desks.append(seat(app, now=now))
    programs = []
    for desk in desks:
        _token, secret = tokens.create(desk.person, people.get(desk.person.id), name="walk", now=now)  # type: ignore[arg-type]
        programs.append(Program(desk.person, app.test_client(), secret))
    planted = plant(registry.all_types(), owner.person, now)
    app.extensions["api_allowance"].limit = 10**9
    yield House(app, programs, planted)
    registry.unregister(SAMPLE.slug)


def routes(app: Flask) -> list[tuple[str, str]]:
    """Method and rule of every route of the API."""
    found = []
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("api."):
            found += [(method, rule.rule) for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})]
    return sorted(found)


def record_routes(app: Flask) -> list[tuple[str, str]]:
    return [(method, rule) for method, rule in routes(app) if "number>" in rule]


def address(rule: str, rt: RecordType, number: str, file_id: str = ID, name: str = "none") -> str:
    values = {"slug": rt.slug, "number": number, "file_id": file_id, "name": name}
    return PARAMETER.sub(lambda found: values[found[1]], rule)


def moves(rt: RecordType) -> list[str]:
    return [t.name for t in rt.workflow.transitions] if rt.workflow else ["none"]


def body(method: str, path: str) -> dict[str, Any]:
    if method == "GET":
        return {}
    if path.endswith("/files") and "/v1/files" in path:
        return {"data": b"x", "query_string": {"name": "x.txt"}, "content_type": "application/octet-stream"}
    return {"json": {"rev": 1, **({"values": {}} if method == "PATCH" or path.count("/") == 3 else {})}}


def said(answer: TestResponse) -> str:
    """Everything that an answer says, headers included."""
    headers = "\n".join(f"{k}: {v}" for k, v in answer.headers)
    return f"{answer.status_code}\n{headers}\n{answer.get_data(as_text=True)}"


def still(text: str, *names: str) -> str:
    """A text without what differs from answer to answer, and without some words of the request."""
    for name in names:
        text = text.replace(name, "#")
    return re.sub(r"(?m)^(Date|Content-Length|X-Request-I[dD]|ETag):.*$|nonce-[\w-]+", "", text)


def test_the_walk_is_worth_its_name(house: House) -> None:
    assert len(record_routes(house.app)) >= 8
    assert len(house.kinds_of_people()) >= 5
    head = next(p for p in house.programs if Role.HEAD in p.person.roles)
    unread = [one for one, _ in house.unread(head)]
    for one in house.planted:
        if one not in unread:
            answer = head.ask("GET", f"/api/v1/{one.rt.slug}/{one.number}")
            assert answer.status_code == 200, (one.rt.slug, answer.get_data(as_text=True)[:300])
            assert one.word in answer.get_data(as_text=True), (one.rt.slug, one.level)


def test_without_a_token_every_route_is_closed_and_no_session_opens_it(house: House, now: datetime) -> None:
    desk = seat(house.app, Role.HEAD, now=now)
    for client in (house.app.test_client(), desk.client):
        for method, rule in routes(house.app):
            path = address(rule, SAMPLE, "YP-2026-000001")
            answer = client.open(path, method=method)
            assert answer.status_code == 401, (method, path)
            assert answer.content_type == "application/problem+json"
            assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_token_opens_no_screen(house: House) -> None:
    program = house.programs[0]
    for path in ("/", "/records/sample/", "/account/tokens/", "/api/"):
        assert program.ask("GET", path).status_code == 302, path


def test_no_answer_lets_another_site_read_it(house: House) -> None:
    program = house.programs[0]
    asking = {"Origin": "https://evil.example", "Access-Control-Request-Method": "GET"}
    for method, path in (("GET", "/api/v1/me"), ("OPTIONS", "/api/v1/me"), ("GET", "/api/v1/nothing")):
        answer = program.ask(method, path, headers=asking)
        assert not [name for name, _ in answer.headers if name.lower().startswith("access-control")]
        assert "Set-Cookie" not in answer.headers


def test_no_route_of_a_locked_record_says_more_than_its_card(house: House) -> None:
    for program in house.kinds_of_people():
        for one in house.examples(program, "card"):
            for method, rule in record_routes(house.app):
                for move in moves(one.rt) if "<name>" in rule else ["none"]:
                    path = address(rule, one.rt, one.number, one.file_id, move)
                    found = betrayed(said(program.ask(method, path, **body(method, path))), one)
                    assert not found, (program.person.name, method, path, one.level, found)
    assert_untouched(house.planted)


def test_a_hidden_record_answers_as_one_that_does_not_exist(house: House) -> None:
    for program in house.kinds_of_people():
        for one in house.examples(program, ""):
            missing = one.number[:-3] + "999"
            for method, rule in record_routes(house.app):
                for move in moves(one.rt)[:2] if "<name>" in rule else ["none"]:
                    answers = []
                    for number in (one.number, missing):
                        path = address(rule, one.rt, number, one.file_id, move)
                        answers.append(still(said(program.ask(method, path, **body(method, path))), number))
                    assert answers[0] == answers[1], (program.person.name, method, rule, one.rt.slug, one.level)
                    assert not betrayed(answers[0], one)
        for one, seen in house.unread(program):
            if not seen:
                assert program.ask("GET", f"/api/v1/{one.rt.slug}/{one.number}").status_code == 404
    assert_untouched(house.planted)


def test_no_list_search_or_document_says_a_word_of_what_may_not_be_read(house: House) -> None:
    for program in house.programs:
        unread = [one for one, _ in house.unread(program)]
        paths = ["/api/v1/me", "/api/v1/openapi.json", "/api/v1/search?q=Kanarie"]
        for rt in registry.all_types():
            columns = ",".join(f.name for f in access.visible_fields(program.person, rt)[:30])
            paths += [f"/api/v1/{rt.slug}", f"/api/v1/{rt.slug}?columns={columns}&show=100"]
        for path in paths:
            text = said(program.ask("GET", path))
            for one in unread:
                assert not betrayed(text, one), (program.person.name, path, one.level)


def test_a_list_has_the_whole_of_what_may_be_read(house: House) -> None:
    for program in house.kinds_of_people():
        unread = {one.number: seen for one, seen in house.unread(program)}
        for rt in registry.all_types():
            answer = program.ask("GET", f"/api/v1/{rt.slug}?show=100")
            expected = {
                one.number: unread.get(one.number) == "card"
                for one in house.planted
                if one.rt is rt and unread.get(one.number) != ""
            }
            if answer.status_code == 404:
                assert not expected
                continue
            assert {row["number"]: row["locked"] for row in answer.get_json()["items"]} == expected


def test_a_search_for_what_may_not_be_read_finds_what_a_search_for_nothing_finds(house: House) -> None:
    for program in house.kinds_of_people():
        nothing: dict[str, str] = {}
        for one in (*house.examples(program, "card"), *house.examples(program, "")):
            at = f"/api/v1/{one.rt.slug}"
            for path in ("/api/v1/search?q={}", at + "?q={}", f"{at}?{one.rt.title}=contains:{{}}"):
                if path not in nothing:
                    nothing[path] = still(said(program.ask("GET", path.format(NOWHERE))), NOWHERE)
                there = still(said(program.ask("GET", path.format(one.word))), one.word)
                assert there == nothing[path], (program.person.name, path, one.level)


def test_nobody_sorts_filters_or_asks_for_a_field_that_is_not_theirs_to_see(house: House) -> None:
    tried = 0
    for program in house.kinds_of_people():
        for rt in registry.all_types():
            seen = {f.name for f in access.visible_fields(program.person, rt)}
            for name in [*(f.name for f in rt.fields if f.name not in seen), "acl", "haystack", "granted"]:
                unknown = still(said(program.ask("GET", f"/api/v1/{rt.slug}?sort=nosuchfield")), "nosuchfield")
                assert still(said(program.ask("GET", f"/api/v1/{rt.slug}?sort={name}")), name) == unknown
                for query in (f"{name}=filled", f"columns={name}", f"where=any({name}:filled)"):
                    assert program.ask("GET", f"/api/v1/{rt.slug}?{query}").status_code in (400, 404), (rt.slug, query)
                    tried += 1
    assert tried > 100


def test_a_field_that_is_not_theirs_to_write_is_no_field(house: House) -> None:
    tried = 0
    for program in house.kinds_of_people():
        for rt in registry.all_types():
            mine = {f.name for f in access.editable_fields(program.person, rt)}
            for name in [*(f.name for f in rt.fields if f.name not in mine), "acl", "rev", "_id", "created_by"]:
                answers = []
                for posted in (name, "nosuchfield"):
                    sent = {"values": {posted: "x"}}
                    text = said(program.ask("POST", f"/api/v1/{rt.slug}", json=sent))
                    answers.append(still(text, f'"{posted}"', f"“{posted}”"))
                assert answers[0] == answers[1], (program.person.name, rt.slug, name)
                tried += 1
    assert tried > 100
    assert_untouched(house.planted)


def test_the_document_names_only_what_its_reader_reaches(house: House) -> None:
    for program in house.kinds_of_people():
        document = program.ask("GET", "/api/v1/openapi.json").get_json()
        for rt in registry.all_types():
            reached = rt.slug in tokens.reached(program.person)
            assert (f"/api/v1/{rt.slug}" in document["paths"]) is reached, (program.person.name, rt.slug)
            if reached:
                shown = document["components"]["schemas"][rt.slug]["properties"]["values"]["properties"]
                assert set(shown) == {f.name for f in access.visible_fields(program.person, rt)}


def test_the_document_leaves_out_what_nobody_may_do_and_that_is_refused(house: House) -> None:
    left_out = set()
    for program in house.programs:
        paths = program.ask("GET", "/api/v1/openapi.json").get_json()["paths"]
        acts = {
            act["operationId"]: act for methods in paths.values() for act in methods.values() if "operationId" in act
        }
        links = [link for act in acts.values() for link in act["responses"].get("201", {}).get("links", {}).values()]
        assert {link["operationId"] for link in links} <= set(acts), program.person.name
        for rt in registry.all_types():
            at = f"/api/v1/{rt.slug}"
            if at not in paths:
                continue
            number = next(one.number for one in house.planted if one.rt.slug == rt.slug)
            declared = {
                ("POST", at, f"{rt.slug}.create"): bool(rt.rights.create),
                ("PATCH", f"{at}/{number}", f"{rt.slug}.change"): bool(rt.rights.edit) or rt.classified,
                ("POST", f"{at}/{number}/archive", f"{rt.slug}.archive"): bool(rt.rights.archive),
                ("POST", f"{at}/{number}/restore", f"{rt.slug}.restore"): bool(rt.rights.archive),
            }
            for (method, path, name), possible in declared.items():
                assert (name in acts) is possible, (program.person.name, name)
                if not possible:
                    left_out.add(name)
                    sent = (
                        {"values": {}}
                        if path == at
                        else {"rev": 1, "note": "Once", **({"values": {}} if method == "PATCH" else {})}
                    )
                    assert program.ask(method, path, json=sent).status_code in (400, 403, 404), (
                        program.person.name,
                        name,
                    )
    assert {"access_request.create", "access_request.change", "access_request.archive"} <= left_out
    assert_untouched(house.planted)
    for slug in {name.partition(".")[0] for name in left_out}:
        planted = sum(one.rt.slug == slug for one in house.planted)
        assert database()[f"record_{slug}"].count_documents({}) == planted, "nothing was made"


def test_a_reading_of_a_classified_record_is_audited_as_on_the_screens(house: House) -> None:
    database()["audit"].delete_many({})
    for program in house.kinds_of_people():
        for one in house.planted:
            program.ask("GET", f"/api/v1/{one.rt.slug}/{one.number}")
            entries = list(database()["audit"].find({"actor": program.person.id, "number": one.number}))
            seen = access.reach(program.person, one.rt, Purpose.VIEW).sees(one.son["acl"])
            reached = one.rt.slug in tokens.reached(program.person)
            expected = ["view" if seen == "full" else "refused"] if one.rt.classified and reached else []
            if one.level is Level.INTERNAL and seen:
                expected = []
            assert [entry["action"] for entry in entries] == expected, (program.person.name, one.number, one.level)


def test_a_narrower_token_opens_less(house: House, now: datetime) -> None:
    head = next(p for p in house.programs if Role.HEAD in p.person.roles)
    account = people.get(head.person.id)  # type: ignore[arg-type]
    _token, only = tokens.create(head.person, account, name="one type", types=["sample"], now=now)
    _token, reads = tokens.create(head.person, account, name="reads", read_only=True, now=now)
    narrow = Program(head.person, house.app.test_client(), only)
    reader = Program(head.person, house.app.test_client(), reads)
    others = [one for one in house.planted if one.rt is not SAMPLE]
    for one in others:
        for method, rule in record_routes(house.app):
            path = address(rule, one.rt, one.number, one.file_id, moves(one.rt)[0])
            answer = narrow.ask(method, path, **body(method, path))
            assert answer.status_code == 404, (method, path)
        assert not betrayed(said(narrow.ask("GET", "/api/v1/search?q=Kanarie")), one)
        assert not betrayed(said(narrow.ask("GET", "/api/v1/sample?show=100")), one)
    for one in house.planted:
        for method, rule in record_routes(house.app):
            if method == "GET":
                continue
            for move in moves(one.rt) if "<name>" in rule else ["none"]:
                path = address(rule, one.rt, one.number, one.file_id, move)
                answer = reader.ask(method, path, **body(method, path))
                assert answer.status_code in (400, 403, 404, 409), (method, path, answer.get_data(as_text=True))
        made = reader.ask("POST", f"/api/v1/{one.rt.slug}", json={"values": {}})
        assert made.status_code in (400, 403), (one.rt.slug, made.get_data(as_text=True))
    assert (
        reader.ask("POST", "/api/v1/files?name=x", data=b"x", content_type="application/octet-stream").status_code
        == 403
    )
    assert_untouched(house.planted)
