"""What is stored of a saved view: whose, of which type, its name, and the address of the list. No record, no count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bson import ObjectId
from pymongo import ASCENDING, IndexModel

from models import schema, sealing
from models.listing.written import Pair

VIEWS = "saved_view"

schema.declare(
    {
        VIEWS: [
            IndexModel([("owner", ASCENDING), ("type", ASCENDING), ("name", ASCENDING)], unique=True, name="name"),
            IndexModel(
                [("type", ASCENDING), ("audience", ASCENDING)],
                name="audience",
                partialFilterExpression={"audience": {"$exists": True}},
            ),
        ]
    }
)


@dataclass(frozen=True)
class SavedView:
    """A list's address under a name. `address` are its parameters without those of a page; `position` is its place
    among its owner's; `audience` is whom it is shared with, '' for nobody (see `rules.audience`)."""

    id: ObjectId
    type: str
    owner: ObjectId
    owner_name: str
    name: str
    address: tuple[Pair, ...]
    position: int
    rev: int
    audience: str = ""

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> SavedView:
        """The view in a stored document."""
        known = {name: row[name] for name in cls.__dataclass_fields__ if name in row}
        return cls(**{**known, "id": row["_id"], "address": sealing.address_in(row["address"])})
