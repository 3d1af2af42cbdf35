"""Taking an import back: what nobody has worked on goes, the rest stays."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from bson import ObjectId
from pymongo.database import Database

from models import audit, records, store
from models.bulk_change import service as bulk_changes
from models.errors import Forbidden, NotFound
from models.exchange import running, service, undoing
from models.exchange.document import State
from models.exchange.refusals import UndoTooLate, WrongStep
from models.person.roles import Person, Role
from tests.factories.bulk_changes import carried_out
from tests.factories.bulk_changes import worked as bulk_worked
from tests.factories.imports import imported, worked
from tests.factories.people import person

Base = Database[dict[str, Any]]
FOUR = "公司名称,电话\n甲公司,021-55501231\n乙公司,021-55501232\n丙公司,021-55501233\n丁公司,021-55501234\n"


def by_name(db: Base) -> dict[str, dict[str, Any]]:
    return {son["name"]: son for son in db["record_customer"].find()}


def test_untouched_records_go_with_their_content_and_leave_their_trail(
    custodian: Person, now: datetime, db: Base
) -> None:
    batch = imported(custodian, FOUR, now)
    ids = [son["_id"] for son in by_name(db).values()]
    undone = worked(service.undo(custodian, batch.id, now), now)
    assert (undone.state, undone.count("undone"), undone.count("kept")) == (State.UNDONE, 4, 0)
    assert by_name(db) == {}
    versions = list(db[store.VERSIONS].find({"record": {"$in": ids}}).sort("rev", 1))
    assert [v["action"] for v in versions] == ["create"] * 4 + ["undo_import"] * 4
    assert "甲公司" not in str(versions)
    assert db["audit"].count_documents({"record": {"$in": ids}, "action": "undo_import"}) == 4
    about = [e["action"] for e in db["audit"].find({"record": batch.id}).sort("_id", 1)]
    assert about == ["import_confirmed", "import", "import_undo_asked", "import_undone"]
    while audit.seal(now):
        pass
    assert audit.verify().findings == ()


def test_records_that_were_worked_on_stay_and_are_listed(custodian: Person, now: datetime, db: Base) -> None:
    batch = imported(custodian, FOUR, now)
    found = by_name(db)
    records.change(custodian, "customer", found["甲公司"]["number"], {"city": "杭州"}, rev=1, now=now)
    store.create("complaint", {"subject": "晚到", "customer": found["乙公司"]["_id"]}, actor=custodian, now=now)
    store.add_grant("customer", found["丙公司"]["_id"], ObjectId())
    undone = worked(service.undo(custodian, batch.id, now), now)
    assert (undone.count("undone"), undone.count("kept")) == (1, 3)
    assert set(by_name(db)) == {"甲公司", "乙公司", "丙公司"}
    used = "It was opened to somebody, is on legal hold, or another record points to it."
    assert [(one.number, one.why.en) for one in service.kept_records(custodian, undone)] == [
        (found["甲公司"]["number"], "It was changed after the import."),
        (found["乙公司"]["number"], used),
        (found["丙公司"]["number"], used),
    ]


def test_all_that_stays_comes_as_a_file_with_the_reasons(
    custodian: Person, head: Person, now: datetime, db: Base, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(undoing, "AT_ONCE", 1)
    batch = imported(custodian, FOUR, now)
    found = by_name(db)
    with pytest.raises(WrongStep):
        service.kept_file(custodian, batch.id, "en")
    records.change(custodian, "customer", found["甲公司"]["number"], {"city": "杭州"}, rev=1, now=now)
    store.change("customer", found["乙公司"]["_id"], {"archived_at": now}, actor=head, now=now, action="archive")
    hidden = {"level": "top_secret", "owner": head.id}
    records.change(head, "customer", found["丙公司"]["number"], hidden, rev=1, now=now)
    worked(service.undo(custodian, batch.id, now), now)
    lines = b"".join(service.kept_file(custodian, batch.id, "en")).decode("utf-8-sig").splitlines()
    assert lines == [
        "Number,Why it stays",
        f"{found['甲公司']['number']},It was changed after the import.",
        f"{found['乙公司']['number']},It is archived.",
    ]


def test_nothing_tells_one_that_became_top_secret_from_one_that_is_gone(
    custodian: Person, head: Person, now: datetime, db: Base
) -> None:
    """X3, X6: the file of what stayed has no line for it, and none counts it."""
    batch = imported(custodian, FOUR, now)
    found = by_name(db)
    for son in found.values():
        records.change(custodian, "customer", son["number"], {"city": "杭州"}, rev=1, now=now)
    undone = worked(service.undo(custodian, batch.id, now), now)

    def told() -> tuple[list[bytes], int]:
        return list(service.kept_file(custodian, batch.id, "en")), undoing.count_kept(custodian, undone)

    hidden = {"level": "top_secret", "owner": head.id}
    records.change(head, "customer", found["乙公司"]["number"], hidden, rev=2, now=now)
    raised = told()
    assert (raised[1], undoing.count_kept(head, undone)) == (3, 4)
    db["record_customer"].delete_one({"_id": found["乙公司"]["_id"]})
    assert told() == raised


def test_an_undo_that_left_only_what_is_hidden_says_no_more_than_one_where_it_was_gone(
    custodian: Person, head: Person, now: datetime, db: Base
) -> None:
    batch = imported(custodian, FOUR, now)
    hidden = {"level": "top_secret", "owner": head.id}
    records.change(head, "customer", by_name(db)["乙公司"]["number"], hidden, rev=1, now=now)
    worked(service.undo(custodian, batch.id, now), now)
    heading = "Number,Why it stays"
    assert b"".join(service.kept_file(custodian, batch.id, "en")).decode("utf-8-sig").splitlines() == [heading]
    db["record_customer"].delete_many({})
    db["import_batch"].update_one({"_id": batch.id}, {"$set": {"counts.kept": 0}})
    assert b"".join(service.kept_file(custodian, batch.id, "en")).decode("utf-8-sig").splitlines() == [heading]


def test_an_undo_that_left_something_is_asked_for_again(custodian: Person, now: datetime, db: Base) -> None:
    batch = imported(custodian, FOUR, now)
    assert undoing.untouched(custodian, batch) == 4
    plan = carried_out(custodian, "change", {"city": "杭州"}, now=now)
    assert plan.count("changed") == 4
    undone = worked(service.undo(custodian, batch.id, now), now)
    assert (undone.count("undone"), undone.count("kept"), undone.left) == (0, 4, 4)
    assert undoing.untouched(custodian, batch) == 0
    bulk_worked(bulk_changes.undo(custodian, plan.id, now), now)
    assert {one.why.en for one in service.kept_records(custodian, undone)} == {"It can be taken back now."}
    again = worked(service.undo(custodian, batch.id, now), now)
    assert (again.count("undone"), again.count("kept"), by_name(db)) == (4, 0, {})
    with pytest.raises(WrongStep):
        service.undo(custodian, batch.id, now)


def test_one_that_was_changed_besides_a_bulk_change_stays(custodian: Person, now: datetime, db: Base) -> None:
    batch = imported(custodian, FOUR, now)
    number = by_name(db)["甲公司"]["number"]
    records.change(custodian, "customer", number, {"address": "滨河路 8 号"}, rev=1, now=now)
    plan = carried_out(custodian, "change", {"city": "杭州"}, now=now)
    bulk_worked(bulk_changes.undo(custodian, plan.id, now), now)
    undone = worked(service.undo(custodian, batch.id, now), now)
    assert (undone.count("undone"), undone.count("kept"), set(by_name(db))) == (3, 1, {"甲公司"})


def test_a_kept_record_that_went_out_of_reach_is_not_named(
    custodian: Person, head: Person, now: datetime, db: Base
) -> None:
    batch = imported(custodian, FOUR, now)
    number = by_name(db)["甲公司"]["number"]
    records.change(head, "customer", number, {"level": "top_secret", "owner": head.id}, rev=1, now=now)
    undone = worked(service.undo(custodian, batch.id, now), now)
    assert undone.count("kept") == 1
    assert service.kept_records(custodian, undone) == []
    assert [one.number for one in service.kept_records(head, undone)] == [number]


def test_undoing_goes_on_where_it_was_broken_off(
    custodian: Person, now: datetime, db: Base, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = imported(custodian, FOUR, now)
    monkeypatch.setattr(running, "CHUNK", 1)
    service.undo(custodian, batch.id, now)
    turns = iter([True, True])
    assert running.advance(batch.id, holder="one", now=now, go_on=lambda: next(turns, False))
    assert len(by_name(db)) == 2
    undone = worked(service.get(batch.id), now)
    assert (undone.count("undone"), by_name(db)) == (4, {})


def test_undoing_twice_is_refused(custodian: Person, now: datetime) -> None:
    batch = imported(custodian, FOUR, now)
    service.undo(custodian, batch.id, now)
    with pytest.raises(WrongStep):
        service.undo(custodian, batch.id, now)
    worked(service.get(batch.id), now)
    with pytest.raises(WrongStep):
        service.undo(custodian, batch.id, now)


def test_the_head_may_undo_and_others_may_not(custodian: Person, head: Person, now: datetime) -> None:
    batch = imported(custodian, FOUR, now)
    with pytest.raises(Forbidden):
        service.undo(person(Role.CUSTODIAN), batch.id, now)
    with pytest.raises(NotFound):
        service.undo(person(Role.SPECIALIST), batch.id, now)
    assert worked(service.undo(head, batch.id, now), now).state is State.UNDONE


def test_an_import_of_last_month_is_not_undone(custodian: Person, now: datetime) -> None:
    batch = imported(custodian, FOUR, now)
    with pytest.raises(UndoTooLate):
        service.undo(custodian, batch.id, now + timedelta(days=31))


def test_the_same_file_can_be_imported_after_an_undo(custodian: Person, now: datetime, db: Base) -> None:
    text = "原系统编号,公司名称\nC-1,甲公司\n"
    batch = imported(custodian, text, now)
    worked(service.undo(custodian, batch.id, now), now)
    assert imported(custodian, text, now).count("taken") == 1
