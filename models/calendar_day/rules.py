"""What may be done to the working calendar, and what it would change: values in, a decision out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from models.calendar import WorkingCalendar
from models.day_words import day_text
from models.errors import FieldProblem, Refusal, Sentence
from models.public_days import FIRST_DECREE, LAST_TABLE_YEAR, PublicDay, PublishedYear

LONGEST_REASON = 60
DECEMBER = 12


class AlreadySo(Refusal):
    """The day is already off, or worked, without an entry of the department's own."""

    code, status = "calendar_already_so", 409
    zh = "{day}本来就{state}，不需要登记。"
    en = "{day} is {state} already: there is nothing to enter."


class NoSuchDay(Refusal):
    """There is no entry of the department's own for the day."""

    code, status = "calendar_no_such_day", 404
    zh, en = "{day}没有登记。", "Nothing is entered for {day}."


class ChangedSincePreview(Refusal):
    """Somebody changed the calendar after the preview was shown."""

    code, status = "calendar_changed", 409
    zh = "预览之后日历已被修改，请重新预览。"
    en = "The calendar was changed after this preview. Look at it once more."


@dataclass(frozen=True, slots=True)
class Difference:
    """A day that changes hands: whether it is worked then, and what it is called then."""

    day: date
    working: bool
    public_day: PublicDay | None


def check_own_day(day: date, *, working: bool, reason: str, present: WorkingCalendar) -> PublicDay:
    """The day as it is to be entered. `present` is the calendar without the department's own entry for that day.

    :raises FieldProblem: no reason, too long a one, or a year that the calendar does not reach.
    :raises AlreadySo: the day is like that already.
    """
    reason = " ".join(reason.split())
    if not reason:
        raise FieldProblem("reason", zh="请写明原因。", en="Give the reason.")
    if len(reason) > LONGEST_REASON:
        raise FieldProblem("reason", zh="原因最多 60 个字。", en="A reason has 60 characters at most.")
    check_year(day.year)
    if present.is_working(day) == working:
        state = Sentence("上班", "a working day") if working else Sentence("休息", "off")
        raise AlreadySo(day=day_text(day), state=state)
    return PublicDay(working, reason, reason)


def check_year(year: int) -> None:
    """:raises FieldProblem: a year before the first decree, or beyond the table."""
    if not FIRST_DECREE <= year <= LAST_TABLE_YEAR:
        raise FieldProblem(
            "day",
            zh=f"日历只到 {FIRST_DECREE} 至 {LAST_TABLE_YEAR} 年。",
            en=f"The calendar goes from {FIRST_DECREE} to {LAST_TABLE_YEAR}.",
        )


def differences(before: WorkingCalendar, after: WorkingCalendar, year: int) -> list[Difference]:
    """The days of a year, and of the weeks about it, that are worked in one calendar and off in the other."""
    return [
        Difference(day, after.is_working(day), after.public_day(day))
        for day in _about(year)
        if before.is_working(day) != after.is_working(day)
    ]


def _about(year: int) -> Iterator[date]:
    """A year with the month before and after it: a decree may reach there."""
    day, last = date(year - 1, DECEMBER, 1), date(year + 1, 1, 31)
    while day <= last:
        yield day
        day += timedelta(days=1)


def year_to_announce(today: date, calendar: WorkingCalendar) -> int | None:
    """The year whose holidays are missing although they are wanted: this one, or in December the coming one."""
    if not calendar.announced(today.year):
        return today.year
    coming = today.year + 1
    return coming if today.month == DECEMBER and not calendar.announced(coming) else None


def same(one: PublishedYear | None, other: PublishedYear) -> bool:
    """Whether a decreed year is stored as it is."""
    return one is not None and (one.papers, dict(one.days)) == (other.papers, dict(other.days))
