"""From the survey to the decision that changes the customer's terms together, or not at all (C1, C2, C4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from bson import ObjectId
from pymongo.database import Database

from models import audit, history, records, registry, store
from models.access import Purpose
from models.credit_report import service
from models.credit_report.default_scorecard import DEFAULT_SCORECARD
from models.customer import service as customer_service
from models.customer.document import CUSTOMER
from models.errors import Forbidden, Invalid, NotFound
from models.person.roles import SYSTEM, Person, Role
from models.records import NeedsFreshSignIn, NotNow, NotYourOwn
from models.registry import Draft, Hooks
from tests.factories.bulk_changes import carried_out
from tests.factories.credit_reports import credit_report
from tests.factories.customers import customer
from tests.factories.people import person

DB = Database[dict[str, Any]]
OPINION = {"finance_agrees": "yes", "finance_opinion": "回款正常，同意。"}


@dataclass
class Cast:
    """The people of a credit decision."""

    writer: Person
    finance: Person
    decider: Person
    head: Person


@pytest.fixture
def cast(db: DB) -> Cast:
    return Cast(
        writer=person(Role.SPECIALIST, name="Writer"),
        finance=person(Role.FINANCE_REVIEWER, name="Finance", department="finance"),
        decider=person(Role.CREDIT_GROUP, name="Decider", department="board"),
        head=person(Role.HEAD, name="Head"),
    )


def step(who: Person, report: dict[str, Any], name: str, now: datetime, note: str = "", **raw: Any) -> Any:
    current = store.fetch("credit_report", report["_id"])
    return records.move(
        who, "credit_report", report["number"], name, raw, rev=current["rev"], now=now, note=note, fresh=True
    )


def rated(cast: Cast, now: datetime, **raw: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """A customer and a report on it that waits for the credit group."""
    file = customer(cast.writer, now)
    report = credit_report(cast.writer, file["_id"], now, **raw)
    step(cast.writer, report, "submit", now)
    return file, step(cast.finance, report, "rate", now, **OPINION)


def terms(record_id: ObjectId) -> tuple[Any, ...]:
    file = store.fetch("customer", record_id)
    return file["grade"], file["credit_limit"], file["credit_term"], file["next_report_due"]


def test_the_score_proposes_a_grade(cast: Cast, now: datetime) -> None:
    file = customer(cast.writer, now)
    report = credit_report(cast.writer, file["_id"], now)
    assert (report["number"], report["score"], report["proposed_grade"]) == ("XY-2026-000001", Decimal(100), "A")
    assert report["customer_name"] == file["name"]
    late = records.change(
        cast.writer, "credit_report", report["number"], {"longest_overdue_days": "95"}, rev=1, now=now
    )
    assert late["proposed_grade"] == "D"


def test_approval_changes_grade_limit_term_and_next_report_together(cast: Cast, now: datetime, db: DB) -> None:
    file, report = rated(cast, now)
    assert terms(file["_id"]) == (None, None, None, None)

    decided = step(cast.decider, report, "approve", now)

    assert decided["state"] == "approved"
    assert decided["decided_by"] == cast.decider.id
    assert terms(file["_id"]) == ("A", Decimal("300000.00"), 30, date(2027, 5, 23))
    version = history.history("customer", file["_id"])[0]
    assert (version["action"], version["note"], version["by"]) == (
        "credit_decision",
        report["number"],
        cast.decider.id,
    )
    assert {c["field"].name for c in version["changes"]} >= {"grade", "credit_limit", "credit_term"}
    actions = {(row["type"], row["action"]) for row in db[audit.ENTRIES].find()}
    assert {("credit_report", "approve"), ("customer", "credit_decision")} <= actions


def test_when_the_customer_cannot_be_changed_the_report_stays_undecided(cast: Cast, now: datetime, db: DB) -> None:
    file, report = rated(cast, now)
    before = db[audit.ENTRIES].count_documents({})

    def refuse(draft: Draft) -> None:
        if draft.action == "credit_decision":
            draft.problem("name", "不行", "No")

    registry.register(CUSTOMER, Hooks(prepare=(*customer_service.HOOKS.prepare, refuse)))
    with pytest.raises(Invalid):
        step(cast.decider, report, "approve", now)

    assert store.fetch("credit_report", report["_id"])["state"] == "rated"
    assert terms(file["_id"]) == (None, None, None, None)
    assert history.history("credit_report", report["_id"])[0]["action"] == "rate"
    assert db[audit.ENTRIES].count_documents({"action": {"$ne": "confidential"}}) == before


def test_a_refused_report_leaves_the_customer_as_it_was(cast: Cast, now: datetime) -> None:
    file, report = rated(cast, now)
    with pytest.raises(Invalid) as refused:
        step(cast.decider, report, "refuse", now)
    assert set(refused.value.problems) == {"note"}
    assert step(cast.decider, report, "refuse", now, note="担保不足")["state"] == "refused"
    assert terms(file["_id"]) == (None, None, None, None)


@pytest.mark.parametrize(
    ("raw", "field", "words"),
    [
        ({"limit": "300000.01"}, "limit", "at most the sales within the payment period (30 days), CNY 300,000"),
        ({"term_days": "91", "sales_year": "36500000"}, "term_days", "longest term of grade A is 90 days"),
        ({"grade": "B", "limit": "50001"}, "limit", "starts with CNY 50,000 at most"),
        ({"grade": "C", "limit": "1", "term_days": "0"}, "limit", "pays cash on delivery"),
        ({"grade": "D", "limit": "1", "term_days": "0"}, "limit", "no credit"),
    ],
)
def test_what_breaks_its_grade_is_refused_in_words_at_the_field(
    cast: Cast, now: datetime, raw: dict[str, Any], field: str, words: str
) -> None:
    file = customer(cast.writer, now)
    with pytest.raises(Invalid) as refused:
        credit_report(cast.writer, file["_id"], now, **{"grade": "A", **raw})
    assert set(refused.value.problems) == {field}
    assert words in refused.value.problems[field].en
    assert refused.value.problems[field].zh


def test_differing_from_the_score_needs_a_reason(cast: Cast, now: datetime) -> None:
    file = customer(cast.writer, now)
    report = credit_report(cast.writer, file["_id"], now, grade="B", limit="50000")
    with pytest.raises(Invalid) as refused:
        step(cast.writer, report, "submit", now)
    assert set(refused.value.problems) == {"grade_reason"}
    records.change(cast.writer, "credit_report", report["number"], {"grade_reason": "往来产品单一"}, rev=1, now=now)
    assert step(cast.writer, report, "submit", now)["grade"] == "B"


def test_a_thin_report_is_not_submitted(cast: Cast, now: datetime) -> None:
    file = customer(cast.writer, now)
    report = credit_report(
        cast.writer, file["_id"], now, channels=["bank", "visit"], facts="", limit="", bank_findings=""
    )
    with pytest.raises(Invalid) as refused:
        step(cast.writer, report, "submit", now)
    assert set(refused.value.problems) == {"facts", "limit", "bank_findings", "visit_findings"}


def test_nobody_rates_or_decides_their_own_report(cast: Cast, now: datetime) -> None:
    every = person(Role.SPECIALIST, Role.FINANCE_REVIEWER, Role.CREDIT_GROUP, name="Every")
    file = customer(cast.writer, now)
    report = credit_report(every, file["_id"], now)
    step(every, report, "submit", now)
    with pytest.raises(NotYourOwn):
        step(every, report, "rate", now, **OPINION)
    step(cast.finance, report, "rate", now, **OPINION)
    for name in ("approve", "refuse"):
        with pytest.raises(NotYourOwn):
            step(every, report, name, now, note="x")


def test_who_gave_finances_opinion_does_not_decide(cast: Cast, now: datetime) -> None:
    both = person(Role.FINANCE_REVIEWER, Role.CREDIT_GROUP, name="Both", department="finance")
    file = customer(cast.writer, now)
    report = credit_report(cast.writer, file["_id"], now)
    step(cast.writer, report, "submit", now)
    step(both, report, "rate", now, **OPINION)
    with pytest.raises(NotYourOwn):
        step(both, report, "approve", now)


def test_no_decision_before_finances_opinion(cast: Cast, now: datetime) -> None:
    file = customer(cast.writer, now)
    report = credit_report(cast.writer, file["_id"], now)
    step(cast.writer, report, "submit", now)
    with pytest.raises(NotFound):  # it does not wait for the credit group yet, so they do not see it
        step(cast.decider, report, "approve", now)
    insider = person(Role.CREDIT_GROUP, name="Insider")
    with pytest.raises(NotNow):
        step(insider, report, "approve", now)


def test_approval_needs_a_fresh_sign_in(cast: Cast, now: datetime) -> None:
    _, report = rated(cast, now)
    with pytest.raises(NeedsFreshSignIn):
        records.move(cast.decider, "credit_report", report["number"], "approve", {}, rev=report["rev"], now=now)


def test_a_submitted_report_is_not_edited_until_it_comes_back(cast: Cast, now: datetime) -> None:
    _, report = rated(cast, now)
    with pytest.raises(Forbidden):
        records.change(cast.writer, "credit_report", report["number"], {"limit": "1"}, rev=report["rev"], now=now)
    back = step(cast.decider, report, "send_back", now, note="补充走访")
    changed = records.change(cast.writer, "credit_report", report["number"], {"limit": "1"}, rev=back["rev"], now=now)
    assert changed["limit"] == Decimal("1.00")
    again = step(cast.writer, changed, "submit", now)
    assert (again["rated_by"], again["finance_opinion"]) == (None, None)


def test_terms_are_checked_again_when_the_customer_changed_meanwhile(cast: Cast, now: datetime) -> None:
    grade_b = {"grade": "B", "grade_reason": "新客户", "limit": "50000"}
    file, report = rated(cast, now, **grade_b)
    store.change(
        "customer",
        file["_id"],
        {"grade": "B", "credit_limit": Decimal(60000)},
        actor=cast.head,
        now=now,
        action="credit_decision",
    )
    assert step(cast.decider, report, "approve", now)["state"] == "approved"
    second = credit_report(cast.writer, file["_id"], now, **grade_b | {"limit": "60000", "good_record": "yes"})
    assert second["present_limit"] == Decimal("50000.00")
    step(cast.writer, second, "submit", now)
    step(cast.finance, second, "rate", now, **OPINION)
    store.change("customer", file["_id"], {"credit_limit": Decimal(40000)}, actor=cast.head, now=now, action="x")
    with pytest.raises(Invalid) as refused:
        step(cast.decider, second, "approve", now)
    assert "limit" in refused.value.problems


@pytest.mark.parametrize("level", ["confidential", "top_secret"])
def test_a_draft_does_not_tell_of_a_file_that_was_closed_meanwhile(cast: Cast, now: datetime, level: str) -> None:
    """The draft is still its creator's to write; what is decided about the customer now is not theirs to read (X6)."""
    file = customer(cast.writer, now, grade="B", credit_limit=Decimal(50000))
    report = credit_report(cast.writer, file["_id"], now, grade="B", grade_reason="新客户", limit="50000")
    closed = {"owner": cast.head.id, "level": level, "credit_limit": Decimal(90000)}
    store.change("customer", file["_id"], closed, actor=cast.head, now=now)
    rev = store.fetch("credit_report", report["_id"])["rev"]
    changed = records.change(cast.writer, "credit_report", report["number"], {"facts": "按期。"}, rev=rev, now=now)
    assert (changed["present_limit"], changed["present_grade"]) == (Decimal("50000.00"), "B")
    sent = {"limit": "95000", "good_record": "yes"}
    with pytest.raises(Invalid) as refused:
        records.change(cast.writer, "credit_report", report["number"], sent, rev=changed["rev"], now=now)
    assert "90,000" not in refused.value.problems["limit"].en


