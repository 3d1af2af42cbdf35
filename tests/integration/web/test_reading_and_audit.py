"""No audit, no reading of secret and above (X7); unusual reading is slowed and reported; who has read a record."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from bson import ObjectId
from pymongo.database import Database

from config import policy
from models import audit
from models.access_request import service as access_request
from models.audit.keys import CURRENT
from models.audit_check import service as checking
from models.outbox.document import EMAILS
from models.person.roles import Role
from models.reading import service as reading
from models.reading.rules import TooMuchReading, next_hold
from tests.factories.customers import customer
from tests.factories.desks import Desk
from tests.factories.web import Clock

Base = Database[dict[str, Any]]
Sit = Callable[..., Desk]
FEW = "[reading]\nrecords = 10\n"


@pytest.fixture
def broken_trail(db: Base) -> Iterator[None]:
    """A trail that takes no entry."""
    yield
    db.command("collMod", audit.ENTRIES, validator={})


def break_trail(db: Base) -> None:
    db.command("collMod", audit.ENTRIES, validator={"nothing": {"$exists": True}})


@pytest.mark.usefixtures("broken_trail")
@pytest.mark.parametrize("act", ["", "/history", "/print"])
@pytest.mark.parametrize("level", ["secret", "confidential", "top_secret"])
def test_without_its_entry_nothing_classified_is_shown(sit: Sit, db: Base, now: datetime, level: str, act: str) -> None:
    owner = sit(Role.SPECIALIST)
    file = customer(owner.person, now, name="隐山仪表有限公司", level=level)
    address = f"/records/customer/{file['number']}{act}"
    break_trail(db)
    page = owner.text(address, 503)
    assert "隐山" not in page
    assert "could not be written to the audit trail" in page
    db.command("collMod", audit.ENTRIES, validator={})
    if act != "/print":  # who may print is another matter
        assert "隐山" in owner.text(address)


@pytest.mark.usefixtures("broken_trail")
def test_internal_records_are_shown_without_the_trail(sit: Sit, db: Base, now: datetime) -> None:
    owner = sit(Role.SPECIALIST)
    file = customer(owner.person, now, name="明山仪表有限公司", level="internal")
    break_trail(db)
    assert "明山仪表有限公司" in owner.text(f"/records/customer/{file['number']}")


@pytest.mark.usefixtures("broken_trail")
def test_nothing_is_changed_without_its_entry(sit: Sit, db: Base, now: datetime) -> None:
    owner = sit(Role.SPECIALIST)
    break_trail(db)
    before = db["record_customer"].count_documents({})
    answer = owner.post("/records/customer/new", {"name": "甲公司"})
    assert answer.status_code == 503
    assert db["record_customer"].count_documents({}) == before


@pytest.fixture
def few(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Ten records in five minutes are unusual."""
    path = tmp_path / "policy.toml"
    path.write_text(FEW)
    monkeypatch.setenv(policy.VARIABLE, str(path))
    policy.policy.cache_clear()
    yield
    monkeypatch.undo()
    policy.policy.cache_clear()


@pytest.mark.usefixtures("few")
def test_who_reads_very_much_is_slowed_more_and_more_and_reported_once(
    sit: Sit, db: Base, now: datetime, clock: Clock
) -> None:
    reader, head, administrator = sit(Role.SPECIALIST, name="Qian"), sit(Role.HEAD), sit(Role.ADMINISTRATOR)
    number = customer(reader.person, now, name="甲公司")["number"]
    address = f"/records/customer/{number}"
    for _ in range(10):
        reader.text(address)
    page = reader.get(address)
    assert (page.status_code, page.headers["Retry-After"]) == (429, "10")
    assert "More readings than usual" in page.text
    assert "Too many tries" not in page.text
    assert "Try again in 10 seconds" in page.get_data(as_text=True)
    clock.now = now + timedelta(seconds=11)
    reader.text(address)
    assert reader.get(address).headers["Retry-After"] == "20"
    assert sit(Role.SPECIALIST).text("/") != ""
    assert db[audit.ENTRIES].count_documents({"action": "unusual_reading", "actor": reader.person.id}) == 1
    told = {mail["to"] for mail in db[EMAILS].find()}
    assert told == {head.person.email, administrator.person.email}
    assert number not in str(list(db[EMAILS].find()))
    for desk in (head, administrator):
        assert "Qian read 10 records within 5 minutes" in desk.text("/")
    assert "Please find out why" not in reader.text("/")


