"""A worker process of its own: reads what to do as lines of JSON, answers with lines of JSON.

The first line tells it the database, the time and who is signed in. Its clock goes on by a second with every request.
"""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from bson import ObjectId

from backoffice.app import create_app
from config import database
from config.settings import Settings
from models.person import service
from models.person import session as sessions
from models.person.roles import SYSTEM
from models.record_type import service as record_type
from models.record_type.plain import WrongDefinition
from tests.conftest import MASTER_KEY
from tests.factories.desks import Desk
from tests.factories.web import Clock


def main() -> None:
    """Serve lines until the input ends."""
    told = json.loads(sys.stdin.readline())
    clock = Clock(datetime.fromisoformat(told["now"]))
    settings = Settings(
        secret_key="test-secret-key-" * 3,
        password_salt="test-password-salt-" * 3,
        totp_secret="test-totp-secret-" * 3,
        mongodb_uri=told["mongodb_uri"],
        database=told["database"],
        data_dir=Path(told["data_dir"]),
        master_key=MASTER_KEY,
        trusted_hosts=("127.0.0.1", "localhost"),
        demo=True,
    )
    database.SELECTION_TIMEOUT_MS = 120_000
    app = create_app(settings, clock=clock)
    row = service.get(ObjectId(told["person"]))
    client = app.test_client()
    with client.session_transaction() as session:
        session["_user_id"] = row["fs_uniquifier"]
        session["_fresh"] = True
        session["sid"] = sessions.start(row["_id"], row["fs_uniquifier"], "192.0.2.10", clock.now)
    desk = Desk(service.person_of(row, "en"), client)
    say({"ready": True})
    for line in sys.stdin:
        clock.forward(seconds=1)
        say(done(desk, json.loads(line), clock))
    database.disconnect()


def done(desk: Desk, asked: dict[str, Any], clock: Clock) -> dict[str, Any]:
    """Do one thing: open a page, send a form, put a definition."""
    if "put" in asked:
        try:
            return {"version": record_type.put(asked["put"], actor=SYSTEM, now=clock.now).version}
        except WrongDefinition as wrong:
            return {"wrong": [finding.line() for finding in wrong.findings]}
    answer = desk.post(asked["post"], asked["data"]) if "post" in asked else desk.get(asked["get"])
    text = answer.get_data(as_text=True)
    return {"status": answer.status_code, "text": text, "to": answer.location or ""}


def say(what: dict[str, Any]) -> None:
    """One line of answer."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
