"""Changes of secrecy and leaks of the demonstration, in every state (X2, X8)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from backoffice.demonstration.days import Days
from backoffice.demonstration.files import CUSTODIAN, HEAD, Drawer
from backoffice.demonstration.plan import OWNER, Act, Deed, Someone, Step, World
from models.calendar import local
from models.declarations import Level
from models.secrecy import period_of
from models.secrecy_change import service
from models.secrecy_change.document import SLUG

MANAGER = "gaozhanyuan"


@dataclass(frozen=True)
class Change:
    """A change that `who` asked for so many working days `back`; `moves` follow it."""

    who: str
    level: Level
    back: int
    lower_to: str = ""
    move: str = ""


CHANGES = (
    Change(OWNER, Level.CONFIDENTIAL, 12, "secret", "approve"),
    Change(CUSTODIAN, Level.SECRET, 7, "", "approve"),
    Change(OWNER, Level.SECRET, 5, "internal", "refuse"),
    Change(CUSTODIAN, Level.SECRET, 3, "", "withdraw"),
    Change(CUSTODIAN, Level.SECRET, 0),
    Change(OWNER, Level.CONFIDENTIAL, 1, "secret"),
)


@dataclass(frozen=True)
class Leak:
    """A leak found so many working days `back`, and what was done about it since."""

    who: str
    back: int
    values: dict[str, Any]
    moves: tuple[str, ...] = ()


LEAKS = (
    Leak(
        "linzhixia",
        30,
        {
            "subject": "报价单遗落在客户会议室",
            "way": "paper",
            "level_leaked": "secret",
            "account": "拜访后清点资料时发现少一份报价单，次日由客户前台交还，期间有他人经过。",
            "measures": "当日取回，请客户前台说明经过。",
            "people": [{"person": Someone("chengxiangyang"), "part": "leaked"}],
        },
        ("take_up", "conclude", "close"),
    ),
    Leak(
        "shenmoyan",
        9,
        {
            "subject": "客户通讯录被转发到外部群",
            "way": "file",
            "level_leaked": "secret",
            "account": "同事误将通讯录截图发到有外部人员的群中，五分钟后撤回。",
            "measures": "已要求群成员删除，群主书面确认。",
            "people": [
                {"person": Someone("jiangyuan"), "part": "leaked"},
                {"name": "群内外部人员三人", "part": "received"},
            ],
        },
        ("take_up", "conclude"),
    ),
    Leak(
        "gunanfeng",
        4,
        {
            "subject": "竞争对手提及我方授信条件",
            "way": "talk",
            "level_leaked": "confidential",
            "account": "客户称另一家供应商知道我方给出的账期，来源不明。",
        },
        ("take_up",),
    ),
    Leak(
        "linzhixia",
        0,
        {
            "subject": "打印室发现无人认领的客户档案复印件",
            "way": "paper",
            "level_leaked": "secret",
            "account": "早上在打印室发现一份档案复印件，无领取登记，已交信息管理员保管。",
        },
    ),
)
JUDGED = {
    "findings": "经核对借阅记录与当事人陈述，情况属实，未发现进一步扩散。",
    "superior": Someone("qinshanhai"),
    "duty": "supervision",
    "duty_note": "未按规定检查外出资料的清点。",
    "outcome": "warning",
    "outcome_note": "部门内通报，当月考核扣分。",
    "remedy": "外出资料一律登记借阅卡，回来当日清点。",
}
SIGNERS = {"take_up": HEAD, "conclude": HEAD, "close": MANAGER}


def steps(days: Days, drawer: Drawer) -> Iterator[Step]:
    """Every change and every leak."""
    taken: set[str] = set()
    for place, change in enumerate(CHANGES):
        file = drawer.take(taken, days.back(40), but=(HEAD,), level=change.level)
        at, key = days.back(change.back, "09:40"), f"m{place}"
        yield Deed(at, partial(_ask, key=key, change=change, file=file.key, at=at))
        if change.move:
            who = HEAD if change.move != "withdraw" else change.who
            note = "往来尚未结束" if change.move == "refuse" else ""
            yield Act(days.back(change.back, "14:20"), who, SLUG, key, change.move, {}, note)
    for place, leak in enumerate(LEAKS):
        yield from _leak(f"leak{place}", leak, days)


def _ask(world: World, *, key: str, change: Change, file: str, at: datetime) -> None:
    kept = world.made[file]
    raw: dict[str, Any] = {"kind": "extend", "reason": "合作仍在进行，资料仍须保密"}
    if change.lower_to:
        raw = {"kind": "lower", "new_level": change.lower_to, "reason": "项目已公开，不再需要原密级"}
    else:
        raw["new_until"] = period_of(change.level, local(at).date())
    world.keep(key, SLUG, service.ask(world.actor(change.who, file), kept.slug, kept.number, raw, now=at))


def _leak(key: str, leak: Leak, days: Days) -> Iterator[Step]:
    found = days.back(leak.back, "09:10")
    happened = local(found - timedelta(days=1)).date().isoformat()
    on = {"happened_on": happened, "found_on": local(found).date().isoformat()}
    yield Act(found, leak.who, "leak", key, "create", {**leak.values, **on})
    for clock, move in zip(("10:30", "15:10", "16:40"), leak.moves, strict=False):
        values = JUDGED if move == "conclude" else {}
        yield Act(days.back(leak.back, clock), SIGNERS[move], "leak", key, move, values)
