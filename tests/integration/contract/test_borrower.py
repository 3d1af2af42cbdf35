"""X3, X4, K4: whoever has the original of a contract sees what they have and until when, and reads it by their card."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from pymongo.database import Database

from models import access, listing, records, store, taking_back, work
from models.access import Purpose
from models.access_request import grants, service
from models.calendar_feed.service import calendar
from models.contract.document import CONTRACT
from models.declarations import Relation
from models.errors import NotFound
from models.office import office_calendar
from models.person import service as people
from models.person.roles import Person, Role
from models.put_aside import service as aside
from models.record_type.shipped import carry_on
from models.records import Locked
from models.reminder import service as inbox
from models.reminder.chasing import chase_deadlines
from tests.factories.people import person
from tests.integration.contract.conftest import Cast, Step

DB = Database[dict[str, Any]]
Record = dict[str, Any]
End = Callable[[Cast, Record, datetime], Any]
LOAN = {"loan_reason": "核对原件", "return_by": "2026-11-24"}
CUSTODY = {"original", "borrower", "return_by", "lent_by", "lent_at", "kept_by_person", "due"}


@pytest.fixture
def secret(cast: Cast, kept: Record, now: datetime) -> Record:
    """A confidential contract in custody."""
    raised = {"level": "confidential", "level_basis": "重要往来"}
    return store.change("contract", kept["_id"], raised, actor=cast.head, now=now)


@pytest.fixture
def borrower(cast: Cast) -> Person:
    return person(Role.SALES_MANAGER, name="Borrower", department="service", manager=cast.head.id)


@pytest.fixture
def card(cast: Cast, secret: Record, borrower: Person, now: datetime) -> Record:
    """The borrower's card to print the contract, in force until tomorrow."""
    wish = {"uses": ["print"], "reason": "核对", "valid_from": "", "valid_until": "2026-11-24"}
    asked = service.ask(borrower, "contract", secret["number"], wish, now=now)
    raw = {"valid_until": "2026-11-24"}
    return records.move(cast.head, "access_request", asked["number"], "approve", raw, rev=1, now=now, fresh=True)


def admitted(who: Person, now: datetime) -> Person:
    return replace(who, grants=grants.grants_in_force(who, now))


@pytest.fixture
def lent(cast: Cast, step: Step, secret: Record, card: Record, borrower: Person, now: datetime) -> Record:
    step(admitted(borrower, now), secret, "ask_loan", **LOAN)
    return step(cast.manager, secret, "lend")


def revoked(cast: Cast, card: Record, now: datetime) -> None:
    records.move(cast.head, "access_request", card["number"], "revoke", {}, rev=2, now=now, note="不再需要", fresh=True)


def given_back(cast: Cast, card: Record, now: datetime) -> None:
    owner = people.person_of(people.get(card["owner"]))
    records.move(owner, "access_request", card["number"], "give_back", {}, rev=2, now=now)


def ended(cast: Cast, card: Record, now: datetime) -> None:
    service.expire(now + timedelta(days=3))


ENDS = pytest.mark.parametrize("end", [revoked, given_back, ended])


@ENDS
def test_what_the_borrower_reads_ends_with_their_card(
    cast: Cast, lent: Record, card: Record, borrower: Person, now: datetime, end: End
) -> None:
    assert records.see(admitted(borrower, now), "contract", lent["number"], Purpose.VIEW, now).full
    end(cast, card, now)
    then = admitted(borrower, now + timedelta(days=4))
    seen = records.see(then, "contract", lent["number"], Purpose.VIEW, now)
    assert not seen.full
    assert {f.name for f in seen.fields} == CUSTODY | {"name"}
    known = {"borrower": borrower.id, "lent_by": cast.manager.id, "kept_by_person": cast.custodian.id}
    assert {name: seen.values[name] for name in known} == known
    assert (seen.values["return_by"].isoformat(), seen.values["original"]) == (LOAN["return_by"], "out")
    assert seen.values["name"] != lent["name"], "its name is masked, as on every card"
    assert {"amount", "subject", "customer", "customer_name", "loans"}.isdisjoint(seen.values)
    with pytest.raises(Locked):
        records.versions(then, "contract", lent["number"], now)
    with pytest.raises(Locked):
        records.taken_out(then, "contract", lent["number"], now, "")
    assert records.moves(then, CONTRACT, store.fetch("contract", lent["_id"])) == []


