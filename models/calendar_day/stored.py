"""The stored calendar as it is read: at its present version, or as it stood at an earlier one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from config.database import database, transaction
from config.policy import policy
from models.calendar import WorkingCalendar
from models.calendar_day.document import CHANGES, CURRENT, DAYS, VERSION, YEARS, OwnDay, Row, read_year
from models.public_days import PublishedYear


@dataclass(frozen=True)
class Held:
    """The calendar as it is stored, at one version."""

    version: int
    years: tuple[PublishedYear, ...]
    days: tuple[OwnDay, ...]

    def calendar(self, *, without: date | None = None, instead: PublishedYear | None = None) -> WorkingCalendar:
        """The working calendar made of it: `without` an own day, or with a decreed year `instead` of its own."""
        years = [year for year in self.years if instead is None or year.year != instead.year]
        return WorkingCalendar(
            published=[*years, *([instead] if instead else [])],
            overrides={one.day: one.public_day for one in self.days if one.day != without},
            hours=policy().calendar.working_hours,
        )


def version() -> int:
    """The version of the stored calendar; 0 before the first change. One small question."""
    row = database()[VERSION].find_one({"_id": CURRENT})
    return row["version"] if row else 0


def held() -> Held:
    """The stored calendar, read in one piece."""

    def read() -> Held:
        days, years = _rows()
        return _made(version(), days, years)

    return transaction(read)


def held_since(first: int) -> list[Held]:
    """The stored calendar at each version from `first` to the present one, the present one first."""

    def read() -> list[Held]:
        days, years = _rows()
        current = version()
        found = [_made(current, days, years)]
        for change in database()[CHANGES].find({"_id": {"$gt": first}}).sort("_id", -1):
            _take_back(change, days, years)
            found.append(_made(change["_id"] - 1, days, years))
        return found

    return transaction(read)


def _rows() -> tuple[dict[str, Row], dict[int, Row]]:
    days, years = ({row["_id"]: row for row in database()[name].find()} for name in (DAYS, YEARS))
    return days, years


def _take_back(change: Row, days: dict[str, Row], years: dict[int, Row]) -> None:
    rows, key = (days, change["day"]) if change["day"] else (years, change["year"])
    rows.pop(key, None)
    if change["before"] is not None:
        rows[key] = change["before"]


def _made(number: int, days: dict[str, Row], years: dict[int, Row]) -> Held:
    return Held(
        number,
        tuple(read_year(row) for _, row in sorted(years.items())),
        tuple(OwnDay.read(row) for _, row in sorted(days.items())),
    )
