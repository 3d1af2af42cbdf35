"""Credit reports at work: score and proposal, C1's limits in words, the decision that reaches the customer (C4)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from config.database import database, transaction
from config.policy import policy
from models import audit, noted, schema
from models.calendar import local
from models.credit_report import rules
from models.credit_report.default_scorecard import DEFAULT_SCORECARD
from models.credit_report.document import CREDIT_REPORT
from models.credit_report.grades import Grade
from models.credit_report.refusals import GradeReasonWanted, TermsRefused
from models.credit_report.scorecard import Proposal, Scorecard, propose, scorecard_from
from models.customer import service as customer_service
from models.customer.children import FOLLOWED, customer_of, follow_customer, reads_customer
from models.customer.document import CUSTOMER
from models.declarations import Level
from models.errors import Forbidden
from models.kinds import stored
from models.opening import FOLDED_TITLE, Opening, Stage, concat, days_before, without
from models.person import service as people
from models.person.roles import Person, Role
from models.record import collection_name
from models.registry import Draft, Hooks, MoveSheet, Needs

SCORECARDS = "scorecard"
BACKWARDS = ("withdraw", "send_back", "refuse", "archive", "restore", FOLLOWED, "declassify")
UNDER_WAY = ["draft", "submitted", "rated"]
NAMED = ("finance_person", "decider")
"""Whom a top-secret report names (X3)."""
SUBMITTED_NEEDS = ("channels", "facts", "limit", "term_days")

schema.declare({SCORECARDS: []})


# --- The scorecard, which an administrator may change


def scorecard() -> Scorecard:
    """The scorecard in force: the administrator's, else the one that ships."""
    return scorecard_from(scorecard_table())


def scorecard_table() -> dict[str, Any]:
    """The same as it is edited."""
    row = database()[SCORECARDS].find_one({"_id": "current"})
    return row["table"] if row else DEFAULT_SCORECARD


def replace_scorecard(person: Person, table: Any, now: datetime) -> None:
    """Put another scorecard into force; reports already decided keep their score.

    :raises Forbidden: for others than administrators and the system. :raises BadScorecard: naming what is wrong.
    """
    if person.id is not None and not person.has(Role.ADMINISTRATOR):
        raise Forbidden()
    scorecard_from(table)

    def work() -> None:
        database()[SCORECARDS].replace_one({"_id": "current"}, {"table": table, "at": now}, upsert=True)
        audit.append("replace_scorecard", person, audit.Subject("scorecard"), now=now)

    transaction(work)


def proposal(values: Mapping[str, Any]) -> Proposal:
    """The score and grade that the scorecard in force makes of a report, with the reasons (C2)."""
    return propose(scorecard(), values)


# --- Before a write


def score(draft: Draft) -> None:
    """Keep score and proposed grade; a submitted report without a grade takes the proposed one."""
    values = draft.values
    if values["state"] not in ("draft", "submitted") or draft.action in BACKWARDS:
        return
    made = proposal(values)
    values["score"], values["proposed_grade"] = made.score, made.grade.value
    if draft.action == "submit" and values["grade"] is None:
        values["grade"] = made.grade.value


def snapshot(draft: Draft) -> None:
    """While it is written, a report shows the terms in force and when it is due (C3). It keeps those that its writers
    know when the file is closed to one of them meanwhile (X6)."""
    if draft.action in BACKWARDS or (draft.values["state"] != "draft" and draft.action != "submit"):
        return
    customer = customer_of(draft)
    if not _writers_read(draft, customer):
        return
    draft.values["present_grade"], draft.values["present_limit"] = customer["grade"], customer["credit_limit"]
    if draft.before is None:
        draft.values["report_due"] = customer["next_report_due"]


def _writers_read(draft: Draft, customer: Mapping[str, Any]) -> bool:
    """Whether the customer's file is open to whoever writes the draft now, and to those whose draft it is: its creator
    and its owner read it at every level."""
    if not reads_customer(draft.actor, customer):
        return False
    if draft.before is None:
        return True
    theirs = {draft.before["created_by"], draft.before["owner"], draft.values["owner"]}
    for one in theirs - {None, draft.actor.id, customer["owner"]}:  # the owner of a file always reads it
        if one not in draft.nearby:  # a set asks once for each of its writers
            draft.nearby[one] = people.get(one)
        if not reads_customer(people.person_of(draft.nearby[one]), customer):
            return False
    return True


def check_terms(draft: Draft) -> None:
    """Refuse, in words and at the field, what breaks the grade (C1) or differs from the score without reason."""
    values = draft.values
    if draft.action in BACKWARDS or values["grade"] is None:
        return
    grade = Grade(values["grade"])
    if values["proposed_grade"] is not None and draft.action in ("submit", "approve"):
        try:
            rules.check_chosen_grade(Grade(values["proposed_grade"]), grade, values["grade_reason"] or "")
        except GradeReasonWanted as refusal:
            _refuse(draft, "grade_reason", refusal)
    if values["limit"] is None or values["term_days"] is None:
        return
    try:
        rules.check_terms(
            grade, values["limit"], values["term_days"], _standing(draft, values["term_days"]), policy().credit
        )
    except TermsRefused as refusal:
        _refuse(draft, refusal.field, refusal)


def _standing(draft: Draft, term_days: int) -> rules.Standing:
    values, sales = draft.values, draft.values["sales_year"]
    grade, limit = _in_force(draft)
    return rules.Standing(
        sales_in_term=None if sales is None else rules.sales_within(term_days, sales),
        present_grade=Grade(grade) if grade else None,
        present_limit=limit or Decimal(0),
        good_record=bool(values["good_record"]),
        careful_review=values["careful_review"] or "",
    )


