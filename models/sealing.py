"""Encrypted fields in the stored form of a record: what is sealed, under which key, and by which tokens it is found.

A record that is classified, or was, has a key of its own; the others have their type's (docs/adr/0017). Whatever
stores a value of an encrypted field outside of the record, seals it as well.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

from bson import Binary, ObjectId

from models import unborn
from models.declarations import Field, Label, Level, RecordType
from models.key_vault import service as keys
from models.key_vault.refusals import Unopened
from models.kinds import kind_of, loaded, stored
from models.loaded import son_of
from models.registry import Draft
from models.search import fold

FILE_NAME = Field(name="name", kind="text", label=Label("文件名", "File name"), encrypted=True)
"""A file is called after its matter: in records and versions its name is sealed, as it is where the file lies."""
Place = tuple[dict[str, Any], dict[str, Any], str]
"""Where a sealed value stands: in which record, in which part of it, under which name."""
MAY_LACK = (Unopened, list, dict)
"""What may hold something that could not be opened: most values are neither, and need no closer look."""
SHORTEST_PHONE = 5
MOBILE_ABROAD = 13
"""The digits of a Chinese mobile number with the country's code."""


@lru_cache(maxsize=1000)
def sealed_fields(rt: RecordType) -> Mapping[str, Field]:
    """The fields of a type that are encrypted or hold something encrypted, as files have their names."""
    return {f.name: f for f in rt.fields if f.encrypted or _parts(f)}


def _parts(field: Field) -> tuple[Field, ...]:
    """What is encrypted inside a field's value."""
    return (FILE_NAME,) if field.kind == "files" else tuple(inner for inner in field.fields if inner.encrypted)


def seal(field: Field, kept: Any, key: UUID) -> Any:
    """The stored form of a field's value with everything sealed that is to be. What is sealed already stays."""
    if kept is None or isinstance(kept, Binary):
        return kept
    if field.encrypted:
        return keys.seal_value(kept, key)
    inner = _parts(field)
    if not inner:
        return kept
    return [_row(inner, row, key) for row in kept] if isinstance(kept, list) else _row(inner, kept, key)


def _row(inner: Sequence[Field], row: Mapping[str, Any], key: UUID) -> dict[str, Any]:
    sealed = {f.name: seal(f, row[f.name], key) for f in inner if row.get(f.name) is not None}
    return {**row, **sealed}


def seal_son(rt: RecordType, son: dict[str, Any], key: UUID | None) -> None:
    """Seal what is encrypted in a stored form. `key` is None only where nothing is."""
    if key is not None:
        for name, field in sealed_fields(rt).items():
            if name in son:
                son[name] = seal(field, son[name], key)


def seal_sons(rt: RecordType, wanted: Iterable[tuple[dict[str, Any], UUID | None]]) -> None:
    """`seal_son` for many stored forms with their keys, sealed in one run; a third quicker than one by one."""
    fields, places = sealed_fields(rt), list[tuple[dict[str, Any], str, UUID]]()
    for son, key in wanted:
        if key is not None:
            for name, field in fields.items():
                if son.get(name) is not None:
                    _note_open(field, son, name, key, places)
    made = keys.seal_many([(holder[name], key) for holder, name, key in places])
    for (holder, name, _), value in zip(places, made, strict=True):
        holder[name] = value


def _note_open(
    field: Field, holder: dict[str, Any], name: str, key: UUID, places: list[tuple[dict[str, Any], str, UUID]]
) -> None:
    """Note what is to be sealed of a value, in copies of what holds it."""
    kept = holder[name]
    if isinstance(kept, Binary):
        return
    if field.encrypted:
        places.append((holder, name, key))
        return
    rows = [dict(row) for row in kept] if isinstance(kept, list) else [dict(kept)]
    holder[name] = rows if isinstance(kept, list) else rows[0]
    for row in rows:
        for inner in _parts(field):
            if row.get(inner.name) is not None:
                _note_open(inner, row, inner.name, key, places)


