"""The least that storing an import costs: the very same finished documents, inserted and no more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from time import perf_counter
from typing import Any

from bson import ObjectId, decode, encode
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient
from pymongo.write_concern import WriteConcern

from bench.world import World
from config import embedded
from config.database import audit_database, database
from models.audit import ENTRIES, QUEUE
from models.record import collection_name
from models.store import VERSIONS

AT_ONCE = 1000
JOURNALED = WriteConcern("majority", j=True)
Part = dict[tuple[str, str], list[bytes]]
"""Documents by database and collection."""


@dataclass(frozen=True)
class Bare:
    """Seconds to insert the documents of an import, by how many processes did so."""

    alone: float
    two: float


def inserts(world: World, slug: str, batch: ObjectId) -> Bare:
    """Insert again what an import has stored: records, first versions, audit entries and their places in the sealer's
    queue, as finished BSON, a thousand at a time, without transaction, with today's indexes."""
    parts = list(_stored(slug, batch))
    seconds = []
    for processes in (1, 2):
        _remove(parts)
        with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
            list(pool.map(_connected, [world] * processes))
            began = perf_counter()
            list(pool.map(_insert, [world] * len(parts), parts))
            seconds.append(perf_counter() - began)
    return Bare(*seconds)


def _stored(slug: str, batch: ObjectId) -> Iterator[Part]:
    base, trail = database(), audit_database()
    records = list(base[collection_name(slug)].find({"batch": batch, "batch_row": {"$gte": 0}}).sort("batch_row", 1))
    for first in range(0, len(records), AT_ONCE):
        some = records[first : first + AT_ONCE]
        about: dict[str, Any] = {"record": {"$in": [record["_id"] for record in some]}}
        entries = list(trail[ENTRIES].find(about))
        yield {
            (base.name, collection_name(slug)): _raw(some),
            (base.name, VERSIONS): _raw(base[VERSIONS].find(about)),
            (trail.name, ENTRIES): _raw(entries),
            (trail.name, QUEUE): _raw({"_id": entry["_id"]} for entry in entries),
        }


def _raw(documents: Any) -> list[bytes]:
    return [encode(document) for document in documents]


def _remove(parts: Sequence[Part]) -> None:
    for part in parts:
        for (base, collection), documents in part.items():
            ids = [decode(document)["_id"] for document in documents]
            database().client[base][collection].delete_many({"_id": {"$in": ids}})


_clients: list[MongoClient[Any]] = []


def _connected(world: World) -> None:
    own = world.settings
    _clients.append(MongoClient(own.mongodb_uri or embedded.uri(own.data_dir)))
    _clients[0].admin.command("ping")


def _insert(world: World, part: Part) -> None:
    if not _clients:
        _connected(world)
    for (base, collection), documents in part.items():
        target = _clients[0][base].get_collection(collection, write_concern=JOURNALED)
        target.insert_many([RawBSONDocument(document) for document in documents])
