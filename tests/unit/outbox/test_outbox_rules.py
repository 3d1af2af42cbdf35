"""Addresses, subjects, retries and Message-IDs of outgoing email."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from models.errors import FieldProblem
from models.outbox.rules import BACKOFF, JITTER, check_address, message_id, next_try, one_line

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


@pytest.mark.parametrize("address", ["li@example.com", " li@example.com ", "客服@例子.中国"])
def test_an_address_is_kept_without_blanks(address: str) -> None:
    assert check_address(address) == address.strip()


@pytest.mark.parametrize(
    "address",
    [
        "",
        "li",
        "@example.com",
        "li@",
        "li@example.com\nBcc: all@example.com",
        "li@example.com, wang@example.com",
        "Li <li@example.com>",
        "a" * 250 + "@example.com",
    ],
)
def test_what_is_not_one_address_is_refused(address: str) -> None:
    with pytest.raises(FieldProblem):
        check_address(address)


def test_a_subject_cannot_begin_a_second_header() -> None:
    assert one_line("Review due\r\nBcc: all@example.com") == "Review due Bcc: all@example.com"
    assert len(one_line("字" * 1000)) == 200


def test_the_pauses_grow_and_end() -> None:
    times = [next_try(attempts, NOW, "a") for attempts in range(1, len(BACKOFF) + 2)]
    assert times[-1] is None
    pauses = [t - NOW for t in times if t]
    assert pauses == sorted(pauses)
    assert all(longest * (1 - JITTER) <= pause <= longest for pause, longest in zip(pauses, BACKOFF, strict=True))


def test_messages_refused_together_do_not_come_back_together_and_each_time_is_the_same_one() -> None:
    keys = [f"reminder:{number}" for number in range(50)]
    times = [next_try(3, NOW, key) for key in keys]
    assert len(set(times)) == 50
    assert times == [next_try(3, NOW, key) for key in keys]


def test_a_message_has_one_id_for_ever_and_another_message_another() -> None:
    mine = message_id("review:1:li", "Back office <backoffice@example.com>")
    assert mine == message_id("review:1:li", "backoffice@example.com")
    assert mine.endswith("@example.com>")
    assert mine != message_id("review:2:li", "backoffice@example.com")
    assert "review" not in mine
