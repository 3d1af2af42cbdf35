"""Quarterly reviews of the demonstration (F5): opened for the quarter, most of them answered."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial

from backoffice.demonstration.days import Days
from backoffice.demonstration.files import Drawer
from backoffice.demonstration.plan import OWNER, Act, Deed, Step, World
from config.database import database
from config.policy import policy
from models.calendar import Quarter, quarter_of
from models.record import collection_name
from models.review import service
from models.review.rules import SECTIONS, review_due

NEVER_ANSWERED = (7, 8, 9)
"""Of a hundred files, whose reviews are left open; neighbours belong to different specialists."""


def steps(days: Days, drawer: Drawer) -> Iterator[Step]:
    """The present quarter as far as its time has come, and the one before while the present one is not due yet: so
    that some reviews are late at any time of the year."""
    present = quarter_of(days.today)
    before = quarter_of(present.first_day - timedelta(days=1))
    due = review_due(present, days.calendar, working_days=policy().customer.review_working_days)
    for quarter in (present,) if due.at < days.now else (before, present):
        opened = days.on(days.calendar.first_working_day_of_quarter(quarter), "08:40")
        if opened < days.now:
            yield Deed(opened, partial(_open, at=opened, days=days), alone=True)
            yield from _answers(quarter, opened, days, drawer)


def _open(_world: World, *, at: datetime, days: Days) -> None:
    service.open_quarter(at, days.calendar)


def _answers(quarter: Quarter, opened: datetime, days: Days, drawer: Drawer) -> Iterator[Step]:
    files = [f for f in drawer.files if f.signed is not None and f.created < opened]
    for place, file in enumerate(files):
        if place % 100 in NEVER_ANSWERED:
            continue
        day = days.calendar.add_working_days(opened, 1 + place % 14).day
        at = days.on(day, f"{14 + place % 3}:{10 + place % 45}")
        if at < days.now:
            answer = partial(_answer, number=f"HD-{quarter}-", customer=file.key, corrected=place % 9 == 4, at=at)
            yield Deed(at, answer)


def _answer(world: World, *, number: str, customer: str, corrected: bool, at: datetime) -> None:
    """The owner answers the review of a file that was active when the reviews were opened."""
    key = f"{number}{customer}"
    row = database()[collection_name("review")].find_one({"number": number + world.made[customer].number})
    if row is None:
        return
    world.keep(key, "review", row)
    answers = dict.fromkeys(SECTIONS, "confirmed")
    if corrected:
        answers |= {"people": "corrected", "corrections": "联系人职务已更正。"}
    Act(at, OWNER, "review", key, "finish", answers).take(world)
