"""My work: the first page. What waits for the person comes first, reminders and a head's figures after it."""

from __future__ import annotations

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import AdminIndexView, expose
from flask_babel import gettext as _

from backoffice.posted_fields import takes
from backoffice.screens import cells, home_page, list_page
from backoffice.screens.closed import ClosedView
from backoffice.screens.reader import current_reader
from models.calendar import local
from models.listing import BadQuery
from models.reminder import service as reminders


class HomeView(ClosedView, AdminIndexView):
    """What waits for the person."""

    @expose("/")  # type: ignore[untyped-decorator]
    def index(self) -> str:
        """The page; with `show`, one of its sections at length. :raises BadQuery: for a section that there is not."""
        reader, only = current_reader(), request.args.get("show", "")
        if only and only not in home_page.SECTIONS:
            raise BadQuery(parameter="show")
        day = cells.day_full(local(reader.now).date(), reader.language)
        # Closes reminders that stand no longer: they are not counted.
        sections, shown, repeated = home_page.sections(reader, only)
        return self.page(
            "home.html",
            page_title=_("My work"),
            greeting={"title": _("My work"), "date": day},
            notices=[] if only else home_page.notices(reader, repeated),
            sections=sections,
            watermark=list_page.mark(shown, reader),
            figures=[] if only else home_page.figures(reader),
        )

    @expose("/reminders/read", methods=("POST",))  # type: ignore[untyped-decorator]
    @takes("reminder")
    def read(self) -> ResponseReturnValue:
        """Mark one of the person's reminders as read, or all of them."""
        reader, one = current_reader(), request.form.get("reminder", "")
        if one:
            reminders.mark_read(reader.person, one, reader.now)
        else:
            reminders.mark_all_read(reader.person, reader.now)
        return redirect(url_for(".index"), 303)
