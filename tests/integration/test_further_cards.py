"""A further card for what is open by one already: after it, or for another use, with all its signatures (X4)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from models import records, store
from models.access import Purpose
from models.access_request import grants, open_cards, refusals, service
from models.errors import Invalid
from models.person.roles import Person, Role
from tests.factories.people import person

pytestmark = pytest.mark.usefixtures("cards")

CARD = "access_request"
LAST = date(2026, 11, 25)


@pytest.fixture
def manager(head: Person) -> Person:
    """May borrow, and does not read what others own."""
    return person(Role.SALES_MANAGER, name="Manager", manager=head.id)


@pytest.fixture
def number(owner: Person, now: datetime) -> str:
    return str(records.create(owner, "sample", {"name": "Lamp works", "level": "secret"}, now=now)["number"])


def wish(until: date = LAST, uses: str = "view", **more: Any) -> dict[str, Any]:
    return {"uses": uses, "reason": "Audit at the site", "valid_until": until, **more}


def approved(head: Person, card: dict[str, Any], now: datetime) -> dict[str, Any]:
    return records.move(head, CARD, card["number"], "approve", {}, rev=1, now=now, fresh=True)


def admitted(who: Person, now: datetime) -> Person:
    return replace(who, grants=grants.grants_in_force(who, now))


def reads(who: Person, number: str, now: datetime) -> bool:
    return records.see(admitted(who, now), "sample", number, Purpose.VIEW, now).full


@pytest.fixture
def granted(manager: Person, head: Person, number: str, now: datetime) -> dict[str, Any]:
    return approved(head, service.ask(manager, "sample", number, wish(), now=now), now)


def test_a_further_card_begins_after_the_one_in_force_and_is_signed_anew(
    granted: dict[str, Any], manager: Person, head: Person, number: str, now: datetime
) -> None:
    reader, begins = admitted(manager, now), LAST + timedelta(days=1)
    seen = records.see(reader, "sample", number, Purpose.VIEW, now)
    assert open_cards.further_from(reader, seen) == begins
    last = begins + timedelta(days=6)
    further = service.ask(reader, "sample", number, wish(last, valid_from=begins), now=now)
    assert further["state"] == "signed"
    assert open_cards.further_from(reader, seen) is None, "one waits already"
    over = now + timedelta(days=4)
    assert not reads(manager, number, over), "not signed yet"
    approved(head, further, now)
    assert [reads(manager, number, now + timedelta(days=days)) for days in (0, 4, 9, 10)] == [True, True, True, False]


@pytest.mark.parametrize("begins", [None, LAST])
def test_two_cards_for_the_same_use_do_not_overlap(
    granted: dict[str, Any], manager: Person, number: str, now: datetime, begins: date | None
) -> None:
    with pytest.raises(Invalid) as refused:
        service.ask(admitted(manager, now), "sample", number, wish(valid_from=begins), now=now)
    said = refused.value.problems["valid_from"].en
    assert granted["number"] in said
    assert "begins after that day" in said


def test_a_further_card_is_no_longer_than_policy_allows(
    granted: dict[str, Any], manager: Person, number: str, now: datetime
) -> None:
    begins = LAST + timedelta(days=1)
    raw = wish(begins + timedelta(days=7), valid_from=begins)
    with pytest.raises(Invalid) as refused:
        service.ask(admitted(manager, now), "sample", number, raw, now=now)
    assert set(refused.value.problems) == {"valid_until"}


def test_a_card_for_another_use_may_run_beside_and_one_that_covers_it_may_not(
    granted: dict[str, Any], manager: Person, head: Person, number: str, now: datetime
) -> None:
    reader = admitted(manager, now)
    approved(head, service.ask(reader, "sample", number, wish(uses="export"), now=now), now)
    after = admitted(manager, now)
    assert records.see(after, "sample", number, Purpose.EXPORT, now).full
    for uses in ("view", "export"):
        with pytest.raises(Invalid):
            service.ask(after, "sample", number, wish(uses=uses), now=now)


def test_one_further_card_waits_at_a_time(granted: dict[str, Any], manager: Person, number: str, now: datetime) -> None:
    reader = admitted(manager, now)
    service.ask(reader, "sample", number, wish(uses="export"), now=now)
    with pytest.raises(refusals.AskedAlready):
        service.ask(reader, "sample", number, wish(uses="print"), now=now)


def test_of_two_that_were_handed_in_all_the_same_one_is_granted(
    granted: dict[str, Any], manager: Person, head: Person, number: str, now: datetime
) -> None:
    card = store.fetch(CARD, granted["_id"])
    names = ("uses", "reason", "valid_until", "items", "type_asked", "number_asked", "level_asked", "owner")
    values = {name: card[name] for name in (*names, "department")}
    twin = store.create(CARD, {**values, "state": "signed"}, actor=manager, now=now)
    with pytest.raises(refusals.InForceAlready):
        approved(head, twin, now)
    assert store.fetch(CARD, twin["_id"])["state"] == "signed"


def test_nobody_asks_for_top_secret_whatever_they_hold(
    owner: Person, manager: Person, head: Person, now: datetime
) -> None:
    gm = person(Role.GENERAL_MANAGER, name="GM", department="office")
    secret = records.create(owner, "sample", {"name": "Lamp works", "level": "top_secret"}, now=now)
    assert manager.id is not None
    card = service.offer(owner, "sample", secret["number"], manager.id, wish(), now=now)
    approved(head, card, now)
    records.move(gm, CARD, card["number"], "countersign", {}, rev=2, now=now, fresh=True)
    reader, begins = admitted(manager, now), LAST + timedelta(days=1)
    with pytest.raises(refusals.OnlyOffered):
        service.ask(reader, "sample", secret["number"], wish(begins, valid_from=begins), now=now)
    seen = records.see(reader, "sample", secret["number"], Purpose.VIEW, now)
    assert open_cards.further_from(reader, seen) is None
    further = service.offer(owner, "sample", secret["number"], manager.id, wish(begins, valid_from=begins), now=now)
    assert further["state"] == "signed"
