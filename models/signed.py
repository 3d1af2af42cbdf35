"""What a person signed of a record of which they see no more than the card: their own words, and nothing else of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo import ASCENDING

from config.database import database
from models import history, store
from models.declarations import Field, Transition
from models.errors import Refusal
from models.person.roles import Person
from models.sights import Sight

UNTOLD = frozenset({"person", "reference", "files", "embedded", "embedded_list"})
"""Kinds of values that lead to something else, which its reader may not know of any more."""


@dataclass(frozen=True)
class Given:
    """A signature of the person: what was decided, when, why, and what was filled in with it. `by` names the deputy
    who gave it for them."""

    move: Transition
    at: datetime
    note: str
    values: tuple[tuple[Field, Any], ...] = ()
    by: str = ""


def of_person(person: Person, found: Sight, current: Mapping[str, Any]) -> list[Given]:
    """The signatures that a person gave on a record that they see, or had given for them, the oldest first. `current`
    is the stored record: whoever signed nothing of it costs no question."""
    flow = found.rt.workflow
    if flow is None or person.id is None or person.id not in (current.get("signers") or ()):
        return []
    moves = {move.name: move for move in flow.transitions if move.signature}
    theirs = [{"by": person.id, "behalf": None}, {"behalf": person.id}]
    wanted = {"record": found.id, "action": {"$in": list(moves)}, "$or": theirs}
    rows = history.read(found.rt.slug, database()[store.VERSIONS].find(wanted).sort("rev", ASCENDING))
    return [_given(moves[row["action"]], row) for row in rows]


def _given(move: Transition, row: Mapping[str, Any]) -> Given:
    filled = {c["field"].name: (c["field"], c["after"]) for c in row["changes"]}
    told = (filled[name] for name in move.asks if name in filled)
    values = tuple(
        (field, value)
        for field, value in told
        if field.kind not in UNTOLD and value is not None and not isinstance(value, Refusal)
    )
    by = row["by_name"] if row.get("behalf") is not None else ""
    return Given(move, row["at"], row["note"], values, by)
