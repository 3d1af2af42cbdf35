"""Forms: made, refused, saved, saved twice, saved too late."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from bson import ObjectId

from backoffice.screens import forms
from models import history, names, records, store
from models.declarations import Field, Label
from models.destruction import gone
from models.person.roles import Role
from tests.factories.people import person
from tests.factories.registering import registered
from tests.factories.types import SAMPLE
from tests.integration.web.records.conftest import Sit


def hidden(page: str, name: str) -> str:
    """The value of a hidden input."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, name
    return found.group(1)


def test_a_new_record_is_made_and_opened(sit: Sit) -> None:
    desk = sit(Role.SPECIALIST)
    page = desk.text("/records/sample/new")
    answer = desk.send("/records/sample/new", name="Lamp", amount="1,200", token=hidden(page, "token"))
    assert answer.location == "/records/sample/YP-2026-000001"
    assert "¥1,200.00" in desk.text(answer.location)


def test_a_form_sent_twice_makes_one_record(sit: Sit) -> None:
    desk = sit(Role.SPECIALIST)
    token = hidden(desk.text("/records/sample/new"), "token")
    first = desk.send("/records/sample/new", name="Lamp", token=token)
    second = desk.send("/records/sample/new", name="Lamp", token=token)
    assert first.location == second.location


def test_a_wrong_value_stays_as_typed_beside_its_reason(sit: Sit) -> None:
    desk = sit(Role.SPECIALIST)
    data = {"name": "", "amount": "12 or so", "people-0-name": "Zhao", "people-0-born": "soon"}
    page = desk.send("/records/sample/new", 422, **data).get_data(as_text=True)
    assert 'value="12 or so"' in page
    assert "This should be an amount in CNY" in page
    assert "This is required." in page
    assert 'href="#people-0-born"' in page
    assert 'value="soon"' in page


@pytest.mark.usefixtures("named_once")
def test_a_value_that_is_taken_is_told_at_its_field(sit: Sit) -> None:
    desk = sit(Role.SPECIALIST)
    desk.send("/records/sample/new", name="Torch")
    page = desk.send("/records/sample/new", 422, name="Torch").get_data(as_text=True)
    assert page.count("This value of “Name” is already in use.") == 2  # at the top and at the field
    assert 'href="#in-name"' in page
    assert 'value="Torch"' in page


