"""X1, X3: records of a stored type that come to hang on others, because it is put as classified or with another
reference, are as secret as those before the definition is in force."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import pytest
from pymongo.database import Database

from models import access, catalogue, history, levels_before, records, registry, schema, set_change, store
from models.access import Purpose
from models.declarations import Level
from models.job.document import REQUESTS
from models.person.roles import SYSTEM, Person, Role
from models.record_type import service
from tests.factories.customers import customer
from tests.factories.definitions import visit
from tests.factories.people import person

DB = Database[dict[str, Any]]
RIGHTS = {"create": ["specialist"], "view": [{"relation": "any"}], "edit": [{"relation": "own"}]}
CLASSIFIED_RIGHTS = {"create": ["specialist"], "edit": [{"relation": "own"}]}
TOP = {"level": "top_secret", "level_basis": "核心利益"}


@pytest.fixture(autouse=True)
def shipped(db: DB) -> Iterator[None]:
    catalogue.load()
    schema.migrate()
    yield
    db[service.TYPES].delete_many({"_id": "visit"})
    service.refresh()


@pytest.fixture
def chief(db: DB) -> Person:
    return person(Role.HEAD)


@pytest.fixture
def top(owner: Person, now: datetime) -> dict[str, Any]:
    return customer(owner, now, **TOP)


@pytest.fixture
def guests(owner: Person, top: dict[str, Any], now: datetime) -> list[dict[str, Any]]:
    """Records of a plain type: two about a top-secret file, one about none."""
    service.put(visit(rights=RIGHTS), actor=SYSTEM, now=now)
    about = [{"customer": str(top["_id"])}, {"customer": str(top["_id"])}, {}]
    return [records.create(owner, "visit", {"visitor": "Guest", **raw}, now=now) for raw in about]


def classified() -> dict[str, Any]:
    fields = [{**one, "card": "masked"} if one["name"] == "visitor" else one for one in visit()["fields"]]
    return visit(classified=True, rights=CLASSIFIED_RIGHTS, fields=fields)


def levels(guests: list[dict[str, Any]]) -> list[str]:
    return [store.fetch("visit", one["_id"])["level"] for one in guests]


def seen(reader: Person, record: Mapping[str, Any], db: DB) -> str:
    stored = db["record_visit"].find_one({"_id": record["_id"]})
    assert stored is not None
    return access.reach(reader, registry.get("visit").rt, Purpose.VIEW).sees(stored["acl"])


def test_they_are_as_secret_as_what_they_point_to_at_once(
    guests: list[dict[str, Any]], clerk: Person, chief: Person, now: datetime, db: DB
) -> None:
    assert {seen(clerk, one, db) for one in guests} == {"full"}
    service.put(classified(), actor=SYSTEM, now=now)
    assert levels(guests) == ["top_secret", "top_secret", "internal"]
    assert [seen(clerk, one, db) for one in guests] == ["", "", "full"]
    assert {seen(chief, one, db) for one in guests} == {"full"}
    version = history.history("visit", guests[0]["_id"])[0]
    assert (version["action"], version["by_name"]) == ("follow_level", "system")
    assert store.fetch("visit", guests[0]["_id"])["level_basis"]


def test_in_between_nobody_reads_them(
    guests: list[dict[str, Any]], clerk: Person, chief: Person, now: datetime, db: DB, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[bool, list[str]]] = []
    keep = service._keep

    def looking(*arguments: Any) -> None:
        told.append((registry.get("visit").rt.classified, [seen(who, guests[0], db) for who in (clerk, chief)]))
        keep(*arguments)

    monkeypatch.setattr(service, "_keep", looking)
    service.put(classified(), actor=SYSTEM, now=now)
    assert told == [(False, ["", ""])]


def test_what_broke_off_is_put_again_and_goes_on(
    guests: list[dict[str, Any]], clerk: Person, now: datetime, db: DB, monkeypatch: pytest.MonkeyPatch
) -> None:
    raised, looked = set_change.raise_about, list[Any]()

    def dies(*arguments: Any) -> int:
        looked.append(arguments)
        if len(looked) > 1:
            raise KeyboardInterrupt
        return raised(*arguments)

    monkeypatch.setattr(levels_before, "MOST_RAISED", 1)
    monkeypatch.setattr(levels_before, "raise_about", dies)
    with pytest.raises(KeyboardInterrupt):
        service.put(classified(), actor=SYSTEM, now=now)
    monkeypatch.undo()
    assert not registry.get("visit").rt.classified
    assert sorted(levels(guests)) == ["internal", "internal", "top_secret"]
    assert sorted(seen(clerk, one, db) for one in guests) == ["", "full", "full"]
    service.put(classified(), actor=SYSTEM, now=now)
    assert levels(guests) == ["top_secret", "top_secret", "internal"]


def test_what_a_process_of_the_version_before_writes_meanwhile_follows_soon(
    guests: list[dict[str, Any]], owner: Person, top: dict[str, Any], clerk: Person, now: datetime, db: DB
) -> None:
    service.put(classified(), actor=SYSTEM, now=now)
    late = records.create(owner, "visit", {"visitor": "Late", "customer": str(top["_id"])}, now=now)
    rt = registry.get("visit").rt
    internal = {"level": Level.INTERNAL.value, "acl": access.tokens_of(rt, {**late, "level": "internal"})}
    db["record_visit"].update_one({"_id": late["_id"]}, {"$set": internal})
    assert service.carry_on(now + registry.UNDER_WAY, lambda: True) == 1
    assert db[REQUESTS].find_one({"_id": levels_before.JOB}) is not None
    assert levels_before.bring_along(now, lambda: True) == (1, False)
    assert seen(clerk, late, db) == ""


def test_a_reference_that_is_put_again_lets_its_records_follow(
    owner: Person, clerk: Person, top: dict[str, Any], now: datetime, db: DB
) -> None:
    service.put(classified(), actor=SYSTEM, now=now)
    without = [one for one in classified()["fields"] if one["name"] != "customer"]
    plain = customer(owner, now, name="乙有限公司")
    made = records.create(owner, "visit", {"visitor": "Guest", "customer": str(plain["_id"])}, now=now)
    service.put({**classified(), "fields": without}, actor=SYSTEM, now=now)
    records.change(owner, "customer", plain["number"], TOP, rev=1, now=now)
    assert (levels([made]), seen(clerk, made, db)) == (["internal"], "full")
    service.put(classified(), actor=SYSTEM, now=now)
    assert (levels([made]), seen(clerk, made, db)) == (["top_secret"], "")
