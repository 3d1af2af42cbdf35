"""Opening as set work: once, whoever runs it, however often, and whatever it is broken off by."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from pymongo.database import Database

from config.database import database
from models import history, opening, store
from models.credit_report import service as credit_report
from models.office import office_calendar
from models.opening import open_set
from models.review import service as review
from models.revisit import service as revisit
from tests.factories.damage import damage
from tests.integration.opening.conftest import LONG_AGO, File

Base = Database[dict[str, Any]]
KINDS = ("review", "revisit", "credit_report")
FILES = 40
AT_ONCE = 4


def run(kind: str, now: datetime) -> int:
    if kind == "review":
        return review.open_quarter(now, office_calendar())
    return revisit.open_regular(now) if kind == "revisit" else open_set(credit_report.due_opening(now), now)


def opened(kind: str) -> list[dict[str, Any]]:
    return list(database()[f"record_{kind}"].find().sort("number"))


def audited(kind: str) -> list[int]:
    entries = database()["audit"].find({"action": "open_set", "type": kind}).sort("_id")
    return [entry["detail"]["opened"] for entry in entries]


def versions() -> int:
    return database()[store.VERSIONS].count_documents({"type": {"$in": KINDS}})


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest, file: File, now: datetime) -> str:
    for index in range(FILES):
        file(name=f"远山机械{index}", delivered=LONG_AGO, next_report_due=now.date())
    return str(request.param)


def test_running_again_adds_nothing(kind: str, now: datetime) -> None:
    assert run(kind, now) == FILES
    before = opened(kind)
    assert run(kind, now) == 0
    assert run(kind, now + timedelta(hours=3)) == 0
    assert opened(kind) == before
    assert (versions(), audited(kind)) == (FILES, [FILES])


def test_several_at_once_open_each_record_once_and_report_it_once(kind: str, now: datetime) -> None:
    start = Barrier(AT_ONCE)

    def work() -> int:
        start.wait()
        return run(kind, now)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        reported = [future.result() for future in [pool.submit(work) for _ in range(AT_ONCE)]]
    assert sum(reported) == FILES
    assert len({row["number"] for row in opened(kind)}) == len(opened(kind)) == FILES
    assert (versions(), sum(audited(kind))) == (FILES, FILES)


@pytest.fixture
def broken_off(kind: str, now: datetime, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, int], None]:
    """A run in chunks of fifteen that ends where a step would be done for the second or third time, say."""
    monkeypatch.setattr(opening, "OPENED_AT_ONCE", 15)

    def run_until(step: str, times: int) -> None:
        left, original = [None] * (times - 1), getattr(opening, step)

        def die(*arguments: object) -> Any:
            if not left:
                raise KeyboardInterrupt
            left.pop()
            return original(*arguments)

        with monkeypatch.context() as patch:
            patch.setattr(opening, step, die)
            with pytest.raises(KeyboardInterrupt):
                run(kind, now)

    return run_until


@pytest.mark.parametrize(("step", "times", "there"), [("_open", 1, 0), ("_open", 3, 30), ("_report", 1, FILES)])
def test_what_a_broken_off_run_left_out_is_opened_by_the_next(
    kind: str, step: str, times: int, there: int, now: datetime, broken_off: Callable[[str, int], None]
) -> None:
    broken_off(step, times)
    assert (len(opened(kind)), versions(), audited(kind)) == (there, there, [])
    before = opened(kind)
    assert run(kind, now) == FILES
    assert (versions(), audited(kind)) == (FILES, [FILES])
    assert [row for row in opened(kind) if row["_id"] in {one["_id"] for one in before}] == before


def test_what_a_broken_off_run_opened_is_reported_by_the_run_of_another_day(
    kind: str, now: datetime, broken_off: Callable[[str, int], None]
) -> None:
    broken_off("_open", 3)
    run(kind, now + timedelta(days=5))
    assert (len(opened(kind)), versions(), sum(audited(kind))) == (FILES, FILES, FILES)


def test_a_run_that_is_to_end_ends_behind_a_chunk_and_the_next_goes_on_there(
    file: File, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(FILES):
        file()
    monkeypatch.setattr(opening, "OPENED_AT_ONCE", 15)
    answers = iter([True, False])
    asked = review.quarter_opening(now, office_calendar())
    assert asked is not None
    told: list[int] = []
    opened_so_far = opening.Opened(30, left=True, through=30, total=FILES)
    assert opening.open_some(asked, now, lambda: next(answers), lambda at: told.append(at.through)) == opened_so_far
    assert told == [15, 30]
    before = opened("review")
    assert len(before) == versions() == 30
    again: list[int] = []
    original = opening._open

    def watched(what: opening.Opening, sources: list[str], at: datetime) -> int:
        again.append(len(sources))
        return original(what, sources, at)

    monkeypatch.setattr(opening, "_open", watched)
    assert opening.open_some(asked, now, lambda: True, lambda at: told.append(at.through)).opened == FILES
    assert told == [15, 30, FILES]
    assert again == [10]
    assert (opened("review")[:30], versions(), audited("review")) == (before, FILES, [FILES])


def test_an_opened_record_that_was_worked_on_stays_as_it_is(kind: str, now: datetime) -> None:
    run(kind, now)
    first = opened(kind)[0]
    database()[f"record_{kind}"].update_one({"_id": first["_id"]}, {"$set": {"rev": 2, "suggestions": "更多颜色"}})
    run(kind, now + timedelta(days=1))
    changed = opened(kind)[0]
    assert (changed["rev"], changed["suggestions"], changed["updated_at"]) == (2, "更多颜色", first["updated_at"])


def test_a_value_that_cannot_be_read_is_left_out_and_holds_up_nothing(
    file: File, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    files = [file(delivered=LONG_AGO, contact_name="Wei", contact_phone="13800138000") for _ in range(3)]
    damage("record_customer", files[1]["_id"], "contact_phone")
    assert run("revisit", now) == len(files)
    made = {row["customer"]: store.fetch("revisit", row["_id"]) for row in opened("revisit")}
    held = [made[one["_id"]] for one in files]
    assert [(row["contact"], row["contact_phone"] is None) for row in held] == [("Wei", at == 1) for at in range(3)]
    assert [row["_id"] for row in opened("revisit") if row.get("blind")] == [held[0]["_id"], held[2]["_id"]]
    assert [line for line in caplog.messages if f"{held[1]['number']} was opened without contact_phone" in line]
    changes = history.history("revisit", held[1]["_id"])[0]["changes"]
    assert "contact_phone" not in {change["field"].name for change in changes}
    assert versions() == len(files)
