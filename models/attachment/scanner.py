"""Asking a virus scanner about a file: the daemon of ClamAV, over its socket (command INSTREAM)."""

from __future__ import annotations

import logging
import socket
import struct
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import IO, cast
from urllib.parse import urlsplit

from models import audit
from models.attachment.rules import FileTooLarge, InfectedFile, NotScanned, in_megabytes
from models.person.roles import Person

log = logging.getLogger(__name__)

PORT = 3310
PIECE = 128 * 1024
IN_MEMORY = 1024 * 1024
LONGEST_ANSWER = 4096
TIMEOUT_SECONDS = 30.0
"""For each step: to connect, to take a piece, to answer."""
LONGEST_FINDING = 120


class NoAnswer(Exception):
    """The scanner did not say whether the file is clean; the text is for the log."""


def finding(stream: IO[bytes], address: str, timeout: float = TIMEOUT_SECONDS) -> str:
    """What the scanner at `address` (`unix:///path` or `tcp://host:port`) finds in a stream; '' when it is clean.

    :raises NoAnswer: for anything but a clear answer.
    """
    try:
        with _connected(address, timeout) as link:
            broken = _sent(link, stream)
            answer = _answer(link)
    except OSError as error:
        raise NoAnswer(f"the scanner is not usable: {error.strerror or type(error).__name__}") from error
    if answer == "stream: OK" and broken is None:
        return ""
    if answer.startswith("stream: ") and answer.endswith(" FOUND"):
        return answer.removeprefix("stream: ").removesuffix(" FOUND")[:LONGEST_FINDING]
    raise NoAnswer(f"the scanner answered {answer[:LONGEST_FINDING]!r}" if answer else "the scanner broke off")


def require_answer(address: str, timeout: float = TIMEOUT_SECONDS) -> None:
    """Make sure that a scanner listens at `address` and answers; nothing is scanned. :raises NoAnswer:"""
    try:
        with _connected(address, timeout) as link:
            link.sendall(b"zPING\0")
            answer = _answer(link)
    except OSError as error:
        raise NoAnswer(f"the scanner is not usable: {error.strerror or type(error).__name__}") from error
    if answer != "PONG":
        raise NoAnswer("the scanner does not answer as one")


@contextmanager
def clean(
    stream: IO[bytes], name: str, *, address: str, limit: int, person: Person, now: datetime
) -> Iterator[IO[bytes]]:
    """The stream, once the scanner has found nothing in it, at its beginning again; without an `address` as it is.
    What is found is audited, with the name of the finding.

    :raises InfectedFile: :raises NotScanned: when the scanner is down or says nothing clear. :raises FileTooLarge:
    """
    if not address:
        yield stream
        return
    with tempfile.SpooledTemporaryFile(IN_MEMORY) as spool:
        copy = stream if stream.seekable() else _spooled(stream, cast(IO[bytes], spool), name, limit)
        begin = copy.tell()
        _require_clean(lambda: finding(copy, address), name, person, now)
        copy.seek(begin)
        yield copy


def _require_clean(scan: Callable[[], str], name: str, person: Person, now: datetime) -> None:
    try:
        found = scan()
    except NoAnswer as error:
        log.error("a file was not taken: %s", error)
        raise NotScanned(name=name) from error
    if found:
        log.warning("a file was not taken: %s was found in it", found)
        audit.append("infected", person, audit.Subject("file"), now=now, detail={"finding": found})
        raise InfectedFile(name=name, finding=found)


def _spooled(stream: IO[bytes], spool: IO[bytes], name: str, limit: int) -> IO[bytes]:
    """A copy that can be read twice, of a stream that cannot."""
    size = 0
    while piece := stream.read(PIECE):
        size += len(piece)
        if size > limit:
            raise FileTooLarge(name=name, limit=in_megabytes(limit))
        spool.write(piece)
    spool.seek(0)
    return spool


def _connected(address: str, timeout: float) -> socket.socket:
    parts = urlsplit(address)
    if parts.scheme == "tcp":
        return socket.create_connection((parts.hostname or "", parts.port or PORT), timeout)
    link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    link.settimeout(timeout)
    try:
        link.connect(parts.path)
    except OSError:
        link.close()
        raise
    return link


def _sent(link: socket.socket, stream: IO[bytes]) -> OSError | None:
    """Send the stream in pieces, each behind its length. Where the scanner stops listening midway, it may have said
    why: the error is given back and its answer is read all the same."""
    try:
        link.sendall(b"zINSTREAM\0")
        while piece := stream.read(PIECE):
            link.sendall(struct.pack("!I", len(piece)) + piece)
        link.sendall(struct.pack("!I", 0))
    except TimeoutError:
        raise
    except OSError as error:
        return error
    return None


def _answer(link: socket.socket) -> str:
    """What is said up to the zero byte; '' when the scanner ends without one."""
    said = b""
    while b"\0" not in said:
        piece = link.recv(LONGEST_ANSWER)
        if not piece or len(said) > LONGEST_ANSWER:
            return ""
        said += piece
    return said.partition(b"\0")[0].decode("utf-8", "replace").strip()
