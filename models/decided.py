"""Who was quicker: by whom, when and by which move a record left the states in which another move can be made."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from models.calendar import local
from models.day_words import moment_text
from models.declarations import Label, Transition
from models.errors import NotFound, Sentence
from models.moves import NotNow
from models.person.roles import Person
from models.sights import Sight, again, versions_of

LATEST = 20
"""So many versions of a record are looked at."""


class DecidedAlready(NotNow):
    """Somebody was quicker. It is told to whoever reads the record, and only while they do (X6)."""

    zh = "{by} 已于 {at} 办理“{done}”，不能再办理“{move}”。"
    en = "Done already: “{done}” by {by}, {at}. “{move}” is not possible any more."


def already(person: Person, found: Sight, move: Transition) -> DecidedAlready | None:
    """Which move kept a person from making another one on a record; None where none did, where it was not a person who
    moved the record on, or where the person may not know of it."""
    try:
        fresh = again(person, found.rt.slug, found.number)  # it may have become more secret by what was decided
    except NotFound:
        return None
    if not fresh.full or fresh.values["archived_at"] or fresh.values["state"] in move.source:
        return None
    for row in versions_of(fresh, LATEST):
        if row["masked"]:
            return None  # it may have been this one
        left = next((change["before"] for change in row["changes"] if change["field"].name == "state"), None)
        if left in move.source:
            return _told(fresh, row, move.label)
    return None


def _told(found: Sight, row: Mapping[str, Any], wanted: Label) -> DecidedAlready | None:
    moves = found.rt.workflow.transitions if found.rt.workflow else ()
    made = next((one for one in moves if one.name == row["action"]), None)
    if made is None or row["by"] is None:
        return None
    done = Sentence(made.told("zh"), made.told("en"))
    return DecidedAlready(by=_who(row), at=_when(row["at"]), done=done, move=wanted)


def _who(row: Mapping[str, Any]) -> Sentence:
    """Who made a version, and for whom as a deputy."""
    name, principal = row["by_name"], row.get("behalf_name")
    return Sentence(f"{name}（代{principal}）", f"{name} for {principal}") if principal else Sentence(name, name)


def _when(at: datetime) -> Sentence:
    there = local(at)
    return moment_text(there.date(), f"{there:%H:%M}")
