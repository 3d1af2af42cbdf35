"""D2: what is destroyed is not left in a copy of the database on which somebody plays time through."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from config.database import database
from config.settings import Settings
from jobs import copies, destruction
from jobs.context import JobContext
from models import store
from models.destruction import removal
from models.destruction.document import SLUG
from models.office import office_calendar
from tests.integration.destruction.conftest import WEEK, Cast, signed


def test_nothing_is_called_destroyed_while_a_copy_of_the_database_may_hold_it(
    cast: Cast, old: dict[str, Any], now: datetime, connected: Settings
) -> None:
    asked, at = signed(cast, [old], now), datetime.now(UTC)
    copy = database().client[f"{copies.prefix()}trial"]
    copy[copies.MADE].insert_one({"at": at})

    def run(minutes: int) -> str:
        moment = now + WEEK + timedelta(minutes=minutes)
        destruction.remove(JobContext(now=moment, db=database(), settings=connected, calendar=office_calendar()))
        database()[removal.WORK_DOCUMENTS].update_many({}, {"$set": {"at": at - timedelta(hours=1)}})
        return str(store.fetch(SLUG, asked["_id"])["state"])

    assert [run(0), run(5)] == ["removing", "removing"]
    copy[copies.MADE].update_one({}, {"$set": {"at": at - 2 * copies.WAITED_FOR}})
    assert run(10) == "destroyed"
    assert copy.name not in database().client.list_database_names()
