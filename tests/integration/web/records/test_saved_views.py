"""Saved views on screen: kept from a list, shown as tabs, looked after, shared; and where a list begins."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from typing import Any

import pytest
from bson import ObjectId
from pymongo.database import Database

from models import registry
from models.declarations import Label, View
from models.person.roles import Role
from models.saved_view import rules, service
from tests.factories.desks import Desk
from tests.factories.types import SAMPLE
from tests.factories.views import view
from tests.integration.web.records.conftest import Make, Sit

Base = Database[dict[str, Any]]
AT = "/records/sample/"
TAB = re.compile(r'<a href="([^"]*)"( class="active" aria-current="page")?(?: title="[^"]*")?>([^<]*)</a>')


def tabs(desk: Desk, query: str = "") -> dict[str, tuple[str, bool]]:
    """The tabs of the list: label, address, whether it is the one shown."""
    nav = re.search(r'<nav class="tabs".*?</nav>', desk.text(AT + query), re.DOTALL)
    found = TAB.findall(nav[0]) if nav else []
    return {unescape(label): (unescape(url), bool(active)) for url, active, label in found}


@pytest.fixture
def ann(sit: Sit, make: Make) -> Desk:
    desk = sit(Role.SPECIALIST, name="Ann")
    make(desk.person, name="Lamp", colour="red")
    return desk


def test_a_list_is_saved_and_stands_as_a_tab(ann: Desk, sit: Sit) -> None:
    assert tabs(ann) == {}
    assert "Save view" not in ann.text(AT)
    query = "?colour=red&sort=-name&columns=amount,colour"
    assert "Save view" in ann.text(AT + query)
    assert ann.send(f"{AT}views{query}&after=", title="Red ones").location == AT + query
    assert tabs(ann, query) == {"All": (AT, False), "Red ones": (AT + query, True)}
    assert "Save view" not in ann.text(AT + query)
    assert tabs(ann)["All"] == (AT, True)
    assert tabs(ann, "?colour=red")["Red ones"][1]  # the same records, in another order
    assert "Save view" in ann.text(AT + "?colour=red")
    assert tabs(sit(Role.SPECIALIST)) == {}


def test_a_view_takes_the_place_of_another(ann: Desk) -> None:
    made = view(ann.person, "colour=red", "Reds")
    page = ann.text(AT + "?colour=blue")
    assert f'value="{made.id}:1"' in page
    ann.send(f"{AT}views?colour=blue", title="", instead=f"{made.id}:1")
    assert tabs(ann)["Reds"][0] == f"{AT}?colour=blue"
    ann.send(f"{AT}views?colour=red", 409, title="", instead=f"{made.id}:1")


def test_what_is_wrong_with_a_name_stands_beside_it_and_the_list_is_kept(ann: Desk) -> None:
    view(ann.person, "colour=red", "Reds")
    for title in ("", "Reds", "x" * 60):
        page = ann.send(f"{AT}views?colour=blue", 422, title=title).get_data(as_text=True)
        assert 'id="title-wrong"' in page
        assert f'action="{AT}views?colour=blue"' in page
    assert list(tabs(ann)) == ["All", "Reds"]


@pytest.mark.parametrize("query", ["salary=filled", "sort=salary", "columns=salary", "colour=$ne", "wrong=1", "acl=x"])
def test_what_one_may_not_list_is_not_saved(ann: Desk, db: Base, query: str) -> None:
    assert ann.post(f"{AT}views?{query}", {"title": "Wrong"}).status_code == 400
    assert ann.get(f"{AT}views?{query}").status_code == 400


def test_views_are_looked_after_on_their_page(ann: Desk) -> None:
    one, two = view(ann.person, "colour=red", "One"), view(ann.person, "colour=blue", "Two")
    at = f"{AT}views/{one.id}/"
    page = ann.text(f"{AT}views")
    assert page.index("One") < page.index("Two")
    ann.send(f"{at}down")
    assert list(tabs(ann)) == ["All", "Two", "One"]
    ann.send(f"{at}rename", title="First", rev=1)
    assert "Reload the page" in ann.send(f"{at}rename", 409, title="Late", rev=1).get_data(as_text=True)
    ann.send(f"{at}remove", rev=2)
    assert list(tabs(ann)) == ["All", "Two"]
    for path, data, status in (
        (f"{at}remove", {"rev": "2"}, 404),
        (f"{AT}views/nothing/remove", {"rev": "1"}, 404),
        (f"{AT}views/{ObjectId()}/remove", {"rev": "1"}, 404),
        (f"{AT}views/{two.id}/burn", {"rev": "1"}, 404),
        (f"{AT}views/{two.id}/rename", {"title": "x"}, 400),
        (f"{AT}views/{two.id}/rename", {"title": "x", "rev": "one"}, 400),
        (f"/records/customer/views/{two.id}/remove", {"rev": "1"}, 404),
    ):
        assert ann.post(path, data).status_code == status, path
    assert list(tabs(ann)) == ["All", "Two"]


def test_nothing_is_stored_without_the_forms_token(ann: Desk, db: Base) -> None:
    made = view(ann.person, "colour=red")
    for path in ("views?colour=blue", f"views/{made.id}/remove", f"views/{made.id}/start"):
        assert ann.client.post(AT + path, data={"title": "x", "rev": "1"}).status_code == 400
    assert [row["name"] for row in db["saved_view"].find()] == ["Mine"]


def test_a_head_shares_a_view_and_those_see_it_who_may_see_its_fields(ann: Desk, sit: Sit, db: Base) -> None:
    head = sit(Role.HEAD, name="Head")
    open_to_all, closed = view(head.person, "colour=red", "Reds"), view(head.person, "salary=filled", "Paid")
    page = head.text(f"{AT}views")
    assert "whatever the role" in page
    assert "any department" not in page
    for one in (open_to_all, closed):
        head.send(f"{AT}views/{one.id}/share", department="service", role="", rev=1)
    assert "shared with Customer service" in head.text(f"{AT}views")
    assert list(tabs(ann)) == ["All", "Reds"]
    assert "Paid" not in ann.text(f"{AT}views")
    assert "salary" not in ann.text(f"{AT}views")
    assert "shared by Head" in ann.text(AT)
    assert "whatever the role" not in ann.text(f"{AT}views")
    mine = view(ann.person, "colour=red", "Mine")
    data = {"department": "service", "role": "", "rev": "1"}
    assert ann.post(f"{AT}views/{mine.id}/share", data).status_code == 403
    assert ann.post(f"{AT}views/{open_to_all.id}/withdraw", {"rev": "2"}).status_code == 404
    words = view(head.person, "q=Lamp", "Words")
    page = head.send(f"{AT}views/{words.id}/share", 422, **data).get_data(as_text=True)
    assert "is not shared" in page
    head.send(f"{AT}views/{open_to_all.id}/withdraw", rev=2)
    assert list(tabs(ann)) == ["All", "Mine"]
    assert db["audit"].count_documents({"type": "saved_view"}) == 3


def test_the_menu_leads_to_the_view_that_one_begins_with(ann: Desk, sit: Sit) -> None:
    made = view(ann.person, "colour=red", "Reds")
    assert f'href="{AT}start"' not in ann.text("/")
    assert ann.get(f"{AT}start").location == AT
    ann.send(f"{AT}views/{made.id}/start")
    assert f'href="{AT}start"' in ann.text("/")
    assert ann.get(f"{AT}start").location == f"{AT}?colour=red"
    page = ann.text(f"{AT}?colour=red")
    assert re.search(rf'<a[^>]*href="{AT}start"[^>]*aria-current="page"|aria-current="page"[^>]*href="{AT}start"', page)
    assert tabs(ann)["All"] == (AT, True)
    ann.send(f"{AT}views/{made.id}/plain")
    assert ann.get(f"{AT}start").location == AT

    head = sit(Role.HEAD)
    shared = view(head.person, "colour=red", "Ours")
    service.share(head.person, shared.id, "service", "", rev=1, now=made.id.generation_time)
    ann.send(f"{AT}views/{shared.id}/start")
    service.withdraw(head.person, shared.id, rev=2, now=made.id.generation_time)
    assert ann.get(f"{AT}start").location == AT


def test_a_view_that_fits_no_more_is_no_tab_and_can_be_deleted(ann: Desk) -> None:
    made = view(ann.person, "former_field=red", "Old")
    assert "Old" not in tabs(ann)
    assert "does not fit" in ann.text(f"{AT}views")
    ann.send(f"{AT}views/{made.id}/remove", rev=1)
    assert "No saved views yet" in ann.text(f"{AT}views")


def test_too_many_views_are_refused(ann: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "MOST_VIEWS", 1)
    view(ann.person, "colour=red")
    assert "Delete those" in ann.send(f"{AT}views?colour=blue", 409, title="Two").get_data(as_text=True)


def test_whatever_is_done_with_it_a_view_of_others_is_answered_like_one_that_there_is_not(ann: Desk, sit: Sit) -> None:
    other = sit(Role.SPECIALIST)
    theirs = service.save(other.person, "sample", "Theirs", [("sort", "name")])
    forms: dict[str, dict[str, str]] = {
        "rename": {"rev": "1", "title": ""},
        "share": {"rev": "1", "department": "service", "role": "emperor"},
        "remove": {"rev": "1"},
        "withdraw": {},
        "start": {},
        "up": {},
    }
    for act, sent in forms.items():
        for view_id in (str(theirs.id), "5f0000000000000000000001"):
            assert ann.post(f"{AT}views/{view_id}/{act}", sent).status_code == 404, act
    assert service.own(other.person, theirs.id) == theirs


def test_a_type_s_own_view_is_a_tab_of_those_who_may_open_it(ann: Desk, sit: Sit) -> None:
    """X6: its name and its address would tell of what is hidden."""
    paid, label = "?salary=at_least:5", Label("高薪", "Well paid")
    registry.register(replace(SAMPLE, views=(View(name="paid", label=label, query=paid.removeprefix("?")),)))
    assert (tabs(ann), ann.get(AT + paid).status_code) == ({}, 400)
    assert "Well paid" not in ann.text(AT)
    view(ann.person, "colour=red", "Reds")
    assert list(tabs(ann)) == ["All", "Reds"]
    head = sit(Role.HEAD, name="Head")
    assert tabs(head, paid) == {"All": (AT, False), "Well paid": (AT + paid, True)}


def test_every_shipped_view_is_a_tab_of_whoever_reads_all_fields(sit: Sit) -> None:
    desk = sit(Role.HEAD, Role.GENERAL_MANAGER, language="en")
    for rt in registry.all_types():
        page = desk.text(f"/records/{rt.slug}/")
        nav = re.search(r'<nav class="tabs".*?</nav>', page, re.DOTALL)
        labels = {unescape(label) for *_, label in TAB.findall(nav[0])} if nav else set()
        assert labels == ({"All", *(one.label.en for one in rt.views)} if rt.views else set()), rt.slug
