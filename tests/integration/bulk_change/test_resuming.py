"""Bulk changes that are broken off, taken up again, stopped, and met by other people's work: each record once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from threading import Thread
from typing import Any

import pytest
from pymongo.database import Database
from pymongo.errors import AutoReconnect

from config.database import TransactionGaveUp
from config.settings import Settings
from jobs import bulk_changes
from jobs.context import JobContext
from models import audit, records, registry
from models.bulk_change import rules, running, service, sweeping
from models.bulk_change.document import Plan, State
from models.errors import Refusal
from models.job import long
from models.key_vault.refusals import KeysUnusable
from models.office import office_calendar
from models.person.roles import Person
from models.registry import Draft, Hooks
from tests.factories.bulk_changes import carried_out, previewed, reasons, worked
from tests.factories.types import SAMPLE
from tests.integration.bulk_change.conftest import Make, stored

Base = Database[dict[str, Any]]
MANY = 25
RED = {"colour": "red"}


def confirmed(who: Person, numbers: list[str], now: datetime) -> Plan:
    plan = previewed(who, "change", RED, now=now, slug="sample", numbers=numbers)
    return service.confirm(who, plan.id, plan.stamp, now)


def reds(db: Base) -> int:
    return db["record_sample"].count_documents({"colour": "red"})


def each_once(db: Base, plan: Plan, count: int) -> None:
    """Every record has one version of the plan and one audit entry."""
    assert reds(db) == count
    assert db["record_version"].count_documents({"batch": plan.id}) == count
    assert db["audit"].count_documents({"detail.batch": str(plan.id)}) == count
    assert set(db["record_sample"].distinct("rev", {"colour": "red"})) == {2}


def test_it_goes_on_behind_the_last_chunk(ann: Person, made: Make, now: datetime, db: Base) -> None:
    plan = confirmed(ann, made(ann, MANY), now)
    turns = iter([True])
    assert running.advance(plan.id, holder="one", now=now, go_on=lambda: next(turns, False))
    part = service.get(plan.id)
    assert (part.state, part.count("changed"), part.at_row, part.percent) == (State.RUNNING, 10, 10, 40)
    worked(plan, now)
    each_once(db, plan, MANY)


def test_an_outage_of_the_keys_refuses_no_record(
    ann: Person, made: Make, now: datetime, db: Base, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = confirmed(ann, made(ann, MANY), now)

    def away(*_: Any, **__: Any) -> None:
        raise KeysUnusable("the key service does not answer")

    for name in ("models.store.next_draft", "models.sealing.take_keys"):  # while they are prepared; while they are put
        with monkeypatch.context() as patched:
            patched.setattr(name, away)
            with pytest.raises(KeysUnusable):
                running.advance(plan.id, holder="one", now=now)
    part = service.get(plan.id)
    assert (part.state, part.count("refused"), reds(db)) == (State.RUNNING, 0, 0)
    worked(plan, now)
    each_once(db, plan, MANY)


def test_a_chunk_that_breaks_off_leaves_nothing_and_is_done_again(
    ann: Person, made: Make, now: datetime, db: Base, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = confirmed(ann, made(ann, MANY), now)
    whole, calls = audit.append_many, list[int]()

    def broken(*args: Any, **kwargs: Any) -> None:
        whole(*args, **kwargs)
        calls.append(1)
        if len(calls) == 2:
            raise AutoReconnect("gone")

    monkeypatch.setattr(audit, "append_many", broken)
    with pytest.raises(AutoReconnect):
        running.advance(plan.id, holder="one", now=now)
    each_once(db, plan, 10)
    assert service.get(plan.id).count("changed") == 10
    worked(plan, now)
    each_once(db, plan, MANY)


def test_two_workers_change_nothing_twice(ann: Person, made: Make, now: datetime, db: Base) -> None:
    plan = confirmed(ann, made(ann, MANY), now)
    workers = [Thread(target=running.advance, args=(plan.id,), kwargs={"holder": f"w{n}", "now": now}) for n in (1, 2)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    worked(plan, now)
    each_once(db, plan, MANY)
    assert service.get(plan.id).count("changed") == MANY


def test_the_database_itself_keeps_a_record_from_a_second_version_of_a_plan(
    ann: Person, made: Make, now: datetime, db: Base
) -> None:
    plan = carried_out(ann, "change", RED, now=now, slug="sample", numbers=made(ann, 3))
    (version,) = db["record_version"].find({"batch": plan.id}).limit(1)
    with pytest.raises(Exception, match="E11000"):
        db["record_version"].insert_one({"record": version["record"], "rev": 99, "batch": plan.id})


def test_what_somebody_changed_after_the_preview_is_reported_not_overwritten(
    ann: Person, head: Person, made: Make, now: datetime, db: Base
) -> None:
    numbers = made(ann, 12)
    plan = previewed(ann, "change", RED, now=now, slug="sample", numbers=numbers)
    records.change(head, "sample", numbers[3], {"colour": "blue"}, rev=1, now=now)
    plan = worked(service.confirm(ann, plan.id, plan.stamp, now), now)
    assert (plan.count("changed"), plan.count("moved")) == (11, 1)
    assert reasons(plan, "moved") == {"head changed it after the preview.": 1}
    assert stored(db, numbers[3])["colour"] == "blue"


def test_someone_who_saves_in_the_midst_of_a_chunk_is_not_overwritten(
    ann: Person, head: Person, made: Make, now: datetime, db: Base, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other's save meets the open transaction: one of the two gives way, none is lost."""
    numbers = made(ann, 5)
    plan = confirmed(ann, numbers, now)
    whole = audit.append_many
    other = Thread(target=db["record_sample"].update_one, args=({"number": numbers[0]}, CHANGED))

    def beside(*args: Any, **kwargs: Any) -> None:
        whole(*args, **kwargs)
        if other.ident is None:
            other.start()
            other.join(0.5)

    monkeypatch.setattr(audit, "append_many", beside)
    plan = worked(plan, now)
    other.join()
    assert stored(db, numbers[0])["notes"] == "theirs"
    assert plan.count("changed") + plan.count("moved") == 5


