"""The counterparty check and the two opinions (K1, K2)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from pymongo.database import Database

from models import access, climbing, records, store, work
from models.access import Purpose
from models.channel_choice import sending
from models.contract.document import CONTRACT
from models.errors import Forbidden, Invalid, NotFound, StaleRecord
from models.office import office_calendar
from models.outbox.document import EMAILS, Message
from models.person.roles import SYSTEM, Role
from models.records import NeedsFreshSignIn, NotNow, NotYourOwn
from tests.factories.contracts import contract
from tests.factories.customers import customer
from tests.factories.people import person
from tests.integration.contract.conftest import AGREES, Cast, Step


@pytest.mark.parametrize(
    ("order", "between"), [(("finance", "legal"), "with_legal"), (("legal", "finance"), "with_finance")]
)
def test_both_opinions_in_either_order_approve(
    cast: Cast, step: Step, submitted: dict[str, Any], order: tuple[str, str], between: str
) -> None:
    people = {"finance": cast.finance, "legal": cast.legal}
    first = step(people[order[0]], submitted, f"{order[0]}_review", **AGREES[order[0]])
    assert first["state"] == between
    second = step(people[order[1]], submitted, f"{order[1]}_review", **AGREES[order[1]])
    assert second["state"] == "approved"
    assert (second["finance_by"], second["legal_by"]) == (cast.finance.id, cast.legal.id)
    assert second["finance_at"] == second["legal_at"]


def test_one_objection_with_its_reason_returns_the_contract(cast: Cast, step: Step, submitted: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as refused:
        step(cast.legal, submitted, "legal_review", legal_agrees="no")
    assert set(refused.value.problems) == {"legal_opinion"}
    back = step(cast.legal, submitted, "legal_review", legal_agrees="no", legal_opinion="违约条款不清")
    assert back["state"] == "returned"
    with pytest.raises(NotFound):  # it waits for finance no longer
        step(cast.finance, submitted, "finance_review", **AGREES["finance"])
    again = step(cast.writer, submitted, "submit")
    assert (again["state"], again["legal_by"], again["legal_opinion"]) == ("in_review", None, None)


def test_an_opinion_is_given_once(cast: Cast, step: Step, submitted: dict[str, Any]) -> None:
    step(cast.finance, submitted, "finance_review", **AGREES["finance"])
    insider = person(Role.FINANCE_REVIEWER, name="Insider")
    with pytest.raises(NotNow):
        step(insider, submitted, "finance_review", **AGREES["finance"])


def test_one_person_does_not_give_both_opinions(cast: Cast, step: Step, submitted: dict[str, Any]) -> None:
    both = person(Role.FINANCE_REVIEWER, Role.LEGAL_REVIEWER, name="Both", department="finance")
    step(both, submitted, "finance_review", **AGREES["finance"])
    with pytest.raises(NotYourOwn):
        step(both, submitted, "legal_review", **AGREES["legal"])


@pytest.mark.parametrize("side", ["finance", "legal"])
def test_nobody_reviews_their_own_contract(cast: Cast, step: Step, now: datetime, side: str) -> None:
    every = person(Role.SPECIALIST, Role.FINANCE_REVIEWER, Role.LEGAL_REVIEWER, name="Every")
    made = contract(every, customer(every, now)["_id"], now)
    step(every, made, "submit")
    with pytest.raises(NotYourOwn):
        step(every, made, f"{side}_review", **AGREES[side])


def test_whoever_handed_it_in_does_not_review_it(cast: Cast, step: Step, now: datetime) -> None:
    deputy = person(Role.SPECIALIST, Role.LEGAL_REVIEWER, name="Deputy")
    made = contract(cast.writer, customer(cast.writer, now)["_id"], now)
    store.change("contract", made["_id"], {"owner": deputy.id}, actor=cast.head, now=now)
    step(deputy, made, "submit")
    store.change("contract", made["_id"], {"owner": cast.writer.id}, actor=cast.head, now=now)
    with pytest.raises(NotYourOwn):
        step(deputy, made, "legal_review", **AGREES["legal"])


def test_of_two_opinions_at_once_none_is_lost(cast: Cast, step: Step, now: datetime, submitted: dict[str, Any]) -> None:
    rev = submitted["rev"]
    step(cast.finance, submitted, "finance_review", **AGREES["finance"])
    with pytest.raises(StaleRecord):
        records.move(
            cast.legal, "contract", submitted["number"], "legal_review", AGREES["legal"], rev=rev, now=now, fresh=True
        )
    assert step(cast.legal, submitted, "legal_review", **AGREES["legal"])["state"] == "approved"


def test_an_opinion_needs_a_fresh_sign_in(cast: Cast, now: datetime, submitted: dict[str, Any]) -> None:
    with pytest.raises(NeedsFreshSignIn):
        records.move(
            cast.legal, "contract", submitted["number"], "legal_review", AGREES["legal"], rev=submitted["rev"], now=now
        )


def test_each_opinion_is_due_within_one_working_day(submitted: dict[str, Any]) -> None:
    assert submitted["due_at"].isoformat() == "2026-11-24T10:00:00+00:00"
    assert set(submitted["acl"]) >= {"internal|task|finance_reviewer", "internal|task|legal_reviewer"}


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        ({"licence_no": ""}, "licence_no"),
        ({"licence_until": ""}, "licence_until"),
        ({"licence_until": "2026-11-22"}, "licence_until"),
        ({"answerable": ""}, "answerable"),
        ({"payment": "credit", "term_days": "30"}, "payment"),
    ],
)
def test_an_unchecked_counterparty_or_a_broken_grade_is_refused_at_the_field(
    cast: Cast, step: Step, now: datetime, raw: dict[str, Any], field: str
) -> None:
    made = contract(cast.writer, customer(cast.writer, now)["_id"], now, **raw)
    with pytest.raises(Invalid) as refused:
        step(cast.writer, made, "submit")
    assert set(refused.value.problems) == {field}


def test_a_contract_does_not_promise_a_longer_term_than_granted(cast: Cast, step: Step, now: datetime) -> None:
    file = customer(cast.writer, now, grade="B", credit_term=30)
    made = contract(cast.writer, file["_id"], now, payment="credit", term_days="31")
    with pytest.raises(Invalid) as refused:
        step(cast.writer, made, "submit")
    assert "30 days" in refused.value.problems["term_days"].en
    records.change(cast.writer, "contract", made["number"], {"term_days": "30"}, rev=1, now=now)
    assert step(cast.writer, made, "submit")["state"] == "in_review"


@pytest.mark.parametrize("term_days", ["30", "31"])
@pytest.mark.parametrize("level", ["confidential", "top_secret"])
def test_the_terms_of_a_file_that_was_closed_meanwhile_are_not_to_be_tried_out(
    cast: Cast, step: Step, now: datetime, level: str, term_days: str
) -> None:
    """The draft is still its creator's to hand in; granted term and grade are not theirs to read any more (X6)."""
    file = customer(cast.writer, now, grade="B", credit_term=30)
    made = contract(cast.writer, file["_id"], now, payment="credit", term_days=term_days)
    store.change("customer", file["_id"], {"owner": cast.head.id, "level": level}, actor=cast.head, now=now)
    with pytest.raises(Invalid) as refused:
        step(cast.writer, made, "submit")
    assert refused.value.problems.keys() - {"finance_person", "legal_person"} == {"customer"}
    assert "30" not in refused.value.problems["customer"].en


