"""Exports give way to requests, and never take all of a process."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from threading import Event, Thread

import pytest
from flask import Flask

from backoffice import giving_way
from backoffice.giving_way import ManyExports, Road, Stream


@pytest.fixture
def app() -> Iterator[Flask]:
    made = Flask("roads")
    giving_way.init_app(made)
    with made.app_context():
        yield made


def pieces(*these: bytes, closed: list[str] | None = None) -> Generator[bytes, None, None]:
    try:
        yield from these
    finally:
        if closed is not None:
            closed.append("closed")


def test_a_stream_gives_every_piece(app: Flask) -> None:
    with giving_way.place() as stream:
        made = stream(pieces(b"a", b"b"))
    assert list(made) == [b"a", b"b"]


def test_a_process_sends_no_more_exports_than_it_may(app: Flask) -> None:
    streams = []
    for _ in range(giving_way.MOST):
        with giving_way.place() as stream:
            streams.append(stream(pieces(b"a")))
    with pytest.raises(ManyExports), giving_way.place():
        pass
    streams[0].close()
    streams[0].close()
    with giving_way.place() as stream:
        streams.append(stream(pieces(b"b")))
    with pytest.raises(ManyExports), giving_way.place():
        pass


def test_a_refused_export_keeps_no_place(app: Flask) -> None:
    for _ in range(giving_way.MOST + 1):
        with pytest.raises(PermissionError), giving_way.place():
            raise PermissionError
    with giving_way.place() as stream:
        assert list(stream(pieces(b"a"))) == [b"a"]


def test_a_reader_who_goes_away_ends_the_export(app: Flask) -> None:
    closed: list[str] = []
    with giving_way.place() as stream:
        made = stream(pieces(b"a", b"b", closed=closed))
    assert next(made) == b"a"
    made.close()
    assert closed == ["closed"]


def test_a_piece_waits_for_the_request_that_is_being_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(giving_way, "LONGEST_PAUSE", 60)
    road, taken = Road(), Event()
    stream = Stream(road, pieces(b"a"))
    road.places.acquire()
    road.enter()

    def take() -> None:
        next(stream)
        taken.set()

    waiting = Thread(target=take)
    waiting.start()
    assert not taken.wait(0.1)
    road.leave()
    waiting.join()
    assert taken.is_set()
    stream.close()


def test_a_piece_waits_a_moment_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(giving_way, "LONGEST_PAUSE", 0.01)
    road = Road()
    road.places.acquire()
    road.enter()
    stream = Stream(road, pieces(b"a"))
    assert list(stream) == [b"a"]
    stream.close()


def test_requests_are_counted_until_their_answer(app: Flask) -> None:
    road: Road = app.extensions["road"]
    seen = []

    @app.get("/")
    def page() -> str:
        seen.append(road.answering)
        return "a"

    @app.get("/bad")
    def bad() -> str:
        raise ValueError

    client = app.test_client()
    client.get("/")
    client.get("/bad")
    client.get("/nothing")
    assert (seen, road.answering) == ([1], 0)
