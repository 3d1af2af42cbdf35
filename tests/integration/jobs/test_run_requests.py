"""'Run now' on the Jobs screen: a request that the active scheduler picks up, and the switch."""

from __future__ import annotations

from datetime import timedelta
from threading import Thread

import pytest

from config.database import transaction
from jobs.cadence import EveryMinutes
from jobs.context import JobContext, Report
from jobs.table import Job, Table
from models import audit
from models.declarations import Label
from models.errors import Forbidden
from models.job import service
from models.job.document import Run
from models.job.rules import Kind, State, UnknownJob
from models.person.roles import Person, Role
from tests.integration.jobs.conftest import Office
from tests.integration.jobs.sample import EFFECTS, table

ADMINISTRATOR = Person(id=None, name="Chen", roles=frozenset({Role.ADMINISTRATOR}))
HEAD = Person(id=None, name="Zhao", roles=frozenset({Role.HEAD}))


def actions() -> list[tuple[str, str, str]]:
    return [(e["action"], e["actor_name"], e["number"]) for e in audit.entries({})][::-1]


def test_a_request_waits_for_the_scheduler_which_runs_it_once(office: Office) -> None:
    tick = office.open(table("add", minutes=60))
    assert service.request_run("sample", ADMINISTRATOR, office.clock.now)
    assert [s.waiting for s in service.schedules()] == [True]
    assert office.effects() == 0
    (run,) = tick()
    assert tick() == []
    assert (run.kind, run.by, run.state, run.planned) == (
        Kind.REQUESTED, "Chen", State.DONE, office.clock.now
    )  # fmt: skip
    assert [(s.waiting, s.last) for s in service.schedules()] == [(False, run)]
    assert office.effects() == 1
    assert actions() == [("job_requested", "Chen", "sample")]


def test_a_second_click_while_the_request_waits_changes_nothing(office: Office) -> None:
    tick = office.open(table("add", minutes=60))
    assert service.request_run("sample", ADMINISTRATOR, office.clock.now)
    assert not service.request_run("sample", ADMINISTRATOR, office.clock.now)
    assert len(tick()) == 1
    assert len(actions()) == 1


def test_a_request_leaves_the_planned_time_alone_and_works_for_a_job_that_is_off(office: Office) -> None:
    tick = office.open(table("add", minutes=60))
    planned = service.schedules()[0].next_planned
    service.set_enabled("sample", False, ADMINISTRATOR, office.clock.now)
    service.request_run("sample", ADMINISTRATOR, office.clock.now)
    assert len(tick()) == 1
    assert [(s.enabled, s.next_planned) for s in service.schedules()] == [(False, planned)]
    assert actions()[0] == ("job_disabled", "Chen", "sample")


def test_who_may_only_look_can_neither_run_nor_switch(office: Office) -> None:
    office.open(table("add", minutes=60))
    with pytest.raises(Forbidden):
        service.request_run("sample", HEAD, office.clock.now)
    with pytest.raises(Forbidden):
        service.set_enabled("sample", False, HEAD, office.clock.now)
    assert [(s.enabled, s.waiting) for s in service.schedules()] == [(True, False)]
    assert actions() == []


@pytest.mark.parametrize("name", ["sampel", "", "$ne", "x" * 5000])
def test_an_unknown_job_is_refused(office: Office, name: str) -> None:
    office.open(table("add", minutes=60))
    with pytest.raises(UnknownJob):
        service.request_run(name, ADMINISTRATOR, office.clock.now)


def test_history_is_newest_first_by_job_and_in_pages(office: Office) -> None:
    tick = office.open(table("add"))
    for _ in range(5):
        office.clock.turn(minutes=1)
        tick()
    newest = service.history(limit=2)
    older = service.history("sample", before=(newest[-1].started, newest[-1].key), limit=50)
    assert [len(newest), len(older)] == [2, 3]
    assert newest[0].started > newest[1].started > older[0].started
    assert service.history("other") == []


def test_work_that_is_not_to_begin_yet_waits_for_its_time(office: Office) -> None:
    tick = office.open(table("add", minutes=60))
    service.ask("sample", "", office.clock.now + timedelta(seconds=30))
    assert tick() == []
    office.clock.turn(seconds=30)
    assert [(run.kind, run.planned) for run in tick()] == [(Kind.REQUESTED, office.clock.now)]


def test_work_asked_for_while_the_job_is_taken_up_is_not_forgotten(office: Office) -> None:
    """Who asks a second time relies on the request that is there, and stores the work in the same transaction."""

    def look(context: JobContext) -> Report:
        return Report({"seen": context.db[EFFECTS].count_documents({"_id": "work"})})

    job = Job(name="sample", label=Label("查看", "Look"), cadence=EveryMinutes(60), work=look, transactional=False)
    tick = office.open(Table([job]))
    service.ask("sample", "", office.clock.now)
    taken: list[Run] = []
    scheduler = Thread(target=lambda: taken.extend(tick()))

    def store() -> None:
        service.ask("sample", "", office.clock.now)
        if scheduler.ident is None:
            scheduler.start()
            scheduler.join(1)
        office.db[EFFECTS].insert_one({"_id": "work"})

    transaction(store)
    scheduler.join()
    taken += tick()
    assert [run.counts["seen"] for run in taken][-1] == 1


def test_run_now_runs_now_and_what_was_asked_for_later_comes_as_well(office: Office) -> None:
    tick = office.open(table("add", minutes=60))
    service.ask("sample", "", office.clock.now + timedelta(minutes=2))
    assert service.request_run("sample", ADMINISTRATOR, office.clock.now)
    assert not service.request_run("sample", ADMINISTRATOR, office.clock.now)
    assert actions() == [("job_requested", "Chen", "sample")]
    assert [run.by for run in tick()] == ["Chen"]
    assert [s.waiting for s in service.schedules()] == [True]
    office.clock.turn(minutes=2)
    assert [run.by for run in tick()] == [""]
    assert tick() == []


def test_what_is_to_wait_for_its_time_is_not_run_sooner_because_somebody_asks(office: Office) -> None:
    """A backup behind a destruction would hold what was destroyed if it were made before."""
    tick = office.open(table("add", minutes=720))
    service.ask_behind("sample", office.clock.now, timedelta(hours=1))
    [row] = office.db["job_request"].find()
    service.request_run("sample", ADMINISTRATOR, office.clock.now)
    assert [run.by for run in tick()] == ["Chen"]
    assert list(office.db["job_request"].find()) == [row]


def test_what_was_asked_for_of_a_job_that_is_gone_fails_and_says_why(office: Office) -> None:
    office.open(table("add", minutes=60))
    service.request_run("sample", ADMINISTRATOR, office.clock.now)
    tick = office.open(Table([]))
    assert tick() == []
    [run] = office.runs()
    assert (run.state, run.kind, run.error) == (State.FAILED, Kind.REQUESTED, "the running version has no such job")
    assert list(office.db["job_request"].find()) == []
