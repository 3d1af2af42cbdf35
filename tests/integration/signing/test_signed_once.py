"""What somebody signed once is read and no more: requests up to confidential in full, of the rest the card (ADR 16)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from models import access, catalogue, climbing, listing, records, registry, signed, store, work
from models.access import Purpose
from models.access_request import service as cards
from models.destruction import service as destruction
from models.errors import Forbidden
from models.listing import ListQuery
from models.office import office_calendar
from models.person.roles import Person, Role
from models.put_aside import service as put_aside
from models.reminder import chasing
from models.reminder import service as reminders
from models.secrecy_change import service as secrecy
from tests.factories.customers import customer
from tests.factories.people import person
from tests.factories.types import SAMPLE
from tests.integration.signing.conftest import Base, Cast, acting, name
from tests.integration.signing.test_signed import EXTEND, seen

CALENDAR = office_calendar()
CARD = "access_request"
REPORT = {
    "subject": "Quotation seen elsewhere",
    "happened_on": "2026-11-18",
    "found_on": "2026-11-20",
    "way": "paper",
    "level_leaked": "secret",
    "account": "A print lay on a table.",
    "people": [{"name": "Somebody outside", "part": "leaked"}],
}
FINDING = {"findings": "Left in the car.", "duty": "none", "outcome": "warning", "remedy": "Locked bags"}


@pytest.fixture
def manager(db: Base) -> Person:
    return person(Role.GENERAL_MANAGER, name="Manager", department="management")


@pytest.fixture
def elsewhere(db: Base) -> Person:
    return person(Role.HEAD, name="Head of sales", department="sales")


def wish(now: datetime) -> dict[str, Any]:
    return {"uses": "view", "reason": "Audit at the site", "valid_until": (now + timedelta(days=2)).date()}


def decide(who: Person, slug: str, asked: dict[str, Any], move: str, now: datetime) -> dict[str, Any]:
    """Make a move, freshly signed in."""
    rev = store.fetch(slug, asked["_id"])["rev"]
    return records.move(who, slug, asked["number"], move, {}, rev=rev, now=now, note="x", fresh=True)


def file(cast: Cast, now: datetime, level: str = "secret") -> str:
    return str(records.create(cast.owner, "sample", {"name": "Lamp works", "level": level}, now=now)["number"])


@pytest.fixture
def card(cast: Cast, elsewhere: Person, now: datetime) -> dict[str, Any]:
    """A card that its asker's own manager signed, the head of another department; it waits for the head."""
    asker = person(Role.SPECIALIST, name="Asker", manager=elsewhere.id)
    return decide(elsewhere, CARD, cards.ask(asker, "sample", file(cast, now), wish(now), now=now), "sign", now)


# --- one person, one signature


def test_a_manager_who_heads_another_department_has_signed_and_approves_nothing(
    cast: Cast, elsewhere: Person, card: dict[str, Any], now: datetime
) -> None:
    rt = registry.get(CARD).rt
    assert (card["state"], seen(elsewhere, card, CARD)) == ("signed", "full")
    assert [move.name for move in records.moves(elsewhere, rt, card)] == []
    for move in ("approve", "refuse"):
        found = records.see(elsewhere, CARD, card["number"], Purpose.VIEW, now)
        with pytest.raises(Forbidden):
            records.possible_move(elsewhere, found, move)
        with pytest.raises(Forbidden):
            decide(elsewhere, CARD, card, move, now)
    assert [move.name for move in records.moves(cast.head, rt, card)] == ["approve", "refuse"]
    assert decide(cast.head, CARD, card, "approve", now)["state"] == "granted"
    assert seen(elsewhere, card, CARD) == "full"


def test_what_a_manager_of_another_department_signed_is_work_of_the_head_alone(
    cast: Cast, elsewhere: Person, card: dict[str, Any], now: datetime
) -> None:
    later = now + timedelta(days=2)
    climbing.climb(later, CALENDAR)
    chasing.announce_stuck(later)
    chasing.chase_deadlines(later, CALENDAR)
    assert work.desk(elsewhere, later, CALENDAR) == []
    assert put_aside.own(elsewhere, CARD, [card["number"]], later) == {}
    assert reminders.inbox(elsewhere, later, "en") == []
    assert [task.sight.number for task in work.desk(cast.head, later, CALENDAR)] == [card["number"]]


def test_who_reads_a_card_as_a_deputy_alone_approves_it_as_one(
    cast: Cast, elsewhere: Person, now: datetime, db: Base
) -> None:
    own = person(Role.SALES_MANAGER, name="Own manager", department="sales")
    asker = person(Role.SPECIALIST, name="Asker", manager=own.id)
    name(cast.head, cast.head, elsewhere, now)
    card = decide(own, CARD, cards.ask(asker, "sample", file(cast, now), wish(now), now=now), "sign", now)
    decide(acting(elsewhere, now), CARD, card, "approve", now)
    row = db[store.VERSIONS].find_one({"record": card["_id"], "action": "approve"})
    assert row is not None
    assert (row["by"], row.get("behalf")) == (elsewhere.id, cast.head.id)
    assert store.fetch(CARD, card["_id"])["signers"] == sorted(one.id for one in (own, cast.head) if one.id)


