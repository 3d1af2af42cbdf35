"""Moves through the workflow: the sheet, the act, the signature."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from models import records, store
from models.errors import StaleRecord
from models.person import unsent
from models.person.roles import Role
from tests.factories.desks import Desk
from tests.factories.web import Clock
from tests.integration.web.records.conftest import Make, Sit

AT = "/records/sample/"


def submitted(owner: Desk, checker: Desk, make: Make, now: Any, **values: Any) -> dict[str, Any]:
    made = make(owner.person, **values)
    return records.move(
        owner.person, "sample", made["number"], "submit", {"checker": str(checker.person.id)}, rev=1, now=now
    )


def test_a_sheet_asks_what_the_move_needs(sit: Sit, make: Make) -> None:
    owner, checker = sit(Role.SPECIALIST), sit(Role.SPECIALIST, name="Li Na")
    made = make(owner.person)
    at = f"{AT}{made['number']}/do/submit"
    page = owner.text(at)
    assert "Checker" in page
    assert 'data-lookup="/records/sample/lookup?field=checker"' in page
    refused = owner.send(at, 422, rev="1", checker="", note="").get_data(as_text=True)
    assert "This is required." in refused
    assert owner.send(at, 422, rev="1", checker="Nobody Here").get_data(as_text=True).count("Nobody Here") == 1
    owner.send(at, rev="1", checker=checker.person.email)
    stored = store.fetch("sample", made["_id"])
    assert (stored["state"], stored["checker"]) == ("waiting", checker.person.id)


def test_a_signature_needs_a_fresh_sign_in_and_comes_back_to_its_sheet(
    sit: Sit, make: Make, now: Any, clock: Clock
) -> None:
    owner, checker = sit(Role.SPECIALIST), sit(Role.SPECIALIST)
    made = submitted(owner, checker, make, now)
    at = f"{AT}{made['number']}/do/approve"
    clock.forward(minutes=6)
    answer = checker.get(at)
    assert answer.status_code == 303
    assert answer.location.startswith("/verify?next=")
    assert store.fetch("sample", made["_id"])["state"] == "waiting"


def test_what_was_typed_for_a_signature_outlives_the_sign_in(sit: Sit, make: Make, now: Any, clock: Clock) -> None:
    owner, checker = sit(Role.SPECIALIST), sit(Role.SPECIALIST)
    made = submitted(owner, checker, make, now)
    at = f"{AT}{made['number']}/do/approve"
    clock.forward(minutes=6)
    answer = checker.post(at, {"rev": "2", "verdict": "Sound and dry", "note": "Because it is dry"})
    assert answer.location.startswith("/verify?next=")
    clock.forward(minutes=-6)  # the sign-in is fresh again
    page = checker.text(at)
    assert "Because it is dry" in page
    assert 'value="Sound and dry"' in page
    assert "Because it is dry" not in checker.text(at)
    assert "Because it is dry" not in owner.get(at).get_data(as_text=True)


def test_what_was_typed_is_not_kept_for_long(sit: Sit, make: Make, now: Any, clock: Clock) -> None:
    owner, checker = sit(Role.SPECIALIST), sit(Role.SPECIALIST)
    made = submitted(owner, checker, make, now)
    who = checker.person.id
    assert who is not None
    unsent.keep(who, f"{AT}{made['number']}/do/approve", [("note", "Because it is dry")], now)
    clock.forward(minutes=4)
    assert unsent.take(who, "/elsewhere", clock.now) == []
    assert unsent.take(who, f"{AT}{made['number']}/do/approve", now + timedelta(minutes=16)) == []


def test_nobody_signs_their_own(sit: Sit, make: Make, now: Any) -> None:
    owner, checker = sit(Role.SPECIALIST, Role.FINANCE_REVIEWER), sit(Role.SPECIALIST)
    made = submitted(owner, checker, make, now)
    assert "/do/approve" not in owner.text(f"{AT}{made['number']}")
    owner.text(f"{AT}{made['number']}/do/approve", status=403)
    owner.send(f"{AT}{made['number']}/do/approve", 403, rev="2")


def test_a_reason_that_is_missing_is_asked_for_and_one_given_is_kept(sit: Sit, make: Make, now: Any) -> None:
    owner, checker = sit(Role.SPECIALIST), sit(Role.SPECIALIST, name="Li Na")
    made = submitted(owner, checker, make, now)
    at = f"{AT}{made['number']}/do/send_back"
    assert "Please give a reason" in checker.send(at, 422, rev="2", note=" ").get_data(as_text=True)
    checker.send(at, rev="2", note="The colour is wrong")
    assert "The colour is wrong" in owner.text(f"{AT}{made['number']}")


def test_of_two_who_decide_at_once_the_second_is_told(sit: Sit, make: Make, now: Any) -> None:
    owner, checker, finance = (
        sit(Role.SPECIALIST),
        sit(Role.SPECIALIST),
        sit(Role.FINANCE_REVIEWER, department="finance"),
    )
    made = submitted(owner, checker, make, now)
    at = f"{AT}{made['number']}/do/"
    checker.text(f"{at}approve")
    finance.text(f"{at}send_back")
    finance.send(f"{at}send_back", rev="2", note="no")
    page = checker.send(f"{at}approve", 409, rev="2").get_data(as_text=True)
    assert f"“Send back” by {finance.person.name}, Mon 23 Nov 2026, 10:00" in page
    assert "Something changed meanwhile" in page
    assert f'href="{AT}{made["number"]}">Where it stands' in page, "the way to who decided what"


@pytest.mark.parametrize("writing", [False, True])
def test_who_decides_in_the_same_instant_is_shown_the_way_to_what_was_decided(
    sit: Sit, make: Make, now: Any, monkeypatch: pytest.MonkeyPatch, writing: bool
) -> None:
    """`writing`: when the other one's change comes so late that only the write meets it."""
    owner, checker, finance = (
        sit(Role.SPECIALIST),
        sit(Role.SPECIALIST),
        sit(Role.FINANCE_REVIEWER, department="finance"),
    )
    made = submitted(owner, checker, make, now)
    move_seen = records.move_seen

    def second(*args: Any, **named: Any) -> Any:
        monkeypatch.setattr(records, "move_seen", move_seen)
        records.move(finance.person, "sample", made["number"], "send_back", {}, rev=2, now=now, note="no")
        if writing:
            raise StaleRecord(by="Li Na", at=now, current={})
        return move_seen(*args, **named)

    monkeypatch.setattr(records, "move_seen", second)
    page = checker.send(f"{AT}{made['number']}/do/approve", 409, rev="2", verdict="Dry").get_data(as_text=True)
    assert f'href="{AT}{made["number"]}">Where it stands' in page
    assert f"“Send back” by {finance.person.name}" in page
    assert 'name="_answer"' not in page, "nothing to press once more"


