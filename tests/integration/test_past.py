"""A former version comes back as a new one, within the person's rights; history is masked like the record (X3, X6)."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from pymongo.database import Database

from models import history, past, records, registry, store, work
from models.attachment import service as attachment
from models.errors import Forbidden, Invalid, NotFound, StaleRecord
from models.office import office_calendar
from models.person.roles import Person, Role
from models.records import Sight
from tests.factories.people import person
from tests.factories.samples import sample as make
from tests.factories.types import SAMPLE

DB = Database[dict[str, Any]]

pytestmark = pytest.mark.usefixtures("sample")


def change(who: Person, record: dict[str, Any], now: datetime, **values: Any) -> dict[str, Any]:
    rev = store.fetch("sample", record["_id"])["rev"]
    return records.change(who, "sample", record["number"], values, rev=rev, now=now)


def seen(who: Person, record: dict[str, Any]) -> Sight:
    return records.again(who, "sample", record["number"])


def restored(who: Person, record: dict[str, Any], rev: int, now: datetime) -> dict[str, Any]:
    found = seen(who, record)
    return past.restore(who, found, rev, seen=found.values["rev"], now=now)


def test_what_a_version_held_comes_back_as_a_new_version(owner: Person, now: datetime) -> None:
    row = attachment.put(io.BytesIO(b"a"), "a.txt", person=owner, now=now, limit=10)
    first = make(
        owner,
        now,
        amount="10",
        notes="one\ntwo",
        people=[{"name": "王敏", "born": "1990-02-28", "wage": "1.50"}],
        colours=["red"],
        seen_at="2026-11-22 14:30",
        fragile="no",
        box={"width": "3"},
        scans=[row["file"]],
    )
    emptied = dict.fromkeys(("amount", "notes", "people", "colours", "seen_at", "fragile", "box", "scans"))
    change(owner, first, now + timedelta(hours=1), name="Torch", **emptied)

    found = past.preview(owner, seen(owner, first), 1)
    assert {one.field.name for one in found.back} == {"name", *emptied}
    assert found.stays == ()
    result = restored(owner, first, 1, now + timedelta(hours=2))

    assert result["rev"] == 3
    assert {name: result[name] for name in emptied} == {name: first[name] for name in emptied}
    latest = history.history("sample", first["_id"])[0]
    assert (latest["action"], latest["note"]) == ("restore_version", "2026-11-23 10:00")
    assert attachment.content(row["file"]).read() == b"a"


def test_level_owner_state_and_archive_are_never_restored(owner: Person, head: Person, now: datetime) -> None:
    made = make(owner, now, pieces="1")
    change(owner, made, now, pieces="2", level="secret")
    records.move(owner, "sample", made["number"], "submit", {"checker": head.id}, rev=2, now=now)
    change(head, made, now, owner=head.id)
    result = restored(head, made, 1, now)
    assert (result["pieces"], result["level"], result["state"], result["owner"]) == (1, "secret", "waiting", head.id)


def test_what_the_person_may_not_see_or_set_stays_and_is_named(owner: Person, head: Person, now: datetime) -> None:
    made = make(head, now, salary="100", pieces="1")
    store.change("sample", made["_id"], {"owner": owner.id, "verdict": "good"}, actor=head, now=now)
    change(head, made, now, salary="900", pieces="2")
    found = past.preview(owner, seen(owner, made), 1)
    assert [one.field.name for one in found.back] == ["pieces"]
    assert [(one.field.name, one.why) for one in found.stays] == [("verdict", past.BY_RULES)]
    result = restored(owner, made, 1, now)
    assert (result["pieces"], int(result["salary"]), result["verdict"]) == (1, 900, "good")
    assert int(restored(head, made, 1, now)["salary"]) == 100


def test_a_pointer_to_what_the_person_may_not_see_stays(owner: Person, clerk: Person, now: datetime) -> None:
    hidden = make(clerk, now, name="Hidden", level="top_secret")
    made = make(owner, now)
    store.change("sample", made["_id"], {"parent": hidden["_id"]}, actor=clerk, now=now)
    change(owner, made, now, parent=None, pieces="2")
    found = past.preview(owner, seen(owner, made), 2)
    assert [one.field.name for one in found.stays] == ["parent"]


def test_a_required_value_does_not_become_empty(owner: Person, now: datetime, db: DB) -> None:
    made = make(owner, now)
    db["record_version"].update_one({"record": made["_id"]}, {"$set": {"changes": []}})
    change(owner, made, now, name="Torch")
    db["record_version"].update_one(
        {"record": made["_id"], "rev": 2}, {"$set": {"changes": [{"field": "name", "before": None, "after": "Torch"}]}}
    )
    found = past.preview(owner, seen(owner, made), 1)
    assert [one.field.name for one in found.stays] == ["name"]
    assert found.back == ()


def test_a_stale_restoration_is_refused(owner: Person, now: datetime) -> None:
    made = make(owner, now)
    change(owner, made, now, pieces="2")
    found = seen(owner, made)
    change(owner, made, now, pieces="3")
    with pytest.raises(StaleRecord):
        past.restore(owner, found, 1, seen=2, now=now)


def test_rules_are_asked_as_for_any_change(owner: Person, now: datetime) -> None:
    def refuse(draft: registry.Draft) -> None:
        if draft.before is not None and draft.values["pieces"] == 1:
            draft.problem("pieces", "一。", "One.")

    made = make(owner, now, pieces="1")
    change(owner, made, now, pieces="2")
    registry.register(SAMPLE, registry.Hooks(prepare=(refuse,)))
    with pytest.raises(Invalid) as refused:
        restored(owner, made, 1, now)
    assert set(refused.value.problems) == {"pieces"}


def test_only_who_may_change_the_record_restores_and_only_what_was(owner: Person, clerk: Person, now: datetime) -> None:
    made = make(owner, now)
    change(owner, made, now, pieces="2")
    with pytest.raises(Forbidden):
        past.preview(clerk, seen(clerk, made), 1)
    for rev in (0, 2, 3, 999):
        with pytest.raises(NotFound):
            past.preview(owner, seen(owner, made), rev)


def test_a_version_written_since_the_record_was_read_is_masked_by_its_own_level(
    owner: Person, clerk: Person, now: datetime
) -> None:
    made = make(owner, now, notes="open")
    found = seen(clerk, made)
    change(owner, made, now, level="confidential", notes="hush")
    newest = records.versions_of(found)[0]
    assert (newest["masked"], newest["changes"]) == ("confidential", [])


def test_history_is_masked_by_the_level_of_its_time(owner: Person, clerk: Person, head: Person, now: datetime) -> None:
    made = make(owner, now, notes="open")
    change(owner, made, now, level="confidential", notes="hush")
    change(owner, made, now, notes="hush hush")
    change(head, made, now, level="internal", notes="open again")
    change(owner, made, now, pieces="2")

    rows = records.versions(clerk, "sample", made["number"], now)
    assert [(row["rev"], row["masked"]) for row in rows] == [
        (5, ""),
        (4, "confidential"),
        (3, "confidential"),
        (2, "confidential"),
        (1, ""),
    ]
    told = str([(row["changes"], row["note"]) for row in rows])
    assert "hush" not in told
    assert "open" in told
    assert "hush hush" in str(records.versions(owner, "sample", made["number"], now))


def test_a_secret_time_is_no_source_of_what_is_restored(owner: Person, head: Person, now: datetime) -> None:
    """What comes back was read in a version that the person sees; which fields the others changed is not told."""
    made = make(owner, now, notes="open", pieces="1")
    change(owner, made, now, level="confidential", notes="hush")
    change(head, made, now, level="internal", notes="open again")
    change(owner, made, now, pieces="2")
    change(owner, made, now, level="confidential", notes="open once more")
    change(head, made, now, level="internal")
    change(owner, made, now, pieces="3")
    custodian = person(Role.CUSTODIAN, name="Custodian")

    def offered(rev: int) -> tuple[list[str], tuple[past.Stays, ...], bool]:
        found = past.preview(custodian, seen(custodian, made), rev)
        assert "hush" not in str(found.back)
        return [one.field.name for one in found.back], found.stays, found.veiled

    assert offered(1) == (["pieces", "notes"], (), False)
    assert offered(4) == (["pieces"], (), True)
    for rev in (2, 3, 5, 6):
        with pytest.raises(NotFound):
            past.preview(custodian, seen(custodian, made), rev)
    assert restored(owner, made, 2, now)["notes"] == "hush"


def test_what_was_done_in_a_secret_time_and_why_is_not_said(owner: Person, head: Person, now: datetime) -> None:
    assert SAMPLE.workflow is not None
    draft, waiting, approved = SAMPLE.workflow.states
    states = (replace(draft, turn=("custodian",)), replace(waiting, frozen=True), approved)
    moves = tuple(replace(move, by=("turn",), needs=()) for move in SAMPLE.workflow.transitions)
    registry.register(replace(SAMPLE, workflow=replace(SAMPLE.workflow, states=states, transitions=moves)))
    made = make(owner, now, level="top_secret", answer_by="2026-11-24")
    store.change("sample", made["_id"], {"state": "waiting"}, actor=owner, now=now, action="submit")
    note = "Hushed reason"
    store.change("sample", made["_id"], {"state": "draft"}, actor=head, now=now, action="send_back", note=note)
    change(head, made, now, level="internal")
    custodian = person(Role.CUSTODIAN, name="Custodian")
    rows = records.versions(custodian, "sample", made["number"], now)
    assert {(row["action"], row["note"]) for row in rows} == {("masked", "")}
    told = work.desk(custodian, now, office_calendar())
    assert [task.returned for task in told] == [None]


def test_what_is_wrong_with_a_field_out_of_sight_is_not_told_when_archiving(now: datetime) -> None:
    head, custodian = person(Role.HEAD), person(Role.CUSTODIAN)
    made = make(head, now)

    def refuse(draft: registry.Draft) -> None:
        draft.problem("salary", "工资超过四十二万", "A salary of 42 is too much.")

    archive = replace(SAMPLE.rights, archive=SAMPLE.rights.edit)
    registry.register(replace(SAMPLE, rights=archive), registry.Hooks(prepare=(refuse,)))
    for who, told in ((custodian, {""}), (head, {"salary"})):
        with pytest.raises(Invalid) as refused:
            records.set_archived(who, "sample", made["number"], True, rev=1, now=now, note="x")
        assert set(refused.value.problems) == told
