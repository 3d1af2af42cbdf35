"""The trail is checked every day, and what does not fit reaches administrators, auditors and heads (X7)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from config.settings import Settings
from jobs import execution
from jobs.context import JobContext, Stopped
from jobs.execution import Desk
from jobs.schedule import JOBS
from models import audit
from models.audit.stored import StoredTrail
from models.audit_check import service
from models.audit_check.rules import JOB, alarming
from models.job.document import Run
from models.job.rules import State
from models.office import office_calendar
from models.outbox.document import EMAILS
from models.person.roles import Person, Role
from tests.factories.people import person
from tests.integration.audit.conftest import Chain

Check = Callable[[], Run]


@pytest.fixture
def check(connected: Settings, chain: Chain) -> Check:
    """The job as of the trail's present moment, with the checkpoint files of the trail."""
    settings = replace(connected, audit_folder=chain.folder)
    return lambda: execution.run_now(Desk("first", settings, JOBS, lambda: chain.now), JOB, chain.now, "test")


@pytest.fixture
def known() -> dict[Role, Person]:
    return {role: person(role) for role in (Role.ADMINISTRATOR, Role.AUDITOR, Role.HEAD, Role.SPECIALIST)}


def tamper(chain: Chain) -> None:
    chain.db[audit.ENTRIES].update_one({"number": "C-5"}, {"$set": {"actor_name": "Someone else"}})


def told(chain: Chain) -> list[str]:
    return sorted(row["to"] for row in chain.db[EMAILS].find({"_id": {"$regex": "^audit_check:"}}))


def test_a_trail_that_fits_is_checked_and_nobody_is_told(check: Check, chain: Chain, known: dict[Role, Person]) -> None:
    run = check()
    assert (run.state, run.counts) == (State.DONE, {"checked": 18})
    assert told(chain) == []
    assert [service.alarm(one) for one in known.values()] == [None] * 4
    [entry] = chain.db[audit.ENTRIES].find({"action": "trail_checked"})
    assert entry["detail"] == {"entries": 18, "findings": 0}


def test_tampering_fails_the_job_and_is_told_to_those_who_watch_once(
    check: Check, chain: Chain, known: dict[Role, Person]
) -> None:
    tamper(chain)
    run = check()
    assert run.state is State.FAILED
    assert "1 findings" in run.error
    watchers = [known[role] for role in (Role.ADMINISTRATOR, Role.AUDITOR, Role.HEAD)]
    assert told(chain) == sorted(f"{one.id}@example.test" for one in watchers)
    for one in watchers:
        found = service.alarm(one)
        assert found is not None
        assert "was altered" in found.findings[0]
    assert service.alarm(known[Role.SPECIALIST]) is None
    text = chain.db[EMAILS].find_one({"_id": {"$regex": "^audit_check:"}})["text"]  # type: ignore[index]
    assert "seal 2" not in text
    chain.now += timedelta(days=1)
    assert check().state is State.FAILED
    assert len(told(chain)) == 3


def test_other_findings_are_told_anew_and_the_alarm_ends_with_a_check_that_finds_nothing(
    check: Check, chain: Chain, known: dict[Role, Person]
) -> None:
    before = chain.db[audit.ENTRIES].find_one({"number": "C-5"})
    tamper(chain)
    check()
    chain.db[audit.ENTRIES].delete_one({"number": "C-9"})
    chain.now += timedelta(minutes=1)
    check()
    assert len(told(chain)) == 6
    head = service.alarm(known[Role.HEAD])
    assert head is not None
    assert head.count == 2
    removed = {"number": "C-9", "_id": chain.db[audit.SEALS].find_one({"seq": 3})["entries"][2]}  # type: ignore[index]
    assert before is not None
    chain.db[audit.ENTRIES].replace_one({"_id": before["_id"]}, before)
    chain.db[audit.ENTRIES].insert_one({**before, **removed, "at": before["at"] + timedelta(minutes=4)})
    chain.now += timedelta(minutes=1)
    run = check()
    assert run.error == ""
    assert service.alarm(known[Role.HEAD]) is None


def test_a_checkpoint_written_while_the_files_are_read_is_no_finding(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = StoredTrail.checkpoints

    def written_meanwhile(trail: StoredTrail) -> Iterator[str]:
        chain.grow()
        return iter(read(trail))

    monkeypatch.setattr(StoredTrail, "checkpoints", written_meanwhile)
    assert chain.verify().findings == ()


def test_seals_that_are_made_during_the_walk_wait_for_the_next_check(
    check: Check, chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    walk = StoredTrail.seals

    def sealed_meanwhile(trail: StoredTrail) -> Iterator[dict[str, object]]:
        for _ in range(3):  # longer than a checkpoint may be away
            chain.now += timedelta(minutes=4)
            chain.append(2)
            audit.seal(chain.now)
        yield from walk(trail)

    monkeypatch.setattr(StoredTrail, "seals", sealed_meanwhile)
    assert check().counts == {"checked": 18}


def test_checkpoints_of_another_machine_s_scheduler_are_no_alarm_but_of_the_only_one_they_are(chain: Chain) -> None:
    first = chain.files[0]
    first.write_text("".join(first.read_text().splitlines(keepends=True)[2:]))
    verdict = chain.verify()
    assert verdict.unfiled
    assert alarming(verdict, one_folder=False) == ()
    assert alarming(verdict, one_folder=True) == verdict.findings


def test_a_check_whose_process_is_to_end_is_left_to_the_next_scheduler(connected: Settings, chain: Chain) -> None:
    context = JobContext(chain.now, chain.db, connected, office_calendar(), lambda: False)
    with pytest.raises(Stopped):
        JOBS.get(JOB).work(context)
    assert service.latest() is None
