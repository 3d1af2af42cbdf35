"""Canaries (X6): records of every level hold words that are found nowhere else, in every field, file name, note and
former version; then everybody opens everything, and what they may not read is nowhere in the bytes.

Types, roles, routes and jobs are walked and never named: a new one is covered when it is there.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from http import HTTPStatus
from itertools import product
from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import Rule

from backoffice.auth import OPEN
from backoffice.calendar_feed import PRIVATE
from backoffice.screens.help import PAGES
from backoffice.sign_in import CLOSED
from config.database import database
from jobs.context import JobContext
from jobs.schedule import JOBS
from models import access, registry, schema, store
from models.customer.service import NOTES
from models.declarations import Level
from models.exchange.export import FORMATS
from models.office import office_calendar
from models.outbox.document import EMAILS
from models.person import service as people
from models.person.roles import Person, Role
from models.record import collection_name
from models.token import service as tokens
from tests.contract.test_record_rights import SERVICE
from tests.factories.bulk_changes import previewed
from tests.factories.canaries import (
    API,
    NAMED,
    House,
    Seat,
    fitting,
    private_addresses,
    questions,
    text_of,
    tokens_in,
    with_past,
)
from tests.factories.definitions import in_force, visit
from tests.factories.desks import Desk, seat
from tests.factories.imports import checked
from tests.factories.planted import (
    Planted,
    give_past,
    plain,
    plant,
    plant_concerning,
    plant_ended,
    plant_merged,
    plant_once_secret,
)
from tests.factories.types import SAMPLE
from tests.factories.views import view

LEAVING = "export"
TURNS = 8
PLAIN = "Neutral"
ACT = "start"
CONFLICTS = 4
NO_PAGE = {
    "GET /calendar/": "leads on to this year",
    "GET /help/": "leads on to the first page",
    "GET /work/": "leads on to the first page",
    "GET /records/": "names no type",
    "GET /readers/": "names no record",
    "GET /work/later": "asks about chosen lines of one's own",
    "GET /records/<slug>/start": "leads on to a list",
    "GET /records/<slug>/<number>/ask": "needs a record that is open by a card",
    "GET /records/access_request/<number>/take": "needs a card that is open",
    "GET /records/<slug>/import/<batch_id>/rows": "needs an import that was carried out",
    "GET /records/<slug>/import/<batch_id>/kept": "needs an import that was taken back",
}
"""Routes that open no page in these walks."""


@pytest.fixture
def house(app: Flask, now: datetime, request: pytest.FixtureRequest) -> Iterator[House]:
    registry.register(SAMPLE)
    schema.migrate()
    app.config["WTF_CSRF_ENABLED"] = False
    app.extensions["api_allowance"].limit = 10**9
    owner, other = (seat(app, Role.SPECIALIST, now=now, name=name) for name in NAMED)
    desks = [
        seat(app, role, now=now, department="service" if role in SERVICE else "sales", language=language)
        for role, language in zip(Role, ("en", "zh") * len(Role), strict=False)
    ]
    desks += [owner, other, seat(app, now=now, name="no role")]
    head = next(desk.person for desk in desks if Role.HEAD in desk.person.roles)
    with in_force(visit(), now):
        types = registry.all_types()
        planted = plant(types, owner.person, now) + plant_concerning(types, owner.person, head, now)
        for one in planted:
            give_past(one, owner.person, now)
        planted += plant_once_secret(types, owner.person, now)
        planted += plant_ended(types, "destroyed", owner.person, now)
        planted += plant_merged(types, (owner.person, other.person), head, now)
        work(app, now)
        for one in planted:
            one.son = database()[collection_name(one.rt.slug)].find_one({"_id": one.son["_id"]}) or {}
        seats = [Seat(desk, token_of(desk, now), planted) for desk in desks]
        everyone = request.config.getoption("--everyone")
        yield House(app, seats, planted, {"person": str(owner.person.id), **begun(planted, head, now)}, everyone)
    registry.unregister(SAMPLE.slug)


def begun(planted: list[Planted], head: Person, now: datetime) -> dict[str, str]:
    """A change of many records, a file to be taken over and a view, all of the head's; by the routes' parameters."""
    of = [one for one in planted if one.rt.slug == "customer" and not with_past(one)]
    plan = previewed(head, "change", {"analysis": PLAIN}, numbers=[one.number for one in of], now=now)
    rows = "".join(f"{PLAIN} {at},{phone}\n" for at, phone in enumerate(phones(of)))
    batch = checked(head, f"客户名称,联系人电话\n{rows}", now)
    saved = view(head, "q=Kanarie", name=of[0].word, slug="customer")
    return {
        "plan_id": str(plan.id),
        "batch_id": str(batch.id),
        "view_id": str(saved.id),
        "act": ACT,
        "topic": PAGES[0],
        "number": str(now.year),
    }


def phones(planted: list[Planted]) -> list[str]:
    return [word for one in planted for word in one.words if word.startswith("139")]


def work(app: Flask, now: datetime) -> None:
    """Let everything happen that happens by itself: reminders, mail, what is opened on days."""
    context = JobContext(now, database(), app.config["SETTINGS"], office_calendar())
    for job in JOBS.jobs:
        job.work(context)


def token_of(desk: Desk, now: datetime) -> str:
    return tokens.create(desk.person, people.get(desk.person.id), name="walk", now=now)[1]  # type: ignore[arg-type]


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
        said = tokens_in(f"{row['subject']}\n{row['text']}")
        assert not said & {plain(word) for one in house.planted for word in one.words + one.hushed}, row["to"]
        assert not said & seats[row["to"]].barred.keys(), row["to"]
        assert not [word for word in said if word.startswith(("kanarie", "hush", "apart"))], row["to"]
        seats[row["to"]].note("email", f"{row['subject']}\n{row['text']}".casefold())


def test_no_route_of_a_record_says_what_may_not_be_read(house: House) -> None:
    rules = house.rules("GET", "slug", "number")
    for who in house.kinds():
        for one in house.examples(who):
            for path in (path for rule in rules for path in house.addresses(rule, one)):
                assert not who.found("GET", path), (who.person.name, path, one.level)
    assert house.unopened(rules) <= NO_PAGE.keys()


def test_no_refusal_of_an_outdated_write_says_what_may_not_be_read(house: House) -> None:
    """Everything is sent as if the first version were the present one; nothing of it is stored."""
    typed = {"rev": "1", "_was": "1", "note": "x", "reason": "x"}
    for who in house.kinds():
        revs = stored_revs(house)
        for one in house.examples(who) if house.everyone else filter(with_past, house.examples(who)):
            values = {f.name: "Typed" for f in access.editable_fields(who.person, one.rt) if f.kind == "long_text"}
            for method in ("POST", "PATCH"):
                for rule in house.rules(method, "slug", "number"):
                    filled = {} if "move" in rule.arguments else values
                    sent: dict[str, Any] = {"data": fitting(house.app, rule, typed, filled)}
                    if rule.rule.startswith(API):
                        sent = {"json": {"rev": 1, **({"values": values} if method == "PATCH" else {})}}
                    for path in house.addresses(rule, one):
                        assert not who.found(method, path, **sent), (who.person.name, method, path, one.level)
        assert stored_revs(house) == revs, who.person.name
    assert len(house.answering(HTTPStatus.CONFLICT) | house.answering(HTTPStatus.PRECONDITION_FAILED)) >= CONFLICTS


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
                    path = house.address(rule) + query
                    assert not who.found("GET", path), (who.person.name, path)
        for rule in house.rules("POST"):
            if rule.endpoint.endswith(LEAVING) and not rule.arguments:
                assert not who.found("POST", rule.rule), (who.person.name, rule.rule)
    apart = [rule for rule in house.rules("GET") if not {"slug", "number"} & rule.arguments]
    assert house.unopened(rule for rule in apart if rule.endpoint not in OPEN | CLOSED) <= NO_PAGE.keys()


def test_no_list_of_a_type_says_what_may_not_be_read(house: House) -> None:
    """Sorts and filters take turns: each is asked for by some of the people."""
    for turn, who in enumerate(house.kinds()):
        for rt in registry.all_types():
            asked, of_lists = questions(who, rt)
            for place, rule in enumerate(house.rules("GET", "slug", only=True), turn):
                path = house.address(rule, slug=rt.slug)
                if not house.stands_for_others(who):
                    queries = asked[:1]
                elif who.ask("GET", f"{path}?sort=number").status_code == 200:
                    queries = asked + of_lists[place % TURNS :: TURNS]
                else:
                    queries = [one for one in asked if not one or one.startswith("field=")]
                for query in queries:
                    assert not who.found("GET", f"{path}?{query}"), (who.person.name, path, query)
            for rule in house.rules("POST", "slug", only=True):
                path = house.address(rule, slug=rt.slug)
                for form in FORMATS if rule.endpoint.endswith(LEAVING) else FORMATS[:1]:
                    assert not who.found("POST", path, data=fitting(house.app, rule, {"format": form})), (
                        who.person.name,
                        path,
                        form,
                    )
                ticked = {"number": [one.number for one in house.planted if one.rt is rt], "what": "change"}
                ticked = fitting(house.app, rule, ticked)
                assert not who.found("POST", path, data=ticked), (who.person.name, path)
    assert house.unopened(house.rules("GET", "slug", only=True)) <= NO_PAGE.keys()


def test_what_another_has_begun_says_nothing_that_may_not_be_read(house: House) -> None:
    """Changes of many, imports, views, and the pages of one type that stand below its name."""
    head = next(seat for seat in house.seats if Role.HEAD in seat.person.roles)
    walked: list[Rule] = []
    for who in house.seats:
        revs = stored_revs(house)
        for method in ("GET", "POST"):
            for rule in house.rules(method):
                about = {"slug", "number"} & rule.arguments
                if about == {"slug", "number"} or rule.arguments == {"slug"} or not about:
                    continue
                walked += [rule] if method == "GET" else []
                of = [one for one in house.planted if "slug" in about or f"/{one.rt.slug}/" in rule.rule]
                for path in {house.address(rule, one) for one in of[: len(Level)]} | {
                    house.address(rule, slug="customer")
                }:
                    if who is not head or method == "GET":
                        data = fitting(house.app, rule, {"rev": "1"})
                        assert not who.found(method, path, data=data), (who.person.name, method, path)
        assert stored_revs(house) == revs, who.person.name
    assert house.unopened(walked) <= NO_PAGE.keys()


@pytest.mark.parametrize("by", ["name", "phone"])
def test_no_warning_of_a_duplicate_says_what_may_not_be_read(house: House, now: datetime, by: str) -> None:
    """Everybody enters the name or the phone of records that they may not read, then again, sure that it is new;
    then all who look after pairs look."""
    known = compared(house, now)
    assert known
    typed = [(one, alike(one, by)) for one in known]
    entered = " ".join(word for _, values in typed for word in values.values())
    rules = house.rules("POST", "slug", only=True)
    for sure in (False, True):
        for who in house.kinds():
            for (one, values), rule in product(typed, rules):
                form = fitting(house.app, rule, {"sure": "1"} if sure else {}, values)
                sent = {"json": {"values": values, "sure": sure}} if rule.rule.startswith(API) else {"data": form}
                assert not who.found("POST", house.address(rule, one), **sent), (who.called, rule.rule, one.level, sure)
    assert database()[NOTES].count_documents({}) > 0
    for who in house.seats:
        for slug in {one.rt.slug for one in known}:
            for rule in house.rules("GET", "slug", only=True):
                answer = who.ask("GET", house.address(rule, slug=slug))
                found = who.note(f"GET {rule.rule}", text_of(answer), entered, answer.status_code)
                assert not found, (who.called, slug)


def alike(one: Planted, by: str) -> dict[str, str]:
    """What somebody enters who writes of the same customer."""
    if by == "name":
        return {one.rt.title: f"{one.word} Works"}
    return {one.rt.title: PLAIN, "contact_phone": (phones([one]) or [""])[0]}


def compared(house: House, now: datetime) -> list[Planted]:
    """A record of each level of the types that compare what is entered with what is there, saved with their rules."""
    owner = next(seat.person for seat in house.seats if seat.person.name == NAMED[0])
    found = [one for one in house.planted if registry.get(one.rt.slug).hooks.alike and not with_past(one)]
    for one in found:
        store.change(one.rt.slug, one.son["_id"], {one.rt.title: f"{one.word} Works"}, actor=owner, now=now)
    return found


def test_no_private_address_says_what_its_person_may_not_read(house: House, now: datetime) -> None:
    """No session opens these, so that nobody's browser is asked; each says something, or nothing would be tested."""
    known = {rule.endpoint for rule in house.app.url_map.iter_rules() if rule.arguments - {"filename"}} & OPEN
    assert known == set(house.app.extensions[PRIVATE])
    stranger, said = house.app.test_client(), dict.fromkeys(known, False)
    for who in house.seats:
        for endpoint, path in private_addresses(house, who, now).items():
            answer = stranger.get(path)
            assert answer.status_code == 200, (who.person.name, path)
            found = tokens_in(text_of(answer))
            assert not who.note(f"private {endpoint}", text_of(answer)), (who.person.name, endpoint)
            assert not [word for word in found if word.startswith(("kanarie", "hush", "apart"))], endpoint
            said[endpoint] = said[endpoint] or bool(found)
    assert all(said.values())
