"""X1, X3, X6: a record is no less secret than the records that it points to, whichever of them came first."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from datetime import datetime
from typing import Any

import pytest
from pymongo.database import Database

from models import access, bulk, catalogue, history, levels_before, records, registry, schema, store
from models.access import Purpose
from models.errors import Invalid, NotFound
from models.merge import service as merging
from models.person.roles import SYSTEM, Person
from models.record_type import service as types
from tests.factories.bulk_changes import carried_out
from tests.factories.customers import customer
from tests.factories.damage import damage
from tests.factories.definitions import visit, visit_with

DB = Database[dict[str, Any]]
Record = dict[str, Any]
TOP = {"level": "top_secret", "level_basis": "核心利益"}
SECRET = {"level": "secret", "level_basis": "往来"}
RIGHTS = {"create": ["specialist", "head"], "edit": [{"relation": "own"}]}


@pytest.fixture(autouse=True)
def shipped(db: DB) -> None:
    catalogue.load()
    schema.migrate()


@pytest.fixture
def visits(db: DB, now: datetime) -> Iterator[None]:
    """A classified register from the database, whose records name a customer and a guarantor."""
    types.put(_visits(classified=True), actor=SYSTEM, now=now)
    yield
    db[types.TYPES].delete_many({"_id": "visit"})
    types.refresh()


def _visits(**changes: Any) -> dict[str, Any]:
    label = {"zh": "担保客户", "en": "Guarantor"}
    made = visit_with(name="guarantor", kind="reference", label=label, to="customer")
    return {**deepcopy(made), "rights": RIGHTS, **changes}


def stored(slug: str, record: Record) -> Record:
    return store.fetch(slug, record["_id"])


def level(slug: str, record: Record) -> str:
    return str(stored(slug, record)["level"])


def seen(reader: Person, slug: str, record: Record) -> str:
    return access.reach(reader, registry.get(slug).rt, Purpose.VIEW).sees(stored(slug, record)["acl"])


def complaint(owner: Person, now: datetime, **values: Any) -> Record:
    told = {"facts": "x", "complainant": "SECRETMAN", "contact_phone": "13912345678", "owner": owner.id}
    return store.create("complaint", {**told, **values}, actor=owner, now=now)


def revisit(owner: Person, now: datetime, **values: Any) -> Record:
    made = {"occasion": "complaint", "owner": owner.id, "due_on": now.date(), **values}
    return store.create("revisit", made, actor=owner, now=now)


def by_form(owner: Person, slug: str, record: Record, now: datetime) -> None:
    records.change(owner, slug, record["number"], TOP, rev=stored(slug, record)["rev"], now=now)


def many_at_once(owner: Person, slug: str, record: Record, now: datetime) -> None:
    done = carried_out(owner, "change", TOP, now=now, slug=slug, numbers=[record["number"]])
    assert done.count("changed") == 1


# --- the revisit after a complaint


@pytest.mark.parametrize("raise_it", [by_form, many_at_once])
def test_the_revisit_of_a_complaint_is_raised_with_it(
    owner: Person, clerk: Person, now: datetime, raise_it: Any
) -> None:
    made = complaint(owner, now)
    follows = revisit(owner, now, complaint=made["_id"], contact="SECRETMAN")
    assert seen(clerk, "revisit", follows) == "full"
    raise_it(owner, "complaint", made, now)
    assert (seen(clerk, "complaint", made), seen(clerk, "revisit", follows)) == ("", "")
    with pytest.raises(NotFound):
        records.see(clerk, "revisit", follows["number"], Purpose.VIEW, now)
    after = stored("revisit", follows)
    assert (after["level_set_by"], after["secret_until"]) == (owner.id, stored("complaint", made)["secret_until"])
    version = history.history("revisit", follows["_id"])[0]
    assert (version["action"], version["by_name"]) == ("follow_level", "Owner")


def test_a_closed_complaint_raised_takes_the_revisit_that_followed_it_along(
    owner: Person, clerk: Person, now: datetime, db: DB
) -> None:
    made = complaint(owner, now, customer=customer(owner, now)["_id"])
    fields = registry.get("complaint").rt.by_name
    judged = {name: fields[name].choices[0].value for name in ("severity", "problem")}
    for move, raw in (("judge", {"founded": False, **judged}), ("close", {"close_reason": "x"})):
        rev = stored("complaint", made)["rev"]
        records.move(owner, "complaint", made["number"], move, raw, rev=rev, now=now)
    [follows] = list(db["record_revisit"].find())
    by_form(owner, "complaint", made, now)
    assert seen(clerk, "revisit", follows) == ""


def test_a_settled_and_archived_revisit_is_raised_too(owner: Person, clerk: Person, now: datetime) -> None:
    made = complaint(owner, now)
    done = revisit(owner, now, complaint=made["_id"], state="reached")
    gone = revisit(owner, now, complaint=made["_id"])
    store.change("revisit", gone["_id"], {"archived_at": now}, actor=owner, now=now, action="archive")
    by_form(owner, "complaint", made, now)
    assert [level("revisit", one) for one in (done, gone)] == ["top_secret"] * 2


def test_a_file_raised_takes_the_revisit_of_its_complaint_along(owner: Person, now: datetime) -> None:
    file = customer(owner, now)
    made = complaint(owner, now, customer=file["_id"])
    follows = revisit(owner, now, complaint=made["_id"])
    by_form(owner, "customer", file, now)
    assert [level("complaint", made), level("revisit", follows)] == ["top_secret"] * 2


def test_a_revisit_that_is_pointed_to_a_secret_complaint_is_as_secret(owner: Person, now: datetime) -> None:
    made, follows = complaint(owner, now, **SECRET), revisit(owner, now)
    raw = {"complaint": str(made["_id"])}
    records.change(owner, "revisit", follows["number"], raw, rev=1, now=now)
    assert level("revisit", follows) == "secret"
    assert level("revisit", revisit(owner, now, complaint=made["_id"])) == "secret"


def test_a_revisit_is_not_made_less_secret_than_its_complaint(owner: Person, head: Person, now: datetime) -> None:
    made = complaint(owner, now, **SECRET)
    follows = revisit(owner, now, complaint=made["_id"])
    with pytest.raises(Invalid) as refused:
        store.change("revisit", follows["_id"], {"level": "internal"}, actor=head, now=now)
    assert refused.value.problems["level"].en == "The level cannot be lower than that of the record under “Complaint”."


# --- records of stored types


def test_a_record_of_a_stored_type_is_born_as_secret_as_the_files_that_it_names(
    visits: None, owner: Person, clerk: Person, now: datetime
) -> None:
    top, plain = customer(owner, now, **TOP), customer(owner, now, name="乙有限公司")
    for raw in ({"customer": top}, {"guarantor": top}, {"customer": plain, "guarantor": top}):
        named = {name: str(one["_id"]) for name, one in raw.items()}
        made = records.create(owner, "visit", {"visitor": "Guest", **named}, now=now)
        assert (made["level"], seen(clerk, "visit", made)) == ("top_secret", "")
        assert made["secret_until"] == top["secret_until"]


def test_records_imported_about_a_secret_file_are_as_secret(visits: None, owner: Person, now: datetime) -> None:
    top = customer(owner, now, **TOP)
    rows = [bulk.Wanted(1, {"visitor": "One", "guarantor": top["_id"]}), bulk.Wanted(2, {"visitor": "Two"})]
    done = bulk.create_many("visit", rows, actor=owner, now=now, batch=top["_id"])
    assert [one.draft.values["level"] for one in done if one.draft is not None] == ["top_secret", "internal"]


@pytest.mark.parametrize("name", ["customer", "guarantor"])
def test_a_record_of_a_stored_type_is_raised_with_the_file_that_it_names(
    visits: None, owner: Person, now: datetime, name: str
) -> None:
    file = customer(owner, now)
    made = records.create(owner, "visit", {"visitor": "Guest", name: str(file["_id"])}, now=now)
    by_form(owner, "customer", file, now)
    assert level("visit", made) == "top_secret"


def test_a_record_of_a_stored_type_follows_its_file_into_another(
    visits: None, owner: Person, head: Person, now: datetime
) -> None:
    keep, gone = customer(owner, now, **SECRET), customer(owner, now, name="乙有限公司")
    made = records.create(owner, "visit", {"visitor": "Guest", "guarantor": str(gone["_id"])}, now=now)
    merging.merge(head, "customer", keep["number"], gone["number"], {}, revs=(1, 1), now=now)
    assert (stored("visit", made)["guarantor"], level("visit", made)) == (keep["_id"], "secret")
    merging.undo(head, "customer", keep["number"], gone["number"], now=now)
    assert (stored("visit", made)["guarantor"], level("visit", made)) == (gone["_id"], "internal")


def test_what_points_to_what_points_to_a_file_is_raised_with_it(owner: Person, now: datetime, db: DB) -> None:
    label = {"zh": "投诉", "en": "Complaint"}
    types.put(
        visit_with(name="about", kind="reference", label=label, to="complaint")
        | {"rights": RIGHTS, "classified": True},
        actor=SYSTEM,
        now=now,
    )
    try:
        file = customer(owner, now)
        made = complaint(owner, now, customer=file["_id"])
        guest = records.create(owner, "visit", {"visitor": "Guest", "about": str(made["_id"])}, now=now)
        by_form(owner, "customer", file, now)
        assert level("visit", guest) == "top_secret"
    finally:
        db[types.TYPES].delete_many({"_id": "visit"})
        types.refresh()


def test_what_is_not_classified_stays_as_it_is(owner: Person, now: datetime, db: DB) -> None:
    types.put(visit(), actor=SYSTEM, now=now)
    try:
        top = customer(owner, now, **TOP)
        made = records.create(owner, "visit", {"visitor": "Guest", "customer": str(top["_id"])}, now=now)
        assert made["level"] == "internal"
    finally:
        db[types.TYPES].delete_many({"_id": "visit"})
        types.refresh()


def test_a_change_is_as_secret_as_its_customer_and_not_as_the_report_under_which_it_is_handed_in(
    owner: Person, now: datetime
) -> None:
    report = store.create("change_report", {"subject": "x", "salesperson": owner.id}, actor=owner, now=now)
    values = {"customer": customer(owner, now)["_id"], "report": report["_id"], "what": "Another address"}
    made = store.create("customer_change", values, actor=owner, now=now)
    assert (report["level"], made["report"], made["level"]) == ("secret", report["_id"], "internal")


# --- what was stored before


def lower_behind(db: DB, slug: str, record: Record) -> None:
    """As it was stored when nothing followed: internal, whatever it points to."""
    rt = registry.get(slug).rt
    acl = access.tokens_of(rt, {**stored(slug, record), "level": "internal"})
    as_it_was = {"$set": {"level": "internal", "acl": acl}, "$unset": {"secret_until": "", "level_basis": ""}}
    db[f"record_{slug}"].update_one({"_id": record["_id"]}, as_it_was)


def test_what_did_not_follow_before_follows_once(
    visits: None, owner: Person, clerk: Person, head: Person, now: datetime, db: DB
) -> None:
    top = customer(owner, now, **TOP)
    made, merged = complaint(owner, now, **TOP), customer(owner, now, name="乙有限公司")
    merging.merge(head, "customer", top["number"], merged["number"], {"name": "keep"}, revs=(1, 1), now=now)
    follows = revisit(owner, now, complaint=made["_id"])
    guest = records.create(owner, "visit", {"visitor": "Guest", "guarantor": str(top["_id"])}, now=now)
    behind = (("revisit", follows), ("visit", guest), ("customer", merged))
    for slug, record in behind:
        lower_behind(db, slug, record)
        assert seen(clerk, slug, record) == "full"
    assert levels_before.bring_along(now, lambda: True) == (3, False)
    for slug, record in behind:
        assert (level(slug, record), seen(clerk, slug, record)) == ("top_secret", "")
        version = history.history(slug, record["_id"])[0]
        assert (version["action"], version["by_name"]) == ("follow_level", "system")
    assert levels_before.bring_along(now, lambda: True) == (0, False)


def test_a_merge_that_is_as_it_should_be_is_left_alone_and_can_be_taken_back(
    owner: Person, head: Person, now: datetime
) -> None:
    keep, gone = customer(owner, now, **TOP), customer(owner, now, name="乙有限公司", **SECRET)
    merging.merge(head, "customer", keep["number"], gone["number"], {"name": "keep"}, revs=(1, 1), now=now)
    assert levels_before.bring_along(now, lambda: True) == (0, False)
    merging.undo(head, "customer", keep["number"], gone["number"], now=now)
    assert level("customer", gone) == "secret"


def test_what_is_brought_along_goes_by_turns_and_a_changed_type_is_looked_at_again(
    visits: None, owner: Person, now: datetime, db: DB, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(levels_before, "AT_ONCE", 1)
    assert levels_before.bring_along(now, lambda: True) == (0, False)
    guests = []
    for name in ("甲", "乙"):
        top = customer(owner, now, name=f"{name}有限公司", **TOP)
        made = records.create(owner, "visit", {"visitor": "Guest", "customer": str(top["_id"])}, now=now)
        lower_behind(db, "visit", made)
        guests.append(made)
    assert levels_before.bring_along(now, lambda: False) == (0, False)
    types.put(_visits(classified=True, icon="box"), actor=SYSTEM, now=now)
    told = [levels_before.bring_along(now, lambda: False) for _ in range(3)]
    assert told == [(1, True), (1, True), (0, False)]
    assert [level("visit", one) for one in guests] == ["top_secret"] * 2


def test_what_hangs_on_one_record_is_brought_along_piece_by_piece(
    owner: Person, now: datetime, db: DB, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(levels_before, "MOST_RAISED", 2)
    made = complaint(owner, now, **TOP)
    follow = [revisit(owner, now, complaint=made["_id"]) for _ in range(5)]
    for one in follow:
        lower_behind(db, "revisit", one)
    told: list[tuple[int, bool]] = []
    while not told or told[-1][1]:
        told.append(levels_before.bring_along(now, lambda: False))
    assert sum(count for count, _ in told) == 5
    assert max(count for count, _ in told) == 2
    assert [level("revisit", one) for one in follow] == ["top_secret"] * 5


def test_what_cannot_be_opened_is_raised_all_the_same(owner: Person, clerk: Person, now: datetime, db: DB) -> None:
    made = complaint(owner, now)
    follows = revisit(owner, now, complaint=made["_id"], contact_phone="13912345678")
    damage("record_revisit", follows["_id"], "contact_phone")
    by_form(owner, "complaint", made, now)
    son = db["record_revisit"].find_one({"_id": follows["_id"]})
    assert son is not None
    reach = access.reach(clerk, registry.get("revisit").rt, Purpose.VIEW)
    assert (son["level"], reach.sees(son["acl"])) == ("top_secret", "")


def test_who_sends_the_level_along_as_it_was_points_to_a_secret_file_all_the_same(owner: Person, now: datetime) -> None:
    """A form and a program send what they were shown: the same as leaving it out."""
    secret = customer(owner, now, name="乙有限公司", **SECRET)
    for raw in ({}, {"level": "internal"}):
        made = complaint(owner, now)
        sent = {"customer": str(secret["_id"]), **raw}
        assert records.change(owner, "complaint", made["number"], sent, rev=made["rev"], now=now)["level"] == "secret"
