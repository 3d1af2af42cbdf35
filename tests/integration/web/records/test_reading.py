"""Lists, details, history, paper, search and type-ahead, as different people see them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from bson import ObjectId

from config.database import database
from models import records, registry, schema
from models.declarations import Field, Label, Related, Relation, Rights, Rule
from models.person.roles import Role
from tests.factories.commands import commands
from tests.factories.desks import Desk
from tests.factories.types import SAMPLE
from tests.integration.web.records.conftest import Make, Sit

AT = "/records/sample/"

ORDER = replace(
    SAMPLE,
    slug="order_note",
    number="DD-{year}-{seq:06d}",
    title="name",
    classified=False,
    workflow=None,
    due="",
    fields=(
        replace(SAMPLE.by_name["name"], card=""),
        Field(
            name="lamp", kind="reference", label=Label("灯", "Lamp ordered"), to="sample", listed=True, filterable=True
        ),
        Field(name="helper", kind="person", label=Label("经办", "Helper"), listed=True),
    ),
    rights=Rights(
        create=(Role.SPECIALIST,),
        view=(Rule(Relation.DEPARTMENT, (Role.SPECIALIST,)),),
        edit=(Rule(Relation.DEPARTMENT),),
    ),
)


@pytest.fixture
def orders(sample: None) -> Iterator[None]:
    """A type that points to samples, which name it as related."""
    registry.register(replace(SAMPLE, related=(Related(slug="order_note", via="lamp"),), version=2))
    registry.register(ORDER)
    schema.migrate()
    yield
    registry.unregister("order_note")


def beside(desk: Desk, record: dict[str, Any]) -> dict[str, str]:
    """What a record's page asks for once it is there: the lists beside it, by name."""
    found: dict[str, str] = desk.get(f"{AT}{record['number']}/related").get_json()
    return found


def order(desk: Desk, now: Any, **values: Any) -> dict[str, Any]:
    return records.create(desk.person, "order_note", {"name": "Order", **values}, now=now)


def test_a_list_shows_what_the_person_may_see(sit: Sit, make: Make) -> None:
    owner, colleague = sit(Role.SPECIALIST), sit(Role.SPECIALIST)
    make(owner.person, name="Plain lamp")
    make(owner.person, name="Secret lamp", level="secret")
    make(owner.person, name="Hidden lamp", level="top_secret")
    mine = owner.text(AT)
    assert all(name in mine for name in ("Plain lamp", "Secret lamp", "Hidden lamp"))
    page = colleague.text(AT)
    assert "Plain lamp" in page
    assert "Secret lamp" not in page
    assert "S***p" in page
    assert "Hidden" not in page
    assert "YP-2026-000003" not in page


def test_details_show_groups_moves_and_history(sit: Sit, make: Make) -> None:
    owner = sit(Role.SPECIALIST, name="Wang Min")
    made = make(owner.person, name="Plain lamp", amount="12.50", notes="A long note", people=[{"name": "Zhao"}])
    page = owner.text(f"{AT}{made['number']}")
    for text in ("Plain lamp", "¥12.50", "A long note", "Zhao", "Submit", "Wang Min", "made it"):
        assert text in page, text


def test_a_locked_record_is_a_card_and_a_hidden_one_is_not_there(sit: Sit, make: Make) -> None:
    owner, colleague = sit(Role.SPECIALIST), sit(Role.SPECIALIST)
    locked = make(owner.person, name="Secret lamp", level="secret", notes="inside")
    hidden = make(owner.person, name="Hidden lamp", level="top_secret")
    card = colleague.text(f"{AT}{locked['number']}")
    assert "S***p" in card
    assert "Secret lamp" not in card
    assert "inside" not in card
    assert 'id="ask"' in card
    for act in ("", "/edit", "/history", "/print", "/do/submit", "/files/5f0000000000000000000001"):
        colleague.text(f"{AT}{hidden['number']}{act}", status=404)
    for act in ("/edit", "/history", "/print", "/do/submit", "/files/5f0000000000000000000001"):
        colleague.text(f"{AT}{locked['number']}{act}", status=403)


