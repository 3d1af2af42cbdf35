"""Set work in the database: quarterly reviews, reminders, a change of many records at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any

from bson import ObjectId
from pymongo import UpdateOne

from bench.house import HEAD
from bench.measured import Measured, alone, times
from bench.progress import tell
from bench.world import World
from config.database import database
from config.policy import policy
from models import numbering, opening, registry, store
from models.bulk_change import running, service
from models.bulk_change.document import AT_WORK, State
from models.calendar import SHANGHAI, WorkingCalendar
from models.office import office_calendar
from models.record import collection_name, indexes
from models.reminder import chasing
from models.reminder.document import INDEXES, REMINDERS
from models.reminder.rules import window
from models.review import service as reviews
from models.review.document import REVIEW
from models.store import versions

REVIEWS, CUSTOMERS = "record_review", "record_customer"
BARE, BARE_VERSIONS = "bench_review", "bench_version"
REVIEW_TIMES = 1.5
CHANGED_AT_MOST = 10_000
DUE_RECORDS = 10_000
REMIND_TIMES = 10
REMIND_TURNS = 3
Row = dict[str, Any]


def _monday(world: World) -> datetime:
    """Monday of the week after the filling, ten o'clock in Shanghai."""
    day = world.now.astimezone(SHANGHAI).date()
    monday = day + timedelta(days=7 - day.weekday())
    return datetime(monday.year, monday.month, monday.day, 10, tzinfo=SHANGHAI).astimezone(UTC)


# --- quarterly reviews


def review(world: World, told: Callable[[str], None]) -> list[Measured]:
    """The quarter's reviews of all active files (F5), against two bare `$merge`s that write the same documents into
    collections with the same indexes."""
    told("reviews: ours")
    ours = alone(_open_reviews, world)
    told("reviews: floor")
    floor = alone(_bare_merges, world)
    alone(_forget_reviews, world)
    count = ours.result
    return [
        Measured(
            f"{count:,} reviews opened",
            f"{ours.seconds:.1f} s, {count / ours.seconds:,.0f} /s",
            f"{floor.result:.1f} s",
            times(ours.seconds, floor.result),
            f"{REVIEW_TIMES} x",
            ours.seconds <= REVIEW_TIMES * floor.result,
            more=f"processor time a review: {ours.worked(count)}, floor {floor.worked(count)}",
            figures={"reviews": count, "seconds": ours.seconds, "floor_seconds": floor.result, "peak_mb": ours.peak},
        )
    ]


def _open_reviews(world: World) -> int:
    now = _monday(world)
    asked = reviews.quarter_opening(now, office_calendar())
    if asked is None:
        raise RuntimeError("the quarter has not begun on that Monday")
    done = opening.open_some(asked, now, lambda: True, lambda at: tell(f"reviews: ours, {at.through:,} files"))
    return done.opened


def _bare_merges(_: World) -> float:
    db = database()
    for name in (BARE, BARE_VERSIONS):
        db.drop_collection(name)
        db.create_collection(name)
    db[BARE].create_indexes(indexes(REVIEW))
    db[BARE_VERSIONS].create_indexes(versions.INDEXES[store.VERSIONS])
    began = perf_counter()
    for source, into in ((REVIEWS, BARE), (store.VERSIONS, BARE_VERSIONS)):
        found = {"type": REVIEW.slug} if source == store.VERSIONS else {}
        merge = {"into": into, "on": "_id", "whenMatched": "keepExisting", "whenNotMatched": "insert"}
        db[source].aggregate([{"$match": found}, {"$merge": merge}])
    return perf_counter() - began


def _forget_reviews(_: World) -> None:
    """Leave everything as it was; the few other versions are kept aside while their collection is made anew."""
    db = database()
    kept = list(db[store.VERSIONS].find({"type": {"$ne": REVIEW.slug}}))
    for name, models in ((REVIEWS, indexes(REVIEW)), (store.VERSIONS, versions.INDEXES[store.VERSIONS])):
        db.drop_collection(name)
        db.create_collection(name)
        db[name].create_indexes(models)
    if kept:
        db[store.VERSIONS].insert_many(kept)
    for name in (BARE, BARE_VERSIONS):
        db.drop_collection(name)
    db[numbering.COUNTERS].delete_many({"_id": {"$regex": "^opening:"}})


# --- reminders


def remind(world: World, told: Callable[[str], None]) -> list[Measured]:
    """One tick of the reminders (J) with 10,000 records due: the first of a morning, and the next one, which finds
    nothing new; against the bare query for the same records."""
    told("reminders")
    run = alone(_remind_twice, world)
    found = run.result
    return [
        Measured(
            f"one tick of the reminders, {found['due']:,} records due",
            f"{found['first']:.2f} s for {found['new']:,} new, {found['again']:.2f} s when they stand",
            f"{found['bare']:.2f} s to ask for them",
            times(found["first"], found["bare"]),
            f"{REMIND_TIMES} x",
            found["first"] <= REMIND_TIMES * found["bare"],
            more=f"when they stand {times(found['again'], found['bare'])}; {run.peak - run.before:.0f} MB over rest",
            figures={**found, "peak_mb": run.peak, "before_mb": run.before},
        )
    ]


