"""X1, X2, X3, F7: what was merged into a record is a part of it, and as secret as it is, as long as it is."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from pymongo.database import Database

from models import access, catalogue, declassification, history, records, registry, schema, store
from models.access import Purpose
from models.declassification import declassify
from models.errors import Forbidden, NotFound
from models.merge import service as merging
from models.person.roles import Person
from models.reminder.chasing import announce_declassification
from models.secrecy_change import service as secrecy_change
from models.secrecy_change.service import NoLongerSo
from tests.factories.bulk_changes import carried_out
from tests.factories.customers import customer

DB = Database[dict[str, Any]]
Record = dict[str, Any]
SECRET = {"level": "secret", "level_basis": "往来"}
CONFIDENTIAL = {"level": "confidential", "level_basis": "重要往来"}
TOP = {"level": "top_secret", "level_basis": "核心利益"}
KEPT = ("level", "level_basis", "level_set_by", "secret_until")


@pytest.fixture(autouse=True)
def shipped(db: DB) -> None:
    catalogue.load()
    schema.migrate()


def merge(head: Person, keep: Record, gone: Record, now: datetime) -> None:
    revs = (stored(keep)["rev"], stored(gone)["rev"])
    merging.merge(head, "customer", keep["number"], gone["number"], {"name": "keep"}, revs=revs, now=now)


def stored(record: Record) -> Record:
    return store.fetch("customer", record["_id"])


def levels(*files: Record) -> list[str]:
    return [stored(one)["level"] for one in files]


def seen(reader: Person, record: Record) -> str:
    return access.reach(reader, registry.get("customer").rt, Purpose.VIEW).sees(stored(record)["acl"])


def by_form(owner: Person, record: Record, now: datetime) -> None:
    records.change(owner, "customer", record["number"], TOP, rev=stored(record)["rev"], now=now)


def many_at_once(owner: Person, record: Record, now: datetime) -> None:
    assert carried_out(owner, "change", TOP, now=now, numbers=[record["number"]]).count("changed") == 1


@pytest.mark.parametrize("raise_it", [by_form, many_at_once])
def test_what_was_merged_into_a_file_is_raised_with_it(
    owner: Person, clerk: Person, head: Person, now: datetime, raise_it: Any
) -> None:
    keep, gone = customer(owner, now), customer(owner, now, name="乙有限公司", analysis="MERGEDWORD")
    merge(head, keep, gone, now)
    assert seen(clerk, gone) == "full"
    raise_it(owner, keep, now)
    assert (seen(clerk, keep), seen(clerk, gone)) == ("", "")
    with pytest.raises(NotFound):
        records.see(clerk, "customer", gone["number"], Purpose.VIEW, now)
    assert [stored(gone)[name] for name in KEPT] == [stored(keep)[name] for name in KEPT]
    version = history.history("customer", gone["_id"])[0]
    assert (version["action"], version["by_name"]) == ("follow_level", "Owner")
    assert stored(gone)["merged_into"] == keep["_id"]


def test_all_the_way_down_a_file_is_as_secret_as_what_it_was_merged_into(
    owner: Person, clerk: Person, head: Person, now: datetime
) -> None:
    first, second = customer(owner, now, analysis="FIRSTWORD"), customer(owner, now, name="乙有限公司")
    third = customer(owner, now, name="丙有限公司", **TOP)
    merge(head, second, first, now)
    merge(head, third, second, now)
    assert levels(first, second, third) == ["top_secret"] * 3
    assert seen(clerk, first) == ""


def test_what_was_merged_into_the_surviving_file_is_raised_by_what_comes_next(
    owner: Person, clerk: Person, head: Person, now: datetime
) -> None:
    first, second = customer(owner, now), customer(owner, now, name="乙有限公司")
    third = customer(owner, now, name="丙有限公司", **TOP)
    merge(head, second, first, now)
    merge(head, second, third, now)
    assert levels(first, second, third) == ["top_secret"] * 3


def test_taking_a_merge_back_gives_what_was_merged_before_its_level_back(
    owner: Person, head: Person, now: datetime
) -> None:
    """What was merged into either of the two follows it back down: nothing stays secret that nobody can lower."""
    first, second = customer(owner, now), customer(owner, now, name="乙有限公司")
    third, fourth = customer(owner, now, name="丙有限公司", **TOP), customer(owner, now, name="丁有限公司")
    merge(head, second, first, now)
    merge(head, third, fourth, now)
    merge(head, second, third, now)
    merging.undo(head, "customer", second["number"], third["number"], now=now)
    assert levels(first, second, third, fourth) == ["internal", "internal", "top_secret", "top_secret"]
    assert stored(first)["secret_until"] is None


def test_the_job_leaves_what_was_merged_alone_until_the_surviving_file_is_declassified(
    owner: Person, clerk: Person, head: Person, now: datetime
) -> None:
    then = now - timedelta(days=355)
    keep, gone = customer(owner, then, **SECRET), customer(owner, then, name="乙有限公司", **SECRET)
    merge(head, keep, gone, then)
    longer = {"kind": "extend", "new_until": (now + timedelta(days=300)).date().isoformat(), "reason": "Still in talks"}
    asked = secrecy_change.ask(owner, "customer", keep["number"], longer, now=now - timedelta(days=20))
    records.move(head, "secrecy_change", asked["number"], "approve", {}, rev=1, now=now, fresh=True)
    assert stored(gone)["secret_until"] == stored(keep)["secret_until"] == (now + timedelta(days=300)).date()
    announce_declassification(now)
    assert declassify(now + timedelta(days=30)) == declassification.Outcome()
    assert (levels(keep, gone), seen(clerk, gone)) == (["secret", "secret"], "card")
    announce_declassification(now + timedelta(days=290))
    assert declassify(now + timedelta(days=302)) == declassification.Outcome(declassified=1)
    assert levels(keep, gone) == ["internal", "internal"]
    assert stored(gone)["secret_until"] is None


def test_nobody_is_told_of_the_end_of_what_was_merged(owner: Person, head: Person, now: datetime, db: DB) -> None:
    ends = {**SECRET, "secret_until": date(2026, 11, 24)}
    then = now - timedelta(days=300)
    keep, gone = customer(owner, then, **ends), customer(owner, then, name="乙有限公司", **ends)
    merge(head, keep, gone, then)
    announce_declassification(now)
    assert {row["record"] for row in db["reminder"].find({"matter": "secrecy"})} == {keep["_id"]}


def test_a_lower_level_asked_for_before_a_merge_is_not_given_to_what_was_merged(
    owner: Person, clerk: Person, head: Person, now: datetime
) -> None:
    keep, gone = customer(owner, now, **CONFIDENTIAL), customer(owner, now, name="乙有限公司", **CONFIDENTIAL)
    lower = {"kind": "lower", "new_level": "internal", "reason": "Published"}
    asked = secrecy_change.ask(owner, "customer", gone["number"], lower, now=now)
    merge(head, keep, gone, now)
    with pytest.raises(NoLongerSo):
        records.move(head, "secrecy_change", asked["number"], "approve", {}, rev=1, now=now, fresh=True)
    assert (levels(keep, gone), seen(clerk, gone)) == (["confidential"] * 2, "card")


def test_nobody_asks_for_another_secrecy_of_what_was_merged(owner: Person, head: Person, now: datetime) -> None:
    keep, gone = customer(owner, now, **SECRET), customer(owner, now, name="乙有限公司", **SECRET)
    merge(head, keep, gone, now)
    lower = {"kind": "lower", "new_level": "internal", "reason": "Published"}
    with pytest.raises(Forbidden):
        secrecy_change.ask(owner, "customer", gone["number"], lower, now=now)


def test_what_was_merged_follows_the_surviving_file_down(owner: Person, head: Person, now: datetime) -> None:
    keep, gone = customer(owner, now, **CONFIDENTIAL), customer(owner, now, name="乙有限公司", **CONFIDENTIAL)
    merge(head, keep, gone, now)
    lower = {"kind": "lower", "new_level": "secret", "new_basis": "往来", "reason": "Published"}
    asked = secrecy_change.ask(owner, "customer", keep["number"], lower, now=now)
    records.move(head, "secrecy_change", asked["number"], "approve", {}, rev=1, now=now, fresh=True)
    assert levels(keep, gone) == ["secret", "secret"]
    assert stored(gone)["secret_until"] == stored(keep)["secret_until"]