def test_a_classified_page_bears_the_readers_name(sit: Sit, make: Make) -> None:
    owner = sit(Role.SPECIALIST, name="Wang Min")
    plain, secret = make(owner.person), make(owner.person, level="secret")
    mark = "Secret · Wang Min · 2026-11-23 10:00"
    assert mark not in owner.text(f"{AT}{plain['number']}")
    for act in ("", "/history", "/print", "/do/submit"):
        assert mark in owner.text(f"{AT}{secret['number']}{act}"), act


def test_what_may_be_read_may_not_always_be_printed(sit: Sit, make: Make) -> None:
    owner, head = sit(Role.SPECIALIST), sit(Role.HEAD)
    made = make(owner.person, level="confidential", notes="inside")
    at = f"{AT}{made['number']}"
    assert f"{at}/print" not in owner.text(at)
    assert "inside" not in owner.text(f"{at}/print", status=403)
    assert f"{at}/print" in head.text(at)
    assert "inside" in head.text(f"{at}/print")


def test_a_list_on_paper_leaves_out_what_may_be_read_but_not_printed(sit: Sit, make: Make) -> None:
    owner, head = sit(Role.SPECIALIST), sit(Role.HEAD)
    make(owner.person, name="Open lamp")
    make(owner.person, name="Confidential lamp", level="confidential")
    page = owner.text(AT)
    [row] = re.findall(r'<tr class="no-print">(.*?)</tr>', page, re.DOTALL)
    assert "Confidential lamp" in row
    assert "1 record may be read here but not printed" in page
    page = head.text(AT)
    assert "Confidential lamp" in page
    assert '<tr class="no-print">' not in page
    assert "but not printed" not in page


def test_one_reading_of_a_classified_record_is_one_entry(sit: Sit, make: Make, db: Any) -> None:
    owner = sit(Role.SPECIALIST)
    made = make(owner.person, level="secret")
    at = f"{AT}{made['number']}"
    owner.text(at)
    entries = list(db["audit"].find({"record": made["_id"], "action": {"$ne": "create"}}))
    assert [(e["action"], e["actor"]) for e in entries] == [("view", owner.person.id)]
    for act in ("/edit", "/history", "/do/submit"):
        before = db["audit"].count_documents({})
        owner.text(f"{at}{act}")
        assert db["audit"].count_documents({}) == before + 1, act
    owner.send(f"{at}/edit", rev="1", name="Another")  # the form's token came with My work, which names the record
    db["audit"].delete_many({})
    owner.send(f"{at}/edit", rev="2", name="Other")
    assert sorted(e["action"] for e in db["audit"].find()) == ["change", "view"]


def test_the_head_sees_who_has_read_it(sit: Sit, make: Make) -> None:
    owner, head = sit(Role.SPECIALIST, name="Wang Min"), sit(Role.HEAD)
    made = make(owner.person, level="secret")
    owner.text(f"{AT}{made['number']}")
    assert "Who has read this" in head.text(f"{AT}{made['number']}/history")
    assert "Who has read this" not in owner.text(f"{AT}{made['number']}/history")


def test_a_field_for_one_role_is_nowhere_for_the_others(sit: Sit, make: Make, now: Any) -> None:
    owner, head = sit(Role.SPECIALIST), sit(Role.HEAD)
    made = make(owner.person)
    at = f"{AT}{made['number']}"
    records.change(head.person, "sample", made["number"], {"salary": "98765"}, rev=1, now=now)
    assert "98,765" in head.text(at)
    assert "98,765" in head.text(f"{at}/history")
    for act in ("", "/edit", "/history", "/print"):
        page = owner.text(f"{at}{act}")
        assert "98,765" not in page
        assert "98765" not in page
        assert "Salary" not in page
    assert "Salary" not in owner.text(AT)
    for act in ("", "/history"):
        assert "changed one field" in head.text(f"{at}{act}")
        story = owner.text(f"{at}{act}")
        assert "changed it</p>" in story
        assert "fields" not in re.findall(r"<li class=\"tone-.*?</li>", story)[0]


