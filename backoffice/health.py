"""Two addresses for whoever watches the process: `/healthz` (it answers) and `/readyz` (it can work)."""

from __future__ import annotations

import pymongo
from flask import Blueprint, Response, jsonify
from flask.typing import ResponseReturnValue

from backoffice import errors
from config.database import database

PATIENCE_SECONDS = 2

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> ResponseReturnValue:
    """The process is alive. Asks nobody else, so that a lost database restarts no web process."""
    return _say("ok", 200)


@blueprint.get("/readyz")
def readyz() -> ResponseReturnValue:
    """The process can serve people: the database has a primary and answers within two seconds; else 503."""
    try:
        with pymongo.timeout(PATIENCE_SECONDS):
            database().command("ping")
    except errors.AWAY:
        return _say("database away", 503)
    return _say("ready", 200)


def _say(status: str, code: int) -> Response:
    response = jsonify({"status": status})
    response.status_code = code
    response.headers["Cache-Control"] = "no-store"
    return response