@pytest.mark.parametrize("who", ["supervisor", "deputy"])
def test_whoever_signed_a_destruction_and_whose_deputy_did_may_stop_it(
    cast: Cast, manager: Person, now: datetime, who: str
) -> None:
    years = timedelta(days=4 * 366)
    old = customer(cast.owner, now - years, level="secret", level_basis="x", secret_until=None)
    name(cast.checker, cast.checker, cast.deputy, now)
    asked = destruction.propose(cast.owner, "customer", [old["number"]], "Outdated", now=now)
    signers = ((acting(cast.deputy, now), "sign"), (cast.head, "approve"), (manager, "countersign"))
    for one, move in signers:
        asked = decide(one, "destruction", asked, move, now)
    stops = {"supervisor": cast.checker, "deputy": cast.deputy}[who]
    assert decide(replace(stops, stands_in=()), "destruction", asked, "stop", now)["state"] == "stopped"


# --- of what is no request, the card


@pytest.fixture
def closed(cast: Cast, manager: Person, now: datetime) -> dict[str, Any]:
    """A leak that the head inquired into, and that is closed."""
    leak = records.create(cast.owner, "leak", REPORT, now=now)
    for who, move, raw in ((cast.head, "take_up", {}), (cast.head, "conclude", FINDING), (manager, "close", {})):
        leak = records.move(who, "leak", leak["number"], move, raw, rev=leak["rev"], now=now, fresh=True)
    return leak


def test_who_inquired_once_keeps_the_card_of_a_leak_and_their_own_words(
    cast: Cast, closed: dict[str, Any], now: datetime
) -> None:
    once = replace(cast.head, roles=frozenset({Role.SPECIALIST}))
    assert (seen(cast.head, closed, "leak"), seen(once, closed, "leak")) == ("full", "card")
    found = records.see(once, "leak", closed["number"], Purpose.VIEW, now)
    assert (found.fields, set(found.values)) == ((), {"level", "owner"})
    with pytest.raises(records.Locked):
        records.read(once, "leak", closed["number"], Purpose.VIEW, now)
    [given] = signed.of_person(once, found, store.fetch("leak", closed["_id"]))
    assert {field.name: value for field, value in given.values}["findings"] == "Left in the car."
    with pytest.raises(Forbidden):
        cards.ask(once, "leak", closed["number"], wish(now), now=now)


def test_a_search_finds_nothing_by_what_stands_behind_a_signers_card(
    cast: Cast, closed: dict[str, Any], now: datetime
) -> None:
    rt, once = registry.get("leak").rt, replace(cast.head, roles=frozenset({Role.SPECIALIST}))
    reach, fields = access.reach(once, rt, Purpose.VIEW), access.visible_fields(once, rt)

    def listed(**query: Any) -> list[str]:
        return [row["number"] for row in listing.page(rt, reach, ListQuery(**query), fields).rows]

    assert (listed(), listed(q="Quotation"), listed(sort="happened_on")) == ([closed["number"]], [], [])


# --- of what is top secret, nothing


def test_who_approved_an_offer_of_top_secret_does_not_see_it_once_they_head_another_department(
    cast: Cast, manager: Person, now: datetime
) -> None:
    reader = person(Role.SALES_MANAGER, name="Reader")
    assert reader.id is not None
    number = file(cast, now, "top_secret")
    card = cards.offer(cast.owner, "sample", number, reader.id, wish(now), now=now)
    decide(cast.head, CARD, card, "approve", now)
    moved = replace(cast.head, department="elsewhere")
    assert (seen(cast.head, card, CARD), seen(moved, card, CARD)) == ("full", "")
    decide(manager, CARD, card, "countersign", now)
    assert (seen(manager, card, CARD), seen(moved, card, CARD)) == ("full", "")
    assert seen(replace(manager, roles=frozenset({Role.SPECIALIST})), card, CARD) == ""


def test_who_decided_a_change_of_top_secrecy_as_head_does_not_see_it_elsewhere(
    cast: Cast, manager: Person, now: datetime
) -> None:
    top = {"level": "top_secret", "level_basis": "x", "secret_until": date(2026, 12, 20)}
    asked = [
        secrecy.ask(cast.owner, "customer", customer(cast.owner, now, **top)["number"], EXTEND, now=now)
        for _ in range(2)
    ]
    decide(cast.head, "secrecy_change", asked[0], "refuse", now)
    later = now + timedelta(days=2)
    climbing.climb(later, CALENDAR)
    decide(manager, "secrecy_change", asked[1], "refuse", later)
    moved = replace(cast.head, department="elsewhere")
    assert [seen(moved, one, "secrecy_change") for one in asked] == ["", ""]
    assert seen(manager, asked[1], "secrecy_change") == "full"


def test_a_card_does_not_vanish_for_who_signed_it_because_its_record_was_raised(
    cast: Cast, elsewhere: Person, card: dict[str, Any], now: datetime
) -> None:
    catalogue.register(SAMPLE)
    records.change(cast.owner, "sample", card["items"][0]["number"], {"level": "top_secret"}, rev=1, now=now)
    assert (store.fetch(CARD, card["_id"])["in_person"], seen(elsewhere, card, CARD)) == (True, "full")
