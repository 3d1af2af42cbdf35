"""What a record type says about itself: plain data, no behaviour.

A declaration holds only strings, numbers, tuples and other declarations, so that one kept in the database builds the
same record type as one written in Python. Who reads it: `kinds` (values), `record` (document class), `access`
(rights), `checks` (start-up findings) and `backoffice.screens` (pages).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from models.person.roles import Role


@dataclass(frozen=True)
class Label:
    """A name in both languages."""

    zh: str
    en: str

    def text(self, language: str) -> str:
        """The label in `zh` or, for anything else, English."""
        return self.zh if language.startswith("zh") else self.en


class Level(StrEnum):
    """Confidentiality (X1), lowest first."""

    INTERNAL = "internal"
    SECRET = "secret"
    CONFIDENTIAL = "confidential"
    TOP_SECRET = "top_secret"

    @property
    def rank(self) -> int:
        """0 for internal to 3 for top secret."""
        return list(Level).index(self)


LEVEL_LABELS = {
    Level.INTERNAL: Label("内部", "Internal"),
    Level.SECRET: Label("秘密", "Secret"),
    Level.CONFIDENTIAL: Label("机密", "Confidential"),
    Level.TOP_SECRET: Label("绝密", "Top secret"),
}


class Relation(StrEnum):
    """How a person may stand to a record; each is a token that the record carries in `acl`. `CONCERNED` opens nothing:
    it withholds fields."""

    ANY = "any"
    DEPARTMENT = "dept"
    OWNER = "own"
    CREATOR = "made"
    NAMED = "for"
    TASK = "task"
    ASSIGNED = "turn"
    SIGNING = "sign"
    GRANT = "grant"
    CONCERNED = "about"


@dataclass(frozen=True)
class Rule:
    """People in `relation` to a record, holding one of `roles` (empty: whatever their role), at these levels."""

    relation: Relation
    roles: tuple[Role, ...] = ()
    levels: tuple[Level, ...] = tuple(Level)


TONES = ("neutral", "info", "good", "warn", "bad")
"""How a choice, a state or a move is shown: by weight, not by colour."""


@dataclass(frozen=True)
class Choice:
    """One value of a choice field or one state. `tone`: neutral, info, good, warn or bad. `below`: the choices of a
    tree choice that are parts of this one."""

    value: str
    label: Label
    tone: str = "neutral"
    below: tuple[Choice, ...] = ()


@dataclass(frozen=True)
class When:
    """A condition on a record: the field `field` (or `state`) holds one of `values`, written as its kind reads them;
    without values, it is filled in."""

    field: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Formula:
    """How a computed field follows from others: `name` is a derivation of `models.formulas`, `of` the fields it reads,
    declared before it (`parts.amount`: that column of an embedded list)."""

    name: str
    of: tuple[str, ...]


@dataclass(frozen=True)
class Concern:
    """Whom a record concerns: the people in `field`, a person field or such a column of an embedded list
    (`people.person`), there in the rows whose column `by` holds one of `values`."""

    field: str
    by: str = ""
    values: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field of a record.

    `required_when`: must be filled while the condition holds. `computed`: derived at every write, filled by nobody.
    `currencies`: a money field in whose records one of these stands beside the amount; without, all are in `currency`.
    `wanted` counts towards completeness (F3). `card` shows the value on the locked card ("masked" shortens it).
    `viewers`/`editors` narrow the record's own rights to these roles. `withheld`: not read by those whom the record
    concerns, whatever their roles, until it is in a final state. `opens` on a person field: that person reads
    the record while it is internal (X3, salesperson).
    `encrypted`: stored sealed, in history and drafts too; no list shows or sorts by it, and it is found by its whole
    value only, where it is `searchable` or `filterable`.
    A field with `editable` false is set only by rules and transitions.
    """

    name: str
    kind: str
    label: Label
    help: Label | None = None
    group: str = ""
    required: bool = False
    required_when: When | None = None
    wanted: bool = False
    listed: bool = False
    searchable: bool = False
    sortable: bool = False
    filterable: bool = False
    unique: bool = False
    personal: bool = False
    encrypted: bool = False
    editable: bool = True
    card: str = ""
    opens: bool = False
    viewers: tuple[Role, ...] = ()
    editors: tuple[Role, ...] = ()
    withheld: bool = False
    choices: tuple[Choice, ...] = ()
    to: str = ""
    fields: tuple[Field, ...] = ()
    roles: tuple[Role, ...] = ()
    max_length: int = 200
    minimum: int | None = None
    maximum: int | None = None
    places: int = 2
    currency: str = "CNY"
    currencies: tuple[str, ...] = ()
    computed: Formula | None = None
    default: Any = None
    aliases: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.computed is not None:
            object.__setattr__(self, "editable", False)

    def __eq__(self, other: object) -> bool:
        # Fields are looked for among fields all the time, in every row of a list: the name tells most apart.
        if self is other:
            return True
        return isinstance(other, Field) and self.name == other.name and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash((self.name, self.kind))


