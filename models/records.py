"""What people do with records: each use case asks for rights, reads input, stores, and writes the audit entry.

Screens, API and commands call these and nothing below them. A record that the person may not see and one that does
not exist raise the same `NotFound` (X6).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from bson import ObjectId

from config.database import transaction
from models import access, climbing, decided, one_time, registry, store
from models.access import Purpose
from models.changeable import (
    MergedAway,
    Settled,
    can,
    check_changeable,
    check_raise,
    is_raise,
    raises_alone,
    usable,
)
from models.declarations import Field, Label, RecordType, Transition
from models.errors import Forbidden, Invalid, NotFound, Refusal, Sentence
from models.kinds import read_values
from models.move_sheet import Shown, check_shown, tells_in_full
from models.moves import NeedsFreshSignIn, NotNow, NotYourOwn, SignedAlready, deputed, signed_already, why_not
from models.moves import moves as moves_held
from models.person.roles import Person
from models.pointed_files import pointed_file
from models.record_input import (
    LEVEL_CHOICES,
    PLACING,
    LoweringNeedsHead,
    asked_fields,
    check_level,
    form_fields,
    reachable,
    read_input,
    told_in_sight,
)
from models.sights import (
    SYSTEM_SHOWN,
    Former,
    Locked,
    NotToLeave,
    Sight,
    again,
    as_it_was,
    page_of_versions,
    read,
    see,
    sight,
    still_read,
    taken_out,
    versions,
    versions_among,
    versions_of,
)
from models.taking_back import read_to_move

__all__ = [
    "LEVEL_CHOICES",
    "PLACING",
    "SYSTEM_SHOWN",
    "Former",
    "Locked",
    "LooksAlike",
    "LoweringNeedsHead",
    "MergedAway",
    "NeedsFreshSignIn",
    "NotNow",
    "NotToLeave",
    "NotYourOwn",
    "Settled",
    "Sight",
    "SignedAlready",
    "again",
    "as_it_was",
    "asked_fields",
    "can",
    "change",
    "change_seen",
    "check_changeable",
    "create",
    "deputed",
    "for_whom",
    "form_fields",
    "move",
    "move_seen",
    "moves",
    "moves_on",
    "page_of_versions",
    "pointed_file",
    "possible_move",
    "raises_alone",
    "reachable",
    "read",
    "reason",
    "see",
    "set_archived",
    "set_archived_seen",
    "sight",
    "still_read",
    "taken_out",
    "usable",
    "versions",
    "versions_among",
    "versions_of",
    "why_not",
]


REASON = Field(name="note", kind="text", label=Label("理由", "Reason"), max_length=500)
"""The reason that a person gives for a move, beside its fields."""


class LooksAlike(Refusal):
    """A new record may repeat one that is there; `found` holds those, as the person may see them."""

    code, status = "looks_alike", 409
    zh, en = (
        "可能已有相同的记录，请核对；确认不同后再次保存即可。",
        "This may be there already. Look at the list; save again if it is another one.",
    )

    def __init__(self, found: Sequence[Any]) -> None:
        self.found = found
        super().__init__()


def create(
    person: Person, slug: str, raw: Mapping[str, Any], *, now: datetime, once: str = "", sure: bool = True
) -> dict[str, Any]:
    """Make a record from form, file or API input and return it; fields absent from `raw` take their defaults.

    Without `sure`, a record that looks like one which the person may see is not made at once (F7).

    :raises Forbidden: when the person may not add this type.
    :raises Invalid: with a sentence for each field that is wrong.
    :raises LooksAlike: with what it looks like.
    :raises AlreadySent: when `once` was used before.
    """
    entry = registry.get(slug)
    rt = entry.rt
    if not access.may_create(person, rt):
        raise Forbidden()
    fields = form_fields(person, rt)
    defaults = {f.name: f.default for f in fields if f.default is not None}
    values = read_input(person, fields, {**defaults, **raw})
    if entry.hooks.alike is not None and not sure:
        one_time.check_unspent(once)  # a form sent twice repeats the record that it made itself
        found = entry.hooks.alike(person, values)
        if found:
            raise LooksAlike(found)
    with told_in_sight(person, rt, raw):
        return transaction(lambda: store.create(slug, values, actor=person, now=now, once=once))


def change(
    person: Person, slug: str, number: str, raw: Mapping[str, Any], *, rev: int, now: datetime, note: str = ""
) -> dict[str, Any]:
    """Change a record's fields; fields absent from `raw` keep their values.

    :raises StaleRecord: when it was changed since version `rev`.
    :raises Forbidden: when the person may read but not edit it. :raises Settled: when nobody may as it stands, for more
        than to raise its level (X2).
    """
    return change_seen(person, read(person, slug, number, Purpose.VIEW, now), raw, rev=rev, now=now, note=note)


def change_seen(
    person: Person,
    found: Sight,
    raw: Mapping[str, Any],
    *,
    rev: int,
    now: datetime,
    note: str = "",
    current: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """`change` for a record that the same request has read in full, and audited; `current` is the stored record of
    version `rev`, where the request has that too."""
    rt, slug = found.rt, found.rt.slug
    current = store.fetch(slug, found.id) if current is None else current
    raising = is_raise(raw) and raises_alone(person, rt, current)
    if not raising:
        check_changeable(person, rt, current)
    allowed = form_fields(person, rt, current)
    fields = tuple(f for f in allowed if f.name in raw)
    values = read_input(person, fields, raw, current=current, known={f.name for f in allowed})
    check_level(person, current, values)
    if raising:
        check_raise(current, values)
    with told_in_sight(person, rt, raw):
        return store.change(slug, found.id, values, actor=person, now=now, rev=rev, note=note, seen=current)


def set_archived(
    person: Person, slug: str, number: str, archived: bool, *, rev: int, now: datetime, note: str = ""
) -> None:
    """Archive or restore a record, `note` saying why. :raises Invalid: when it is archived without a reason.
    :raises Forbidden: :raises StaleRecord: :raises MergedAway:"""
    set_archived_seen(person, read(person, slug, number, Purpose.VIEW, now), archived, rev=rev, now=now, note=note)


def set_archived_seen(
    person: Person, found: Sight, archived: bool, *, rev: int, now: datetime, note: str = ""
) -> dict[str, Any]:
    """`set_archived` for a record that the same request has read in full, and audited."""
    slug = found.rt.slug
    current = store.fetch(slug, found.id)
    if not can(person, found.rt, current, Purpose.ARCHIVE):
        raise Forbidden()
    if found.values["merged_into"] is not None:
        raise MergedAway()
    note = reason(note, needed=archived)
    if (current["archived_at"] is not None) is archived and current["rev"] == rev:  # it is so already
        return current
    values = {"archived_at": now if archived else None}
    action = "archive" if archived else "restore"
    with told_in_sight(person, found.rt):
        return store.change(slug, found.id, values, actor=person, now=now, rev=rev, action=action, note=note)


def move(
    person: Person,
    slug: str,
    number: str,
    name: str,
    raw: Mapping[str, Any],
    *,
    rev: int,
    now: datetime,
    note: str = "",
    fresh: bool = False,
) -> dict[str, Any]:
    """Make a transition; its asked fields come from `raw` (those absent keep their values), its reason is `note`. Who
    asks looked at no sheet: it is decided on what is found at this moment.

    Of two opposite moves at once one wins; the other is told that the record changed.

    :raises NotNow: when the state does not allow it. :raises NotYourOwn: for one's own request.
    :raises NeedsFreshSignIn: for a signature without `fresh`. :raises Invalid: :raises StaleRecord:
    """
    found = read_to_move(person, slug, number, name, now)
    return move_seen(person, found, name, raw, rev=rev, now=now, note=note, fresh=fresh, shown=lambda _facts: True)


def moves(person: Person, rt: RecordType, record: Mapping[str, Any]) -> list[Transition]:
    """The transitions that the person may make on a stored record that they read in full, in declared order: their own,
    and those of whom they stand in for."""
    return moves_on(person, rt, [record])[record["_id"]]


def moves_on(
    person: Person, rt: RecordType, current: Collection[Mapping[str, Any]]
) -> dict[ObjectId, list[Transition]]:
    """`moves` on some records of a type, by id. What was signed of them before is asked in one query, of those alone
    that have a signature to give and were changed since they were made."""
    found = {record["_id"]: moves_held(person, rt, record) for record in current}
    signing = {r["_id"] for r in current if r["rev"] > 1 and any(t.signature for t in found[r["_id"]])}
    given = store.moves_of_each(signing)
    for record in current:
        if rows := given.get(record["_id"]):
            held = found[record["_id"]]
            found[record["_id"]] = [t for t in held if not signed_already(person, rt, t, record, rows)]
    return found


def possible_move(person: Person, found: Sight, name: str) -> tuple[Transition, dict[str, Any]]:
    """A transition that the person may make on a record that they have read in full, with the stored record.

    :raises NotFound: for a name that is no transition of the type.
    :raises NotNow: which says who was quicker (`DecidedAlready`) where the person may know.
    :raises Forbidden: :raises NotYourOwn: :raises SignedAlready: when they may not.
    """
    rt = found.rt
    transition = next((t for t in rt.workflow.transitions if t.name == name), None) if rt.workflow else None
    if transition is None:
        raise NotFound()
    current = store.fetch(rt.slug, found.id)
    refusal, behalf = why_not(person, rt, transition, current), deputed(person, rt, transition, current)
    if refusal is not None and behalf is None:
        quicker = decided.already(person, found, transition) if isinstance(refusal, NotNow) else None
        raise quicker or refusal
    if transition.signature and signed_already(person, rt, transition, current, store.latest_moves(found.id)):
        raise SignedAlready()
    return transition, current


def for_whom(person: Person, found: Sight, transition: Transition) -> Person | None:
    """For whom the person would make a move as a deputy; None where it is their own, or nobody's."""
    if not person.stands_in:
        return None
    current = store.fetch(found.rt.slug, found.id)
    own = why_not(person, found.rt, transition, current) is None
    return None if own else deputed(person, found.rt, transition, current)


