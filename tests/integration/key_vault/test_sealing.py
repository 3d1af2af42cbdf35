"""Under which key a record's values are sealed, and how records follow a field that becomes encrypted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from bson import Binary, ObjectId
from pymongo.database import Database

from models import bulk, history, registry, schema, store, stored_form
from models.bulk import Wanted
from models.declarations import Field, RecordType
from models.key_vault import service as keys
from models.key_vault.refusals import KeyGone
from models.key_vault.vault import key_of, vault
from models.person.roles import Person
from models.record_type.deriving import basis, derive_again
from models.sealing import opened, refuse_unopened, seal_son, seal_sons, sealed_in, tokens_for
from tests.factories.commands import commands
from tests.factories.registering import registered
from tests.factories.sealed import unsealed
from tests.factories.types import SAMPLE

Base = Database[dict[str, Any]]


def _encrypted(field: Field) -> Field:
    if field.name == "people":
        return replace(field, fields=tuple(replace(f, encrypted=f.name == "born") for f in field.fields))
    return replace(field, encrypted=field.name == "notes", searchable=field.searchable)


SEALED: RecordType = replace(SAMPLE, fields=tuple(_encrypted(field) for field in SAMPLE.fields))
VALUES: dict[str, Any] = {"name": "灯", "notes": "不可外传", "people": [{"name": "李", "born": None}]}


@pytest.fixture
def sealed(db: Base) -> Iterator[None]:
    with registered(SEALED):
        yield


def made(head: Person, now: datetime, **values: Any) -> ObjectId:
    found: ObjectId = store.create("sample", {**VALUES, **values}, actor=head, now=now)["_id"]
    return found


def used(db: Base, record: ObjectId) -> set[UUID]:
    """The keys under which the stored record's values are sealed."""
    son = db["record_sample"].find_one({"_id": record})
    return {UUID(bytes=key_of(one)) for one in sealed_in(son)}


def test_a_record_without_class_is_under_its_types_key(sealed: None, head: Person, db: Base, now: datetime) -> None:
    record = made(head, now)
    assert used(db, record) == {keys.type_key("sample")}
    assert keys.held_keys([record]) == {}
    assert store.fetch("sample", record)["notes"] == "不可外传"


def test_raising_a_level_seals_under_the_records_own_key_and_lowering_keeps_it(
    sealed: None, head: Person, db: Base, now: datetime
) -> None:
    record = made(head, now)
    store.change("sample", record, {"level": "confidential"}, actor=head, now=now)
    own = keys.record_key(record)
    assert used(db, record) == {own}
    store.change("sample", record, {"level": "internal"}, actor=head, now=now)
    store.change("sample", record, {"name": "烛"}, actor=head, now=now)
    assert used(db, record) == {own}
    assert store.fetch("sample", record)["notes"] == "不可外传"


def test_history_is_sealed_and_read_again(sealed: None, head: Person, db: Base, now: datetime) -> None:
    record = made(head, now, level="secret")
    store.change("sample", record, {"notes": "改过"}, actor=head, now=now)
    rows = list(db[store.VERSIONS].find({"record": record}))
    held = [one for row in rows for one in row["changes"] if one["field"] == "notes"]
    assert len(held) == 2
    assert all(one[side] is None or keys.is_sealed(one[side]) for one in held for side in ("before", "after"))
    told = [c for row in history.history("sample", record) for c in row["changes"] if c["field"].name == "notes"]
    assert [(c["before"], c["after"]) for c in told] == [("不可外传", "改过"), (None, "不可外传")]


def test_with_its_key_a_records_content_and_history_are_gone(
    sealed: None, head: Person, db: Base, now: datetime
) -> None:
    record = made(head, now, level="top_secret")
    keys.destroy([record])
    with pytest.raises(KeyGone):
        store.fetch("sample", record)
    told = [c for row in history.history("sample", record) for c in row["changes"] if c["field"].name == "notes"]
    assert all(isinstance(c["after"], KeyGone) for c in told)
    with pytest.raises(KeyGone):
        history.at_rev("sample", store.fetch_to_show("sample", record), 1)


