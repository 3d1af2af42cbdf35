"""Restoring a former version: what would change and what would stay, then the act."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _

from backoffice.posted_fields import takes
from backoffice.screens import cells, conflict, list_page, record_page
from backoffice.screens.base import RecordView, view_of
from backoffice.screens.cells import record_url
from backoffice.screens.reader import Reader, current_reader
from backoffice.screens.routes import RecordRoutes, revision
from models import names, past, records
from models.access import Purpose
from models.declarations import RecordType
from models.errors import Forbidden, Invalid, NotFound, Refusal
from models.records import Sight

Context = dict[str, Any]


class RestoreRoutes(RecordRoutes):
    """The preview of a former version, and its return."""

    @expose("/<slug>/<number>/history/<version>", methods=("GET", "POST"))  # type: ignore[untyped-decorator]
    @takes("rev")
    def restore_version(self, slug: str, number: str, version: str) -> ResponseReturnValue:
        """What restoring a version would change; sent, restore it as a new version."""
        view, reader = view_of(slug, self.admin), current_reader()
        sight = records.read(reader.person, slug, number, Purpose.VIEW, reader.now)
        rev = revision(version)
        if request.method == "GET":
            return self._preview(view, sight, rev, reader)
        seen = revision(request.form.get("rev"))
        try:
            past.restore(reader.person, sight, rev, seen=seen, now=reader.now)
        except (NotFound, Forbidden):
            raise
        except Refusal as refusal:
            return self._preview(view, sight, rev, reader, refusal), refusal.status
        flash(_("Restored as a new version."), "success")
        return redirect(record_url(slug, number), 303)

    def _preview(self, view: RecordView, sight: Sight, rev: int, reader: Reader, refusal: Refusal | None = None) -> str:
        wanted = past.preview(reader.person, sight, rev)
        rows: list[tuple[Any, Mapping[str, Any]]] = [(sight.fields, sight.values)]
        rows += [((one.field,), {one.field.name: side}) for one in wanted.back for side in (one.now, one.then)]
        found = cells.known(sight, reader, rows)
        return self.page(
            "records/restore.html",
            type=list_page.type_of(view, reader),
            head=record_page.head(sight, found, reader),
            when=cells.moment_full(wanted.version["at"], reader.language),
            who=wanted.version["by_name"] if wanted.version["by"] else _("The system"),
            back=[_back(one, found) for one in wanted.back],
            stays=[
                {
                    "label": one.field.label.text(reader.language),
                    "why": record_page.in_language(one.why, reader.language),
                }
                for one in wanted.stays
            ],
            untouched=_untouched(view.rt),
            veiled=wanted.veiled,
            errors=_errors(refusal, sight, reader),
            rev=sight.values["rev"],
            watermark=record_page.watermark(sight, reader),
            urls={
                "record": record_url(view.rt.slug, sight.number),
                "history": record_url(view.rt.slug, sight.number, "history"),
            },
        )


def _untouched(rt: RecordType) -> str:
    """What restoring never touches, of what records of a type have."""
    if rt.classified:
        if rt.workflow is not None:
            return str(_("Level, owner and state stay as they are."))
        return str(_("Level and owner stay as they are."))
    if rt.workflow is not None:
        return str(_("Owner and state stay as they are."))
    return str(_("The owner stays as it is."))


def _back(one: past.Back, found: names.Names) -> Context:
    now, then = conflict.compared(*(conflict.texts(one.field, side, found) for side in (one.now, one.then)))
    return {"label": one.field.label.text(found.language), "now": now, "then": then}


def _errors(refusal: Refusal | None, sight: Sight, reader: Reader) -> list[Context]:
    if refusal is None:
        return []
    if not isinstance(refusal, Invalid):
        return [{"label": _("Not restored"), "message": refusal.text(reader.language)}]
    labels = {f.name: f.label.text(reader.language) for f in sight.fields}
    return [
        {
            "label": labels.get(path.split(".")[0], _("Not restored")),
            "message": record_page.in_language(text, reader.language),
        }
        for path, text in refusal.problems.items()
    ]
