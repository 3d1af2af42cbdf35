"""Exports give way: nobody waits for another's (X6 says what is in them, this how they are sent).

A list of hundreds of thousands of rows takes minutes of a process that answers others meanwhile. Its pieces are made
one at a time, whoever's export it is; before each the export waits while other requests are being answered, a moment at
most. And there are never so many that they hold all threads of a process.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from threading import BoundedSemaphore, Condition, Lock

from flask import Flask, current_app, g

from models.errors import Outage

MOST = 2
"""Exports of one process at the same time; it has four threads, unless told otherwise."""
LONGEST_PAUSE = 0.1
"""Seconds that an export waits for others before a piece of some hundred rows."""


class ManyExports(Outage):
    """This process sends as many exports already as it may."""

    code = "many_exports"
    zh = "正在导出的文件较多，此次没有开始。请稍后再试。"
    en = "Several exports are running, so this one was not begun. Please try again in a moment."


class Road:
    """Who is on the way in this process: requests that are being answered, and exports."""

    def __init__(self) -> None:
        self._changed = Condition()
        self.answering = 0
        self.places = BoundedSemaphore(MOST)
        self.piece = Lock()

    def enter(self) -> None:
        """A request is being answered from now on."""
        with self._changed:
            self.answering += 1

    def leave(self) -> None:
        """It has its answer, or the answer is a stream and goes on by itself."""
        with self._changed:
            self.answering -= 1
            self._changed.notify_all()

    def let_pass(self) -> None:
        """Return when no request is being answered, or after a moment."""
        with self._changed:
            self._changed.wait_for(lambda: not self.answering, LONGEST_PAUSE)


class Stream(Iterator[bytes]):
    """The pieces of an export on its way. It holds its place until it is closed."""

    def __init__(self, road: Road, pieces: Generator[bytes, None, None]) -> None:
        self._road, self._pieces, self._open = road, pieces, True

    def __next__(self) -> bytes:
        self._road.let_pass()
        with self._road.piece:
            return next(self._pieces)

    def close(self) -> None:
        """The reader has it all, or went away."""
        if self._open:
            self._open = False
            with ExitStack() as done:
                done.callback(self._road.places.release)
                self._pieces.close()

    __del__ = close  # of an answer that was never sent


def init_app(app: Flask) -> None:
    """Know of every request; to be called before other hooks are set."""
    app.extensions["road"] = Road()
    app.before_request(_enter)
    app.teardown_request(_leave)


@contextmanager
def place() -> Iterator[Callable[[Generator[bytes, None, None]], Stream]]:
    """A place for an export among those of this process. What it gives makes of the file's pieces a stream, which keeps
    the place; without one it is free again after the block.

    :raises ManyExports: all places are taken.
    """
    road: Road = current_app.extensions["road"]
    if not road.places.acquire(blocking=False):
        raise ManyExports
    with ExitStack() as held:
        held.callback(road.places.release)

        def stream(pieces: Generator[bytes, None, None]) -> Stream:
            held.pop_all()
            return Stream(road, pieces)

        yield stream


def _enter() -> None:
    current_app.extensions["road"].enter()
    g.on_the_road = True


def _leave(_error: BaseException | None) -> None:
    if g.pop("on_the_road", False):
        current_app.extensions["road"].leave()
