"""Record types kept in the database: put, withdrawn, and brought into force in every process while it runs.

The declaration of such a type is the same as one written in Python, takes the same checks and the same path into
force; only behaviour (hooks) it cannot have.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from threading import Lock
from typing import Any

from bson import ObjectId
from pymongo.errors import DuplicateKeyError

from config.database import database, transaction
from models import audit, catalogue, checks, levels_before, registry, schema
from models.checks.finding import Finding
from models.declarations import RecordType
from models.errors import NotFound, Refusal, Sentence
from models.person.roles import Person
from models.record_type import catching_up, exposure, fitting, kept_from, out_of_force
from models.record_type.deriving import derive_again, follows_alike
from models.record_type.plain import Plain, WrongDefinition, from_plain, to_plain

log = logging.getLogger(__name__)

TYPES = "record_type"
SUBJECT = "record_type"
HELD_ANYWAY = frozenset({"E035", "E036", "E037", "E039"})
"""Errors that are refused in what is put, but not in what is stored: a former version accepted it, and every write of a
record is held to the same rule, or what was refused is a disorder, or tells no more than that there is a record."""
RAISING = "raising"
"""The definition for which a put lets records follow others; None once it is in force."""
FOLLOWED, BEHIND = "followed", "behind"
"""On a type that was withdrawn: what others do goes on to its records. On one of whose definition some process cannot
read everything, or that is classified since: not everything of it did."""

schema.declare({TYPES: []})

_adopted: dict[str, int] = {}
"""The versions that this process has taken from the database, those that it had to leave out included."""
_left: dict[str, list[Finding]] = {}
"""What is wrong with those that it had to leave out."""
_withdrawn: dict[str, int] = {}
"""The versions of those that are withdrawn, as far as this process knows."""
_put_by: set[str] = set()
"""Those of which it knows the declaration although they are out of force."""
_lock = Lock()


class ChangedMeanwhile(Refusal):
    """Somebody else put another version of the type at the same time."""

    code, status = "type_changed", 409
    zh, en = "此记录类型刚被他人修改，请重试。", "Somebody has just changed this record type. Try again."


class Shipped(Refusal):
    """The type belongs to the program, not to the database."""

    code, status = "type_shipped", 409
    zh = "“{slug}”是系统自带的记录类型，不能停用；能停用的只有用 types put 存入的类型。"
    en = "“{slug}” comes with the program and is not withdrawn: only what was put with `types put` is."


class NotInForce(NotFound):
    """No stored type of this name is in force."""

    zh = "没有由 types put 存入且在用的记录类型“{slug}”；types list 列出现有的类型。"
    en = "There is no stored record type “{slug}” in force; `types list` names those that there are."


def put(data: Any, *, actor: Person, now: datetime) -> RecordType:
    """Bring a definition into force as the next version of its type, with its collection and indexes, and return it.
    What follows from the values of stored records (search terms, deadlines, computed fields) is derived anew where the
    new version says otherwise; what comes to hang on records above internal by it is raised before, and what did not
    follow others while the type was out of force or plain follows before. The very same definition again changes
    nothing, but completes that.

    :raises WrongDefinition: with a coded finding for everything that is wrong; nothing is changed.
    :raises ChangedMeanwhile:
    """
    refresh()
    given = from_plain(data)
    stored = database()[TYPES].find_one({"_id": given.slug})
    version = stored["version"] if stored else 0
    rt = from_plain({**to_plain(given), "version": version + 1})
    definition = {k: v for k, v in to_plain(rt).items() if k != "version"}
    if stored and stored["in_force"] and stored["definition"] == definition and given.slug not in _left:
        if stored.get("derive"):
            _derive_at_once(registry.get(given.slug).rt)
        return registry.get(given.slug).rt
    former = _read(stored) if stored else None
    _check(rt, stored, former, now, begun=bool(stored) and (stored or {}).get(RAISING) == definition)
    try:
        schema.prepare(rt)
    except DuplicateKeyError:
        twice = fitting.unfit(rt, "", "已存的记录不符合唯一要求。", "stored records have the same value twice")
        raise WrongDefinition((twice,)) from None
    late = stored is not None and _is_late(rt, stored, former)
    hangs = late or (stored is not None and levels_before.hangs_anew(rt, former))
    if hangs:
        database()[TYPES].update_one({"_id": rt.slug, "version": version}, {"$set": {RAISING: definition}})
        levels_before.bring_before(rt, now)
    if late:
        catching_up.catch_up(rt)
    row = {
        "version": rt.version,
        "definition": definition,
        "in_force": True,
        "kinds": {**fitting.noted(stored, former), **fitting.kinds_of(rt)},
        fitting.BY_PATH: True,
        kept_from.KEPT: kept_from.noted(rt, stored),
        "changed_at": now,
        "changed_by": actor.id,
        RAISING: None,
        FOLLOWED: None,
        BEHIND: late,
    }
    if stored and (hangs or stored.get("derive") or former is None or not follows_alike(rt, former)):
        row |= {"derive": True, "derived_to": None}
    left = _left.keys() - {rt.slug}
    _keep(rt.slug, version, row, "type_put", actor, now)
    refresh()
    for one in registry.all_types():
        if one.slug in left - _left.keys():  # left out until now: its indexes may be those of a former version
            schema.prepare(one)
    if row.get("derive"):
        _derive_at_once(rt)
    return registry.get(rt.slug).rt


def carry_on(now: datetime, go_on: Callable[[], bool]) -> int:
    """Put right what follows from the records of changed types, while `go_on`; returns how many types are done.

    `put` did it at once, unless it died; but other processes may still have written by the former version since. So it
    is done a second time, when nothing that they began can be under way any more.
    """
    asked = {"derive": True, "in_force": True, "changed_at": {"$lte": now - registry.UNDER_WAY}}
    done = 0
    for row in list(database()[TYPES].find(asked).sort("_id", 1)):
        rt = next((one for one in registry.all_types() if one.slug == row["_id"]), None)
        if rt is None or rt.version != row["version"]:  # this process does not understand it
            continue
        if all(_noted(rt, last) and go_on() for last in derive_again(rt, row["derived_to"])):
            levels_before.look_again(rt, now)
            if row.get(BEHIND):
                catching_up.catch_up(rt)
            database()[TYPES].update_one(_standing(rt), {"$unset": {"derive": "", "derived_to": "", BEHIND: ""}})
            done += 1
    return done


def _is_late(rt: RecordType, stored: Mapping[str, Any], former: RecordType | None) -> bool:
    """Whether what others did may not have gone on to the records of a stored type that is put."""
    unfollowed = not stored["in_force"] and not stored.get(FOLLOWED)
    left = former is None or rt.slug in _left or bool(stored.get(BEHIND))
    return unfollowed or left or (rt.classified and former is not None and not former.classified)


def _derive_at_once(rt: RecordType) -> None:
    """What `carry_on` does later, without noting how far it is; somebody else's next version ends it."""
    for _ in derive_again(rt):
        if database()[TYPES].find_one(_standing(rt), {"_id": 1}) is None:
            return


