"""Whether a person may change a record as it stands (X2).

What is settled or in the archive nobody changes. Its level alone goes up: raising one is free in whatever state a
record is, and changes nothing of what was settled.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from models import access, ownership, turns
from models.access import Purpose
from models.declarations import Level, RecordType
from models.errors import Forbidden, Invalid, Refusal, Sentence
from models.person.roles import Person, Role
from models.secrecy import written_basis

OF_LEVEL = frozenset({"level", "level_basis", "secret_until"})
"""What is said with a level."""


class Settled(Forbidden):
    """A record in a frozen or final state, or in the archive, which the person might change otherwise."""

    code = "unchangeable"
    zh, en = "按其当前状态，该记录不能修改。", "In its present state the record cannot be changed."


class InArchive(Settled):
    """A record in the archive is restored before it is changed."""

    zh, en = "该记录已归档，须先恢复才能修改。", "The record is archived. It must be restored before it can be changed."


class Concerned(Forbidden):
    """Whom an open record concerns changes nothing of it, but adds to what they wrote themselves (X8)."""

    code = "concerns_you"
    zh, en = "该记录涉及您本人，您不能修改。", "This record concerns you: you may not change it."


class MergedAway(Refusal):
    """A record that was merged into another one comes back by taking the merge back."""

    code, status = "merged_away", 409
    zh, en = (
        "该记录已并入另一份记录，如需恢复，请撤销合并。",
        "This record was merged into another one. To bring it back, take the merge back.",
    )


def can(person: Person, rt: RecordType, record: Mapping[str, Any], purpose: Purpose) -> bool:
    """Whether the person may use this stored record for a purpose. Archived records are restored before editing."""
    return usable(rt, access.reach(person, rt, purpose), record, purpose)


def usable(rt: RecordType, reach: access.Reach, record: Mapping[str, Any], purpose: Purpose) -> bool:
    """`can` for whoever asks of many records of a type, with the person's reach for the purpose."""
    if purpose is Purpose.EDIT and (record.get("archived_at") or _settled(rt, record)):
        return False
    if purpose is Purpose.EDIT and not reach.changes(record["acl"]):
        return False
    return reach.sees(record["acl"]) == "full"


def raises_alone(person: Person, rt: RecordType, record: Mapping[str, Any]) -> bool:
    """Whether a stored record is one of which the person may raise the level, and change nothing else (X2)."""
    return may_raise(person, rt, record) and not can(person, rt, record, Purpose.EDIT)


def check_raise(record: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """:raises Settled: when the values do not raise the level. :raises Invalid: when there is no basis for it (X1)."""
    if Level.of(values.get("level")).rank <= Level.of(record.get("level")).rank:
        raise Settled()
    if not values.get("level_basis", written_basis(record)):
        raise Invalid({"level_basis": Sentence("请填写定密依据。", "Give the basis of the level.")})


def check_changeable(person: Person, rt: RecordType, record: Mapping[str, Any]) -> None:
    """:raises Forbidden: when the person may not change the record's fields. :raises Settled: when nobody may now.
    :raises MergedAway: :raises Concerned:"""
    check_usable(rt, access.reach(person, rt, Purpose.EDIT), record, Purpose.EDIT)


def check_usable(rt: RecordType, reach: access.Reach, record: Mapping[str, Any], purpose: Purpose) -> None:
    """:raises Forbidden: when the person may not use the record for that. :raises Settled: when nobody may now.
    :raises MergedAway: :raises Concerned:"""
    if reach.sees(record["acl"]) != "full":
        raise Forbidden()
    if not usable(rt, reach, record, purpose):
        if record.get("merged_into") is not None:
            raise MergedAway()
        if record.get("archived_at"):
            raise InArchive()
        raise Settled() if _settled(rt, record) else Concerned()


def is_raise(names: Collection[str]) -> bool:
    """Whether a change of these fields is one of the level, and of nothing else."""
    return "level" in names and OF_LEVEL.issuperset(names)


def may_raise(person: Person, rt: RecordType, record: Mapping[str, Any]) -> bool:
    """Whether it is for the person to raise the level of a stored record: for its owner, and for the custodian and the
    head of its department, who read it without a card. What was merged into another record is raised with that."""
    if not rt.classified or record.get("merged_into") is not None or not access.within_token(person, rt, writing=True):
        return False
    if Level.of(record.get("level")) is Level.TOP_SECRET or not access.reads_to_act(person, rt, record["acl"]):
        return False
    return ownership.answers_for(person, rt, record) or turns.serves(person, record, Role.HEAD)


def _settled(rt: RecordType, record: Mapping[str, Any]) -> bool:
    state = access.state_of(rt, record)
    return state is not None and (state.final or state.frozen)
