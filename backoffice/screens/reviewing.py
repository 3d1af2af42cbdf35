"""A quarterly review by keyboard: section by section, `v` for what is still right, and only differences typed (F5)."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from backoffice.posted_fields import takes
from backoffice.screens import cells, forms, list_page, record_page, saving
from backoffice.screens.base import view_of
from backoffice.screens.cells import record_url
from backoffice.screens.reader import Reader, current_reader
from backoffice.screens.routes import RecordRoutes, revision
from models.customer.document import CUSTOMER
from models.declarations import Field, Level
from models.errors import NotFound, Refusal, StaleRecord
from models.names import Names
from models.review import sheet as sheets
from models.review.document import REVIEW, SECTION_LABELS, answer_field
from models.review.rules import SECTIONS
from models.review.sheet import Sheet
from models.sights import Sight

Context = dict[str, Any]
ANSWER, REMARK, FILE_REV = "_section-", "_remark", "_file_rev"
OWN = frozenset({REMARK, FILE_REV, *(ANSWER + section for section in SECTIONS)})
"""The names of the sheet's own inputs; no field begins so."""


class ReviewRoutes(RecordRoutes):
    """The sheet of a review."""

    @expose("/<slug>/<number>/sections", methods=("GET", "POST"))  # type: ignore[untyped-decorator]
    @takes(more=True)
    def sections(self, slug: str, number: str) -> ResponseReturnValue:
        """The sections of the file with their answers; sent, store what is answered and go on to the next review."""
        view, reader = view_of(slug, self.admin), current_reader()
        if slug != REVIEW.slug:
            raise NotFound()
        sheet = sheets.read(reader.person, number, reader.now)
        if request.method == "GET":
            return self._review_page(view, sheet, forms.build(CUSTOMER.slug, sheet.asked, sheet.record, reader), reader)
        posted = MultiDict((name, text) for name, text in request.form.items(multi=True) if name not in OWN)
        forms.check_posted(sheet.asked, (*posted, *request.files))
        form = forms.build(CUSTOMER.slug, sheet.asked, sheet.record, reader, posted)
        confirmed = [section for section in SECTIONS if request.form.get(ANSWER + section)]
        revs = revision(request.form.get("rev")), revision(request.form.get(FILE_REV))
        try:
            over = sheets.store(
                reader.person,
                sheet,
                form.raw(posted),
                confirmed,
                revs=revs,
                note=request.form.get(REMARK, ""),
                now=reader.now,
            )
        except StaleRecord as stale:
            errors = [{"label": _("Changed meanwhile"), "anchor": "", "message": stale.text(reader.language)}]
            return self._review_page(view, sheet, form, reader, errors), stale.status
        except Refusal as refusal:
            return self._review_page(view, sheet, form, reader, saving.explained(form, refusal)), refusal.status
        return redirect(self._next_review(sheet, reader, over), 303)

    def _next_review(self, sheet: Sheet, reader: Reader, over: bool) -> str:
        """The next open review of the reader after one that is done; else the one just answered in part, or home."""
        if not over:
            flash(_("What you answered is kept."), "success")
            return record_url(REVIEW.slug, sheet.review.number, "sections")
        following = sheets.progress(reader.person, sheet.review.values["quarter"]).next
        flash(_("Reviewed. Here is the next one.") if following else _("That was the last one."), "success")
        return record_url(REVIEW.slug, following, "sections") if following else url_for("admin.index")

    def _review_page(
        self, view: Any, sheet: Sheet, form: forms.RecordForm, reader: Reader, errors: list[Context] | None = None
    ) -> str:
        rows: list[Any] = [(sheet.review.fields, sheet.review.values), (sheet.file.fields, sheet.file.values)]
        found = cells.known(sheet.review, reader, [*rows, (sheet.file.fields, sheet.former.values)])
        return self.page(
            "records/sections.html",
            type=list_page.type_of(view, reader),
            head={**record_page.head(sheet.review, found, reader), "level": _more_secret(sheet).level},
            file_url=record_url(CUSTOMER.slug, sheet.file.number),
            edit_url=record_url(CUSTOMER.slug, sheet.file.number, "edit"),
            sections=[_section(name, sheet, form, found) for name in SECTIONS],
            errors=errors or [],
            reviewed=cells.day_short(sheet.reviewed.date(), reader.language) if sheet.reviewed else "",
            progress=sheets.progress(reader.person, sheet.review.values["quarter"]),
            rev=sheet.review.values["rev"],
            file_rev=sheet.record["rev"],
            remark=request.form.get(REMARK, "")[:500],
            watermark=record_page.watermark(_more_secret(sheet), reader),
        )


def _more_secret(sheet: Sheet) -> Sight:
    """Review or file, whichever bears the higher level: the page shows both (X1)."""
    return max(sheet.review, sheet.file, key=lambda sight: Level(sight.level).rank)


def _section(name: str, sheet: Sheet, form: forms.RecordForm, found: Names) -> Context:
    """One section: its answer so far, and its fields with their last value beside the present one."""
    given = sheet.review.values[name]
    choices = {choice.value: choice for choice in answer_field(name).choices}
    return {
        "name": name,
        "label": SECTION_LABELS[name].text(found.language),
        "answer": {"text": choices[given].label.text(found.language), "tone": choices[given].tone} if given else None,
        "ticked": bool(request.form.get(ANSWER + name)),
        "in_file": any(field.group == name for field in sheet.in_file),
        "corrected": any(field.group == name for field in sheet.corrected),
        "rows": [_row(field, sheet, form, found) for field in sheet.shown(name)],
    }


def _row(field: Field, sheet: Sheet, form: forms.RecordForm, found: Names) -> Context:
    values = sheet.former.values
    now, known = cells.text(field, sheet.file.values.get(field.name), found), field.name in values
    last = cells.text(field, values.get(field.name), found) if known else ""
    return {
        "label": field.label.text(found.language),
        "item": form[field.name] if field in sheet.asked else None,
        "now": now,
        "last": last,
        "changed": known and field.name in sheet.former.changed,
    }
