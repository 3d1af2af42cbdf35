"""An application on a free port of this machine, for a real browser."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

ANSWERED = "tests.answered"


class _Desk(WSGIRequestHandler):
    """Closes what was answered. The development server forgets that where the browser hangs up while it still reads."""

    def run_wsgi(self) -> None:
        try:
            super().run_wsgi()
        finally:
            for answer in self.environ.get(ANSWERED, ()):
                getattr(answer, "close", lambda: None)()


@contextmanager
def served(application: Flask) -> Iterator[str]:
    """The address at which the application answers while the block lasts."""

    def remembered(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        body = application(environ, start_response)
        environ.setdefault(ANSWERED, []).append(body)
        return body

    server = make_server("127.0.0.1", 0, remembered, threaded=True, request_handler=_Desk)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
