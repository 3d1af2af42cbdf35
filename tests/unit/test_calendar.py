"""Working days, working hours and deadlines with their reasons."""

from __future__ import annotations

import json
import random
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from models.calendar import SHANGHAI, Quarter, WorkingCalendar, add_months, first_monday, local, quarter_of
from models.calendar_steps import Counted, Fixed, Moved, Unit
from models.public_days import MAKE_UP_DAY, PublicDay, PublishedYear

DATA = Path(__file__).parent / "decrees"
CALENDAR = WorkingCalendar()


def at(text: str) -> datetime:
    """A Shanghai clock time as UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


def shown(moment: datetime) -> str:
    return local(moment).strftime("%Y-%m-%d %H:%M")


@pytest.mark.parametrize(("year", "days"), [(2023, 249), (2024, 251), (2025, 248), (2026, 248)])
def test_a_decreed_year_has_its_working_days(year: int, days: int) -> None:
    assert CALENDAR.announced(year)
    assert CALENDAR.working_days_in(year) == days


@pytest.mark.parametrize("year", range(2001, 2027))
def test_make_up_days_of_other_years_do_not_leak_into_a_year(year: int) -> None:
    start, days = date(year, 1, 1), timedelta(days=365)
    weekends = [
        d for n in range(days.days) if (d := start + timedelta(days=n)).weekday() > 4 and CALENDAR.is_working(d)
    ]
    assert 5 <= len(weekends) <= 12


@pytest.mark.parametrize(
    ("day", "working"),
    [
        ("2026-02-14", True),  # Saturday made up before Spring Festival
        ("2026-02-15", False),
        ("2026-02-20", False),  # day in lieu
        ("2026-02-28", True),
        ("2026-10-07", False),
        ("2026-10-10", True),
        ("2026-10-11", False),
        ("2026-11-22", False),
        ("2024-02-29", True),
    ],
)
def test_holidays_make_up_days_and_weekends(day: str, working: bool) -> None:
    assert CALENDAR.is_working(date.fromisoformat(day)) is working


def test_a_year_not_announced_yet_is_said_to_be_so_and_still_has_its_statutory_holidays() -> None:
    assert not CALENDAR.announced(2027)
    assert not CALENDAR.is_working(date(2027, 10, 1))
    warning = CALENDAR.add_working_days(at("2026-12-30T10:00"), 3).warning
    assert warning is not None
    assert "2027" in warning.zh
    assert "2027" in warning.en


def test_a_deadline_within_announced_years_carries_no_warning() -> None:
    assert CALENDAR.add_working_days(at("2026-12-28T10:00"), 3).warning is None


def test_a_far_year_has_weekends_only_and_a_warning() -> None:
    assert CALENDAR.is_working(date(9999, 12, 31))
    warning = CALENDAR.warning(date(2026, 1, 1), date(9999, 12, 31))
    assert warning is not None
    assert "2027-9999" in warning.en


def test_a_published_year_replaces_the_guess_of_the_library() -> None:
    guessed_off = date(2027, 2, 10)
    assert not CALENDAR.is_working(guessed_off)
    holiday = PublicDay(False, "春节", "Spring Festival")
    days = {date(2027, 2, 6): holiday, date(2027, 2, 20): MAKE_UP_DAY, date(2026, 12, 31): holiday}
    calendar = WorkingCalendar(published=[PublishedYear(2027, (), days)])
    assert calendar.announced(2027)
    assert calendar.is_working(guessed_off)
    assert calendar.is_working(date(2027, 2, 20))
    assert not calendar.is_working(date(2026, 12, 31)), "a decree may reach into the year before"
    assert calendar.add_working_days(at("2026-12-30T10:00"), 3).warning is None


def test_an_override_wins_over_decree_and_weekend() -> None:
    own = {
        date(2026, 11, 23): PublicDay(False, "公司年会", "company day"),
        date(2026, 11, 22): PublicDay(True, "盘点", "stocktaking"),
    }
    calendar = WorkingCalendar(overrides=own)
    assert not calendar.is_working(date(2026, 11, 23))
    assert calendar.is_working(date(2026, 11, 22))
    deadline = calendar.add_working_days(at("2026-11-20T10:00"), 2)
    assert shown(deadline.at) == "2026-11-24 18:00"
    assert "公司年会" in deadline.explanation.zh
    assert "stocktaking" in deadline.explanation.en


@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        ("2026-11-20T10:00", 1, "2026-11-23 18:00"),
        ("2026-11-20T23:30", 1, "2026-11-23 18:00"),
        ("2026-11-21T10:00", 1, "2026-11-23 18:00"),
        ("2026-09-30T17:00", 3, "2026-10-10 18:00"),
        ("2026-02-13T09:00", 1, "2026-02-14 18:00"),
        ("2026-02-14T09:00", 1, "2026-02-24 18:00"),
        ("2024-02-28T09:00", 1, "2024-02-29 18:00"),
        ("2025-12-31T09:00", 1, "2026-01-04 18:00"),
        ("2026-11-21T10:00", 0, "2026-11-23 18:00"),
        ("2026-11-20T10:00", 0, "2026-11-20 18:00"),
    ],
)
def test_working_days_end_at_closing_time_and_skip_the_first_day(start: str, days: int, due: str) -> None:
    assert shown(CALENDAR.add_working_days(at(start), days).at) == due


def test_the_day_of_an_event_is_the_day_in_shanghai() -> None:
    friday_night_in_london = datetime(2026, 11, 19, 17, 0, tzinfo=UTC)  # Friday 01:00 in Shanghai
    assert shown(CALENDAR.add_working_days(friday_night_in_london, 1).at) == "2026-11-23 18:00"


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        ("2026-11-23T10:00", 24, "2026-11-25 16:00"),
        ("2026-11-20T17:00", 24, "2026-11-25 14:00"),
        ("2026-11-20T17:00", 1, "2026-11-20 18:00"),
        ("2026-11-20T18:00", 1, "2026-11-23 10:00"),
        ("2026-11-21T03:00", 48, "2026-11-30 12:00"),
        ("2026-11-23T08:00", 0, "2026-11-23 09:00"),
        ("2026-11-20T18:00", 0, "2026-11-23 09:00"),
        ("2026-11-23T12:30", 0.5, "2026-11-23 13:00"),
        ("2026-09-30T17:00", 24, "2026-10-10 14:00"),
    ],
)
def test_working_hours_run_only_while_the_office_is_open(start: str, hours: float, due: str) -> None:
    assert shown(CALENDAR.add_working_hours(at(start), hours).at) == due


def test_five_minutes_asked_at_night_end_five_minutes_after_opening() -> None:
    deadline = CALENDAR.add_working_time(at("2026-11-22T23:59"), timedelta(minutes=5))
    assert shown(deadline.at) == "2026-11-23 09:05"
    assert "5 working minutes" in deadline.explanation.en


def test_lunch_is_left_out_when_the_office_closes_for_it() -> None:
    calendar = WorkingCalendar(hours=((time(9), time(12)), (time(14), time(18))))
    assert shown(calendar.add_working_hours(at("2026-11-23T11:00"), 2).at) == "2026-11-23 15:00"
    worked = calendar.working_time_between(at("2026-11-23T11:00"), at("2026-11-23T15:00"))
    assert worked == timedelta(hours=2)


@pytest.mark.parametrize("hours", [(), ((time(9), time(9)),), ((time(14), time(18)), (time(9), time(12)))])
def test_impossible_office_hours_are_refused(hours: tuple[tuple[time, time], ...]) -> None:
    with pytest.raises(ValueError, match="office hours"):
        WorkingCalendar(hours=hours)


@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        ("2026-11-23T10:00", 3, "2026-11-26 18:00"),
        ("2026-11-19T10:00", 3, "2026-11-23 18:00"),
        ("2026-09-30T10:00", 3, "2026-10-08 18:00"),
        ("2026-02-11T10:00", 3, "2026-02-14 18:00"),
    ],
)
def test_calendar_days_move_on_from_a_day_off(start: str, days: int, due: str) -> None:
    assert shown(CALENDAR.add_days(at(start), days).at) == due


def test_a_month_ends_on_the_last_day_of_a_shorter_month() -> None:
    assert shown(CALENDAR.add_calendar_months(at("2024-01-31T10:00"), 1).at) == "2024-02-29 18:00"
    assert add_months(date(2023, 1, 31), 1) == date(2023, 2, 28)
    assert add_months(date(2024, 2, 29), 12) == date(2025, 2, 28)
    assert add_months(date(2026, 12, 31), 1) == date(2027, 1, 31)


def test_an_explanation_names_the_holiday_and_the_make_up_day() -> None:
    words = CALENDAR.add_working_days(at("2026-09-30T15:00"), 3).explanation
    assert words.zh == "自 2026-09-30（周三）起 3 个工作日；10-01 至 10-07 休息（国庆节）；10-10（周六）调休上班"
    assert words.en == (
        "3 working days from Wed 30 Sep 2026; 1-7 Oct off (National Day); Sat 10 Oct is a make-up working day"
    )


def test_an_explanation_says_that_the_last_day_moved() -> None:
    words = CALENDAR.end_of(date(2026, 10, 3)).explanation
    assert "2026-10-03（周六）休息，顺延" in words.zh
    assert "is off, so the next working day" in words.en


def test_an_explanation_of_a_long_period_stays_short() -> None:
    words = CALENDAR.add_working_days(at("2025-12-30T15:00"), 240).explanation
    assert words.zh.endswith("等")
    assert words.en.count(";") == 5


def test_holidays_across_a_year_end_are_one_span() -> None:
    calendar = WorkingCalendar(overrides={date(2026, 12, 31): PublicDay(False, "元旦", "New Year's Day")})
    words = calendar.add_working_days(at("2026-12-30T15:00"), 1).explanation
    assert "31 Dec - 3 Jan off (New Year's Day)" in words.en


@pytest.mark.parametrize(
    ("quarter", "day"),
    [
        (Quarter(2026, 1), "2026-01-04"),  # a make-up Sunday
        (Quarter(2026, 2), "2026-04-01"),
        (Quarter(2026, 3), "2026-07-01"),
        (Quarter(2026, 4), "2026-10-08"),
        (Quarter(2027, 1), "2027-01-04"),
    ],
)
def test_the_first_working_day_of_a_quarter(quarter: Quarter, day: str) -> None:
    assert CALENDAR.first_working_day_of_quarter(quarter) == date.fromisoformat(day)


def test_quarters_follow_one_another_without_gap() -> None:
    day = date(2023, 1, 1)
    while day < date(2028, 1, 1):
        quarter = quarter_of(day)
        assert quarter.first_day <= day <= quarter.last_day
        day = quarter.last_day + timedelta(days=1)
        assert quarter_of(day) == quarter.next()
    assert str(quarter_of(date(2026, 12, 31))) == "2026Q4"


def test_the_first_monday_of_every_month_is_a_monday_in_its_first_week() -> None:
    for month in range(1, 13):
        day = first_monday(2026, month)
        assert day.weekday() == 0
        assert day.day <= 7
    assert first_monday(2026, 6) == date(2026, 6, 1)


def test_counting_and_adding_working_days_agree() -> None:
    dice = random.Random(7)
    for _ in range(200):
        start = date(2023, 1, 1) + timedelta(days=dice.randrange(1200))
        days = dice.randrange(1, 40)
        end = CALENDAR.add_working_days(start, days).day
        assert CALENDAR.working_days_between(start, end) == days
        if CALENDAR.is_working(start):
            assert CALENDAR.subtract_working_days(end, days) == start


def test_measuring_and_adding_working_time_agree() -> None:
    dice = random.Random(11)
    for _ in range(200):
        start = at("2025-12-20T00:00") + timedelta(minutes=dice.randrange(100_000))
        duration = timedelta(minutes=dice.randrange(1, 6000))
        end = CALENDAR.add_working_time(start, duration).at
        assert CALENDAR.working_time_between(start, end) == duration


def test_a_longer_period_never_ends_earlier() -> None:
    start = at("2026-09-28T16:40")
    ends = [CALENDAR.add_working_hours(start, hours).at for hours in range(80)]
    assert ends == sorted(ends)


@pytest.mark.parametrize(
    ("due", "now", "zh", "en"),
    [
        ("2026-11-23T18:00", "2026-11-23T09:00", "今天 18:00 到期", "due today 18:00"),
        ("2026-11-24T18:00", "2026-11-20T09:00", "还剩 2 个工作日", "2 working days left"),
        ("2026-11-24T18:00", "2026-11-23T20:00", "还剩 1 个工作日", "1 working day left"),
        ("2026-11-20T18:00", "2026-11-22T12:00", "刚刚逾期", "just past its time"),
        ("2026-11-23T10:00", "2026-11-23T13:00", "逾期 3 个工作小时", "3 working hours late"),
        ("2026-11-18T18:00", "2026-11-23T18:00", "逾期 3 个工作日", "3 working days late"),
        ("2014-03-01T18:00", "2026-11-23T18:00", "自 2014-03-01（周六）起逾期", "late since Sat 1 Mar 2014"),
        ("9999-12-31T18:00", "2026-11-23T18:00", "9999-12-31（周五）到期", "due Fri 31 Dec 9999"),
    ],
)
def test_a_deadline_stands_in_words(due: str, now: str, zh: str, en: str) -> None:
    words = CALENDAR.due_text(at(due), at(now))
    assert (words.zh, words.en) == (zh, en)


def test_wrong_kinds_of_time_are_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        CALENDAR.add_working_days(datetime(2026, 11, 22, 9), 1)  # noqa: DTZ001
    with pytest.raises(TypeError, match="not a datetime"):
        CALENDAR.is_working(datetime(2026, 11, 22, tzinfo=UTC))
    with pytest.raises(ValueError, match="forward"):
        CALENDAR.add_working_hours(at("2026-11-22T09:00"), -1)
    with pytest.raises(ValueError, match="forward"):
        CALENDAR.add_working_days(at("2026-11-22T09:00"), -1)


@pytest.mark.parametrize("day", [date.min, date.max, date(1949, 12, 31), date(2100, 12, 31)])
def test_a_day_at_the_edge_of_the_calendar_still_has_a_deadline(day: date) -> None:
    deadline = CALENDAR.end_of(day)
    assert deadline.day >= day
    assert deadline.warning is not None


# --- the steps of a reckoning


LUNCH = WorkingCalendar(hours=((time(9), time(12)), (time(13), time(18))))


def test_a_deadline_in_hours_says_from_when_and_what_was_left_out() -> None:
    words = LUNCH.add_working_hours(at("2026-02-13T15:00"), 8).explanation
    assert words.en == (
        "8 working hours from Fri 13 Feb 2026, 15:00; Sat 14 Feb is a make-up working day; lunch 12:00-13:00 left out"
    )
    assert words.zh == "自 2026-02-13（周五）15:00 起 8 个工作小时；02-14（周六）调休上班；午休 12:00-13:00 不计"


def test_a_break_that_no_hour_of_the_period_met_is_not_told() -> None:
    assert "lunch" not in LUNCH.add_working_hours(at("2026-11-23T17:00"), 2).explanation.en
    assert "lunch" not in LUNCH.add_working_hours(at("2026-11-23T13:00"), 2).explanation.en
    assert "lunch" in LUNCH.add_working_hours(at("2026-11-23T11:00"), 2).explanation.en


def test_steps_are_data() -> None:
    counted, special = CALENDAR.add_working_days(at("2026-11-06T15:00"), 0).steps[0], LUNCH.end_of(date(2026, 10, 3))
    assert counted == Counted(0, Unit.WORKING_DAYS, date(2026, 11, 6))
    assert special.steps[0] == Fixed(date(2026, 10, 3))
    assert special.steps[-1] == Moved(date(2026, 10, 3))


# --- against the decrees, day by day

DECREES = {year: json.loads((DATA / f"decree_{year}.json").read_text("utf-8")) for year in (2025, 2026)}


def open_days(year: int) -> list[date]:
    """The working days of a year, reckoned from the decree alone."""
    special = {date.fromisoformat(day["date"]): not day["isOffDay"] for day in DECREES[year]["days"]}
    days = [date(year, 1, 1) + timedelta(days=n) for n in range(365)]
    return [day for day in days if special.get(day, day.weekday() < 5)]


@pytest.mark.parametrize("year", DECREES)
def test_the_kept_library_agrees_with_the_decree_on_every_day(year: int) -> None:
    decreed_days = set(open_days(year))
    days = [date(year, 1, 1) + timedelta(days=n) for n in range(365)]
    assert [day for day in days if CALENDAR.is_working(day)] == sorted(decreed_days)
    assert len(decreed_days) == 248


@pytest.mark.parametrize("year", DECREES)
def test_next_and_previous_working_days_are_those_of_the_decree(year: int) -> None:
    days = open_days(year)
    for before, after in pairwise(days):
        assert CALENDAR.next_working_day(before) == after
        assert CALENDAR.subtract_working_days(after, 1) == before
        assert CALENDAR.working_day_from(before + timedelta(days=1)) == after


@pytest.mark.parametrize("year", DECREES)
@pytest.mark.parametrize("count", [0, 1, 5, 15, 60])
def test_working_days_added_and_taken_away_walk_along_the_decree(year: int, count: int) -> None:
    days = open_days(year)
    for begin, end in zip(days, days[count:], strict=False):
        assert CALENDAR.add_working_days(begin, count).day == end
        assert CALENDAR.subtract_working_days(end, count) == begin
        assert CALENDAR.working_days_between(begin, end) == count


@pytest.mark.parametrize("year", DECREES)
@pytest.mark.parametrize("calendar", [CALENDAR, LUNCH])
@pytest.mark.parametrize("minutes", [1, 90, 480, 24 * 60])
def test_working_time_taken_away_from_what_was_added_leads_back(
    year: int, calendar: WorkingCalendar, minutes: int
) -> None:
    amount = timedelta(minutes=minutes)
    for day in open_days(year)[10:-10:7]:
        start = datetime.combine(day, time(14, 20), SHANGHAI)
        end = calendar.add_working_time(start, amount).at
        assert calendar.subtract_working_time(end, amount) == start
        assert calendar.working_time_between(start, end) == amount


@pytest.mark.parametrize("year", DECREES)
def test_quarters_open_on_the_first_day_of_the_decree(year: int) -> None:
    days = open_days(year)
    for number in (1, 2, 3, 4):
        quarter = Quarter(year, number)
        assert CALENDAR.first_working_day_of_quarter(quarter) == next(day for day in days if day >= quarter.first_day)


def test_working_time_before_the_first_day_cannot_be_had() -> None:
    with pytest.raises(ValueError, match="so far back"):
        CALENDAR.subtract_working_time(datetime(1, 1, 3, 9, tzinfo=SHANGHAI), timedelta(days=30))
