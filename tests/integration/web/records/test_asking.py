"""Forms that ask for access and offer it name everything that is wrong at once; a locked card says what was asked."""

from __future__ import annotations

import re

import pytest

from config.database import database
from models.access_request.document import ACCESS_REQUEST
from models.person.roles import Role
from tests.integration.web.records.conftest import Make, Sit
from tests.integration.web.records.test_borrowing import AT, CARDS, WINDOW, last_card

SAID = {
    "en": {
        "borrowing": "Borrowing (print, export) is for: department head, sales manager, general manager. "
        "Anyone may ask to consult.",
        "required": "This is required.",
        "past": "The date cannot be before today.",
        "begins": "This is a day from today to 30 days ahead.",
        "day": "A date looks like 2026-11-22.",
        "nobody": "Nobody, or more than one, is called so: give the email address.",
    },
    "zh": {
        "borrowing": "借阅（打印、导出）限客服部经理、市场部经理、总经理；查阅不受此限。",
        "required": "必填。",
        "past": "日期不能早于今天。",
        "begins": "应为今天起 30 天之内的日期。",
        "day": "日期格式应如 2026-11-22。",
        "nobody": "没有这个姓名，或有同名者：请填写邮箱地址。",
    },
}


def wrong(page: str) -> dict[str, str]:
    """What the form says is wrong, by its field."""
    form = page[page.index('id="ask"') :]
    found = dict[str, str]()
    for part in re.findall(r'<(?:div|fieldset) class="field has-error">.*?</span></(?:div|fieldset)>', form, re.DOTALL):
        name, said = re.search(r'name="(\w+)"', part), re.search(r'class="field-error">([^<]*)<', part)
        assert name is not None
        assert said is not None
        found[name[1]] = said[1]
    assert len(found) == form.count("field-error"), "each stands at its field"
    return found


def cards() -> int:
    return database()["record_access_request"].count_documents({})


@pytest.mark.parametrize("language", ["en", "zh"])
def test_everything_that_is_wrong_with_a_request_is_named_at_its_field(sit: Sit, make: Make, language: str) -> None:
    number = make(sit(Role.SPECIALIST, name="Owner").person, level="secret")["number"]
    asker, said = sit(Role.SPECIALIST, name="Asker", language=language), SAID[language]
    sent = {"use": "export", "reason": " ", "from": "2026-11-20", "until": "2026-11-21"}
    page = asker.send(f"{AT}{number}/ask", 422, **sent).text
    assert wrong(page) == {
        "use": said["borrowing"],
        "reason": said["required"],
        "from": said["begins"],
        "until": said["past"],
    }
    top = page[page.index("error-summary") : page.index('id="ask"')]
    assert re.findall(r'href="#ask-(\w+)"', top) == ["use", "reason", "from", "until"], "summed up at the top"
    assert all(f'id="ask-{name}"' in page for name in wrong(page))
    assert 'value="export" checked' in page
    for day in ("2026-11-20", "2026-11-21"):
        assert f'value="{day}"' in page, "what was typed is kept"
    assert wrong(asker.send(f"{AT}ask", 422, number=[number], send="1", **sent).text) == wrong(page)
    assert cards() == 0


def test_what_cannot_be_read_keeps_nothing_else_from_being_named(sit: Sit, make: Make) -> None:
    number = make(sit(Role.SPECIALIST, name="Owner").person, level="secret")["number"]
    asker, said = sit(Role.SPECIALIST, name="Asker"), SAID["en"]
    sent = {"use": "print", "reason": "x", "from": "soon", "until": ""}
    page = asker.send(f"{AT}{number}/ask", 422, **sent).text
    assert wrong(page) == {"use": said["borrowing"], "from": said["day"], "until": said["required"]}
    assert 'id="ask-until" name="until" value=""' in page, "no day that was not typed"
    sent = {"use": "fly", "reason": "", "from": "2026-11-26", "until": "2026-11-25"}
    found = wrong(asker.send(f"{AT}{number}/ask", 422, **sent).text)
    assert set(found) == {"use", "reason", "until"}
    assert found["until"] == "The end cannot be before the beginning."
    assert cards() == 0


