"""Records as one person may see them: in full, as the locked card, or not at all; each reading audited (X3, X6, X7)."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson import ObjectId

from config.database import database
from models import access, audit, history, noted, registry, sealing, store, stored_form
from models.access import Purpose
from models.at_hand import LONGEST_NUMBER, AtHand
from models.declarations import Field, Level, RecordType
from models.errors import NotFound, Refusal
from models.kinds import kind_of, loaded
from models.masking import masked
from models.person.roles import MANAGING_EN, MANAGING_ZH, Person
from models.reading import service as reading
from models.record import collection_name


class Locked(Refusal):
    """The person sees the card only; reading needs a grant (X3, X4)."""

    code, status = "locked", 403
    zh, en = (
        "该记录已锁定，您只能看到卡片，可申请查阅。",
        "This record is locked: you see its card and may ask for access.",
    )


class NotToLeave(Refusal):
    """The record may be read on screen; what it holds leaves only by borrowing (X4)."""

    code, status = "not_to_leave", 403
    zh = f"您可以在屏幕上查看此记录；打印、导出或下载附件须办理借阅（限{MANAGING_ZH}）。"
    en = f"You may read this on screen; to print or export it or to take its files, borrow it ({MANAGING_EN})."


@dataclass(frozen=True)
class Sight:
    """A record as one person may see it: in `full`, or as its card. `values` holds nothing that they may not read, and
    where something cannot be opened its refusal, an `Unopened`; `reads` are the levels at which they would read it, for
    what it held in the past. `leaves` says whether its files are theirs to take out. `whose` it is says who asks for
    its versions."""

    rt: RecordType
    id: ObjectId
    number: str
    full: bool
    values: dict[str, Any]
    fields: tuple[Field, ...]
    reads: frozenset[str] = frozenset()
    leaves: bool = False
    whose: Person | None = dataclasses.field(default=None, compare=False, repr=False)

    @property
    def unreadable(self) -> tuple[str, ...]:
        """The fields of which something is shown, and cannot be opened."""
        return sealing.unreadable(self.values)

    @property
    def level(self) -> str:
        """The confidentiality level's value."""
        return Level.of(self.values.get("level")).value


SYSTEM_SHOWN = (
    "rev",
    "level",
    "level_basis",
    "level_set_by",
    "secret_until",
    "department",
    "owner",
    "state",
    "state_since",
    "due_at",
    "archived_at",
    "merged_into",
    "created_at",
    "created_by",
    "updated_at",
    "updated_by",
)


ON_CARD = ("level", "owner")
OF_HELD = ("rev", "state", "state_since", "due_at", "updated_at")
"""What a card tells beside these of what its reader has in hand: how it stands, as their work."""
VERSIONS_SHOWN = 100
NUMBERS_OF_OTHERS = "merged_from"
"""Numbers of records that the reader may not know of: never part of a sight; `merge.service.merged_into` names them."""


def sight(person: Person, rt: RecordType, reach: access.Reach, son: Mapping[str, Any]) -> Sight | None:
    """A stored record as the person may see it; None when it does not exist for them."""
    return sight_stored(person, rt, reach, son)[0]


def sight_stored(
    person: Person, rt: RecordType, reach: access.Reach, son: Mapping[str, Any]
) -> tuple[Sight | None, dict[str, Any] | None]:
    """`sight`, with the whole record where the person sees it in full."""
    seen = reach.sees(son.get("acl") or ())
    if not seen:
        return None, None
    if seen == "card":
        held = access.held_fields(rt) if reach.holds(son["acl"]) else ()
        fields = tuple(dict.fromkeys((*access.card_fields(rt), *held)))
        values = {f.name: _on_card(f, loaded(f, son.get(f.name))) for f in fields}
        values |= {name: son.get(name) for name in (*ON_CARD, *(OF_HELD if held else ()))}
        return Sight(rt, son["_id"], son["number"], False, values, fields), None
    record = stored_form.load_to_show(rt, son)
    fields = access.readable(access.visible_fields(person, rt), reach, son["acl"])
    values = {name: record[name] for name in (*SYSTEM_SHOWN, *(f.name for f in fields))}
    if _kept(rt) - {f.name for f in fields} and values["updated_by"] != person.id:
        del values["updated_by"]  # whoever is not told what is withheld is not told who was last at it
    reads = levels_read(reach, son["acl"])
    leaves = access.reach(person, rt, _to_take(son)).sees(son["acl"]) == "full"
    return Sight(rt, son["_id"], son["number"], True, values, fields, reads, leaves, person), record


