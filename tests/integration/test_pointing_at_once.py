"""What a record points to is changed, or taken away, in the same moment as the pointer is made: no record ends less
secret than its customer's file (X1), and none points to what is gone."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from types import ModuleType
from typing import Any

import pytest
from bson import ObjectId
from pymongo.database import Database

from config.database import database, in_transaction, transaction
from models import bulk, catalogue, opening, records, schema, store
from models.bulk_change import writing as sets
from models.declarations import Level
from models.destruction import removal
from models.errors import Invalid
from models.exchange import service as exchange
from models.exchange import undoing
from models.exchange.document import Batch, State
from models.kinds.picks import Pointer
from models.merge import moving
from models.merge import service as merging
from models.office import office_calendar
from models.person.roles import Person, Role
from models.review import service as review
from models.store import writing
from tests.factories.customers import customer
from tests.factories.imports import imported, reasons, worked
from tests.factories.people import person
from tests.factories.registering import registered
from tests.factories.types import SAMPLE
from tests.integration.destruction.conftest import YEARS, Cast, signed
from tests.integration.merge.conftest import POINTING

DB = Database[dict[str, Any]]
Meanwhile = Callable[[ModuleType, str, Callable[[], Any]], None]
LATER = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def shipped(db: DB) -> None:
    catalogue.load()
    schema.migrate()


@pytest.fixture
def custodian(db: DB) -> Person:
    return person(Role.CUSTODIAN, name="Custodian")


@pytest.fixture
def file(owner: Person, now: datetime) -> dict[str, Any]:
    return customer(owner, now - timedelta(days=400), state="active", grade="B")


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    """Let somebody else do something, to its end, when a step of a transaction has been done for the first time."""

    def arrange(room: ModuleType, step: str, other: Callable[[], Any]) -> None:
        left, real = [other], getattr(room, step)

        def done(*given: Any, **named: Any) -> Any:
            found = real(*given, **named)
            if left and in_transaction():
                with ThreadPoolExecutor(1) as beside:
                    beside.submit(left.pop()).result(timeout=120)
            return found

        monkeypatch.setattr(room, step, done)

    return arrange


def complaint(who: Person, about: dict[str, Any], now: datetime, **values: Any) -> dict[str, Any]:
    return store.create("complaint", {"subject": "晚到", "customer": about["_id"], **values}, actor=who, now=now)


def raised(who: Person, file: dict[str, Any], now: datetime) -> None:
    store.change("customer", file["_id"], {"level": "top_secret", "level_basis": "x"}, actor=who, now=now + LATER)


def less_secret(db: DB, slug: str, file: dict[str, Any]) -> list[str]:
    """Of the records of a customer, those that are less secret than its file."""
    least = Level(store.fetch("customer", file["_id"])["level"]).rank
    found = list(db[f"record_{slug}"].find({"customer": file["_id"]}))
    assert found
    return [one["number"] for one in found if Level.of(one.get("level")).rank < least]


# --- a file is raised


def test_a_record_made_while_its_file_is_raised_is_raised_with_it(
    owner: Person, file: dict[str, Any], now: datetime, db: DB, meanwhile: Meanwhile
) -> None:
    meanwhile(writing, "new_draft", lambda: raised(owner, file, now))
    records.create(owner, "complaint", {"subject": "晚到", "customer": str(file["_id"])}, now=now)
    assert less_secret(db, "complaint", file) == []


def test_a_record_pointed_to_a_file_while_that_is_raised_is_raised_with_it(
    owner: Person, file: dict[str, Any], now: datetime, db: DB, meanwhile: Meanwhile
) -> None:
    made = complaint(owner, customer(owner, now, name="Another"), now)
    meanwhile(writing, "next_draft", lambda: raised(owner, file, now))
    store.change("complaint", made["_id"], {"customer": file["_id"]}, actor=owner, now=now)
    assert less_secret(db, "complaint", file) == []


def test_records_pointed_to_a_file_as_a_set_while_that_is_raised_are_raised_with_it(
    owner: Person, file: dict[str, Any], now: datetime, db: DB, meanwhile: Meanwhile
) -> None:
    other = customer(owner, now, name="Another")
    wanted = [sets.Change(complaint(owner, other, now)["_id"], 1, {"customer": file["_id"]}) for _ in range(3)]
    meanwhile(sets, "prepared", lambda: raised(owner, file, now))
    sets.change_many("complaint", wanted, sets.Act(), actor=owner, now=now, allowed=lambda _: None)
    assert less_secret(db, "complaint", file) == []


def test_a_record_whose_level_is_lowered_while_its_file_is_raised_stays_as_secret_as_it(
    owner: Person, head: Person, file: dict[str, Any], now: datetime, db: DB, meanwhile: Meanwhile
) -> None:
    made = complaint(owner, file, now, level="top_secret", level_basis="x")
    meanwhile(writing, "next_draft", lambda: raised(owner, file, now))
    with pytest.raises(Invalid) as refused:
        store.change("complaint", made["_id"], {"level": "internal"}, actor=head, now=now)
    assert "level" in refused.value.problems
    assert less_secret(db, "complaint", file) == []


def test_rows_imported_while_their_file_is_raised_are_raised_with_it(
    owner: Person, head: Person, file: dict[str, Any], now: datetime, db: DB, meanwhile: Meanwhile
) -> None:
    meanwhile(bulk, "_moved", lambda: raised(owner, file, now))
    batch = imported(head, f"主题,客户\n晚到,{file['number']}\n破损,{file['number']}\n", now, slug="complaint")
    assert (batch.state, batch.count("taken"), reasons(batch)) == (State.DONE, 2, {})
    assert less_secret(db, "complaint", file) == []


def test_a_review_opened_while_its_file_is_raised_is_raised_with_it(
    owner: Person, file: dict[str, Any], now: datetime, db: DB, meanwhile: Meanwhile
) -> None:
    meanwhile(opening, "_there", lambda: raised(owner, file, now))
    assert review.open_quarter(now, office_calendar()) == 1
    assert less_secret(db, "review", file) == []


def test_a_record_that_follows_a_merge_while_the_surviving_file_is_raised_is_raised_with_it(
    owner: Person, head: Person, file: dict[str, Any], now: datetime, db: DB, meanwhile: Meanwhile
) -> None:
    other = customer(owner, now, name="Another")
    merging.merge(head, "customer", file["number"], other["number"], {}, revs=(1, 1), now=now)
    late = complaint(owner, other, now)  # written when the two were merged already
    moving.carry_on(now, lambda: True)
    meanwhile(moving, "keep_level", lambda: raised(owner, file, now))
    moving.carry_on(now + timedelta(minutes=5), lambda: True)
    assert store.fetch("complaint", late["_id"])["customer"] == file["_id"]
    assert less_secret(db, "complaint", file) == []


def test_a_record_that_comes_back_to_a_file_raised_since_is_raised_with_it(
    owner: Person, head: Person, file: dict[str, Any], now: datetime, db: DB, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A merge of many is taken back bit by bit: the file is there before its records are."""
    other = customer(owner, now, name="Another")
    complaint(owner, other, now)
    merging.merge(head, "customer", file["number"], other["number"], {}, revs=(1, 1), now=now)
    monkeypatch.setattr(merging, "AT_ONCE", 0)
    merging.undo(head, "customer", file["number"], other["number"], now=now)
    raised(owner, other, now)
    moving.carry_on(now + LATER, lambda: True)
    assert less_secret(db, "complaint", other) == []


