"""Rules of cards, changes of secrecy and leaks, without a database (X2, X4, X5, X8)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from models.access_request import rules
from models.access_request.rules import Terms
from models.declarations import Level
from models.leak import rules as leak
from models.secrecy_change.rules import problems_of, values_of

TODAY = date(2026, 11, 23)
TERMS = Terms(consultation_days=7, borrowing_days=3)


def day(ahead: int) -> date:
    return TODAY + timedelta(days=ahead)


@pytest.mark.parametrize(
    ("uses", "begins", "until", "managing", "wrong"),
    [
        (["view"], None, 6, False, set()),
        (["view"], None, 7, False, {"valid_until"}),
        (["view"], 10, 16, False, set()),
        (["view"], 10, 17, False, {"valid_until"}),
        (["view"], 10, 9, False, {"valid_until"}),
        (["view"], -1, 3, False, {"valid_from"}),
        (["view"], 31, 32, False, {"valid_from"}),
        (["print"], None, 2, True, set()),
        (["view", "print"], None, 3, True, {"valid_until"}),
        (["export"], 10, 12, True, set()),
        (["export"], 10, 13, True, {"valid_until"}),
        (["export"], None, 2, False, {"uses"}),
        (["view"], None, -1, False, {"valid_until"}),
    ],
)
def test_use_and_window_follow_the_policy(
    uses: list[str], begins: int | None, until: int, managing: bool, wrong: set[str]
) -> None:
    starts = None if begins is None else day(begins)
    assert set(rules.problems_of(uses, starts, day(until), TODAY, TERMS, managing=managing)) == wrong


@pytest.mark.parametrize(
    ("uses", "begins", "until", "unread", "wrong"),
    [
        ([], None, -1, {"uses", "reason"}, {"valid_until"}),
        ([], 10, 9, {"uses"}, {"valid_until"}),
        ([], None, 30, {"uses"}, set()),
        (["view"], None, 30, {"valid_from"}, set()),
        (["view"], -1, 30, set(), {"valid_from"}),
        (["export"], 31, None, {"valid_until"}, {"uses", "valid_from"}),
    ],
)
def test_everything_that_is_wrong_is_found_but_what_hangs_on_another_wrong_field(
    uses: list[str], begins: int | None, until: int | None, unread: set[str], wrong: set[str]
) -> None:
    starts, ends = (None if ahead is None else day(ahead) for ahead in (begins, until))
    assert set(rules.problems_of(uses, starts, ends, TODAY, TERMS, managing=False, unread=unread)) == wrong


def test_a_card_stands_where_its_paper_is() -> None:
    assert rules.state_after("expire", 0) == rules.state_after("give_back", 0) == "ended"
    assert rules.state_after("revoke", 0) == "revoked"
    assert {rules.state_after(action, 1) for action in ("expire", "give_back", "revoke")} == {"out"}


def test_the_highest_level_and_the_name_of_a_card() -> None:
    assert Level.highest(["secret", "top_secret", "internal"]) is Level.TOP_SECRET
    assert Level.highest([]) is Level.INTERNAL
    assert (Level.of(None), Level.of("secret")) == (Level.INTERNAL, Level.SECRET)
    assert rules.title_of(["KH-1"]) == "KH-1"
    assert rules.title_of(["KH-1", "KH-2", "KH-3"]) == "KH-1 +2"


def test_an_extension_is_later_and_no_longer_than_one_period() -> None:
    def period(_level: Level, since: date) -> date:
        return since + timedelta(days=365)

    def wrong(until: date | None, new: date | None) -> set[str]:
        return set(problems_of("extend", Level.SECRET, until, None, new, TODAY, period))

    assert wrong(day(30), day(365)) == set()
    for new in (None, day(30), day(366)):
        assert wrong(day(30), new) == {"new_until"}
    assert wrong(None, TODAY) == {"new_until"}
    assert values_of({"kind": "extend", "new_until": day(365)}) == {"secret_until": day(365)}
    lower = {"kind": "lower", "new_basis": "x"}
    assert values_of({**lower, "new_level": "internal"}) == {"level": "internal", "level_basis": None}
    assert values_of({**lower, "new_level": "secret"}) == {"level": "secret", "level_basis": "x"}


def test_an_outcome_that_is_founded_names_who_and_what_changes() -> None:
    people = [{"part": "leaked", "person": "a"}, {"part": "witness", "person": "b"}]
    full = {"outcome": "warning", "people_found": people, "duty": "none", "remedy": "Bags"}
    assert leak.outcome_problems(full) == {}
    assert set(leak.outcome_problems({**full, "people_found": people[1:]})) == {"people_found"}
    assert set(leak.outcome_problems({**full, "duty": "direct"})) == {"superior"}
    assert set(leak.outcome_problems({**full, "remedy": None})) == {"remedy"}
    assert leak.outcome_problems({"outcome": "unfounded"}) == {}
    assert leak.involved({**full, "superior": "c"}) == ["a", "c"]


def test_an_inquiry_says_of_each_in_the_report_what_it_found_by_person_or_by_name() -> None:
    report = [{"part": "leaked", "person": "a"}, {"part": "leaked", "name": "A driver "}]
    values = {"outcome": "unfounded", "people": report}
    driver = {"part": "witness", "name": "a Driver", "person": "d"}
    assert leak.outcome_problems({**values, "people_found": [report[0], driver]}) == {}
    for left in ([], report[:1], [driver], [{**report[0], "person": "b"}, driver]):
        assert set(leak.outcome_problems({**values, "people_found": left})) == {"people_found"}
    assert leak.involved({**values, "people_found": [{"part": "leaked", "person": "b"}]}) == ["b", "a"]
