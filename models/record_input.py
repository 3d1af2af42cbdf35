"""What a person may fill in, and what they filled in: form fields, values, pointers, levels (X1, X2, X6)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from bson import ObjectId

from config.database import database
from models import access, names, ownership, registry, turns
from models.access import Purpose
from models.attachment import rules as attachment_rules
from models.attachment import service as attachment
from models.declarations import LEVEL_LABELS, OWNER, Choice, Field, Label, Level, RecordType, Transition
from models.errors import Invalid, Refusal, Sentence
from models.kinds import read_values
from models.kinds.picks import PersonKind, Pointer
from models.kinds.standing import stays
from models.person import directory
from models.person.roles import Person, Role
from models.record import collection_name

LEVEL_CHOICES = tuple(Choice(level.value, label) for level, label in LEVEL_LABELS.items())
PLACING: tuple[Field, ...] = (
    Field(name="owner", kind="person", label=OWNER, group="placing"),
    Field(name="level", kind="choice", label=Label("密级", "Level"), group="placing", choices=LEVEL_CHOICES),
    Field(name="level_basis", kind="text", label=Label("定密依据", "Basis of level"), group="placing"),
    Field(name="secret_until", kind="date", label=Label("保密期至", "Secret until"), group="placing"),
)
"""The engine's own form group: who owns a record and how secret it is (X1, X2)."""


class LoweringNeedsHead(Refusal):
    """Raising a level is free; lowering it is the head's (X2)."""

    code, status, about = "lowering_needs_head", 403, "level"
    zh = "降低密级须由客服部经理办理；其他人请在记录的菜单中申请变更密级。"
    en = "Only the department head may lower a level. Others ask to change the secrecy, in the record's menu."


class PeriodNeedsHead(Refusal):
    """The owner or the custodian asks for a longer period; the head approves it (X2)."""

    code, status, about = "period_needs_head", 403, "secret_until"
    zh = "变更保密期须经客服部经理批准，请在记录的菜单中申请变更密级。"
    en = "Another period needs the head's approval: ask to change the secrecy, in the record's menu."


OUT_OF_SIGHT = Sentence(
    "有您无权查看的内容不符合规则，因此未能保存。请联系客服部经理。",
    "Something that you may not see is against the rules, so nothing was stored. The department head can help.",
)


@contextmanager
def told_in_sight(person: Person, rt: RecordType, named: Iterable[str] = ()) -> Iterator[None]:
    """What goes wrong inside is told as the person may know it (X6): of fields that are not theirs to see, unless they
    `named` them themselves, only that there is something. :raises Invalid:"""
    try:
        yield
    except Invalid as wrong:
        told = in_sight(person, rt, wrong.problems, named)
        if told == wrong.problems:
            raise
        raise Invalid(told) from None


def in_sight(
    person: Person, rt: RecordType, problems: Mapping[str, Sentence], named: Iterable[str] = ()
) -> dict[str, Sentence]:
    """What `told_in_sight` leaves of some problems."""
    seen = {f.name for f in access.visible_fields(person, rt)}.union(named)
    unseen = {f.name for f in rt.fields} - seen
    told = {path: said for path, said in problems.items() if path.partition(".")[0] not in unseen}
    return told if len(told) == len(problems) else {**told, "": told.get("", OUT_OF_SIGHT)}


def form_fields(person: Person, rt: RecordType, record: Mapping[str, Any] | None = None) -> tuple[Field, ...]:
    """The fields of the person's form for a new record, or for `record`: declared ones and the engine's own."""
    fields = access.editable_fields(person, rt)
    if record is not None:
        fields = access.fillable(fields, rt, access.reach(person, rt, Purpose.VIEW), record["acl"])
    placed = {"department": rt.kept_by or person.department} if record is None else record
    overseer = turns.serves(person, placed, Role.HEAD, Role.CUSTODIAN)
    own = record is None or turns.owns(person, rt, record)
    placing: tuple[Field, ...] = ()
    if overseer and rt.menu == "family" and (record is None or ownership.may_hand_on(person, rt, record)):
        placing += rt.called(PLACING[:1])
    if rt.classified and (overseer or own):
        placing += PLACING[1:]
    return (*fields, *placing)


