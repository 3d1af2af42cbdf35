"""A deputy signs for somebody on certain days: what they read and sign, and what never (People)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from backoffice.screens import audit_details
from models import audit, records, store, work
from models.access import Purpose
from models.calendar import local
from models.declarations import Relation
from models.errors import Forbidden, Invalid, NotFound
from models.moves import NotYourOwn, SignedAlready
from models.office import office_calendar
from models.person import deputies
from models.person import service as people
from models.person.deputies import ConfirmedByAnother
from models.person.roles import SYSTEM, Role
from tests.factories.people import person
from tests.integration.signing.conftest import Base, Cast, acting, name, reads, sign, waiting


def test_a_deputy_reads_and_signs_what_waits_and_both_names_stand_in_version_and_trail(
    cast: Cast, db: Base, now: datetime
) -> None:
    record = waiting(cast, now)
    assert not reads(acting(cast.deputy, now), record)
    name(cast.checker, cast.checker, cast.deputy, now)
    deputy = acting(cast.deputy, now)
    assert reads(deputy, record)
    [task] = work.desk(deputy, now, office_calendar())
    assert (task.sight.number, [move.name for move in task.moves]) == (record["number"], ["approve"])
    signed = sign(deputy, record, now)
    assert signed["state"] == "approved"
    version = db[store.VERSIONS].find_one({"record": record["_id"], "rev": signed["rev"]}) or {}
    assert (version["by_name"], version["behalf_name"], version["behalf"]) == ("Deputy", "Checker", cast.checker.id)
    [entry] = db[audit.ENTRIES].find({"action": "approve"})
    told = {"signature": True, "for": "Checker", "for_id": str(cast.checker.id)}
    assert (entry["actor_name"], entry["detail"]) == ("Deputy", told)
    assert not reads(deputy, signed)  # it waits no longer


def test_it_begins_and_ends_by_itself_and_at_once_when_it_is_taken_back(cast: Cast, now: datetime) -> None:
    record = waiting(cast, now)
    begins = local(now).date() + timedelta(days=1)
    named = name(cast.checker, cast.checker, cast.deputy, now, begins=begins, ends=begins)
    midnight = datetime.combine(begins, datetime.min.time(), local(now).tzinfo)
    moments = [midnight - timedelta(seconds=1), midnight, midnight + timedelta(hours=24, seconds=-1)]
    assert [reads(acting(cast.deputy, at), record) for at in moments] == [False, True, True]
    assert not reads(acting(cast.deputy, midnight + timedelta(days=1)), record)
    deputies.end(cast.deputy, named.id, midnight)
    assert not reads(acting(cast.deputy, midnight), record)
    with pytest.raises(NotFound):
        deputies.end(cast.checker, named.id, midnight)


def test_only_signatures_and_nothing_else_of_the_person_s(cast: Cast, now: datetime) -> None:
    record = waiting(cast, now)
    name(cast.owner, cast.owner, cast.deputy, now)
    name(cast.checker, cast.checker, cast.deputy, now)
    deputy = acting(cast.deputy, now)
    for act in ("send_back", "submit"):
        with pytest.raises((Forbidden, records.NotNow)):
            sign(deputy, record, now, act)
    with pytest.raises(Forbidden):
        records.change(deputy, "sample", record["number"], {"name": "x"}, rev=record["rev"], now=now)
    for purpose in (Purpose.EXPORT, Purpose.PRINT):
        with pytest.raises(NotFound):
            records.see(deputy, "sample", record["number"], purpose, now)
    owned = records.create(cast.owner, "sample", {"name": "Draft", "level": "secret"}, now=now)
    assert not reads(deputy, owned)  # it waits for its owner, but for no signature


def test_nothing_top_secret_opens_to_a_deputy(cast: Cast, now: datetime) -> None:
    """Nor to whom a turn names of whom no role is asked (ADR 23)."""
    below = store.fetch("sample", waiting(cast, now, level="confidential")["_id"])
    record = waiting(cast, now, level="top_secret")
    name(cast.checker, cast.checker, cast.deputy, now)
    deputy = acting(cast.deputy, now)
    for one, opened in ((below, True), (store.fetch("sample", record["_id"]), False)):
        assert any(f"|{Relation.SIGNING.value}|" in fact for fact in one["acl"]) is opened
    assert reads(deputy, below)
    assert not reads(cast.checker, record)
    assert not reads(deputy, record)
    with pytest.raises(NotFound):
        sign(deputy, record, now)


def test_nobody_signs_their_own_request_as_somebody_s_deputy_nor_their_deputy_for_them(
    cast: Cast, now: datetime
) -> None:
    record = waiting(cast, now)
    owner = person(Role.SUPERVISOR, Role.SPECIALIST, name="Owner too")
    own = records.create(owner, "sample", {"name": "Lamp"}, now=now)
    own = records.move(owner, "sample", own["number"], "submit", {"checker": str(cast.checker.id)}, rev=1, now=now)
    name(cast.checker, cast.checker, owner, now)
    with pytest.raises((NotYourOwn, Forbidden)):
        sign(acting(owner, now), own, now)
    assert sign(acting(owner, now), record, now)["state"] == "approved"
    mine = records.create(owner, "sample", {"name": "Mine"}, now=now)
    mine = records.move(owner, "sample", mine["number"], "submit", {"checker": str(owner.id)}, rev=1, now=now)
    name(owner, owner, cast.deputy, now)
    with pytest.raises((NotFound, Forbidden, records.Locked)):
        sign(acting(cast.deputy, now), mine, now)


def test_one_person_gives_no_two_signatures_through_a_deputy(cast: Cast, now: datetime, db: Base) -> None:
    """Manager and head are two: neither the same deputy for both, nor the deputy of who signed already."""
    manager = person(Role.SALES_MANAGER, name="Manager", department="sales")
    asker = person(Role.SPECIALIST, name="Asker", manager=manager.id)
    common = {"uses": ["view"], "reason": "x", "type_asked": "sample", "department": "service", "state": "asked"}
    until = local(now).date() + timedelta(days=2)
    values = {**common, "valid_until": until, "manager": manager.id, "owner": asker.id, "number_asked": "YP-1"}
    name(manager, manager, cast.deputy, now)
    name(cast.head, cast.head, cast.deputy, now)
    deputy = acting(cast.deputy, now)
    first = store.create("access_request", values, actor=asker, now=now)
    signed = records.move(deputy, "access_request", first["number"], "sign", {}, rev=1, now=now, fresh=True)
    with pytest.raises(SignedAlready):
        records.move(deputy, "access_request", first["number"], "refuse", {}, rev=2, now=now, note="x", fresh=True)
    assert signed["state"] == "signed"
    both = person(Role.HEAD, name="Both")
    second = store.create("access_request", {**values, "manager": both.id}, actor=asker, now=now)
    name(both, both, cast.deputy, now)
    records.move(both, "access_request", second["number"], "sign", {}, rev=1, now=now, fresh=True)
    assert [one.principal.name for one in acting(cast.deputy, now).stands_in] == ["Manager", "Head", "Both"]
    deputies.end(cast.head, deputies.of_person(cast.head.id)[0].id, now)  # type: ignore[arg-type]
    with pytest.raises(SignedAlready):
        records.move(
            acting(cast.deputy, now),
            "access_request",
            second["number"],
            "refuse",
            {},
            rev=2,
            now=now,
            note="x",
            fresh=True,
        )


def test_an_unclassified_request_opens_to_the_deputy_of_its_department_s_head_only(cast: Cast, now: datetime) -> None:
    elsewhere = person(Role.HEAD, name="Elsewhere", department="finance")
    other = person(Role.FINANCE_REVIEWER, name="Other", department="finance")
    name(cast.head, cast.head, cast.deputy, now)
    name(elsewhere, elsewhere, other, now)
    values = {"uses": ["view"], "reason": "x", "department": "service", "state": "signed", "number_asked": "YP-1"}
    request = store.create("access_request", values, actor=person(Role.SPECIALIST), now=now)
    assert reads(acting(cast.deputy, now), request, "access_request")
    assert not reads(acting(other, now), request, "access_request")


def test_it_may_be_for_some_types_and_roles_only(cast: Cast, now: datetime) -> None:
    record = waiting(cast, now)
    name(cast.checker, cast.checker, cast.deputy, now, types=["contract"])
    assert not reads(acting(cast.deputy, now), record)
    finance = person(Role.FINANCE_REVIEWER, Role.LEGAL_REVIEWER, name="Finance", department="finance")
    name(finance, finance, cast.deputy, now, roles=[Role.LEGAL_REVIEWER])
    assert not reads(acting(cast.deputy, now), record)
    name(finance, finance, cast.deputy, now, roles=[Role.FINANCE_REVIEWER], types=["sample"])
    assert sign(acting(cast.deputy, now), record, now)["state"] == "approved"


def test_who_left_or_lost_the_role_hands_nothing_on(cast: Cast, db: Base, now: datetime) -> None:
    record = waiting(cast, now)
    finance = person(Role.FINANCE_REVIEWER, name="Finance", department="finance")
    name(finance, finance, cast.deputy, now)
    assert reads(acting(cast.deputy, now), record)
    db["user"].update_one({"_id": finance.id}, {"$set": {"roles": []}})
    assert not reads(acting(cast.deputy, now), record)
    db["user"].update_one({"_id": finance.id}, {"$set": {"roles": ["finance_reviewer"], "active": False}})
    assert acting(cast.deputy, now).stands_in == ()


# --- naming


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("begins", {"begins": None}),
        ("begins", {"begins": date(2026, 11, 22)}),
        ("ends", {"ends": None}),
        ("ends", {"ends": date(2026, 11, 22)}),
        ("ends", {"days": 93}),
        ("roles", {"roles": [Role.GENERAL_MANAGER]}),
    ],
)
def test_wrong_days_and_roles_are_refused_by_field(
    cast: Cast, now: datetime, field: str, wrong: dict[str, Any], db: Base
) -> None:
    with pytest.raises(Invalid) as refused:
        name(cast.checker, cast.checker, cast.deputy, now, **wrong)
    assert list(refused.value.problems) == [field]
    assert db[deputies.DEPUTIES].count_documents({}) == 0


@pytest.mark.parametrize("roles", [(), (Role.SPECIALIST,), (Role.AUDITOR,), (Role.ADMINISTRATOR,)])
def test_who_signs_nothing_themselves_is_no_deputy(cast: Cast, now: datetime, roles: tuple[Role, ...]) -> None:
    for wrong in (person(*roles), cast.checker, None):
        with pytest.raises(Invalid):
            name(cast.checker, cast.checker, wrong, now)


def test_only_the_person_or_an_administrator_names_who_needs_a_second(cast: Cast, now: datetime, db: Base) -> None:
    record = waiting(cast, now)
    for stranger in (cast.owner, cast.deputy, cast.head):
        with pytest.raises(Forbidden):
            name(stranger, cast.checker, cast.deputy, now)
    proposed = name(cast.admin, cast.checker, cast.deputy, now)  # a supervisor's signature
    assert proposed.standing(now) == "proposed"
    assert not reads(acting(cast.deputy, now), record)
    for wrong in (cast.admin, cast.deputy, cast.owner):
        with pytest.raises((ConfirmedByAnother, Forbidden)):
            deputies.confirm(wrong, proposed.id, now)
    assert [one.id for one in deputies.waiting(now)] == [proposed.id]
    deputies.confirm(cast.head, proposed.id, now)
    assert reads(acting(cast.deputy, now), record)
    with pytest.raises(NotFound):
        deputies.confirm(cast.head, proposed.id, now)
    entries = list(db[audit.ENTRIES].find({"type": "person"}).sort("_id", 1))
    assert [entry["action"] for entry in entries] == ["deputy_proposed", "deputy_named"]
    told = audit_details.told(entries[0], "en")
    assert f"deputy: {cast.deputy.name}" in told
    assert str(cast.deputy.id) not in told
    for handed in (Role.FINANCE_REVIEWER, Role.SALES_MANAGER, Role.CUSTODIAN, Role.SPECIALIST):
        assert name(cast.admin, person(handed), cast.deputy, now).standing(now) == "proposed", handed


def test_a_person_without_deputies_costs_no_question(cast: Cast, now: datetime) -> None:
    assert acting(cast.deputy, now) is cast.deputy
    assert people.person_of(people.get(cast.deputy.id)).stands_in == ()  # type: ignore[arg-type]
    assert SYSTEM.stands_in == ()
