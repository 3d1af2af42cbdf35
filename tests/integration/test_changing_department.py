"""X3: what somebody owns follows them through the departments, whatever way they take and however much it is; until it
has, they hold nothing by name."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from pymongo.database import Database

from config.database import TransactionGaveUp, database, transaction
from jobs import leaving as job
from jobs.context import JobContext
from models import access, catalogue, leaving, ownership, records, registry, schema, store
from models.access import Purpose
from models.job.document import REQUESTS
from models.office import office_calendar
from models.person import rights
from models.person import service as people
from models.person.roles import SYSTEM, Person, Role
from models.reminder import service as reminders
from models.reminder.rules import Step
from tests.factories.commands import commands
from tests.factories.customers import customer
from tests.factories.people import person

Base = Database[dict[str, Any]]


@pytest.fixture(autouse=True)
def types(db: Base) -> None:
    catalogue.load()
    schema.migrate()


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three records are too many to be done at once, and are done in two chunks."""
    monkeypatch.setattr(leaving, "AT_ONCE", 2)


def as_now(one: Person) -> Person:
    assert one.id is not None
    return people.person_of(people.get(one.id))


def move(one: Person, department: str, now: datetime) -> None:
    assert one.id is not None
    email = people.get(one.id)["email"]
    people.change_profile(SYSTEM, one.id, name=one.name, email=email, department=department, manager=None, now=now)


def give(one: Person, role: Role, now: datetime) -> None:
    assert one.id is not None
    rights.set_roles(SYSTEM, one.id, [role], now)


def enable(one: Person, now: datetime, *, active: bool = True) -> None:
    assert one.id is not None
    rights.set_active(SYSTEM, one.id, active, now)


def files(
    owner: Person, now: datetime, levels: tuple[str, ...] = ("secret", "confidential", "top_secret")
) -> list[Any]:
    return [customer(owner, now, level=one, level_basis="x", name=f"{one}有限公司") for one in levels]


def held(one: Person, made: list[Any]) -> list[bool]:
    """Whether any purpose reaches each of these files."""
    rt, known = registry.get("customer").rt, as_now(one)
    acls = [store.fetch("customer", file["_id"])["acl"] for file in made]
    return [any(access.reach(known, rt, purpose).sees(acl) == "full" for purpose in Purpose) for acl in acls]


def marks(db: Base, made: list[Any]) -> list[str | None]:
    rows = {row["_id"]: row.get("owner_left") for row in db["record_customer"].find()}
    return [rows[file["_id"]] for file in made]


def run(db: Base, now: datetime, turn_seconds: float | None = None) -> dict[str, int]:
    more = {} if turn_seconds is None else {"turn_seconds": turn_seconds}
    context = JobContext(now=now, db=db, settings=None, calendar=office_calendar(), **more)  # type: ignore[arg-type]
    return dict(job.tell_heads(context).counts)


def told(head: Person, now: datetime) -> int:
    return len([one for one in reminders.inbox(as_now(head), now, "en") if one.reminder.step is Step.OWNERS])


def test_whose_department_changes_while_disabled_owns_nothing_of_the_former_one(db: Base, now: datetime) -> None:
    owner, head = person(Role.SPECIALIST, name="Owner"), person(Role.HEAD, name="Head")
    made = files(owner, now)
    enable(owner, now, active=False)
    move(owner, "sales", now)
    enable(owner, now)
    give(owner, Role.SALES, now)
    assert as_now(owner).serves
    assert held(owner, made) == [False, False, False]
    assert told(head, now) == 1
    assert [(one.owner, one.count) for one in leaving.left_behind(as_now(head))] == [(owner.id, 3)]


def test_who_goes_by_no_department_to_another_owns_nothing_of_the_former_one(db: Base, now: datetime) -> None:
    owner, head = person(Role.SPECIALIST, name="Owner"), person(Role.HEAD, name="Head")
    made = files(owner, now)
    move(owner, "", now)
    assert held(owner, made) == [False, False, False]
    move(owner, "sales", now)
    give(owner, Role.SALES, now)
    assert held(owner, made) == [False, False, False]
    assert marks(db, made) == ["service"] * 3
    assert [(one.owner, one.count) for one in leaving.left_behind(as_now(head))] == [(owner.id, 3)]
    move(owner, "service", now)
    assert held(owner, made) == [True, True, True]
    move(owner, "", now)
    move(owner, "service", now)
    assert held(owner, made) == [True, True, True]


def test_who_was_in_no_department_before_it_was_kept_which_owns_nothing_elsewhere(db: Base, now: datetime) -> None:
    owner = person(Role.SPECIALIST, name="Owner")
    made = files(owner, now)
    db["user"].update_one({"_id": owner.id}, {"$set": {"department": "", "left_at": now}})
    move(owner, "sales", now)
    assert (marks(db, made), held(owner, made)) == (["service"] * 3, [False] * 3)
    move(owner, "service", now)
    assert held(owner, made) == [True, True, True]


def test_a_change_of_department_takes_the_same_commands_whatever_one_owns(db: Base, now: datetime, few: None) -> None:
    owner, idle = person(Role.SPECIALIST, name="Owner"), person(Role.SPECIALIST, name="Idle")
    made = files(owner, now, ("secret",) * 9)
    counted = []
    for one in (idle, owner):
        with commands.heard() as heard:
            transaction(lambda one=one: move(one, "sales", now))  # type: ignore[misc]
        counted.append([command for command in heard if not command.startswith(("commit", "getMore"))])
    assert len(counted[0]) == len(counted[1])
    assert not [command for command in counted[1] if "record_" in command]
    assert marks(db, made) == [None] * 9
    assert held(owner, made) == [False] * 9