def test_a_contract_under_review_is_not_edited(cast: Cast, now: datetime, submitted: dict[str, Any]) -> None:
    with pytest.raises(Forbidden):
        records.change(cast.writer, "contract", submitted["number"], {"amount": "1"}, rev=submitted["rev"], now=now)


def test_a_contract_takes_licence_level_and_name_from_the_customer(cast: Cast, now: datetime) -> None:
    file = customer(cast.writer, now, licence_no="L1234567", level="secret")
    made = contract(cast.writer, file["_id"], now, licence_no="")
    assert (made["number"], made["licence_no"], made["level"], made["customer_name"]) == (
        "HT-2026-000001",
        "L1234567",
        "secret",
        file["name"],
    )


def test_a_top_secret_contract_names_its_reviewers(cast: Cast, step: Step, now: datetime) -> None:
    file = customer(cast.writer, now, level="top_secret")
    made = contract(cast.writer, file["_id"], now)
    with pytest.raises(Invalid) as refused:
        step(cast.writer, made, "submit")
    assert set(refused.value.problems) == {"finance_person", "legal_person"}
    step(cast.writer, made, "submit", finance_person=cast.finance.id, legal_person=cast.legal.id)
    other = person(Role.LEGAL_REVIEWER, name="Other", department="legal")
    with pytest.raises(NotFound):
        step(other, made, "legal_review", **AGREES["legal"])
    assert step(cast.legal, made, "legal_review", **AGREES["legal"])["state"] == "with_finance"


