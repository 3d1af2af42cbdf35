"""No answer leaves before the audit trail has the readings that it shows (X7)."""

from __future__ import annotations

from flask import Flask, Response, current_app

from models import audit


def init_app(app: Flask) -> None:
    """Have each answer wait for its readings. To be called before hooks that read records are set, and after those of
    the edge, which log the answer as it leaves."""
    app.before_request(audit.begin)
    app.after_request(_settle)


def _settle(response: Response) -> Response:
    """The answer; what a refusal looks like instead, when the trail does not take a reading of it."""
    try:
        audit.settle()
    except audit.NotAudited as refusal:
        return current_app.make_response(current_app.handle_user_exception(refusal))
    return response