@dataclass(frozen=True, kw_only=True)
class Group:
    """Fields shown together on form and details."""

    name: str
    label: Label
    columns: int = 2
    folded: bool = False


@dataclass(frozen=True)
class Climb:
    """Where a record goes that waits in a state for too long: after `hours` working hours, a number or the name of a
    value of the policy such as `signature.next_hours`, it waits for `to` (named as in `turn`) as well, who may then
    sign what those before them may."""

    hours: int | str
    to: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class State(Choice):
    """A state of the workflow. `turn` says whose move it is: role values, or names of person fields,
    or `owner`/`creator`; they find the record under My work and may read it while it waits (not top secret).
    `climbs` says to whom it goes on when nobody signs in time, step by step, counted from the state's beginning.
    In a `frozen` state fields change through moves only; a `final` one is frozen and waits for nobody."""

    turn: tuple[str, ...] = ()
    climbs: tuple[Climb, ...] = ()
    final: bool = False
    frozen: bool = False


@dataclass(frozen=True, kw_only=True)
class Transition:
    """A move between states.

    `by`: role values, person field names, `owner`, `creator`, `turn` (whoever the state waits for), or `reader`
    (whoever reads the record in full).
    `not_by`: person fields, `owner` or `creator` whose people may not make this move (nobody signs their own).
    `asks`: fields filled on the sheet; those in `needs` must be given. `reason`: a reason must be given.
    `signature`: an approval or refusal, audited as such; it needs a fresh sign-in, and a deputy may give it for whom
    it waits. One whose tone is `bad` is a refusal and needs a reason.
    A hook may lead to another state than `target`, as when two signatures are wanted in any order.
    """

    name: str
    label: Label
    source: tuple[str, ...]
    target: str
    by: tuple[str, ...]
    not_by: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    reason: bool = False
    signature: bool = False
    tone: str = "neutral"
    main: bool = False
    help: Label | None = None


@dataclass(frozen=True, kw_only=True)
class Workflow:
    """States, the first being the start, and the moves between them."""

    states: tuple[State, ...]
    transitions: tuple[Transition, ...] = ()

    def state(self, value: str) -> State:
        """The declared state. :raises KeyError: when there is none of that name."""
        for state in self.states:
            if state.value == value:
                return state
        raise KeyError(value)

    def signatures(self, state: str) -> tuple[Transition, ...]:
        """The signatures that can be given in a state."""
        return tuple(move for move in self.transitions if move.signature and state in move.source)

    def transition(self, name: str) -> Transition:
        """The declared transition. :raises KeyError: when there is none of that name."""
        for transition in self.transitions:
            if transition.name == name:
                return transition
        raise KeyError(name)


