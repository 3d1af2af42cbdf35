"""Records whose level is raised while cards are open: what was signed for a lower level opens nothing more (X4).

Nothing of a card tells whoever asked the new level (X3, X6). One that waits looks as it did, and whoever signs next is
told the level of the day; of one that became top secret it goes no further, for nobody asks for that. One in force ends
by the system without a reason; the trail says why, with the record and its level (ADR 16).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from bson import ObjectId

from config.database import database, transaction
from models import audit, store
from models.access_request.document import ACCESS_REQUEST
from models.declarations import Level, RecordType
from models.errors import StaleRecord
from models.person.roles import SYSTEM, Person
from models.record import collection_name
from models.registry import Draft, Hooks

SLUG = ACCESS_REQUEST.slug
TOP = Level.TOP_SECRET.value
RAISED, ENDED = "raised", "expire"
WAITING = ("asked", "signed", "approved")


def guarded(rt: RecordType, hooks: Hooks) -> Hooks:
    """The behaviour of a type, with what follows for cards when the level of one of its records is raised."""
    return replace(hooks, after=(*hooks.after, end_cards)) if rt.classified else hooks


def end_cards(draft: Draft) -> None:
    """`end_cards_of` for one write."""
    end_cards_of([draft])


def end_cards_of(drafts: Sequence[Draft]) -> None:
    """End the cards in force that name a record which one of these writes, of records of one type, makes more secret
    than they were signed for, in their transaction. Where one becomes top secret, those that still wait are signed in
    person from then on: no deputy reads them. One question, however many records there are."""
    raised = {draft.values["number"]: draft.values["level"] for draft in drafts if _raises(draft)}
    if not raised:
        return
    first, states = drafts[0], ["granted", *WAITING] if TOP in raised.values() else ["granted"]
    naming = {"type_asked": first.rt.slug, "items.number": {"$in": list(raised)}, "state": {"$in": states}}
    for row in list(database()[collection_name(SLUG)].find(naming, {"_id": 1})):
        card = store.fetch(SLUG, row["_id"])
        if card["state"] not in WAITING:
            if above := _unsigned(card, raised):
                _end(card, above, first.actor, first.now)
        elif any(raised.get(item["number"]) == TOP for item in card["items"] or ()):
            store.sign_in_person(SLUG, row["_id"])


def _raises(draft: Draft) -> bool:
    return draft.before is not None and _rank(draft.values.get("level")) > _rank(draft.before.get("level"))


def _end(
    card: Mapping[str, Any], above: Mapping[str, str], actor: Person, now: datetime, rev: int | None = None
) -> None:
    store.change(SLUG, card["_id"], {"state": "ended"}, actor=SYSTEM, now=now, rev=rev, action=ENDED)
    audit.append(RAISED, actor, store.subject(ACCESS_REQUEST, card), now=now, detail={"raised": dict(above)})


def end_left(lasting: Iterable[ObjectId], now: datetime) -> int:
    """End such cards, among those whose period is not over, as are still open, as a net under `end_cards`; returns how
    many."""
    ended = 0
    for request in lasting:
        card = store.fetch(SLUG, request)
        above = _unsigned(card, _levels(card)) if card["state"] == "granted" else {}
        if not above:
            continue
        try:
            transaction(partial(_end, card, above, SYSTEM, now, card["rev"]))
        except StaleRecord:  # revoked or given back at this moment
            continue
        ended += 1
    return ended


def _unsigned(card: Mapping[str, Any], levels: Mapping[str, str | None]) -> dict[str, str]:
    """Those of these records, by number and level, that are more secret than the card was signed for: each item keeps
    its level of then."""
    items = {item["number"]: (levels.get(item["number"]), item["level"]) for item in card["items"] or ()}
    return {number: level for number, (level, signed) in items.items() if level and _rank(level) > _rank(signed)}


def _rank(level: str | None) -> int:
    return Level.of(level).rank


def _levels(card: Mapping[str, Any]) -> dict[str, str | None]:
    """The levels of a card's records as they are now, by number."""
    numbers = [item["number"] for item in card["items"] or ()]
    rows = database()[collection_name(card["type_asked"])].find({"number": {"$in": numbers}}, {"number": 1, "level": 1})
    return {row["number"]: row.get("level") for row in rows}
