"""Who put a record aside or handed it over is forgotten with the record (D2)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pymongo.database import Database

from models.hand_over.service import HANDED
from models.put_aside.document import ASIDE
from tests.integration.destruction.conftest import WEEK, Cast, carried_out, signed


def test_what_my_work_kept_of_it_goes(
    cast: Cast, old: dict[str, Any], now: datetime, db: Database[dict[str, Any]]
) -> None:
    for name in (ASIDE, HANDED):
        db[name].insert_one({"_id": f"{name}|{old['_id']}", "record": old["_id"], "until": now, "at": now})
    signed(cast, [old], now)
    carried_out(now + WEEK)
    assert [db[name].count_documents({}) for name in (ASIDE, HANDED)] == [0, 0]
