"""The department's own reports (T8, Q, B): one a period, counted from what the writer reads, handed up."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from pymongo.database import Database

from models import catalogue, records, registry, schema, store
from models.access import Purpose
from models.errors import Forbidden, NotFound
from models.office import office_calendar
from models.person.roles import Person, Role
from models.service_report import figures, service
from tests.factories.customers import customer
from tests.factories.people import person

DB = Database[dict[str, Any]]


@pytest.fixture(autouse=True)
def shipped(db: DB) -> None:
    catalogue.load()
    schema.migrate()


@pytest.fixture
def manager(db: DB) -> Person:
    return person(Role.GENERAL_MANAGER, name="GM", department="management")


def opened(db: DB, kind: str) -> dict[str, Any]:
    (row,) = db["record_service_report"].find({"kind": kind})
    return store.fetch("service_report", row["_id"])


def move(who: Person, report: dict[str, Any], name: str, at: datetime, **raw: Any) -> dict[str, Any]:
    rev = store.fetch("service_report", report["_id"])["rev"]
    return records.move(who, "service_report", report["number"], name, raw, rev=rev, now=at, note="why", fresh=True)


def test_a_week_has_one_report_and_it_is_the_heads(db: DB, head: Person, now: datetime) -> None:
    calendar = office_calendar()
    assert (service.open_week(now, calendar), service.open_week(now + timedelta(days=3), calendar)) == (1, 0)
    report = opened(db, "weekly")
    assert (report["begins"], report["ends"], report["due_on"]) == (
        date(2026, 11, 14),
        date(2026, 11, 20),
        date(2026, 11, 20),
    )
    assert report["owner"] == head.id
    assert service.open_week(now + timedelta(days=4), calendar) == 1


def test_a_month_has_one_report_of_each_kind_due_by_the_22nd(db: DB, head: Person, now: datetime) -> None:
    calendar = office_calendar()
    assert (service.open_month(now, calendar), service.open_month(now, calendar)) == (2, 0)
    report = opened(db, "monthly")
    assert (report["begins"], report["ends"]) == (date(2026, 10, 1), date(2026, 10, 31))
    assert report["due_on"] == date(2026, 11, 20)  # the 22nd is a Sunday


def test_a_weekly_report_is_done_when_the_head_hands_it_in(db: DB, head: Person, now: datetime) -> None:
    service.open_week(now, office_calendar())
    done = move(head, opened(db, "weekly"), "hand_in", now, summary="Quiet")
    assert (done["state"], done["handed_in_at"], done["counted_at"]) == ("done", now, now)


def test_a_monthly_report_goes_to_the_general_manager(
    db: DB, head: Person, manager: Person, clerk: Person, now: datetime
) -> None:
    service.open_month(now, office_calendar())
    report = opened(db, "monthly")
    with pytest.raises(Forbidden):
        move(manager, report, "hand_in", now, summary="Mine")
    handed = move(head, report, "hand_in", now, summary="Quiet")
    row = db["record_service_report"].find_one({"_id": handed["_id"]}) or {}
    assert (row["state"], row["waiting"]) == ("handed_in", ["role:general_manager"])
    with pytest.raises(NotFound):
        records.read(clerk, "service_report", report["number"], Purpose.VIEW, now)
    assert move(manager, report, "note", now)["state"] == "done"


def test_figures_count_the_period_and_only_what_the_writer_reads(
    db: DB, head: Person, clerk: Person, now: datetime
) -> None:
    today = now.date()
    for level in ("internal", "top_secret"):
        customer(head, now, level=level)
    customer(head, now - timedelta(days=9))

    def counted(who: Person) -> int:
        rows = figures.count(who, "weekly", today - timedelta(days=1), today)
        return sum(int(row["count"]) for row in rows if row["figure"] == "新建客户档案")

    assert (counted(head), counted(clerk)) == (2, 1)


def test_complaints_are_counted_by_channel(db: DB, head: Person, now: datetime) -> None:
    for channel in ("phone", "phone", "web"):
        raw = {"subject": "Late", "channel": channel, "facts": "Late", "received_at": now}
        store.create("complaint", raw, actor=head, now=now)
    rows = figures.count(head, "monthly", now.date(), now.date())
    found = [(row["value"], row["count"]) for row in rows if row["figure"] == "投诉：渠道"]
    assert found == [("电话", 2), ("网站", 1)]


def about(head: Person, at: datetime, cause: str, **more: Any) -> dict[str, Any]:
    raw = {
        "subject": "Late",
        "channel": "phone",
        "facts": "Late",
        "received_at": at,
        "product": f"{cause} pump",
        **more,
    }
    made = store.create("complaint", raw, actor=head, now=at)
    return store.change("complaint", made["_id"], {"cause": cause}, actor=head, now=at)


def handed_in(db: DB, head: Person, now: datetime) -> dict[str, Any]:
    last_month = now - timedelta(days=30)
    about(head, last_month, "TOPCAUSE", level="top_secret", level_basis="往来")
    about(head, last_month, "INNERCAUSE")
    service.open_month(now, office_calendar())
    return move(head, opened(db, "monthly"), "hand_in", now, summary="Quiet")


def test_a_report_keeps_numbers_and_no_words_of_complaints(db: DB, head: Person, now: datetime) -> None:
    report = handed_in(db, head, now)
    assert ("收到投诉", 2) in [(row["figure"], row["count"]) for row in report["figures"]]
    stored = [*db["record_service_report"].find(), *db["record_version"].find({"type": "service_report"})]
    assert "CAUSE" not in str(stored)


def test_every_figure_is_counted_by_choices(db: DB) -> None:
    for figure in {one for figures_of in figures.OF_KIND.values() for one in figures_of}:
        if figure.by:
            assert registry.get(figure.slug).rt.by_name[figure.by].kind == "choice", figure.name


def test_whoever_writes_the_report_of_a_month_is_told_its_causes_as_far_as_they_may_print_them(
    db: DB, head: Person, manager: Person, clerk: Person, now: datetime
) -> None:
    last_month = now - timedelta(days=30)
    for cause, level in (("Late", "internal"), ("Late", "secret"), ("Leak", "top_secret"), ("Other", "internal")):
        about(head, last_month, cause, level=level, level_basis="往来")
    about(head, now, "Of this month")
    service.open_month(now, office_calendar())
    report = opened(db, "monthly")
    assert [text.en for text in service.told(head, report)] == [
        "Products most complained about, of the complaints that you may print: Late pump 2; Leak pump 1; Other pump 1",
        "Hot causes, of the complaints that you may print: Late 2; Leak 1; Other 1",
    ]
    assert [text.en for text in service.told(clerk, report)][1] == (
        "Hot causes, of the complaints that you may print: Late 1; Other 1"
    )
    assert service.told(manager, report) == []
    assert service.told(head, {**report, "state": "handed_in"}) == []


def test_migrate_takes_the_words_out_of_reports_of_former_versions(db: DB, head: Person, now: datetime) -> None:
    report = handed_in(db, head, now)
    worded = [{"figure": "投诉：原因", "value": "TOPCAUSE", "count": 1}, *report["figures"]]
    store.change("service_report", report["_id"], {"figures": worded}, actor=head, now=now)
    assert "took what complaints say out of the figures of 1 report" in schema.migrate()
    assert schema.migrate() == []
    stored = [*db["record_service_report"].find(), *db["record_version"].find({"type": "service_report"})]
    assert "CAUSE" not in str(stored)
    assert store.fetch("service_report", report["_id"])["figures"] == report["figures"]
