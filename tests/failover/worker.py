"""A scheduler process of a trial: the product's own jobs on the trial's clock, and one whose effects have no key."""

from __future__ import annotations

import logging
import signal
import sys
from dataclasses import replace
from threading import Event

from config.database import connect
from jobs.audit_seal import Sealer
from jobs.cadence import EveryMinutes
from jobs.context import JobContext, Report
from jobs.execution import Desk
from jobs.runner import Scheduler, worker_name
from jobs.schedule import JOBS
from jobs.table import Job, Table
from models import audit, catalogue
from models.declarations import Label
from models.person.roles import SYSTEM
from tests.failover.plan import World

MATTERS, EFFECTS, ROUNDS = "trial_matter", "trial_effect", "trial_round"
AT_ONCE = 200
EVERY_MINUTE = ("mail_delivery", "robot_delivery")


def hand_on(context: JobContext) -> Report:
    """Give each matter one effect. An effect and the note of a round have no key: a second one would be stored."""
    waiting = context.db[MATTERS].find({"due": {"$lte": context.now}, "done": False}).sort("due", 1).limit(AT_ONCE)
    found = [row["_id"] for row in waiting]
    context.db[ROUNDS].insert_one({"planned": context.now})
    audit.append("job_requested", SYSTEM, audit.Subject("job", number="hand_on"), now=context.now)
    if found:
        context.db[EFFECTS].insert_many([{"matter": one} for one in found])
        context.db[MATTERS].update_many({"_id": {"$in": found}}, {"$set": {"done": True}})
    return Report({"handed_on": len(found)})


def table() -> Table:
    """The jobs under trial."""
    minute = EveryMinutes(1)
    product = [JOBS.get(name) for name in EVERY_MINUTE]
    own = Job(name="hand_on", label=Label("转交", "Hand on"), cadence=minute, work=hand_on)
    return Table([own, replace(JOBS.get("deadline_reminders"), cadence=minute), *product])


def main() -> None:
    """Argument: the world, as text."""
    world = World.read(sys.argv[1])
    logging.basicConfig(stream=sys.stderr, format="%(asctime)s %(process)d %(message)s", level=logging.WARNING)
    settings, stop = world.settings(), Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    connect(settings)
    catalogue.load()
    desk = Desk(worker=worker_name(), settings=settings, table=table(), clock=world.clock)
    scheduler = Scheduler(desk, ttl=world.lease, tick=world.tick, sealer=Sealer(settings, desk.clock))
    scheduler.run(stop)


if __name__ == "__main__":
    main()