def test_what_cannot_be_opened_is_never_written_over(sealed: None, head: Person, db: Base, now: datetime) -> None:
    record = made(head, now, level="secret")
    keys.destroy([record])
    shown, was = store.fetch_to_show("sample", record), db["record_sample"].find_one({"_id": record})
    assert (shown["name"], isinstance(shown["notes"], KeyGone)) == ("灯", True)
    for seen in (shown, None):
        for values in ({"name": "烛"}, {"notes": "另写"}):
            with pytest.raises(KeyGone):
                store.change("sample", record, values, actor=head, now=now, rev=1, seen=seen)
    assert db["record_sample"].find_one({"_id": record}) == was


def test_a_set_of_records_has_its_keys_made_together(sealed: None, head: Person, db: Base, now: datetime) -> None:
    made(head, now, level="secret")
    wanted = [Wanted(row, {**VALUES, "level": "secret"}) for row in range(20)]
    with commands.heard() as heard:
        outcomes = bulk.create_many("sample", wanted, actor=head, now=now, batch=ObjectId())
    assert [one for one in heard if one.endswith(" key")] == ["find key", "insert key"]
    ids = [one.draft.values["_id"] for one in outcomes if one.draft is not None]
    assert {key for one in ids for key in used(db, one)} == set(keys.held_keys(ids).values())


def test_reading_a_record_asks_for_its_key_once(sealed: None, head: Person, db: Base, now: datetime) -> None:
    record = made(head, now, level="secret")
    vault().forget()
    with commands.heard() as heard:
        for _ in range(3):
            store.fetch("sample", record)
    assert [one for one in heard if one.endswith(" key")] == ["find key"]


