"""Nobody is reminded of what waits for their role and is for others to sign (People)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from models import barred, climbing, registry, store, work
from models.calendar import local
from models.office import office_calendar
from models.person.roles import Person, Role
from models.reminder import chasing, service
from models.reminder.rules import Step
from tests.factories.commands import commands
from tests.factories.contracts import contract
from tests.factories.customers import customer
from tests.factories.people import person
from tests.integration.signing.conftest import Cast, acting, name
from tests.integration.signing.test_climbing import decide

CALENDAR = office_calendar()
CARD = "access_request"


def asked(now: datetime, manager: Person, days: int = 2) -> dict[str, Any]:
    """A card whose asker has this manager, to be settled within some days."""
    asker = person(Role.SPECIALIST, name="Asker", manager=manager.id)
    due = local(now).date() + timedelta(days=days)
    values = {"uses": ["view"], "reason": "x", "type_asked": "sample", "department": "service", "state": "asked"}
    made = {**values, "manager": manager.id, "valid_until": due, "due_on": due}
    return store.create(CARD, made, actor=asker, now=now)


def steps(who: Person, at: datetime) -> list[Step]:
    return [told.reminder.step for told in service.inbox(who, at, "en")]


@pytest.fixture
def other(cast: Cast) -> Person:
    return person(Role.HEAD, name="Other head")


@pytest.fixture
def signed(cast: Cast, other: Person, now: datetime) -> dict[str, Any]:
    """A card that the head signed in place of a silent manager, and that waits for a head."""
    card, later = asked(now, person(Role.SALES_MANAGER, name="Away", department="sales")), now + timedelta(days=1)
    climbing.climb(later, CALENDAR)
    return decide(cast.head, card, "sign", later)


def test_who_signed_already_is_reminded_of_no_day_of_the_next_signature(
    cast: Cast, other: Person, signed: dict[str, Any], now: datetime
) -> None:
    later = now + timedelta(days=1)
    chasing.chase_deadlines(later, CALENDAR)
    assert steps(cast.head, later) == []
    assert len(steps(other, later)) == 1
    assert service.unread_count(cast.head) == 0


def test_who_signed_already_is_not_told_that_the_next_signature_is_stuck(
    cast: Cast, other: Person, signed: dict[str, Any], now: datetime
) -> None:
    later = now + timedelta(days=2)
    assert climbing.climb(later, CALENDAR) == 1
    chasing.announce_stuck(later)
    assert steps(cast.head, later) == []
    assert steps(other, later) == [Step.STUCK]


def test_what_told_somebody_before_they_signed_is_read_by_them_no_more(
    cast: Cast, other: Person, now: datetime
) -> None:
    card, later = asked(now, person(Role.SALES_MANAGER, name="Away", department="sales")), now + timedelta(days=1)
    climbing.climb(later, CALENDAR)
    chasing.chase_deadlines(later, CALENDAR)
    assert len(steps(cast.head, later)) == 1
    decide(cast.head, card, "sign", later)
    assert steps(cast.head, later) == []


def test_a_deputy_who_signed_is_not_reminded_of_what_they_may_not_sign_too(
    cast: Cast, other: Person, now: datetime
) -> None:
    manager = person(Role.SALES_MANAGER, name="Manager", department="sales")
    name(manager, manager, cast.head, now)
    decide(acting(cast.head, now), asked(now, manager), "sign", now)
    later = now + timedelta(days=1)
    chasing.chase_deadlines(later, CALENDAR)
    assert steps(cast.head, later) == []
    assert len(steps(other, later)) == 1


def test_reminders_and_the_desk_agree_for_everybody(cast: Cast, other: Person, now: datetime) -> None:
    away = person(Role.SALES_MANAGER, name="Away", department="sales")
    person(Role.GENERAL_MANAGER, name="GM", department="management")
    later = now + timedelta(days=1)
    cards = [asked(now, away) for _ in range(3)]
    climbing.climb(later, CALENDAR)
    decide(cast.head, cards[0], "sign", later)
    decide(other, cards[1], "sign", later)
    chasing.chase_deadlines(later, CALENDAR)
    for who in (cast.head, other, away, cast.owner, cast.checker):
        told = {one.number for one in service.inbox(who, later, "en")}
        assert told == {task.sight.number for task in work.desk(who, later, CALENDAR)}


def test_more_cards_are_asked_about_in_no_more_queries(cast: Cast, other: Person, now: datetime) -> None:
    away = person(Role.SALES_MANAGER, name="Away", department="sales")
    rt, later = registry.get(CARD).rt, now + timedelta(days=1)
    counts = []
    for _ in range(2):
        cards = [asked(now, away) for _ in range(3)]
        climbing.climb(later, CALENDAR)
        for card in cards:
            decide(cast.head, card, "sign", later)
        with commands.heard() as heard:
            found = barred.of_person(cast.head, rt, {})
        counts.append((len(found), len(heard)))
    assert counts == [(3, counts[0][1]), (6, counts[0][1])]
    with commands.heard() as heard:
        assert barred.of_person(cast.owner, rt, {}) == set()
    assert heard == []


# --- what one may take back, and not sign


def own_card(cast: Cast, now: datetime) -> dict[str, Any]:
    """A card of the head's own, which their manager signed, so that it waits for a head."""
    manager = person(Role.GENERAL_MANAGER, name="Manager", department="management")
    due = local(now).date() + timedelta(days=2)
    values = {"uses": ["view"], "reason": "x", "type_asked": "sample", "department": "service", "state": "asked"}
    made = {**values, "manager": manager.id, "valid_until": due, "due_on": due}
    return decide(manager, store.create(CARD, made, actor=cast.head, now=now), "sign", now)


