"""Contracts at work: two opinions in any order, signing, custody, loans, and the deadline of each state (K1-K5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from config.policy import policy
from models import noted, store
from models.calendar import Deadline, WorkingCalendar, local
from models.contract import exposure, next_level, rules
from models.contract.document import CONTRACT, IN_REVIEW
from models.contract.rules import Opinion, Side
from models.contract.taking_out import check_asked, check_lent
from models.copied import taken
from models.credit_report.grades import Grade
from models.credit_report.rules import PAID_AT_ONCE, check_contract
from models.customer.children import VIA, customer_of, follow_customer, reads_customer
from models.declarations import Level, When
from models.errors import Refusal
from models.office import office_calendar
from models.person.roles import Role
from models.registry import Draft, Hooks, MoveSheet, Needs

SIGNED = "contract_signed"
"""The action by which a customer's file learns of a contract, whose number is its note."""
OPINION_PARTS = ("by", "at", "agrees", "opinion", "phoned", "phoned_at")
LOAN_PARTS = ("borrower", "loan_reason", "return_by", "lent_by", "lent_at")
TERM = ("ends_on", "renews", "notice_days")
NAMED = ("finance_person", "legal_person")
"""Whom a top-secret contract names (X3)."""
DUE_SOURCES = frozenset({"state", "submitted_at", "signed_on", "return_by", "deliveries", "payments", *TERM})

FIELD_OF = {
    "signed_in_future": "signed_on",
    "ends_before_signing": "ends_on",
    "ends_before_start": "ends_on",
    "licence_number_wanted": "licence_no",
    "licence_validity_wanted": "licence_until",
    "licence_expired": "licence_until",
    "check_answerable_wanted": "answerable",
    "contract_breaks_grade": "payment",
    "contract_term_too_long": "term_days",
    "objection_reason_wanted": "{side}_opinion",
    "return_date_wanted": "return_by",
    "return_date_past": "return_by",
    "loan_too_long": "return_by",
}
"""At which field a rule's refusal is shown; refusals that belong to no field are raised as they are."""


def _at_field(draft: Draft, check: Callable[[], Any], side: str = "") -> None:
    """Run a rule and show its refusal at the field that it is about."""
    try:
        check()
    except Refusal as refusal:
        if refusal.code not in FIELD_OF:
            raise
        draft.problem(FIELD_OF[refusal.code].format(side=side), refusal.text("zh"), refusal.text("en"))


def fill(draft: Draft) -> None:
    """Take what the customer's file knows of the counterparty, and refuse dates that make no sense."""
    values = draft.values
    if draft.before is None:
        customer = customer_of(draft)
        values |= {name: value for name, value in taken(draft.rt, VIA, customer).items() if values[name] is None}
    if draft.before is None or draft.touches(("signed_on", "starts_on", "ends_on")):
        _at_field(
            draft,
            lambda: rules.check_dates(
                signed_on=values["signed_on"],
                starts_on=values["starts_on"],
                ends_on=values["ends_on"],
                today=local(draft.now).date(),
            ),
        )


# --- Review by two


def review(draft: Draft) -> None:
    """Handing in for review, and each side's opinion; the state follows from both opinions, not from the order."""
    if draft.action == "submit":
        _hand_in_for_review(draft)
    elif draft.action in ("finance_review", "legal_review"):
        _give_opinion(draft, Side(draft.action.removesuffix("_review")))
    elif draft.action in ("withdraw", "revise"):
        _clear_opinions(draft.values)


def _hand_in_for_review(draft: Draft) -> None:
    values = draft.values
    _clear_opinions(values)
    values["submitted_by"], values["submitted_at"] = draft.actor.id, draft.now
    _at_field(
        draft,
        lambda: rules.check_counterparty(
            licence=values["licence_no"] or "",
            valid_until=values["licence_until"],
            no_end=bool(values["licence_no_end"]),
            answerable=values["answerable"],
            today=local(draft.now).date(),
        ),
    )
    _check_terms(draft)
    if values["level"] == Level.TOP_SECRET.value:
        for name in NAMED:
            if values[name] is None:
                draft.problem(name, "绝密合同须指定到人。", "A top-secret contract has to name the person.")


