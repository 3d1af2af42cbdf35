"""What a deputy is never handed: top secret by way of a request, roles of later, a second signature (People)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from models import audit, records, registry, store
from models.access_request import service as cards
from models.access_request.document import ACCESS_REQUEST
from models.calendar import local
from models.errors import Forbidden, Invalid, NotFound
from models.leak.service import YouAreInvolved
from models.moves import InPersonOnly, SignedAlready
from models.person import deputies
from models.person.roles import Person, Role
from models.record import collection_name
from models.secrecy_change import service as secrecy
from tests.factories.customers import customer
from tests.factories.people import person
from tests.integration.signing.conftest import Base, Cast, acting, name, reads, sign, waiting

CARD, CHANGE = "access_request", "secrecy_change"
EXTEND = {"kind": "extend", "new_until": "2027-11-20", "reason": "Still in talks"}


@pytest.fixture
def manager(db: Base) -> Person:
    return person(Role.SALES_MANAGER, name="Manager", department="sales")


def card(owner: Person, now: datetime, **more: Any) -> dict[str, Any]:
    """A card that waits for the head."""
    until = local(now).date() + timedelta(days=2)
    values = {"uses": ["view"], "reason": "x", "type_asked": "sample", "number_asked": "YP-1", "valid_until": until}
    filled = {**values, "department": "service", "state": "signed", "owner": owner.id, **more}
    return store.create(CARD, filled, actor=owner, now=now)


def decide(who: Person, slug: str, record: dict[str, Any], move: str, now: datetime, note: str = "") -> dict[str, Any]:
    return records.move(who, slug, record["number"], move, {}, rev=record["rev"], now=now, note=note, fresh=True)


# --- one signature each


def test_who_signed_as_a_deputy_does_not_sign_the_next_step_in_their_own_right(
    cast: Cast, manager: Person, now: datetime
) -> None:
    asked = card(person(Role.SPECIALIST), now, state="asked", manager=manager.id)
    name(manager, manager, cast.head, now)
    signed = decide(acting(cast.head, now), CARD, asked, "sign", now)
    for who in (acting(cast.head, now), cast.head):
        with pytest.raises(SignedAlready):
            decide(who, CARD, signed, "approve", now)
    other = person(Role.HEAD, name="Other head")
    assert decide(other, CARD, signed, "refuse", now, "x")["state"] == "refused"


def test_who_signs_two_steps_in_their_own_right_still_may(cast: Cast, now: datetime) -> None:
    asked = card(person(Role.SPECIALIST), now, state="asked", manager=cast.head.id)
    signed = decide(cast.head, CARD, asked, "sign", now)
    assert decide(cast.head, CARD, signed, "refuse", now, "x")["state"] == "refused"


# --- nothing top secret, not through a request either


@pytest.mark.parametrize(("level", "opens"), [("confidential", True), ("top_secret", False)])
def test_a_card_for_something_top_secret_opens_to_no_deputy(cast: Cast, now: datetime, level: str, opens: bool) -> None:
    asked = card(person(Role.SPECIALIST), now, level_asked=level)
    name(cast.head, cast.head, cast.deputy, now)
    deputy = acting(cast.deputy, now)
    assert reads(deputy, asked, CARD) is opens
    if opens:
        assert decide(deputy, CARD, asked, "refuse", now, "x")["state"] == "refused"
    else:
        with pytest.raises(NotFound):
            decide(deputy, CARD, asked, "refuse", now, "x")


def test_a_general_manager_s_deputy_countersigns_nothing_top_secret(cast: Cast, now: datetime) -> None:
    general = person(Role.GENERAL_MANAGER, name="General", department="service")
    asked = card(person(Role.SPECIALIST), now, state="approved", level_asked="top_secret")
    name(general, general, cast.deputy, now)
    assert not reads(acting(cast.deputy, now), asked, CARD)
    flow = {move.name: move for move in ACCESS_REQUEST.workflow.transitions}  # type: ignore[union-attr]
    stored = store.fetch(CARD, asked["_id"])
    moves = [flow[one] for one in ("countersign", "refuse")]
    assert [records.deputed(acting(cast.deputy, now), ACCESS_REQUEST, one, stored) for one in moves] == [None] * 2


@pytest.mark.parametrize(("level", "opens"), [("confidential", True), ("top_secret", False)])
def test_a_change_of_what_is_top_secret_opens_to_no_deputy(cast: Cast, now: datetime, level: str, opens: bool) -> None:
    secret = customer(cast.owner, now, level=level, level_basis="x", secret_until=date(2026, 12, 20))
    asked = secrecy.ask(cast.owner, "customer", secret["number"], EXTEND, now=now)
    name(cast.head, cast.head, cast.deputy, now)
    deputy = acting(cast.deputy, now)
    assert reads(deputy, asked, CHANGE) is opens
    if not opens:
        with pytest.raises(NotFound):
            decide(deputy, CHANGE, asked, "approve", now)


def test_a_card_of_which_a_record_was_raised_meanwhile_is_signed_in_person(cast: Cast, now: datetime, db: Base) -> None:
    secret = records.create(cast.owner, "sample", {"name": "Lamp works", "level": "secret"}, now=now)
    asker = person(Role.SPECIALIST, name="Asker")
    until = (local(now).date() + timedelta(days=2)).isoformat()
    raw = {"uses": ["view"], "reason": "x", "valid_until": until}
    asked = cards.ask(asker, "sample", secret["number"], raw, now=now)
    db[collection_name("sample")].update_one({"_id": secret["_id"]}, {"$set": {"level": "top_secret"}})
    name(cast.head, cast.head, cast.deputy, now)
    with pytest.raises(InPersonOnly):
        decide(acting(cast.deputy, now), CARD, asked, "approve", now)
    assert store.fetch(CARD, asked["_id"])["state"] == "signed"
    assert decide(cast.head, CARD, asked, "refuse", now, "x")["state"] == "refused"


def test_a_card_that_waits_closes_to_deputies_when_its_record_becomes_top_secret(cast: Cast, now: datetime) -> None:
    file = customer(cast.owner, now, level="secret", level_basis="x")
    asker = person(Role.SPECIALIST, name="Asker")
    until = (local(now).date() + timedelta(days=2)).isoformat()
    asked = cards.ask(
        asker, "customer", file["number"], {"uses": ["view"], "reason": "x", "valid_until": until}, now=now
    )
    name(cast.head, cast.head, cast.deputy, now)
    assert reads(acting(cast.deputy, now), asked, CARD)
    records.change(cast.owner, "customer", file["number"], {"level": "top_secret"}, rev=1, now=now)
    card_now = store.fetch(CARD, asked["_id"])
    assert not reads(acting(cast.deputy, now), card_now, CARD)
    store.change(CARD, asked["_id"], {"reason": "y"}, actor=asker, now=now)
    assert not reads(acting(cast.deputy, now), store.fetch(CARD, asked["_id"]), CARD), "nor after another write"


# --- for whom, in what follows


def test_what_follows_from_a_deputy_s_decision_names_the_principal_too(cast: Cast, now: datetime, db: Base) -> None:
    secret = customer(cast.owner, now, level="secret", level_basis="x", secret_until=date(2026, 12, 20))
    asked = secrecy.ask(cast.owner, "customer", secret["number"], EXTEND, now=now)
    name(cast.head, cast.head, cast.deputy, now)
    decide(acting(cast.deputy, now), CHANGE, asked, "approve", now)
    version = db[store.VERSIONS].find_one({"record": secret["_id"], "action": secrecy.ACTION}) or {}
    assert (version["by_name"], version["behalf_name"]) == ("Deputy", "Head")
    [entry] = db[audit.ENTRIES].find({"action": secrecy.ACTION})
    assert entry["detail"] == {"for": "Head", "for_id": str(cast.head.id)}


def test_the_rules_of_a_type_know_for_whom_a_deputy_signs(cast: Cast, now: datetime) -> None:
    """Nobody takes up, through their deputy, what concerns themselves (X8)."""
    concerned = [{"person": cast.head.id, "part": "leaked"}]
    days = {"happened_on": date(2026, 11, 18), "found_on": date(2026, 11, 20)}
    told = {"subject": "x", "way": "paper", "level_leaked": "secret", "account": "x", "people": concerned}
    leak = store.create("leak", {**days, **told}, actor=cast.owner, now=now)
    with pytest.raises(YouAreInvolved):
        store.change(
            "leak", leak["_id"], {"state": "inquiry"}, actor=cast.deputy, now=now, action="take_up", behalf=cast.head
        )


# --- roles handed on


def test_in_some_roles_only_nothing_is_signed_that_waits_for_the_person_by_name(cast: Cast, now: datetime) -> None:
    record = waiting(cast, now)
    name(cast.checker, cast.checker, cast.deputy, now, roles=[Role.SUPERVISOR])
    deputy = acting(cast.deputy, now)
    assert not reads(deputy, record)
    assert not records.moves(deputy, registry.get("sample").rt, record)
    with pytest.raises(NotFound):
        sign(deputy, record, now)
    assert deputies.names_of([cast.checker.id], "sample", now) == {}  # type: ignore[list-item]


def test_nobody_s_own_request_is_signed_for_them_in_some_roles_only_either(cast: Cast, now: datetime) -> None:
    asked = card(cast.head, now)
    name(cast.head, cast.head, cast.deputy, now, roles=[Role.HEAD])
    with pytest.raises((Forbidden, NotFound)):
        decide(acting(cast.deputy, now), CARD, asked, "refuse", now, "x")


def test_a_role_that_was_given_later_is_not_handed_on(cast: Cast, now: datetime, db: Base) -> None:
    finance = person(Role.FINANCE_REVIEWER, name="Finance", department="finance")
    name(finance, finance, cast.deputy, now)
    db["user"].update_one({"_id": finance.id}, {"$set": {"roles": ["finance_reviewer", "general_manager"]}})
    [one] = acting(cast.deputy, now).stands_in
    assert one.principal.roles == {Role.FINANCE_REVIEWER}


def test_who_signs_nothing_themselves_any_more_is_nobody_s_deputy(cast: Cast, now: datetime, db: Base) -> None:
    record = waiting(cast, now)
    name(cast.checker, cast.checker, cast.deputy, now)
    assert reads(acting(cast.deputy, now), record)
    former = person(Role.AUDITOR, name="Former")
    db[deputies.DEPUTIES].update_one({}, {"$set": {"deputy": former.id}})
    db["user"].update_one({"_id": former.id}, {"$set": {"deputy_until": now + timedelta(days=9)}})
    assert acting(former, now).stands_in == ()
    assert not reads(acting(former, now), record)


# --- days


@pytest.mark.parametrize("ahead", [367, None])
def test_nobody_is_named_for_days_too_far_ahead(cast: Cast, now: datetime, ahead: int | None) -> None:
    begins = local(now).date() + timedelta(days=ahead) if ahead else date.max
    with pytest.raises(Invalid) as refused:
        name(cast.checker, cast.checker, cast.deputy, now, begins=begins, ends=begins)
    assert list(refused.value.problems) == ["begins"]
    last = local(now).date() + timedelta(days=366)
    assert name(cast.checker, cast.checker, cast.deputy, now, begins=last, ends=last).standing(now) == "coming"
