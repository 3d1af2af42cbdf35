"""Messages on their way out: what was given up, what waits, and sending again. Nobody reads their content here."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from flask import current_app, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _

from backoffice.posted_fields import takes
from backoffice.screens import cells
from backoffice.screens.closed import ClosedView
from backoffice.screens.reader import Reader, current_reader
from models.listing import BadQuery
from models.outbox import service
from models.outbox.document import Message
from models.outbox.rules import EMAIL, State
from models.person.roles import Permission

Context = dict[str, Any]
PAGE = 50
LONGEST_KEY = 200
BEHIND = re.compile(r"([0-9]{1,13})\.([\x21-\x7e]{1,200})")
TONES = {State.DEAD: "bad", State.WAITING: "info", State.SENT: "good"}


class OutboxView(ClosedView):
    """Closed to everybody without `outbox:manage`."""

    needs = Permission.OUTBOX_MANAGE

    @expose("/")  # type: ignore[untyped-decorator]
    def index(self) -> str:
        """Messages in one state, newest first; those given up to begin with. :raises BadQuery:"""
        reader, state = current_reader(), _state(request.args.get("state", State.DEAD.value))
        before = request.args.get("before", "")
        found = service.in_state(reader.person, state, before=_behind(before), limit=PAGE + 1)
        more, found = len(found) > PAGE, found[:PAGE]
        return self.page(
            "outbox.html",
            messages=[_line(message, reader) for message in found],
            states=[
                {"label": label, "url": url_for(".index", state=one.value), "active": one is state}
                for one, label in _labels().items()
            ],
            next_url=url_for(".index", state=state.value, before=_token(found[-1])) if more else "",
            first_url=url_for(".index", state=state.value) if before else "",
        )

    @expose("/again", methods=("POST",))  # type: ignore[untyped-decorator]
    @takes("message")
    def again(self) -> ResponseReturnValue:
        """Send a message that was given up again. :raises Forbidden: :raises NotFound:"""
        reader = current_reader()
        service.send_again(reader.person, request.form.get("message", "")[:LONGEST_KEY], reader.now)
        flash(_("The message goes out again within a minute."), "success")
        return redirect(url_for(".index"), 303)


def _labels() -> dict[State, str]:
    return {State.DEAD: _("given up"), State.WAITING: _("waiting"), State.SENT: _("sent")}


def _state(text: str) -> State:
    try:
        return State(text)
    except ValueError:
        raise BadQuery(parameter="state") from None


def _line(message: Message, reader: Reader) -> Context:
    again: Context = {"label": _("Send again"), "method": "post", "url": url_for(".again")}
    return {
        "channel": _channel(message.channel, reader),
        "to": message.to,
        "created": _moment(message.created, reader),
        "next": _moment(message.next_try, reader) if message.state is State.WAITING else None,
        "attempts": message.attempts,
        "error": message.error,
        "state": {"text": _labels()[message.state], "tone": TONES[message.state]},
        "again": again | {"hidden": {"message": message.key}} if message.state is State.DEAD else None,
    }


def _channel(name: str, reader: Reader) -> str:
    if name == EMAIL:
        return str(_("Email"))
    labels = {one.name: one.label(reader.language) for one in current_app.config["SETTINGS"].channels}
    return str(labels.get(name, name))


def _moment(at: datetime, reader: Reader) -> Context:
    return {"text": cells.moment_short(at, reader.language), "full": cells.moment_full(at, reader.language)}


def _token(message: Message) -> str:
    return f"{round(message.created.timestamp() * 1000)}.{message.key}"


def _behind(text: str) -> tuple[datetime, str] | None:
    """The message behind which a page begins. :raises BadQuery:"""
    if not text:
        return None
    found = BEHIND.fullmatch(text)
    if found is None:
        raise BadQuery(parameter="before")
    seconds, milliseconds = divmod(int(found[1]), 1000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=milliseconds * 1000), found[2]