def test_a_contract_ends_after_it_starts(cast: Cast, now: datetime) -> None:
    with pytest.raises(Invalid) as refused:
        contract(cast.writer, customer(cast.writer, now)["_id"], now, starts_on="2027-01-01", ends_on="2026-12-31")
    assert set(refused.value.problems) == {"ends_on"}


# --- a reviewer who is away (K2)


@pytest.fixture
def climbed(cast: Cast, submitted: dict[str, Any]) -> datetime:
    """The contract has waited for more than a working day: the general manager may decide. The time of that."""
    later: datetime = submitted["submitted_at"] + timedelta(days=2)
    assert climbing.climb(later, office_calendar()) == 1
    return later


def test_the_next_level_decides_after_a_phone_confirmation_and_the_absent_one_is_told(
    cast: Cast, step: Step, submitted: dict[str, Any], climbed: datetime, db: Any
) -> None:
    called = {"finance_phoned": str(cast.finance.id), "finance_phoned_at": "2026-11-24 09:30"}
    done = step(cast.manager, submitted, "finance_review", at=climbed, **AGREES["finance"], **called)
    assert done["state"] == "with_legal"
    assert (done["finance_by"], done["finance_phoned"]) == (cast.manager.id, cast.finance.id)
    [mail] = db[EMAILS].find({"to": f"{cast.finance.id}@example.test"})
    assert submitted["number"] in mail["subject"]
    assert "Manager" in mail["text"]
    assert submitted["name"] not in mail["subject"] + mail["text"]


def test_the_absent_one_is_told_of_a_confidential_contract_too_while_they_review(
    cast: Cast, step: Step, submitted: dict[str, Any], climbed: datetime, db: Any
) -> None:
    raised = {"level": "confidential", "level_basis": "Large"}
    store.change("contract", submitted["_id"], raised, actor=SYSTEM, now=climbed)
    called = {"finance_phoned": str(cast.finance.id), "finance_phoned_at": "2026-11-24 09:30"}
    step(cast.manager, submitted, "finance_review", at=climbed, **AGREES["finance"], **called)
    account = {"_id": cast.finance.id}
    db["user"].update_one(account, {"$set": {"roles": [Role.SALES.value]}})
    waits = db[EMAILS].find_one({"to": f"{cast.finance.id}@example.test"})
    found = sending.as_it_stands(Message.read(waits), climbed)
    assert found is None
    db["user"].update_one(account, {"$set": {"roles": [Role.FINANCE_REVIEWER.value]}})
    assert sending.as_it_stands(Message.read(waits), climbed) is not None