# --- what is pointed to is taken away


def four(custodian: Person, now: datetime) -> tuple[Batch, list[dict[str, Any]]]:
    """An import that can be undone, and its records."""
    text = "公司名称,电话\n" + "".join(f"{name}公司,021-5550123{n}\n" for n, name in enumerate("甲乙丙丁"))
    batch = imported(custodian, text, now)
    return batch, list(database()["record_customer"].find())


def test_a_record_of_what_an_undo_takes_back_in_the_same_moment_is_refused_by_its_field(
    custodian: Person, now: datetime, db: DB, meanwhile: Meanwhile
) -> None:
    batch, files = four(custodian, now)
    meanwhile(writing, "new_draft", lambda: worked(exchange.undo(custodian, batch.id, now), now))
    with pytest.raises(Invalid) as refused:
        complaint(custodian, files[0], now)
    assert refused.value.problems["customer"].zh == Pointer.unknown[0]
    assert (db["record_customer"].count_documents({}), db["record_complaint"].count_documents({})) == (0, 0)


def test_an_undo_keeps_what_a_record_points_to_since_the_same_moment(
    custodian: Person, now: datetime, db: DB, meanwhile: Meanwhile
) -> None:
    batch, files = four(custodian, now)
    meanwhile(undoing, "_pointed_at", lambda: complaint(custodian, files[0], now))
    undone = worked(exchange.undo(custodian, batch.id, now), now)
    assert (undone.count("undone"), undone.count("kept")) == (3, 1)
    assert [son["_id"] for son in db["record_customer"].find()] == [files[0]["_id"]]


