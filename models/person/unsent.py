"""What a person typed on a sheet, kept, sealed, for a quarter of an hour while they confirm who they
are."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from bson import ObjectId
from pymongo import ASCENDING, IndexModel

from config.database import database
from models import schema
from models.key_vault import service as keys

UNSENT = "unsent_form"
KEPT = timedelta(minutes=15)
LARGEST = 100_000
"""More text than this is not kept."""

Texts = list[tuple[str, str]]

schema.declare({UNSENT: [IndexModel([("at", ASCENDING)], name="expiry", expireAfterSeconds=int(KEPT.total_seconds()))]})


def keep(person: ObjectId, path: str, texts: Iterable[tuple[str, str]], now: datetime) -> None:
    """Keep the texts of a form that was not taken, by its address; those of an earlier try are replaced."""
    found = [list(pair) for pair in texts]
    if sum(len(text) for _, text in found) > LARGEST:
        return
    sealed = keys.seal_value(found, keys.type_key(UNSENT))
    row = {"person": person, "path": path, "texts": sealed, "at": now}
    database()[UNSENT].replace_one({"_id": f"{person}:{path}"}, row, upsert=True)


def take(person: ObjectId, path: str, now: datetime) -> Texts:
    """The texts that were kept for a form of this person's, once; none when there are none or they are old."""
    row = database()[UNSENT].find_one_and_delete({"_id": f"{person}:{path}"})
    if row is None or now - row["at"] > KEPT:
        return []
    texts = keys.unseal_value(row["texts"]) if keys.is_sealed(row["texts"]) else row["texts"]
    return [(name, text) for name, text in texts]
