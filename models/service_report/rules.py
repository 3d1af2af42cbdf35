"""Service reports: which period, when due (T8, Q, B). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from models.calendar import WorkingCalendar, add_months

WEEKLY, MONTHLY, SUPERVISION = "weekly", "monthly", "supervision"
FRIDAY = 4
MONTHLY_DAY = 22
"""By when a month's reports are handed in, of the month after it."""
NAMES = {WEEKLY: "服务周报", MONTHLY: "客户投诉月报", SUPERVISION: "服务监督月报"}
SHORT = {WEEKLY: "周报", MONTHLY: "投诉月报", SUPERVISION: "监督月报"}


@dataclass(frozen=True, slots=True)
class Period:
    """What one report is about: days from `begins` to `ends`, both counted, and the day on which it is due."""

    kind: str
    name: str
    begins: date
    ends: date
    due: date

    @property
    def occasion(self) -> str:
        """What tells it from every other report, in the words of its field."""
        return f"{self.name} {SHORT[self.kind]}"

    @property
    def subject(self) -> str:
        """How its report is called."""
        return f"{self.name} {NAMES[self.kind]}"


def week_of(friday: date, calendar: WorkingCalendar) -> Period:
    """The week that a Friday's report is about, from the Saturday before. Due that day, or on the next working day."""
    year, week, _ = friday.isocalendar()
    return Period(WEEKLY, f"{year}-W{week:02d}", friday - timedelta(days=6), friday, calendar.working_day_from(friday))


def opened_on(day: date, calendar: WorkingCalendar) -> list[Period]:
    """The periods whose reports are opened on a day."""
    periods = [week_of(day, calendar)] if day.weekday() == FRIDAY else []
    if day.day == 1:
        periods += [month_before(day, kind, calendar) for kind in (MONTHLY, SUPERVISION)]
    return periods


def last_friday(today: date) -> date:
    """The Friday that is today or was last."""
    return today - timedelta(days=(today.weekday() - FRIDAY) % 7)


def month_before(today: date, kind: str, calendar: WorkingCalendar) -> Period:
    """The month before this one, whose report is due by the 22nd; where that day is off, on the working day before
    it, for the report is there by then."""
    first = today.replace(day=1)
    begins = add_months(first, -1)
    due = first.replace(day=MONTHLY_DAY)
    if not calendar.is_working(due):
        due = calendar.subtract_working_days(due, 1)
    return Period(kind, f"{begins:%Y-%m}", begins, first - timedelta(days=1), due)
