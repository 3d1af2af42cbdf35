"""How a person wants to hear of reminders: their own page, beside password and tokens."""

from __future__ import annotations

from datetime import time
from typing import Any

from flask import current_app, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from wtforms import BooleanField, Form, SelectChoice, SelectMultipleField, StringField
from wtforms.widgets import CheckboxInput, ListWidget, TimeInput

from backoffice.posted_fields import takes
from backoffice.screens.closed import ClosedView
from backoffice.screens.reader import Reader, current_reader
from config.channels import Channel
from models.channel_choice import rules, service
from models.channel_choice.rules import Choice
from models.errors import Forbidden, Invalid


class NotificationForm(Form):
    """Channels, quiet hours and the time of the digest."""

    email = BooleanField()
    channels = SelectMultipleField(
        option_widget=CheckboxInput(), widget=ListWidget(prefix_label=False), validate_choice=False
    )
    digest_at = StringField(widget=TimeInput())
    quiet_from = StringField(widget=TimeInput())
    quiet_to = StringField(widget=TimeInput())

    def prepare(self, reader: Reader) -> NotificationForm:
        """Fill in labels and choices in the reader's language."""
        self.email.label.text, self.channels.label.text = _("By email"), _("To group robots")
        self.digest_at.label.text = _("The day's digest, from")
        self.quiet_from.label.text, self.quiet_to.label.text = _("Quiet from"), _("Quiet until")
        self.channels.choices = [SelectChoice(one.name, one.label(reader.language)) for one in _declared()]
        return self


class NotificationsView(ClosedView):
    """The choice of whoever is signed in, and of nobody else."""

    @expose("/", methods=("GET", "POST"))  # type: ignore[untyped-decorator]
    @takes("email", "channels", "digest_at", "quiet_from", "quiet_to")
    def index(self) -> ResponseReturnValue:
        """The page, and storing it."""
        reader = current_reader()
        if reader.person.id is None:
            raise Forbidden()
        if request.method == "GET":
            return self._page(NotificationForm(data=_shown(service.of(reader.person.id))).prepare(reader), reader)
        form = NotificationForm(request.form).prepare(reader)
        try:
            service.store(reader.person, _chosen(form), reader.now)
        except Invalid as refusal:
            for name, problem in refusal.problems.items():
                form[name].errors = [problem.zh if reader.language == "zh" else problem.en]
            return self._page(form, reader), refusal.status
        flash(_("Your choice is stored."), "success")
        return redirect(url_for(".index"), 303)

    def _page(self, form: NotificationForm, reader: Reader) -> str:
        return self.page("account/notifications.html", form=form, address=reader.person.email)


def _declared() -> tuple[Channel, ...]:
    channels: tuple[Channel, ...] = current_app.config["SETTINGS"].channels
    return channels


def _chosen(form: NotificationForm) -> Choice:
    """:raises Invalid:"""
    return rules.chosen(
        email=form.email.data,
        channels=form.channels.data or (),
        quiet_from=form.quiet_from.data or "",
        quiet_to=form.quiet_to.data or "",
        digest_at=form.digest_at.data or "",
        known={channel.name for channel in _declared()},
    )


def _shown(choice: Choice) -> dict[str, Any]:
    def written(moment: time | None) -> str:
        return f"{moment:%H:%M}" if moment else ""

    return {
        "email": choice.email,
        "channels": list(choice.channels),
        "digest_at": written(choice.digest_at),
        "quiet_from": written(choice.quiet_from),
        "quiet_to": written(choice.quiet_to),
    }