def send_back(cast: Cast, report: dict[str, Any], now: datetime) -> None:
    step(person(Role.HEAD, Role.CREDIT_GROUP, name="Both"), report, "send_back", now, note="补充走访")


def put_away(cast: Cast, report: dict[str, Any], now: datetime) -> None:
    rev = store.fetch("credit_report", report["_id"])["rev"]
    records.set_archived(cast.head, "credit_report", report["number"], True, rev=rev, now=now, note="重复")


def declassify(cast: Cast, report: dict[str, Any], now: datetime) -> None:
    values = {"level_basis": None}
    store.change("credit_report", report["_id"], values, actor=SYSTEM, now=now, action="declassify")


def correct(cast: Cast, report: dict[str, Any], now: datetime) -> None:
    rev = store.fetch("credit_report", report["_id"])["rev"]
    records.change(cast.head, "credit_report", report["number"], {"facts": "按期。"}, rev=rev, now=now)


def correct_many(cast: Cast, report: dict[str, Any], now: datetime) -> None:
    carried_out(cast.head, "change", {"surveyed": "2026-11-20"}, now=now, slug="credit_report")


@pytest.mark.parametrize("written", [send_back, put_away, declassify, correct, correct_many])
def test_nor_does_it_when_somebody_writes_in_it_who_reads_the_file(
    cast: Cast, now: datetime, written: Callable[[Cast, dict[str, Any], datetime], None]
) -> None:
    """The draft stays its creator's to read, whoever sends it back or corrects it (X6)."""
    file = customer(cast.writer, now, grade="B", credit_limit=Decimal(50000))
    report = credit_report(cast.writer, file["_id"], now, grade="B", grade_reason="新客户", limit="50000")
    if written is send_back:
        step(cast.writer, report, "submit", now)
        step(cast.finance, report, "rate", now, **OPINION)
    closed = {"owner": cast.head.id, "level": "confidential", "grade": "C", "credit_limit": Decimal(90000)}
    store.change("customer", file["_id"], closed, actor=cast.head, now=now)
    written(cast, report, now)
    kept = store.fetch("credit_report", report["_id"])
    assert kept["rev"] > 1
    assert (kept["present_grade"], kept["present_limit"]) == ("B", Decimal("50000.00"))


