"""What people do with records: each use case asks for rights, reads input, stores, and writes the audit entry.

Screens, API and commands call these and nothing below them. A record that the person may not see and one that does
not exist raise the same `NotFound` (X6).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bson import ObjectId

from config.database import database, transaction
from models import access, audit, names, registry, store
from models.access import Purpose
from models.attachment import service as attachment
from models.declarations import LEVEL_LABELS, Choice, Field, Label, Level, RecordType, Transition
from models.errors import Forbidden, Invalid, NotFound, Refusal, Sentence
from models.kinds import kind_of, loaded, read_values
from models.masking import masked
from models.person import directory
from models.person.roles import Person, Role
from models.record import collection_name

LEVEL_CHOICES = tuple(Choice(level.value, label) for level, label in LEVEL_LABELS.items())
PLACING: tuple[Field, ...] = (
    Field(name="owner", kind="person", label=Label("负责人", "Owner"), group="placing"),
    Field(name="level", kind="choice", label=Label("密级", "Level"), group="placing", choices=LEVEL_CHOICES),
    Field(name="level_basis", kind="text", label=Label("定密依据", "Basis of level"), group="placing"),
    Field(name="secret_until", kind="date", label=Label("保密期至", "Secret until"), group="placing"),
)
"""The engine's own form group: who owns a record and how secret it is (X1, X2)."""


class LoweringNeedsHead(Refusal):
    """Raising a level is free; lowering it is the head's (X2)."""

    code, status = "lowering_needs_head", 403
    zh, en = "降低密级须由客服部经理办理。", "Only the department head may lower a level."


class Locked(Refusal):
    """The person sees the card only; reading needs a grant (X3, X4)."""

    code, status = "locked", 403
    zh, en = (
        "该记录已加密，您只能看到卡片，可申请查阅。",
        "This record is locked: you see its card and may ask for access.",
    )


class NotNow(Refusal):
    """The record is in a state in which this move does not exist, or it is not this person's move."""

    code, status = "not_now", 409
    zh, en = "当前状态下不能执行“{move}”。", "“{move}” is not possible in the present state."


class NotYourOwn(Refusal):
    """Nobody approves, reviews or signs what they themselves requested."""

    code, status = "not_your_own", 403
    zh, en = "不能审批或签署本人提出的事项。", "You may not approve or sign what you requested yourself."


class NeedsFreshSignIn(Refusal):
    """Signatures need a sign-in of the last five minutes."""

    code, status = "needs_fresh_sign_in", 403
    zh, en = "签署前请重新验证身份。", "Please confirm who you are before signing."


@dataclass(frozen=True)
class Sight:
    """A record as one person may see it: in `full`, or as its card. `values` holds nothing that they may not read."""

    rt: RecordType
    id: ObjectId
    number: str
    full: bool
    values: dict[str, Any]
    fields: tuple[Field, ...]

    @property
    def level(self) -> str:
        """The confidentiality level's value."""
        return self.values.get("level") or Level.INTERNAL.value


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
    "created_at",
    "created_by",
    "updated_at",
    "updated_by",
)


def sight(person: Person, rt: RecordType, reach: access.Reach, son: Mapping[str, Any]) -> Sight | None:
    """A stored record as the person may see it; None when it does not exist for them."""
    seen = reach.sees(son.get("acl") or ())
    if not seen:
        return None
    if seen == "card":
        fields = access.card_fields(rt)
        values = {f.name: _on_card(f, loaded(f, son.get(f.name))) for f in fields}
        values |= {"level": son.get("level"), "owner": son.get("owner")}
        return Sight(rt, son["_id"], son["number"], False, values, fields)
    record = store.load(rt, son)
    fields = access.visible_fields(person, rt)
    values = {name: record[name] for name in (*SYSTEM_SHOWN, *(f.name for f in fields))}
    return Sight(rt, son["_id"], son["number"], True, values, fields)


def _on_card(field: Field, value: Any) -> Any:
    """A value as the locked card shows it: as it is, or as a masked text."""
    if field.card != "masked" or value is None:
        return value
    return None if isinstance(value, ObjectId) else masked(kind_of(field).text(field, value, "zh"))


