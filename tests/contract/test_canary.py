"""Canaries (X6): records of every level hold words that are found nowhere else, in every field, file name, note and
former version; then everybody opens everything, and what they may not read is nowhere in the bytes.

Types, roles, routes and jobs are walked and never named: a new one is covered when it is there.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from backoffice.auth import OPEN
from backoffice.calendar_feed import PRIVATE
from config.database import database
from jobs.context import JobContext
from jobs.schedule import JOBS
from models import access, listing, records, registry, schema
from models.access import Purpose
from models.declarations import Level, RecordType
from models.exchange.export import FORMATS
from models.office import office_calendar
from models.outbox.document import EMAILS
from models.person import service as people
from models.person.roles import Permission, Person, Role
from models.record import collection_name
from models.token import service as tokens
from tests.contract.test_record_rights import MISSING, PARAMETER, SERVICE
from tests.factories import proofs
from tests.factories.definitions import in_force, visit
from tests.factories.desks import Desk, seat
from tests.factories.planted import (
    Planted,
    give_past,
    plant,
    plant_concerning,
    plant_merged,
    plant_once_secret,
)
from tests.factories.types import SAMPLE

pytestmark = pytest.mark.timeout(600)

TOKENS = re.compile(r"(?:kanarie|hush|apart)\d{3}|139\d{8}|7[12],?\d{3},?\d{3}|[a-z]{2,6}-\d{4}-\d{3,6}")
API, FIRST = "/api/", "00001"
LEAVING = "export"
TURNS = 8
NAMED = ("The Owner", "Another Owner")
HEADERS_OF_THEIR_OWN = ("set-cookie", "date", "x-request-id")


@dataclass
class Seat:
    """A person with a browser and a program, and what they may not read: words and numbers of records."""

    desk: Desk
    secret: str
    planted: list[Planted]

    @property
    def person(self) -> Person:
        return self.desk.person

    @cached_property
    def seen(self) -> dict[str, str]:
        """How the person sees each planted record: `full`, `card` or ''; by number."""
        return {
            one.number: access.reach(self.person, one.rt, Purpose.VIEW).sees(one.son["acl"]) for one in self.planted
        }

    @cached_property
    def barred(self) -> dict[str, Level]:
        """The words, and the numbers of what does not exist for them, that may be in no answer, with the level of the
        record. Auditors know every number; the first one of each type stands in the API's document as an example."""
        found: dict[str, Level] = {}
        for one in self.planted:
            found.update((word.casefold(), one.level) for word in self._barred(one))
            shown = one.number.endswith(FIRST) or self.person.may(Permission.AUDIT_READ)
            if not self.seen[one.number] and not shown:
                found[one.number.casefold()] = one.level
        return found

    def _barred(self, one: Planted) -> Iterator[str]:
        reach = access.reach(self.person, one.rt, Purpose.VIEW)
        sight = records.sight(self.person, one.rt, reach, one.son)
        if sight is None or not sight.full:
            yield from (*(() if one.into and self.seen[one.into.number] == "full" else one.words), *one.hushed)
            yield from (word for words in one.apart.values() for word in words)
            return
        if Level.TOP_SECRET.value not in sight.reads:
            yield from one.hushed
        names = {f.name for f in sight.fields}
        yield from (word for name, words in one.apart.items() if name not in names for word in words)

    def ask(self, method: str, path: str, **more: Any) -> TestResponse:
        """Open an address, with the token below the API and with the session elsewhere."""
        if path.startswith(API + "v1"):
            more["headers"] = {"Authorization": f"Bearer {self.secret}"}
        return self.desk.client.open(path, method=method, **more)

    def found(self, method: str, path: str, **more: Any) -> set[str]:
        """What stands in an answer and may not be there; what the request said itself does not count."""
        answer = self.ask(method, path, **more)
        assert answer.status_code != 500, (self.person.name, method, path)
        said = text_of(answer)
        found = (set(TOKENS.findall(said)) & self.barred.keys()) - set(TOKENS.findall(path.casefold()))
        self._note(method, path, said, found)
        return found

    def _note(self, method: str, path: str, said: str, found: set[str]) -> None:
        routes = self.desk.client.application.url_map.bind("")
        rule, _ = routes.match(path.partition("?")[0], method, return_rule=True)
        sizes: Counter[str] = Counter()
        for word in found:
            sizes[self.barred[word].value] += len(word.encode()) * said.count(word)
        roles = ", ".join(sorted(role.value for role in self.person.roles))
        who = roles if len(self.person.roles) == 1 and self.person.name not in NAMED else self.person.name
        proofs.answered(who or "no role", f"{method} {rule.rule}", len(said.encode()), sizes)


