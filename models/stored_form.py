"""The stored form of a record: its values as the database keeps them, and what is stored beside them because it
follows from them. Nothing here reads or writes records; encrypted values are sealed, with keys of the vault.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from bson import CodecOptions, ObjectId, decode, encode

from models import access, registry, sealing
from models.declarations import OWNER, Field, Label, RecordType
from models.kinds import ZONE, loaded, loading, stored, storing
from models.loaded import Loaded, son_of
from models.registry import Draft
from models.search import fold, grams, texts_of

OPEN_SYSTEM: tuple[Field, ...] = (
    Field(name="level", kind="text", label=Label("密级", "Level")),
    Field(name="level_basis", kind="text", label=Label("定密依据", "Basis of level")),
    Field(name="level_set_by", kind="person", label=Label("定密人", "Level set by")),
    Field(name="secret_until", kind="date", label=Label("保密期至", "Secret until")),
    Field(name="department", kind="text", label=Label("部门", "Department")),
    Field(name="owner", kind="person", label=OWNER),
    Field(name="state", kind="text", label=Label("状态", "State")),
    Field(name="archived_at", kind="datetime", label=Label("归档时间", "Archived")),
    Field(name="merged_into", kind="reference", label=Label("并入", "Merged into")),
    Field(name="merged_from", kind="text", label=Label("已并入的记录", "Records merged into it")),
)
"""The system fields that a write may set; the others follow from them."""

ENGINES = (
    "_id",
    "number",
    "rev",
    "due_at",
    "created_at",
    "created_by",
    "updated_at",
    "updated_by",
    "batch",
    "climbed",
    "climbed_from",
    "state_since",
    "in_person",
    "owner_left",
    "creator_left",
    "signers",
)
"""What the engine keeps of a record and gives as it is."""

KEPT = (
    "_id",
    "number",
    "created_at",
    "created_by",
    "batch",
    "granted",
    "climbed",
    "climbed_from",
    "state_since",
    "in_person",
    "owner_left",
    "creator_left",
    "signers",
)
"""What a write of a stored record leaves as it is, if it does not set it."""

CLOSING_HOUR = time(18)
CODEC: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=True)


def fields_of(rt: RecordType) -> tuple[Field, ...]:
    """Every field that a write may set: declared and system ones."""
    return (*rt.fields, *rt.called(OPEN_SYSTEM))


def load(rt: RecordType, son: Mapping[str, Any]) -> dict[str, Any]:
    """A stored record with every declared value loaded; undeclared leftovers are dropped. :raises Unopened:"""
    record = load_to_show(rt, son)
    sealing.refuse_unopened(rt, record)
    return record


def load_to_show(rt: RecordType, son: Mapping[str, Any]) -> dict[str, Any]:
    """`load` for whoever shows a record or decides about it, and writes nothing of it: where something cannot be opened
    stands its refusal, an `Unopened`."""
    plain = sealing.opened(rt, [son])[0] if sealing.sealed_fields(rt) else son
    found = ((name, load, plain.get(name)) for name, load in _loaders(rt))
    record = {name: value if load is None or value is None else load(value) for name, load, value in found}
    return Loaded(record | _engines_own(plain), son)


def _engines_own(son: Mapping[str, Any]) -> dict[str, Any]:
    """What the engine keeps of a record beside the fields that a write may set."""
    record = {name: son.get(name) for name in ENGINES}
    record["acl"] = son.get("acl") or []
    record["granted"] = son.get("granted") or []
    return record


def again(draft: Draft) -> dict[str, Any]:
    """The record as a reading would give it, now that the write of `draft` is stored; nothing is read, and nothing of
    what was sealed is opened, for it."""
    rt, before, values = draft.rt, draft.before or {}, draft.values
    fresh = {f.name: stored(f, values[f.name]) for f in fields_of(rt) if values.get(f.name) != before.get(f.name)}
    # As the database gives it back: moments in milliseconds, no tuples.
    given = {name: draft.stored.get(name) for name in (*ENGINES, "acl", "granted")}
    son = decode(encode(given | fresh), CODEC)
    now = {f.name: loaded(f, son[f.name]) if f.name in fresh else before.get(f.name) for f in fields_of(rt)}
    return now | _engines_own(son)


def new_son(draft: Draft, record_id: ObjectId, number: str, batch: ObjectId | None) -> dict[str, Any]:
    """The stored form of a new record, with what is derived; the draft learns its id and number."""
    draft.values |= {"_id": record_id, "number": number}
    return _with_new(draft, _sealed_son(draft), batch)


def new_sons(drafts: Sequence[Draft], numbers: Sequence[str], batch: ObjectId | None) -> list[dict[str, Any]]:
    """`new_son` for some writes of one type that have their ids: what is encrypted is sealed in one run."""
    for draft, number in zip(drafts, numbers, strict=True):
        draft.values["number"] = number
    sons = [declared_son(draft) for draft in drafts]
    if drafts:
        sealing.take_keys(drafts)
        sealing.seal_sons(drafts[0].rt, [(son, draft.key) for son, draft in zip(sons, drafts, strict=True)])
    return [_with_new(draft, son, batch) for draft, son in zip(drafts, sons, strict=True)]


def renumbered(draft: Draft, son: Mapping[str, Any], number: str) -> dict[str, Any]:
    """The stored form of a new record under another number; what is sealed stays."""
    draft.values["number"] = number
    return _with_new(draft, dict(son), son.get("batch"))


def _with_new(draft: Draft, son: dict[str, Any], batch: ObjectId | None) -> dict[str, Any]:
    """A stored form with what is kept beside the values of a new record."""
    rest = {
        **derived(draft.rt, {**draft.values, "owner_left": draft.owner_left}),
        "owner_left": draft.owner_left,
        "_id": draft.values["_id"],
        "number": draft.values["number"],
        "rev": 1,
        "created_at": draft.now,
        "created_by": draft.actor.id,
        "updated_at": draft.now,
        "updated_by": draft.actor.id,
        "state_since": draft.now,
        "batch": batch,
        "granted": [],
    }
    son.update((name, value) for name, value in rest.items() if value is not None)
    return son


def update_of(draft: Draft) -> dict[str, Any]:
    """The database update that stores a prepared change, with what is derived; what the stored record is known to hold
    already is left out. The draft learns its stored form."""
    before = draft.before or {}
    began: dict[str, Any] = {}
    if draft.values["state"] != before.get("state"):
        began = {"state_since": draft.now, "climbed": None, "climbed_from": None}
    elif before.get("climbed") and _begins_to_climb_anew(draft):
        began = {"climbed": None, "climbed_from": None}
    if draft.values["owner"] != before.get("owner"):
        began["owner_left"] = draft.owner_left
    move = draft.transition
    if move is not None and move.signature:
        # Whose signature it is: a deputy reads what waits, and no more.
        given_for = (draft.behalf or draft.actor).id
        began["signers"] = sorted({*(before.get("signers") or ()), given_for} - {None}) or None
    follows = {
        **derived(draft.rt, {**draft.values, **began}),
        **began,
        "updated_at": draft.now,
        "updated_by": draft.actor.id,
    }
    given = _sealed_son(draft)
    given.update((name, value) for name, value in follows.items() if value is not None)
    gone = [name for name in (*defaults(draft.rt), *follows) if name not in given]
    kept = {name: before.get(name) for name in KEPT if name not in gone}
    draft.stored = {**kept, **given, "rev": before["rev"] + 1}
    known = son_of(before)
    update = {
        "$set": {name: value for name, value in given.items() if name not in known or known[name] != value},
        "$unset": {name: "" for name in gone if name in known or not known},
        "$inc": {"rev": 1},
    }
    return {operator: values for operator, values in update.items() if values}


def _begins_to_climb_anew(draft: Draft) -> bool:
    """Whether a record that goes up when it is late has another deadline, or another owner or department, above whom
    it goes up: it is not late any more, or anew."""
    state, before = access.state_of(draft.rt, draft.values), draft.before or {}
    late = state is not None and any(climb.late for climb in state.climbs)
    of = (draft.rt.due, "owner", "department")
    return late and any(name and draft.values.get(name) != before.get(name) for name in of)


def update_in_clear(draft: Draft) -> dict[str, Any]:
    """The database update that stores a change of a record that is not opened for it: of fields that are not sealed,
    and from which nothing else that is stored follows, as from a pointer."""
    changed = {f.name: stored(f, draft.values[f.name]) for f in fields_of(draft.rt) if f.name in draft.changed}
    given = {"updated_at": draft.now, "updated_by": draft.actor.id}
    given |= {name: value for name, value in changed.items() if value is not None}
    gone = {name: "" for name in changed if name not in given}
    return {"$set": given, "$inc": {"rev": 1}, **({"$unset": gone} if gone else {})}


def _sealed_son(draft: Draft) -> dict[str, Any]:
    """The stored form of the values that there are, encrypted ones sealed; what stays as it is keeps its seal."""
    son, key = declared_son(draft), sealing.key_of(draft)
    if key is not None:
        known, before = son_of(draft.before), draft.before or {}
        for name, field in sealing.sealed_fields(draft.rt).items():
            stays = name in known and name in son and draft.values[name] == before[name]
            if stays and sealing.is_sealed_under(field, known[name], key):
                son[name] = sealing.kept_seals(field, son[name], known[name])
    sealing.seal_son(draft.rt, son, key)
    return son


def declared_son(draft: Draft) -> dict[str, Any]:
    """The stored form of the values that there are, nothing sealed."""
    value_of, son = draft.values.get, {}
    for name, store in _storers(draft.rt):
        value = value_of(name)
        if value is not None:
            son[name] = value if store is None else store(value)
    return son


@lru_cache(maxsize=1000)
def _storers(rt: RecordType) -> tuple[tuple[str, Callable[[Any], Any] | None], ...]:
    """How the value of each field is stored; None for as it is. Worked out once for a type, for a set asks for each."""
    return tuple((f.name, storing(f)) for f in fields_of(rt))


@lru_cache(maxsize=1000)
def _loaders(rt: RecordType) -> tuple[tuple[str, Callable[[Any], Any] | None], ...]:
    """How the value of each field is loaded; None for as it is."""
    return tuple((f.name, loading(f)) for f in fields_of(rt))


@lru_cache(maxsize=1000)
def defaults(rt: RecordType) -> Mapping[str, Any]:
    """What each field of a new record begins with."""
    return MappingProxyType({f.name: f.default for f in fields_of(rt)})


def derived(rt: RecordType, values: Mapping[str, Any]) -> dict[str, Any]:
    """What is stored beside a record's values because it follows from them: rights tokens, whose turn it is, the
    deadline, search terms, keys. None means that nothing is stored."""
    over = _is_over(rt, values)
    texts = [fold(text) for text in texts_of(rt, values)]
    keys = registry.kept(rt.slug).hooks.keys
    return {
        **whose(rt, values),
        "archived": True if values.get("archived_at") else None,
        "due_at": None if over or not rt.due else end_of(values.get(rt.due)),
        "grams": grams(texts),
        "haystack": "\n".join(texts),
        "keys": (sorted(set(keys(values))) or None) if keys else None,
        "blind": sealing.tokens_of(rt, values) or None,
    }


def whose(rt: RecordType, values: Mapping[str, Any]) -> dict[str, list[str]]:
    """What of it says who may read the record and for whom it waits; nothing sealed is asked for it."""
    return {
        "acl": access.tokens_of(rt, values),
        "waiting": [] if _is_over(rt, values) else access.turns_of(rt, values),
    }


def _is_over(rt: RecordType, values: Mapping[str, Any]) -> bool:
    state = access.state_of(rt, values)
    return bool(values.get("archived_at")) or (state is not None and state.final)


def end_of(due: date | datetime | None) -> datetime | None:
    """A deadline as a moment: a date is due at the close of that day (18:00 in the department's zone)."""
    if due is None or isinstance(due, datetime):
        return due
    return datetime.combine(due, CLOSING_HOUR, ZONE).astimezone(UTC)
