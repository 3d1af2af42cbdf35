"""What was signed before records kept whose signatures they bear is brought up to that, once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from models import records, schema, signers_before, store
from models.access import Purpose
from models.declarations import Relation
from models.person.roles import Person, Role
from tests.factories.people import person
from tests.integration.signing.conftest import Base, Cast, acting, name, sign, waiting
from tests.integration.signing.test_signed import seen
from tests.integration.signing.test_signed_once import FINDING, REPORT

LINE = "noted who signed 2 records"


@pytest.fixture
def before(cast: Cast, now: datetime, db: Base) -> list[dict[str, Any]]:
    """Records that the checker, and a deputy of the checker's, signed in a version that noted nothing of it."""
    name(cast.checker, cast.checker, cast.deputy, now)
    signed = [sign(who, waiting(cast, now), now) for who in (cast.checker, acting(cast.deputy, now))]
    waiting(cast, now)
    for one in signed:
        rest = [token for token in one["acl"] if "|signed|" not in token]
        db["record_sample"].update_one({"_id": one["_id"]}, {"$unset": {"signers": ""}, "$set": {"acl": rest}})
    db[signers_before.NOTED].delete_many({})
    return signed


def test_history_tells_whose_signatures_a_record_bears(cast: Cast, before: list[dict[str, Any]], db: Base) -> None:
    assert LINE in schema.migrate()
    for one in before:
        assert store.fetch("sample", one["_id"]) == one
    assert db["record_sample"].count_documents({"signers": {"$exists": True}}) == 2
    assert LINE not in schema.migrate()


def test_broken_off_it_goes_on_where_it_stood(
    cast: Cast, before: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signers_before, "AT_ONCE", 1)
    note, seen_ids = signers_before._note, list[Any]()

    def breaks(rt: Any, ids: list[Any]) -> int:
        seen_ids.extend(ids)
        if ids == [before[1]["_id"]] and seen_ids.count(ids[0]) == 1:
            raise ConnectionError
        return note(rt, ids)

    monkeypatch.setattr(signers_before, "_note", breaks)
    with pytest.raises(ConnectionError):
        signers_before.note_signers()
    assert signers_before.note_signers() == ["noted who signed 1 records"]
    assert seen_ids.count(before[0]["_id"]) == 1
    assert [store.fetch("sample", one["_id"])["signers"] for one in before] == [[cast.checker.id]] * 2


# --- leaks


def mixed(leak: dict[str, Any], db: Base) -> None:
    """Store a leak as the version did in which the inquiry wrote into the people of the report."""
    row = db["record_leak"].find_one({"_id": leak["_id"]})
    assert row is not None
    found = {"people": row["people_found"]} if row.get("people_found") else {}
    db["record_leak"].update_one({"_id": leak["_id"]}, {"$set": found, "$unset": {"people_found": ""}})
    for version in db[store.VERSIONS].find({"record": leak["_id"]}):
        changes = [
            {**one, "field": "people"} if one["field"] == "people_found" else one
            for one in version["changes"]
            if one["field"] != "people_found" or version["action"] == "conclude"
        ]
        db[store.VERSIONS].update_one({"_id": version["_id"]}, {"$set": {"changes": changes}})


def inquired(cast: Cast, now: datetime, **raw: Any) -> dict[str, Any]:
    leak = records.create(cast.owner, "leak", REPORT, now=now)
    for move, given in (("take_up", {}), *((("conclude", {**FINDING, **raw}),) if raw else ())):
        leak = records.move(cast.head, "leak", leak["number"], move, given, rev=leak["rev"], now=now, fresh=True)
    return leak


def test_the_people_of_a_report_are_parted_from_whom_the_inquiry_found(cast: Cast, now: datetime, db: Base) -> None:
    found: Person = person(Role.SALES, name="Found by the inquiry")
    rows = [{"name": "Somebody outside", "part": "witness"}, {"person": str(found.id), "part": "leaked"}]
    leak = inquired(cast, now, people_found=[*rows, {"name": "One more", "part": "received", "note": "apart-note"}])
    mixed(leak, db)
    told = records.see(cast.owner, "leak", leak["number"], Purpose.VIEW, now)
    assert "apart-note" in str((told.values, records.versions_of(told)))
    assert "parted the people of the report from those of the inquiry in 1 leaks" in schema.migrate()
    assert store.fetch("leak", leak["_id"]) == leak
    told = records.see(cast.owner, "leak", leak["number"], Purpose.VIEW, now)
    assert "apart-note" not in str((told.values, records.versions_of(told)))
    assert told.values["people"][0]["name"] == "Somebody outside"
    judging = records.see(cast.head, "leak", leak["number"], Purpose.VIEW, now)
    assert "apart-note" in str(records.versions_of(judging))
    assert schema.migrate() == []