@pytest.mark.parametrize(
    ("missing", "value"),
    [
        ("finance_phoned", None),
        ("finance_phoned_at", None),
        ("finance_phoned_at", "2026-11-20 09:30"),
        ("finance_phoned_at", "2026-11-29 09:30"),
    ],
)
def test_without_a_phone_confirmation_the_next_level_does_not_decide(
    cast: Cast, step: Step, submitted: dict[str, Any], climbed: datetime, missing: str, value: str | None
) -> None:
    called = {"finance_phoned": str(cast.finance.id), "finance_phoned_at": "2026-11-24 09:30", missing: value}
    with pytest.raises(Invalid) as refused:
        step(cast.manager, submitted, "finance_review", at=climbed, **AGREES["finance"], **called)
    assert set(refused.value.problems) == {missing}


def test_a_reviewer_s_own_opinion_names_no_phone_call(
    cast: Cast, step: Step, submitted: dict[str, Any], db: Any
) -> None:
    called = {"finance_phoned": str(cast.finance.id), "finance_phoned_at": "2026-11-23 09:30"}
    done = step(cast.finance, submitted, "finance_review", **AGREES["finance"], **called)
    assert (done["finance_phoned"], done["finance_phoned_at"]) == (None, None)
    assert db[EMAILS].count_documents({}) == 0


@pytest.mark.parametrize("level", ["confidential", "top_secret"])
def test_whoever_was_asked_and_lost_the_role_neither_reads_nor_decides(
    cast: Cast, step: Step, now: datetime, db: Database[dict[str, Any]], level: str
) -> None:
    """The turn goes by the roles that people have now, and comes back with the role."""
    values = {"level": level, "level_basis": "往来", "finance_person": cast.finance.id, "legal_person": cast.legal.id}
    file = customer(cast.writer, now)
    made = contract(cast.writer, file["_id"], now, **values)
    record = step(cast.writer, made, "submit")
    for who, reads in ((cast.finance, True), (replace(cast.finance, roles=frozenset({Role.SALES})), False)):
        stored = store.fetch("contract", record["_id"])
        kept = db["record_contract"].find_one({"_id": record["_id"]})
        assert kept is not None
        assert work.is_turn_of(who, CONTRACT, kept) == reads
        assert [task.sight.number for task in work.desk(who, now, office_calendar())] == [made["number"]] * reads
        assert ("finance_review" in [move.name for move in records.moves(who, CONTRACT, stored)]) == reads
        assert bool(access.reach(who, CONTRACT, Purpose.VIEW).sees(stored["acl"])) == reads
    with pytest.raises(NotFound):
        step(replace(cast.finance, roles=frozenset({Role.SALES})), made, "finance_review", **AGREES["finance"])


def test_a_general_manager_who_was_a_reviewer_decides_as_the_next_level(
    cast: Cast, step: Step, now: datetime, db: Database[dict[str, Any]]
) -> None:
    """Who was asked by name, and is a reviewer no longer, confirms with one who is."""
    file = customer(cast.writer, now)
    made = contract(cast.writer, file["_id"], now, finance_person=cast.finance.id)
    later = step(cast.writer, made, "submit")["submitted_at"] + timedelta(days=2)
    assert climbing.climb(later, office_calendar()) == 1
    other = person(Role.FINANCE_REVIEWER, name="Other", department="finance")
    former = replace(cast.finance, roles=frozenset({Role.GENERAL_MANAGER}))
    db["user"].update_one({"_id": former.id}, {"$set": {"roles": [Role.GENERAL_MANAGER.value]}})
    with pytest.raises(Invalid) as refused:
        step(former, made, "finance_review", at=later, **AGREES["finance"])
    assert set(refused.value.problems) == {"finance_phoned", "finance_phoned_at"}
    called = {"finance_phoned": str(other.id), "finance_phoned_at": "2026-11-24 09:30"}
    assert step(former, made, "finance_review", at=later, **AGREES["finance"], **called)["finance_phoned"] == other.id