def again(person: Person, slug: str, number: str) -> Sight:
    """A record that a use case of the same request has already read, and audited. :raises NotFound:"""
    rt = registry.get(slug).rt
    son = database()[collection_name(slug)].find_one({"number": str(number)[:60]})
    found = sight(person, rt, access.reach(person, rt, Purpose.VIEW), son) if son else None
    if found is None:
        raise NotFound()
    return found


def see(person: Person, slug: str, number: str, purpose: Purpose, now: datetime) -> Sight:
    """A record by number, for a purpose; the reading, or its refusal, of a classified one is audited (X7).

    :raises NotFound: when there is none, or not for this person.
    """
    rt = registry.get(slug).rt
    son = database()[collection_name(slug)].find_one({"number": str(number)[:60]})
    found = sight(person, rt, access.reach(person, rt, purpose), son) if son else None
    if son is None or found is None:
        subject = store.subject(rt, son) if son else audit.Subject(slug, None, str(number)[:60])
        if rt.classified:
            audit.append("refused", person, subject, now=now, detail={"purpose": purpose.value})
        raise NotFound()
    if rt.classified and found.level != Level.INTERNAL.value:
        action = purpose.value if found.full else "refused"
        audit.append(action, person, store.subject(rt, son), now=now, detail={"purpose": purpose.value})
    return found


def read(person: Person, slug: str, number: str, purpose: Purpose, now: datetime) -> Sight:
    """Like `see`, for acts that need the whole record. :raises Locked: when the person has its card only."""
    found = see(person, slug, number, purpose, now)
    if not found.full:
        raise Locked()
    return found


def leaving_purpose(slug: str, number: str) -> Purpose:
    """What it is to take something of a record off the screen: an export when the record is classified, else a view.
    Says nothing about rights, nor whether there is such a record."""
    son = database()[collection_name(slug)].find_one({"number": str(number)[:60]}, {"level": 1})
    level = (son or {}).get("level") or Level.INTERNAL.value
    return Purpose.VIEW if level == Level.INTERNAL.value else Purpose.EXPORT


def form_fields(person: Person, rt: RecordType, record: Mapping[str, Any] | None = None) -> tuple[Field, ...]:
    """The fields of the person's form for a new record, or for `record`: declared ones and the engine's own."""
    fields = access.editable_fields(person, rt)
    overseer = person.has(Role.HEAD, Role.CUSTODIAN)
    own = record is None or record.get("owner") == person.id
    placing: tuple[Field, ...] = ()
    if overseer and rt.menu == "family":
        placing += PLACING[:1]
    if rt.classified and (overseer or own):
        placing += PLACING[1:]
    return (*fields, *placing)


def create(person: Person, slug: str, raw: Mapping[str, Any], *, now: datetime, once: str = "") -> dict[str, Any]:
    """Make a record from form, file or API input and return it; fields absent from `raw` take their defaults.

    :raises Forbidden: when the person may not add this type.
    :raises Invalid: with a sentence for each field that is wrong.
    """
    rt = registry.get(slug).rt
    if not access.may_create(person, rt):
        raise Forbidden()
    fields = form_fields(person, rt)
    defaults = {f.name: f.default for f in fields if f.default is not None}
    values = _read(person, fields, {**defaults, **raw})
    return transaction(lambda: store.create(slug, values, actor=person, now=now, once=once))


def change(
    person: Person, slug: str, number: str, raw: Mapping[str, Any], *, rev: int, now: datetime, note: str = ""
) -> dict[str, Any]:
    """Change a record's fields; fields absent from `raw` keep their values.

    :raises StaleRecord: when it was changed since version `rev`.
    :raises Forbidden: when the person may read but not edit it.
    """
    return change_seen(person, read(person, slug, number, Purpose.VIEW, now), raw, rev=rev, now=now, note=note)


def change_seen(
    person: Person, found: Sight, raw: Mapping[str, Any], *, rev: int, now: datetime, note: str = ""
) -> dict[str, Any]:
    """`change` for a record that the same request has read in full, and audited."""
    rt, slug = found.rt, found.rt.slug
    current = store.fetch(slug, found.id)
    if not can(person, rt, current, Purpose.EDIT):
        raise Forbidden()
    allowed = form_fields(person, rt, current)
    fields = tuple(f for f in allowed if f.name in raw)
    values = _read(person, fields, raw, current=current, known={f.name for f in allowed})
    _check_level(person, current, values)
    return store.change(slug, found.id, values, actor=person, now=now, rev=rev, note=note)


