"""What a change of secrecy may ask for (X2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

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
                f"应晚于现在的 {until.isoformat()}。", f"Choose a day after the present end, {until.isoformat()}."
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
    """What was filled in, without the answer to the other question: a form sends both."""
    return {**values, "new_level" if values["kind"] == "extend" else "new_until": None}


def latest(last: date, until: date | None = None) -> Sentence:
    """Until when one extension reaches, and whether the present end is as late already (X2)."""
    if until is not None and until >= last:
        return Sentence(
            f"一次最长延至 {last.isoformat()}，现在的保密期已到该日，目前不能延长。",
            f"One extension reaches to {last.isoformat()} at most, the present end: nothing to extend now.",
        )
    return Sentence(f"一次最长延至 {last.isoformat()}。", f"One extension reaches to {last.isoformat()} at most.")


def values_of(kind: str, new_level: str | None, new_until: date | None) -> dict[str, object]:
    """What the approved change sets on the record; a lower level gets its own default period."""
    if kind == "extend":
        return {"secret_until": new_until}
    return {"level": new_level}