@dataclass
class House:
    """Everybody, and everything that was planted."""

    app: Flask
    seats: list[Seat]
    planted: list[Planted]

    def kinds(self) -> list[Seat]:
        """One person for each way of seeing what was planted."""
        return list({(frozenset(one.barred), tuple(one.seen.values())): one for one in self.seats}.values())

    def rules(self, method: str, *needed: str, only: bool = False) -> list[Rule]:
        """The routes that take a method and these parameters, or (only) no others; without the product's own files."""
        return [
            rule
            for rule in self.app.url_map.iter_rules()
            if method in (rule.methods or ()) and "filename" not in rule.arguments
            if (rule.arguments == set(needed) if only else rule.arguments >= set(needed))
        ]

    def examples(self, who: Seat) -> list[Planted]:
        """Of each type the first record that the person reads and the first of which they see the card, and all that
        were secret or merged. What is hidden from them answers as what is not there: `test_record_rights`."""
        found = {(one.rt.slug, who.seen[one.number]): one for one in reversed(self.planted) if not with_past(one)}
        return [one for (_, seen), one in found.items() if seen] + [one for one in self.planted if with_past(one)]


def with_past(one: Planted) -> bool:
    """Whether a record was once more secret, is merged, or is about somebody."""
    return bool(one.hushed) or one.into is not None or one.concerns


def private_addresses(house: House, who: Seat, now: datetime) -> dict[str, str]:
    """The addresses that open a page to whoever knows them, made for a person; by endpoint."""
    makers = house.app.extensions[PRIVATE]
    with house.app.test_request_context():
        return {end: make(who.person, people.get(who.person.id), now) for end, make in makers.items()}  # type: ignore[arg-type]


def text_of(answer: TestResponse) -> str:
    """Everything that an answer says, headers and packed files included; as small letters."""
    body = answer.get_data()
    if body.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(body)) as packed:
            body = b"\n".join(packed.read(name) for name in packed.namelist())
    headers = "\n".join(f"{k}: {v}" for k, v in answer.headers if k.lower() not in HEADERS_OF_THEIR_OWN)
    return f"{headers}\n{body.decode('utf-8', 'replace')}".casefold()


@pytest.fixture
def house(app: Flask, now: datetime) -> Iterator[House]:
    registry.register(SAMPLE)
    schema.migrate()
    app.config["WTF_CSRF_ENABLED"] = False
    app.extensions["api_allowance"].limit = 10**9
    owner, other = (seat(app, Role.SPECIALIST, now=now, name=name) for name in NAMED)
    desks = [seat(app, role, now=now, department="service" if role in SERVICE else "sales") for role in Role]
    desks += [owner, other, seat(app, now=now)]
    head = next(desk.person for desk in desks if Role.HEAD in desk.person.roles)
    with in_force(visit(), now):
        types = registry.all_types()
        planted = plant(types, owner.person, now) + plant_concerning(types, owner.person, head, now)
        for one in planted:
            give_past(one, owner.person, now)
        planted += plant_once_secret(types, owner.person, now)
        planted += plant_merged(types, (owner.person, other.person), head, now)
        work(app, now)
        for one in planted:
            one.son = database()[collection_name(one.rt.slug)].find_one({"_id": one.son["_id"]}) or {}
        yield House(app, [Seat(desk, token_of(desk, now), planted) for desk in desks], planted)
    registry.unregister(SAMPLE.slug)


