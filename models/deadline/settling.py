"""Declared deadlines at every write, and why each stands; the one reader of `RecordType.deadlines`.

A deadline is reckoned when something that it follows from changes, and left alone otherwise: what stands was told to
people, and a write about something else does not move it. A change of the calendar moves deadlines by `recount`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from config.policy import policy
from models import registry
from models.calendar import Deadline, WorkingCalendar
from models.deadline import rules
from models.declarations import Field, RecordType
from models.office import office_calendar
from models.registry import Draft


def settle(draft: Draft) -> None:
    """Reckon the declared deadlines whose sources this write changes; doing it twice is doing it once.

    Without a start nothing is known: a new record keeps what it was given, one whose start is taken away has no
    deadline any more.
    """
    for name, dues in rules.by_field(draft.rt).items():
        before, values = draft.before, draft.values
        if before is not None and all(values.get(one) == before.get(one) for one in rules.inputs(dues)):
            continue
        due = rules.standing(draft.rt, dues, values)
        made = rules.reckon(due, values, office_calendar(), policy()) if due else None
        if made is not None or before is not None:
            values[name] = held(draft.rt.by_name[name], made)


def reckoned(rt: RecordType, values: Mapping[str, Any], calendar: WorkingCalendar) -> dict[str, Deadline]:
    """Every deadline of a record that follows from the calendar, by field, as it would be reckoned now."""
    found = {name: own(values, calendar) for name, own in registry.kept(rt.slug).hooks.deadlines.items()}
    for name, dues in rules.by_field(rt).items():
        due = rules.standing(rt, dues, values)
        found[name] = rules.reckon(due, values, calendar, policy()) if due else None
    return {name: made for name, made in found.items() if made is not None}


def fields_of(rt: RecordType) -> list[str]:
    """The fields of a type whose deadlines follow from the calendar."""
    return list(dict.fromkeys([*registry.kept(rt.slug).hooks.deadlines, *rules.by_field(rt)]))


def why(rt: RecordType, values: Mapping[str, Any], name: str) -> Deadline | None:
    """How the deadline in a field was reckoned; None where it is not what the calendar and the policy of now make of
    the values: it was set by a person, or moves no more."""
    made = reckoned(rt, values, office_calendar()).get(name)
    return made if made is not None and held(rt.by_name[name], made) == values.get(name) else None


def held(field: Field, deadline: Deadline | None) -> date | datetime | None:
    """A deadline as its field holds it: a day, or a moment."""
    if deadline is None:
        return None
    return deadline.day if field.kind == "date" else deadline.at


def starts(rt: RecordType, values: Mapping[str, Any], name: str) -> str:
    """The field from which a declared deadline is counted; '' where none is declared."""
    due = rules.standing(rt, rules.by_field(rt).get(name, ()), values)
    return due.after if due else ""