CHANGED = {"$set": {"notes": "theirs"}, "$inc": {"rev": 1}}


def test_a_right_that_was_lost_after_the_preview_is_asked_again(
    ann: Person, ben: Person, made: Make, now: datetime, db: Base
) -> None:
    plan = confirmed(ann, made(ann, 4), now)
    one = db["record_sample"].find_one()
    assert one is not None
    db["record_sample"].update_one({"_id": one["_id"]}, {"$set": {"acl": [f"internal|own|{ben.id}"]}})
    plan = worked(plan, now)
    assert (plan.count("changed"), plan.count("refused")) == (3, 1)


def test_a_person_who_was_disabled_changes_nothing_more(ann: Person, made: Make, now: datetime, db: Base) -> None:
    plan = confirmed(ann, made(ann, 4), now)
    db["user"].update_one({"_id": ann.id}, {"$set": {"active": False}})
    plan = worked(plan, now)
    assert (plan.state, plan.failure["code"]) == (State.FAILED, "actor_gone")
    assert reds(db) == 0


class Odd(Refusal):
    code = "odd"
    en = "Not this one."


def test_a_record_that_a_rule_refuses_after_storing_is_refused_alone(
    ann: Person, made: Make, now: datetime, db: Base
) -> None:
    def after(draft: Draft) -> None:
        if draft.before is not None and draft.values["name"] == "N7":
            raise Odd

    registry.register(SAMPLE, Hooks(after=(after,)))
    plan = carried_out(ann, "change", RED, now=now, slug="sample", numbers=made(ann, MANY))
    assert (plan.count("changed"), reasons(plan)) == (MANY - 1, {"Not this one.": 1})
    each_once(db, plan, MANY - 1)


def test_it_is_stopped_and_what_is_done_stands(ann: Person, made: Make, now: datetime, db: Base) -> None:
    plan = confirmed(ann, made(ann, MANY), now)
    turns = iter([True])
    running.advance(plan.id, holder="one", now=now, go_on=lambda: next(turns, False))
    assert service.stop(ann, plan.id, now).state is State.STOPPED
    assert running.work("job", now, lambda: True) == (0, False)
    each_once(db, plan, 10)
    undone = worked(service.undo(ann, plan.id, now), now)
    assert (undone.state, undone.count("undone"), reds(db)) == (State.UNDONE, 10, 0)