def work(app: Flask, now: datetime) -> None:
    """Let everything happen that happens by itself: reminders, mail, what is opened on days."""
    context = JobContext(now, database(), app.config["SETTINGS"], office_calendar())
    for job in JOBS.jobs:
        job.work(context)


def token_of(desk: Desk, now: datetime) -> str:
    return tokens.create(desk.person, people.get(desk.person.id), name="walk", now=now)[1]  # type: ignore[arg-type]


def address(rule: Rule, one: Planted | None = None, slug: str = "", version: int = 1) -> str:
    """An address of a route; what is not known stands there as an id of nothing."""
    known: dict[str, Any] = {"slug": slug, "version": version}
    if one is not None:
        moves = one.rt.workflow.transitions if one.rt.workflow else ()
        move = moves[0].name if moves else "none"
        known |= {"slug": one.rt.slug, "number": one.number, "file_id": one.file_id, "move": move, "name": move}
    return PARAMETER.sub(lambda found: str(known.get(found[1], MISSING)), rule.rule)


def questions(who: Seat, rt: RecordType) -> tuple[list[str], list[str]]:
    """Query strings that lists, forms and lookups understand, or refuse; and those for lists alone."""
    visible = access.visible_fields(who.person, rt)
    known = listing.queryable(rt, visible)
    columns = ",".join(f.name for f in visible if f.kind not in ("embedded", "embedded_list"))
    asked = ["", f"show=100&columns={columns}", "archived=1&show=100", "q=Kanarie", "q=Hush", "sort=haystack"]
    asked += [f"field={f.name}&q=Kanarie" for f in visible if f.kind == "reference"]
    sorts = [f"sort=-{name}&show=100" for name, field in known.items() if listing.sortable(field)]
    return asked, sorts + [f"{name}=filled&show=100" for name, field in known.items() if field.filterable]


def test_the_walk_is_worth_its_name_and_no_email_says_a_word(house: House) -> None:
    assert {one.level for one in house.planted} == set(Level)
    assert len(house.kinds()) >= 6
    assert len(house.rules("GET", "slug", "number")) >= 13
    assert len([seat for seat in house.seats if seat.barred]) >= len(Role)
    head = next(seat for seat in house.seats if Role.HEAD in seat.person.roles)
    for one in house.planted:
        if head.seen[one.number] == "full" and one.into is None:
            said = text_of(head.ask("GET", f"/records/{one.rt.slug}/{one.number}/history"))
            assert one.word.casefold() in said, (one.rt.slug, one.level)
            assert all(word.casefold() in said for word in one.hushed[:1]), one.rt.slug
    for one in filter(lambda one: one.concerns, house.planted):
        withheld = {word.casefold() for f in one.rt.fields if f.withheld for word in one.apart.get(f.name, ())}
        assert withheld
        assert withheld <= head.barred.keys()
    assert database()[EMAILS].count_documents({}) > 0
    assert database()["reminder"].count_documents({}) > 0
    assert_emails_say_nothing(house)


def assert_emails_say_nothing(house: House) -> None:
    """Email leaves the house unprotected: it carries numbers that the person may know, and no content."""
    seats = {seat.person.email: seat for seat in house.seats}
    for row in database()[EMAILS].find():
        said = set(TOKENS.findall(f"{row['subject']}\n{row['text']}".casefold()))
        assert not said & set().union(*(one.words + one.hushed for one in house.planted)), row["to"]
        assert not said & seats[row["to"]].barred.keys(), row["to"]
        assert not [word for word in said if word.startswith(("kanarie", "hush", "apart"))], row["to"]