def _noted(rt: RecordType, last: ObjectId) -> bool:
    """Note how far it is; False when the version no longer stands."""
    return database()[TYPES].update_one(_standing(rt), {"$set": {"derived_to": last}}).matched_count == 1


def _standing(rt: RecordType) -> dict[str, Any]:
    return {"_id": rt.slug, "version": rt.version, "in_force": True}


def withdraw(slug: str, *, actor: Person, now: datetime) -> None:
    """Take a type out of force; its records stay stored and nobody reaches them until it is put again. What others do
    goes on to them: levels, owners who leave, merges, destruction.

    :raises Shipped: when the type comes with the program.
    :raises NotInForce: when no such type from the database is in force.
    :raises WrongDefinition: when another type stands on it.
    """
    refresh()
    stored = database()[TYPES].find_one({"_id": slug, "in_force": True})
    if stored is None:
        raise Shipped(slug=slug) if _is_shipped(slug) else NotInForce(slug=slug)
    rest = [rt for rt in registry.all_types() if rt.slug != slug]
    errors = tuple(finding for finding in checks.check(rest) if _keeps_out(finding))
    if errors:
        raise WrongDefinition(errors)
    row = {"in_force": False, FOLLOWED: True, "changed_at": now, "changed_by": actor.id}
    _keep(slug, stored["version"], row, "type_withdrawn", actor, now)
    refresh()


