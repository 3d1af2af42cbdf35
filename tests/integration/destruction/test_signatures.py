"""D1, D3: who proposes and signs, in which order, what stands against it, and how it is stopped."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from pymongo.database import Database

from models import audit, catalogue, records, registry, store
from models.declarations import Retention
from models.destruction import candidates, holds, matters, removal, service
from models.destruction.document import SLUG
from models.errors import Forbidden, Invalid, NotFound, Refusal, StaleRecord
from models.key_vault import service as vault
from models.moves import NeedsFreshSignIn
from models.office import office_calendar
from models.person import deputies
from models.person import service as people
from models.person.roles import Person, Role
from models.records import Locked
from models.reminder import service as reminders
from models.reminder.telling import tell
from tests.factories.commands import commands
from tests.factories.customers import customer
from tests.factories.people import person
from tests.integration.destruction.conftest import WEEK, Cast, carried_out, old_file, sign, signed

Base = Database[dict[str, Any]]


def propose(who: Person, record: dict[str, Any], now: datetime) -> dict[str, Any]:
    return service.propose(who, "customer", [record["number"]], "Outdated", now=now)


def state(asked: dict[str, Any]) -> str:
    return str(store.fetch(SLUG, asked["_id"])["state"])


def test_three_people_sign_in_order_and_the_cooling_off_begins(cast: Cast, old: dict[str, Any], now: datetime) -> None:
    asked = signed(cast, [old], now)
    assert asked["state"] == "cooling"
    assert asked["stop_until"] == now + WEEK
    signers = [asked[f"{one}_signer"] for one in ("first", "second", "third")]
    assert signers == [cast.supervisor.id, cast.head.id, cast.manager.id]
    assert store.fetch("customer", old["_id"])["rev"] == 1


def test_owner_and_custodian_propose_and_nobody_else(cast: Cast, old: dict[str, Any], now: datetime) -> None:
    with pytest.raises(Forbidden):
        propose(cast.head, old, now)
    with pytest.raises(Locked):
        propose(person(Role.SPECIALIST), old, now)
    with pytest.raises(NotFound):
        propose(person(Role.SALES, department="sales"), old, now)
    asked = propose(cast.custodian, old, now)
    assert [item["number"] for item in asked["items"]] == [old["number"]]
    with pytest.raises(service.ProposedAlready, match=asked["number"]):
        propose(cast.owner, old, now)


@pytest.mark.parametrize("first", ["approve", "countersign"])
def test_no_signature_comes_out_of_turn(cast: Cast, old: dict[str, Any], now: datetime, first: str) -> None:
    asked = propose(cast.owner, old, now)
    who = {"approve": cast.head, "countersign": cast.manager}[first]
    with pytest.raises(Refusal):
        sign(who, asked, first, now)
    assert state(asked) == "proposed"


def test_a_signature_needs_a_fresh_sign_in(cast: Cast, old: dict[str, Any], now: datetime) -> None:
    asked = propose(cast.owner, old, now)
    with pytest.raises(NeedsFreshSignIn):
        records.move(cast.supervisor, SLUG, asked["number"], "sign", {}, rev=1, now=now)


def test_one_person_gives_one_signature_whatever_their_roles(cast: Cast, now: datetime) -> None:
    everybody = person(Role.SUPERVISOR, Role.HEAD, Role.GENERAL_MANAGER, Role.CUSTODIAN, name="All")
    asked = propose(cast.owner, old_file(cast, now), now)
    sign(everybody, asked, "sign", now)
    with pytest.raises(Refusal):
        sign(everybody, asked, "approve", now)
    own = propose(everybody, old_file(cast, now, name="另一公司"), now)
    with pytest.raises(Refusal):
        sign(everybody, own, "sign", now)
    assert (state(asked), state(own)) == ("signed", "proposed")


def test_a_deputy_stands_for_both_people(cast: Cast, now: datetime) -> None:
    deputy = person(Role.SALES_MANAGER, name="Deputy", department="sales")
    today = now.date()
    assert deputy.id is not None
    for whom in (cast.supervisor, cast.head):
        assert whom.id is not None
        deputies.name_deputy(whom, whom.id, deputy.id, now=now, begins=today, ends=today + timedelta(days=3))
    acting = deputies.with_stand_ins(deputy, people.get(deputy.id), now)
    asked = propose(cast.owner, old_file(cast, now), now)
    after = sign(acting, asked, "sign", now)
    assert (after["first_signer"], after["first_for"]) == (deputy.id, cast.supervisor.id)
    with pytest.raises(Refusal):
        sign(acting, asked, "approve", now)
    secret = old_file(cast, now, name="绝密公司", level="top_secret")
    with pytest.raises(Refusal):
        sign(acting, propose(cast.owner, secret, now), "sign", now)


@pytest.mark.parametrize("at", [0, 1, 2])
def test_one_refusal_ends_it_with_its_reason(cast: Cast, old: dict[str, Any], now: datetime, at: int) -> None:
    asked = propose(cast.owner, old, now)
    for who, move in cast.signers[:at]:
        sign(who, asked, move, now)
    with pytest.raises(Invalid):
        sign(cast.signers[at][0], asked, "refuse", now)
    sign(cast.signers[at][0], asked, "refuse", now, "Still needed")
    assert state(asked) == "refused"
    for who, move in cast.signers:
        with pytest.raises(Refusal):
            sign(who, asked, move, now)


def test_two_opposite_decisions_at_once_have_one_winner(cast: Cast, old: dict[str, Any], now: datetime) -> None:
    asked = propose(cast.owner, old, now)
    other = person(Role.SUPERVISOR, name="Other supervisor")
    start, told = Barrier(2), list[str]()

    def decide(who: Person, move: str) -> None:
        start.wait()
        try:
            records.move(who, SLUG, asked["number"], move, {}, rev=1, now=now, note="x", fresh=True)
        except (StaleRecord, Refusal):
            told.append("late")
        else:
            told.append(move)

    threads = [Thread(target=decide, args=pair) for pair in ((cast.supervisor, "sign"), (other, "refuse"))]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(told, key="late".__eq__)[1] == "late"
    assert state(asked) == {"sign": "signed", "refuse": "refused"}[next(one for one in told if one != "late")]


@pytest.mark.parametrize("who", ["owner", "supervisor", "head", "manager"])
def test_each_signer_and_the_proposer_may_stop_it_while_it_cools_off(
    cast: Cast, old: dict[str, Any], now: datetime, who: str, db: Base
) -> None:
    asked = signed(cast, [old], now)
    with pytest.raises(Refusal):
        sign(cast.custodian, asked, "stop", now, "x")
    sign(getattr(cast, who), asked, "stop", now, "Found a use for it")
    carried_out(now + WEEK)
    assert state(asked) == "stopped"
    assert db["record_customer"].count_documents({"_id": old["_id"]}) == 1


# --- what stands against it


def against(cast: Cast, record: dict[str, Any], now: datetime) -> str:
    with pytest.raises(service.NotDestructible) as refused:
        propose(cast.owner, record, now)
    return refused.value.text("en")


def test_what_has_to_be_kept_yet_is_refused_with_the_day(cast: Cast, now: datetime) -> None:
    young = customer(cast.owner, now - timedelta(days=400), level="secret")
    assert re.search(rf"{young['number']}: to be kept until \w+ \d+ \w+ 2028", against(cast, young, now))


def test_a_declared_retention_stands_for_the_usual_one(
    cast: Cast, old: dict[str, Any], now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = registry.get("customer")
    longer = entry.rt.__class__(
        **{name: value for name, value in vars(entry.rt).items() if name not in ("by_name", "_reaches", "retention")},
        retention=Retention("founded_on", 1200),
    )
    catalogue.register(longer, entry.hooks)
    try:
        assert "has not begun" in against(cast, old, now)
    finally:
        catalogue.register(entry.rt, entry.hooks)


def test_open_matters_are_named_to_whoever_may_know_of_them(cast: Cast, old: dict[str, Any], now: datetime) -> None:
    values = {"customer": old["_id"], "summary": "Late", "facts": "Late again", "contact_phone": "13900000002"}
    seen = store.create("complaint", values, actor=cast.owner, now=now)
    said = against(cast, old, now)
    assert f"{seen['number']} is open" in said
    hidden = {"level": "top_secret", "owner": cast.head.id}
    store.change("complaint", seen["_id"], hidden, actor=cast.head, now=now)
    said = against(cast, old, now)
    assert seen["number"] not in said
    assert "something open that you may not see" in said


def test_a_hold_stands_against_it_until_it_is_lifted(cast: Cast, old: dict[str, Any], now: datetime) -> None:
    with pytest.raises(Forbidden):
        holds.place(cast.owner, "customer", old["number"], "Lawsuit", now=now)
    holds.place(cast.head, "customer", old["number"], "Lawsuit", now=now)
    with pytest.raises(holds.HeldAlready):
        holds.place(cast.head, "customer", old["number"], "Lawsuit", now=now)
    assert "on legal hold by Head since Mon 23 Nov 2026" in against(cast, old, now)
    holds.lift(cast.head, "customer", old["number"], "Settled", now=now)
    with pytest.raises(holds.NotHeld):
        holds.lift(cast.head, "customer", old["number"], "Settled", now=now)
    assert propose(cast.owner, old, now)["state"] == "proposed"
    acts = [row["action"] for row in audit.entries({"record": old["_id"]})]
    assert {"hold_placed", "hold_lifted"} <= set(acts)


def test_it_is_asked_again_at_each_signature_and_before_the_removal(
    cast: Cast, old: dict[str, Any], now: datetime, db: Base
) -> None:
    asked = propose(cast.owner, old, now)
    holds.place(cast.head, "customer", old["number"], "Lawsuit", now=now)
    with pytest.raises(service.NotDestructible):
        sign(cast.supervisor, asked, "sign", now)
    holds.lift(cast.head, "customer", old["number"], "Settled", now=now)
    for who, move in cast.signers:
        sign(who, asked, move, now)
    holds.place(cast.head, "customer", old["number"], "Lawsuit again", now=now)
    carried_out(now + WEEK)
    after = store.fetch(SLUG, asked["_id"])
    assert (after["state"], after["items"][0]["outcome"]) == ("barred", "hold")
    assert db["record_customer"].count_documents({"_id": old["_id"]}) == 1


def test_what_came_in_while_the_records_were_taken_out_brings_them_back(
    cast: Cast, old: dict[str, Any], now: datetime, db: Base
) -> None:
    """A complaint whose write had begun before, and that is stored just after."""
    asked = signed(cast, [old], now)
    values = {"customer": old["_id"], "summary": "Late", "facts": "Late again", "contact_phone": "13900000002"}
    late = store.create("complaint", values, actor=cast.owner, now=now)
    before = db["record_customer"].find_one({"_id": old["_id"]})
    row = db["record_complaint"].find_one_and_delete({"_id": late["_id"]})
    removal.begin_due(now + WEEK)
    assert db["record_customer"].count_documents({"_id": old["_id"]}) == 0
    assert row is not None
    db["record_complaint"].insert_one(row)
    carried_out(now + WEEK)
    assert state(asked) == "barred"
    assert db["record_customer"].find_one({"_id": old["_id"]}) == before
    assert db["destroyed_record"].count_documents({}) == db["destruction_aside"].count_documents({}) == 0


def test_candidates_are_those_beyond_retention_that_one_may_propose(
    cast: Cast, old: dict[str, Any], now: datetime, db: Base
) -> None:
    customer(cast.owner, now, level="secret", name="新客户有限公司")
    top = old_file(cast, now, name="绝密公司", level="top_secret")
    shown = {one.number for kept in candidates.of(cast.custodian, now) for one in kept.sights}
    assert shown == {old["number"]}
    own = {one.number for kept in candidates.of(cast.owner, now) for one in kept.sights}
    assert own == {old["number"], top["number"]}


def test_the_next_candidates_come_behind_these_and_instead_of_what_is_proposed(
    cast: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(candidates, "MOST", 2)
    made = [old_file(cast, now, name=f"公司{place}有限公司") for place in range(5)]
    numbers = [one["number"] for one in made]

    def shown(behind: Any = None) -> tuple[list[str], Any]:
        (kept,) = candidates.of(cast.custodian, now, "customer", behind)
        return [one.number for one in kept.sights], kept.last

    first, last = shown()
    assert first == numbers[:2]
    assert shown(last) == (numbers[2:4], made[3]["_id"])
    assert shown(made[3]["_id"]) == (numbers[4:], None)
    service.propose(cast.owner, "customer", numbers[:2], "Outdated", now=now)
    assert shown()[0] == numbers[2:4]


def test_a_value_that_cannot_be_opened_keeps_no_file(cast: Cast, old: dict[str, Any], now: datetime) -> None:
    vault.destroy([old["_id"]], backup=False)
    rt = registry.get("customer").rt
    assert matters.against(rt, service.stored_of("customer", [old["number"]]), cast.owner, now) == {}


def test_custodians_are_reminded_of_candidates_once_a_month_in_the_product_and_as_they_chose(
    cast: Cast, old: dict[str, Any], now: datetime, db: Base
) -> None:
    assert [candidates.tell(now), candidates.tell(now + timedelta(days=1))] == [1, 0]
    (told,) = reminders.inbox(cast.custodian, now, "zh")
    assert (told.reminder.type, told.leads_to) == ("destruction", "records/destruction/outdated")
    assert reminders.inbox(cast.owner, now, "zh") == []
    tell(now, "https://service.example.test")
    (mail,) = db["outbox_email"].find()
    assert "https://service.example.test/records/destruction/outdated" in mail["text"]
    assert old["name"] not in str(mail)
    next_month = now + timedelta(days=10)
    assert candidates.tell(next_month) == 1
    assert reminders.unread_count(cast.custodian) == 1
    db["record_customer"].update_one({"_id": old["_id"]}, {"$set": {"held": now}})
    assert candidates.tell(next_month) == 0
    assert reminders.unread_count(cast.custodian) == 0


def test_more_custodians_ask_no_more_often_what_is_proposed_already(cast: Cast, now: datetime) -> None:
    def asked() -> int:
        with commands.heard() as heard:
            candidates.tell(now)
        return heard.count("find record_destruction")

    alone = asked()
    for place in range(3):
        person(Role.CUSTODIAN, name=f"Custodian {place}")
    assert asked() == alone


def test_each_signature_has_a_date_of_its_own_and_the_cooling_off_none(
    cast: Cast, old: dict[str, Any], now: datetime
) -> None:
    asked = service.propose(cast.owner, "customer", [old["number"]], "Outdated", now=now)
    dates = [asked["sign_by"]]
    at = now
    for who, move in cast.signers:
        at += timedelta(days=1)
        asked = sign(who, asked, move, at)
        dates.append(asked["sign_by"])
    expected = [office_calendar().add_working_days(now + timedelta(days=n), 3).day for n in range(3)]
    assert dates == [*expected, None]
    assert len(set(expected)) == 3
    assert asked["due_at"] is None
