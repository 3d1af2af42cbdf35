"""F6, X3: thousands of records about a customer go with the file to its new owner by and by, and none is lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from pymongo.database import Database

from models import access, history, records, registry, store
from models.access import Purpose
from models.audit import ENTRIES
from models.audit.writing import NotAudited
from models.customer import children, passing_on
from models.errors import Invalid
from models.merge import service as merging
from models.person.roles import Person, Role
from tests.factories.customers import customer
from tests.factories.damage import damage
from tests.factories.people import person

DB = Database[dict[str, Any]]
Record = dict[str, Any]


@pytest.fixture(autouse=True)
def few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passing_on, "AT_ONCE", 2)
    monkeypatch.setattr(passing_on, "PIECE", 2)


@pytest.fixture
def file(owner: Person, now: datetime) -> Record:
    return customer(owner, now)


@pytest.fixture
def about(owner: Person, file: Record, now: datetime) -> list[Record]:
    """Three complaints and two revisits of a customer."""
    told = {"facts": "少一箱", "customer": file["_id"], "owner": owner.id}
    visit = {"occasion": "festival", "customer": file["_id"], "owner": owner.id, "due_on": now.date()}
    made = [("complaint", told)] * 3 + [("revisit", visit)] * 2
    return [{**store.create(slug, values, actor=owner, now=now), "slug": slug} for slug, values in made]


def given(who: Person, file: Record, to: Person, now: datetime) -> None:
    rev = store.fetch("customer", file["_id"])["rev"]
    records.change(who, "customer", file["number"], {"owner": str(to.id)}, rev=rev, now=now)


def owners(about: list[Record]) -> list[Any]:
    return [store.fetch(one["slug"], one["_id"])["owner"] for one in about]


def times(count: int) -> Callable[[], bool]:
    """What goes on so many times."""
    left = iter([True] * count)
    return lambda: next(left, False)


def always() -> bool:
    return True


def test_many_follow_piece_by_piece_each_once(
    owner: Person, clerk: Person, head: Person, file: Record, about: list[Record], now: datetime, db: DB
) -> None:
    given(head, file, clerk, now)
    assert owners(about) == [owner.id] * 5, "until they are handed on, nobody else has them"
    assert db["job_request"].find_one({"_id": passing_on.JOB}) is not None
    assert passing_on.carry_on(now, times(0)) == (2, True)
    assert owners(about) == [clerk.id] * 2 + [owner.id] * 3
    assert passing_on.carry_on(now, always) == (3, False)
    assert owners(about) == [clerk.id] * 5
    for one in about:
        version = history.history(one["slug"], one["_id"])[0]
        assert (version["rev"], version["action"], version["by_name"]) == (2, "follow_customer", "Head")
        assert db[ENTRIES].count_documents({"record": one["_id"], "action": "follow_customer"}) == 1
    assert db[children.PASSED_ON].count_documents({}) == 0
    assert passing_on.carry_on(now, always) == (0, False)


def test_broken_off_within_a_piece_nothing_of_it_is_stored(
    owner: Person,
    clerk: Person,
    head: Person,
    file: Record,
    about: list[Record],
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given(head, file, clerk, now)
    change, calls = store.change, iter([False, False, False, True])

    def broken(*args: Any, **values: Any) -> Record:
        return {} if next(calls) and 1 / 0 else change(*args, **values)

    with monkeypatch.context() as patch:
        patch.setattr(store, "change", broken)
        with pytest.raises(ZeroDivisionError):
            passing_on.carry_on(now, always)
    assert owners(about) == [clerk.id] * 2 + [owner.id] * 3
    passing_on.carry_on(now, always)
    assert owners(about) == [clerk.id] * 5
    assert {store.fetch(one["slug"], one["_id"])["rev"] for one in about} == {2}


def test_they_go_to_whom_the_file_has_by_then(
    clerk: Person, head: Person, file: Record, about: list[Record], now: datetime
) -> None:
    third = person(Role.SPECIALIST, name="Third")
    given(head, file, clerk, now)
    passing_on.carry_on(now, times(0))
    given(head, file, third, now)
    passing_on.carry_on(now, always)
    assert owners(about) == [third.id] * 5


def test_a_file_that_comes_back_keeps_what_was_not_handed_on(
    owner: Person, clerk: Person, head: Person, file: Record, about: list[Record], now: datetime, db: DB
) -> None:
    given(head, file, clerk, now)
    given(head, file, owner, now)
    passing_on.carry_on(now, always)
    assert owners(about) == [owner.id] * 5
    assert {store.fetch(one["slug"], one["_id"])["rev"] for one in about} == {1}


def test_what_somebody_else_was_given_meanwhile_stays_theirs(
    clerk: Person, head: Person, file: Record, about: list[Record], now: datetime
) -> None:
    third = person(Role.SPECIALIST, name="Third")
    given(head, file, clerk, now)
    store.change("complaint", about[1]["_id"], {"owner": third.id}, actor=head, now=now)
    passing_on.carry_on(now, always)
    assert owners(about) == [clerk.id, third.id, *[clerk.id] * 3]


def test_of_what_stays_the_head_is_told_once(
    owner: Person, clerk: Person, head: Person, file: Record, about: list[Record], now: datetime, db: DB
) -> None:
    hidden = {"level": "confidential", "level_basis": "重要"}
    store.change("complaint", about[0]["_id"], hidden, actor=owner, now=now)
    custodian = person(Role.CUSTODIAN, name="Custodian")
    at_once = db["reminder"].count_documents({"matter": "left"})
    store.change("customer", file["_id"], {"owner": custodian.id}, actor=owner, now=now)
    passing_on.carry_on(now, always)
    assert owners(about)[0] == owner.id, "who gets the file does not read this one for good"
    assert db["reminder"].count_documents({"matter": "left", "person": head.id}) == at_once + 1


@pytest.mark.parametrize("at_once", [2, 100])
def test_one_that_cannot_be_opened_follows_as_well_and_holds_nothing_up(
    owner: Person, clerk: Person, head: Person, now: datetime, db: DB, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    """Its seals stay as they are; the next file's records follow too."""
    monkeypatch.setattr(passing_on, "AT_ONCE", at_once)
    told = {"facts": "少一箱", "contact_phone": "13912345678", "owner": owner.id}
    files = [customer(owner, now, name=name, level="secret") for name in ("甲有限公司", "乙有限公司")]
    about = [
        {**store.create("complaint", told | {"customer": file["_id"]}, actor=owner, now=now), "slug": "complaint"}
        for file in files
        for _ in range(3)
    ]
    first = about[0]["_id"]
    damage("record_complaint", first, "contact_phone")
    sealed = (db["record_complaint"].find_one({"_id": first}) or {})["contact_phone"]
    for file in files:
        given(head, file, clerk, now)
    passing_on.carry_on(now, always)
    sons = {son["_id"]: son for son in db["record_complaint"].find({})}
    assert [sons[one["_id"]]["owner"] for one in about] == [clerk.id] * 6
    assert sons[first]["contact_phone"] == sealed
    reach = access.reach(clerk, registry.get("complaint").rt, Purpose.VIEW)
    assert reach.sees(sons[first]["acl"]) == "full"
    assert access.reach(owner, registry.get("complaint").rt, Purpose.VIEW).sees(sons[first]["acl"]) != "full"
    assert db[store.VERSIONS].count_documents({"record": first, "action": "follow_customer"}) == 1