@pytest.mark.usefixtures("few")
def test_a_person_at_an_ordinary_pace_is_not_slowed(sit: Sit, db: Base, now: datetime, clock: Clock) -> None:
    reader = sit(Role.SPECIALIST)
    address = f"/records/customer/{customer(reader.person, now, name='甲公司')['number']}"
    for minute in range(0, 30, 2):
        clock.now = now + timedelta(minutes=minute)
        for _ in range(3):
            reader.text(address)
    assert db[audit.ENTRIES].count_documents({"action": "unusual_reading"}) == 0


def files(owner: Desk, count: int, level: str, now: datetime) -> list[str]:
    made = (customer(owner.person, now, name=f"隐山{n}仪表有限公司", level=level) for n in range(count))
    return [one["number"] for one in made]


@pytest.mark.usefixtures("few")
def test_whoever_is_to_wait_takes_nothing_out_through_any_door(sit: Sit, db: Base, now: datetime, clock: Clock) -> None:
    owner = sit(Role.SPECIALIST)
    [number, *_] = files(owner, 3, "secret", now)
    for _ in range(10):
        owner.text(f"/records/customer/{number}")
    for form in ("csv", "xlsx"):
        answer = owner.post("/records/customer/export", {"format": form})
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "10")
        assert "隐山" not in answer.get_data(as_text=True)
    assert owner.get(f"/records/customer/{number}/print").status_code == 429
    assert db[audit.ENTRIES].count_documents({"action": "export"}) == 0
    clock.now = now + timedelta(seconds=11)
    assert "隐山" in owner.send("/records/customer/export", 200, format="csv").get_data(as_text=True)


