"""A field of a record, and what it may say about itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from models.declarations.words import Choice, Label
from models.person.roles import Role


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
    `copied_from`: rules take its value over from what the record points to, written `reference.field`, the first that
    applies; when that record is destroyed, the copies go with it (D2).
    `gathered` on a reference: the record is gathered under another one and tells nothing of it, so that it does not
    follow the level of that (X1); for types that come with the product only.
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
    copied_from: tuple[str, ...] = ()
    gathered: bool = False
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