def test_names_of_what_a_record_points_to_follow_the_readers_rights(
    sit: Sit, make: Make, orders: None, now: Any
) -> None:
    owner, colleague = sit(Role.SPECIALIST), sit(Role.SPECIALIST)
    for level in ("internal", "secret", "top_secret"):
        lamp = make(owner.person, name=f"Lamp of {level}", level=level)
        order(owner, now, name=f"Order {level}", lamp=str(lamp["_id"]), helper=str(owner.person.id))
    mine, theirs = owner.text("/records/order_note/"), colleague.text("/records/order_note/")
    for level in ("internal", "secret", "top_secret"):
        assert f"Lamp of {level}" in mine
        assert f"Order {level}" in theirs
    assert "Lamp of internal" in theirs
    assert "L***t" in theirs
    assert "Lamp of secret" not in theirs
    assert "YP-2026-000003" not in theirs
    form = colleague.text("/records/order_note/DD-2026-000003/edit")
    assert "Lamp of" not in form
    assert "YP-2026-000003" not in form
    colleague.send("/records/order_note/DD-2026-000003/edit", rev="1", name="Order", lamp="", helper="")
    kept = database()["record_order_note"].find_one({"number": "DD-2026-000003"})
    assert kept is not None
    assert "lamp" in kept  # what could not be seen was not wiped


def test_a_typed_link_leads_out_and_tells_nothing(sit: Sit, make: Make) -> None:
    owner = sit(Role.SPECIALIST)
    page = owner.text(f"{AT}{make(owner.person, site='https://example.test/?a=1&b=2')['number']}")
    assert '<a href="https://example.test/?a=1&amp;b=2" target="_blank" rel="noopener noreferrer">' in page


def test_only_a_classified_type_speaks_of_secrecy(sit: Sit, make: Make, orders: None, now: Any) -> None:
    owner = sit(Role.SPECIALIST)
    order(owner, now)
    assert "Ownership and secrecy" in owner.text(f"{AT}{make(owner.person)['number']}")
    page = owner.text("/records/order_note/DD-2026-000001")
    assert "Ownership" in page
    assert "secrecy" not in page.partition("<main")[2]


def test_related_records_stand_beside_and_lead_to_their_list(sit: Sit, make: Make, orders: None, now: Any) -> None:
    owner = sit(Role.SPECIALIST)
    lamp = make(owner.person)
    for i in range(7):
        order(owner, now, name=f"Order {i}", lamp=str(lamp["_id"]))
    page = owner.text(f"{AT}{lamp['number']}")
    assert f'data-related="{AT}{lamp["number"]}/related"' in page
    assert 'data-list="order_note.lamp"' in page
    assert f'href="/records/order_note/?lamp={lamp["number"]}"' in page
    [found] = beside(owner, lamp).values()
    assert re.findall(r'href="/records/order_note/(DD-[^"]*)"', found) == [
        f"DD-2026-00000{at}" for at in (7, 6, 5, 4, 3)
    ]
    assert owner.text(f"/records/order_note/?lamp={lamp['number']}").count('scope="row"') == 7
    new = owner.text(f"/records/order_note/new?lamp={lamp['number']}")
    assert f'value="{lamp["number"]}"' in new
    assert f'data-lookup-text="{lamp["name"]}"' in new
    assert owner.get("/records/order_note/new?acl=x").status_code == 400


def test_a_form_that_comes_back_calls_what_was_chosen_by_its_name(sit: Sit, make: Make, orders: None) -> None:
    owner, head = sit(Role.SPECIALIST), sit(Role.HEAD)
    lamp, hidden = make(owner.person), make(head.person, level="top_secret", name="Hidden thing")
    chosen = {"name": "", "lamp": lamp["number"], "helper": owner.person.email}
    page = owner.send("/records/order_note/new", 422, **chosen).get_data(as_text=True)
    assert f'data-lookup-text="{lamp["name"]}"' in page
    assert f'data-lookup-text="{owner.person.name}"' in page
    page = owner.send("/records/order_note/new", 422, **chosen | {"lamp": hidden["number"]}).get_data(as_text=True)
    assert f'value="{hidden["number"]}"' in page, "what was typed stays"
    assert "Hidden thing" not in page


