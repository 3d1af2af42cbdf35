"""X1: what was closed for an act that was not stored is put back, whatever else was closed with it for nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from pymongo.database import Database

from config.database import transaction
from models import catalogue, closing, history, records, registry, schema, set_change, store, writing_up
from models.declarations import RecordType
from models.person.roles import Person
from tests.factories.customers import customer

DB = Database[dict[str, Any]]
Record = dict[str, Any]
TOP = {"level": "top_secret", "level_basis": "核心利益"}
CONFIDENTIAL = {"level": "confidential", "level_basis": "重要"}
NOTHING_OWED = {closing.MARK: {"$exists": True}}


@pytest.fixture(autouse=True)
def few_are_many(db: DB, monkeypatch: pytest.MonkeyPatch) -> None:
    catalogue.load()
    schema.migrate()
    monkeypatch.setattr(set_change, "AT_ONCE", 2)
    monkeypatch.setattr(closing, "PIECE", 2)


@pytest.fixture
def file(owner: Person, now: datetime) -> Record:
    return customer(owner, now)


@pytest.fixture
def about(owner: Person, file: Record, now: datetime) -> list[Record]:
    """Six complaints of a customer."""
    told = {"facts": "少一箱", "customer": file["_id"], "contact_phone": "13912345678", "owner": owner.id}
    return [store.create("complaint", told, actor=owner, now=now) for _ in range(6)]


@pytest.fixture
def visits(owner: Person, file: Record, about: list[Record], now: datetime) -> list[Record]:
    """For four of the complaints a revisit that points to the customer, too."""
    made = {"occasion": "complaint", "owner": owner.id, "due_on": now.date(), "customer": file["_id"]}
    return [store.create("revisit", made | {"complaint": one["_id"]}, actor=owner, now=now) for one in about[:4]]


@pytest.fixture
def pointing_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """The type that points to the other stands before it, as a stored type may."""
    kept = registry.kept_types

    def turned() -> list[RecordType]:
        return sorted(kept(), key=lambda rt: rt.slug == "complaint")

    monkeypatch.setattr(registry, "kept_types", turned)


def refused(owner: Person, file: Record, now: datetime) -> None:
    """The file is raised, and what was to be stored with it fails."""

    def work() -> None:
        rev = store.fetch("customer", file["_id"])["rev"]
        records.change(owner, "customer", file["number"], TOP, rev=rev, now=now)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        transaction(work)


def put_back(monkeypatch: pytest.MonkeyPatch, pieces: int = 99) -> None:
    left = iter([True] * pieces)
    monkeypatch.setattr(writing_up, "SURELY_OVER", timedelta(0))
    writing_up.carry_on(lambda: next(left, False))


def levels(slug: str, some: list[Record]) -> list[str]:
    return [store.fetch(slug, one["_id"])["level"] for one in some]


def merged(db: DB, about: list[Record], *pairs: tuple[int, int]) -> None:
    """As a merge leaves them: what is lost points to what is kept."""
    for lost, kept in pairs:
        new = {"$set": {"merged_into": about[kept]["_id"]}}
        db["record_complaint"].update_one({"_id": about[lost]["_id"]}, new)


def nothing_owed(db: DB) -> bool:
    rows = [db[f"record_{slug}"].count_documents(NOTHING_OWED) for slug in ("complaint", "revisit")]
    return not any(rows) and not db[closing.PIECES].count_documents({})


@pytest.mark.usefixtures("pointing_first")
def test_it_is_not_kept_closed_by_what_is_put_back_after_it(
    owner: Person,
    file: Record,
    about: list[Record],
    visits: list[Record],
    now: datetime,
    db: DB,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    refused(owner, file, now)
    assert set(levels("revisit", visits)) == {"top_secret"}
    put_back(monkeypatch)
    assert set(levels("complaint", about) + levels("revisit", visits)) == {"internal"}
    assert [row["action"] for row in history.history("revisit", visits[0]["_id"])] == ["create"]
    assert nothing_owed(db)


@pytest.mark.parametrize("pairs", [((0, 1), (2, 5)), ((0, 5), (4, 1)), ((0, 3), (3, 0))])
def test_nor_by_what_it_was_merged_into(
    owner: Person,
    file: Record,
    about: list[Record],
    now: datetime,
    db: DB,
    monkeypatch: pytest.MonkeyPatch,
    pairs: tuple[tuple[int, int], ...],
) -> None:
    """In the same piece, a later one, each in that of the other, or even each into the other."""
    merged(db, about, *pairs)
    refused(owner, file, now)
    put_back(monkeypatch)
    assert set(levels("complaint", about)) == {"internal"}
    assert nothing_owed(db)


@pytest.mark.usefixtures("pointing_first")
def test_what_others_are_kept_at_counts_before_they_have_it(
    owner: Person,
    file: Record,
    about: list[Record],
    visits: list[Record],
    now: datetime,
    db: DB,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The complaint will be as secret as another one that was raised meanwhile: so is its revisit, at once."""
    other = store.create("complaint", {"facts": "别的", "owner": owner.id}, actor=owner, now=now)
    merged(db, [*about, other], (0, 6))
    refused(owner, file, now)
    store.change("complaint", other["_id"], CONFIDENTIAL, actor=owner, now=now)
    put_back(monkeypatch, 2)
    assert levels("revisit", visits) == ["confidential", *["internal"] * 3]
    put_back(monkeypatch)
    assert levels("complaint", about) == ["confidential", *["internal"] * 5]
    assert levels("revisit", visits) == ["confidential", *["internal"] * 3]
    assert nothing_owed(db)


@pytest.mark.usefixtures("pointing_first")
def test_what_somebody_writes_behind_it_takes_it_along(
    owner: Person,
    file: Record,
    about: list[Record],
    visits: list[Record],
    now: datetime,
    db: DB,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A complaint that somebody wrote meanwhile keeps its level: its revisit, which was put back before, has it too."""
    refused(owner, file, now)
    put_back(monkeypatch, 2)
    assert set(levels("revisit", visits)) == {"internal"}
    store.change("complaint", about[0]["_id"], {"subject": "少两箱"}, actor=owner, now=now)
    put_back(monkeypatch)
    assert levels("complaint", about) == ["top_secret", *["internal"] * 5]
    assert levels("revisit", visits) == ["top_secret", *["internal"] * 3]
    assert nothing_owed(db)


@pytest.mark.usefixtures("pointing_first")
def test_it_waits_while_another_act_may_still_close_what_it_points_to(
    owner: Person,
    file: Record,
    about: list[Record],
    visits: list[Record],
    now: datetime,
    db: DB,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    refused(owner, file, now)
    db[closing.PIECES].update_many({"type": "complaint"}, {"$set": {"noted": now + timedelta(days=365)}})
    put_back(monkeypatch)
    assert set(levels("revisit", visits)) == {"top_secret"}, "what it points to may be top secret yet"
    db[closing.PIECES].update_many({}, {"$set": {"noted": now - timedelta(days=365)}})
    put_back(monkeypatch)
    assert set(levels("complaint", about) + levels("revisit", visits)) == {"internal"}
