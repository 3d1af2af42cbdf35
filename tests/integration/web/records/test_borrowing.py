"""Cards on the screen: many at once, what the signer is told, the countdown, the file with its receipt, the print."""

from __future__ import annotations

import csv
import re
from datetime import datetime, timedelta
from typing import Any

import pytest

from config.database import database
from models import audit, records, registry, store
from models.access_request import service
from models.exchange.mapping import EXPORT_HEADINGS, RECEIPT_HEADING
from models.person.roles import Role
from tests.factories.commands import commands
from tests.factories.customers import customer
from tests.factories.definitions import in_force, visit
from tests.factories.desks import Desk
from tests.integration.web.records.conftest import Make, Sit

AT = "/records/sample/"
CARDS = "/records/access_request/"
WINDOW = {"reason": "Audit at the site", "from": "", "until": "2026-11-25"}


@pytest.fixture
def office(sit: Sit) -> dict[str, Desk]:
    """The desks of a card's life; the manager sees the department's cards and may borrow."""
    head = sit(Role.HEAD, name="Head")
    return {
        "head": head,
        "owner": sit(Role.SPECIALIST, name="Owner"),
        "manager": sit(Role.SALES_MANAGER, name="Manager", manager=head.person.id),
        "custodian": sit(Role.CUSTODIAN, name="Custodian"),
    }


def move(desk: Desk, number: str, name: str, **data: str) -> None:
    card = stored(number)
    desk.send(f"{CARDS}{number}/do/{name}", 303, rev=str(card["rev"]), **data)


def stored(number: str) -> dict[str, Any]:
    row = database()["record_access_request"].find_one({"number": number})
    assert row is not None
    return store.fetch("access_request", row["_id"])


def last_card() -> str:
    row = database()["record_access_request"].find_one(sort=[("number", -1)])
    assert row is not None
    return str(row["number"])


@pytest.fixture
def granted(office: dict[str, Desk], make: Make) -> tuple[str, str]:
    """A card to export one secret record, approved; the card's number and the record's."""
    number = make(office["owner"].person, name="Lamp works", level="secret")["number"]
    office["manager"].send(f"{AT}{number}/ask", 302, use="export", **WINDOW)
    card = last_card()
    move(office["head"], card, "approve", valid_until="2026-11-25")
    return card, number


def test_locked_rows_can_be_ticked_and_asked_for_together(office: dict[str, Desk], make: Make) -> None:
    desk = office["manager"]
    numbers = [make(office["owner"].person, name=name, level="secret")["number"] for name in ("Lamp", "Light")]
    page = desk.text(AT)
    assert f'value="{numbers[0]}"' in page
    assert f'formaction="{AT}ask"' in page
    form = desk.post(f"{AT}ask", {"number": numbers}).get_data(as_text=True)
    assert all(one in form for one in numbers)
    assert "L***" in form
    desk.send(f"{AT}ask", 302, number=numbers, send="1", use="view", **WINDOW)
    assert [item["number"] for item in stored(last_card())["items"]] == numbers


def test_what_is_asked_for_already_is_named_for_each_ticked_record_by_one_question(
    office: dict[str, Desk], make: Make
) -> None:
    desk = office["manager"]
    numbers = [make(office["owner"].person, level="secret")["number"] for _ in range(4)]
    cards = []
    for some in (numbers[:2], numbers[2:3]):
        desk.send(f"{AT}ask", 302, number=some, send="1", use="view", **WINDOW)
        cards.append(last_card())
    with commands.heard() as heard:
        page = desk.post(f"{AT}ask", {"number": numbers}).get_data(as_text=True)
    assert heard.count("find record_access_request") == 1
    said = [page.count(f"Your request {card} for it is open") for card in cards]
    assert (said, page.count("it is left out")) == ([2, 1], 3)


