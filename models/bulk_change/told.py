"""What a person is told of a bulk change: records before and after, those that stay as they are and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson import ObjectId

from config.database import database
from models import access, names, registry, store
from models.access import Purpose
from models.bulk_change import selection, service, writing
from models.bulk_change.document import LINES, Line, Plan, Said, State
from models.declarations import Field, RecordType
from models.errors import Sentence
from models.exchange.writing import Column, stream_csv, told
from models.names import Names
from models.person.roles import Person
from models.record import collection_name
from models.sights import Sight, sight

SAMPLED = 10
SHOWN_LINES = 200
AT_ONCE = 500
HIDDEN_SYSTEM = ("level_set_by", "secret_until")
"""Follow from the level by themselves."""


@dataclass(frozen=True)
class Sample:
    """A record as it is and as it would be: each field that changes, with the values."""

    sight: Sight
    changes: tuple[tuple[Field, Any, Any], ...]


def sample(person: Person, plan: Plan, now: datetime) -> list[Sample]:
    """The first records of a previewed plan that would change, in the order of the list, as the person sees them."""
    rt = registry.get(plan.type).rt
    values = service.values_of(rt, plan, now)
    wanted = [writing.Change(record, rev, values) for record, rev in selection.first_targets(plan.id)[: 5 * SAMPLED]]
    judge = service.judge_of(person, rt, plan, values)
    outcomes = writing.prepared(plan.type, wanted, service.act_of(rt, plan), actor=person, now=now, allowed=judge)
    changing = [one for one in outcomes if one.stores][:SAMPLED]
    seen = _sights(person, rt, [one.record for one in changing])
    shown = shown_fields(person, rt)
    made = []
    for one in changing:
        draft, before = one.draft, one.draft.before if one.draft else None
        if draft is None or before is None or one.record not in seen:
            continue
        changed = tuple((f, before.get(f.name), draft.values.get(f.name)) for f in shown if f.name in draft.changed)
        made.append(Sample(seen[one.record], changed))
    return made


def _sights(person: Person, rt: RecordType, ids: Iterable[ObjectId]) -> dict[ObjectId, Sight]:
    """Records as the person sees them, by id; those that do not exist for them are left out."""
    reach = access.reach(person, rt, Purpose.VIEW)
    found = database()[collection_name(rt.slug)].find({"_id": {"$in": list(ids)}}, {"grams": 0, "haystack": 0})
    seen = {son["_id"]: sight(person, rt, reach, son) for son in found}
    return {record: one for record, one in seen.items() if one is not None}


def shown_fields(person: Person, rt: RecordType) -> tuple[Field, ...]:
    """The fields whose change a preview shows: those that the person reads, and the engine's own."""
    return (*access.visible_fields(person, rt), *(f for f in store.OPEN_SYSTEM if f.name not in HIDDEN_SYSTEM))


def names_in(person: Person, samples: Iterable[Sample], language: str) -> Names:
    """The names that some samples need."""
    rows: list[tuple[tuple[Field, ...], Mapping[str, Any]]] = []
    for one in samples:
        rows += [((f,), {f.name: value}) for f, before, after in one.changes for value in (before, after)]
        rows.append((one.sight.fields, one.sight.values))
    return names.resolve(person, rows, language=language)


def step_of(plan: Plan) -> str:
    """Whose lines count: those of the check, or of the run."""
    return "check" if plan.state in (State.DRAFT, State.CHECKING, State.CHECKED) else "run"


def lines(plan: Plan, kind: Said, limit: int = SHOWN_LINES) -> list[Line]:
    """The first records about which something is said in the present step."""
    wanted = {"plan": plan.id, "step": step_of(plan), "kind": kind.value}
    return [Line.read(row) for row in database()[LINES].find(wanted).sort("record", 1).limit(limit)]


def numbers(person: Person, rt: RecordType, ids: Iterable[ObjectId]) -> dict[ObjectId, str]:
    """The numbers of those records that the person sees, if only as a card."""
    reach = access.reach(person, rt, Purpose.VIEW)
    query = {"$and": [{"_id": {"$in": list(ids)}}, reach.query(cards=True, archived=None)]}
    return {son["_id"]: son["number"] for son in database()[collection_name(rt.slug)].find(query, {"number": 1})}


def field_label(person: Person, rt: RecordType, name: str, language: str) -> str:
    """How a reason's field is called; '' for the record, and for a field that is not the person's to know of."""
    known = (*access.visible_fields(person, rt), *store.OPEN_SYSTEM)
    return next((f.label.text(language) for f in known if f.name == name), "")


def rejects(person: Person, plan: Plan, language: str) -> Iterator[bytes]:
    """The records that stayed as they are, with the reasons, as CSV; numbers only of those that the person sees."""
    chinese = language.startswith("zh")
    titles = ("编号", "未办理原因") if chinese else ("Number", "Why it stayed as it is")
    return stream_csv([Column(title) for title in titles], _rows(person, plan, language))


def _rows(person: Person, plan: Plan, language: str) -> Iterator[tuple[str, str]]:
    rt = registry.get(plan.type).rt
    cursor = database()[LINES].find({"plan": plan.id, "step": step_of(plan)}).sort([("kind", 1), ("record", 1)])
    batch: list[Line] = []
    for row in cursor:
        batch.append(Line.read(row))
        if len(batch) == AT_ONCE:
            yield from _told(person, rt, batch, language)
            batch = []
    yield from _told(person, rt, batch, language)


def _told(person: Person, rt: RecordType, batch: list[Line], language: str) -> Iterator[tuple[str, str]]:
    known = numbers(person, rt, [line.record for line in batch])
    for line in batch:
        reasons = [(field_label(person, rt, name, language), Sentence(zh, en)) for name, zh, en in line.reasons]
        yield known.get(line.record, names.HIDDEN), told(reasons, language)