def asked_fields(rt: RecordType, transition: Transition) -> tuple[Field, ...]:
    """The fields of a transition's sheet, the engine's owner included; those that it needs are required there."""
    known = {**{f.name: f for f in rt.called(PLACING)}, **rt.by_name}
    return tuple(replace(known[name], required=name in transition.needs) for name in transition.asks)


def read_input(
    person: Person,
    fields: tuple[Field, ...],
    raw: Mapping[str, Any],
    *,
    current: Mapping[str, Any] | None = None,
    known: set[str] | None = None,
) -> dict[str, Any]:
    """Values for `fields` from `raw`, pointers checked: what the same field of `current` points to already, or the same
    column of the same list, may stay. So may what the same field, or row, holds already. :raises Invalid:"""
    wanted = {f.name for f in fields}
    raw = {k: v for k, v in raw.items() if k in wanted or k not in (known or ())}
    current = current or {}
    raw |= {f.name: stays(f, raw[f.name], current.get(f.name)) for f in fields if f.name in raw}
    values, problems = read_values(fields, raw)
    stands = {(_column(path), pointer) for _, path, pointer in _pointed(fields, current)}
    for field, path, pointer in _pointed(fields, values):
        if (_column(path), pointer) not in stands and not _may_point(person, field, pointer):
            problems[path] = Sentence(*(PersonKind if field.kind == "person" else Pointer).unknown)
    for field in fields:
        if field.kind == "files" and values.get(field.name):
            kept = current.get(field.name) or ()
            values[field.name] = attachment.rows(person, [row["file"] for row in values[field.name]], kept)
            if values[field.name] is None:
                problems[field.name] = attachment_rules.GONE
    if problems:
        raise Invalid(problems)
    return values


def _pointed(
    fields: tuple[Field, ...], values: Mapping[str, Any], path: str = ""
) -> Iterator[tuple[Field, str, ObjectId]]:
    """Each person and record that the values point to, with its field and path, embedded ones included."""
    for field in fields:
        value = values.get(field.name)
        if field.kind in names.POINTERS and isinstance(value, ObjectId):
            yield field, path + field.name, value
        elif field.kind == "embedded" and value:
            yield from _pointed(field.fields, value, f"{path}{field.name}.")
        elif field.kind == "embedded_list":
            for index, row in enumerate(value or ()):
                yield from _pointed(field.fields, row, f"{path}{field.name}.{index}.")


def _column(path: str) -> str:
    """A path without the places of rows: what all rows of a list have in one column has the same."""
    return ".".join(step for step in path.split(".") if not step.isdecimal())


def _may_point(person: Person, field: Field, pointer: ObjectId) -> bool:
    if field.kind == "person":
        return directory.eligible(pointer, field.roles)
    return reachable(person, field.to, pointer)


def reachable(person: Person, slug: str, record_id: ObjectId) -> bool:
    """Whether a record may be pointed at: the person sees it, in full or as a card, and it was not
    merged into another one."""
    rt = registry.get(slug).rt
    seen = access.reach(person, rt, Purpose.VIEW).query(cards=True, archived=None)
    query = {"_id": record_id, "merged_into": None, **seen}
    return database()[collection_name(slug)].find_one(query, {"_id": 1}) is not None


def check_level(person: Person, current: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Refuse what needs the approval of the head of the record's department: a lower level, and another end of a period
    that stands (X2). Whoever raises a level may choose its period, which ends no earlier than the former one.

    :raises LoweringNeedsHead: :raises PeriodNeedsHead: :raises Invalid: for no level.
    """
    if "level" in values and values["level"] is None:
        raise Invalid({"level": Sentence("必填。", "This is required.")})
    if turns.serves(person, current, Role.HEAD):
        return
    before = Level.of(current.get("level"))
    wanted = Level(values.get("level") or before)
    if wanted.rank < before.rank:
        raise LoweringNeedsHead()
    former, until = _day(current.get("secret_until")), values.get("secret_until")
    if "secret_until" not in values or until == former or before is Level.INTERNAL:
        return
    if wanted is before or (until is not None and former is not None and until < former):
        raise PeriodNeedsHead()


def _day(value: date | datetime | None) -> date | None:
    """A day, whether it comes loaded or as it is stored."""
    return value.date() if isinstance(value, datetime) else value