def test_the_browser_leaves_it_to_the_page_to_name_all_of_it(sit: Sit, make: Make) -> None:
    owner = sit(Role.SPECIALIST, name="Owner")
    number = make(owner.person, level="secret")["number"]
    pages = sit(Role.SPECIALIST, name="Asker").text(f"{AT}{number}"), owner.text(f"{AT}{number}/offer")
    for page in pages:
        assert re.search(r'<form [^>]*id="ask"[^>]* novalidate>', page)


def test_a_further_card_that_begins_too_early_is_told_with_what_else_is_wrong(sit: Sit, make: Make) -> None:
    head = sit(Role.HEAD, name="Head")
    asker = sit(Role.SPECIALIST, name="Asker", manager=head.person.id)
    number = make(sit(Role.SPECIALIST, name="Owner").person, level="secret")["number"]
    asker.send(f"{AT}{number}/ask", 302, use="view", **WINDOW)
    card = last_card()
    head.send(f"{CARDS}{card}/do/approve", 303, rev="1", valid_until="2026-11-25")
    sent = {"use": "view", "reason": "", "from": "2026-11-25", "until": "2026-11-26"}
    found = wrong(asker.send(f"{AT}{number}/ask", 422, **sent).text)
    assert set(found) == {"reason", "from"}
    assert f"Your card {card} lasts to" in found["from"]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_everything_that_is_wrong_with_an_offer_is_named_at_its_field(sit: Sit, make: Make, language: str) -> None:
    owner, said = sit(Role.SPECIALIST, name="Owner", language=language), SAID[language]
    number = make(owner.person, level="secret")["number"]
    sent = {"to": "Nobody at all", "use": "view", "reason": "", "from": "2026-12-30", "until": "2026-11-20"}
    page = owner.send(f"{AT}{number}/offer", 422, **sent).text
    assert wrong(page) == {
        "to": said["nobody"],
        "reason": said["required"],
        "from": said["begins"],
        "until": said["past"],
    }
    for typed in ("Nobody at all", "2026-12-30", "2026-11-20"):
        assert f'value="{typed}"' in page
    assert cards() == 0


def test_whom_nothing_can_be_offered_is_told_with_what_else_is_wrong(sit: Sit, make: Make) -> None:
    owner = sit(Role.SPECIALIST, name="Owner")
    sit(Role.HEAD, name="Head")
    sit(Role.SPECIALIST, name="Asker")
    number = make(owner.person, level="secret")["number"]
    at, sent = f"{AT}{number}/offer", {"use": "view", "reason": "", "from": "", "until": "2026-11-25"}
    found = wrong(owner.send(at, 422, to="Head", **sent).text)
    assert found == {"to": "This person may already use this record so.", "reason": SAID["en"]["required"]}
    owner.send(at, 302, to="Asker", **{**sent, "reason": "x"})
    found = wrong(owner.send(at, 422, to="Asker", **sent).text)
    assert set(found) == {"to", "reason"}
    assert "This person already has a card" in found["to"]
    found = wrong(owner.send(at, 422, to="Asker", **{**sent, "use": "export", "until": ""}).text)
    assert {"use", "reason", "until"} <= set(found)
    assert cards() == 1


# --- what was asked, on the card of a locked record


def facts(page: str) -> dict[str, str]:
    """What stands below the heading that says that the reader has asked."""
    part = page[page.index("You have asked for access") :].partition("</section>")[0]
    return dict(re.findall(r"<dt>([^<]*)</dt><dd>([^<]*)</dd>", part))


def test_a_locked_card_says_what_its_reader_asked_for(sit: Sit, make: Make) -> None:
    manager = sit(Role.SALES_MANAGER, name="Manager")
    number = make(sit(Role.SPECIALIST, name="Owner").person, name="Lamp works", level="secret")["number"]
    window = {"from": "2026-11-24", "until": "2026-11-25"}
    manager.send(f"{AT}{number}/ask", 302, use="print", reason="Audit at the site", **window)
    assert facts(manager.text(f"{AT}{number}")) == {
        "Use": "Borrow: print",
        "Reason": "Audit at the site",
        "From": "24 Nov 2026",
        "Until": "25 Nov 2026",
    }
    for other in (sit(Role.SPECIALIST, name="Other"), sit(Role.SALES_MANAGER, name="Another")):
        page = other.text(f"{AT}{number}")
        assert "Audit at the site" not in page, "nobody else reads it there"
        assert "You have asked" not in page