def is_sealed_under(field: Field, kept: Any, key: UUID) -> bool:
    """Whether a stored value holds something sealed, all that is to be, and under this very key."""
    if field.encrypted:
        return keys.is_sealed_under(kept, key)
    inner = [f.name for f in _parts(field)]
    rows = kept if isinstance(kept, list) else [kept]
    held = [row[name] for row in rows for name in inner if row.get(name) is not None]
    return bool(held) and all(keys.is_sealed_under(one, key) for one in held)


def kept_seals(field: Field, clear: Any, kept: Any) -> Any:
    """A stored value that lies open, with the seals that `kept`, the same value as it is stored, has for what is to be
    sealed of it."""
    if field.encrypted:
        return kept
    if not isinstance(clear, list):
        return _kept_row(field, clear, kept)
    return [_kept_row(field, row, one) for row, one in zip(clear, kept, strict=True)]


def _kept_row(field: Field, row: Mapping[str, Any], kept: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, **{inner.name: kept[inner.name] for inner in _parts(field) if keys.is_sealed(kept.get(inner.name))}}


def seal_values(rt: RecordType, values: Mapping[str, Any]) -> dict[str, Any]:
    """Stored values that wait outside of any record, such as those of a change of many: under the type's key."""
    known = sealed_fields(rt)
    return {name: seal(known[name], v, keys.type_key(rt.slug)) if name in known else v for name, v in values.items()}


def sealed_address(rt: RecordType, pairs: Iterable[tuple[str, str]]) -> Any:
    """The address of a list as it is stored: sealed where it may hold a whole value that somebody looked for."""
    kept = [list(pair) for pair in pairs]
    return keys.seal_value(kept, keys.type_key(rt.slug)) if _found_by(rt) else kept


def address_in(kept: Any) -> tuple[tuple[str, str], ...]:
    """The address that `sealed_address` stored."""
    pairs = keys.unseal_value(kept) if keys.is_sealed(kept) else kept
    return tuple((name, text) for name, text in pairs or ())


# --- keys


def key_of(draft: Draft) -> UUID | None:
    """The key of a write; None where nothing is encrypted."""
    if draft.key is None:
        take_keys([draft])
    return draft.key


def take_keys(drafts: Sequence[Draft]) -> None:
    """Find out, or make, the keys of writes of one type together. Each record has its id."""
    open_ones = [draft for draft in drafts if draft.key is None and _seals(draft)]
    if not open_ones:
        return
    rt = open_ones[0].rt
    usual = keys.type_key(rt.slug)
    for draft in open_ones:
        draft.key = _standing_key(draft, usual)
    asked = [draft for draft in open_ones if draft.key is None]
    own = {draft.values["_id"] for draft in asked if _is_classified(draft.values) or _is_classified(draft.before)}
    maybe = {draft.values["_id"] for draft in asked if draft.before is not None and rt.classified} - own
    unborn.expect(draft.values["_id"] for draft in asked if draft.before is None and draft.values["_id"] in own)
    found = {**keys.record_keys(own), **(keys.held_keys(maybe) if maybe else {})}
    for draft in asked:
        draft.key = found.get(draft.values["_id"], usual)


def _seals(draft: Draft) -> bool:
    """Whether anything of a write is to be sealed, in the record or in its history."""
    held = (draft.values, draft.before or {})
    return any(_holds(field, values.get(name)) for name, field in sealed_fields(draft.rt).items() for values in held)


def _holds(field: Field, value: Any) -> bool:
    """Whether a value has anything to seal. 0 and no are values like any other."""
    return value is not None if field.encrypted else bool(value)


def _standing_key(draft: Draft, usual: UUID) -> UUID | None:
    """The key that all of the stored record is sealed under, if the next version is to be as well; None when that is
    to be asked for, as of a record that becomes classified."""
    known = son_of(draft.before)
    held = {keys.key_under(one) for name in sealed_fields(draft.rt) for one in sealed_in(known.get(name))}
    if len(held) != 1:
        return None
    key = held.pop()
    if key == usual:
        return None if _is_classified(draft.values) or _is_classified(draft.before) else usual
    return key if keys.is_key_of(draft.values["_id"], key) else None


