"""What nobody signs goes on to the next after the declared working hours, once, and tells them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from config.policy import policy
from models import audit, climbing, records, registry, store, work
from models.access_request import grants
from models.access_request import service as cards
from models.declarations import Climb
from models.errors import Forbidden, Invalid, NotFound
from models.moves import NotYourOwn, SignedAlready
from models.office import office_calendar
from models.person import service as people
from models.person.roles import Person, Role
from models.reminder import chasing, service
from models.reminder.rules import Step
from models.secrecy_change import service as secrecy
from tests.factories.commands import commands
from tests.factories.customers import customer
from tests.factories.damage import damage
from tests.factories.people import person
from tests.factories.types import SAMPLE
from tests.integration.signing.conftest import Base, Cast, acting, name, reads, sign, waiting

CALENDAR = office_calendar()


@pytest.fixture(autouse=True)
def climbing_sample(types: None) -> None:
    flow = SAMPLE.workflow
    assert flow is not None
    climbs = (Climb(8, ("sales_manager",)), Climb(16, ("general_manager",)))
    states = tuple(replace(one, climbs=climbs) if one.value == "waiting" else one for one in flow.states)
    registry.register(replace(SAMPLE, workflow=replace(flow, states=states)))


@pytest.fixture
def manager(db: Base) -> Person:
    return person(Role.GENERAL_MANAGER, name="Manager", department="management")


def test_working_hours_decide_and_each_step_is_taken_once(cast: Cast, manager: Person, now: datetime, db: Base) -> None:
    record = waiting(cast, now)
    first, second = (CALENDAR.add_working_hours(now, hours).at for hours in (8, 16))
    assert climbing.climb(first - timedelta(minutes=1), CALENDAR) == 0
    before = store.fetch("sample", record["_id"])
    assert not reads(cast.deputy, before)
    assert [climbing.climb(first, CALENDAR) for _ in range(3)] == [1, 0, 0]
    after = store.fetch("sample", record["_id"])
    assert (after["rev"], after["climbed"]) == (before["rev"], 1)
    assert reads(cast.deputy, after)
    assert not reads(manager, after)
    assert [task.sight.number for task in work.desk(cast.deputy, first, CALENDAR)] == [record["number"]]
    assert climbing.climb(second - timedelta(minutes=1), CALENDAR) == 0
    assert climbing.climb(second, CALENDAR) == 1
    assert reads(manager, store.fetch("sample", record["_id"]))
    steps = [
        (e["actor_name"], e["detail"]["step"]) for e in db[audit.ENTRIES].find({"action": climbing.ACTION}).sort("at")
    ]
    assert steps == [("system", 1), ("system", 2)]


def test_a_weekend_does_not_count(cast: Cast, now: datetime) -> None:
    friday = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)  # an hour before closing
    waiting(cast, friday)
    assert climbing.climb(datetime(2026, 11, 30, 1, 0, tzinfo=UTC), CALENDAR) == 0
    assert climbing.climb(datetime(2026, 11, 30, 9, 0, tzinfo=UTC), CALENDAR) == 1


def test_the_next_signs_or_those_before_them_and_the_following_state_begins_anew(
    cast: Cast, manager: Person, now: datetime
) -> None:
    later = now + timedelta(days=1)
    record, other = waiting(cast, now), waiting(cast, now)
    climbing.climb(later, CALENDAR)
    with pytest.raises((Forbidden, NotFound)):
        sign(manager, record, later)
    signed = sign(cast.deputy, record, later)
    assert (signed["state"], signed["climbed"]) == ("approved", None)
    assert not reads(cast.deputy, signed)
    assert sign(cast.checker, other, later)["state"] == "approved"


def test_what_was_signed_meanwhile_stays_where_it_is(cast: Cast, now: datetime) -> None:
    record, later = waiting(cast, now), now + timedelta(days=1)
    sign(cast.checker, record, now)
    assert climbing.climb(later, CALENDAR) == 0
    flow = registry.get("sample").rt
    state = flow.workflow.state("waiting") if flow.workflow else None
    assert state is not None
    assert climbing._step(flow, state, 0, record["_id"], later) == 0


def test_the_one_to_whom_it_goes_is_told_once_and_while_it_stands(cast: Cast, now: datetime) -> None:
    record, later = waiting(cast, now), now + timedelta(days=1)
    assert chasing.announce_stuck(later).new == 0
    climbing.climb(later, CALENDAR)
    told = [chasing.announce_stuck(later + timedelta(minutes=ten)).new for ten in (0, 10, 20)]
    assert told == [2, 0, 0]  # whom it waited for, and the next
    [one] = service.inbox(cast.deputy, later, "en")
    assert (one.reminder.step, one.number) == (Step.STUCK, record["number"])
    sign(cast.checker, record, later)
    assert service.inbox(cast.deputy, later, "en") == []


def test_a_request_for_access_goes_from_the_manager_to_the_head_and_the_general_manager(
    cast: Cast, manager: Person, now: datetime
) -> None:
    own = person(Role.SALES_MANAGER, name="Own manager", department="sales")
    asker = person(Role.SPECIALIST, name="Asker", manager=own.id)
    values = {"uses": ["view"], "reason": "x", "type_asked": "sample", "department": "service", "state": "asked"}
    request = store.create("access_request", {**values, "manager": own.id}, actor=asker, now=now)
    seen = []
    for hours in (0, 24, 48):
        climbing.climb(now + timedelta(hours=hours), CALENDAR)
        seen.append(store.fetch("access_request", request["_id"])["climbed"])
    assert seen == [None, 1, 2]
    later = now + timedelta(hours=48)
    with pytest.raises(Invalid):
        records.move(cast.head, "access_request", request["number"], "refuse", {}, rev=1, now=later, fresh=True)
    signed = records.move(cast.head, "access_request", request["number"], "sign", {}, rev=1, now=later, fresh=True)
    assert (signed["state"], signed["climbed"]) == ("signed", 1)  # the only head has signed


# --- one signature each


def unsigned_card(now: datetime) -> dict[str, Any]:
    """A card for a secret record whose asker has a manager who is away."""
    away = person(Role.SALES_MANAGER, name="Away", department="sales")
    asker = person(Role.SPECIALIST, name="Asker", manager=away.id)
    values = {"uses": ["view"], "reason": "x", "type_asked": "sample", "department": "service", "state": "asked"}
    return store.create("access_request", {**values, "manager": away.id}, actor=asker, now=now)


def decide(who: Person, asked: dict[str, Any], move: str, now: datetime, note: str = "") -> dict[str, Any]:
    number, rev = asked["number"], asked["rev"]
    return records.move(who, "access_request", number, move, {}, rev=rev, now=now, note=note, fresh=True)


def test_who_signed_because_nobody_else_did_does_not_sign_the_next_step_too(
    cast: Cast, manager: Person, now: datetime
) -> None:
    asked, later = unsigned_card(now), now + timedelta(days=2)
    climbing.climb(later, CALENDAR)
    climbing.climb(later, CALENDAR)
    signed = decide(cast.head, asked, "sign", later)
    assert [row["climbed"] for row in store.latest_moves(asked["_id"]) if row["action"] == "sign"] == [True]
    with pytest.raises(SignedAlready):
        decide(cast.head, signed, "refuse", later, "x")
    other = person(Role.HEAD, name="Other head")
    assert decide(other, signed, "refuse", later, "x")["state"] == "refused"


def test_a_card_that_the_only_head_signed_for_the_silent_goes_on_at_once(
    cast: Cast, manager: Person, now: datetime, db: Base
) -> None:
    later = now + timedelta(days=1, hours=1)
    card = unsigned_card(now)
    climbing.climb(later, CALENDAR)
    signed = decide(cast.head, card, "sign", later)
    rt = registry.get("access_request").rt
    assert (signed["state"], signed["climbed"], signed["rev"]) == ("signed", 1, 2)
    assert signed == store.fetch("access_request", card["_id"])
    assert reads(manager, signed, "access_request")
    assert [move.name for move in records.moves(manager, rt, signed)] == ["approve", "refuse"]
    steps = [e["detail"]["to"] for e in db[audit.ENTRIES].find({"action": climbing.ACTION}).sort("at")]
    assert steps == [["head"], ["general_manager"]]
    assert climbing.climb(later + timedelta(days=5), CALENDAR) == 0
    assert decide(manager, signed, "refuse", later, "x")["state"] == "refused"


def test_a_card_waits_for_the_other_head_when_there_is_one(cast: Cast, manager: Person, now: datetime) -> None:
    other, later = person(Role.HEAD, name="Other head"), now + timedelta(days=2)
    card = unsigned_card(now)
    climbing.climb(later, CALENDAR)
    signed = decide(cast.head, card, "sign", later)
    assert (signed["state"], signed["climbed"]) == ("signed", None)
    rt = registry.get("access_request").rt
    assert [move.name for move in records.moves(other, rt, signed)] == ["approve", "refuse"]


def test_a_head_of_another_department_keeps_no_card_waiting(cast: Cast, manager: Person, now: datetime) -> None:
    person(Role.HEAD, name="Head elsewhere", department="sales")
    card, later = unsigned_card(now), now + timedelta(days=2)
    climbing.climb(later, CALENDAR)
    assert decide(cast.head, card, "sign", later)["climbed"] == 1


def test_where_nobody_is_left_at_all_a_card_stays_where_it_is(cast: Cast, now: datetime) -> None:
    card, later = unsigned_card(now), now + timedelta(days=2)
    climbing.climb(later, CALENDAR)
    signed = decide(cast.head, card, "sign", later)
    assert (signed["state"], signed["climbed"]) == ("signed", None)


def test_what_somebody_may_not_sign_twice_is_offered_to_them_nowhere(
    cast: Cast, manager: Person, now: datetime
) -> None:
    later, rt = now + timedelta(days=2), registry.get("access_request").rt
    cards_asked = [unsigned_card(now) for _ in range(3)]
    climbing.climb(later, CALENDAR)
    assert len(work.desk(cast.head, later, CALENDAR)) == 3
    signed = [decide(cast.head, card, "sign", later) for card in cards_asked]
    assert [records.moves(cast.head, rt, card) for card in signed] == [[], [], []]
    assert work.desk(cast.head, later, CALENDAR) == []
    with commands.heard() as asked:
        assert len(work.desk(manager, later, CALENDAR)) == 3
    assert asked.count("find record_version") == 1  # for all of them


def test_a_deputy_is_not_offered_what_they_signed_before(cast: Cast, manager: Person, now: datetime) -> None:
    name(cast.admin, cast.head, cast.checker, now)
    person(Role.HEAD, name="Other head")
    away = cast.checker
    asker = person(Role.SPECIALIST, name="Asker", manager=away.id)
    values = {"uses": ["view"], "reason": "x", "type_asked": "sample", "department": "service", "state": "asked"}
    card = store.create("access_request", {**values, "manager": away.id}, actor=asker, now=now)
    signed = decide(acting(away, now), card, "sign", now)
    assert records.moves(acting(away, now), registry.get("access_request").rt, signed) == []


def test_who_signed_both_steps_up_the_line_is_one_person(cast: Cast, manager: Person, now: datetime) -> None:
    asked, later = unsigned_card(now), now + timedelta(days=2)
    climbing.climb(later, CALENDAR)
    climbing.climb(later, CALENDAR)
    signed = decide(manager, asked, "sign", later)
    last = later + timedelta(days=2)
    assert climbing.climb(last, CALENDAR) == 1
    with pytest.raises(SignedAlready):
        decide(manager, signed, "refuse", last, "x")
    assert decide(cast.head, signed, "refuse", last, "x")["state"] == "refused"


def offered(cast: Cast, now: datetime) -> dict[str, Any]:
    """A card for a top-secret record, which its owner offers to somebody."""
    made = records.create(cast.owner, "sample", {"name": "Lamp works", "level": "top_secret"}, now=now)
    reader = person(Role.SPECIALIST, name="Reader")
    assert reader.id is not None
    wish = {"uses": "view", "reason": "x", "valid_until": (now + timedelta(days=6)).date()}
    return cards.offer(cast.owner, "sample", made["number"], reader.id, wish, now=now)


def opened_to(card: dict[str, Any], now: datetime) -> dict[str, frozenset[str]]:
    return grants.grants_in_force(people.person_of(people.get(card["owner"])), now)


def test_a_general_manager_who_approves_for_a_silent_head_opens_top_secret_with_one_signature(
    cast: Cast, manager: Person, now: datetime
) -> None:
    card, later = offered(cast, now), now + timedelta(days=2)
    assert card["state"] == "signed"
    assert climbing.climb(later, CALENDAR) == 1
    opened = decide(manager, card, "approve", later)
    assert (opened["state"], opened["receiver"]) == ("granted", manager.id)
    assert len(opened_to(card, later)) == 1


def test_a_head_who_approves_top_secret_leaves_the_last_signature_to_the_general_manager(
    cast: Cast, manager: Person, now: datetime
) -> None:
    card, later = offered(cast, now), now + timedelta(days=2)
    climbing.climb(later, CALENDAR)
    approved = decide(cast.head, card, "approve", later)
    assert approved["state"] == "approved"
    assert opened_to(card, later) == {}
    assert decide(manager, approved, "countersign", later)["state"] == "granted"


def raised_card(cast: Cast, manager: Person, now: datetime) -> dict[str, Any]:
    """An offer that the general manager signed for a silent manager and head, about what became top secret then. No
    offer of these days begins with a manager; what the engine makes of three steps is tried with it."""
    made = records.create(cast.owner, "sample", {"name": "Lamp works", "level": "secret"}, now=now)
    away = person(Role.SALES_MANAGER, name="Away")
    reader = person(Role.SPECIALIST, name="Reader", manager=away.id)
    assert reader.id is not None
    wish = {"uses": "view", "reason": "x", "valid_until": (now + timedelta(days=6)).date()}
    card = cards.offer(cast.owner, "sample", made["number"], reader.id, wish, now=now)
    card = store.change("access_request", card["_id"], {"state": "asked", "manager": away.id}, actor=reader, now=now)
    for _ in range(2):
        climbing.climb(now + timedelta(days=2), CALENDAR)
    signed = decide(manager, card, "sign", now + timedelta(days=2))
    records.change(cast.owner, "sample", made["number"], {"level": "top_secret"}, rev=1, now=now)
    return store.fetch("access_request", signed["_id"])


def test_who_signed_for_somebody_silent_still_gives_their_own_once_another_has_signed(
    cast: Cast, manager: Person, now: datetime
) -> None:
    card, later = raised_card(cast, manager, now), now + timedelta(days=4)
    climbing.climb(later, CALENDAR)
    with pytest.raises(SignedAlready):
        decide(manager, card, "approve", later)
    approved = decide(cast.head, card, "approve", later)
    assert approved["state"] == "approved"
    assert decide(manager, approved, "countersign", later)["state"] == "granted"


# --- the shipped types that go on


@pytest.mark.parametrize(
    ("slug", "state", "after", "to"),
    [
        ("secrecy_change", "asked", "next_hours", "general_manager"),
        ("credit_report", "submitted", "next_hours", "general_manager"),
        ("credit_report", "rated", "next_hours", "general_manager"),
        ("leak", "inquiry", "inquiry_hours", "general_manager"),
        ("leak", "judged", "next_hours", "head"),
        ("contract", "in_review", "next_hours", "general_manager"),
        ("access_request", "asked", "next_hours", "head"),
    ],
)
def test_the_policy_says_when_each_type_goes_on(slug: str, state: str, after: str, to: str) -> None:
    flow = registry.get(slug).rt.workflow
    assert flow is not None
    first = flow.state(state).climbs[0]
    assert climbing.hours_of(first) == getattr(policy().signature, after)
    assert first.to == (to,)


def test_a_change_of_secrecy_that_the_head_leaves_goes_to_the_general_manager(
    cast: Cast, manager: Person, now: datetime
) -> None:
    secret = customer(cast.owner, now, level="secret", level_basis="x", secret_until=date(2026, 12, 20))
    wanted = {"kind": "extend", "new_until": "2027-11-20", "reason": "Still in talks"}
    asked = secrecy.ask(cast.owner, "customer", secret["number"], wanted, now=now)
    assert not reads(manager, asked, "secrecy_change")
    later = now + timedelta(days=2)
    assert climbing.climb(later, CALENDAR) == 1
    records.move(manager, "secrecy_change", asked["number"], "approve", {}, rev=1, now=later, fresh=True)
    assert store.fetch("customer", secret["_id"])["secret_until"] == date(2027, 11, 20)


def test_who_concludes_an_inquiry_that_stood_still_does_not_close_it(
    cast: Cast, manager: Person, now: datetime
) -> None:
    told = {"subject": "x", "way": "paper", "level_leaked": "secret", "account": "x"}
    days = {"happened_on": date(2026, 11, 18), "found_on": date(2026, 11, 20)}
    people = [{"name": "A driver", "part": "leaked"}]
    leak = store.create("leak", {**days, **told, "people": people}, actor=cast.owner, now=now)

    def moved(who: Person, name: str, at: datetime, raw: dict[str, str] | None = None) -> dict[str, Any]:
        rev = store.fetch("leak", leak["_id"])["rev"]
        return records.move(who, "leak", leak["number"], name, raw or {}, rev=rev, now=at, fresh=True)

    moved(cast.head, "take_up", now)
    finding = {"findings": "x", "duty": "none", "outcome": "warning", "remedy": "x"}
    with pytest.raises(Forbidden):
        moved(manager, "conclude", now, finding)
    later = now + timedelta(days=30)
    assert climbing.climb(later, CALENDAR) == 1
    assert moved(manager, "conclude", later, finding)["investigator"] == manager.id
    with pytest.raises((NotYourOwn, SignedAlready)):
        moved(manager, "close", later)
    assert moved(cast.head, "close", later)["state"] == "closed"


def test_what_is_foreseen_is_not_cut_off_by_what_waits_longer(
    cast: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(climbing, "AT_ONCE", 2)
    for _ in range(3):
        waiting(cast, now)
    later = now + timedelta(days=1)
    ahead = [waiting(cast, later)["_id"] for _ in range(2)]
    seen = climbing.coming(later, later + timedelta(days=1), CALENDAR)
    assert [record["_id"] for _, record in seen] == ahead


def test_a_value_that_cannot_be_opened_holds_up_nothing(cast: Cast, now: datetime) -> None:
    rt = registry.get("sample").rt
    fields = tuple(replace(field, encrypted=field.name == "notes") for field in rt.fields)
    registry.register(replace(rt, fields=fields))
    harmed, whole = waiting(cast, now, notes="Slow"), waiting(cast, now + timedelta(minutes=1))
    damage("record_sample", harmed["_id"], "notes")
    seen = climbing.coming(now, now + timedelta(days=1), CALENDAR)
    assert [record["_id"] for _, record in seen] == [harmed["_id"], whole["_id"]]
    assert climbing.climb(now + timedelta(days=1), CALENDAR) == 2
