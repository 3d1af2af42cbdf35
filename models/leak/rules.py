"""Rules of the leak register: dates, people, and what an outcome needs (X8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from models.errors import Sentence

UNFOUNDED, NO_DUTY = "unfounded", "none"
"""The outcome and the superior's responsibility of which nothing follows."""


def problems_of(values: Mapping[str, Any], today: date) -> dict[str, Sentence]:
    """What is wrong with a report, by field: days ahead, an end before the beginning, people without a name."""
    found: dict[str, Sentence] = {}
    happened, known = values.get("happened_on"), values.get("found_on")
    if happened is not None and happened > today:
        found["happened_on"] = Sentence("不能晚于今天。", "This cannot be ahead of today.")
    if known is not None and (known > today or (happened is not None and known < happened)):
        found["found_on"] = Sentence("应在发生日期与今天之间。", "This is between the day it happened and today.")
    for name in ("people", "people_found"):
        for index, row in enumerate(values.get(name) or ()):
            if row.get("person") is None and not row.get("name"):
                found[f"{name}.{index}.name"] = Sentence("请写明是谁。", "Say who it is.")
    return found


def outcome_problems(values: Mapping[str, Any]) -> dict[str, Sentence]:
    """What is missing for an outcome: what the inquiry makes of whom the report names; of a leak that is founded, who
    leaked it, who their superior is, and what changes."""
    if _left_out(values):
        said = Sentence(
            "上报中的人员须逐一写明，姓名与上报一致：与此无关的登记为知情人。",
            "Say of each person in the report, under the same name, what was found: whoever had no part in it knows of "
            "it.",
        )
        return {"people_found": said}
    if values.get("outcome") == UNFOUNDED:
        return {}
    found: dict[str, Sentence] = {}
    if not any(row.get("part") == "leaked" for row in values.get("people_found") or ()):
        found["people_found"] = Sentence(
            "尚未登记泄密人，不能定处理结果。", "Nobody is named who leaked it: no outcome yet."
        )
    if values.get("duty") not in (None, NO_DUTY) and values.get("superior") is None:
        found["superior"] = Sentence("有上级责任的须写明上级。", "Name the superior who is responsible.")
    if not values.get("remedy"):
        found["remedy"] = Sentence("请写明整改措施。", "Say what changes.")
    return found


def involved(values: Mapping[str, Any]) -> Sequence[Any]:
    """The colleagues whom an incident concerns, by what the inquiry found, and of whom it says nothing by the report;
    none of them changes, inquires, decides or closes it."""
    rows = (*(values.get("people_found") or ()), *_left_out(values))
    named = [row.get("person") for row in rows if row.get("part") != "witness"]
    return [one for one in (*named, values.get("superior")) if one is not None]


def _left_out(values: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The rows of the report about somebody of whom the inquiry says nothing."""
    said = {key for row in values.get("people_found") or () for key in _known_by(row)}
    return [row for row in values.get("people") or () if said.isdisjoint(_known_by(row)[:1])]


def _known_by(row: Mapping[str, Any]) -> list[Any]:
    """By what somebody in a row is known: who they are, and their name."""
    name = (row.get("name") or "").strip().casefold()
    return [one for one in (row.get("person"), name) if one]