def test_an_inquiry_that_goes_on_begins_with_whom_the_report_names(cast: Cast, now: datetime, db: Base) -> None:
    leak = inquired(cast, now)
    mixed(leak, db)
    db["record_leak"].update_one({"_id": leak["_id"]}, {"$set": {"people": leak["people"]}})
    schema.migrate()
    assert store.fetch("leak", leak["_id"]) == leak
    assert seen(cast.owner, leak, "leak") == "full"


ABOUT = f"|{Relation.CONCERNED.value}|"


def kept_from(leak: dict[str, Any], db: Base) -> set[str]:
    """From whom fields of a leak are withheld, as it is stored."""
    row = db["record_leak"].find_one({"_id": leak["_id"]}) or {}
    return {one.rpartition("|")[2] for one in row["acl"] if ABOUT in one}


def test_whom_a_former_inquiry_left_out_does_not_read_it_and_nobody_reads_more_than_before(
    cast: Cast, now: datetime, db: Base
) -> None:
    left_out, found, superior = (person(Role.HEAD, name=name) for name in ("Left out", "Found", "Superior"))
    cleared = {"person": str(found.id), "part": "leaked"}
    told = {**REPORT, "people": [{"person": str(left_out.id), "part": "leaked"}, cleared]}
    leak = records.create(cast.owner, "leak", told, now=now)
    leak = records.move(cast.head, "leak", leak["number"], "take_up", {}, rev=1, now=now, fresh=True)
    said = [{"person": str(left_out.id), "part": "witness"}, cleared]
    raw = {**FINDING, "superior": str(superior.id), "people_found": said}
    leak = records.move(cast.head, "leak", leak["number"], "conclude", raw, rev=2, now=now, fresh=True)
    mixed(leak, db)
    # So it was stored then: who was left out stood nowhere any more, and nothing was kept from them.
    row = db["record_leak"].find_one({"_id": leak["_id"]}) or {}
    concluded = {"record": leak["_id"], "action": "conclude", "changes.field": "people"}
    db["record_leak"].update_one({"_id": leak["_id"]}, {"$set": {"people": row["people"][1:]}})
    db[store.VERSIONS].update_one(concluded, {"$set": {"changes.$.after": row["people"][1:]}})
    assert kept_from(leak, db) == {str(one.id) for one in (found, superior)}
    done = schema.migrate()
    assert [line for line in done if "leaks" in line] == [
        "parted the people of the report from those of the inquiry in 1 leaks"
    ]
    assert kept_from(leak, db) == {str(one.id) for one in (found, superior, left_out)}
    assert records.see(left_out, "leak", leak["number"], Purpose.VIEW, now).values.get("findings") is None
    assert records.see(cast.head, "leak", leak["number"], Purpose.VIEW, now).values["findings"]
    assert schema.migrate() == []


def test_one_that_was_parted_already_is_kept_from_whom_it_left_out(cast: Cast, now: datetime, db: Base) -> None:
    left_out = person(Role.HEAD, name="Left out")
    told = {**REPORT, "people": [{"person": str(left_out.id), "part": "leaked"}]}
    leak = records.create(cast.owner, "leak", told, now=now)
    leak = records.move(cast.head, "leak", leak["number"], "take_up", {}, rev=1, now=now, fresh=True)
    row = db["record_leak"].find_one({"_id": leak["_id"]}) or {}
    without = [one for one in row["acl"] if ABOUT not in one]
    outside = [{"name": "Somebody outside", "part": "leaked"}]
    db["record_leak"].update_one({"_id": leak["_id"]}, {"$set": {"acl": without, "people_found": outside}})
    assert "kept the inquiry from people of the report whom it left out in 1 leaks" in schema.migrate()
    assert kept_from(leak, db) == {str(left_out.id)}
    assert schema.migrate() == []
