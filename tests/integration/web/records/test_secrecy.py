"""Asking for another secrecy on the screen (X2): offered to those who may ask, refused in place, carried out."""

from __future__ import annotations

from datetime import UTC, datetime

from config.database import database
from models import store
from models.person.roles import Role
from tests.integration.web.records.conftest import Make, Sit

AT = "/records/sample/"


def test_the_owner_asks_and_the_head_approves(sit: Sit, make: Make) -> None:
    owner, head = sit(Role.SPECIALIST, name="Owner"), sit(Role.HEAD, name="Head")
    made = make(owner.person, level="secret")
    at = f"{AT}{made['number']}/secrecy"
    assert at in owner.text(f"{AT}{made['number']}")
    assert "Secret until" in owner.text(at)
    assert 'for="reason">Reason<' in owner.text(at), "as the change calls it"
    page = owner.send(at, 422, kind="extend", new_until="2026-12-01", reason="Talks").get_data(as_text=True)
    assert "Choose a day after the present end" in page
    assert "Talks" in page
    owner.send(at, 302, kind="lower", new_level="internal", new_until="2027-11-23", reason="Published")
    asked = database()["record_secrecy_change"].find_one({})
    assert asked is not None
    sheet = f"/records/secrecy_change/{asked['number']}/do/approve"
    assert "declassified: read as internal" in head.text(sheet)
    assert "New end of the period" not in head.text(sheet), "asked only of an extension"
    head.send(sheet, 303, rev="1")
    assert store.fetch("sample", made["_id"])["level"] == "internal"
    assert f"changed the secrecy as approved: {asked['number']}" in head.text(f"{AT}{made['number']}/history")


def test_the_form_says_how_long_at_most_and_the_sheet_from_when_to_when(sit: Sit, make: Make) -> None:
    owner, head = sit(Role.SPECIALIST, name="Owner"), sit(Role.HEAD, name="Head")
    made = make(owner.person, level="secret")
    end = made["secret_until"].isoformat()
    database()["record_sample"].update_one(
        {"_id": made["_id"]}, {"$set": {"secret_until": datetime(2027, 3, 1, tzinfo=UTC)}}
    )
    at = f"{AT}{made['number']}/secrecy"
    other = make(owner.person, level="secret")
    assert "nothing to extend now" in owner.text(f"{AT}{other['number']}/secrecy"), "its end is as late as can be"
    assert "One extension reaches to Tue 23 Nov 2027 at most." in owner.text(at)
    owner.send(at, 302, kind="extend", new_until=end, reason="Talks")
    asked = database()["record_secrecy_change"].find_one({})
    assert asked is not None
    page = head.text(f"/records/secrecy_change/{asked['number']}/do/approve")
    assert "secret until Tue 23 Nov 2027 instead of Mon 1 Mar 2027" in page


def test_that_a_change_waits_already_is_said_on_the_form_and_keeps_what_was_typed(sit: Sit, make: Make) -> None:
    owner = sit(Role.SPECIALIST)
    at = f"{AT}{make(owner.person, level='secret')['number']}/secrecy"
    typed = {"kind": "lower", "new_level": "internal"}
    owner.send(at, 302, **typed, reason="Published")
    assert "waits already: MJ-" in owner.text(at)
    page = owner.send(at, 409, **typed, reason="Published anew").get_data(as_text=True)
    assert "waits already: MJ-" in page
    assert "Published anew" in page


def test_a_lower_level_is_called_by_what_it_opens(sit: Sit, make: Make) -> None:
    owner, head = sit(Role.SPECIALIST, name="Owner"), sit(Role.HEAD, name="Head")
    made = make(owner.person, level="confidential")
    at = f"{AT}{made['number']}/secrecy"
    owner.send(at, 302, kind="lower", new_level="secret", reason="Half of it is public")
    asked = database()["record_secrecy_change"].find_one({})
    assert asked is not None
    assert "read by the new level" in head.text(f"/records/secrecy_change/{asked['number']}/do/approve")


