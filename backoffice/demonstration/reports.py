"""Reports of the demonstration: changes at customers, the salespeople's monthly ones, the department's own (F4, T8,
Q, B)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from backoffice.demonstration.days import Days
from backoffice.demonstration.files import CUSTODIAN, HEAD, SELLERS, Drawer
from backoffice.demonstration.plan import OWNER, Act, Deed, Made, Step, World
from config.database import database
from models.calendar import add_months, first_monday
from models.change_report import service as change_report
from models.customer_change.document import SLUG as CHANGE
from models.declarations import Level
from models.record import collection_name
from models.service_report import rules
from models.service_report import service as service_report

MANAGER = "gaozhanyuan"
REPORT, SERVICE = "change_report", "service_report"
BUSY, QUIET = SELLERS[:2]
"""One of the salespeople always has something to report."""
BUYER = {"section": "people", "change": "采购负责人换人，新负责人已拜访过一次，电话不变。"}
LINE = {"section": "needs", "change": "第二季度新增一条产线，已开始询价。"}
RUMOUR = {"section": "business", "change": "听说要搬迁厂区，时间未定。"}
OTHERS = "海棠精密：近两次付款推迟一周，对方称在换结算银行。"
SUMMARY = {
    "summary": "投诉量与上期持平，均在期限内答复；回访按计划完成。",
    "causes": "交货延迟和安装说明不清。",
    "plan": "与物流约定每周对单一次；说明书补充安装图。",
}


def steps(days: Days, drawer: Drawer) -> Iterator[Step]:
    """Two months of salespeople's reports, the last one still being filed, and the department's reports of two weeks
    and a month."""
    present = _month(days)
    yield from _settled(days, drawer, add_months(present, -1))
    yield from _under_way(days, drawer, present)
    yield from _weeks(days)
    yield from _of_the_month(days)


def _month(days: Days) -> date:
    """The first day of the latest month whose reports were opened two working days ago or more."""
    first = days.today.replace(day=1)
    while days.on(first_monday(first.year, first.month), "08:40") >= days.back(2, "08:30"):
        first = add_months(first, -1)
    return first


def _settled(days: Days, drawer: Drawer, month: date) -> Iterator[Step]:
    """A month that is done: one with changes, filed and not, and one who had nothing to report."""
    monday = first_monday(month.year, month.month)
    opened, after = days.on(monday, "08:40"), days.calendar.next_working_day(monday)
    yield from _opened(month, opened)
    taken: set[str] = set()
    files = [drawer.take(taken, opened, seller=BUSY, level=Level.INTERNAL).key for _ in range(2)]
    filed, void = f"b{month}-0", f"b{month}-1"
    yield Act(days.on(monday, "10:10"), BUSY, CHANGE, filed, "create", {"customer": Made(files[0]), **BUYER})
    yield Act(days.on(monday, "10:25"), BUSY, CHANGE, void, "create", {"customer": Made(files[1]), **RUMOUR})
    yield Act(days.on(monday, "11:00"), BUSY, REPORT, _key(month, BUSY), "hand_in")
    yield Act(days.on(monday, "14:00"), QUIET, REPORT, _key(month, QUIET), "hand_in", {"nothing_changed": "yes"})
    written = {"person_in_charge": "邵文启"}
    yield Act(days.on(after, "09:30"), OWNER, "customer", files[0], "change", written, "按客户变动更正")
    yield Act(days.on(after, "09:40"), OWNER, CHANGE, filed, "file")
    yield Act(days.on(after, "10:00"), OWNER, CHANGE, void, "set_aside", {"not_filed": "尚未定，定后再报"})
    yield Act(days.on(after, "15:30"), CUSTODIAN, REPORT, _key(month, BUSY), "close")


def _under_way(days: Days, drawer: Drawer, month: date) -> Iterator[Step]:
    """The last month: one report waits for its changes to be filed, one has not been handed in."""
    monday = first_monday(month.year, month.month)
    yield from _opened(month, days.on(monday, "08:40"))
    file = drawer.take(set(), days.on(monday, "08:40"), seller=BUSY, level=Level.INTERNAL).key
    values = {"customer": Made(file), **LINE}
    yield Act(days.back(1, "15:10"), BUSY, CHANGE, f"b{month}-0", "create", values)
    yield Act(days.back(1, "15:30"), BUSY, REPORT, _key(month, BUSY), "hand_in", {"others": OTHERS})


def _key(month: date, who: str) -> str:
    return f"report-{month}-{who}"


def _opened(month: date, at: datetime) -> Iterator[Step]:
    yield Deed(at, partial(_open_month, month=month, at=at))


def _open_month(world: World, *, month: date, at: datetime) -> None:
    change_report.open_month(at)
    for who in (BUSY, QUIET):
        found = {"month": f"{month:%Y-%m}", "salesperson": world.people[who].id}
        _keep(world, _key(month, who), REPORT, found)


def _weeks(days: Days) -> Iterator[Step]:
    """The weekly report before last is done, the last one is being written."""
    friday = rules.last_friday(days.today)
    if days.on(friday, "08:40") >= days.back(0, "08:30"):
        friday -= timedelta(weeks=1)
    for day in (friday - timedelta(weeks=1), friday):
        yield Deed(days.on(day, "08:40"), partial(_open_week, day=day, days=days))
    written = _week(friday - timedelta(weeks=1))
    yield Act(days.on(friday - timedelta(weeks=1), "16:30"), HEAD, SERVICE, written, "hand_in", SUMMARY)


def _week(friday: date) -> str:
    return f"week-{friday}"


def _open_week(world: World, *, day: date, days: Days) -> None:
    service_report.open_week(days.on(day, "08:40"), days.calendar)
    _keep(world, _week(day), SERVICE, {"occasion": rules.week_of(day, days.calendar).occasion})


def _of_the_month(days: Days) -> Iterator[Step]:
    """Of the month's two reports one was noted, and one lies with the general manager."""
    first = days.today.replace(day=1)
    while days.calendar.add_working_days(first, 4).at >= days.now:
        first = add_months(first, -1)
    on = [days.calendar.add_working_days(first, count).day for count in (2, 3)]
    yield Deed(days.on(first, "08:50"), partial(_open_both, first=first, days=days))
    for place, kind in enumerate((rules.MONTHLY, rules.SUPERVISION)):
        yield Act(days.on(on[0], f"1{place}:20"), HEAD, SERVICE, kind, "hand_in", SUMMARY)
    yield Act(days.on(on[1], "16:10"), MANAGER, SERVICE, rules.MONTHLY, "note")


def _open_both(world: World, *, first: date, days: Days) -> None:
    service_report.open_month(days.on(first, "08:50"), days.calendar)
    for kind in (rules.MONTHLY, rules.SUPERVISION):
        occasion = rules.month_before(first, kind, days.calendar).occasion
        _keep(world, kind, SERVICE, {"occasion": occasion})


def _keep(world: World, key: str, slug: str, condition: dict[str, Any]) -> None:
    row = database()[collection_name(slug)].find_one(condition)
    if row is not None:
        world.keep(key, slug, row)
