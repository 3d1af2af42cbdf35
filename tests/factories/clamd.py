"""A virus scanner for tests: it speaks ClamAV's INSTREAM over a socket, well or badly."""

from __future__ import annotations

import socketserver
import struct
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

EICAR = b"".join((b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$", b"EICAR-STANDARD-", b"ANTIVIRUS-TEST-FILE!$H+H*"))
"""The harmless text that every scanner knows; in pieces, so that none stops at this file."""

WAYS = ("well", "early", "silent", "limit", "garbage", "endless")


class Handler(socketserver.StreamRequestHandler):
    """One scan. What the server has received it keeps in `received`."""

    server: Any

    def handle(self) -> None:
        """Take a stream as the protocol says, and answer in the server's way."""
        asked = self._command()
        if self.server.way == "early":
            return
        if asked == b"zPING\0":
            self._pong()
            return
        assert asked == b"zINSTREAM\0"
        content = b""
        while length := struct.unpack("!I", self.rfile.read(4))[0]:
            content += self.rfile.read(length)
            if self.server.way == "limit" and len(content) > 1000:
                self.wfile.write(b"INSTREAM size limit exceeded. ERROR\0")
                return
        self.server.received.append(content)
        if self.server.way == "silent":
            self.server.ended.wait(60)
        elif self.server.way == "garbage":
            self.wfile.write(b"\xff\xfe OK\0")
        elif self.server.way == "endless":
            self.wfile.write(b"x" * 100_000)
        else:
            self.wfile.write(b"stream: Eicar-Test-Signature FOUND\0" if EICAR in content else b"stream: OK\0")

    def _command(self) -> bytes:
        asked = b""
        while not asked.endswith(b"\0") and (piece := self.rfile.read(1)):
            asked += piece
        return asked

    def _pong(self) -> None:
        if self.server.way == "silent":
            self.server.ended.wait(60)
        else:
            self.wfile.write(b"\xff\xfe OK\0" if self.server.way == "garbage" else b"PONG\0")


class _Unix(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


class _Tcp(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True


class Clamd:
    """A running scanner: its `url`, and the contents that it has `received`."""

    def __init__(self, server: Any, url: str, way: str) -> None:
        self.url = url
        self.received: list[bytes] = []
        self.ended = threading.Event()
        server.received, server.way, server.ended = self.received, way, self.ended


@contextmanager
def clamd(way: str = "well", *, tcp: bool = False) -> Iterator[Clamd]:
    """A scanner that behaves in one of `WAYS`, on a Unix socket or on TCP."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clamd.ctl"
        server: Any = _Tcp(("127.0.0.1", 0), Handler) if tcp else _Unix(str(path), Handler)
        url = f"tcp://127.0.0.1:{server.server_address[1]}" if tcp else f"unix://{path}"
        made = Clamd(server, url, way)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield made
        finally:
            made.ended.set()
            server.shutdown()
            server.server_close()
            thread.join()