def test_a_row_of_what_an_undo_takes_back_in_the_same_moment_is_refused(
    custodian: Person, head: Person, now: datetime, db: DB, meanwhile: Meanwhile
) -> None:
    batch, files = four(custodian, now)
    kept = customer(custodian, now, name="Kept")
    meanwhile(bulk, "_moved", lambda: worked(exchange.undo(custodian, batch.id, now), now))
    text = f"主题,客户\n晚到,{files[0]['number']}\n破损,{kept['number']}\n"
    stored = imported(head, text, now, slug="complaint")
    assert (stored.state, stored.count("taken"), stored.count("refused")) == (State.DONE, 1, 1)
    assert [one["customer"] for one in db["record_complaint"].find()] == [kept["_id"]]
    assert reasons(stored) == {f"客户: {Pointer.unknown[1]}": 1}


def test_what_is_destroyed_in_the_same_moment_is_not_pointed_to(now: datetime, db: DB, meanwhile: Meanwhile) -> None:
    cast, later = cast_of(), now + timedelta(days=8)
    old = customer(cast.owner, now - YEARS, level="secret", level_basis="x", secret_until=None)
    signed(cast, [old], now)
    meanwhile(writing, "new_draft", lambda: removal.begin_due(later))
    with pytest.raises(Invalid) as refused:
        complaint(cast.owner, old, later)
    assert "customer" in refused.value.problems
    assert db["record_complaint"].count_documents({}) == 0


def test_a_destruction_begins_not_when_a_record_at_work_points_there_since_the_same_moment(
    now: datetime, db: DB, meanwhile: Meanwhile
) -> None:
    cast, later = cast_of(), now + timedelta(days=8)
    old = customer(cast.owner, now - YEARS, level="secret", level_basis="x", secret_until=None)
    signed(cast, [old], now)
    meanwhile(removal, "changed", lambda: complaint(cast.owner, old, later))
    assert removal.begin_due(later) == 0
    assert store.fetch("customer", old["_id"])["number"] == old["number"]
    assert [one["state"] for one in db["record_destruction"].find()] == ["barred"]


def cast_of() -> Cast:
    return Cast(
        owner=person(Role.SPECIALIST, name="Owner"),
        custodian=person(Role.CUSTODIAN, name="Custodian"),
        supervisor=person(Role.SUPERVISOR, name="Supervisor"),
        head=person(Role.HEAD, name="Head"),
        manager=person(Role.GENERAL_MANAGER, name="Manager", department="management"),
    )


@pytest.mark.usefixtures("sample")
def test_a_type_without_rules_does_not_point_to_what_went_in_the_same_moment(
    owner: Person, now: datetime, db: DB, meanwhile: Meanwhile
) -> None:
    parent = records.create(owner, "sample", {"name": "Parent"}, now=now)

    def gone() -> None:
        batch = ObjectId()
        transaction(lambda: bulk.take_back("sample", [parent], actor=owner, now=now, batch=batch))

    meanwhile(writing, "new_draft", gone)
    with pytest.raises(Invalid) as refused:
        store.create("sample", {"name": "Child", "parent": parent["_id"]}, actor=owner, now=now)
    assert refused.value.problems["parent"].en == Pointer.unknown[1]
    assert db[f"record_{SAMPLE.slug}"].count_documents({}) == 0


@pytest.mark.usefixtures("sample")
def test_what_points_to_something_gone_can_still_be_edited(owner: Person, now: datetime) -> None:
    parent = records.create(owner, "sample", {"name": "Parent"}, now=now)
    child = store.create("sample", {"name": "Child", "parent": parent["_id"]}, actor=owner, now=now)
    bulk.take_back("sample", [parent], actor=owner, now=now, batch=ObjectId())
    for values in ({"name": "Child 2"}, {"level": "secret", "level_basis": "x"}, {"level": "internal"}):
        store.change("sample", child["_id"], values, actor=owner, now=now)
    assert store.fetch("sample", child["_id"])["rev"] == 4


@pytest.mark.usefixtures("sample")
def test_a_pointer_in_a_row_is_refused_at_its_place(owner: Person, now: datetime) -> None:
    there, gone = records.create(owner, "sample", {"name": "Lamp"}, now=now)["_id"], ObjectId()
    with registered(POINTING):
        values = {"lamp": there, "shelf": {"lamp": gone}, "rows": [{"lamp": there}, {"lamp": gone, "count": 1}]}
        with pytest.raises(Invalid) as refused:
            store.create("pointing", values, actor=owner, now=now)
    assert set(refused.value.problems) == {"shelf.lamp", "rows.1.lamp"}
