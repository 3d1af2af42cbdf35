"""Many records changed at once: the routes. What their pages show is made in `bulk_page`."""

from __future__ import annotations

from flask import Response, flash, jsonify, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _

from backoffice.downloads import disposition
from backoffice.posted_fields import check, takes
from backoffice.screens import bulk_page as pages
from backoffice.screens import forms, saving
from backoffice.screens.base import RecordView, view_of
from backoffice.screens.identifiers import identifier
from backoffice.screens.reader import Reader, current_reader
from backoffice.screens.routes import RecordRoutes
from models.bulk_change import running, service, told
from models.bulk_change.document import AT_WORK, Plan, State
from models.bulk_change.offers import offer
from models.calendar import local
from models.errors import NotFound, Refusal
from models.exchange.writing import CSV_TYPE

LONGEST_ACT = 60


class BulkRoutes(RecordRoutes):
    """A bulk change: what, with which values, preview, progress, result."""

    @expose("/<slug>/bulk", methods=("POST",))  # type: ignore[untyped-decorator]
    @takes("number", "all", "what")
    def bulk(self, slug: str) -> ResponseReturnValue:
        """Begin with the ticked records, or with all of the list of this address."""
        view_of(slug, self.admin)
        reader, form = current_reader(), request.form
        ticked = None if form.get("all") == "1" else form.getlist("number")
        plan = service.start(
            reader.person,
            slug,
            form.get("what", "")[:LONGEST_ACT],
            now=reader.now,
            numbers=ticked,
            address=request.args.items(multi=True),
        )
        return redirect(pages.at(running.begin(plan, reader.now)), 303)

    @expose("/<slug>/bulk/<plan_id>")  # type: ignore[untyped-decorator]
    def bulk_plan(self, slug: str, plan_id: str) -> ResponseReturnValue:
        """One bulk change, at the step where it is."""
        view, reader = view_of(slug, self.admin), current_reader()
        plan = _plan(service.see(reader.person, identifier(plan_id)), slug)
        own = plan.owner == reader.person.id
        again = plan.state is State.CHECKED and request.args.get("step") == "fields"
        if plan.state is State.DRAFT or again:
            return self._make(view, plan, reader, pages.form(view, plan, reader))
        if plan.state in AT_WORK:
            return self.page("records/bulk_progress.html", **pages.progress(view, plan, reader))
        if plan.state is State.CHECKED and own:
            return self.page("records/bulk_preview.html", **pages.preview(view, plan, reader))
        return self.page("records/bulk_result.html", **pages.result(view, plan, reader))

    @expose("/<slug>/bulk/<plan_id>/state")  # type: ignore[untyped-decorator]
    def bulk_state(self, slug: str, plan_id: str) -> ResponseReturnValue:
        """How far a bulk change is, for the progress bar."""
        view_of(slug, self.admin)
        return jsonify(pages.state(_plan(service.see(current_reader().person, identifier(plan_id)), slug)))

    @expose("/<slug>/bulk/<plan_id>/check", methods=("POST",))  # type: ignore[untyped-decorator]
    @takes(more=True)
    def bulk_check(self, slug: str, plan_id: str) -> ResponseReturnValue:
        """Have every record checked with the values as sent; nothing is changed."""
        view, reader = view_of(slug, self.admin), current_reader()
        plan = _plan(service.own(reader.person, identifier(plan_id)), slug)
        check(request.files, ())
        posted, ticked = pages.posted(request.form)
        form = pages.form(view, plan, reader, posted)
        raw = pages.raw(plan, form, posted, ticked)
        try:
            note = request.form.get("note", "")
            plan = service.check(reader.person, plan.id, raw, now=reader.now, note=note)
        except Refusal as refusal:
            errors = saving.explained(form, refusal)
            return self._make(view, plan, reader, form, ticked=ticked, errors=errors), refusal.status
        return redirect(pages.at(running.begin(plan, reader.now)), 303)

    @expose("/<slug>/bulk/<plan_id>/confirm", methods=("POST",))  # type: ignore[untyped-decorator]
    @takes("stamp")
    def bulk_confirm(self, slug: str, plan_id: str) -> ResponseReturnValue:
        """Have what was previewed carried out."""
        view_of(slug, self.admin)
        reader = current_reader()
        plan = _plan(service.own(reader.person, identifier(plan_id)), slug)
        plan = service.confirm(reader.person, plan.id, request.form.get("stamp", "")[:40], reader.now)
        return redirect(pages.at(plan), 303)

    @expose("/<slug>/bulk/<plan_id>/stop", methods=("POST",))  # type: ignore[untyped-decorator]
    def bulk_stop(self, slug: str, plan_id: str) -> ResponseReturnValue:
        """Stop behind the present chunk."""
        view_of(slug, self.admin)
        reader = current_reader()
        plan = _plan(service.see(reader.person, identifier(plan_id)), slug)
        return redirect(pages.at(service.stop(reader.person, plan.id, reader.now)), 303)

    @expose("/<slug>/bulk/<plan_id>/undo", methods=("POST",))  # type: ignore[untyped-decorator]
    def bulk_undo(self, slug: str, plan_id: str) -> ResponseReturnValue:
        """Give the records their former values back."""
        view_of(slug, self.admin)
        reader = current_reader()
        plan = _plan(service.see(reader.person, identifier(plan_id)), slug)
        return redirect(pages.at(service.undo(reader.person, plan.id, reader.now)), 303)

    @expose("/<slug>/bulk/<plan_id>/drop", methods=("POST",))  # type: ignore[untyped-decorator]
    def bulk_drop(self, slug: str, plan_id: str) -> ResponseReturnValue:
        """Give up a bulk change of which nothing is carried out."""
        view_of(slug, self.admin)
        reader = current_reader()
        plan = _plan(service.own(reader.person, identifier(plan_id)), slug)
        service.drop(reader.person, plan.id)
        flash(_("Given up; nothing was changed."), "success")
        return redirect(pages.list_url(plan), 303)

    @expose("/<slug>/bulk/<plan_id>/rows")  # type: ignore[untyped-decorator]
    def bulk_rows(self, slug: str, plan_id: str) -> ResponseReturnValue:
        """The records that stayed as they are, with the reasons, as CSV."""
        view_of(slug, self.admin)
        reader = current_reader()
        plan = _plan(service.see(reader.person, identifier(plan_id)), slug)
        which = _("not-changed")
        name = f"{slug}-{local(plan.at):%Y%m%d-%H%M}-{which}.csv"
        pieces = told.rejects(reader.person, plan, reader.language)
        return Response(pieces, content_type=CSV_TYPE, headers={"Content-Disposition": disposition(name)})

    def _make(
        self,
        view: RecordView,
        plan: Plan,
        reader: Reader,
        form: forms.RecordForm,
        *,
        ticked: frozenset[str] = frozenset(),
        errors: list[pages.Context] | None = None,
    ) -> str:
        offered = offer(reader.person, view.rt, service.name_of(plan))
        context = pages.make(view, plan, offered, form, reader)
        return self.page("records/bulk_make.html", **context, ticked=ticked, errors=errors or [])


def _plan(plan: Plan, slug: str) -> Plan:
    """:raises NotFound: for a bulk change of another type."""
    if plan.type != slug:
        raise NotFound()
    return plan
