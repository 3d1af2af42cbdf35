"""Made-up customers and complaints, the same ones for the same place in the series, Chinese and English.

Everything that a rule derives is left out: the rules derive it (`filling`). The oldest twentieth belongs partly to
other departments or the archive, so that the head's newest pages hold every row; only the newest hundredth has open
deadlines, as in a department that keeps up with its work.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from backoffice.demonstration import words
from bench.house import OTHERS, SALES, SPECIALISTS
from models.customer.identity import licence_check_character
from models.declarations import Level
from models.person.roles import Person

YEARS = (2023, 2024, 2025, 2026)
YEAR_ENDS = timedelta(days=320)
ABROAD_EVERY = 10
BRAND_SIGNS = (
    "澜川栩然恒岭沐阳启岳朗汇森禾云帆晟桥博禹睿远合旷瑞棠嘉柏同屿腾谷鼎明垣新砚华栎安"
    "澄益衡宏朔钧立舟凯峤信联桁广霖中栾东暮海棣正榆"
)
ENGLISH_STARTS = words.ENGLISH_MAKERS
ENGLISH_ENDS = [
    "Quay",
    "Mill",
    "Ridge",
    "Hollow",
    "Forge",
    "Meadow",
    "Bridge",
    "Haven",
    "Moor",
    "Grove",
    "Field",
    "Cross",
    "Brook",
    "Gate",
    "Point",
    "Weir",
    "Heath",
    "Fold",
    "Croft",
    "Dale",
    "Bank",
    "Lock",
    "Park",
    "Row",
    "Yard",
    "Spring",
    "Stone",
    "Hill",
    "Bay",
    "Cove",
    "Marsh",
    "Vale",
]
PRODUCTS = ("MX-200 系列", "标准件套装", "年度服务", "L 型支架", "传感器 E07", "Hydraulic pump", "Control panel")
NOTES = (
    "决策集中在总经理，技术部意见权重大。",
    "价格敏感，重视交期。",
    "合作稳定，可推进年度框架协议。",
    "Orders by framework contract, asks for monthly delivery plans.",
)
LEVELS = (Level.INTERNAL,) * 80 + (Level.SECRET,) * 14 + (Level.CONFIDENTIAL,) * 5 + (Level.TOP_SECRET,)
SETTLED = {
    "founded": True,
    "reasonable": True,
    "severity": "middle",
    "answer": "已核实情况，向客户致歉并说明处理步骤和时间。",
    "solution": "补发缺货并承担运费，调整拣货复核流程。",
    "measures": ["apology"],
    "satisfaction": "satisfied",
}


@dataclass(frozen=True)
class Place:
    """Where a record stands in a series of `size`."""

    index: int
    size: int

    @property
    def number(self) -> tuple[int, int]:
        """Year and number within the year: a quarter of the records each."""
        year = self.index * len(YEARS) // self.size
        first = -(-self.size * year // len(YEARS))
        return YEARS[year], self.index - first + 1

    @property
    def made_at(self) -> datetime:
        """When the record was made, in the order of the numbers."""
        year, serial = self.number
        share = serial * len(YEARS) / (self.size + len(YEARS))
        return (datetime(year, 1, 4, 1, 30, tzinfo=UTC) + YEAR_ENDS * share).replace(microsecond=0)

    @property
    def old(self) -> bool:
        """Whether it may be archived or another department's."""
        return self.index * 20 < self.size

    @property
    def fresh(self) -> bool:
        """Whether work on it may still be open."""
        return (self.size - self.index) * 100 <= self.size


def customer(place: Place) -> tuple[Person, dict[str, Any]]:
    """Who files a customer, and the values of the file."""
    index, random = place.index, Random(place.index)
    made, pick = place.made_at, random.choice
    made_on = made.date()
    abroad = index % ABROAD_EVERY == 7
    named = _abroad(index, random) if abroad else _at_home(index, random)
    boss, contact = (_english(random), _english(random)) if abroad else (_chinese(random), _chinese(random))
    state = random.choices(("active", "prospect", "dormant", "suspended"), (75, 12, 10, 3))[0]
    owner = pick(SPECIALISTS)
    values: dict[str, Any] = {
        **named,
        "owner": owner.id,
        "level": pick(LEVELS).value,
        "salesperson": pick(SALES).id,
        "state": state,
        "person_in_charge": boss,
        "contact_name": contact,
        "contact_position": pick(words.POSITIONS),
        "contact_phone": f"199{index:08d}",
        "contact_email": f"c{index}@example.test",
        "contact_sex": pick(("male", "female")),
        "contact_birthday": date(random.randint(1962, 1999), random.randint(1, 12), random.randint(1, 28)),
        "contact_hours": pick(words.HOURS),
        "size": pick(("large", "medium", "medium", "small", "small", "small", "micro")),
        "employees": random.randint(12, 2400),
        "founded": date(random.randint(1988, 2020), random.randint(1, 12), random.randint(1, 28)),
        "key_customer": random.random() < 0.03,
        "key_people": [{"name": boss, "part": "owner", "position": "总经理", "phone": f"198{index:08d}"}],
        "sales_past": Decimal(random.randint(20, 900) * 10_000),
        "attitude": pick(("keen", "plain", "plain", "reluctant")),
    }
    if state != "prospect":
        grade = pick("ABBCCCD")
        values |= {"contract_signed": made_on - timedelta(days=random.randint(1, 60)), "grade": grade}
        values |= {"credit_limit": Decimal(random.randint(1, 400) * 1000 if grade in "AB" else 0)}
    if random.random() < 0.8:
        values["licence_no"] = _licence(index)
    if random.random() < 0.1:
        values["analysis"] = pick(NOTES)
    if place.fresh and random.random() < 0.3:
        for name in ("contact_birthday", "contact_hours", "key_people"):
            del values[name]
    return owner, values | _old(place)


