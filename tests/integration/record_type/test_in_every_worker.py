"""A type defined in one process is there in another while both run, and changes and goes there too."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from flask import Flask, Response

from backoffice.app import create_app
from config.database import database
from config.settings import Settings
from models import registry
from models.person.roles import SYSTEM, Role
from models.record_type import service
from models.record_type.plain import from_plain, to_plain
from tests.factories.definitions import visit, visit_with
from tests.factories.desks import Desk, seat
from tests.factories.web import Clock
from tests.integration.record_type.conftest import Worker

NUMBER = "LF-2026-00001"


def test_two_processes_work_with_a_type_put_into_the_database_and_with_its_next_version(
    worker: Callable[[], Worker], head: Desk, clock: Clock
) -> None:
    other = worker()
    head.text("/records/visit/", 404)
    other.get("/records/visit/", 404)

    assert other.ask(put=visit()) == {"version": 1}
    clock.forward(seconds=1)
    for page in (head.text("/records/visit/"), other.get("/records/visit/")):
        assert "Visitor" in page
        assert "Badge" not in page
    made = other.ask(post="/records/visit/new", data={"visitor": "王敏", "on": "2026-11-23", "arrived": "9:05"})
    assert made["to"].endswith(NUMBER)
    page = head.text(f"/records/visit/{NUMBER}/edit")
    assert 'value="09:05"' in page
    head.send(f"/records/visit/{NUMBER}/edit", rev="1", visitor="王敏女士", on="2026-11-23", arrived="09:05")
    assert "王敏女士" in other.get(f"/records/visit/{NUMBER}/history")
    assert NUMBER in other.get("/records/visit/?q=王敏")
    assert "王敏女士" in other.get("/records/visit/?visitor=starts:王")

    changed = visit_with(listed=True, filterable=True)
    assert other.ask(put=changed) == {"version": 2}
    clock.forward(seconds=1)
    for page in (head.text("/records/visit/"), other.get("/records/visit/")):
        assert "Badge" in page
    head.send(f"/records/visit/{NUMBER}/edit", rev="2", visitor="王敏女士", badge="B-7")
    assert NUMBER in other.get("/records/visit/?badge=is:B-7")
    assert {"list_badge", "list_visitor"} <= set(database()["record_visit"].index_information())

    wrong = other.ask(put=visit_with(kind="colour"))
    assert wrong == {"wrong": ["E002 visit.badge: there is no kind “colour”"]}
    assert "Badge" in head.text("/records/visit/")


def test_its_pointers_look_up_and_its_lists_leave_as_files(
    worker: Callable[[], Worker], head: Desk, clock: Clock
) -> None:
    other = worker()
    other.ask(put=visit())
    clock.forward(seconds=1)
    head.send("/records/customer/new", name="江苏华信机电有限公司", sure="1")
    assert "KH-2026-000001" in other.get("/records/visit/lookup?field=customer&q=江苏华信")
    head.send("/records/visit/new", visitor="李强", customer="KH-2026-000001")
    assert "江苏华信机电" in other.get(f"/records/visit/{NUMBER}")
    answer = head.post("/records/visit/export", {"format": "csv"})
    assert "李强" in answer.get_data(as_text=True)


def test_two_applications_in_one_process_both_see_it(
    demo_app: Flask, prepared: Settings, clock: Clock, now: datetime, head: Desk
) -> None:
    second = create_app(prepared, clock=clock, connect=False)
    there = seat(second, Role.HEAD, now=now)
    there.text("/records/visit/", 404)
    put_elsewhere(visit())
    there.text("/records/visit/", 404)  # looked for a moment ago
    clock.forward(seconds=1)
    assert "Visits" in there.text("/records/visit/")
    assert "Visits" in head.text("/records/visit/")


def test_a_request_sees_one_version_of_a_type_from_its_beginning_to_its_end(
    demo_app: Flask, head: Desk, now: datetime
) -> None:
    service.put(visit(), actor=SYSTEM, now=now)
    seen = []

    def meanwhile(response: Response) -> Response:
        before = registry.get("visit")
        with ThreadPoolExecutor(1) as another:
            another.submit(service.put, visit_with(), actor=SYSTEM, now=now).result()
        seen.append((before.rt.version, registry.get("visit").rt.version))
        return response

    demo_app.after_request(meanwhile)
    head.text("/records/visit/")
    assert seen == [(1, 1)]
    assert registry.get("visit").rt.version == 2


def put_elsewhere(definition: dict[str, object]) -> None:
    """Put a definition as another process would: nothing of this one learns of it."""
    rt = from_plain(definition)
    row = {"_id": rt.slug, "version": 1, "definition": to_plain(rt), "in_force": True, "kinds": {}}
    database()["record_type"].insert_one(row)
