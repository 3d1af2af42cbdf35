"""Quarterly reviews at work (F5): opening them for every active file, and finishing one."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from config.policy import policy
from models import noted
from models.calendar import SHANGHAI, WorkingCalendar, local
from models.customer.document import CUSTOMER
from models.errors import Refusal, Sentence
from models.kinds import stored
from models.opening import FOLDED_TITLE, Opening, concat, open_set
from models.registry import Draft, Hooks
from models.review import rules
from models.review.document import NOTED, REVIEW


def finish(draft: Draft) -> None:
    """Answer every section, or refuse naming what is left (F5)."""
    values = draft.values
    if draft.action != "finish":
        return
    answers = {name: rules.Answer(values[name]) for name in rules.SECTIONS if values[name]}
    try:
        rules.check_finished(answers)
        for section, answer in answers.items():
            rules.check_answer(section, answer, values["corrections"] or "")
    except rules.CorrectionWanted as wanted:
        draft.problems["corrections"] = Sentence(wanted.text("zh"), wanted.text("en"))
    except Refusal as wanted:
        for section in rules.progress(answers).open_sections:
            draft.problems[section] = Sentence(wanted.text("zh"), wanted.text("en"))
    values["finished_at"] = draft.now


def open_quarter(now: datetime, calendar: WorkingCalendar) -> int:
    """Open the reviews of the quarter for every active file that has none yet; returns how many (F5).

    Set work in the database, and the same answer however often and by however many it is run. Before the quarter's
    first working day nothing is opened; a missed opening is caught up until the quarter ends.
    """
    opening = quarter_opening(now, calendar)
    return open_set(opening, now) if opening else 0


def quarter_opening(now: datetime, calendar: WorkingCalendar) -> Opening | None:
    """What is to be opened for the quarter; None before its first working day.

    A file that came into use later gets the full time from today, so that nobody is late before they begin.
    """
    quarter = rules.quarter_to_open(now, calendar)
    if quarter is None:
        return None
    terms = policy().customer.review_working_days
    opened_on, today = calendar.first_working_day_of_quarter(quarter), local(now).date()
    since = datetime.combine(opened_on + timedelta(days=1), time(), SHANGHAI)
    at_hand = {"$lt": ["$state_since", since]}
    due, fresh = (calendar.add_working_days(day, terms).day for day in (opened_on, today))
    return Opening(
        key=str(quarter),
        source=CUSTOMER,
        target=REVIEW,
        match={"state": "active", "archived_at": {"$exists": False}},
        number=concat(f"HD-{quarter}-", "$number"),
        values={
            "customer": "$_id",
            "customer_name": "$name",
            "quarter": str(quarter),
            "opened_on": {"$cond": [at_hand, _day(opened_on), _day(today)]},
        },
        folded={"customer_name": FOLDED_TITLE},
        due={"$cond": [at_hand, _day(due), _day(fresh)]},
    )


def _day(day: date) -> dict[str, object]:
    return {"$literal": stored(REVIEW.by_name["due_on"], day)}


def _noted(version: noted.Version) -> str:
    """The number of the review in which a file was corrected, by the note of that version."""
    note: str = version["note"]
    return note.removeprefix(NOTED) if note.startswith(NOTED) else ""


noted.names(REVIEW.slug, _noted)

HOOKS = Hooks(prepare=(finish,))
