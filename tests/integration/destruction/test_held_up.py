"""A destruction that cannot go on is told of and taken up again, and holds up no other one (D2)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pymongo.database import Database

from config.settings import Settings
from jobs import execution
from jobs.execution import Desk
from models import registry, store
from models.destruction import removal, traces
from models.destruction.document import SLUG
from models.destruction.removal import Unfinished
from models.errors import NotFound, Spoken
from models.job.long import MOST_ATTEMPTS
from models.job.rules import State
from models.key_vault.refusals import KeysUnusable
from tests.factories.planted import unruled
from tests.integration.destruction.conftest import SETTLED, WEEK, Cast, carried_out, old_file, signed
from tests.integration.destruction.pointing import closed_pointing

Base = Database[dict[str, Any]]
Told = list[tuple[str, str]]


@pytest.fixture
def told() -> Told:
    return []


def state_of(asked: dict[str, Any]) -> str:
    return str(store.fetch(SLUG, asked["_id"])["state"])


def worked(told: Told, now: datetime) -> None:
    removal.work("test", now, settled=timedelta(), tell=lambda number, why: told.append((number, why.code)))


def test_a_passing_error_ends_nothing_however_often_it_comes(
    cast: Cast, now: datetime, told: Told, db: Base, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = old_file(cast, now, name="坏公司有限公司"), old_file(cast, now, name="好公司有限公司")
    held_up, other = signed(cast, [bad], now), signed(cast, [good], now)

    def refuses(case: traces.Case) -> None:
        if case.id == bad["_id"]:
            raise KeysUnusable("the master key is not there")

    with monkeypatch.context() as broken:
        broken.setattr(traces, "STEPS", (refuses, *traces.STEPS))
        removal.begin_due(now + WEEK)
        for _ in range(MOST_ATTEMPTS + 2):
            worked(told, now + WEEK)
    assert set(told) == {(held_up["number"], "keys_unusable")}
    assert len(told) == MOST_ATTEMPTS + 2
    assert (state_of(held_up), state_of(other)) == ("removing", "destroyed")
    carried_out(now + WEEK)
    assert state_of(held_up) == "destroyed"
    assert db["destroyed_part"].count_documents({"at": None}) == 0


def test_one_of_a_type_that_was_withdrawn_holds_up_no_other(
    cast: Cast, old: dict[str, Any], now: datetime, told: Told, db: Base
) -> None:
    broken = signed(cast, [old], now)
    db["record_destruction"].update_one({"_id": broken["_id"]}, {"$set": {"type_asked": "withdrawn"}})
    other = signed(cast, [old_file(cast, now, name="好公司有限公司")], now + timedelta(hours=1))
    later = now + WEEK + timedelta(hours=1)
    assert removal.begin_due(later, lambda number, why: told.append((number, why.code))) == 1
    assert told == [(broken["number"], NotFound.code)]
    assert (state_of(broken), state_of(other)) == ("cooling", "removing")


def test_writes_under_way_are_given_their_time_by_the_clock_of_the_server(
    cast: Cast, old: dict[str, Any], now: datetime, db: Base
) -> None:
    """A run that was planned long before, or for later, does not shorten it."""
    asked = signed(cast, [old], now)
    removal.begin_due(now + WEEK)
    assert removal.work("test", now + WEEK + SETTLED) == (0, False)
    assert db["destruction_aside"].count_documents({}) == 1
    ago = {"$dateSubtract": {"startDate": "$$NOW", "unit": "minute", "amount": 3}}
    db["destruction_work"].update_one({"_id": asked["_id"]}, [{"$set": {"at": ago}}])
    assert removal.work("test", now + WEEK)[0] == 1
    assert state_of(asked) == "destroyed"


def test_nothing_is_called_destroyed_of_which_no_outcome_is_known(
    cast: Cast, old: dict[str, Any], now: datetime, db: Base
) -> None:
    asked = signed(cast, [old], now)
    removal.begin_due(now + WEEK)
    db["destruction_aside"].delete_many({})
    found: list[Spoken] = []
    removal.work("test", now + WEEK, settled=timedelta(), tell=lambda _number, why: found.append(why))
    assert [type(why) for why in found] == [Unfinished]
    assert old["number"] in found[0].text("en")
    assert state_of(asked) == "removing"


def test_a_new_backup_is_asked_for_when_others_lost_something(
    cast: Cast, old: dict[str, Any], now: datetime, db: Base
) -> None:
    signed(cast, [old], now)
    assert db["job_request"].find_one({"_id": "backup"}) is None
    begun = datetime.now(UTC).replace(microsecond=0)
    carried_out(now + WEEK)
    asked = db["job_request"].find_one({"_id": "backup"})
    assert asked is not None
    behind = asked["asked"] - removal.SAVED_AFTER - max(now + WEEK + SETTLED, begun)
    assert timedelta() <= behind < timedelta(minutes=2)


def test_a_backup_that_is_asked_for_already_waits_for_what_ended_later(
    cast: Cast, old: dict[str, Any], now: datetime, db: Base
) -> None:
    signed(cast, [old], now)
    db["job_request"].insert_one({"_id": "backup", "by": "Somebody", "asked": now, "serial": "1"})
    carried_out(now + WEEK)
    asked = db["job_request"].find_one({"_id": "backup"})
    assert asked is not None
    assert asked["by"] == "Somebody"
    behind = asked["asked"] - removal.SAVED_AFTER - max(now + WEEK + SETTLED, datetime.now(UTC))
    assert timedelta(minutes=-2) < behind <= timedelta()


def test_one_that_is_written_meanwhile_keeps_what_was_written(
    cast: Cast, now: datetime, db: Base, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A review that loses a copy of the name while somebody changes it."""
    from_before = old_file(cast, now, name="坏公司有限公司")
    made = closed_pointing(cast, "review", from_before, now)
    signed(cast, [from_before], now)
    shred = traces.shred

    def slow(of: Any, ids: Any, own: Any = ()) -> None:
        found = list(ids)
        shred(of, found, own)
        if made["_id"] in found:
            with unruled(registry.get("review").rt):
                store.change("review", made["_id"], {"customer_name": "改名公司"}, actor=cast.owner, now=now)

    monkeypatch.setattr(traces, "shred", slow)
    carried_out(now + WEEK)
    assert store.fetch("review", made["_id"])["customer_name"] == "改名公司"


def test_the_job_says_what_cannot_go_on_and_does_the_rest(
    cast: Cast, old: dict[str, Any], now: datetime, db: Base, connected: Settings
) -> None:
    broken = signed(cast, [old], now)
    db["record_destruction"].update_one({"_id": broken["_id"]}, {"$set": {"type_asked": "withdrawn"}})
    other = signed(cast, [old_file(cast, now, name="好公司有限公司")], now)
    run = execution.run_now(Desk(worker="first", settings=connected), removal.JOB, now + WEEK, "test")
    assert run.state is State.FAILED
    assert f"{broken['number']}: not_found" in run.error
    assert state_of(other) == "removing"
