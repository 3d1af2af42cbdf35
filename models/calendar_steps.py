"""Why a deadline is when it is: the steps of its reckoning as data, and how they read in Chinese and English."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum

from models.day_words import count_text, day_text, span_text
from models.errors import Sentence
from models.public_days import MAKE_UP_DAY, PublicDay

NOON = time(12)
_NOT_ANNOUNCED = Sentence(
    "{years} 年放假安排尚未公布，此日期为推算，公布后可能变动。",
    "The holidays of {years} are not announced yet: this date is an estimate and may move.",
)


class Unit(StrEnum):
    """What a period is counted in."""

    DAYS = "days"
    MONTHS = "months"
    WORKING_DAYS = "working_days"
    WORKING_HOURS = "working_hours"
    WORKING_MINUTES = "working_minutes"


_UNITS = {
    Unit.DAYS: ("天", "day"),
    Unit.MONTHS: ("个月", "month"),
    Unit.WORKING_DAYS: ("个工作日", "working day"),
    Unit.WORKING_HOURS: ("个工作小时", "working hour"),
    Unit.WORKING_MINUTES: ("个工作分钟", "working minute"),
}


@dataclass(frozen=True, slots=True)
class Counted:
    """So many units from a day on, or from a moment of it."""

    count: int
    unit: Unit
    since: date
    clock: time | None = None


@dataclass(frozen=True, slots=True)
class Fixed:
    """A day that was given, by closing time."""

    day: date


@dataclass(frozen=True, slots=True)
class Agreed:
    """A date agreed with the customer stands instead (T5)."""


@dataclass(frozen=True, slots=True)
class Special:
    """A make-up day, or days off from a holiday on, within the period."""

    first: date
    last: date
    public_day: PublicDay


@dataclass(frozen=True, slots=True)
class More:
    """There are more such days than are told one by one."""


@dataclass(frozen=True, slots=True)
class Break:
    """Hours between two open periods of a working day, which do not count."""

    opens: time
    closes: time


@dataclass(frozen=True, slots=True)
class Moved:
    """The last day is off: the deadline moves to the next working day."""

    day: date


@dataclass(frozen=True, slots=True)
class NotAnnounced:
    """The period touches years whose holidays are not known yet."""

    first: int
    last: int


Step = Counted | Fixed | Agreed | Special | More | Break | Moved | NotAnnounced


def in_words(steps: Iterable[Step]) -> Sentence:
    """The steps as one sentence, such as `3 working days from Wed 30 Sep 2026; 1-7 Oct off (National Day)`."""
    parts = [words(step) for step in steps]
    return Sentence("；".join(part.zh for part in parts), "; ".join(part.en for part in parts))


def words(step: Step) -> Sentence:
    """One step in both languages."""
    match step:
        case Counted():
            return _counted(step)
        case Fixed(day):
            said = day_text(day)
            return Sentence(f"{said.zh}下班前", f"by closing time of {said.en}")
        case Agreed():
            return Sentence("与客户约定的日期", "the date agreed with the customer")
        case Special(first, last, public_day):
            return _special(first, last, public_day)
        case More():
            return Sentence("等", "and more")
        case Break(opens, closes):
            zh, en = ("午休", "lunch") if opens <= NOON < closes or opens == NOON else ("休息", "break")
            return Sentence(f"{zh} {opens:%H:%M}-{closes:%H:%M} 不计", f"{en} {opens:%H:%M}-{closes:%H:%M} left out")
        case Moved(day):
            said = day_text(day)
            return Sentence(f"{said.zh}休息，顺延", f"{said.en} is off, so the next working day")
        case NotAnnounced(first_year, last_year):
            years = f"{first_year}" if first_year == last_year else f"{first_year}-{last_year}"
            return Sentence(_NOT_ANNOUNCED.zh.format(years=years), _NOT_ANNOUNCED.en.format(years=years))


def _counted(step: Counted) -> Sentence:
    amount, since = count_text(step.count, *_UNITS[step.unit]), day_text(step.since)
    if step.clock is None:
        return Sentence(f"自 {since.zh}起 {amount.zh}", f"{amount.en} from {since.en}")
    clock = f"{step.clock:%H:%M}"
    return Sentence(f"自 {since.zh}{clock} 起 {amount.zh}", f"{amount.en} from {since.en}, {clock}")


def _special(first: date, last: date, special: PublicDay) -> Sentence:
    span = span_text(first, last)
    if special == MAKE_UP_DAY:
        return Sentence(f"{span.zh}{special.zh}", f"{span.en} is a {special.en}")
    zh, en = ("上班", "worked") if special.working else ("休息", "off")
    return Sentence(f"{span.zh}{zh}（{special.zh}）", f"{span.en} {en} ({special.en})")