def _check_terms(draft: Draft) -> None:
    """A contract that breaks its customer's grade is refused (C1). To who does not read the file any more no answer is
    given: grade and granted term would be found by trying (X6)."""
    customer, values = customer_of(draft), draft.values
    if values["payment"] not in PAID_AT_ONCE and not reads_customer(draft.actor, customer):
        draft.problem(
            "customer",
            "您已无权查阅该客户的档案，无法核对信用条件，请由有权查阅的人员办理。",
            "You do not read this customer's file any more, so its credit terms cannot be checked for you: "
            "let somebody do this who reads it.",
        )
        return
    grade = Grade(customer["grade"]) if customer["grade"] else None
    granted, asked = customer["credit_term"] or 0, values["term_days"] or 0
    _at_field(draft, lambda: check_contract(grade, granted, values["payment"], asked))


def _clear_opinions(values: dict[str, Any]) -> None:
    for side in Side:
        values.update({f"{side}_{part}": None for part in OPINION_PARTS})


def opinions(values: Mapping[str, Any]) -> dict[Side, Opinion]:
    """The opinions on a contract so far, by side."""
    return {
        side: Opinion(values[f"{side}_by"], bool(values[f"{side}_agrees"]))
        for side in Side
        if values[f"{side}_by"] is not None
    }


def _give_opinion(draft: Draft, side: Side) -> None:
    values, agrees = draft.values, bool(draft.values[f"{side}_agrees"])
    next_level.settle(draft, side)
    _at_field(
        draft,
        lambda: rules.check_opinion(
            side,
            reviewer=draft.actor.id,
            requester=values["submitted_by"],
            agrees=agrees,
            reason=values[f"{side}_opinion"] or "",
            given=opinions(values),
        ),
        side.value,
    )
    values[f"{side}_by"], values[f"{side}_at"] = draft.actor.id, draft.now
    outcome = rules.review_outcome(opinions(values))
    left = rules.waiting_for(opinions(values))
    values["state"] = {"agreed": "approved", "objected": "returned"}.get(outcome) or f"with_{left[0]}"


# --- Signing and custody


def keep(draft: Draft) -> None:
    """Signing, handing in, and what happens to a contract without changing where it lies."""
    values, today = draft.values, local(draft.now).date()
    if draft.action == "sign":
        rules.check_signing(opinions(values))
        _check_terms(draft)
    elif draft.action == "hand_in":
        values["handed_in_on"], values["kept_by_person"], values["original"] = today, draft.actor.id, "kept"
    elif draft.action == "progress" and draft.before is not None:
        values["state"] = draft.before["state"]


# --- Loans


def lend(draft: Draft) -> None:
    """A loan from the request to the return; the borrower is whoever asked."""
    values, today = draft.values, local(draft.now).date()
    if draft.action == "ask_loan":
        values["borrower"] = draft.actor.id
        check_asked(draft.actor, draft.before or {}, values["return_by"], draft.now)
        _at_field(draft, lambda: _check_loan(draft, today, signed=False))
    elif draft.action == "lend":
        check_lent(values["borrower"], draft.before or {}, draft.now)
        _check_loan(draft, today, signed=True)
        values["lent_by"], values["lent_at"], values["original"] = draft.actor.id, draft.now, "out"
    elif draft.action == "give_back":
        values["loans"] = [*(values["loans"] or ()), _loan_row(values, today)][-100:]
        values["original"], values["kept_by_person"] = "kept", draft.actor.id
    if draft.action in ("give_back", "cancel_loan", "refuse_loan"):
        values.update(dict.fromkeys(LOAN_PARTS))


def _check_loan(draft: Draft, today: date, *, signed: bool) -> None:
    """A request is judged as if it were signed already; the signature is judged when it is given."""
    values = draft.values
    rules.check_loan(
        in_custody=values["original"] == "kept",
        borrower=values["borrower"],
        signer=draft.actor.id if signed else "the general manager",
        signer_is_general_manager=draft.actor.has(Role.GENERAL_MANAGER) if signed else True,
        return_on=values["return_by"],
        today=today,
        longest_days=policy().contract.loan_days,
    )


