"""The sheets of a card say what it holds, for whoever revokes it as for whoever approves it (X4, X5)."""

from __future__ import annotations

import re
from datetime import datetime
from html import unescape

import pytest

from config.database import database
from models.person import deputies
from models.person.roles import Role
from tests.factories.desks import Desk
from tests.integration.web.records.conftest import Make, Sit
from tests.integration.web.records.test_borrowing import AT, CARDS, WINDOW, last_card, move, office, stored

__all__ = ["office"]

NOT_THERE = "is no longer there"


def facts(page: str) -> dict[str, str]:
    """The lines of a sheet, by their labels."""
    part = page[page.index("act-facts") :].partition("</dl>")[0]
    return dict(re.findall(r"<dt>([^<]*)</dt><dd[^>]*>(.*?)</dd>", part, re.DOTALL))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_who_revokes_a_card_reads_what_it_holds_as_whoever_approved_it(
    office: dict[str, Desk], sit: Sit, make: Make, language: str
) -> None:
    head = sit(Role.HEAD, name="Other head", language=language)
    numbers = [make(office["owner"].person, name=name, level="secret")["number"] for name in ("Lamp", "Light")]
    window = WINDOW | {"from": "2026-11-23"}
    office["manager"].send(f"{AT}ask", 302, number=numbers, send="1", use="export", **window)
    card = last_card()
    approved = facts(head.text(f"{CARDS}{card}/do/approve"))
    move(head, card, "approve", valid_until="2026-11-25")
    revoked = facts(head.text(f"{CARDS}{card}/do/revoke"))
    until = {"en": ("Until", "25 Nov 2026"), "zh": ("使用至", "2026-11-25")}[language]
    assert revoked[until[0]] == until[1], "the last day, which is asked for on the sheet of the approval"
    assert {label: revoked.get(label) for label in approved} == approved
    told = " ".join(revoked.values())
    assert all(number in told for number in numbers)
    assert "Manager" in told


def test_what_becomes_of_a_card_without_a_decision_shows_no_more_than_before(
    office: dict[str, Desk], make: Make
) -> None:
    """Whoever asked learns nothing of a record that was raised meanwhile, on no sheet of their own either (X3, X6)."""
    number = make(office["owner"].person, name="Lamp works", level="secret")["number"]
    manager = office["manager"]
    manager.send(f"{AT}{number}/ask", 302, use="view", **WINDOW)
    card = last_card()
    before = facts(manager.text(f"{CARDS}{card}/do/withdraw"))
    office["head"].send(f"{AT}{number}/edit", 303, rev="1", level="top_secret")
    page = manager.text(f"{CARDS}{card}/do/withdraw")
    assert facts(page) == before == {}
    assert "op secret" not in page


def test_a_card_whose_record_is_gone_is_revoked_all_the_same(office: dict[str, Desk], make: Make) -> None:
    number = make(office["owner"].person, name="Lamp works", level="secret")["number"]
    office["manager"].send(f"{AT}{number}/ask", 302, use="view", **WINDOW)
    card = last_card()
    move(office["head"], card, "approve", valid_until="2026-11-25")
    database()["record_sample"].delete_one({"number": number})
    assert NOT_THERE in office["head"].text(f"{CARDS}{card}/do/revoke")
    move(office["head"], card, "revoke", note="Stop")
    assert stored(card)["state"] == "revoked"


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("zh", "Head 已于 2026-11-23（周一）10:00 办理“批准”，不能再办理“拒绝”。"),
        (
            "en",
            "Done already: “Approved” by Head, Mon 23 Nov 2026, 10:00. “Refuse” is not possible any more.",
        ),
    ],
)
def test_of_two_opposite_decisions_the_second_is_named_as_it_was_pressed(
    office: dict[str, Desk], sit: Sit, make: Make, language: str, said: str
) -> None:
    number = make(office["owner"].person, level="secret")["number"]
    office["manager"].send(f"{AT}{number}/ask", 302, use="view", **WINDOW)
    card, second = last_card(), sit(Role.HEAD, name="Second", language=language)
    sheet = f"{CARDS}{card}/do/approve"
    second.text(sheet)
    move(office["head"], card, "approve", valid_until="2026-11-25")
    sent = {"rev": "1", "valid_until": "2026-11-25", "note": "No"}
    page = second.send(sheet, 409, _answer="refuse", **sent).text
    assert said in page
    assert f'href="{CARDS}{card}"' in page, "the way to where it stands"
    for forged in ("withdraw", "nothing", ""):
        page = second.send(sheet, 409, _answer=forged, **sent).text
        assert ("“批准”。" if language == "zh" else "“Approve” is not possible") in page, forged
    assert stored(card)["state"] == "granted"


