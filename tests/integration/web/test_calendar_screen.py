"""The working calendar on screen: a year at a glance, own days, a decree previewed and applied."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from datetime import date, datetime
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from models.calendar_day import service, stored
from models.deadline import recount
from models.person.roles import Role
from models.registry import UNDER_WAY
from tests.factories.customers import customer
from tests.factories.desks import Desk

Base = Database[dict[str, Any]]
Sit = Callable[..., Desk]

pytestmark = pytest.mark.usefixtures("fresh_calendar")
DECREES = Path(__file__).parents[2] / "unit" / "decrees"
NEW_YEAR = {"name": "元旦", "date": "2027-01-01", "isOffDay": True}
COMING = {"year": 2027, "papers": ["https://example.test/decree"], "days": [NEW_YEAR]}


def upload(desk: Desk, content: bytes, status: int = 200) -> str:
    file = (io.BytesIO(content), "2027.json")
    answer = desk.send("/calendar/import", status, year="2026", file=file)
    return answer.get_data(as_text=True)


def table(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()


def test_a_year_shows_its_working_days_its_holidays_and_where_they_come_from(sit: Sit) -> None:
    page = sit(Role.SPECIALIST).text("/calendar/2026")
    for words in ("248 working days", "Spring Festival", "make-up working day", "From the kept library"):
        assert words in page, words
    assert page.count('class="cal-month"') == 12
    assert "not announced yet" not in page
    assert "09:00-18:00" in page


def test_in_chinese_the_same_year_reads_in_chinese(sit: Sit) -> None:
    page = sit(Role.SPECIALIST, language="zh").text("/calendar/2026")
    for words in ("春节", "调休上班", "10 月", ">休<", ">班<"):
        assert words in page, words


def test_a_year_that_is_not_announced_is_said_to_be_so(sit: Sit) -> None:
    page = sit(Role.SPECIALIST).text("/calendar/2027")
    assert "The holidays of 2027 are not announced yet" in page


def test_years_out_of_reach_are_not_found(sit: Sit) -> None:
    desk = sit(Role.SPECIALIST)
    for number in ("1999", "2101", "99999999999999999999", "-1", "x"):
        assert desk.get(f"/calendar/{number}").status_code == 404, number


def test_an_administrator_enters_a_day_and_takes_it_back(sit: Sit) -> None:
    admin = sit(Role.ADMINISTRATOR, name="吴七")
    admin.send("/calendar/day", day="2026-12-31", working="0", reason="年会", year="2026")
    page = admin.text("/calendar/2026")
    for words in ("247 working days", "年会", "entered by 吴七"):
        assert words in page, words
    admin.send("/calendar/day/2026-12-31/remove")
    assert "248 working days" in admin.text("/calendar/2026")


REFUSED: tuple[tuple[dict[str, str], int, str], ...] = (
    ({"day": "2026-12-31", "working": "0", "reason": ""}, 422, "Give the reason."),
    ({"day": "31.12.", "working": "0", "reason": "年会"}, 422, "Choose a day."),
    ({"day": "2026-10-01", "working": "0", "reason": "年会"}, 409, "is off already"),
    ({"day": "1949-10-01", "working": "0", "reason": "年会"}, 422, "The calendar goes from"),
    ({}, 422, "Choose a day."),
)


def test_a_refused_entry_says_so_at_the_field_and_keeps_what_was_typed(sit: Sit) -> None:
    admin = sit(Role.ADMINISTRATOR)
    for sent, status, words in REFUSED:
        answer = admin.post("/calendar/day", sent)
        page = unescape(answer.get_data(as_text=True))
        assert answer.status_code == status
        assert words in page
        assert f'value="{sent.get("reason", "")}"' in page
    assert stored.version() == 0


def test_others_look_and_are_refused_when_they_change(sit: Sit) -> None:
    for role in (Role.SPECIALIST, Role.HEAD, Role.AUDITOR):
        desk = sit(role)
        assert "Enter a day" not in desk.text("/calendar/2026")
        desk.send("/calendar/day", 403, day="2026-12-31", working="0", reason="年会")
        desk.send("/calendar/day/2026-12-31/remove", 403)
        desk.send("/calendar/import", 403)
        desk.send("/calendar/import/apply", 403, table="{}", seen="0")
    assert stored.version() == 0


def test_a_published_year_is_looked_at_and_then_brought_into_force(sit: Sit) -> None:
    admin = sit(Role.ADMINISTRATOR)
    page = upload(admin, table(COMING))
    assert "becomes a working day" in page
    assert stored.version() == 0
    sent = {name: unescape(re.findall(rf'name="{name}" value="([^"]*)"', page)[0]) for name in ("table", "seen")}
    admin.send("/calendar/import/apply", table=sent["table"], seen=sent["seen"])
    page = admin.text("/calendar/2027")
    assert "not announced" not in page
    assert "https://example.test/decree" in page
    again = upload(admin, table(COMING))
    assert "in force already" in again


def test_the_decree_of_this_year_imports_as_it_was_published(sit: Sit) -> None:
    page = upload(sit(Role.ADMINISTRATOR), (DECREES / "decree_2026.json").read_bytes())
    assert "No day changes" in page


def test_a_file_that_is_no_published_year_is_refused_in_words(sit: Sit) -> None:
    admin = sit(Role.ADMINISTRATOR)
    for content in (b"", b"{", b"\xff\xfe", b"[]", b"[" * 5000, b"x" * 300_000, table({"year": 1})):
        assert "This holiday file cannot be read" in upload(admin, content, 422)
    assert stored.version() == 0


def test_a_preview_that_was_overtaken_is_refused(sit: Sit, now: datetime) -> None:
    admin = sit(Role.ADMINISTRATOR)
    upload(admin, table(COMING))
    service.set_day(admin.person, date(2026, 12, 31), working=False, reason="年会", now=now)
    admin.send("/calendar/import/apply", 409, table=table(COMING).decode(), seen="0")


def test_the_address_of_a_paper_is_a_link_only_when_it_is_a_web_address(sit: Sit, now: datetime) -> None:
    admin = sit(Role.ADMINISTRATOR)
    document = {**COMING, "papers": ["javascript:alert(1)", "https://example.test/ok"]}
    service.import_year(admin.person, document, now=now)
    page = admin.text("/calendar/2027")
    assert "javascript:" not in page
    assert 'href="https://example.test/ok"' in page


def test_how_many_records_were_recounted_is_told_only_to_who_keeps_the_calendar(sit: Sit, now: datetime) -> None:
    """The figure counts records of every type and level (X6)."""
    owner, admin = sit(Role.SPECIALIST), sit(Role.ADMINISTRATOR)
    customer(owner.person, now, contract_signed=date(2026, 11, 20), level="top_secret")
    service.set_day(admin.person, date(2026, 11, 24), working=False, reason="停电", now=now)
    sales = sit(Role.SALES)
    for desk, told in ((admin, "looked at"), (sales, "deadlines are being moved.")):
        assert told in desk.text("/calendar/2026")
    assert "looked at" not in sales.text("/calendar/2026")
    recount.work("test", now + UNDER_WAY, lambda: True)
    assert re.search(r"The latest change moved \d+ deadlines", admin.text("/calendar/2026"))
    page = sales.text("/calendar/2026")
    assert "Deadlines follow the latest change." in page
    assert not re.search(r"moved \d", page)
