"""A trial from its beginning to its count."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from config import database as store
from models import audit, catalogue, schema
from models.calendar import SHANGHAI, WorkingCalendar
from models.outbox.rules import EMAIL
from tests.failover import counting, filling
from tests.failover.counting import Count
from tests.failover.crew import Crew, quietly
from tests.failover.members import Members
from tests.failover.plan import Plan, World
from tests.integration.outbox.mail_server import MailServer
from tests.integration.outbox.web_hook import WebHook

CHANNELS = 10
OPENS_AT = 14
DRAIN_SECONDS = 900.0
Told = Callable[[str], None]


@dataclass
class Found:
    """What a trial found. Seconds are of the machine's clock."""

    kills: list[float] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)
    failovers: list[float] = field(default_factory=list)
    counts: dict[str, Count] = field(default_factory=dict)
    repeated: dict[str, int] = field(default_factory=dict)
    runs: dict[str, int] = field(default_factory=dict)
    trail: str = ""
    findings: tuple[str, ...] = ()
    seconds: float = 0.0

    def blows(self) -> dict[str, list[float]]:
        """The times without anybody at work, by what was done."""
        return {"kills": self.kills, "pauses": self.pauses, "failovers": self.failovers}

    def is_right(self, plan: Plan) -> bool:
        """Whether nothing was lost or doubled, no entry of the trail is wrong, and somebody took over in time."""
        times = [one for times in self.blows().values() for one in times]
        exact = all(count.exact for count in self.counts.values())
        return exact and not self.findings and max(times, default=0.0) <= plan.takeover


def next_opening(today: datetime) -> datetime:
    """Two in the afternoon of the next working day: four hours in which people are reminded lie ahead."""
    day = WorkingCalendar().next_working_day(today.astimezone(SHANGHAI).date())
    return datetime(day.year, day.month, day.day, OPENS_AT, tzinfo=SHANGHAI).astimezone(UTC)


def run(plan: Plan, folder: Path, told: Told = lambda _: None, seed: int = 1) -> Found:
    """Carry a trial out and count. Everything that was started is ended; the product's connection is left as it was
    made for the trial, closed."""
    began = time.monotonic()
    found = Found()
    with _stage(plan, folder) as (members, crew, mail, robots):
        crew.fill_up()
        crew.until_one_works()
        _disturb(plan, members, crew, found, told, random.Random(seed))
        _drain(plan, crew, told)
        crew.dismiss()
        _count(plan, found, mail, robots)
        _judge_trail(folder, found)
    found.seconds = time.monotonic() - began
    return found


@contextmanager
def _stage(plan: Plan, folder: Path) -> Iterator[tuple[Members, Crew, MailServer, list[WebHook]]]:
    with ExitStack() as stack:
        members = Members(folder, plan.election)
        stack.callback(members.stop)
        members.start()
        mail, robots = MailServer(), [WebHook() for _ in range(CHANNELS)]
        stack.callback(mail.close)
        for robot in robots:
            stack.callback(robot.close)
        opens = next_opening(datetime.now(UTC))
        urls = tuple(robot.url for robot in robots)
        place = (members.uri, "trial", str(folder), mail.url, urls, opens.isoformat())
        begun = World(*place, time.time(), plan.speed, plan.lease, plan.tick)
        store.connect(begun.settings())
        stack.callback(store.disconnect)
        catalogue.load()
        schema.migrate()
        filling.fill(plan, opens, CHANNELS)
        # The clock begins to go when everything is there.
        world = World(*place, time.time(), plan.speed, plan.lease, plan.tick)
        crew = Crew(world, plan.workers, folder / "workers.log")
        stack.callback(crew.end)
        yield members, crew, mail, robots


def _disturb(plan: Plan, members: Members, crew: Crew, found: Found, told: Told, chance: random.Random) -> None:
    blows = ["kill"] * plan.kills + ["pause"] * plan.pauses + ["failover"] * plan.failovers
    chance.shuffle(blows)
    for number, blow in enumerate(blows, 1):
        time.sleep(chance.uniform(0, plan.lease / 4))
        told(f"{number} of {len(blows)}: {blow}")
        if blow == "kill":
            found.kills.append(crew.kill())
        elif blow == "pause":
            found.pauses.append(crew.pause(plan.lease / 2))
        else:
            found.failovers.append(_fail_over(members, crew, kill=len(found.failovers) % 2 == 0))


def _fail_over(members: Members, crew: Crew, *, kill: bool) -> float:
    """Lose the primary; the seconds until a worker has the lease from its successor."""
    crew.until_one_works()
    began, moment = time.monotonic(), time.time()
    (members.kill_primary if kill else members.step_down)()
    crew.until_one_works(moment)
    return time.monotonic() - began


def _drain(plan: Plan, crew: Crew, told: Told) -> None:
    """Wait until everything has become due, been told and gone out; what a dead worker had in hand comes back after ten
    of the trial's minutes."""
    deadline = time.monotonic() + DRAIN_SECONDS
    last = datetime.fromisoformat(crew.world.opens) + timedelta(minutes=plan.spread_minutes + filling.FIRST_MINUTES + 2)
    while time.monotonic() < deadline:
        crew.fill_up()
        if crew.world.clock() > last and quietly(lambda: _is_done(plan)):
            return
        told(f"until the end: {quietly(counting.waiting)} messages wait")
        time.sleep(0.5)


def _is_done(plan: Plan) -> bool:
    wanted = (counting.matters(plan.reminders), counting.in_the_product(), counting.in_emails(plan.reminders))
    return not counting.waiting() and not any(one.lost for one in wanted)


def _count(plan: Plan, found: Found, mail: MailServer, robots: list[WebHook]) -> None:
    found.counts = {
        "effects without a key": counting.matters(plan.reminders),
        "runs of their job": counting.rounds(),
        "reminders in the product": counting.in_the_product(),
        "lines in the emails": counting.in_emails(plan.reminders),
    }
    ids = {
        "emails": (EMAIL, [one.strip("<>").partition("@")[0] for one in mail.ids()]),
        "messages to robots": ("robots", [one for robot in robots for one in robot.ids()]),
    }
    for name, (channel, accepted) in ids.items():
        counted, repeated = counting.delivered(channel, accepted)
        found.counts[f"{name} delivered"] = Count(counted.wanted, counted.lost, 0)
        found.repeated[name] = repeated
    found.runs = dict(counting.ended())


def _judge_trail(folder: Path, found: Found) -> None:
    """What a verification says of the audit trail that the workers wrote and sealed."""
    verdict = audit.verify(folders=[folder / "audit"])
    found.findings = verdict.findings
    said = f"{verdict.checked} entries checked, {verdict.waiting} not sealed, {verdict.checkpoints} checkpoints"
    found.trail = "; ".join([said, *verdict.findings])
