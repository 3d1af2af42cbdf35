"""Calendars by private address: what they show, to whom, and how they end."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from icalendar import Calendar
from werkzeug.test import TestResponse

from config.database import database
from models import store
from models.calendar_feed import rules, service
from models.person import rights
from models.person.credentials import store_credentials
from models.person.roles import SYSTEM, Person, Role
from tests.factories.customers import customer
from tests.factories.desks import Desk
from tests.factories.web import Clock

Sit = Callable[..., Desk]
ADDRESS = re.compile(r"<code>http[^<]*?(/calendar/cal_[A-Za-z0-9_-]{43}\.ics)</code>")
VARYING = re.compile(rb'nonce="[^"]*"|(?:name="csrf_token" value|name="csrf-token" content)="[^"]*"')


def revisit(owner: Person, due: date, now: datetime, **values: Any) -> dict[str, Any]:
    return store.create("revisit", {"due_on": due, "owner": owner.id, **values}, actor=owner, now=now)


def address(desk: Desk) -> str:
    """The address that the page shows when one is made."""
    found = ADDRESS.search(desk.send("/account/calendar/make", 200).get_data(as_text=True))
    assert found is not None
    return found[1]


def read(app: Flask, path: str, **headers: str) -> TestResponse:
    """What a calendar program gets, which has no session."""
    return app.test_client().get(path, headers=headers)


def events(answer: TestResponse) -> list[dict[str, Any]]:
    assert answer.status_code == 200
    return [dict(event) for event in Calendar.from_ical(answer.get_data()).walk("VEVENT")]


def same(answer: TestResponse) -> tuple[int, dict[str, str], bytes]:
    """An answer without what differs from request to request."""
    passing = ("X-Request-Id", "Content-Security-Policy", "Set-Cookie", "Date")
    headers = {name: value for name, value in answer.headers if name not in passing}
    return answer.status_code, headers, VARYING.sub(b"", answer.get_data())


def test_a_calendar_shows_kind_number_and_day_of_ones_own_work_and_no_title(
    demo_app: Flask, sit: Sit, now: datetime
) -> None:
    ann, bob = sit(Role.SPECIALIST), sit(Role.SPECIALIST)
    file = customer(ann.person, now, name="晴川仪器有限公司", level="confidential")
    mine = revisit(ann.person, date(2026, 11, 30), now, customer=file["_id"])
    revisit(bob.person, date(2026, 11, 30), now)
    answer = read(demo_app, address(ann))
    assert answer.content_type == "text/calendar; charset=utf-8"
    (event,) = [one for one in events(answer) if mine["number"] in str(one["SUMMARY"])]
    assert str(event["SUMMARY"]) == f"Revisit {mine['number']}"
    assert event["DTSTART"].dt == date(2026, 11, 30)
    assert str(event["URL"]).endswith(f"/records/revisit/{mine['number']}")
    assert "晴川" not in answer.get_data(as_text=True)
    assert not [one for one in events(answer) if "Revisit" in one["SUMMARY"] and one != event]


def test_a_complaint_stands_at_its_minute(demo_app: Flask, sit: Sit, now: datetime) -> None:
    ann = sit(Role.SPECIALIST)
    made = store.create(
        "complaint", {"subject": "x", "received_at": now, "channel": "phone"}, actor=ann.person, now=now
    )
    (event,) = events(read(demo_app, address(ann)))
    assert event["DTSTART"].dt == made["due_at"]


def test_what_is_not_the_persons_any_more_is_gone_from_the_next_reading(
    demo_app: Flask, sit: Sit, now: datetime
) -> None:
    ann, bob = sit(Role.SPECIALIST), sit(Role.SPECIALIST)
    made = revisit(ann.person, date(2026, 11, 30), now)
    path = address(ann)
    assert len(events(read(demo_app, path))) == 1
    store.change("revisit", made["_id"], {"owner": bob.person.id}, actor=SYSTEM, now=now)
    assert events(read(demo_app, path)) == []


def test_an_unchanged_calendar_is_not_sent_again(demo_app: Flask, sit: Sit, clock: Clock) -> None:
    ann = sit(Role.SPECIALIST)
    made = revisit(ann.person, date(2026, 11, 30), clock.now)
    path = address(ann)
    tag = read(demo_app, path).headers["ETag"]
    clock.forward(minutes=10)
    again = read(demo_app, path, **{"If-None-Match": tag})
    assert (again.status_code, again.get_data()) == (304, b"")
    store.change("revisit", made["_id"], {"due_on": date(2026, 12, 1)}, actor=SYSTEM, now=clock.now)
    changed = read(demo_app, path, **{"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["ETag"] != tag


def renewed(desk: Desk, clock: Clock) -> None:
    address(desk)


def revoked(desk: Desk, clock: Clock) -> None:
    desk.send("/account/calendar/revoke")


def disabled(desk: Desk, clock: Clock) -> None:
    assert desk.person.id is not None
    rights.set_active(Person(None, "x", frozenset({Role.ADMINISTRATOR})), desk.person.id, False, clock.now)


def disabled_for_a_moment(desk: Desk, clock: Clock) -> None:
    disabled(desk, clock)
    rights.set_active(SYSTEM, desk.person.id, True, clock.now)  # type: ignore[arg-type]


def new_password(desk: Desk, clock: Clock) -> None:
    assert desk.person.id is not None
    store_credentials(desk.person.id, {"fs_uniquifier": "another"})


@pytest.mark.parametrize("ends", [renewed, revoked, disabled, disabled_for_a_moment, new_password])
def test_an_address_that_ended_answers_like_a_page_that_was_never_there(
    demo_app: Flask, sit: Sit, clock: Clock, ends: Callable[[Desk, Clock], None]
) -> None:
    ann = sit(Role.SPECIALIST)
    path = address(ann)
    before = same(read(demo_app, path.replace("cal_", "cax_")))
    assert read(demo_app, path).status_code == 200
    ends(ann, clock)
    gone = read(demo_app, path)
    assert gone.status_code == 404
    status, headers, page = same(gone)
    assert (status, headers, page.replace(b"cal_", b"cax_")) == before
    missing = path.replace("/calendar/", "/calendax/")
    assert (status, headers, page.replace(b"/calendar/", b"/calendax/")) == same(read(demo_app, missing))


def test_the_database_holds_no_address_and_making_one_is_in_the_trail(sit: Sit) -> None:
    ann = sit(Role.SPECIALIST)
    secret = address(ann).removeprefix("/calendar/").removesuffix(".ics")
    assert secret not in str(list(database()[service.FEEDS].find()))
    ann.send("/account/calendar/revoke")
    actions = [row["action"] for row in database()["audit"].find({"actor": ann.person.id}).sort("_id")]
    assert actions[-2:] == ["calendar_feed_made", "calendar_feed_revoked"]
    assert ann.post("/account/calendar/revoke").status_code == 404


def test_making_an_address_needs_a_fresh_sign_in(sit: Sit, clock: Clock) -> None:
    ann = sit(Role.SPECIALIST)
    ann.text("/account/calendar/")
    clock.forward(minutes=6)
    answer = ann.post("/account/calendar/make")
    assert answer.status_code == 303
    assert "/verify" in answer.location
    assert database()[service.FEEDS].count_documents({}) == 0


def test_an_address_read_too_often_waits_for_the_next_minute(demo_app: Flask, sit: Sit, clock: Clock) -> None:
    path = address(sit(Role.SPECIALIST))
    answers = [read(demo_app, path) for _ in range(rules.READS_A_MINUTE + 1)]
    assert {one.status_code for one in answers[:-1]} == {200}
    assert answers[-1].status_code == 429
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 60
    clock.forward(minutes=1)
    assert read(demo_app, path).status_code == 200


def test_no_session_is_made_and_none_is_looked_at(demo_app: Flask, sit: Sit, now: datetime) -> None:
    ann, bob = sit(Role.SPECIALIST), sit(Role.SPECIALIST)
    made = revisit(ann.person, date(2026, 11, 30), now)
    answer = bob.get(address(ann))
    assert made["number"] in answer.get_data(as_text=True)
    assert "Set-Cookie" not in answer.headers


def test_what_is_due_long_from_now_waits_outside(demo_app: Flask, sit: Sit, now: datetime) -> None:
    ann = sit(Role.SPECIALIST)
    made = revisit(ann.person, (now + rules.AHEAD + timedelta(days=1)).date(), now)
    assert made["number"] not in read(demo_app, address(ann)).get_data(as_text=True)