# --- where a move leads whoever reads the card only while it is their turn


@pytest.fixture
def out(office: dict[str, Desk], make: Make) -> str:
    """A card whose paper is out, and is to be returned to the custodian."""
    number = make(office["owner"].person, level="secret")["number"]
    office["manager"].send(f"{AT}{number}/ask", 302, use="export", **WINDOW)
    card = last_card()
    move(office["head"], card, "approve", valid_until="2026-11-25")
    office["manager"].send(f"{CARDS}{card}/take", 200, format="csv")
    move(office["manager"], card, "give_back")
    return card


def test_who_confirms_a_return_comes_back_to_the_list_that_they_came_from(office: dict[str, Desk], out: str) -> None:
    custodian = office["custodian"]
    listed = custodian.text(f"{CARDS}?state=out")
    led = re.search(rf'href="({CARDS}{out}\?in=[^"]+)"', listed)
    assert led is not None
    action = re.search(r'action="([^"]+/do/take_back[^"]*)"', custodian.text(unescape(led[1])))
    assert action is not None
    answer = custodian.send(unescape(action[1]), 303, rev=str(stored(out)["rev"]))
    assert answer.location == f"{CARDS}?state=out"
    page = custodian.text(answer.location)
    assert f"Done: Confirm the return ({out})." in page
    assert f'href="{CARDS}{out}' not in page, "it is theirs to read no more"
    custodian.text(f"{CARDS}{out}", 404)
    assert stored(out)["state"] == "ended"


def test_from_my_work_it_leads_back_there_and_names_the_card(office: dict[str, Desk], out: str) -> None:
    answer = office["custodian"].send(f"{CARDS}{out}/do/take_back", 303, rev=str(stored(out)["rev"]))
    assert answer.location == "/"
    assert f"Done: Confirm the return ({out})." in office["custodian"].text("/")


def test_a_list_that_nobody_came_from_breaks_no_answer(office: dict[str, Desk], out: str) -> None:
    sent = f"{CARDS}{out}/do/take_back?in=state%3Dout%0D%0ASet-Cookie%3A+x"
    answer = office["custodian"].send(sent, 303, rev=str(stored(out)["rev"]))
    assert answer.location == f"{CARDS}?state=out%0D%0ASet-Cookie:%20x"


def test_who_reads_the_card_for_good_stays_at_it(office: dict[str, Desk], out: str) -> None:
    sent = f"{CARDS}{out}/do/take_back?in=state%3Dout"
    answer = office["head"].send(sent, 303, rev=str(stored(out)["rev"]))
    assert answer.location == f"{CARDS}{out}"
    assert "Done: Confirm the return." in office["head"].text(answer.location)


def test_a_sheet_keeps_the_list_that_led_to_it(office: dict[str, Desk], sit: Sit, make: Make, now: datetime) -> None:
    deputy = sit(Role.SALES_MANAGER, name="Deputy", department="sales")
    head = office["head"].person
    assert head.id is not None
    deputies.name_deputy(head, head.id, deputy.person.id, begins=now.date(), ends=now.date(), now=now)
    number = make(office["owner"].person, level="secret")["number"]
    office["manager"].send(f"{AT}{number}/ask", 302, use="view", **WINDOW)
    card = last_card()
    led = re.search(rf'href="({CARDS}{card}/do/approve[^"]*)"', deputy.text(f"{CARDS}{card}?in=state%3Dsigned"))
    assert led is not None
    sheet = unescape(led[1])
    assert f'href="{CARDS}{card}?in=state%3Dsigned"' in deputy.text(sheet), "to decide later"
    answer = deputy.send(sheet, 303, rev="1", valid_until="2026-11-25")
    assert answer.location == f"{CARDS}?state=signed"
    assert f"Done: Approve ({card})." in deputy.text(answer.location)