def move_seen(
    person: Person,
    found: Sight,
    name: str,
    raw: Mapping[str, Any],
    *,
    rev: int,
    now: datetime,
    note: str = "",
    fresh: bool = False,
    shown: Shown | None = None,
) -> dict[str, Any]:
    """`move` for a record that the same request has read in full, and audited. `shown` knows which facts the sheet
    showed on which it is decided; without it, nothing is signed whose sheet has any.

    :raises SheetChanged: those of now are others.
    """
    rt, slug = found.rt, found.rt.slug
    transition, current = possible_move(person, found, name)
    own = why_not(person, rt, transition, current) is None
    if transition.signature and not fresh:
        raise NeedsFreshSignIn()
    asked = asked_fields(rt, transition)
    fields = tuple(f for f in asked if f.name in raw or (f.required and current[f.name] is None))
    values = read_input(person, fields, raw, current=current, known={f.name for f in asked})
    check_level(person, current, values)
    note = reason(note, needed=transition.reason)

    def made() -> dict[str, Any]:
        return store.change(
            slug,
            found.id,
            {**values, "state": transition.target},
            actor=person,
            now=now,
            rev=rev,
            action=name,
            note=note,
            transition=transition,
            behalf=None if own else deputed(person, rt, transition, current),
            seen=current,
        )

    def decided_on() -> dict[str, Any]:
        if current["rev"] == rev:  # else it is told who changed the record itself
            check_shown(person, found, transition, current, shown)
        return climbing.pass_nobody(rt, made(), now) if transition.signature else made()

    with told_in_sight(person, rt, [field.name for field in asked]):
        return transaction(decided_on) if tells_in_full(rt, transition) else made()


def reason(note: str, *, needed: bool = False) -> str:
    """A reason as it is kept, in one line. :raises Invalid: when it is missing, or no text that a field would take."""
    values, problems = read_values((REASON,), {REASON.name: note})
    if problems:
        raise Invalid(problems)
    text: str = values[REASON.name] or ""
    if needed and not text:
        raise Invalid({REASON.name: Sentence("请说明理由。", "Please give a reason.")})
    return text
