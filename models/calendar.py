"""The working calendar: working days, working hours and deadlines that can say why (Asia/Shanghai).

Periods run as articles 201 and 203 of the Civil Code say: the day on which an event happens is not counted;
a period in days ends at closing time of its last day or, when that day is off, of the next working day.
A period in hours runs only while the office is open.

Moments go in and come out as aware datetimes; what comes out is UTC.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from itertools import accumulate, islice
from typing import NamedTuple
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

from models.calendar_steps import Break, Counted, Fixed, More, Moved, NotAnnounced, Special, Step, Unit, in_words, words
from models.day_words import count_text, day_text
from models.errors import Sentence
from models.public_days import DAY_IN_LIEU, PublicDay, PublishedYear, decreed, library_days

SHANGHAI = ZoneInfo("Asia/Shanghai")
Shift = tuple[time, time]
OFFICE_HOURS: tuple[Shift, ...] = ((time(9), time(18)),)
_DAY = timedelta(days=1)
_REMEMBERED = 2_000  # spans of days whose holidays are known
_LISTED_SPANS = 4  # an explanation names this many holidays and no more


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment (UTC) with the steps that led to it; one of them says when it rests on a year not announced yet."""

    at: datetime
    steps: tuple[Step, ...]

    @property
    def explanation(self) -> Sentence:
        """The steps in words."""
        return in_words(step for step in self.steps if not isinstance(step, NotAnnounced))

    @property
    def warning(self) -> Sentence | None:
        """That it is an estimate, when it is."""
        return next((words(step) for step in self.steps if isinstance(step, NotAnnounced)), None)

    @property
    def day(self) -> date:
        """The day of the deadline in Shanghai."""
        return local(self.at).date()


class Quarter(NamedTuple):
    """A calendar quarter, written `2026Q4`."""

    year: int
    number: int

    def __str__(self) -> str:
        return f"{self.year}Q{self.number}"

    @property
    def first_day(self) -> date:
        return date(self.year, self.number * 3 - 2, 1)

    @property
    def last_day(self) -> date:
        return self.next().first_day - _DAY

    def next(self) -> Quarter:
        return Quarter(self.year + 1, 1) if self.number == 4 else Quarter(self.year, self.number + 1)


def local(at: datetime) -> datetime:
    """The moment as Shanghai clocks show it.

    :raises ValueError: for a datetime without a time zone.
    """
    if at.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    return at.astimezone(SHANGHAI)


