"""What a type calls its people: the owner in lists, pages, files and the API, and who asks on the sheets; and what
whoever handed something in is told."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime

import pytest

from backoffice.api.document import record_schemas
from config.database import database
from models import access, registry
from models.declarations import Label
from models.person.roles import Role
from tests.factories.customers import customer
from tests.factories.types import SAMPLE
from tests.integration.web.records.conftest import Make, Sit

WORDS = {
    "access_request": {"en": "Reader", "zh": "借阅人"},
    "destruction": {"en": "Proposed by", "zh": "提出人"},
    "leak": {"en": "Reported by", "zh": "上报人"},
    "secrecy_change": {"en": "Asked by", "zh": "申请人"},
    "customer": {"en": "Owner", "zh": "负责人"},
}
LEAK = {
    "subject": "Quotation seen elsewhere", "happened_on": "2026-11-18", "found_on": "2026-11-20", "way": "paper",
    "level_leaked": "secret", "account": "A print lay on the table.",
}  # fmt: skip
AT = "/records/leak/"


def facts(page: str) -> dict[str, str]:
    """What stands beside each label of a page, without its tags."""
    found = re.findall(r"<dt[^>]*>(.*?)</dt><dd[^>]*>(.*?)</dd>", page, re.DOTALL)
    return {label: re.sub("<[^>]*>", "", text).strip() for label, text in found}


def number_of_the_last(slug: str) -> str:
    row = database()[f"record_{slug}"].find_one(sort=[("number", -1)])
    assert row is not None
    return str(row["number"])


@pytest.mark.parametrize("slug", WORDS)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_filters_and_the_api_call_the_owner_as_the_type_does(sit: Sit, slug: str, language: str) -> None:
    desk, word, rt = sit(Role.HEAD, language=language), WORDS[slug][language], registry.get(slug).rt
    page = desk.text(f"/records/{slug}/?owner=me")
    assert f'<option value="owner">{word}</option>' in page
    assert f'class="chip-text">{word} ' in page, "the filter in force"
    schema = record_schemas(rt, access.visible_fields(desk.person, rt), language)[slug]
    assert schema["properties"]["owner"]["title"] == word


def test_a_word_of_its_own_stands_in_list_form_card_paper_history_and_file(sit: Sit, make: Make) -> None:
    registry.register(replace(SAMPLE, owner=Label("保管人", "Keeper"), menu="family"))
    owner, other, head = sit(Role.SPECIALIST), sit(Role.SPECIALIST), sit(Role.HEAD)
    made = make(owner.person, level="secret")
    at = f"/records/sample/{made['number']}"
    assert "Keeper" in re.findall(r"<th[^>]*>\s*(?:<a[^>]*>)?([^<]+)", head.text("/records/sample/"))
    assert ">Keeper<" in head.text(f"{at}/edit")
    assert facts(head.text(at))["Keeper"] == facts(other.text(at))["Keeper"] == owner.person.name
    assert f"Keeper {owner.person.name}" in head.text(f"{at}/print")
    head.send(f"{at}/edit", 303, rev="1", name="Lamp", owner=head.person.email)
    assert "<dt>Keeper</dt>" in head.text(f"{at}/history")
    line = head.send("/records/sample/export", 200, format="csv").get_data(as_text=True).splitlines()[0]
    assert "Keeper" in line
    assert "Owner" not in line


def test_a_leak_says_who_reported_it(sit: Sit) -> None:
    reporter, head = sit(Role.SPECIALIST, name="Rui Porter"), sit(Role.HEAD)
    reporter.send(f"{AT}new", 303, **LEAK)
    page = facts(head.text(AT + number_of_the_last("leak")))
    assert (page["Reported by"], page.get("Owner")) == ("Rui Porter", None)


def test_the_sheets_of_a_leak_say_who_reported_and_who_took_it_up(sit: Sit) -> None:
    reporter, head = sit(Role.SPECIALIST, name="Rui Porter"), sit(Role.HEAD, name="Head One")
    manager = sit(Role.GENERAL_MANAGER, name="Gene Manager", department="management")
    reporter.send(f"{AT}new", 303, **LEAK)
    at = AT + number_of_the_last("leak")
    head.send(f"{at}/do/take_up", 303, rev="1")
    finding = {"findings": "Left in the car.", "duty": "none", "outcome": "unfounded"}
    strip = reporter.text(at).split("standing")[1].split("</ol>")[0]
    assert "Somebody who looks into it" in strip, "whoever reported is not told who inquires"
    assert "The system" not in strip
    assert "Head One" not in reporter.text(at), "nor whom it waits for"
    for who, move, sent in ((head, "conclude", finding), (manager, "close", {})):
        sheet = facts(who.text(f"{at}/do/{move}"))
        assert sheet["Reported by"].startswith("Rui Porter"), move
        assert sheet["Inquiry begun"].startswith("Head One"), move
        assert "Asked by" not in sheet
        who.send(f"{at}/do/{move}", 303, rev=str(2 + (who is manager)), **sent)


def test_whoever_hands_something_in_is_told_what_it_is(sit: Sit, make: Make, now: datetime) -> None:
    owner = sit(Role.SPECIALIST, name="Owner")
    made = make(owner.person, level="secret", made_on="2019-05-01")
    database()["record_sample"].update_one({"_id": made["_id"]}, {"$set": {"state": "approved"}})
    owner.send(f"{AT}new", 303, **LEAK)
    assert f"Leak {number_of_the_last('leak')} is handed in." in owner.text("/")
    owner.send(f"/records/sample/{made['number']}/destroy", 303, number=made["number"], send="1", reason="Old")
    assert f"Destruction {number_of_the_last('destruction')} is handed in." in owner.text("/")
    owner.send("/records/sample/new", 303, name="Lamp")
    assert "Saved." in owner.text("/")


@pytest.mark.parametrize(("language", "day"), [("en", "5 Mar 1980"), ("zh", "1980-03-05")])
def test_a_day_beside_what_was_found_is_written_as_pages_write_days(
    sit: Sit, now: datetime, language: str, day: str
) -> None:
    owner = sit(Role.SPECIALIST, language=language)
    customer(owner.person, now, key_people=[{"name": "Quill", "birthday": date(1980, 3, 5)}])
    hit = re.search(r"<span>[^<]*<mark>Quill</mark>.*?</span>", owner.text("/records/find?q=Quill"))
    assert hit is not None
    assert day in hit.group(0)
