"""X1, X6: what points to a record that is merged into a more secret one is as secret at once, moved or not yet."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from pymongo.database import Database

from models import access, belonging, catalogue, history, levels_before, records, registry, schema, store
from models.access import Purpose
from models.merge import moving
from models.merge import service as merging
from models.merge.document import MOVING, UNDONE
from models.person.roles import Person
from tests.factories.customers import customer
from tests.factories.damage import damage

DB = Database[dict[str, Any]]
Record = dict[str, Any]
TOP = {"level": "top_secret", "level_basis": "核心利益"}


@pytest.fixture(autouse=True)
def shipped(db: DB) -> None:
    catalogue.load()
    schema.migrate()


@pytest.fixture
def pair(owner: Person, now: datetime) -> tuple[Record, Record]:
    """A top-secret file, and an internal one that is merged into it."""
    return customer(owner, now, **TOP), customer(owner, now, name="乙有限公司")


def complaint(owner: Person, about: Record, now: datetime) -> Record:
    told = {"facts": "少一箱", "customer": about["_id"], "contact_phone": "13912345678", "owner": owner.id}
    return store.create("complaint", told, actor=owner, now=now)


def revisit(owner: Person, about: Record, now: datetime) -> Record:
    made = {"occasion": "complaint", "owner": owner.id, "due_on": now.date(), "complaint": about["_id"]}
    return store.create("revisit", made, actor=owner, now=now)


def merge(head: Person, pair: tuple[Record, Record], now: datetime) -> None:
    keep, gone = (one["number"] for one in pair)
    merging.merge(head, "customer", keep, gone, {"name": "keep"}, revs=(1, 1), now=now)


def undo(head: Person, pair: tuple[Record, Record], now: datetime) -> None:
    merging.undo(head, "customer", pair[0]["number"], pair[1]["number"], now=now)
    moving.carry_on(now, lambda: True)


def seen(reader: Person, slug: str, record: Record, db: DB) -> str:
    son = db[f"record_{slug}"].find_one({"_id": record["_id"]}) or {}
    return access.reach(reader, registry.get(slug).rt, Purpose.VIEW).sees(son["acl"])


def level(slug: str, record: Record, db: DB) -> str:
    return str((db[f"record_{slug}"].find_one({"_id": record["_id"]}) or {})["level"])


def test_a_pointer_that_cannot_be_opened_is_as_secret_as_the_surviving_file(
    owner: Person, clerk: Person, head: Person, pair: tuple[Record, Record], now: datetime, db: DB
) -> None:
    made = complaint(owner, pair[1], now)
    about = revisit(owner, made, now)
    damage("record_complaint", made["_id"], "contact_phone")
    assert seen(clerk, "complaint", made, db) == "full"
    merge(head, pair, now)
    son = db["record_complaint"].find_one({"_id": made["_id"]}) or {}
    assert (son["customer"], son["level"]) == (pair[1]["_id"], "top_secret"), "it was passed over, and raised"
    assert level("revisit", about, db) == "top_secret", "and so is what points to it"
    assert seen(clerk, "complaint", made, db) == seen(clerk, "revisit", about, db) == ""
    undo(head, pair, now)
    row = db["merge"].find_one() or {}
    assert (row["state"], row["left_behind"]) == (UNDONE, [made["_id"]]), (
        "what cannot be opened stays raised, and named"
    )


def test_what_did_not_follow_a_merge_before_is_looked_at_again(
    owner: Person, head: Person, pair: tuple[Record, Record], now: datetime, db: DB
) -> None:
    made = complaint(owner, pair[1], now)
    damage("record_complaint", made["_id"], "contact_phone")
    merge(head, pair, now)
    db["record_complaint"].update_one({"_id": made["_id"]}, {"$set": {"level": "internal"}})
    noted = " ".join(f"{rt.slug}@{rt.version}.{','.join(names)}" for rt, names in belonging.belonging_to("customer"))
    done = {"_id": "customer.about", "key": noted, "to": None, "done": True}
    db[levels_before.NOTED].insert_one(done)
    assert levels_before.bring_along(now, lambda: True) == (1, False)
    assert level("complaint", made, db) == "top_secret"


def test_what_is_moved_by_and_by_is_raised_at_once_and_gets_its_level_back(
    owner: Person,
    clerk: Person,
    head: Person,
    pair: tuple[Record, Record],
    now: datetime,
    db: DB,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(merging, "AT_ONCE", 1)
    made = [complaint(owner, pair[1], now) for _ in range(3)]
    merge(head, pair, now)
    assert (db["merge"].find_one() or {})["state"] == MOVING
    for one in made:
        assert (store.fetch("complaint", one["_id"])["customer"], level("complaint", one, db)) == (
            pair[1]["_id"],
            "top_secret",
        )
        assert seen(clerk, "complaint", one, db) == ""
        version = history.history("complaint", one["_id"])[0]
        assert (version["action"], version["by_name"]) == ("follow_level", head.name)
    moving.carry_on(now, lambda: True)
    undo(head, pair, now)
    for one in made:
        back = store.fetch("complaint", one["_id"])
        assert (back["customer"], back["level"], back["secret_until"]) == (pair[1]["_id"], "internal", None)


def test_what_is_moved_with_the_merge_has_one_version_of_it(
    owner: Person, head: Person, pair: tuple[Record, Record], now: datetime, db: DB
) -> None:
    made = complaint(owner, pair[1], now)
    merge(head, pair, now)
    actions = [row["action"] for row in history.history("complaint", made["_id"])]
    assert (actions, level("complaint", made, db)) == (["follow_merge", "create"], "top_secret")


def test_what_was_written_while_it_was_secret_stays_so_when_the_merge_is_taken_back(
    owner: Person, clerk: Person, head: Person, pair: tuple[Record, Record], now: datetime, db: DB
) -> None:
    """The head alone lowers a level (X2): the undoing gives the pointer back, and names what it left."""
    untouched, written = (complaint(owner, pair[1], now) for _ in range(2))
    deeper = revisit(owner, written, now)
    merge(head, pair, now)
    raised = store.fetch("complaint", written["_id"])
    records.change(owner, "complaint", written["number"], {"facts": "核心技术细节"}, rev=raised["rev"], now=now)
    undo(head, pair, now)
    row = db["merge"].find_one({}) or {}
    kept = store.fetch("complaint", written["_id"])
    assert (row["state"], row["left_behind"]) == (UNDONE, [written["_id"]])
    assert (kept["customer"], kept["level"], kept["facts"]) == (pair[1]["_id"], "top_secret", "核心技术细节")
    assert kept["level_basis"]
    assert kept["secret_until"]
    assert seen(clerk, "complaint", written, db) == seen(clerk, "revisit", deeper, db) == ""
    assert store.fetch("complaint", untouched["_id"])["level"] == "internal"
    assert seen(clerk, "complaint", untouched, db) == "full"