def can(person: Person, rt: RecordType, record: Mapping[str, Any], purpose: Purpose) -> bool:
    """Whether the person may use this stored record for a purpose. Archived records are restored before editing."""
    if purpose is Purpose.EDIT and (record.get("archived_at") or _settled(rt, record)):
        return False
    return access.reach(person, rt, purpose).sees(record["acl"]) == "full"


def set_archived(person: Person, slug: str, number: str, archived: bool, *, rev: int, now: datetime) -> None:
    """Archive or restore a record. :raises Forbidden: :raises StaleRecord:"""
    found = read(person, slug, number, Purpose.VIEW, now)
    if not can(person, found.rt, store.fetch(slug, found.id), Purpose.ARCHIVE):
        raise Forbidden()
    values = {"archived_at": now if archived else None}
    action = "archive" if archived else "restore"
    store.change(slug, found.id, values, actor=person, now=now, rev=rev, action=action)


def moves(person: Person, rt: RecordType, record: Mapping[str, Any]) -> list[Transition]:
    """The transitions that the person may make on a record that they read in full, in declared order."""
    if rt.workflow is None or record.get("archived_at"):
        return []
    return [t for t in rt.workflow.transitions if why_not(person, rt, t, record) is None]


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
    """Make a transition; its asked fields come from `raw` (those absent keep their values), its reason is `note`.

    Of two opposite moves at once one wins; the other is told that the record changed.

    :raises NotNow: when the state does not allow it. :raises NotYourOwn: for one's own request.
    :raises NeedsFreshSignIn: for a signature without `fresh`. :raises Invalid: :raises StaleRecord:
    """
    found = read(person, slug, number, Purpose.VIEW, now)
    return move_seen(person, found, name, raw, rev=rev, now=now, note=note, fresh=fresh)


def possible_move(person: Person, found: Sight, name: str) -> tuple[Transition, dict[str, Any]]:
    """A transition that the person may make on a record that they have read in full, with the stored record.

    :raises NotFound: for a name that is no transition of the type.
    :raises NotNow: :raises Forbidden: :raises NotYourOwn: when they may not.
    """
    rt = found.rt
    transition = next((t for t in rt.workflow.transitions if t.name == name), None) if rt.workflow else None
    if transition is None:
        raise NotFound()
    current = store.fetch(rt.slug, found.id)
    refusal = why_not(person, rt, transition, current)
    if refusal is not None:
        raise refusal
    return transition, current


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
) -> dict[str, Any]:
    """`move` for a record that the same request has read in full, and audited."""
    rt, slug = found.rt, found.rt.slug
    transition, current = possible_move(person, found, name)
    if transition.signature and not fresh:
        raise NeedsFreshSignIn()
    asked = asked_fields(rt, transition)
    fields = tuple(f for f in asked if f.name in raw or (f.required and current[f.name] is None))
    values = _read(person, fields, raw, current=current, known={f.name for f in asked})
    note = " ".join(note.split())
    if transition.reason and not note:
        raise Invalid({"note": Sentence("请说明理由。", "Please give a reason.")})
    if len(note) > 500:
        raise Invalid({"note": Sentence("理由最多 500 个字。", "A reason has 500 characters at most.")})
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
    )


def asked_fields(rt: RecordType, transition: Transition) -> tuple[Field, ...]:
    """The fields of a transition's sheet, the engine's owner included; those that it needs are required there."""
    known = {**{f.name: f for f in PLACING}, **rt.by_name}
    return tuple(replace(known[name], required=name in transition.needs) for name in transition.asks)


def versions(person: Person, slug: str, number: str, now: datetime) -> list[dict[str, Any]]:
    """The record's history, newest first, with only the fields that the person may read."""
    return versions_of(read(person, slug, number, Purpose.VIEW, now))