def _remind_twice(world: World) -> Row:
    """The ticks and the bare query in turns, the least of three each, after ticks that are not measured: what is due is
    in the cache for all alike."""
    now, calendar = _monday(world), office_calendar()
    borders = window(now, calendar, ahead=policy().reminder.ahead_working_days, climb=1)
    if borders is None:
        raise RuntimeError("the office is closed on that Monday")
    made_due = _make_due(now, borders.soon_ends)
    try:
        cold, *turns = [_remind_in_turn(now, calendar, borders.soon_ends) for _ in range(1 + REMIND_TURNS)]
        least = {name: min(turn[name] for turn in turns) for name in ("first", "again", "bare")}
        return {**turns[0], **least, "cold": cold["first"]}
    finally:
        _forget_reminders()
        database()[CUSTOMERS].update_many({"_id": {"$in": made_due}}, {"$unset": {"due_at": ""}})


def _remind_in_turn(now: datetime, calendar: WorkingCalendar, until: datetime) -> Row:
    _forget_reminders()
    began = perf_counter()
    new = chasing.chase_deadlines(now, calendar).new
    stood = perf_counter()
    chasing.chase_deadlines(now + timedelta(minutes=5), calendar)
    ended = perf_counter()
    due, bare = _bare_query(until)
    return {"first": stood - began, "again": ended - stood, "bare": bare, "new": new, "due": due}


def _forget_reminders() -> None:
    """The collection is made anew: what is deleted the database keeps for minutes, in the way of the same keys."""
    db = database()
    db.drop_collection(REMINDERS)
    db.create_collection(REMINDERS)
    db[REMINDERS].create_indexes(INDEXES[REMINDERS])


def _make_due(now: datetime, until: datetime) -> list[ObjectId]:
    """Have as many customers' credit reports fall due in these days as are missing to 10,000."""
    customers = database()[CUSTOMERS]
    calm = {"state": "active", "archived": None, "due_at": None}
    rows = customers.find(calm, {"_id": 1}).sort("_id", 1).limit(max(1, DUE_RECORDS - _bare_query(until)[0]))
    ids = [row["_id"] for row in rows]
    moved = [
        UpdateOne({"_id": one}, {"$set": {"due_at": now + timedelta(minutes=place % 2880 - 1440)}})
        for place, one in enumerate(ids)
    ]
    customers.bulk_write(moved, ordered=False)
    return ids


def _bare_query(until: datetime) -> tuple[int, float]:
    """How many records are due, and the seconds to read of each what a reminder is made of."""
    began, count = perf_counter(), 0
    for slug in (rt.slug for rt in registry.all_types() if rt.due):
        rows = database()[collection_name(slug)].find(
            {"due_at": {"$lt": until}}, {"due_at": 1, "owner": 1, "waiting": 1}
        )
        count += sum(1 for _ in rows)
    return count, perf_counter() - began


# --- a change of many records


def bulk(world: World, told: Callable[[str], None]) -> list[Measured]:
    """A field set in thousands of records, previewed first, each with history and audit entry and undo; against one
    bare `update_many` that is journalled by a majority. Undone after."""
    told("bulk edit")
    found = alone(_change_many, world).result
    rows = found["rows"]
    return [
        Measured(
            f"bulk edit of {rows:,} customers",
            f"previewed {rows / found['checking']:,.0f} /s, changed {rows / found['changing']:,.0f} /s, "
            f"undone {rows / found['undoing']:,.0f} /s",
            f"{rows / found['floor']:,.0f} /s without any of it",
            times(found["changing"], found["floor"]),
            figures=found,
        )
    ]


def _change_many(world: World) -> Row:
    slug, address = "customer", [("region", "浙江"), ("city", "云溪市")]
    limit = sorted(row["_id"] for row in database()["record_customer"].find({"city": "云溪市"}, {"_id": 1}))
    if len(limit) > CHANGED_AT_MOST:
        address.append(("industry", "电子信息"))
    plan = service.start(HEAD, slug, "change", now=world.now, address=address)
    plan = service.check(HEAD, plan.id, {"attitude": "keen"}, now=world.now)
    checking = _work_on(plan.id, world.now)
    plan = service.get(plan.id)
    plan = service.confirm(HEAD, plan.id, plan.stamp, world.now)
    changing = _work_on(plan.id, world.now)
    done = service.get(plan.id)
    if done.state is not State.DONE:
        raise RuntimeError(f"the bulk edit ended as {done.state}")
    service.undo(HEAD, plan.id, world.now)
    undoing = _work_on(plan.id, world.now)
    began = perf_counter()
    condition = {"region": "浙江", "city": "云溪市"}
    database()["record_customer"].update_many(condition, {"$set": {"bench": 1}})
    floor = perf_counter() - began
    database()["record_customer"].update_many(condition, {"$unset": {"bench": ""}})
    return {"rows": done.total, "checking": checking, "changing": changing, "undoing": undoing, "floor": floor}


def _work_on(plan: ObjectId, now: datetime) -> float:
    began = perf_counter()
    while (at := service.get(plan)).state in AT_WORK:
        tell(f"bulk edit: {at.state.value}, {at.handled:,} records")
        running.advance(plan, holder="bench", now=now)
    return perf_counter() - began