def quarter_of(day: date) -> Quarter:
    """The quarter that `day` lies in."""
    return Quarter(day.year, (day.month + 2) // 3)


def first_monday(year: int, month: int) -> date:
    """The first Monday of a month (F4), working or not."""
    first = date(year, month, 1)
    return first + timedelta(days=-first.weekday() % 7)


def add_months(day: date, months: int) -> date:
    """The same day some months on, or the last day of a month too short for it (31 January + 1: 28 February).

    Steps of a series are counted from its first day, or the 31st would wear down to the 28th.
    """
    return day + relativedelta(months=months)


class WorkingCalendar:
    """Working days and hours, from the decrees, imported years and an administrator's own days.

    `overrides` win over `published`, which replace what the library knows of their years. `hours` are the
    open periods of a working day, in order and without overlap.
    """

    def __init__(
        self,
        *,
        published: Iterable[PublishedYear] = (),
        overrides: Mapping[date, PublicDay] | None = None,
        hours: tuple[Shift, ...] = OFFICE_HOURS,
    ) -> None:
        years = tuple(published)
        self._published = {day: special for year in years for day, special in year.days.items()}
        self._published_years = frozenset(year.year for year in years)
        self._overrides = dict(overrides or {})
        edges = [edge for shift in hours for edge in shift]
        if not edges or edges != sorted(set(edges)):
            raise ValueError("office hours must be in order and not overlap")
        self.hours = hours
        self._worked: dict[int, list[int]] = {}
        self._spans: dict[tuple[date, date], tuple[Step, ...]] = {}
        self._working: dict[date, bool] = {}
        self._open: dict[date, tuple[tuple[datetime, datetime], ...]] = {}
        self.known: dict[Hashable, Deadline] = {}
        self._day_length = sum((closes - opens for opens, closes in self._open_on(date.min)), timedelta())

    # --- days

    def announced(self, year: int) -> bool:
        """Whether holidays and make-up days of `year` are known, not guessed."""
        return year in self._published_years or decreed(year)

    def warning(self, first: date, last: date | None = None) -> Sentence | None:
        """A sentence when the span touches a year whose holidays are not announced yet."""
        return next(map(words, self.uncertain(first, last or first)), None)

    def uncertain(self, first: date, last: date) -> tuple[NotAnnounced, ...]:
        """The step that says so when the span touches years whose holidays are not announced yet, else nothing."""
        years = [year for year in range(first.year, last.year + 1) if not self.announced(year)]
        return (NotAnnounced(years[0], years[-1]),) if years else ()

    def public_day(self, day: date) -> PublicDay | None:
        """The holiday or make-up day that `day` is; None for a plain weekday or weekend."""
        if isinstance(day, datetime):
            raise TypeError("a day is a date, not a datetime")
        if day in self._overrides:
            return self._overrides[day]
        if day in self._published or day.year in self._published_years:
            return self._published.get(day)
        return library_days(day.year).get(day)

    def is_working(self, day: date) -> bool:
        """Whether the office is open on `day`."""
        if day not in self._working:
            special = self.public_day(day)
            self._working[day] = special.working if special else day.weekday() < 5
        return self._working[day]

    def working_day_from(self, day: date) -> date:
        """`day` itself when it is a working day, else the next one."""
        while not self.is_working(day):
            day += _DAY
        return day

    def next_working_day(self, day: date) -> date:
        """The first working day after `day`."""
        return self.working_day_from(day + _DAY)

    def subtract_working_days(self, day: date, days: int) -> date:
        """The working day that lies `days` working days before `day` (for reminders ahead)."""
        _not_negative(days)
        while days:
            day -= _DAY
            days -= self.is_working(day)
        return day

    def first_working_day_of_quarter(self, quarter: Quarter) -> date:
        """The day on which a quarter's reviews open (F5)."""
        return self.working_day_from(quarter.first_day)

    def working_days_in(self, year: int) -> int:
        """How many working days `year` has."""
        return self.working_days_between(date(year - 1, 12, 31), date(year, 12, 31))

    def working_days_between(self, after: date, until: date) -> int:
        """Working days after `after`, up to and with `until`; 0 when `until` is not later."""
        if until <= after:
            return 0
        whole = sum(self._count(date(year, 12, 31)) for year in range(after.year, until.year))
        return whole + self._count(until) - self._count(after)

    def _count(self, day: date) -> int:
        """Working days of the year of `day` up to and with it; each year is counted once."""
        counts = self._worked.get(day.year)
        if counts is None:
            days = _days(date(day.year, 1, 1), date(day.year, 12, 31))
            counts = self._worked[day.year] = list(accumulate(map(self.is_working, days)))
        return counts[day.timetuple().tm_yday - 1]

    # --- deadlines

    def end_of(self, day: date) -> Deadline:
        """Closing time of `day`, or of the next working day when `day` is off."""
        return self._closing(Fixed(day), day, day)

    def add_days(self, start: datetime, days: int) -> Deadline:
        """Calendar days after the day of `start`, to closing time, moved on from a day off."""
        _not_negative(days)
        begin = local(start).date()
        return self._closing(Counted(days, Unit.DAYS, begin), begin, begin + timedelta(days=days))

    def add_calendar_months(self, start: datetime, months: int) -> Deadline:
        """Calendar months after the day of `start`, to closing time, moved on from a day off."""
        _not_negative(months)
        begin = local(start).date()
        return self._closing(Counted(months, Unit.MONTHS, begin), begin, add_months(begin, months))

    def add_working_days(self, start: datetime | date, days: int) -> Deadline:
        """Closing time of the working day that is `days` working days after the day of `start`.

        0 days means the day itself, or the next working day when it is off.
        """
        _not_negative(days)
        begin = local(start).date() if isinstance(start, datetime) else start
        last = begin
        for _ in range(days):
            last = self.next_working_day(last)
        return self._closing(Counted(days, Unit.WORKING_DAYS, begin), begin, last)

    def add_working_hours(self, start: datetime, hours: float) -> Deadline:
        """The moment when `hours` open hours have passed since `start`."""
        return self.add_working_time(start, timedelta(hours=hours))

    def add_working_time(self, start: datetime, duration: timedelta) -> Deadline:
        """The moment when the office has been open for `duration` since `start`.

        What ends at closing time ends that day, not at the next opening.
        """
        _not_negative(duration.total_seconds())
        begin, left, before = local(start), duration, local(start)
        breaks: dict[Break, None] = {}
        for opens, closes in self._shifts_from(begin):
            if before.date() == opens.date() and begin < before:
                breaks[Break(before.time(), opens.time())] = None
            if left <= closes - opens:
                end = opens + left
                break
            left, before = left - (closes - opens), closes
        return self._reckoned(end, _working_time(duration, begin), begin.date(), tuple(breaks))

    def subtract_working_time(self, end: datetime, duration: timedelta) -> datetime:
        """The moment from which the office is open for `duration` until `end` (for reminders ahead), in UTC.

        What reaches back to an opening time begins then, not at the closing time before it.
        """
        _not_negative(duration.total_seconds())
        left = duration
        for opens, closes in self._shifts_until(local(end)):
            if left <= closes - opens:
                return (closes - left).astimezone(UTC)
            left -= closes - opens
        raise ValueError("the calendar does not reach so far back")

    def _closing(self, counted: Counted | Fixed, begin: date, last: date) -> Deadline:
        open_day = self.working_day_from(last)
        at = datetime.combine(open_day, self.hours[-1][1], SHANGHAI)
        return self._reckoned(at, counted, begin, (Moved(last),) if open_day != last else ())

    def _reckoned(self, end: datetime, counted: Step, begin: date, rest: tuple[Step, ...]) -> Deadline:
        """The deadline with its steps: what was counted, the special days on the way, what else there is to say."""
        steps = (counted, *self._on_the_way(begin, end.date()), *rest, *self.uncertain(begin, end.date()))
        return Deadline(end.astimezone(UTC), steps)

    def _on_the_way(self, begin: date, end: date) -> tuple[Step, ...]:
        """The special days of a span as steps; records of one day share theirs."""
        known = self._spans.get((begin, end))
        if known is None:
            found = tuple(islice(self._special_spans(begin, end), _LISTED_SPANS + 1))
            known = found if len(found) <= _LISTED_SPANS else (*found[:-1], More())
            if len(self._spans) >= _REMEMBERED:
                self._spans.clear()
            self._spans[begin, end] = known
        return known

    def _shifts_from(self, moment: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Open periods from `moment` on, the running one cut at `moment`."""
        day = moment.date()
        while True:
            day = self.working_day_from(day)
            for start, end in self._open_on(day):
                if end > moment:
                    yield max(start, moment), end
            day += _DAY

    def _open_on(self, day: date) -> tuple[tuple[datetime, datetime], ...]:
        """The open periods of a working day."""
        if day not in self._open:
            at = partial(datetime.combine, day, tzinfo=SHANGHAI)
            self._open[day] = tuple((at(opens), at(closes)) for opens, closes in self.hours)
        return self._open[day]

    def _shifts_until(self, moment: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Open periods before `moment`, the latest first, the running one cut at `moment`."""
        day = moment.date()
        while day > date.min:
            if self.is_working(day):
                for start, end in reversed(self._open_on(day)):
                    if start < moment:
                        yield start, min(end, moment)
            day -= _DAY

    # --- between two moments

    def working_time_between(self, start: datetime, end: datetime) -> timedelta:
        """How long the office was open from `start` to `end`; nothing when `end` is not later."""
        total, until = timedelta(), local(end)
        if end <= start:
            return total
        for opens, closes in self._shifts_from(local(start)):
            if opens >= until:
                return total
            total += min(closes, until) - opens
        return total

    def due_text(self, due: datetime, now: datetime) -> Sentence:
        """How a deadline stands: `3 working days late`, `due today 18:00`, `2 working days left`.

        More than a year away it is told by its date.
        """
        today, day = local(now).date(), local(due).date()
        words = day_text(day)
        if abs((day - today).days) > 366:
            late = Sentence(f"自 {words.zh}起逾期", f"late since {words.en}")
            return late if now > due else Sentence(f"{words.zh}到期", f"due {words.en}")
        if now > due:
            return self._late_text(self.working_time_between(due, now))
        if day == today:
            clock = local(due).strftime("%H:%M")
            return Sentence(f"今天 {clock} 到期", f"due today {clock}")
        left = count_text(self.working_days_between(today, day), "个工作日", "working day")
        return Sentence(f"还剩 {left.zh}", f"{left.en} left")

    def _late_text(self, late: timedelta) -> Sentence:
        if late >= self._day_length:
            amount = count_text(late // self._day_length, "个工作日", "working day")
        elif late >= timedelta(hours=1):
            amount = count_text(late // timedelta(hours=1), "个工作小时", "working hour")
        else:
            return Sentence("刚刚逾期", "just past its time")
        return Sentence(f"逾期 {amount.zh}", f"{amount.en} late")

    # --- why

    def _special_spans(self, begin: date, end: date) -> Iterator[Special]:
        """Make-up days, and unbroken days off from a holiday on, in order."""
        told = begin - _DAY if begin > date.min else begin
        for day in _days(begin, end):
            special = self.public_day(day) if day > told else None
            if special and not special.working:
                told = day
                while told < end and not self.is_working(told + _DAY):
                    told += _DAY
                yield Special(day, told, self._holiday_name(day, told))
            elif special and day.weekday() >= 5:
                yield Special(day, day, special)

    def _holiday_name(self, first: date, last: date) -> PublicDay:
        """What a run of days off is called: the name most of its days bear, days in lieu apart."""
        named = [special for day in _days(first, last) if (special := self.public_day(day))]
        names = Counter(special for special in named if special != DAY_IN_LIEU)
        return names.most_common(1)[0][0] if names else DAY_IN_LIEU


def _working_time(duration: timedelta, start: datetime) -> Counted:
    """Open time from a moment on, in whole hours, else in minutes."""
    day, clock = start.date(), start.time().replace(second=0, microsecond=0)
    if duration % timedelta(hours=1) == timedelta():
        return Counted(duration // timedelta(hours=1), Unit.WORKING_HOURS, day, clock)
    return Counted(duration // timedelta(minutes=1), Unit.WORKING_MINUTES, day, clock)


def _days(first: date, last: date) -> Iterator[date]:
    for offset in range((last - first).days + 1):
        yield first + timedelta(days=offset)


def _not_negative(amount: float) -> None:
    if amount < 0:
        raise ValueError("a deadline runs forward")
