"""The sheets of moves mark every field that the rules will want: always, or while another field says so."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from models import climbing, records, store
from models.errors import Invalid
from models.leak.document import DUTIES, LEAK, OUTCOMES
from models.move_sheet import sheet_fields
from models.office import office_calendar
from models.person.roles import Person, Role
from models.requirement import holds
from tests.factories.contracts import contract
from tests.factories.credit_reports import credit_report
from tests.factories.customers import customer
from tests.factories.desks import Desk

Sit = Callable[..., Desk]
LEAKED = {
    "subject": "Quotation seen at a competitor",
    "happened_on": "2026-11-18",
    "found_on": "2026-11-20",
    "way": "paper",
    "level_leaked": "confidential",
    "account": "A print of the quotation lay on the table.",
}


def starred(page: str) -> tuple[set[str], dict[str, str]]:
    """The fields of a sheet that bear the star, and those that get it from another one: with its name and values."""
    always, sometimes = set(), dict[str, str]()
    for name, label in labels(page):
        if 'class="required"' not in label:
            continue
        when = re.search(r'data-when="([a-z_]+)" data-when-values="([^"]*)"', label)
        if when:
            sometimes[name] = f"{when.group(1)}={when.group(2)}"
        else:
            always.add(name)
    return always, sometimes


def labels(page: str) -> list[tuple[str, str]]:
    """Each field of the form with its label."""
    found = re.findall(r'id="in-([a-z_]+)-field"[^>]*><(?:label|legend)[^>]*>(.*?)</(?:label|legend)>', page, re.DOTALL)
    return [(str(name), str(label)) for name, label in found]


def inquired(sit: Sit, now: datetime, language: str = "en") -> tuple[Desk, dict[str, Any]]:
    head, reporter = sit(Role.HEAD, name="Head", language=language), sit(Role.SPECIALIST)
    made = records.create(reporter.person, "leak", LEAKED, now=now)
    return head, records.move(head.person, "leak", made["number"], "take_up", {}, rev=1, now=now, fresh=True)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "en",
            "Required if “Outcome” is “Admonished” or “Disciplined” or “Dismissed” or “Handed to the authorities”.",
        ),
        ("zh", "“处理结果”为“批评教育”或“处分”或“解除劳动合同”或“移送司法机关”"),
    ],
)
def test_the_conclusion_of_a_leak_marks_what_an_outcome_needs(
    sit: Sit, now: datetime, language: str, said: str
) -> None:
    head, leak = inquired(sit, now, language)
    page = head.text(f"/records/leak/{leak['number']}/do/conclude")
    always, sometimes = starred(page)
    founded = "outcome=warning|penalty|dismissed|prosecuted"
    assert always == {"findings", "duty", "outcome"}
    assert sometimes == {
        "people_found": founded,
        "superior": "duty=supervision|leadership|direct",
        "remedy": founded,
    }
    assert page.count(said) == 2


@pytest.mark.parametrize("outcome", [one.value for one in OUTCOMES])
@pytest.mark.parametrize("duty", [one.value for one in DUTIES])
def test_the_conclusion_marks_what_the_rules_refuse_and_nothing_else(
    sit: Sit, now: datetime, outcome: str, duty: str
) -> None:
    head, leak = inquired(sit, now)
    given = {"findings": "The print was left in the car.", "duty": duty, "outcome": outcome}
    move = LEAK.workflow.transition("conclude") if LEAK.workflow else None
    assert move is not None
    shown = sheet_fields(head.person, LEAK, move, leak)
    marked = {f.name for f in shown if f.required_when and holds(LEAK, f.required_when, given)}
    refused = set[str]()
    try:
        records.move(head.person, "leak", leak["number"], "conclude", given, rev=leak["rev"], now=now, fresh=True)
    except Invalid as wrong:
        refused = set(wrong.problems)
    assert refused == (marked if outcome != "unfounded" else set())
    assert marked == refused or (outcome, marked) == ("unfounded", {"superior"})


def judged(owner: Person, now: datetime, founded: str, *steps: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    """A complaint after its judgement and some steps more."""
    raw = {"subject": "Broken", "channel": "phone", "facts": "It broke.", "complainant": "Ms Li"}
    made = records.create(owner, "complaint", raw, now=now)
    given = {"founded": founded, "severity": "high", "problem": "quality"}
    for name, values in (("judge", given), *steps):
        made = records.move(owner, "complaint", made["number"], name, values, rev=made["rev"], now=now)
    return made


@pytest.mark.parametrize(
    ("founded", "wanted", "first"),
    [("no", {"close_reason"}, "close_reason"), ("yes", {"cause", "satisfaction"}, "cause")],
)
def test_closing_a_complaint_marks_what_the_judgement_makes_necessary(
    sit: Sit, now: datetime, founded: str, wanted: set[str], first: str
) -> None:
    owner = sit(Role.SPECIALIST)
    steps = [("answer", {"answer": "Tomorrow."}), ("resolve", {"solution": "A new one"})] if founded == "yes" else []
    made = judged(owner.person, now, founded, *steps)
    at = f"/records/complaint/{made['number']}/do/close"
    assert starred(owner.text(at)) == (wanted, {})
    page = owner.send(at, 422, rev=str(made["rev"])).get_data(as_text=True)
    said = re.search(rf'id="in-{first}-help"><span class="field-error">', page)
    assert said is not None, "what is missing is said at its field"


@pytest.mark.parametrize(("others", "wanted"), [("", set[str]()), ("丙公司换了采购主管", {"others_filed"})])
def test_closing_a_report_marks_the_word_on_other_customers(
    sit: Sit, now: datetime, others: str, wanted: set[str]
) -> None:
    sales, custodian = sit(Role.SALES, department="sales"), sit(Role.CUSTODIAN)
    values = {"subject": "11 月", "month": "2026-11", "salesperson": sales.person.id, "owner": sales.person.id}
    made = store.create("change_report", {**values, "others": others or None}, actor=sales.person, now=now)
    made = store.change("change_report", made["_id"], {"state": "handed_in"}, actor=sales.person, now=now)
    at = f"/records/change_report/{made['number']}/do/close"
    assert starred(custodian.text(at)) == (wanted, {})
    if wanted:
        page = custodian.send(at, 422, rev="2").get_data(as_text=True)
        assert 'id="in-others_filed-help"><span class="field-error">' in page


def test_what_is_top_secret_names_its_reviewers_and_says_so(sit: Sit, now: datetime) -> None:
    owner = sit(Role.SPECIALIST)
    file = customer(owner.person, now, name="甲公司")["_id"]
    for slug, made, names in (
        ("contract", contract(owner.person, file, now), {"finance_person", "legal_person"}),
        ("credit_report", credit_report(owner.person, file, now), {"finance_person", "decider"}),
    ):
        at = f"/records/{slug}/{made['number']}/do/submit"
        assert starred(owner.text(at)) == (set(), {}), slug
        store.change(slug, made["_id"], {"level": "top_secret"}, actor=owner.person, now=now)
        assert starred(owner.text(at)) == (names, {}), slug


def test_an_opinion_in_a_reviewers_stead_marks_the_phone_confirmation(sit: Sit, now: datetime) -> None:
    owner, finance = sit(Role.SPECIALIST), sit(Role.FINANCE_REVIEWER, department="finance")
    manager = sit(Role.GENERAL_MANAGER, department="management")
    made = contract(owner.person, customer(owner.person, now, name="甲公司")["_id"], now)
    records.move(owner.person, "contract", made["number"], "submit", {}, rev=1, now=now)
    assert climbing.climb(now + timedelta(days=2), office_calendar()) == 1
    at = f"/records/contract/{made['number']}/do/finance_review"
    reason = {"finance_opinion": "finance_agrees=no"}
    assert starred(finance.text(at)) == ({"finance_agrees"}, reason)
    assert starred(manager.text(at)) == ({"finance_agrees", "finance_phoned", "finance_phoned_at"}, reason)