def levels_read(reach: access.Reach, acl: Iterable[str]) -> frozenset[str]:
    """The levels at which a record that is what it is but for its level would be read in full."""
    rest = [one.removeprefix(access.ARCHIVED).partition("|")[2] for one in acl]
    return frozenset(level.value for level in Level if reach.sees(f"{level.value}|{one}" for one in rest) == "full")


def _on_card(field: Field, value: Any) -> Any:
    """A value as the locked card shows it: as it is, or as a masked text."""
    if field.card != "masked" or value is None:
        return value
    return None if isinstance(value, ObjectId) else masked(kind_of(field).text(field, value, "zh"))


def again(person: Person, slug: str, number: str, held: AtHand | None = None) -> Sight:
    """A record that a use case of the same request has already read, and audited, or of which nothing is shown but
    what points to it. `held` is what the request has at hand of it. :raises NotFound:"""
    rt = registry.get(slug).rt
    son = _stored(slug, number, held)
    found = sight(person, rt, access.reach(person, rt, Purpose.VIEW), son) if son else None
    if found is None:
        raise NotFound()
    return found


def _stored(slug: str, number: str, held: AtHand | None) -> Mapping[str, Any] | None:
    """The stored record of this number: what is at hand, if it is about that."""
    if held is not None and held.of(slug, number):
        return held.son
    found: Mapping[str, Any] | None = database()[collection_name(slug)].find_one(
        {"number": str(number)[:LONGEST_NUMBER]}
    )
    return found


def still_read(person: Person, found: Sight, now: datetime) -> Sight:
    """A record that this request has read in full, as it stands after somebody else's write. One that became more
    secret meanwhile is read anew, and audited as what it is now. :raises NotFound: :raises Locked:"""
    fresh = again(person, found.rt.slug, found.number)
    if not fresh.full:
        raise Locked()
    return fresh if fresh.level == found.level else read(person, found.rt.slug, found.number, Purpose.VIEW, now)


def see(
    person: Person,
    slug: str,
    number: str,
    purpose: Purpose,
    now: datetime,
    held: AtHand | None = None,
    *,
    file_id: str = "",
) -> Sight:
    """A record by number, for a purpose; the reading, or its refusal, of a classified one is audited (X7), with the
    file that is wanted of it. `held` is what the request has at hand of it: it is not read again.

    :raises NotFound: when there is none, or not for this person.
    :raises NotAudited: when the entry cannot be written: without it nobody reads what is classified.
    :raises TooMuchReading: when the person has read so many records lately that they are to wait.
    """
    return _opened(person, slug, number, purpose, now, held, file_id)[0]


def see_stored(
    person: Person, slug: str, number: str, purpose: Purpose, now: datetime, held: AtHand | None = None
) -> tuple[Sight, dict[str, Any]]:
    """`see`, with the record as it is stored, for questions of rights; what the person may know is the sight alone."""
    found, son, record = _opened(person, slug, number, purpose, now, held)
    return found, stored_form.load_to_show(found.rt, son) if record is None else record


def _opened(
    person: Person,
    slug: str,
    number: str,
    purpose: Purpose,
    now: datetime,
    held: AtHand | None,
    file_id: str = "",
) -> tuple[Sight, Mapping[str, Any], dict[str, Any] | None]:
    lately = held.lately if held is not None and held.of(slug, number) else None
    rt, son = registry.get(slug).rt, _stored(slug, number, held)
    return _opened_stored(person, rt, number, son, purpose, now, lately, file_id)


