"""A record of every type at every level, each with words of its own that are found nowhere else."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from backoffice.demonstration.scans import one_page
from config.database import database
from models import belonging, registry, store
from models.attachment import service as attachment
from models.declarations import Field, Level, RecordType
from models.merge import service as merging
from models.person.roles import Person
from models.record import collection_name

DIGITS, APART = 71_000_000, 72_000_000
ONCE_SECRET, MERGED, CONCERNING, ENDED, MORE = 500, 600, 450, 480, 200
TEXTS = ("text", "long_text")
A_DAY, A_MOMENT = date(2026, 3, 4), "2026-03-04 05:06"


@dataclass
class Planted:
    """A stored record and the words that betray it.

    `hushed` are the words of a time when it was top secret, `apart` those of single fields, by name; `into` is the
    record into which it was merged, whose readers may know its words; `concerns` is whether it is about somebody from
    whom fields are withheld.
    """

    rt: RecordType
    level: Level
    son: dict[str, Any]
    words: list[str] = field(default_factory=list)
    file_id: str = "5f0000000000000000000001"
    hushed: list[str] = field(default_factory=list)
    apart: dict[str, list[str]] = field(default_factory=dict)
    into: Planted | None = None
    concerns: bool = False

    @property
    def number(self) -> str:
        return str(self.son["number"])

    @property
    def word(self) -> str:
        """The word that its texts begin with."""
        return self.words[0]


def plant(types: Iterable[RecordType], owner: Person, now: datetime, *, ruled: bool = False) -> list[Planted]:
    """Store the records, without the behaviour of their types: what is tested is who sees them. With `ruled` those that
    point to more secret ones are as secret as these, as if somebody had written them."""
    made: list[Planted] = []
    secret: dict[str, Any] = {}
    everything = list(types)
    for level in reversed(Level):
        for rt in everything:
            if level is not Level.INTERNAL and not rt.classified:
                continue
            one = _plant(rt, level, owner, now, len(made) + 1, secret, ruled=ruled)
            secret.setdefault(rt.slug, one.son["_id"])
            made.append(one)
    return made


@contextmanager
def unruled(rt: RecordType) -> Iterator[None]:
    """A type without its own behaviour for the time of a block."""
    hooks = registry.get(rt.slug).hooks
    registry.register(rt)
    try:
        yield
    finally:
        registry.register(rt, hooks)


def give_past(one: Planted, owner: Person, now: datetime) -> None:
    """Let a record have held other texts before, changed with a note; the words are its own all the same."""
    own = [f for f in one.rt.fields if f.kind in TEXTS and f.computed is None]
    texts = {f.name: f"{one.apart.get(f.name, one.words)[0]} now"[: f.max_length] for f in own}
    with unruled(one.rt):
        store.change(one.rt.slug, one.son["_id"], texts, actor=owner, now=now, note=f"{one.word} noted")


def plant_once_secret(types: Iterable[RecordType], owner: Person, now: datetime) -> list[Planted]:
    """An internal record of each classified type that was top secret, and held other words, in its first version."""
    made = []
    for count, rt in enumerate((rt for rt in types if rt.classified), ONCE_SECRET):
        former = _plant(rt, Level.TOP_SECRET, owner, now, count, {}, word=f"Hush{count:03d}")
        one = Planted(rt, Level.INTERNAL, former.son, [f"Kanarie{count:03d}"], hushed=former.words)
        values = {f.name: _value(f, one, count + MORE, owner, now, {}) for f in rt.fields if f.computed is None}
        opened = {**values, "level": Level.INTERNAL.value}
        with unruled(rt):
            note = f"Hush{count:03d} opened"
            one.son = store.change(rt.slug, former.son["_id"], opened, actor=owner, now=now, note=note)
        made.append(one)
    return made


def plant_concerning(types: Iterable[RecordType], owner: Person, whom: Person, now: datetime) -> list[Planted]:
    """A record of each type that withholds fields, about somebody who would read them otherwise."""
    made = []
    for count, rt in enumerate((rt for rt in types if rt.concerns), CONCERNING):
        made.append(_plant(rt, Level.INTERNAL, owner, now, count, {}, whom=whom))
        made[-1].concerns = True
    return made


def plant_ended(types: Iterable[RecordType], state: str, owner: Person, now: datetime) -> list[Planted]:
    """A record in a state, of each type that knows it."""
    made = []
    knowing = (rt for rt in types if rt.workflow and state in {one.value for one in rt.workflow.states})
    for count, rt in enumerate(knowing, ENDED):
        made.append(_plant(rt, Level.INTERNAL, owner, now, count, {}))
        with unruled(rt):
            store.change(rt.slug, made[-1].son["_id"], {"state": state}, actor=owner, now=now)
    return made


def plant_merged(
    types: Iterable[RecordType], owners: tuple[Person, Person], merger: Person, now: datetime
) -> list[Planted]:
    """Of each type that is merged, a top-secret record of the first owner's and one of the second's, merged into it."""
    made = []
    for count, rt in enumerate((rt for rt in types if rt.rights.merge), MERGED):
        level = Level.TOP_SECRET if rt.classified else Level.INTERNAL
        keep, gone = (_plant(rt, level, who, now, count + at * MORE, {}) for at, who in enumerate(owners))
        gone.into = keep
        with unruled(rt):
            numbers = (keep.number, gone.number)
            merging.merge(merger, rt.slug, *numbers, {}, revs=(1, 1), now=now)
        made += [keep, gone]
    return made


def _plant(
    rt: RecordType,
    level: Level,
    owner: Person,
    now: datetime,
    count: int,
    targets: dict[str, Any],
    word: str = "",
    whom: Person | None = None,
    *,
    ruled: bool = False,
) -> Planted:
    one = Planted(rt, level, {}, [word or f"Kanarie{count:03d}"])
    values = {f.name: _value(f, one, count, whom or owner, now, targets) for f in rt.fields if f.computed is None}
    # Pointed to a more secret record by a rule or a person it would be as secret: here it is not, and hides the other.
    led = {name: values[name] for name, _ in belonging.leads(rt) if values[name] is not None and not ruled}
    given = {**values, "owner": owner.id, "level": level.value, **dict.fromkeys(led)}
    with unruled(rt):
        one.son = store.create(rt.slug, {k: v for k, v in given.items() if v is not None}, actor=owner, now=now)
    if led:
        database()[collection_name(rt.slug)].update_one({"_id": one.son["_id"]}, {"$set": led})
        one.son |= led
    return one


def _value(declared: Field, one: Planted, count: int, owner: Person, now: datetime, targets: dict[str, Any]) -> Any:
    kind, word = declared.kind, one.word
    if kind in TEXTS:
        if declared.viewers:
            word = f"Apart{count:03d}"
            one.apart[declared.name] = [word]
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
    """A number of its own; the lowest one where so large a one is refused."""
    number = (APART if declared.viewers else DIGITS) + count
    low, high = declared.minimum, declared.maximum
    if declared.kind == "percent" or (high is not None and high < number):
        number = low if low is not None else 1
    else:
        (one.apart.setdefault(declared.name, []) if declared.viewers else one.words).append(f"{number:,}")
    return number if declared.kind == "integer" else Decimal(number)


def _file(one: Planted, owner: Person, now: datetime) -> dict[str, Any]:
    content = io.BytesIO(one_page(one.word) + b"%% %s\n" % one.word.encode())
    row = attachment.put(content, f"{one.word}.pdf", person=owner, now=now, limit=10_000)
    one.file_id = str(row["file"])
    return row


def plain(text: str) -> str:
    """Small letters without commas: a number is found however it is written."""
    return text.casefold().replace(",", "")


def betrayed(text: str, one: Planted) -> list[str]:
    """The words of a record that stand in a text."""
    said = plain(text)
    return [word for word in one.words if plain(word) in said]


def assert_untouched(planted: Iterable[Planted]) -> None:
    """Nothing that was sent has changed any of them."""
    for one in planted:
        stored = database()[collection_name(one.rt.slug)].find_one({"_id": one.son["_id"]})
        assert stored is not None
        assert stored["rev"] == 1
