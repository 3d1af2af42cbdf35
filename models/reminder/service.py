"""A person's reminders as they read them: only of what stands and what they reach at this moment (X6).

What was stored names no content. Title and number are looked up when they are shown, within the reader's reach; a
reminder whose record is gone for the reader, or whose matter is done, is left out and closed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bson import ObjectId

from config.database import database
from models import access, barred, names, registry, secrecy_notice, work
from models.access import Purpose
from models.declarations import Label, Level, RecordType
from models.errors import NotFound
from models.person.roles import Person, Role
from models.record import collection_name
from models.reminder.document import REMINDERS, Reminder
from models.reminder.rules import FOREMOST, Matter, Step, key_of, urgency

MOST = 100
"""The most reminders that are read, counted or marked at once."""


@dataclass(frozen=True)
class Page:
    """A page about records of a type, by its address, of which people are reminded while they hold a role; one of
    everybody's own (no role, and no type) has a `title`."""

    matter: Matter
    step: Step
    type: str
    address: str
    role: Role | None
    title: Label | None = None

    def named(self) -> tuple[Label, Label]:
        """What it is about, and its title: as its records are called, one and several, where it has none."""
        if self.title is not None:
            return self.title, self.title
        rt = registry.get(self.type).rt
        return rt.label, rt.plural


OUTDATED = Page(Matter.RETENTION, Step.KEPT, "destruction", "records/destruction/outdated", Role.CUSTODIAN)
BATCHES = Page(Matter.BATCH, Step.BATCH, "complaint", "team/", Role.HEAD)
LEFT_OWNERS = Page(Matter.OWNERS, Step.OWNERS, "customer", "team/", Role.HEAD)
NEW_ADDRESS = Page(Matter.ADDRESS, Step.ADDRESS, "", "account/notifications/", None, Label("您的账号", "Your account"))
PAGES = {page.matter: page for page in (OUTDATED, BATCHES, LEFT_OWNERS, NEW_ADDRESS)}


@dataclass(frozen=True)
class Told:
    """A reminder as its reader sees it; one that is about no single record has no number and leads to the address of a
    `page`. `kind` says what it is about, `signing` that the record waits for their signature, and `became` what came
    of something that they asked for."""

    reminder: Reminder
    kind: Label
    number: str
    title: str
    level: str
    page: str = ""
    signing: bool = False
    became: Label | None = None

    @property
    def leads_to(self) -> str:
        """The address in the product, without a leading slash."""
        return self.page or f"records/{self.reminder.type}/{self.number}"


def inbox(person: Person, now: datetime, language: str, limit: int = 20) -> list[Told]:
    """The person's unread reminders, at most 100: first what is to be decided, then what is late, then what is due
    today and the others; among these what is due first. Those that no longer stand are closed."""
    found = [Reminder.read(row) for row in database()[REMINDERS].aggregate(_unread(person))]
    told = list(standing(person, found, language))
    close({reminder.id for reminder in found} - {one.reminder.id for one in told}, now)
    return by_urgency(told)[: min(limit, MOST)]


def by_urgency(told: Iterable[Told]) -> list[Told]:
    """Reminders in the order in which they press."""
    return sorted(told, key=lambda one: urgency(one.reminder.step, one.reminder.due, signing=one.signing))


def _unread(person: Person) -> list[dict[str, Any]]:
    """The stages that find unread reminders, those on which something is to be decided and outcomes, however many
    others there are: what is due first, at most 100 of both."""
    unread = {"person": person.id, "closed_at": None, "read_at": None}
    foremost = sorted(step.value for step in FOREMOST)
    first_due: list[dict[str, Any]] = [{"$sort": {"due": 1, "_id": 1}}, {"$limit": MOST}]
    others = [{"$match": {**unread, "step": {"$nin": foremost}}}, *first_due]
    joined = {"$unionWith": {"coll": REMINDERS, "pipeline": others}}
    return [{"$match": {**unread, "step": {"$in": foremost}}}, *first_due, joined]


def unread_count(person: Person) -> int:
    """How many reminders the person has not read; 100 means that many or more."""
    unread = {"person": person.id, "closed_at": None, "read_at": None}
    return database()[REMINDERS].count_documents(unread, limit=MOST)


