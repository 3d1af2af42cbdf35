"""Rules of the leak register: dates, people, and what an outcome needs (X8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from models.errors import Sentence


def problems_of(values: Mapping[str, Any], today: date) -> dict[str, Sentence]:
    """What is wrong with a report, by field: days ahead, an end before the beginning, people without a name."""
    found: dict[str, Sentence] = {}
    happened, known = values.get("happened_on"), values.get("found_on")
    if happened is not None and happened > today:
        found["happened_on"] = Sentence("不能晚于今天。", "This cannot be ahead of today.")
    if known is not None and (known > today or (happened is not None and known < happened)):
        found["found_on"] = Sentence("应在发生日期与今天之间。", "This is between the day it happened and today.")
    for index, row in enumerate(values.get("people") or ()):
        if row.get("person") is None and not row.get("name"):
            found[f"people.{index}.name"] = Sentence("请写明是谁。", "Say who it is.")
    return found


def outcome_problems(values: Mapping[str, Any]) -> dict[str, Sentence]:
    """What is missing for an outcome: of a leak that is founded, who leaked it, who their superior is, and what
    changes."""
    if values.get("outcome") == "unfounded":
        return {}
    found: dict[str, Sentence] = {}
    if not any(row.get("part") == "leaked" for row in values.get("people") or ()):
        found["outcome"] = Sentence(
            "尚未登记泄密人，不能定处理结果。", "Nobody is named who leaked it: no outcome yet."
        )
    if values.get("duty") not in (None, "none") and values.get("superior") is None:
        found["superior"] = Sentence("有上级责任的须写明上级。", "Name the superior who is responsible.")
    if not values.get("remedy"):
        found["remedy"] = Sentence("请写明整改措施。", "Say what changes.")
    return found


def involved(values: Mapping[str, Any]) -> Sequence[Any]:
    """The colleagues whom an incident concerns; none of them changes, inquires, decides or closes it."""
    named = [row.get("person") for row in values.get("people") or () if row.get("part") != "witness"]
    return [one for one in (*named, values.get("superior")) if one is not None]
