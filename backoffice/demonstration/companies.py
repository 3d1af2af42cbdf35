"""Customers made from the word lists: the values of a file as a form would send them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

from backoffice.demonstration import words
from models.customer.identity import licence_check_character

FICTITIOUS_AREA = "990"
"""No registry has this number: the licence numbers are well formed and belong to nobody."""
LICENCE_CHARACTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
OWNERSHIPS = ("private",) * 6 + ("state", "foreign", "joint", "collective", "public")
SIZES = ("large", "medium", "medium", "small", "small", "small", "micro")
EXTRAS: dict[str, tuple[str, ...]] = {
    "potential": ("high", "middle", "middle", "low"),
    "attitude": ("keen", "plain", "plain", "reluctant"),
    "reputation": ("good", "good", "fair", "poor"),
    "standing": ("good", "good", "fair", "poor"),
    "purchase_cycle": ("每月一次", "每季度招标", "按项目", "年度框架、按月下单"),
    "payment_habit": ("月结 30 天，电汇", "货到付款", "预付 30%，验收后付清", "票到付款"),
    "service_area": ("华东", "华南及西南", "全国", "本省", "国内及东南亚"),
    "needs": ("明年二季度扩建二号车间，需新增两条线。", "计划更换检测设备。", "暂无新增需求，维持现有采购量。"),
    "problems": ("对账周期长，常在月末集中付款。", "收货窗口仅上午，需提前预约。", "备件库存不足时催单频繁。"),
    "analysis": ("决策集中在总经理，技术部意见权重大。", "价格敏感，重视交期。", "合作稳定，可推进年度框架协议。"),
}


@dataclass
class Companies:
    """A stream of companies, the same ones for the same seed. `today` dates birthdays and foundings."""

    today: date
    random: Random

    def stream(self) -> Iterator[dict[str, Any]]:
        """Companies without end, one in ten of them abroad; no name comes twice."""
        names: set[str] = set()
        serial = 0
        while True:
            serial += 1
            values = self._abroad(serial) if serial % 10 == 7 else self._at_home(serial)
            if values["name"] not in names:
                names.add(values["name"])
                yield values

    def _at_home(self, serial: int) -> dict[str, Any]:
        pick = self.random.choice
        region, town, area = pick(words.REGIONS)
        brand, (trade, industry) = pick(words.BRANDS), pick(words.TRADES)
        contact, boss = self._name(), self._name()
        mail = f"{FICTITIOUS_AREA}{serial:03d}.example"
        return {
            "name": f"{town}{brand}{trade}{pick(words.FORMS)}",
            "short_name": f"{brand}{trade[:2]}",
            "licence_no": self._licence(serial),
            "licence_until": (self.today + timedelta(days=self.random.randint(300, 5000))).isoformat(),
            "address": f"{region}{town}市{pick(words.ROADS)} {self.random.randint(1, 399)} 号",
            "city": f"{town}市",
            "region": region,
            "country": "中国",
            "phone": f"{area}-5550-{serial:04d}",
            "email": f"info@{mail}",
            "ownership": pick(OWNERSHIPS),
            "person_in_charge": boss,
            "contact_name": contact,
            "contact_phone": f"1990000{serial:04d}",
            "contact_email": f"contact@{mail}",
            **self._common(industry, contact, boss, serial),
        }

    def _abroad(self, serial: int) -> dict[str, Any]:
        pick = self.random.choice
        country, town, form, phone = pick(words.ENGLISH_PLACES)
        trade, industry = pick(words.ENGLISH_TRADES)
        contact, boss = self._english_name(), self._english_name()
        mail = f"{FICTITIOUS_AREA}{serial:03d}.example"
        return {
            "name": f"{pick(words.ENGLISH_MAKERS)} {trade} {form}",
            "address": f"{self.random.randint(1, 199)} Foundry Lane, {town}",
            "city": town,
            "region": "海外",
            "country": country,
            "phone": phone.format(serial // 10),
            "email": f"office@{mail}",
            "ownership": "foreign",
            "person_in_charge": boss,
            "contact_name": contact,
            "contact_phone": phone.format(serial // 10 + 50),
            "contact_email": f"purchasing@{mail}",
            **self._common(industry, contact, boss, serial),
        }

    def _common(self, industry: str, contact: str, boss: str, serial: int) -> dict[str, Any]:
        pick, number = self.random.choice, self.random.randint
        people = [
            {"name": boss, "part": "owner", "position": "总经理", "sex": pick(("male", "female"))},
            {"name": contact, "part": "decider", "position": pick(words.POSITIONS), "hours": pick(words.HOURS)},
        ]
        people[0] |= {"birthday": self._birthday(), "interests": pick(words.INTERESTS)}
        people[0]["phone"] = f"1990001{serial:04d}"
        return {
            "industry": industry,
            "size": pick(SIZES),
            "employees": str(number(12, 2400)),
            "assets": str(number(80, 60_000) * 10_000),
            "founded": date(number(1988, self.today.year - 3), number(1, 12), number(1, 28)).isoformat(),
            "contact_position": pick(words.POSITIONS),
            "contact_sex": pick(("male", "female")),
            "contact_birthday": self._birthday(),
            "contact_hours": pick(words.HOURS),
            "key_people": people,
            "sales_past": str(number(20, 900) * 10_000),
            "sales_present": str(number(20, 900) * 10_000),
            **{name: pick(texts) for name, texts in EXTRAS.items() if self.random.random() < 0.7},
        }

    def _birthday(self) -> str:
        return date(self.random.randint(1962, 1999), self.random.randint(1, 12), self.random.randint(1, 28)).isoformat()

    def _name(self) -> str:
        return self.random.choice(words.SURNAMES) + self.random.choice(words.GIVEN)

    def _english_name(self) -> str:
        return f"{self.random.choice(words.ENGLISH_FIRST)} {self.random.choice(words.ENGLISH_LAST)}"

    def _licence(self, serial: int) -> str:
        """A unified social credit code with both its check characters."""
        body = "MA" + "".join(self.random.choice(LICENCE_CHARACTERS) for _ in range(6))
        weighed = sum(int(c, 36) * weight for c, weight in zip(body, ORGANISATION_WEIGHTS, strict=True))
        first = f"91{FICTITIOUS_AREA}{serial:03d}{body}{'0123456789X0'[-weighed % 11]}"
        return first + licence_check_character(first)