def complaints(who: Person, file: Record, now: datetime, count: int = 3) -> list[Record]:
    told = {"facts": "少一箱", "customer": file["_id"], "owner": who.id}
    return [{**store.create("complaint", told, actor=who, now=now), "slug": "complaint"} for _ in range(count)]


def test_what_the_former_owner_records_later_is_theirs_and_holds_up_nothing(
    owner: Person, clerk: Person, head: Person, now: datetime
) -> None:
    """T1: whoever records a complaint answers for it."""
    files = [customer(owner, now, name=name) for name in ("甲有限公司", "乙有限公司")]
    about = [one for file in files for one in complaints(owner, file, now)]
    for file in files:
        given(head, file, clerk, now)
    later = now + timedelta(seconds=30)
    own = store.create("complaint", {"facts": "电话投诉", "customer": files[0]["_id"]}, actor=owner, now=later)
    given_to = store.fetch("complaint", own["_id"])["owner"]
    passing_on.carry_on(later, always)
    assert owners(about) == [clerk.id] * 6
    assert store.fetch("complaint", own["_id"])["owner"] == given_to


@pytest.mark.parametrize("at_once", [2, 100])
def test_one_that_a_rule_refuses_stays_and_the_head_is_told(
    owner: Person,
    clerk: Person,
    head: Person,
    file: Record,
    about: list[Record],
    now: datetime,
    db: DB,
    monkeypatch: pytest.MonkeyPatch,
    at_once: int,
) -> None:
    monkeypatch.setattr(passing_on, "AT_ONCE", at_once)
    change = store.change

    def refusing(slug: str, record: Any, *args: Any, **values: Any) -> Record:
        if record == about[1]["_id"]:
            change(slug, record, *args, **values)
            raise Invalid({})
        return change(slug, record, *args, **values)

    monkeypatch.setattr(store, "change", refusing)
    given(head, file, clerk, now)
    assert store.fetch("customer", file["_id"])["owner"] == clerk.id
    assert owners(about) == [owner.id] * 5, "until they are handed on, nobody else has them"
    passing_on.carry_on(now, always)
    assert owners(about) == [clerk.id, owner.id, *[clerk.id] * 3], "what a refused one has written goes with it"
    assert db[children.PASSED_ON].count_documents({}) == 0
    assert db["reminder"].count_documents({"matter": "left", "person": head.id}) == 1


