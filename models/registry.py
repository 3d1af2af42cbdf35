"""The record types that are in force, with the behaviour that a declaration cannot hold; and those out of force of
which records are kept. Nobody reaches these; what follows from others (levels, owners who left, merges, destruction)
reaches them all the same, so that they are as they are to be when their type is in force again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from bson import ObjectId

from models.calendar import Deadline, WorkingCalendar
from models.declarations import Label, RecordType, Transition, When
from models.errors import Invalid, NotFound, Refusal, Sentence
from models.person.roles import Person
from models.record import Record, build


@dataclass
class Draft:
    """A write on its way: what was stored, what is wanted, who wants it.

    Hooks read `before` (None on create) and change `values` (declared and system fields, loaded form).
    `action` is `create`, `change`, `archive`, `restore` or a transition's name; `note` the person's reason.
    `behalf` is the person for whom a deputy signs. `given` names what the writer set, so that a hook can tell a choice
    from a default. `nearby` holds records that this one points to and that were read already, by id: for a set they are
    read together. A transition's hook may set another `state` than its declared target, for moves that wait for a
    second signature. `owner_left` is the department that its new owner has left, where they are taken over from another
    record (`ownership.hand_down`): whoever is given a record is its owner. `stored` is the document that the write has
    stored, for what follows it; `key` the one that its encrypted values are sealed under, once it is known (`sealing`).
    """

    rt: RecordType
    action: str
    before: Mapping[str, Any] | None
    values: dict[str, Any]
    actor: Person
    now: datetime
    note: str = ""
    transition: Transition | None = None
    given: frozenset[str] = frozenset()
    behalf: Person | None = None
    nearby: dict[ObjectId, Mapping[str, Any]] = field(default_factory=dict)
    problems: dict[str, Sentence] = field(default_factory=dict)
    stored: Mapping[str, Any] = field(default_factory=dict)
    key: UUID | None = None
    owner_left: str | None = None

    @property
    def changed(self) -> set[str]:
        """The names whose values differ from what was stored."""
        if self.before is None:
            return {name for name, value in self.values.items() if value is not None}
        return {name for name, value in self.values.items() if value != self.before.get(name)}

    def touches(self, names: Iterable[str]) -> bool:
        """Whether one of these values differs from what was stored: `changed` for whoever asks about few."""
        before = self.before or {}
        return any(self.values.get(name) != before.get(name) for name in names)

    def problem(self, path: str, zh: str, en: str) -> None:
        """Refuse the write because of the field at `path`; all problems are reported together."""
        self.problems[path] = Sentence(zh, en)

    def check(self) -> None:
        """:raises Invalid: when a problem was noted."""
        if self.problems:
            raise Invalid(self.problems)


UNDER_WAY = timedelta(seconds=30)
"""A process takes over a changed type or calendar before its next request or job. What it has begun goes by the former
one, for so long at most; whoever puts stored records right after a change waits for the end of that."""


@dataclass(frozen=True)
class MoveSheet:
    """The sheet of a move as somebody opens it: the stored record, the move, who makes it, and for whom as a deputy."""

    values: Mapping[str, Any]
    action: str
    person: Person
    behalf: Person | None


Hook = Callable[[Draft], None]
Needs = Mapping[str, When | None]
Keys = Callable[[Mapping[str, Any]], Iterable[str]]
Reckoning = Callable[[Mapping[str, Any], WorkingCalendar], Deadline | None]


@dataclass(frozen=True)
class Called:
    """What a record is called where the name of its type says too little: a word for the stored value of a field."""

    by: str
    label: Callable[[Any], Label]


@dataclass(frozen=True)
class Hooks:
    """A type's own behaviour. `prepare` runs before a write is stored: it derives values and notes problems.
    `after` runs in the same transaction, once the record is stored; `values["_id"]` is then set.
    `keys` derives the terms under which services find a record again (F7); nobody reads or queries them.

    For sets (an import): `share_out` settles at once, in the rows' values, what `prepare` would ask the database for
    each, and keeps what it counted in a memory that is the same for all parts of the set; `for_sets` says what stands
    for a hook of `after` when many new records are stored at once; `known` names, for each row, the number of a record
    that it may repeat, among those that the person reads in full; `forget` clears what `after` left of records that are
    taken back.

    `deadlines` reckons the type's deadlines that a declaration cannot say, by field: it explains them, and they are
    reckoned again when the calendar changes; `prepare` sets them.

    For forms: `alike` names, among what the person may see, the records that a new one may repeat (each with `sight`
    and `reasons`); `lacks` says what looks wrong or is missing on a record, refusing nothing; `opens` tells whoever
    signs what the signature would open or let out; `rests_on` names what of other records the decision hangs on beside
    that, such as their versions, which the sheet need not say (`move_sheet.facts`); `only_refused` says of a stored
    record why every signature on it would fail as things are, so that its sheet offers a refusal alone; `tells` says
    what of other records, as far as the person could print them, helps to write the record, and keeps nothing of it;
    `warns` says what other records, as far as the person reads them, speak against a record that they read, refusing
    nothing; `beside` are stages that add to a document `{record: ...}` what `warns` would ask the database for: what
    they found is given with the record where there is such a document.

    `leads` names the state to which a person's move leads, where it is another than the declared one. `needs` names
    what the rules want filled in on the sheet of a move beyond what the move declares: by field, the condition on
    another field of the sheet, or None where it is always needed. The sheet marks it, the rules refuse it.
    `called` gives the word for a record where people are reminded of it.

    `still_with` says of which pairs of a record and a former owner of it that one still has something that belongs to
    the record and could be given on: as long as there is any, the head is reminded.

    For merges: `merged` settles, before `prepare`, what the surviving record of two takes from the other (given with
    it) beyond what was picked; `adopt` settles what follows for records, of any type, that point to the surviving one
    instead of the merged one (former and surviving record are given with them), in place of those records' own hooks;
    `returned` settles what still holds for one that points to the merged record again (given with it);
    `pairs` names the noted pairs that a person may compare; `part` forgets the pair noted at a number."""

    prepare: tuple[Hook, ...] = ()
    after: tuple[Hook, ...] = ()
    keys: Keys | None = None
    deadlines: Mapping[str, Reckoning] = field(default_factory=dict)
    share_out: Callable[[Sequence[dict[str, Any]], Person, dict[str, Any]], None] | None = None
    for_sets: Mapping[Hook, Callable[[Sequence[Draft]], None]] = field(default_factory=dict)
    known: Callable[[Person, Sequence[Mapping[str, Any]]], Sequence[str]] | None = None
    forget: Callable[[Sequence[ObjectId]], None] | None = None
    alike: Callable[[Person, Mapping[str, Any]], Sequence[Any]] | None = None
    lacks: Callable[[Mapping[str, Any]], Sequence[Sentence]] | None = None
    leads: Callable[[Mapping[str, Any], str, Person], str | None] | None = None
    needs: Callable[[MoveSheet], Needs] | None = None
    called: Called | None = None
    opens: Callable[[Mapping[str, Any]], Sequence[tuple[Label, Sentence]]] | None = None
    rests_on: Callable[[Mapping[str, Any]], Sequence[Sequence[object]]] | None = None
    only_refused: Callable[[Mapping[str, Any]], Refusal | None] | None = None
    tells: Callable[[Person, Mapping[str, Any]], Sequence[Sentence]] | None = None
    warns: Callable[[Person, Mapping[str, Any], Mapping[str, Any]], Sequence[Sentence]] | None = None
    beside: tuple[Mapping[str, Any], ...] = ()
    still_with: Callable[[Set[tuple[ObjectId, ObjectId | None]]], Set[tuple[ObjectId, ObjectId | None]]] | None = None
    merged: Callable[[Draft, Mapping[str, Any]], None] | None = None
    adopt: Callable[[Sequence[Draft], Mapping[str, Any], Mapping[str, Any]], None] | None = None
    returned: Callable[[Draft, Mapping[str, Any]], None] | None = None
    pairs: Callable[[Person], Sequence[Any]] | None = None
    part: Callable[[Person, str, datetime], bool] | None = None


@dataclass(frozen=True)
class Registered:
    """A declaration: its document class and its hooks. `unread` are the words of a stored definition of which not
    everything could be read: it may point to any type that is among them, and copy from its records."""

    rt: RecordType
    document: type[Record]
    hooks: Hooks
    unread: frozenset[str] = frozenset()


@dataclass(frozen=True)
class _Types:
    """The types by slug, those in force and those put by. Never changed, only replaced as a whole: whoever has pinned
    them keeps what they saw."""

    in_force: Mapping[str, Registered] = field(default_factory=dict)
    put_by: Mapping[str, Registered] = field(default_factory=dict)


@dataclass
class _Now:
    types: _Types = field(default_factory=_Types)


_now = _Now()
_pinned: ContextVar[_Types | None] = ContextVar("pinned_types", default=None)


def pin() -> None:
    """Let this context (a request) see the types as they are now, whatever another one brings into force meanwhile."""
    _pinned.set(_now.types)


def unpin() -> None:
    """Let this context see the types as they are at any time again."""
    _pinned.set(None)


@contextmanager
def as_if(rt: RecordType) -> Iterator[None]:
    """Let this context alone see a declaration, without behaviour, as if it were in force; for what is to be done
    before it is."""
    seen = _seen()
    token = _pinned.set(_Types({**seen.in_force, rt.slug: Registered(rt, Record, Hooks())}, seen.put_by))
    try:
        yield
    finally:
        _pinned.reset(token)


def follow() -> None:
    """Pin anew, if this context is pinned: it has changed the types itself."""
    if _pinned.get() is not None:
        pin()


def _seen() -> _Types:
    pinned = _pinned.get()
    return _now.types if pinned is None else pinned


def _replace(slug: str, in_force: Registered | None, put_by: Registered | None) -> None:
    """Let a type be one of both, or none, from one moment to the next."""
    was = _now.types
    _now.types = _Types(_with(was.in_force, slug, in_force), _with(was.put_by, slug, put_by))


def _with(types: Mapping[str, Registered], slug: str, entry: Registered | None) -> Mapping[str, Registered]:
    if entry is None:
        return {known: one for known, one in types.items() if known != slug}
    return {**types, slug: entry}


def register(rt: RecordType, hooks: Hooks | None = None) -> type[Record]:
    """Put a declaration into force and return its document class. Another declaration of the same slug replaces it;
    the very same one, with the same hooks, stays as it is."""
    known = _now.types.in_force.get(rt.slug)
    wanted = hooks or Hooks()
    if known is not None and known.rt is rt and known.hooks == wanted:
        return known.document
    document = build(rt)
    _replace(rt.slug, Registered(rt, document, wanted), None)
    return document


def put_by(rt: RecordType, hooks: Hooks | None = None, unread: frozenset[str] = frozenset()) -> None:
    """Take a type out of force, and keep its declaration for what follows from others (`kept_types`)."""
    _replace(rt.slug, None, Registered(rt, Record, hooks or Hooks(), unread))


def unregister(slug: str) -> None:
    """Take a type out of force and forget it; its records stay stored."""
    _replace(slug, None, None)


def get(slug: str) -> Registered:
    """:raises NotFound: when no type of this slug is in force."""
    try:
        return _seen().in_force[slug]
    except KeyError:
        raise NotFound() from None


def kept(slug: str) -> Registered:
    """A type in force, or one that was put by: for what follows and for what was decided, never for a person who asks.

    :raises NotFound: when no such type is known.
    """
    seen = _seen()
    entry = seen.in_force.get(slug) or seen.put_by.get(slug)
    if entry is None:
        raise NotFound()
    return entry


def all_types() -> tuple[RecordType, ...]:
    """The declarations in force, in the order of their registration."""
    return tuple(entry.rt for entry in _seen().in_force.values())


def kept_types() -> tuple[RecordType, ...]:
    """The declarations in force and those that were put by: all types of which records are kept. What follows asks for
    these, and nothing that a person is shown."""
    return tuple(entry.rt for entry in (*_seen().in_force.values(), *_put_by()))


def not_wholly_read() -> dict[str, frozenset[str]]:
    """The types put by of whose definition not everything could be read, with the words of it."""
    return {entry.rt.slug: entry.unread for entry in _put_by() if entry.unread}


def _put_by() -> Iterator[Registered]:
    seen = _seen()
    return (entry for slug, entry in seen.put_by.items() if slug not in seen.in_force)
