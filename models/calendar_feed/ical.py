"""The person's deadlines as an iCalendar file (RFC 5545): kind and number of each record, and never a title (X6)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from icalendar import Calendar, Event

from models.calendar import local
from models.work import Task

NAMES = {"zh": "我的工作", "en": "My work"}
REFRESH = timedelta(hours=1)


def written(tasks: Iterable[Task], language: str, base_url: str) -> bytes:
    """The file; it holds no moment of its own making, so that the same tasks give the same bytes."""
    name = NAMES["zh" if language.startswith("zh") else "en"]
    made = Calendar()
    made.add("prodid", "-//Customer service back office//My work//ZH")
    made.add("version", "2.0")
    made.add("calscale", "GREGORIAN")
    made.add("name", name)
    made.add("x-wr-calname", name)
    made.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    for task in tasks:
        if task.due is not None:
            made.add_component(_event(task, task.due, language, base_url))
    return bytes(made.to_ical())


def _event(task: Task, due: datetime, language: str, base_url: str) -> Event:
    sight = task.sight
    event = Event()
    event.add("uid", f"{sight.id}@backoffice")
    event.add("summary", f"{sight.rt.label.text(language)} {sight.number}")
    event.add("dtstart", _when(task, due))
    event.add("dtstamp", sight.values["updated_at"])
    event.add("sequence", sight.values["rev"])
    event.add("url", f"{base_url}/records/{sight.rt.slug}/{sight.number}")
    event.add("transp", "TRANSPARENT")
    return event


def _when(task: Task, due: datetime) -> date | datetime:
    """A day for what is due on a day, else the moment."""
    rt = task.sight.rt
    field = rt.by_name.get(rt.due)
    return local(due).date() if field is not None and field.kind == "date" else due
