"""What stands on a form: values escaped, rows read back, problems beside the input where they arose."""

from __future__ import annotations

from werkzeug.datastructures import MultiDict

from backoffice.screens.form_items import Input, Item, Page, Parts, Pointer, Select, Spec, Ticks
from backoffice.screens.form_rows import Rows
from models.declarations import Field, Label

NASTY = '"><script>alert(1)</script>'
CHOICES = (("", ""), ("red", "Red"), (NASTY, NASTY))


def spec(name: str, make: type[Item] = Input, **more: object) -> Spec:
    field = Field(name=name, kind="text", label=Label(name, name))
    return Spec(field, make, more.pop("label", name), **more)  # type: ignore[arg-type]


PEOPLE = spec("people", Rows, inner=(spec("name"), spec("phone")), label="People")


def test_nothing_that_was_typed_or_declared_reaches_the_page_unescaped() -> None:
    wrong = Page({"a": [NASTY]}, {("", NASTY): NASTY}, {})
    shown = [
        spec("a", label=NASTY, help=NASTY, unit=NASTY, attributes={"data-when": NASTY}).item("a").html(NASTY, wrong),
        spec("a", Select, choices=CHOICES).item("a").html(NASTY, wrong),
        spec("a", Pointer).item("a").html(NASTY, wrong),
        spec("a", Ticks, choices=CHOICES).item("a").html([NASTY], wrong),
        spec("a", Rows, inner=(spec("b"),), label=NASTY, help=NASTY).item("a").html([{"b": NASTY}], wrong),
        spec("a", Parts, inner=(spec("b", label=NASTY),), help=NASTY).item("a").html({"b": NASTY}, wrong),
    ]
    assert all("<script" not in html and "&lt;script" in html for html in shown)


def test_a_choice_that_is_none_of_the_declared_stays_until_another_is_made() -> None:
    colour = spec("colour", Select, choices=CHOICES).item("colour")
    for held in ("red", "", "green", "red"):
        html = colour.control(held, Page())
        assert html.count(" selected") == 1
        assert f'<option selected value="{held}">' in html
    assert "green" not in colour.control("red", Page())
    ticks = spec("colour", Ticks, choices=CHOICES).item("colour")
    html = ticks.control(["red", "green"], Page())
    assert html.count(" checked") == 2
    assert 'value="green" checked' in html


def test_rows_come_back_in_their_order_and_blank_ones_are_not_sent() -> None:
    people = PEOPLE.item("people")
    names = {"people-7-name": " ", "people-12-name": "Wu", "people-3-name": "Li", "people-3-phone": "1"}
    held = people.read(MultiDict({"people": "", **names}), [])
    assert [row["name"] for row in held] == ["Li", " ", "Wu"]
    assert people.sent(held) == [{"name": "Li", "phone": "1"}, {"name": "Wu", "phone": ""}]
    assert people.read(MultiDict({"other": "1"}), held) == held
    assert people.read(MultiDict({"people": ""}), held) == []


def test_a_problem_finds_the_row_that_was_sent_as_its_number() -> None:
    people = PEOPLE.item("people")
    held = [{"name": "Li", "phone": ""}, {"name": " ", "phone": ""}, {"name": "Wu", "phone": ""}]
    found, label = people.find(["1", "phone"], held, "People")
    assert (found.name, label) == ("people-2-phone", "People 3: phone")
    assert people.find(["1"], held, "People")[0].first.name == "people-2-name"
    assert people.find(["5", "phone"], held, "People")[0] is people


def test_what_is_wrong_stands_beside_its_input_and_nowhere_else() -> None:
    people, page = PEOPLE.item("people"), Page({"people-1-phone": ["No phone."]})
    html = people.html([{"name": "Li", "phone": "x"}, {"name": "Wu", "phone": "y"}], page)
    assert html.count("No phone.") == html.count("is-invalid") == 1
    assert 'aria-describedby="people-1-phone-help"' in html
