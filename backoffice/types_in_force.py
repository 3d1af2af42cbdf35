"""Record types and calendar days kept in the database come into force in this process while it runs: looked for once a
second at most."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask, current_app, request

from backoffice import edge
from models import office, registry
from models.record_type import service

EVERY = timedelta(seconds=1)
LOOKED = "types_looked_for"


def init_app(app: Flask) -> None:
    """Look for new versions before a request, unless that was done within the last second. The request then sees one
    version of each type from its beginning to its end."""
    app.extensions[LOOKED] = None
    app.before_request(_look)
    app.teardown_request(_unpin)


def _look() -> None:
    if request.endpoint in edge.QUIET:
        return
    last, now = current_app.extensions[LOOKED], edge.now()
    if last is None or abs(now - last) >= EVERY:
        current_app.extensions[LOOKED] = now
        service.refresh()
        office.refresh()
    registry.pin()


def _unpin(_error: BaseException | None) -> None:
    registry.unpin()