def _in_force(draft: Draft) -> tuple[str | None, Decimal | None]:
    """The customer's grade and limit; before the decision, to who does not read the file, those that the report shows:
    a refusal would tell of the others (X6)."""
    values, customer = draft.values, customer_of(draft)
    if draft.action != "approve" and not reads_customer(draft.actor, customer):
        return values["present_grade"], values["present_limit"]
    return customer["grade"], customer["credit_limit"]


def _refuse(draft: Draft, name: str, refusal: TermsRefused | GradeReasonWanted) -> None:
    draft.problem(name, refusal.text("zh"), refusal.text("en"))


def move(draft: Draft) -> None:
    """What each move needs and leaves behind: who submitted, rated and decided, and when."""
    values = draft.values
    if draft.action == "submit":
        _check_submitted(draft)
        values["submitted_by"] = draft.actor.id
        values |= dict.fromkeys(("rated_by", "rated_at", "finance_opinion", "finance_agrees"))
    elif draft.action == "rate":
        values["rated_by"], values["rated_at"] = draft.actor.id, draft.now
    elif draft.action in ("approve", "refuse"):
        rules.check_decision(
            writer=values["submitted_by"],
            decider=draft.actor.id,
            finance_opinion=values["finance_opinion"] or "",
            finance_reviewer=values["rated_by"],
        )
        values["decided_by"], values["decided_at"] = draft.actor.id, draft.now
    if draft.action == "approve" and customer_of(draft)["archived_at"]:
        draft.problem("customer", "客户档案已归档，不能再授信。", "The customer's file is archived: no credit.")


def _check_submitted(draft: Draft) -> None:
    values = draft.values
    for name in SUBMITTED_NEEDS:
        if values[name] is None:
            draft.problem(name, "提交前必填。", "Needed before submitting.")
    for name in values["channels"] or ():
        if not values[f"{name}_findings"]:
            draft.problem(
                f"{name}_findings", "选用了该渠道，请写明调查情况。", "This channel was used: give its findings."
            )
    if values["level"] == Level.TOP_SECRET.value:
        for name in NAMED:
            if values[name] is None:
                draft.problem(name, "绝密报告须指定到人。", "A top-secret report has to name the person.")


# --- After a write


def decide(draft: Draft) -> None:
    """On approval grade, limit, term and next report change on the customer, with the report or not at all (C4)."""
    if draft.action != "approve":
        return
    values = draft.values
    made = rules.decided(
        Grade(values["grade"]),
        values["limit"],
        values["term_days"],
        local(draft.now).date(),
        policy().credit.report_months,
    )
    customer_service.credit_standing(
        values["customer"],
        {
            "grade": made.grade.value,
            "credit_limit": made.limit,
            "credit_term": made.term_days,
            "next_report_due": made.next_due,
            "credit_decided_on": made.decided_on,
        },
        actor=draft.actor,
        behalf=draft.behalf,
        now=draft.now,
        note=values["number"],
    )


# --- What falls due, C3


def due_opening(now: datetime) -> Opening:
    """What is to be opened on a day (C3): a draft, for the owner to write, for each active customer whose next report
    is due within the notice and has none under way. After a refused report the next one is opened."""
    today = local(now).date()
    horizon = stored(CUSTOMER.by_name["next_report_due"], today + timedelta(days=policy().credit.notice_days))
    under_way = {"state": {"$in": UNDER_WAY}, "archived_at": {"$exists": False}}
    day = {"$dateToString": {"date": "$next_report_due", "format": "%Y%m%d"}}
    again = {
        "$cond": [{"$size": "$_refused"}, {"$concat": ["-", {"$toString": {"$add": [{"$size": "$_refused"}, 1]}}]}, ""]
    }
    made = proposal({})
    return Opening(
        key=today.isoformat(),
        earlier=days_before(today),
        source=CUSTOMER,
        target=CREDIT_REPORT,
        match={"state": "active", "archived_at": {"$exists": False}, "next_report_due": {"$lte": horizon}},
        stages=(*without(CREDIT_REPORT, "customer", under_way), _refused_for_this_day()),
        number=concat("XY-", day, "-", "$number", again),
        values={
            "customer": "$_id",
            "customer_name": "$name",
            "occasion": "regular",
            "salesperson": "$salesperson",
            "present_grade": "$grade",
            "present_limit": "$credit_limit",
            "score": made.score,
            "proposed_grade": made.grade.value,
        },
        folded={"customer_name": FOLDED_TITLE},
        due="$next_report_due",
        writer="$owner",
    )


def _refused_for_this_day() -> Stage:
    """The refused reports for the customer's present due day, each of which calls for another one."""
    refused = {"state": "refused", "$expr": {"$eq": ["$report_due", "$$due"]}}
    return {
        "$lookup": {
            "from": collection_name(CREDIT_REPORT.slug),
            "localField": "_id",
            "foreignField": "customer",
            "let": {"due": "$next_report_due"},
            "pipeline": [{"$match": refused}, {"$project": {"_id": 1}}],
            "as": "_refused",
        }
    }


def needs(sheet: MoveSheet) -> Needs:
    """Whom the sheet of a top-secret report has to name when it is submitted."""
    return dict.fromkeys(NAMED if sheet.action == "submit" and sheet.values["level"] == Level.TOP_SECRET.value else ())


noted.names(CREDIT_REPORT.slug, noted.by_action(customer_service.CREDIT_DECISION))

HOOKS = Hooks(
    prepare=(follow_customer, snapshot, score, move, check_terms),
    after=(decide,),
    needs=needs,
)
