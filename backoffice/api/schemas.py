"""JSON Schema (2020-12) of fields: what the API takes and what it answers. The document shows what is checked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

from models.declarations import Field, Level, RecordType, Transition
from models.kinds import parts_of
from models.kinds.picks import branches
from models.merge.rules import Pick

Schema = dict[str, Any]

NUMBER = {"type": "string", "minLength": 1, "maxLength": 60}
ID = {"type": "string", "pattern": "^[0-9a-f]{24}$"}
REV = {"type": "integer", "minimum": 1, "maximum": 999_999_999}
MOMENT = {"type": "string", "format": "date-time"}
DAY = {"type": "string", "format": "date"}
MOST_ROWS, MOST_FILES, LARGEST = 100, 20, 10**15 - 1


def closed(properties: Mapping[str, Schema], required: Iterable[str] | None = None) -> Schema:
    """An object that holds these and nothing else; all of them, or at least the required ones."""
    needed = list(properties if required is None else required)
    made: Schema = {"type": "object", "properties": dict(properties), "additionalProperties": False}
    return {**made, "required": needed} if needed else made


PERSON = closed({"id": ID, "name": {"type": "string"}})
REFERENCE = closed({"number": {"type": ["string", "null"]}, "title": {"type": ["string", "null"]}})
FILE = closed({"file": ID, "name": {"type": "string"}, "size": {"type": "integer"}, "type": {"type": "string"}})


def _text(field: Field) -> Schema:
    return {"type": "string", "maxLength": field.max_length}


def _decimal(field: Field) -> Schema:
    """Decimals are texts: a JSON number would lose digits on its way."""
    sign = "" if field.minimum is not None and field.minimum >= 0 else "-?"
    places = f"(\\.[0-9]{{1,{field.places}}})?" if field.places else ""
    return {"type": "string", "pattern": f"^{sign}[0-9]{{1,15}}{places}$", "maxLength": 40}


def _integer(field: Field) -> Schema:
    low = field.minimum if field.minimum is not None else -LARGEST
    high = field.maximum if field.maximum is not None else LARGEST
    return {"type": "integer", "minimum": low, "maximum": high}


def _choice(field: Field) -> Schema:
    return {"type": "string", "enum": [choice.value for choice in field.choices]}


def _choices(field: Field) -> Schema:
    return {"type": "array", "items": _choice(field)}


def _parts(field: Field) -> Schema:
    properties = {part.name: given(part) for part in parts_of(field)}
    return closed(properties, [part.name for part in parts_of(field) if part.required])


def _rows(field: Field) -> Schema:
    return {"type": "array", "items": _parts(field), "maxItems": MOST_ROWS}


def _money(field: Field) -> Schema:
    return _parts(field) if field.currencies else _decimal(field)


def _tree(field: Field) -> Schema:
    return {"type": "string", "enum": [route[-1].value for route in branches(field.choices)]}


SAME: dict[str, Schema] = {
    "phone": {"type": "string", "maxLength": 60},
    "link": {"type": "string", "pattern": "^https?://", "maxLength": 1000},
    "date": {**DAY, "pattern": "^(1[89]|2[01])[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"},
    "time": {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"},
    "datetime": {**MOMENT, "pattern": "^(1[89]|2[01])[0-9]{2}-[0-9]{2}-[0-9]{2}T"},
    "yes_no": {"type": "boolean"},
    "person": {"type": "string", "minLength": 1, "maxLength": 200},
    "reference": NUMBER,
    "files": {"type": "array", "items": ID, "maxItems": MOST_FILES},
}
MADE: dict[str, Callable[[Field], Schema]] = {
    "integer": _integer,
    "decimal": _decimal,
    "percent": _decimal,
    "money": _money,
    "choice": _choice,
    "choices": _choices,
    "tree": _tree,
    "embedded": _parts,
    "period": _parts,
    "address": _parts,
    "embedded_list": _rows,
}
"""What is sent for a field of each kind, the same for all fields or made for one. Other kinds are sent as text. What is
given twice counts once: to look for pairs, `uniqueItems` would take a long list's length squared."""

ANSWERED: dict[str, Schema] = {
    "integer": {"type": "integer"},
    "date": DAY,
    "datetime": MOMENT,
    "yes_no": {"type": "boolean"},
    "choices": {"type": "array", "items": {"type": "string"}},
    "person": PERSON,
    "reference": REFERENCE,
    "files": {"type": "array", "items": FILE},
}
"""What is answered for a field of each kind; groups are answered part by part, the rest as text."""