def stored_types() -> list[dict[str, Any]]:
    """What the database keeps: slug (`_id`), version, definition, whether it is in force, who changed it and when."""
    return list(database()[TYPES].find().sort("_id", 1))


def left_out() -> dict[str, list[Finding]]:
    """Stored types that are to be in force and that this process could not take over, with what is wrong with each."""
    return {slug: _left[slug] for slug in sorted(_left.keys() & _adopted.keys())}


def refresh() -> list[str]:
    """Bring this process in line with the database and return the slugs of the types that came, changed or went.

    One small question while nothing has changed. A stored definition that no longer makes sense (or not yet, in a
    process of an older version of the program) is left as it was before, and logged. It is looked at again whenever
    another one changes, for it may have been left out because of that.
    """
    if _versions() == (_adopted, _withdrawn):
        return []
    with _lock:
        wanted, withdrawn = _versions()  # another thread may have taken over more since
        new = {slug for slug, version in wanted.items() if _adopted.get(slug) != version}
        gone = _adopted.keys() - wanted.keys()
        left = _left.keys() - gone
        again = {"_id": {"$in": sorted(new | left)}, "in_force": True}
        found = {row["_id"]: row for row in database()[TYPES].find(again)}
        for slug in (new | gone) - left:
            _left.pop(slug, None)
        for slug in gone:
            del _adopted[slug]
        _withdrawn.clear()
        _withdrawn.update(withdrawn)
        _put_out_of_force(gone)
        readable = {slug: rt for slug, row in found.items() if (rt := _read(row)) and not _is_taken(rt)}
        sound = _sound(readable)
        for slug, rt in sound.items():
            catalogue.register(rt)
            _left.pop(slug, None)
            log.debug("record type %s version %s is in force", slug, rt.version)
        _put_by.difference_update(sound)
        _put_out_of_force(())
        _note_left_out()
        _adopted.update({slug: row["version"] for slug, row in found.items()})
        registry.follow()
        return sorted(new | gone | sound.keys())


def _versions() -> tuple[dict[str, int], dict[str, int]]:
    """The versions of the stored types, of those in force and of those that are withdrawn."""
    rows = list(database()[TYPES].find({}, {"version": 1, "in_force": 1}))
    in_force = {row["_id"]: row["version"] for row in rows if row["in_force"]}
    return in_force, {row["_id"]: row["version"] for row in rows if not row["in_force"]}


def _put_out_of_force(gone: Collection[str]) -> None:
    """Take types out of force, and keep known of them, and of all others that are out of force, what their definition
    says; forget those that are stored no more."""
    in_force = [rt for rt in registry.all_types() if rt.slug not in gone]
    there = {rt.slug for rt in in_force}
    out = {slug for slug in {*_withdrawn, *_left} if slug not in there and not _is_shipped(slug)}
    rows = list(database()[TYPES].find({"_id": {"$in": sorted(out)}}).sort("_id", 1)) if out else []
    known = out_of_force.known(rows, in_force, _keeps_out)
    for rt, unread in known:
        catalogue.put_by(rt, unread)
    stored = {rt.slug for rt, _ in known}
    for slug in (_put_by | set(gone)) - stored:
        if slug not in there and not _is_shipped(slug):
            registry.unregister(slug)
    _put_by.clear()
    _put_by.update(stored)


def _note_left_out() -> None:
    """Note with the types of which this process could not read everything that not all may have followed: whoever
    understands them, or brings them into force, makes up for it."""
    unread = sorted({*_left, *registry.not_wholly_read()})
    if unread:
        noted = {BEHIND: True, "derive": True, "derived_to": None}
        database()[TYPES].update_many({"_id": {"$in": unread}, BEHIND: {"$ne": True}}, {"$set": noted})