def test_related_records_are_found_with_one_question_behind_who_asks(
    sit: Sit, make: Make, orders: None, now: Any
) -> None:
    owner = sit(Role.SPECIALIST)
    lamp = make(owner.person)
    assert beside(owner, lamp) == {"order_note.lamp": '<p class="nothing">None</p>'}
    for _ in range(9):
        order(owner, now, lamp=str(lamp["_id"]))
    with commands.heard() as heard:
        assert beside(owner, lamp)["order_note.lamp"].count("<li") == 5
    assert heard == ["aggregate session", "aggregate record_order_note"]


def test_what_points_to_a_record_is_said_to_those_who_have_it_in_full(
    sit: Sit, make: Make, orders: None, now: Any
) -> None:
    owner, colleague = sit(Role.SPECIALIST), sit(Role.SPECIALIST)
    for level, status in (("secret", 403), ("top_secret", 404)):
        lamp = make(owner.person, level=level)
        order(owner, now, name="Order of it", lamp=str(lamp["_id"]))
        assert "Order of it" in beside(owner, lamp)["order_note.lamp"]
        assert "Order of it" not in colleague.text(f"{AT}{lamp['number']}/related", status=status)
    colleague.text(f"{AT}YP-1999-000001/related", status=404)


def test_whoever_may_not_read_a_record_is_refused_the_lists_beside_it_with_an_entry(
    sit: Sit, make: Make, orders: None, db: Any
) -> None:
    owner, colleague = sit(Role.SPECIALIST), sit(Role.SPECIALIST)
    locked, hidden = (make(owner.person, level=level)["number"] for level in ("secret", "top_secret"))
    beside(owner, {"number": locked})
    for number, status in ((locked, 403), (hidden, 404), ("YP-1999-000001", 404)):
        db["audit"].delete_many({})
        colleague.text(f"{AT}{number}/related", status=status)
        refused = [(one["actor"], one["number"]) for one in db["audit"].find({"action": "refused"})]
        assert refused == [(colleague.person.id, number)]
    db["audit"].delete_many({})
    beside(owner, {"number": locked})
    assert db["audit"].count_documents({}) == 0


def test_a_page_asks_the_same_of_the_database_however_many_rows(sit: Sit, make: Make, orders: None, now: Any) -> None:
    owner = sit(Role.SPECIALIST)
    counts = []
    for rows in (2, 20):
        for i in range(rows):
            lamp = make(owner.person, name=f"Lamp {rows} {i}")
            order(owner, now, lamp=str(lamp["_id"]), helper=str(owner.person.id))
        owner.text("/records/order_note/?show=50")
        with commands.heard() as heard:
            owner.text("/records/order_note/?show=50")
        counts.append(len(heard))
    assert counts[0] == counts[1], heard
    assert counts[1] <= 9, "; ".join(heard)  # who asks: 3; the frame: 2; the list: 4


def test_the_details_page_asks_a_bounded_number_of_questions(sit: Sit, make: Make, orders: None, now: Any) -> None:
    owner = sit(Role.SPECIALIST)
    lamp = make(owner.person, level="secret", people=[{"name": f"P{i}"} for i in range(30)])
    for _ in range(9):
        order(owner, now, lamp=str(lamp["_id"]))
    owner.text("/")  # the first request also looks for new record types and calendar days
    with commands.heard() as heard:
        owner.text(f"{AT}{lamp['number']}")
    assert len(heard) <= 14, heard


def test_find_looks_through_what_the_person_reads_in_full(sit: Sit, make: Make) -> None:
    owner, colleague = sit(Role.SPECIALIST), sit(Role.SPECIALIST)
    make(owner.person, name="华东机械 Plain", phone="010-12345678")
    make(owner.person, name="华东机械 Secret", level="secret")
    mine = owner.text("/records/find?q=华东")
    assert mine.count("<mark>华东</mark>") == 2
    theirs = colleague.text("/records/find?q=华东")
    assert theirs.count("<mark>华东</mark>") == 1
    assert "Secret" not in theirs
    assert "<mark>123456</mark>" in colleague.text("/records/find?q=123456")
    assert "Type at least 2" in colleague.text("/records/find?q=华", status=400)
    assert "100 characters" in colleague.text("/records/find?q=" + "x" * 10_000, status=400)
    assert colleague.get("/records/find?q=a&page=-1").status_code == 400


