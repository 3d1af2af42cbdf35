"""D2: what is destroyed is not left in a copy of the database on which somebody plays time through."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from config.database import database
from config.settings import Settings
from jobs import copies, destruction
from jobs.context import JobContext
from models import store
from models.destruction import holds, removal
from models.destruction.document import SLUG
from models.office import office_calendar
from tests.integration.destruction.conftest import WEEK, Cast, old_file, signed


def test_the_run_of_the_job_counts_what_it_barred(
    cast: Cast, old: dict[str, Any], now: datetime, connected: Settings
) -> None:
    """At the beginning, where something stands against it, and when it is asked once more."""
    late = old_file(cast, now, name="好公司有限公司")
    first, second = signed(cast, [old], now), signed(cast, [late], now)

    def run(minutes: int) -> dict[str, int]:
        moment = now + WEEK + timedelta(minutes=minutes)
        done = destruction.remove(JobContext(now=moment, db=database(), settings=connected, calendar=office_calendar()))
        database()[removal.WORK_DOCUMENTS].update_many({}, {"$set": {"at": datetime.now(UTC) - timedelta(hours=1)}})
        return done.counts

    holds.place(cast.head, "customer", old["number"], "Lawsuit", now=now)
    values = {"summary": "Late", "facts": "Late again", "contact_phone": "13900000002", "customer": late["_id"]}
    made = store.create("complaint", values, actor=cast.owner, now=now)
    row = database()["record_complaint"].find_one_and_delete({"_id": made["_id"]})
    assert run(0) == {"began": 1, "barred": 1}
    assert row is not None
    database()["record_complaint"].insert_one(row)
    assert run(5) == {"barred": 1}
    assert run(10) == {}
    assert {store.fetch(SLUG, one["_id"])["state"] for one in (first, second)} == {"barred"}


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