def _opened_stored(
    person: Person,
    rt: RecordType,
    number: str,
    son: Mapping[str, Any] | None,
    purpose: Purpose,
    now: datetime,
    lately: Mapping[str, Any] | None = None,
    file_id: str = "",
) -> tuple[Sight, Mapping[str, Any], dict[str, Any] | None]:
    """What was found of a record, seen for a purpose, counted and audited. :raises NotFound:"""
    detail = {"purpose": purpose.value} | ({"file": file_id} if ObjectId.is_valid(file_id) else {})
    found, record = sight_stored(person, rt, access.reach(person, rt, purpose), son) if son else (None, None)
    if son is None or found is None:
        subject = store.subject(rt, son) if son else audit.Subject(rt.slug, None, str(number)[:LONGEST_NUMBER])
        if rt.classified:
            audit.append("refused", person, subject, now=now, detail=detail)
        raise NotFound()
    if found.full:
        reading.count(person, now, lately)
    if rt.classified and found.level != Level.INTERNAL.value:
        action = purpose.value if found.full else "refused"
        audit.append(action, person, store.subject(rt, son), now=now, detail=detail)
    return found, son, record


def read(
    person: Person,
    slug: str,
    number: str,
    purpose: Purpose,
    now: datetime,
    held: AtHand | None = None,
    *,
    file_id: str = "",
) -> Sight:
    """Like `see`, for acts that need the whole record. :raises Locked: when the person has its card only."""
    found = see(person, slug, number, purpose, now, held, file_id=file_id)
    if not found.full:
        raise Locked()
    return found


def read_stored(
    person: Person, slug: str, number: str, purpose: Purpose, now: datetime, held: AtHand | None = None
) -> tuple[Sight, dict[str, Any]]:
    """`read`, with the record as `see_stored` gives it, for whoever changes it. :raises Unopened: something of it
    cannot be opened: it can be looked at, and is not changed."""
    found, record = see_stored(person, slug, number, purpose, now, held)
    if not found.full:
        raise Locked()
    sealing.refuse_unopened(found.rt, record)
    return found, record


def taken_out(person: Person, slug: str, number: str, now: datetime, file_id: str) -> Sight:
    """A record of which a file is to leave the screen; audited as what it is, with the file: an export of a classified
    one, else a view.
    It is read once: its level may rise at any moment, and what leaves is what was judged.

    :raises NotToLeave: when the person may only look at it. :raises Locked: :raises NotFound:
    """
    rt, son = registry.get(slug).rt, _stored(slug, number, None)
    purpose = _to_take(son or {})
    found, stored, _ = _opened_stored(person, rt, number, son, purpose, now, file_id=file_id)
    if not found.full:
        looked = sight(person, rt, access.reach(person, rt, Purpose.VIEW), stored)
        raise NotToLeave() if looked is not None and looked.full else Locked()
    return found


def _to_take(son: Mapping[str, Any]) -> Purpose:
    """What a file of a stored record is wanted for when it is to leave the screen."""
    return Purpose.VIEW if Level.of(son.get("level")) is Level.INTERNAL else Purpose.EXPORT


def versions(person: Person, slug: str, number: str, now: datetime) -> list[dict[str, Any]]:
    """The record's history, newest first, with only the fields that the person may read."""
    return versions_of(read(person, slug, number, Purpose.VIEW, now))


def versions_of(found: Sight, limit: int = 100, after: int = 0, before: int | None = None) -> list[dict[str, Any]]:
    """The latest versions of a record that was read in full, newest first, behind version `after` and in front of
    version `before`, with the fields seen in it; 0 is no limit.

    A version of a time when the record had a level that the person does not read says who and when, and no more:
    `masked` is that level (X3, X6). Whom the record concerns reads no reasons, and of a version with withheld fields
    (`withheld`) not who made it.
    """
    then = history.level_before(found.id, before) if before is not None else None
    rows = _as_seen(found, history.history(found.rt.slug, found.id, limit, after, before), then)
    noted.hide_unknown(found.whose, rows)
    return rows


def page_of_versions(found: Sight, before: int | None) -> tuple[list[dict[str, Any]], int | None]:
    """A page of a record's versions as `versions_of` gives them, and the version in front of which the next one lies;
    None where this is the last."""
    rows = versions_of(found, VERSIONS_SHOWN + 1, before=before)
    return rows[:VERSIONS_SHOWN], rows[VERSIONS_SHOWN - 1]["rev"] if len(rows) > VERSIONS_SHOWN else None


