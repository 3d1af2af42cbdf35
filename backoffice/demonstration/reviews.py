"""Quarterly reviews of the demonstration (F5): opened for the last two quarters, most of them answered."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial

from backoffice.demonstration.days import Days
from backoffice.demonstration.files import Drawer, File
from backoffice.demonstration.plan import Act, Deed, Step, World
from config.database import database
from models.calendar import Quarter, quarter_of
from models.record import collection_name
from models.review import service
from models.review.rules import SECTIONS

LEFT_OPEN_BEFORE = 60
"""Of the quarter before, one review in so many was never answered."""


def steps(days: Days, drawer: Drawer) -> Iterator[Step]:
    """The quarter before, then the present one as far as its time has come."""
    present = quarter_of(days.today)
    before = quarter_of(present.first_day - timedelta(days=1))
    for quarter, answered in ((before, 1.0), (present, 0.7)):
        opened = days.on(days.calendar.first_working_day_of_quarter(quarter), "08:40")
        if opened >= days.now:
            return
        yield Deed(opened, partial(_open, at=opened, days=days), alone=True)
        yield from _answers(quarter, opened, answered, days, drawer)


def _open(_world: World, *, at: datetime, days: Days) -> None:
    service.open_quarter(at, days.calendar)


def _answers(quarter: Quarter, opened: datetime, share: float, days: Days, drawer: Drawer) -> Iterator[Step]:
    files = [f for f in drawer.files if f.active and f.owner and f.created < opened]
    for place, file in enumerate(files):
        if place % 10 >= share * 10 or (share == 1 and place % LEFT_OPEN_BEFORE == 7):
            continue
        day = days.calendar.add_working_days(opened, 1 + place % 14).day
        at = days.on(day, f"{14 + place % 3}:{10 + place % 45}")
        if at < days.now:
            yield from _answer(f"HD-{quarter}-", file, at, corrected=place % 9 == 4)


def _answer(number: str, file: File, at: datetime, *, corrected: bool) -> Iterator[Step]:
    key = f"{number}{file.key}"
    yield Deed(at, partial(_find, key=key, number=number, customer=file.key))
    if not corrected:
        yield Act(at, file.owner, "review", key, "confirm_all")
        return
    answers = dict.fromkeys(SECTIONS, "confirmed") | {"people": "corrected"}
    values = {**answers, "corrections": "联系人职务已更正。"}
    yield Act(at, file.owner, "review", key, "finish", values)


def _find(world: World, *, key: str, number: str, customer: str) -> None:
    wanted = number + world.made[customer].number
    row = database()[collection_name("review")].find_one({"number": wanted})
    if row is not None:
        world.keep(key, "review", row)