def test_what_cannot_be_done_for_the_moment_is_done_later(
    owner: Person,
    clerk: Person,
    head: Person,
    file: Record,
    about: list[Record],
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given(head, file, clerk, now)

    def unable(*_args: Any, **_values: Any) -> Record:
        raise NotAudited()

    with monkeypatch.context() as patch:
        patch.setattr(store, "change", unable)
        with pytest.raises(NotAudited):
            passing_on.carry_on(now, always)
    passing_on.carry_on(now, always)
    assert owners(about) == [clerk.id] * 5


def test_they_are_handed_on_at_the_time_of_the_job(
    clerk: Person, head: Person, file: Record, about: list[Record], now: datetime
) -> None:
    given(head, file, clerk, now)
    later = now + timedelta(minutes=3)
    store.change("complaint", about[0]["_id"], {"subject": "少两箱"}, actor=head, now=later)
    passing_on.carry_on(later + timedelta(minutes=1), always)
    rows = history.history("complaint", about[0]["_id"])
    assert [row["at"] for row in rows] == sorted((row["at"] for row in rows), reverse=True)


def test_a_file_that_is_merged_away_meanwhile_takes_them_to_the_owner_of_the_other(
    owner: Person, clerk: Person, head: Person, now: datetime
) -> None:
    keep, gone = customer(clerk, now, name="甲有限公司"), customer(owner, now, name="乙有限公司")
    about = complaints(owner, gone, now, 5)
    given(head, gone, person(Role.SPECIALIST, name="Third"), now)
    revs = store.fetch("customer", keep["_id"])["rev"], store.fetch("customer", gone["_id"])["rev"]
    merging.merge(head, "customer", keep["number"], gone["number"], {"name": "keep"}, revs=revs, now=now)
    passing_on.carry_on(now, always)
    assert owners(about) == [clerk.id] * 5