def test_nobody_is_told_that_their_own_request_is_stuck_though_its_deadline_is_theirs(
    cast: Cast, other: Person, now: datetime
) -> None:
    own_card(cast, now)
    later = now + timedelta(days=1)
    assert climbing.climb(later, CALENDAR) == 1
    chasing.announce_stuck(later)
    assert steps(cast.head, later) == []
    assert steps(other, later) == [Step.STUCK]
    chasing.chase_deadlines(later, CALENDAR)
    assert Step.STUCK not in steps(cast.head, later)
    assert len(steps(cast.head, later)) == 1


def test_whoever_was_told_and_may_no_longer_sign_reads_it_no_more(cast: Cast, other: Person, now: datetime) -> None:
    card, later = asked(now, person(Role.SALES_MANAGER, name="Away", department="sales")), now + timedelta(days=1)
    climbing.climb(later, CALENDAR)
    chasing.announce_stuck(later)
    assert steps(cast.head, later) == [Step.STUCK]
    store.change(CARD, card["_id"], {"owner": cast.head.id}, actor=other, now=later)
    assert steps(cast.head, later) == []


def test_whom_a_leak_concerns_is_not_told_that_nobody_concludes_it(cast: Cast, now: datetime) -> None:
    manager = person(Role.GENERAL_MANAGER, name="Manager", department="management")
    peer = person(Role.GENERAL_MANAGER, name="Peer", department="management")
    rows = [{"person": manager.id, "part": "leaked"}]
    values = {"subject": "x", "way": "paper", "account": "x", "level_leaked": "secret", "department": "service"}
    days = {"happened_on": local(now).date(), "found_on": local(now).date()}
    made = {**values, **days, "people": rows, "people_found": rows, "state": "inquiry", "investigator": cast.head.id}
    store.create("leak", made, actor=cast.owner, now=now)
    later = now + timedelta(days=30)
    assert climbing.climb(later, CALENDAR) == 1
    chasing.announce_stuck(later)
    assert Step.STUCK not in steps(manager, later)
    assert Step.STUCK in steps(peer, later)


def test_who_proposed_a_destruction_does_not_sign_it(cast: Cast, now: datetime) -> None:
    rt, peer = registry.get("destruction").rt, person(Role.SUPERVISOR, name="Peer")
    values = {"number_asked": "x", "type_asked": "customer", "level_asked": "internal", "reason": "x"}
    made = store.create("destruction", {**values, "state": "proposed"}, actor=cast.checker, now=now)
    assert barred.of_person(cast.checker, rt, {}, signing=True) == {made["_id"]}
    assert barred.of_person(cast.checker, rt, {}) == barred.of_person(peer, rt, {}, signing=True) == set()


def test_who_borrows_a_contract_does_not_lend_it(cast: Cast, now: datetime) -> None:
    rt = registry.get("contract").rt
    manager, peer = (person(Role.GENERAL_MANAGER, name=one, department="management") for one in ("Manager", "Peer"))
    made = contract(cast.head, customer(cast.head, now)["_id"], now)
    store.change("contract", made["_id"], {"state": "loan_asked", "borrower": manager.id}, actor=cast.head, now=now)
    assert barred.of_person(manager, rt, {}, signing=True) == {made["_id"]}
    assert barred.of_person(manager, rt, {}) == barred.of_person(peer, rt, {}, signing=True) == set()


def test_more_that_comes_is_foreseen_in_no_more_queries(cast: Cast, other: Person, now: datetime) -> None:
    away, until = person(Role.SALES_MANAGER, name="Away", department="sales"), now + timedelta(days=1)
    counts = []
    for _ in range(2):
        for card in [asked(now, away) for _ in range(3)]:
            store.change(CARD, card["_id"], {"reason": "y"}, actor=cast.admin, now=now)
        coming = list(climbing.coming(now, until, CALENDAR))
        with commands.heard() as heard:
            told = list(chasing.stuck_at(until, coming, "service"))
        counts.append((len(told), len(heard)))
    assert counts == [(6, counts[0][1]), (12, counts[0][1])]
