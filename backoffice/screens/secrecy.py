"""Asking for a longer period of secrecy or a lower level; raising the level of what nobody edits any more (X2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _

from backoffice.posted_fields import takes
from backoffice.screens import list_page, record_page
from backoffice.screens.base import RecordView, view_of
from backoffice.screens.cells import day_short, record_url
from backoffice.screens.reader import Reader, current_reader
from backoffice.screens.routes import RecordRoutes, say_handed_in
from models import access, records, sights
from models.access import Purpose
from models.calendar import local
from models.declarations import LEVEL_LABELS, Level
from models.errors import Forbidden, Invalid
from models.records import Sight
from models.secrecy import period_of
from models.secrecy_change import rules, service
from models.secrecy_change.document import KINDS, LEVELS, SECRECY_CHANGE

Context = dict[str, Any]


RAISED = {"level": "raised_level", "level_basis": "raised_basis"}
"""What the form for raising a level calls its fields."""
RAISE = "raise"


class SecrecyRoutes(RecordRoutes):
    """The form on which the owner or the custodian asks the head, and the one that raises a level at once."""

    @expose("/<slug>/<number>/secrecy", methods=("GET", "POST"))  # type: ignore[untyped-decorator]
    @takes(*service.ASKED, *RAISED.values())
    def secrecy(self, slug: str, number: str) -> ResponseReturnValue:
        """Ask, or raise; what is wrong is said beside its field, with what was typed kept."""
        view, reader = view_of(slug, self.admin), current_reader()
        sight, current = sights.see_stored(reader.person, slug, number, Purpose.VIEW, reader.now)
        if not sight.full:
            raise records.Locked()
        asks = service.may_ask(reader.person, sight)
        raises = records.raises_alone(reader.person, view.rt, current)
        if not (asks or raises):
            raise Forbidden()
        raising = request.form.get("kind") == RAISE
        if raising and not raises:
            raise Forbidden()
        waiting = service.waits(sight) if asks else None
        errors, status = {"kind": waiting.text(reader.language)} if waiting else {}, 200
        if request.method == "POST":
            try:
                return self._raise(view, sight, current, reader) if raising else self._ask(sight, reader)
            except Invalid as refused:
                errors = {
                    path.split(".")[0]: record_page.in_language(text, reader.language)
                    for path, text in refused.problems.items()
                }
                status = refused.status
            except service.ChangeWaits as refused:
                errors, status = {"kind": refused.text(reader.language)}, refused.status
        found = list_page.names_of(reader, [sight])
        page = self.page(
            "records/secrecy.html",
            type=list_page.type_of(view, reader),
            head=record_page.head(sight, found, reader),
            watermark=record_page.watermark(sight, reader),
            urls={"record": record_url(slug, sight.number)},
            names={"reason": SECRECY_CHANGE.by_name["reason"].label.text(reader.language)},
            **_form(sight, errors, reader, asks=asks, raises=raises),
        )
        return page, status

    def _ask(self, sight: Sight, reader: Reader) -> ResponseReturnValue:
        made = service.ask(reader.person, sight.rt.slug, sight.number, _asked(), now=reader.now)
        say_handed_in(SECRECY_CHANGE, made["number"], reader.language)
        return redirect(record_url(SECRECY_CHANGE.slug, made["number"]))

    def _raise(self, view: RecordView, sight: Sight, current: Mapping[str, Any], reader: Reader) -> ResponseReturnValue:
        raw = {name: request.form.get(sent, "") for name, sent in RAISED.items()}
        rev = current["rev"]
        saved = records.change_seen(reader.person, sight, raw, rev=rev, now=reader.now, current=current)
        flash(_("Saved."), "success")
        slug, reads = view.rt.slug, access.reach(reader.person, view.rt, Purpose.VIEW).sees(saved["acl"])
        return redirect(record_url(slug, sight.number) if reads else url_for("records.listing", slug=slug), 303)


def _asked() -> dict[str, str]:
    return {name: request.form.get(name, "") for name in service.ASKED}


def _form(sight: Sight, errors: dict[str, str], reader: Reader, *, asks: bool, raises: bool) -> Context:
    """The forms' choices and what stands now; only lower levels can be asked for, only higher ones set."""
    raw, language, level = _asked(), reader.language, Level(sight.level)
    until, last = sight.values["secret_until"], period_of(level, local(reader.now).date())
    lower = [one for one in LEVELS if Level(one.value).rank < level.rank]
    higher = [one for one in LEVELS if Level(one.value).rank > level.rank] if raises else []
    basis = request.form.get(RAISED["level_basis"], sight.values["level_basis"] or "")
    return {
        "asks": asks,
        "higher": [{"value": one.value, "label": one.label.text(language)} for one in higher],
        "raised": {"level": request.form.get(RAISED["level"], ""), "basis": basis},
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
