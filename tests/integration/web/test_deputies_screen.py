"""Deputies on screen, and where a record stands: named, confirmed by a second, signing, both names shown."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from html import unescape
from typing import Any

import pytest
from pymongo.database import Database

from models import climbing, records, store
from models.calendar import local
from models.office import office_calendar
from models.person import deputies, rights
from models.person.roles import SYSTEM, Role
from tests.factories.desks import Desk
from tests.factories.web import Clock

Base = Database[dict[str, Any]]
Sit = Callable[..., Desk]
PAGE = "/account/deputies/"


@pytest.fixture
def head(sit: Sit) -> Desk:
    return sit(Role.HEAD, name="Zhao")


@pytest.fixture
def deputy(sit: Sit) -> Desk:
    return sit(Role.SALES_MANAGER, name="Qian", department="sales")


@pytest.fixture
def asker(sit: Sit) -> Desk:
    return sit(Role.SPECIALIST, name="Sun")


def days(now: datetime, first: int = 0, last: int = 3) -> dict[str, Any]:
    today = local(now).date()
    return {"begins": str(today + timedelta(days=first)), "ends": str(today + timedelta(days=last))}


def named(head: Desk, deputy: Desk, now: datetime) -> None:
    head.send(PAGE, deputy=str(deputy.person.id), **days(now))


def request(asker: Desk, now: datetime, **more: Any) -> dict[str, Any]:
    """A request for access that waits for the head."""
    values = {
        "uses": ["view"],
        "reason": "A complaint",
        "type_asked": "customer",
        "number_asked": "KH-2026-000001",
        "department": "service",
        "valid_until": local(now).date() + timedelta(days=2),
        "state": "signed",
        **more,
    }
    return store.create("access_request", values, actor=asker.person, now=now)


def strip(page: str) -> list[str]:
    """The steps of the strip, as texts."""
    found = re.search(r'<section class="standing".*?</section>', page, re.DOTALL)
    if found is None:
        return []
    steps = re.findall(r"<li.*?</li>", found.group(0), re.DOTALL)
    return [" ".join(unescape(re.sub(r"<[^>]+>", " ", step)).split()) for step in steps]


def test_a_deputy_finds_what_waits_signs_it_and_both_names_are_shown(
    head: Desk, deputy: Desk, asker: Desk, now: datetime
) -> None:
    one = request(asker, now)
    address = f"/records/access_request/{one['number']}"
    deputy.text(address, 404)
    named(head, deputy, now)
    assert "in force" in head.text(PAGE)
    assert "Zhao" in deputy.text(PAGE)
    assert one["number"] in deputy.text("/")
    sheet = deputy.text(f"{address}/do/refuse")
    assert "You sign for Zhao" in sheet
    deputy.send(f"{address}/do/refuse", 422, rev="1", note="")
    deputy.send(f"{address}/do/refuse", rev="1", note="Not needed")
    page = asker.text(address)
    assert strip(page)[-1] == "Refused Qian for Zhao 23 Nov 2026 10:00 Not needed", "and not once more as its state"
    assert "Qian for Zhao" in asker.text(f"{address}/history")
    deputy.text(address, 404)


@pytest.mark.parametrize(("language", "mark"), [("en", "<span>for Zhao</span>"), ("zh", "<span>代 Zhao</span>")])
def test_my_work_marks_what_a_deputy_signs_for_somebody_else(
    sit: Sit, head: Desk, asker: Desk, now: datetime, language: str, mark: str
) -> None:
    deputy = sit(Role.HEAD, name="Qian", language=language)
    named(head, deputy, now)
    both = request(asker, now)
    own = request(asker, now, state="asked", manager=deputy.person.id)
    theirs = request(asker, now, state="asked", manager=head.person.id)
    page = deputy.text("/")
    lines = {one["number"]: _line(page, one["number"]) for one in (both, own, theirs)}
    marked = {number: mark in line for number, line in lines.items()}
    assert marked == {
        both["number"]: False,
        own["number"]: False,
        theirs["number"]: True,
    }, "what is theirs anyhow is signed in their own name"
    assert "Zhao" not in _line(head.text("/"), theirs["number"])


def _line(page: str, number: str) -> str:
    """The line of My work that leads to a request."""
    lines = re.findall(r"<li[ >].*?</li>", page[page.index('<section class="work"') :], re.DOTALL)
    return str(next(line for line in lines if number in line))


def test_the_requester_sees_whom_it_waits_for_since_when_and_what_comes(
    head: Desk, deputy: Desk, asker: Desk, now: datetime, db: Base
) -> None:
    one = request(asker, now, state="asked", manager=deputy.person.id)
    address = f"/records/access_request/{one['number']}"
    first, here, ahead = strip(asker.text(address))
    assert first.startswith("Handed in Sun")
    assert "waits for Qian since 23 Nov 2026 10:00" in here
    assert "if nobody signs by 23 Nov 2026 18:00, it also goes to Department head" in here
    assert ahead == "Approve Department head"
    stand_in = head.person
    deputy.send(PAGE, deputy=str(stand_in.id), **days(now))
    assert "waits for Qian (deputy: Zhao)" in strip(asker.text(address))[1]
    db["record_access_request"].update_one({"_id": one["_id"]}, {"$set": {"state_since": now - timedelta(days=3)}})
    climbing.climb(now, office_calendar())
    assert "and, unsigned for too long, for Department head" in strip(asker.text(address))[1]


def test_what_went_on_at_once_is_not_called_unsigned_for_too_long(
    head: Desk, asker: Desk, sit: Sit, now: datetime, db: Base
) -> None:
    """The head signs for a silent manager, and the next signature, which is not theirs any more, goes on at once; so
    does what waits for somebody whose account is disabled."""
    sit(Role.GENERAL_MANAGER, name="Li", department="management")
    away = sit(Role.SALES_MANAGER, name="Qian", department="sales").person
    asked, other = (request(asker, now, state="asked", manager=away.id) for _ in range(2))
    early = {"state_since": now - timedelta(days=3)}
    db["record_access_request"].update_one({"_id": asked["_id"]}, {"$set": early})
    climbing.climb(now, office_calendar())
    record = store.fetch("access_request", asked["_id"])
    records.move(head.person, "access_request", asked["number"], "sign", {}, rev=record["rev"], now=now, fresh=True)
    assert away.id is not None
    rights.set_active(SYSTEM, away.id, False, now)
    for one, whom in ((asked, "Department head, General manager"), (other, "Qian (account disabled), Department head")):
        here = next(step for step in strip(asker.text(f"/records/access_request/{one['number']}")) if "since" in step)
        assert f"waits for {whom}" in here
        assert "unsigned" not in here


@pytest.mark.parametrize(
    ("language", "steps"),
    [
        ("en", ["Handed in Sun 23 Nov 2026 10:00", "Withdrawn Sun 23 Nov 2026 10:00"]),
        ("zh", ["已提交 Sun 2026-11-23 10:00", "撤回 Sun 2026-11-23 10:00", "已撤回"]),
    ],
)
def test_what_was_withdrawn_before_anybody_signed_says_by_whom_and_when(
    sit: Sit, now: datetime, language: str, steps: list[str]
) -> None:
    asker = sit(Role.SPECIALIST, name="Sun", language=language)
    address = f"/records/access_request/{request(asker, now)['number']}"
    asker.send(f"{address}/do/withdraw", rev="1")
    assert strip(asker.text(address)) == steps


def test_signed_steps_are_told_as_done(head: Desk, deputy: Desk, asker: Desk, sit: Sit, now: datetime) -> None:
    one = request(asker, now, state="asked", manager=deputy.person.id)
    address = f"/records/access_request/{one['number']}"
    deputy.send(f"{address}/do/sign", rev="1")
    assert strip(asker.text(address))[1].startswith("Signed Qian ")
    sheet = " ".join(re.sub(r"<[^>]+>", " ", head.text(f"{address}/do/refuse")).split())
    assert "Signed before Qian Signed 23 Nov 2026" in sheet
    head.send(f"{address}/do/refuse", rev="2", note="Not needed")
    assert [step.split()[0] for step in strip(asker.text(address))] == ["Handed", "Signed", "Refused"]


def test_a_record_on_which_nothing_is_signed_has_no_strip(asker: Desk, sit: Sit, now: datetime) -> None:
    made = asker.send("/records/complaint/new", subject="Lamp", channel="phone", facts="x", complainant="Ms Li")
    assert strip(asker.text(made.headers["Location"])) == []


def test_wrong_input_is_named_at_its_field_and_stores_nothing(
    head: Desk, deputy: Desk, now: datetime, db: Base
) -> None:
    who = str(deputy.person.id)
    for wrong in (
        {"deputy": "", **days(now)},
        {"deputy": str(head.person.id), **days(now)},
        {"deputy": who, **days(now, -1)},
        {"deputy": who, **days(now, 2, 1)},
        {"deputy": who, **days(now, 0, 200)},
        {"deputy": who, "begins": "soon", "ends": "2026-13-01"},
    ):
        page = head.send(PAGE, 422, **wrong).get_data(as_text=True)
        assert "field-error" in page
    assert head.post(PAGE, {"deputy": "x", **days(now)}).status_code == 404
    assert head.post(PAGE, {"deputy": who, **days(now), "roles": "god"}).status_code == 403
    assert head.post(PAGE, {"deputy": who, **days(now), "types": "nothing"}).status_code == 403
    assert db[deputies.DEPUTIES].count_documents({}) == 0


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "en",
            {
                "deputy": "Choose another active colleague who signs, too.",
                "begins": "Give today or a later day.",
                "ends": "The last day cannot be before today.",
            },
        ),
        (
            "zh",
            {
                "deputy": "请选择另一位有签署职责的在岗同事。",
                "begins": "请填写今天或以后的日期。",
                "ends": "结束日不能早于今天。",
            },
        ),
    ],
)
def test_everything_that_is_wrong_is_named_at_once_each_at_its_field(
    sit: Sit, now: datetime, language: str, said: dict[str, str]
) -> None:
    head = sit(Role.HEAD, name="Zhao", language=language)
    page = head.send(PAGE, 422, deputy="", **days(now, -3, -2)).get_data(as_text=True)
    for field, sentence in said.items():
        at = re.search(rf'<div class="field has-error" id="{field}-field">.*?</div>\s*</div>', page, re.DOTALL)
        assert at is not None, field
        assert f'<span class="field-error">{sentence}</span>' in at.group(0)
    page = head.send(PAGE, 422, deputy="", begins="", ends="", roles="specialist").get_data(as_text=True)
    assert page.count("field-error") == 4, "a role that is not theirs too"


def test_naming_needs_a_fresh_sign_in(head: Desk, deputy: Desk, now: datetime, clock: Clock, db: Base) -> None:
    head.text(PAGE)
    clock.now = now + timedelta(minutes=6)
    answer = head.post(PAGE, {"deputy": str(deputy.person.id), **days(now)})
    assert answer.status_code in (302, 303)
    assert "/verify" in answer.headers["Location"]
    assert db[deputies.DEPUTIES].count_documents({}) == 0
    chosen = f'selected value="{deputy.person.id}"'
    page = head.text(PAGE)
    assert chosen in page, "what was typed outlives the sign-in"
    assert f'value="{days(now)["ends"]}"' in page
    assert chosen not in head.text(PAGE), "once"


def test_what_an_administrator_names_for_a_privileged_person_waits_for_a_second(
    head: Desk, deputy: Desk, sit: Sit, now: datetime, db: Base
) -> None:
    admin, manager = sit(Role.ADMINISTRATOR, department="it"), sit(Role.GENERAL_MANAGER, department="management")
    page = f"/account/deputies/of/{head.person.id}"
    admin.send(page, deputy=str(deputy.person.id), **days(now))
    assert "waits for a second person" in admin.text(page)
    [row] = db[deputies.DEPUTIES].find()
    waiting = manager.text("/people/confirmations")
    assert "Qian is to sign for Zhao" in waiting
    assert "Handed on: Department head" in waiting
    admin.send(f"/account/deputies/{row['_id']}/confirm", 403)
    deputy.send(f"/account/deputies/{row['_id']}/confirm", 403)
    manager.send(f"/account/deputies/{row['_id']}/confirm")
    assert "in force" in admin.text(page)
    admin.send(f"/account/deputies/{row['_id']}/end", of=str(head.person.id))
    assert "over" in admin.text(page)
    admin.send(f"/account/deputies/{row['_id']}/end", 404)


def test_other_people_s_deputies_are_nobody_s_business(
    head: Desk, deputy: Desk, asker: Desk, now: datetime, db: Base
) -> None:
    named(head, deputy, now)
    [row] = db[deputies.DEPUTIES].find()
    page = f"/account/deputies/of/{head.person.id}"
    for stranger in (asker, deputy):
        stranger.text(page, 403)
        stranger.send(page, 403, deputy=str(deputy.person.id), **days(now))
    asker.send(f"/account/deputies/{row['_id']}/end", 404)
    asker.send("/account/deputies/nonsense/end", 404)
    assert head.client.post(PAGE, data={"deputy": str(deputy.person.id), **days(now)}).status_code == 400  # no token
    deputy.send(f"/account/deputies/{row['_id']}/end")
    assert deputies.of_deputy(deputy.person.id, now) == []  # type: ignore[arg-type]