def test_a_stop_in_the_midst_of_a_chunk_leaves_nothing_of_it(
    ann: Person, made: Make, now: datetime, db: Base, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = confirmed(ann, made(ann, 5), now)
    whole = audit.append_many

    def stopped(*args: Any, **kwargs: Any) -> None:
        whole(*args, **kwargs)
        stop = {"$set": {"state": "stopped"}}
        one = Thread(target=db["bulk_change"].update_one, args=({"_id": plan.id}, stop))
        one.start()
        one.join()

    monkeypatch.setattr(audit, "append_many", stopped)
    running.advance(plan.id, holder="one", now=now)
    assert service.get(plan.id).state is State.STOPPED
    assert reds(db) == 0
    assert db["record_version"].count_documents({"batch": plan.id}) == 0


def test_records_added_meanwhile_are_taken_along_up_to_the_tolerance(
    ann: Person, made: Make, now: datetime, db: Base, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "tolerance", lambda _: 3)
    made(ann, 12)
    plan = previewed(ann, "change", RED, now=now, slug="sample", address=[("owner", "me")])
    made(ann, 2)
    plan = worked(service.confirm(ann, plan.id, plan.stamp, now), now)
    assert (plan.count("changed"), plan.count("added"), plan.count("left_out")) == (14, 2, 0)
    plan = previewed(ann, "change", {"pieces": "1"}, now=now, slug="sample", address=[("owner", "me")])
    made(ann, 5)
    plan = worked(service.confirm(ann, plan.id, plan.stamp, now), now)
    assert (plan.count("changed"), plan.count("added"), plan.count("left_out")) == (17, 3, 1)
    assert db["record_sample"].count_documents({"pieces": 1}) == 17


def test_ticked_records_are_joined_by_none(ann: Person, made: Make, now: datetime, db: Base) -> None:
    plan = previewed(ann, "change", RED, now=now, slug="sample", numbers=made(ann, 3))
    made(ann, 2)
    worked(service.confirm(ann, plan.id, plan.stamp, now), now)
    assert reds(db) == 3


def test_too_many_records_are_refused_before_anything_is_noted(
    ann: Person, made: Make, now: datetime, db: Base, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "MOST_RECORDS", 4)
    made(ann, 5)
    plan = service.start(ann, "sample", "change", now=now, address=[])
    with pytest.raises(Refusal, match="Narrow the list"):
        service.check(ann, plan.id, RED, now=now)
    assert service.get(plan.id).state is State.DRAFT
    assert db["bulk_change_target"].count_documents({}) == 0


def test_the_job_carries_it_from_check_to_end_and_asks_for_another_turn(
    ann: Person, made: Make, now: datetime, db: Base, connected: Settings
) -> None:
    context = JobContext(now=now, db=db, settings=connected, calendar=office_calendar())
    numbers = made(ann, MANY)
    plan = service.start(ann, "sample", "change", now=now, numbers=numbers)
    service.check(ann, plan.id, RED, now=now)
    assert db["job_request"].count_documents({"_id": "bulk_changes"}) == 1
    bulk_changes.carry_on(context)
    plan = service.get(plan.id)
    assert plan.state is State.CHECKED
    service.confirm(ann, plan.id, plan.stamp, now)
    db["job_request"].delete_many({})
    bulk_changes.carry_on(replace(context, turn_seconds=-1))
    assert db["job_request"].count_documents({"_id": "bulk_changes"}) == 1
    bulk_changes.carry_on(context)
    each_once(db, plan, MANY)
    assert bulk_changes.carry_on(context).counts == {}


def test_one_that_never_gets_on_is_given_up(
    ann: Person, made: Make, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = confirmed(ann, made(ann, 2), now)

    def broken(*args: Any, **kwargs: Any) -> None:
        raise AutoReconnect("gone")

    monkeypatch.setattr(audit, "append_many", broken)
    for _ in range(long.MOST_ATTEMPTS):
        with pytest.raises(AutoReconnect):
            running.work("job", now, lambda: True)
    running.work("job", now, lambda: True)
    assert (service.get(plan.id).state, service.get(plan.id).failure["code"]) == (State.FAILED, "gave_up")


def test_plans_are_forgotten_in_time(ann: Person, made: Make, now: datetime, db: Base) -> None:
    numbers = made(ann, 3)
    plan = carried_out(ann, "change", RED, now=now, slug="sample", numbers=numbers)
    previewed(ann, "change", RED, now=now, slug="sample", numbers=numbers)
    assert sweeping.sweep(now + timedelta(hours=23)) == 0
    assert sweeping.sweep(now + timedelta(hours=25)) == 1
    assert db["bulk_change"].count_documents({}) == 1
    assert sweeping.sweep(now + timedelta(days=31)) == 1
    assert sweeping.sweep(now + timedelta(days=31)) == 0
    assert db["bulk_change_target"].count_documents({}) == 0
    kept = service.get(plan.id)
    assert (kept.count("changed"), kept.owner, kept.values) == (3, ann.id, {})


def test_who_lost_the_right_to_the_act_carries_out_nothing(
    head: Person, ann: Person, made: Make, now: datetime, db: Base
) -> None:
    plan = previewed(head, "archive", {}, note="Outdated", now=now, slug="sample", numbers=made(ann, 3))
    plan = service.confirm(head, plan.id, plan.stamp, now)
    db["user"].update_one({"_id": head.id}, {"$set": {"roles": ["specialist"]}})
    plan = worked(plan, now)
    assert (plan.state, plan.failure["code"]) == (State.FAILED, "no_such_act")
    assert set(db["record_sample"].distinct("archived_at")) == set()


def test_a_machine_too_slow_for_a_chunk_takes_smaller_ones(
    ann: Person, made: Make, now: datetime, db: Base, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = confirmed(ann, made(ann, MANY), now)
    whole = audit.append_many

    def slow(action: str, actor: Person, subjects: Any, **kwargs: Any) -> None:
        if len(subjects) > running.FEWEST:
            raise TransactionGaveUp
        whole(action, actor, subjects, **kwargs)

    monkeypatch.setattr(audit, "append_many", slow)
    worked(plan, now)
    each_once(db, plan, MANY)