@pytest.mark.usefixtures("few")
def test_what_is_exported_counts_as_read_and_the_report_has_all_of_it(
    sit: Sit, db: Base, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.exchange.export.AT_ONCE", 8)
    owner, head = sit(Role.SPECIALIST, name="Qian"), sit(Role.HEAD)
    numbers = files(owner, 30, "secret", now)
    taken = owner.send("/records/customer/export", 200, format="csv").get_data(as_text=True)
    assert taken.count("隐山") == 30, "a file that was begun is whole"
    for path in ("", "/print"):
        assert owner.get(f"/records/customer/{numbers[0]}{path}").status_code == 429
    assert owner.post("/records/customer/export", {"format": "csv"}).status_code == 429
    assert db[audit.ENTRIES].count_documents({"action": "unusual_reading", "actor": owner.person.id}) == 1
    assert "Qian read 30 records within 5 minutes" in head.text("/")
    assert {mail["to"] for mail in db[EMAILS].find()} == {head.person.email}


@pytest.mark.usefixtures("few")
def test_internal_rows_of_a_file_are_no_readings(sit: Sit, db: Base, now: datetime) -> None:
    owner = sit(Role.SPECIALIST)
    [number, *_] = files(owner, 12, "internal", now)
    for _ in range(2):
        owner.send("/records/customer/export", 200, format="csv")
    owner.text(f"/records/customer/{number}")
    assert db[reading.BURSTS].count_documents({}) == 0


@pytest.mark.usefixtures("few")
def test_what_is_taken_under_a_card_counts_too(sit: Sit, db: Base, now: datetime) -> None:
    owner, head = sit(Role.SPECIALIST), sit(Role.HEAD)
    reader = sit(Role.SALES_MANAGER, department="sales", manager=head.person.id)
    wish = {"uses": "export", "reason": "Audit", "valid_until": "2026-11-25"}
    assert reader.person.id is not None
    cards = []
    for number in files(owner, 2, "secret", now):
        card = access_request.offer(owner.person, "customer", number, reader.person.id, wish, now=now)
        cards.append(f"/records/access_request/{card['number']}")
        sheet = head.text(f"{cards[-1]}/do/approve")
        shown = re.search(r'name="_shown"[^>]* value="([^"]*)"', sheet)
        more = {"_shown": shown.group(1)} if shown else {}
        head.send(f"{cards[-1]}/do/approve", 303, rev="1", valid_until="2026-11-25", **more)
    for _ in range(4):
        assert "隐山" in reader.send(f"{cards[0]}/take", 200, format="csv").get_data(as_text=True)
    reader.get(cards[0])
    reader.get(cards[0])
    answer = reader.post(f"{cards[1]}/take", {"format": "csv"})
    assert (answer.status_code, "隐山" in answer.get_data(as_text=True)) == (429, False)
    assert db["record_access_request"].count_documents({"receipts.0": {"$exists": True}}) == 1


@pytest.mark.usefixtures("few")
def test_a_later_burst_is_reported_again(sit: Sit, db: Base, now: datetime) -> None:
    person = sit(Role.SPECIALIST).person
    for hour in range(2):
        for _ in range(10):
            reading.count(person, now + timedelta(hours=hour))
        with pytest.raises(TooMuchReading):
            reading.count(person, now + timedelta(hours=hour))
    assert db[reading.BURSTS].count_documents({}) == 2


def test_each_hold_of_a_burst_is_twice_as_long_up_to_the_longest(now: datetime) -> None:
    lengths, until, number = [], None, 0
    for _ in range(7):
        hold = next_hold(until, number, now, minutes=5, first_seconds=10, longest_seconds=300)
        lengths.append((hold.until - now).total_seconds())
        until, number, now = hold.until, hold.number, hold.until
    assert lengths == [10, 20, 40, 80, 160, 300, 300]
    assert next_hold(
        until, number, now + timedelta(minutes=5), minutes=5, first_seconds=10, longest_seconds=300
    ).is_first


def test_the_head_sees_every_reading_page_by_page_and_each_reader_once(sit: Sit, now: datetime) -> None:
    owner, head = sit(Role.SPECIALIST, name="Owner Wang"), sit(Role.HEAD, name="Head Zhou")
    number = customer(owner.person, now, name="甲公司", level="secret")["number"]
    for _ in range(27):
        owner.text(f"/records/customer/{number}")
        owner.text(f"/records/customer/{number}/print")
    page = head.text(f"/readers/customer/{number}")
    assert "54 times" in page
    assert page.count("<tr>") == 51
    following = page.split("before=")[1].split('"')[0]
    assert head.text(f"/readers/customer/{number}?before={following}").count("<tr>") == 6
    assert "/readers/customer/" in head.text(f"/records/customer/{number}/history")


@pytest.mark.parametrize(
    ("language", "lines"),
    [
        (
            "en",
            [
                "23 Nov 2026 10:02–10:03 Owner Wang read 2 times Secret",
                "23 Nov 2026 10:01 Owner Wang printed Secret",
                "23 Nov 2026 10:00 Owner Wang read 3 times Secret",
                "23 Nov 2026 10:00 Sales Li was refused 2 times Secret",
                "23 Nov 2026 10:00 Owner Wang read Secret",
                "22 Nov 2026 10:00 Owner Wang read 2 times Secret",
            ],
        ),
        (
            "zh",
            [
                "2026-11-23 10:02–10:03 Owner Wang 查阅 2 次 秘密",
                "2026-11-23 10:01 Owner Wang 打印 秘密",
                "2026-11-23 10:00 Owner Wang 查阅 3 次 秘密",
                "2026-11-23 10:00 Sales Li 被拒绝 2 次 秘密",
                "2026-11-23 10:00 Owner Wang 查阅 秘密",
                "2026-11-22 10:00 Owner Wang 查阅 2 次 秘密",
            ],
        ),
    ],
)
def test_neighbouring_readings_that_say_the_same_are_one_line_and_all_of_them_stay_in_the_trail(
    sit: Sit, db: Base, now: datetime, clock: Clock, language: str, lines: list[str]
) -> None:
    owner, head = sit(Role.SPECIALIST, name="Owner Wang"), sit(Role.HEAD, name="Zhou", language=language)
    auditor, sales = sit(Role.AUDITOR, department="audit"), sit(Role.SPECIALIST, name="Sales Li")
    made = customer(owner.person, now, name="甲公司", level="secret")
    number, path = made["number"], f"/records/customer/{made['number']}"
    for day in (1, 1, 0):
        subject = audit.Subject("customer", made["_id"], number, "secret")
        audit.append("view", owner.person, subject, now=now - timedelta(days=day))
    for _ in range(2):
        sales.get(f"{path}/print")
    for minutes, page in ((0, ""), (0, ""), (0, ""), (1, "/print"), (2, ""), (3, "")):
        clock.now = now + timedelta(minutes=minutes)
        owner.text(path + page)
    body = head.text(f"/readers/customer/{number}").split("<tbody>")[1].split("</tbody>")[0]
    rows = [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in body.split("<tr>")[1:]]
    assert [row for row in rows if "Zhou" not in row] == lines
    aside = head.text(f"{path}/history").split("record-side")[1]
    assert ("2 times" if language == "en" else "2 次") in aside
    assert db[audit.ENTRIES].count_documents({"number": number, "actor": owner.person.id, "action": "view"}) == 8
    shown = auditor.text(f"/audit/?person=Owner Wang&action=view&number={number}").split("<tbody>")[1]
    assert shown.count("<tr>") == 8
    exported = auditor.post("/audit/export", {"person": "Owner Wang", "action": "view", "number": number})
    assert exported.get_data(as_text=True).count(number) == 8


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.HEAD])
def test_nobody_else_learns_who_has_read(sit: Sit, now: datetime, role: Role) -> None:
    owner = sit(Role.SPECIALIST)
    number = customer(owner.person, now, name="甲公司", level="secret")["number"]
    assert sit(role).get(f"/readers/customer/{number}").status_code == 403