def _is_classified(values: Mapping[str, Any] | None) -> bool:
    return values is not None and Level.of(values.get("level")) is not Level.INTERNAL


def keys_of_stored(rt: RecordType, sons: Sequence[Mapping[str, Any]]) -> dict[ObjectId, UUID]:
    """The keys of stored records, made where they are absent."""
    own = [son["_id"] for son in sons if _is_classified(son)]
    maybe = [son["_id"] for son in sons if rt.classified and not _is_classified(son)]
    found = {**keys.record_keys(own), **(keys.held_keys(maybe) if maybe else {})}
    usual = keys.type_key(rt.slug)
    return {son["_id"]: found.get(son["_id"], usual) for son in sons}


def left_out(rt: RecordType) -> dict[str, int]:
    """The projection that leaves out what is sealed: for whoever decides about records, and names them, without it."""
    return dict.fromkeys(sealed_fields(rt), 0)


def at_hand(rt: RecordType, sons: Iterable[Mapping[str, Any]]) -> None:
    """Ask for the keys of some stored records together, before they are loaded one by one."""
    if names := sealed_fields(rt):
        keys_at_hand([son.get(name) for son in sons for name in names])


def keys_at_hand(documents: Any) -> None:
    """Ask for the keys of everything that is sealed in some stored documents together."""
    if found := list(sealed_in(documents)):
        keys.at_hand(found)


def opened(
    rt: RecordType,
    sons: Iterable[Mapping[str, Any]],
    names: Container[str] | None = None,
    tell: Callable[[Mapping[str, Any]], None] = lambda _son: None,
) -> list[dict[str, Any]]:
    """Copies of stored records in which what is sealed (in the fields of these `names`) lies open, in one run: half the
    time of loading it one by one. Where something cannot be opened stands its refusal, an `Unopened`, and `tell` has
    its record; `refuse_unopened` raises it, and who shows the records shows `UNREADABLE` for it."""
    fields = {name: field for name, field in sealed_fields(rt).items() if names is None or name in names}
    made = [dict(son) for son in sons]
    places: list[Place] = []
    for son in made if fields else ():
        for name, field in fields.items():
            if son.get(name) is not None:
                _note_sealed(field, son, name, places)
    values = keys.unseal_many([holder[name] for _, holder, name in places])
    for (son, holder, name), value in zip(places, values, strict=True):
        holder[name] = value
        if isinstance(value, Unopened):
            tell(son)
    return made


def _note_sealed(field: Field, son: dict[str, Any], name: str, places: list[Place]) -> None:
    """Note what is sealed of a record's value, in copies of what holds it. A field that became encrypted of late may
    hold its value in clear still. What rows hold beside their declared fields stays sealed: nobody would seal it
    again."""
    kept = son[name]
    if keys.is_sealed(kept):
        places.append((son, son, name))
    elif not field.encrypted and isinstance(kept, list | Mapping):
        rows = [dict(row) for row in kept] if isinstance(kept, list) else [dict(kept)]
        son[name] = rows if isinstance(kept, list) else rows[0]
        named = {one.name for one in field.fields or _parts(field)}
        places.extend((son, row, inner) for row in rows for inner in named & row.keys() if keys.is_sealed(row[inner]))


def refuse_unopened(rt: RecordType, opened: Mapping[str, Any]) -> None:
    """:raises Unopened: something of a record could not be opened, by `opened` or in loading it to be shown."""
    for refusal in unopened_in(opened[name] for name in sealed_fields(rt) if name in opened):
        raise refusal


def unreadable(values: Mapping[str, Any]) -> tuple[str, ...]:
    """Of which of some values, by name, something could not be opened."""
    return tuple(name for name, value in values.items() if isinstance(value, MAY_LACK) and any(unopened_in([value])))


def readable(values: Mapping[str, Any]) -> dict[str, Any]:
    """Some values, with nothing in place of those of which something could not be opened: for rules, which know no
    marks."""
    lost = unreadable(values)
    return {name: None if name in lost else value for name, value in values.items()}


