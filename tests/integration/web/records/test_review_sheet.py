"""A quarterly review section by section: last value beside the present one, only differences stored (F5)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from models import records, store, work
from models.office import office_calendar
from models.person.roles import SYSTEM, Person, Role
from models.review.rules import SECTIONS
from tests.factories.customers import customer
from tests.factories.desks import Desk

Sit = Callable[..., Desk]
ALL: dict[str, Any] = {f"_section-{name}": "confirmed" for name in SECTIONS}


FIRST: dict[str, Any] = {"_section-basic": "confirmed"}
STILL_RIGHT: dict[str, Any] = dict.fromkeys(SECTIONS, "confirmed")
REST = {name: value for name, value in ALL.items() if name != "_section-basic"}


def review(owner: Person, file: dict[str, Any], now: datetime, quarter: str = "2026Q4") -> dict[str, Any]:
    values = {"customer": file["_id"], "quarter": quarter, "due_on": date(2026, 11, 30), "level": file["level"]}
    return store.create("review", values, actor=owner, now=now)


def at(made: dict[str, Any]) -> str:
    return f"/records/review/{made['number']}/sections"


def sent(made: dict[str, Any], file: dict[str, Any], **typed: str) -> dict[str, Any]:
    return {"rev": made["rev"], "_file_rev": file["rev"], **typed}


def test_what_is_still_right_is_confirmed_and_the_file_stays_as_it_is(sit: Sit, now: datetime) -> None:
    ann = sit(Role.SPECIALIST)
    file = customer(ann.person, now)
    made, other = review(ann.person, file, now), review(ann.person, customer(ann.person, now), now)
    assert "0/2" in ann.text(at(made))
    answer = ann.send(at(made), **sent(made, file), **ALL)
    assert answer.location == at(other)
    assert "1/2" in ann.text(at(other))
    stored = store.fetch("review", made["_id"])
    assert {stored[name] for name in SECTIONS} == {"confirmed"}
    assert (stored["state"], store.fetch("customer", file["_id"])["rev"]) == ("done", file["rev"])


def test_no_review_is_done_without_a_look_at_its_sections(sit: Sit, now: datetime) -> None:
    ann = sit(Role.SPECIALIST)
    review(ann.person, customer(ann.person, now), now)
    (task,) = [task for task in work.desk(ann.person, now, office_calendar()) if task.sight.rt.slug == "review"]
    assert task.done is None
    assert task.main is not None
    assert task.main.name == "finish"


def test_only_the_differences_reach_the_file_and_their_section_says_so(sit: Sit, now: datetime) -> None:
    ann = sit(Role.SPECIALIST)
    file = customer(ann.person, now, address="Old street 1", region="江苏")
    made = review(ann.person, file, now)
    typed = sent(made, file, address="New street 2", region="江苏")
    ann.send(at(made), **typed, **REST)
    stored, changed = store.fetch("review", made["_id"]), store.fetch("customer", file["_id"])
    assert (changed["address"], changed["rev"]) == ("New street 2", file["rev"] + 1)
    assert (stored["state"], stored["basic"], stored["people"]) == ("done", "corrected", "confirmed")
    assert stored["corrections"] == "更正：地址"
    (version, *_) = records.versions(ann.person, "customer", file["number"], now)
    assert [change["field"].name for change in version["changes"] if change["field"].name == "address"] == ["address"]
    assert made["number"] in version["note"]


def test_a_section_that_was_changed_in_the_file_since_the_review_opened_counts_as_corrected(
    sit: Sit, now: datetime
) -> None:
    ann = sit(Role.SPECIALIST)
    file = customer(ann.person, now - timedelta(days=10))
    store.change(
        "customer", file["_id"], {"address": "Before it opened"}, actor=ann.person, now=now - timedelta(days=1)
    )
    made = review(ann.person, file, now)
    assert "Corrected in the file, and right" not in ann.text(at(made))
    people = [{"name": "Sun", "position": "Buyer", "phone": "13800000000"}]
    later = now + timedelta(minutes=1)
    changed = store.change("customer", file["_id"], {"key_people": people}, actor=ann.person, now=later)
    page = ann.text(at(made))
    assert page.count("Corrected in the file, and right") == 1
    assert f'href="/records/customer/{file["number"]}/edit"' in page
    ann.send(at(made), **sent(made, changed), **ALL)
    stored = store.fetch("review", made["_id"])
    assert (stored["state"], stored["people"], stored["basic"]) == ("done", "corrected", "confirmed")
    assert stored["corrections"] == "更正：关键人物"


def test_what_is_answered_in_part_is_kept(sit: Sit, now: datetime) -> None:
    ann = sit(Role.SPECIALIST)
    file = customer(ann.person, now)
    made = review(ann.person, file, now)
    ann.send(at(made), **sent(made, file), **FIRST)
    kept = store.fetch("review", made["_id"])
    assert (kept["state"], kept["basic"], kept["people"]) == ("open", "confirmed", None)
    ann.send(at(made), **sent(kept, file), **REST)
    assert store.fetch("review", made["_id"])["state"] == "done"


def test_the_last_review_stands_beside_what_is_there_now(sit: Sit, now: datetime) -> None:
    ann = sit(Role.SPECIALIST)
    before = now - timedelta(days=90)
    file = customer(ann.person, before, address="Old street 1")
    first = review(ann.person, file, before, "2026Q3")
    records.move(ann.person, "review", first["number"], "finish", STILL_RIGHT, rev=1, now=before + timedelta(days=1))
    store.change("customer", file["_id"], {"address": "New street 2"}, actor=SYSTEM, now=now - timedelta(days=2))
    page = ann.text(at(review(ann.person, file, now)))
    assert "<del>Old street 1</del>" in page
    assert re.search(r'name="address"[^>]*value="New street 2"', page)
    assert page.count("<del>") == 1


def test_a_wrong_value_stores_nothing_of_it_and_keeps_what_was_typed(sit: Sit, now: datetime) -> None:
    ann = sit(Role.SPECIALIST)
    file = customer(ann.person, now, address="Old street 1")
    made = review(ann.person, file, now)
    page = ann.send(at(made), 422, **sent(made, file, address="New street 2", contact_email="nobody"), **ALL)
    assert "New street 2" in page.get_data(as_text=True)
    assert store.fetch("customer", file["_id"])["address"] == "Old street 1"
    assert store.fetch("review", made["_id"])["state"] == "open"


def test_what_somebody_changed_meanwhile_is_not_written_over(sit: Sit, now: datetime) -> None:
    ann = sit(Role.SPECIALIST)
    file = customer(ann.person, now, address="Old street 1")
    made = review(ann.person, file, now)
    store.change("customer", file["_id"], {"address": "Theirs"}, actor=SYSTEM, now=now)
    ann.send(at(made), 409, **sent(made, file, address="Mine"), **ALL)
    assert store.fetch("customer", file["_id"])["address"] == "Theirs"
    assert store.fetch("review", made["_id"])["state"] == "open"


def test_the_sheet_is_for_whoever_answers_and_reads_the_file(sit: Sit, now: datetime) -> None:
    ann, bob, head = sit(Role.SPECIALIST), sit(Role.SPECIALIST), sit(Role.HEAD)
    made = review(ann.person, customer(ann.person, now), now)
    secret = review(ann.person, customer(ann.person, now, level="top_secret"), now)
    assert bob.get(at(made)).status_code == 403
    assert bob.get(at(secret)).status_code == bob.get("/records/review/HD-9/sections").status_code == 404
    assert head.get(at(made)).status_code == 200
    assert ann.get(f"/records/customer/{made['number']}/sections").status_code == 404


def test_a_file_that_was_closed_to_the_reviewer_is_not_shown(sit: Sit, now: datetime) -> None:
    ann, bob = sit(Role.SPECIALIST), sit(Role.SPECIALIST)
    file = customer(ann.person, now, level="confidential", address="Hidden street")
    made = review(ann.person, file, now)
    store.change("customer", file["_id"], {"owner": bob.person.id}, actor=SYSTEM, now=now)
    page = ann.get(at(made))
    assert page.status_code == 403
    assert "Hidden street" not in page.get_data(as_text=True)


def test_the_way_to_the_sheet_is_in_place_on_my_work_and_on_the_review(sit: Sit, now: datetime) -> None:
    ann = sit(Role.SPECIALIST)
    made = review(ann.person, customer(ann.person, now), now)
    assert f'href="{at(made)}"' in ann.text("/")
    page = ann.text(f"/records/review/{made['number']}")
    assert f'href="{at(made)}"' in page
    assert "/do/keep" not in page
