"""A record type as a whole."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from models.declarations.fields import Field, Group
from models.declarations.rights import Concern, Held, Rights
from models.declarations.times import Cadence, Due, Reminding, Retention
from models.declarations.words import Label, Level
from models.declarations.workflow import Workflow

OWNER = Label("负责人", "Owner")
ASKER = Label("申请人", "Asked by")


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


@dataclass(frozen=True, kw_only=True)
class RecordType:
    """A record type: everything that screens, rights, search, history, export and jobs need to know.

    `number` is a pattern such as `KH-{year}-{seq:06d}`; `title` names the field that names the record; `kept_by` is
    the department that keeps the records (empty: the creator's); `due` names the date or date-time field that is the
    record's deadline in My work; `foreign` the field with the record's number in another system, by which an import
    knows a row again. `retention` and `cadence` say how long records are kept and when they are reviewed; `deadlines`
    which dates follow from others on the working calendar, and `reminding` when people are reminded of the one in
    `due`; `concerns` from whom `withheld` fields are kept, `held` who has something of a
    record in hand. `narrowed` names fields by which lists are filtered
    together, those of few values first: they share an index, by which any two of them find their few records. `seldom`
    names fields by which lists are filtered now and then and never sorted: they share an index instead of having one
    each, as each index of a type makes every save of a record slower.
    `owner` is what its records' owner is called in lists, forms, filters and files; `asker`, on the sheets of those
    who decide, whoever made the record.
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
    held: Held | None = None
    retention: Retention | None = None
    cadence: Cadence | None = None
    deadlines: tuple[Due, ...] = ()
    reminding: Reminding | None = None
    related: tuple[Related, ...] = ()
    views: tuple[View, ...] = ()
    narrowed: tuple[str, ...] = ()
    seldom: tuple[str, ...] = ()
    help: Label | None = None
    owner: Label = OWNER
    asker: Label = ASKER
    version: int = 1
    by_name: dict[str, Field] = field(init=False, repr=False, compare=False, hash=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {f.name: f for f in self.fields})

    def called(self, fields: tuple[Field, ...]) -> tuple[Field, ...]:
        """The engine's own fields as this type calls them: its `owner`."""
        if self.owner == OWNER:
            return fields
        return tuple(replace(f, label=self.owner) if f.name == "owner" else f for f in fields)

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return isinstance(other, RecordType) and self.slug == other.slug and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash((self.slug, self.version))
