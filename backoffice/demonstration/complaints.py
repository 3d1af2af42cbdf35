"""Complaints of the demonstration, in every stage (T1-T7), and the revisits that follow from them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from backoffice.demonstration import words
from backoffice.demonstration.days import Days
from backoffice.demonstration.files import HEAD, SPECIALISTS, Drawer, File
from backoffice.demonstration.plan import Act, Deed, Made, Someone, Step, World
from config.database import database
from models.declarations import Level
from models.record import collection_name

SUPERVISOR = "luqinghe"
PATH = ("create", "judge", "assign", "answer", "resolve", "close")


@dataclass(frozen=True)
class Story:
    """How far a complaint is: `until` its last move, received `back` working days before today at `clock`.

    `open_hours`, when given, puts its receipt so many open hours before the end of the working day instead.
    """

    until: str
    back: int
    level: Level = Level.INTERNAL
    channel: str = "phone"
    clock: str = "09:25"
    founded: bool = True
    amount: int = 0
    extra: str = ""
    open_hours: float = 0
    key_customer: bool = False
    nobody: bool = False


STORIES = (
    *(Story("close", 40 - 3 * n, channel=("phone", "email", "web", "counter")[n % 4]) for n in range(10)),
    Story("close", 14, Level.SECRET, amount=120),
    Story("close", 11, founded=False),
    Story("close", 9, amount=800, channel="email"),
    Story("close", 8, Level.CONFIDENTIAL),
    Story("close", 7),
    Story("close", 6, founded=False, channel="web"),
    Story("close", 5, channel="chat"),
    Story("close", 4),
    Story("close", 12, extra="reopen"),
    Story("resolve", 4),
    Story("resolve", 5, Level.SECRET, amount=150),
    Story("resolve", 3, amount=900),
    Story("answer", 9),
    Story("answer", 7, Level.SECRET),
    Story("answer", 3, Level.TOP_SECRET),
    Story("answer", 0, open_hours=48),
    Story("answer", 2, channel="web"),
    Story("answer", 6, extra="agree_later"),
    Story("assign", 5, channel="email"),
    Story("assign", 0, open_hours=24),
    Story("assign", 1, key_customer=True),
    Story("judge", 0, open_hours=24, channel="email"),
    Story("judge", 1, channel="counter"),
    Story("create", 0, open_hours=20),
    Story("create", 0, channel="chat", clock="09:40"),
    Story("create", 0, key_customer=True, clock="09:30"),
    Story("create", 4, nobody=True, channel="web"),
    Story("create", 0, nobody=True, clock="09:50"),
)


def steps(days: Days, drawer: Drawer) -> Iterator[Step]:
    """Every complaint's story."""
    taken: set[str] = set()
    for place, story in enumerate(STORIES):
        file = None
        if not story.nobody:
            wanted: dict[str, Any] = {"level": story.level} | ({"key_customer": True} if story.key_customer else {})
            file = drawer.take(taken, days.back(story.back + 15), **wanted)
        yield from complaint(f"t{place}", place, story, file, days)


def complaint(key: str, place: int, story: Story, file: File | None, days: Days) -> Iterator[Step]:
    """One complaint, from its receipt to where it stands now."""
    act = partial(Act, slug="complaint", key=key)
    taker = file.owner if file else SPECIALISTS[place % 3]
    if taker == HEAD:
        taker = SUPERVISOR
    handler = taker if place % 3 or story.level is not Level.INTERNAL else SPECIALISTS[(place + 1) % 3]
    _, problem, _, _ = words.COMPLAINTS[place % len(words.COMPLAINTS)]
    start = _received(story, days)
    begun = start + timedelta(minutes=8)
    yield act(begun, taker, do="create", values=_intake(place, story, file, start))
    done = PATH[: PATH.index(story.until) + 1]
    times = _times(begun, story, days)
    if "judge" in done:
        values = {"founded": story.founded, "reasonable": story.founded, "severity": "middle", "problem": problem}
        yield act(times[0], taker, do="judge", values=values | {"fault": "logistics" if story.founded else "customer"})
    if not story.founded:
        values = {"close_reason": "已向客户说明合同约定的验收标准，客户表示理解。"}
        yield act(times[1], taker, do="close", values=values)
        yield from _follow_up(key, times[1], taker, days)
        return
    if "assign" in done:
        yield act(times[1], taker, do="assign", values={"owner": Someone(handler)})
    if "answer" in done:
        yield act(times[2], handler, do="answer", values={"answer": "已核实情况，向客户致歉并说明处理步骤和时间。"})
    if story.extra == "agree_later":
        later = {"agreed_until": days.on(days.day(5), "17:00")}
        yield act(times[3], handler, do="agree_later", values=later, note="客户要求待新品到货后一并处理")
    if "resolve" in done:
        yield act(times[3], _grantor(story, handler), do="resolve", values=_solution(story))
    if "close" in done:
        satisfaction = ("satisfied", "satisfied", "partly", "unsatisfied")[place % 4]
        values = {"cause": words.CAUSES[place % len(words.CAUSES)], "satisfaction": satisfaction}
        yield act(times[4], handler, do="close", values=values)
        yield from _follow_up(key, times[4], handler, days)
    if story.extra == "reopen":
        yield act(times[4] + timedelta(days=2), handler, do="reopen", note="客户反映问题再次出现")