def test_what_is_wrong_with_a_card_of_many_is_said_in_place(office: dict[str, Desk], make: Make) -> None:
    desk, number = office["manager"], make(office["owner"].person, level="secret")["number"]
    sent = {"number": [number], "send": "1", "use": "export", **WINDOW, "until": "2026-12-24"}
    page = desk.send(f"{AT}ask", 422, **sent).get_data(as_text=True)
    assert "3 days at most with the first one: Wed 25 Nov 2026 at the latest." in page
    assert "Audit at the site" in page
    for bad in ({}, {"number": [number], "all": "1"}, {"number": [f"YP-{n}" for n in range(21)]}):
        desk.send(f"{AT}ask", 422, **bad)
    desk.send(f"{AT}ask", 404, number=[number, "YP-2026-999999"], send="1", use="view", **WINDOW)
    assert database()["record_access_request"].count_documents({}) == 0


@pytest.mark.parametrize(("language", "word"), [("en", "top secret"), ("zh", "绝密")])
def test_the_sheet_of_an_ordinary_request_says_nothing_of_top_secret(
    sit: Sit, office: dict[str, Desk], make: Make, language: str, word: str
) -> None:
    head = sit(Role.HEAD, name="Other head", language=language)
    number = make(office["owner"].person, level="secret")["number"]
    office["manager"].send(f"{AT}{number}/ask", 302, use="view", **WINDOW)
    page = head.text(f"{CARDS}{last_card()}/do/approve")
    assert word not in page.lower()


def test_who_offers_is_told_whose_signatures_this_offer_needs(office: dict[str, Desk], make: Make) -> None:
    said = {}
    for level in ("secret", "top_secret"):
        number = make(office["owner"].person, level=level)["number"]
        for name in ("owner", "head"):
            page = office[name].text(f"{AT}{number}/offer")
            said[level, name] = re.findall(r'<li class="tone-neutral">([^<]+)</li>', page)[0]
    assert said == {
        ("secret", "owner"): "The department head signs.",
        ("secret", "head"): "The general manager signs.",
        ("top_secret", "owner"): "The department head signs, then the general manager.",
        ("top_secret", "head"): "The general manager signs.",
    }


def test_who_signs_sees_records_columns_rows_and_the_highest_level_as_it_is_now(
    office: dict[str, Desk], make: Make
) -> None:
    made = [make(office["owner"].person, name=name, level="secret") for name in ("Lamp works", "Light works")]
    numbers = [one["number"] for one in made]
    office["manager"].send(f"{AT}ask", 302, number=numbers, send="1", use="view", **WINDOW)
    office["owner"].send(f"{AT}{numbers[1]}/edit", rev="1", level="confidential")
    page = office["head"].text(f"{CARDS}{last_card()}/do/approve")
    for part in (*numbers, "2 records (rows)", "columns", "Highest level now", "Confidential"):
        assert part in page
    database()["record_sample"].delete_one({"number": numbers[0]})
    page = office["head"].text(f"{CARDS}{last_card()}/do/approve")
    assert "no longer there" in page
    rev = str(stored(last_card())["rev"])
    office["head"].send(f"{CARDS}{last_card()}/do/approve", 409, rev=rev, valid_until="2026-11-25")
    assert stored(last_card())["state"] == "signed"


def test_columns_fold_by_the_groups_of_the_record_with_how_many_each_holds(office: dict[str, Desk], make: Make) -> None:
    number = make(office["owner"].person, level="secret")["number"]
    office["manager"].send(f"{AT}{number}/ask", 302, use="view", **WINDOW)
    page = office["head"].text(f"{CARDS}{last_card()}/do/approve")
    rt = registry.get("sample").rt
    parts = dict(re.findall(r'told-part"><summary>([^<]+) <span class="muted num">(\d+)</span>', page))
    assert list(parts) == [group.label.en for group in rt.groups]
    assert f"{sum(map(int, parts.values()))} columns" in page


def test_who_signs_sees_from_when_a_card_is_to_open(office: dict[str, Desk], make: Make) -> None:
    number = make(office["owner"].person, level="secret")["number"]
    window = WINDOW | {"from": "2026-11-24"}
    office["manager"].send(f"{AT}{number}/ask", 302, use="view", **window)
    assert "Tue 24 Nov 2026" in office["head"].text(f"{CARDS}{last_card()}/do/approve")


