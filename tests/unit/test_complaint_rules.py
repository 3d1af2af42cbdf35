"""Times, stages, authority, batches and closing of complaints (T2-T7)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from config.policy import load
from models.calendar import SHANGHAI, WorkingCalendar
from models.complaint.refusals import (
    AgreedDateTooEarly,
    AuthorityExceeded,
    BeyondAllAuthority,
    CauseWanted,
    CloseReasonWanted,
    CustomerAnswerWanted,
    NotJudged,
    OwnGrant,
    PromisesOpen,
    StageSkipped,
)
from models.complaint.rules import (
    LEVELS,
    MOVES,
    STAGES,
    Stage,
    authority_of,
    batch_since,
    check_agreed,
    check_closing,
    check_grant,
    check_move,
    fast_lane,
    levels_to_ask,
)
from models.errors import Refusal

CALENDAR = WorkingCalendar()
AUTHORITY = {
    "specialist": Decimal(200),
    "supervisor": Decimal(1000),
    "head": Decimal(5000),
    "general_manager": Decimal(100_000),
}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


def test_a_date_agreed_has_to_be_later_than_48_working_hours() -> None:
    received = at("2026-11-23T10:00")
    check_agreed(at("2026-12-10T12:00"), received, CALENDAR)
    for earlier in ("2026-11-30T13:00", "2026-11-25T10:00"):
        with pytest.raises(AgreedDateTooEarly) as refusal:
            check_agreed(at(earlier), received, CALENDAR)
        assert "2026-11-30（周一）13:00" in refusal.value.text("zh")


def test_the_way_of_a_founded_complaint() -> None:
    for present, target in pairwise(Stage):
        check_move(present, target, founded=True)
    check_move(Stage.CLOSED, Stage.ASSIGNED, founded=True)


def test_an_unfounded_complaint_is_closed_after_judgement_and_a_founded_one_is_not() -> None:
    check_move(Stage.JUDGED, Stage.CLOSED, founded=False)
    for founded in (True, None):
        with pytest.raises(StageSkipped):
            check_move(Stage.JUDGED, Stage.CLOSED, founded=founded)


def test_no_stage_is_skipped_and_no_stage_is_a_dead_end() -> None:
    refused = 0
    for present in Stage:
        assert MOVES[present]
        assert present in STAGES
        for target in set(Stage) - MOVES[present]:
            with pytest.raises(StageSkipped):
                check_move(present, target, founded=False)
            refused += 1
    assert refused > 20


def close(**changes: Any) -> None:
    known: dict[str, Any] = {
        "founded": True,
        "reason": "",
        "cause": "延迟交货",
        "customer_answer": "satisfied",
        "open_promises": 0,
    }
    check_closing(**{**known, **changes})


def test_a_complaint_with_cause_answer_and_kept_promises_closes() -> None:
    close()
    close(customer_answer="unsatisfied")
    close(founded=False, reason="经核对，货物与合同一致", cause="", customer_answer="")


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"founded": None}, NotJudged),
        ({"cause": " "}, CauseWanted),
        ({"customer_answer": ""}, CustomerAnswerWanted),
        ({"open_promises": 2}, PromisesOpen),
        ({"founded": False}, CloseReasonWanted),
        ({"founded": False, "reason": "x", "open_promises": 1}, PromisesOpen),
    ],
)
def test_anything_missing_keeps_it_open(changes: dict[str, Any], refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        close(**changes)


@pytest.mark.parametrize(
    ("amount", "roles", "ask"),
    [
        ("0", {"sales"}, ()),
        ("200", {"specialist"}, ()),
        ("200.01", {"specialist"}, ("supervisor",)),
        ("3000", {"specialist"}, ("supervisor", "head")),
        ("100000", {"specialist"}, ("supervisor", "head", "general_manager")),
        ("3000", {"specialist", "head"}, ()),
        ("5001", {"head"}, ("general_manager",)),
        ("100", {"sales"}, ("specialist",)),
    ],
)
def test_who_must_be_asked(amount: str, roles: set[str], ask: tuple[str, ...]) -> None:
    assert levels_to_ask(Decimal(amount), roles, AUTHORITY) == ask


def test_the_last_one_asked_always_suffices() -> None:
    for amount in (1, 200, 201, 1000, 1001, 5000, 5001, 100_000):
        for role in AUTHORITY:
            ask = levels_to_ask(Decimal(amount), {role}, AUTHORITY)
            assert authority_of({role, *ask[-1:]}, AUTHORITY) >= amount


def test_more_than_anybody_may_grant_is_refused() -> None:
    with pytest.raises(BeyondAllAuthority) as refusal:
        levels_to_ask(Decimal(100_001), {"general_manager"}, AUTHORITY)
    assert "100,000 元" in refusal.value.text("zh")
    with pytest.raises(BeyondAllAuthority):
        levels_to_ask(Decimal(1), {"head"}, {})


def test_a_grant_needs_authority_and_another_person() -> None:
    check_grant(Decimal(900), grantor="sup", asker="spec", roles={"supervisor"}, authority=AUTHORITY)
    check_grant(Decimal(100), grantor="spec", asker=None, roles={"specialist"}, authority=AUTHORITY)
    with pytest.raises(OwnGrant):
        check_grant(Decimal(900), grantor="sup", asker="sup", roles={"supervisor"}, authority=AUTHORITY)
    with pytest.raises(AuthorityExceeded) as refusal:
        check_grant(Decimal(900), grantor="spec", asker=None, roles={"specialist"}, authority=AUTHORITY)
    assert refusal.value.text("zh") == "900 元 超出您的权限，请向客户信息主管申请。"
    assert "ask the information supervisor" in refusal.value.text("en")


def test_the_shipped_authority_has_a_name_for_each_level_in_the_same_order() -> None:
    assert list(load().complaint.authority) == list(LEVELS)


DAY = date(2026, 11, 23)


def days_ago(*ago: int) -> list[date]:
    return [DAY - timedelta(days=one) for one in ago]


@pytest.mark.parametrize(
    ("ago", "since"),
    [
        ((0, 1, 2, 3, 6), 0),
        ((0, 1, 2, 3, 7), None),
        ((0, 1, 2, 3), None),
        ((2, 3, 4, 5, 6), 2),
        ((3, 4, 5, 6, 7), None),
        (tuple(range(9)), 4),
        # There were five as early as four days ago, and then for a day only four.
        ((0, 1, 2, 4, 5, 6, 8, 10), 2),
        ((0, 0, 1, 1, 2, 30, 31, 32, 33, 34), 0),
        ((-1, 0, 1, 2, 3), None),
        ((0,) * 5, 0),
    ],
)
def test_a_batch_stands_since_the_day_that_completed_it(ago: tuple[int, ...], since: int | None) -> None:
    found = batch_since(days_ago(*ago), DAY, count=5, days=7)
    assert found == (None if since is None else DAY - timedelta(days=since))


def test_key_customers_go_to_the_fast_lane() -> None:
    assert fast_lane(key_customer=True)
    assert not fast_lane(key_customer=False)