def test_no_route_of_a_record_says_what_may_not_be_read(house: House) -> None:
    for who in house.kinds():
        for one in house.examples(who):
            for rule in house.rules("GET", "slug", "number"):
                for version in (1, 2) if "version" in rule.arguments else (1,):
                    path = address(rule, one, version=version)
                    assert not who.found("GET", path), (who.person.name, path, one.level)


def test_no_refusal_of_an_outdated_write_says_what_may_not_be_read(house: House) -> None:
    """Everything is sent as if the first version were the present one; nothing of it is stored."""
    typed = {"rev": "1", "_was": "1", "note": "x", "reason": "x"}
    for who in house.kinds():
        revs = stored_revs(house)
        for one in filter(with_past, house.examples(who)):
            values = {f.name: "Typed" for f in access.editable_fields(who.person, one.rt) if f.kind == "long_text"}
            for method in ("POST", "PATCH"):
                for rule in house.rules(method, "slug", "number"):
                    sent: dict[str, Any] = {"data": {**typed, **values}}
                    if rule.rule.startswith(API):
                        sent = {"json": {"rev": 1, **({"values": values} if method == "PATCH" else {})}}
                    path = address(rule, one)
                    assert not who.found(method, path, **sent), (who.person.name, method, path, one.level)
        assert stored_revs(house) == revs, who.person.name


def stored_revs(house: House) -> dict[Any, int]:
    return {
        son["_id"]: son["rev"]
        for slug in {one.rt.slug for one in house.planted}
        for son in database()[collection_name(slug)].find({}, {"rev": 1})
    }


def test_no_list_lookup_search_page_or_file_says_what_may_not_be_read(house: House) -> None:
    for who in house.seats:
        for rule in house.rules("GET"):
            if not {"slug", "number"} & rule.arguments:
                for query in ("", "?q=Kanarie", "?q=Hush"):
                    path = address(rule) + query
                    assert not who.found("GET", path), (who.person.name, path)
        for rule in house.rules("POST"):
            if rule.endpoint.endswith(LEAVING) and not rule.arguments:
                assert not who.found("POST", rule.rule), (who.person.name, rule.rule)


def test_no_list_of_a_type_says_what_may_not_be_read(house: House) -> None:
    """Sorts and filters take turns: each is asked for by some of the people."""
    for turn, who in enumerate(house.kinds()):
        for rt in registry.all_types():
            asked, of_lists = questions(who, rt)
            for place, rule in enumerate(house.rules("GET", "slug", only=True), turn):
                path = address(rule, slug=rt.slug)
                if who.ask("GET", f"{path}?sort=number").status_code == 200:
                    queries = asked + of_lists[place % TURNS :: TURNS]
                else:
                    queries = [one for one in asked if not one or one.startswith("field=")]
                for query in queries:
                    assert not who.found("GET", f"{path}?{query}"), (who.person.name, path, query)
            for rule in house.rules("POST", "slug", only=True):
                path = address(rule, slug=rt.slug)
                for form in FORMATS if rule.endpoint.endswith(LEAVING) else FORMATS[:1]:
                    assert not who.found("POST", path, data={"format": form}), (who.person.name, path, form)


def test_no_private_address_says_what_its_person_may_not_read(house: House, now: datetime) -> None:
    """No session opens these, so that nobody's browser is asked; each says something, or nothing would be tested."""
    known = {rule.endpoint for rule in house.app.url_map.iter_rules() if rule.arguments - {"filename"}} & OPEN
    assert known == set(house.app.extensions[PRIVATE])
    stranger, said = house.app.test_client(), dict.fromkeys(known, False)
    for who in house.seats:
        for endpoint, path in private_addresses(house, who, now).items():
            answer = stranger.get(path)
            assert answer.status_code == 200, (who.person.name, path)
            found = set(TOKENS.findall(text_of(answer)))
            assert not found & who.barred.keys(), (who.person.name, endpoint)
            assert not [word for word in found if word.startswith(("kanarie", "hush", "apart"))], endpoint
            said[endpoint] = said[endpoint] or bool(found)
    assert all(said.values())
