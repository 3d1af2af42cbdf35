"""Completeness, first fill, key customers and assignment (F3, F6, F8)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from models.customer.rules import (
    Completeness,
    Load,
    NoSpecialist,
    choose_specialist,
    completeness,
    convenient_hours_warning,
    is_completed,
    key_customer_findings,
    spread,
)

WANTED = ("name", "address", "people.name", "people.phone", "people.birthday")


def test_a_full_file_is_complete() -> None:
    person = {"name": "林样", "phone": "13800138000", "birthday": "1980-02-29"}
    found = completeness({"name": "甲", "address": "乙", "people": [person]}, WANTED)
    assert (found.percent, found.missing) == (100, ())


@pytest.mark.parametrize("people", [None, [], [{}], [{"name": "  ", "phone": "N/A"}], "text"])
def test_without_people_their_fields_are_missing(people: Any) -> None:
    found = completeness({"name": "甲", "address": "未知", "people": people}, WANTED)
    assert (found.percent, found.missing) == (20, WANTED[1:])


def test_the_person_described_best_counts_and_not_pieces_of_several() -> None:
    people = [{"name": "甲"}, {"name": "乙", "phone": "13800138000"}, {"birthday": "1980-01-01"}]
    found = completeness({"name": "甲", "address": "乙", "people": people}, WANTED)
    assert found.missing == ("people.birthday",)
    assert found.percent == 80


def test_embedded_documents_count_like_plain_values() -> None:
    @dataclass
    class Contact:
        name: str = "甲"
        phone: str = "13800138000"

    found = completeness({"name": "甲", "address": "乙", "people": [Contact()]}, WANTED)
    assert found.missing == ("people.birthday",)


def test_zero_and_no_are_values() -> None:
    values = {"staff": 0, "exporter": False, "tags": [""], "extra": {"a": None}}
    assert completeness(values, ("staff", "exporter", "tags", "extra")).missing == ("tags", "extra")


def test_a_file_is_100_per_cent_only_when_nothing_is_missing() -> None:
    wanted = tuple(f"f{n}" for n in range(301))
    assert completeness(dict.fromkeys(wanted[1:], 1), wanted).percent == 99
    assert completeness({}, ()).percent == 100
    assert completeness({"a": 1}, ("a", "a", "b")).percent == 50


def test_a_file_is_completed_when_nothing_is_missing_and_its_salesperson_was_asked() -> None:
    whole, lacking = Completeness(100, ()), Completeness(99, ("industry",))
    assert is_completed({"salesperson": "p1", "talked_on": date(2026, 11, 23)}, whole)
    assert is_completed({"salesperson": None, "talked_on": None}, whole)
    assert not is_completed({"salesperson": "p1", "talked_on": None}, whole)
    assert not is_completed({"salesperson": "p1", "talked_on": date(2026, 11, 23)}, lacking)


def test_a_key_customer_wants_a_plan_and_a_specialist() -> None:
    assert [f.field for f in key_customer_findings(key=True, service_plan=" ", specialist=None)] == [
        "service_plan",
        "specialist",
    ]
    assert key_customer_findings(key=True, service_plan="金牌服务方案", specialist="p1") == ()
    assert key_customer_findings(key=False, service_plan="", specialist=None) == ()


def test_unreadable_convenient_hours_are_warned_of() -> None:
    assert convenient_hours_warning("工作日 9:00-11:30") is None
    assert convenient_hours_warning("") is None
    assert convenient_hours_warning("whenever the moon is up") is not None


def test_a_new_file_goes_to_whoever_is_least_full() -> None:
    assert choose_specialist([Load("a", 10, 10), Load("b", 19, 20)]) == "b"
    assert choose_specialist([Load("a", 0, 1), Load("b", 0, 1)]) == "a"
    assert choose_specialist([Load("a", 0, 0), Load("b", 99, 1)]) == "b"
    assert choose_specialist([Load("a", 0, 1), Load("b", 0, 2)]) == "b", "one file fills the smaller sooner"


def test_nobody_with_capacity_is_a_refusal() -> None:
    for loads in ([], [Load("a", 0, 0)]):
        with pytest.raises(NoSpecialist):
            choose_specialist(loads)


def test_many_files_spread_by_capacity_and_even_out_what_is_there() -> None:
    taken = Counter(spread(300, [Load("a", 0, 1), Load("b", 0, 2), Load("c", 100, 1), Load("d", 0, 0)]))
    assert taken == {"a": 100, "b": 200}
    assert spread(0, []) == []