def _answered_parts(field: Field) -> Schema:
    return closed({part.name: answered(part) for part in parts_of(field)})


def given(field: Field) -> Schema:
    """What may be sent for a field; null for an empty one, unless it is required."""
    made = SAME[field.kind] if field.kind in SAME else MADE.get(field.kind, _text)(field)
    if not field.required:
        return nullable(made)
    return {"minLength": 1, **made} if made["type"] == "string" and "enum" not in made else made


def answered(field: Field) -> Schema:
    """What is answered for a field, null when it is empty."""
    if field.kind == "embedded_list":
        return nullable({"type": "array", "items": _answered_parts(field)})
    if parts_of(field):
        return nullable(_answered_parts(field))
    return nullable(ANSWERED.get(field.kind, {"type": "string"}))


def nullable(schema: Mapping[str, Any]) -> Schema:
    """The same, or null."""
    made = {**schema, "type": [schema["type"], "null"]}
    return {**made, "enum": [*schema["enum"], None]} if "enum" in schema else made


def described(field: Field, schema: Schema, language: str) -> Schema:
    """A field's schema with its label, help and the names of its choices, for readers."""
    text = field.help.text(language) if field.help else ""
    choices = "; ".join(f"{route[-1].value}: {route[-1].label.text(language)}" for route in branches(field.choices))
    text = " ".join(part for part in (text, choices) if part)
    return {"title": field.label.text(language), **({"description": text} if text else {}), **schema}


def values_given(fields: Iterable[Field], *, new: bool, language: str = "") -> Schema:
    """The `values` of a write. A new record needs its required fields; a change names only what it changes. What is
    given is not to be changed."""
    return _values_given(tuple(fields), new, language)


@lru_cache(maxsize=200)
def _values_given(fields: tuple[Field, ...], new: bool, language: str) -> Schema:
    """Remembered, for each write is checked against it and it is made of ninety parts."""
    properties = {f.name: described(f, given(f), language) if language else given(f) for f in fields}
    return closed(properties, [f.name for f in fields if f.required and new and f.default is None])


def body(values: Schema | None, *required: str, **more: Schema) -> Schema:
    """The body of a write: its values, and what stands beside them."""
    properties = {**more, **({"values": values} if values is not None else {})}
    return closed(properties, required)


PICKS = {"type": "string", "enum": [pick.value for pick in Pick]}


def merge_body(fields: Iterable[Field]) -> Schema:
    """What merges two records: the other one, the versions of both, and whose value stays where somebody says so."""
    picks = closed({f.name: PICKS for f in fields}, ())
    return body(None, "with", "with_rev", **{"with": NUMBER, "with_rev": REV, "rev": REV, "picks": picks})


UNMERGE_BODY = body(None, "with", **{"with": NUMBER})
"""What takes a merge back."""

NOTE = {"type": "string", "maxLength": 500}


def new_body(fields: Iterable[Field], language: str = "") -> Schema:
    """What makes a record. `sure` makes one that looks like another all the same."""
    return body(values_given(fields, new=True, language=language), "values", sure={"type": "boolean"})


def change_body(fields: Iterable[Field], language: str = "") -> Schema:
    """What changes a record."""
    return body(values_given(fields, new=False, language=language), "values", rev=REV, note=NOTE)


def action_body(fields: Iterable[Field], language: str = "") -> Schema:
    """What makes a transition."""
    return body(values_given(fields, new=False, language=language), rev=REV, note=NOTE)


ARCHIVING = {
    "archive": body(None, "note", rev=REV, note={**NOTE, "minLength": 1}),
    "restore": body(None, rev=REV, note=NOTE),
}
"""What archives or restores a record, and why; nothing is archived without a reason."""


LEVEL = nullable({"type": "string", "enum": [level.value for level in Level]})
"""A record's level."""


def state_schema(rt: RecordType) -> Schema:
    """A record's state."""
    if rt.workflow is None:
        return {"type": ["string", "null"]}
    return nullable({"type": "string", "enum": [state.value for state in rt.workflow.states]})


def transitions(rt: RecordType) -> tuple[Transition, ...]:
    """The moves that a type's workflow has."""
    return rt.workflow.transitions if rt.workflow else ()