def test_the_borrower_in_another_department_knows_what_to_bring_back_until_it_is_back(
    cast: Cast, step: Step, lent: Record, card: Record, borrower: Person, now: datetime
) -> None:
    revoked(cast, card, now)
    elsewhere = replace(borrower, department="sales")
    assert records.see(elsewhere, "contract", lent["number"], Purpose.VIEW, now).values["original"] == "out"
    stranger = replace(person(Role.SALES_MANAGER, name="Stranger"), department="sales")
    reach = access.reach(stranger, CONTRACT, Purpose.VIEW)
    assert reach.sees(store.fetch("contract", lent["_id"])["acl"]) == ""
    step(cast.head, lent, "give_back")
    acl = store.fetch("contract", lent["_id"])["acl"]
    assert access.reach(elsewhere, CONTRACT, Purpose.VIEW).sees(acl) == ""


@pytest.mark.parametrize("keeper", ["custodian", "manager"])
def test_the_return_of_a_confidential_original_is_recorded_by_the_card_by_who_keeps_or_lent_it(
    cast: Cast, lent: Record, now: datetime, keeper: str
) -> None:
    who: Person = getattr(cast, keeper)
    seen, current = (
        records.see(who, "contract", lent["number"], Purpose.VIEW, now),
        store.fetch("contract", lent["_id"]),
    )
    assert not seen.full
    assert [move.name for move in taking_back.on_card(who, seen, current)] == ["give_back"]
    back = records.move(who, "contract", lent["number"], "give_back", {}, rev=current["rev"], now=now)
    assert (back["state"], back["original"], back["kept_by_person"]) == ("in_custody", "kept", who.id)
    assert (back["cabinet"], back["box"]) == (current["cabinet"], current["box"]), "it lies where it lay"
    assert taking_back.on_card(who, seen, back) == []


def test_nobody_else_records_a_return_by_the_card(
    cast: Cast, lent: Record, card: Record, borrower: Person, now: datetime
) -> None:
    revoked(cast, card, now)
    rev = store.fetch("contract", lent["_id"])["rev"]
    others = [person(Role.SPECIALIST, name="Colleague"), admitted(borrower, now)]
    for who in others:
        with pytest.raises(Locked):
            records.move(who, "contract", lent["number"], "give_back", {}, rev=rev, now=now)
    raised = {"level": "top_secret", "level_basis": "核心利益"}
    rev = store.change("contract", lent["_id"], raised, actor=cast.head, now=now)["rev"]
    with pytest.raises(NotFound):
        records.move(cast.custodian, "contract", lent["number"], "give_back", {}, rev=rev, now=now)
    shelf = {"cabinet": "B", "box": "2"}
    assert records.move(cast.manager, "contract", lent["number"], "give_back", shelf, rev=rev, now=now)["box"] == "2"


def test_a_list_shows_the_borrower_no_more_than_the_card(
    cast: Cast, lent: Record, card: Record, borrower: Person, now: datetime
) -> None:
    revoked(cast, card, now)
    elsewhere = replace(borrower, department="sales")
    fields = access.visible_fields(elsewhere, CONTRACT)
    reach = access.reach(elsewhere, CONTRACT, Purpose.VIEW)
    assert [row["number"] for row in listing.page(CONTRACT, reach, listing.ListQuery(), fields).rows] == [
        lent["number"]
    ]
    for query in (listing.ListQuery(q="供货"), listing.ListQuery(q=lent["name"])):
        assert listing.page(CONTRACT, reach, query, fields).rows == []


