"""Whom and what a field points to already may stay there, and in no other field: by a form, over the API, in bulk and
from a file (K2, C4). Whom a field names for a role signs only while they have it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from bson import ObjectId
from flask import Flask

from config.database import database
from models import records, store
from models.bulk_change import service as bulk
from models.declarations import Field, Label
from models.errors import Forbidden, Invalid
from models.person import service as people
from models.person.roles import Role
from models.record_input import read_input
from models.token import service as tokens
from tests.factories.contracts import contract
from tests.factories.credit_reports import credit_report
from tests.factories.customers import customer
from tests.factories.desks import Desk, seat
from tests.factories.imports import checked, reasons
from tests.factories.people import person
from tests.integration.web.records.conftest import Sit

NO_PERSON = "There is no such person"


@pytest.fixture
def writer(sit: Sit) -> Desk:
    return sit(Role.SPECIALIST, name="Writer")


@pytest.fixture
def mate(writer: Desk) -> ObjectId:
    """A colleague who reviews nothing."""
    made = person(Role.SPECIALIST, name="Mate").id
    assert made is not None
    return made


@pytest.fixture
def draft(writer: Desk, mate: ObjectId, now: datetime) -> dict[str, Any]:
    """A contract for whose counterparty the colleague answers."""
    return contract(writer.person, customer(writer.person, now)["_id"], now, answerable=mate)


@pytest.mark.parametrize("reviewer", ["finance_person", "legal_person"])
def test_a_form_names_no_reviewer_without_the_role(
    writer: Desk, mate: ObjectId, draft: dict[str, Any], reviewer: str
) -> None:
    at = f"/records/contract/{draft['number']}/edit"
    typed: dict[str, Any] = {"answerable": str(mate), reviewer: str(mate)}
    assert NO_PERSON in writer.send(at, 422, rev="1", **typed).get_data(as_text=True)
    assert store.fetch("contract", draft["_id"])[reviewer] is None


@pytest.mark.parametrize("reviewer", ["finance_person", "legal_person"])
def test_the_api_names_no_reviewer_without_the_role(
    demo_app: Flask, writer: Desk, mate: ObjectId, draft: dict[str, Any], reviewer: str, now: datetime
) -> None:
    assert writer.person.id is not None
    _token, secret = tokens.create(writer.person, people.get(writer.person.id), name="test", now=now)
    sent = {"rev": 1, "values": {"answerable": str(mate), reviewer: str(mate)}}
    headers = {"Authorization": f"Bearer {secret}"}
    answer = demo_app.test_client().patch(f"/api/v1/contract/{draft['number']}", json=sent, headers=headers)
    assert (answer.status_code, [one["field"] for one in answer.get_json()["errors"]]) == (422, [reviewer])


def test_who_reviews_a_credit_report_does_not_decide_it_without_the_role(sit: Sit, writer: Desk, now: datetime) -> None:
    finance = str(sit(Role.FINANCE_REVIEWER, department="finance").person.id)
    made = credit_report(writer.person, customer(writer.person, now)["_id"], now, finance_person=finance)
    both = {"finance_person": finance, "decider": finance}
    with pytest.raises(Invalid) as refused:
        records.change(writer.person, "credit_report", made["number"], both, rev=1, now=now)
    assert set(refused.value.problems) == {"decider"}


def test_a_record_of_another_type_is_not_taken_for_one_of_this(writer: Desk, now: datetime) -> None:
    file = customer(writer.person, now)
    visit = {"customer": file["_id"], "due_on": date(2026, 12, 1), "occasion": "festival"}
    made = store.create("revisit", {**visit, "owner": writer.person.id}, actor=writer.person, now=now)
    crossed = {"customer": str(file["_id"]), "complaint": str(file["_id"])}
    with pytest.raises(Invalid) as refused:
        records.change(writer.person, "revisit", made["number"], crossed, rev=made["rev"], now=now)
    assert set(refused.value.problems) == {"complaint"}


def test_many_at_once_and_a_file_name_no_reviewer_without_the_role(
    sit: Sit, mate: ObjectId, draft: dict[str, Any], now: datetime
) -> None:
    head = sit(Role.HEAD).person
    plan = bulk.start(head, "contract", "change", numbers=[draft["number"]], now=now)
    with pytest.raises(Invalid) as refused:
        bulk.check(head, plan.id, {"answerable": str(mate), "finance_person": str(mate)}, now=now)
    assert set(refused.value.problems) == {"finance_person"}
    email, file = f"{mate}@example.test", store.fetch("customer", draft["customer"])["number"]
    for said in (email, str(mate)):
        rows = f"合同名称,客户,相对方审查负责人,指定财务审查人\n供货,{file},{email},{said}\n"
        batch = checked(head, rows, now, slug="contract")
        assert batch.count("refused") == 1, batch.counts
        assert [reason for reason in reasons(batch) if "财务" in reason], reasons(batch)


def test_rows_keep_whom_their_column_holds_and_no_other_does(writer: Desk, mate: ObjectId) -> None:
    columns = tuple(
        Field(name=name, kind="person", label=Label(name, name), roles=roles)
        for name, roles in (("guide", ()), ("judge", (Role.LEGAL_REVIEWER,)))
    )
    rows = Field(name="steps", kind="embedded_list", label=Label("步骤", "Steps"), fields=columns)
    current = {"steps": [{"guide": mate, "judge": None}, {"guide": None, "judge": writer.person.id}]}
    moved = {"steps": [{"judge": str(writer.person.id)}, {"guide": str(mate)}]}
    read = read_input(writer.person, (rows,), moved, current=current)
    assert [row["judge"] for row in read["steps"]] == [writer.person.id, None]
    with pytest.raises(Invalid) as refused:
        read_input(writer.person, (rows,), {"steps": [{"guide": str(mate), "judge": str(mate)}]}, current=current)
    assert set(refused.value.problems) == {"steps.0.judge"}


def test_who_lost_the_role_signs_no_more_though_the_contract_names_them(
    demo_app: Flask, writer: Desk, draft: dict[str, Any], now: datetime
) -> None:
    finance = seat(demo_app, Role.FINANCE_REVIEWER, name="Finance", department="finance", now=now).person
    contract_ = records.move(
        writer.person, "contract", draft["number"], "submit", {"finance_person": str(finance.id)}, rev=1, now=now
    )
    review = ("contract", draft["number"], "finance_review", {"finance_agrees": "yes"})
    with pytest.raises(Forbidden):
        records.move(_without_roles(finance.id), *review, rev=contract_["rev"], now=now, fresh=True)
    assert records.move(finance, *review, rev=contract_["rev"], now=now, fresh=True)["finance_by"] == finance.id


def test_who_left_the_credit_group_decides_no_more_though_the_report_names_them(
    demo_app: Flask, writer: Desk, now: datetime
) -> None:
    finance = seat(demo_app, Role.FINANCE_REVIEWER, department="finance", now=now).person
    decider = seat(demo_app, Role.CREDIT_GROUP, department="finance", now=now).person
    made = credit_report(writer.person, customer(writer.person, now, grade="A")["_id"], now, decider=decider.id)

    def step(who: Any, name: str, **raw: Any) -> dict[str, Any]:
        rev = store.fetch("credit_report", made["_id"])["rev"]
        return records.move(who, "credit_report", made["number"], name, raw, rev=rev, now=now, fresh=True)

    step(writer.person, "submit")
    step(finance, "rate", finance_agrees="yes", finance_opinion="同意")
    with pytest.raises(Forbidden):
        step(_without_roles(decider.id), "approve")
    assert step(decider, "approve")["decided_by"] == decider.id


def _without_roles(person_id: ObjectId | None) -> Any:
    """Somebody as their next request knows them, after their roles were taken."""
    assert person_id is not None
    account = database()["user"].find_one({"_id": person_id})
    assert account is not None
    return people.person_of({**account, "roles": [Role.SPECIALIST.value], "department": "service"})
