"""Work that may take only so long, in a thread of its own.

Past its limit nothing of the work reaches the database any more: the driver refuses every call of its thread. A thread
that hangs all the same is left behind, which hinders nobody; it ends with the process.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, wait
from contextvars import copy_context
from dataclasses import dataclass
from datetime import timedelta
from threading import Lock, Thread
from time import monotonic
from types import TracebackType
from typing import Generic, Literal, TypeVar

from pymongo import timeout
from pymongo.errors import PyMongoError

T = TypeVar("T")

UNWINDING = 5.0
"""Past the limit a call of the database ends by itself; the work has so many seconds to come back."""
LEAVING = 12.0
"""So many seconds work is waited for when the process is to end; whoever started it kills it at some time."""
LOOK_SECONDS = 0.5


@dataclass(frozen=True)
class Ended(Generic[T]):
    """How work ended: with a result, with an error, or (neither) not at all, so that it is still under way. `over` says
    that its time was up."""

    result: T | None
    error: BaseException | None
    over: bool


class _Told(Future[T]):
    """A future that takes whatever its body raises."""

    def __enter__(self) -> _Told[T]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> Literal[True]:
        if error is not None:
            self.set_exception(error)
        return True


@dataclass(frozen=True)
class _Left:
    """Work that was left behind, and until when it may still write."""

    name: str
    thread: Thread
    until: float


class Watch:
    """Does work and knows the threads that it had to leave behind."""

    def __init__(self) -> None:
        self._left: list[_Left] = []
        self._lock = Lock()

    def do(self, name: str, limit: timedelta, work: Callable[[], T], go_on: Callable[[], bool]) -> Ended[T]:
        """Do `work` and wait for it: until it ends, or some seconds past its limit, or until `go_on` has said no for
        some seconds on end."""
        told: _Told[T] = _Told()
        end = monotonic() + limit.total_seconds()

        def body() -> None:
            with told, timeout(limit.total_seconds()):
                told.set_result(work())

        # A daemon: nobody waits for it when the process ends.
        thread = Thread(target=copy_context().run, args=(body,), name=name, daemon=True)
        thread.start()
        _wait(told, end + UNWINDING, go_on)
        if not told.done():
            with self._lock:
                self._left.append(_Left(name, thread, end + UNWINDING))
            return Ended(None, None, over=monotonic() >= end)
        error = told.exception()
        # The server ends what it does a moment before.
        early = limit.total_seconds() / 10 if _timed_out(error) else 0.0
        return Ended(None if error else told.result(), error, over=monotonic() >= end - early)

    def left_behind(self) -> int:
        """How many threads still hang."""
        with self._lock:
            self._left = [left for left in self._left if left.thread.is_alive()]
            return len(self._left)

    def at_work(self, name: str) -> bool:
        """Whether work of that name was left behind and may still write and come to its end."""
        with self._lock:
            return any(left.name == name and left.thread.is_alive() and monotonic() < left.until for left in self._left)


def _timed_out(error: BaseException | None) -> bool:
    """Whether the database ended it for its time, under whatever name the error was passed on."""
    while error is not None:
        if isinstance(error, PyMongoError) and error.timeout:
            return True
        error = error.__cause__ or error.__context__
    return False


def _wait(told: Future[T], end: float, go_on: Callable[[], bool]) -> None:
    until = end
    while not told.done() and monotonic() < until:
        wait([told], min(LOOK_SECONDS, max(0.0, until - monotonic())))
        if go_on():  # again, it may be: a lease is back after an election
            until = end
        elif until == end:
            until = min(end, monotonic() + LEAVING)