def test_a_card_from_the_approval_on_names_no_first_day(sit: Sit, make: Make) -> None:
    asker = sit(Role.SPECIALIST, name="Asker")
    number = make(sit(Role.SPECIALIST, name="Owner").person, level="secret")["number"]
    asker.send(f"{AT}{number}/ask", 302, use="view", **WINDOW)
    assert set(facts(asker.text(f"{AT}{number}"))) == {"Use", "Reason", "Until"}


def test_what_somebody_else_wrote_in_an_offer_stands_on_no_locked_card(sit: Sit, make: Make) -> None:
    """Whom a record is offered to did not ask: they are told that it is offered, and read the offer by its card."""
    owner, other = sit(Role.SPECIALIST, name="Owner"), sit(Role.SPECIALIST, name="Other")
    number = make(owner.person, level="secret")["number"]
    owner.send(f"{AT}{number}/offer", 302, to="Other", use="view", **WINDOW)
    page = other.text(f"{AT}{number}")
    assert "Access offered to you" in page
    assert "You have asked for access" not in page
    assert WINDOW["reason"] not in page
    assert last_card() in page


def labels(page: str) -> list[str]:
    """What the form calls its fields."""
    form = page[page.index('id="ask"') :]
    return re.findall(r'<(?:label|legend) class="field-label"[^>]*>([^<]+)', form)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_form_calls_things_as_the_card_does(sit: Sit, make: Make, language: str) -> None:
    owner = sit(Role.SPECIALIST, name="Owner", language=language)
    number = make(owner.person, level="secret")["number"]
    asker = sit(Role.SPECIALIST, name="Asker", language=language)
    names = [
        ACCESS_REQUEST.by_name[one].label.text(language) for one in ("uses", "reason", "valid_from", "valid_until")
    ]
    assert labels(asker.text(f"{AT}{number}")) == names
    assert labels(owner.text(f"{AT}{number}/offer"))[1:] == names
    asker.send(f"{AT}{number}/ask", 302, use="view", reason="Renewal talks", until="2026-11-25")
    card = asker.text(f"{CARDS}{last_card()}")
    for name in names[1:]:
        assert f">{name}<" in card


@pytest.mark.parametrize(
    ("language", "who"),
    [("en", "Only for: department head, sales manager, general manager"), ("zh", "限客服部经理、市场部经理、总经理")],
)
def test_who_may_borrow_is_said_by_their_roles(sit: Sit, make: Make, language: str, who: str) -> None:
    number = make(sit(Role.SPECIALIST, name="Owner").person, level="secret")["number"]
    page = sit(Role.SUPERVISOR, name="Asker", language=language).text(f"{AT}{number}")
    assert re.findall(r"<small>([^<]*)</small>", page[page.index('id="ask"') :]) == [who, who]


def test_what_cannot_be_asked_for_is_said_on_the_form_with_what_was_typed(sit: Sit, make: Make) -> None:
    owner = sit(Role.SPECIALIST, name="Owner")
    numbers = [make(owner.person, level="secret")["number"] for _ in range(2)]
    asker = sit(Role.SPECIALIST, name="Asker")
    sent = {"use": "view", "reason": "Renewal talks", "until": "2026-11-25"}
    asker.send(f"{AT}ask", 302, number=numbers, send="1", **sent)
    card, sent = last_card(), {**sent, "reason": "Once more", "until": "2026-11-24"}
    page = asker.send(f"{AT}ask", 409, number=numbers, send="1", **sent).text
    assert f"Your request for this record is still open: {card}." in page
    assert ">Once more</textarea>" in page
    assert 'value="2026-11-24"' in page
    again = asker.send(f"{AT}{numbers[0]}/ask", 409, **sent).text
    assert f"still open: {card}." in again
    read = make(asker.person, level="secret")["number"]
    page = asker.send(f"{AT}ask", 409, number=[read], send="1", **sent).text
    assert "You can already read this record." in page
    assert ">Once more</textarea>" in page
    assert cards() == 1
