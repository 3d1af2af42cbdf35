"""Records that become top secret while cards are open: what was signed without the general manager ends (X4).

Nothing of a card tells whoever asked the new level (X3, X6). One that waits looks as it did, and is refused or lapses
as any other: nobody asks for top secret, so it goes no further. One in force ends by the system without a reason; the
trail says why (ADR 16).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
    """The behaviour of a type, with what follows for cards when one of its records becomes top secret."""
    return replace(hooks, after=(*hooks.after, end_cards)) if rt.classified else hooks


def end_cards(draft: Draft) -> None:
    """End the cards in force that name a record which this write makes top secret, in its transaction. Those that still
    wait are signed in person from then on: no deputy reads them."""
    before, values = draft.before, draft.values
    if before is None or values.get("level") != TOP or before.get("level") == TOP:
        return
    condition = {"type_asked": draft.rt.slug, "items.number": values["number"], "state": {"$in": ["granted", *WAITING]}}
    for row in list(database()[collection_name(SLUG)].find(condition, {"_id": 1})):
        card = store.fetch(SLUG, row["_id"])
        if card["state"] in WAITING:
            store.sign_in_person(SLUG, row["_id"])
        elif _unsigned(card, {values["number"]}):
            _end(card, draft.actor, draft.now)


def _end(card: Mapping[str, Any], actor: Person, now: datetime, rev: int | None = None) -> None:
    store.change(SLUG, card["_id"], {"state": "ended"}, actor=SYSTEM, now=now, rev=rev, action=ENDED)
    audit.append(RAISED, actor, store.subject(ACCESS_REQUEST, card), now=now)


def end_left(lasting: Iterable[ObjectId], now: datetime) -> int:
    """End such cards, among those whose period is not over, as are still open, as a net under `end_cards`; returns how
    many."""
    ended = 0
    for request in lasting:
        card = store.fetch(SLUG, request)
        if card["state"] != "granted" or not _unsigned(card, _top_secret(card)):
            continue
        try:
            transaction(partial(_end, card, SYSTEM, now, card["rev"]))
        except StaleRecord:  # revoked or given back at this moment
            continue
        ended += 1
    return ended


def _unsigned(card: Mapping[str, Any], raised: set[str]) -> bool:
    """Whether one of these records was not top secret when the card was signed: each item keeps its level of then."""
    return any(item["number"] in raised and item["level"] != TOP for item in card["items"] or ())


def _top_secret(card: Mapping[str, Any]) -> set[str]:
    """The numbers of a card's records that are top secret now."""
    numbers = [item["number"] for item in card["items"] or ()]
    condition = {"number": {"$in": numbers}, "level": TOP}
    return {row["number"] for row in database()[collection_name(card["type_asked"])].find(condition, {"number": 1})}
