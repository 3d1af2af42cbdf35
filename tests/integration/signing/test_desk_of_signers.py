"""My work offers a signer nothing that would be refused, of every type that waits for signatures (People, X8)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from config.database import transaction
from models import records, store, work
from models.access import Purpose
from models.calendar import local
from models.errors import Invalid, Refusal
from models.office import office_calendar
from models.person.roles import Person, Role
from tests.factories.contracts import contract
from tests.factories.customers import customer
from tests.factories.people import person
from tests.integration.signing.conftest import Cast, acting, name, waiting
from tests.integration.signing.test_barred import asked, own_card

CALENDAR = office_calendar()


@pytest.fixture
def manager(cast: Cast) -> Person:
    return person(Role.GENERAL_MANAGER, name="Manager", department="management")


def leak(cast: Cast, now: datetime, state: str, whom: Person) -> dict[str, Any]:
    """An incident that concerns somebody, in a state."""
    rows = [{"person": whom.id, "part": "leaked"}]
    day = local(now).date()
    values = {"subject": "x", "way": "paper", "account": "x", "level_leaked": "secret", "department": "service"}
    days = {"happened_on": day, "found_on": day}
    found = {"people_found": rows, "investigator": cast.head.id} if state != "reported" else {}
    return store.create("leak", {**values, **days, "people": rows, "state": state, **found}, actor=cast.owner, now=now)


class TakenBack(Exception):
    """What was tried is not stored."""


def answer_to(who: Person, slug: str, number: str, move: str, now: datetime) -> str:
    """The code of the refusal that a move meets, '' for none; a field that is still to be filled in is none. Nothing
    is stored."""
    sight = records.read(who, slug, number, Purpose.VIEW, now)

    def tried() -> None:
        records.move(who, slug, number, move, {}, rev=sight.values["rev"], now=now, note="x", fresh=True)
        raise TakenBack

    try:
        transaction(tried)
    except (TakenBack, Invalid):
        return ""
    except Refusal as refusal:
        return refusal.code
    return ""


def refused(who: Person, now: datetime) -> tuple[set[str], list[tuple[str, str, str]]]:
    """The types on somebody's desk of which it offers a signature, and of what it offers that which is refused."""
    tasks = work.desk(who, now, CALENDAR)
    offered = [(task.sight.rt.slug, task.sight.number, move.name) for task in tasks for move in task.moves]
    signing = {task.sight.rt.slug for task in tasks if any(move.signature for move in task.moves)}
    answers = [(slug, move, answer_to(who, slug, number, move, now)) for slug, number, move in offered]
    return signing, [one for one in answers if one[-1]]


def test_nothing_that_is_offered_to_a_signer_is_refused(cast: Cast, manager: Person, now: datetime) -> None:
    peer = person(Role.GENERAL_MANAGER, name="Peer", department="management")
    away = person(Role.SALES_MANAGER, name="Away", department="sales")
    name(cast.admin, cast.head, cast.deputy, now)
    name(cast.admin, manager, away, now)
    own_card(cast, now)
    asked(now, cast.deputy)
    waiting(cast, now)
    old = customer(cast.owner, now - timedelta(days=1500), level="internal")
    items = [{"number": old["number"], "level": "internal", "rev": old["rev"], "parts": None}]
    values = {"number_asked": old["number"], "type_asked": "customer", "level_asked": "internal", "items": items}
    for asker in (cast.checker, cast.owner):
        store.create("destruction", {**values, "reason": "x", "state": "proposed"}, actor=asker, now=now)
    made = contract(cast.head, customer(cast.head, now)["_id"], now)
    asked_for = {"state": "loan_asked", "original": "kept", "borrower": manager.id, "return_by": local(now).date()}
    store.change("contract", made["_id"], asked_for, actor=cast.head, now=now)
    for whom in (cast.head, manager, cast.owner):
        for state in ("reported", "judged"):
            leak(cast, now, state, whom)
    everybody = [acting(one, now) for one in (cast.head, cast.checker, cast.deputy, cast.owner, manager, peer, away)]
    found = {one.name: refused(one, now) for one in everybody}
    assert {who: one[1] for who, one in found.items()} == {who: [] for who in found}
    assert {slug for signing, _ in found.values() for slug in signing} >= {
        "access_request",
        "contract",
        "leak",
        "sample",
    }


@pytest.mark.parametrize("state", ["reported", "judged"])
def test_whom_a_leak_concerns_has_it_on_no_desk_nor_who_stands_in_for_them(
    cast: Cast, manager: Person, now: datetime, state: str
) -> None:
    whom = cast.head if state == "reported" else manager
    other = person(*whom.roles, name="Other", department=whom.department)
    name(cast.admin, whom, cast.deputy, now)
    number = leak(cast, now, state, whom)["number"]
    desks = {who.id: work.desk(who, now, CALENDAR) for who in (whom, acting(cast.deputy, now), other)}
    told = {who: [task.sight.number for task in tasks] for who, tasks in desks.items()}
    assert told == {whom.id: [], cast.deputy.id: [], other.id: [number]}
