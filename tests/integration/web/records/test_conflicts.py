"""Saving over somebody else's change: simple fields, lists, references and files; mine, theirs or both; rows added
without a script."""

from __future__ import annotations

import io
import re
from datetime import datetime
from typing import Any

import pytest

from models import records, store
from models.attachment import service as attachment
from models.person.roles import Role
from tests.factories.desks import Desk
from tests.integration.web.records.conftest import Make, Sit
from tests.integration.web.records.test_writing import hidden


def rows(*names: str) -> dict[str, Any]:
    """The inputs of some rows of people."""
    return {"people": "", **{f"people-{at}-name": name for at, name in enumerate(names)}}


def names_in(record: dict[str, Any]) -> list[str]:
    return [row["name"] for row in store.fetch("sample", record["_id"])["people"] or ()]


@pytest.fixture
def case(sit: Sit, make: Make, now: datetime) -> tuple[Desk, dict[str, Any], str]:
    """A record that the head changed while its owner was writing."""
    owner, head = sit(Role.SPECIALIST), sit(Role.HEAD)
    made = make(owner.person, name="Lamp", notes="Before", people=[{"name": "Zhao"}, {"name": "Qian"}])
    raw = {"name": "Lantern", "notes": "Theirs", "people": [{"name": "Zhao"}, {"name": "Sun"}], "pieces": "4"}
    records.change(head.person, "sample", made["number"], raw, rev=1, now=now)
    return owner, made, f"/records/sample/{made['number']}/edit"


def test_each_field_shows_before_theirs_and_yours(case: tuple[Desk, dict[str, Any], str]) -> None:
    desk, made, at = case
    data = {"rev": "1", "name": "Torch", "notes": "Before", "pieces": "", **rows("Zhao", "Qian", "Li")}
    page = desk.send(at, 409, **data).get_data(as_text=True)
    assert 'name="_take-name"' in page
    assert 'name="_take-notes"' not in page
    assert "not changed by you" in page
    assert "<del>Qian</del>" in page
    assert re.search(r"<ins>Li", page)
    assert store.fetch("sample", made["_id"])["rev"] == 2


@pytest.mark.parametrize(
    ("choices", "name", "people"),
    [
        ({"name": "mine", "people": "both"}, "Torch", ["Zhao", "Sun", "Li"]),
        ({"name": "theirs", "people": "theirs"}, "Lantern", ["Zhao", "Sun"]),
        ({"name": "theirs", "people": "mine"}, "Lantern", ["Zhao", "Qian", "Li"]),
    ],
)
def test_what_is_chosen_is_stored(
    case: tuple[Desk, dict[str, Any], str], choices: dict[str, str], name: str, people: list[str]
) -> None:
    desk, made, at = case
    data = {"rev": "1", "name": "Torch", **rows("Zhao", "Qian", "Li")}
    page = desk.send(at, 409, **data).get_data(as_text=True)
    takes: dict[str, Any] = {f"_take-{field}": choice for field, choice in choices.items()}
    desk.send(at, **{**data, "rev": hidden(page, "rev"), "_was": hidden(page, "_was"), **takes})
    stored = store.fetch("sample", made["_id"])
    assert (stored["name"], stored["notes"], stored["pieces"]) == (name, "Theirs", 4)
    assert names_in(made) == people


def test_a_row_taken_off_is_marked_though_an_equal_one_stays(sit: Sit, make: Make, now: datetime) -> None:
    owner, head = sit(Role.SPECIALIST), sit(Role.HEAD)
    made = make(owner.person, people=[{"name": "Zhao"}, {"name": "Qian"}, {"name": "Zhao"}])
    raw = {"people": [{"name": "Zhao"}, {"name": "Qian"}]}
    records.change(head.person, "sample", made["number"], raw, rev=1, now=now)
    data = {"rev": "1", **rows("Zhao", "Zhao", "Qian")}
    page = owner.send(f"/records/sample/{made['number']}/edit", 409, **data).get_data(as_text=True)
    _before, theirs, yours = re.findall(r'<td data-label="(?:Before|Theirs|Yours)">(.*?)</td>', page, re.DOTALL)
    assert re.findall(r"<(?:del|ins)>(\w+)", theirs) == ["Zhao"]
    assert re.findall(r"<(?:del|ins)>(\w+)", yours) == ["Zhao", "Zhao", "Qian", "Zhao", "Qian", "Zhao"], "only moved"


