"""Which value stays when two records become one, and how two people's changes of one list are joined (F7, X1, X2)."""

from __future__ import annotations

from datetime import date
from random import Random
from typing import Any

import pytest

from models.declarations import Choice, Field, Label
from models.merge import rules
from models.merge.rules import Pick

KEEP, OTHER, BOTH = Pick.KEEP, Pick.OTHER, Pick.BOTH
CHOICES = tuple(Choice(value, Label(value, value)) for value in ("a", "b", "c"))


def field(kind: str = "text", **more: Any) -> Field:
    return Field(name="field", kind=kind, label=Label("字段", "Field"), choices=CHOICES, **more)


@pytest.mark.parametrize(
    ("made", "keep", "other", "options"),
    [
        (field(), "x", "x", ()),
        (field(), None, "", ()),
        (field(), "x", "y", (KEEP, OTHER)),
        (field(), None, "y", (KEEP, OTHER)),
        (field(required=True), None, "y", (OTHER,)),
        (field("yes_no"), False, True, (KEEP, OTHER)),
        (field("embedded_list"), [{"a": 1}], None, (BOTH,)),
        (field("files"), [{"file": 1}], [{"file": 2}], (BOTH,)),
        (field("choices"), ["a"], ["b"], (KEEP, OTHER, BOTH)),
        (field("long_text"), "x", "y", (KEEP, OTHER, BOTH)),
        (field("long_text", max_length=3), "x", "y", (KEEP, OTHER)),
        (field("long_text"), "x", None, (KEEP, OTHER)),
    ],
)
def test_what_may_be_picked(made: Field, keep: Any, other: Any, options: tuple[Pick, ...]) -> None:
    assert rules.options(made, keep, other) == options


@pytest.mark.parametrize(
    ("kind", "keep", "other", "newer", "pick"),
    [
        ("text", "x", None, True, KEEP),
        ("text", None, "y", False, OTHER),
        ("text", "x", "y", True, OTHER),
        ("text", "x", "y", False, KEEP),
        ("yes_no", False, None, True, KEEP),
        ("embedded_list", [{}], [{}], False, BOTH),
        ("choices", ["a"], ["b"], False, BOTH),
        ("choices", None, ["b"], False, OTHER),
        ("choices", ["a"], None, True, KEEP),
    ],
)
def test_the_usual_pick(kind: str, keep: Any, other: Any, newer: bool, pick: Pick) -> None:
    assert rules.default(field(kind), keep, other, other_is_newer=newer) is pick
    assert pick in rules.options(field(kind), keep, other) or keep == other, "it can be seen and changed on the page"


def test_what_is_united_keeps_everything_once() -> None:
    first, second, third = {"file": 1, "name": "a"}, {"file": 2, "name": "b"}, {"file": 2, "name": "renamed"}
    assert rules.picked(field("files"), BOTH, [first, second], [third]) == [first, second]
    assert rules.picked(field("choices"), BOTH, ["c"], ["a", "c"]) == ["a", "c"]
    assert rules.picked(field("embedded_list"), BOTH, None, [{"a": 1}]) == [{"a": 1}]
    assert rules.picked(field("long_text"), BOTH, "one", "two") == "one\n\ntwo"
    with pytest.raises(rules.TooManyRows):
        rules.picked(field("embedded_list"), BOTH, [{"a": i} for i in range(60)], [{"b": i} for i in range(41)])
    with pytest.raises(rules.TooManyRows):
        rules.picked(field("files"), BOTH, [{"file": i} for i in range(15)], [{"file": i} for i in range(15, 21)])


def test_what_is_united_keeps_equal_rows_and_what_is_no_longer_offered() -> None:
    one, other = {"name": "one"}, {"name": "other"}
    assert rules.picked(field("embedded_list"), BOTH, [one], [one, one, other]) == [one, one, other]
    assert rules.picked(field("embedded_list"), BOTH, [one, one], [other, one]) == [one, one, other]
    assert rules.picked(field("choices"), BOTH, ["gone", "c"], ["a", "before"]) == ["a", "c", "gone", "before"]


@pytest.mark.parametrize(
    ("keep", "other", "level", "until", "basis"),
    [
        (("internal", None), ("internal", None), "internal", None, None),
        (("internal", None), ("secret", date(2027, 1, 1)), "secret", date(2027, 1, 1), "B"),
        (("confidential", date(2029, 1, 1)), ("secret", date(2031, 1, 1)), "confidential", date(2029, 1, 1), None),
        (("secret", date(2027, 1, 1)), ("secret", date(2027, 6, 1)), "secret", date(2027, 6, 1), None),
        (("secret", date(2028, 1, 1)), ("top_secret", date(2027, 1, 1)), "top_secret", date(2027, 1, 1), "B"),
    ],
)
def test_the_higher_level_and_of_one_level_the_longer_period(
    keep: tuple[str, Any], other: tuple[str, Any], level: str, until: Any, basis: str | None
) -> None:
    first, second = (
        {"level": side[0], "secret_until": side[1], "level_basis": name} for side, name in ((keep, "A"), (other, "B"))
    )
    found = rules.secrecy(first, second)
    assert (found["level"], found["secret_until"], found.get("level_basis")) == (level, until, basis)


@pytest.mark.parametrize(
    ("mine", "theirs", "joined"),
    [
        ("abc", "abd", "abdc"),
        ("a", "abd", "ad"),
        ("abc", "ab", "abc"),
        ("ab", "b", "b"),
        ("axb", "ayb", "aybx"),
        ("abx", "abx", "abx"),
        ("xb", "abd", "xbd"),
        ("xb", "ay", "xy"),
        ("xb", "yb", "ybx"),
        ("", "abc", "c"),
    ],
)
def test_two_changes_of_one_list_are_joined(mine: str, theirs: str, joined: str) -> None:
    assert rules.three_way(list("ab"), list(mine), list(theirs)) == list(joined)


@pytest.mark.parametrize(
    ("original", "mine", "theirs", "joined"),
    [
        ("aa", "xy", "aa", "xy"),
        ("aa", "xy", "aab", "xyb"),
        ("aba", "cbd", "aba", "cbd"),
        ("ab", "zz", "b", "zz"),
        ("ab", "zz", "zb", "zz"),
        ("aa", "a", "aa", "a"),
        ("aa", "a", "aab", "ab"),
        ("aa", "a", "ab", "ab"),
        ("aa", "xa", "ay", "xy"),
        ("aa", "xa", "ya", "yax"),
        ("a", "aa", "ab", "aba"),
        ("a", "aa", "aa", "aa"),
        ("a", "", "aa", "a"),
        ("ab", "ba", "ab", "ba"),
    ],
)
def test_equal_rows_are_told_apart_when_lists_are_joined(original: str, mine: str, theirs: str, joined: str) -> None:
    assert rules.three_way(list(original), list(mine), list(theirs)) == list(joined)


def test_of_two_changes_nothing_is_lost_and_nothing_stands_twice() -> None:
    some = Random(11)
    for _ in range(3_000):
        original, mine, theirs = sides = [some.choices("abcd", k=some.randrange(6)) for _ in range(3)]
        joined = rules.three_way(*sides)
        assert rules.three_way(original, mine, original) == mine
        assert rules.three_way(original, original, theirs) == theirs
        assert rules.three_way(original, mine, mine) == mine
        for row in "abcd":
            was, my, their, now = (side.count(row) for side in (original, mine, theirs, joined))
            if my >= was and their >= was:
                assert now == max(my, their), sides
            elif my <= was and their <= was:
                assert my + their - was <= now <= min(my, their), sides
            else:
                assert now == my + their - was, sides
