"""Days, spans and amounts of time in words, Chinese and English."""

from __future__ import annotations

from datetime import date

from models.errors import Sentence

WEEKDAYS_ZH = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
WEEKDAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS_EN = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def day_text(day: date) -> Sentence:
    """A day in words: `2026-09-30（周三）`, `Wed 30 Sep 2026`."""
    zh = f"{day.isoformat()}（{WEEKDAYS_ZH[day.weekday()]}）"
    return Sentence(zh, f"{WEEKDAYS_EN[day.weekday()]} {day.day} {MONTHS_EN[day.month - 1]} {day.year}")


def moment_text(day: date, clock: str) -> Sentence:
    """A day with a time of it: `2026-09-30（周三）18:00`, `Wed 30 Sep 2026, 18:00`."""
    words = day_text(day)
    return Sentence(f"{words.zh}{clock}", f"{words.en}, {clock}")


def count_text(count: int, zh: str, en: str) -> Sentence:
    """A number with its unit: `3 个工作日`, `3 working days`, `1 working day`."""
    return Sentence(f"{count} {zh}", f"{count} {en}" if count == 1 else f"{count} {en}s")


def span_text(first: date, last: date) -> Sentence:
    """A day or a run of days, without the year: `10-01 至 10-07`, `1-7 Oct`."""
    month = MONTHS_EN[last.month - 1]
    if first == last:
        weekday = first.weekday()
        zh = f"{first:%m-%d}（{WEEKDAYS_ZH[weekday]}）"
        return Sentence(zh, f"{WEEKDAYS_EN[weekday]} {first.day} {month}")
    start = f"{first.day}" if first.month == last.month else f"{first.day} {MONTHS_EN[first.month - 1]} "
    return Sentence(f"{first:%m-%d} 至 {last:%m-%d} ", f"{start}-{' ' if ' ' in start else ''}{last.day} {month}")
