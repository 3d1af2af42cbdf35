"""Filling a database with N customers and as many complaints, as the store would have stored them.

Every record goes through the type's own rules and the store's own derivation (`store.new_draft`,
`stored_form.new_son`); only the writing is different: sets of a thousand without order, two processes, indexes
afterwards, keys for what is encrypted a set at a time. History and audit entries are written for one record in 500, the
ones that the measurements open. A filled database is used again as long as its first and last records would be made the
same way today; indexes that were declared since are added. One that was broken off is gone on with, chunk by chunk.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import pairwise
from multiprocessing import get_context
from typing import Any

from bson import Binary, ObjectId, encode
from pymongo import WriteConcern

from bench import house
from bench.content import YEARS, Place, complaint, customer
from config import database as store_of
from config.database import database
from config.settings import Settings
from models import audit, catalogue, numbering, registry, schema, sealing, store, stored_form
from models.complaint.document import COMPLAINT
from models.customer.document import CUSTOMER
from models.person.roles import SYSTEM, Person
from models.record import collection_name, indexes
from models.registry import Draft

MARK = "bench_fill"
CHUNK = 1000
PROCESSES = 2
REMEMBERED = 500
MENDED = "contact_phone"
PATTERNS = {"customer": CUSTOMER.number, "complaint": COMPLAINT.number}
TYPES = tuple(PATTERNS)
ID_SPACE = {"customer": 1 << 40, "complaint": 1 << 41}
FAST = WriteConcern(w=1, j=False)
SORTED_AT_ONCE_MB = 1000
"""What the database may sort in memory while it builds the indexes of a collection (as shipped: 200)."""


def record_id(slug: str, index: int) -> ObjectId:
    """The id of the record at a place in its series."""
    return ObjectId(f"{ID_SPACE[slug] + index:024x}")


def number_of(slug: str, place: Place) -> str:
    """The number of the record at a place."""
    year, serial = place.number
    return PATTERNS[slug].format(year=year, seq=serial)


@dataclass
class Made:
    """Records to be stored, by type, and the writes to be remembered in history and audit trail."""

    sons: dict[str, list[dict[str, Any]]]
    remembered: list[Draft]


def make(places: Iterable[Place]) -> Made:
    """The stored forms of the records at some places, by type, with the writes of those that have a history."""
    made = Made({}, [])
    filed = [(place, *customer(place)) for place in places]
    files = [_draft("customer", place, actor, values, {}) for place, actor, values in filed]
    _add(made, "customer", [place for place, _, _ in filed], files)
    owners = {person.id: person for person in house.SPECIALISTS}
    said = []
    for (place, _, values), file in zip(filed, files, strict=True):
        actor, complained = complaint(place, file.values["_id"], values, owners[values["owner"]])
        said.append(_draft("complaint", place, actor, complained, {file.values["_id"]: file.values}))
    _add(made, "complaint", [place for place, _, _ in filed], said)
    return made


def _add(made: Made, slug: str, places: Sequence[Place], drafts: Sequence[Draft]) -> None:
    sealing.take_keys(drafts)
    sons = []
    for place, draft in zip(places, drafts, strict=True):
        son = stored_form.new_son(draft, draft.values["_id"], number_of(slug, place), None)
        draft.values["acl"] = son["acl"]
        sons.append(son)
        if place.index % REMEMBERED == 0:
            made.remembered.append(draft)
    made.sons[slug] = sons


def _draft(
    slug: str, place: Place, actor: Person, values: Mapping[str, Any], nearby: dict[ObjectId, Mapping[str, Any]]
) -> Draft:
    draft = store.new_draft(registry.get(slug), values, actor=actor, now=place.made_at, nearby=nearby)
    draft.values["_id"] = record_id(slug, place.index)
    return draft


def step(size: int) -> int:
    """How far apart the records lie that the measurements open and save."""
    return min(REMEMBERED, max(1, size // 4))


def key_of(size: int) -> str:
    """What makes two fillings the same: how the first and last records are stored, whatever seals look like."""
    digest = hashlib.sha256(str(size).encode())
    made = make(Place(index, size) for index in (*range(20), *range(size - 20, size)))
    for sons in made.sons.values():
        for son in sons:
            digest.update(encode(without_seals(son)))
    return digest.hexdigest()


def without_seals(value: Any) -> Any:
    """A stored value in which nothing is sealed: the same value is sealed otherwise each time."""
    if isinstance(value, Binary):
        return None
    if isinstance(value, dict):
        return {name: without_seals(one) for name, one in value.items()}
    return [without_seals(one) for one in value] if isinstance(value, list) else value


def is_filled(size: int) -> bool:
    """Whether the connected database holds this filling already."""
    mark = database()[MARK].find_one({"_id": "filled"})
    return mark is not None and mark["key"] == key_of(size)


def fill(settings: Settings, size: int, now: datetime) -> Generator[tuple[str, int], None, None]:
    """Fill the connected database, telling how far it is: what is done, and how many records of each type there are. A
    filling that was broken off is gone on with."""
    left = _begin(size, now)
    done = size - sum(last - first for first, last in left)
    work = partial(_fill_some, settings, size)
    with ProcessPoolExecutor(PROCESSES, get_context("spawn")) as pool:
        for count in pool.map(work, left):
            done += count
            yield "records", done
    _count_on(size)
    yield "indexes", done
    add_indexes()
    marks = database()[MARK]
    marks.replace_one({"_id": "filled"}, {"key": key_of(size), "size": size, "at": now}, upsert=True)
    yield "filled", done


def _begin(size: int, now: datetime) -> list[tuple[int, int]]:
    """What is left to fill, as first and behind the last place of each chunk."""
    db, key = database(), key_of(size)
    begun = db[MARK].find_one({"_id": "begun"})
    if begun is None or begun["key"] != key:
        db.client.drop_database(db.name)
        house.move_in(now)
        db[MARK].insert_one({"_id": "begun", "key": key})
    there = {row["_id"] for row in db[MARK].find({"_id": {"$type": "int"}})}
    return [edges for edges in pairwise([*range(0, size, CHUNK), size]) if edges[0] not in there]


def add_indexes() -> None:
    """Make what the declarations in force need and drop what they no longer name: a type's at once, both types side by
    side."""
    database().client.admin.command("setParameter", 1, maxIndexBuildMemoryUsageMegabytes=SORTED_AT_ONCE_MB)
    with ThreadPoolExecutor(len(TYPES)) as pool:
        list(pool.map(_index, TYPES))
    schema.migrate()


def mend(size: int, now: datetime) -> int:
    """Put right what former comparisons left in opened records, and tell how many: until November 2026 the stock view
    saved a sealed number as text, which grew to thousands of characters, and all programs had to carry them."""
    mended = 0
    for index in range(0, size, step(size)):
        wanted = {MENDED: customer(Place(index, size))[1][MENDED]}
        found = store.fetch("customer", record_id("customer", index))
        if found[MENDED] != wanted[MENDED]:
            store.change("customer", found["_id"], wanted, actor=SYSTEM, now=now)
            mended += 1
    return mended


def _index(slug: str) -> None:
    collection = database()[collection_name(slug)]
    known = set(collection.index_information())
    wanted = {model.document["name"]: model for model in indexes(registry.get(slug).rt)}
    for name in known - set(wanted) - {"_id_"}:
        collection.drop_index(name)
    missing = [model for name, model in wanted.items() if name not in known]
    if missing:
        collection.create_indexes(missing)


_connected: list[str] = []


def _fill_some(settings: Settings, size: int, edges: tuple[int, int]) -> int:
    """One chunk, in a process of its own."""
    if settings.database not in _connected:
        store_of.connect(settings)
        catalogue.load()
        _connected.append(settings.database)
    made = make(Place(index, size) for index in range(*edges))
    for slug, sons in made.sons.items():
        ids = {"_id": {"$gte": sons[0]["_id"], "$lte": sons[-1]["_id"]}}
        records = database().get_collection(collection_name(slug), write_concern=FAST)
        if records.find_one(ids, {"_id": 1}):  # of an attempt that was broken off
            records.delete_many(ids)
            database()[store.VERSIONS].delete_many({"record": ids["_id"]})
        records.insert_many(sons, ordered=False)
    for draft in made.remembered:
        version = store.version_row(draft, 1)
        database()[store.VERSIONS].insert_one(version)
        fields = [change["field"] for change in version["changes"]]
        audit.append("create", draft.actor, store.subject(draft.rt, draft.values), now=draft.now, fields=fields)
    database()[MARK].replace_one({"_id": edges[0]}, {}, upsert=True)
    return edges[1] - edges[0]


def _count_on(size: int) -> None:
    """Numbers go on behind those that were given."""
    last = dict(Place(index, size).number for index in range(size))
    for slug in TYPES:
        for year in YEARS:
            row = {"$set": {"seq": last.get(year, 0)}}
            database()[numbering.COUNTERS].update_one({"_id": f"{slug}:{year}"}, row, upsert=True)
