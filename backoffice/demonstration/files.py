"""The customer files of the demonstration: who made them when, how secret they are, what became of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from random import Random
from typing import Any

from backoffice.demonstration.companies import Companies
from backoffice.demonstration.days import Days
from backoffice.demonstration.plan import OWNER, Act, Someone, Step
from models.customer.document import FIRST_FILL
from models.declarations import Level

COUNT = 300
SEED = 20240311
OLDEST = 480
"""Working days before today of the first file."""
SPECIALISTS = ("linzhixia", "jiangyuan", "gunanfeng")
SELLERS = ("chengxiangyang", "bairuoxi", "qinshanhai")
CUSTODIAN, HEAD = "shenmoyan", "sumingyuan"
NEW = range(COUNT - 9, COUNT, 2)
"""Files of these days: the contract is signed, and the first fill still wants something (F3)."""
UNKNOWN = ("contact_birthday", "contact_hours", "key_people")
"""What it wants."""
CLOCKS = ("09:20", "09:50", "10:15", "10:40", "11:10", "14:05", "14:30", "15:00", "15:45", "16:20", "17:10")
BASES = {
    Level.SECRET: "一般往来资料，按保密规定第 6 条",
    Level.CONFIDENTIAL: "重要往来与定价，按保密规定第 5 条",
    Level.TOP_SECRET: "直接关系公司利益，按保密规定第 4 条",
}
SERVICE_PLAN = "专属客服一名，每月回访一次；故障 2 小时内响应；年度走访由客服部经理带队。"


@dataclass(frozen=True)
class File:
    """A customer file as it is planned. `owner` is '' where the department's own placing decides."""

    key: str
    name: str
    owner: str
    level: Level
    created: datetime
    seller: str = ""
    signed: date | None = None
    delivered: date | None = None
    key_customer: bool = False
    fate: str = ""
    values: dict[str, Any] | None = None

    @property
    def active(self) -> bool:
        """Whether it is an active file today."""
        return self.signed is not None and self.fate in ("", "resumed")


class Drawer:
    """All files of the plan, in the order in which they were made."""

    def __init__(self, days: Days) -> None:
        self.days = days
        self.random = Random(SEED)
        companies = Companies(days.today, Random(SEED + 1)).stream()
        self.files = [self._plan(n, values) for n, values in enumerate(islice(companies, COUNT))]

    def some(self, count: int, *, after: int = 0) -> list[File]:
        """The first active files with a known owner, from place `after` on."""
        return list(islice((f for f in self.files[after:] if f.active and f.owner), count))

    def take(self, taken: set[str], before: datetime, *, but: tuple[str, ...] = (), **wanted: Any) -> File:
        """The next active file that nobody has taken, made before a moment, with these attributes and not owned by
        one of `but`. :raises LookupError: there is none left."""
        for file in self.files:
            free = file.active and file.owner and file.owner not in but and file.key not in taken
            if free and file.created < before and all(getattr(file, k) == v for k, v in wanted.items()):
                taken.add(file.key)
                return file
        raise LookupError(f"no customer file is left for {wanted}")

    def _plan(self, n: int, values: dict[str, Any]) -> File:
        pick, chance = self.random.choice, self.random.random()
        back = max(1, round(OLDEST * (1 - n / COUNT)))
        created = self.days.back(back, pick(CLOCKS))
        by_sales = n % 9 == 4
        level = Level.INTERNAL if by_sales else self._level(n)
        owner = "" if by_sales else HEAD if n % 97 == 50 else SPECIALISTS[n % 3]
        waited = self.random.randint(6, 16) if n % 17 == 6 else self.random.randint(0, 3)
        signed = created.date() - timedelta(days=waited) if chance < 0.82 or n in NEW else None
        delivered = None
        if signed is not None and self.random.random() < 0.5:
            delivered = signed + timedelta(days=self.random.randint(20, 75))
        if delivered is not None and delivered >= self.days.today:
            delivered = None
        return File(
            key=f"c{n}",
            name=values["name"],
            owner=owner,
            level=level,
            created=created,
            seller=pick(SELLERS[:2]) if by_sales else pick(SELLERS) if self.random.random() < 0.6 else "",
            signed=signed,
            delivered=delivered,
            key_customer=n % 19 == 3,
            fate=self._fate(n, signed, back),
            values=values,
        )

    def _level(self, n: int) -> Level:
        if n % 61 == 20:
            return Level.TOP_SECRET
        if n % 11 == 7:
            return Level.CONFIDENTIAL
        return Level.SECRET if n % 7 == 2 else Level.INTERNAL

    def _fate(self, n: int, signed: date | None, back: int) -> str:
        if back < 40:
            return ""
        if signed is None:
            return "archived" if n % 13 == 5 else ""
        return {31: "dormant", 12: "dormant", 40: "suspended", 63: "resumed"}.get(n % 80, "")


