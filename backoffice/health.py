"""Two addresses for whoever watches the process: `/healthz` (it answers) and `/readyz` (it can work)."""

from __future__ import annotations

from datetime import datetime

import pymongo
from flask import Blueprint, Response, current_app, jsonify
from flask.typing import ResponseReturnValue

from backoffice import edge, errors
from config.database import database
from models import audit
from models.attachment import scanner
from models.backup import beside
from models.backup import rules as backup
from models.job import service as jobs
from models.job.rules import State
from models.key_vault import service as key_vault
from models.key_vault.refusals import KeyServiceAway, KeysUnusable

PATIENCE_SECONDS = 2

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> ResponseReturnValue:
    """The process is alive. Asks nobody else, so that a lost database restarts no web process."""
    return _say("ok", 200)


@blueprint.get("/readyz")
def readyz() -> ResponseReturnValue:
    """The process can serve people: the database has a primary and answers within two seconds, and the keys open what
    is encrypted; else 503. What is wrong with the keys is told to the log only.

    What somebody should look at, while people are served all the same, stands under `warnings` (X7): without the key
    service what is sealed is refused, without the virus scanner files are, and the rest goes on. No address is told.
    """
    warnings: list[str] = []
    try:
        with pymongo.timeout(PATIENCE_SECONDS):
            database().command("ping")
            still = audit.stands_still(audit.waiting_since(), edge.now())
            warnings += [*(["audit sealing stands still"] if still else []), *_unsaved(edge.now())]
            key_vault.check()  # last, as it may use up the time
    except KeyServiceAway:
        warnings.append("the key service does not open the key vault")
    except errors.AWAY:
        return _say("database away", 503)
    except KeysUnusable:
        return _say("not ready", 503)
    return _say("ready", 200, *warnings, *_unscanned())


def _unscanned() -> list[str]:
    """That no file is taken, because the virus scanner does not answer."""
    address = current_app.config["SETTINGS"].clamd_url
    try:
        if address:
            scanner.require_answer(address, PATIENCE_SECONDS)
    except scanner.NoAnswer:
        return ["the virus scanner does not answer"]
    return []


def _unsaved(now: datetime) -> list[str]:
    """What is wrong with the daily backup, and with the backup of the keys that it needs. Whoever switched the job off
    saves both in another way."""
    found = jobs.schedule(backup.JOB)
    if found is None or not found.enabled:
        return []
    failed = found.last is not None and found.last.state is State.FAILED
    of_data = backup.warning(enabled=found.enabled, failed=failed, planned=found.next_planned, now=now)
    of_keys = beside.keys_warning(current_app.config["SETTINGS"])
    return [warning for warning in (of_data, of_keys) if warning]


def _say(status: str, code: int, *warnings: str) -> Response:
    response = jsonify({"status": status, **({"warnings": warnings} if warnings else {})})
    response.status_code = code
    response.headers["Cache-Control"] = "no-store"
    return response