def test_an_auditor_asks_by_type_level_and_move(sit: Sit, now: datetime) -> None:
    owner = sit(Role.SPECIALIST)
    secret = customer(owner.person, now, name="甲公司", level="secret")["number"]
    internal = customer(owner.person, now, name="乙公司")["number"]
    auditor = sit(Role.AUDITOR, department="audit")
    assert internal not in auditor.text("/audit/?level=secret")
    assert secret in auditor.text("/audit/?level=secret&type=customer")
    assert secret not in auditor.text("/audit/?type=contract")
    assert auditor.get("/audit/?level=x").status_code == 400


def test_a_person_who_left_is_still_found(sit: Sit, db: Base, now: datetime) -> None:
    owner = sit(Role.SPECIALIST, name="Gone Sun")
    number = customer(owner.person, now, name="甲公司")["number"]
    db["user"].update_one({"_id": owner.person.id}, {"$set": {"active": False}})
    assert number in sit(Role.AUDITOR, department="audit").text("/audit/?person=gone")


def test_the_export_holds_what_was_asked_for_and_is_itself_in_the_trail(sit: Sit, db: Base, now: datetime) -> None:
    owner = sit(Role.SPECIALIST, name="=cmd()")
    secret = customer(owner.person, now, name="隐山仪表", level="secret")["number"]
    internal = customer(owner.person, now, name="乙公司")["number"]
    auditor = sit(Role.AUDITOR, department="audit")
    answer = auditor.post("/audit/export", {"level": "secret"})
    text = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert secret in text
    assert internal not in text
    assert "隐山" not in text
    assert "\n=cmd" not in text
    assert ",=cmd" not in text
    [entry] = db[audit.ENTRIES].find({"action": "trail_exported"})
    assert (entry["actor"], entry["detail"]) == (auditor.person.id, {"filters": ["level"], "via": "screen"})
    assert auditor.post("/audit/export", {"levels": "secret"}).status_code == 400
    for wrong in ({"level": "blue"}, {"type": "$ne"}, {"action": "a b"}, {"type": "x" * 50}):
        assert auditor.get("/audit/", query_string=wrong).status_code == 400
        assert auditor.post("/audit/export", wrong).status_code == 400
    assert auditor.get("/audit/", query_string={"type": "withdrawn_type", "action": "its_move"}).status_code == 200
    assert sit(Role.HEAD).post("/audit/export", {}).status_code == 403


def test_the_screen_and_the_watcher_say_when_sealing_stands_still(
    sit: Sit, now: datetime, clock: Clock, tmp_path: Any, db: Base
) -> None:
    auditor = sit(Role.AUDITOR, department="audit")
    db[audit.QUEUE].insert_one({"_id": ObjectId.from_datetime(now)})
    clock.now = now + timedelta(minutes=2)
    assert "Nothing has been sealed for over a minute" in auditor.text("/audit/")
    answer = auditor.get("/readyz")
    assert (answer.status_code, answer.json) == (
        200,
        {"status": "ready", "warnings": ["audit sealing stands still"]},
    )
    while audit.seal(clock.now):
        pass
    audit.Writer(tmp_path / "audit", audit.KeySource(tmp_path / CURRENT)).write(clock.now)
    assert auditor.get("/readyz").json == {"status": "ready"}
    page = auditor.text("/audit/")
    assert "Is the scheduler running" not in page
    assert "Last signed checkpoint" in page


def test_what_the_daily_check_found_stands_on_my_work_and_above_the_trail(sit: Sit, now: datetime) -> None:
    auditor, head = sit(Role.AUDITOR, department="audit"), sit(Role.HEAD)
    assert "tampered" not in head.text("/") + auditor.text("/")
    checking.note(18, ("entry 1 of seal 2 was altered", "seal 3 was altered"), now)
    assert "does not fit in 2 places" in head.text("/")
    assert "/audit/" not in head.text("/")
    assert "does not fit in 2 places" in auditor.text("/")
    page = auditor.text("/audit/")
    assert "entry 1 of seal 2 was altered" in page
    assert "2 findings" in page
    assert "tampered" not in sit(Role.SPECIALIST).text("/")
    checking.note(18, (), now + timedelta(days=1))
    assert "tampered" not in head.text("/")
    assert "everything fits" in auditor.text("/audit/")
