"""Customer files at work: likely duplicates, who takes a new file."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any

from bson import ObjectId
from pymongo import ASCENDING, IndexModel

from config.database import database, transaction
from models import access, audit, schema, store
from models.access import Purpose
from models.contract import exposure
from models.customer import filing, former, rules
from models.customer.children import adopt, come_to, still_with
from models.customer.document import CUSTOMER, SLUG
from models.customer.identity import duplicate_keys, licence_warning, phone_warning
from models.customer.passing_on import pass_on
from models.key_vault import service as key_vault
from models.masking import masked
from models.person import directory
from models.person.roles import Person, Role
from models.record import collection_name
from models.records import Sight, sight
from models.registry import Draft, Hooks

NOTES = "customer_duplicate"
CREDIT_DECISION = "credit_decision"
"""The action by which a file takes what a credit report decided, whose number is its note."""
MOST_DUPLICATES = 10
MOST_CARDS = 3

schema.declare(
    {
        NOTES: [
            IndexModel([("noted_at", ASCENDING)], name="noted_at"),
            IndexModel([("others", ASCENDING)], name="others"),
        ]
    }
)

COLLECTION = collection_name(SLUG)


# --- before a write


def place(draft: Draft) -> None:
    """A new file goes to its writer, if they are a specialist, else to the specialist with most room (F6); a
    salesperson who reports a customer is its salesperson. Whoever gets a file that is not complete has a week for it.
    """
    values, actor = draft.values, draft.actor
    if draft.before is not None:
        if values["owner"] != draft.before["owner"] and values["completed_on"] is None:
            values["assigned_at"] = draft.now
            if "talked_on" not in draft.given:
                values["talked_on"] = None
        return
    if values["salesperson"] is None and actor.has(Role.SALES):
        values["salesperson"] = actor.id
    if "owner" not in draft.given and not actor.has(Role.SPECIALIST):
        able = directory.capacities(Role.SPECIALIST, CUSTOMER.kept_by)
        values["owner"] = assign(1)[0] if able else actor.id
    if values["owner"] != actor.id:
        values["assigned_at"] = draft.now


def keys_of(values: Mapping[str, Any]) -> Iterable[str]:
    """The terms under which another file of the same customer is found (F7). Phone numbers, which may be encrypted in
    the file, are told by tokens alone."""
    return frozenset(
        f"p:{key_vault.blind(CUSTOMER.slug, 'keys', key)}" if key.startswith("p:") else key for key in _terms(values)
    )


def _terms(values: Mapping[str, Any]) -> frozenset[str]:
    """The same, with phone numbers as they are."""
    return _keys_of(*(values.get(name) or "" for name in ("name", "licence_no", "phone", "contact_phone")))


@lru_cache(maxsize=4096)
def _keys_of(name: str, licence: str, *phones: str) -> frozenset[str]:
    """Remembered: a new file is asked for its terms several times on its way."""
    return frozenset(duplicate_keys([name], licence, phones))


# --- Likely duplicates


@dataclass(frozen=True)
class Duplicate:
    """A file that may be of the same customer. `reasons`: name, licence or phone for a file that the person
    reads; `masked` for one whose card they see and whose masked name would be the same."""

    sight: Sight
    reasons: tuple[str, ...]


REASONS = {"n": "name", "l": "licence", "p": "phone"}


def duplicates(person: Person, values: Mapping[str, Any], *, but: ObjectId | None = None) -> list[Duplicate]:
    """Likely duplicates of a file with these values, among those that the person may see.

    Files read in full are compared by name, licence number and phone. Of a locked file only the card counts:
    it is named when its masked name is the one that the person's own entry would have. Nothing else of it,
    and nothing at all of a hidden file, influences the answer (X6).
    """
    reach = access.reach(person, CUSTOMER, Purpose.VIEW)
    wanted = set(keys_of(values))
    found: list[Duplicate] = []
    if wanted and reach.full:
        condition = {"keys": {"$in": sorted(wanted)}, "_id": {"$ne": but}, **reach.query(archived=None)}
        for son in database()[COLLECTION].find(condition).sort("_id", ASCENDING).limit(MOST_DUPLICATES):
            seen = sight(person, CUSTOMER, reach, son)
            if seen is not None:
                common = dict.fromkeys(REASONS[key[0]] for key in son["keys"] if key in wanted)
                found.append(Duplicate(seen, tuple(common)))
    return found + _similar_cards(person, reach, values.get("name") or "", but)


def _similar_cards(person: Person, reach: access.Reach, name: str, but: ObjectId | None) -> list[Duplicate]:
    mask, first = masked(name), name.strip()[:1]
    if not mask or not reach.card:
        return []
    cards = access.Reach(reach.card)
    condition = {
        "$and": [
            cards.query(archived=None),
            {"name": {"$regex": "^" + re.escape(first)}, "_id": {"$ne": but}},
        ]
    }
    found: list[Duplicate] = []
    for son in database()[COLLECTION].find(condition).sort("_id", ASCENDING).limit(200):
        seen = sight(person, CUSTOMER, reach, son) if masked(son["name"]) == mask else None
        if seen is not None and not seen.full:
            found.append(Duplicate(seen, ("masked",)))
    return found[:MOST_CARDS]


def known(person: Person, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """For each row the number of a likely duplicate that the person reads in full, or ''; one query for all."""
    keys = [set(keys_of(row)) for row in rows]
    reach = access.Reach(access.reach(person, CUSTOMER, Purpose.VIEW).full)
    wanted = sorted(set().union(*keys))
    if not wanted or reach.nothing:
        return [""] * len(rows)
    condition = {"keys": {"$in": wanted}, **reach.query(archived=None)}
    numbers: dict[str, str] = {}
    # Sorted here: asked for an order, the database may walk all records in it.
    for son in sorted(database()[COLLECTION].find(condition, {"keys": 1, "number": 1}), key=itemgetter("_id")):
        for key in son["keys"]:
            numbers.setdefault(key, son["number"])
    return [next((numbers[key] for key in sorted(own) if key in numbers), "") for own in keys]


def hidden_duplicates(person: Person, values: Mapping[str, Any], *, but: ObjectId | None = None) -> list[ObjectId]:
    """Ids of likely duplicates that the person does not read in full. For the head; never for that person."""
    wanted = sorted(set(keys_of(values)))
    if not wanted:
        return []
    full = access.reach(person, CUSTOMER, Purpose.VIEW).full
    rows = database()[COLLECTION].find({"keys": {"$in": wanted}, "_id": {"$ne": but}}, {"acl": 1})
    reach = access.Reach(full)
    return [row["_id"] for row in rows.sort("_id", ASCENDING).limit(MOST_DUPLICATES) if not reach.sees(row["acl"])]


def note_hidden(draft: Draft) -> None:
    """Note for the head that a write made a duplicate which its writer could not see."""
    if draft.before is not None and _terms(draft.values) == _terms(draft.before):
        return
    record = draft.values["_id"]
    others = hidden_duplicates(draft.actor, draft.values, but=record)
    if others:
        note = {"others": others, "by": draft.actor.id, "noted_at": draft.now}
        database()[NOTES].replace_one({"_id": record}, note, upsert=True)
    elif draft.before is not None:
        database()[NOTES].delete_one({"_id": record})


def note_all(drafts: Sequence[Draft]) -> None:
    """Note the likely duplicates of the new files of a set, hidden from their writer or not: nobody is asked about each
    of them. Of two new ones the later is noted. One question to the database."""
    wanted = {draft.values["_id"]: set(keys_of(draft.values)) for draft in drafts}
    keys = sorted(set().union(*wanted.values()))
    if not keys:
        return
    full = access.reach(drafts[0].actor, CUSTOMER, Purpose.VIEW).full
    others = {"_id": {"$nin": list(wanted)}, "acl": {"$nin": [access.ARCHIVED + one for one in full]}}
    most = MOST_DUPLICATES * len(drafts)
    files = database()[COLLECTION]
    found = list(files.find({"keys": {"$in": keys}, **others}, {"keys": 1}).limit(most))
    crowded = len(found) == most  # some key is everybody's: each file is looked at by itself
    found.sort(key=itemgetter("_id"))
    notes = []
    for record, own in wanted.items():
        if crowded and own:
            alike = {"keys": {"$in": sorted(own)}, **others}
            here = list(files.find(alike, {"keys": 1}).sort("_id", ASCENDING).limit(MOST_DUPLICATES))
        else:
            here = [son for son in found if not own.isdisjoint(son["keys"])]
        ids = [son["_id"] for son in here]
        for earlier, keys_there in wanted.items():
            if earlier == record or len(ids) >= MOST_DUPLICATES:
                break
            if not own.isdisjoint(keys_there):
                ids.append(earlier)
        if ids:
            by = {"by": drafts[0].actor.id, "noted_at": drafts[0].now}
            notes.append({"_id": record, "others": ids[:MOST_DUPLICATES], **by})
    if notes:
        database()[NOTES].insert_many(notes)


def forget(records: Sequence[ObjectId]) -> None:
    """Drop what is noted about files that are gone."""
    gone, notes = list(records), database()[NOTES]
    notes.delete_many({"_id": {"$in": gone}})
    notes.update_many({"others": {"$in": gone}}, {"$pull": {"others": {"$in": gone}}})
    notes.delete_many({"others": []})


CREDIT_STANDING = ("grade", "credit_limit", "credit_term", "next_report_due", "credit_decided_on")


def settle_merge(draft: Draft, other: Mapping[str, Any]) -> None:
    """Of two files made one (F7): the credit standing is one decision and is taken whole (C4), the surviving file's
    where it has a grade; the last revisit is the later one. What was noted about the two is settled."""
    before, values = draft.before or {}, draft.values
    source = other if before["grade"] is None and other["grade"] is not None else before
    values.update({name: source[name] for name in CREDIT_STANDING})
    visits = [day for day in (before["last_revisited"], other["last_revisited"]) if day is not None]
    values["last_revisited"] = max(visits, default=None)
    pair = [before["_id"], other["_id"]]
    notes = database()[NOTES]
    notes.delete_many({"_id": {"$in": pair}, "others": {"$not": {"$elemMatch": {"$nin": pair}}}})
    notes.update_many({"others": other["_id"]}, {"$pull": {"others": other["_id"]}})


def noted_duplicates(person: Person, limit: int = 50) -> list[tuple[Sight, list[Sight]]]:
    """The noted pairs of which the person reads every file in full, newest first."""
    reach = access.reach(person, CUSTOMER, Purpose.VIEW)
    found = []
    for note in database()[NOTES].find().sort("noted_at", -1).limit(limit):
        ids = [note["_id"], *note["others"]]
        sons = database()[COLLECTION].find({"_id": {"$in": ids}})
        seen = {son["_id"]: sight(person, CUSTOMER, reach, son) for son in sons}
        full = [one for i in ids if (one := seen.get(i)) is not None and one.full]
        if len(full) == len(ids) > 1 and not any(one.values["archived_at"] for one in full):
            found.append((full[0], full[1:]))
    return found


def part(person: Person, number: str, now: datetime) -> bool:
    """Forget the pair noted at the file of this number: they are different customers. False when there is none that
    the person may compare."""
    noted = next((first for first, _ in noted_duplicates(person) if first.number == number), None)
    if noted is None:
        return False

    def work() -> None:
        database()[NOTES].delete_one({"_id": noted.id})
        audit.append("not_duplicates", person, audit.Subject(SLUG, noted.id, number, noted.level), now=now)

    transaction(work)
    return True


# --- Who takes a new file


def assign(count: int) -> list[ObjectId]:
    """The owners of `count` new files: evenly over the department's specialists, weighted by capacity.

    :raises NoSpecialist: when nobody has capacity.
    """
    return rules.spread(count, _loads())


def _loads() -> list[rules.Load[ObjectId]]:
    able = directory.capacities(Role.SPECIALIST, CUSTOMER.kept_by)
    files = database()[COLLECTION]
    return [rules.Load(who, files.count_documents({"owner": who}), weight) for who, weight in able.items()]


def share_out(rows: Sequence[dict[str, Any]], actor: Person, memory: dict[str, Any]) -> None:
    """Give the new files of a set to specialists as if they came one by one (F6), unless the writer is one. The files
    that each has are counted once for the whole set, in `memory`: there may be hundreds of thousands."""
    if actor.has(Role.SPECIALIST):
        return
    loads = memory["loads"] if "loads" in memory else _loads()
    unowned = [row for row in rows if row.get("owner") is None]
    if loads:
        chosen = rules.spread(len(unowned), loads)
        for row, owner in zip(unowned, chosen, strict=True):
            row["owner"] = owner
        given = Counter(chosen)
        loads = [rules.Load(one.person, one.files + given[one.person], one.capacity) for one in loads]
    memory["loads"] = loads


# --- what a file lacks


def findings(values: Mapping[str, Any]) -> tuple[rules.Finding, ...]:
    """What looks wrong or is missing on a file; it refuses nothing."""
    found = list(
        rules.key_customer_findings(
            key=bool(values.get("key_customer")),
            service_plan=values.get("service_plan") or "",
            specialist=values.get("owner"),
        )
    )
    warnings = {
        "licence_no": licence_warning(values.get("licence_no") or ""),
        "phone": phone_warning(values.get("phone") or ""),
        "contact_phone": phone_warning(values.get("contact_phone") or ""),
    }
    if values.get("contact_hours"):
        warnings["contact_hours"] = rules.convenient_hours_warning(values["contact_hours"])
    return (*found, *(rules.Finding(name, text) for name, text in warnings.items() if text is not None))


def credit_standing(
    record_id: ObjectId,
    values: Mapping[str, Any],
    *,
    actor: Person,
    behalf: Person | None = None,
    now: datetime,
    note: str,
) -> dict[str, Any]:
    """Store a credit decision on the file: grade, limit, term and next report together (C4). `behalf` is for whom the
    actor decided as a deputy."""
    return store.change(SLUG, record_id, values, actor=actor, now=now, action=CREDIT_DECISION, note=note, behalf=behalf)


HOOKS = Hooks(
    prepare=(place, filing.check, filing.follow),
    after=(note_hidden, pass_on),
    keys=keys_of,
    deadlines={"next_revisit_due": filing.next_revisit},
    share_out=share_out,
    known=known,
    forget=forget,
    for_sets={note_hidden: note_all},
    alike=duplicates,
    lacks=lambda values: [finding.text for finding in findings(values)],
    warns=exposure.of_customer,
    beside=(exposure.BESIDE,),
    merged=settle_merge,
    still_with=still_with,
    adopt=adopt,
    returned=come_to,
    pairs=noted_duplicates,
    part=part,
)
schema.bring_up(former.follow_salespeople)
