"""What is done in the demonstration, as a list of steps in the order of their times.

Everything is decided before the first step is taken, so that a step may be taken again when a transaction has to be.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from typing import Any, Protocol

from bson import ObjectId

from backoffice.demonstration.scans import one_page
from models import records, store
from models.attachment import service as attachment
from models.person.roles import Person

SCAN_BYTES = 64 * 1024


@dataclass(frozen=True)
class Made:
    """Stands for the id of the record that was made under a key."""

    key: str


@dataclass(frozen=True)
class Someone:
    """Stands for the id of one of the cast."""

    key: str


@dataclass(frozen=True)
class Scan:
    """Stands for a small file that whoever acts attaches."""

    name: str


OWNER = "owner"
"""Acts for whoever owns the record."""


@dataclass(frozen=True)
class Kept:
    """Where a record made under a key is found again."""

    slug: str
    id: ObjectId
    number: str


@dataclass
class World:
    """Who acts and what has been made so far."""

    people: Mapping[str, Person] = field(default_factory=dict)
    made: dict[str, Kept] = field(default_factory=dict)

    def values(self, raw: Mapping[str, Any], who: Person, at: datetime) -> dict[str, Any]:
        """Form values with the ids of what stands in them; scans are stored."""
        return {name: self._value(value, who, at) for name, value in raw.items()}

    def _value(self, value: Any, who: Person, at: datetime) -> Any:
        if isinstance(value, Made):
            return self.made[value.key].id
        if isinstance(value, Someone):
            return self.people[value.key].id
        if isinstance(value, Scan):
            page = BytesIO(one_page(value.name))
            return [attachment.put(page, value.name, person=who, now=at, limit=SCAN_BYTES)]
        if isinstance(value, Mapping):
            return self.values(value, who, at)
        if isinstance(value, list):
            return [self._value(one, who, at) for one in value]
        return value

    def actor(self, who: str, key: str) -> Person:
        """One of the cast by key, or the owner of the record kept under `key`."""
        if who != OWNER:
            return self.people[who]
        kept = self.made[key]
        owner = store.fetch(kept.slug, kept.id)["owner"]
        return next(person for person in self.people.values() if person.id == owner)

    def keep(self, key: str, slug: str, record: Mapping[str, Any]) -> None:
        """Remember a record under a key."""
        self.made[key] = Kept(slug, record["_id"], record["number"])


class Step(Protocol):
    """One thing that happens. `alone` steps are set work that cannot share a transaction; they may be repeated."""

    @property
    def at(self) -> datetime: ...

    @property
    def alone(self) -> bool: ...

    def take(self, world: World) -> None:
        """Do it."""


@dataclass(frozen=True)
class Act:
    """A person makes, changes or moves a record: `do` is `create`, `change`, `archive` or a move's name."""

    at: datetime
    who: str
    slug: str
    key: str
    do: str
    values: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""
    alone: bool = field(default=False, init=False)

    def take(self, world: World) -> None:
        """Through the same use cases as the screens, with the rights of whoever acts."""
        person = world.actor(self.who, self.key)
        raw = world.values(self.values, person, self.at)
        if self.do == "create":
            world.keep(self.key, self.slug, records.create(person, self.slug, raw, now=self.at))
            return
        kept = world.made[self.key]
        rev = store.fetch(self.slug, kept.id)["rev"]
        if self.do == "archive":
            records.set_archived(person, self.slug, kept.number, True, rev=rev, now=self.at, note=self.note)
            return
        if self.do == "change":
            records.change(person, self.slug, kept.number, raw, rev=rev, now=self.at, note=self.note)
            return
        records.move(person, self.slug, kept.number, self.do, raw, rev=rev, now=self.at, note=self.note, fresh=True)


@dataclass(frozen=True)
class Deed:
    """Something else that happens."""

    at: datetime
    run: Callable[[World], None]
    alone: bool = False

    def take(self, world: World) -> None:
        """Do it."""
        self.run(world)