def test_a_draft_that_its_head_corrects_takes_the_terms_that_its_writer_reads(cast: Cast, now: datetime) -> None:
    file = customer(cast.head, now, grade="B", credit_limit=Decimal(50000))
    report = credit_report(cast.writer, file["_id"], now, grade="B", grade_reason="新客户", limit="50000")
    store.change("customer", file["_id"], {"credit_limit": Decimal(90000)}, actor=cast.head, now=now)
    correct(cast, report, now)
    assert store.fetch("credit_report", report["_id"])["present_limit"] == Decimal("90000.00")


def test_a_report_is_never_less_secret_than_its_customer(cast: Cast, now: datetime) -> None:
    file = customer(cast.writer, now, level="confidential")
    report = credit_report(cast.writer, file["_id"], now)
    assert (report["level"], report["department"], report["owner"]) == ("confidential", "service", cast.writer.id)
    with pytest.raises(Invalid) as refused:
        records.change(cast.head, "credit_report", report["number"], {"level": "internal"}, rev=1, now=now)
    assert set(refused.value.problems) == {"level"}


def test_raising_the_customer_raises_its_reports_and_a_new_owner_gets_them(cast: Cast, now: datetime) -> None:
    file = customer(cast.writer, now)
    report = credit_report(cast.writer, file["_id"], now)
    successor = person(Role.SPECIALIST, name="Successor")
    records.change(cast.head, "customer", file["number"], {"level": "secret", "owner": successor.id}, rev=1, now=now)
    stored = store.fetch("credit_report", report["_id"])
    assert (stored["level"], stored["owner"]) == ("secret", successor.id)


