"""What a card holds: its records as they are now, and what its reader would have of them (X4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from config.database import database
from models import access, registry
from models.access_request import rules
from models.access_request.refusals import NotByAsking
from models.day_words import day_text
from models.declarations import LEVEL_LABELS, Field, Label, Level, RecordType
from models.errors import Refusal, Sentence
from models.kinds import kind_of, loaded
from models.masking import masked
from models.person import service as people
from models.person.roles import Person
from models.record import collection_name, leaving_with
from models.sights import Sight


class RecordGone(Refusal):
    """A record of the card was destroyed or taken away since it was asked for: nothing is opened."""

    code, status = "record_gone", 409
    zh, en = (
        "借阅卡上的记录 {number} 已不存在，不能批准；请拒绝并说明理由。",
        "The record {number} of this card is no longer there; it cannot be approved. Refuse it, saying why.",
    )


class Columns(Sentence):
    """The columns that a reader would see: their names, and the fields, which pages show by group."""

    __slots__ = ("fields", "rt")

    def __init__(self, rt: RecordType, fields: tuple[Field, ...]) -> None:
        labels = [field.label for field in fields]
        super().__init__("、".join(one.zh for one in labels), ", ".join(one.en for one in labels))
        self.rt, self.fields = rt, fields


def records_of(card: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The records that a card names, as they are stored now, in its order. :raises RecordGone: when one is not there
    any more."""
    numbers = [item["number"] for item in card["items"] or ()]
    rows = database()[collection_name(card["type_asked"])].find({"number": {"$in": numbers}, "merged_into": None})
    stored_now = {row["number"]: row for row in rows}
    for number in numbers:
        if number not in stored_now:
            raise RecordGone(number=number)
    return [stored_now[number] for number in numbers]


def levels_of(card: Mapping[str, Any]) -> dict[str, str]:
    """The levels of a card's records as they are now, by number. :raises RecordGone:"""
    return {row["number"]: Level.of(row.get("level")).value for row in records_of(card)}


def level_of(card: Mapping[str, Any]) -> Level:
    """The highest level of a card's records as they are now. :raises RecordGone:"""
    return Level.highest(levels_of(card).values())


def named(found: Sequence[Sight]) -> dict[str, Any]:
    """How the card names its records: with masked names, for whoever signs may not read them."""
    items = [{"number": one.number, "name": _masked_name(one), "level": one.level} for one in found]
    return {
        "type_asked": found[0].rt.slug,
        "number_asked": rules.title_of([one["number"] for one in items]),
        "name_asked": items[0]["name"],
        "level_asked": Level.highest(one.level for one in found).value,
        "items": items,
    }


def _masked_name(found: Sight) -> str:
    title = found.rt.by_name.get(found.rt.title)
    name = kind_of(title).text(title, found.values.get(found.rt.title), "zh") if title else ""
    return masked(name) if found.full else name


def leaving(
    card: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]
) -> tuple[RecordType, Level, Person, tuple[Field, ...]]:
    """What a card would open: the type, the highest level of its records, `rows`, as they are now, who reads them, and
    the columns that they would see, those of the engine included."""
    rt = registry.get(card["type_asked"]).rt
    level = Level.highest(Level.of(row.get("level")).value for row in rows)
    reader = people.person_of(people.get(card["owner"]))
    return rt, level, reader, (*access.visible_fields(reader, rt), *leaving_with(rt))


def name_now(rt: RecordType, row: Mapping[str, Any]) -> str:
    """The masked title of a record as it is stored now; '' where that names nothing by itself."""
    title = rt.by_name[rt.title]
    value = loaded(title, row.get(title.name))
    if title.kind in ("reference", "person") or value is None:
        return ""
    return masked(kind_of(title).text(title, value, "zh"))


def leads(card: Mapping[str, Any], action: str, person: Person) -> str | None:
    """Where a person's move leads when it is not the declared state: an offer of top secret goes on to the general
    manager, what left has to come back (X4, X5)."""
    if action == "approve":
        if not rules.is_offer(card):  # of what is asked for nothing goes on, top secret least of all
            return None
        try:
            level = level_of(card)
        except RecordGone:  # nothing can be approved then
            return None
        return "approved" if rules.awaits_general_manager(level, by=person.roles) else None
    if action in ("give_back", "revoke") and card["receipts"]:
        return rules.state_after(action, len(card["receipts"]))
    return None


def told(card: Mapping[str, Any]) -> list[tuple[Label, Sentence]]:
    """What a signature on a card opens, and to whom (X3: an offer is for another than who asks): its records, how many
    rows and which columns its reader would have, the highest level among them and their masked names as they are now
    (X4). Whoever signs before the head does not learn that one became top secret, nor how it is called by now (X3)."""
    try:
        rows = records_of(card)
        rt, level, reader, columns = leaving(card, rows)
    except RecordGone as gone:
        return [(Label("注意", "Mind"), Sentence(gone.text("zh"), gone.text("en")))]
    items = card["items"] or ()
    called = {item["number"]: item["name"] for item in items}
    if card["state"] != "asked":
        called |= {row["number"]: name_now(rt, row) for row in rows if called[row["number"]]}
    named = [f"{number} {name or ''}".strip() for number, name in called.items()]
    count = Sentence(
        f"{len(items)} 份记录（行），{len(columns)} 个栏目",
        f"{len(items)} {'record (row)' if len(items) == 1 else 'records (rows)'}, {len(columns)} columns",
    )
    raised = level is Level.TOP_SECRET and not rules.is_offer(card)
    if raised and card["state"] == "asked":
        raised, level = False, Level(card["level_asked"])
    highest = LEVEL_LABELS[level]
    mind = [(Label("注意", "Mind"), Sentence(NotByAsking.zh, NotByAsking.en))] if raised else []
    begins = day_text(card["valid_from"]) if card.get("valid_from") else None
    return [
        *mind,
        (Label("借阅人", "Reader"), Sentence(reader.name, reader.name)),
        (Label("所借记录", "Records"), Sentence("、".join(named), ", ".join(named))),
        (Label("范围", "How much"), count),
        (Label("现最高密级", "Highest level now"), Sentence(highest.zh, highest.en)),
        *([(Label("自", "From"), Sentence(begins.zh, begins.en))] if begins else []),
        (Label("栏目", "Columns"), Columns(rt, columns)),
    ]


def only_refused(card: Mapping[str, Any]) -> Refusal | None:
    """Why a card can be approved by nobody as its records are now; None where it can, and for whoever signs before the
    head, who opens nothing and does not learn of it (X3)."""
    if card["state"] not in ("signed", "approved"):
        return None
    try:
        level = level_of(card)
    except RecordGone as gone:
        return gone
    return NotByAsking() if level is Level.TOP_SECRET and not rules.is_offer(card) else None


def rests_on(card: Mapping[str, Any]) -> list[tuple[str, int]]:
    """The versions of its records for which whoever approves a card signs. Who signs before the head opens nothing, and
    is not told that something was done to them since (X3)."""
    if card["state"] not in ("signed", "approved"):
        return []
    try:
        return [(row["number"], row["rev"]) for row in records_of(card)]
    except RecordGone:  # the sheet says so
        return []