@dataclass(frozen=True, kw_only=True)
class Rights:
    """Who may do what with records of a type; nothing declared means nobody.

    `view` is used only by unclassified types: classified ones are read by X3, the same for all of them. `merge` opens
    nothing by itself: whoever merges two records may edit both.
    """

    create: tuple[Role, ...] = ()
    imports: tuple[Role, ...] = ()
    view: tuple[Rule, ...] = ()
    edit: tuple[Rule, ...] = ()
    archive: tuple[Rule, ...] = ()
    merge: tuple[Rule, ...] = ()
    export: tuple[Rule, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Related:
    """Records of another type that point here through the reference field `via`."""

    slug: str
    via: str


@dataclass(frozen=True, kw_only=True)
class View:
    """A saved view: a tab over the list. `query` is the list's own address query, e.g. `state=open&owner=me`."""

    name: str
    label: Label
    query: str


@dataclass(frozen=True)
class Retention:
    """Records are kept for `months` after the day in the field `after`; until then none is destroyed (D3)."""

    after: str
    months: int


@dataclass(frozen=True)
class Cadence:
    """When a record is to be looked at again: so many months after the day in the field `after`, by the value of the
    field `by` (`months` as pairs of value and months, such as grade A: 6; C3); a value not named needs none."""

    after: str
    by: str
    months: tuple[tuple[str, int], ...]


@dataclass(frozen=True, kw_only=True)
class Due:
    """A deadline that follows from another value: the date or date-time field `field` is `amount` units (`days`,
    `months`, `working_days`, `working_hours`, `working_minutes`) after what the field `after` holds, on the working
    calendar. `amount` is a number, or the name of a value of the policy such as `customer.first_fill_days`; with `by`,
    the value of that field picks the amount from the policy's table or from `amounts`. It holds while `when` does, and
    of several for one field the first that holds counts. A moment in the field `agreed` stands instead.
    """

    field: str
    after: str
    unit: str
    amount: int | str = 0
    by: str = ""
    amounts: tuple[tuple[str, int], ...] = ()
    when: When | None = None
    agreed: str = ""


@dataclass(frozen=True)
class Reminding:
    """How the people of a type's records are reminded of their deadline, instead of as the policy says: so many days
    `before` it, each once, as numbers or as names of values of the policy such as `credit.notice_days`; when it is late
    each working day, or once without `chase`; and the head as well when it is late for `climb` working days."""

    before: tuple[int | str, ...]
    chase: bool = True
    climb: int = 3


@dataclass(frozen=True, kw_only=True)
class RecordType:
    """A record type: everything that screens, rights, search, history, export and jobs need to know.

    `number` is a pattern such as `KH-{year}-{seq:06d}`; `title` names the field that names the record; `kept_by` is
    the department that keeps the records (empty: the creator's); `due` names the date or date-time field that is the
    record's deadline in My work; `foreign` the field with the record's number in another system, by which an import
    knows a row again. `retention` and `cadence` say how long records are kept and when they are reviewed; `deadlines`
    which dates follow from others on the working calendar, and `reminding` when people are reminded of the one in
    `due`; `concerns` from whom `withheld` fields are kept. `narrowed` names fields by which lists are filtered
    together, those of few values first: they share an index, by which any two of them find their few records.
    """

    slug: str
    label: Label
    plural: Label
    icon: str
    menu: str
    number: str
    title: str
    fields: tuple[Field, ...]
    groups: tuple[Group, ...]
    rights: Rights
    classified: bool = False
    default_level: Level = Level.INTERNAL
    kept_by: str = ""
    workflow: Workflow | None = None
    due: str = ""
    foreign: str = ""
    concerns: tuple[Concern, ...] = ()
    retention: Retention | None = None
    cadence: Cadence | None = None
    deadlines: tuple[Due, ...] = ()
    reminding: Reminding | None = None
    related: tuple[Related, ...] = ()
    views: tuple[View, ...] = ()
    narrowed: tuple[str, ...] = ()
    help: Label | None = None
    version: int = 1
    by_name: dict[str, Field] = field(init=False, repr=False, compare=False, hash=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {f.name: f for f in self.fields})

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return isinstance(other, RecordType) and self.slug == other.slug and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash((self.slug, self.version))
