"""What happens by itself: each job with its next run and last result, "run now", and the history (J)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _

from backoffice.posted_fields import takes
from backoffice.screens import cells
from backoffice.screens.closed import ClosedView
from backoffice.screens.reader import Reader, current_reader
from models.calendar import local
from models.calendar_day.rules import year_to_announce
from models.job import service
from models.job.document import Run, Schedule
from models.job.rules import Kind, State
from models.listing import BadQuery
from models.office import office_calendar
from models.person.roles import Permission

Context = dict[str, Any]

PAGE = 50
LONGEST = 120
BEHIND = re.compile(r"([0-9]{1,14})\.([a-z0-9_]+@[0-9TZ:#a-z-]+)")
"""A page token: the start of the last run shown, in milliseconds, and its key."""
TONES = {State.DONE: "good", State.FAILED: "bad", State.RUNNING: "info"}


class JobsView(ClosedView):
    """The jobs and their history; closed to everybody without `jobs:read`. Running one needs `jobs:run`."""

    needs = Permission.JOBS_READ

    @expose("/")  # type: ignore[untyped-decorator]
    def index(self) -> str:
        """Every job, in the order of the table."""
        reader = current_reader()
        may_run = reader.person.may(Permission.JOBS_RUN)
        return self.page(
            "jobs/list.html",
            jobs=[_job(schedule, reader, may_run) for schedule in service.schedules()],
            active=service.active_scheduler() is not None,
            unannounced=year_to_announce(local(reader.now).date(), office_calendar()),
        )

    @expose("/history")  # type: ignore[untyped-decorator]
    def history(self) -> str:
        """Past runs, newest first, of one job or all. :raises BadQuery: for a job or page that there is not."""
        reader, labels = (
            current_reader(),
            {s.name: s.label.text(current_reader().language) for s in service.schedules()},
        )
        name, before = request.args.get("job", ""), request.args.get("before", "")
        if name and name not in labels:
            raise BadQuery(parameter="job")
        runs = service.history(name or None, before=_behind(before), limit=PAGE + 1)
        more, runs = len(runs) > PAGE, runs[:PAGE]
        return self.page(
            "jobs/history.html",
            runs=[_run(run, reader) | {"job": labels.get(run.job, run.job)} for run in runs],
            jobs=list(labels.items()),
            chosen=name,
            next_url=url_for(".history", job=name or None, before=_token(runs[-1])) if more else "",
            first_url=url_for(".history", job=name or None) if before else "",
        )

    @expose("/<job>/run", methods=("POST",))  # type: ignore[untyped-decorator]
    def run(self, job: str) -> ResponseReturnValue:
        """Ask the active scheduler to run a job now. :raises Forbidden: :raises UnknownJob:"""
        reader = current_reader()
        if service.request_run(job[:LONGEST], reader.person, reader.now):
            flash(_("The job runs as soon as the scheduler is free, usually within seconds."), "success")
        else:
            flash(_("This job was asked for already and is about to run."), "info")
        return redirect(url_for(".index"), 303)

    @expose("/<job>/forget", methods=("POST",))  # type: ignore[untyped-decorator]
    def forget(self, job: str) -> ResponseReturnValue:
        """Remove a schedule that no job goes with. :raises Forbidden: :raises UnknownJob:"""
        reader = current_reader()
        service.forget(job[:LONGEST], reader.person, reader.now)
        flash(_("The schedule is removed; its history stays."), "success")
        return redirect(url_for(".index"), 303)

    @expose("/<job>/switch", methods=("POST",))  # type: ignore[untyped-decorator]
    @takes("on")
    def switch(self, job: str) -> ResponseReturnValue:
        """Switch a job on or off. :raises Forbidden: :raises UnknownJob:"""
        reader, on = current_reader(), request.form.get("on") == "1"
        service.set_enabled(job[:LONGEST], on, reader.person, reader.now)
        flash(_("The job is switched on.") if on else _("The job is switched off."), "success")
        return redirect(url_for(".index"), 303)


def _job(schedule: Schedule, reader: Reader, may_run: bool) -> Context:
    return {
        "label": schedule.label.text(reader.language),
        "cadence": schedule.cadence.text(reader.language),
        "next": _moment(schedule.next_planned, reader),
        "enabled": schedule.enabled,
        "waiting": schedule.waiting,
        "missing": schedule.missing,
        "last": _run(schedule.last, reader) if schedule.last else None,
        "history_url": url_for(".history", job=schedule.name),
        "actions": _actions(schedule, reader) if may_run else [],
    }


def _actions(schedule: Schedule, reader: Reader) -> list[Context]:
    if schedule.missing:
        return [{"label": _("Remove"), "method": "post", "url": url_for(".forget", job=schedule.name)}]
    run: Context = {"label": _("Run now"), "method": "post", "url": url_for(".run", job=schedule.name), "icon": "play"}
    switch: Context = {
        "label": _("Switch off") if schedule.enabled else _("Switch on"),
        "method": "post",
        "url": url_for(".switch", job=schedule.name),
        "hidden": {"on": "" if schedule.enabled else "1"},
    }
    if schedule.enabled:
        name = schedule.label.text(reader.language)
        text = _(
            "It no longer runs by itself; long work ends within seconds. What falls due meanwhile is not caught up."
        )
        switch["confirm"] = {"title": _("Switch off “%(name)s”?", name=name), "text": text}
    return [run, switch]


def _run(run: Run, reader: Reader) -> Context:
    states = {State.DONE: _("done"), State.FAILED: _("failed"), State.RUNNING: _("running")}
    kinds = {
        Kind.SCHEDULED: "",
        Kind.REQUESTED: _("asked for"),
        Kind.DIRECT: _("command line"),
        Kind.AGAIN: _("tried again"),
    }
    return {
        "state": {"text": states[run.state], "tone": TONES[run.state]},
        "planned": _moment(run.planned, reader),
        "started": _moment(run.started, reader),
        "took": _took(run),
        "late": run.late,
        "why": " · ".join(part for part in (kinds[run.kind], "" if run.kind is Kind.DIRECT else run.by) if part),
        "result": run.error or _counted(run),
    }


def _moment(at: datetime, reader: Reader) -> Context:
    return {"text": cells.moment_short(at, reader.language), "full": cells.moment_full(at, reader.language)}


def _took(run: Run) -> str:
    """How long a run took; '' while it runs."""
    if run.finished is None:
        return ""
    seconds = (run.finished - run.started).total_seconds()
    return str(_("%(count)s s", count=f"{seconds:.1f}"))


def _counted(run: Run) -> str:
    words = count_words()
    found = [f"{words.get(name, name.replace('_', ' '))} {count}" for name, count in run.counts.items() if count]
    return ", ".join(found) if found else str(_("nothing to do")) if run.finished else ""


def count_words() -> dict[str, str]:
    """What the numbers of a run count."""
    return {
        "sealed": _("sealed"),
        "sent": _("sent"),
        "retried": _("to be tried again"),
        "renewed": _("renewed"),
        "dead": _("given up"),
        "ended": _("ended"),
        "followed": _("follow the level of what they belong to"),
        "declassified": _("declassified"),
        "kept": _("kept their level"),
        "unannounced": _("wait for their notice"),
        "unreadable": _("cannot be read"),
        "announced": _("announced"),
        "documents": _("documents saved"),
        "left_out": _("left out: being destroyed"),
        "checked": _("entries checked"),
        "swept": _("removed"),
        "keys": _("keys without a record destroyed"),
        "opened": _("opened"),
        "looked_through": _("looked through"),
        "in_all": _("of"),
        "new": _("new reminders"),
        "closed": _("reminders closed"),
        "messages": _("messages"),
        "rows": _("rows"),
        "records": _("records"),
        "moved": _("deadlines moved"),
        "chunks": _("parts done"),
        "types": _("record types"),
        "climbed": _("passed on"),
        "told": _("people told"),
        "began": _("destructions begun"),
        "barred": _("destructions barred"),
        "destroyed": _("destroyed"),
    }


def _token(run: Run) -> str:
    return f"{round(run.started.timestamp() * 1000)}.{run.key}"


def _behind(text: str) -> tuple[datetime, str] | None:
    """The run behind which a page begins. :raises BadQuery:"""
    if not text:
        return None
    found = BEHIND.fullmatch(text[:LONGEST])
    if found is None or int(found[1]) > 10**13:
        raise BadQuery(parameter="before")
    milliseconds = int(found[1])
    moment = datetime.fromtimestamp(milliseconds // 1000, UTC)
    return moment.replace(microsecond=milliseconds % 1000 * 1000), found[2]
