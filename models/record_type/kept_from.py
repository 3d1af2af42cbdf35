"""Whether a definition opens fields to people from whom the version before, or the last one that had the field, kept
them (E034): by `viewers`, or because the record concerns them (`withheld`, X8).

Both are read as plain data, as in `exposure`: what makes no sense was open to nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from config.database import database
from models import store
from models.checks.finding import Finding
from models.declarations import RecordType
from models.record import collection_name
from models.record_type.exposure import SECRET, items, words
from models.record_type.fitting import unfit
from models.record_type.plain import to_plain

KEPT = "kept_from"
"""Where a stored type notes for whom its fields are, those that were taken out too: their values are there."""
NOBODY = "-"
"""A viewer that no role is."""
FILLED: dict[str, Any] = {"$nin": [None, "", []]}


@dataclass
class Kept:
    """For whom fields are (`viewers`, none for whoever reads the record), which are `withheld`, from whom (`concerns`),
    and the states in which they are not any more (`final`)."""

    viewers: dict[str, set[str]] = field(default_factory=dict)
    withheld: dict[str, bool] = field(default_factory=dict)
    concerns: list[Mapping[str, Any]] = field(default_factory=list)
    final: set[str] = field(default_factory=set)


def noted(rt: RecordType, row: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """What a stored type notes of its fields once a definition is in force: the last that was said of each."""
    kept = _known(row, to_plain(rt))
    return [
        {"name": name, "viewers": sorted(viewers), "withheld": kept.withheld[name]}
        for name, viewers in kept.viewers.items()
    ]


def opened(rt: RecordType, row: Mapping[str, Any] | None, secret: Mapping[str, Any] = SECRET) -> Iterator[Finding]:
    """What of a definition opens to more people than before what stored records hold, or held once: of those above
    internal, that `secret` names, fields for some roles (X3), of those that are open fields that are withheld (X8)."""
    if row is None:
        return
    now, before = _kept(to_plain(rt)), _known(row, row["definition"])
    for name, viewers in now.viewers.items():
        known = before.viewers.get(name, set())
        if known and not (viewers and viewers <= known) and _is_held(rt, name, secret):
            en = "a record above internal holds or held a value for it: more people would read it than before"
            yield unfit(rt, name, "密级高于内部的记录有或曾有此值，将对更多人可见。", en)
    withheld = [name for name, is_withheld in before.withheld.items() if is_withheld]
    still_open = {"state": {"$nin": sorted(before.final)}}
    for name in withheld:
        if not now.withheld.get(name, True) and _is_held(rt, name, still_open):
            yield _tells(rt, name)
    fewer = not all(any(_covers(one, other) for one in now.concerns) for other in before.concerns)
    if fewer and any(_is_held(rt, name, still_open) for name in withheld):
        yield _tells(rt, "concerns")
    for state in sorted(now.final - before.final):
        if before.concerns and any(_is_held(rt, name, {"state": state}) for name in withheld):
            yield _tells(rt, f"workflow.{state}")


def _tells(rt: RecordType, place: str) -> Finding:
    en = "an open record holds or held what is withheld: whom it concerns would read it"
    return unfit(rt, place, "未办结的记录有或曾有保密内容，涉及人员将能看到。", en)


def _known(row: Mapping[str, Any] | None, definition: Any) -> Kept:
    """What is known of all fields that a stored type has or had, by a definition of it as far as that has them."""
    kept = Kept()
    before = [*items(row, KEPT), *items(row.get("definition"), "fields")] if row is not None else []
    for one in before:
        kept.viewers[str(one.get("name"))] = _viewers(one)
        kept.withheld[str(one.get("name"))] = one.get("withheld") is True
    last = _kept(definition)
    return Kept(kept.viewers | last.viewers, kept.withheld | last.withheld, last.concerns, last.final)


def _kept(definition: Any) -> Kept:
    kept = Kept(concerns=list(items(definition, "concerns")))
    for one in items(definition, "fields"):
        kept.viewers[str(one.get("name"))] = _viewers(one)
        kept.withheld[str(one.get("name"))] = one.get("withheld") is True
    flow = definition.get("workflow") if isinstance(definition, Mapping) else None
    kept.final = {str(one.get("value")) for one in items(flow, "states") if one.get("final") is True}
    return kept


def _viewers(one: Mapping[str, Any]) -> set[str]:
    found = words(one, "viewers")
    return {NOBODY} if found is None else set(found)


def _covers(now: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    """Whether a concern names everybody whom another one names."""
    rows = not now.get("by") or (
        now.get("by") == before.get("by") and set(words(before, "values") or ()) <= set(words(now, "values") or ())
    )
    return rows and now.get("field") == before.get("field") and (now.get("until") or "") in ("", before.get("until"))


def _is_held(rt: RecordType, name: str, which: Mapping[str, Any]) -> bool:
    """Whether one of some records holds a value for a field, or held one in the past."""
    collection = database()[collection_name(rt.slug)]
    if collection.find_one({**which, name: FILLED}, {"_id": 1}) is not None:
        return True
    changes = {"$elemMatch": {"field": name, "$or": [{"before": FILLED}, {"after": FILLED}]}}
    near = {"localField": "_id", "foreignField": "_id", "pipeline": [{"$match": dict(which)}, {"$project": {"_id": 1}}]}
    steps: list[dict[str, Any]] = [
        {"$match": {"type": rt.slug, "changes": changes}},
        {"$group": {"_id": "$record"}},
        {"$lookup": {"from": collection.name, **near, "as": "near"}},
        {"$match": {"near": {"$ne": []}}},
        {"$limit": 1},
    ]
    return any(True for _ in database()[store.VERSIONS].aggregate(steps))
