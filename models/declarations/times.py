"""What follows from a record's dates: deadlines, reminders, reviews, and how long it is kept."""

from __future__ import annotations

from dataclasses import dataclass

from models.declarations.fields import When


@dataclass(frozen=True)
class Retention:
    """Records are kept for `months` after the day in the field `after`; until then none is destroyed (D3)."""

    after: str
    months: int


@dataclass(frozen=True)
class Cadence:
    """When a record is to be looked at again: so many months after the day in the field `after`, by the value of the
    field `by` (`months` as pairs of value and months, such as grade A: 6; C3); a value not named needs none."""

    after: str
    by: str
    months: tuple[tuple[str, int], ...]


@dataclass(frozen=True, kw_only=True)
class Due:
    """A deadline that follows from another value: the date or date-time field `field` is `amount` units (`days`,
    `months`, `working_days`, `working_hours`, `working_minutes`) after what the field `after` holds, on the working
    calendar. `amount` is a number, or the name of a value of the policy such as `customer.first_fill_days`; with `by`,
    the value of that field picks the amount from the policy's table or from `amounts`. It holds while `when` does, and
    of several for one field the first that holds counts. A moment in the field `agreed` stands instead.
    """

    field: str
    after: str
    unit: str
    amount: int | str = 0
    by: str = ""
    amounts: tuple[tuple[str, int], ...] = ()
    when: When | None = None
    agreed: str = ""


@dataclass(frozen=True)
class Reminding:
    """How the people of a type's records are reminded of their deadline, instead of as the policy says: so many days
    `before` it, each once, as numbers or as names of values of the policy such as `credit.notice_days`; when it is late
    each working day, or once without `chase`; and the head as well when it is late for `climb` working days."""

    before: tuple[int | str, ...]
    chase: bool = True
    climb: int = 3
