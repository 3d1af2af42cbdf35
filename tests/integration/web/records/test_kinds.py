"""Values of every kind on the screens: typed, refused in words, shown, filtered, put in order, exported."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from config.database import database
from models import store
from models.person.roles import Role
from tests.factories.definitions import in_force, visit_with
from tests.integration.web.records.conftest import Make, Sit
from tests.integration.web.records.test_writing import hidden

FORM = {
    "name": "Lamp",
    "opens_at": "09:30",
    "lent-from": "2026-01-05",
    "lent-until": "2026-03-01",
    "region": "nj",
    "address-province": "浙江省",
    "address-city": "杭州市",
    "address-street": "文三路 1 号",
    "price-amount": "1,200.5",
    "price-currency": "USD",
    "people-0-name": "王敏",
    "people-0-wage": "20",
    "people-0-shift-from": "2026-02-01",
    "people-1-name": "钱二",
    "people-1-wage": "1.5",
}
SHOWN = ("09:30", "华东 / 江苏 / 南京", "浙江省杭州市文三路 1 号", "US$1,200.50", "¥21.50", "2026-01-05 至 2026-03-01")


def test_every_kind_is_typed_shown_and_typed_again(sit: Sit) -> None:
    desk = sit(Role.SPECIALIST, language="zh")
    at = desk.send("/records/sample/new", 303, **FORM).location
    page = desk.text(at)
    assert [text for text in SHOWN if text not in page] == []
    form = desk.text(f"{at}/edit")
    for wanted in (
        'value="09:30"',
        'value="2026-03-01"',
        'value="文三路 1 号"',
        'value="1200.50"',
        'selected value="USD"',
    ):
        assert wanted in form, wanted
    desk.send(f"{at}/edit", 303, **{**FORM, "rev": hidden(form, "rev")})
    assert store.fetch("sample", desk_record(at))["rev"] == 1  # sent as it stood, it is no change
    desk.send(f"{at}/edit", 303, **{**FORM, "rev": "1", "lent-until": "", "price-amount": ""})
    after = store.fetch("sample", desk_record(at))
    assert (after["lent"]["until"], after["price"], after["rev"]) == (None, None, 2)
    history = desk.text(f"{at}/history")
    assert "2026-01-05 起" in history
    assert "US$1,200.50" in history


def desk_record(at: str) -> Any:
    """The id of the record at an address."""
    son = database()["record_sample"].find_one({"number": at.rpartition("/")[2]})
    assert son is not None
    return son["_id"]


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ({"opens_at": "25:00"}, "A time looks like 14:30."),
        ({"lent-from": "2026-03-01", "lent-until": "2026-01-01"}, "It cannot end before it begins."),
        ({"lent-from": "soon"}, "A date looks like 2026-11-22."),
        ({"region": "mars"}, "One of: East, South."),
        ({"address-postcode": "no"}, "A postcode looks like 310000."),
        ({"address-street": "长" * 201}, "At most 200 characters, this has 201."),
        ({"price-amount": "much"}, "This should be a number"),
        ({"price-amount": "1", "price-currency": "JPY"}, "One of: CNY, USD."),
        ({"fragile": "yes"}, "“Packing” is required here."),
        ({"people-0-name": "x", "people-0-shift-from": "x"}, "A date looks like"),
    ],
)
def test_a_wrong_value_is_refused_in_words_beside_its_field(sit: Sit, sent: dict[str, str], message: str) -> None:
    desk = sit(Role.SPECIALIST)
    page = desk.send("/records/sample/new", 422, name="Lamp", **sent).get_data(as_text=True)
    assert page.count(message) == 2, "in the summary and at the field"
    assert all(f'value="{value}"' in page for value in sent.values() if value in ("soon", "25:00", "no", "much"))
    assert database()["record_sample"].count_documents({}) == 0


def test_a_field_required_by_another_says_when(sit: Sit) -> None:
    page = sit(Role.SPECIALIST).text("/records/sample/new")
    assert "Required if “Fragile” is “Yes”." in page
    assert 'data-when="fragile"' in page
    assert 'data-when-values="yes"' in page


def test_an_embedded_record_left_empty_lacks_nothing(sit: Sit, now: datetime) -> None:
    desk = sit(Role.SPECIALIST)
    name = {"name": "name", "kind": "text", "label": {"zh": "姓名", "en": "Name"}, "required": True}
    phone = {"name": "phone", "kind": "phone", "label": {"zh": "电话", "en": "Phone"}}
    with in_force(visit_with(name="host", kind="embedded", fields=[name, phone]), now):
        at = desk.send("/records/visit/new", 303, visitor="Ann", **{"host-name": "", "host-phone": ""}).location
        page = desk.send(f"{at}/edit", 422, rev="1", **{"host-phone": "13800001111"}).get_data(as_text=True)
        assert "This is required." in page
        desk.send(f"{at}/edit", 303, rev="1", **{"host-name": "Bo", "host-phone": "13800001111"})
        desk.send(f"{at}/edit", 303, rev="2", **{"host-name": "", "host-phone": ""})
        son = database()["record_visit"].find_one({})
        assert son is not None
        assert "host" not in son


def test_nobody_fills_a_computed_field(sit: Sit) -> None:
    desk = sit(Role.HEAD)
    assert 'name="wages"' not in desk.text("/records/sample/new")
    desk.send("/records/sample/new", 400, name="Lamp", wages="1")


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("region=east", ["One", "Two"]),
        ("region=is:华东 / 江苏", ["One"]),
        ("region=any_of:gd|zj", ["Three", "Two"]),
        ("region=is_not:east", ["Three"]),
        ("lent=covers:2026-02-01", ["One", "Two"]),
        ("lent=covers:2026-05-01", ["Two"]),
        ("lent=from:2026-02-01", ["Three"]),
        ("lent=until:2026-03-01", ["One"]),
        ("opens_at=from:09:00", ["One", "Two"]),
        ("opens_at=is:10:00", ["Two"]),
        ("address=contains:杭州市文三", ["One"]),
        ("address=starts:江苏", ["Two"]),
        ("price=at_least:100", ["One", "Two"]),
        ("price=at_least:CNY 100", ["Two"]),
        ("price=is:USD 100", ["One"]),
        ("price=at_most:50", ["Three"]),
        ("price=filled&price=empty", []),
        ("wages=at_least:20", ["One"]),
        ("q=杭州市文三路", ["One"]),
        ("q=广东", ["Three"]),
    ],
)
def test_filters_of_the_kinds_find_what_they_say(sit: Sit, make: Make, query: str, names: list[str]) -> None:
    desk = sit(Role.SPECIALIST)
    three(make, desk.person)
    page = desk.text(f"/records/sample/?{query}")
    assert sorted(name for name in ("One", "Two", "Three") if f">{name}<" in page) == sorted(names)


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("lent", ["Two", "One", "Three"]),
        ("-lent", ["Three", "One", "Two"]),
        ("price", ["Three", "One", "Two"]),
        ("opens_at", ["Three", "One", "Two"]),
        ("wages", ["Two", "Three", "One"]),
    ],
)
def test_lists_are_put_in_order_by_them_page_by_page(sit: Sit, make: Make, sort: str, order: list[str]) -> None:
    desk = sit(Role.SPECIALIST)
    three(make, desk.person)
    page = desk.text(f"/records/sample/?sort={sort}")
    assert sorted(order, key=lambda name: page.index(f">{name}<")) == order


def three(make: Make, who: Any) -> None:
    """Three records with a value of each kind."""
    make(
        who,
        name="One",
        region="nj",
        lent="2026-01-05 至 2026-03-01",
        opens_at="9:30",
        address="浙江省杭州市文三路 1 号",
        price="USD 100",
        people=[{"name": "a", "wage": "20"}, {"name": "b", "wage": "1"}],
    )
    make(who, name="Two", region="zj", lent="2025-12-01 起", opens_at="10:00", address="江苏省南京市x", price="CNY 101")
    make(
        who,
        name="Three",
        region="gd",
        lent={"from": "2026-06-01", "until": "2026-06-02"},
        price="3",
        people=[{"name": "c", "wage": "2"}],
    )


@pytest.mark.parametrize(
    "query", ["region=mars", "lent=covers:soon", "lent=covers:", "opens_at=is:x", "price=at_least:JPY 1", "price=is:x"]
)
def test_a_filter_that_makes_no_sense_is_refused_by_name(sit: Sit, query: str) -> None:
    page = sit(Role.SPECIALIST).text(f"/records/sample/?{query}", 400)
    assert query.partition("=")[0] in page


def test_what_was_stored_before_a_field_was_a_link_leads_nowhere(sit: Sit, make: Make) -> None:
    desk = sit(Role.SPECIALIST)
    number = make(desk.person, site="https://example.test/ok")["number"]
    at = f"/records/sample/{number}"
    assert 'href="https://example.test/ok"' in desk.text(at)
    database()["record_sample"].update_one({"number": number}, {"$set": {"site": "javascript:alert(1)"}})
    page = desk.text(at)
    assert "javascript:alert(1)" in page
    assert 'href="javascript' not in page