def test_what_is_much_follows_by_the_job_and_opens_nothing_until_then(db: Base, now: datetime, few: None) -> None:
    owner, head = person(Role.SPECIALIST, name="Owner"), person(Role.HEAD, name="Head")
    made = files(owner, now)
    move(owner, "sales", now)
    give(owner, Role.SALES, now)
    assert (marks(db, made), held(owner, made)) == ([None] * 3, [False] * 3)
    assert not as_now(owner).serves
    rt, file = registry.get("customer").rt, store.fetch("customer", made[0]["_id"])
    assert not ownership.answers_for(as_now(owner), rt, file)
    assert told(head, now) == 1
    assert db[REQUESTS].count_documents({"job": leaving.JOB}) == 1
    mine = store.create("customer", {"name": "新有限公司", "owner": owner.id}, actor=as_now(owner), now=now)
    assert run(db, now) == {"followed": 1, "told": 0}
    assert as_now(owner).serves
    assert (marks(db, made), held(owner, made)) == (["service"] * 3, [False] * 3)
    assert held(owner, [mine]) == [True]
    assert "leaving" not in people.get(owner.id)  # type: ignore[arg-type]
    assert run(db, now) == {"told": 0}
    move(owner, "service", now)
    assert held(owner, made) == [False] * 3
    run(db, now)
    assert held(owner, made) == [True] * 3


def test_who_is_followed_still_has_no_moves_and_fields_of_an_owner(db: Base, now: datetime, few: None) -> None:
    owner = person(Role.SPECIALIST, Role.SALES, name="Owner")
    made = files(owner, now, ("internal", "secret", "secret"))
    store.change("customer", made[0]["_id"], {"salesperson": owner.id}, actor=person(Role.HEAD), now=now)
    rt = registry.get("customer").rt

    def offered() -> set[str]:
        file, one = store.fetch("customer", made[0]["_id"]), as_now(owner)
        moves = {move.name for move in records.moves(one, rt, file)}
        return {"activate", "level"} & (moves | {field.name for field in records.form_fields(one, rt, file)})

    assert offered() == {"activate", "level"}
    move(owner, "sales", now)
    assert offered() == set()


def test_a_job_that_is_broken_off_goes_on(db: Base, now: datetime, few: None) -> None:
    owner = person(Role.SPECIALIST, name="Owner")
    made = files(owner, now)
    move(owner, "sales", now)
    turns = iter((True, False))
    assert leaving.settle_all(lambda: next(turns)) == (0, True)
    assert sorted(marks(db, made), key=str) == [None, "service", "service"]
    assert held(owner, made) == [False] * 3
    db[REQUESTS].delete_many({})
    assert run(db, now, turn_seconds=0) == {"told": 0}
    assert db[REQUESTS].count_documents({"job": leaving.JOB}) == 1
    assert run(db, now) == {"followed": 1, "told": 0}
    assert marks(db, made) == ["service"] * 3


def test_who_goes_on_while_it_follows_owns_what_is_of_the_last_department(db: Base, now: datetime, few: None) -> None:
    owner = person(Role.SPECIALIST, name="Owner")
    made = files(owner, now)
    move(owner, "sales", now)
    turns = iter((True, False))
    leaving.settle_all(lambda: next(turns))
    move(owner, "finance", now)
    move(owner, "service", now)
    assert held(owner, made) == [False] * 3
    run(db, now)
    assert (marks(db, made), held(owner, made)) == ([None] * 3, [True] * 3)
    move(owner, "finance", now)
    move(owner, "sales", now)
    run(db, now)
    assert (marks(db, made), held(owner, made)) == (["service"] * 3, [False] * 3)


def test_a_chunk_of_a_step_that_was_ended_meanwhile_changes_nothing(db: Base, now: datetime, few: None) -> None:
    owner = person(Role.SPECIALIST, name="Owner")
    made = files(owner, now)
    move(owner, "sales", now)
    step = leaving.Step.of(owner.id)  # type: ignore[arg-type]
    assert step is not None
    move(owner, "service", now)
    run(db, now)
    chunk = {**step.query(), "_id": {"$in": [file["_id"] for file in made]}}
    leaving._carry(registry.get("customer").rt, chunk, step.present(), step.former, leaving.OWNER_LEFT)
    assert (marks(db, made), held(owner, made)) == ([None] * 3, [True] * 3)


def test_a_salesperson_who_comes_back_owns_what_is_of_another_department_again(db: Base, now: datetime) -> None:
    sales = person(Role.SALES, name="Sales", department="sales")
    head = person(Role.HEAD, name="Head")
    file = customer(head, now, salesperson=sales.id)
    made = store.create("contract", {"customer": file["_id"], "owner": sales.id}, actor=head, now=now)
    move(sales, "finance", now)
    assert db["record_contract"].find_one({"_id": made["_id"]})["owner_left"] == "sales"  # type: ignore[index]
    move(sales, "sales", now)
    assert "owner_left" not in (db["record_contract"].find_one({"_id": made["_id"]}) or {})


def test_what_fails_behind_the_change_is_left_to_the_job(
    db: Base, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = person(Role.SPECIALIST, name="Owner")
    made = files(owner, now)

    def gives_up(*_: object) -> None:
        raise TransactionGaveUp

    with monkeypatch.context() as patched:
        patched.setattr(leaving, "_carry", gives_up)
        move(owner, "sales", now)
    assert held(owner, made) == [False] * 3
    run(db, now)
    assert (marks(db, made), as_now(owner).serves) == (["service"] * 3, True)
    assert database()["user"].count_documents({"leaving.way": {"$exists": True}}) == 0
