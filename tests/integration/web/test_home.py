"""My work: what waits for a person, in piles, with the action in place, and nothing out of their reach."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from pymongo.collection import Collection
from pymongo.database import Database

from models import records, registry, store
from models.listing import counting
from models.office import office_calendar
from models.person import directory
from models.person.roles import SYSTEM, Person, Role
from models.reminder.chasing import announce_declassification, chase_deadlines
from models.reminder.document import REMINDERS
from tests.factories.credit_reports import credit_report
from tests.factories.customers import customer
from tests.factories.desks import Desk

Base = Database[dict[str, Any]]
Sit = Callable[..., Desk]
MONDAY = date(2026, 11, 23)
DAY = timedelta(days=1)
PILES = ("late", "today", "signature", "returned", "coming", "open", "department", "reminders")


def revisit(owner: Person, due: date, now: datetime, **values: Any) -> dict[str, Any]:
    return store.create("revisit", {"due_on": due, "owner": owner.id, **values}, actor=owner, now=now)


def piles(desk: Desk, path: str = "/") -> dict[str, str]:
    """The text of each section of the page, by key."""
    page = desk.text(path)
    found = re.findall(r'<section class="work" id="work-(\w+)">(.*?)</section>', page, re.DOTALL)
    return {key: unescape(text) for key, text in found}


def lines(section: str) -> list[str]:
    """The title of each line of a section."""
    return re.findall(r'<div class="work-what"><p><a [^>]*>([^<]*)</a>', section)


def submit(report: dict[str, Any], writer: Person, now: datetime) -> dict[str, Any]:
    return records.move(writer, "credit_report", report["number"], "submit", {}, rev=report["rev"], now=now)


# --- piles


def test_an_empty_desk_says_what_will_stand_there(sit: Sit) -> None:
    page = sit(Role.AUDITOR).text("/")
    assert "Nothing waits for you." in page
    assert piles(sit(Role.SPECIALIST)) == {}


def test_work_lies_in_piles_by_its_deadline_the_most_pressing_first(sit: Sit, now: datetime) -> None:
    desk = sit(Role.SPECIALIST)
    dues = {"late": MONDAY - 3 * DAY, "today": MONDAY, "coming": MONDAY + 3 * DAY}
    made = {pile: revisit(desk.person, due, now)["number"] for pile, due in dues.items()}
    found = piles(desk)
    assert list(found) == ["late", "today", "coming"]
    assert {pile: lines(text) for pile, text in found.items()} == {pile: [number] for pile, number in made.items()}


def test_a_line_says_what_for_whom_until_when_and_why_with_the_action_in_place(sit: Sit, now: datetime) -> None:
    desk = sit(Role.SPECIALIST)
    file = customer(desk.person, now, level="secret")
    made = revisit(desk.person, MONDAY - 3 * DAY, now, customer=file["_id"])
    late = piles(desk)["late"]
    assert lines(late) == ["远山机械有限公司"]
    for words in (
        "Revisit",
        "1 working hour late",
        "Planned",
        "Secret",
        f"/records/revisit/{made['number']}/do/record",
    ):
        assert words in late, words


def test_a_file_that_waits_for_nobody_says_which_of_its_days_is_due(sit: Sit, now: datetime) -> None:
    desk = sit(Role.SPECIALIST)
    soon = customer(desk.person, now, next_report_due=MONDAY)
    customer(desk.person, now, name="明年", next_report_due=MONDAY + 300 * DAY)
    found = piles(desk)
    assert (list(found), lines(found["today"])) == (["today"], ["远山机械有限公司"])
    assert soon["number"] in found["today"]
    assert registry.get("customer").rt.by_name["next_report_due"].label.en in found["today"]


def test_what_has_no_deadline_stands_last(sit: Sit, now: datetime) -> None:
    desk = sit(Role.SPECIALIST)
    file = customer(desk.person, now)
    store.create("contract", {"name": "年度合同", "customer": file["_id"]}, actor=desk.person, now=now)
    assert lines(piles(desk)["open"]) == ["年度合同"]


def test_what_a_person_may_sign_is_a_pile_of_its_own_with_the_sheet_as_action(sit: Sit, now: datetime) -> None:
    writer, reviewer = sit(Role.SPECIALIST), sit(Role.FINANCE_REVIEWER, department="finance")
    report = submit(credit_report(writer.person, customer(writer.person, now)["_id"], now), writer.person, now)
    found = piles(reviewer)
    assert list(found) == ["signature"]
    assert f"/records/credit_report/{report['number']}/do/rate" in found["signature"]
    assert writer.person.name in found["signature"]


def test_nobody_finds_their_own_request_waiting_for_their_signature(sit: Sit, now: datetime) -> None:
    both = sit(Role.SPECIALIST, Role.FINANCE_REVIEWER)
    submit(credit_report(both.person, customer(both.person, now)["_id"], now), both.person, now)
    assert "signature" not in piles(both)


def test_what_was_given_back_says_by_whom_and_why(sit: Sit, now: datetime) -> None:
    writer, reviewer = sit(Role.SPECIALIST), sit(Role.FINANCE_REVIEWER, department="finance", name="周五")
    report = submit(credit_report(writer.person, customer(writer.person, now)["_id"], now), writer.person, now)
    assert "returned" not in piles(writer)
    records.move(reviewer.person, "credit_report", report["number"], "send_back", {}, rev=2, now=now, note="缺少流水")
    returned = piles(writer)["returned"]
    assert "given back by 周五: 缺少流水" in returned
    again = store.fetch("credit_report", report["_id"])
    records.change(writer.person, "credit_report", report["number"], {"facts": "补充流水"}, rev=again["rev"], now=now)
    assert "returned" in piles(writer)
    submit(store.fetch("credit_report", report["_id"]), writer.person, now)
    assert "returned" not in piles(writer)


# --- reach, X6


def test_the_work_of_others_is_not_there(sit: Sit, now: datetime) -> None:
    mine, theirs = sit(Role.SPECIALIST), sit(Role.SPECIALIST)
    revisit(theirs.person, MONDAY, now)
    assert piles(mine) == {}


def test_a_top_secret_report_waits_for_no_role_and_shows_nothing(sit: Sit, now: datetime) -> None:
    writer, reviewer = sit(Role.SPECIALIST), sit(Role.FINANCE_REVIEWER, department="finance")
    file = customer(writer.person, now, level="top_secret", name="隐星科技")
    values = {"customer": file["_id"], "state": "submitted", "report_due": MONDAY}
    report = store.create("credit_report", values, actor=writer.person, now=now)
    page = reviewer.text("/")
    assert "隐星" not in page
    assert report["number"] not in page


def test_each_page_asks_the_database_as_often_however_many_records_wait(
    sit: Sit, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = sit(Role.HEAD)
    desk.text("/")  # the first request also looks for new record types and calendar days
    asked: list[str] = []
    find, aggregate = Collection.find, Collection.aggregate

    def finds(self: Any, *args: Any, **kwargs: Any) -> Any:
        asked.append(self.name)
        return find(self, *args, **kwargs)

    def aggregates(self: Any, *args: Any, **kwargs: Any) -> Any:
        asked.append(self.name)
        return aggregate(self, *args, **kwargs)

    def cost(records_wanted: int) -> int:
        file = customer(desk.person, now)
        for _ in range(records_wanted):
            revisit(desk.person, MONDAY, now, customer=file["_id"])
        asked.clear()
        directory.forget_names()
        counting.forget()
        with monkeypatch.context() as patch:
            patch.setattr(Collection, "find", finds)
            patch.setattr(Collection, "aggregate", aggregates)
            desk.text("/")
        return len(asked)

    assert cost(2) == cost(20)


def test_a_long_pile_is_cut_and_opens_at_length(sit: Sit, now: datetime) -> None:
    desk = sit(Role.SPECIALIST)
    for _ in range(14):
        revisit(desk.person, MONDAY, now)
    short, whole = piles(desk)["today"], piles(desk, "/?show=today")
    assert (len(lines(short)), len(lines(whole["today"])), list(whole)) == (12, 14, ["today"])
    assert "/?show=today" in short
    assert desk.get("/?show=everything").status_code == 400


# --- the head


def test_the_head_sees_what_is_late_in_the_department_with_its_owner(sit: Sit, now: datetime) -> None:
    owner, head, other = sit(Role.SPECIALIST, name="孙六"), sit(Role.HEAD), sit(Role.HEAD, department="sales")
    late = revisit(owner.person, MONDAY - 3 * DAY, now)
    revisit(owner.person, MONDAY, now)
    department = piles(head)["department"]
    assert lines(department) == [late["number"]]
    assert "孙六" in department
    assert "department" not in piles(owner)
    assert "department" not in piles(other)


def test_a_figure_opens_the_records_that_it_counts(sit: Sit, now: datetime) -> None:
    owner, head = sit(Role.SPECIALIST), sit(Role.HEAD)
    for _ in range(3):
        revisit(owner.person, MONDAY - 3 * DAY, now)
    revisit(owner.person, MONDAY, now)
    page = head.text("/")
    (url, value) = re.findall(r'<a href="([^"]+)"><span>Revisits.*?<strong[^>]*>(\d+)', page, re.DOTALL)[0]
    assert (unescape(url), value) == ("/records/revisit/?due_at=until:today-1", "3")
    assert head.text(unescape(url)).count('scope="row"') == 3
    assert "due before today" not in owner.text("/")


# --- reminders


def test_reminders_are_read_one_by_one_or_all_at_once(sit: Sit, now: datetime) -> None:
    desk = sit(Role.SPECIALIST)
    for _ in range(3):
        revisit(desk.person, MONDAY, now)
    chase_deadlines(now, office_calendar())
    section = piles(desk, "/?show=reminders")["reminders"]
    assert (len(lines(section)), section.count("Due today")) == (3, 3)
    assert '<span class="rail-badge">3</span>' in desk.text("/")
    first = re.search(r'name="reminder" value="([^"]+)"', section)
    assert first is not None
    desk.send("/reminders/read", reminder=first.group(1))
    assert '<span class="rail-badge">2</span>' in desk.text("/")
    desk.send("/reminders/read")
    assert "rail-badge" not in desk.text("/")
    assert piles(desk, "/?show=reminders") == {}


def test_a_reminder_of_what_stands_on_the_page_is_told_in_one_line_and_others_in_full(sit: Sit, now: datetime) -> None:
    desk = sit(Role.SPECIALIST)
    revisit(desk.person, MONDAY, now)
    secret = customer(desk.person, now, name="将解密", level="secret", secret_until=MONDAY + 5 * DAY)
    chase_deadlines(now, office_calendar())
    announce_declassification(now)
    page, found = desk.text("/"), piles(desk)
    assert "2 reminders are unread. One is about a line of this page; the rest stands under Reminders." in page
    assert list(found) == ["today", "reminders"]
    assert lines(found["reminders"]) == ["将解密"]
    assert secret["number"] in found["reminders"]


def test_secrecy_that_has_ended_is_told_as_ended_and_not_as_late(sit: Sit, now: datetime) -> None:
    desk = sit(Role.SPECIALIST)
    customer(desk.person, now - 900 * DAY, name="将解密", level="secret", secret_until=MONDAY - 600 * DAY)
    announce_declassification(now)
    told = piles(desk)["reminders"]
    assert "Its secrecy has ended; it is declassified by itself" in told
    assert "ended 2 Apr 2025" in told
    assert "late" not in told


def test_nobody_marks_the_reminders_of_another(sit: Sit, db: Base, now: datetime) -> None:
    desk, other = sit(Role.SPECIALIST), sit(Role.SPECIALIST)
    revisit(desk.person, MONDAY, now)
    chase_deadlines(now, office_calendar())
    row = db[REMINDERS].find_one({})
    assert row is not None
    other.send("/reminders/read", reminder=row["_id"])
    other.send("/reminders/read")
    assert len(lines(piles(desk, "/?show=reminders")["reminders"])) == 1


def test_marking_needs_the_forms_token(sit: Sit) -> None:
    assert sit(Role.SPECIALIST).client.post("/reminders/read").status_code == 400


def test_the_page_speaks_the_readers_language(sit: Sit, now: datetime) -> None:
    desk = sit(Role.SPECIALIST, language="zh")
    revisit(desk.person, MONDAY, now)
    today = piles(desk)["today"]
    assert "客户回访" in today
    assert "今天 18:00 到期" in today


def test_what_is_archived_or_done_is_nobodys_work(sit: Sit, now: datetime) -> None:
    desk = sit(Role.SPECIALIST)
    done, archived = revisit(desk.person, MONDAY, now), revisit(desk.person, MONDAY, now)
    store.change("revisit", done["_id"], {"state": "reached"}, actor=SYSTEM, now=now)
    store.change("revisit", archived["_id"], {"archived_at": now}, actor=SYSTEM, now=now)
    assert piles(desk) == {}


def test_a_reminder_of_what_is_out_of_reach_by_now_is_not_counted(sit: Sit, now: datetime) -> None:
    owner, other = sit(Role.SPECIALIST), sit(Role.SPECIALIST, name="Other")
    record = revisit(owner.person, MONDAY, now)
    chase_deadlines(now, office_calendar())
    page = owner.text("/")
    assert "One reminder is unread." in page
    assert "under Reminders" not in page
    values = {"owner": other.person.id}
    store.change("revisit", record["_id"], values, actor=other.person, now=now, rev=record["rev"])
    assert "reminder is unread" not in owner.text("/")
