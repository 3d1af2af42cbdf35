"""A group robot or webhook on this machine: answers as it is told and remembers what came."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from time import sleep
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Call:
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def said(self) -> Any:
        return json.loads(self.body)

    @property
    def query(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}


@dataclass
class WebHook:
    """`status` and `answer` are what it says; with `hang_up` it says nothing, with `trickle` it takes its time."""

    status: int = 200
    answer: bytes = b'{"errcode":0,"errmsg":"ok"}'
    headers: dict[str, str] = field(default_factory=dict)
    hang_up: bool = False
    trickle: bool = False
    calls: list[Call] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.server = Listener(self)
        self.thread = Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/robot/send?key=k1"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def ids(self) -> list[str]:
        return [call.headers["idempotency-key"] for call in self.calls]


class Talk(BaseHTTPRequestHandler):
    """One connection."""

    server: Listener

    def do_POST(self) -> None:
        owner = self.server.owner
        body = self.rfile.read(int(self.headers["Content-Length"]))
        owner.calls.append(Call(self.path, {name.lower(): value for name, value in self.headers.items()}, body))
        if owner.hang_up:
            self.close_connection = True
            return
        self.send_response(owner.status)
        if owner.trickle and not self.trickled():
            return
        for name, value in owner.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(owner.answer)))
        self.end_headers()
        self.wfile.write(owner.answer)

    def trickled(self) -> bool:
        """A header that comes byte by byte; False when nobody waits for it any more."""
        try:
            self.flush_headers()
            for piece in (b"X-Slow: ", *[b"x"] * 150, b"\r\n"):
                sleep(0.02)
                self.wfile.write(piece)
        except OSError:
            self.close_connection = True
            return False
        return True

    def log_message(self, *_: Any) -> None:
        """Nothing is printed."""


class Listener(ThreadingHTTPServer):
    """Listens on a free port of this machine."""

    def __init__(self, owner: WebHook) -> None:
        self.owner = owner
        super().__init__(("127.0.0.1", 0), Talk)
