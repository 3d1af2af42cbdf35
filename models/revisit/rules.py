"""Revisits: when the next one is due, when to call, tries, satisfaction (V1-V3, V5)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from models.calendar import SHANGHAI, Deadline, Shift, WorkingCalendar, add_months, local
from models.calling_hours import CALLING_HOURS, in_rest_hours, next_allowed_call, next_convenient_call
from models.convenient_hours import Window, parse_convenient_hours
from models.day_words import moment_text
from models.errors import Refusal

POINTS = ("ease", "attitude", "ability", "time", "outcome")
"""What satisfaction is asked about (V3): ease of complaining, staff attitude, ability, time, outcome."""
LOWEST, HIGHEST = 1, 5
SILENT_CHANNELS = frozenset({"letter"})  # a letter wakes nobody


class RestHours(Refusal):
    """A revisit planned in the contact's rest hours (V2)."""

    code = "rest_hours"
    zh = "该时间是客户的休息时间，最早可在 {next} 联系。"
    en = "That is in the customer's rest hours; the first good time is {next}."


class BadScore(Refusal):
    """A satisfaction point that is no whole number from 1 to 5."""

    code = "bad_score"
    zh, en = "满意度应为 1 至 5 的整数。", "Satisfaction is a whole number from 1 to 5."


class AnswerWanted(Refusal):
    """A revisit called reached without what the customer said (V3)."""

    code = "revisit_answer_wanted"
    zh = "已联系上客户时，请至少填写一项满意度或客户的回答。"
    en = "Once the customer was reached, please note an answer or at least one point of satisfaction."


# --- when, V1


def next_revisit_due(
    delivered_on: date,
    last_on: date | None,
    calendar: WorkingCalendar,
    *,
    key_customer: bool = False,
    first_year_months: int = 1,
    later_months: int = 3,
    key_months: int = 1,
) -> Deadline:
    """When the next regular revisit is due (V1): monthly in the first year after delivery, quarterly later.

    Counted from the last revisit, or from the delivery before the first. A key customer is never revisited less
    often than `key_months` says. A day off moves to the next working day.
    """
    since = max(last_on, delivered_on) if last_on else delivered_on
    months = first_year_months if since < add_months(delivered_on, 12) else later_months
    if key_customer:
        months = min(months, key_months)
    return calendar.end_of(add_months(since, months))


def coverage(due: int, done: int) -> int:
    """Revisits made of those due, in whole per cent (V5); 100 means all of them, and when none was due."""
    return min(100, 100 * done // due) if due else 100


# --- at what hour, V2


def check_planned_time(
    channel: str,
    at: datetime,
    calendar: WorkingCalendar,
    convenient_hours: str = "",
    hours: tuple[Shift, ...] = CALLING_HOURS,
) -> None:
    """Whether a revisit may be planned for that hour (V2). What has happened is recorded as it was, unjudged.

    Convenient hours that cannot be read lift nothing.

    :raises RestHours: it is in the contact's rest hours; says the first time that is not.
    """
    convenient = _windows(convenient_hours)
    if channel in SILENT_CHANNELS or not in_rest_hours(calendar, at, convenient, hours):
        return
    first = local(next_allowed_call(calendar, at, convenient, hours))
    raise RestHours(next=moment_text(first.date(), f"{first:%H:%M}"))


def _windows(convenient_hours: str) -> tuple[Window, ...]:
    return parse_convenient_hours(convenient_hours) or ()


# --- tries, V3


@dataclass(frozen=True, slots=True)
class Tries:
    """How reaching the customer stands: `open` (try again from `next_at` on), `reached`, or `given_up`."""

    standing: Literal["open", "reached", "given_up"]
    days_tried: int
    next_at: datetime | None = None


def tries(
    tried_at: Collection[datetime],
    *,
    reached: bool,
    calendar: WorkingCalendar,
    attempts: int = 3,
    convenient_hours: str = "",
    hours: tuple[Shift, ...] = CALLING_HOURS,
) -> Tries:
    """Where the tries to reach a customer stand (V3): given up after tries on `attempts` different days.

    A second try on the same day may help but does not count. The next one is booked on another day, in the
    contact's convenient hours when there are any.
    """
    days = {local(at).date() for at in tried_at}
    if reached:
        return Tries("reached", len(days))
    if len(days) >= attempts:
        return Tries("given_up", len(days))
    if not days:
        return Tries("open", 0)
    tomorrow = datetime.combine(max(days) + timedelta(days=1), time(), SHANGHAI)
    return Tries("open", len(days), next_convenient_call(calendar, tomorrow, _windows(convenient_hours), hours))


# --- satisfaction, V3


@dataclass(frozen=True, slots=True)
class Satisfaction:
    """The average of the points answered (one decimal, None without any), how many are answered in per cent."""

    average: Decimal | None
    percent_answered: int
    missing: tuple[str, ...]


def satisfaction(scores: Mapping[str, int | None]) -> Satisfaction:
    """Satisfaction on the five points, 1 to 5 each; what was not answered is left out, never counted as low.

    :raises BadScore: a score outside 1 to 5, or not a whole number.
    """
    given = {point: score for point in POINTS if (score := scores.get(point)) is not None}
    for score in given.values():
        if isinstance(score, bool) or not isinstance(score, int) or not LOWEST <= score <= HIGHEST:
            raise BadScore()
    missing = tuple(point for point in POINTS if point not in given)
    average = None
    if given:
        mean = Decimal(sum(given.values())) / len(given)
        average = mean.quantize(Decimal("0.1"), ROUND_HALF_UP)
    return Satisfaction(average, 100 * len(given) // len(POINTS), missing)


def check_reached(scores: Mapping[str, int | None], answers: str) -> None:
    """Whether a revisit may be recorded as reached: something that the customer said is on it (V3).

    :raises AnswerWanted: neither an answer nor a point of satisfaction.
    :raises BadScore: a wrong point.
    """
    if satisfaction(scores).average is None and not answers.strip():
        raise AnswerWanted()
