"""The records in which a text stands encrypted, as a search takes them: they are asked for by themselves and named to
the search. Beside the condition on texts, "or" would keep the database from choosing the narrowest piece of a text."""

from __future__ import annotations

from bson import ObjectId

from config.database import database
from models import sealing
from models.access import Reach
from models.declarations import RecordType
from models.record import collection_name

MOST = 1000


def holders(rt: RecordType, reach: Reach, text: str) -> list[ObjectId]:
    """The records within reach in which an encrypted value is the whole text, a thousand at most. The database is asked
    only where a type has such values."""
    tokens = sealing.tokens_for(rt, text)
    if not tokens:
        return []
    query = {"$and": [{"blind": {"$in": tokens}}, reach.query(archived=None)]}
    return [son["_id"] for son in database()[collection_name(rt.slug)].find(query, {"_id": 1}).limit(MOST)]