def _received(story: Story, days: Days) -> datetime:
    if story.open_hours:
        close = days.calendar.end_of(days.today).at
        return min(days.open_hours_before(close, story.open_hours), days.now - timedelta(minutes=30))
    return days.back(story.back, story.clock)


def _times(begun: datetime, story: Story, days: Days) -> list[datetime]:
    """When the five later moves happen: within the time there was, and never in the future."""
    usual = (0.5, 1.5, 7, 26, 30)
    moments = [days.calendar.add_working_hours(begun, hours).at for hours in usual]
    last = PATH.index(story.until)
    if last and moments[last - 1] >= days.now:
        step = (days.now - begun) / (last + 1)
        moments = [begun + step * (n + 1) for n in range(len(usual))]
    return moments


def _intake(place: int, story: Story, file: File | None, received: datetime) -> dict[str, Any]:
    subject, _, facts, wanted = words.COMPLAINTS[place % len(words.COMPLAINTS)]
    known = (file.values or {}) if file else {}
    return {
        "subject": subject,
        "customer": Made(file.key) if file else None,
        "complainant": known.get("contact_name", "现场来客"),
        "contact_phone": known.get("contact_phone", "19900009999"),
        "channel": story.channel,
        "received_at": received,
        "product": ("MX-200 系列", "标准件套装", "年度服务", "L 型支架")[place % 4],
        "order_no": f"DD{received:%y%m%d}{place:03d}",
        "region": known.get("region"),
        "facts": facts,
        "wanted": wanted,
        "repeated_back": True,
    }


def _solution(story: Story) -> dict[str, Any]:
    values: dict[str, Any] = {"solution": "补发缺货并承担运费，调整拣货复核流程。", "measures": ["apology"]}
    if story.amount:
        values |= {"measures": ["apology", "compensation"], "amount": str(story.amount)}
    return values


def _grantor(story: Story, handler: str) -> str:
    """Whose authority covers the amount (T4)."""
    return handler if story.amount <= 200 else SUPERVISOR if story.level is Level.INTERNAL else HEAD


def _follow_up(key: str, closed: datetime, handler: str, days: Days) -> Iterator[Step]:
    """The revisit that a closing books by itself; done where its day is over."""
    revisit = f"{key}v"
    yield Deed(closed, partial(_find_revisit, complaint=key, revisit=revisit))
    due = days.calendar.add_working_days(closed, 3).day
    if due < days.today:
        answer = words.REVISIT_ANSWERS[len(key) % len(words.REVISIT_ANSWERS)]
        scores = {"ease": "4", "attitude": "5", "ability": "4", "time": "3", "outcome": "4"}
        values = {"channel": "phone", "answers": answer, **scores}
        yield Act(days.on(due, "15:20"), handler, "revisit", revisit, "record", values)


def _find_revisit(world: World, *, complaint: str, revisit: str) -> None:
    row = database()[collection_name("revisit")].find_one({"complaint": world.made[complaint].id}, sort=[("_id", -1)])
    if row is not None:
        world.keep(revisit, "revisit", row)