def mark_read(person: Person, reminder: str, now: datetime) -> None:
    """Note that the person has read a reminder; one that is not theirs is left alone."""
    database()[REMINDERS].update_one(
        {"_id": str(reminder), "person": person.id, "read_at": None}, {"$set": {"read_at": now}}
    )


def note_outcome_read(person: Person, record: ObjectId, now: datetime) -> None:
    """Note that the person has opened the record of which they were told what came of it."""
    unread = {"person": person.id, "closed_at": None, "read_at": None}
    told = {"record": record, "matter": Matter.OUTCOME.value}
    database()[REMINDERS].update_many({**unread, **told}, {"$set": {"read_at": now}})


def mark_all_read(person: Person, now: datetime) -> None:
    """Note that the person has read everything."""
    database()[REMINDERS].update_many({"person": person.id, "read_at": None}, {"$set": {"read_at": now}})


def tell_of(person: ObjectId, page: Page, due: datetime | None, now: datetime) -> bool:
    """Remind a person of a page, once for each `due`, and close former reminders of it; with None only that. Returns
    whether there is a new one."""
    key = key_of(person, page.matter, page.type, page.step, due, "") if due else ""
    first = {
        "person": person,
        "type": page.type,
        "record": person,
        "matter": page.matter.value,
        "step": page.step.value,
        "due": due,
        "created": now,
        "seen": now,
    }
    former = {"person": person, "matter": page.matter.value, "closed_at": None, "_id": {"$ne": key}}
    database()[REMINDERS].update_many(former, {"$set": {"closed_at": now}})
    if not due:
        return False
    made = database()[REMINDERS].update_one({"_id": key}, {"$setOnInsert": first}, upsert=True)
    return made.upserted_id is not None


def tell_of_left(
    people: Iterable[ObjectId], slug: str, record: ObjectId, former: ObjectId | None, now: datetime
) -> None:
    """Remind people that a record has another owner and that some of what belongs to it stayed with the former one. An
    earlier reminder of that is closed: the new one names its former owners too."""
    for person in people:
        key = key_of(person, Matter.LEFT, record, Step.LEFT, now, "")
        earlier = {"person": person, "record": record, "matter": Matter.LEFT.value, "closed_at": None}
        rows = list(database()[REMINDERS].find(earlier, {"left_with": 1}))
        left_with = {former, *(one for row in rows for one in row.get("left_with", ()))}
        close({row["_id"] for row in rows} - {key}, now)
        first = {
            "person": person,
            "type": slug,
            "record": record,
            "matter": Matter.LEFT.value,
            "step": Step.LEFT.value,
            "due": now,
            "created": now,
            "seen": now,
        }
        stands = {"$addToSet": {"left_with": {"$each": list(left_with)}}, "$unset": {"closed_at": ""}}
        database()[REMINDERS].update_one({"_id": key}, {"$setOnInsert": first, **stands}, upsert=True)


def forget(person: ObjectId, record: ObjectId) -> None:
    """Take away what reminds a person of a record's deadline, so that they are told anew when the matter comes back;
    what went up to them because others are late stays."""
    of_deadline = {"matter": Matter.DEADLINE.value, "step": {"$ne": Step.CLIMBED.value}}
    database()[REMINDERS].delete_many({"person": person, "record": record, **of_deadline})


def close(reminders: Iterable[str], now: datetime) -> None:
    """Close reminders whose matter no longer stands."""
    ids = sorted(reminders)
    if ids:
        database()[REMINDERS].update_many({"_id": {"$in": ids}, "closed_at": None}, {"$set": {"closed_at": now}})


