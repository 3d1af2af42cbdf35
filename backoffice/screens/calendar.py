"""The working calendar: a year at a glance for everybody, own days and imported decrees for an administrator."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _

from backoffice.posted_fields import takes
from backoffice.screens import calendar_page as pages
from backoffice.screens.closed import ClosedView
from backoffice.screens.reader import Reader, current_reader
from models import office
from models.calendar import local
from models.calendar_day import service
from models.calendar_day.rules import AlreadySo
from models.errors import FieldProblem, NotFound, Refusal
from models.person.roles import Permission
from models.public_days import FIRST_DECREE, LAST_TABLE_YEAR, BadCalendarFile

LARGEST = 200_000
"""Bytes of a published year; a real one has five thousand."""
LONGEST = 200


class CalendarView(ClosedView):
    """The calendar on which deadlines run. Everybody with an account may look; changing it needs `calendar:manage`."""

    @expose("/")  # type: ignore[untyped-decorator]
    def index(self) -> ResponseReturnValue:
        """This year."""
        return redirect(url_for(".year", number=local(current_reader().now).year))

    @expose("/<number>")  # type: ignore[untyped-decorator]
    def year(self, number: str) -> str:
        """A year: its months, what is special in it, and whether it is known. :raises NotFound: out of reach."""
        return self._year(_number(number, 0), current_reader())

    @expose("/day", methods=("POST",))  # type: ignore[untyped-decorator]
    @takes("year", "day", "working", "reason")
    def add_day(self) -> ResponseReturnValue:
        """Enter a day off or a working day. :raises Forbidden:"""
        reader, form = current_reader(), request.form
        typed = {name: form.get(name, "")[:LONGEST] for name in ("day", "working", "reason")}
        back = _number(form.get("year", ""), local(reader.now).year)
        try:
            day = _day(typed["day"])
            working = typed["working"] == "1"
            service.set_day(reader.person, day, working=working, reason=typed["reason"], now=reader.now)
        except (FieldProblem, AlreadySo) as refusal:
            wrong = {getattr(refusal, "field", "day"): refusal.text(reader.language)}
            return self._year(back, reader, typed=typed, wrong=wrong), refusal.status
        return self._changed(day.year)

    @expose("/day/<text>/remove", methods=("POST",))  # type: ignore[untyped-decorator]
    def remove_day(self, text: str) -> ResponseReturnValue:
        """Take an own day back. :raises Forbidden: :raises NoSuchDay:"""
        reader = current_reader()
        try:
            day = _day(text)
        except FieldProblem:
            raise NotFound() from None
        service.remove_day(reader.person, day, now=reader.now)
        return self._changed(day.year)

    @expose("/import", methods=("POST",))  # type: ignore[untyped-decorator]
    @takes("year", "file")
    def preview(self) -> ResponseReturnValue:
        """What a published year would change; nothing is stored. :raises Forbidden:"""
        reader = current_reader()
        service.require(reader.person)
        file = request.files.get("file")
        content = file.stream.read(LARGEST + 1) if file is not None else b""
        try:
            seen = service.preview(_table(content))
        except Refusal as refusal:
            year = _number(request.form.get("year", ""), local(reader.now).year)
            return self._year(year, reader, wrong={"file": refusal.text(reader.language)}), refusal.status
        table = content.decode("utf-8-sig")
        return self.page("calendar/preview.html", **pages.preview(seen, table, reader))

    @expose("/import/apply", methods=("POST",))  # type: ignore[untyped-decorator]
    @takes("seen", "table")
    def apply(self) -> ResponseReturnValue:
        """Bring a previewed year into force. :raises ChangedSincePreview: :raises BadCalendarFile:"""
        reader = current_reader()
        table = _table(request.form.get("table", "").encode()[: LARGEST + 1])
        seen = _number(request.form.get("seen", ""), -1)
        made = service.import_year(reader.person, table, now=reader.now, seen=seen)
        return self._changed(made.year.year)

    def _changed(self, year: int) -> ResponseReturnValue:
        office.refresh()
        flash(_("The calendar is changed. Deadlines that lie ahead follow within minutes."), "success")
        return redirect(url_for(".year", number=year), 303)

    def _year(self, number: int, reader: Reader, **more: Any) -> str:
        if not FIRST_DECREE <= number <= LAST_TABLE_YEAR:
            raise NotFound()
        office.refresh()
        may_change = reader.person.may(Permission.CALENDAR_MANAGE)
        return self.page("calendar/year.html", **pages.year(number, reader, may_change), **more)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise FieldProblem("day", zh="请选择日期。", en="Choose a day.") from None


def _number(text: str, otherwise: int) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else otherwise


def _table(content: bytes) -> Any:
    """The decoded JSON of a published year. :raises BadCalendarFile:"""
    if len(content) > LARGEST:
        raise BadCalendarFile(problem=pages.TOO_LARGE)
    try:
        return json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise BadCalendarFile(problem=pages.NO_JSON) from None
