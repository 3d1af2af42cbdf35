"""The virus scanner asked over its socket: only a clear answer counts."""

from __future__ import annotations

import io

import pytest

from models.attachment.scanner import PIECE, NoAnswer, finding, require_answer
from tests.factories.clamd import EICAR, clamd


@pytest.mark.parametrize("tcp", [False, True])
def test_the_whole_stream_reaches_the_scanner_and_what_it_finds_comes_back(tcp: bool) -> None:
    large = b"a" * (3 * PIECE) + EICAR + b"b" * 17
    with clamd(tcp=tcp) as scanner:
        assert finding(io.BytesIO(b"a scan"), scanner.url) == ""
        assert finding(io.BytesIO(large), scanner.url) == "Eicar-Test-Signature"
        assert scanner.received == [b"a scan", large]


@pytest.mark.parametrize("way", ["early", "limit", "garbage", "endless"])
def test_anything_but_a_clear_answer_is_none(way: str) -> None:
    with clamd(way) as scanner, pytest.raises(NoAnswer):
        finding(io.BytesIO(b"x" * (4 * PIECE)), scanner.url)


def test_a_scanner_that_stays_silent_is_given_up() -> None:
    with clamd("silent") as scanner, pytest.raises(NoAnswer, match="not usable"):
        finding(io.BytesIO(b"x"), scanner.url, timeout=0.2)


@pytest.mark.parametrize("url", ["unix:///nowhere/clamd.ctl", "tcp://127.0.0.1:9", "tcp://no-such-host.invalid:3310"])
def test_a_scanner_that_is_down_is_no_answer(url: str) -> None:
    with pytest.raises(NoAnswer):
        finding(io.BytesIO(b"x"), url, timeout=0.5)


def test_an_empty_stream_is_still_a_stream() -> None:
    with clamd() as scanner:
        assert finding(io.BytesIO(b""), scanner.url) == ""


@pytest.mark.parametrize("tcp", [False, True])
def test_a_scanner_that_answers_is_there_and_has_scanned_nothing(tcp: bool) -> None:
    with clamd(tcp=tcp) as scanner:
        require_answer(scanner.url)
        assert scanner.received == []


@pytest.mark.parametrize("way", ["early", "garbage", "silent"])
def test_a_scanner_that_does_not_answer_as_one_is_none(way: str) -> None:
    with clamd(way) as scanner, pytest.raises(NoAnswer):
        require_answer(scanner.url, timeout=0.2)


def test_no_scanner_is_none() -> None:
    with pytest.raises(NoAnswer):
        require_answer("unix:///nowhere/clamd.ctl", timeout=0.5)