def complaint(place: Place, customer_id: Any, filed: dict[str, Any], owner: Person) -> tuple[Person, dict[str, Any]]:
    """Who records a complaint about a customer, and its values; `filed` are the customer's."""
    index, random = place.index, Random(-place.index - 1)
    made, pick = place.made_at, random.choice
    subject, problem, facts, wanted = pick(words.COMPLAINTS)
    product = pick(PRODUCTS)
    values: dict[str, Any] = {
        "owner": owner.id,
        "customer": customer_id,
        "subject": f"{product}：{subject}" if index % 3 else subject,
        "complainant": filed["contact_name"],
        "contact_phone": filed["contact_phone"],
        "channel": pick(("phone", "phone", "counter", "email", "web", "chat")),
        "received_at": made - timedelta(minutes=random.randint(1, 240)),
        "product": product,
        "order_no": f"DD{made:%y%m%d}{index % 100_000:05d}",
        "region": filed["region"],
        "facts": facts,
        "wanted": wanted,
        "problem": problem,
        "repeated_back": True,
        "level": Level.INTERNAL.value,
    }
    if place.fresh and random.random() < 0.5:
        values["state"] = pick(("recorded", "judged", "assigned", "answered", "resolved"))
    else:
        done = made + timedelta(days=random.randint(1, 9))
        values |= {**SETTLED, "state": "closed", "fault": "logistics", "cause": pick(words.CAUSES)}
        values |= {"answered_at": made + timedelta(hours=3), "resolved_at": done, "closed_at": done}
    return owner, values | _old(place)


def _old(place: Place) -> dict[str, Any]:
    if not place.old or place.index % 2:
        return {}
    if place.index % 4:
        return {"archived_at": place.made_at + timedelta(days=200)}
    return {"department": OTHERS[place.index // 4 % len(OTHERS)]}


def _at_home(index: int, random: Random) -> dict[str, Any]:
    signs = len(BRAND_SIGNS)
    brand = BRAND_SIGNS[index % signs] + BRAND_SIGNS[index // signs % signs]
    rest = index // signs**2
    region, town, area = words.REGIONS[(index + rest) % len(words.REGIONS)]
    trade, industry = words.TRADES[(index // 7 + rest) % len(words.TRADES)]
    return {
        "name": f"{town}{brand}{trade}{random.choice(words.FORMS)}" if not rest else f"{town}{brand}{trade}{rest}厂",
        "address": f"{region}{town}市{random.choice(words.ROADS)} {random.randint(1, 399)} 号",
        "city": f"{town}市",
        "region": region,
        "country": "中国",
        "phone": f"{area}-5{index:07d}",
        "industry": industry,
        "ownership": random.choice(("private", "private", "state", "joint", "public")),
    }


def _abroad(index: int, random: Random) -> dict[str, Any]:
    place = index // ABROAD_EVERY
    start = ENGLISH_STARTS[place % len(ENGLISH_STARTS)]
    place //= len(ENGLISH_STARTS)
    end = ENGLISH_ENDS[place % len(ENGLISH_ENDS)]
    trade, industry = words.ENGLISH_TRADES[(index // 3) % len(words.ENGLISH_TRADES)]
    country, town, form, _ = random.choice(words.ENGLISH_PLACES)
    serial = place // len(ENGLISH_ENDS)
    return {
        "name": f"{start} {end} {trade} {form}" if not serial else f"{start} {end} {trade} No. {serial} {form}",
        "address": f"{random.randint(1, 199)} Foundry Lane, {town}",
        "city": town,
        "region": "海外",
        "country": country,
        "phone": f"+44 20 5{index:07d}",
        "industry": industry,
        "ownership": "foreign",
    }


def _chinese(random: Random) -> str:
    return random.choice(words.SURNAMES) + random.choice(words.GIVEN)


def _english(random: Random) -> str:
    return f"{random.choice(words.ENGLISH_FIRST)} {random.choice(words.ENGLISH_LAST)}"


def _licence(index: int) -> str:
    """A well-formed licence number of an area that no registry has."""
    first = f"91990{index:07d}BENCH"
    first = first.replace("S", "C")[:17].ljust(17, "0")
    return first + licence_check_character(first)
