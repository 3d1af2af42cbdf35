"""What a record held while it was more secret than the person reads stays unsaid when a form names an old version."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from backoffice.screens import saving
from models import records, sights, store
from models.person.roles import Role
from tests.factories.desks import Desk
from tests.integration.web.records.conftest import Make, Sit

Case = tuple[Desk, Desk, str]


@pytest.fixture
def case(sit: Sit, make: Make, now: datetime) -> Case:
    """A custodian, the owner and a record that was top secret in its versions 2 and 3."""
    owner, head, custodian = sit(Role.SPECIALIST), sit(Role.HEAD), sit(Role.CUSTODIAN)
    number = make(owner.person, name="Lamp", notes="Openly", site="https://open.example.test/")["number"]

    def change(who: Desk, rev: int, **values: Any) -> None:
        records.change(who.person, "sample", number, values, rev=rev, now=now)

    hidden = {"notes": "Hushword", "people": [{"name": "Hushperson"}, {"name": "Zhao"}], "packing": "Hushbox"}
    change(owner, 1, level="top_secret", **hidden)
    change(owner, 2, notes="Hushword again")
    change(head, 3, level="internal", notes="Openly again", packing=None, people=[{"name": "Zhao"}])
    change(owner, 4, pieces="7")
    return custodian, owner, f"/records/sample/{number}/edit"


def sent(**more: Any) -> dict[str, Any]:
    return {"name": "Lamp", "notes": "Typed", "people": "", "people-0-name": "Typed too", "packing": "x", **more}


@pytest.mark.parametrize("rev", ["1", "2", "3", "4"])
def test_a_stale_form_shows_nothing_of_a_secret_time(case: Case, rev: str) -> None:
    custodian, owner, at = case
    page = custodian.send(at, 409, **sent(rev=rev)).get_data(as_text=True)
    assert "Hush" not in page
    if rev != "4":
        assert "Openly again" in page
    if rev in ("2", "3"):
        assert "Hush" in owner.send(at, 409, **sent(rev=rev)).get_data(as_text=True)


@pytest.mark.parametrize("was", ["1", "2", "3"])
def test_both_takes_nothing_out_of_a_secret_time(case: Case, was: str) -> None:
    custodian, _owner, at = case
    page = custodian.send(at, 422, **sent(rev="5", _was=was, **{"_take-people": "both", "pieces": "many"}))
    text = page.get_data(as_text=True)
    assert "Hush" not in text
    assert 'value="Zhao"' in text
    assert 'value="Typed too"' in text


def test_which_fields_a_secret_time_changed_is_not_told_either(case: Case) -> None:
    """Of two fields that the person sends otherwise than they stand, one was changed in secret and one was not."""
    custodian, _owner, at = case
    page = custodian.send(at, 409, **sent(rev="2", site="https://typed.example.test/")).get_data(as_text=True)
    assert ('name="_take-notes"' in page) is ('name="_take-site"' in page) is True


def test_a_form_that_waits_through_a_secret_time_keeps_its_choice(case: Case, now: datetime) -> None:
    """The page says what stands now and what was typed; what is chosen is stored."""
    custodian, _owner, at = case
    page = custodian.send(at, 409, **sent(rev="1")).get_data(as_text=True)
    assert 'name="_take-notes"' in page
    custodian.send(at, **sent(rev="5", _was="1", **{"_take-notes": "theirs", "_take-people": "mine"}))
    number = at.split("/")[-2]
    stored = records.again(custodian.person, "sample", number).values
    assert (stored["notes"], [row["name"] for row in stored["people"]]) == ("Openly again", ["Typed too"])


@pytest.mark.parametrize(("level", "status", "word"), [("confidential", 403, "locked"), ("top_secret", 404, "no such")])
def test_a_record_that_grew_more_secret_while_it_was_saved_is_not_shown(
    case: Case, now: datetime, monkeypatch: pytest.MonkeyPatch, level: str, status: int, word: str
) -> None:
    custodian, owner, at = case
    number = at.split("/")[-2]
    receive: Callable[..., saving.Sent] = saving.receive

    def meanwhile(*given: Any) -> saving.Sent:
        raw = {"level": level, "notes": "Hushed meanwhile"}
        records.change(owner.person, "sample", number, raw, rev=5, now=now)
        return receive(*given)

    monkeypatch.setattr(saving, "receive", meanwhile)
    page = custodian.send(at, status, **sent(rev="5")).get_data(as_text=True)
    assert "Hush" not in page
    assert word in page
    assert store.fetch("sample", records.again(owner.person, "sample", number).id)["rev"] == 6


def test_a_record_that_is_no_longer_theirs_to_change_is_not_offered_for_it(
    case: Case, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    custodian, owner, at = case
    number = at.split("/")[-2]
    head_of = records.again(owner.person, "sample", number)
    receive: Callable[..., saving.Sent] = saving.receive

    def meanwhile(*given: Any) -> saving.Sent:
        store.change("sample", head_of.id, {"archived_at": now}, actor=owner.person, now=now)
        return receive(*given)

    monkeypatch.setattr(saving, "receive", meanwhile)
    assert "_was" not in custodian.send(at, 403, **sent(rev="5")).get_data(as_text=True)


@pytest.mark.parametrize("size", [1, 2, 3])
def test_a_page_of_history_begins_masked_where_the_one_before_it_ended(
    case: Case, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    custodian, owner, at = case
    monkeypatch.setattr(sights, "VERSIONS_SHOWN", size)
    page, text = at.removesuffix("/edit") + "/history", ""
    for who in (custodian, owner):
        text = shown = who.text(page)
        while match := re.search(r'href="([^"]+\?before=\d+)"', shown):
            shown = who.text(match[1])
            assert 'rel="prev"' in shown
            text += shown
        assert ("Hush" in text) is (who is owner)
        assert (text.count("changed it while it was more secret") > 0) is (who is custodian)
        assert "made it" in text or "建立" in text
