"""The private address of a person's calendar: their own page, beside password and tokens. A new one is shown once."""

from __future__ import annotations

from typing import Any

from flask import current_app, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _

from backoffice import auth, calendar_feed
from backoffice.screens import cells
from backoffice.screens.closed import ClosedView
from backoffice.screens.reader import Reader, current_reader
from models.calendar_feed import service
from models.errors import Forbidden
from models.person import service as people
from models.records import NeedsFreshSignIn


class CalendarFeedView(ClosedView):
    """The address of whoever is signed in, and of nobody else."""

    @expose("/")  # type: ignore[untyped-decorator]
    def index(self) -> str:
        """Whether there is one, since when, and when a program last read it."""
        reader = current_reader()
        return self.page("account/calendar.html", feed=_shown(reader), url="")

    @expose("/make", methods=("POST",))  # type: ignore[untyped-decorator]
    def make(self) -> ResponseReturnValue:
        """Make an address, or another one in place of the former, and show it. Needs a fresh sign-in, as a token
        does."""
        reader = current_reader()
        if not auth.is_fresh():
            raise NeedsFreshSignIn()
        path = calendar_feed.address_for(reader.person, _account(reader), reader.now)
        base_url = current_app.config["SETTINGS"].base_url
        return self.page("account/calendar.html", feed=_shown(reader), url=f"{base_url}{path}")

    @expose("/revoke", methods=("POST",))  # type: ignore[untyped-decorator]
    def revoke(self) -> ResponseReturnValue:
        """End the address at once."""
        reader = current_reader()
        service.revoke(reader.person, _account(reader), reader.now)
        flash(_("The address opens nothing any more."), "success")
        return redirect(url_for(".index"), 303)


def _account(reader: Reader) -> dict[str, Any]:
    if reader.person.id is None:
        raise Forbidden()
    return people.get(reader.person.id)


def _shown(reader: Reader) -> dict[str, Any] | None:
    feed = service.of_person(_account(reader))
    if feed is None:
        return None
    return {
        "created": cells.moment_short(feed.created, reader.language),
        "used": cells.moment_short(feed.last_used, reader.language) if feed.last_used else "",
        "ended": feed.ended,
    }