def test_who_signs_may_refuse_on_the_sheet_that_says_what_is_asked(office: dict[str, Desk], make: Make) -> None:
    number = make(office["owner"].person, level="secret")["number"]
    office["manager"].send(f"{AT}{number}/ask", 302, use="view", **WINDOW)
    card, head = last_card(), office["head"]
    sheet = f"{CARDS}{card}/do/approve"
    assert 'value="refuse" data-needs="note"' in head.text(sheet)
    assert 'value="approve"' not in head.text(f"{CARDS}{card}/do/refuse"), "who came to refuse approves nothing"
    sent = {"rev": str(stored(card)["rev"]), "valid_until": "2026-11-24", "_answer": "refuse"}
    assert "Give the reason" in head.send(sheet, 422, **sent).get_data(as_text=True)
    for other in ("withdraw", "sign", "nothing"):
        assert head.post(sheet, sent | {"_answer": other, "note": "x"}).status_code in (403, 404, 409), other
    assert stored(card)["state"] == "signed"
    head.send(sheet, 303, **sent, note="Ask the owner")
    assert (stored(card)["state"], stored(card)["valid_until"].isoformat()) == ("refused", "2026-11-25")


def test_an_open_record_counts_down_and_its_file_leaves_with_a_receipt(
    office: dict[str, Desk], granted: tuple[str, str]
) -> None:
    card, number = granted
    desk = office["manager"]
    page = desk.text(f"{AT}{number}")
    assert re.search(r'data-countdown="2026-11-25T16:00:00\+00:00"[^>]*>2 days<', page)
    assert card in page
    assert "data-countdown" not in office["owner"].text(f"{AT}{number}")
    assert f"{CARDS}{card}/take" in desk.text(f"{CARDS}{card}")
    taking = desk.text(f"{CARDS}{card}/take")
    assert "Columns" in taking
    given = desk.send(f"{CARDS}{card}/take", 200, format="csv")
    assert given.headers["X-Receipt"] == "HZ-2026-000001"
    assert "Lamp works" in given.get_data(as_text=True)
    [headings, *_rows] = csv.reader(given.get_data(as_text=True).splitlines())
    marks = len([*EXPORT_HEADINGS, RECEIPT_HEADING])  # who took it, when, under which receipt
    assert f"1 record (row), {len(headings) - marks} columns" in taking
    [row] = stored(card)["receipts"]
    page = desk.text(f"{CARDS}{card}")
    assert row["number"] in page
    assert row["sha256"] in page


def test_a_foreign_forged_or_late_taking_is_refused_and_in_the_trail(
    office: dict[str, Desk], granted: tuple[str, str], sit: Sit
) -> None:
    card, _number = granted
    office["head"].text(f"{CARDS}{card}/take", status=403)
    office["head"].send(f"{CARDS}{card}/take", 409, format="csv")
    sit(Role.SPECIALIST, name="Stranger").send(f"{CARDS}{card}/take", 404, format="csv")
    office["manager"].send(f"{CARDS}{card}/take", 400, format="pdf")
    assert office["manager"].client.post(f"{CARDS}{card}/take", data={"format": "csv"}).status_code == 400
    move(office["manager"], card, "give_back")
    office["manager"].send(f"{CARDS}{card}/take", 409, format="csv")
    office["manager"].text(f"{CARDS}{card}/take", status=409)
    assert stored(card)["receipts"] is None
    refused = [row["actor_name"] for row in audit.entries({"action": "refused", "type": "access_request"})]
    assert sorted(refused) == ["Head", "Manager"]


def test_what_may_be_read_on_screen_only_is_not_named_on_paper(office: dict[str, Desk], now: datetime) -> None:
    """X4: a plain record is printed by everybody; a confidential one to which it points is named there as its card."""
    owner = office["owner"]
    made = customer(owner.person, now, name="机密远山有限公司", level="confidential", level_basis="x")
    with in_force(visit() | {"rights": {**visit()["rights"], "export": [{"relation": "dept"}]}}, now):
        at = records.create(owner.person, "visit", {"visitor": "Guest", "customer": str(made["_id"])}, now=now)
        paper = owner.text(f"/records/visit/{at['number']}/print")
        assert "机密远山有限公司" in owner.text(f"/records/visit/{at['number']}")
    assert ("机密远山有限公司" in paper, "机***司" in paper) == (False, True)


