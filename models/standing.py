"""Where a record stands among its signatures: what was done since it was handed in, whom it waits for, what is to come.

All of it follows from the declared workflow and the record's versions as the reader sees them. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from models import access, turns
from models.declarations import State, Transition, Workflow
from models.records import Sight

Version = Mapping[str, Any]


@dataclass(frozen=True)
class Done:
    """A step that was taken: the move (None: made by a rule or a job), and the version that it made."""

    move: Transition | None
    version: Version


@dataclass(frozen=True)
class Waiting:
    """The state in which a record waits for a signature, since when, and for whom: role values and ids of people
    (`turns` of the state, `passed_on` to whom it went because nobody signed in time)."""

    state: State
    since: datetime | None
    turns: tuple[str, ...]
    passed_on: tuple[str, ...]


@dataclass(frozen=True)
class Standing:
    """Steps done, the oldest first; whom it waits for; and the signatures after that, in their order."""

    done: tuple[Done, ...]
    waiting: Waiting | None
    ahead: tuple[Transition, ...]


def standing(sight: Sight, current: Mapping[str, Any], versions: Sequence[Version]) -> Standing | None:
    """Where a record that is read in full stands; None where nothing is signed, or nothing was handed in yet.

    `current` is the stored record, `versions` its latest, newest first.
    """
    flow = sight.rt.workflow
    state = access.state_of(sight.rt, current)
    if flow is None or state is None or not any(move.signature for move in flow.transitions):
        return None
    done = _done(flow, versions)
    waits = bool(flow.signatures(state.value)) and not current.get("archived_at")
    if not (waits or any(one.move and one.move.signature for one in done) or _ended_unsigned(flow, done)):
        return None
    waiting = _waiting(state, current) if waits else None
    return Standing(done, waiting, _ahead(flow, state, done) if waiting else ())


def _done(flow: Workflow, versions: Sequence[Version]) -> tuple[Done, ...]:
    """The changes of state since the last that was no signature, that one included."""
    moves = {move.name: move for move in flow.transitions}
    found: list[Done] = []
    for version in versions:
        move = moves.get(version["action"])
        ended = _is_end(flow, version)
        if version["action"] != "create" and move is None and not ended:
            continue
        found.append(Done(move, version))
        if not ended and (move is None or not move.signature):
            break
    return tuple(reversed(found))


def _is_end(flow: Workflow, version: Version) -> bool:
    """Whether a version ended the record's way: withdrawn, lapsed, given back, or given back but for what left."""
    after = next((c["after"] for c in version["changes"] if c["field"].name == "state"), None)
    return version["action"] != "create" and after is not None and after in _closing(flow)


def _ended_unsigned(flow: Workflow, done: Sequence[Done]) -> bool:
    """Whether it came to its end while it waited for a signature: withdrawn, or not decided in time."""
    last = done[-1].version if done else None
    if last is None or not _is_end(flow, last):
        return False
    return any(flow.signatures(one["before"]) for one in last["changes"] if one["field"].name == "state")


def _closing(flow: Workflow) -> set[str]:
    """The final states, and those from which nothing but an unsigned step to one is left."""
    final = {one.value for one in flow.states if one.final}
    left: dict[str, list[Transition]] = {}
    for move in flow.transitions:
        for source in move.source:
            left.setdefault(source, []).append(move)
    return final | {
        source for source, moves in left.items() if all(m.target in final and not m.signature for m in moves)
    }


def _waiting(state: State, current: Mapping[str, Any]) -> Waiting:
    climbed = turns.climbed_to(state, current)
    return Waiting(state, current.get("state_since"), whom_of(state.turn, current), whom_of(climbed, current))


def whom_of(declared: Sequence[str], current: Mapping[str, Any]) -> tuple[str, ...]:
    """The turns that a state declares, of a stored record: role values and ids of people."""
    named = {"creator": "created_by"}
    found = []
    left = bool(current.get("creator_left"))
    by_now = (turns.successors(current) if left and one == "creator" else (one,) for one in declared)
    for whose in (one for some in by_now for one in some):
        person = current.get(named.get(whose, whose)) if not turns.is_role(whose) else whose
        if person is not None:
            found.append(str(person))
    return tuple(dict.fromkeys(found))


def _ahead(flow: Workflow, state: State, done: Sequence[Done]) -> tuple[Transition, ...]:
    """The signatures that come after the present one when each agrees."""
    taken = {one.move.name for one in done if one.move}
    found: list[Transition] = []
    at = state.value
    while True:
        rest = (m for m in flow.signatures(at) if m.main and m.name not in taken)
        move = next(rest, None)
        if move is None:
            return tuple(found[1:])
        taken.add(move.name)
        found.append(move)
        at = move.target
