"""What a person may do to many records at once, and to which of them: the rights of a single change, asked per record.

Pure but for the declarations: records come as they are stored, refusals go out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from models import access, changeable, moves, records
from models.access import Purpose
from models.bulk_change import rules
from models.bulk_change.document import Kind
from models.bulk_change.refusals import AlreadySo, FieldNotYours, NoSuchAct
from models.declarations import Field, RecordType, Transition
from models.errors import NotFound
from models.person.roles import Person, Role
from models.record_input import check_level
from models.sights import Locked

Record = Mapping[str, Any]


@dataclass(frozen=True)
class Offer:
    """Something that may be done to many records: `move` for moves of the workflow. `fields` are filled in once for
    all of them; `reason`: it must be said why."""

    kind: Kind
    move: Transition | None = None
    fields: tuple[Field, ...] = ()
    reason: bool = False

    @property
    def name(self) -> str:
        """How forms call it."""
        return f"{self.kind.value}-{self.move.name}" if self.move else self.kind.value

    @property
    def asks(self) -> bool:
        """Whether something is to be filled in before the preview."""
        return bool(self.fields) or self.reason


def offers(person: Person, rt: RecordType, *, archived: bool = False) -> list[Offer]:
    """What the person may try on a list of records in use, or archived; each record is asked again."""
    found = []
    if access.reach(person, rt, Purpose.VIEW).nothing:
        return []
    if not archived:
        found += _changes(person, rt)
    if access.reach(person, rt, Purpose.ARCHIVE).also:
        found.append(Offer(Kind.RESTORE) if archived else Offer(Kind.ARCHIVE, reason=True))
    if not archived and rt.workflow is not None:
        found += [made for t in rt.workflow.transitions if (made := _move(person, rt, t)) is not None]
    return found


def offer(person: Person, rt: RecordType, name: str) -> Offer:
    """The offer that a form calls so. :raises NoSuchAct:"""
    both = [*offers(person, rt), *offers(person, rt, archived=True)]
    found = next((one for one in both if one.name == name), None)
    if found is None:
        raise NoSuchAct()
    return found


def _changes(person: Person, rt: RecordType) -> list[Offer]:
    if not access.reach(person, rt, Purpose.EDIT).also:
        return []
    fields = records.form_fields(person, rt)
    settable = rules.settable(rt, fields)
    owner = tuple(field for field in fields if field.name == rules.OWNER)
    found = [Offer(Kind.CHANGE, fields=settable)] if settable else []
    return found + ([Offer(Kind.HAND_OVER, fields=owner)] if owner else [])


def _move(person: Person, rt: RecordType, transition: Transition) -> Offer | None:
    """A move that may be made on many: no signature, which is given to one thing that was read, and nothing asked that
    differs from record to record."""
    asked = records.asked_fields(rt, transition)
    if transition.signature or not all(rules.safe(field) for field in asked):
        return None
    if not moves.reads_asked(person, rt, transition):
        return None
    if not any(whose not in Role._value2member_map_ or person.has(Role(whose)) for whose in transition.by):
        return None
    return Offer(Kind.MOVE, transition, asked, transition.reason)


class Judge:
    """Says of each stored record whether the person may do it, as a single change would; for `Allowed`."""

    def __init__(
        self,
        person: Person,
        rt: RecordType,
        kind: Kind,
        values: Mapping[str, Any],
        *,
        move: Transition | None = None,
        undoing: bool = False,
    ) -> None:
        self.person, self.rt, self.kind, self.values, self.undoing = person, rt, kind, values, undoing
        self.transition = move
        self.view = access.reach(person, rt, Purpose.VIEW)
        self.purpose = Purpose.ARCHIVE if kind in (Kind.ARCHIVE, Kind.RESTORE) else Purpose.EDIT
        self.reach = access.reach(person, rt, self.purpose)

    def __call__(self, record: Record) -> None:
        """:raises NotFound: :raises Locked: :raises Settled: and what else a single change is refused with."""
        seen = self.view.sees(record["acl"])
        if not seen:
            raise NotFound()
        if seen == "card":
            raise Locked()
        if self.transition is not None:
            refusal = moves.why_not(self.person, self.rt, self.transition, record)
            if refusal is not None:
                raise refusal
            check_level(self.person, record, self.values)
            return
        if self._raises(record):
            changeable.check_raise(record, self.values)
        else:
            changeable.check_usable(self.rt, self.reach, record, self.purpose)
        if self.purpose is Purpose.EDIT:
            self._fields(record)
        elif record.get("merged_into") is not None:
            raise records.MergedAway()
        elif bool(record.get("archived_at")) is (self.kind is Kind.ARCHIVE) and not self.undoing:
            raise AlreadySo()

    def _raises(self, record: Record) -> bool:
        """Whether it is to raise the level of what nobody changes any more (X2)."""
        meant = self.kind is Kind.CHANGE and changeable.is_raise(self.values)
        return meant and changeable.raises_alone(self.person, self.rt, record)

    def _fields(self, record: Record) -> None:
        allowed = {field.name for field in records.form_fields(self.person, self.rt, record)}
        for name in self.values:
            if name not in allowed and (field := self._known(name)) is not None:
                raise FieldNotYours(field)
        check_level(self.person, record, self.values)

    def _known(self, name: str) -> Field | None:
        known = {field.name: field for field in (*self.rt.fields, *self.rt.called(records.PLACING))}
        return known.get(name)
