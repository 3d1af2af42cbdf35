"""Declared deadlines: from a record's values and a calendar to a moment with its reason. No database, no clock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from config.policy import Policy
from models.calendar import SHANGHAI, Deadline, WorkingCalendar, local
from models.calendar_steps import Agreed, Unit
from models.declarations import Due, RecordType, Reminding
from models.requirement import holds

NOON = time(12)
MOST_REMEMBERED = 5_000
LONGEST = 10_000
"""No declared amount is larger."""


@lru_cache(maxsize=1000)
def by_field(rt: RecordType) -> Mapping[str, tuple[Due, ...]]:
    """The declared deadlines of each field, in the order of their declaration."""
    found: dict[str, tuple[Due, ...]] = {}
    for due in rt.deadlines:
        found[due.field] = (*found.get(due.field, ()), due)
    return MappingProxyType(found)


def inputs(dues: tuple[Due, ...]) -> Iterator[str]:
    """The fields from which a field's deadline follows."""
    for due in dues:
        yield from (name for name in (due.after, due.by, due.agreed, due.when.field if due.when else "") if name)


def standing(rt: RecordType, dues: tuple[Due, ...], values: Mapping[str, Any]) -> Due | None:
    """The deadline of a field that holds for these values."""
    return next((due for due in dues if due.when is None or holds(rt, due.when, values)), None)


def reckon(due: Due, values: Mapping[str, Any], calendar: WorkingCalendar, policy: Policy) -> Deadline | None:
    """When it is due; None while its start, or its amount, is not known."""
    start = values.get(due.after)
    if not isinstance(start, date):
        return None
    agreed = values.get(due.agreed) if due.agreed else None
    if isinstance(agreed, datetime):
        begin = local(start).date() if isinstance(start, datetime) else start
        return Deadline(agreed, (Agreed(), *calendar.uncertain(begin, local(agreed).date())))
    amount = amount_of(due, values, policy)
    return None if amount is None else _counted(due, start, amount, calendar)


def amount_of(due: Due, values: Mapping[str, Any], policy: Policy) -> int | None:
    """How many units: the declared number, the policy's, or the one for the value of the field `by`; None for a value
    that is not named."""
    amount: Any = policy_value(due.amount, policy) if isinstance(due.amount, str) else due.amount
    if not due.by:
        return int(amount)
    table: Mapping[str, int] = dict(due.amounts) if due.amounts else amount
    found = table.get(values.get(due.by) or "")
    return None if found is None else int(found)


def policy_value(name: str, policy: Policy) -> Any:
    """The value of the policy that a declaration names. :raises AttributeError: there is none."""
    section, _, value = name.partition(".")
    return getattr(getattr(policy, section), value)


def days_before(told: Reminding, policy: Policy) -> tuple[int, ...]:
    """How many days before a deadline people are reminded, the nearest first; two that come to the same are one.

    :raises AttributeError: the policy has no value of a name.
    """
    return tuple(sorted({policy_value(one, policy) if isinstance(one, str) else one for one in told.before}))


def _counted(due: Due, start: date, amount: int, calendar: WorkingCalendar) -> Deadline:
    """From a day, periods in days begin on it; hours, at noon of it. A write asks twice, and the rows of an import ask
    for the same days over and over: the calendar remembers."""
    question = (due.unit, start, amount)
    known = calendar.known.get(question)
    if known is None:
        if len(calendar.known) >= MOST_REMEMBERED:
            calendar.known.clear()
        known = calendar.known[question] = _count(due, start, amount, calendar)
    return known


def _count(due: Due, start: date, amount: int, calendar: WorkingCalendar) -> Deadline:
    at = start if isinstance(start, datetime) else datetime.combine(start, NOON, SHANGHAI)
    match Unit(due.unit):
        case Unit.DAYS:
            return calendar.add_days(at, amount)
        case Unit.MONTHS:
            return calendar.add_calendar_months(at, amount)
        case Unit.WORKING_DAYS:
            return calendar.add_working_days(at, amount)
        case Unit.WORKING_HOURS:
            return calendar.add_working_hours(at, amount)
        case Unit.WORKING_MINUTES:
            return calendar.add_working_time(at, timedelta(minutes=amount))
