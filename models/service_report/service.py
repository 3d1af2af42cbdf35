"""Service reports at work: opened for each period once, counted when they are handed in (T8, Q, B)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from bson import ObjectId

from config.database import database
from models import schema, store
from models.calendar import WorkingCalendar, local
from models.declarations import Label
from models.errors import Sentence
from models.kinds import stored
from models.person import directory
from models.person.roles import SYSTEM, Person, Role
from models.record import collection_name
from models.registry import Draft, Hooks
from models.service_report import figures, former, rules
from models.service_report.document import SERVICE_REPORT, SLUG


def open_week(now: datetime, calendar: WorkingCalendar) -> int:
    """Open the report of the week that ends on the last Friday; 0 where it is there."""
    return _open(rules.week_of(rules.last_friday(local(now).date()), calendar), now)


def open_month(now: datetime, calendar: WorkingCalendar) -> int:
    """Open last month's reports, on complaints and on supervision; how many were not there."""
    today = local(now).date()
    kinds = (rules.MONTHLY, rules.SUPERVISION)
    return sum(_open(rules.month_before(today, kind, calendar), now) for kind in kinds)


def missing(days: Iterable[date], calendar: WorkingCalendar) -> int:
    """How many of the reports that are opened on these days are not there."""
    return sum(not _is_there(period) for day in days for period in rules.opened_on(day, calendar))


def writer() -> ObjectId | None:
    """Who owes the department's reports."""
    heads = directory.holders([Role.HEAD], SERVICE_REPORT.kept_by)
    return heads[0] if heads else None


def _is_there(period: rules.Period) -> bool:
    same = {"kind": period.kind, "begins": stored(SERVICE_REPORT.by_name["begins"], period.begins)}
    return database()[collection_name(SLUG)].find_one(same, {"_id": 1}) is not None


def _open(period: rules.Period, now: datetime) -> int:
    """One record for a period, whoever asks and however often."""
    if _is_there(period):
        return 0
    values = {
        "subject": period.subject,
        "kind": period.kind,
        "occasion": period.occasion,
        "begins": period.begins,
        "ends": period.ends,
        "due_on": period.due,
        "owner": writer(),
    }
    try:
        store.create(SLUG, values, actor=SYSTEM, now=now)
    except store.AlreadyUsed:  # another run opened it a moment ago
        return 0
    return 1


def write(draft: Draft) -> None:
    """Count the period as whoever writes reads it; a weekly report stays in the department."""
    values = draft.values
    if draft.action not in ("count", "hand_in"):
        return
    values["figures"] = figures.count(draft.actor, values["kind"], values["begins"], values["ends"])
    values["counted_at"] = draft.now
    if draft.action == "hand_in":
        values["handed_in_at"] = draft.now
        if values["kind"] == rules.WEEKLY:
            values["state"] = "done"


def told(person: Person, values: Mapping[str, Any]) -> list[Sentence]:
    """What products and causes the complaints of a month name most, for whoever writes its report: nothing of it is
    kept but what they write themselves (T8, X6)."""
    if values["state"] != "open" or values["kind"] == rules.WEEKLY:
        return []
    found = figures.most_frequent(person, values["begins"], values["ends"])
    return [_counted(figures.WORDS[name], rows) for name, rows in found.items()]


def _counted(label: Label, rows: Sequence[tuple[str, int]]) -> Sentence:
    zh, en = (
        "、".join(f"{text} {count}" for text, count in rows),
        "; ".join(f"{text} {count}" for text, count in rows),
    )
    return Sentence(f"{label.zh}（按您能打印的投诉）：{zh}", f"{label.en}, of the complaints that you may print: {en}")


HOOKS = Hooks(prepare=(write,), tells=told)
schema.bring_up(former.take_words_out)
