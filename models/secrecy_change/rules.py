"""What a change of secrecy may ask for (X2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from models.day_words import day_text
from models.declarations import Level
from models.errors import Sentence

Period = Callable[[Level, date], date | None]


def problems_of(
    kind: str,
    level: Level,
    until: date | None,
    new_level: Level | None,
    new_until: date | None,
    today: date,
    period: Period,
) -> dict[str, Sentence]:
    """What is wrong with a change, by field. `period` is the last day that a level set on a day has by policy.

    An extension is later than the present end, and by one default period from today at most; a lower level is lower.
    """
    found: dict[str, Sentence] = {}
    if kind == "extend":
        last = period(level, today)
        if new_until is None:
            found["new_until"] = Sentence("必填。", "This is required.")
        elif until is not None and new_until <= until:
            found["new_until"] = Sentence(
                f"应晚于现在的 {day_text(until).zh}。", f"Choose a day after the present end, {day_text(until).en}."
            )
        elif new_until <= today:
            found["new_until"] = Sentence("应晚于今天。", "Choose a day after today.")
        elif last is not None and new_until > last:
            found["new_until"] = latest(last)
    elif new_level is None:
        found["new_level"] = Sentence("必填。", "This is required.")
    elif new_level.rank >= level.rank:
        found["new_level"] = Sentence("应低于现在的密级。", "Choose a level below the present one.")
    return found


def asked_for(values: Mapping[str, Any]) -> dict[str, Any]:
    """What was filled in, without the answers to the other question: a form sends both."""
    others = ("new_level", "new_basis") if values["kind"] == "extend" else ("new_until",)
    return {**values, **dict.fromkeys(others)}


def latest(last: date, until: date | None = None) -> Sentence:
    """Until when one extension reaches, and whether the present end is as late already (X2)."""
    day = day_text(last)
    if until is not None and until >= last:
        return Sentence(
            f"一次最长延至 {day.zh}，现在的保密期已到该日，目前不能延长。",
            f"One extension reaches to {day.en} at most, the present end: nothing to extend now.",
        )
    return Sentence(f"一次最长延至 {day.zh}。", f"One extension reaches to {day.en} at most.")


def values_of(asked: Mapping[str, Any]) -> dict[str, object]:
    """What the approved change sets on the record. A lower level gets its own default period and its own basis: that of
    the former one goes, and what is internal has none."""
    if asked["kind"] == "extend":
        return {"secret_until": asked["new_until"]}
    internal = asked["new_level"] == Level.INTERNAL.value
    return {"level": asked["new_level"], "level_basis": None if internal else asked["new_basis"]}