def test_records_and_versions_follow_a_field_that_becomes_encrypted(
    head: Person, db: Base, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.record_type.deriving.AT_ONCE", 2)
    registry.register(SAMPLE)
    schema.migrate()
    records = [made(head, now, level=level) for level in ("internal", "secret", "internal", "top_secret", "secret")]
    store.change("sample", records[1], {"notes": "改过"}, actor=head, now=now + timedelta(hours=1))
    registry.register(SEALED)
    assert basis(SEALED) != basis(SAMPLE)
    assert store.fetch("sample", records[0])["notes"] == "不可外传", "what is not sealed yet is read"
    behind = next(iter(derive_again(SEALED)))  # and the process dies
    for _ in derive_again(SEALED, behind):
        pass
    registry.unregister("sample")
    registry.register(SEALED)
    for record in records:
        (son,) = db["record_sample"].find({"_id": record})
        assert keys.is_sealed(son["notes"])
        for row in db[store.VERSIONS].find({"record": record}):
            sides = [one[side] for one in row["changes"] if one["field"] == "notes" for side in ("before", "after")]
            assert all(side is None or keys.is_sealed(side) for side in sides)
        assert "不可" not in son["haystack"]
    assert used(db, records[1]) == {keys.record_key(records[1])}
    assert store.fetch("sample", records[1])["notes"] == "改过"
    registry.unregister("sample")


@pytest.mark.parametrize("harm", ["key", "value"])
def test_a_record_that_cannot_be_opened_is_passed_over_and_the_others_follow_their_type(
    sealed: None, head: Person, db: Base, now: datetime, harm: str
) -> None:
    lost, other = made(head, now, level="secret"), made(head, now, level="secret")
    if harm == "key":
        keys.destroy([lost])
    else:
        son = db["record_sample"].find_one({"_id": lost}) or {}
        damaged = Binary(bytes(son["notes"])[:-1] + bytes([son["notes"][-1] ^ 1]), 6)
        db["record_sample"].update_one({"_id": lost}, {"$set": {"notes": damaged}})
    db["record_sample"].update_many({}, {"$set": {"haystack": "former"}})
    assert len(list(derive_again(SEALED))) == 1
    found = {son["_id"]: son["haystack"] for son in db["record_sample"].find()}
    assert found[lost] == "former" != found[other]


def test_digits_of_a_phone_number_are_its_whole_value_however_they_are_set_apart(db: Base) -> None:
    phone = replace(SAMPLE.by_name["name"], name="mobile", kind="phone", encrypted=True, searchable=True)
    rt = replace(SAMPLE, fields=(phone,))
    assert tokens_for(rt, "139 7314-0001") == tokens_for(rt, "+86 13973140001") == tokens_for(rt, "13973140001")
    assert tokens_for(rt, "1397314000") != tokens_for(rt, "13973140001")
    assert tokens_for(rt, "灯") == []


def test_stored_forms_sealed_in_a_set_hold_what_single_ones_do(sealed: None, db: Base) -> None:
    born = datetime(1980, 5, 1, tzinfo=UTC)
    sons: list[dict[str, Any]] = [
        {
            "_id": ObjectId(),
            "name": "灯",
            "notes": f"note {n}",
            "people": [{"name": "李", "born": born}, {"name": "王"}],
        }
        for n in range(3)
    ]
    alone = [dict(son) for son in sons]
    own = keys.record_key(sons[1]["_id"])
    under = [keys.type_key("sample"), own, None]
    seal_sons(SEALED, zip(sons, under, strict=True))
    for son, key in zip(alone, under, strict=True):
        seal_son(SEALED, son, key)
    assert unsealed(sons) == unsealed(alone)
    assert [sorted({key_of(one) for one in sealed_in(son)}) for son in sons] == [
        [key.bytes] if key is not None else [] for key in under
    ]
    sealed_again = unsealed(sons)
    seal_sons(SEALED, zip(sons, under, strict=True))
    assert unsealed(sons) == sealed_again


def test_records_are_opened_in_a_set_and_stay_as_they_were(sealed: None, head: Person, db: Base, now: datetime) -> None:
    people = [{"name": "李", "born": datetime(1980, 5, 1, tzinfo=UTC).date()}, {"name": "王", "born": None}]
    for level in ("internal", "secret", "internal"):
        store.change("sample", made(head, now, people=people), {"level": level}, actor=head, now=now)
    sons = list(db["record_sample"].find())
    found = opened(SEALED, sons)
    assert list(sealed_in(found)) == []
    assert len(list(sealed_in(sons))) == 6
    for son, one in zip(sons, found, strict=True):
        refuse_unopened(SEALED, one)
        assert stored_form.load(SEALED, one) == stored_form.load(SEALED, son)
    assert list(sealed_in([one["notes"] for one in opened(SEALED, sons, {"people"})])) != []


def test_of_a_record_that_cannot_be_opened_the_rest_is_read(
    sealed: None, head: Person, db: Base, now: datetime
) -> None:
    gone, kept = made(head, now), made(head, now)
    store.change("sample", gone, {"level": "secret"}, actor=head, now=now)
    keys.destroy([gone])
    found = {one["_id"]: one for one in opened(SEALED, db["record_sample"].find())}
    assert found[gone]["name"] == "灯"
    assert isinstance(found[gone]["notes"], KeyGone)
    assert found[kept]["notes"] == "不可外传"
    refuse_unopened(SEALED, found[kept])
    with pytest.raises(KeyGone):
        refuse_unopened(SEALED, found[gone])


@pytest.mark.parametrize("level", ["internal", "secret"])
def test_a_change_elsewhere_leaves_the_seals_and_asks_for_no_key(
    sealed: None, head: Person, db: Base, now: datetime, level: str
) -> None:
    record = made(head, now, level=level, people=[{"name": "李", "born": date(1990, 1, 5)}])
    was = db["record_sample"].find_one({"_id": record})
    read = store.fetch("sample", record)
    with commands.heard() as heard:
        store.change("sample", record, {"name": "烛"}, actor=head, now=now, rev=1, seen=read)
    assert not [one for one in heard if one.endswith(" key")]
    assert list(sealed_in(db["record_sample"].find_one({"_id": record}))) == list(sealed_in(was))


def test_history_holds_the_very_seals_of_the_record(sealed: None, head: Person, db: Base, now: datetime) -> None:
    record = made(head, now, level="secret")
    was = db["record_sample"].find_one({"_id": record}) or {}
    store.change("sample", record, {"notes": "改过"}, actor=head, now=now)
    now_held = db["record_sample"].find_one({"_id": record}) or {}
    version = db[store.VERSIONS].find_one({"record": record, "rev": 2}) or {}
    (told,) = (one for one in version["changes"] if one["field"] == "notes")
    assert (told["before"], told["after"]) == (was["notes"], now_held["notes"])


def test_what_was_under_the_types_key_stands_in_the_history_of_a_raised_level_under_the_records_own(
    sealed: None, head: Person, db: Base, now: datetime
) -> None:
    record = made(head, now)
    store.change("sample", record, {"level": "secret", "notes": "改过"}, actor=head, now=now)
    version = db[store.VERSIONS].find_one({"record": record, "rev": 2})
    assert {UUID(bytes=key_of(one)) for one in sealed_in(version)} == {keys.record_key(record)} == used(db, record)


def declared(*encrypted: str, **parts: tuple[Field, ...]) -> RecordType:
    """The sample with these fields encrypted, and some with other parts, in force."""
    fields = (replace(f, encrypted=f.name in encrypted, fields=parts.get(f.name, f.fields)) for f in SAMPLE.fields)
    rt = replace(SAMPLE, fields=tuple(fields))
    registry.register(rt)
    return rt


def test_nought_and_no_are_sealed_as_any_value_and_stay_so(sealed: None, head: Person, db: Base, now: datetime) -> None:
    declared("pieces", "fragile")
    told = {"name": "灯", "pieces": 0, "fragile": False}
    one = store.create("sample", {**told, "level": "secret"}, actor=head, now=now)["_id"]
    (outcome,) = bulk.create_many("sample", [Wanted(0, dict(told))], actor=head, now=now, batch=ObjectId())
    assert outcome.draft is not None
    for record in (one, outcome.draft.values["_id"]):
        was = db["record_sample"].find_one({"_id": record}) or {}
        assert keys.is_sealed(was["pieces"])
        assert keys.is_sealed(was["fragile"])
        store.change("sample", record, {"name": "烛"}, actor=head, now=now)
        son = db["record_sample"].find_one({"_id": record}) or {}
        assert (son["name"], son["pieces"], son["fragile"]) == ("烛", was["pieces"], was["fragile"])
        read = store.fetch("sample", record)
        assert (read["pieces"], read["fragile"]) == (0, False)
        store.change("sample", record, {"pieces": None, "fragile": None}, actor=head, now=now)
        kept = [change for row in db[store.VERSIONS].find({"record": record}) for change in row["changes"]]
        sides = [one[side] for one in kept if one["field"] in ("pieces", "fragile") for side in ("before", "after")]
        assert len([side for side in sides if keys.is_sealed(side)]) == 4
        assert all(side is None or keys.is_sealed(side) for side in sides)


def test_a_list_of_plain_values_that_becomes_encrypted_is_read_and_sealed(
    sealed: None, head: Person, db: Base, now: datetime
) -> None:
    declared()
    record = made(head, now, colours=["red", "blue"])
    rt = declared("colours")
    (found,) = opened(rt, db["record_sample"].find())
    assert found["colours"] == ["red", "blue"]
    assert store.fetch("sample", record)["colours"] == ["red", "blue"]
    assert len(list(derive_again(rt))) == 1
    son = db["record_sample"].find_one({"_id": record}) or {}
    assert keys.is_sealed(son["colours"])
    assert store.fetch("sample", record)["colours"] == ["red", "blue"]


def test_a_part_that_is_declared_no_more_stays_beside_those_that_are_sealed(
    sealed: None, head: Person, db: Base, now: datetime
) -> None:
    people = [{"name": "李", "phone": "13800001111", "born": date(1990, 1, 5)}]
    record, other = made(head, now, people=people), made(head, now, people=people)
    was = db["record_sample"].find_one({"_id": record}) or {}
    declared("notes", people=tuple(part for part in SEALED.by_name["people"].fields if part.name != "phone"))
    store.change("sample", record, {"name": "烛"}, actor=head, now=now)
    son = db["record_sample"].find_one({"_id": record}) or {}
    assert son["people"] == was["people"], "the seals stay"
    store.change("sample", other, {"people": None}, actor=head, now=now)
    version = db[store.VERSIONS].find_one({"record": other, "rev": 2}) or {}
    (gone,) = (change["before"] for change in version["changes"] if change["field"] == "people")
    assert gone[0]["phone"] == "13800001111"
    assert keys.is_sealed(gone[0]["born"])
