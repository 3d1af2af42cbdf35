"""What a card holds: its records as they are now, and what its reader would have of them (X4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from config.database import database
from models import access, registry
from models.access_request import rules
from models.declarations import LEVEL_LABELS, Label, Level, RecordType
from models.errors import Refusal, Sentence
from models.person import service as people
from models.person.roles import Person
from models.record import collection_name


class RecordGone(Refusal):
    """A record of the card was destroyed or taken away since it was asked for: nothing is opened."""

    code, status = "record_gone", 409
    zh, en = (
        "借阅卡上的记录 {number} 已不存在，不能批准；请拒绝并说明理由。",
        "The record {number} of this card is no longer there; it cannot be approved. Refuse it, saying why.",
    )


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


def leaving(card: Mapping[str, Any]) -> tuple[RecordType, Level, Person, list[str]]:
    """What a card would open: the type, the highest level of its records as they are now, who reads them, and the
    columns that they would see. :raises RecordGone:"""
    rt = registry.get(card["type_asked"]).rt
    level = level_of(card)
    reader = people.person_of(people.get(card["owner"]))
    return rt, level, reader, [f.name for f in access.visible_fields(reader, rt)]


def leads(card: Mapping[str, Any], action: str, person: Person) -> str | None:
    """Where a person's move leads when it is not the declared state: top secret goes on to the general manager, what
    left has to come back (X4, X5)."""
    if action == "approve":
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
    rows and which columns its reader would have, and the highest level among them as they are now (X4)."""
    try:
        rt, level, reader, columns = leaving(card)
    except RecordGone as gone:
        return [(Label("注意", "Mind"), Sentence(gone.text("zh"), gone.text("en")))]
    items = card["items"] or ()
    labels = [rt.by_name[name].label for name in columns]
    named = ", ".join(f"{item['number']} {item['name']}".strip() for item in items)
    count = Sentence(
        f"{len(items)} 份记录（行），{len(labels)} 个栏目",
        f"{len(items)} {'record (row)' if len(items) == 1 else 'records (rows)'}, {len(labels)} columns",
    )
    shown = Sentence("、".join(one.zh for one in labels), ", ".join(one.en for one in labels))
    highest = LEVEL_LABELS[level]
    return [
        (Label("借阅人", "Reader"), Sentence(reader.name, reader.name)),
        (Label("所借记录", "Records"), Sentence(named, named)),
        (Label("范围", "How much"), count),
        (Label("现最高密级", "Highest level now"), Sentence(highest.zh, highest.en)),
        (Label("栏目", "Columns"), shown),
    ]