def one_version_each(
    wanted: Iterable[tuple[Sight, int]],
) -> dict[tuple[ObjectId, int], dict[str, Any]]:
    """A version of some records that were read in full, as `versions_of` gives it but for its changes: who made it and
    when, its note, and whether it is `masked`; by record and version. One question for all of them, and nothing of
    what was sealed is opened."""
    asked = list(wanted)
    found = {seen.id: seen for seen, _rev in asked}
    by_record: dict[ObjectId, list[dict[str, Any]]] = {one: [] for one in found}
    for row in history.outlines((seen.id, rev, _kept(seen.rt)) for seen, rev in asked):
        by_record[row["record"]].append(row)
    rows = [
        row
        for record, stored in by_record.items()
        for row in _as_seen(found[record], history.read(found[record].rt.slug, stored))
    ]
    noted.hide_unknown(next((seen.whose for seen in found.values()), None), rows)
    revs = {(seen.id, rev) for seen, rev in asked}
    return {(row["record"], row["rev"]): row for row in rows if (row["record"], row["rev"]) in revs}


def versions_among(found: Sight, stored: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """`versions_of`, of stored versions that came with the record (`history.beside`)."""
    rows = _as_seen(found, history.read(found.rt.slug, sorted(stored, key=lambda row: -row["rev"])))
    noted.hide_unknown(found.whose, rows)
    return rows


def _as_seen(found: Sight, rows: list[dict[str, Any]], then: str | None = None) -> list[dict[str, Any]]:
    shown = {f.name for f in found.fields} | {f.name for f in stored_form.OPEN_SYSTEM} - {NUMBERS_OF_OTHERS}
    # A version may have been written since the record was read, and made it more secret.
    newest = (c["after"] for row in rows for c in row["changes"] if c["field"].name == "level")
    level = next(newest, None) or then or found.level
    kept = _kept(found.rt) - shown
    for row in rows:
        earlier = next((c["before"] for c in row["changes"] if c["field"].name == "level"), level) or level
        unread = {level, earlier} - found.reads
        row["masked"] = max(unread, key=lambda one: Level(one).rank) if unread else ""
        if unread:
            row |= {"action": "masked", "changes": [], "note": ""}
        if kept:
            row["note"] = ""
            if any(c["field"].name in kept for c in row["changes"]):
                row |= {"withheld": True, "by": None, "by_name": "", "behalf": None, "behalf_name": ""}
        row["changes"] = [c for c in row["changes"] if c["field"].name in shown]
        level = earlier
    return rows


def _kept(rt: RecordType) -> set[str]:
    return {f.name for f in rt.fields if f.withheld}


@dataclass(frozen=True)
class Former:
    """A former version of a record as far as one reader may know it: the `values` that are known, and the names of the
    fields that are known to have `changed` since. Of a field in neither, nothing can be said."""

    values: dict[str, Any]
    changed: frozenset[str]


def as_it_was(found: Sight, current: Mapping[str, Any], rev: int) -> Former:
    """What version `rev` of a record held, for whoever reads `current` in full.

    It is made of `current` and of the versions that the person sees (`versions_of`), and of nothing else: where a
    masked version lies between, the values on its other side are unknown, whether it changed them or not (X6).
    """
    names = [f.name for f in (*found.fields, *stored_form.OPEN_SYSTEM)]
    rows = versions_of(found, 0)
    since = [row for row in rows if row["rev"] > rev]
    back = {name: current.get(name) for name in names}
    for row in since:
        back = {} if row["masked"] else {**back, **_side(row, "before")}
    forth: dict[str, Any] = {}
    for row in reversed(rows[len(since) :]):
        began = dict.fromkeys(names) if row["action"] == "create" else forth
        forth = {} if row["masked"] else {**began, **_side(row, "after")}
    values = {**forth, **back}
    touched = {name for row in since for name in _side(row, "after")}
    changed = {name for name in names if values.get(name, current.get(name)) != current.get(name)}
    return Former(values, frozenset(changed | (touched - set(values))))


def _side(row: Mapping[str, Any], side: str) -> dict[str, Any]:
    return {change["field"].name: change[side] for change in row["changes"]}
