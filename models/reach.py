"""How far a person gets with the records of a type: the tokens that they hold, as a filter and as an answer about one
record. Pure; `access` makes them."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import Any

from models.classified import PAST
from models.declarations import Relation

ARCHIVED = "~"
"""Stands before the tokens of archived records, so that lists of records in use never walk past them."""


class Purpose(StrEnum):
    """What a record is wanted for."""

    VIEW = "view"
    PRINT = "print"
    EXPORT = "export"
    EDIT = "edit"
    ARCHIVE = "archive"
    MERGE = "merge"


READING = frozenset({Purpose.VIEW, Purpose.PRINT, Purpose.EXPORT})

NONE: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Reach:
    """How far a person gets with a record type for a purpose: tokens that open a record in full, tokens that open
    only its card, for changes, tokens of which a second one is needed, those under which the `withheld` fields of a
    record are kept from the person whom it is `about`, and of `card` those by which they have something in hand
    (`held`)."""

    full: frozenset[str]
    card: frozenset[str] = frozenset()
    also: frozenset[str] | None = None
    about: frozenset[str] = frozenset()
    held: frozenset[str] = frozenset()

    @property
    def nothing(self) -> bool:
        """Whether no record can be reached but those that the person signed once, which lead to nothing else."""
        return not without(self.full | self.card, PAST)

    @property
    def without_cards(self) -> Reach:
        """The same reach for what is seen in full only."""
        return replace(self, card=frozenset())

    @cached_property
    def to_act(self) -> Reach:
        """The same reach for what the person may have something to do with: not what they signed once and have nothing
        else to do with."""
        return replace(self, full=without(self.full, PAST))

    @property
    def of_work(self) -> Reach:
        """The same reach for what can be the person's work: what they may act on, and the card of what they hold."""
        return replace(self.to_act, card=self.held)

    def holds(self, acl: Iterable[str]) -> bool:
        """Whether the person has something in hand of a record with these tokens."""
        return bool(self.held) and not self.held.isdisjoint(one.removeprefix(ARCHIVED) for one in acl)

    def withholds(self, acl: Iterable[str]) -> bool:
        """Whether a record with these tokens concerns the person, who does not read its `withheld` fields."""
        return bool(self.about) and not self.about.isdisjoint(one.removeprefix(ARCHIVED) for one in acl)

    def changes(self, acl: Iterable[str]) -> bool:
        """Whether the person may change a record with these tokens as far as it concerns them: what concerns somebody
        is theirs to change where they wrote it themselves."""
        if not self.withholds(acl):
            return True
        held = {one.removeprefix(ARCHIVED) for one in acl}
        own = (one for one in self.also or NONE if one.split("|", 2)[1] == Relation.CREATOR.value)
        return not held.isdisjoint(own)

    def not_about(self) -> dict[str, Any]:
        """The database filter for the records whose `withheld` fields the person reads."""
        return {"acl": {"$nin": sorted(prefix + one for one in self.about for prefix in ("", ARCHIVED))}}

    def query(self, *, cards: bool = False, archived: bool | None = False) -> dict[str, Any]:
        """The database filter for the records reached in full and, when asked, as cards. Records in use only, archived
        ones only, or (None) both."""
        first = _holding(self.full, self.card if cards else NONE, archived)
        return first if self.also is None else {"$and": [first, _holding(self.also, NONE, archived)]}

    def sees(self, acl: Iterable[str]) -> str:
        """`full`, `card` or '' for a record with these tokens."""
        if self.also is None and not self.full.isdisjoint(acl):
            return "full"
        held = {one.removeprefix(ARCHIVED) for one in acl}
        if not held.isdisjoint(self.full) and (self.also is None or not held.isdisjoint(self.also)):
            return "full"
        return "card" if not held.isdisjoint(self.card) else ""


def without(tokens: Iterable[str], relations: Container[str]) -> frozenset[str]:
    """Some tokens without those of these relations."""
    return frozenset(one for one in tokens if one.split("|", 2)[1] not in relations)


def _holding(tokens: frozenset[str], more: frozenset[str], archived: bool | None) -> dict[str, Any]:
    return {"acl": {"$in": list(_in_order(tokens, more, archived))}}


@lru_cache(maxsize=5000)
def _in_order(tokens: frozenset[str], more: frozenset[str], archived: bool | None) -> tuple[str, ...]:
    prefixes = {False: ("",), True: (ARCHIVED,), None: ("", ARCHIVED)}[archived]
    return tuple(sorted(prefix + one for one in tokens | more for prefix in prefixes))


def token(level: str, relation: Relation, whom: object = "") -> str:
    """One fact about a record, as stored in `acl`."""
    return f"{level}|{relation.value}|{whom}"
