"""A request's id and its line in the log.

The line names the route, not the address: addresses can hold search words and private links.
"""

from __future__ import annotations

import logging
import re
import secrets
from time import perf_counter

from flask import Flask, g, request
from werkzeug.wrappers import Response

from backoffice.logging import request_id

HEADER = "X-Request-ID"
ACCEPTED = re.compile(r"[A-Za-z0-9_-]{8,64}")
QUIET = ("/healthz", "/readyz")

log = logging.getLogger(__name__)


def init_app(app: Flask) -> None:
    """Give every request an id (a proxy's own is kept), return it as a header, and log the answer."""

    @app.before_request
    def begin() -> None:
        given = request.headers.get(HEADER, "")
        g.request_id = given if ACCEPTED.fullmatch(given) else secrets.token_hex(8)
        g.request_began = perf_counter()
        request_id.set(g.request_id)

    @app.after_request
    def answered(response: Response) -> Response:
        if "request_id" not in g:  # another step refused the request before ours began
            return response
        response.headers[HEADER] = g.request_id
        if request.path not in QUIET:
            log.info("request", extra={"fields": _fields(response)})
        return response

    @app.teardown_request
    def end(_: BaseException | None) -> None:
        request_id.set(None)


def _fields(response: Response) -> dict[str, object]:
    rule = request.url_rule
    return {
        "method": request.method,
        "route": rule.rule if rule is not None else None,
        "status": response.status_code,
        "milliseconds": round((perf_counter() - g.request_began) * 1000, 1),
    }
