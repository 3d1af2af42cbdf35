"""What a record is made to point to is held until that is stored: what is done to it in the same moment (another level,
another owner, its removal) conflicts with the write, and the later of the two begins anew and sees the earlier."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Protocol, TypeVar

from bson import ObjectId

from config.database import database
from models.declarations import Field, Level, RecordType
from models.errors import Invalid, Sentence
from models.kinds.picks import Pointer
from models.record import collection_name
from models.registry import Draft

COUNTED_ON = "_counted_on"
"""What of a record changes with `one_at_a_time`; no declared field is called so."""

NO_LONGER_THERE = Sentence(*Pointer.unknown)
"""What a field is told whose record went in the same moment: the same as of one that never was (X6)."""

Found = list[tuple[tuple[str, ObjectId], str]]
"""To what a record points, by type and id, each time with the path of the field that does."""


class Write(Protocol):
    """One of a set; without a draft where it was refused already."""

    @property
    def draft(self) -> Draft | None: ...


W = TypeVar("W", bound=Write)


def one_at_a_time(slug: str, keys: Iterable[Any], by: str = "_id") -> int:
    """Let transactions that are about the same records conflict with each other, and with writes of these records: the
    later one begins anew and sees what the other stored. The versions stay: nobody's edit becomes stale by it. Returns
    how many of them there are."""
    some = {by: {"$in": sorted(keys)}}
    return database()[collection_name(slug)].update_many(some, {"$inc": {COUNTED_ON: 1}}).matched_count


def hold(drafts: Sequence[Draft]) -> list[Invalid | None]:
    """Hold what some writes of one type let their records point to anew, in the transaction that stores them: one
    update for each type that is pointed to, none where nothing is. What a record points to whose level gets lower is
    held too: the level there is the least that it may have.

    Gives for each write the refusal of the fields whose record is gone.
    """
    new = [_pointers(draft.rt, draft.values, draft.before) for draft in drafts]
    least = [_pointers(draft.rt, draft.values, None) for draft in drafts if _gets_lower(draft)]
    by_type: dict[str, set[ObjectId]] = {}
    for slug, record_id in {key for found in (*new, *least) for key, _ in found}:
        by_type.setdefault(slug, set()).add(record_id)
    gone = {(slug, one) for slug, ids in by_type.items() for one in _gone(slug, ids)} if by_type else set()
    return [_refusal(found, gone) for found in new]


def held(writes: Sequence[W], refused: Callable[[W, Invalid], W]) -> list[W]:
    """The writes of a set when what they let records point to is held; `refused` makes what stands for one of which
    that is gone."""
    refusals = iter(hold([one.draft for one in writes if one.draft is not None]))
    made = ((one, next(refusals) if one.draft is not None else None) for one in writes)
    return [one if gone is None else refused(one, gone) for one, gone in made]


def refuse_gone(draft: Draft) -> None:
    """`hold` for one write. :raises Invalid: what it lets its record point to is gone."""
    refusal = hold([draft])[0]
    if refusal is not None:
        raise refusal


def _gone(slug: str, ids: set[ObjectId]) -> set[ObjectId]:
    if one_at_a_time(slug, ids) == len(ids):
        return set()
    rows = database()[collection_name(slug)].find({"_id": {"$in": sorted(ids)}}, {"_id": 1})
    return ids - {row["_id"] for row in rows}


def _refusal(found: Found, gone: set[tuple[str, ObjectId]]) -> Invalid | None:
    problems = {path: NO_LONGER_THERE for key, path in found if key in gone} if gone else {}
    return Invalid(problems) if problems else None


def _gets_lower(draft: Draft) -> bool:
    before = draft.before
    return before is not None and Level.of(draft.values["level"]).rank < Level.of(before["level"]).rank


def _pointers(rt: RecordType, values: Mapping[str, Any], before: Mapping[str, Any] | None) -> Found:
    """To what some values point, and those before did not."""
    fields = [f for f in _pointing(rt) if before is None or values.get(f.name) != before.get(f.name)]
    if not fields:
        return []
    stood = {key for key, _ in _each(fields, before or {})}
    return [(key, path) for key, path in _each(fields, values) if key not in stood]


@lru_cache(maxsize=1000)
def _pointing(rt: RecordType) -> tuple[Field, ...]:
    return tuple(field for field in rt.fields if _points(field))


def _points(field: Field) -> bool:
    return field.kind == "reference" or any(map(_points, field.fields))


def _each(
    fields: Iterable[Field], values: Mapping[str, Any], outer: str = ""
) -> Iterator[tuple[tuple[str, ObjectId], str]]:
    for field in fields:
        value, path = values.get(field.name), outer + field.name
        if field.kind == "reference" and value is not None:
            yield (field.to, value), path
        elif field.kind == "embedded" and value:
            yield from _each(field.fields, value, f"{path}.")
        elif field.kind == "embedded_list":
            for index, row in enumerate(value or ()):
                yield from _each(field.fields, row, f"{path}.{index}.")