@pytest.mark.parametrize("level", ["internal", "top_secret"])
def test_another_level_meanwhile_leaves_the_borrower_what_they_have(
    cast: Cast, lent: Record, borrower: Person, now: datetime, level: str
) -> None:
    store.change("contract", lent["_id"], {"level": level, "level_basis": "核心利益"}, actor=cast.head, now=now)
    then = replace(borrower, department="sales")
    seen = records.see(then, "contract", lent["number"], Purpose.VIEW, now)
    assert (seen.full, seen.values["original"]) == (False, "out")


def test_the_return_stays_the_borrowers_work_and_is_chased(
    cast: Cast, lent: Record, card: Record, borrower: Person, now: datetime
) -> None:
    revoked(cast, card, now)
    [task] = work.desk(borrower, now, office_calendar())
    assert (task.sight.number, task.sight.full, task.moves, task.due) == (lent["number"], False, [], lent["due_at"])
    assert task.sight.values["state"] == "lent"
    assert f"/records/contract/{lent['number']}".encode() in calendar(borrower, now, "https://b.test").replace(
        b"\r\n ", b""
    )
    late = now + timedelta(days=2)
    chase_deadlines(late, office_calendar())
    [told] = [one for one in inbox.inbox(borrower, late, "zh") if one.number == lent["number"]]
    assert (told.number, told.reminder.step.value, told.title == lent["name"]) == (lent["number"], "late", False)
    aside.put_aside(borrower, "contract", lent["number"], late + timedelta(days=1), now=late, sure=True)
    assert [task.sight.number for task in work.aside(borrower, late)] == [lent["number"]]


def test_who_reads_it_by_right_reads_what_they_have_borrowed(
    cast: Cast, step: Step, secret: Record, now: datetime
) -> None:
    step(cast.head, secret, "ask_loan", **LOAN)
    step(cast.manager, secret, "lend")
    assert records.see(cast.head, "contract", secret["number"], Purpose.VIEW, now).full
    [task] = [one for one in work.desk(cast.head, now, office_calendar()) if one.sight.rt is CONTRACT]
    assert task.sight.full


def test_what_was_lent_before_is_derived_anew(
    cast: Cast, lent: Record, card: Record, borrower: Person, now: datetime, db: DB
) -> None:
    revoked(cast, card, now)
    token = access.token("confidential", Relation.ASSIGNED, borrower.id)
    db["record_contract"].update_one({"_id": lent["_id"]}, {"$addToSet": {"acl": token}})
    assert records.see(borrower, "contract", lent["number"], Purpose.VIEW, now).full
    for hours in (0, 1):
        carry_on(now + timedelta(hours=hours), lambda: True)
    assert not records.see(borrower, "contract", lent["number"], Purpose.VIEW, now).full


# --- what is offered


def offered(who: Person, record: Record) -> list[str]:
    return [move.name for move in records.moves(who, CONTRACT, store.fetch("contract", record["_id"]))]


def test_the_original_is_offered_to_nobody_who_may_only_look_at_it(
    cast: Cast, secret: Record, borrower: Person, card: Record, now: datetime
) -> None:
    store.change("contract", secret["_id"], {"level": "secret", "level_basis": "往来"}, actor=cast.head, now=now)
    assert records.see(cast.custodian, "contract", secret["number"], Purpose.VIEW, now).full
    assert "ask_loan" not in offered(cast.custodian, secret)
    for who in (cast.writer, cast.head, admitted(borrower, now)):
        assert "ask_loan" in offered(who, secret)


def test_the_original_of_an_internal_contract_is_offered_to_whoever_reads_it(cast: Cast, kept: Record) -> None:
    assert "ask_loan" in offered(person(Role.SPECIALIST, name="Reader"), kept)
