"""Giving a file to somebody else opens it to them, and nothing more to whoever gives it, by whichever door (F6, X3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from datetime import datetime
from typing import Any

import pytest
from bson import ObjectId
from pymongo.database import Database

from config.database import database
from models import records, registry, schema, store
from models.access import Purpose
from models.bulk_change import service as bulk_change
from models.bulk_change.refusals import NothingToChange
from models.complaint.document import COMPLAINT
from models.declarations import Field, Group, Label, RecordType, Relation, Rights, Rule
from models.errors import Forbidden, Invalid, NotFound, Refusal
from models.hand_over import service as hand_over
from models.merge import moving
from models.merge import service as merge
from models.merge.rules import NotYoursToGive
from models.person.roles import SYSTEM, Person, Role
from models.reminder import service as reminders
from models.reminder.rules import Step
from tests.factories.bulk_changes import carried_out, worked
from tests.factories.commands import commands
from tests.factories.customers import customer
from tests.factories.people import person

DB = Database[dict[str, Any]]
LEVELS = ("internal", "secret", "confidential", "top_secret")
Door = Callable[[Person, dict[str, Any], ObjectId, datetime], None]


@pytest.fixture
def custodian(db: DB) -> Person:
    return person(Role.CUSTODIAN, name="Custodian")


def classified(level: str) -> dict[str, Any]:
    return {"level": level, "level_basis": None if level == "internal" else "往来"}


def file_of(owner: Person, now: datetime, level: str = "internal", **values: Any) -> dict[str, Any]:
    return customer(owner, now, **classified(level), **values)


def complaint_of(owner: Person, file: dict[str, Any], level: str, now: datetime) -> dict[str, Any]:
    values = {"customer": file["_id"], "subject": f"包装破损 {level}", **classified(level)}
    return store.create("complaint", values, actor=owner, now=now)


def with_complaints(owner: Person, now: datetime, level: str = "internal") -> tuple[dict[str, Any], dict[str, Any]]:
    """A file and its complaints by level."""
    file = file_of(owner, now, level)
    return file, {one: complaint_of(owner, file, one, now) for one in LEVELS[LEVELS.index(level) :]}


def now_of(record: dict[str, Any], slug: str = "complaint") -> dict[str, Any]:
    return store.fetch(slug, record["_id"])


def owners(complaints: dict[str, Any]) -> dict[str, Any]:
    return {level: now_of(one)["owner"] for level, one in complaints.items()}


def seen(who: Person, record: dict[str, Any], now: datetime, slug: str = "complaint") -> tuple[str, ...]:
    """How somebody may use a record: for each purpose full, card or nothing."""
    found = []
    for purpose in (Purpose.VIEW, Purpose.PRINT, Purpose.EXPORT):
        try:
            found.append("full" if records.see(who, slug, record["number"], purpose, now).full else "card")
        except NotFound:
            found.append("")
    return tuple(found)


def told(who: Person, now: datetime) -> list[tuple[Step, str]]:
    return [(one.reminder.step, one.number) for one in reminders.inbox(who, now, "zh")]


def by_form(who: Person, file: dict[str, Any], to: ObjectId, now: datetime) -> None:
    records.change(who, "customer", file["number"], {"owner": str(to)}, rev=file["rev"], now=now)


def by_handing_over(who: Person, file: dict[str, Any], to: ObjectId, now: datetime) -> None:
    found = records.read(who, "customer", file["number"], Purpose.VIEW, now)
    hand_over.hand_over(who, found, to, "请接手", rev=file["rev"], now=now)


def in_bulk(who: Person, file: dict[str, Any], to: ObjectId, now: datetime) -> None:
    carried_out(who, "hand_over", {"owner": str(to)}, now=now, numbers=[file["number"]], note="请接手")


DOORS = pytest.mark.parametrize("door", [by_form, by_handing_over, in_bulk])


@DOORS
def test_a_custodian_gives_a_file_to_a_specialist_with_what_both_read(
    door: Door, owner: Person, clerk: Person, head: Person, custodian: Person, now: datetime
) -> None:
    file, complaints = with_complaints(owner, now)
    assert clerk.id is not None
    door(custodian, file, clerk.id, now)
    assert now_of(file, "customer")["owner"] == clerk.id
    found = owners(complaints)
    assert found == dict(zip(LEVELS, (clerk.id, owner.id, owner.id, owner.id), strict=True))
    assert told(head, now) == [(Step.LEFT, file["number"])]
    assert told(custodian, now) == told(clerk, now) == []


@DOORS
@pytest.mark.parametrize("level", ["internal", "secret"])
def test_a_custodian_who_takes_a_file_reads_no_more_than_before(
    door: Door, level: str, owner: Person, custodian: Person, now: datetime
) -> None:
    file, complaints = with_complaints(owner, now, level)
    before = {one: seen(custodian, complaint, now) for one, complaint in complaints.items()}
    of_file = seen(custodian, file, now, "customer")
    assert custodian.id is not None
    with nullcontext() if level == "internal" else pytest.raises((Invalid, NothingToChange)):
        door(custodian, file, custodian.id, now)
    assert now_of(file, "customer")["owner"] == (custodian.id if level == "internal" else owner.id)
    assert {one: seen(custodian, complaint, now) for one, complaint in complaints.items()} == before
    assert seen(custodian, file, now, "customer") == of_file


@DOORS
def test_what_stays_behind_changes_nothing_that_the_giver_sees(
    door: Door, owner: Person, clerk: Person, head: Person, custodian: Person, now: datetime, db: DB
) -> None:
    """Two files alike, one with a complaint that does not exist for the custodian (X6)."""
    bare, burdened = (file_of(owner, now, name=f"远山机械{one}有限公司") for one in "甲乙")
    hidden = complaint_of(owner, burdened, "top_secret", now)
    assert clerk.id is not None
    shown = []
    for file in (bare, burdened):
        entries = db["audit"].count_documents({})
        door(custodian, file, clerk.id, now)
        sight = records.see(custodian, "customer", file["number"], Purpose.VIEW, now)
        values = {name: value for name, value in sight.values.items() if name not in ("name", "number")}
        own = [bulk_change.get(plan.id).counts for plan in bulk_change.recent(custodian, 1)] if door is in_bulk else []
        shown.append((values, own, db["audit"].count_documents({}) - entries))
    assert shown[0] == shown[1]
    assert told(custodian, now) == []
    assert told(head, now) == [(Step.LEFT, burdened["number"])]
    assert now_of(hidden)["rev"] == 1


@DOORS
def test_the_head_gives_a_file_with_all_that_belongs_to_it(
    door: Door, owner: Person, clerk: Person, head: Person, now: datetime
) -> None:
    file, complaints = with_complaints(owner, now)
    assert clerk.id is not None
    door(head, file, clerk.id, now)
    assert set(owners(complaints).values()) == {clerk.id}
    assert told(head, now) == []


def test_a_file_is_told_of_once_until_it_is_given_on(
    owner: Person, clerk: Person, head: Person, custodian: Person, now: datetime, db: DB
) -> None:
    file, _ = with_complaints(owner, now)
    assert clerk.id is not None
    by_form(custodian, file, clerk.id, now)
    complaint_of(clerk, file, "confidential", now)
    later = now.replace(hour=5)
    by_form(custodian, now_of(file, "customer"), owner.id or ObjectId(), later)
    assert told(head, later) == [(Step.LEFT, file["number"])]
    assert db["reminder"].count_documents({"person": head.id, "closed_at": None}) == 1


def test_the_head_is_told_until_nothing_is_left_with_a_former_owner(
    owner: Person, clerk: Person, head: Person, custodian: Person, now: datetime, db: DB
) -> None:
    file, complaints = with_complaints(owner, now)
    assert clerk.id is not None
    by_form(custodian, file, clerk.id, now)
    for level, stays in (("secret", True), ("confidential", True), ("top_secret", False)):
        assert told(head, now) == [(Step.LEFT, file["number"])]
        store.change("complaint", complaints[level]["_id"], {"owner": clerk.id}, actor=head, now=now)
        assert bool(told(head, now)) is stays
    assert db["reminder"].count_documents({"person": head.id, "closed_at": None}) == 0


@pytest.mark.parametrize("done", [{"archived_at": True}, {"state": "closed"}])
def test_what_nobody_could_give_on_is_not_told(
    done: dict[str, Any], owner: Person, clerk: Person, head: Person, custodian: Person, now: datetime
) -> None:
    file = file_of(owner, now)
    left = complaint_of(owner, file, "confidential", now)
    assert clerk.id is not None
    by_form(custodian, file, clerk.id, now)
    assert told(head, now) == [(Step.LEFT, file["number"])]
    values = {name: now if value is True else value for name, value in done.items()}
    store.change("complaint", left["_id"], values, actor=SYSTEM, now=now)
    assert told(head, now) == []


def test_a_file_that_came_back_to_its_former_owner_is_not_told_of(
    owner: Person, clerk: Person, head: Person, custodian: Person, now: datetime
) -> None:
    file, _ = with_complaints(owner, now)
    assert clerk.id is not None
    by_form(custodian, file, clerk.id, now)
    store.change("customer", file["_id"], {"owner": owner.id}, actor=head, now=now)
    assert told(head, now) == []


def test_of_two_former_owners_none_is_forgotten(
    owner: Person, clerk: Person, head: Person, custodian: Person, now: datetime
) -> None:
    third, later = person(Role.SPECIALIST, name="Third"), now.replace(hour=5)
    file = file_of(owner, now)
    of_owner = complaint_of(owner, file, "confidential", now)
    assert clerk.id is not None
    assert third.id is not None
    by_form(custodian, file, clerk.id, now)
    of_clerk = complaint_of(clerk, file, "confidential", now)
    by_form(custodian, now_of(file, "customer"), third.id, later)
    for one, stays in ((of_clerk, True), (of_owner, False)):
        store.change("complaint", one["_id"], {"owner": third.id}, actor=head, now=later)
        assert bool(told(head, later)) is stays


def test_however_many_files_the_head_is_told_of_it_is_asked_once_what_was_left(
    owner: Person, clerk: Person, head: Person, custodian: Person, now: datetime
) -> None:
    asked: list[list[str]] = []
    for number in range(3):
        file = file_of(owner, now, name=f"远山机械{'甲乙丙'[number]}有限公司")
        complaint_of(owner, file, "confidential", now)
        assert clerk.id is not None
        by_form(custodian, file, clerk.id, now)
        with commands.heard() as heard:
            assert len(told(head, now)) == number + 1
        asked.append([one for one in heard if one.startswith("aggregate")])
    assert asked[0] == asked[1] == asked[2]
    assert asked[0].count("aggregate record_complaint") == 1


def test_of_what_a_merge_left_behind_the_head_is_told_once(
    owner: Person, clerk: Person, head: Person, custodian: Person, now: datetime
) -> None:
    kept, file = file_of(clerk, now, name="空壳有限公司"), file_of(owner, now)
    left = [complaint_of(owner, file, "confidential", now) for _ in range(4)]
    values = {"customer": file["_id"], "due_on": now.date(), **classified("confidential")}
    store.create("revisit", values, actor=owner, now=now)
    with commands.heard() as asked:
        merge.merge(custodian, "customer", kept["number"], file["number"], {}, revs=(1, 1), now=now)
    assert asked.count("update reminder") == 1
    assert {now_of(one)["owner"] for one in left} == {owner.id}
    assert told(head, now) == [(Step.LEFT, kept["number"])]


@pytest.fixture
def tool(db: DB) -> Iterator[RecordType]:
    """A type that is not classified: everybody reads it, its owner alone exports it."""
    everybody = (Rule(Relation.ANY),)
    rights = Rights(create=(Role.SPECIALIST,), view=everybody, edit=everybody, export=(Rule(Relation.OWNER),))
    rt = RecordType(
        slug="tool",
        label=Label("工具", "Tool"),
        plural=Label("工具", "Tools"),
        icon="box",
        menu="family",
        number="GJ-{year}-{seq:06d}",
        title="number",
        fields=(Field(name="use", kind="text", label=Label("用途", "Use"), group="basic"),),
        groups=(Group(name="basic", label=Label("基本", "Basic")),),
        rights=rights,
    )
    registry.register(rt)
    schema.migrate()
    yield rt
    registry.unregister("tool")


def test_what_is_not_classified_is_offered_to_whom_it_is_given(
    tool: RecordType, owner: Person, custodian: Person, now: datetime
) -> None:
    made = store.create("tool", {"use": "量具"}, actor=owner, now=now)
    assert custodian.id in [one.id for one in hand_over.candidates(custodian, tool, now_of(made, "tool"))]
    found = records.read(custodian, "tool", made["number"], Purpose.VIEW, now)
    assert hand_over.hand_over(custodian, found, custodian.id, "请接手", rev=1, now=now)["owner"] == custodian.id


def test_what_is_confidential_is_handed_on_by_its_owner_and_the_head_alone(
    owner: Person, clerk: Person, head: Person, now: datetime
) -> None:
    """A complaint waits for the supervisor too once it is late (T6): up to secret they may give it to whoever reads it
    for good, above they read it and leave it to its owner and the head. Nobody keeps it by that."""
    supervisor = person(Role.SUPERVISOR, name="Supervisor")
    custodian = person(Role.CUSTODIAN, name="Custodian")
    for level, handed_on in (("secret", True), ("confidential", False)):
        made = store.create("complaint", {"subject": "破损", **classified(level)}, actor=owner, now=now)
        late = {"acl": f"{level}|task|supervisor@service"}
        climbed = database()["record_complaint"]
        climbed.update_one({"_id": made["_id"]}, {"$set": {"climbed": 1}, "$addToSet": late})
        stored = now_of(made)
        assert (hand_over.way(supervisor, COMPLAINT, stored) is not None) is handed_on
        assert ("assign" in offered(supervisor, stored), "answer" in offered(supervisor, stored)) == (False, True)
        with pytest.raises(Refusal):
            move(supervisor, made, supervisor, now)
        with pytest.raises(Invalid if handed_on else Forbidden):
            move(supervisor, made, clerk, now)
        if handed_on:
            assert move(supervisor, made, custodian, now)["owner"] == custodian.id
        assert move(head, made, clerk, now)["owner"] == clerk.id
        assert move(clerk, made, head, now)["owner"] == head.id


def offered(who: Person, record: dict[str, Any]) -> list[str]:
    return [one.name for one in records.moves(who, COMPLAINT, record)]


def move(who: Person, record: dict[str, Any], to: Person, now: datetime) -> dict[str, Any]:
    raw, rev = {"owner": str(to.id)}, now_of(record)["rev"]
    return records.move(who, "complaint", record["number"], "hand_over", raw, rev=rev, now=now, note="请接手")


def test_merging_into_ones_own_file_opens_nothing(
    owner: Person, head: Person, custodian: Person, now: datetime
) -> None:
    mine = file_of(custodian, now, name="空壳有限公司")
    file, complaints = with_complaints(owner, now)
    before = {one: seen(custodian, complaint, now) for one, complaint in complaints.items()}
    merge.merge(custodian, "customer", mine["number"], file["number"], {}, revs=(1, 1), now=now)
    assert {one: seen(custodian, complaint, now) for one, complaint in complaints.items()} == before
    assert {now_of(one)["customer"] for one in complaints.values()} == {mine["_id"]}
    found = owners(complaints)
    assert found == dict(zip(LEVELS, (custodian.id, owner.id, owner.id, owner.id), strict=True))
    assert told(head, now) == [(Step.LEFT, mine["number"])]


def test_a_secret_file_is_not_merged_into_ones_own(owner: Person, custodian: Person, now: datetime) -> None:
    mine = file_of(custodian, now, name="空壳有限公司")
    file = file_of(owner, now, "secret")
    for act in (
        lambda: merge.compare(custodian, "customer", mine["number"], file["number"], now),
        lambda: merge.merge(custodian, "customer", mine["number"], file["number"], {}, revs=(1, 1), now=now),
    ):
        with pytest.raises(NotYoursToGive):
            act()
    merge.merge(custodian, "customer", file["number"], mine["number"], {}, revs=(1, 1), now=now)


def test_a_merge_by_the_head_brings_everything_along_whoever_carries_it_on(
    owner: Person, clerk: Person, head: Person, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merge, "AT_ONCE", 1)
    kept = file_of(clerk, now, name="空壳有限公司")
    file, complaints = with_complaints(owner, now)
    merge.merge(head, "customer", kept["number"], file["number"], {}, revs=(1, 1), now=now)
    assert moving.carry_on(now, lambda: True) == (1, False)
    assert set(owners(complaints).values()) == {clerk.id}


def test_a_complaint_pointed_to_ones_own_customer_stays_with_its_owner(
    owner: Person, custodian: Person, now: datetime
) -> None:
    mine = file_of(custodian, now, name="空壳有限公司")
    visit = {"customer": file_of(owner, now)["_id"], "due_on": now.date(), **classified("secret")}
    made = store.create("revisit", visit, actor=owner, now=now)
    before = seen(custodian, made, now, "revisit")
    raw = {"customer": str(mine["_id"])}
    moved = records.change(custodian, "revisit", made["number"], raw, rev=1, now=now)
    assert (moved["customer"], moved["owner"]) == (mine["_id"], owner.id)
    assert seen(custodian, made, now, "revisit") == before


def test_taking_a_bulk_hand_over_back_opens_nothing_either(custodian: Person, now: datetime) -> None:
    """What the head gave to the custodian to keep, and the custodian gave on to another one, the head brings back."""
    file, other = file_of(custodian, now, "secret"), person(Role.CUSTODIAN, name="Other")
    plan = carried_out(custodian, "hand_over", {"owner": str(other.id)}, now=now, numbers=[file["number"]], note="接手")
    before = seen(custodian, file, now, "customer")
    assert before == ("full", "card", "card")
    bulk_change.undo(custodian, plan.id, now)
    assert worked(plan, now).count("kept") == 1
    assert seen(custodian, file, now, "customer") == before


def test_the_system_gives_whatever_to_whomever(owner: Person, clerk: Person, now: datetime) -> None:
    file = file_of(owner, now, "top_secret")
    assert store.change("customer", file["_id"], {"owner": clerk.id}, actor=SYSTEM, now=now)["owner"] == clerk.id
