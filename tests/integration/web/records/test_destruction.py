"""Destruction on the screen (D1-D3): proposed, signed, stopped or carried out, certified; holds; what may go."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from config.database import database
from models import audit, store
from models.destruction import removal
from models.person.roles import Person, Role
from tests.factories.customers import customer
from tests.factories.damage import damage
from tests.factories.types import SAMPLE
from tests.integration.web.records.conftest import Make, Sit

AT = "/records/sample/"
LATER = timedelta(days=5 * 366)
WEEK, SETTLED = timedelta(days=7), timedelta(minutes=3)


def old(make: Make, owner: Person, now: datetime, **values: Any) -> dict[str, Any]:
    """A sample that was made and closed long ago; samples are kept for five years after the day in `made_on`."""
    made = make(owner, level="secret", made_on="2019-05-01", **values)
    store_final = {"state": "approved", "state_since": now - LATER}
    database()["record_sample"].update_one({"_id": made["_id"]}, {"$set": store_final})
    return made


def test_from_proposal_to_certificate(sit: Sit, make: Make, now: datetime) -> None:
    owner, supervisor = sit(Role.SPECIALIST, name="Owner"), sit(Role.SUPERVISOR, name="Sun Visor")
    head, manager = sit(Role.HEAD, name="Head"), sit(Role.GENERAL_MANAGER, name="Manager", department="management")
    made = old(make, owner.person, now, name="Oldlampname")
    at = f"{AT}{made['number']}"
    assert f"{at}/destroy" in owner.text(at)
    assert "Oldlampname" in owner.text(f"{at}/destroy")
    assert 'for="reason">Reason<' in owner.text(f"{at}/destroy"), "as the register calls it"
    answer = owner.send(f"{at}/destroy", 422, number=made["number"], send="1", reason="")
    assert "field-error" in answer.get_data(as_text=True)
    owner.send(f"{at}/destroy", 303, number=made["number"], send="1", reason="Outdated")
    asked = database()["record_destruction"].find_one({})
    assert asked is not None
    page = f"/records/destruction/{asked['number']}"
    assert asked["number"] in owner.text(at)
    for rev, (who, move) in enumerate(((supervisor, "sign"), (head, "approve"), (manager, "countersign")), 1):
        sheet = who.text(f"{page}/do/{move}")
        assert made["number"] in sheet
        assert "O***e" in sheet
        assert "Oldlampname" not in sheet
        assert sheet.split("Proposed by")[1].split("</dd>")[0].split("<dd>")[1].startswith("Owner ")
        who.send(f"{page}/do/{move}", 303, rev=str(rev))
    told = owner.text(page)
    assert "O***e" not in owner.text(f"{page}/do/stop"), "who asked is told nothing of the records as they are now"
    assert "It can be stopped until" in told
    assert "<del>" in told
    assert f"<del>{made['number']}" not in told, "a row of which nothing to be seen has changed"
    owner.text(f"{page}/certificate", status=404)
    removal.begin_due(now + WEEK)
    owner.text(at, status=404)
    removal.work("test", now + WEEK + SETTLED, settled=timedelta())
    paper = owner.text(f"{page}/certificate")
    for word in (made["number"], "Secret", "Outdated", "Sun Visor", "Head", "Manager", "Certificate of destruction"):
        assert str(word) in paper
    signed = paper.split("<strong>Sun Visor</strong>")[1].split("<time>")[0]
    assert signed == " · Information supervisor · signed ", "in which role each signed"
    assert "Sign " not in paper
    assert "Oldlampname" not in owner.text(page) + owner.text(f"{page}/history") + paper
    chinese = sit(Role.HEAD, language="zh").text(f"{page}/certificate")
    assert "<h2>理由</h2>" in chinese, "one word for it, on the form, in the register and on paper"
    for path in ("", "/edit", "/history", "/destroy", "/hold", "/print", "/secrecy"):
        for who in (owner, head, manager):
            who.text(at + path, status=404)


def test_what_stands_against_it_is_said_before_anything_is_sent(sit: Sit, make: Make, now: datetime) -> None:
    owner, head = sit(Role.SPECIALIST, name="Owner"), sit(Role.HEAD, name="Head")
    made = old(make, owner.person, now)
    at = f"{AT}{made['number']}"
    assert f"{at}/hold" in head.text(at)
    assert f"{at}/hold" not in owner.text(at)
    owner.text(f"{at}/hold", status=403)
    head.send(f"{at}/hold", 422, act="place", note="")
    head.send(f"{at}/hold", 303, act="place", note="Lawsuit")
    assert "On legal hold since" in owner.text(at)
    assert "on legal hold by Head" in owner.text(f"{at}/destroy")
    owner.send(f"{at}/destroy", 409, number=made["number"], send="1", reason="Outdated")
    head.send(f"{at}/hold", 303, act="lift", note="Settled")
    assert "on legal hold by Head" not in owner.text(f"{at}/destroy")


def test_a_record_on_legal_hold_is_not_offered_for_destruction_and_refused_with_the_reason(
    sit: Sit, make: Make, now: datetime
) -> None:
    owner, head = sit(Role.SPECIALIST, name="Owner"), sit(Role.HEAD, name="Head")
    made = old(make, owner.person, now)
    at = f"{AT}{made['number']}"
    assert f'href="{at}/destroy"' in owner.text(at)
    head.send(f"{at}/hold", 303, act="place", note="Lawsuit")
    assert f"{at}/destroy" not in owner.text(at)
    page = owner.send(f"{at}/destroy", 409, number=made["number"], send="1", reason="Outdated").text
    assert f"{made['number']}: on legal hold by Head since" in page
    assert database()["record_destruction"].count_documents({}) == 0
    head.send(f"{at}/hold", 303, act="lift", note="Settled")
    assert f'href="{at}/destroy"' in owner.text(at)


def test_every_hold_is_named_on_the_proposal_and_on_each_sheet_before_anybody_signs(
    sit: Sit, make: Make, now: datetime
) -> None:
    owner, supervisor = sit(Role.SPECIALIST, name="Owner"), sit(Role.SUPERVISOR)
    head, manager = sit(Role.HEAD, name="Head"), sit(Role.GENERAL_MANAGER, department="management")
    one, two = (str(old(make, owner.person, now)["number"]) for _ in range(2))
    owner.send(f"{AT}destroy", 303, number=[one, two], send="1", reason="Outdated")
    asked = database()["record_destruction"].find_one({})
    assert asked is not None
    page = f"/records/destruction/{asked['number']}"
    for rev, (who, move) in enumerate(((supervisor, "sign"), (head, "approve"), (manager, "countersign")), 1):
        assert "on legal hold" not in who.text(f"{page}/do/{move}")
        for number in (one, two):
            head.send(f"{AT}{number}/hold", 303, act="place", note="Lawsuit")
        for place in (page, f"{page}/do/{move}", f"{page}/do/refuse"):
            shown = who.text(place)
            assert all(f"{number}: on legal hold by Head since" in shown for number in (one, two)), place
            assert "Lawsuit" not in shown
        for number in (one, two):
            head.send(f"{AT}{number}/hold", 303, act="lift", note="Settled")
        who.text(f"{page}/do/{move}")  # looked at anew: it names no hold any more
        who.send(f"{page}/do/{move}", 303, rev=str(rev))
    head.send(f"{AT}{one}/hold", 303, act="place", note="Again")
    assert f"{one}: on legal hold by Head since" in owner.text(page)


def test_the_proposal_names_each_record_on_hold_that_points_to_it(sit: Sit, make: Make, now: datetime) -> None:
    owner, head = sit(Role.SPECIALIST), sit(Role.HEAD)
    made = old(make, owner.person, now)
    pointing = [str(old(make, owner.person, now, parent=made["_id"])["number"]) for _ in range(5)]
    for number in pointing:
        head.send(f"{AT}{number}/hold", 303, act="place", note="Lawsuit")
    form = owner.text(f"{AT}{made['number']}/destroy")
    assert [number for number in pointing if f"{number} is on legal hold" not in form] == []


def test_what_was_kept_for_long_enough_is_ticked_and_proposed(sit: Sit, make: Make, now: datetime) -> None:
    owner, custodian = sit(Role.SPECIALIST), sit(Role.CUSTODIAN, name="Custodian")
    numbers = [str(old(make, owner.person, now, name=f"Lamp {n}")["number"]) for n in range(2)]
    make(owner.person, level="secret", made_on="2026-11-01")
    assert "/records/destruction/outdated" in custodian.text("/records/destruction/")
    page = custodian.text("/records/destruction/outdated")
    assert f'<th scope="col">{SAMPLE.by_name[SAMPLE.title].label.en}</th>' in page
    assert all(number in page for number in numbers)
    assert page.count('name="number"') == 2
    custodian.send("/records/sample/destroy", 200, number=numbers)
    custodian.send("/records/sample/destroy", 422)
    custodian.send("/records/sample/destroy", 303, number=numbers, reason="Outdated", send="1")
    asked = database()["record_destruction"].find_one({})
    assert asked is not None
    assert [item["number"] for item in asked["items"]] == numbers


def test_what_may_go_is_named_with_an_entry_and_a_mark_and_stays_off_the_paper(
    sit: Sit, make: Make, now: datetime
) -> None:
    owner, custodian = sit(Role.SPECIALIST), sit(Role.CUSTODIAN, name="Custodian")
    numbers = [str(old(make, owner.person, now, name=f"Lamp {n}")["number"]) for n in range(2)]
    page = custodian.text("/records/destruction/outdated")
    assert "Secret · Custodian · 20" in page
    assert page.count('<tr class="no-print">') == len(numbers)
    [entry] = database()[audit.ENTRIES].find({"action": "listed", "actor": custodian.person.id})
    assert sorted(entry["number"]) == numbers


def test_what_may_go_is_shown_although_a_sealed_value_cannot_be_opened(sit: Sit, now: datetime) -> None:
    owner = sit(Role.SPECIALIST)
    made = customer(owner.person, now, name="Lamp works", level="secret", analysis="Hard to please")
    kept = {"archived": True, "updated_at": now - LATER}
    database()["record_customer"].update_one({"_id": made["_id"]}, {"$set": kept})
    damage("record_customer", made["_id"], "analysis")
    assert "Lamp works" in owner.text("/records/destruction/outdated")


def test_what_is_settled_and_kept_yet_bars_what_it_points_to_and_is_named_to_whoever_may_know_of_it(
    sit: Sit, make: Make, now: datetime
) -> None:
    owner, stranger = sit(Role.SPECIALIST, name="Owner"), sit(Role.SPECIALIST, name="Stranger")
    made = old(make, owner.person, now)
    about = {"state": "approved", "parent": made["_id"]}
    known, hidden = make(owner.person, made_on="2026-01-05"), make(stranger.person, level="top_secret")
    samples = database()["record_sample"]
    for one in (known, hidden):
        samples.update_one({"_id": one["_id"]}, {"$set": about})
    owner.text(f"{AT}{hidden['number']}", status=404)
    form = owner.text(f"{AT}{made['number']}/destroy")
    refused = owner.send(f"{AT}{made['number']}/destroy", 409, number=made["number"], send="1", reason="Outdated")
    for told in (form, refused.get_data(as_text=True)):
        assert f"{known['number']} has to be kept yet" in told
        assert "something to be kept yet that you may not see" in told, "its time has not begun"
        assert hidden["number"] not in told
    long_ago = samples.distinct("made_on", {"_id": made["_id"]})
    samples.update_many({}, {"$set": {"made_on": long_ago[0]}})
    owner.send(f"{AT}{made['number']}/destroy", 303, number=made["number"], send="1", reason="Outdated")


def test_a_record_that_points_to_a_destroyed_one_is_read_and_saved(sit: Sit, make: Make, now: datetime) -> None:
    owner, head = sit(Role.SPECIALIST, name="Owner"), sit(Role.HEAD)
    manager = sit(Role.GENERAL_MANAGER, department="management")
    supervisor = sit(Role.SUPERVISOR)
    made = old(make, owner.person, now)
    other = make(owner.person, parent=str(made["_id"]), made_on="2019-01-01")
    database()["record_sample"].update_one({"_id": other["_id"]}, {"$set": {"state": "approved"}})
    owner.send(f"{AT}{made['number']}/destroy", 303, number=made["number"], send="1", reason="Outdated")
    asked = database()["record_destruction"].find_one({})
    assert asked is not None
    for rev, (who, move) in enumerate(((supervisor, "sign"), (head, "approve"), (manager, "countersign")), 1):
        who.send(f"/records/destruction/{asked['number']}/do/{move}", 303, rev=str(rev))
    removal.begin_due(now + WEEK)
    removal.work("test", now + WEEK + SETTLED, settled=timedelta())
    assert f"destroyed {made['number']}" in owner.text(f"{AT}{other['number']}")
    assert owner.text(f"{AT}?show=100")
    assert store.fetch("sample", other["_id"])["parent"] == made["_id"]


def test_number_of_a_destruction_and_reason_of_a_hold_are_for_those_they_concern(
    sit: Sit, make: Make, now: datetime
) -> None:
    """Others who read the record learn that there is one (X6)."""
    owner, head = sit(Role.SPECIALIST, name="Owner"), sit(Role.HEAD, name="Head")
    custodian = sit(Role.CUSTODIAN)
    made = old(make, owner.person, now)
    at = f"{AT}{made['number']}"
    owner.send(f"{at}/destroy", 303, number=made["number"], send="1", reason="Outdated")
    asked = database()["record_destruction"].find_one({})
    assert asked is not None
    head.send(f"{at}/hold", 303, act="place", note="Disputeword")
    for who, number, why in ((owner, True, False), (head, True, True), (custodian, False, False)):
        page = who.text(at)
        assert "It is to be destroyed" in page
        assert "On legal hold since" in page
        assert (asked["number"] in page, "Disputeword" in page) == (number, why)
