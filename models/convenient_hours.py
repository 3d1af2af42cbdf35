"""Convenient hours to call (F2), as people write them: `工作日 9:00-11:30，周六下午2点-4点`, `Mon 10-12`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

NOON, MIDNIGHT = 12 * 60, 24 * 60
EVERY_DAY = frozenset(range(7))
ANY_TIME = (8 * 60, 22 * 60)  # nobody who says 'any time' means the night


@dataclass(frozen=True, slots=True)
class Window:
    """Minutes of the day from `start` to `end`, on `weekdays` (0 is Monday) or, if None, on working days.

    Named weekdays hold on weekends but on public holidays only if `holidays`.
    """

    start: int
    end: int
    weekdays: frozenset[int] | None = None
    holidays: bool = False


class _Token(NamedTuple):
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class _Days:
    """The days said so far: none yet, weekdays by name, working days, public holidays."""

    named: frozenset[int] = frozenset()
    working: bool = False
    holidays: bool = False

    def windows(self, start: int, end: int) -> Iterator[Window]:
        if self.named or self.holidays:
            yield Window(start, end, self.named, self.holidays)
        if self.working or not (self.named or self.holidays):
            yield Window(start, end)


_WEEKDAYS = {name: number for number, name in enumerate("一二三四五六日")} | {"天": 6}
_WEEKDAYS |= {name: n for n, name in enumerate(("mon", "tue", "wed", "thu", "fri", "sat", "sun"))}
_DAY_WORDS = {
    "working": _Days(working=True),
    "weekend": _Days(frozenset({5, 6})),
    "holidays": _Days(holidays=True),
    "daily": _Days(EVERY_DAY, holidays=True),
}
_PARTS = {
    "早上": (8 * 60, 10 * 60),
    "上午": (9 * 60, NOON),
    "中午": (NOON, 14 * 60),
    "下午": (14 * 60, 18 * 60),
    "晚上": (18 * 60, 21 * 60),
    "morning": (9 * 60, NOON),
    "afternoon": (14 * 60, 18 * 60),
    "evening": (18 * 60, 21 * 60),
}
_TOKENS = re.compile(
    r"(?P<working>工作日|working days?|weekdays?)|(?P<weekend>周末|双休日|weekends?)"
    r"|(?P<holidays>节假日|public holidays?|holidays?)|(?P<daily>每天|每日|天天|every ?day|daily)"
    r"|(?P<day>(?:周|星期|礼拜)[一二三四五六日天]|(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?s?\b)"
    r"|(?P<anytime>随时|any ?time)|(?P<part>上午|早上|中午|下午|晚上|(?:morning|afternoon|evening)s?)"
    r"|(?P<clock>\d{1,2}(?:\s*[:点时]\s*(?:\d{2}|半)?分?)?(?:\s*[ap]m)?)"
    r"|(?P<to>-|~|至|到|to\b|through\b)"
    r"|(?P<filler>[\s,;、/。.]+|和|及|或|的|均可|都可以|and\b|or\b|on\b|from\b|in\b|the\b)"
)
_CLOCK = re.compile(r"(\d{1,2})\s*[:点时]?\s*(\d{2}|半)?分?\s*([ap]m)?")


def parse_convenient_hours(text: str) -> tuple[Window, ...] | None:
    """Read convenient hours; None when some of it cannot be understood, () for an empty text.

    Days stand before their times; times without days mean working days.
    """
    tokens = _tokens(text)
    if tokens is None:
        return None
    windows: list[Window] = []
    days, timed = _Days(), False
    while tokens:
        if tokens[0].kind in ("day", *_DAY_WORDS):
            said = _take_days(tokens)
            days = said if timed else _both(days, said)
            timed = False
            continue
        span = _take_span(tokens)
        if span is None or not 0 <= span[0] < span[1] <= MIDNIGHT:
            return None
        if span == ANY_TIME and days == _Days():
            days = _DAY_WORDS["daily"]
        windows += days.windows(*span)
        timed = True
    return tuple(windows) if timed or days == _Days() else None


def _tokens(text: str) -> list[_Token] | None:
    rest = unicodedata.normalize("NFKC", text).casefold()
    rest = rest.replace("—", "-").replace("–", "-").strip()
    found, position = [], 0
    while position < len(rest):
        match = _TOKENS.match(rest, position)
        if match is None:
            return None
        position = match.end()
        if match.lastgroup and match.lastgroup != "filler":
            found.append(_Token(match.lastgroup, match[0]))
    return found


def _take_days(tokens: list[_Token]) -> _Days:
    first = tokens.pop(0)
    if first.kind != "day":
        return _DAY_WORDS[first.kind]
    start = end = _weekday(first.text)
    if [token.kind for token in tokens[:2]] == ["to", "day"]:
        end = _weekday(tokens[1].text)
        del tokens[:2]
    return _Days(frozenset((start + step) % 7 for step in range((end - start) % 7 + 1)))


def _weekday(text: str) -> int:
    return _WEEKDAYS[text[:3]] if text.isascii() else _WEEKDAYS[text[-1]]


def _both(before: _Days, said: _Days) -> _Days:
    return _Days(before.named | said.named, before.working or said.working, before.holidays or said.holidays)


def _take_span(tokens: list[_Token]) -> tuple[int, int] | None:
    """Minutes from and to: `any time`, a part of the day, or two clock times with a part before them."""
    first = tokens.pop(0)
    if first.kind == "anytime":
        return ANY_TIME
    part = first.text.rstrip("s") if first.kind == "part" else ""
    if part and not (tokens and tokens[0].kind == "clock"):
        return _PARTS[part]
    clocks = [tokens.pop(0) if part else first]
    if not tokens or tokens.pop(0).kind != "to" or not tokens:
        return None
    later = tokens.pop(0).text.rstrip("s") if tokens[0].kind == "part" else part
    if clocks[0].kind != "clock" or not tokens or tokens[0].kind != "clock":
        return None
    clocks.append(tokens.pop(0))
    start, end = _minutes(clocks[0].text, part), _minutes(clocks[1].text, later)
    if start is None or end is None:
        return None
    # '2-4pm' says pm once and means both.
    if clocks[1].text.endswith("pm") and not clocks[0].text.endswith("m") and start + NOON < end:
        start += NOON
    return start, end


def _minutes(text: str, part: str) -> int | None:
    match = _CLOCK.fullmatch(text)
    if match is None:
        return None
    hour, minute = int(match[1]), 30 if match[2] == "半" else int(match[2] or 0)
    afternoon = match[3] == "pm" or part in ("下午", "晚上", "afternoon", "evening")
    if (afternoon and hour < 12) or (part == "中午" and hour < 3):
        hour += 12
    if match[3] == "am" and hour == 12:
        hour = 0
    return hour * 60 + minute if minute < 60 else None
