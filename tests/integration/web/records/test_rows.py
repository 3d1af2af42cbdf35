"""Rows of a list that are sent back: what a row holds beyond what its reader sees, or could fill in, stays with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from bson import ObjectId

from config.database import database
from models import records, store
from models.declarations import Field
from models.person.roles import Person, Role
from tests.factories.desks import Desk
from tests.factories.filled import filled
from tests.factories.people import person
from tests.factories.registering import registered
from tests.factories.types import SAMPLE, label
from tests.integration.web.records.conftest import Make, Sit

MOMENT = datetime(2026, 11, 22, 19, 4, 5, 678000, tzinfo=UTC)
COLUMNS = (
    Field(name="what", kind="text", label=label("What")),
    Field(name="phone", kind="phone", label=label("Phone")),
    Field(name="of", kind="reference", label=label("Of"), to="sample"),
    Field(name="who", kind="person", label=label("Who")),
    Field(name="at", kind="datetime", label=label("At")),
)
STEPS = Field(name="steps", kind="embedded_list", label=label("Steps"), fields=COLUMNS)
LAST = Field(name="last", kind="embedded", label=label("Last"), fields=COLUMNS)


@pytest.fixture
def lists(sit: Sit) -> Iterator[None]:
    """The sample type with rows that point somewhere."""
    with registered(replace(SAMPLE, fields=(*SAMPLE.fields, STEPS, LAST))):
        yield


@pytest.fixture
def owner(lists: None, sit: Sit) -> Desk:
    return sit(Role.SPECIALIST, name="Owner")


@pytest.fixture
def head(lists: None, sit: Sit) -> Person:
    return sit(Role.HEAD).person


@pytest.fixture
def hidden_row(head: Person, make: Make) -> dict[str, Any]:
    """What the owner of the record sees of this row is a text and a moment in whole minutes."""
    secret = make(head, name="Unheard of", level="top_secret", level_basis="x")
    return {"what": "First", "phone": None, "of": secret["_id"], "who": None, "at": MOMENT}


def row(**values: Any) -> dict[str, Any]:
    return {column.name: values.get(column.name) for column in COLUMNS}


def stored_rows(made: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = store.fetch("sample", made["_id"])["steps"]
    return found


def with_steps(owner: Desk, head: Person, make: Make, now: datetime, *rows: dict[str, Any]) -> tuple[Any, str]:
    """A record of the owner that holds some rows, and the address of its form."""
    made = make(owner.person)
    made = store.change("sample", made["_id"], {"steps": list(rows)}, actor=head, now=now)
    return made, f"/records/sample/{made['number']}/edit"


def test_a_row_keeps_what_its_reader_may_not_see_when_another_is_changed(
    owner: Desk, head: Person, make: Make, hidden_row: dict[str, Any], now: datetime
) -> None:
    made, at = with_steps(owner, head, make, now, hidden_row, row(what="Second"))
    page = owner.text(at)
    assert "Unheard of" not in page
    assert str(hidden_row["of"]) not in page
    owner.send(at, **filled(page, at) | {"steps-1-phone": "13900000001"})
    assert stored_rows(made) == [hidden_row, row(what="Second", phone="13900000001")]


def test_a_row_keeps_it_when_something_else_of_it_is_changed_and_wherever_it_is_moved(
    owner: Desk, head: Person, make: Make, hidden_row: dict[str, Any], now: datetime
) -> None:
    made, at = with_steps(owner, head, make, now, hidden_row, row(what="Second"))
    sent = filled(owner.text(at), at)
    swapped = {
        name.replace("steps-0-", "steps-x-").replace("steps-1-", "steps-0-").replace("steps-x-", "steps-1-"): value
        for name, value in sent.items()
    }
    owner.send(at, **swapped | {"steps-1-what": "Now second"})
    assert stored_rows(made) == [row(what="Second"), hidden_row | {"what": "Now second"}]


def test_rows_that_look_alike_keep_their_own_when_they_change_places(
    owner: Desk, head: Person, make: Make, hidden_row: dict[str, Any], now: datetime
) -> None:
    other = hidden_row | {"at": MOMENT.replace(second=7)}
    made, at = with_steps(owner, head, make, now, hidden_row, other)
    sent = filled(owner.text(at), at)
    marks = {"steps-0-_row": sent["steps-1-_row"], "steps-1-_row": sent["steps-0-_row"]}
    owner.send(at, **sent | marks)
    assert stored_rows(made) == [other, hidden_row]


def test_a_row_of_which_nothing_shows_stays_until_it_is_taken_off(
    owner: Desk, head: Person, make: Make, hidden_row: dict[str, Any], now: datetime
) -> None:
    blank = row(of=hidden_row["of"])
    made, at = with_steps(owner, head, make, now, blank, row(what="Second"))
    owner.send(at, **filled(owner.text(at), at) | {"steps-1-what": "Changed"})
    assert stored_rows(made) == [blank, row(what="Changed")]
    sent = filled(owner.text(at), at)
    owner.send(at, **{name: value for name, value in sent.items() if not name.startswith("steps-0-")})
    assert stored_rows(made) == [row(what="Changed")]


def test_a_row_that_is_emptied_goes(
    owner: Desk, head: Person, make: Make, hidden_row: dict[str, Any], now: datetime
) -> None:
    made, at = with_steps(owner, head, make, now, hidden_row, row(what="Second"))
    owner.send(at, **filled(owner.text(at), at) | {"steps-0-what": "", "steps-0-at": ""})
    assert stored_rows(made) == [row(what="Second")]


def test_what_was_not_changed_is_no_change(
    owner: Desk, head: Person, make: Make, hidden_row: dict[str, Any], now: datetime
) -> None:
    made, at = with_steps(owner, head, make, now, row(of=hidden_row["of"]), hidden_row)
    owner.send(at, **filled(owner.text(at), at))
    assert store.fetch("sample", made["_id"])["rev"] == made["rev"]


@pytest.mark.parametrize("forged", ["9.0", "2.7", "0.0", "x", "2.0 ", "99999999999.0"])
def test_a_mark_that_is_none_means_what_is_typed(
    owner: Desk, head: Person, make: Make, hidden_row: dict[str, Any], now: datetime, forged: str
) -> None:
    made, at = with_steps(owner, head, make, now, hidden_row)
    owner.send(at, **filled(owner.text(at), at) | {"steps-0-_row": forged, "steps-0-phone": "13900000001"})
    assert [one["of"] for one in stored_rows(made)] == [None]


def test_one_mark_stands_for_one_row(
    owner: Desk, head: Person, make: Make, hidden_row: dict[str, Any], now: datetime
) -> None:
    made, at = with_steps(owner, head, make, now, hidden_row)
    again = {"steps-1-_row": "2.0", "steps-1-what": "First", "steps-1-at": "2026-11-23T03:04"}
    owner.send(at, **filled(owner.text(at), at) | again)
    assert [one["of"] for one in stored_rows(made)] == [hidden_row["of"], None]


def test_a_refused_form_and_an_added_row_still_know_their_rows(
    owner: Desk, head: Person, make: Make, hidden_row: dict[str, Any], now: datetime
) -> None:
    made, at = with_steps(owner, head, make, now, hidden_row, row(what="Second"))
    page = owner.send(at, 200, **filled(owner.text(at), at) | {"_add": "steps"}).get_data(as_text=True)
    wrong = filled(page, at) | {"steps-2-what": "Third", "steps-2-phone": "none"}
    page = owner.send(at, 422, **wrong).get_data(as_text=True)
    owner.send(at, **filled(page, at) | {"steps-2-phone": ""})
    assert stored_rows(made) == [hidden_row, row(what="Second"), row(what="Third")]


def test_both_peoples_rows_keep_what_is_not_seen_of_them(
    owner: Desk, head: Person, make: Make, hidden_row: dict[str, Any], now: datetime
) -> None:
    made, at = with_steps(owner, head, make, now, hidden_row, row(what="Second"))
    sent = filled(owner.text(at), at) | {"steps-0-phone": "13900000001"}
    theirs = [hidden_row, row(what="Second", of=hidden_row["of"]), row(what="Theirs", of=hidden_row["of"])]
    store.change("sample", made["_id"], {"steps": theirs}, actor=head, now=now)
    page = owner.send(at, 409, **sent).get_data(as_text=True)
    assert str(hidden_row["of"]) not in page
    owner.send(at, **filled(page, at) | {"_take-steps": "both"})
    assert stored_rows(made) == [hidden_row | {"phone": "13900000001"}, *theirs[1:]]


@pytest.mark.parametrize("between", [False, True])
def test_ones_own_rows_keep_it_over_somebody_elses_change(
    owner: Desk, head: Person, make: Make, hidden_row: dict[str, Any], now: datetime, between: bool
) -> None:
    made, at = with_steps(owner, head, make, now, hidden_row, row(what="Second"))
    sent = filled(owner.text(at), at) | {"steps-1-what": "Mine"}
    store.change("sample", made["_id"], {"steps": [row(what="Theirs"), hidden_row]}, actor=head, now=now)
    page = owner.send(at, 409, **sent).get_data(as_text=True)
    taken = filled(page, at) | {"_take-steps": "mine"}
    if between:  # the page is sent for another row first, and comes back
        page = owner.send(at, 200, **taken | {"_add": "steps"}).get_data(as_text=True)
        taken = filled(page, at)
    owner.send(at, **taken)
    assert stored_rows(made) == [hidden_row, row(what="Mine")]


def test_what_the_other_took_away_does_not_come_back_with_ones_own_row(
    owner: Desk, head: Person, make: Make, hidden_row: dict[str, Any], now: datetime
) -> None:
    made, at = with_steps(owner, head, make, now, hidden_row)
    sent = filled(owner.text(at), at) | {"steps-0-what": "Mine"}
    store.change("sample", made["_id"], {"steps": [row(what="Theirs")]}, actor=head, now=now)
    page = owner.send(at, 409, **sent).get_data(as_text=True)
    owner.send(at, **filled(page, at) | {"_take-steps": "mine"})
    assert stored_rows(made) == [hidden_row | {"what": "Mine", "of": None}]


def test_an_embedded_record_keeps_it_too(
    owner: Desk, head: Person, make: Make, hidden_row: dict[str, Any], now: datetime
) -> None:
    made = make(owner.person)
    store.change("sample", made["_id"], {"last": hidden_row}, actor=head, now=now)
    at = f"/records/sample/{made['number']}/edit"
    owner.send(at, **filled(owner.text(at), at) | {"last-phone": "13900000001"})
    assert store.fetch("sample", made["_id"])["last"] == hidden_row | {"phone": "13900000001"}


def test_people_of_a_leak_are_added_to_though_one_of_them_has_left(sit: Sit, now: datetime) -> None:
    reporter, left, other = sit(Role.SPECIALIST), person(Role.SPECIALIST, name="Left"), person(Role.SALES, name="Other")
    report = {
        "subject": "Quotation seen",
        "happened_on": "2026-11-18",
        "found_on": "2026-11-20",
        "way": "paper",
        "level_leaked": "secret",
        "account": "A print lay on the table.",
        "people": [{"person": str(left.id), "part": "leaked"}],
    }
    made = records.create(reporter.person, "leak", report, now=now)
    database()["user"].update_one({"_id": left.id}, {"$set": {"active": False}})
    at = f"/records/leak/{made['number']}/edit"
    more = {"people-1-person": _email(other.id), "people-1-part": "witness"}
    reporter.send(at, **filled(reporter.text(at), at) | more)
    assert [one["person"] for one in store.fetch("leak", made["_id"])["people"]] == [left.id, other.id]


def _email(person_id: ObjectId | None) -> str:
    return f"{person_id}@example.test"
