"""The borders between the steps of a reminder (J)."""

from __future__ import annotations

from datetime import UTC, datetime, time

import pytest

from models.calendar import SHANGHAI, WorkingCalendar
from models.declarations import Reminding
from models.reminder.rules import LABELS, Matter, Step, Window, key_of, urgency, window

CALENDAR = WorkingCalendar()


def at(*moment: int) -> datetime:
    return datetime(*moment, tzinfo=SHANGHAI)  # type: ignore[arg-type,misc]


def borders(now: datetime, ahead: int = 1, climb: int = 3) -> Window:
    found = window(now, CALENDAR, ahead=ahead, climb=climb)
    assert found is not None
    return found


@pytest.mark.parametrize(
    "moment",
    [at(2026, 11, 22, 10), at(2026, 10, 1, 10), at(2026, 11, 23, 8, 59), at(2026, 11, 23, 18), at(2026, 11, 23, 0)],
)
def test_nobody_is_reminded_while_the_office_is_closed(moment: datetime) -> None:
    assert window(moment, CALENDAR, ahead=1, climb=1) is None


@pytest.mark.parametrize("moment", [at(2026, 11, 23, 9), at(2026, 11, 23, 17, 59), at(2026, 10, 10, 10)])
def test_people_are_reminded_in_office_hours_and_on_make_up_days(moment: datetime) -> None:
    assert borders(moment).day == moment.date().isoformat()


def test_a_lunch_break_is_no_office_hour() -> None:
    broken = WorkingCalendar(hours=((time(9), time(12)), (time(13), time(18))))
    assert window(at(2026, 11, 23, 12, 30), broken, ahead=1, climb=1) is None


def test_soon_reaches_over_a_weekend_and_a_holiday() -> None:
    assert borders(at(2026, 11, 23, 10)).soon_ends == at(2026, 11, 25)
    assert borders(at(2026, 11, 27, 10)).soon_ends == at(2026, 12, 1)
    assert borders(at(2026, 9, 30, 10)).soon_ends == at(2026, 10, 9)
    assert borders(at(2026, 11, 23, 10), ahead=0).soon_ends == at(2026, 11, 24)


def test_a_matter_climbs_after_so_many_working_days() -> None:
    # Late since Wednesday: Thursday, Friday and Monday have passed by on Monday.
    assert borders(at(2026, 11, 23, 10), climb=3).climbs_before == at(2026, 11, 19)
    # What fell due on a Saturday is one working day late on Monday.
    assert borders(at(2026, 11, 23, 10), climb=1).climbs_before == at(2026, 11, 23)


def test_declared_notices_are_counted_in_days_and_stand_one_behind_the_other() -> None:
    told = Reminding((30, 7), chase=False, climb=2)
    found = window(at(2026, 11, 23, 10), CALENDAR, ahead=1, climb=3, declared=told)
    assert found is not None
    assert found.notices == (("|7", at(2026, 12, 1)), ("|30", at(2026, 12, 24)))
    assert (found.today_ends, found.soon_ends) == (at(2026, 11, 24), at(2026, 12, 24))
    assert (found.climbs_before, found.chases) == (at(2026, 11, 20), False)
    assert window(at(2026, 11, 22, 10), CALENDAR, ahead=1, climb=3, declared=told) is None


def test_without_notices_people_hear_of_it_on_its_day() -> None:
    found = window(at(2026, 11, 23, 10), CALENDAR, ahead=1, climb=3, declared=Reminding(()))
    assert found is not None
    assert found.soon_ends == found.today_ends


def test_what_is_to_be_decided_is_told_first_then_what_is_late_then_what_is_due_today() -> None:
    early, late = at(2026, 11, 20, 18), at(2026, 11, 23, 18)
    steps = [Step.SOON, Step.NOTICE, Step.TODAY, Step.LATE, Step.CLIMBED, Step.STUCK, Step.LEFT]
    found = sorted(((step, due) for step in steps for due in (late, early)), key=lambda one: urgency(*one))
    assert [step for step, _ in found[:8:2]] == [Step.STUCK, Step.STUCK, Step.LATE, Step.LATE]
    assert {step for step, _ in found[8:10]} == {Step.TODAY}
    assert {step for step, _ in found[10:]} == {Step.SOON, Step.NOTICE}
    assert [due for _, due in found[4:8]] == [early, early, late, late]


def test_every_step_has_its_words() -> None:
    assert set(LABELS) == set(Step)


def test_a_key_names_the_minute_of_the_deadline_with_all_its_noughts() -> None:
    key = key_of("5f", Matter.DEADLINE, "6a", Step.LATE, datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "|2026-01-05")
    assert key == "5f|deadline|6a|late|20260102T0304|2026-01-05"
