"""Quiet hours, the day's digest, what cannot wait, and what a person may choose."""

from __future__ import annotations

from datetime import date, datetime, time

import pytest

from models.calendar import SHANGHAI
from models.channel_choice.rules import MOST_CHANNELS, Choice, chosen, is_digest_due, is_quiet, is_urgent, quiet_until
from models.errors import Invalid
from models.reminder.rules import Step


def at(hour: int, minute: int = 0, day: int = 23) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("start", "end", "quiet", "loud"),
    [
        (time(12), time(14), [(12, 0), (13, 59)], [(11, 59), (14, 0)]),
        (time(20), time(8), [(20, 0), (0, 0), (7, 59)], [(8, 0), (19, 59)]),
        (time(9), time(9), [], [(9, 0), (0, 0)]),
        (None, None, [], [(0, 0), (12, 0)]),
        (time(9), None, [], [(10, 0)]),
    ],
)
def test_quiet_hours(
    start: time | None, end: time | None, quiet: list[tuple[int, int]], loud: list[tuple[int, int]]
) -> None:
    choice = Choice(quiet_from=start, quiet_to=end)
    assert [is_quiet(choice, at(*moment)) for moment in quiet] == [True] * len(quiet)
    assert [is_quiet(choice, at(*moment)) for moment in loud] == [False] * len(loud)


@pytest.mark.parametrize(
    ("now", "told"),
    [(at(19, 59), at(19, 59)), (at(20), at(8, day=24)), (at(3), at(8)), (at(7, 59), at(8)), (at(8), at(8))],
)
def test_what_comes_in_quiet_hours_is_told_at_their_end(now: datetime, told: datetime) -> None:
    assert quiet_until(Choice(quiet_from=time(20), quiet_to=time(8)), now) == told
    assert quiet_until(Choice(), now) == now


def test_the_digest_is_due_once_a_day_from_its_time_on() -> None:
    choice = Choice(digest_at=time(9, 30), digest_on=date(2026, 11, 23))
    assert not is_digest_due(choice, at(17))
    assert not is_digest_due(choice, at(9, 29, day=24))
    assert is_digest_due(choice, at(9, 30, day=24))
    assert is_digest_due(Choice(), at(9))


@pytest.mark.parametrize(
    ("step", "due", "urgent"),
    [
        (Step.TODAY, at(18), True),
        (Step.LATE, at(10), True),
        (Step.LATE, at(18, day=20), False),
        (Step.SOON, at(18, day=24), False),
        (Step.OUTCOME, at(10), True),
        (Step.OUTCOME, at(17, day=20), False),
        (Step.CLIMBED, at(10), False),
        (Step.LAST_NOTICE, at(18), False),
    ],
)
def test_only_what_is_due_the_same_day_cannot_wait(step: Step, due: datetime, urgent: bool) -> None:
    assert is_urgent(step, due, at(11)) is urgent


def choose(**values: object) -> Choice:
    usual = {"email": True, "channels": (), "quiet_from": "", "quiet_to": "", "digest_at": ""}
    return chosen(**{**usual, **values}, known={"group", "relay"})  # type: ignore[arg-type]


def test_what_is_left_empty_is_as_usual() -> None:
    assert choose() == Choice()


def test_a_choice_is_taken_as_it_was_made() -> None:
    made = choose(email=False, channels=["group", "group"], quiet_from="20:00", quiet_to="08:00", digest_at="10:30")
    assert made == Choice(False, ("group",), time(20), time(8), time(10, 30))


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"quiet_from": "20:00"}, "quiet_to"),
        ({"quiet_to": "08:00"}, "quiet_from"),
        ({"quiet_from": "25:00", "quiet_to": "08:00"}, "quiet_from"),
        ({"digest_at": "nine"}, "digest_at"),
        ({"digest_at": "09:00:00.5"}, "digest_at"),
        ({"channels": ["group", "other"]}, "channels"),
        ({"channels": [f"c{n}" for n in range(MOST_CHANNELS + 1)]}, "channels"),
    ],
)
def test_what_cannot_be_chosen_is_named(values: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        choose(**values)
    assert set(refused.value.problems) == {field}


def test_a_stored_choice_with_odd_values_is_read_as_usual() -> None:
    assert Choice.read({"email": None, "channels": None, "quiet_from": "x", "digest_at": 9}) == Choice()
