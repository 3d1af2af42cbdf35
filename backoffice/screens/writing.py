"""New, edit, archive and restore: the routes; what a saved or refused form leads to is in `saving`."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _

from backoffice import at_hand
from backoffice.posted_fields import takes
from backoffice.screens import cautions, cells, conflict, forms, list_page, record_page, saving
from backoffice.screens.base import RecordView, view_of
from backoffice.screens.cells import record_url
from backoffice.screens.reader import Reader, current_reader
from backoffice.screens.routes import RecordRoutes, is_handed_in, revision, say_handed_in
from models import access, records, sights, store
from models.access import Purpose
from models.errors import Forbidden, Invalid, Refusal, Sentence, StaleRecord
from models.one_time import AlreadySent
from models.person import directory
from models.records import Sight


class WritingRoutes(RecordRoutes):
    """Routes that make and change records by a form."""

    @expose("/<slug>/new", methods=("GET", "POST"))  # type: ignore[untyped-decorator]
    @takes(more=True)
    def new(self, slug: str) -> ResponseReturnValue:
        """A form for a new record; sent, it makes one."""
        view, reader = view_of(slug, self.admin), current_reader()
        if not access.may_create(reader.person, view.rt):
            raise Forbidden()
        if request.method == "GET":
            form = view.create_form(prefill=saving.prefill(view, reader, request.args))
            return self._form(view, saving.new_context(view, form, reader))
        sent = saving.receive(records.form_fields(reader.person, view.rt), reader)
        form = view.create_form(posted=sent.posted)
        if "_add" in request.form:
            form.add_row(request.form["_add"])
            return self._form(view, saving.new_context(view, form, reader))
        try:
            sent.check()
            once = request.form.get("token", "")[: saving.LONGEST_TOKEN]
            sure = request.form.get("sure") == "1"
            made = records.create(reader.person, slug, form.raw(sent.posted), now=reader.now, once=once, sure=sure)
        except AlreadySent as twice:
            return redirect(saving.made_before(view, twice.record, reader), 303)
        except records.LooksAlike as alike:
            context = saving.new_context(view, form, reader) | saving.alike_context(alike, reader)
            return self._form(view, context), alike.status
        except Refusal as refusal:
            errors = saving.explained(form, refusal)
            return self._form(view, saving.new_context(view, form, reader, errors)), refusal.status
        if is_handed_in(view.rt):
            say_handed_in(view.rt, made["number"], reader.language)
        else:
            flash(_("Saved."), "success")
        if request.form.get("then") == "stay":
            return redirect(record_url(slug, made["number"], "edit"), 303)
        return redirect(record_url(slug, made["number"]), 303)

    @expose("/<slug>/<number>/edit", methods=("GET", "POST"))  # type: ignore[untyped-decorator]
    @takes(more=True)
    def edit(self, slug: str, number: str) -> ResponseReturnValue:
        """A form for a stored record; sent, it changes it."""
        view, reader = view_of(slug, self.admin), current_reader()
        if request.method == "POST":
            return self._save(view, number, reader)
        held = at_hand.held()
        sight, current = sights.read_stored(reader.person, slug, number, Purpose.VIEW, reader.now, held)
        records.check_changeable(reader.person, view.rt, current)
        directory.names(cells.people_of(sight))  # those of the form and of its head, in one question
        beside = held.round if held else cautions.NOTHING
        return self._form(view, saving.edit_context(view, sight, view.edit_form(current), reader, beside=beside))

    def _save(self, view: RecordView, number: str, reader: Reader) -> ResponseReturnValue:
        rt, rev = view.rt, revision(request.form.get("rev"))
        held = at_hand.held()
        sight, current = sights.read_stored(reader.person, rt.slug, number, Purpose.VIEW, reader.now, held)
        records.check_changeable(reader.person, rt, current)
        fields = records.form_fields(reader.person, rt, current)
        sent = saving.receive(fields, reader)
        takes = conflict.chosen(request.form)
        if takes:
            was = revision(request.form.get(conflict.WAS))
            sent.posted = conflict.settled(sight, fields, sent.posted, takes, current, was, reader)
        former = conflict.row_versions(sight, current, sent.posted)
        if "_add" in request.form:
            form = view.edit_form(current, posted=sent.posted, former=former)
            form.add_row(request.form["_add"])
            return self._form(view, saving.edit_context(view, sight, form, reader, rev=rev))
        few: forms.RecordForm | None = None
        try:
            sent.check()
            if rev != current["rev"]:
                raise StaleRecord(by=store.name_of(current["updated_by"]), at=current["updated_at"], current=current)
            few, posted = forms.touched(rt.slug, fields, current, reader, sent.posted, former)
            saved = records.change_seen(reader.person, sight, few.raw(posted), rev=rev, now=reader.now, current=current)
        except StaleRecord as stale:
            context = saving.conflict_context(view, sight, stale, rev, sent.posted, reader)
            return self._form(view, context), stale.status
        except Refusal as refusal:
            form = view.edit_form(current, posted=sent.posted, asked=few, former=former)
            errors = saving.explained(form, refusal)
            return self._form(view, saving.edit_context(view, sight, form, reader, errors, rev)), refusal.status
        flash(_("Saved."), "success")
        return redirect(saving.after_saving(view, saved, reader), 303)

    def _form(self, view: RecordView, context: dict[str, object]) -> str:
        return self.page(view.edit_template, **context)

    @expose("/<slug>/<number>/archive", methods=("GET", "POST"))  # type: ignore[untyped-decorator]
    @takes("rev", "note", "_answer")
    def archive(self, slug: str, number: str) -> ResponseReturnValue:
        """Ask why a record leaves the lists; sent with a reason, put it into the archive."""
        view, reader = view_of(slug, self.admin), current_reader()
        sight = records.read(reader.person, slug, number, Purpose.VIEW, reader.now)
        if not records.can(reader.person, view.rt, store.fetch(slug, sight.id), Purpose.ARCHIVE):
            raise Forbidden()
        if request.method == "GET":
            return self._archive_sheet(view, sight, reader)
        rev = revision(request.form.get("rev"))
        try:
            note = request.form.get("note", "")
            records.set_archived_seen(reader.person, sight, True, rev=rev, now=reader.now, note=note)
        except Forbidden:
            raise
        except Refusal as refusal:
            return self._archive_sheet(view, sight, reader, refusal), refusal.status
        flash(_("Archived."), "success")
        return redirect(url_for("records.listing", slug=slug), 303)

    def _archive_sheet(self, view: RecordView, sight: Sight, reader: Reader, refusal: Refusal | None = None) -> str:
        rows = [(sight.fields, sight.values)]
        found = cells.known(sight, reader, rows)
        said = refusal.problems["note"] if isinstance(refusal, Invalid) and "note" in refusal.problems else refusal
        text = record_page.in_language(said, reader.language) if isinstance(said, Sentence) else ""
        text = text or (refusal.text(reader.language) if refusal else "")
        return self.page(
            "records/act.html",
            type=list_page.type_of(view, reader),
            head=record_page.head(sight, found, reader),
            act={
                "title": _("Archive"),
                "ask": _("It leaves the lists and can be restored. Its number stays, and what points to it says so."),
            },
            fields=[],
            errors=[{"label": _("Not archived"), "anchor": "note", "message": text}] if refusal else [],
            note=request.form.get("note", "")[:500],
            note_required=True,
            answers=[{"label": _("Archive"), "name": "archive", "tone": "bad", "main": False, "needs_note": True}],
            rev=sight.values["rev"],
            watermark=record_page.watermark(sight, reader),
            urls={"record": record_url(view.rt.slug, sight.number)},
        )

    @expose("/<slug>/<number>/restore", methods=("POST",))  # type: ignore[untyped-decorator]
    @takes("rev", "note")
    def restore(self, slug: str, number: str) -> ResponseReturnValue:
        """Bring an archived record back."""
        view_of(slug, self.admin)
        reader, rev = current_reader(), revision(request.form.get("rev"))
        records.set_archived(
            reader.person, slug, number, False, rev=rev, now=reader.now, note=request.form.get("note", "")
        )
        flash(_("Restored."), "success")
        return redirect(record_url(slug, number), 303)
