"""No side door by bulk (X6): every type in force, every kind of person, everything that is offered, over everything
that was planted. Types, acts and routes are walked, never named."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from config.database import database
from models import access, records, registry, schema, store, stored_form
from models.access import Purpose
from models.bulk_change import running, service
from models.bulk_change.document import Kind
from models.bulk_change.offers import Offer, offers
from models.declarations import RecordType
from models.person.roles import Role
from models.record import collection_name
from tests.contract.test_record_rights import SERVICE, House, said
from tests.factories.desks import Desk, seat
from tests.factories.planted import Planted, betrayed, plant
from tests.factories.types import SAMPLE

PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
STAMP = re.compile(r'name="stamp" value="([^"]+)"')
NASTY = ("", "\x00", "$ne", "-1", "²", "x" * 5_000, "5f0000000000000000000001", "../../x", "%s{0}", "1e400")


@pytest.fixture
def house(app: Flask, now: datetime) -> Iterator[House]:
    registry.register(SAMPLE)
    schema.migrate()
    app.config["WTF_CSRF_ENABLED"] = False
    owner = seat(app, Role.SPECIALIST, now=now, name="The Owner")
    desks = [owner, *(seat(app, r, now=now, department="service" if r in SERVICE else "sales") for r in Role)]
    yield House(app, desks, plant(registry.all_types(), owner.person, now))
    registry.unregister(SAMPLE.slug)


def bulk_routes(app: Flask) -> list[tuple[str, str]]:
    """Method and rule of every route about one plan."""
    found = []
    for rule in app.url_map.iter_rules():
        if "plan_id" in rule.arguments:
            found += [(method, rule.rule) for method in sorted((rule.methods or set()) & {"GET", "POST"})]
    return sorted(found)


def address(rule: str, rt: RecordType, plan_id: str) -> str:
    return PARAMETER.sub(lambda found: rt.slug if found[1] == "slug" else plan_id, rule)


def begin(desk: Desk, rt: RecordType, what: str, numbers: list[str] | None) -> TestResponse:
    data = {"what": what, **({"number": numbers} if numbers is not None else {"all": "1"})}
    return desk.client.post(f"/records/{rt.slug}/bulk", data=data)


def filled(one: Offer, desk: Desk) -> dict[str, Any]:
    """Something for each field of an offer's form that takes it."""
    simple: dict[str, Any] = {"note": "because"}
    for field in one.fields:
        if field.kind in ("text", "long_text"):
            simple[field.name] = "walked"
        elif field.kind == "person":
            simple[field.name] = str(desk.person.id)
        elif field.kind == "choice" and field.choices:
            simple[field.name] = field.choices[-1].value
    return simple


def carry(now: datetime) -> None:
    for plan_id in service.at_work():
        running.advance(plan_id, holder="walk", now=now)


def seen_in(house: House, desk: Desk, rt: RecordType) -> dict[str, str]:
    """How the person sees each planted record of a type: in full, as a card or not at all."""
    reach = access.reach(desk.person, rt, Purpose.VIEW)
    return {one.number: reach.sees(one.son["acl"]) for one in house.planted if one.rt is rt}


def test_the_walk_has_something_to_do(house: House) -> None:
    types = registry.all_types()
    offered = {(rt.slug, one.name, one.kind) for desk in house.desks for rt in types for one in offers(desk.person, rt)}
    assert len(offered) > 25
    assert {kind for _, _, kind in offered} == set(Kind) - {Kind.RESTORE}
    assert len(bulk_routes(house.app)) >= 8


def test_a_hidden_record_cannot_be_ticked_and_answers_as_one_that_does_not_exist(house: House) -> None:
    for desk in house.kinds_of_people():
        for rt in registry.all_types():
            acts = offers(desk.person, rt)
            hidden = [number for number, seen in seen_in(house, desk, rt).items() if not seen]
            if not acts or not hidden:
                continue
            there = begin(desk, rt, acts[0].name, hidden[:1])
            nowhere = begin(desk, rt, acts[0].name, [hidden[0][:-3] + "999"])
            assert there.status_code == nowhere.status_code == 409
    assert database()["bulk_change"].count_documents({}) == 0


def test_no_page_of_a_bulk_change_says_what_may_not_be_read_and_nothing_else_is_changed(
    house: House, now: datetime
) -> None:
    tried = 0
    for desk in house.kinds_of_people():
        for rt in registry.all_types():
            unread = [one for one, _ in house.unread(desk) if one.rt is rt]
            cards = [number for number, seen in seen_in(house, desk, rt).items() if seen == "card"]
            for one in {one.kind: one for one in offers(desk.person, rt)}.values():
                for numbers in (None, cards) if cards and one.kind is Kind.CHANGE else (None,):
                    tried += _through(desk, rt, one, numbers, unread, now)
    assert tried > 40


