"""X5: a general manager revokes the cards that they let go into force, and gets no more by it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from pymongo.database import Database

from models import climbing, records, registry, schema, store
from models.access import Purpose
from models.access_request import former, grants, receipt, service
from models.errors import Forbidden, NotFound, Refusal
from models.office import office_calendar
from models.person import deputies
from models.person import service as people
from models.person.roles import SYSTEM, Person, Role
from models.records import read
from tests.factories.people import person

pytestmark = pytest.mark.usefixtures("cards")

DB = Database[dict[str, Any]]
CARD = "access_request"
DAY = "2026-11-25"


@pytest.fixture
def gm(db: DB) -> Person:
    return person(Role.GENERAL_MANAGER, name="GM", department="management")


@pytest.fixture
def reader(db: DB) -> Person:
    return person(Role.SALES, name="Reader", department="sales")


def made(owner: Person, now: datetime, level: str) -> str:
    return str(records.create(owner, "sample", {"name": "Lamp works", "level": level}, now=now)["number"])


def wish() -> dict[str, Any]:
    return {"uses": "view", "reason": "Audit at the site", "valid_until": DAY}


def moved(who: Person, card: dict[str, Any], move: str, now: datetime, note: str = "") -> dict[str, Any]:
    rev, raw = store.fetch(CARD, card["_id"])["rev"], {} if note else {"valid_until": DAY}
    return records.move(who, CARD, card["number"], move, raw, rev=rev, now=now, note=note, fresh=True)


def offered(owner: Person, head: Person, gm: Person, reader: Person, now: datetime) -> tuple[dict[str, Any], str]:
    """A card of a top-secret record in force, and the record's number."""
    assert reader.id is not None
    number = made(owner, now, "top_secret")
    card = service.offer(owner, "sample", number, reader.id, wish(), now=now)
    moved(head, card, "approve", now)
    return moved(gm, card, "countersign", now), number


def opens(who: Person, number: str, now: datetime) -> bool:
    admitted = replace(who, grants=grants.grants_in_force(who, now))
    try:
        return records.see(admitted, "sample", number, Purpose.VIEW, now).full
    except NotFound:
        return False


def moves(who: Person, card: dict[str, Any]) -> list[str]:
    stored = store.fetch(CARD, card["_id"])
    return [move.name for move in records.moves(who, registry.get(CARD).rt, stored)]


def test_a_general_manager_revokes_what_they_countersigned(
    owner: Person, head: Person, gm: Person, reader: Person, now: datetime
) -> None:
    card, number = offered(owner, head, gm, reader, now)
    assert card["countersigner"] == gm.id
    assert moves(gm, card) == ["revoke"]
    assert opens(reader, number, now)
    assert moved(gm, card, "revoke", now, "Stop")["state"] == "revoked"
    assert not opens(reader, number, now)
    assert moves(gm, card) == []


def test_another_one_does_not_and_does_not_see_it(
    owner: Person, head: Person, gm: Person, reader: Person, now: datetime
) -> None:
    card, _ = offered(owner, head, gm, reader, now)
    other = person(Role.GENERAL_MANAGER, name="Other", department="management")
    assert moves(other, card) == []
    with pytest.raises(NotFound):
        moved(other, card, "revoke", now, "Stop")


def test_who_is_general_manager_no_more_does_not(
    owner: Person, head: Person, gm: Person, reader: Person, now: datetime
) -> None:
    card, _ = offered(owner, head, gm, reader, now)
    assert moves(replace(gm, roles=frozenset({Role.SALES_MANAGER})), card) == []


def test_one_that_only_the_head_signed_is_the_heads(
    owner: Person, head: Person, gm: Person, reader: Person, now: datetime
) -> None:
    assert reader.id is not None
    card = service.offer(owner, "sample", made(owner, now, "confidential"), reader.id, wish(), now=now)
    card = moved(head, card, "approve", now)
    assert card["countersigner"] is None
    assert (moves(gm, card), moves(head, card)) == ([], ["revoke"])
    with pytest.raises(NotFound):
        read(gm, CARD, card["number"], Purpose.VIEW, now)


def test_a_card_approved_for_a_silent_head_is_revoked_too_and_opens_no_record(
    owner: Person, clerk: Person, head: Person, gm: Person, now: datetime
) -> None:
    number = made(owner, now, "confidential")
    card = service.ask(clerk, "sample", number, wish(), now=now)
    later = now + timedelta(days=1)
    climbing.climb(later, office_calendar())
    card = moved(gm, card, "approve", later)
    assert card["state"] == "granted"
    assert moves(gm, card) == ["revoke"]
    assert not opens(gm, number, later)
    moved(gm, card, "revoke", later, "Stop")
    assert not opens(clerk, number, later)


