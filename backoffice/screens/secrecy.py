"""Asking for a longer period of secrecy or a lower level (X2)."""

from __future__ import annotations

from typing import Any

from flask import redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _

from backoffice.posted_fields import takes
from backoffice.screens import list_page, record_page
from backoffice.screens.base import view_of
from backoffice.screens.cells import day_short, record_url
from backoffice.screens.reader import Reader, current_reader
from backoffice.screens.routes import RecordRoutes, say_handed_in
from models import records
from models.access import Purpose
from models.calendar import local
from models.declarations import LEVEL_LABELS, Level
from models.errors import Forbidden, Invalid
from models.records import Sight
from models.secrecy import period_of
from models.secrecy_change import rules, service
from models.secrecy_change.document import KINDS, LEVELS, SECRECY_CHANGE

Context = dict[str, Any]


class SecrecyRoutes(RecordRoutes):
    """The form on which the owner or the custodian asks the head."""

    @expose("/<slug>/<number>/secrecy", methods=("GET", "POST"))  # type: ignore[untyped-decorator]
    @takes(*service.ASKED)
    def secrecy(self, slug: str, number: str) -> ResponseReturnValue:
        """Ask; what is wrong is said beside its field, with what was typed kept."""
        view, reader = view_of(slug, self.admin), current_reader()
        sight = records.read(reader.person, slug, number, Purpose.VIEW, reader.now)
        if not service.may_ask(reader.person, sight):
            raise Forbidden()
        raw = {name: request.form.get(name, "") for name in service.ASKED}
        waiting = service.waits(sight)
        errors = {"kind": waiting.text(reader.language)} if waiting else {}
        status = 200
        if request.method == "POST":
            try:
                made = service.ask(reader.person, slug, number, raw, now=reader.now)
            except Invalid as refused:
                errors = {
                    path.split(".")[0]: record_page.in_language(text, reader.language)
                    for path, text in refused.problems.items()
                }
                status = refused.status
            except service.ChangeWaits as refused:
                errors, status = {"kind": refused.text(reader.language)}, refused.status
            else:
                say_handed_in(SECRECY_CHANGE, made["number"], reader.language)
                return redirect(record_url(SECRECY_CHANGE.slug, made["number"]))
        found = list_page.names_of(reader, [sight])
        page = self.page(
            "records/secrecy.html",
            type=list_page.type_of(view, reader),
            head=record_page.head(sight, found, reader),
            watermark=record_page.watermark(sight, reader),
            urls={"record": record_url(slug, sight.number)},
            **_form(sight, raw, errors, reader),
        )
        return page, status


def _form(sight: Sight, raw: dict[str, str], errors: dict[str, str], reader: Reader) -> Context:
    """The form's choices and what stands now; only lower levels are offered."""
    language, level = reader.language, Level(sight.level)
    until, last = sight.values["secret_until"], period_of(level, local(reader.now).date())
    lower = [one for one in LEVELS if Level(one.value).rank < level.rank]
    return {
        "kinds": [{"value": one.value, "label": one.label.text(language)} for one in KINDS],
        "levels": [{"value": one.value, "label": one.label.text(language)} for one in lower],
        "typed": raw | {"kind": raw["kind"] or KINDS[0].value, "new_until": raw["new_until"] or _iso(last)},
        "errors": errors,
        "stands": _(
            "%(level)s until %(until)s",
            level=LEVEL_LABELS[level].text(language),
            until=day_short(until, language) if until else "—",
        ),
        "last": _iso(last),
        "longest": record_page.in_language(rules.latest(last, until), language) if last else "",
    }


def _iso(day: Any) -> str:
    return day.isoformat() if day else ""
