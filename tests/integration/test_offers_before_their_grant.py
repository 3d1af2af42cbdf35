"""X3, X6: nobody learns of what was offered to them before it is granted; of what was refused they never do."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from pymongo.database import Database

from models import access, listing, records, registry, schema, store
from models.access import Purpose
from models.access_request import former, service
from models.errors import NotFound
from models.listing import ListQuery
from models.person.roles import Person, Role
from models.reminder.document import REMINDERS
from tests.factories.people import person

pytestmark = pytest.mark.usefixtures("cards")

DB = Database[dict[str, Any]]
CARD, DAY = "access_request", "2026-11-25"


@pytest.fixture
def gm(db: DB) -> Person:
    return person(Role.GENERAL_MANAGER, name="GM", department="management")


@pytest.fixture
def reader(db: DB) -> Person:
    return person(Role.SALES, name="Reader", department="sales")


@pytest.fixture
def card(owner: Person, head: Person, gm: Person, reader: Person, now: datetime) -> dict[str, Any]:
    """An offer of a top-secret record that nobody has signed."""
    made = records.create(owner, "sample", {"name": "Lamp works", "level": "top_secret"}, now=now)
    wish = {"uses": "view", "reason": "Audit at the site", "valid_until": DAY}
    return service.offer(owner, "sample", made["number"], reader.id, wish, now=now)


def moved(who: Person, card: dict[str, Any], move: str, now: datetime, note: str = "") -> dict[str, Any]:
    rev, raw = store.fetch(CARD, card["_id"])["rev"], {} if note else {"valid_until": DAY}
    return records.move(who, CARD, card["number"], move, raw, rev=rev, now=now, note=note, fresh=True)


def knows(who: Person, card: dict[str, Any], now: datetime) -> bool:
    rt = registry.get(CARD).rt
    reach, fields = access.reach(who, rt, Purpose.VIEW), access.visible_fields(who, rt)
    listed = [row["number"] for row in listing.page(rt, reach, ListQuery(), fields).rows]
    try:
        records.see(who, CARD, card["number"], Purpose.VIEW, now)
    except NotFound:
        assert card["number"] not in listed
        return False
    assert card["number"] in listed
    return True


def test_the_reader_learns_of_an_offer_when_it_is_granted(
    head: Person, gm: Person, reader: Person, card: dict[str, Any], now: datetime
) -> None:
    assert not knows(reader, card, now)
    card = moved(head, card, "approve", now)
    assert not knows(reader, card, now)
    card = moved(gm, card, "countersign", now)
    assert knows(reader, card, now)
    moved(gm, card, "revoke", now, "Over")
    assert knows(reader, card, now)


def test_of_an_offer_that_was_refused_the_reader_never_learns(
    owner: Person, head: Person, reader: Person, card: dict[str, Any], now: datetime, db: DB
) -> None:
    moved(head, card, "refuse", now, "Not now")
    assert not knows(reader, card, now)
    assert knows(owner, card, now)
    assert db[REMINDERS].count_documents({"person": reader.id}) == 0


def test_cards_granted_before_name_their_reader(
    head: Person, gm: Person, reader: Person, card: dict[str, Any], now: datetime, db: DB
) -> None:
    moved(gm, moved(head, card, "approve", now), "countersign", now)
    as_made = db["record_access_request"].find_one({"_id": card["_id"]})
    assert as_made is not None
    before = [one for one in as_made["acl"] if one != f"internal|for|{reader.id}"]
    assert before != as_made["acl"]
    db["record_access_request"].update_one(
        {"_id": card["_id"]}, {"$unset": {"granted_to": ""}, "$set": {"acl": before}}
    )
    assert not knows(reader, card, now)
    assert schema.migrate() == ["named the reader on 1 cards that were granted"]
    assert former.name_readers() == []
    assert db["record_access_request"].find_one({"_id": card["_id"]}) == as_made
