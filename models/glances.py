"""Many records of a type as one person may see them, each with no more than a list shows of it (X3, X6)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from models import access, listed
from models.access import ARCHIVED, Reach
from models.declarations import Field, RecordType
from models.kinds import kind_of, loaded
from models.masking import masked
from models.person.roles import Person
from models.record import SYSTEM_FIELDS
from models.sights import Sight

Load = Callable[[Any], Any]

STANDING = ("level", "owner", "state", "due_at", "archived_at")
"""What every row is told of a record that is read in full."""


class Glances:
    """Reads the stored records of a page: what `sights.sight` says, for some fields only.

    `fields` are those wanted, the engine's own among them; what the person may not read of them is left out, and what
    lists do not show of classified records is empty there. `names` are the stored fields that a page has to be fetched
    with.
    """

    def __init__(self, person: Person, rt: RecordType, reach: Reach, fields: Iterable[Field]) -> None:
        own = {f.name for f in SYSTEM_FIELDS}
        visible = {f.name for f in access.visible_fields(person, rt)}
        wanted = {f.name: f for f in (rt.by_name[rt.title], *fields)}
        self.rt = rt
        self.fields = tuple(f for f in wanted.values() if f.name in own or f.name in visible)
        self.card = tuple(f for f in wanted.values() if f.card and f.name in rt.by_name)
        self.names = tuple(dict.fromkeys((*wanted, *STANDING)))
        self._loads = [(f.name, _load(f)) for f in self.fields if f.name in rt.by_name]
        self._kept_back = frozenset(f.name for f in self.fields if f.name in rt.by_name) - listed.shown(rt)
        self._plain = tuple(dict.fromkeys((*STANDING, *(f.name for f in self.fields if f.name in own))))
        self._masks = [(f.name, _on_card(f)) for f in self.card]
        self._full = _either_way(reach.full)
        self._card = _either_way(reach.card)
        self._reach, self._open = reach, tuple(f for f in self.fields if not f.withheld)
        self._also = None if reach.also is None else _either_way(reach.also)

    def of(self, son: Mapping[str, Any]) -> Sight | None:
        """A stored record as the person may see it; None when it does not exist for them."""
        acl = son.get("acl") or ()
        get = son.get
        if not self._full.isdisjoint(acl) and (self._also is None or not self._also.isdisjoint(acl)):
            values = {name: get(name) for name in self._plain}
            kept_back = self._kept_back if listed.is_classified(self.rt, get("level")) else ()
            for name, load in self._loads:
                value = None if name in kept_back else get(name)
                values[name] = None if value is None else load(value)
            if self._reach.withholds(acl):
                values |= {f.name: None for f in self.fields if f.withheld}
                return Sight(self.rt, son["_id"], son["number"], True, values, self._open)
            return Sight(self.rt, son["_id"], son["number"], True, values, self.fields)
        if self._card.isdisjoint(acl):
            return None
        values = {name: None if (value := get(name)) is None else show(value) for name, show in self._masks}
        values["level"], values["owner"] = get("level"), get("owner")
        return Sight(self.rt, son["_id"], son["number"], False, values, self.card)


def _either_way(tokens: Iterable[str]) -> frozenset[str]:
    """Tokens as records in use and archived ones carry them."""
    return frozenset(prefix + one for one in tokens for prefix in ("", ARCHIVED))


def _load(field: Field) -> Load:
    if field.kind in ("embedded", "embedded_list"):
        return lambda value: loaded(field, value)
    return kind_of(field).load


def _on_card(field: Field) -> Load:
    """How the locked card shows a value: as it is, or as a masked text; a pointer that would be masked, not at all."""
    load, kind = _load(field), kind_of(field)
    if field.card != "masked":
        return load
    if field.kind in ("person", "reference"):
        return lambda _value: None
    return lambda value: masked(kind.text(field, load(value), "zh"))