def versions_of(found: Sight, limit: int = 100) -> list[dict[str, Any]]:
    """The latest versions of a record that was read in full, newest first, with the fields seen in it."""
    shown = {f.name for f in found.fields} | {f.name for f in store.OPEN_SYSTEM}
    rows = store.history(found.rt.slug, found.id, limit)
    for row in rows:
        row["changes"] = [c for c in row["changes"] if c["field"].name in shown]
    return rows


def _settled(rt: RecordType, record: Mapping[str, Any]) -> bool:
    state = access.state_of(rt, record)
    return state is not None and (state.final or state.frozen)


def why_not(person: Person, rt: RecordType, transition: Transition, record: Mapping[str, Any]) -> Refusal | None:
    """Why the person may not make the move; None when they may."""
    if record.get("state") not in transition.source or record.get("archived_at"):
        return NotNow(move=transition.label)
    if not any(_is(person, rt, whose, record) for whose in transition.by):
        return Forbidden()
    if any(_is(person, rt, whose, record) for whose in transition.not_by):
        return NotYourOwn()
    return None


def _is(person: Person, rt: RecordType, whose: str, record: Mapping[str, Any]) -> bool:
    """Whether `whose` (a role, `owner`, `creator`, `turn`, `reader` or a person field) means this person."""
    if whose == "reader":
        return True
    if whose in Role._value2member_map_:
        return person.has(Role(whose))
    if whose == "turn":
        return not set(access.turns_of(rt, record)).isdisjoint(access.turn_tokens(person))
    key = "created_by" if whose == "creator" else whose
    return person.id is not None and record.get(key) == person.id


def _read(
    person: Person,
    fields: tuple[Field, ...],
    raw: Mapping[str, Any],
    *,
    current: Mapping[str, Any] | None = None,
    known: set[str] | None = None,
) -> dict[str, Any]:
    """Values for `fields` from `raw`, pointers checked. :raises Invalid:"""
    wanted = {f.name for f in fields}
    values, problems = read_values(fields, {k: v for k, v in raw.items() if k in wanted or k not in (known or ())})
    known_pointers = {pointer for _, pointer in names.pointers(fields, current or {})}
    for field, path, pointer in _pointed(fields, values):
        if pointer not in known_pointers and not _may_point(person, field, pointer):
            problems[path] = Sentence("请从列表中选择。", "Choose one from the list.")
    for field in fields:
        if field.kind == "files" and values.get(field.name):
            kept = (current or {}).get(field.name) or ()
            values[field.name] = attachment.rows(person, [row["file"] for row in values[field.name]], kept)
            if values[field.name] is None:
                problems[field.name] = Sentence("文件已失效，请重新选择。", "Please choose the file again.")
    if problems:
        raise Invalid(problems)
    return values


def _pointed(
    fields: tuple[Field, ...], values: Mapping[str, Any], path: str = ""
) -> Iterator[tuple[Field, str, ObjectId]]:
    """Each person and record that the values point to, with its field and path, embedded ones included."""
    for field in fields:
        value = values.get(field.name)
        if field.kind in names.POINTERS and value is not None:
            yield field, path + field.name, value
        elif field.kind == "embedded" and value:
            yield from _pointed(field.fields, value, f"{path}{field.name}.")
        elif field.kind == "embedded_list":
            for index, row in enumerate(value or ()):
                yield from _pointed(field.fields, row, f"{path}{field.name}.{index}.")


def _may_point(person: Person, field: Field, pointer: ObjectId) -> bool:
    if field.kind == "person":
        return directory.eligible(pointer, field.roles)
    return reachable(person, field.to, pointer)


def reachable(person: Person, slug: str, record_id: ObjectId) -> bool:
    """Whether a record may be pointed at: the person sees it, in full or as a card."""
    rt = registry.get(slug).rt
    query = {"_id": record_id, **access.reach(person, rt, Purpose.VIEW).query(cards=True, archived=None)}
    return database()[collection_name(slug)].find_one(query, {"_id": 1}) is not None


def _check_level(person: Person, current: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    wanted = values.get("level")
    if "level" in values and wanted is None:
        raise Invalid({"level": Sentence("必填。", "This is required.")})
    if wanted is None:
        return
    before = Level(current.get("level") or Level.INTERNAL.value)
    if Level(wanted).rank < before.rank and not person.has(Role.HEAD):
        raise LoweringNeedsHead()