def test_nobody_else_is_offered_it_nor_let_in(sit: Sit, make: Make) -> None:
    owner, head, colleague = sit(Role.SPECIALIST), sit(Role.HEAD), sit(Role.SPECIALIST)
    secret, plain = make(owner.person, level="secret"), make(owner.person)
    assert "/secrecy" not in head.text(f"{AT}{secret['number']}")
    assert "/secrecy" not in owner.text(f"{AT}{plain['number']}")
    head.text(f"{AT}{secret['number']}/secrecy", status=403)
    owner.text(f"{AT}{plain['number']}/secrecy", status=403)
    colleague.text(f"{AT}{secret['number']}/secrecy", status=403)
    colleague.text(f"{AT}YP-2026-999999/secrecy", status=404)


def test_the_edit_form_says_where_to_ask(sit: Sit, make: Make) -> None:
    owner = sit(Role.SPECIALIST)
    made = make(owner.person, level="secret")
    page = owner.send(f"{AT}{made['number']}/edit", 403, rev="1", secret_until="2028-01-01").get_data(as_text=True)
    assert "ask to change the secrecy" in page
    assert '<a href="#in-secret_until">' in page


def test_a_refused_lowering_stands_at_the_level(sit: Sit, make: Make) -> None:
    owner = sit(Role.SPECIALIST)
    made = make(owner.person, level="secret")
    page = owner.send(f"{AT}{made['number']}/edit", 403, rev="1", level="internal").get_data(as_text=True)
    said = "Only the department head may lower a level."
    assert page.count(said) == 2  # above the form, and at the level
    assert '<a href="#in-level">' in page
    assert said in page[page.index('id="in-level-help"') :]


def test_each_input_of_the_form_says_of_which_change_it_is(sit: Sit, make: Make) -> None:
    owner = sit(Role.SPECIALIST)
    made = make(owner.person, level="secret")
    page = owner.text(f"{AT}{made['number']}/secrecy")
    assert (page.count('data-of="kind=extend"'), page.count('data-of="kind=lower"')) == (1, 2)
    assert "/static/form.js" in page


def test_what_nobody_edits_any_more_is_raised_there_at_once(sit: Sit, make: Make) -> None:
    owner, head, clerk = sit(Role.SPECIALIST, name="Owner"), sit(Role.HEAD), sit(Role.SPECIALIST)
    made = make(owner.person)
    database()["record_sample"].update_one({"_id": made["_id"]}, {"$set": {"state": "approved"}})
    at = f"{AT}{made['number']}/secrecy"
    for desk in (owner, head):
        assert at in desk.text(f"{AT}{made['number']}")
        page = desk.text(at)
        assert "It takes effect at once" in page
        assert "The department head approves it" not in page, "of what is internal nothing is asked for"
    clerk.text(at, status=403)
    clerk.send(at, 403, kind="raise", raised_level="secret", raised_basis="x")
    page = owner.send(at, 422, kind="raise", raised_level="secret").get_data(as_text=True)
    assert "Give the basis of the level" in page
    owner.send(at, 422, kind="raise", raised_basis="Prices")
    answer = owner.send(at, 303, kind="raise", raised_level="secret", raised_basis="Prices")
    assert answer.location.endswith(f"{AT}{made['number']}")
    after = store.fetch("sample", made["_id"])
    assert (after["level"], after["level_basis"], after["state"]) == ("secret", "Prices", "approved")
    assert "Raise the level" in owner.text(at)
    assert "The department head approves it" in owner.text(at)


def test_who_reads_no_top_secret_is_led_to_the_list_after_raising_to_it(sit: Sit, make: Make) -> None:
    owner, custodian = sit(Role.SPECIALIST), sit(Role.CUSTODIAN)
    made = make(owner.person, level="secret")
    database()["record_sample"].update_one({"_id": made["_id"]}, {"$set": {"state": "approved"}})
    raised = {"kind": "raise", "raised_level": "top_secret", "raised_basis": "Prices"}
    answer = custodian.send(f"{AT}{made['number']}/secrecy", 303, **raised)
    assert answer.location.endswith(AT)


def test_what_is_edited_is_raised_in_its_form(sit: Sit, make: Make) -> None:
    owner = sit(Role.SPECIALIST)
    made = make(owner.person, level="secret")
    at = f"{AT}{made['number']}/secrecy"
    assert "edit the record" in owner.text(at)
    assert "It takes effect at once" not in owner.text(at)
    owner.send(at, 403, kind="raise", raised_level="confidential", raised_basis="x")
