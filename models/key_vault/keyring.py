"""The wrapped data keys that this process has seen of late, as the driver's encryption asks for them.

`ClientEncryption` looks a key up by itself, one question a key, in whatever transaction the thread stands. Here the
question is answered from what was read for a whole set at once, and what must be asked or written is asked and written
outside of any transaction: a key outlives the roll-back of the write that it was made for, and harms nobody.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import Context
from threading import Lock
from typing import Any, TypeVar

from bson import Binary, CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient
from pymongo.collection import Collection
from pymongo.errors import BulkWriteError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

T = TypeVar("T")

COLLECTION = "key"
PROOF = "proof"
"""The key by which a process proves that its master key opens the vault, before it makes another. It is changed last
when the master key was, or when a key was last removed."""
MOST_KEPT = 5_000
KEPT_SECONDS = 30.0
"""So long a key stays here, and as long again unwrapped in the driver: a minute in all."""
TAKEN = 11000
RAW: CodecOptions[RawBSONDocument] = CodecOptions(RawBSONDocument)


def apart(work: Callable[[], T]) -> T:
    """Do something with the database outside of the transaction in which this thread may stand."""
    return Context().run(work)


class Keyring:
    """Answers for the vault's collection. Safe for threads."""

    def __init__(self, collection: Collection[Any]) -> None:
        self.collection: Collection[RawBSONDocument] = collection.with_options(
            codec_options=RAW,
            read_concern=ReadConcern("majority"),
            write_concern=WriteConcern(w="majority", j=True),
        )
        self._kept: dict[bytes | str, tuple[float, RawBSONDocument]] = {}
        self._lock = Lock()
        self._basket: list[RawBSONDocument] | None = None

    def with_options(self, **_options: Any) -> Keyring:
        """The driver asks for a collection with its own options; ours has them."""
        return self

    @contextmanager
    def find(self, condition: Mapping[str, Any]) -> Iterator[Iterable[RawBSONDocument]]:
        """What the driver asks: keys by id or name from what is kept, any other question from the database."""
        asked = dict(condition)
        if set(asked) == {"$or"}:
            ids = [bytes(one) for part in asked["$or"] for one in _list_in(part, "_id")]
            if not [name for part in asked["$or"] for name in _list_in(part, "keyAltNames")]:
                yield self.by_ids(ids)
                return
        yield apart(lambda: list(self.collection.find(asked)))

    def insert_one(self, row: RawBSONDocument) -> None:
        """The driver has made a key: it goes into the basket of `gathered`."""
        assert self._basket is not None
        self._basket.append(row)

    def bulk_write(self, requests: Sequence[Any]) -> Any:
        """The driver has wrapped keys anew."""
        result = apart(lambda: self.collection.bulk_write(requests))
        self.forget()
        return result

    @contextmanager
    def gathered(self) -> Iterator[list[RawBSONDocument]]:
        """What the driver makes within the block, not stored yet. One thread at a time."""
        self._basket = []
        try:
            yield self._basket
        finally:
            self._basket = None

    def by_ids(self, ids: Sequence[bytes]) -> list[RawBSONDocument]:
        """The keys with these ids that there are; those not kept are asked for together."""
        return self._looked_up(ids, lambda lacking: {"_id": {"$in": [Binary(one, 4) for one in lacking]}}, _id_of)

    def by_names(self, names: Sequence[str]) -> list[RawBSONDocument]:
        """The keys with these names that there are."""
        return self._looked_up(names, lambda lacking: {"keyAltNames": {"$in": list(lacking)}}, name_of)

    def _looked_up(
        self,
        wanted: Sequence[Any],
        asking: Callable[[Sequence[Any]], Mapping[str, Any]],
        term: Callable[[RawBSONDocument], bytes | str],
    ) -> list[RawBSONDocument]:
        limit = time.monotonic() - KEPT_SECONDS
        kept = {one: self._kept.get(one) for one in dict.fromkeys(wanted)}
        found = [entry[1] for entry in kept.values() if entry is not None and entry[0] >= limit]
        lacking = [one for one, entry in kept.items() if entry is None or entry[0] < limit]
        if lacking:
            rows = apart(lambda: list(self.collection.find(asking(lacking))))
            self.keep(rows)
            asked = set(lacking)
            found += [row for row in rows if term(row) in asked]
        return found

    def store(self, rows: Sequence[RawBSONDocument]) -> list[RawBSONDocument]:
        """Store new keys; those whose name is taken meanwhile are left out. Returns those that were stored."""
        refused: set[int] = set()
        try:
            apart(lambda: self.collection.insert_many(rows, ordered=False))
        except BulkWriteError as error:
            errors = error.details["writeErrors"]
            if error.details.get("writeConcernErrors") or any(one["code"] != TAKEN for one in errors):
                raise
            refused = {one["index"] for one in errors}
        stored = [row for index, row in enumerate(rows) if index not in refused]
        self.keep(stored)
        return stored

    def remove(self, names: Sequence[str]) -> int:
        """Delete the keys with these names for good, and return how many there were. The vault's proof is dated first:
        whatever lacks here and is older was removed here (`copies`)."""
        condition = {"keyAltNames": {"$in": list(names)}}
        found = apart(lambda: list(self.collection.find(condition, {"creationDate": 1})))
        if not found:
            return 0
        made = max(row["creationDate"] for row in found)  # by the clock of who made it
        dated = [{"$set": {"updateDate": {"$max": ["$updateDate", "$$NOW", made]}}}]
        apart(lambda: self.collection.update_one({"keyAltNames": PROOF}, dated))
        return apart(lambda: self.collection.delete_many(condition)).deleted_count

    def keep(self, rows: Iterable[RawBSONDocument]) -> None:
        """Remember keys for a while."""
        now = time.monotonic()
        with self._lock:
            for row in rows:
                self._kept[_id_of(row)] = self._kept[name_of(row)] = (now, row)
            if len(self._kept) > 2 * MOST_KEPT:
                fresh = sorted(self._kept.items(), key=lambda item: item[1][0])[-MOST_KEPT:]
                self._kept = dict(fresh)

    def forget(self) -> None:
        """Remember nothing: keys were destroyed or wrapped anew."""
        with self._lock:
            self._kept = {}


class KeyringClient(MongoClient[Any]):
    """The client that `ClientEncryption` is given: whatever it asks, the keyring answers. It connects to nothing."""

    def __init__(self, keyring: Keyring) -> None:
        super().__init__(connect=False)
        self._keyring = keyring

    def __getitem__(self, name: str) -> Any:
        return {COLLECTION: self._keyring}


def _list_in(part: Mapping[str, Any], field: str) -> list[Any]:
    return list(dict(part.get(field) or {}).get("$in") or ())


def _id_of(row: RawBSONDocument) -> bytes:
    return bytes(row["_id"])


def name_of(row: RawBSONDocument) -> str:
    """The name that a key was made under."""
    return str(row["keyAltNames"][0])
