"""Transitions: which moves a person may make on a record, for whom, and why not the others. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from models import access, ownership, turns
from models.declarations import Label, Level, RecordType, Transition
from models.errors import Forbidden, Refusal
from models.person.roles import MANAGING_EN, MANAGING_ZH, Person

READER = "reader"
"""Whoever reads a record may make such a move, if a grant opens it too: to ask for the loan of an original (K4). So may
they take back what they asked for (`takes_back`)."""


class NotNow(Refusal):
    """The record is in a state in which this move does not exist, or it is not this person's move."""

    code, status = "not_now", 409
    zh, en = "当前状态下不能执行“{move}”。", "“{move}” is not possible in the present state."

    def of(self, move: Label) -> NotNow:
        """The same said of another move."""
        return type(self)(**{**self.params, "move": move})


class NotYourOwn(Refusal):
    """Nobody approves, reviews or signs what they themselves requested."""

    code, status = "not_your_own", 403
    zh, en = "不能审批或签署本人提出的事项。", "You may not approve or sign what you requested yourself."


class SignedAlready(Refusal):
    """Two signatures are of two people where a deputy gave one of them, or one came to its signer because nobody
    signed in time."""

    code, status = "signed_already", 403
    zh, en = (
        "您本人或被代理人已在前一步签署，须由他人签署这一步。",
        "You, or the person you stand in for, signed a step before this one. Somebody else has to sign this one.",
    )


class InPersonOnly(Refusal):
    """What opens something top secret is signed in person."""

    code, status = "in_person_only", 403
    zh, en = (
        "涉及绝密，须由本人签署，不能代理。",
        "This is about something top secret: it is signed in person, not by a deputy.",
    )


class OriginalByCard(Refusal):
    """What may be read on screen alone does not leave the cabinet either (X4)."""

    code, status = "original_by_card", 403
    zh = f"您只能在屏幕上查看此合同；提取原件须先办理打印用途的借阅（限{MANAGING_ZH}）。"
    en = f"You may read this contract on screen only; to take its original out, borrow it to print ({MANAGING_EN})."


class NeedsFreshSignIn(Refusal):
    """Signatures need a sign-in of the last five minutes."""

    code, status = "needs_fresh_sign_in", 403
    zh, en = "签署前请重新验证身份。", "Please confirm who you are before signing."


def signed_already(
    person: Person, rt: RecordType, move: Transition, record: Mapping[str, Any], given: Iterable[Mapping[str, Any]]
) -> bool:
    """Whether the person may not give a signature that is theirs (`moves`) because of an earlier one (ADR 16).

    Of the signatures since the record was last handed in, no two are one person's where a deputy gave one of them, or
    one came to its signer because nobody signed in time (`climbed`): whoever signs now, for themselves or for somebody,
    gave none before, nor had one given for them. Who signed for a level that was silent still gives the signature that
    is their own, once somebody else has signed in between. `given` are the last moves of the record, newest first.
    """
    if not move.signature or rt.workflow is None:
        return False
    own = why_not(person, rt, move, record) is None
    behalf = None if own else deputed(person, rt, move, record)
    climbed = by_climbing(behalf or person, rt, move, record)
    signatures = {t.name for t in rt.workflow.transitions if t.signature}
    signing, between = {person.id, behalf.id if behalf is not None else None}, False
    for row in given:
        if row["action"] not in signatures:
            return False
        if signing.isdisjoint({row["by"], row.get("behalf")} - {None}):
            between = True
        elif (
            behalf is not None
            or climbed
            or row.get("behalf") is not None
            or (row.get("climbed", False) and not between)
        ):
            return True
    return False


def is_plain(move: Transition) -> bool:
    """Whether a move is made at once: nothing is asked, signed or to be explained."""
    return not (move.asks or move.reason or move.signature or move.tone == "bad")


def moves(person: Person, rt: RecordType, record: Mapping[str, Any]) -> list[Transition]:
    """The transitions that are the person's on a record that they read in full, in declared order: their own, and those
    of whom they stand in for; none while the record concerns them, nor for whom it concerns (X8). Which of them they
    gave up by an earlier signature, `signed_already` says."""
    if rt.workflow is None or record.get("archived_at") or _concerns(person, rt, record):
        return []
    return [move for move in rt.workflow.transitions if _is_theirs(person, rt, move, record)]


def _is_theirs(person: Person, rt: RecordType, move: Transition, record: Mapping[str, Any]) -> bool:
    if why_not(person, rt, move, record) is None:
        return True
    behalf = deputed(person, rt, move, record)
    return behalf is not None and not _concerns(behalf, rt, record)


def why_not(person: Person, rt: RecordType, transition: Transition, record: Mapping[str, Any]) -> Refusal | None:
    """Why the person may not make the move in their own right; None when they may."""
    if record.get("state") not in transition.source or record.get("archived_at"):
        return NotNow(move=transition.label)
    if person.read_only or not _reads(person, rt, transition, record.get("acl") or ()):
        return Forbidden()
    if transition.takes_out and stays(person, rt, record):
        return OriginalByCard()
    if ownership.OWNER in transition.asks and not ownership.may_hand_on(person, rt, record):
        return Forbidden()
    if not _may(person, rt, transition, record) or not _reads_sheet(person, rt, transition, record):
        return Forbidden()
    if _asked(person, rt, transition, record):
        return NotYourOwn()
    return None


