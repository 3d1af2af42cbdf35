"""A person's grants in force, looked up together with something else of that person."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bson import ObjectId

from models.access_request.service import GRANTS, in_force


def beside(person: ObjectId, now: datetime) -> dict[str, Any]:
    """The stage of a question to the database that adds a person's grants in force as documents `{grant: ...}`; to be
    read by `service.by_use`."""
    wanted = {"person": person, **in_force(now)}
    told = [{"$match": wanted}, {"$project": {"_id": 0, "grant": {"_id": "$_id", "uses": "$uses"}}}]
    return {"$unionWith": {"coll": GRANTS, "pipeline": told}}
