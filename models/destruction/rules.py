"""Rules of destruction: until when a record is kept, what stands against destroying it, in words (D1, D3)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from models import keeping
from models.calendar import add_months, local
from models.day_words import day_text
from models.declarations import RecordType
from models.errors import Sentence


@dataclass(frozen=True)
class Matter:
    """One thing that stands against destroying a record. `kind` is an outcome of the register; `text` says it to one
    reader, and names nothing that they may not know of."""

    kind: str
    text: Sentence


def kept_until(rt: RecordType, values: Mapping[str, Any], default_months: int) -> date | None:
    """The last day on which a record has to be kept; None when its declared time has not begun. A type that declares
    nothing keeps a record for so many months after its last change."""
    if rt.retention is not None:
        return keeping.keep_until(rt, values)
    changed: datetime = values["updated_at"]
    return add_months(local(changed).date(), default_months)


def retention_matter(rt: RecordType, values: Mapping[str, Any], today: date, default_months: int) -> Matter | None:
    """That a record has to be kept yet (D3)."""
    until = kept_until(rt, values, default_months)
    if until is None:
        return Matter("retention", Sentence("保存期尚未开始计算", "the time for which it is kept has not begun"))
    if until < today:
        return None
    day = day_text(until)
    return Matter("retention", Sentence(f"保存至 {day.zh}", f"to be kept until {day.en}"))


def is_open(rt: RecordType, values: Mapping[str, Any]) -> bool:
    """Whether a record is still at work: in a state that is not final, of a type that has final ones. Archived or not,
    for putting something away does not end it."""
    if rt.workflow is None:
        return False
    finals = {state.value for state in rt.workflow.states if state.final}
    return bool(finals) and values.get("state") not in finals


def in_words(found: Mapping[str, Collection[Matter]]) -> Sentence:
    """What stands against destroying some records, record by record."""
    lines = [(number, matters) for number, matters in found.items() if matters]
    zh = "；".join(f"{number}：{'、'.join(one.text.zh for one in matters)}" for number, matters in lines)
    en = "; ".join(f"{number}: {', '.join(one.text.en for one in matters)}" for number, matters in lines)
    return Sentence(zh, en)


def not_there(number: str) -> Sentence:
    """That a record of a destruction is gone already, as after the restore of an older backup."""
    return Sentence(
        f"{number} 已不存在，本次销毁无法进行", f"{number} is no longer there: this destruction cannot go on"
    )


def changed(number: str) -> Sentence:
    """That a record of a destruction is not as it was proposed."""
    return Sentence(
        f"{number} 在提出销毁之后有改动，本次销毁无法进行",
        f"{number} changed since it was proposed: this destruction cannot go on",
    )


def destroyed(number: str, language: str) -> str:
    """How a record is called that is no longer there."""
    return f"已销毁 {number}" if language.startswith("zh") else f"destroyed {number}"
