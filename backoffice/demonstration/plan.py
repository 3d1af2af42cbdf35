"""What is done in the demonstration, as a list of steps in the order of their times.

Everything is decided before the first step is taken, so that a step may be taken again when a transaction has to be.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from bson import ObjectId

from models import records, store
from models.person.roles import Person


@dataclass(frozen=True)
class Made:
    """Stands for the id of the record that was made under a key."""

    key: str


@dataclass(frozen=True)
class Someone:
    """Stands for the id of one of the cast."""

    key: str


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

    def value(self, value: Any) -> Any:
        """A value with the ids that stand in it."""
        if isinstance(value, Made):
            return self.made[value.key].id
        if isinstance(value, Someone):
            return self.people[value.key].id
        return value

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
    """A person makes, changes or moves a record: `do` is `create`, `change` or a transition's name."""

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
        person = world.people[self.who]
        raw = {name: world.value(value) for name, value in self.values.items()}
        if self.do == "create":
            world.keep(self.key, self.slug, records.create(person, self.slug, raw, now=self.at))
            return
        kept = world.made[self.key]
        rev = store.fetch(self.slug, kept.id)["rev"]
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
