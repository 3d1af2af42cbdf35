"""A sealed value that cannot be opened holds up no page: it is marked where it would stand, and stays as it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from bson import ObjectId
from pymongo.database import Database

from config.database import database
from models import store
from models.hand_over.service import HANDED
from models.person.roles import Role
from tests.factories.customers import customer
from tests.factories.damage import damage
from tests.factories.desks import Desk

Base = Database[dict[str, Any]]
Sit = Callable[..., Desk]


def test_what_was_handed_over_stays_on_the_page(sit: Sit, db: Base, now: datetime) -> None:
    head, other = sit(Role.HEAD), sit(Role.SPECIALIST, name="Wang Wu")
    made = customer(other.person, now, name="Lamp works", analysis="Slow")
    row = {"by": head.person.id, "to": other.person.id, "type": "customer", "record": made["_id"], "at": now}
    db[HANDED].insert_one({**row, "_id": ObjectId()})
    damage("record_customer", made["_id"], "analysis")
    page = head.text("/?show=handed")
    assert "Lamp works" in page
    assert "handed over to Wang Wu on" in page


def test_a_search_finds_it_and_its_neighbours(sit: Sit, now: datetime) -> None:
    desk = sit(Role.SPECIALIST)
    made = [customer(desk.person, now, name=f"Lamp works {n}", contact_phone="13900000001") for n in range(2)]
    damage("record_customer", made[0]["_id"], "contact_phone")
    page = desk.text("/records/find?q=lamp")
    assert page.count("</mark> works") == 2


@pytest.fixture
def harmed(sit: Sit, now: datetime) -> tuple[Desk, str, ObjectId]:
    """A head, and the number and id of a file of which three values are damaged; its history is whole."""
    head = sit(Role.HEAD)
    values = {"contact_birthday": date(1990, 5, 1), "contact_phone": "13900000001", "level": "secret"}
    made = customer(head.person, now, name="Lamp works", analysis="Slow", region="浙江", **values)
    for field in ("analysis", "contact_birthday", "contact_phone"):
        damage("record_customer", made["_id"], field)
    return head, made["number"], made["_id"]


@pytest.mark.parametrize("page", ["", "/history", "/print"])
def test_a_record_is_shown_with_a_mark(harmed: tuple[Desk, str, ObjectId], page: str) -> None:
    desk, number, _ = harmed
    text = desk.text(f"/records/customer/{number}{page}")
    assert "Lamp works" in text
    assert page == "/history" or ("浙江" in text and text.count("(cannot be read)") == 3)


def test_the_page_says_so_and_offers_no_change(harmed: tuple[Desk, str, ObjectId]) -> None:
    desk, number, _ = harmed
    text = desk.text(f"/records/customer/{number}")
    assert "Part of this record cannot be read" in text
    assert f"/records/customer/{number}/edit" not in text
    assert f"/records/customer/{number}/print" in text


@pytest.mark.parametrize(("archived", "offered"), [(False, ("archive", "merge")), (True, ("restore",))])
def test_what_would_change_it_is_offered_of_a_whole_record_only(
    sit: Sit, now: datetime, archived: bool, offered: tuple[str, ...]
) -> None:
    desk = sit(Role.HEAD)
    made = customer(desk.person, now, name="Lamp works", analysis="Slow")
    at = f"/records/customer/{made['number']}"
    if archived:
        desk.send(f"{at}/archive", rev="1", note="Old")
    assert [one for one in offered if f'"{at}/{one}"' not in desk.text(at)] == []
    damage("record_customer", made["_id"], "analysis")
    assert [one for one in offered if f'"{at}/{one}"' in desk.text(at)] == []


def test_a_whole_record_says_nothing_of_it_and_is_edited(sit: Sit, now: datetime) -> None:
    desk = sit(Role.HEAD)
    number = customer(desk.person, now, name="Lamp works", analysis="Slow")["number"]
    text = desk.text(f"/records/customer/{number}")
    assert "cannot be read" not in text
    assert f"/records/customer/{number}/edit" in text


def test_no_form_writes_over_it(harmed: tuple[Desk, str, ObjectId], db: Base) -> None:
    desk, number, record = harmed
    was = db["record_customer"].find_one({"_id": record})
    at = f"/records/customer/{number}"
    assert desk.get(f"{at}/edit").status_code == 500
    for sent in ({"name": "Other"}, {"analysis": "Quick"}, {"analysis": ""}):
        assert desk.post(f"{at}/edit", data={"rev": "1", **sent}).status_code == 500
    assert desk.post(f"{at}/archive", data={"rev": "1", "note": "old"}).status_code == 500
    assert db["record_customer"].find_one({"_id": record}) == was


def test_its_history_marks_a_former_value(sit: Sit, db: Base, now: datetime) -> None:
    desk = sit(Role.HEAD)
    made = customer(desk.person, now, name="Lamp works", analysis="Slow")
    store.change("customer", made["_id"], {"analysis": "Quick"}, actor=desk.person, now=now)
    version = db[store.VERSIONS].find_one({"record": made["_id"], "rev": 2}) or {}
    [at] = [i for i, one in enumerate(version["changes"]) if one["field"] == "analysis"]
    damage(store.VERSIONS, version["_id"], f"changes.{at}.before")
    text = desk.text(f"/records/customer/{made['number']}/history")
    assert "<del>(cannot be read)</del> <ins>Quick</ins>" in text
    restored = desk.text(f"/records/customer/{made['number']}/history/1")
    assert "What it held then cannot be read." in restored
    desk.post(f"/records/customer/{made['number']}/history/1", data={"rev": "2"})
    assert store.fetch("customer", made["_id"])["analysis"] == "Quick"


def test_who_has_it_by_a_card_sees_it_too(sit: Sit, harmed: tuple[Desk, str, ObjectId], db: Base) -> None:
    head, number, _ = harmed
    guest = sit(Role.SALES_MANAGER, manager=head.person.id)
    window = {"reason": "Audit at the site", "from": "", "until": "2026-11-25"}
    owner = sit(Role.SPECIALIST)
    db["record_customer"].update_one({"number": number}, {"$set": {"owner": owner.person.id}})
    guest.send(f"/records/customer/{number}/ask", 302, use="export", **window)
    card = db["record_access_request"].find_one() or {}
    act = f"/records/access_request/{card['number']}/do/approve"
    head.send(act, 303, rev=str(card["rev"]), valid_until="2026-11-25")
    text = guest.text(f"/records/customer/{number}")
    assert "Open to you under card" in text
    assert "(cannot be read)" in text
    file = guest.post(f"/records/access_request/{card['number']}/take", {"format": "csv"})
    assert "(cannot be read)" in file.get_data(as_text=True)


def test_what_a_merge_did_not_reach_is_told_to_whom_may_know_it(sit: Sit, now: datetime) -> None:
    head = sit(Role.HEAD)
    keep, other = (customer(head.person, now, name=name) for name in ("Lamp works", "Lantern works"))
    values = {"subject": "Late", "customer": other["_id"], "contact_phone": "13900000001", "owner": head.person.id}
    told = store.create("complaint", values, actor=head.person, now=now)["number"]
    later = store.create("complaint", {**values, "subject": "Wrong"}, actor=head.person, now=now)
    damage("record_complaint", store_id(told), "contact_phone")
    at = f"/records/customer/{keep['number']}"
    head.send(f"{at}/merge", 303, **{"with": other["number"], "rev": "1", "other_rev": "1"})
    page = head.text(at)
    assert f"1 record that points to {other['number']} cannot be opened and was passed over" in page
    assert f"/records/complaint/{told}" in page
    assert later["number"] in head.text(f"{at}/related"), "it has followed"
    head.send(f"{at}/unmerge", 303, other=other["number"])
    assert "was passed over" not in head.text(at)


def store_id(number: str) -> ObjectId:
    found: ObjectId = (database()["record_complaint"].find_one({"number": number}) or {})["_id"]
    return found


def test_what_stayed_of_a_merge_that_was_taken_back_is_told(sit: Sit, db: Base, now: datetime) -> None:
    head = sit(Role.HEAD)
    keep, other = (customer(head.person, now, name=name) for name in ("Lamp works", "Lantern works"))
    values = {"subject": "Late", "customer": other["_id"], "contact_phone": "13900000001"}
    told = store.create("complaint", values, actor=head.person, now=now)["number"]
    at = f"/records/customer/{keep['number']}"
    head.send(f"{at}/merge", 303, **{"with": other["number"], "rev": "1", "other_rev": "1"})
    damage("record_complaint", store_id(told), "contact_phone")
    db["record_version"].update_one(
        {"record": store_id(told), "action": "follow_merge"},
        {"$push": {"changes": {"field": "subject", "before": "Late", "after": "Late"}}},
    )
    head.send(f"{at}/unmerge", 303, other=other["number"])
    for record in (keep, other):
        for page in ("", "/history"):
            text = head.text(f"/records/customer/{record['number']}{page}")
            assert "1 record got only its pointer back: it could not be opened" in text
            assert f"/records/complaint/{told}" in text