def steps(days: Days, drawer: Drawer) -> Iterator[Step]:
    """The making of every file, and what happened to it afterwards."""
    random = Random(SEED + 2)
    for file in drawer.files:
        yield from (step for step in _life(file, days, random) if step.at < days.now)


def _life(file: File, days: Days, random: Random) -> Iterator[Step]:
    yield from _making(file, days, random)
    yield from _afterwards(file, days, random)


def _making(file: File, days: Days, random: Random) -> Iterator[Step]:
    whole = dict(file.values or {})
    values = dict(whole)
    _leave_out(values, file, random)
    later: dict[str, Any] = {}
    if file.signed is not None and random.random() < 0.25:
        later = {name: values.pop(name) for name in list(values) if name not in FIRST_FILL}
    writer = file.owner or file.seller
    if file.owner in SPECIALISTS and random.random() < 0.4:
        writer = CUSTODIAN if random.random() < 0.8 else HEAD
    if file.owner and (file.signed is None or "licence_no" not in whole):
        writer = file.owner
    talked = file.created + timedelta(days=random.randint(1, 6) if later else int(file.key[1:]) % 6 + 1)
    if writer != file.owner:  # the specialist who got it completes it within the week
        known = {name: value for name, value in whole.items() if name not in values}
        unknown = UNKNOWN if int(file.key[1:]) in NEW else ()
        later = {name: value for name, value in known.items() if name not in unknown} | {"talked_on": talked.date()}
    values["contract_signed"] = file.signed
    if writer in (CUSTODIAN, HEAD):
        values["owner"] = Someone(file.owner)
    if file.owner:
        values |= {"level": file.level.value, "level_basis": BASES.get(file.level)}
    if file.seller:
        values["salesperson"] = Someone(file.seller)
    if file.key_customer:
        values |= {"key_customer": True, "service_plan": SERVICE_PLAN}
    yield Act(file.created, writer, "customer", file.key, "create", values)
    if later:
        yield Act(talked, OWNER, "customer", file.key, "change", later, "与业务员沟通后补齐资料")
    if file.owner and file.level is not Level.INTERNAL:
        yield _lasting(file, days)


def _lasting(file: File, days: Days) -> Act:
    """The head sets when the file's secrecy ends: old ones were extended in time (X2), else the first night would
    declassify them."""
    in_time = min(file.created + timedelta(days=350), days.now - timedelta(days=80))
    at = max(file.created + timedelta(hours=1), in_time if file.fate != "archived" else file.created)
    until = days.today + timedelta(days=20 + int(file.key[1:]) % 300)
    return Act(at, HEAD, "customer", file.key, "change", {"secret_until": until}, "重新核定保密期")


def _leave_out(values: dict[str, Any], file: File, random: Random) -> None:
    """Drop what was not known: little of a customer with a contract, much of a prospect."""
    if file.signed is None:
        share = random.choice((0.1, 0.35, 0.6, 0.8))
        for name in list(values):
            if name not in ("name", "phone") and random.random() < share:
                del values[name]
        return
    for name, share in (("licence_no", 0.1), ("industry", 0.05), ("region", 0.04)):
        if random.random() < share:
            values.pop(name, None)
    if int(file.key[1:]) in NEW:
        for name in UNKNOWN:
            values.pop(name, None)


def _afterwards(file: File, days: Days, random: Random) -> Iterator[Step]:
    if file.delivered is not None and file.owner:
        at = days.on(file.delivered + timedelta(days=1), random.choice(CLOCKS))
        if file.created < at:
            yield Act(at, file.owner, "customer", file.key, "change", {"delivered": file.delivered}, "项目已验收交付")
    at = days.back(random.randint(12, 30), random.choice(CLOCKS))
    mover = file.owner or CUSTODIAN
    if file.fate == "archived":
        yield Act(at, HEAD, "customer", file.key, "archive", note="多年无往来，移出列表")
    if file.fate == "dormant":
        yield Act(at, mover, "customer", file.key, "rest", note="半年无订单，客户表示暂无计划")
    if file.fate in ("suspended", "resumed"):
        yield Act(at, HEAD, "customer", file.key, "suspend", note="连续两期账单逾期，先行暂停供货")
    if file.fate == "resumed":
        yield Act(at + timedelta(days=5), HEAD, "customer", file.key, "resume", note="欠款已结清，恢复供货")
