"""Handing a piece of work over: by which move of its own type, and what is refused."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from models.declarations import Transition
from models.errors import Sentence

OWNER = "owner"
SHOWN = timedelta(days=14)
"""How long whoever handed something over still finds it under My work."""
MAY_NOT_READ = Sentence(
    "此人目前无权查阅这份记录，不能移交。",
    "This person may not read the record as it is, so that it cannot be handed to them.",
)
NOT_HERE = Sentence("请从列表中选择。", "Choose one from the list.")


def own_move(moves: Iterable[Transition]) -> Transition | None:
    """The move by which a type changes hands: it asks for the owner and needs nothing else; one that needs the owner
    alone comes before one that asks more. None where the type has none."""
    found = [move for move in moves if OWNER in move.asks and set(move.needs) <= {OWNER} and not move.signature]
    return min(found, key=lambda move: (move.main, len(move.asks)), default=None)
