"""X2: raising a level is free for the owner, in whatever state the record is; nothing else of it changes."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from pymongo.database import Database

from models import catalogue, history, records, registry, schema, store
from models.declarations import RecordType
from models.errors import Forbidden, Invalid, NotFound
from models.person.roles import Person, Role
from models.record import collection_name
from models.records import LoweringNeedsHead, Settled
from tests.factories.bulk_changes import carried_out, previewed
from tests.factories.contracts import contract
from tests.factories.credit_reports import credit_report
from tests.factories.customers import customer
from tests.factories.people import person

DB = Database[dict[str, Any]]
RAISED = {"level": "secret", "level_basis": "Prices of the year"}


@pytest.fixture(autouse=True)
def shipped(db: DB) -> None:
    catalogue.load()
    schema.migrate()


@pytest.fixture
def owner(db: DB) -> Person:
    return person(Role.SPECIALIST, name="Owner")


@pytest.fixture
def head(db: DB) -> Person:
    return person(Role.HEAD, name="Head")


MAKERS: dict[str, dict[str, Any]] = {
    "complaint": {"subject": "Late", "sort": "complaint", "channel": "phone", "contact": "Sun", "facts": "Late."},
    "revisit": {"occasion": "regular", "due_on": date(2026, 11, 25)},
    "review": {},
    "customer_change": {"section": "credit", "change": "Pays later"},
    "change_report": {},
}


def made(slug: str, owner: Person, now: datetime) -> dict[str, Any]:
    file = customer(owner, now)
    if slug == "customer":
        return file
    if slug == "contract":
        return contract(owner, file["_id"], now)
    if slug == "credit_report":
        return credit_report(owner, file["_id"], now)
    values = {"customer": file["_id"]} if "customer" in registry.get(slug).rt.by_name else {"owner": owner.id}
    return store.create(slug, {**MAKERS[slug], **values}, actor=owner, now=now)


def settled(rt: RecordType) -> list[str]:
    """The states in which nobody changes a record of a type."""
    return [one.value for one in (rt.workflow.states if rt.workflow else ()) if one.final or one.frozen]


def standing(slug: str, record: dict[str, Any], db: DB, **values: Any) -> dict[str, Any]:
    """A record as it stands later, whatever led there."""
    db[collection_name(slug)].update_one({"_id": record["_id"]}, {"$set": values})
    return store.fetch(slug, record["_id"])


CLASSIFIED = ("customer", "credit_report", "contract", "complaint", *[s for s in MAKERS if s != "complaint"])


def test_every_classified_type_is_walked(shipped: None) -> None:
    assert sorted(rt.slug for rt in registry.all_types() if rt.classified) == sorted(CLASSIFIED)


@pytest.mark.parametrize("slug", CLASSIFIED)
def test_the_owner_raises_it_in_every_state_with_its_basis_and_nothing_else(
    slug: str, owner: Person, now: datetime, db: DB
) -> None:
    rt, raised = registry.get(slug).rt, {**RAISED, "level": "confidential"}
    for state in settled(rt):
        stood = standing(slug, made(slug, owner, now), db, state=state)
        args = {"rev": stood["rev"], "now": now}
        with pytest.raises(Forbidden):
            records.change(owner, slug, stood["number"], {**raised, rt.title: "x"}, **args)
        with pytest.raises(Invalid) as wrong:
            records.change(owner, slug, stood["number"], {"level": "confidential"}, **args)
        assert set(wrong.value.problems) == {"level_basis"}
        after = records.change(owner, slug, stood["number"], raised, **args)
        assert {name for name in after if after[name] != stood.get(name)} <= {
            *("level", "level_basis", "level_set_by", "secret_until"),
            *("acl", "rev", "updated_at", "updated_by", "due_at"),
        }
        assert (after["state"], after["level"], after["level_set_by"]) == (state, "confidential", owner.id)
        assert after["secret_until"] == date(2029, 11, 23)
        newest = history.history(slug, stood["_id"])[0]
        assert {"level", "level_basis", "secret_until"} <= {one["field"].name for one in newest["changes"]}
        assert db["audit"].find_one({"record": stood["_id"], "action": "change", "fields": "level"}) is not None


@pytest.fixture
def approved(owner: Person, now: datetime, db: DB) -> dict[str, Any]:
    """A contract that is approved."""
    return standing("contract", made("contract", owner, now), db, state="approved")


def test_so_do_the_custodian_and_the_head_of_its_department_and_nobody_else(
    approved: dict[str, Any], head: Person, now: datetime
) -> None:
    for level, who in (("secret", person(Role.CUSTODIAN)), ("confidential", head)):
        rev = store.fetch("contract", approved["_id"])["rev"]
        for other in (person(Role.SPECIALIST, name="Other"), person(Role.LEGAL_REVIEWER, department="legal")):
            with pytest.raises((Forbidden, records.Locked, NotFound)):
                records.change(other, "contract", approved["number"], {**RAISED, "level": level}, rev=rev, now=now)
        assert records.change(who, "contract", approved["number"], {**RAISED, "level": level}, rev=rev, now=now)


def test_a_level_of_what_is_settled_is_not_lowered_so_nor_its_period_moved(
    approved: dict[str, Any], owner: Person, head: Person, now: datetime
) -> None:
    records.change(owner, "contract", approved["number"], {**RAISED, "level": "confidential"}, rev=1, now=now)
    for who, raw, refused in (
        (owner, {"level": "secret"}, LoweringNeedsHead),
        (head, {"level": "secret"}, Settled),
        (head, {"level": "confidential"}, Settled),
        (head, {"level_basis": "Other"}, Settled),
        (head, {"secret_until": "2027-01-01"}, Settled),
    ):
        with pytest.raises(refused):
            records.change(who, "contract", approved["number"], raw, rev=2, now=now)


def test_what_is_archived_is_raised_too_and_stays_there(owner: Person, head: Person, now: datetime) -> None:
    file = customer(owner, now)
    records.set_archived(head, "customer", file["number"], True, rev=1, now=now, note="Gone")
    after = records.change(owner, "customer", file["number"], RAISED, rev=2, now=now)
    assert (after["level"], after["archived_at"]) == ("secret", now)


def test_many_at_once_are_raised_as_one_is(approved: dict[str, Any], owner: Person, now: datetime, db: DB) -> None:
    other = standing("contract", made("contract", owner, now), db, state="ended")
    numbers = [approved["number"], other["number"]]
    done = carried_out(owner, "change", RAISED, now=now, slug="contract", numbers=numbers)
    assert done.count("changed") == 2
    assert {store.fetch("contract", one["_id"])["level"] for one in (approved, other)} == {"secret"}
    plan = previewed(owner, "change", {"level": "secret"}, now=now, slug="contract", numbers=numbers)
    assert plan.count("changeable") == 0
