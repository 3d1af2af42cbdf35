"""A trail in a database, as verification reads it: any database, connected or not to the product."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from bson import ObjectId
from pymongo import ASCENDING
from pymongo.database import Database

from models.audit.checkpoints import CHECKPOINTS
from models.audit.writing import ENTRIES, QUEUE, SEALS

Row = dict[str, Any]


class StoredTrail:
    """Reads a trail while others go on writing it. What comes after the seals that were there at first waits."""

    def __init__(self, db: Database[Row]) -> None:
        self.db = db

    def seals(self) -> Iterator[Row]:
        """Every seal, in the order of their numbers."""
        yield from self.db[SEALS].find().sort("seq", ASCENDING)

    def entries(self, ids: Sequence[ObjectId]) -> Mapping[ObjectId, Row]:
        """Those of these entries that are there."""
        return {entry["_id"]: entry for entry in self.db[ENTRIES].find({"_id": {"$in": list(ids)}})}

    def waiting(self) -> int:
        """How many entries wait for their seal."""
        return self.db[QUEUE].count_documents({})

    def unsealed(self) -> Iterator[Row]:
        """The entries that wait for their seal."""
        for line in self.db[QUEUE].find().sort("_id", ASCENDING):
            entry = self.db[ENTRIES].find_one({"_id": line["_id"]})
            if entry is not None:
                yield entry

    def strangers(self, sealed: int, last: int) -> Iterator[ObjectId]:
        """Entries that are neither sealed nor waiting. When the numbers agree nobody has to be looked for."""
        if self._to_be_sealed(last) == sealed:
            return
        # First the queue, then the seals: an entry that is sealed in between is found in the second.
        stages: list[Mapping[str, Any]] = [
            {"$project": {"_id": 1}},
            {"$lookup": {"from": QUEUE, "localField": "_id", "foreignField": "_id", "as": "queued"}},
            {"$match": {"queued": []}},
            {"$lookup": {"from": SEALS, "localField": "_id", "foreignField": "entries", "as": "sealed"}},
            {"$match": {"sealed": []}},
            {"$project": {"_id": 1}},
        ]
        for row in self.db[ENTRIES].aggregate(stages):
            yield row["_id"]

    def checkpoints(self) -> Iterable[str]:
        """The lines of the database's own copies."""
        return [str(row.get("line", "")) for row in self.db[CHECKPOINTS].find().sort("_id", ASCENDING)]

    def _to_be_sealed(self, last: int) -> int:
        """How many entries there should be under the seals up to `last`, counted at one moment."""
        size = {"$sum": {"$size": "$entries"}}
        later: list[Row] = [{"$match": {"seq": {"$gt": last}}}, {"$group": {"_id": None, "n": size}}]
        with self.db.client.start_session(snapshot=True) as session:

            def number(name: str, stages: list[Row]) -> int:
                return int(next(iter(self.db[name].aggregate(stages, session=session)), {"n": 0})["n"])

            count: list[Row] = [{"$count": "n"}]
            come: list[Row] = [
                {"$lookup": {"from": ENTRIES, "localField": "_id", "foreignField": "_id", "as": "entry"}},
                {"$match": {"entry": {"$ne": []}}},
            ]
            return number(ENTRIES, count) - number(QUEUE, [*come, *count]) - number(SEALS, later)