def test_a_print_under_a_card_bears_its_receipt_and_is_counted(office: dict[str, Desk], make: Make) -> None:
    number = make(office["owner"].person, name="Lamp works", level="secret")["number"]
    office["manager"].send(f"{AT}{number}/ask", 302, use="print", **WINDOW)
    card = last_card()
    move(office["head"], card, "approve", valid_until="2026-11-25")
    page = office["manager"].text(f"{AT}{number}/print")
    assert "Secret · Manager · 2026-11-23" in page
    assert "HZ-2026-000001" in page
    assert "To be returned by 25 Nov 2026" in page
    own = office["owner"].text(f"{AT}{number}/print")
    assert "HZ-" not in own
    assert "To be returned" not in own
    assert len(stored(card)["receipts"]) == 1
    move(office["manager"], card, "give_back")
    assert "is to be returned" in office["manager"].text(f"{CARDS}{card}")
    assert card in office["custodian"].text("/")
    move(office["custodian"], card, "take_back")
    assert stored(card)["state"] == "ended"


def test_an_owner_offers_a_top_secret_record_to_a_named_person(office: dict[str, Desk], make: Make, sit: Sit) -> None:
    gm = sit(Role.GENERAL_MANAGER, name="GM", department="management")
    number = make(office["owner"].person, name="Lamp works", level="top_secret")["number"]
    at = f"{AT}{number}/offer"
    assert at in office["owner"].text(f"{AT}{number}")
    office["manager"].text(at, status=404)
    office["owner"].send(at, 422, to="Nobody at all", use="view", **WINDOW)
    office["owner"].send(at, 302, to="Manager", use="view", **WINDOW)
    card = last_card()
    assert f"Your offer {card} is on its way." in office["owner"].text(f"{AT}{number}")
    move(office["head"], card, "approve", valid_until="2026-11-25")
    office["manager"].text(f"{AT}{number}", status=404)
    assert f"{CARDS}{card}/do/revoke" not in gm.text(f"{CARDS}{card}")
    move(gm, card, "countersign", valid_until="2026-11-25")
    assert "Lamp works" in office["manager"].text(f"{AT}{number}")
    assert card in gm.text(f"{CARDS}?state=granted")
    assert f"{CARDS}{card}/do/revoke" in gm.text(f"{CARDS}{card}")
    move(gm, card, "revoke", note="Stop")
    office["manager"].text(f"{AT}{number}", status=404)


def test_an_owner_who_offers_to_themselves_is_told_so_beside_the_name(
    office: dict[str, Desk], make: Make, now: datetime
) -> None:
    record, manager = make(office["owner"].person, name="Lamp works", level="confidential"), office["manager"]
    store.change("sample", record["_id"], {"owner": manager.person.id}, actor=office["head"].person, now=now)
    at = f"{AT}{record['number']}/offer"
    page = manager.send(at, 409, to="Manager", use="view", **WINDOW)
    assert "This person may already use this record so." in page.get_data(as_text=True)
    page = manager.send(at, 409, to="Manager", use="export", **WINDOW)
    assert "You cannot offer a record to yourself" in page.get_data(as_text=True)
    assert database()["record_access_request"].count_documents({}) == 0


def test_the_form_says_who_signs_and_offers_a_window_that_any_use_may_have(
    office: dict[str, Desk], sit: Sit, make: Make
) -> None:
    away = sit(Role.SALES_MANAGER, name="Own manager")
    seller = sit(Role.SALES_MANAGER, name="Seller", manager=away.person.id)
    at = f"{AT}{make(office['owner'].person, level='secret')['number']}"
    asked = {desk: office[desk].text(at) for desk in ("manager",)} | {"seller": seller.text(at)}
    assert {who: "Your own manager signs." in page for who, page in asked.items()} == {"manager": False, "seller": True}
    until = re.search(r'id="ask-until" name="until" value="([0-9-]+)"', asked["manager"])
    assert until is not None
    window = {**WINDOW, "use": "export", "until": until[1]}
    office["manager"].send(f"{at}/ask", 302, **window)


