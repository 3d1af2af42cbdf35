"""One of the compared programs in a process of its own, on a processor of its own: it answers what it is told to ask
itself and says how long each answer took."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from multiprocessing import get_context
from multiprocessing.connection import Connection
from time import perf_counter
from typing import Any

from bench import machine
from bench.world import World, numbers_in
from config import interpreter

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]


@dataclass(frozen=True)
class Ask:
    """One request: `path` with its query string, and what is posted."""

    path: str
    method: str = "GET"
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


Asks = Callable[[str, int], Ask | None]


def nothing(_case: str, _turn: int) -> Ask | None:
    """No case at all."""
    return None


@dataclass
class Program:
    """A program under measurement. `asks` gives, for a case, the request of a turn (0, 1, 2 ...), or None when it has
    no such thing; what it does to prepare a turn is not measured."""

    name: str
    application: Application
    asks: Asks
    cookies: str = ""
    environ: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Turns:
    """What some turns of a case gave: seconds each, the size of the last answer and the record numbers in it."""

    seconds: list[float]
    size: int
    shown: list[str]
    memory: float


class Failed(Exception):
    """A measured request was not answered as it should be."""


def answer(program: Program, ask: Ask) -> Answer:
    """Send a request straight to the application, without a socket. :raises Failed: for a refusal or an error."""
    path, _, query = ask.path.partition("?")
    said: list[Any] = []
    environ: Environ = {
        "REQUEST_METHOD": ask.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path.encode().decode("latin-1"),
        "QUERY_STRING": query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "127.0.0.1",
        "HTTP_COOKIE": program.cookies,
        "CONTENT_LENGTH": str(len(ask.body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(ask.body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        **program.environ,
    }
    for name, value in ask.headers:
        key = name.upper().replace("-", "_")
        environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value

    def start(status: str, headers: list[tuple[str, str]], *_: Any) -> None:
        said[:] = [status, tuple(headers)]

    pieces = program.application(environ, start)
    try:
        body = b"".join(pieces)
    finally:
        close = getattr(pieces, "close", None)
        if close is not None:
            close()
    for name, value in said[1]:
        if name == "Set-Cookie":
            program.cookies = value.partition(";")[0]  # each of the programs keeps one cookie: its session
    if said[0][0] not in "23":
        raise Failed(f"{program.name}: {ask.method} {ask.path} was answered {said[0]}: {body[:300]!r}")
    return Answer(said[0], body, said[1])


def turns(program: Program, case: str, first: int, count: int) -> Turns | None:
    """Measure some turns of a case; None when the program has no such thing."""
    seconds: list[float] = []
    last: Answer | None = None
    for turn in range(first, first + count):
        ask = program.asks(case, turn)
        if ask is None:
            return None
        began = perf_counter()
        last = answer(program, ask)
        seconds.append(perf_counter() - began)
    body = last.body if last else b""
    return Turns(seconds, len(body), numbers_in(body.decode()), machine.resident())


class Arm:
    """The process of a program, as the one that compares holds it."""

    def __init__(self, name: str, make: Callable[[World], Program], world: World) -> None:
        self.name = name
        context = get_context("spawn")
        self.line, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(make, world, theirs), daemon=True)
        self.process.start()

    def turns(self, case: str, first: int, count: int) -> Turns | None:
        """Have some turns measured. :raises Failed: when one of them was not answered well."""
        self.line.send((case, first, count))
        found: Turns | Failed | None = self.line.recv()
        if isinstance(found, Failed):
            raise found
        return found

    def peak(self) -> float:
        """The most memory of the process so far, in MB."""
        return machine.peak(self.process.pid or 0)

    def close(self) -> None:
        """End the process."""
        self.line.send(None)
        self.process.join(10)
        self.process.kill()


def _serve(make: Callable[[World], Program], world: World, line: Connection) -> None:
    machine.pin(machine.processors()[0])
    program = make(world)
    interpreter.settle()
    while (told := line.recv()) is not None:
        try:
            line.send(turns(program, *told))
        except Failed as failure:
            line.send(failure)
