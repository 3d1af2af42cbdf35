"""What is made ready while the one before is worked on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from contextvars import ContextVar

import pytest

from models.job.ahead import ahead

here: ContextVar[str] = ContextVar("here", default="nowhere")


def test_everything_comes_in_order() -> None:
    assert list(ahead(iter(range(50)))) == list(range(50))


def test_the_next_is_made_while_one_is_worked_on_and_no_more() -> None:
    begun = [threading.Event() for _ in range(4)]

    def source() -> Iterator[int]:
        for number, event in enumerate(begun):
            event.set()
            yield number

    with closing(ahead(source())) as items:
        assert next(items) == 0
        assert begun[1].wait(60)
        assert next(items) == 1
        assert begun[2].wait(60)
        assert not begun[3].is_set()


def test_what_goes_wrong_is_raised_in_its_place() -> None:
    def source() -> Iterator[int]:
        yield 1
        raise KeyError("broken")

    with closing(ahead(source())) as items:
        assert next(items) == 1
        with pytest.raises(KeyError, match="broken"):
            next(items)


def test_nothing_goes_on_after_it_is_closed() -> None:
    made: list[int] = []

    def source() -> Iterator[int]:
        for number in range(10):
            made.append(number)
            yield number

    before = set(threading.enumerate())
    with closing(ahead(source())) as items:
        next(items)
    assert len(made) <= 2
    assert not set(threading.enumerate()) - before


def test_it_sees_what_its_caller_sees() -> None:
    token = here.set("in the office")
    try:
        assert list(ahead(here.get() for _ in range(2))) == ["in the office"] * 2
    finally:
        here.reset(token)
