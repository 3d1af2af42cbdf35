"""Import and export: the routes. What their pages show is made in `exchange_page`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Response, current_app, flash, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _

from backoffice import giving_way
from backoffice.downloads import disposition
from backoffice.posted_fields import check, takes
from backoffice.screens import exchange_page as pages
from backoffice.screens import listing_args
from backoffice.screens.base import RecordView, view_of
from backoffice.screens.identifiers import identifier
from backoffice.screens.reader import Reader, current_reader
from backoffice.screens.routes import RecordRoutes
from models.attachment.rules import BadFile
from models.errors import Forbidden, NotFound, Refusal
from models.exchange import export as exports
from models.exchange import service
from models.exchange.document import AT_WORK, Batch, Options, State
from models.exchange.refusals import FileRefused, MappingRefused
from models.exchange.taking import may_import
from models.exchange.writing import CSV_TYPE, XLSX_TYPE
from models.listing import BadQuery

TYPES = {"csv": CSV_TYPE, "xlsx": XLSX_TYPE}


class ExchangeRoutes(RecordRoutes):
    """Records from files and into files."""

    @expose("/<slug>/export", methods=("POST",))  # type: ignore[untyped-decorator]
    @takes("format")
    def export(self, slug: str) -> ResponseReturnValue:
        """The list of this address as a file, streamed."""
        view, reader = view_of(slug, self.admin), current_reader()
        asked = listing_args.read(request.args, view.queryable(reader), reader)
        form = request.form.get("format", "")
        with giving_way.place() as stream:
            made = exports.export(reader.person, slug, asked.query, form, now=reader.now, language=reader.language)
            return _download(stream(made.pieces), made.name, form)

    @expose("/<slug>/import", methods=("GET", "POST"))  # type: ignore[untyped-decorator]
    @takes("file", "encoding", "delimiter", "sheet", "header_row")
    def imports(self, slug: str) -> ResponseReturnValue:
        """Choose a file; sent, it is kept and read, and nothing more."""
        view, reader = self._allowed(slug)
        if request.method == "GET":
            return self._upload(view, reader)
        file = request.files.get("file")
        if file is None or not file.filename:
            return self._upload(view, reader, _("Choose a file first.")), 422
        settings = current_app.config["SETTINGS"]
        try:
            batch = service.start(
                reader.person,
                slug,
                file.stream,
                file.filename,
                now=reader.now,
                limit=settings.max_upload_bytes,
                chosen=pages.chosen(request.form),
                clamd=settings.clamd_url,
            )
        except (FileRefused, BadFile) as refusal:
            return self._upload(view, reader, refusal.text(reader.language)), refusal.status
        return redirect(_at(batch), 303)

    @expose("/<slug>/import/<batch_id>")  # type: ignore[untyped-decorator]
    def imported(self, slug: str, batch_id: str) -> ResponseReturnValue:
        """One import, at the step where it is: its columns, its progress, what was found, or what became of it."""
        view, reader = self._allowed(slug)
        batch = _batch(service.see(reader.person, identifier(batch_id)), slug)
        own = batch.owner == reader.person.id
        if batch.state is State.UPLOADED or (batch.state is State.CHECKED and request.args.get("step") == "columns"):
            return self._columns(view, reader, batch) if own else self._result(view, reader, batch)
        if batch.state in AT_WORK:
            return self.page("exchange/progress.html", **pages.progress(view, batch, reader))
        if batch.state is State.CHECKED and own:
            return self.page("exchange/checked.html", **pages.checked(view, batch, reader))
        return self._result(view, reader, batch)

    @expose("/<slug>/import/<batch_id>/state")  # type: ignore[untyped-decorator]
    def import_state(self, slug: str, batch_id: str) -> ResponseReturnValue:
        """How far an import is, for the progress bar."""
        _view, reader = self._allowed(slug)
        batch = _batch(service.see(reader.person, identifier(batch_id)), slug)
        return jsonify(pages.state(batch))

    @expose("/<slug>/import/<batch_id>/read", methods=("POST",))  # type: ignore[untyped-decorator]
    @takes("encoding", "delimiter", "sheet", "header_row")
    def import_read(self, slug: str, batch_id: str) -> ResponseReturnValue:
        """Read the file with another encoding, delimiter, sheet or heading."""
        view, reader = self._allowed(slug)
        batch = _batch(service.own(reader.person, identifier(batch_id)), slug)
        try:
            batch = service.read_again(reader.person, batch.id, pages.chosen_again(request.form, batch))
        except FileRefused as refusal:
            return self._columns(view, reader, batch, refusal), refusal.status
        return redirect(_at(batch), 303)

    @expose("/<slug>/import/<batch_id>/check", methods=("POST",))  # type: ignore[untyped-decorator]
    @takes(more=True)
    def import_check(self, slug: str, batch_id: str) -> ResponseReturnValue:
        """Have every row checked with the columns as sent; nothing is stored."""
        view, reader = self._allowed(slug)
        batch = _batch(service.own(reader.person, identifier(batch_id)), slug)
        check((*request.form, *request.files), pages.names_sent(batch))
        mapping, options = pages.mapping(request.form, batch), pages.options(request.form)
        try:
            batch = service.check(reader.person, batch.id, mapping, options, reader.now)
        except MappingRefused as refusal:
            return self._columns(view, reader, batch, refusal, mapping, options), refusal.status
        return redirect(_at(batch), 303)

    @expose("/<slug>/import/<batch_id>/confirm", methods=("POST",))  # type: ignore[untyped-decorator]
    @takes("stamp")
    def import_confirm(self, slug: str, batch_id: str) -> ResponseReturnValue:
        """Have the good rows stored."""
        _view, reader = self._allowed(slug)
        batch = _batch(service.own(reader.person, identifier(batch_id)), slug)
        batch = service.confirm(reader.person, batch.id, request.form.get("stamp", "")[:40], reader.now)
        return redirect(_at(batch), 303)

    @expose("/<slug>/import/<batch_id>/undo", methods=("POST",))  # type: ignore[untyped-decorator]
    def import_undo(self, slug: str, batch_id: str) -> ResponseReturnValue:
        """Take the import back."""
        _view, reader = self._allowed(slug)
        batch = _batch(service.see(reader.person, identifier(batch_id)), slug)
        batch = service.undo(reader.person, batch.id, reader.now)
        return redirect(_at(batch), 303)

    @expose("/<slug>/import/<batch_id>/drop", methods=("POST",))  # type: ignore[untyped-decorator]
    def import_drop(self, slug: str, batch_id: str) -> ResponseReturnValue:
        """Give up an import of which nothing is stored."""
        _view, reader = self._allowed(slug)
        batch = _batch(service.own(reader.person, identifier(batch_id)), slug)
        service.drop(reader.person, batch.id)
        flash(_("The file is removed; nothing was stored."), "success")
        return redirect(url_for("records.imports", slug=slug), 303)

    @expose("/<slug>/import/<batch_id>/rows")  # type: ignore[untyped-decorator]
    def import_rows(self, slug: str, batch_id: str) -> ResponseReturnValue:
        """The rows that were not stored, with the reasons, as a file to correct."""
        _view, reader = self._allowed(slug)
        batch = _batch(service.own(reader.person, identifier(batch_id)), slug)
        form = request.args.get("format", "csv")
        if form not in TYPES:
            raise BadQuery(parameter="format")
        pieces = service.bad_rows(reader.person, batch.id, reader.language, xlsx=form == "xlsx")
        stem, ending = batch.name.rpartition(".")[0] or batch.name, _("not-imported")
        return _download(pieces, f"{stem}-{ending}.{form}", form)

    @expose("/<slug>/import/<batch_id>/kept")  # type: ignore[untyped-decorator]
    def import_kept(self, slug: str, batch_id: str) -> ResponseReturnValue:
        """The records that an undo left alone, with the reasons."""
        _view, reader = self._allowed(slug)
        batch = _batch(service.see(reader.person, identifier(batch_id)), slug)
        pieces = service.kept_file(reader.person, batch.id, reader.language)
        return _download(pieces, f"{batch.name.rpartition('.')[0] or batch.name}-{_('kept')}.csv", "csv")

    def _allowed(self, slug: str) -> tuple[RecordView, Reader]:
        """:raises NotFound: for a type out of reach. :raises Forbidden: for one that the reader may not import."""
        view, reader = view_of(slug, self.admin), current_reader()
        if not may_import(reader.person, view.rt):
            raise Forbidden()
        return view, reader

    def _upload(self, view: RecordView, reader: Reader, error: str = "") -> str:
        return self.page("exchange/upload.html", error=error, **pages.upload(view, reader))

    def _columns(
        self,
        view: RecordView,
        reader: Reader,
        batch: Batch,
        refusal: Refusal | None = None,
        mapping: dict[str, Any] | None = None,
        options: Options | None = None,
    ) -> str:
        context = pages.columns(view, batch, reader, mapping or batch.mapping, options or batch.options)
        error = refusal.text(reader.language) if refusal else ""
        return self.page("exchange/columns.html", error=error, **context)

    def _result(self, view: RecordView, reader: Reader, batch: Batch) -> str:
        return self.page("exchange/result.html", **pages.result(view, batch, reader, request.args))


def _batch(batch: Batch, slug: str) -> Batch:
    """:raises NotFound: for an import of another type."""
    if batch.type != slug:
        raise NotFound()
    return batch


def _at(batch: Batch) -> str:
    return url_for("records.imported", slug=batch.type, batch_id=str(batch.id))


def _download(pieces: Iterator[bytes], name: str, form: str) -> Response:
    return Response(pieces, content_type=TYPES[form], headers={"Content-Disposition": disposition(name)})