def _through(
    desk: Desk,
    rt: RecordType,
    one: Offer,
    numbers: list[str] | None,
    unread: list[Planted],
    now: datetime,
) -> int:
    """Take an offer as far as it goes; every page on the way is read, and what was changed compared with the rights."""
    everything, before = _everything(), _stored(rt)
    answer = begin(desk, rt, one.name, numbers)
    assert answer.status_code in (303, 409, 422), (desk.person.name, rt.slug, one.name, said(answer)[:500])
    at = answer.location
    if not at:
        return 0
    pages = [said(answer), said(desk.get(at))]
    if one.asks:
        values = filled(one, desk)
        ticked = {"_set": [name for name in values if name != "note"]} if one.kind is Kind.CHANGE else {}
        answer = desk.client.post(f"{at}/check", data={**values, **ticked})
        assert answer.status_code in (303, 422), (rt.slug, one.name, said(answer)[:500])
        pages.append(said(answer))
    carry(now)
    pages.append(said(desk.get(at)))
    assert _stored(rt) == before
    found = STAMP.search(pages[-1])
    if found:
        pages.append(said(desk.client.post(f"{at}/confirm", data={"stamp": found[1]})))
        carry(now)
    pages += [said(desk.get(at)), said(desk.get(f"{at}/rows")), said(desk.get("/bulk-changes/"))]
    for planted in unread:
        for page in pages:
            words = betrayed(page, planted)
            assert not words, (desk.person.name, rt.slug, one.name, planted.level, words)
    for planted in unread:
        assert _stored(rt)[planted.number] == before[planted.number], (desk.person.name, rt.slug, one.name)
    _may(desk, rt, one, before)
    _put_back(everything)
    return 1


def _stored(rt: RecordType) -> dict[str, dict[str, Any]]:
    return {son["number"]: son for son in database()[collection_name(rt.slug)].find()}


def _may(desk: Desk, rt: RecordType, one: Offer, before: dict[str, dict[str, Any]]) -> None:
    """Whatever got a new version is what the person may change one by one."""
    purpose = Purpose.ARCHIVE if one.kind in (Kind.ARCHIVE, Kind.RESTORE) else Purpose.EDIT
    for number, son in _stored(rt).items():
        if son["rev"] == before[number]["rev"]:
            continue
        record = stored_form.load(rt, before[number])
        if one.move is not None:
            assert records.why_not(desk.person, rt, one.move, record) is None, (desk.person.name, number, one.name)
        else:
            assert records.can(desk.person, rt, record, purpose), (desk.person.name, number, one.name)


def _everything() -> dict[str, list[dict[str, Any]]]:
    return {rt.slug: list(database()[collection_name(rt.slug)].find()) for rt in registry.all_types()}


def _put_back(everything: dict[str, list[dict[str, Any]]]) -> None:
    """The records as they were planted, for the next one's turn."""
    for slug, sons in everything.items():
        target = database()[collection_name(slug)]
        target.delete_many({})
        if sons:
            target.insert_many(sons)
    database()[store.VERSIONS].delete_many({"rev": {"$gt": 1}})


def test_a_plan_is_nobody_elses_whatever_is_sent(house: House) -> None:
    owner = house.desks[0]
    plans = []
    for rt in registry.all_types():
        acts = [one for one in offers(owner.person, rt) if one.asks]
        answer = begin(owner, rt, acts[0].name, None) if acts else None
        if answer is not None and answer.location:
            plans.append((rt, answer.location.rpartition("/")[2]))
    assert len(plans) >= 4
    for rt, plan_id in plans:
        for method, rule in bulk_routes(house.app):
            path = address(rule, rt, plan_id)
            for desk in house.kinds_of_people():
                if desk is owner:
                    continue
                data = {"stamp": "x"} if path.endswith("/confirm") else None
                answer = desk.client.open(path, method=method, data=data)
                assert answer.status_code in (403, 404), (desk.person.name, method, path, answer.status_code)
    assert database()["bulk_change"].count_documents({"state": "draft"}) == len(plans)


def test_nothing_that_is_sent_is_a_failure(house: House) -> None:
    house.app.config["PROPAGATE_EXCEPTIONS"] = False
    house.app.testing = False
    head = next(desk for desk in house.desks if Role.HEAD in desk.person.roles)
    for rt in registry.all_types():
        for value in NASTY:
            for data in ({"what": value}, {"what": "change", "number": [value]}, {"what": "change", "all": value}):
                answer = head.client.post(f"/records/{rt.slug}/bulk", data=data)
                assert 400 <= answer.status_code < 500, (rt.slug, data, answer.status_code)
            for method, rule in bulk_routes(house.app):
                path = address(rule, rt, value)
                answer = head.client.open(path, method=method)
                assert 300 <= answer.status_code < 500, (method, path[:80], answer.status_code)
        for one in (o for o in offers(head.person, rt) if o.asks):
            at = begin(head, rt, one.name, None).location
            for value in NASTY[1:6:2]:
                sent = {**dict.fromkeys((f.name for f in one.fields), value), "_set": [f.name for f in one.fields]}
                answer = head.client.post(f"{at}/check", data=sent)
                assert answer.status_code in (303, 400, 409, 422), (rt.slug, one.name, value[:20], answer.status_code)
