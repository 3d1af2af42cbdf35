"""How a person wants to hear of reminders: on which channels, when not, and when the day's digest comes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from models.calendar import local
from models.errors import Invalid, Sentence
from models.reminder.rules import Step

MOST_CHANNELS = 10


@dataclass(frozen=True)
class Choice:
    """What a person chose. The product itself always shows reminders; `email` and `channels` come on top.

    Between `quiet_from` and `quiet_to` (Shanghai time, over midnight if the second is the earlier one) nothing is sent.
    The digest comes once a day from `digest_at` on; `digest_on` is the day of the last.
    """

    email: bool = True
    channels: tuple[str, ...] = ()
    quiet_from: time | None = None
    quiet_to: time | None = None
    digest_at: time = time(9)
    digest_on: date | None = None

    @classmethod
    def read(cls, row: Mapping[str, object]) -> Choice:
        """The choice in a stored document; what it does not say is as usual."""
        usual = cls()
        return cls(
            email=row.get("email") is not False,
            channels=tuple(str(name) for name in _list(row.get("channels"))),
            quiet_from=_time(row.get("quiet_from")),
            quiet_to=_time(row.get("quiet_to")),
            digest_at=_time(row.get("digest_at")) or usual.digest_at,
            digest_on=date.fromisoformat(str(row["digest_on"])) if row.get("digest_on") else None,
        )


def is_quiet(choice: Choice, now: datetime) -> bool:
    """Whether the person wants to hear nothing at the moment."""
    start, end = choice.quiet_from, choice.quiet_to
    if start is None or end is None or start == end:
        return False
    moment = local(now).time()
    return start <= moment < end if start < end else moment >= start or moment < end


def quiet_until(choice: Choice, now: datetime) -> datetime:
    """When the person may be told of something: now, or at the end of the quiet hours that they are in."""
    if not is_quiet(choice, now) or choice.quiet_to is None:
        return now
    moment = local(now)
    ends = moment.replace(hour=choice.quiet_to.hour, minute=choice.quiet_to.minute, second=0, microsecond=0)
    return (ends if ends > moment else ends + timedelta(days=1)).astimezone(UTC)


def is_digest_due(choice: Choice, now: datetime) -> bool:
    """Whether the day's digest has not gone out and its time has come."""
    moment = local(now)
    return moment.time() >= choice.digest_at and choice.digest_on != moment.date()


def is_urgent(step: Step, due: datetime, now: datetime) -> bool:
    """Whether a reminder cannot wait for the next digest: its matter is due today, has become late today, or is what
    came today of something that the person asked for."""
    return step in (Step.TODAY, Step.LATE, Step.OUTCOME) and local(due).date() == local(now).date()


def chosen(
    *, email: bool, channels: Iterable[str], quiet_from: str, quiet_to: str, digest_at: str, known: Collection[str]
) -> Choice:
    """A choice as a person made it on the page. :raises Invalid: a time is none, or a channel is not declared."""
    problems: dict[str, Sentence] = {}
    times = {"quiet_from": quiet_from, "quiet_to": quiet_to, "digest_at": digest_at}
    read = {name: _time(text.strip()) for name, text in times.items()}
    for name, text in times.items():
        if text.strip() and read[name] is None:
            problems[name] = Sentence("请填写时间，例如 20:00。", "Give a time such as 20:00.")
    if not problems and (read["quiet_from"] is None) != (read["quiet_to"] is None):
        missing = "quiet_to" if read["quiet_to"] is None else "quiet_from"
        problems[missing] = Sentence("请同时填写开始和结束时间，或都留空。", "Give both times, or neither.")
    names = tuple(dict.fromkeys(channels))
    if len(names) > MOST_CHANNELS or not set(names) <= set(known):
        problems["channels"] = Sentence("请从列表中选择。", "Choose from the list.")
    if problems:
        raise Invalid(problems)
    digest = read["digest_at"] or Choice().digest_at
    return Choice(email, names, read["quiet_from"], read["quiet_to"], digest)


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _time(text: object) -> time | None:
    """A time of day written as 20:00, None for anything else."""
    if not isinstance(text, str) or len(text) != len("20:00"):
        return None
    try:
        return time.fromisoformat(text)
    except ValueError:
        return None
