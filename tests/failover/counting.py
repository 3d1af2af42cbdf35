"""What came of a trial: what is there once, twice or not at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from config.database import database
from models.job.document import RUNS
from models.job.rules import State
from models.outbox.document import EMAILS
from models.outbox.rules import EMAIL, delivery_id
from models.outbox.rules import State as Sent
from models.record import collection_name
from models.reminder.document import REMINDERS
from models.reminder.rules import LABELS, Step
from models.review.document import SLUG
from tests.failover.filling import number_of
from tests.failover.worker import EFFECTS, ROUNDS

LATE_LINE = f"- {LABELS[Step.LATE].en}: "


@dataclass(frozen=True)
class Count:
    """Of `wanted` things, how many are missing and how many are there more than once."""

    wanted: int
    lost: int
    doubled: int

    @property
    def exact(self) -> bool:
        """Whether each is there once."""
        return not (self.lost or self.doubled)

    def __str__(self) -> str:
        return f"{self.wanted:,} wanted, {self.lost} lost, {self.doubled} doubled"


def once(wanted: Iterable[object], found: Iterable[object]) -> Count:
    """How far what was found is what was wanted, each once."""
    due, there = set(wanted), Counter(found)
    unwanted = sum(1 for one in there if one not in due)
    return Count(len(due), len(due - set(there)), sum(1 for count in there.values() if count > 1) + unwanted)


def matters(count: int) -> Count:
    """The effects without a key, by matter."""
    return once(range(count), (row["matter"] for row in database()[EFFECTS].find()))


def rounds() -> Count:
    """The notes of the job without a key, by the occurrences that were settled as done."""
    done = {"job": "hand_on", "state": State.DONE}
    planned = [row["planned"] for row in database()[RUNS].find(done)]
    return once(planned, (row["planned"] for row in database()[ROUNDS].find()))


def in_the_product() -> Count:
    """The reminders that a record is late, by record."""
    wanted = (row["_id"] for row in database()[collection_name(SLUG)].find({}, {"_id": 1}))
    late = database()[REMINDERS].find({"step": Step.LATE, "closed_at": None})
    return once(wanted, (row["record"] for row in late))


def in_emails(count: int) -> Count:
    """The lines about late records in the emails of the outbox, by record."""
    rows = database()[EMAILS].find({"channel": EMAIL})
    lines = (line for row in rows for line in row["text"].splitlines() if line.startswith(LATE_LINE))
    return once(map(number_of, range(count)), (line.split(" (due")[0].split()[-1] for line in lines))


def delivered(channel: str, ids: Iterable[str]) -> tuple[Count, int]:
    """The messages to email or to robots that the other side accepted, by message; and how often one was repeated with
    the same id."""
    wanted = {"channel": EMAIL if channel == EMAIL else {"$ne": EMAIL}}
    keys = {delivery_id(row["_id"]) for row in database()[EMAILS].find(wanted, {"_id": 1})}
    accepted = Counter(ids)
    repeated = sum(count - 1 for count in accepted.values())
    return once(keys, accepted), repeated


def waiting() -> int:
    """How many messages have not gone out yet."""
    return database()[EMAILS].count_documents({"state": {"$ne": Sent.SENT}})


def ended() -> Counter[str]:
    """How many runs ended how; those that were taken up again count as `again` too."""
    found: Counter[str] = Counter()
    for row in database()[RUNS].find({}, {"state": 1, "attempts": 1, "job": 1, "error": 1}):
        found[row["state"]] += 1
        found["again"] += row["attempts"] > 1
        if row["state"] == State.FAILED:
            found[f"{row['job']}: {row['error']}"] += 1
    return found
