"""D2: a scheduler that is killed in the midst of a removal: the next one ends it, once, with nothing left."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import datetime, timedelta
from typing import Any

import pytest
from pymongo.database import Database

from config.settings import Settings
from models import audit, store
from models.destruction import removal
from models.destruction.document import SLUG
from tests.integration.destruction.conftest import SETTLED, WEEK, Cast, carried_out, signed
from tests.integration.destruction.house import plant, said

Base = Database[dict[str, Any]]

DIES = """
import os, signal, sys
from datetime import datetime, timedelta
from pathlib import Path
from config import database
from config.settings import Settings
from models import audit, catalogue
from models.destruction import everywhere, removal, traces
from models.job import long

long.HELD_SECONDS = 3600  # it holds the work for as long as the test takes
uri, name, folder, master, secret, at, now = sys.argv[1:]
settings = Settings(
    secret_key=secret, password_salt=secret, totp_secret=secret, mongodb_uri=uri, database=name, data_dir=Path(folder),
    trusted_hosts=("localhost",), master_key=master,
)
database.SELECTION_TIMEOUT_MS = 120_000
database.connect(settings)
catalogue.load()

def killed(whole):
    def work(*args, **kwargs):
        whole(*args, **kwargs)
        os.kill(os.getpid(), signal.SIGKILL)
    return work

if at == "audit":
    audit.append = killed(audit.append)
else:
    for room in (everywhere, traces):
        room.STEPS = tuple(killed(one) if one.__name__ == at else one for one in room.STEPS)
removal.work("killed", datetime.fromisoformat(now), settled=timedelta())
"""


def killed(settings: Settings, at: str, now: datetime) -> None:
    """Let a process begin that is killed there, and end."""
    told = (settings.mongodb_uri, settings.database, settings.data_dir, settings.master_key, settings.secret_key)
    process = subprocess.run(
        [sys.executable, "-c", DIES, *map(str, told), at, now.isoformat()], capture_output=True, check=False
    )
    assert process.returncode == -signal.SIGKILL, process.stderr.decode()


@pytest.mark.parametrize("at", ["copies", "versions", "audit"])
def test_killed_at_any_point_the_next_scheduler_ends_it_once(
    cast: Cast, now: datetime, at: str, connected: Settings, db: Base
) -> None:
    planted = plant(cast, now)
    asked = signed(cast, [planted.record], now)
    removal.begin_due(now + WEEK)
    killed(connected, at, now + WEEK + SETTLED)
    assert db["destruction_aside"].count_documents({}) == 2
    # The dead one holds it still.
    assert removal.work("next", now + WEEK + SETTLED, settled=timedelta()) == (0, False)
    db.client.admin.command({"killAllSessions": []})  # the server ends a transaction of a dead client after a minute
    db["destruction_work"].update_many({}, {"$set": {"held_until": now - timedelta(days=9999)}})
    carried_out(now + WEEK)
    assert store.fetch(SLUG, asked["_id"])["state"] == "destroyed"
    assert said(planted.words) == {}
    assert len(audit.entries({"action": "destroyed"})) == 2