def stays(person: Person, rt: RecordType, record: Mapping[str, Any]) -> bool:
    """Whether a stored record is not to be had on paper by the person: one above internal that they may not print."""
    internal = Level.of(record.get("level")) is Level.INTERNAL
    return not internal and access.keeps_to_screen(person, rt, record.get("acl") or ())


def _reads(person: Person, rt: RecordType, transition: Transition, acl: Collection[str]) -> bool:
    """Whether the person reads enough of a record to make the move: what they asked for is taken back by its card."""
    if transition.takes_back and access.reach(person, rt, access.Purpose.VIEW).sees(acl):
        return True
    return access.reads_to_act(person, rt, acl, by_grant=READER in transition.by)


def reads_asked(person: Person, rt: RecordType, transition: Transition) -> bool:
    """Whether the person reads every field that a move asks for: they would see, or write over, what it holds (X6)."""
    asked = (rt.by_name[name] for name in transition.asks if name in rt.by_name)
    return all(not field.viewers or person.has(*field.viewers) for field in asked)


def _reads_sheet(person: Person, rt: RecordType, transition: Transition, record: Mapping[str, Any]) -> bool:
    """Whether the sheet would show only what the person reads: nothing that is kept from them because it concerns them,
    and nothing that is for others' roles."""
    held = any(rt.by_name[name].withheld for name in transition.asks if name in rt.by_name)
    return reads_asked(person, rt, transition) and not (held and _concerns(person, rt, record))


def _concerns(person: Person, rt: RecordType, record: Mapping[str, Any]) -> bool:
    """Whether a record concerns the person, who decides nothing about it."""
    return bool(rt.concerns) and access.reach(person, rt, access.Purpose.VIEW).withholds(record.get("acl") or ())


def deputed(person: Person, rt: RecordType, transition: Transition, record: Mapping[str, Any]) -> Person | None:
    """For whom the person may make the move as a deputy; None when for nobody. Only signatures are given for others,
    and neither who asked signs, for whomever, nor the deputy of who asked in their name, nor who does not read
    themselves what the sheet asks for."""
    if not transition.signature or access.beyond_deputies(record) or not reads_asked(person, rt, transition):
        return None
    if _asked(person, rt, transition, record):
        return None
    for one in person.stands_in:
        if not one.covers(rt.slug) or why_not(one.principal, rt, transition, record) is not None:
            continue
        if _may(one.handed, rt, transition, record):
            return one.principal
    return None


def _asked(person: Person, rt: RecordType, transition: Transition, record: Mapping[str, Any]) -> bool:
    """Whether the move is not the person's because they asked for what it decides (People), or as the move says."""
    kept_from = rt.workflow.kept_from(transition) if rt.workflow is not None else ()
    return any(_is(person, whose, record) for whose in kept_from)


def _may(person: Person, rt: RecordType, transition: Transition, record: Mapping[str, Any]) -> bool:
    """Whether the move is theirs: declared so, or come to them because nobody signed in time."""
    state = access.state_of(rt, record)
    climbed = turns.climbed_to(state, record) if state is not None and transition.signature else ()
    return any(_falls_to(person, rt, whose, record) for whose in (*transition.by, *climbed))


def by_climbing(person: Person, rt: RecordType, transition: Transition, record: Mapping[str, Any]) -> bool:
    """Whether a signature is somebody's only because nobody signed in time."""
    state = access.state_of(rt, record)
    if state is None or not transition.signature or not turns.climbed_to(state, record):
        return False
    before = {**record, "climbed": None}
    return not any(_falls_to(person, rt, whose, before) for whose in transition.by)


def _falls_to(person: Person, rt: RecordType, whose: str, record: Mapping[str, Any]) -> bool:
    """Whether a move that is for `whose` is this person's to make. Who is named by a field that asks for a role has to
    have it still."""
    if whose == "turn":
        state = access.state_of(rt, record)
        waits_for = turns.awaited(state, record) if state is not None else ()
        return any(_falls_to(person, rt, one, record) for one in waits_for)
    if whose == "creator" and record.get("creator_left"):
        return any(_falls_to(person, rt, one, record) for one in turns.successors(record))
    if whose == "owner" and not turns.owns(person, rt, record):
        return False
    return _is(person, whose, record) and turns.still(person, rt, whose)


def _is(person: Person, whose: str, record: Mapping[str, Any]) -> bool:
    """Whether `whose` (a role, `owner`, `creator`, `reader` or a person field) means this person; by a role in which
    people serve their own department, on its records."""
    if whose == READER:
        return True
    if turns.is_role(whose):
        return turns.holds(person, turns.of_department(whose, record.get("department")))
    key = "created_by" if whose == "creator" else whose
    return person.id is not None and record.get(key) == person.id