def findings_of(rt: RecordType) -> list[Finding]:
    """What is wrong with a type beside those in force, warnings included."""
    others = [one for one in registry.all_types() if one.slug != rt.slug]
    known = {(one.code, one.slug, one.field) for one in checks.check(others)}
    found = checks.check([*others, rt])
    return [one for one in found if (one.code, one.slug, one.field) not in known]


def _check(
    rt: RecordType, stored: Mapping[str, Any] | None, former: RecordType | None, now: datetime, *, begun: bool
) -> None:
    """What is wrong with a definition beside what is stored. Records that a put which broke off has raised already
    (`begun`) speak not against the same definition; those that are above internal by the act of a person do.

    :raises WrongDefinition:
    """
    if _is_shipped(rt.slug):
        raise _taken(rt)
    errors = [finding for finding in findings_of(rt) if finding.is_error]
    errors += fitting.misfits(rt, stored, former)
    errors += fitting.states_held(rt, former)
    errors += exposure.shipped_only(rt)
    secret = exposure.SET_BY_PEOPLE if begun else exposure.SECRET
    errors += exposure.secrets_held(rt, stored["definition"] if stored else None, secret)
    errors += kept_from.opened(rt, stored, secret)
    if not errors and stored and stored["definition"].get("number") != rt.number:
        errors += fitting.numbers_behind(rt, now)
    if errors:
        raise WrongDefinition(tuple(errors))


def _is_shipped(slug: str) -> bool:
    return any(rt.slug == slug for rt, _ in catalogue.SHIPPED)


def _taken(rt: RecordType) -> WrongDefinition:
    text = Sentence("此名称属于随产品提供的类型。", "a type of the product has this slug")
    return WrongDefinition((Finding("E001", rt.slug, "", text),))


def _keep(slug: str, version: int, row: Mapping[str, Any], action: str, actor: Person, now: datetime) -> None:
    def work() -> None:
        try:
            seen = {"_id": slug, "version": version}
            result = database()[TYPES].update_one(seen, {"$set": dict(row)}, upsert=not version)
        except DuplicateKeyError:
            raise ChangedMeanwhile() from None
        if not result.matched_count and result.upserted_id is None:
            raise ChangedMeanwhile()
        audit.append(action, actor, audit.Subject(SUBJECT, None, slug), now=now)

    transaction(work)


def _read(row: Mapping[str, Any]) -> RecordType | None:
    try:
        data: Plain = {**row["definition"], "version": row["version"]}
        return from_plain(data)
    except WrongDefinition as wrong:
        _leave_out(row["_id"], wrong.findings)
        return None


def _is_taken(rt: RecordType) -> bool:
    """Whether a version of the product since has a type of this name; the stored one is left out then."""
    if _is_shipped(rt.slug):
        _leave_out(rt.slug, _taken(rt).findings)
        return True
    return False


def _keeps_out(finding: Finding) -> bool:
    """Whether a stored type cannot be in force like this."""
    return finding.is_error and finding.code not in HELD_ANYWAY


def _sound(new: dict[str, RecordType]) -> dict[str, RecordType]:
    """Those of some new types that make sense beside the others and one another."""
    while True:
        others = [rt for rt in registry.all_types() if rt.slug not in new]
        wrong: dict[str, list[Finding]] = {}
        for finding in checks.check([*others, *new.values()]):
            if _keeps_out(finding) and finding.slug in new:
                wrong.setdefault(finding.slug, []).append(finding)
        if not wrong:
            return new
        for slug, findings in wrong.items():
            _leave_out(slug, findings)
        new = {slug: rt for slug, rt in new.items() if slug not in wrong}


def _leave_out(slug: str, findings: Iterable[Finding]) -> None:
    before, _left[slug] = _left.get(slug, []), list(findings)
    lines = [one.line() for one in _left[slug]]
    if lines != [one.line() for one in before]:
        log.error("record type %s is left as it was: %s", slug, "; ".join(lines))
