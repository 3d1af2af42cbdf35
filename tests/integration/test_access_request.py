"""X4 and X5: asking, signing, the grant and its end, on a classified type that nobody named."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from pymongo.database import Database

from models import access, listing, records, store
from models.access import Purpose
from models.access_request import grants, refusals, service
from models.errors import Forbidden, Invalid, NotFound
from models.listing import ListQuery
from models.person.roles import Person, Role
from tests.factories.people import person
from tests.factories.types import SAMPLE

pytestmark = pytest.mark.usefixtures("cards")

DB = Database[dict[str, Any]]


@pytest.fixture
def asker(db: DB, head: Person) -> Person:
    return person(Role.SPECIALIST, name="Asker", manager=head.id)


def refreshed(who: Person, now: datetime) -> Person:
    return replace(who, grants=grants.grants_in_force(who, now))


def ask(who: Person, number: str, now: datetime, uses: str = "view", days: int = 3) -> dict[str, Any]:
    raw = {
        "uses": uses,
        "reason": "Answering a complaint",
        "valid_until": (now + timedelta(days=days)).date(),
    }
    return service.ask(who, "sample", number, raw, now=now)


def secret(owner: Person, now: datetime, level: str = "secret") -> str:
    made = records.create(owner, "sample", {"name": "Lamp works", "level": level}, now=now)
    return str(made["number"])


def test_a_grant_opens_exactly_that_record_until_it_ends(
    owner: Person, asker: Person, head: Person, now: datetime
) -> None:
    wanted, other = secret(owner, now), secret(owner, now)
    request = ask(asker, wanted, now)
    assert request["state"] == "signed"
    records.move(
        head,
        "access_request",
        request["number"],
        "approve",
        {"valid_until": "2026-11-26"},
        rev=1,
        now=now,
        fresh=True,
    )
    reader = refreshed(asker, now)
    assert records.see(reader, "sample", wanted, Purpose.VIEW, now).full
    assert not records.see(reader, "sample", other, Purpose.VIEW, now).full
    assert not records.see(reader, "sample", wanted, Purpose.EXPORT, now).full
    late = now + timedelta(days=4)
    assert not records.see(refreshed(asker, late), "sample", wanted, Purpose.VIEW, late).full


def test_a_granted_record_is_found_by_search_and_lists(
    owner: Person, asker: Person, head: Person, now: datetime
) -> None:
    wanted = secret(owner, now)
    request = ask(asker, wanted, now)
    records.move(
        head,
        "access_request",
        request["number"],
        "approve",
        {"valid_until": "2026-11-26"},
        rev=1,
        now=now,
        fresh=True,
    )
    reader = refreshed(asker, now)
    for who, expected in ((asker, []), (reader, [wanted])):
        reach = access.reach(who, SAMPLE, Purpose.VIEW)
        page = listing.page(SAMPLE, reach, ListQuery(q="lamp"), SAMPLE.fields)
        assert [row["number"] for row in page.rows] == expected


def test_an_edit_keeps_the_grant(owner: Person, asker: Person, head: Person, now: datetime) -> None:
    wanted = secret(owner, now)
    request = ask(asker, wanted, now)
    records.move(
        head,
        "access_request",
        request["number"],
        "approve",
        {"valid_until": "2026-11-26"},
        rev=1,
        now=now,
        fresh=True,
    )
    records.change(owner, "sample", wanted, {"name": "New lamp works"}, rev=1, now=now)
    assert records.see(refreshed(asker, now), "sample", wanted, Purpose.VIEW, now).full


def test_revoking_works_on_the_next_request(owner: Person, asker: Person, head: Person, now: datetime) -> None:
    wanted = secret(owner, now)
    request = ask(asker, wanted, now)
    number = request["number"]
    records.move(head, "access_request", number, "approve", {"valid_until": "2026-11-26"}, rev=1, now=now, fresh=True)
    records.move(head, "access_request", number, "revoke", {}, rev=2, now=now, note="No longer needed")
    assert not records.see(refreshed(asker, now), "sample", wanted, Purpose.VIEW, now).full


def test_returning_early_ends_the_grant(owner: Person, asker: Person, head: Person, now: datetime) -> None:
    wanted = secret(owner, now)
    request = ask(asker, wanted, now)
    number = request["number"]
    records.move(head, "access_request", number, "approve", {"valid_until": "2026-11-26"}, rev=1, now=now, fresh=True)
    records.move(asker, "access_request", number, "give_back", {}, rev=2, now=now)
    assert grants.grants_in_force(asker, now) == {}


def test_ones_own_manager_signs_before_the_head(owner: Person, head: Person, now: datetime) -> None:
    manager = person(Role.SUPERVISOR, name="Manager")
    asker = person(Role.SPECIALIST, name="Asker", manager=manager.id)
    request = ask(asker, secret(owner, now), now)
    assert request["state"] == "asked"
    with pytest.raises((Forbidden, records.NotNow)):
        records.move(
            head,
            "access_request",
            request["number"],
            "approve",
            {"valid_until": "2026-11-26"},
            rev=1,
            now=now,
            fresh=True,
        )
    signed = records.move(manager, "access_request", request["number"], "sign", {}, rev=1, now=now, fresh=True)
    assert signed["state"] == "signed"


def seen(who: Person, card: dict[str, Any], now: datetime) -> bool:
    """Whether a person reads a card in full."""
    try:
        return records.see(refreshed(who, now), "access_request", card["number"], Purpose.VIEW, now).full
    except NotFound:
        return False


def decide(who: Person, card: dict[str, Any], move: str, now: datetime, note: str = "") -> dict[str, Any]:
    rev = store.fetch("access_request", card["_id"])["rev"]
    return records.move(who, "access_request", card["number"], move, {}, rev=rev, now=now, note=note, fresh=True)


@pytest.mark.parametrize("answer", ["sign", "refuse"])
def test_who_signed_sees_the_card_afterwards_and_none_of_its_records(
    owner: Person, head: Person, now: datetime, answer: str
) -> None:
    manager = person(Role.SUPERVISOR, name="Manager")
    other = person(Role.SUPERVISOR, name="Other")
    asker = person(Role.SPECIALIST, name="Asker", manager=manager.id)
    number = secret(owner, now)
    card = ask(asker, number, now)
    decide(manager, card, answer, now, "x" if answer == "refuse" else "")
    assert (seen(manager, card, now), seen(other, card, now)) == (True, False)
    if answer == "sign":
        decide(head, card, "approve", now)
        assert seen(manager, card, now)
        with pytest.raises(records.NotNow):
            decide(manager, card, "sign", now)
    assert not records.see(refreshed(manager, now), "sample", number, Purpose.VIEW, now).full


def test_who_signed_a_card_is_told_nothing_when_its_record_becomes_top_secret(
    owner: Person, head: Person, now: datetime
) -> None:
    manager = person(Role.SUPERVISOR, name="Manager")
    asker = person(Role.SPECIALIST, name="Asker", manager=manager.id)
    number = secret(owner, now)
    card = ask(asker, number, now)
    decide(manager, card, "sign", now)
    records.change(owner, "sample", number, {"level": "top_secret"}, rev=1, now=now)
    assert seen(manager, card, now), "nothing of the card has changed"
    decide(head, card, "refuse", now, "Not now")
    assert (seen(manager, card, now), seen(head, card, now)) == (True, True)


def test_nobody_decides_their_own_request(owner: Person, now: datetime) -> None:
    asker = person(Role.SPECIALIST, Role.HEAD, name="Both", department="service")
    asker_as_specialist = replace(asker, roles=frozenset({Role.SPECIALIST}))
    request = ask(asker_as_specialist, secret(owner, now), now)
    with pytest.raises(records.NotYourOwn):
        records.move(
            asker,
            "access_request",
            request["number"],
            "approve",
            {"valid_until": "2026-11-26"},
            rev=1,
            now=now,
            fresh=True,
        )


@pytest.mark.parametrize("level", ["top_secret"])
def test_nobody_can_ask_for_what_does_not_exist_for_them(
    owner: Person, asker: Person, now: datetime, level: str
) -> None:
    with pytest.raises(NotFound):
        ask(asker, secret(owner, now, level), now)
    with pytest.raises(NotFound):
        ask(asker, "YP-2026-999999", now)


def test_asking_twice_and_asking_for_what_one_reads_is_refused(owner: Person, asker: Person, now: datetime) -> None:
    number = secret(owner, now)
    ask(asker, number, now)
    with pytest.raises(refusals.AskedAlready):
        ask(asker, number, now)
    with pytest.raises(refusals.NothingToAsk):
        ask(owner, number, now)


@pytest.mark.parametrize("uses", ["view", "print", "export"])
def test_the_head_has_nothing_to_ask_for(owner: Person, head: Person, now: datetime, uses: str) -> None:
    with pytest.raises(refusals.NothingToAsk) as refused:
        ask(head, secret(owner, now), now, uses, days=1)
    use = {"view": ("查看", "read"), "print": ("打印", "print"), "export": ("导出", "export")}[uses]
    assert refused.value.text("zh") == f"您已可{use[0]}该记录，无需申请。"
    assert refused.value.text("en") == f"You can already {use[1]} this record."


@pytest.mark.parametrize(
    ("uses", "days", "field"),
    [("view", 7, "valid_until"), ("view", -1, "valid_until"), ("export", 2, "uses")],
)
def test_policy_limits_use_and_period(
    owner: Person, asker: Person, now: datetime, uses: str, days: int, field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        ask(asker, secret(owner, now), now, uses, days)
    assert set(refused.value.problems) == {field}


def test_other_colleagues_do_not_see_the_request(owner: Person, asker: Person, now: datetime) -> None:
    request = ask(asker, secret(owner, now), now)
    with pytest.raises(NotFound):
        records.see(person(Role.SPECIALIST), "access_request", request["number"], Purpose.VIEW, now)


def test_a_period_that_is_over_closes_the_request(owner: Person, asker: Person, head: Person, now: datetime) -> None:
    request = ask(asker, secret(owner, now), now)
    number = request["number"]
    records.move(head, "access_request", number, "approve", {"valid_until": "2026-11-26"}, rev=1, now=now, fresh=True)
    assert service.expire(now) == 0
    assert service.expire(now + timedelta(days=10)) == 1
    assert service.expire(now + timedelta(days=10)) == 0
    assert records.see(asker, "access_request", number, Purpose.VIEW, now).values["state"] == "ended"


def test_a_request_that_nobody_decides_lapses_with_its_last_day(
    owner: Person, asker: Person, head: Person, now: datetime
) -> None:
    lapsing = ask(asker, secret(owner, now), now, days=1)
    waiting = ask(asker, secret(owner, now), now, days=5)
    assert service.expire(now + timedelta(days=1)) == 0
    later = now + timedelta(days=2)
    assert service.expire(later) == 1
    assert service.expire(later) == 0
    stored = store.fetch("access_request", lapsing["_id"])
    assert (stored["state"], stored["ended_at"]) == ("expired", later)
    assert store.fetch("access_request", waiting["_id"])["state"] == "signed"
    assert ask(asker, lapsing["number_asked"], later)["state"] == "signed"
    with pytest.raises(records.NotNow):
        records.move(head, "access_request", lapsing["number"], "approve", {}, rev=2, now=later, fresh=True)


def test_a_request_until_today_is_not_late_when_it_is_asked_for_after_closing_time(
    owner: Person, asker: Person, head: Person, now: datetime
) -> None:
    evening, soon = now + timedelta(hours=9), now + timedelta(hours=10)  # 19:00 and 20:00
    in_time, after = (ask(asker, secret(owner, now), at, days=0) for at in (now, evening))
    assert (in_time["due_at"] > now, after["due_at"]) == (True, None)
    records.move(head, "access_request", after["number"], "approve", {}, rev=1, now=soon, fresh=True)
    assert store.fetch("access_request", after["_id"])["due_at"] is None
    assert service.expire(soon) == 0
    assert service.expire(now + timedelta(days=1)) == 2
