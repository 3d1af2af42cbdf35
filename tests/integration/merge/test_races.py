"""Merges at the same time as merges, edits and archiving: one wins, and no reference is lost; thousands of references,
broken off and taken up again (F7)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from bson import ObjectId

from config.database import database
from models import bulk, history, names, records, registry, store
from models.bulk import Wanted
from models.declarations import Field, Label
from models.errors import Refusal
from models.exchange.pointing import Pointing
from models.key_vault import service as keys
from models.merge import moving, rules, service
from models.merge.document import DONE, MOVING, UNDONE
from models.merge.unmoved import Unmoved, Unreached, left_behind
from models.person.roles import Person
from tests.factories.damage import damage
from tests.integration.merge.conftest import DB, MERGED, POINTING, lamp, now_of

MANY = 2_100
SECRET = Field(name="told", kind="text", label=Label("说", "Told"), group="more", encrypted=True)


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """What came of some works begun at the same moment: a result or a refusal."""
    start = threading.Barrier(len(works))
    found: list[Any] = [None] * len(works)

    def run(at: int, work: Callable[[], Any]) -> None:
        start.wait()
        try:
            found[at] = work()
        except Refusal as refusal:
            found[at] = refusal

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def winners(found: list[Any]) -> list[Any]:
    return [one for one in found if not isinstance(one, Refusal)]


def many(actor: Person, now: datetime, target: ObjectId, count: int) -> None:
    """So many stored records that point to one."""
    for start in range(0, count, 700):
        rows = [Wanted(i, {"lamp": target}) for i in range(start, min(start + 700, count))]
        bulk.create_many("pointing", rows, actor=actor, now=now, batch=ObjectId())


def pointing_to(record: dict[str, Any]) -> int:
    return database()["record_pointing"].count_documents({"lamp": record["_id"]})


def test_of_two_merges_in_opposite_directions_one_wins(owner: Person, head: Person, now: datetime) -> None:
    a, b = lamp(owner, now), lamp(owner, now, name="Lantern")
    many(owner, now, a["_id"], 20)
    many(owner, now, b["_id"], 20)

    def merge(keep: dict[str, Any], other: dict[str, Any]) -> Any:
        return service.merge(head, "sample", keep["number"], other["number"], {}, revs=(1, 1), now=now)

    found = at_once(lambda: merge(a, b), lambda: merge(b, a))
    assert len(winners(found)) == 1
    survivor = winners(found)[0]
    assert pointing_to(survivor) == 40
    assert database()["merge"].count_documents({}) == 1


def test_of_two_merges_into_two_records_one_wins(owner: Person, head: Person, now: datetime) -> None:
    a, b, c = (lamp(owner, now, name=name) for name in ("Lamp", "Lantern", "Torch"))
    many(owner, now, c["_id"], 20)

    def merge(keep: dict[str, Any]) -> Any:
        return service.merge(head, "sample", keep["number"], c["number"], {}, revs=(1, 1), now=now)

    found = at_once(lambda: merge(a), lambda: merge(b))
    assert len(winners(found)) == 1
    assert sorted([pointing_to(a), pointing_to(b), pointing_to(c)]) == [0, 0, 20]
    assert now_of(c)["merged_into"] == winners(found)[0]["_id"]


def test_a_merge_and_an_edit_of_either_at_once_one_wins(owner: Person, head: Person, now: datetime) -> None:
    for edited in (0, 1):
        pair = lamp(owner, now), lamp(owner, now, name="Lantern")
        target = pair[edited]

        def merge(pair: tuple[dict[str, Any], ...] = pair) -> Any:
            return service.merge(head, "sample", pair[0]["number"], pair[1]["number"], {}, revs=(1, 1), now=now)

        def edit(target: dict[str, Any] = target) -> Any:
            return records.change(owner, "sample", target["number"], {"pieces": "7"}, rev=1, now=now)

        found = at_once(merge, edit)
        assert len(winners(found)) == 1
        assert now_of(target)["rev"] == 2


def test_a_merge_and_archiving_at_once_one_wins(owner: Person, head: Person, now: datetime) -> None:
    keep, other = lamp(owner, now), lamp(owner, now, name="Lantern")
    found = at_once(
        lambda: service.merge(head, "sample", keep["number"], other["number"], {}, revs=(1, 1), now=now),
        lambda: records.set_archived(head, "sample", other["number"], True, rev=1, now=now, note="gone"),
    )
    assert len(winners(found)) == 1
    stored = now_of(other)
    assert stored["archived_at"] is not None
    assert stored["rev"] == 2
    assert (stored["merged_into"] is not None) == (now_of(keep)["rev"] == 2)


def test_a_record_edited_while_its_reference_moves_loses_neither(owner: Person, head: Person, now: datetime) -> None:
    keep, other = lamp(owner, now), lamp(owner, now, name="Lantern")
    moved = records.create(owner, "pointing", {"lamp": other["_id"]}, now=now)

    def edit() -> Any:
        raw = {"rows": [{"count": "5"}]}
        return records.change(owner, "pointing", moved["number"], raw, rev=1, now=now)

    found = at_once(
        lambda: service.merge(head, "sample", keep["number"], other["number"], {}, revs=(1, 1), now=now), edit
    )
    stored = now_of(moved, "pointing")
    assert stored["lamp"] == keep["_id"]
    assert (stored["rows"] is not None) == (len(winners(found)) == 2)


def test_thousands_of_references_follow_in_chunks_and_come_back(owner: Person, head: Person, now: datetime) -> None:
    keep, other = lamp(owner, now), lamp(owner, now, name="Lantern")
    many(owner, now, other["_id"], MANY)
    many(owner, now, keep["_id"], 5)

    service.merge(head, "sample", keep["number"], other["number"], {}, revs=(1, 1), now=now)
    assert pointing_to(other) == MANY
    with pytest.raises(rules.MergeUnderWay):
        service.undo(head, "sample", keep["number"], other["number"], now=now)

    turns = iter([True, True, False])
    chunks, left = moving.carry_on(now, lambda: next(turns))  # broken off
    assert (chunks, left) == (2, True)
    assert pointing_to(keep) + pointing_to(other) == MANY + 5
    assert (database()["merge"].find_one() or {})["moved"] == 2 * moving.CHUNK
    assert service.merged_into(head, records.again(head, "sample", keep["number"]))[0].under_way

    at_once(*[lambda: moving.carry_on(now, lambda: True)] * 2)  # two workers
    assert (pointing_to(keep), pointing_to(other)) == (MANY + 5, 0)
    versions = database()["record_version"]
    assert versions.count_documents({"action": "follow_merge"}) == MANY
    assert database()["audit"].count_documents({"action": "follow_merge"}) == MANY
    assert (database()["merge"].find_one() or {})["moved"] == MANY
    assert not service.merged_into(head, records.again(head, "sample", keep["number"]))[0].under_way

    service.undo(head, "sample", keep["number"], other["number"], now=now)
    at_once(*[lambda: moving.carry_on(now, lambda: True)] * 2)
    assert (pointing_to(keep), pointing_to(other)) == (5, MANY)
    assert database()["record_pointing"].count_documents({"rev": 3}) == MANY


def test_what_was_written_on_the_way_is_moved_afterwards(owner: Person, head: Person, now: datetime, db: DB) -> None:
    keep, other = lamp(owner, now), lamp(owner, now, name="Lantern")
    service.merge(head, "sample", keep["number"], other["number"], {}, revs=(1, 1), now=now)
    late = store.create("pointing", {"lamp": other["_id"]}, actor=owner, now=now)
    assert moving.carry_on(now, lambda: True)[0] == 0
    moving.carry_on(now + timedelta(minutes=5), lambda: True)
    assert now_of(late, "pointing")["lamp"] == keep["_id"]
    assert [row["action"] for row in history.history("pointing", late["_id"])] == ["follow_merge", "create"]
    assert moving.carry_on(now + timedelta(minutes=9), lambda: True)[0] == 0


def test_the_number_of_a_merged_record_stands_for_the_surviving_one(owner: Person, head: Person, now: datetime) -> None:
    keep, other = lamp(owner, now), lamp(owner, now, name="Lantern")
    service.merge(head, "sample", keep["number"], other["number"], {}, revs=(1, 1), now=now)
    field = registry.get("pointing").rt.by_name["lamp"]
    assert names.pointed(owner, field, other["number"]) == keep["_id"]
    assert Pointing(owner).find(field, other["number"]) == keep["_id"]
    with pytest.raises(Refusal):
        records.create(owner, "pointing", {"lamp": other["_id"]}, now=now)


def test_a_pointing_record_that_cannot_be_opened_holds_up_no_other(
    owner: Person, head: Person, now: datetime, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(moving, "CHUNK", 2)
    registry.register(replace(POINTING, fields=(*POINTING.fields, SECRET)))
    keep, other = lamp(owner, now), lamp(owner, now, name="Lantern")
    made = [
        records.create(owner, "pointing", {"lamp": str(other["_id"]), "told": f"told {n}"}, now=now) for n in range(5)
    ]
    key = keys.seal_value("not openable", keys.record_key(made[1]["_id"]))
    database()["record_pointing"].update_one({"_id": made[1]["_id"]}, {"$set": {"told": key}})
    keys.destroy([made[1]["_id"]])
    service.merge(head, "sample", keep["number"], other["number"], {}, revs=(1, 1), now=now)
    moving.carry_on(now, lambda: True)
    pointed = {son["_id"]: son["lamp"] for son in database()["record_pointing"].find()}
    assert pointed.pop(made[1]["_id"]) == other["_id"]
    assert set(pointed.values()) == {keep["_id"]}
    merge = database()["merge"].find_one() or {}
    assert (merge["state"], merge["moved"], merge["passed_over"]) == (DONE, 4, [made[1]["_id"]])
    assert made[1]["number"] in caplog.text
    [told] = service.merged_into(head, records.again(head, "sample", keep["number"]))
    assert told.passed_over == Unreached((Unmoved("pointing", made[1]["number"]),))
    database()["record_pointing"].update_one({"_id": made[1]["_id"]}, {"$set": {"acl": ["top_secret|own|nobody"]}})
    [told] = service.merged_into(head, records.again(head, "sample", keep["number"]))
    assert told.passed_over == Unreached(), "who may not know of it is not told"
    service.undo(head, "sample", keep["number"], other["number"], now=now)
    moving.carry_on(now, lambda: True)
    assert {son["lamp"] for son in database()["record_pointing"].find()} == {other["_id"]}


def test_what_cannot_be_opened_is_given_its_pointer_back_and_what_stays_is_noted(
    owner: Person, head: Person, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    rows = POINTING.by_name["rows"]
    sealed_rows = replace(rows, fields=tuple(replace(f, encrypted=f.name == "count") for f in rows.fields))
    fields = tuple(sealed_rows if f is rows else f for f in POINTING.fields)
    registry.register(replace(POINTING, fields=(*fields, SECRET)))
    keep, other = lamp(owner, now), lamp(owner, now, name="Lantern")
    told = {"lamp": str(other["_id"]), "told": "told"}
    pointer, both = (
        records.create(owner, "pointing", {**told, **more}, now=now)
        for more in ({}, {"rows": [{"lamp": str(other["_id"]), "count": "2"}]})
    )
    service.merge(head, "sample", keep["number"], other["number"], {}, revs=(1, 1), now=now)
    for one in (pointer, both):
        damage("record_pointing", one["_id"], "told")
    was = {son["_id"]: son for son in database()["record_pointing"].find()}
    later = now + timedelta(hours=1)
    service.undo(head, "sample", keep["number"], other["number"], now=later)
    found = {son["_id"]: son for son in database()["record_pointing"].find()}
    for one in (pointer, both):
        record = one["_id"]
        changed = {"lamp": other["_id"], "rev": 3, "updated_at": later}
        assert found[record] == {**was[record], **changed}, "nothing else is touched"
        version = database()[store.VERSIONS].find_one({"record": record, "rev": 3}) or {}
        change = {"field": "lamp", "before": keep["_id"], "after": other["_id"]}
        assert (version["action"], version["changes"]) == ("unmerge", [change])
    assert database()["audit"].count_documents({"action": "unmerge", "record": {"$in": list(found)}}) == 2
    merge = database()["merge"].find_one() or {}
    assert (merge["state"], merge["left_behind"]) == (UNDONE, [both["_id"]])
    told_of = [one.getMessage() for one in caplog.records if one.name == moving.__name__]
    assert told_of == [f"undoing a merge left the record {both['number']} with more than a pointer: seal_damaged"]
    for one in (keep, other):
        seen = records.again(head, "sample", one["number"])
        assert left_behind(head, seen) == Unreached((Unmoved("pointing", both["number"]),))
    database()["record_pointing"].update_one({"_id": both["_id"]}, {"$set": {"acl": ["top_secret|own|nobody"]}})
    assert left_behind(head, seen) == Unreached()


def test_a_merge_of_which_one_record_cannot_be_opened_holds_up_no_other(
    owner: Person, head: Person, now: datetime, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(service, "AT_ONCE", 0)
    registry.register(replace(MERGED, fields=(*MERGED.fields, SECRET)))
    pointing = list[ObjectId]()
    for hour in range(2):
        keep, other = lamp(owner, now, told="told"), lamp(owner, now, name="Lantern")
        pointing.append(records.create(owner, "pointing", {"lamp": str(other["_id"])}, now=now)["_id"])
        at = now + timedelta(hours=hour)
        service.merge(head, "sample", keep["number"], other["number"], {}, revs=(1, 1), now=at)
    stuck, free = database()["merge"].find().sort("at")
    damage("record_sample", stuck["survivor"], "told")
    assert moving.carry_on(now, lambda: True) == (2, False)
    states = [row["state"] for row in database()["merge"].find().sort("at")]
    assert states == [MOVING, DONE]
    pointed = {son["_id"]: son["lamp"] for son in database()["record_pointing"].find()}
    assert pointed == {pointing[0]: stuck["loser"], pointing[1]: free["survivor"]}
    assert str(stuck["_id"]) in caplog.text


def test_a_record_that_followed_twice_is_given_back_once(owner: Person, head: Person, now: datetime) -> None:
    keep, other = lamp(owner, now), lamp(owner, now, name="Lantern")
    one = records.create(owner, "pointing", {"lamp": str(other["_id"])}, now=now)
    service.merge(head, "sample", keep["number"], other["number"], {}, revs=(1, 1), now=now)
    store.change("pointing", one["_id"], {"lamp": other["_id"]}, actor=owner, now=now)
    moving.carry_on(now + timedelta(hours=1), lambda: True)
    assert now_of(one, "pointing")["lamp"] == keep["_id"]
    service.undo(head, "sample", keep["number"], other["number"], now=now + timedelta(hours=2))
    assert now_of(one, "pointing")["lamp"] == other["_id"]
    assert [row["action"] for row in history.history("pointing", one["_id"])][:2] == ["unmerge", "follow_merge"]
