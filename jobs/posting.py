"""One HTTP POST to an address outside, which may not lead inside: no redirect, no proxy, no private address.

A name is looked up once, every address that it has is judged, and the connection goes to one that was judged: a name
server that answers differently the next time changes nothing.
"""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from threading import Event, Timer
from urllib.parse import urlsplit

from config.channels import is_public

CONNECT_SECONDS = 10.0
TOTAL_SECONDS = 30.0
LARGEST_ANSWER = 64 * 1024


class NotSent(Exception):
    """Nothing was accepted; the text names no address. `for_good`: it would not be at another time either."""

    def __init__(self, text: str, *, for_good: bool = False) -> None:
        super().__init__(text)
        self.for_good = for_good


@dataclass(frozen=True)
class Answer:
    """What the other side said: the HTTP status and the beginning of the body."""

    status: int
    body: bytes


def post(
    url: str, body: bytes, headers: Mapping[str, str], *, private: bool, context: ssl.SSLContext | None = None
) -> Answer:
    """Send `body` and return the answer, whatever its status.

    With `private` the address may be inside the house, and http. Certificates are checked.

    :raises NotSent: nobody answered, or the address leads inside and may not.
    """
    parts = urlsplit(url)
    host, tls = parts.hostname or "", parts.scheme == "https"
    if not (tls or private):
        raise NotSent("the address is not https", for_good=True)
    port = parts.port or (443 if tls else 80)
    address = _address(host, port, private)
    target = parts.path + (f"?{parts.query}" if parts.query else "") or "/"
    try:
        secured = (context or ssl.create_default_context()) if tls else None
        with closing(_connected(host, port, address, secured)) as line, ending(line.sock) as over:
            line.request("POST", target, body, dict(headers))
            with line.getresponse() as answer:
                if over.is_set():  # what was cut off reads like the end of the headers
                    raise TimeoutError
                return Answer(answer.status, _read(answer, over))
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise NotSent(f"no answer: {type(error).__name__}") from error


def _address(host: str, port: int, private: bool) -> str:
    """An address of the host that may be connected to. :raises NotSent:"""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NotSent("the name of the host is not known") from error
    addresses = [str(entry[4][0]) for entry in found]
    if not private and not all(is_public(address) for address in addresses):
        raise NotSent("the name leads to an address inside the house", for_good=True)
    return addresses[0]


def _connected(host: str, port: int, address: str, context: ssl.SSLContext | None) -> http.client.HTTPConnection:
    """A connection to `address` that speaks to `host`: its name is in the request and in the certificate."""
    line = http.client.HTTPConnection(host, port, timeout=CONNECT_SECONDS)
    if context is not None:
        line.default_port = http.client.HTTPS_PORT  # the Host header names the port only where it is another one
    plain = socket.create_connection((address, port), CONNECT_SECONDS)
    try:
        line.sock = context.wrap_socket(plain, server_hostname=host) if context else plain
    except (OSError, ValueError):
        plain.close()
        raise
    return line


@contextmanager
def ending(line: socket.socket) -> Iterator[Event]:
    """The line is cut after TOTAL_SECONDS, which the event tells: its own timeout begins anew with every byte."""
    over = Event()
    timer = Timer(TOTAL_SECONDS, _cut, (line, over))
    timer.daemon = True
    timer.start()
    try:
        yield over
    finally:
        timer.cancel()


def _cut(line: socket.socket, over: Event) -> None:
    over.set()
    with suppress(OSError):  # it may have ended by itself
        # Not the method of a TLS socket, which would have the thread that sends go on in plain text.
        socket.socket.shutdown(line, socket.SHUT_RDWR)


def _read(answer: http.client.HTTPResponse, over: Event) -> bytes:
    """The beginning of the answer; one that trickles in is left where it stands."""
    body = b""
    try:
        while len(body) < LARGEST_ANSWER and (piece := answer.read1(LARGEST_ANSWER)):
            body += piece
    except (OSError, http.client.HTTPException):
        if not over.is_set():
            raise
    return body[:LARGEST_ANSWER]
