"""The end of the period of secrecy (X2)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from threading import Thread
from typing import Any

import pytest
from bson import Decimal128
from pymongo.database import Database

from models import access, audit, catalogue, history, records, schema, secrecy_notice, store
from models.access import Purpose
from models.calendar import local
from models.declarations import Level
from models.declassification import Outcome, declassify
from models.errors import Forbidden
from models.key_vault import service as keys
from models.key_vault.refusals import KeysUnusable
from models.person.roles import Person, Role
from models.registry import get
from models.reminder.chasing import announce_declassification
from models.secrecy_change import service as secrecy_change
from tests.factories.customers import customer
from tests.factories.damage import damage
from tests.factories.people import person

Base = Database[dict[str, Any]]
SECRET_ENDS = date(2026, 11, 22)


@pytest.fixture(autouse=True)
def shipped(db: Base) -> None:
    catalogue.load()
    schema.migrate()


@pytest.fixture
def owner() -> Person:
    return person(Role.SPECIALIST)


def classified(owner: Person, now: datetime, level: str = "secret", until: date = SECRET_ENDS) -> dict[str, Any]:
    """A file whose owner was told in time when its secrecy ends."""
    made = customer(owner, now - timedelta(days=355), level=level, level_basis="普通往来", secret_until=until)
    announce_declassification(now - timedelta(days=10))
    return made


@pytest.mark.parametrize("level", ["secret", "confidential", "top_secret"])
def test_a_record_is_declassified_once_its_last_day_is_over(owner: Person, now: datetime, level: str) -> None:
    record = classified(owner, now, level, local(now).date())
    assert declassify(now) == Outcome(0, 0)
    assert declassify(now + timedelta(days=1)) == Outcome(1, 0)
    after = store.fetch("customer", record["_id"])
    assert (after["level"], after["secret_until"], after["level_basis"]) == ("internal", None, None)


def test_who_sees_the_card_only_reads_it_from_then_on(owner: Person, now: datetime) -> None:
    record = classified(owner, now)
    rt, colleague = get("customer").rt, person(Role.SPECIALIST)

    def seen() -> str:
        return access.reach(colleague, rt, Purpose.VIEW).sees(store.fetch("customer", record["_id"])["acl"])

    assert seen() == "card"
    declassify(now)
    assert seen() == "full"


def test_declassifying_is_a_version_and_an_entry_of_the_trail_and_happens_once(owner: Person, now: datetime) -> None:
    record = classified(owner, now)
    assert declassify(now) == Outcome(1, 0)
    assert declassify(now) == Outcome(0, 0)
    version = history.history("customer", record["_id"])[0]
    assert (version["action"], version["by_name"], version["rev"]) == ("declassify", "system", 2)
    assert {change["field"].name for change in version["changes"]} >= {"level", "secret_until"}
    assert [entry["action"] for entry in audit.entries({"record": record["_id"]})] == ["declassify", "create"]


def test_archived_records_are_declassified_too(owner: Person, now: datetime) -> None:
    record = classified(owner, now)
    store.change("customer", record["_id"], {"archived_at": now}, actor=owner, now=now, action="archive")
    assert declassify(now) == Outcome(1, 0)
    after = store.fetch("customer", record["_id"])
    assert after["level"] == Level.INTERNAL.value
    assert all(token.startswith("~internal|") for token in after["acl"])


def test_a_record_of_a_customer_that_is_still_secret_keeps_its_level(owner: Person, now: datetime) -> None:
    parent = classified(owner, now, until=local(now).date() + timedelta(days=10))
    values = {"customer": parent["_id"], "subject": "包装破损", "secret_until": SECRET_ENDS, "level": "secret"}
    child = store.create("complaint", values, actor=owner, now=now - timedelta(days=355))
    announce_declassification(now - timedelta(days=9))
    assert declassify(now) == Outcome(0, 1)
    assert store.fetch("complaint", child["_id"])["level"] == "secret"
    announce_declassification(now)
    assert declassify(now + timedelta(days=11)) == Outcome(2, 0)


def test_a_decided_report_is_declassified_whatever_its_terms_would_be_judged_today(
    db: Base, owner: Person, now: datetime
) -> None:
    parent = customer(owner, now)
    values = {"customer": parent["_id"], "level": "secret", "secret_until": SECRET_ENDS, "state": "approved"}
    report = store.create("credit_report", values, actor=owner, now=now - timedelta(days=355))
    announce_declassification(now - timedelta(days=10))
    over_the_limit = {"grade": "D", "limit": Decimal128("300000"), "term_days": 90}
    db["record_credit_report"].update_one({"_id": report["_id"]}, {"$set": over_the_limit})
    assert declassify(now) == Outcome(1, 0)


# --- the notice, and what is asked meanwhile


def test_nothing_is_declassified_before_its_notice(owner: Person, now: datetime) -> None:
    """The jobs stood still while the period ended: the notice comes first, and leaves time to ask for more."""
    record = customer(owner, now - timedelta(days=355), level="secret", secret_until=SECRET_ENDS)
    assert declassify(now) == Outcome(unannounced=1)
    assert announce_declassification(now).new == 1
    assert declassify(now + timedelta(days=6)) == Outcome(unannounced=1)
    assert announce_declassification(now + timedelta(days=6)).new == 0
    assert declassify(now + timedelta(days=7)) == Outcome(declassified=1)
    assert store.fetch("customer", record["_id"])["level"] == "internal"


def test_a_notice_of_another_end_does_not_count(owner: Person, now: datetime) -> None:
    record = classified(owner, now, until=local(now).date() + timedelta(days=2))
    head = person(Role.HEAD)
    store.change(
        "customer", record["_id"], {"secret_until": local(now).date()}, actor=head, now=now - timedelta(days=1)
    )
    assert declassify(now + timedelta(days=1)) == Outcome(unannounced=1)


ASKED = {"kind": "extend", "new_until": "2027-10-20", "reason": "Still in talks"}


@pytest.mark.parametrize("decision", ["approve", "refuse"])
def test_a_record_keeps_its_level_while_a_longer_period_is_asked_for(
    owner: Person, now: datetime, decision: str
) -> None:
    head = person(Role.HEAD)
    record = classified(owner, now, until=local(now).date())
    asked = secrecy_change.ask(owner, "customer", record["number"], ASKED, now=now)
    later = now + timedelta(days=3)
    assert declassify(later) == Outcome(kept=1)
    records.move(head, "secrecy_change", asked["number"], decision, {}, rev=1, now=later, note="x", fresh=True)
    assert declassify(later) == (Outcome() if decision == "approve" else Outcome(declassified=1))
    if decision == "approve":
        assert store.fetch("customer", record["_id"])["secret_until"] == date(2027, 10, 20)


def test_a_lower_level_that_is_asked_for_does_not_hold_it_up(owner: Person, now: datetime) -> None:
    record = classified(owner, now, "confidential", until=local(now).date())
    lower = {"kind": "lower", "new_level": "secret", "reason": "Less to hide"}
    secrecy_change.ask(owner, "customer", record["number"], lower, now=now)
    assert declassify(now + timedelta(days=1)) == Outcome(declassified=1)


def test_a_broken_off_run_is_completed_by_the_next(owner: Person, now: datetime) -> None:
    for _ in range(3):
        classified(owner, now)
    turns = iter([True, True, False])
    assert declassify(now, lambda: next(turns)) == Outcome(declassified=2, left=True)
    assert declassify(now) == Outcome(declassified=1)


# --- what happens in the moment of it


Meanwhile = Callable[[Any, str, Callable[[], object]], None]


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    """Have something happen once, elsewhere and to the end, when a function of a module is called."""

    def arrange(module: Any, name: str, act: Callable[[], object]) -> None:
        real, acts = getattr(module, name), iter([act])

        def called(*args: Any, **named: Any) -> Any:
            for one in acts:
                beside = Thread(target=one)
                beside.start()
                beside.join()
            return real(*args, **named)

        monkeypatch.setattr(module, name, called)

    return arrange


BEFORE = [(secrecy_notice, "told_in_time"), (secrecy_change, "to_be_extended"), (store, "change")]
"""Steps on the way from finding a record to its new version."""


@pytest.mark.parametrize(("module", "step"), BEFORE, ids=[name for _, name in BEFORE])
def test_a_level_that_is_raised_in_the_moment_of_its_end_stays(
    owner: Person, now: datetime, meanwhile: Meanwhile, module: Any, step: str
) -> None:
    record = classified(owner, now)
    raised = {"level": "top_secret", "secret_until": "2031-11-22"}
    change = records.change
    meanwhile(module, step, lambda: change(owner, "customer", record["number"], raised, rev=1, now=now))
    assert declassify(now) == Outcome()
    after = store.fetch("customer", record["_id"])
    assert (after["level"], after["secret_until"], after["rev"]) == ("top_secret", date(2031, 11, 22), 2)


@pytest.mark.parametrize(("module", "step"), BEFORE, ids=[name for _, name in BEFORE])
def test_a_longer_period_that_is_asked_for_in_the_moment_of_the_end_keeps_the_level(
    owner: Person, now: datetime, meanwhile: Meanwhile, module: Any, step: str
) -> None:
    record = classified(owner, now)
    meanwhile(module, step, lambda: secrecy_change.ask(owner, "customer", record["number"], ASKED, now=now))
    assert declassify(now) == Outcome(kept=1)
    assert store.fetch("customer", record["_id"])["level"] == "secret"


def test_no_longer_period_is_asked_for_once_the_record_is_declassified(
    db: Base, owner: Person, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = classified(owner, now)

    def read_before(*args: Any) -> Any:
        found = records.read(*args)
        assert declassify(now) == Outcome(declassified=1)
        return found

    monkeypatch.setattr(secrecy_change, "read", read_before)
    with pytest.raises(Forbidden):
        secrecy_change.ask(owner, "customer", record["number"], ASKED, now=now)
    assert db["record_secrecy_change"].count_documents({}) == 0


# --- what cannot be opened


def unreadable_and_others(owner: Person, now: datetime) -> list[dict[str, Any]]:
    """Four files whose period is over; the analysis of the second is damaged, and it has a complaint."""
    made = [
        customer(owner, now - timedelta(days=355), level="secret", secret_until=SECRET_ENDS, analysis="Slow payer")
        for _ in range(4)
    ]
    values = {"customer": made[1]["_id"], "subject": "包装破损", "level": "secret", "secret_until": SECRET_ENDS}
    made.append(store.create("complaint", values, actor=owner, now=now - timedelta(days=355)))
    announce_declassification(now - timedelta(days=10))
    damage("record_customer", made[1]["_id"], "analysis")
    return made


def test_a_record_that_cannot_be_opened_holds_up_none_behind_it(
    db: Base, owner: Person, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    made = unreadable_and_others(owner, now)
    assert declassify(now) == Outcome(declassified=3, unreadable=2)
    levels = [row["level"] for row in db["record_customer"].find({}, {"level": 1}).sort("_id", 1)]
    assert levels == ["internal", "secret", "internal", "internal"]
    assert store.fetch("complaint", made[4]["_id"])["level"] == "secret"
    told = [line for line in caplog.messages if "passed over in declassifying" in line]
    assert [one["number"] in line for one, line in zip((made[1], made[4]), sorted(told), strict=True)]
    assert "Slow payer" not in caplog.text


def test_while_nothing_can_be_opened_nothing_is_passed_over(
    owner: Person, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = unreadable_and_others(owner, now)

    def out(*_: Any) -> Any:
        raise KeysUnusable("no master key")

    with monkeypatch.context() as patch:
        patch.setattr(keys, "unseal_many", out)
        with pytest.raises(KeysUnusable):
            declassify(now)
    assert store.fetch("customer", made[0]["_id"])["level"] == "secret"