def test_an_open_card_leads_to_its_record_and_ends_on_the_day_that_was_given(
    office: dict[str, Desk], granted: tuple[str, str]
) -> None:
    card, number = granted
    page = office["manager"].text(f"{CARDS}{card}")
    assert f'href="{AT}{number}"' in page
    assert "25 Nov 2026 23:59" in page
    assert f'href="{AT}{number}"' not in office["head"].text(f"{CARDS}{card}")


def test_where_a_card_stands_names_who_signs_next(office: dict[str, Desk], sit: Sit, make: Make) -> None:
    away = sit(Role.SALES_MANAGER, name="Own manager")
    seller = sit(Role.SALES_MANAGER, name="Seller", manager=away.person.id)
    number = make(office["owner"].person, level="secret")["number"]
    seller.send(f"{AT}{number}/ask", 302, use="view", **WINDOW)
    page = seller.text(f"{CARDS}{last_card()}")
    coming = re.search(r'<li class="coming">(.*?)</li>', page)
    assert coming is not None
    assert "Approve" in coming[1]
    assert "Department head" in coming[1]


def test_what_the_system_did_stands_in_the_row_of_steps_as_a_sentence(
    office: dict[str, Desk], granted: tuple[str, str], now: datetime
) -> None:
    card, _number = granted
    assert service.expire(now + timedelta(days=4)) == 1
    assert "<strong>Closed it: its period is over</strong>" in office["manager"].text(f"{CARDS}{card}")


def test_who_signs_an_offer_reads_for_whom_it_is_and_to_whom_it_goes_next(office: dict[str, Desk], make: Make) -> None:
    number = make(office["owner"].person, name="Lamp works", level="top_secret")["number"]
    office["owner"].send(f"{AT}{number}/offer", 302, to="Manager", use="view", **WINDOW)
    page = office["head"].text(f"{CARDS}{last_card()}/do/approve")
    assert "<dt>Reader</dt><dd>Manager</dd>" in page
    assert "Waiting for general manager”" in page


def test_an_offer_to_whom_has_a_card_already_speaks_of_their_card(office: dict[str, Desk], make: Make) -> None:
    number = make(office["owner"].person, level="secret")["number"]
    for status in (302, 409):
        page = office["owner"].send(f"{AT}{number}/offer", status, to="Manager", use="view", **WINDOW).text
    assert "This person already has a card" in page
    page = office["owner"].send(f"{AT}{number}/offer", 409, to="Head", use="view", **WINDOW).text
    assert "This person may already use this record" in page
    assert "Audit at the site" in page, "what was typed is kept"


def test_a_refusal_says_that_something_changed_only_when_it_did(office: dict[str, Desk], make: Make) -> None:
    number = make(office["owner"].person, level="secret")["number"]
    page = office["head"].send(f"{AT}{number}/ask", 409, use="view", **WINDOW).text
    assert "You can already read this record." in page
    assert "Not possible now" in page
    assert "changed meanwhile" not in page
    office["owner"].send(f"{AT}{number}/secrecy", 302, kind="lower", new_level="internal", reason="Published")
    database()["record_sample"].update_one({"number": number}, {"$set": {"level": "confidential"}})
    [change] = database()["record_secrecy_change"].find()
    page = office["head"].send(f"/records/secrecy_change/{change['number']}/do/approve", 409, rev="1").text
    assert "its level or period has changed" in page


def test_the_sheet_says_a_masked_name_once(office: dict[str, Desk], make: Make) -> None:
    number = make(office["owner"].person, name="Lamp works", level="secret")["number"]
    office["manager"].send(f"{AT}{number}/ask", 302, use="view", **WINDOW)
    page = office["head"].text(f"{CARDS}{last_card()}/do/approve")
    assert page.count("L***") == 1
    assert "Masked name" not in page


def test_what_is_asked_for_already_is_marked_before_it_is_left_out(office: dict[str, Desk], make: Make) -> None:
    numbers = [make(office["owner"].person, name=name, level="secret")["number"] for name in ("Lamp", "Light")]
    office["manager"].send(f"{AT}{numbers[0]}/ask", 302, use="view", **WINDOW)
    page = office["manager"].send(f"{AT}ask", 200, number=numbers).text
    assert page.count(f"Your request {last_card()} for it is open") == 1


