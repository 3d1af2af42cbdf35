"""What a person is told of a bulk change: records before and after, those that stay as they are and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson import ObjectId

from config.database import database
from models import access, audit, listed, names, registry, stored_form
from models.access import Purpose
from models.bulk_change import selection, service, writing
from models.bulk_change.document import LINES, Line, Plan, Said, State
from models.declarations import Field, RecordType
from models.errors import Sentence
from models.exchange.writing import Column, stream_csv, told
from models.names import Names
from models.person.roles import Person
from models.reading import service as reading
from models.record import collection_name
from models.sights import Sight, sight

SAMPLED = 10
SHOWN_LINES = 200
AT_ONCE = 500
HIDDEN_SYSTEM = ("level_set_by", "secret_until")
"""Follow from the level by themselves."""
STANDING = frozenset({"level", "owner", "department"})
"""Of the engine's fields those that lists show, too."""
STAYED = Sentence("未办理。", "It stayed as it is.")
"""Stands for reasons that somebody may not know."""


@dataclass(frozen=True)
class Sample:
    """A record as it is and as it would be: each field that changes, with the values."""

    sight: Sight
    changes: tuple[tuple[Field, Any, Any], ...]


def sample(person: Person, plan: Plan, now: datetime) -> list[Sample]:
    """The first records of a previewed plan that would change, in the order of the list, as the person sees them.

    A classified one of which more is shown than lists show is read: it counts, and has an entry of its own (X7).

    :raises NotAudited: when the entries cannot be written.
    :raises TooMuchReading: when the person has read so many records lately that they are to wait.
    """
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
    _note_read(person, rt, made, now)
    return made


def _note_read(person: Person, rt: RecordType, samples: Iterable[Sample], now: datetime) -> None:
    by_lists = listed.shown(rt) | STANDING
    subjects = listed.classified(one.sight for one in samples if any(f.name not in by_lists for f, _, _ in one.changes))
    if subjects:
        reading.count(person, now, records=len(subjects))
    detail = {"purpose": Purpose.VIEW.value, "via": "screen"}
    audit.append_many(Purpose.VIEW.value, person, [(one, ()) for one in subjects], now=now, detail=detail)


def _sights(person: Person, rt: RecordType, ids: Iterable[ObjectId]) -> dict[ObjectId, Sight]:
    """Records as the person sees them, by id; those that do not exist for them are left out."""
    reach = access.reach(person, rt, Purpose.VIEW)
    found = database()[collection_name(rt.slug)].find({"_id": {"$in": list(ids)}}, {"grams": 0, "haystack": 0})
    seen = {son["_id"]: sight(person, rt, reach, son) for son in found}
    return {record: one for record, one in seen.items() if one is not None}


def shown_fields(person: Person, rt: RecordType) -> tuple[Field, ...]:
    """The fields whose change a preview shows: those that the person reads, and the engine's own."""
    own = (f for f in rt.called(stored_form.OPEN_SYSTEM) if f.name not in HIDDEN_SYSTEM)
    return (*access.visible_fields(person, rt), *own)


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


def field_label(person: Person, rt: RecordType, name: str, language: str) -> str:
    """How a reason's field is called; '' for the record, and for a field that is not the person's to know of."""
    known = (*access.visible_fields(person, rt), *rt.called(stored_form.OPEN_SYSTEM))
    return next((f.label.text(language) for f in known if f.name == name), "")


@dataclass(frozen=True)
class Told:
    """What one person is told of a line: the record's number, '' when they may not know it, and the reasons, each with
    its field's label ('' for the record)."""

    number: str
    reasons: tuple[tuple[str, Sentence], ...]


def told_of(person: Person, plan: Plan, rows: Sequence[Line], language: str) -> list[Told]:
    """Some lines as a person may know them, in their order (X6).

    A reason was written for whoever made the plan, and may speak of what the record holds: of a record that the person
    has not in full, and of a field that is not theirs to see, they learn that it stayed as it is. Whoever made the plan
    knows why a record as a whole was refused.
    """
    rt = registry.get(plan.type).rt
    reach = access.reach(person, rt, Purpose.VIEW)
    ids = {"_id": {"$in": [line.record for line in rows]}}
    sons = {son["_id"]: son for son in database()[collection_name(rt.slug)].find(ids, {"number": 1, "acl": 1})}
    made = []
    for line in rows:
        son = sons.get(line.record)
        seen = reach.sees(son["acl"]) if son else ""
        said: dict[tuple[str, Sentence], None] = {}
        for name, zh, en in line.reasons:
            label = field_label(person, rt, name, language)
            open_to = (seen == "full" or plan.owner == person.id) if not name else (seen == "full" and label)
            said[(label, Sentence(zh, en)) if open_to else ("", STAYED)] = None
        made.append(Told(son["number"] if son and seen else "", tuple(said)))
    return made


def summary(person: Person, plan: Plan, kind: Said, language: str) -> list[tuple[int, str, Sentence]]:
    """How many records share a reason, with its field's label, the commonest first. It counts records whatever their
    level, so it is for whoever made the plan; fields that are not theirs to see are left out."""
    if plan.owner != person.id:
        return []
    rt = registry.get(plan.type).rt
    found = [one for one in plan.reasons if one.kind is kind]
    named = [(one, field_label(person, rt, one.field, language)) for one in sorted(found, key=lambda one: -one.count)]
    return [(one.count, label, Sentence(one.zh, one.en)) for one, label in named if label or not one.field]


def rejects(person: Person, plan: Plan, language: str) -> Iterator[bytes]:
    """The records that stayed as they are, with the reasons, as CSV; numbers only of those that the person sees."""
    chinese = language.startswith("zh")
    titles = ("编号", "未办理原因") if chinese else ("Number", "Why it stayed as it is")
    return stream_csv([Column(title) for title in titles], _rows(person, plan, language))


def _rows(person: Person, plan: Plan, language: str) -> Iterator[tuple[str, str]]:
    cursor = database()[LINES].find({"plan": plan.id, "step": step_of(plan)}).sort([("kind", 1), ("record", 1)])
    batch: list[Line] = []
    for row in cursor:
        batch.append(Line.read(row))
        if len(batch) == AT_ONCE:
            yield from _told(person, plan, batch, language)
            batch = []
    yield from _told(person, plan, batch, language)


def _told(person: Person, plan: Plan, batch: list[Line], language: str) -> Iterator[tuple[str, str]]:
    for one in told_of(person, plan, batch, language):
        yield one.number or names.HIDDEN, told(one.reasons, language)
