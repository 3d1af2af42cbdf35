"""Single conditions of a list, by which index each can be looked up, and how many records it holds for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from time import monotonic
from typing import Any, NamedTuple

from bson import MinKey
from pymongo.errors import ExecutionTimeout, OperationFailure

from config.database import database, in_transaction
from models.declarations import RecordType
from models.record import LIST_PREFIX, NARROWED_INDEX, SELDOM_INDEX, collection_name, indexes, list_path

Condition = dict[str, Any]

FEW_HITS = 300
"""So many records are fetched and sorted for one page as soon as looked for along an order."""
PIECES, WHOLE = "grams", "blind"
"""What is derived of a record's texts: pieces of them, and tokens of encrypted ones."""
EXACTLY = frozenset({"$eq", "$in"})
NARROWS = frozenset({"$eq", "$in", "$gt", "$gte", "$lt", "$lte", "$elemMatch"})
NO_SUCH_INDEX = 2  # BadValue: "hint provided does not correspond to an existing index"
PATIENCE_MS = 200
"""What takes longer to count counts as many."""
BELIEVED_SECONDS = 60.0
MOST_REMEMBERED = 5000


class Hits(NamedTuple):
    """For how many records a condition holds, up to one more than `FEW_HITS`, and how far `back` the numbers of those
    reach that were counted. Of two conditions the one that holds for fewer is the smaller: of two pieces of text that
    are too many to be counted, the one that has as many records only with older ones."""

    many: int
    back: str = ""


_NOT_ASKED = Hits(0), 0.0
_hits: dict[tuple[str, str], tuple[Hits, float]] = {}
"""For how many records a condition holds, whoever may read them, and until when that is believed. It decides by which
way a page is read, never what is on it."""


@dataclass(frozen=True)
class Single:
    """One condition of several that must all hold. `index` is the one that knows its records, '' where there is none;
    `spare`: a piece of text, beside a comparison with the text that holds for nothing else."""

    condition: Condition
    index: str = ""
    spare: bool = False


def singles(rt: RecordType, parts: Iterable[Condition]) -> list[Single]:
    """The single conditions of some compiled ones, groups of which all must hold opened."""
    known = _by_first_field(rt)
    return [Single(one, _index(known, one), spare) for one, spare in _opened(parts)]


def hits(rt: RecordType, conditions: Sequence[Condition]) -> list[Hits]:
    """For how many records each condition holds. Asks for `FEW_HITS` and one index keys of each, all in one question,
    once a minute."""
    collection = collection_name(rt.slug)
    keys = [(collection, repr(one)) for one in conditions]
    now = monotonic()
    remembered = [_hits.get(key, _NOT_ASKED) for key in keys]
    found = [known for known, _ in remembered]
    unknown = [at for at, (_, until) in enumerate(remembered) if until <= now]
    if unknown:
        counted = _counted(collection, [conditions[at] for at in unknown])
        if len(_hits) >= MOST_REMEMBERED:
            _hits.clear()
        for at, known in zip(unknown, counted, strict=True):
            found[at] = known
            _hits[keys[at]] = known, now + BELIEVED_SECONDS
    return found


def together(rt: RecordType, found: Iterable[Single]) -> Single | None:
    """Those of some conditions that the index over several fields answers at once; None for fewer than two of them.

    Between the values that are asked for, the database leaps over those of fields about which nothing is said.
    """
    exact = {}
    for one in found:
        for name, value in one.condition.items():
            if name in rt.narrowed and (not isinstance(value, dict) or EXACTLY.issuperset(value)):
                exact[name] = value
    if len(exact) < 2:
        return None
    return Single({rt.narrowed[0]: {"$gte": MinKey()}} | exact, NARROWED_INDEX)


def joint_hits(rt: RecordType, joint: Single) -> int:
    """The count of `hits`, for what `together` gave."""
    key = collection_name(rt.slug), repr(joint.condition)
    (count, _back), until = _hits.get(key, _NOT_ASKED)
    if until <= monotonic():
        limits: dict[str, Any] = {} if in_transaction() else {"maxTimeMS": PATIENCE_MS}
        try:
            count = database()[key[0]].count_documents(joint.condition, hint=joint.index, limit=FEW_HITS + 1, **limits)
        except ExecutionTimeout:
            count = FEW_HITS + 1
        except OperationFailure as failure:
            if failure.code != NO_SUCH_INDEX:
                raise
            count = FEW_HITS + 1
        _hits[key] = Hits(count), monotonic() + BELIEVED_SECONDS
    return count


def forget() -> None:
    """Ask anew what was asked before."""
    _hits.clear()


def _opened(parts: Iterable[Condition]) -> Iterator[tuple[Condition, bool]]:
    for part in parts:
        if set(part) != {"$and"}:
            yield part, False
            continue
        inner = part["$and"]
        compared = any("$regex" in value for one in inner for value in one.values() if isinstance(value, dict))
        for one, spare in _opened(inner):
            yield one, spare or (compared and PIECES in one)


@lru_cache(maxsize=500)
def _by_first_field(rt: RecordType) -> dict[str, str]:
    """The index of each field that lists are filtered by, and of what is derived of texts."""
    shared = (NARROWED_INDEX, SELDOM_INDEX)
    made = [model.document for model in indexes(rt) if model.document["name"] not in shared]
    wanted = [one for one in made if one["name"].startswith(LIST_PREFIX) or one["name"] in (PIECES, WHOLE)]
    own = {next(iter(one["key"])): one["name"] for one in wanted}
    return {list_path(field): SELDOM_INDEX for field in rt.fields if field.name in rt.seldom} | own


def _index(known: dict[str, str], condition: Condition) -> str:
    if len(condition) != 1:
        return ""
    ((name, value),) = condition.items()
    index = known.get(name, "")
    if index == SELDOM_INDEX and _empty(value):
        return ""
    if isinstance(value, dict) and not NARROWS.issuperset(value):
        begins = "$regex" in value and value["$regex"].startswith("^")
        return index if begins else ""
    return index


def _empty(value: Any) -> bool:
    """Whether what has no value is asked for, alone or beside others."""
    asked = list(value.values()) if isinstance(value, dict) else [value]
    return any(one is None or (isinstance(one, list) and None in one) for one in asked)


def _counted(collection: str, conditions: Sequence[Condition]) -> list[Hits]:
    first, *others = (_stages(at, one) for at, one in enumerate(conditions))
    unions = [{"$unionWith": {"coll": collection, "pipeline": stages}} for stages in others]
    limits: dict[str, Any] = {} if in_transaction() else {"maxTimeMS": PATIENCE_MS}
    try:
        rows = list(database()[collection].aggregate([*first, *unions], **limits))
    except ExecutionTimeout:
        return [Hits(FEW_HITS + 1)] * len(conditions)
    found = {row["_id"]: Hits(row["count"], row["back"]) for row in rows}
    return [found.get(at, Hits(0)) for at in range(len(conditions))]


def _stages(at: int, condition: Condition) -> list[Condition]:
    """Read from the keys of an index alone, at whose end the number stands where it is asked for: of pieces of text."""
    back = "$number" if PIECES in condition else {"$literal": ""}
    told = {"_id": {"$literal": at}, "count": {"$sum": 1}, "back": {"$min": back}}
    return [{"$match": condition}, {"$limit": FEW_HITS + 1}, {"$group": told}]