def test_a_pointer_of_a_refused_form_is_looked_up_once_and_shown_by_its_name(
    sit: Sit, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, seller, asked = sit(Role.SPECIALIST), person(Role.SPECIALIST, name="Zhao"), Counter[tuple[str, str]]()
    parent, email, found = make(desk.person, name="Lantern"), f"{seller.id}@example.test", names.pointed

    def counted(reader: Any, declared: Any, raw: Any) -> Any:
        asked[declared.name, raw] += 1
        return found(reader, declared, raw)

    monkeypatch.setattr(names, "pointed", counted)
    sent = {"seller": email, "checker": email, "parent": parent["number"]}
    page = desk.send("/records/sample/new", 422, name="", **sent).get_data(as_text=True)
    assert asked == {("seller", email): 1, ("checker", email): 1, ("parent", parent["number"]): 1}
    assert page.count('data-lookup-text="Zhao"') == 2
    assert 'data-lookup-text="Lantern"' in page


def test_a_refused_save_asks_once_what_its_pointers_mean_and_are_called(
    sit: Sit, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, seller, asked = sit(Role.SPECIALIST), person(Role.SPECIALIST, name="Zhao"), Counter[Any]()
    parent, email = make(desk.person, name="Lantern"), f"{seller.id}@example.test"
    made, pointed, resolve = make(desk.person, parent=parent["_id"]), names.pointed, names.resolve

    def counted(reader: Any, declared: Any, raw: Any) -> Any:
        asked[declared.name, raw] += 1
        return pointed(reader, declared, raw)

    def named(reader: Any, rows: Any, **more: Any) -> Any:
        rows = list(rows)
        asked.update(target for fields, values in rows for _field, target in names.pointers(fields, values))
        return resolve(reader, rows, **more)

    at = f"/records/sample/{made['number']}"
    monkeypatch.setattr(names, "pointed", counted)
    monkeypatch.setattr(names, "resolve", named)
    sent = {"name": "", "seller": email, "parent": parent["number"]}
    page = desk.send(f"{at}/edit", 422, rev="1", **sent).get_data(as_text=True)
    assert 'data-lookup-text="Zhao"' in page
    assert 'data-lookup-text="Lantern"' in page
    assert asked["seller", email] == 1
    assert asked[parent["_id"]] == 2  # for the form, and for the record's head above it


def test_what_has_no_number_names_no_empty_field(sit: Sit, make: Any, now: datetime, db: Any) -> None:
    desk = sit(Role.SPECIALIST)
    parent = make(desk.person, name="Lantern")
    made = make(desk.person, parent=parent["_id"])
    gone.note("sample", parent, ObjectId(), now)
    db["record_sample"].delete_one({"_id": parent["_id"]})
    at = f"/records/sample/{made['number']}"
    assert f"destroyed {parent['number']}" in desk.text(at)
    assert "data-lookup-text" not in desk.text(f"{at}/edit")


def test_a_number_that_two_types_share_is_called_by_the_type_of_its_field(sit: Sit, make: Any, now: datetime) -> None:
    desk = sit(Role.SPECIALIST)
    twin = Field(name="twin", kind="reference", label=Label("另一件", "Twin"), to="sample_twin")
    own = replace(SAMPLE, fields=(*SAMPLE.fields, twin))
    with registered(replace(SAMPLE, slug="sample_twin")), registered(own):
        lamp = make(desk.person, name="Lamp")
        torch = records.create(desk.person, "sample_twin", {"name": "Torch"}, now=now)
        assert lamp["number"] == torch["number"]
        made = make(desk.person, name="Both", parent=lamp["_id"], twin=torch["_id"])
        page = desk.text(f"/records/sample/{made['number']}/edit")
    for name, title in (("parent", "Lamp"), ("twin", "Torch")):
        assert re.search(rf'name="{name}"[^>]* data-lookup-text="{title}" value="{lamp["number"]}"', page), name


def test_what_names_somebody_in_one_field_and_nothing_in_another_keeps_its_name(sit: Sit) -> None:
    desk, seller = sit(Role.SPECIALIST), person(Role.SPECIALIST, name="Zhao")
    email = f"{seller.id}@example.test"
    page = desk.send("/records/sample/new", 422, name="Lamp", seller=email, parent=email).get_data(as_text=True)
    assert re.search(rf'name="seller"[^>]* data-lookup-text="Zhao" value="{email}"', page)


def test_an_unknown_field_is_refused_by_name(sit: Sit, make: Any) -> None:
    desk = sit(Role.SPECIALIST)
    for name in ("verdict", "acl", "state", "salary", "people-0-nick", "people-²-name", "$where", "name.x"):
        page = desk.send("/records/sample/new", 400, name="Lamp", **{name: "x"}).get_data(as_text=True)
        assert "There is no field" in page, name


def test_an_edit_changes_only_what_was_changed(sit: Sit, make: Any) -> None:
    desk = sit(Role.SPECIALIST)
    made = make(desk.person, name="Lamp", seen_at="2026-11-22 14:30:45", colours=["red"])
    at = f"/records/sample/{made['number']}"
    page = desk.text(f"{at}/edit")
    desk.send(f"{at}/edit", rev=hidden(page, "rev"), name="Lamp 2", seen_at="2026-11-22T14:30", colours=["", "red"])
    now = store.fetch("sample", made["_id"])
    assert (now["name"], now["seen_at"], now["colours"]) == ("Lamp 2", made["seen_at"], ["red"])
    assert [c["field"].name for c in history.history("sample", made["_id"])[0]["changes"]] == ["name"]


def test_a_text_of_several_lines_that_stands_as_it_was_shown_is_not_taken_for_changed(
    sit: Sit, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A browser ends the lines that it sends in its own way."""
    taken: list[set[str]] = []
    touched = forms.touched

    def heard(*arguments: Any) -> Any:
        found = touched(*arguments)
        taken.append(set(found[0].items))
        return found

    monkeypatch.setattr(forms, "touched", heard)
    desk = sit(Role.SPECIALIST)
    made = make(desk.person, notes="One\nTwo")
    desk.send(f"/records/sample/{made['number']}/edit", rev="1", name="Torch", notes="One\r\nTwo")
    assert taken == [{"name"}]
    assert store.fetch("sample", made["_id"])["name"] == "Torch"


def test_a_stale_save_shows_both_and_can_be_saved_again(sit: Sit, make: Any, now: Any) -> None:
    desk, head = sit(Role.SPECIALIST), sit(Role.HEAD, name="The Head")
    made = make(desk.person, name="Lamp", amount="1", phone="010-12345678")
    at = f"/records/sample/{made['number']}"
    records.change(
        head.person, "sample", made["number"], {"name": "Their lamp", "amount": "2"}, rev=made["rev"], now=now
    )
    data = {"name": "My lamp", "amount": "1.00", "phone": "010-12345678"}
    page = desk.send(f"{at}/edit", 409, rev=made["rev"], **data).get_data(as_text=True)
    for text in ("The Head", "Their lamp", 'value="My lamp"', "¥2.00", 'value="2.00"'):
        assert text in page, text
    desk.send(f"{at}/edit", rev=hidden(page, "rev"), name="My lamp", amount="2.00")
    stored = store.fetch("sample", made["_id"])
    assert (stored["name"], str(stored["amount"]), stored["rev"]) == ("My lamp", "2.00", 3)


def test_save_and_next_follows_the_list_it_came_from(sit: Sit, make: Any) -> None:
    desk = sit(Role.SPECIALIST)
    for i, colour in enumerate(("red", "blue", "red")):
        make(desk.person, name=f"Lamp {i}", colour=colour)
    listed = desk.text("/records/sample/?colour=red&sort=name")
    address = re.search(r'href="(/records/sample/YP-2026-000001/edit[^"]*)"', listed)
    assert address is not None
    edit = address.group(1).replace("&amp;", "&")
    answer = desk.send(edit, rev="1", name="Lamp 0", then="next")
    assert answer.location == edit.replace("000001", "000003")
    answer = desk.send(answer.location, rev="1", name="Lamp 2 changed", then="next")
    assert answer.location == "/records/sample/?colour=red&sort=name"
    assert "last one" in desk.text(answer.location)


def test_a_list_that_nobody_came_from_breaks_no_answer_to_a_saved_form(sit: Sit, make: Any) -> None:
    desk = sit(Role.SPECIALIST)
    at = f"/records/sample/{make(desk.person)['number']}/edit?in=%0D%0AX%3A+y"
    assert desk.send(at, rev="1", name="Other", then="next").location == "/records/sample/?%0D%0AX:%20y"


def test_save_and_stay_stays(sit: Sit, make: Any) -> None:
    desk = sit(Role.SPECIALIST)
    made = make(desk.person)
    at = f"/records/sample/{made['number']}/edit"
    assert desk.send(at, rev="1", name="Other", then="stay").location == at
    assert "Saved." in desk.text(at)


def test_a_new_record_starts_with_its_defaults(sit: Sit) -> None:
    page = sit(Role.SPECIALIST).text("/records/sample/new")
    assert re.search(r'<option selected value="internal">', page)


def test_more_rows_than_are_taken_are_refused_and_kept(sit: Sit) -> None:
    desk = sit(Role.SPECIALIST)
    rows = {f"people-{i}-name": f"P{i}" for i in range(101)}
    page = desk.send("/records/sample/new", 422, name="Lamp", **rows).get_data(as_text=True)
    assert "At most 100 rows" in page
    assert 'value="P100"' in page


def test_rows_are_kept_in_the_order_in_which_they_stand(sit: Sit, make: Any) -> None:
    desk = sit(Role.SPECIALIST)
    made = make(desk.person, people=[{"name": "A"}, {"name": "B"}])
    at = f"/records/sample/{made['number']}/edit"
    desk.send(at, 303, **{"rev": "1", "people": "", "people-0-name": "B", "people-1-name": "", "people-2-name": "A"})
    assert [row["name"] for row in store.fetch("sample", made["_id"])["people"]] == ["B", "A"]
    desk.send(at, rev="2", people="")
    assert store.fetch("sample", made["_id"])["people"] is None


def test_a_person_who_may_read_but_not_edit_gets_no_form(sit: Sit, make: Any) -> None:
    owner, colleague = sit(Role.SPECIALIST), sit(Role.SPECIALIST)
    made = make(owner.person)
    at = f"/records/sample/{made['number']}"
    assert f"{at}/edit" not in colleague.text(at)
    colleague.text(f"{at}/edit", status=403)
    colleague.send(f"{at}/edit", 403, rev="1", name="Mine")
    colleague.send(f"{at}/archive", 403, rev="1")


def test_lowering_a_level_is_the_heads(sit: Sit, make: Any) -> None:
    owner, head = sit(Role.SPECIALIST), sit(Role.HEAD)
    made = make(owner.person, level="secret")
    at = f"/records/sample/{made['number']}/edit"
    page = owner.send(at, 403, rev="1", name="New name", level="internal").get_data(as_text=True)
    assert "Others ask to change the secrecy" in page
    assert 'value="New name"' in page
    head.send(at, rev="1", level="internal")
    assert store.fetch("sample", made["_id"])["level"] == "internal"


def test_a_form_without_its_token_stores_nothing(sit: Sit) -> None:
    desk = sit(Role.SPECIALIST)
    assert desk.client.post("/records/sample/new", data={"name": "Lamp"}).status_code == 400
    assert desk.text("/records/sample/").count("YP-") == 0
