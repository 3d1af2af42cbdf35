"""Days and moments."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime, time
from typing import Any

import mongoengine as me

from models.declarations import Field
from models.kinds.base import ZONE, Kind, Unreadable


def check_year(day: date) -> None:
    """:raises Unreadable: for a day long gone or far off, as other programs write one for "none"."""
    if not 1800 <= day.year <= 2200:
        raise Unreadable("年份应在 1800 至 2200 之间。", "The year should be between 1800 and 2200.")


def _day(year: str, month: str, day: str) -> date:
    """:raises Unreadable: for a day that no calendar has, or one long gone or far off."""
    try:
        found = date(int(year), int(month), int(day))
    except ValueError:
        written = f"{year}-{month.zfill(2)}-{day.zfill(2)}"
        raise Unreadable(f"日历上没有 {written} 这一天。", f"There is no {written} in the calendar.") from None
    check_year(found)
    return found


class Date(Kind):
    name = "date"
    operators = ("is", "is_not", "in", "from", "until", "overdue", "older_than", "empty", "filled")

    def read(self, field: Field, raw: Any) -> Any:
        if isinstance(raw, date):  # a moment is one too
            check_year(raw)
            if isinstance(raw, datetime):
                return raw.astimezone(ZONE).date() if raw.tzinfo else raw.date()
            return raw
        return super().read(field, raw)

    def read_text(self, field: Field, text: str) -> date:
        match = re.fullmatch(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?", unicodedata.normalize("NFKC", text))
        if not match:
            raise Unreadable("日期格式应如 2026-11-22。", "A date looks like 2026-11-22.")
        return _day(*match.groups())

    def store(self, value: Any) -> Any:
        return None if value is None else datetime(value.year, value.month, value.day, tzinfo=UTC)

    def load(self, stored: Any) -> Any:
        return stored.date() if isinstance(stored, datetime) else stored

    def text(self, field: Field, value: Any, language: str) -> str:
        return "" if value is None else value.isoformat()

    def plain(self, value: Any) -> Any:
        return None if value is None else value.isoformat()

    def mongo(self, field: Field) -> me.fields.BaseField:
        return me.DateField()


class Time(Kind):
    """A time of day, to the minute, without a day or a zone."""

    name = "time"
    operators = ("is", "is_not", "from", "until", "empty", "filled")

    def read(self, field: Field, raw: Any) -> Any:
        return raw.replace(second=0, microsecond=0, tzinfo=None) if isinstance(raw, time) else super().read(field, raw)

    def read_text(self, field: Field, text: str) -> time:
        found = re.fullmatch(
            r"(上午|下午|晚上)?\s*(\d{1,2})(?:[:时点](\d{2})?分?)(?::\d{2}(?:\.\d+)?)?\s*(am|pm)?",
            unicodedata.normalize("NFKC", text).lower(),
        )
        problem = Unreadable("时间格式应如 14:30。", "A time looks like 14:30.")
        if not found:
            raise problem
        hour, late = int(found[2]), found[1] in ("下午", "晚上") or found[4] == "pm"
        if found[1] or found[4]:
            hour = hour % 12 + (12 if late else 0) if hour <= 12 else hour
        try:
            return time(hour, int(found[3] or 0))
        except ValueError:
            raise problem from None

    def store(self, value: Any) -> Any:
        return None if value is None else f"{value:%H:%M}"

    def load(self, stored: Any) -> Any:
        return time.fromisoformat(stored) if isinstance(stored, str) else stored

    def text(self, field: Field, value: Any, language: str) -> str:
        return "" if value is None else f"{value:%H:%M}"

    def plain(self, value: Any) -> Any:
        return None if value is None else f"{value:%H:%M}"


class DateTime(Kind):
    """A moment; read and shown in the department's time zone, stored in UTC."""

    name = "datetime"
    operators = ("in", "from", "until", "overdue", "older_than", "empty", "filled")

    def read(self, field: Field, raw: Any) -> Any:
        if isinstance(raw, datetime):
            check_year(raw)
            return (raw if raw.tzinfo else raw.replace(tzinfo=ZONE)).astimezone(UTC)
        return super().read(field, raw)

    def read_text(self, field: Field, text: str) -> datetime:
        day, between, clock = unicodedata.normalize("NFKC", text).partition("T" if "T" in text else " ")
        problem = Unreadable("时间格式应如 2026-11-22 14:30。", "A time looks like 2026-11-22 14:30.")
        if between and not re.match(r"\s*[0-9]{2}:?[0-9]{2}", clock):
            raise problem  # "14.08" would be a fraction of a second, "14-08" a zone
        day = re.sub(r"[/.]", "-", day)
        if found := re.fullmatch(r"(\d{4})-(\d{2})-(\d{2})", day):
            _day(*found.groups())
        try:
            moment = datetime.fromisoformat(day + between + clock.strip())
        except ValueError:
            raise problem from None
        check_year(moment)
        return (moment if moment.tzinfo else moment.replace(tzinfo=ZONE)).astimezone(UTC)

    def text(self, field: Field, value: Any, language: str) -> str:
        return "" if value is None else value.astimezone(ZONE).strftime("%Y-%m-%d %H:%M")

    def plain(self, value: Any) -> Any:
        return None if value is None else value.astimezone(UTC).isoformat()

    def mongo(self, field: Field) -> me.fields.BaseField:
        return me.DateTimeField()