def test_what_a_deputy_countersigned_is_revoked_by_whom_they_stood_in_for(
    owner: Person, head: Person, reader: Person, now: datetime
) -> None:
    gm = person(Role.GENERAL_MANAGER, name="GM", department="service")
    assert reader.id is not None
    assert gm.id is not None
    deputy = person(Role.SALES_MANAGER, name="Deputy", department="sales")
    assert deputy.id is not None
    card = service.offer(head, "sample", made(owner, now, "confidential"), reader.id, wish(), now=now)
    deputies.name_deputy(gm, gm.id, deputy.id, begins=now.date(), ends=now.date(), now=now)
    acting = deputies.with_stand_ins(deputy, people.get(deputy.id), now)
    card = moved(acting, card, "countersign", now)
    assert (card["state"], card["countersigner"]) == ("granted", gm.id)
    assert moves(acting, card) == []
    with pytest.raises((Forbidden, NotFound)):
        moved(acting, card, "revoke", now, "Stop")
    assert moved(gm, card, "revoke", now, "Stop")["state"] == "revoked"


def test_cards_in_force_before_this_learn_from_their_history_who_countersigned(
    owner: Person, head: Person, gm: Person, reader: Person, now: datetime, db: DB
) -> None:
    assert reader.id is not None
    card, _ = offered(owner, head, gm, reader, now)
    plain = service.offer(owner, "sample", made(owner, now, "confidential"), reader.id, wish(), now=now)
    moved(head, plain, "approve", now)
    as_made = db["record_access_request"].find_one({"_id": card["_id"]})
    assert as_made is not None
    before = [one for one in as_made["acl"] if "|for|" not in one]
    db["record_access_request"].update_one(
        {"_id": card["_id"]}, {"$unset": {"countersigner": ""}, "$set": {"acl": before}}
    )
    assert moves(gm, card) == []
    assert schema.migrate() == ["named the general manager who signed on 1 cards in force"]
    assert former.name_countersigners() == []
    assert db["record_access_request"].find_one({"_id": card["_id"]}) == as_made
    assert moves(gm, card) == ["revoke"]


@pytest.mark.parametrize("level", ["secret", "confidential", "top_secret"])
def test_nobody_offers_to_themselves_whatever_the_level(now: datetime, db: DB, level: str) -> None:
    """What a card would open of one's own record beyond what one may is asked for: one's own manager signs first."""
    boss = person(Role.SUPERVISOR, name="Boss")
    own = person(Role.SALES_MANAGER, name="Own", department="sales", manager=boss.id)
    assert own.id is not None
    record = records.create(person(Role.SPECIALIST), "sample", {"name": "Lamp works", "level": level}, now=now)
    store.change("sample", record["_id"], {"owner": own.id}, actor=SYSTEM, now=now)
    uses = {"secret": "view", "confidential": "export", "top_secret": "export"}[level]
    with pytest.raises(Refusal) as refused:
        service.offer(own, "sample", record["number"], own.id, wish() | {"uses": uses}, now=now)
    assert refused.value.code == {"secret": "nothing_to_offer"}.get(level, "to_oneself")
    assert db["record_access_request"].count_documents({}) == 0
    if level == "confidential":
        raw = wish() | {"uses": uses}
        assert service.ask(own, "sample", record["number"], raw, now=now)["state"] == "asked"


@pytest.mark.parametrize(("hours", "due"), [(0, "2026-11-23"), (9, "2026-11-24")])
def test_paper_of_a_card_that_ends_after_closing_time_is_due_the_next_day(
    owner: Person, head: Person, gm: Person, now: datetime, hours: int, due: str
) -> None:
    """X5: early return at seven in the evening, on the last day of the card, is not late at once."""
    borrower = person(Role.SALES_MANAGER, name="Borrower", department="sales")
    assert borrower.id is not None
    wanted = {**wish(), "uses": "export", "valid_until": now.date().isoformat()}
    card = service.offer(owner, "sample", made(owner, now, "confidential"), borrower.id, wanted, now=now)
    raw = {"valid_until": now.date().isoformat()}
    card = records.move(head, CARD, card["number"], "approve", raw, rev=1, now=now, fresh=True)
    receipt.take(replace(borrower, grants=grants.grants_in_force(borrower, now)), card["number"], "csv", now=now)
    later = now + timedelta(hours=hours)
    rev = store.fetch(CARD, card["_id"])["rev"]
    back = records.move(borrower, CARD, card["number"], "give_back", {}, rev=rev, now=later)
    assert (back["state"], back["due_on"].isoformat()) == ("out", due)
    assert back["due_at"] > later
