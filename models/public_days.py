"""Which days the state makes holidays or working days.

Two sources: the `holidays` library, which follows the yearly decrees, and decreed years published as JSON,
which an administrator may import before the library knows them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

import holidays

from models.errors import Refusal, Sentence

FIRST_DECREE, LAST_TABLE_YEAR = 2001, 2100  # the library has no decree before, no lunar calendar after
ENGLISH = {
    "元旦": "New Year's Day",
    "春节": "Spring Festival",
    "清明节": "Tomb-Sweeping Day",
    "劳动节": "Labour Day",
    "端午节": "Dragon Boat Festival",
    "中秋节": "Mid-Autumn Festival",
    "国庆节": "National Day",
}


@dataclass(frozen=True, slots=True)
class PublicDay:
    """A day that differs from a plain weekday or weekend: `working` or off, and what it is called."""

    working: bool
    zh: str
    en: str


MAKE_UP_DAY = PublicDay(True, "调休上班", "make-up working day")
DAY_IN_LIEU = PublicDay(False, "调休", "day off in lieu")


@dataclass(frozen=True, slots=True)
class PublishedYear:
    """One decreed year: every day of it that is special; `days` may reach into the neighbouring years."""

    year: int
    papers: tuple[str, ...]
    days: Mapping[date, PublicDay]


class BadCalendarFile(Refusal):
    """A published calendar that cannot be read; nothing of it is used."""

    code = "bad_calendar_file"
    zh = "节假日文件无法读取：{problem}。"
    en = "This holiday file cannot be read: {problem}."


@lru_cache(maxsize=256)
def library_days(year: int) -> Mapping[date, PublicDay]:
    """The special days of `year` as the library knows them: a guess without make-up days if not `decreed`."""
    if year > LAST_TABLE_YEAR:
        return {}
    chinese = holidays.country_holidays("CN", years=year, language="zh_CN", expand=False)
    english = holidays.country_holidays("CN", years=year, language="en_US", expand=False)
    days = {}
    for day, name in chinese.items():
        # The library's name of a day in lieu spells out which weekend pays for it: too long for a sentence.
        days[day] = DAY_IN_LIEU if name.startswith("休息日") else PublicDay(False, name, english[day])
    return {**days, **dict.fromkeys(_make_up_days(year), MAKE_UP_DAY)}


@lru_cache(maxsize=256)
def decreed(year: int) -> bool:
    """Whether the library holds the decree of `year`: each since 2001 has make-up days, a guess has none."""
    return FIRST_DECREE <= year <= LAST_TABLE_YEAR and bool(_make_up_days(year))


def _make_up_days(year: int) -> list[date]:
    # The library hands out stray make-up days of 2001, 2005, 2006 and 2011 with every year.
    table = holidays.country_holidays("CN", years=year, expand=False)
    return [day for day in table.weekend_workdays if day.year == year]


def parse_published(document: Any) -> PublishedYear:
    """Read a decreed year from its published JSON form, already decoded.

    The form is `{"year": 2026, "papers": [...], "days": [{"name": ..., "date": ..., "isOffDay": ...}]}`.

    :raises BadCalendarFile: when a part is missing, of the wrong type, doubled, or far from the year.
    """
    if not isinstance(document, Mapping):
        raise _bad("不是放假安排的格式", "it is not a holiday table")
    year, entries, papers = document.get("year"), document.get("days"), document.get("papers") or []
    if not isinstance(year, int) or isinstance(year, bool) or not 1950 <= year <= LAST_TABLE_YEAR:
        raise _bad("缺少年份“year”", 'the year ("year") is missing or impossible')
    if not isinstance(papers, list) or not all(isinstance(paper, str) for paper in papers):
        raise _bad("“papers”应为文件地址列表", '"papers" must list the addresses of the decree')
    if not isinstance(entries, list):
        raise _bad("缺少日期列表“days”", 'the list of days ("days") is missing')
    days: dict[date, PublicDay] = {}
    for number, entry in enumerate(entries, start=1):
        day, special = _published_day(entry, year, number)
        if day in days:
            raise _bad(f"第 {number} 天 {day} 重复", f"day {number}, {day}, is given twice")
        days[day] = special
    if not any(day.year == year and not special.working for day, special in days.items()):
        raise _bad(f"没有 {year} 年的放假日", f"it has no day off in {year}")
    return PublishedYear(year, tuple(papers), days)


def _published_day(entry: Any, year: int, number: int) -> tuple[date, PublicDay]:
    problem = _bad(f"第 {number} 天不完整或日期有误", f"day {number} is incomplete or its date is wrong")
    if not isinstance(entry, Mapping):
        raise problem
    name, text, off = entry.get("name"), entry.get("date"), entry.get("isOffDay")
    if not isinstance(name, str) or not isinstance(text, str) or not isinstance(off, bool):
        raise problem
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise problem from error
    if abs(day.year - year) > 1:
        raise problem
    return day, PublicDay(False, name, _english(name)) if off else MAKE_UP_DAY


def _english(name: str) -> str:
    return ", ".join(ENGLISH.get(part, part) for part in name.split("、"))


def _bad(zh: str, en: str) -> BadCalendarFile:
    return BadCalendarFile(problem=Sentence(zh, en))
