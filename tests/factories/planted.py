"""A record of every type at every level, each with words of its own that are found nowhere else."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from models import registry, store
from models.attachment import service as attachment
from models.declarations import Field, Level, RecordType
from models.person.roles import Person

DIGITS = 71_000_000
A_DAY, A_MOMENT = date(2026, 3, 4), "2026-03-04 05:06"


@dataclass
class Planted:
    """A stored record and the words that betray it."""

    rt: RecordType
    level: Level
    son: dict[str, Any]
    words: list[str] = field(default_factory=list)
    file_id: str = "5f0000000000000000000001"

    @property
    def number(self) -> str:
        return str(self.son["number"])

    @property
    def word(self) -> str:
        """The word that its texts begin with."""
        return self.words[0]


def plant(types: Iterable[RecordType], owner: Person, now: datetime) -> list[Planted]:
    """Store the records, without the behaviour of their types: what is tested is who sees them."""
    made: list[Planted] = []
    secret: dict[str, Any] = {}
    everything = list(types)
    for level in reversed(Level):
        for rt in everything:
            if level is not Level.INTERNAL and not rt.classified:
                continue
            one = _plant(rt, level, owner, now, len(made) + 1, secret)
            secret.setdefault(rt.slug, one.son["_id"])
            made.append(one)
    return made


def _plant(rt: RecordType, level: Level, owner: Person, now: datetime, count: int, targets: dict[str, Any]) -> Planted:
    hooks = registry.get(rt.slug).hooks
    one = Planted(rt, level, {}, [f"Kanarie{count:03d}"])
    values = {f.name: _value(f, one, count, owner, now, targets) for f in rt.fields if f.computed is None}
    registry.register(rt)
    try:
        given = {**values, "owner": owner.id, "level": level.value}
        one.son = store.create(rt.slug, {k: v for k, v in given.items() if v is not None}, actor=owner, now=now)
    finally:
        registry.register(rt, hooks)
    return one


def _value(declared: Field, one: Planted, count: int, owner: Person, now: datetime, targets: dict[str, Any]) -> Any:
    kind, word = declared.kind, one.word
    if kind in ("text", "long_text"):
        return f"{word} {declared.name}"[: declared.max_length]
    if kind in ("integer", "decimal", "money", "percent") and not declared.currencies:
        return _number(declared, one, count)
    if kind in ("embedded", "embedded_list"):
        row = {f.name: _value(f, one, count, owner, now, targets) for f in declared.fields}
        return row if kind == "embedded" else [row]
    if kind == "files":
        return [_file(one, owner, now)]
    if kind == "phone":
        one.words.append(f"139{count:08d}")
        return one.words[-1]
    if kind == "money" and declared.currencies:
        return {"amount": _number(replace(declared, currencies=()), one, count), "currency": declared.currencies[0]}
    simple = {
        "email": f"{word.lower()}@example.test",
        "link": f"https://{word.lower()}.example.test/",
        "date": A_DAY,
        "datetime": now,
        "time": time(14, 30),
        "period": {"from": A_DAY, "until": A_DAY},
        "address": {"province": "浙江省", "city": "杭州市", "district": None, "street": f"{word} 路", "postcode": None},
        "tree": declared.choices[0].value if declared.choices else None,
        "yes_no": True,
        "choice": declared.choices[0].value if declared.choices else None,
        "choices": [c.value for c in declared.choices[:1]] or None,
        "person": owner.id,
        "reference": targets.get(declared.to),
    }
    return simple[kind]


def _number(declared: Field, one: Planted, count: int) -> Any:
    number = DIGITS + count
    if declared.minimum is not None or declared.maximum is not None or declared.kind == "percent":
        low = declared.minimum if declared.minimum is not None else 1
        return low if declared.kind == "integer" else Decimal(low)
    one.words.append(f"{number:,}")
    return number if declared.kind == "integer" else Decimal(number)


def _file(one: Planted, owner: Person, now: datetime) -> dict[str, Any]:
    content = io.BytesIO(b"%PDF-1.7 " + one.word.encode())
    row = attachment.put(content, f"{one.word}.pdf", person=owner, now=now, limit=10_000)
    one.file_id = str(row["file"])
    return row
