"""D1, D3: until when a record is kept, whether it is at work, and how it is said."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from bson import ObjectId

from models import access, moves
from models.calendar import add_months
from models.declarations import Retention
from models.destruction import rules, terms
from models.destruction.document import DESTRUCTION, SIGNING
from models.destruction.rules import Matter
from models.errors import Sentence
from models.person.roles import Person, Role
from tests.factories.types import SAMPLE

CHANGED = datetime(2023, 11, 30, 17, 0, tzinfo=UTC)  # 1 December in Shanghai
USUAL = 36


def matter(today: date, **values: Any) -> str:
    found = rules.retention_matter(SAMPLE, {"updated_at": CHANGED, **values}, today, USUAL)
    return found.text.en if found else ""


@pytest.mark.parametrize(
    ("today", "said"),
    [(date(2026, 11, 30), "Tue 1 Dec 2026"), (date(2026, 12, 1), "Tue 1 Dec 2026"), (date(2026, 12, 2), "")],
)
def test_without_a_declared_time_it_is_kept_for_so_long_after_its_last_change(today: date, said: str) -> None:
    plain = replace(SAMPLE, retention=None)
    found = rules.retention_matter(plain, {"updated_at": CHANGED}, today, USUAL)
    assert (said in found.text.en) if found else (said == "")


def test_a_declared_time_stands_and_has_to_have_begun() -> None:
    assert SAMPLE.retention == Retention("made_on", 60)
    assert "has not begun" in matter(date(2099, 1, 1), made_on=None)
    assert "Wed 4 Mar 2026" in matter(date(2026, 3, 4), made_on=date(2021, 3, 4))
    assert matter(date(2026, 3, 5), made_on=date(2021, 3, 4)) == ""


@pytest.mark.parametrize(
    ("values", "is_open"),
    [
        ({"state": "draft"}, True),
        ({"state": "approved"}, False),
        ({"state": "draft", "archived_at": CHANGED}, True),
        ({"state": "approved", "archived_at": CHANGED}, False),
    ],
)
def test_what_is_at_work_is_open(values: dict[str, Any], is_open: bool) -> None:
    assert rules.is_open(SAMPLE, values) is is_open
    assert rules.is_open(replace(SAMPLE, workflow=None), values) is False


def test_what_stands_against_it_is_said_record_by_record() -> None:
    found = {
        "A": [Matter("hold", Sentence("甲", "one")), Matter("open", Sentence("乙", "two"))],
        "B": [],
        "C": [Matter("retention", Sentence("丙", "three"))],
    }
    said = rules.in_words(found)
    assert (said.zh, said.en) == ("A：甲、乙；C：丙", "A: one, two; C: three")


def test_whoever_signed_or_proposed_signs_no_further_step() -> None:
    """Whatever roles they have, for themselves or for somebody else."""
    roles = frozenset({Role.SUPERVISOR, Role.HEAD, Role.GENERAL_MANAGER})
    everything = Person(ObjectId(), "All", roles, department="service")
    steps = [DESTRUCTION.workflow.transition(name) for name in SIGNING] if DESTRUCTION.workflow else []
    for place, step in enumerate(steps):
        record: dict[str, Any] = {"state": step.source[0], "department": "service"}
        record["acl"] = access.tokens_of(DESTRUCTION, record)
        assert moves.why_not(everything, DESTRUCTION, step, record) is None
        named = ["created_by", "first_signer", "first_for", "second_signer", "second_for"][: 1 + 2 * place]
        for name in named:
            refused = moves.why_not(everything, DESTRUCTION, step, {**record, name: everything.id})
            assert isinstance(refused, moves.NotYourOwn), (step.name, name)


@pytest.mark.parametrize("months", [1, 6, USUAL])
def test_the_condition_over_all_records_draws_the_line_where_the_rule_for_one_does(months: int) -> None:
    """At the ends of short months, too."""
    for days in range(2 * 366):
        today = date(2026, 1, 1) + timedelta(days=days)
        first = terms.first_kept(today, months)
        for near in range(-4, 5):
            day = first + timedelta(days=near)
            assert (day < first) == (add_months(day, months) < today), (day, today)
