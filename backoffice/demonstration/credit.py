"""Credit in the demonstration: grades taken over from the former register, and reports in every state (C1-C4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from random import Random
from typing import Any

from backoffice.demonstration.days import Days
from backoffice.demonstration.files import SEED, Drawer, File
from backoffice.demonstration.plan import Act, Deed, Made, Someone, Step, World
from config.policy import policy
from models.calendar import add_months, local
from models.customer import service as customer
from models.declarations import Level

FINANCE, SECOND_FINANCE, GROUP = "songqingping", "yezhiqiu", "heyiheng"

SURVEYS: dict[str, dict[str, Any]] = {
    "A": {
        "sales_year": "3650000",
        "on_time_percent": "99",
        "longest_overdue_days": "2",
        "years_of_dealings": "6",
        "debt_ratio_percent": "41.5",
        "sales_growth_percent": "12",
        "bank_opinion": "good",
        "trade_opinion": "good",
        "visit_opinion": "good",
        "facts": "近 12 个月 24 笔账单均按期支付；年销售额 365 万元；厂房自有，设备开机率八成以上。",
        "limit": "300000",
        "term_days": "60",
    },
    "B": {
        "sales_year": "1260000",
        "on_time_percent": "92",
        "longest_overdue_days": "20",
        "years_of_dealings": "3",
        "debt_ratio_percent": "55",
        "sales_growth_percent": "3",
        "bank_opinion": "fair",
        "trade_opinion": "good",
        "visit_opinion": "good",
        "facts": "近 12 个月 26 笔账单，2 笔逾期，最长 20 天；同业两家反映付款稳定。",
        "limit": "50000",
        "term_days": "30",
    },
    "C": {
        "sales_year": "480000",
        "on_time_percent": "80",
        "longest_overdue_days": "25",
        "years_of_dealings": "1",
        "debt_ratio_percent": "72",
        "sales_growth_percent": "-5",
        "bank_opinion": "fair",
        "trade_opinion": "fair",
        "visit_opinion": "good",
        "facts": "往来一年，15 笔账单 3 笔逾期；负债率 72%；销售额较上年下降 5%。",
        "limit": "0",
        "term_days": "0",
    },
    "D": {
        "sales_year": "210000",
        "on_time_percent": "55",
        "longest_overdue_days": "96",
        "years_of_dealings": "2",
        "debt_ratio_percent": "88",
        "sales_growth_percent": "-31",
        "bank_opinion": "poor",
        "trade_opinion": "poor",
        "visit_opinion": "fair",
        "facts": "一笔账单逾期 96 天后分期付清；同业反映曾以货抵款；厂区半数停工。",
        "limit": "0",
        "term_days": "0",
    },
}
"""What a survey found and what is asked for, by the grade that the score then proposes."""

CHANNELS = {
    "channels": ["bank", "visit"],
    "bank_findings": "基本户开户行反映近一年无退票、无冻结记录。",
    "visit_findings": "现场走访：生产正常，原料库存约两周用量，员工到岗率九成。",
}
STARTING = {
    "A": (Decimal(300_000), 60),
    "B": (Decimal(50_000), 30),
    "C": (Decimal(0), 0),
    "D": (Decimal(0), 0),
}
AROUND_TODAY = {3: -6, 8: -2, 11: 0, 15: 1, 19: 4, 24: 9}
"""Of thirty customers, whose next report is due how many days from today."""
OPINIONS = {
    "A": "往来数据与账务一致，同意所申请的额度与账期。",
    "B": "账务核对无误，同意按起始额度执行。",
    "C": "负债率偏高，同意货到付款。",
    "D": "不同意赊销，建议款到发货。",
}


@dataclass(frozen=True)
class Story:
    """How far a report is: `grade` its survey, `until` its last move, `back` working days since it was begun.

    With `due` the customer has this grade already and the report is the next one, due so many days from today.
    """

    grade: str
    until: str
    back: int
    level: Level = Level.INTERNAL
    due: int | None = None


STORIES = (
    *(Story(grade, "approve", 34 - 2 * n) for n, grade in enumerate("ABABCABDABCB")),
    Story("A", "approve", 9, Level.SECRET),
    Story("B", "approve", 8, Level.CONFIDENTIAL),
    Story("A", "approve", 8, Level.TOP_SECRET),
    Story("B", "refuse", 12),
    Story("C", "refuse", 7),
    Story("B", "send_back", 4, due=2),
    Story("A", "rate", 4, due=0),
    Story("B", "rate", 3, due=1),
    Story("C", "rate", 2, due=3),
    Story("A", "rate", 3, Level.SECRET),
    Story("B", "submit", 2, due=0),
    Story("A", "submit", 2, due=-3),
    Story("D", "submit", 1, due=1),
    Story("B", "submit", 1, Level.SECRET),
    Story("A", "create", 3, due=0),
    Story("B", "create", 1, due=0),
    Story("B", "create", 2, due=-2),
    Story("C", "withdraw", 2, due=4),
)


def steps(days: Days, drawer: Drawer) -> Iterator[Step]:
    """Reports first, then the standing of the customers that no report was written on."""
    taken: set[str] = set()
    for place, story in enumerate(STORIES):
        before = days.back(story.back + 2)
        if story.due is not None:
            decided = add_months(days.day(story.due), -policy().credit.report_months[story.grade])
            before = min(before, days.on(decided))
        file = drawer.take(taken, before, level=story.level)
        if story.due is not None:
            yield _standing(file, story.grade, days.on(decided, "16:30"), STARTING[story.grade])
        yield from report(f"x{place}", story, file, days)
    yield from _taken_over(days, drawer, taken)


def report(key: str, story: Story, file: File, days: Days) -> Iterator[Step]:
    """One report from its first word to its last move."""
    act = partial(Act, slug="credit_report", key=key)
    values = {"customer": Made(file.key), "occasion": "regular", **CHANNELS, **SURVEYS[story.grade]}
    top = story.level is Level.TOP_SECRET
    named = {"finance_person": Someone(FINANCE), "decider": Someone(GROUP)} if top else {}
    values["surveyed"] = days.back(story.back + 1).date()
    yield act(days.back(story.back, "09:40"), file.owner, do="create", values=values)
    if story.until == "create":
        return
    yield act(days.back(story.back, "11:20"), file.owner, do="submit", values=named)
    if story.until == "withdraw":
        yield act(days.back(story.back, "14:40"), file.owner, do="withdraw")
    if story.until in ("submit", "withdraw"):
        return
    finance = FINANCE if top or story.back % 2 else SECOND_FINANCE
    opinion = {"finance_agrees": story.until != "refuse", "finance_opinion": OPINIONS[story.grade]}
    yield act(days.back(story.back - 1, "15:10"), finance, do="rate", values=opinion)
    at = days.back(max(story.back - 2, 0), "09:15")
    if story.until == "approve":
        yield act(at, GROUP, do="approve")
    elif story.until == "refuse":
        yield act(at, GROUP, do="refuse", note="资料不足以支持所申请的额度")
    elif story.until == "send_back":
        yield act(at, GROUP, do="send_back", note="请补充同业调查情况")


def _taken_over(days: Days, drawer: Drawer, taken: set[str]) -> Iterator[Step]:
    """Grades, limits and terms of the former register; the next reports are due around today (C3)."""
    random = Random(SEED + 3)
    months = policy().credit.report_months
    graded = [f for f in drawer.files if f.active and f.key not in taken and random.random() < 0.7]
    for place, file in enumerate(graded):
        grade = random.choice("AAABBBBCCD")
        offset = AROUND_TODAY.get(place % 30, random.randrange(12, 30 * months[grade]))
        decided = add_months(days.day(offset), -months[grade])
        at = max(days.on(decided, "16:30"), file.created + timedelta(hours=1))
        terms = {
            "A": (Decimal(random.randint(10, 60)) * 10_000, random.choice((30, 60, 90))),
            "B": (Decimal(random.randint(2, 6)) * 10_000, random.choice((15, 30))),
        }.get(grade, STARTING[grade])
        if at < days.now:
            yield _standing(file, grade, at, terms)


def _standing(file: File, grade: str, at: datetime, terms: tuple[Decimal, int]) -> Step:
    """A customer's standing as it was decided before: grade, limit, term and next report together (C4)."""
    decided = local(at).date()
    standing = {
        "grade": grade,
        "credit_limit": terms[0],
        "credit_term": terms[1],
        "next_report_due": add_months(decided, policy().credit.report_months[grade]),
        "credit_decided_on": decided,
    }
    return Deed(at, partial(_stand, key=file.key, standing=standing, at=at))


def _stand(world: World, *, key: str, standing: dict[str, Any], at: datetime) -> None:
    customer.credit_standing(world.made[key].id, standing, actor=world.people[GROUP], now=at, note="自原授信台账转入")