def unopened_in(values: Iterable[Any]) -> Iterator[Unopened]:
    """What could not be opened of some values of records that `opened` gave."""
    for value in values:
        if isinstance(value, Unopened):
            yield value
        elif isinstance(value, list):
            yield from unopened_in(value)
        elif isinstance(value, Mapping):
            yield from unopened_in(value.values())


def adopt(rt: RecordType, sons: Sequence[dict[str, Any]], tell: Callable[[Mapping[str, Any], str], None]) -> None:
    """Seal the encrypted values of new records under their own keys, and give the records their tokens: the database
    has copied what the key of another record sealed. What cannot be opened is left out, and `tell` has the record and
    the field."""
    fields = sealed_fields(rt)
    if not fields:
        return
    own = keys_of_stored(rt, sons)
    for son, plain in zip(sons, opened(rt, sons), strict=True):
        values = {name: loaded(field, plain[name]) for name, field in fields.items() if name in plain}
        for name in unreadable(values):
            del son[name], values[name]
            tell(son, name)
        for name, value in values.items():
            son[name] = seal(fields[name], stored(fields[name], value), own[son["_id"]])
        if tokens := tokens_of(rt, values):
            son["blind"] = tokens


def sealed_in(value: Any) -> Iterator[Binary]:
    """The sealed values in a stored one."""
    if isinstance(value, Binary):
        if keys.is_sealed(value):
            yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from sealed_in(one)
    elif isinstance(value, list):
        for one in value:
            yield from sealed_in(one)


# --- tokens


def tokens_of(rt: RecordType, values: Mapping[str, Any]) -> list[str]:
    """The tokens by which a record is found by whole values of its encrypted fields."""
    found: set[str] = set()
    for path, field, outer in _found_by(rt):
        held = values.get(outer)
        if held is None:
            continue
        rows = held if isinstance(held, list) else [held]
        parts = rows if outer == path else [row.get(field.name) for row in rows]
        found.update(token(rt, path, field, value) for value in parts if value is not None)
    return sorted(found)


def token(rt: RecordType, path: str, field: Field, value: Any) -> str:
    """The token of a value of the encrypted field at `path`."""
    return keys.blind(rt.slug, path, _whole(field, kind_of(field).text(field, value, "zh")))


def tokens_for(rt: RecordType, text: str) -> list[str]:
    """The tokens of the records that hold `text` as the whole value of an encrypted field that is searchable."""
    asked = ((path, field) for path, field, _ in _found_by(rt) if field.searchable and _may_be(field, text))
    wanted = [(path, _whole(field, text)) for path, field in asked]
    return [keys.blind(rt.slug, path, whole) for path, whole in wanted if whole]


@lru_cache(maxsize=1000)
def _found_by(rt: RecordType) -> tuple[tuple[str, Field, str], ...]:
    """The encrypted fields that a record is found by: path, field, and the record's own field."""
    top = [(f.name, f, f.name) for f in rt.fields if f.encrypted and (f.searchable or f.filterable)]
    inner = [
        (f"{outer.name}.{f.name}", f, outer.name)
        for outer in rt.fields
        if outer.searchable
        for f in outer.fields
        if f.encrypted and f.searchable
    ]
    return (*top, *inner)


def _may_be(field: Field, text: str) -> bool:
    """Whether a text looks like a value of a field: words that nobody took for one cost a search nothing."""
    if field.kind == "phone":
        return len(re.sub(r"\D", "", text)) >= SHORTEST_PHONE
    return field.kind != "email" or "@" in unicodedata.normalize("NFKC", text)


def _whole(field: Field, text: str) -> str:
    """A text as whole values are compared: of a phone number its digits, else as search compares."""
    if field.kind != "phone":
        return fold(text)
    digits = re.sub(r"\D", "", unicodedata.normalize("NFKC", text))
    return digits[2:] if len(digits) == MOBILE_ABROAD and digits.startswith("86") else digits
