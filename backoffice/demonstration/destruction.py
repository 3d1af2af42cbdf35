"""Destructions of the demonstration, in every state: waiting, cooling off, carried out with a certificate (D1-D3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from backoffice.demonstration.days import Days
from backoffice.demonstration.files import CUSTODIAN, HEAD
from backoffice.demonstration.plan import Act, Deed, Step, World
from backoffice.demonstration.secrecy import MANAGER
from models.destruction import holds, removal, service
from models.destruction.document import SLUG

SUPERVISOR = "luqinghe"
MADE = 1_000
"""Working days before today: long enough for the usual retention."""
SIGNATURES = ((SUPERVISOR, "sign"), (HEAD, "approve"), (MANAGER, "countersign"))
COOLING = timedelta(days=7)
ENDED = "08:30"
"""When, on the last working day, what was due was carried out."""


@dataclass(frozen=True)
class Plan:
    """Files that are proposed so many working days `back`, with so many signatures, one a day; then `who` makes the
    `move`, with a `note`. `held`: a hold is placed while it cools off. `late`: its cooling-off ends just now."""

    names: tuple[str, ...]
    back: int
    signatures: int
    reason: str
    who: str = ""
    move: str = ""
    note: str = ""
    held: bool = False
    late: bool = False


PLANS = (
    Plan(("临江旧物回收站", "东洲五金门市部"), 14, 3, "多年无往来，经核对无保留价值"),
    Plan(("北岸灯具商行",), 2, 1, "企业已注销，保存期已满"),
    Plan(("沙洲木器加工部",), 0, 0, "多年无往来，联系方式全部失效"),
    Plan(("临江第二印染社",), 5, 2, "企业已注销，保存期已满"),
    Plan(("东洲渔具经营部",), 6, 3, "重复建档，已有新档案"),
    Plan(("南渡竹编合作社",), 8, 1, "多年无往来", HEAD, "refuse", "仍可能恢复合作，保留"),
    Plan(("西津旧货调剂行",), 7, 0, "保存期已满", CUSTODIAN, "withdraw"),
    Plan(("古塔照相器材店",), 9, 3, "保存期已满", HEAD, "stop", "客户来函查询旧单，仍需保留"),
    Plan(("河口船用五金厂",), 14, 3, "企业已注销，保存期已满", held=True),
    Plan(("白鹭园艺工具铺",), 0, 3, "多年无往来，经核对无保留价值", late=True),
)


def left() -> int:
    """How many of these files are still there in the end."""
    gone = [plan for plan in PLANS if plan.late or (plan.signatures == 3 and plan.back > 10 and not plan.held)]
    return sum(len(plan.names) for plan in PLANS if plan not in gone)


def steps(days: Days) -> Iterator[Step]:
    """Every file that is outdated, and what is done about it. Their secrecy still lasts: it was made longer in time."""
    until = days.day(200)
    for place, plan in enumerate(PLANS):
        files = [f"outdated{place}-{number}" for number in range(len(plan.names))]
        for key, name in zip(files, plan.names, strict=True):
            made = {"name": name, "level": "secret", "level_basis": "一般往来资料"}
            yield Act(days.back(MADE, "10:00"), CUSTODIAN, "customer", key, "create", made)
            lasts = {"secret_until": until}
            yield Act(days.back(MADE - 5, "09:00"), HEAD, "customer", key, "change", lasts, "重新核定保密期")
            yield Act(days.back(MADE - 5, "10:00"), HEAD, "customer", key, "archive", {}, "多年无往来")
        yield from _decided(f"x{place}", plan, files, days)
    yield Deed(days.back(1, ENDED), partial(_carry_out, at=days.back(1, ENDED)), alone=True)
    just_now = days.now - timedelta(minutes=1)
    yield Deed(just_now, partial(_begin, at=just_now), alone=True)


def _decided(key: str, plan: Plan, files: list[str], days: Days) -> Iterator[Step]:
    """The proposal, its signatures, and what came after them."""
    at = _times(plan, days)
    yield Deed(at[0], partial(_propose, key=key, plan=plan, files=files, at=at[0]))
    for moment, (who, move) in zip(at[1:], SIGNATURES[: plan.signatures], strict=False):
        yield Act(moment, who, SLUG, key, move)
    if plan.move:
        yield Act(at[plan.signatures + 1], plan.who, SLUG, key, plan.move, {}, plan.note)
    if plan.held:
        yield Deed(at[-1], partial(_hold, file=files[0], at=at[-1]))


def _times(plan: Plan, days: Days) -> list[datetime]:
    """When it was proposed, and each of the next steps."""
    if plan.late:
        third = days.now - COOLING - timedelta(minutes=5)
        return [third - timedelta(hours=hours) for hours in (3, 2, 1, 0)]
    if plan.back == 0:
        return [days.back(0, "09:15")]
    later = (days.back(plan.back - step, "11:20") for step in range(1, 5) if plan.back >= step)
    return [days.back(plan.back, "09:15"), *later]


def _propose(world: World, *, key: str, plan: Plan, files: list[str], at: datetime) -> None:
    numbers = [world.made[one].number for one in files]
    made = service.propose(world.actor(CUSTODIAN, key), "customer", numbers, plan.reason, now=at)
    world.keep(key, SLUG, made)


def _hold(world: World, *, file: str, at: datetime) -> None:
    holds.place(world.actor(HEAD, file), "customer", world.made[file].number, "合同纠纷举证期间不得销毁", now=at)


def _carry_out(_world: World, *, at: datetime) -> None:
    """What the job does; taken up again, it goes on where it stood."""
    removal.begin_due(at)
    while removal.work("demonstration", at + timedelta(minutes=5), settled=timedelta())[1]:
        pass


def _begin(_world: World, *, at: datetime) -> None:
    """The last one is on its way: the scheduler ends it."""
    removal.begin_due(at)
