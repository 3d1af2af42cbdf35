"""Who may do what: relations of people to records, rules over them, and whom a record concerns."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from models.declarations.words import Level
from models.person.roles import Role


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
    SIGNED = "signed"
    GRANT = "grant"
    CONCERNED = "about"
    HELD = "held"


@dataclass(frozen=True)
class Rule:
    """People in `relation` to a record, holding one of `roles` (empty: whatever their role), at these levels."""

    relation: Relation
    roles: tuple[Role, ...] = ()
    levels: tuple[Level, ...] = tuple(Level)


SIGNED_VIEW = (
    Rule(Relation.SIGNED, levels=(Level.INTERNAL, Level.SECRET, Level.CONFIDENTIAL)),
    Rule(Relation.SIGNED, (Role.GENERAL_MANAGER,)),
)
"""Whoever signed a request, which holds no content, keeps reading it (ADR 16); one about something top secret only a
general manager, for to others that does not exist (X3)."""


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


@dataclass(frozen=True)
class Concern:
    """Whom a record concerns: the people in `field`, a person field or such a column of an embedded list
    (`people.person`), there in the rows whose column `by` holds one of `values`; each until the list `until`, of
    the same columns, names them and says it better."""

    field: str
    by: str = ""
    values: tuple[str, ...] = ()
    until: str = ""


@dataclass(frozen=True, kw_only=True)
class Held:
    """What somebody has in hand of a record, as the original of a contract: in these `states` whoever the person field
    `by` names sees its card with these `fields`, which say what they have and until when. What else the record holds it
    opens to nobody, nor does the turn of a state that waits for them by that field (K4, X4)."""

    by: str
    states: tuple[str, ...]
    fields: tuple[str, ...]
