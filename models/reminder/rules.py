"""When somebody is reminded, of what, and in which words (J): values and `now` in, a decision out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from models.calendar import SHANGHAI, WorkingCalendar, local
from models.declarations import Label, Reminding

RUN_EVERY = timedelta(minutes=5)
"""How often people are reminded while the office is open, counted from midnight: a chat is due in minutes (T5)."""


class Matter(StrEnum):
    """What a reminder is about: a record's deadline, the end of its secrecy (X2), a signature that nobody gave, or that
    some of what belongs to it stayed with its former owner; of no single record, that some were kept for long enough
    (D1), that the same cause comes again and again (T6), that owners left (X3), or that one's own mail address is
    another one; or what became of something that one asked for."""

    DEADLINE = "deadline"
    SECRECY = "secrecy"
    SIGNATURE = "signature"
    LEFT = "left"
    RETENTION = "retention"
    BATCH = "batch"
    OWNERS = "owners"
    ADDRESS = "address"
    OUTCOME = "outcome"


class Step(StrEnum):
    """How far a matter is. A person is reminded once per step; of what is late, once each working day."""

    SOON = "soon"
    TODAY = "today"
    LATE = "late"
    CLIMBED = "climbed"
    NOTICE = "notice"
    LAST_NOTICE = "last_notice"
    STUCK = "stuck"
    LEFT = "left"
    KEPT = "kept"
    BATCH = "batch"
    OWNERS = "owners"
    ADDRESS = "address"
    OUTCOME = "outcome"


LABELS = {
    Step.SOON: Label("即将到期", "Due soon"),
    Step.TODAY: Label("今日到期", "Due today"),
    Step.LATE: Label("已逾期", "Late"),
    Step.CLIMBED: Label("逾期未办，请督促", "Late for days: please look into it"),
    Step.NOTICE: Label("保密期将满，届时自动解密", "Its secrecy ends soon; it is then declassified by itself"),
    Step.LAST_NOTICE: Label("保密期即将届满，即将自动解密", "Its secrecy ends within days; it is then declassified"),
    Step.STUCK: Label("久未签署，已转请上一级", "Unsigned for too long: it has gone on to the next"),
    Step.LEFT: Label(
        "已换负责人，部分相关记录仍由原负责人负责，请安排",
        "Has a new owner; records of it stayed with the former one: please arrange",
    ),
    Step.BATCH: Label("批量预警：同一原因的投诉集中出现", "Batch warning: complaints of the same cause pile up"),
    Step.OWNERS: Label("有负责人已离开，其记录待移交", "Owners left: give what is theirs to somebody else"),
    Step.ADDRESS: Label(
        "邮箱地址（登录名）已被更改，如非您所知请告知系统管理员",
        "Your email address, with which you sign in, was changed: if you did not know, tell an administrator",
    ),
    Step.OUTCOME: Label("已有结果，请查看", "Settled: see what became of it"),
    Step.KEPT: Label("有记录保存期已满，可提出销毁", "Records were kept for long enough: propose those not needed"),
}

SINCE = frozenset({Step.STUCK, Step.LEFT, Step.OWNERS, Step.ADDRESS, Step.OUTCOME})
"""Steps whose moment is no deadline: it is so since then."""

DECIDING = frozenset({Step.STUCK, Step.LEFT})
"""Steps that ask whoever is told for a decision that waits for nobody else."""

FOREMOST = DECIDING | {Step.OUTCOME}
"""Steps that are found however many other reminders there are: the decisions, and what came of what one asked for."""

PRESSING = {
    **dict.fromkeys((*DECIDING, Step.ADDRESS), 0),
    Step.OUTCOME: 1,
    **dict.fromkeys((Step.LATE, Step.CLIMBED, Step.BATCH, Step.OWNERS), 2),
    Step.TODAY: 3,
}
"""Which reminders come first: what is to be decided, what came of what one asked for, what is late, what is due today;
then the others."""

ENDED = Label("保密期已满，将自动解密", "Its secrecy has ended; it is declassified by itself")


def urgency(step: Step, due: datetime, *, signing: bool = False) -> tuple[int, datetime]:
    """The place of a reminder among others, the most pressing first; what asks for a signature is to be decided."""
    return 0 if signing else PRESSING.get(step, 4), due


def words_of(step: Step, due: datetime, now: datetime, became: Label | None = None) -> Label:
    """What a reminder says. A notice of secrecy may come, or stay, after its end: then nothing is to come. `became` is
    what came of what was asked for."""
    if step is Step.OUTCOME and became is not None:
        return Label(f"已有结果：{became.zh}", f"Settled: {became.en.lower()}")
    return ENDED if secrecy_ended(step, due, now) else LABELS[step]


def secrecy_ended(step: Step, due: datetime, now: datetime) -> bool:
    """Whether a reminder is a notice of an end of secrecy that lies behind."""
    return step in (Step.NOTICE, Step.LAST_NOTICE) and due < now


@dataclass(frozen=True)
class Window:
    """The borders between the steps at a moment: what is due before `today_ends` is due today, before `soon_ends`
    soon; what was due before `climbs_before` goes to the head as well. `day` names today in keys. `notices` are the
    declared notices before a deadline, the nearest first: what a key says of each, and until when it stands. With
    `chases` what is late is told anew each working day."""

    now: datetime
    day: str
    today_ends: datetime
    soon_ends: datetime
    climbs_before: datetime
    notices: tuple[tuple[str, datetime], ...] = ()
    chases: bool = True


def window(
    now: datetime, calendar: WorkingCalendar, *, ahead: int, climb: int, declared: Reminding | None = None
) -> Window | None:
    """The borders at `now`, with `ahead` and `climb` in working days, or as a type has `declared` in numbers; None
    while the office is closed: nobody is reminded then."""
    moment = local(now)
    today = moment.date()
    if not calendar.is_working(today) or not any(opens <= moment.time() < shuts for opens, shuts in calendar.hours):
        return None
    climbed = calendar.subtract_working_days(today, declared.climb if declared else climb)
    climbs_before = _midnight(calendar.next_working_day(climbed))
    if declared is not None:
        nearest = sorted(days for days in declared.before if isinstance(days, int))
        notices = tuple((f"|{days}", _end(today + timedelta(days=days))) for days in nearest)
        soon_ends = notices[-1][1] if notices else _end(today)
        return Window(now, today.isoformat(), _end(today), soon_ends, climbs_before, notices, declared.chase)
    last = today
    for _ in range(ahead):
        last = calendar.next_working_day(last)
    return Window(now, today.isoformat(), _end(today), _end(last), climbs_before)


def runs_on(day: date, calendar: WorkingCalendar) -> tuple[datetime, datetime]:
    """The first and the last run of a working day: between them a matter only goes from due today to late."""
    opens, shuts = calendar.hours[0][0], calendar.hours[-1][1]
    runs = [_midnight(day) + number * RUN_EVERY for number in range(timedelta(days=1) // RUN_EVERY)]
    within = [run for run in runs if opens <= run.time() < shuts]
    return within[0], within[-1]


Told = tuple[Step, datetime, str]
"""The step that a matter is in, the deadline that it is about, and what the key says beyond both."""


def step_of(due: datetime, borders: Window) -> Told:
    """The step of a deadline that lies before `soon_ends`. What is late is told anew each working day, and each
    declared notice is one of its own."""
    if due < borders.now:
        return Step.LATE, due, f"|{borders.day}" if borders.chases else ""
    if due < borders.today_ends:
        return Step.TODAY, due, ""
    return Step.SOON, due, next((name for name, ends in borders.notices if due < ends), "")


def key_of(person: object, matter: Matter, record: object, step: Step, due: datetime, again: str) -> str:
    """What makes a reminder the one that it is: person, matter, record, step and deadline, which is in UTC."""
    # Part by part: a format for times costs more than all the rest, and a tick makes a key for whatever is due.
    minute = f"{due.year}{due.month:02}{due.day:02}T{due.hour:02}{due.minute:02}"
    return f"{person}|{matter.value}|{record}|{step.value}|{minute}{again}"


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), SHANGHAI)


def _end(day: date) -> datetime:
    return _midnight(day + timedelta(days=1))
