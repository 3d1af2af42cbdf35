"""D2: what rules took over from a record into others goes with it, from their history too; the others stay."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from pymongo.database import Database

from config.database import database
from config.settings import Settings
from models import records, registry, schema, store
from models.credit_report import service as credit_service
from models.destruction import former, former_copies, gone
from models.destruction.document import SLUG
from models.kinds import stored
from models.office import office_calendar
from models.opening import open_set
from models.person import unsent
from models.review import service as review_service
from models.revisit import service as revisit_service
from tests.factories.bulk_changes import carried_out as bulk
from tests.factories.planted import unruled
from tests.integration.destruction.conftest import WEEK, YEARS, Cast, carried_out, old_file, signed
from tests.integration.destruction.house import said, texts_of
from tests.integration.destruction.pointing import moved

Base = Database[dict[str, Any]]
CONTACT = {"contact_name": "Plantedcontact", "contact_phone": "13977665544", "contact_hours": "9:00-11:30 Plantedhours"}
LICENCE = "91310000MA1K00001X"
FILE = {**CONTACT, "licence_no": LICENCE, "name": "Plantedname"}
WORDS = {"Plantedcontact", "13977665544", "Plantedhours", LICENCE, "Plantedname"}


def settled(slug: str, made: dict[str, Any], cast: Cast, then: datetime) -> dict[str, Any]:
    rt = registry.get(slug).rt
    final = next((state.value for state in rt.workflow.states if state.final), None) if rt.workflow else None
    with unruled(rt):
        return store.change(slug, made["_id"], {"state": final}, actor=cast.owner, now=then)


def revisited(cast: Cast, file: dict[str, Any], then: datetime) -> dict[str, Any]:
    values = {"customer": file["_id"], "occasion": "regular", "due_on": then.date()}
    return settled("revisit", store.create("revisit", values, actor=cast.owner, now=then), cast, then)


def test_what_a_revisit_and_a_contract_took_from_a_file_goes_with_it_and_they_stay(cast: Cast, now: datetime) -> None:
    then = now - YEARS
    file = old_file(cast, now, **FILE)
    revisit = revisited(cast, file, then)
    contract = store.create(
        "contract", {"customer": file["_id"], "name": "Supply", "payment": "prepaid"}, actor=cast.owner, now=then
    )
    contract = settled("contract", contract, cast, then)
    assert (revisit["contact"], contract["licence_no"]) == ("Plantedcontact", LICENCE)
    asked = signed(cast, [file], now)
    carried_out(now + WEEK)
    assert store.fetch(SLUG, asked["_id"])["state"] == "destroyed"
    assert said(WORDS) == {}
    left, kept = store.fetch("revisit", revisit["_id"]), store.fetch("contract", contract["_id"])
    assert [left[name] for name in ("contact", "contact_phone", "contact_hours")] == [None] * 3
    assert (left["state"], left["customer_name"]) == ("reached", f"已销毁 {file['number']}")
    assert (kept["name"], kept["licence_no"], kept["state"]) == ("Supply", None, "ended")


def test_what_a_revisit_took_from_a_complaint_goes_with_it(cast: Cast, now: datetime) -> None:
    then = now - YEARS
    told = {"complainant": "Plantedcontact", "contact_phone": "13977665544"}
    values = {"subject": "Late", "facts": "x", "channel": "phone", "owner": cast.owner.id, "level": "secret", **told}
    made = store.create("complaint", {**values, "department": "service"}, actor=cast.owner, now=then)
    made = store.change("complaint", made["_id"], {"state": "judged", "founded": False}, actor=cast.owner, now=then)
    rev, why = made["rev"], {"close_reason": "Explained"}
    made = records.move(cast.owner, "complaint", made["number"], "close", why, rev=rev, now=then)
    row = database()["record_revisit"].find_one({"complaint": made["_id"]})
    assert row is not None
    assert store.fetch("revisit", row["_id"])["contact"] == "Plantedcontact"
    settled("revisit", row, cast, then)
    signed(cast, [made], now, "complaint")
    carried_out(now + WEEK)
    assert said({"Plantedcontact", "13977665544"}) == {}
    assert store.fetch("revisit", row["_id"])["complaint"] == made["_id"]


def test_whatever_rules_copy_of_a_file_is_declared(cast: Cast, now: datetime) -> None:
    """Each text of the file has a word of its own; everything that is made about it is made by its rules."""
    then = now - YEARS
    texts = texts_of("Copiedword")
    day = stored(registry.get("customer").rt.by_name["next_revisit_due"], then.date())
    file = store.create("customer", {**texts, **FILE, "owner": cast.owner.id}, actor=cast.owner, now=then)
    with unruled(registry.get("customer").rt):
        due = {"state": "active", "grade": "B", "credit_limit": 734_511, "contract_signed": then.date()}
        store.change("customer", file["_id"], due, actor=cast.owner, now=then)
    soon = {"next_revisit_due": day, "next_report_due": day, "state_since": then}
    database()["record_customer"].update_one({"_id": file["_id"]}, {"$set": soon})
    quarter = review_service.quarter_opening(then, office_calendar())
    openings = [revisit_service.regular_opening(then), credit_service.due_opening(then), quarter]
    assert [open_set(one, then) for one in openings if one is not None] == [1, 1, 1]
    for slug, values in (("revisit", {"due_on": then.date()}), ("contract", {"name": "x"}), ("credit_report", {})):
        store.create(slug, {"customer": file["_id"], **values}, actor=cast.owner, now=then)
    told = {"customer": file["_id"], "section": "basic", "change": "x"}
    store.create("customer_change", told, actor=cast.owner, now=then)
    complaint = {"customer": file["_id"], "subject": "x", "facts": "x", "channel": "phone"}
    store.create("complaint", complaint, actor=cast.owner, now=then)
    for slug in ("revisit", "contract", "credit_report", "customer_change", "complaint", "review"):
        for row in list(database()[f"record_{slug}"].find({"customer": file["_id"]})):
            settled(slug, row, cast, then)
    signed(cast, [file], now)
    carried_out(now + WEEK)
    assert said(WORDS | {"Copiedword", "734511"}) == {}


def test_what_somebody_wrote_into_it_themselves_stays(cast: Cast, now: datetime) -> None:
    then = now - YEARS
    file = old_file(cast, now, **FILE)
    values = {"customer": file["_id"], "occasion": "regular", "due_on": then.date(), "contact": "孙甲"}
    made = settled("revisit", store.create("revisit", values, actor=cast.owner, now=then), cast, then)
    signed(cast, [file], now)
    carried_out(now + WEEK)
    left = store.fetch("revisit", made["_id"])
    assert (left["contact"], left["contact_phone"]) == ("孙甲", None)


def test_a_copy_of_what_the_file_said_once_goes_and_one_that_was_pointed_elsewhere(cast: Cast, now: datetime) -> None:
    then = now - YEARS
    file, other = old_file(cast, now, **FILE), old_file(cast, now, name="别的公司有限公司", contact_name="孙甲")
    first, second = revisited(cast, file, then), revisited(cast, file, then)
    moved("revisit", second, other, cast, then, customer_name="别的公司有限公司")
    new = {"contact_name": "李乙", "contact_phone": "13900000009", "contact_hours": None, "licence_no": None}
    with unruled(registry.get("customer").rt):
        store.change("customer", file["_id"], new, actor=cast.owner, now=then)
    signed(cast, [file], now)
    carried_out(now + WEEK)
    assert said(WORDS) == {}
    assert store.fetch("revisit", first["_id"])["contact"] is None
    after = store.fetch("revisit", second["_id"])
    assert (after["contact"], after["customer_name"]) == (None, "别的公司有限公司")


def test_a_bulk_change_that_set_a_copy_and_a_half_typed_form_of_one_that_bears_it_go(cast: Cast, now: datetime) -> None:
    then = now - YEARS
    file = old_file(cast, now, **FILE)
    values = {"customer": file["_id"], "occasion": "regular", "due_on": then.date()}
    made = store.create("revisit", values, actor=cast.owner, now=then)
    numbers = [made["number"]]
    own, other = ({"contact": text} for text in ("Plantedcontact", "孙甲"))
    kept = bulk(cast.head, "change", other, now=then, slug="revisit", numbers=numbers)
    bulk(cast.head, "change", own, now=then, slug="revisit", numbers=numbers)
    settled("revisit", made, cast, then)
    assert cast.owner.id is not None
    for number in (made["number"], "HF-2099-000001"):
        unsent.keep(cast.owner.id, f"/records/revisit/{number}/do/record", [("answers", "x")], now)
    signed(cast, [file], now)
    carried_out(now + WEEK)
    assert said(WORDS) == {}
    plans = database()["bulk_change"]
    assert (plans.count_documents({"swept": True}), plans.count_documents({"_id": kept.id, "swept": None})) == (1, 1)
    [row] = database()[unsent.UNSENT].find()
    assert "HF-2099-000001" in row["path"]


@pytest.fixture
def left(cast: Cast, now: datetime, db: Base) -> dict[str, Any]:
    """A revisit to a customer that is gone, as a destruction of a former version left it."""
    file = old_file(cast, now, **FILE)
    made = revisited(cast, file, now - YEARS)
    whole, versions = db["record_revisit"].find_one({"_id": made["_id"]}), list(db["record_version"].find())
    assert whole is not None
    signed(cast, [file], now)
    carried_out(now + WEEK)
    db["record_revisit"].replace_one({"_id": made["_id"]}, whole)
    for row in versions:
        if row["record"] == made["_id"]:
            db["record_version"].replace_one({"_id": row["_id"]}, row)
    db[former.DONE].delete_one({"_id": former_copies.COPIES})
    return made


def test_migrate_takes_out_what_destructions_of_former_versions_left(
    left: dict[str, Any], saved: Settings, db: Base
) -> None:
    copies = WORDS - {LICENCE, "Plantedname"}
    assert "record_revisit" in said(copies)
    told = "took what rules had copied of records that are gone out of 1 others"
    assert told in schema.migrate()
    assert said(copies) == {}
    assert db[gone.PARTS].count_documents({"_id": left["_id"], "at": None}) == 0
    assert store.fetch("revisit", left["_id"])["state"] == "reached"
    assert schema.migrate() == []


def test_a_report_that_counted_a_complaint_says_nothing_of_it(cast: Cast, now: datetime) -> None:
    then = now - YEARS
    planted = {"cause": "Plantedcause", "product": "Plantedproduct"}
    made = store.create("complaint", {"facts": "x", "level": "secret", "received_at": then}, actor=cast.owner, now=then)
    made = store.change("complaint", made["_id"], {**planted, "state": "closed"}, actor=cast.owner, now=then)
    begins, ends = then.date().replace(day=1), then.date() + timedelta(days=3)
    values = {"subject": "x", "kind": "monthly", "occasion": "x", "begins": begins, "ends": ends, "owner": cast.head.id}
    report = store.create("service_report", values, actor=cast.head, now=then)
    records.move(cast.head, "service_report", report["number"], "hand_in", {"summary": "ok"}, rev=1, now=then)
    asked = signed(cast, [made], now, "complaint")
    carried_out(now + WEEK)
    assert store.fetch("destruction", asked["_id"])["state"] == "destroyed"
    assert said({"Plantedcause", "Plantedproduct"}) == {}
