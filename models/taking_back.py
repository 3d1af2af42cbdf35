"""Taking back what one asked for as a reader, by the card too when the grant by which one read has ended, and what was
given out on paper, by whoever keeps it (K4, X5)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from models import store
from models.access import Purpose
from models.declarations import Transition
from models.moves import moves
from models.person.roles import Person
from models.sights import Locked, Sight, see


def read_to_move(person: Person, slug: str, number: str, name: str, now: datetime) -> Sight:
    """A record on which the person wants to make a move: in full, or the card of one on which they take something
    back. :raises Locked: for any other move. :raises NotFound:"""
    found = see(person, slug, number, Purpose.VIEW, now)
    if not found.full and name not in {move.name for move in on_card(person, found, store.fetch(slug, found.id))}:
        raise Locked()
    return found


def on_card(person: Person, found: Sight, current: Mapping[str, Any]) -> list[Transition]:
    """The moves of a stored record that are the person's though they see its card only: what they take back."""
    return [move for move in moves(person, found.rt, current) if move.takes_back]
