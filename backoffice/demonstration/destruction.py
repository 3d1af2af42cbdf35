"""Destructions of the demonstration: one that was carried out, with its certificate, and one that waits (D1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from backoffice.demonstration.days import Days
from backoffice.demonstration.files import CUSTODIAN, HEAD
from backoffice.demonstration.plan import Act, Deed, Step, World
from backoffice.demonstration.secrecy import MANAGER
from models.destruction import removal, service
from models.destruction.document import SLUG

SUPERVISOR = "luqinghe"
MADE = 1_000
"""Working days before today: long enough for the usual retention."""
SIGNATURES = ((SUPERVISOR, "sign"), (HEAD, "approve"), (MANAGER, "countersign"))


@dataclass(frozen=True)
class Plan:
    """Files that are proposed so many working days `back`, with so many signatures, one a day."""

    names: tuple[str, ...]
    back: int
    signatures: int
    reason: str


PLANS = (
    Plan(("临江旧物回收站", "东洲五金门市部"), 14, 3, "多年无往来，经核对无保留价值"),
    Plan(("北岸灯具商行",), 2, 1, "企业已注销，保存期已满"),
)


def steps(days: Days) -> Iterator[Step]:
    """Every file that is outdated, and what is done about it."""
    for place, plan in enumerate(PLANS):
        files = [f"outdated{place}-{number}" for number in range(len(plan.names))]
        for key, name in zip(files, plan.names, strict=True):
            made = {"name": name, "level": "secret", "level_basis": "一般往来资料"}
            yield Act(days.back(MADE, "10:00"), CUSTODIAN, "customer", key, "create", made)
            yield Act(days.back(MADE - 5, "10:00"), HEAD, "customer", key, "archive", {}, "多年无往来")
        key = f"x{place}"
        yield Deed(days.back(plan.back, "09:15"), partial(_propose, key=key, plan=plan, files=files, days=days))
        for count, (who, move) in enumerate(SIGNATURES[: plan.signatures], 1):
            yield Act(days.back(plan.back - count, "11:20"), who, SLUG, key, move)
    yield Deed(days.back(1, "08:30"), partial(_carry_out, days=days), alone=True)


def _propose(world: World, *, key: str, plan: Plan, files: list[str], days: Days) -> None:
    numbers = [world.made[one].number for one in files]
    at = days.back(plan.back, "09:15")
    made = service.propose(world.actor(CUSTODIAN, key), "customer", numbers, plan.reason, now=at)
    world.keep(key, SLUG, made)


def _carry_out(_world: World, *, days: Days) -> None:
    """What the job does; taken up again, it goes on where it stood."""
    at = days.back(1, "08:30")
    removal.begin_due(at)
    while removal.work("demonstration", at + timedelta(minutes=5))[1]:
        pass