def test_a_move_on_a_page_that_is_no_longer_new_keeps_what_was_typed(sit: Sit, make: Make, now: Any) -> None:
    owner, checker, head = sit(Role.SPECIALIST), sit(Role.SPECIALIST), sit(Role.HEAD)
    made = submitted(owner, checker, make, now)
    records.change(head.person, "sample", made["number"], {"pieces": "3"}, rev=2, now=now)
    page = checker.send(f"{AT}{made['number']}/do/send_back", 409, rev="2", note="My reason").get_data(as_text=True)
    assert "My reason" in page
    assert 'name="rev" value="3"' in page


def test_bad_moves_are_refused(sit: Sit, make: Make, now: Any) -> None:
    owner = sit(Role.SPECIALIST)
    made = make(owner.person)
    at = f"{AT}{made['number']}/do/"
    owner.text(f"{at}explode", status=404)
    owner.text(f"{at}approve", status=409)
    for rev in ("", "x", "-1", "99999999999999999999", "1.5"):
        assert owner.post(f"{at}submit", {"rev": rev}).status_code == 400, rev
    owner.send(f"{at}submit", 400, rev="1", name="not asked here")
    owner.send(f"{at}submit", 422, rev="1", checker=owner.person.email, note="x" * 501)


def test_an_archived_record_neither_moves_nor_is_edited(sit: Sit, make: Make, now: Any) -> None:
    owner, head = sit(Role.SPECIALIST), sit(Role.HEAD)
    made = make(owner.person)
    head.send(f"{AT}{made['number']}/archive", rev="1", note="Old")
    page = owner.text(f"{AT}{made['number']}")
    assert "Archived" in page
    assert "/do/submit" not in page
    owner.text(f"{AT}{made['number']}/do/submit", status=409)
    owner.text(f"{AT}{made['number']}/edit", status=403)
    head.send(f"{AT}{made['number']}/restore", 409, rev="1")
