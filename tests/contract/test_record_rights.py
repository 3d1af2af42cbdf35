"""No side door (X6): every type in force, every role, every route. Types and routes are walked, never named."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from config.database import database
from models import access, registry, schema
from models.access import Purpose
from models.declarations import Level, RecordType
from models.person.roles import Role
from tests.factories.canaries import MISSING, PARAMETER, SIGN_IN, fitting, rule_of
from tests.factories.definitions import in_force, visit
from tests.factories.desks import Desk, seat
from tests.factories.planted import Planted, assert_untouched, betrayed, plant
from tests.factories.types import SAMPLE

SERVICE = (Role.SPECIALIST, Role.CUSTODIAN, Role.SUPERVISOR, Role.HEAD)
MOVING = re.compile(r"nonce-[\w-]+|nonce=\"[^\"]*\"|content=\"[\w.-]{60,}\"|value=\"[\w.-]{60,}\"")
NOWHERE = "Kanarie000"


@dataclass
class House:
    """Everybody, and everything that was planted."""

    app: Flask
    desks: list[Desk]
    planted: list[Planted]

    def unread(self, desk: Desk) -> list[tuple[Planted, str]]:
        """What the person may not read, with how they see it: as a `card` or not at all."""
        found = []
        for one in self.planted:
            seen = access.reach(desk.person, one.rt, Purpose.VIEW).sees(one.son["acl"])
            if seen != "full":
                found.append((one, seen))
        return found

    def examples(self, desk: Desk, wanted: str) -> list[Planted]:
        """Of each type, the first record that the person sees in this way."""
        found: dict[str, Planted] = {}
        for one, seen in self.unread(desk):
            if seen == wanted:
                found.setdefault(one.rt.slug, one)
        return list(found.values())

    def kinds_of_people(self) -> list[Desk]:
        """One person for each way of seeing what was planted."""
        ways = {tuple((one.number, seen) for one, seen in self.unread(desk)): desk for desk in self.desks}
        return list(ways.values())

    def record_routes(self) -> list[tuple[str, str]]:
        """Method and rule of every route about one record."""
        found = []
        for rule in self.app.url_map.iter_rules():
            if {"slug", "number"} <= rule.arguments:
                found += [(method, rule.rule) for method in sorted((rule.methods or set()) & {"GET", "POST"})]
        return sorted(found)


@pytest.fixture
def house(app: Flask, now: datetime) -> Iterator[House]:
    registry.register(SAMPLE)
    schema.migrate()
    app.config["WTF_CSRF_ENABLED"] = False
    owner = seat(app, Role.SPECIALIST, now=now, name="The Owner")
    desks = [seat(app, role, now=now, department="service" if role in SERVICE else "sales") for role in Role]
    desks.append(seat(app, now=now))
    with in_force(visit(), now):
        planted = plant(registry.all_types(), owner.person, now)
        database()["audit"].delete_many({})
        yield House(app, desks, planted)
    registry.unregister(SAMPLE.slug)


def said(answer: TestResponse) -> str:
    """Everything that an answer says, headers included."""
    headers = "\n".join(f"{k}: {v}" for k, v in answer.headers if k.lower() != "set-cookie")
    return f"{answer.status_code}\n{headers}\n{answer.get_data(as_text=True)}"


def still(text: str, *names: str) -> str:
    """A text without what differs from answer to answer, and without some words of the request."""
    for name in names:
        text = text.replace(name, "#")
    return re.sub(r"(?m)^(Date|Content-Length|X-Request-I[dD]):.*$", "", MOVING.sub("", text))


def address(rule: str, one: Planted, number: str, move: str = "none") -> str:
    """The address of a route for a record."""
    values = {"slug": one.rt.slug, "number": number, "file_id": one.file_id, "move": move}
    return PARAMETER.sub(lambda found: values.get(found[1], MISSING), rule)


def moves(rt: RecordType) -> list[str]:
    return [t.name for t in rt.workflow.transitions][:2] if rt.workflow else ["none"]


def ask(desk: Desk, method: str, path: str, **more: Any) -> str:
    sent = {"rev": "1", "use": "view", "reason": "x"}
    data = fitting(desk.client.application, rule_of(desk, method, path), sent) if method == "POST" else None
    answer = desk.client.open(path, method=method, data=data, **more)
    assert not (answer.location or "").startswith(SIGN_IN), (desk.person.name, method, path)
    return said(answer)


def test_the_walk_is_worth_its_name(house: House) -> None:
    assert {one.level for one in house.planted} == set(Level)
    assert len(house.planted) > 20
    assert len(house.kinds_of_people()) >= 5
    assert len(house.record_routes()) >= 12
    head = next(desk for desk in house.desks if Role.HEAD in desk.person.roles)
    readable = [one for one in house.planted if one not in [u for u, _ in house.unread(head)]]
    for one in readable:
        page = head.text(f"/records/{one.rt.slug}/{one.number}")
        assert one.word in page, (one.rt.slug, one.level)


def test_no_route_of_a_locked_record_says_more_than_its_card(house: House) -> None:
    for desk in house.kinds_of_people():
        for one in house.examples(desk, "card"):
            for method, rule in house.record_routes():
                for move in moves(one.rt) if "<move>" in rule else ["none"]:
                    path = address(rule, one, one.number, move)
                    found = betrayed(ask(desk, method, path), one)
                    assert not found, (desk.person.name, method, path, one.level, found)
    assert_untouched(house.planted)


def test_a_hidden_record_answers_as_one_that_does_not_exist(house: House) -> None:
    for desk in house.kinds_of_people():
        for one in house.examples(desk, ""):
            missing = one.number[:-3] + "999"
            for method, rule in house.record_routes():
                hidden = still(ask(desk, method, address(rule, one, one.number)), one.number)
                nothing = still(ask(desk, method, address(rule, one, missing)), missing)
                assert hidden == nothing, (desk.person.name, method, rule, one.rt.slug, one.level)
                assert not betrayed(hidden, one)
        for one, seen in house.unread(desk):
            if not seen:
                desk.text(f"/records/{one.rt.slug}/{one.number}", status=404)
    assert_untouched(house.planted)


def test_no_page_of_the_house_says_a_word_of_what_may_not_be_read(house: House) -> None:
    rules = [r for r in house.app.url_map.iter_rules() if "GET" in (r.methods or ()) and r.arguments <= {"slug"}]
    assert len(rules) > 8
    slugs = [rt.slug for rt in registry.all_types()]
    for desk in house.desks:
        unread = [one for one, _ in house.unread(desk)]
        for rule in rules:
            for slug in slugs if rule.arguments else [""]:
                path = PARAMETER.sub(slug, rule.rule)
                if "sign" in path or "log" in path:
                    continue
                text = ask(desk, "GET", path)
                for one in unread:
                    assert not betrayed(text, one), (desk.person.name, path, one.level)


def test_a_search_for_what_may_not_be_read_finds_what_a_search_for_nothing_finds(house: House) -> None:
    for desk in house.kinds_of_people():
        nothing: dict[str, str] = {}
        for one in (*house.examples(desk, "card"), *house.examples(desk, "")):
            at = f"/records/{one.rt.slug}/"
            for path in ("/records/find?q={}", at + "?q={}", f"{at}?{one.rt.title}=contains:{{}}"):
                if path not in nothing:
                    nothing[path] = still(ask(desk, "GET", path.format(NOWHERE)), NOWHERE)
                there = still(ask(desk, "GET", path.format(one.word)), one.word)
                assert there == nothing[path], (desk.person.name, path, one.level)


def test_type_ahead_offers_nothing_that_may_not_be_read(house: House) -> None:
    for desk in house.kinds_of_people():
        for rt in registry.all_types():
            for pointer in (f for f in rt.fields if f.kind == "reference"):
                for one, _seen in house.unread(desk):
                    if one.rt.slug != pointer.to:
                        continue
                    for query in (one.word, one.number, ""):
                        text = ask(desk, "GET", f"/records/{rt.slug}/lookup?field={pointer.name}&q={query}")
                        assert one.number not in text, (desk.person.name, rt.slug, pointer.name, one.level)
                        assert not betrayed(text, one)


def test_nobody_sorts_or_filters_by_a_field_that_is_not_theirs_to_see(house: House) -> None:
    """What is refused is refused by name, before any record is asked for."""
    tried = 0
    for desk in house.kinds_of_people():
        for rt in registry.all_types():
            seen = {f.name for f in access.visible_fields(desk.person, rt)}
            for name in [*(f.name for f in rt.fields if f.name not in seen), "acl", "haystack"]:
                for query in (f"sort={name}", f"{name}=filled"):
                    answer = desk.client.get(f"/records/{rt.slug}/?{query}")
                    assert answer.status_code in (400, 404), (desk.person.name, rt.slug, query)
                    tried += 1
    assert tried > 100


def test_a_value_out_of_reach_does_not_move_a_record_in_a_list(house: House) -> None:
    """A locked card stands in a list only while nothing but the card sorts and filters it."""
    for desk in house.kinds_of_people():
        for rt in registry.all_types():
            cards = [one for one, seen in house.unread(desk) if seen == "card" and one.rt is rt]
            plain = {"number", "level", "owner"} | {f.name for f in rt.fields if f.card == "plain"}
            for declared in access.visible_fields(desk.person, rt):
                if not cards or declared.name in plain or not declared.sortable:
                    continue
                answer = desk.client.get(f"/records/{rt.slug}/?sort={declared.name}&show=100")
                for one in cards:
                    assert one.number not in answer.get_data(as_text=True), (rt.slug, declared.name)