def test_who_may_only_look_is_told_how_a_record_gets_on_paper(office: dict[str, Desk], make: Make) -> None:
    number = make(office["owner"].person, level="secret")["number"]
    assert "you see its card" in office["manager"].text(f"{AT}{number}/print", status=403)
    office["manager"].send(f"{AT}{number}/ask", 302, use="view", **WINDOW)
    move(office["head"], last_card(), "approve", valid_until="2026-11-25")
    assert "to print or export it" in office["manager"].text(f"{AT}{number}/print", status=403)


def test_giving_back_says_that_what_left_is_still_to_be_returned_and_to_whom(
    office: dict[str, Desk], granted: tuple[str, str]
) -> None:
    card, _number = granted
    for _ in range(2):
        office["manager"].send(f"{CARDS}{card}/take", 200, format="csv")
    first, second = (row["number"] for row in stored(card)["receipts"])
    page = office["manager"].text(f"{CARDS}{card}/history")
    assert f"took out under receipt: {second}" in page
    assert page.count(f"{first} · ") == 1  # and not again in what the second added
    assert "“To be returned”" in office["manager"].text(f"{CARDS}{card}/do/give_back")
    move(office["manager"], card, "give_back")
    page = office["manager"].text(f"{CARDS}{card}")
    assert "Hand it to Custodian" in page
    assert "Approve" in page[page.index("standing") : page.index("What is asked")]
    assert "Hand it to" not in office["custodian"].text(f"{CARDS}{card}")


def test_the_head_comes_from_a_record_to_who_has_read_it(office: dict[str, Desk], make: Make) -> None:
    number = make(office["owner"].person, level="secret")["number"]
    assert f'href="/readers/sample/{number}"' in office["head"].text(f"{AT}{number}")
    assert "/readers/" not in office["owner"].text(f"{AT}{number}")


def test_days_on_a_sheet_and_a_locked_card_are_in_the_readers_language(
    office: dict[str, Desk], sit: Sit, make: Make
) -> None:
    away = sit(Role.SALES_MANAGER, name="Own manager")
    seller = sit(Role.SALES_MANAGER, name="Seller", manager=away.person.id)
    number = make(office["owner"].person, level="secret")["number"]
    seller.send(f"{AT}{number}/ask", 302, use="view", **WINDOW)
    assert "<dt>Until</dt><dd>25 Nov 2026</dd>" in away.text(f"{CARDS}{last_card()}/do/sign")
    assert re.search(rf"{last_card()}.{{0,80}}23 Nov 2026 10:00", seller.text(f"{AT}{number}"), re.DOTALL)


def test_a_record_under_a_card_offers_to_ask_for_longer_until_that_is_asked(
    office: dict[str, Desk], granted: tuple[str, str]
) -> None:
    card, number = granted
    desk, at = office["manager"], f"{AT}{number}"
    assert f'href="{at}/ask"' in desk.text(at)
    form = desk.text(f"{at}/ask")
    assert 'name="from" value="2026-11-26"' in form
    assert "Ask for longer or for another use" in form
    assert "it opens on the day given" in form
    assert "at once" not in form
    page = desk.send(f"{at}/ask", 422, use="export", **WINDOW).text
    assert f"Your card {card} lasts to" in page
    assert "This record is locked" not in page, "they read it"
    assert "Audit at the site" in page
    desk.send(f"{at}/ask", 302, use="export", reason="Not done yet", **{"from": "2026-11-26", "until": "2026-11-28"})
    assert stored(last_card())["state"] == "signed"
    assert f'href="{at}/ask"' not in desk.text(at)
    assert desk.get(f"{at}/ask").status_code == 302


def test_whoever_reads_a_record_without_a_card_is_offered_no_longer_one(office: dict[str, Desk], make: Make) -> None:
    number = make(office["owner"].person, level="secret")["number"]
    assert f"{AT}{number}/ask" not in office["owner"].text(f"{AT}{number}")
    assert office["owner"].get(f"{AT}{number}/ask").status_code == 302
