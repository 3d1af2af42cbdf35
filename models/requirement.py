"""Fields that must be filled while a condition on the record holds (`required_when`). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from models.declarations import Field, RecordType, When
from models.errors import Sentence
from models.kinds import kind_of
from models.registry import Draft


def holds(rt: RecordType, when: When, values: Mapping[str, Any]) -> bool:
    """Whether a condition holds for a record's values."""
    value = values.get(when.field)
    if not when.values or value is None:
        return not when.values and value is not None
    if when.field == "state":
        return value in when.values
    wanted = _wanted(rt, when)
    if isinstance(value, list):
        return any(one in value for many in wanted for one in (many if isinstance(many, list) else [many]))
    return value in wanted


@lru_cache(maxsize=1000)
def _wanted(rt: RecordType, when: When) -> tuple[Any, ...]:
    """The values of a condition, read once for a type: every write asks."""
    field = rt.by_name[when.field]
    return tuple(kind_of(field).read(field, one) for one in when.values)


@lru_cache(maxsize=1000)
def _conditional(rt: RecordType) -> tuple[Field, ...]:
    return tuple(field for field in rt.fields if field.required_when is not None)


def needed(rt: RecordType, values: Mapping[str, Any]) -> list[Field]:
    """The fields that are empty although their condition holds, in declared order."""
    return [
        field
        for field in _conditional(rt)
        if values.get(field.name) is None and field.required_when and holds(rt, field.required_when, values)
    ]


def check(draft: Draft) -> None:
    """Note a problem for each field that this write leaves empty or makes necessary. What was lacking before is not
    held against a write that touches neither the field nor its condition."""
    if not _conditional(draft.rt):
        return
    changed = draft.changed
    for field in needed(draft.rt, draft.values):
        when = field.required_when
        if when is not None and (draft.before is None or changed & {field.name, when.field}):
            draft.problems.setdefault(field.name, _said(field))


def _said(field: Field) -> Sentence:
    """Names the field: the sheet of a move may not show it."""
    return Sentence(f"此时必须填写“{field.label.zh}”。", f"“{field.label.en}” is required here.")


def in_words(rt: RecordType, when: When, language: str) -> str:
    """A condition as a form says it: `“Colour” is “Red” or “Blue”`; for one without values the field's label."""
    zh = language.startswith("zh")
    if when.field == "state" and rt.workflow is not None:
        label = "状态" if zh else "State"
        texts = [s.label.text(language) for s in rt.workflow.states if s.value in when.values]
    else:
        field = rt.by_name[when.field]
        kind, label = kind_of(field), field.label.text(language)
        texts = [kind.text(field, kind.read(field, one), language) for one in when.values]
    if not texts:
        return label
    values = ("或" if zh else " or ").join(f"“{text}”" for text in texts)
    return f"“{label}”为{values}" if zh else f"“{label}” is {values}"