def test_a_locked_customer_is_not_written_about_by_who_sees_only_its_card(cast: Cast, now: datetime) -> None:
    file = customer(cast.writer, now, level="secret")
    stranger = person(Role.SPECIALIST, name="Stranger")
    with pytest.raises(Invalid) as refused:
        credit_report(stranger, file["_id"], now)
    assert set(refused.value.problems) == {"customer"}
    assert file["name"] not in str(refused.value.problems)


def test_a_top_secret_report_names_its_reviewers_and_only_they_see_it(cast: Cast, now: datetime) -> None:
    file = customer(cast.writer, now, level="top_secret")
    report = credit_report(cast.writer, file["_id"], now)
    with pytest.raises(Invalid) as refused:
        step(cast.writer, report, "submit", now)
    assert set(refused.value.problems) == {"finance_person", "decider"}
    step(cast.writer, report, "submit", now, finance_person=cast.finance.id, decider=cast.decider.id)
    other = person(Role.FINANCE_REVIEWER, name="Other", department="finance")
    with pytest.raises(NotFound):
        records.read(other, "credit_report", report["number"], Purpose.VIEW, now)
    step(cast.finance, report, "rate", now, **OPINION)
    assert step(cast.decider, report, "approve", now)["state"] == "approved"


def test_a_salesperson_writes_about_their_own_customer_only(cast: Cast, now: datetime) -> None:
    seller = person(Role.SALES, name="Seller", department="sales")
    own, foreign = customer(cast.writer, now, salesperson=seller.id), customer(cast.writer, now, name="乙公司")
    report = credit_report(seller, own["_id"], now)
    assert report["owner"] == cast.writer.id
    changed = records.change(seller, "credit_report", report["number"], {"facts": "两次走访。"}, rev=1, now=now)
    assert changed["facts"] == "两次走访。"
    with pytest.raises(Invalid) as refused:
        credit_report(seller, foreign["_id"], now)
    assert set(refused.value.problems) == {"customer"}


def test_only_an_administrator_replaces_the_scorecard(cast: Cast, now: datetime) -> None:
    strict = {**DEFAULT_SCORECARD, "grades": {"A": 100, "B": 99, "C": 98}}
    with pytest.raises(Forbidden):
        service.replace_scorecard(cast.head, strict, now)
    service.replace_scorecard(person(Role.ADMINISTRATOR), strict, now)
    assert service.scorecard().grades[0][1] == Decimal(100)