def test_rows_of_both_stay_in_the_form_when_something_else_is_wrong(case: tuple[Desk, dict[str, Any], str]) -> None:
    desk, made, at = case
    data = {"rev": "2", "_was": "1", "_take-people": "both", "pieces": "many", **rows("Zhao", "Qian", "Li")}
    page = desk.send(at, 422, **data).get_data(as_text=True)
    assert [name in page for name in ('value="Sun"', 'value="Li"', 'value="Qian"')] == [True, True, False]
    assert names_in(made) == ["Zhao", "Sun"]


def test_a_text_of_several_lines_that_was_not_touched_is_not_called_ones_own(
    sit: Sit, make: Make, now: datetime
) -> None:
    owner, head = sit(Role.SPECIALIST), sit(Role.HEAD)
    made = make(owner.person, notes="One\nTwo")
    records.change(head.person, "sample", made["number"], {"notes": "Theirs\nonly"}, rev=1, now=now)
    at = f"/records/sample/{made['number']}/edit"
    page = owner.send(at, 409, rev="1", name="Torch", notes="One\r\nTwo").get_data(as_text=True)
    assert 'name="_take-notes"' not in page
    assert "Theirs\nonly</textarea>" in page
    owner.send(at, rev="2", _was="1", name="Torch", notes="Theirs\r\nonly")
    stored = store.fetch("sample", made["_id"])
    assert (stored["name"], stored["notes"]) == ("Torch", "Theirs\nonly")


def test_references_and_files_are_chosen_too(sit: Sit, make: Make, now: datetime) -> None:
    owner, head = sit(Role.SPECIALIST), sit(Role.HEAD)
    first, second, third = (make(owner.person, name=name) for name in ("First", "Second", "Third"))
    files = [
        attachment.put(io.BytesIO(b"x"), f"{name}.txt", person=who.person, now=now, limit=10)
        for name, who in (("a", owner), ("b", head), ("c", owner))
    ]
    made = make(owner.person, parent=first["_id"], scans=[files[0]["file"]])
    raw = {"parent": second["_id"], "scans": [files[0]["file"], files[1]["file"]]}
    records.change(head.person, "sample", made["number"], raw, rev=1, now=now)
    at = f"/records/sample/{made['number']}/edit"
    kept = [str(files[0]["file"]), str(files[2]["file"])]
    data = {"rev": "1", "parent": third["number"], "scans": "", "scans-kept": kept}
    page = owner.send(at, 409, **data).get_data(as_text=True)
    for word in ("First", "Second", "Third", "b.txt", "c.txt"):
        assert word in page, word
    owner.send(at, **{**data, "rev": "2", "_was": "1", "_take-parent": "theirs", "_take-scans": "both"})
    stored = store.fetch("sample", made["_id"])
    assert stored["parent"] == second["_id"]
    assert [row["name"] for row in stored["scans"]] == ["a.txt", "b.txt", "c.txt"]


def test_a_choice_that_is_none_is_refused_or_means_mine(case: tuple[Desk, dict[str, Any], str]) -> None:
    desk, made, at = case
    wrongs: tuple[dict[str, Any], ...] = ({"_take-verdict": "mine"}, {"_take-$where": "x"}, {"_take-": "x"})
    for wrong in wrongs:
        desk.send(at, 400, rev="2", _was="1", name="Torch", **wrong)
    both: dict[str, Any] = {"rev": "2", "name": "Torch", "_take-name": "both"}
    desk.send(at, 400, **both)
    desk.send(at, _was="1", **both)
    assert store.fetch("sample", made["_id"])["name"] == "Torch"


def test_a_row_is_added_without_a_script_and_nothing_is_stored(sit: Sit, make: Make) -> None:
    desk = sit(Role.SPECIALIST)
    made = make(desk.person)
    at = f"/records/sample/{made['number']}/edit"
    page = desk.send(at, 200, rev="1", name="Typed", _add="people", **rows("Zhao")).get_data(as_text=True)
    assert 'name="people-1-name"' in page
    assert 'value="Zhao"' in page
    assert 'value="Typed"' in page
    page = desk.send("/records/sample/new", 200, name="New one", _add="people").get_data(as_text=True)
    assert 'name="people-0-name"' in page
    for wrong in ("name", "$where", "nothing"):
        desk.send(at, 200, rev="1", name="Typed", _add=wrong)
    assert store.fetch("sample", made["_id"])["rev"] == 1