def _loan_row(values: Mapping[str, Any], today: date) -> dict[str, Any]:
    return {
        "borrower": values["borrower"],
        "reason": values["loan_reason"],
        "lent_by": values["lent_by"],
        "lent_at": values["lent_at"],
        "return_by": values["return_by"],
        "returned_on": today,
        "late_days": rules.overdue_working_days(values["return_by"], today, office_calendar()),
    }


# --- The deadline of the present state


def set_due(draft: Draft) -> None:
    """What is due next follows the state: opinion, hand-in, return, or the next agreed delivery or payment."""
    if draft.before is None or draft.touches(DUE_SOURCES):
        found = deadline(draft.values, office_calendar(), local(draft.now).date())
        draft.values["due"] = found.at if found else None


def deadline(values: Mapping[str, Any], calendar: WorkingCalendar, today: date | None = None) -> Deadline | None:
    """The present deadline of a contract; None when nothing is awaited. For `today`, see `next_day`."""
    terms, state = policy().contract, values["state"]
    if state in IN_REVIEW and values["submitted_at"]:
        return rules.review_due(values["submitted_at"], calendar, working_days=terms.review_working_days)
    if state == "signed" and values["signed_on"]:
        return rules.hand_in_due(values["signed_on"], calendar, working_days=terms.custody_working_days)
    if state == "lent" and values["return_by"]:
        return rules.loan_due(values["return_by"], calendar)
    day = next_day(values, calendar, today) if state == "in_custody" else None
    return None if day is None else calendar.end_of(day)


def next_day(values: Mapping[str, Any], calendar: WorkingCalendar, today: date | None = None) -> date | None:
    """The earliest agreed delivery or payment that is still open, else the contract's end; of one that renews by
    itself, the last day to say that it shall not, and when that is over `today`, its end again (K5)."""
    days: list[date | None] = [row["due"] for row in values["deliveries"] or () if row.get("done") is None]
    days += [row["due"] for row in values["payments"] or () if row.get("paid") is None]
    ends_on: date | None = values["ends_on"]
    if ends_on is not None and values["renews"]:
        decide_by = rules.renewal_decision_by(ends_on, values["notice_days"] or 0, calendar)
        ends_on = decide_by if today is None or today <= decide_by else ends_on
    return min((day for day in days if day is not None), default=ends_on)


# --- After a write


def tell_customer(draft: Draft) -> None:
    """The first signing starts the customer's first fill (F3)."""
    if draft.action != "sign":
        return
    customer, signed = customer_of(draft), draft.values["signed_on"]
    if customer["contract_signed"] is None:
        store.change(
            "customer",
            customer["_id"],
            {"contract_signed": signed},
            actor=draft.actor,
            now=draft.now,
            action=SIGNED,
            note=draft.values["number"],
            behalf=draft.behalf,
        )


def needs(sheet: MoveSheet) -> Needs:
    """What the sheets of a contract want filled in: whom a top-secret one names, the reason of an objection, and the
    phone confirmation of whoever decides in a reviewer's stead (K2, X3)."""
    if sheet.action == "submit":
        return dict.fromkeys(NAMED if sheet.values["level"] == Level.TOP_SECRET.value else ())
    if sheet.action not in ("finance_review", "legal_review"):
        return {}
    side = Side(sheet.action.removesuffix("_review"))
    reason: dict[str, When | None] = {f"{side}_opinion": When(f"{side}_agrees", ("no",))}
    in_stead = next_level.decides(side, sheet.person, sheet.behalf)
    return reason | dict.fromkeys((f"{side}_phoned", f"{side}_phoned_at") if in_stead else ())


noted.names(CONTRACT.slug, noted.by_action(SIGNED))

HOOKS = Hooks(
    prepare=(follow_customer, fill, review, keep, lend, set_due),
    after=(tell_customer, next_level.tell),
    deadlines={"due": deadline},
    warns=exposure.of_contract,
    needs=needs,
)