def test_a_found_text_is_escaped(sit: Sit, make: Make) -> None:
    owner = sit(Role.SPECIALIST)
    make(owner.person, name="<script>alert(1)</script> lamp")
    for page in (owner.text("/records/find?q=script"), owner.text(AT), owner.text(f"{AT}YP-2026-000001/edit")):
        assert "<script>alert" not in page


def test_type_ahead_offers_only_what_may_be_pointed_to(sit: Sit, make: Make, orders: None) -> None:
    owner, colleague = sit(Role.SPECIALIST, name="Wang Min"), sit(Role.SPECIALIST, name="Li Na")
    make(owner.person, name="Lamp plain")
    make(owner.person, name="Lamp secret", level="secret")
    at = "/records/order_note/lookup?field=lamp"
    assert [hit["title"] for hit in owner.get(f"{at}&q=lamp").json or []] == ["Lamp secret", "Lamp plain"]
    assert [hit["title"] for hit in colleague.get(f"{at}&q=lamp").json or []] == ["Lamp plain"]
    assert [hit["title"] for hit in colleague.get(at).json or []] == ["Lamp plain"]
    assert [hit["title"] for hit in colleague.get("/records/order_note/lookup?field=helper&q=Wang").json or []] == [
        "Wang Min"
    ]
    for bad in ("nothing", "name", "", "lamp.name", "$where", "acl"):
        assert colleague.get(f"/records/order_note/lookup?field={bad}&q=x").status_code == 404, bad
    assert colleague.get(f"{at}&q={'x' * 101}").status_code == 400


def test_a_type_out_of_reach_is_not_there(sit: Sit, orders: None) -> None:
    stranger = sit(Role.SALES, department="sales")
    for slug in ("order_note", "no_such_type"):
        for act in ("", "new", "lookup", "DD-2026-000001"):
            assert stranger.get(f"/records/{slug}/{act}").status_code == 404
    assert stranger.get("/records/").status_code == 404


def test_a_record_type_may_be_replaced_while_the_program_runs(sit: Sit, make: Make) -> None:
    owner = sit(Role.SPECIALIST)
    make(owner.person, name="Lamp")
    assert ">Colour<" in owner.text(AT)
    fewer = tuple(f for f in SAMPLE.fields if f.name != "colour")
    registry.register(replace(SAMPLE, fields=fewer, version=2))
    assert ">Colour<" not in owner.text(AT)


def test_an_id_is_no_address(sit: Sit, make: Make) -> None:
    owner = sit(Role.SPECIALIST)
    made = make(owner.person)
    owner.text(f"{AT}{made['_id']}", status=404)
    owner.text(f"{AT}{ObjectId()}", status=404)


def test_days_inside_rows_are_written_as_all_others(sit: Sit, make: Make, now: datetime) -> None:
    desk = sit(Role.SPECIALIST)
    made = make(desk.person, people=[{"name": "Li", "born": "1990-01-02"}])
    raw = {"people": [{"name": "Li", "born": "1990-03-04"}]}
    records.change(desk.person, "sample", made["number"], raw, rev=1, now=now)
    at = f"/records/sample/{made['number']}"
    story = desk.text(f"{at}/history")
    assert "<del>Li · 2 Jan 1990</del> <ins>Li · 4 Mar 1990</ins>" in story
    assert "1990-0" not in story
    assert "<del>Li · 1990-01-02</del>" in sit(Role.HEAD, language="zh").text(f"{at}/history")


def test_the_story_marks_where_a_long_text_is_cut(sit: Sit, make: Make, now: datetime) -> None:
    desk = sit(Role.SPECIALIST)
    made = make(desk.person)
    records.change(desk.person, "sample", made["number"], {"notes": "a" * 119 + "bcd"}, rev=1, now=now)
    assert f"<ins>{'a' * 119}b…</ins>" in desk.text(f"/records/sample/{made['number']}/history")