def standing(person: Person, reminders: Iterable[Reminder], language: str) -> Iterator[Told]:
    """Those of the person's reminders that still stand, in their order, with what the person reads of their records.

    One query per record type, for whoever signs what waits for roles what of it is theirs, and what of some records
    stayed with their former owners.
    """
    ordered = list(reminders)
    found: dict[tuple[str, ObjectId], Mapping[str, Any]] = {}
    for_others: set[tuple[Matter, ObjectId]] = set()
    for slug in {reminder.type for reminder in ordered if reminder.matter not in PAGES}:
        ids = [reminder.record for reminder in ordered if reminder.type == slug]
        sons = {(slug, son["_id"]): son for son in _records(person, slug, ids)}
        found |= sons
        for matter in {one.matter for one in ordered if one.type == slug and _is_work(one)} if sons else ():
            signing, among = matter is Matter.SIGNATURE, {"_id": {"$in": ids}}
            others = barred.of_person(person, registry.get(slug).rt, among, signing=signing)
            for_others |= {(matter, record) for record in others}
    given_on = _given_on([one for one in ordered if one.matter is Matter.LEFT], found)
    for reminder in ordered:
        page = PAGES.get(reminder.matter)
        if page is not None:
            if page.role is None or person.has(page.role):
                kind, title = page.named()
                yield Told(reminder, kind, "", title.text(language), Level.INTERNAL.value, page.address)
            continue
        son = found.get((reminder.type, reminder.record))
        rt = registry.get(reminder.type).rt if son is not None else None
        if reminder.id in given_on or (_is_work(reminder) and (reminder.matter, reminder.record) in for_others):
            continue
        if son is not None and rt is not None and _stands(person, rt, reminder, son):
            seen = access.reach(person, rt, Purpose.VIEW).sees(son["acl"])
            titled = names.title_of(person, rt, son, seen, language)
            yield _told_of(reminder, rt, son, titled)


def _told_of(reminder: Reminder, rt: RecordType, son: Mapping[str, Any], titled: str) -> Told:
    called, state = registry.get(rt.slug).hooks.called, access.state_of(rt, son)
    signing = _is_work(reminder) and rt.workflow is not None and bool(rt.workflow.signatures(son.get("state") or ""))
    became = state.label if state is not None and reminder.matter is Matter.OUTCOME else None
    kind = called.label(son.get(called.by)) if called is not None else rt.label
    return Told(reminder, kind, son["number"], titled, son["level"], signing=signing, became=became)


def _records(person: Person, slug: str, ids: Iterable[Any]) -> Iterable[Mapping[str, Any]]:
    try:
        rt = registry.get(slug).rt
    except NotFound:  # the type was taken out of force
        return []
    reach = access.reach(person, rt, Purpose.VIEW)
    reach = replace(reach, card=reach.held)
    shown = ("number", "level", "owner", "waiting", "acl", "due_at", "secret_until", "department", "state_since")
    called = registry.get(slug).hooks.called
    by = (called.by,) if called is not None else ()
    fields = dict.fromkeys((*shown, *by, "state", "climbed", "owner_left", rt.title), 1)
    within = {"$and": [{"_id": {"$in": list(ids)}}, reach.query(cards=True, archived=None)]}
    return database()[collection_name(slug)].find(within, fields)


def _given_on(reminders: Iterable[Reminder], found: Mapping[tuple[str, ObjectId], Mapping[str, Any]]) -> set[str]:
    """Which reminders of what stayed with former owners are done: nothing of the record is with one of them any more,
    or with none but its owner. One question for all records of a type, of those that the person reaches."""
    pairs = {
        (one.type, one.record, former, one.id)
        for one in reminders
        if (one.type, one.record) in found
        for former in one.left_with
        if former != found[one.type, one.record].get("owner")
    }
    still: set[str] = set()
    for slug in {pair[0] for pair in pairs}:
        asked = registry.get(slug).hooks.still_with
        with_them = asked({pair[1:3] for pair in pairs if pair[0] == slug}) if asked is not None else set()
        still |= {pair[3] for pair in pairs if pair[0] == slug and pair[1:3] in with_them}
    return {one.id for one in reminders} - still


def _is_work(reminder: Reminder) -> bool:
    """Whether a reminder is about something to be done by whoever gets it."""
    return reminder.matter in (Matter.DEADLINE, Matter.SIGNATURE) and reminder.step is not Step.CLIMBED


def _stands(person: Person, rt: RecordType, reminder: Reminder, son: Mapping[str, Any]) -> bool:
    """Whether a reminder is still about something, and this person's business."""
    if reminder.matter is Matter.SIGNATURE:
        return bool(son.get("climbed")) and son["state_since"] == reminder.due and work.is_work_of(person, rt, son)
    if reminder.matter is Matter.LEFT:
        return True
    if reminder.matter is Matter.OUTCOME:
        return bool(son["state_since"] == reminder.due)
    if reminder.matter is Matter.SECRECY:
        until = son.get("secret_until")
        stands = until is not None and secrecy_notice.due_of(until) == reminder.due
        return stands and secrecy_notice.concerns(person, son)
    if son.get("due_at") != reminder.due:
        return False
    return reminder.step is Step.CLIMBED or work.is_work_of(person, rt, son)
