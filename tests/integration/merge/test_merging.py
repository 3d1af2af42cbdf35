"""Two records made one, with nothing lost: values, lists, files, references, histories, rights (F7, X1, X5)."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from bson import ObjectId

from config.database import database
from models import access, history, listing, records, registry, schema
from models.access import Purpose
from models.attachment import service as attachment
from models.declarations import Field, Label
from models.errors import Forbidden, Invalid, NotFound, StaleRecord
from models.merge import rules, service
from models.person.roles import Person, Role
from tests.factories.people import person
from tests.integration.merge.conftest import DB, MERGED, lamp, now_of


def merged(who: Person, keep: dict[str, Any], other: dict[str, Any], now: datetime, **picks: str) -> dict[str, Any]:
    """Merge two records as they are stored."""
    revs = (now_of(keep)["rev"], now_of(other)["rev"])
    return service.merge(who, "sample", keep["number"], other["number"], picks, revs=revs, now=now)


def undone(who: Person, keep: dict[str, Any], other: dict[str, Any], now: datetime) -> dict[str, Any]:
    return service.undo(who, "sample", keep["number"], other["number"], now=now)


def upload(who: Person, now: datetime, name: str) -> dict[str, Any]:
    return attachment.put(io.BytesIO(name.encode()), name, person=who, now=now, limit=1000)


def holder(row: dict[str, Any]) -> Any:
    """The record whose file it is."""
    stored = database()[attachment.FILES].find_one({"_id": row["file"]})
    assert stored is not None
    return stored["metadata"]["record"]


def pointing(who: Person, now: datetime, **values: Any) -> dict[str, Any]:
    return records.create(who, "pointing", values, now=now)


def comparable(record: dict[str, Any]) -> dict[str, Any]:
    """A record without what every write changes."""
    return {k: v for k, v in record.items() if k not in ("rev", "updated_at", "updated_by", "state_since")}


def test_the_filled_value_stays_and_of_two_the_newer_one(owner: Person, head: Person, now: datetime) -> None:
    keep = lamp(owner, now, name="Lamp", amount="10", phone="021-55501234")
    other = lamp(owner, now + timedelta(hours=1), name="Lantern", pieces="3", phone="021-55501234")
    result = merged(head, keep, other, now + timedelta(hours=2))
    assert (result["name"], result["pieces"], str(result["amount"])) == ("Lantern", 3, "10.00")
    assert (result["number"], result["owner"], result["state"]) == (keep["number"], owner.id, "draft")


def test_what_is_picked_stays(owner: Person, head: Person, now: datetime) -> None:
    keep = lamp(owner, now, name="Lamp", notes="old", colours=["red"])
    other = lamp(owner, now, name="Lantern", notes="new", colours=["blue"])
    result = merged(head, keep, other, now, name="keep", notes="both", colours="other")
    assert (result["name"], result["notes"], result["colours"]) == ("Lamp", "old\n\nnew", ["blue"])


def test_what_is_not_offered_is_refused_by_name_and_nothing_is_stored(
    owner: Person, head: Person, now: datetime
) -> None:
    keep, other = lamp(owner, now), lamp(owner, now, name="Lantern")
    for picks in ({"verdict": "keep"}, {"name": "both"}, {"name": "$ne"}, {"nonsense": "keep"}):
        with pytest.raises(Invalid) as refused:
            merged(head, keep, other, now, **picks)
        assert set(refused.value.problems) == set(picks)
    assert now_of(keep)["rev"] == now_of(other)["rev"] == 1


def test_lists_are_united_and_files_all_kept(owner: Person, head: Person, now: datetime) -> None:
    files = [upload(owner, now, f"{name}.txt") for name in ("a", "b")]
    rows = [{"name": name} for name in ("王敏", "李静", "赵一")]
    keep = lamp(owner, now, people=rows[:2], scans=[files[0]["file"]])
    other = lamp(owner, now, people=rows[1:], scans=[files[1]["file"]])
    result = merged(head, keep, other, now)
    assert [row["name"] for row in result["people"]] == ["王敏", "李静", "赵一"]
    assert [row["name"] for row in result["scans"]] == ["a.txt", "b.txt"]
    assert attachment.content(files[1]["file"]).read() == b"b.txt"
    assert holder(files[1]) == keep["_id"]


def test_a_list_that_grows_too_long_is_refused(owner: Person, head: Person, now: datetime) -> None:
    keep = lamp(owner, now, people=[{"name": f"a{i}"} for i in range(60)])
    other = lamp(owner, now, people=[{"name": f"b{i}"} for i in range(41)])
    with pytest.raises(rules.TooManyRows):
        merged(head, keep, other, now)


def test_a_choice_that_is_no_longer_offered_stays(owner: Person, head: Person, now: datetime, db: DB) -> None:
    keep, other = lamp(owner, now, colours=["red"]), lamp(owner, now, colours=["blue"])
    db["record_sample"].update_one({"_id": keep["_id"]}, {"$set": {"colours": ["green", "red"]}})
    assert merged(head, keep, other, now)["colours"] == ["red", "blue", "green"]


def test_every_reference_is_moved_once_and_none_is_lost(owner: Person, head: Person, now: datetime, db: DB) -> None:
    keep, other, third = lamp(owner, now), lamp(owner, now, name="Lantern"), lamp(owner, now, name="Torch")
    ids = {"keep": keep["_id"], "other": other["_id"], "third": third["_id"]}
    plain = pointing(owner, now, lamp=ids["other"])
    both = pointing(
        owner,
        now,
        lamp=ids["other"],
        shelf={"lamp": ids["other"]},
        rows=[{"lamp": ids["third"]}, {"lamp": ids["other"], "count": "2"}, {"lamp": ids["keep"]}],
    )
    apart = pointing(owner, now, lamp=ids["third"])
    child = lamp(owner, now, name="Child", parent=other["_id"])

    merged(head, keep, other, now)

    assert now_of(plain, "pointing")["lamp"] == keep["_id"]
    found = now_of(both, "pointing")
    assert (found["lamp"], found["shelf"]["lamp"]) == (keep["_id"], keep["_id"])
    assert [row["lamp"] for row in found["rows"]] == [third["_id"], keep["_id"], keep["_id"]]
    assert [row["count"] for row in found["rows"]] == [None, 2, None]
    assert now_of(child)["parent"] == keep["_id"]
    assert now_of(apart, "pointing")["rev"] == 1
    for one, slug in ((plain, "pointing"), (both, "pointing"), (child, "sample")):
        versions = history.history(slug, one["_id"])
        assert [row["action"] for row in versions] == ["follow_merge", "create"]
    assert db["audit"].count_documents({"action": "follow_merge"}) == 3


def test_the_other_one_is_archived_with_its_history_and_leads_to_the_survivor(
    owner: Person, head: Person, now: datetime, db: DB
) -> None:
    keep, other = lamp(owner, now), lamp(owner, now, name="Lantern")
    merged(head, keep, other, now)
    gone = records.read(owner, "sample", other["number"], Purpose.VIEW, now)
    assert gone.values["archived_at"] == now
    assert gone.values["name"] == "Lantern"
    assert service.leads_to(owner, gone) == keep["number"]
    assert records.versions(owner, "sample", other["number"], now)[0]["action"] == "merged_away"
    latest = records.versions(owner, "sample", keep["number"], now)[0]
    assert latest["action"] == "merge"
    assert [one.number for one in service.merged_into(owner, records.again(owner, "sample", keep["number"]))] == [
        other["number"]
    ]
    assert db["audit"].count_documents({"action": {"$in": ["merge", "merged_away"]}}) == 2


def test_the_former_number_is_found_by_search(owner: Person, head: Person, now: datetime) -> None:
    keep, other = lamp(owner, now), lamp(owner, now, name="Lantern")
    merged(head, keep, other, now)
    rt = registry.get("sample").rt
    reach = access.reach(owner, rt, Purpose.VIEW)
    rows = listing.page(rt, reach, listing.ListQuery(q=other["number"]), rt.fields).rows
    assert [row["number"] for row in rows] == [keep["number"]]


def found(who: Person, text: str) -> list[str]:
    """The numbers of the samples that a search finds."""
    rt = registry.get("sample").rt
    reach = access.reach(who, rt, Purpose.VIEW)
    return [row["number"] for row in listing.page(rt, reach, listing.ListQuery(q=text), rt.fields).rows]


def test_the_former_name_leads_to_the_survivor_until_the_merge_is_taken_back(
    owner: Person, head: Person, now: datetime
) -> None:
    keep, other = lamp(owner, now), lamp(owner, now, name="Ｏld Lantern 华东灯具")
    merged(head, keep, other, now, name="keep")
    for words in ("old LANTERN", "lantern old", "华东", "灯具 old"):
        assert found(owner, words) == found(head, words) == [keep["number"]], words
    assert found(owner, "Lamp") == [keep["number"]]
    assert found(owner, "lantern lamp") == []
    undone(head, keep, other, now)
    assert found(owner, "old lantern") == [other["number"]]


def test_the_name_of_the_first_of_a_chain_of_merges_leads_to_the_last(
    owner: Person, head: Person, now: datetime
) -> None:
    first, second, third = (lamp(owner, now, name=name) for name in ("Lantern", "Candle", "Torch"))
    merged(head, second, first, now, name="keep")
    merged(head, third, second, now, name="keep")
    assert found(owner, "Lantern") == found(owner, "Candle") == [third["number"]]


def test_the_name_that_the_survivor_had_leads_to_it_until_the_merge_is_taken_back(
    owner: Person, head: Person, now: datetime
) -> None:
    keep, other = lamp(owner, now, name="Old lantern"), lamp(owner, now, name="Candle")
    merged(head, keep, other, now, name="other")
    assert now_of(keep)["name"] == "Candle"
    assert found(owner, "LANTERN old") == found(head, "lantern") == found(owner, "Candle") == [keep["number"]]
    assert found(owner, "lantern candle") == []
    undone(head, keep, other, now)
    assert found(owner, "Candle") == [other["number"]]
    assert found(owner, "Lantern") == [keep["number"]]


def test_each_name_that_a_record_had_until_a_merge_leads_to_what_became_of_it(
    owner: Person, head: Person, now: datetime
) -> None:
    keep, last = lamp(owner, now, name="Lantern"), lamp(owner, now, name="Torch")
    for name in ("Candle", "Beacon"):
        merged(head, keep, lamp(owner, now, name=name), now, name="other")
    for name in ("Lantern", "Candle", "Beacon"):
        assert found(owner, name) == [keep["number"]], name
    merged(head, last, keep, now, name="keep")
    for name in ("Lantern", "Candle", "Beacon", "Torch"):
        assert found(owner, name) == [last["number"]], name


@pytest.mark.parametrize(
    ("mine", "theirs"), [("internal", "secret"), ("confidential", "internal"), ("secret", "secret")]
)
def test_the_result_is_never_less_secret_than_either(
    owner: Person, head: Person, now: datetime, mine: str, theirs: str
) -> None:
    keep, other = lamp(owner, now, level=mine), lamp(owner, now + timedelta(days=9), level=theirs, name="Lantern")
    result = merged(head, keep, other, now)
    highest = max(mine, theirs, key=["internal", "secret", "confidential"].index)
    assert (result["level"], now_of(other)["level"]) == (highest, highest)
    ends = [r["secret_until"] for r in (keep, other) if r["level"] == highest]
    assert result["secret_until"] == max(ends) if highest != "internal" else date.min


def test_only_who_has_the_right_and_may_edit_both_merges(owner: Person, head: Person, now: datetime) -> None:
    keep, other = lamp(owner, now), lamp(owner, now, name="Lantern")
    with pytest.raises(Forbidden):
        merged(owner, keep, other, now)
    stranger = person(Role.HEAD, department="sales")
    with pytest.raises(NotFound):
        merged(stranger, keep, other, now)
    secret = lamp(owner, now, level="confidential", name="Torch")
    custodian = person(Role.CUSTODIAN)
    with pytest.raises(records.Locked):
        merged(custodian, keep, secret, now)
    assert merged(custodian, keep, other, now)["rev"] == 2


def test_a_record_that_does_not_change_is_not_merged(owner: Person, head: Person, now: datetime, db: DB) -> None:
    keep, other = lamp(owner, now), lamp(owner, now, name="Lantern")
    db["record_sample"].update_one({"_id": other["_id"]}, {"$set": {"state": "approved"}})
    with pytest.raises(rules.Settled):
        merged(head, keep, other, now)
    with pytest.raises(rules.SameRecord):
        merged(head, keep, keep, now)
    records.set_archived(head, "sample", keep["number"], True, rev=1, now=now, note="old")
    with pytest.raises(rules.Settled):
        merged(head, keep, lamp(owner, now), now)


def test_the_same_merge_sent_again_changes_nothing(owner: Person, head: Person, now: datetime) -> None:
    keep, other = lamp(owner, now), lamp(owner, now, name="Lantern")
    merged(head, keep, other, now)
    with pytest.raises(StaleRecord):
        service.merge(head, "sample", keep["number"], other["number"], {}, revs=(1, 1), now=now)
    assert now_of(keep)["rev"] == now_of(other)["rev"] == 2


def test_a_merge_taken_back_restores_both_and_every_reference(owner: Person, head: Person, now: datetime) -> None:
    files = [upload(owner, now, f"{name}.txt") for name in ("a", "b")]
    keep = lamp(owner, now, people=[{"name": "王敏"}], scans=[files[0]["file"]])
    other = lamp(owner, now, name="Lantern", level="secret", people=[{"name": "李静"}], scans=[files[1]["file"]])
    plain = pointing(owner, now, lamp=other["_id"], rows=[{"lamp": other["_id"]}, {"lamp": keep["_id"]}])
    mine = pointing(owner, now, lamp=keep["_id"])
    before = [comparable(now_of(r)) for r in (keep, other)]
    merged(head, keep, other, now)

    undone(head, keep, other, now + timedelta(hours=1))

    assert [comparable(now_of(r)) for r in (keep, other)] == before
    found = now_of(plain, "pointing")
    assert (found["lamp"], [row["lamp"] for row in found["rows"]]) == (other["_id"], [other["_id"], keep["_id"]])
    assert now_of(mine, "pointing")["rev"] == 1
    assert holder(files[1]) == other["_id"]
    assert now_of(keep)["rev"] == 3
    again = merged(head, keep, other, now + timedelta(hours=2))
    assert again["rev"] == 4


def test_a_merge_is_not_taken_back_once_somebody_changed_the_result(owner: Person, head: Person, now: datetime) -> None:
    keep, other = lamp(owner, now), lamp(owner, now, name="Lantern")
    merged(head, keep, other, now)
    records.change(owner, "sample", keep["number"], {"pieces": "7"}, rev=2, now=now)
    with pytest.raises(rules.ChangedSince):
        undone(head, keep, other, now)
    assert not service.merged_into(head, records.again(head, "sample", keep["number"]))[0].undoable


def test_what_somebody_changed_on_a_moved_record_stays_when_the_merge_is_taken_back(
    owner: Person, head: Person, now: datetime
) -> None:
    keep, other, third = lamp(owner, now), lamp(owner, now, name="Lantern"), lamp(owner, now, name="Torch")
    moved = pointing(owner, now, lamp=other["_id"], rows=[{"lamp": other["_id"], "count": "1"}])
    merged(head, keep, other, now)
    rows = [{"lamp": third["_id"]}, {"lamp": keep["_id"], "count": "1"}]
    records.change(owner, "pointing", moved["number"], {"lamp": third["_id"], "rows": rows}, rev=2, now=now)
    undone(head, keep, other, now)
    found = now_of(moved, "pointing")
    assert (found["lamp"], [row["lamp"] for row in found["rows"]]) == (third["_id"], [third["_id"], other["_id"]])


def test_a_record_in_the_archive_by_merging_is_not_restored_by_itself(
    owner: Person, head: Person, now: datetime
) -> None:
    keep, other = lamp(owner, now), lamp(owner, now, name="Lantern")
    merged(head, keep, other, now)
    with pytest.raises(records.MergedAway):
        records.set_archived(head, "sample", other["number"], False, rev=2, now=now)


def test_a_merged_record_is_not_said_to_be_changeable_once_it_is_restored(
    owner: Person, head: Person, now: datetime
) -> None:
    keep, other = lamp(owner, now), lamp(owner, now, name="Lantern")
    merged(head, keep, other, now)
    with pytest.raises(records.MergedAway):
        records.change(owner, "sample", other["number"], {"pieces": "7"}, rev=2, now=now)


def test_an_archived_record_says_what_comes_first_whoever_may_do_it(owner: Person, head: Person, now: datetime) -> None:
    made = lamp(owner, now)
    records.set_archived(head, "sample", made["number"], True, rev=1, now=now, note="Outdated")
    for who in (owner, head):
        with pytest.raises(records.Settled, match="It must be restored before"):
            records.change(who, "sample", made["number"], {"pieces": "7"}, rev=2, now=now)


def test_a_chain_of_merges_leads_to_the_last_one(owner: Person, head: Person, now: datetime) -> None:
    first, second, third = (lamp(owner, now, name=name) for name in ("Lamp", "Lantern", "Torch"))
    merged(head, second, first, now)
    result = merged(head, third, second, now)
    found = records.again(owner, "sample", first["number"])
    assert service.leads_to(owner, found) == third["number"]
    assert set(result["merged_from"].split()) == {first["number"], second["number"]}
    with pytest.raises(rules.ChangedSince):
        undone(head, second, first, now)


def test_rows_that_led_to_the_other_lead_to_the_survivor_in_its_own_values_too(
    owner: Person, head: Person, now: datetime
) -> None:
    steps = Field(
        name="steps",
        kind="embedded_list",
        label=Label("步", "Steps"),
        group="more",
        fields=(Field(name="of", kind="reference", label=Label("灯", "Of"), to="sample"),),
    )
    last = replace(steps, name="last", kind="embedded", label=Label("末", "Last"))
    registry.unregister("sample")
    registry.register(replace(MERGED, fields=(*MERGED.fields, steps, last)))
    schema.migrate()
    first, second = lamp(owner, now), lamp(owner, now, name="Lantern")
    keep = lamp(owner, now, steps=[{"of": first["_id"]}, {"of": second["_id"]}], last={"of": first["_id"]})
    other = first
    result = merged(head, keep, other, now)
    assert [row["of"] for row in result["steps"]] == [keep["_id"], second["_id"]]
    assert result["last"] == {"of": keep["_id"]}
    back = undone(head, keep, other, now)
    assert back["_id"] == other["_id"]
    assert now_of(keep)["last"] == {"of": first["_id"]}


def test_a_reference_between_the_two_does_not_point_to_itself_afterwards(
    owner: Person, head: Person, now: datetime
) -> None:
    keep = lamp(owner, now)
    other = lamp(owner, now, name="Lantern", parent=keep["_id"])
    assert merged(head, keep, other, now)["parent"] is None
    assert database()["record_sample"].count_documents({"parent": ObjectId(keep["_id"])}) == 1
