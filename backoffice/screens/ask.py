"""Asking for access in place: on the locked card, with reason, use and period (X3, X4)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _

from backoffice.screens.base import view_of
from backoffice.screens.cells import record_url
from backoffice.screens.reader import Reader, current_reader
from backoffice.screens.record_page import in_language
from backoffice.screens.routes import RecordRoutes
from config.policy import policy
from models import records
from models.access import Purpose
from models.access_request import service
from models.access_request.document import ACCESS_REQUEST, USES
from models.access_request.rules import BORROWING
from models.errors import Invalid
from models.kinds import ZONE
from models.person.roles import MANAGING
from models.records import Sight

Context = dict[str, Any]
ASKED = ("use", "reason", "until")


class AskRoutes(RecordRoutes):
    """The route that the form on the locked card sends to."""

    @expose("/<slug>/<number>/ask", methods=("GET", "POST"))  # type: ignore[untyped-decorator]
    def ask(self, slug: str, number: str) -> ResponseReturnValue:
        """Ask for a locked record; what is wrong is said on the card, with what was typed kept."""
        view, reader = view_of(slug, self.admin), current_reader()
        if request.method == "GET":
            return redirect(record_url(slug, number))
        form = {name: request.form.get(name, "") for name in ASKED}
        raw = {"uses": [form["use"]], "reason": form["reason"], "valid_until": form["until"]}
        try:
            made = service.ask(reader.person, slug, number, raw, now=reader.now)
        except Invalid as refused:
            sight = records.see(reader.person, slug, number, Purpose.VIEW, reader.now)
            errors = {_shown(path): text for path, text in refused.problems.items()}
            context = {"ask": form_context(sight, reader, form, errors)}
            return self.locked(view, sight, reader, **context), refused.status
        flash(_("Your request %(number)s is on its way.", number=made["number"]), "success")
        return redirect(record_url(slug, number))


def _shown(path: str) -> str:
    """The form's name for a field of the request."""
    name = path.split(".")[0]
    return {"uses": "use", "valid_until": "until"}.get(name, name)


def card_context(sight: Sight, reader: Reader) -> Context:
    """What stands below a locked card: the request that waits already, or the form that asks."""
    waiting = service.open_request(reader.person, sight.rt.slug, sight.number)
    if waiting is None:
        return {"ask": form_context(sight, reader, {}, {})}
    workflow = ACCESS_REQUEST.workflow
    state = workflow.state(waiting["state"]) if workflow else None
    return {
        "asked": {
            "text": waiting["number"],
            "when": waiting["created_at"].astimezone(ZONE).strftime("%Y-%m-%d %H:%M"),
            "steps": [{"text": state.label.text(reader.language), "tone": state.tone}] if state else [],
            "url": record_url(ACCESS_REQUEST.slug, waiting["number"]),
        }
    }


def form_context(sight: Sight, reader: Reader, form: Mapping[str, str], errors: Mapping[str, Any]) -> Context:
    """The form that asks, with what was typed and what is wrong with it."""
    managing, language = reader.person.has(*MANAGING), reader.language
    today = reader.now.astimezone(ZONE).date()
    longest = policy().access.consultation_days
    return {
        "url": record_url(sight.rt.slug, sight.number, "ask"),
        "uses": [
            {
                "value": use.value,
                "label": use.label.text(language),
                "disabled": use.value in BORROWING and not managing,
                "help": _("For managers and above") if use.value in BORROWING and not managing else "",
            }
            for use in USES
        ],
        "use": form.get("use", ""),
        "reason": form.get("reason", ""),
        "until": form.get("until") or (today + timedelta(days=min(3, longest))).isoformat(),
        "min": today.isoformat(),
        "max": (today + timedelta(days=longest)).isoformat(),
        "errors": {name: in_language(text, language) for name, text in errors.items()},
        "steps": [
            _("Your own manager signs."),
            _("The department head approves; you can look at once."),
            _("It ends by itself on the day given."),
        ],
    }
