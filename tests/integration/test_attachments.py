"""Attached files on a real database: whose they are, when they vanish."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from bson import ObjectId
from pymongo.collection import Collection
from pymongo.database import Database

from models import records, store
from models.attachment import rules
from models.attachment import service as attachment
from models.errors import Invalid, NotFound
from models.person.roles import Person, Role
from models.record import collection_name
from models.record_input import read_input
from tests.factories.commands import commands
from tests.factories.people import person
from tests.factories.types import SAMPLE

DB = Database[dict[str, Any]]

SCANS = tuple(f for f in SAMPLE.fields if f.name == "scans")

pytestmark = pytest.mark.usefixtures("sample")
PDF = b"%PDF-1.7 " + b"x" * 600_000


def send(who: Person, now: datetime, data: bytes = PDF, name: str = "scan.pdf", limit: int = 10**7) -> dict[str, Any]:
    return attachment.put(io.BytesIO(data), name, person=who, now=now, limit=limit)


def make(who: Person, now: datetime, *files: ObjectId) -> dict[str, Any]:
    return records.create(who, "sample", {"name": "Lamp", "scans": list(files)}, now=now)


def test_a_record_keeps_what_the_store_of_files_knows(owner: Person, now: datetime) -> None:
    sent = send(owner, now)
    made = make(owner, now, sent["file"])
    assert made["scans"] == [
        {"file": sent["file"], "name": "scan.pdf", "size": len(PDF), "type": "application/pdf"},
    ]
    assert attachment.content(sent["file"]).read() == PDF


def test_a_file_of_another_person_or_record_cannot_be_taken(owner: Person, now: datetime) -> None:
    other = person(Role.SPECIALIST, name="Other")
    sent = send(owner, now)
    with pytest.raises(Invalid) as caught:
        make(other, now, sent["file"])
    assert list(caught.value.problems) == ["scans"]
    make(owner, now, sent["file"])
    with pytest.raises(Invalid):
        make(owner, now, sent["file"])


def test_of_records_made_at_once_with_one_file_one_gets_it(owner: Person, now: datetime, db: DB) -> None:
    sent, both = send(owner, now), Barrier(4)

    def refused(_: int) -> list[str]:
        values = read_input(owner, SCANS, {"scans": [sent["file"]]})  # it is free at this moment
        both.wait(30)
        try:
            store.create("sample", {"name": "Lamp", **values}, actor=owner, now=now)
        except Invalid as problem:
            return list(problem.problems)
        return []

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(refused, range(4))) == [[], ["scans"], ["scans"], ["scans"]]
    assert db[collection_name("sample")].count_documents({"scans.file": sent["file"]}) == 1


def test_a_kept_file_stays_when_another_is_added(owner: Person, now: datetime) -> None:
    first, second = send(owner, now), send(owner, now, name="more.pdf")
    made = make(owner, now, first["file"])
    number = made["number"]
    changed = records.change(
        owner, "sample", number, {"scans": [first["file"], second["file"]]}, rev=made["rev"], now=now
    )
    assert [row["name"] for row in changed["scans"]] == ["scan.pdf", "more.pdf"]


def test_a_change_of_something_else_asks_nothing_of_the_files(owner: Person, now: datetime) -> None:
    sent = send(owner, now)
    made = make(owner, now, sent["file"])
    with commands.heard() as asked:
        changed = records.change(owner, "sample", made["number"], {"name": "Lantern"}, rev=made["rev"], now=now)
    assert "update record_sample" in asked
    assert not [one for one in asked if one.endswith(attachment.FILES)]
    assert attachment.sweep(now + timedelta(hours=25)) == 0
    assert [row["file"] for row in changed["scans"]] == [sent["file"]]


def test_a_file_that_no_record_took_is_swept_after_a_day(owner: Person, now: datetime) -> None:
    taken, left = send(owner, now), send(owner, now)
    made = make(owner, now, taken["file"])
    records.change(owner, "sample", made["number"], {"scans": None}, rev=made["rev"], now=now)
    assert attachment.sweep(now + timedelta(hours=23)) == 0
    assert attachment.sweep(now + timedelta(hours=25)) == 1
    assert attachment.content(taken["file"]).read() == PDF  # the record's history points to it
    with pytest.raises(NotFound):
        attachment.content(left["file"])


def test_a_refused_write_takes_no_file(owner: Person, now: datetime, db: DB) -> None:
    sent = send(owner, now)
    with pytest.raises(Invalid):
        records.create(owner, "sample", {"name": "", "scans": [sent["file"]]}, now=now)
    son = db[attachment.FILES].find_one({"_id": sent["file"]})
    assert son is not None
    assert son["metadata"]["record"] is None


def test_a_file_above_the_limit_leaves_nothing(owner: Person, now: datetime, db: DB) -> None:
    with pytest.raises(rules.FileTooLarge):
        send(owner, now, limit=500_000)
    assert db[attachment.FILES].count_documents({}) == 0
    assert db["attachment.chunks"].count_documents({}) == 0


def test_what_a_client_says_about_a_file_does_not_count(owner: Person, now: datetime) -> None:
    sent = send(owner, now)
    lie = {"file": str(sent["file"]), "name": "<b>.html", "size": 1, "type": "text/html"}
    made = records.create(owner, "sample", {"name": "Lamp", "scans": [lie]}, now=now)
    assert store.fetch("sample", made["_id"])["scans"][0]["name"] == "scan.pdf"


def test_what_leaves_while_its_level_rises_leaves_as_what_it_is_seen_as(
    owner: Person, now: datetime, db: DB, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The right to take it out and the record are one reading: no secret file leaves as an internal one (X4, X7)."""
    custodian = person(Role.CUSTODIAN)
    made = make(owner, now, send(owner, now)["file"])
    number, file = made["number"], str(made["scans"][0]["file"])
    find, rises = Collection.find_one, [True]

    def rising(self: Any, *args: Any, **more: Any) -> Any:
        found = find(self, *args, **more)
        if self.name == "record_sample" and rises:
            rises.clear()
            records.change(owner, "sample", number, {"level": "secret", "level_basis": "g"}, rev=1, now=now)
        return found

    monkeypatch.setattr(Collection, "find_one", rising)
    assert records.taken_out(custodian, "sample", number, now, file).level == "internal"
    assert db["audit"].count_documents({"actor": custodian.id}) == 0
    with pytest.raises(records.NotToLeave):
        records.taken_out(custodian, "sample", number, now, file)
    [entry] = db["audit"].find({"actor": custodian.id})
    assert (entry["action"], entry["level"], entry["detail"]) == (
        "refused",
        "secret",
        {"purpose": "export", "file": file},
    )
