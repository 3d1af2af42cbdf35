"""Whoever signed keeps seeing that it stood and what they decided: one mechanism for every type that is signed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from models import access, climbing, records, registry, signed, store
from models.access import Purpose
from models.errors import NotFound
from models.office import office_calendar
from models.person.roles import Person, Role
from models.secrecy_change import service as secrecy
from tests.factories.customers import customer
from tests.factories.people import person
from tests.factories.planted import unruled
from tests.integration.signing.conftest import Base, Cast, acting, name, reads, sign, waiting

CALENDAR = office_calendar()
EXTEND = {"kind": "extend", "new_until": "2027-11-20", "reason": "Still running"}


@pytest.fixture
def manager(db: Base) -> Person:
    return person(Role.GENERAL_MANAGER, name="Manager", department="management")


def seen(who: Person, record: dict[str, Any], slug: str = "sample") -> str:
    """How far a person sees a record as it is stored now."""
    acl = store.fetch(slug, record["_id"])["acl"]
    return access.reach(who, registry.get(slug).rt, Purpose.VIEW).sees(acl)


def test_a_general_manager_who_decided_a_change_of_secrecy_for_a_silent_head_still_reads_it(
    cast: Cast, manager: Person, now: datetime
) -> None:
    file = customer(cast.owner, now, level="secret", level_basis="x", secret_until=date(2026, 12, 20))
    asked = secrecy.ask(cast.owner, "customer", file["number"], EXTEND, now=now)
    later = now + timedelta(days=2)
    climbing.climb(later, CALENDAR)
    other = person(Role.GENERAL_MANAGER, name="Other manager", department="management")
    number, rev = asked["number"], store.fetch("secrecy_change", asked["_id"])["rev"]
    records.move(manager, "secrecy_change", number, "refuse", {}, rev=rev, now=later, note="No", fresh=True)
    assert (seen(manager, asked, "secrecy_change"), seen(other, asked, "secrecy_change")) == ("full", "")


def contract(cast: Cast, now: datetime, level: str = "secret", **values: Any) -> dict[str, Any]:
    with unruled(registry.get("contract").rt):
        made = {"subject": "Lamps", "kind": "sale", "level": level, "state": "loan_asked", **values}
        return store.create("contract", made, actor=cast.owner, now=now)


def lend(who: Person, one: dict[str, Any], now: datetime) -> None:
    move = registry.get("contract").rt.workflow.transition("refuse_loan")  # type: ignore[union-attr]
    with unruled(registry.get("contract").rt):
        store.change(
            "contract",
            one["_id"],
            {"state": "in_custody"},
            actor=who,
            now=now,
            action="refuse_loan",
            note="Not in the fair's week",
            transition=move,
        )


@pytest.mark.parametrize(
    ("level", "far"), [("internal", "card"), ("secret", "card"), ("confidential", "card"), ("top_secret", "full")]
)
def test_who_decided_about_a_contract_keeps_its_card_and_their_own_words(
    cast: Cast, manager: Person, now: datetime, level: str, far: str
) -> None:
    one = contract(cast, now, level)
    legal = person(Role.LEGAL_REVIEWER, name="Legal", department="legal")
    assert seen(legal, one, "contract") == ""
    lend(manager, one, now)
    assert (seen(manager, one, "contract"), seen(legal, one, "contract")) == (far, "")
    found, current = (
        records.see(manager, "contract", one["number"], Purpose.VIEW, now),
        store.fetch("contract", one["_id"]),
    )
    [given] = signed.of_person(manager, found, current)
    assert (given.move.name, given.at, given.note, given.by) == ("refuse_loan", now, "Not in the fair's week", "")
    assert signed.of_person(legal, found, current) == []


def test_what_somebody_signed_does_not_exist_for_them_once_it_is_top_secret(cast: Cast, now: datetime) -> None:
    one, legal = contract(cast, now), person(Role.LEGAL_REVIEWER, name="Legal", department="legal")
    lend(legal, one, now)
    assert seen(legal, one, "contract") == "card"
    with unruled(registry.get("contract").rt):
        store.change("contract", one["_id"], {"level": "top_secret"}, actor=cast.owner, now=now)
    with pytest.raises(NotFound):
        records.see(legal, "contract", one["number"], Purpose.VIEW, now)


def test_a_signature_opens_nothing_to_write_print_or_export(cast: Cast, now: datetime) -> None:
    one, legal = contract(cast, now), person(Role.LEGAL_REVIEWER, name="Legal", department="legal")
    lend(legal, one, now)
    acl, rt = store.fetch("contract", one["_id"])["acl"], registry.get("contract").rt
    assert {use: access.reach(legal, rt, use).sees(acl) for use in Purpose} == {
        Purpose.VIEW: "card",
        Purpose.PRINT: "card",
        Purpose.EXPORT: "card",
        Purpose.EDIT: "",
        Purpose.ARCHIVE: "",
        Purpose.MERGE: "",
    }


def test_what_a_deputy_signed_stays_with_whom_they_stood_in_for(cast: Cast, now: datetime, db: Base) -> None:
    record = waiting(cast, now)
    name(cast.checker, cast.checker, cast.deputy, now)
    sign(acting(cast.deputy, now), record, now)
    stored = store.fetch("sample", record["_id"])
    assert stored["signers"] == [cast.checker.id]
    assert seen(replace(cast.deputy, stands_in=()), record) == ""
    checker = replace(cast.checker, department="elsewhere")
    assert (seen(checker, record), reads(checker, stored)) == ("card", False)
    [given] = signed.of_person(checker, records.see(checker, "sample", record["number"], Purpose.VIEW, now), stored)
    assert given.by == "Deputy"


def test_later_writes_keep_who_signed(cast: Cast, now: datetime) -> None:
    record = waiting(cast, now)
    signed_one = sign(cast.checker, record, now)
    assert signed_one["signers"] == [cast.checker.id]
    assert signed_one == store.fetch("sample", record["_id"])
    store.change("sample", record["_id"], {"name": "Other works"}, actor=cast.owner, now=now)
    assert store.fetch("sample", record["_id"])["signers"] == [cast.checker.id]
