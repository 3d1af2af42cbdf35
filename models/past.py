"""Restoring what a record held in a former version: as a new version, by the same rights and rules as any change.

Only the declared fields come back. Level, owner, state and archive are never restored this way, and a field that the
person may not see or change stays as it is; the preview says which.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from models import access, records, sealing, store
from models.access import Purpose
from models.calendar import SHANGHAI, local
from models.declarations import Field
from models.errors import Forbidden, Invalid, NotFound, Sentence
from models.kinds import UNDECLARED, Kept, plain
from models.kinds.standing import NESTED, stays
from models.person.roles import Person
from models.record_input import read_input, told_in_sight
from models.records import Sight

ACTION = "restore_version"
NOTED = "%Y-%m-%d %H:%M"
"""How the note of a restored version names the former one: by its moment in Shanghai."""
BY_RULES = Sentence("由系统按规则填写。", "Set by rules.")
UNREADABLE = Sentence("当时的内容无法读取。", "What it held then cannot be read.")
NOT_YOURS = Sentence("您不能修改此字段。", "Not yours to change.")


@dataclass(frozen=True)
class Back:
    """A field that would be restored: what it holds now, and what it held."""

    field: Field
    now: Any
    then: Any


@dataclass(frozen=True)
class Stays:
    """A field that differs and would stay as it is, and why."""

    field: Field
    why: Sentence


@dataclass(frozen=True)
class Restoration:
    """What restoring a version would do. `version` is the stored version: rev, at, by_name and more; `veiled` says that
    fields, not named, stay because the record was meanwhile more secret than the person may read (X6)."""

    version: Mapping[str, Any]
    back: tuple[Back, ...]
    stays: tuple[Stays, ...]
    veiled: bool


def preview(person: Person, found: Sight, rev: int) -> Restoration:
    """What restoring version `rev` of a record that was read in full would change, and what would stay.

    :raises NotFound: for a version that there is not, or is the present one, or was more secret than the person reads.
    :raises Forbidden: when the person may not change the record.
    """
    current = store.fetch(found.rt.slug, found.id)
    if not 0 < rev < current["rev"]:
        raise NotFound()
    if not records.can(person, found.rt, current, Purpose.EDIT):
        raise Forbidden()
    version = records.versions_of(found, 0, rev - 1)[-1]
    if version["rev"] != rev or version["masked"]:
        raise NotFound()
    then = records.as_it_was(found, current, rev).values
    own = [f for f in found.fields if f.computed is None]
    differing = [f for f in own if f.name in then and then[f.name] != current[f.name]]
    judged = [_judged(person, found, f, current, then[f.name]) for f in differing]
    back = tuple(one for one in judged if isinstance(one, Back))
    stays = tuple(one for one in judged if isinstance(one, Stays))
    return Restoration(version, back, stays, veiled=any(f.name not in then for f in own))


def _judged(person: Person, found: Sight, field: Field, current: Mapping[str, Any], value: Any) -> Back | Stays:
    """Whether a field may take the value back that it held."""
    if any(sealing.unopened_in([value])):
        return Stays(field, UNREADABLE)
    if not field.editable:
        return Stays(field, BY_RULES)
    if field not in access.editable_fields(person, found.rt):
        return Stays(field, NOT_YOURS)
    raw = [row["file"] for row in value or ()] if field.kind == "files" else _sent_again(field, value, current)
    kept = {**current, field.name: value} if field.kind == "files" else current
    try:
        read = read_input(person, (field,), {field.name: raw}, current=kept)
    except Invalid as wrong:
        return Stays(field, next(iter(wrong.problems.values())))
    return Back(field, current[field.name], read[field.name])


def _sent_again(field: Field, value: Any, current: Mapping[str, Any]) -> Any:
    """A former value as somebody would send it. Its rows hold beside their declared fields what they held then."""
    sent = stays(field, plain(field, value), current[field.name])
    if field.kind not in NESTED or not value:
        return sent
    several = field.kind == "embedded_list"
    rows = zip(sent if several else [sent], value if several else [value], strict=True)
    made = [{**row, UNDECLARED: Kept(held.get(UNDECLARED))} for row, held in rows]
    return made if several else made[0]


def moment_noted(version: Mapping[str, Any]) -> datetime | None:
    """Of which moment a version restored what was held then; None for one that restored nothing."""
    if version["action"] != ACTION or not version.get("note"):
        return None
    return datetime.strptime(version["note"], NOTED).replace(tzinfo=SHANGHAI)


def restore(person: Person, found: Sight, rev: int, *, seen: int, now: datetime) -> dict[str, Any]:
    """Store what version `rev` held as the next version and return the record. `seen` is the version that the person
    compared with.

    :raises StaleRecord: when the record was changed since `seen`. :raises Invalid: when a rule refuses the values.
    :raises NotFound: :raises Forbidden: as `preview`.
    """
    wanted = preview(person, found, rev)
    values = {one.field.name: one.then for one in wanted.back}
    note = local(wanted.version["at"]).strftime(NOTED)
    with told_in_sight(person, found.rt, values):
        return store.change(found.rt.slug, found.id, values, actor=person, now=now, rev=seen, action=ACTION, note=note)
