"""X3: what waits for whoever wrote it waits for them no more once they left; it is the owner's then, or the head's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from pymongo.database import Database

from models import access, catalogue, leaving, records, registry, schema, store
from models.access import Purpose
from models.person import rights
from models.person import service as people
from models.person.roles import SYSTEM, Person, Role
from tests.factories.contracts import contract
from tests.factories.customers import customer
from tests.factories.people import person
from tests.integration.test_leaving import as_now, disabled, move, to_sales, without_department, without_roles

Base = Database[dict[str, Any]]
Record = dict[str, Any]
Leave = Callable[[Person, datetime], None]


@pytest.fixture(autouse=True)
def types(db: Base) -> None:
    catalogue.load()
    schema.migrate()


@pytest.fixture
def writer(db: Base) -> Person:
    return person(Role.SPECIALIST, name="Writer")


@pytest.fixture
def draft(writer: Person, owner: Person, now: datetime) -> Record:
    """A confidential contract that its writer drafts and somebody else owns."""
    file = customer(owner, now)
    made = contract(writer, file["_id"], now, level="confidential", level_basis="x")
    store.change("contract", made["_id"], {"owner": owner.id}, actor=SYSTEM, now=now)
    return made


def sees(who: Person, record: Record) -> str:
    rt = registry.get("contract").rt
    return access.reach(as_now(who), rt, Purpose.VIEW).sees(stored(record)["acl"])


def stored(record: Record) -> Record:
    return store.fetch("contract", record["_id"])


def waits_for(record: Record, db: Base) -> list[str]:
    row = db["record_contract"].find_one({"_id": record["_id"]})
    assert row is not None
    return list(row["waiting"])


def offered(who: Person, record: Record) -> set[str]:
    return {one.name for one in records.moves(as_now(who), registry.get("contract").rt, stored(record))}


@pytest.mark.parametrize("leaves", [to_sales, without_roles, without_department, disabled])
def test_their_turn_is_the_owners(
    writer: Person, owner: Person, draft: Record, now: datetime, db: Base, leaves: Leave
) -> None:
    assert (sees(writer, draft), waits_for(draft, db)) == ("full", [f"user:{writer.id}"])
    leaves(writer, now)
    assert waits_for(draft, db) == [f"user:{owner.id}"]
    assert "submit" in offered(owner, draft)
    if leaves is not disabled:
        assert sees(writer, draft) != "full"
        assert offered(writer, draft) == set()


@pytest.mark.parametrize("leaves", [to_sales, disabled])
def test_where_nobody_owns_it_in_effect_it_is_the_heads(
    writer: Person, head: Person, now: datetime, db: Base, leaves: Leave
) -> None:
    made = contract(writer, customer(writer, now)["_id"], now, level="confidential", level_basis="x")
    assert waits_for(made, db) == [f"user:{writer.id}"]
    leaves(writer, now)
    assert waits_for(made, db) == ["role:head@service"]
    assert "submit" in offered(head, made)


def test_given_to_somebody_else_it_does_not_come_back_to_who_wrote_it(
    writer: Person, owner: Person, head: Person, now: datetime, db: Base
) -> None:
    made = contract(writer, customer(writer, now)["_id"], now, level="confidential", level_basis="x")
    to_sales(writer, now)
    store.change("contract", made["_id"], {"owner": owner.id}, actor=head, now=now)
    assert (sees(writer, made), waits_for(made, db)) == ("", [f"user:{owner.id}"])


def back_here(one: Person, now: datetime) -> None:
    move(one, "service", now)
    rights.set_roles(SYSTEM, one.id, [Role.SPECIALIST], now)  # type: ignore[arg-type]


def enabled(one: Person, now: datetime) -> None:
    rights.set_active(SYSTEM, one.id, True, now)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("leaves", "comes"),
    [(to_sales, back_here), (without_roles, back_here), (without_department, back_here), (disabled, enabled)],
)
def test_who_comes_back_has_their_turn_again(
    writer: Person, draft: Record, now: datetime, db: Base, leaves: Leave, comes: Leave
) -> None:
    leaves(writer, now)
    assert waits_for(draft, db) != [f"user:{writer.id}"]
    comes(writer, now)
    assert waits_for(draft, db) == [f"user:{writer.id}"]
    assert sees(writer, draft) == "full"
    assert leaving.WROTE not in people.get(writer.id)  # type: ignore[arg-type]


def test_what_is_too_much_at_once_is_done_by_the_job(
    writer: Person, owner: Person, draft: Record, now: datetime, db: Base, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leaving, "AT_ONCE", 0)
    disabled(writer, now)
    assert waits_for(draft, db) == [f"user:{writer.id}"]
    monkeypatch.undo()
    assert leaving.settle_all(lambda: True) == (1, False)
    assert waits_for(draft, db) == [f"user:{owner.id}"]
    assert leaving.settle_all(lambda: True) == (0, False)


@pytest.mark.parametrize("leaves", [to_sales, disabled])
def test_who_left_before_is_noted_once(
    writer: Person, owner: Person, draft: Record, now: datetime, db: Base, leaves: Leave
) -> None:
    changed = {"active": False} if leaves is disabled else {"department": "sales"}
    db["user"].update_one({"_id": writer.id}, {"$set": changed})
    db[leaving.DONE].delete_one({"_id": leaving.WRITERS})
    assert "noted that 1 people left records that they wrote" in schema.migrate()
    assert waits_for(draft, db) == [f"user:{owner.id}"]
    assert schema.migrate() == []
    assert stored(draft)["creator_left"] == "service"


def test_who_wrote_it_and_left_signs_nothing_of_it_still(
    writer: Person, owner: Person, draft: Record, now: datetime, db: Base
) -> None:
    """That they wrote it counts where a move is not for who did (People)."""
    db["record_contract"].update_one({"_id": draft["_id"]}, {"$set": {"creator_left": "service", "state": "in_review"}})
    rights.set_roles(SYSTEM, writer.id, [Role.FINANCE_REVIEWER], now)  # type: ignore[arg-type]
    assert "finance_review" not in offered(writer, draft)
