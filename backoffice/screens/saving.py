"""What goes into a form page and what a sent form leads to: uploads, refusals beside their fields, conflicts."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from bson import ObjectId
from flask import current_app, flash, request, url_for
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from backoffice.posted_fields import LONGEST_NAME, UnknownFormField
from backoffice.screens import cautions, cells, conflict, forms, list_page, listing_args
from backoffice.screens.base import RecordView
from backoffice.screens.cells import record_url
from backoffice.screens.forms import RecordForm
from backoffice.screens.reader import Reader
from backoffice.screens.record_page import PLACING, back_to_list, grouped, head, placing_of, watermark
from models import access, listing, names, records
from models.access import Purpose
from models.attachment import rules
from models.attachment import service as attachment
from models.declarations import Field
from models.errors import Forbidden, Invalid, NotFound, Refusal, Sentence, StaleRecord
from models.kinds import parts_of
from models.listing import BadQuery
from models.records import Locked, LooksAlike, Sight

Context = dict[str, Any]

LONGEST_TOKEN = 64
LONGEST_PREFILL = 300
LOOKED_AT = 20
ELSEWHERE = (NotFound, Forbidden, Locked, UnknownFormField)
"""Refusals that say nothing about what was typed: they get a page of their own."""


# --- receiving


@dataclass
class Sent:
    """A form as it arrived: its texts, with the files stored already and standing there as ids."""

    posted: MultiDict[str, str]
    problems: dict[str, Sentence] = field(default_factory=dict)

    def check(self) -> None:
        """:raises Invalid: when a file was not taken."""
        if self.problems:
            raise Invalid(self.problems)


def receive(fields: Iterable[Field], reader: Reader) -> Sent:
    """Take what was posted. Files are stored first and stay nobody's until a record takes them.

    :raises UnknownFormField: for anything that the form does not hold; nothing is stored then.
    """
    allowed = tuple(fields)
    names_of_fields = {f.name for f in allowed}
    texts = [(name, text) for name, text in request.form.items(multi=True) if not _chooses(name, names_of_fields)]
    sent = Sent(MultiDict(texts))
    forms.check_posted(allowed, (*sent.posted, *request.files))
    takes_files = {f.name for f in allowed if f.kind == "files"}
    settings = current_app.config["SETTINGS"]
    stored_by = {"limit": settings.max_upload_bytes, "clamd": settings.clamd_url}
    for name, upload in request.files.items(multi=True):
        if not upload.filename:
            continue
        if name not in takes_files:
            raise UnknownFormField(field=name[:LONGEST_NAME])
        try:
            row = attachment.put(upload.stream, upload.filename, person=reader.person, now=reader.now, **stored_by)
        except (rules.BadFile, rules.PdfsBusy) as refusal:
            sent.problems[name] = Sentence(refusal.text("zh"), refusal.text("en"))
            continue
        sent.posted.setlistdefault(name, [""])
        sent.posted.add(f"{name}-kept", str(row["file"]))
    return sent


def _chooses(name: str, fields: set[str]) -> bool:
    """Whether an input says whose value a field of the form takes."""
    return name.startswith(conflict.TAKE) and name.removeprefix(conflict.TAKE) in fields


def prefill(view: RecordView, reader: Reader, args: MultiDict[str, str]) -> dict[str, str]:
    """What a link fills into a new record's form, such as `?customer=KH-2026-000012`.

    :raises BadQuery: for what is no simple field of the reader's form.
    """
    simple = {
        f.name
        for f in records.form_fields(reader.person, view.rt)
        if f.kind not in ("embedded_list", "files", "choices") and not parts_of(f)
    }
    for name, value in args.items(multi=True):
        if name not in simple or len(value) > LONGEST_PREFILL or len(args.getlist(name)) > 1:
            raise BadQuery(parameter=name[:40])
    return dict(args.items())


def explained(form: RecordForm, refusal: Refusal) -> list[Context]:
    """A refusal beside the fields it is about, and its summary. :raises Refusal: when it is not about the form."""
    if isinstance(refusal, ELSEWHERE):
        raise refusal
    if isinstance(refusal, rules.NotTaken):
        # It is not ticked any more: whoever chooses another one would be refused for this one again.
        form.held[refusal.field] = [one for one in form.held[refusal.field] if one != str(refusal.file)]
    if isinstance(refusal, Invalid):
        return form.show(refusal.problems)
    if refusal.about in form.items:
        return form.show({refusal.about: Sentence(refusal.text("zh"), refusal.text("en"))})
    return [{"label": _("Not saved"), "anchor": "", "message": refusal.text(form.making.reader.language)}]


# --- pages


def form_groups(form: RecordForm, rt: Any, language: str) -> list[Context]:
    """The form's items by declared group; the engine's own fields come last."""
    placing = [f for f in form.declared if f.group == PLACING.name]
    own = tuple(f for f in form.declared if f.group != PLACING.name)
    shown = [*grouped(rt, own), *([(placing_of(rt), placing)] if placing else [])]
    return [
        {
            "name": group.name,
            "label": group.label.text(language),
            "folded": group.folded,
            "columns": group.columns,
            "fields": [form[f.name] for f in fields],
        }
        for group, fields in shown
    ]


def new_context(view: RecordView, form: RecordForm, reader: Reader, errors: list[Context] | None = None) -> Context:
    """The page of a new record. A form that comes back keeps its one-time token."""
    at = url_for("records.listing", slug=view.rt.slug)
    return {
        "type": list_page.type_of(view, reader),
        "head": None,
        "form": form,
        "groups": form_groups(form, view.rt, reader.language),
        "errors": errors or [],
        "token": request.form.get("token", "")[:LONGEST_TOKEN] or secrets.token_urlsafe(16),
        "conflict": None,
        "urls": {"list": at, "cancel": at, "action": url_for("records.new", slug=view.rt.slug)},
    }


def alike_context(alike: LooksAlike, reader: Reader) -> Context:
    """What a new record looks like, above its form, and what is sent with it when it is saved all the same (F7)."""
    words = {
        "name": _("same name"),
        "licence": _("same licence number"),
        "phone": _("same phone"),
        "masked": _("similar name, locked"),
    }
    rows = [(one.sight.fields, one.sight.values) for one in alike.found]
    found = names.resolve(reader.person, rows, language=reader.language)
    return {
        "sure": True,
        "duplicates": [
            {
                "title": cells.title(one.sight, found),
                "url": record_url(one.sight.rt.slug, one.sight.number),
                "number": one.sight.number,
                "why": " · ".join(words.get(reason, reason) for reason in one.reasons),
            }
            for one in alike.found
        ],
    }


def edit_context(
    view: RecordView,
    sight: Sight,
    form: RecordForm,
    reader: Reader,
    errors: list[Context] | None = None,
    rev: int | None = None,
    beside: Mapping[str, Any] = cautions.NOTHING,
) -> Context:
    """The page of a record being changed; `beside` is what was found with it."""
    slug, number = sight.rt.slug, sight.number
    rows = [(sight.fields, sight.values)]
    found = cells.known(sight, reader, rows)
    listed = request.args.get("in", "")
    more = {"in": listed} if listed else {}
    return {
        "type": list_page.type_of(view, reader),
        "head": head(sight, found, reader),
        "form": form,
        "groups": form_groups(form, sight.rt, reader.language),
        "errors": errors or [],
        "rev": sight.values["rev"] if rev is None else rev,
        "can_next": True,
        "conflict": None,
        "notices": cautions.on_form(sight, reader, beside),
        "watermark": watermark(sight, reader),
        "urls": {
            "list": url_for("records.listing", slug=slug),
            "cancel": record_url(slug, number),
            "action": record_url(slug, number, "edit", **more),
        },
    }


def conflict_context(
    view: RecordView, sight: Sight, stale: StaleRecord, rev: int, posted: MultiDict[str, str], reader: Reader
) -> Context:
    """The page on which the person chooses between their words and those saved meanwhile.

    :raises NotFound: :raises Locked: :raises Forbidden: when what was saved meanwhile took the record out of reach.
    """
    fresh = records.still_read(reader.person, sight, reader.now)
    records.check_changeable(reader.person, sight.rt, stale.current)
    fields = records.form_fields(reader.person, sight.rt, stale.current)
    form, told = conflict.shown(fresh, fields, stale.current, rev, posted, reader)
    return edit_context(view, fresh, form, reader, rev=stale.current["rev"]) | {"conflict": told}


# --- afterwards


def made_before(view: RecordView, record: ObjectId | None, reader: Reader) -> str:
    """Where a form that was sent twice leads: to the record that it made the first time."""
    flash(_("This form was sent already; here is what it made."), "info")
    slug = view.rt.slug
    number = names.one(reader.person, slug, record, reader.language).number if record else ""
    return record_url(slug, number) if number else url_for("records.listing", slug=slug)


def after_saving(view: RecordView, saved: Mapping[str, Any], reader: Reader) -> str:
    """Where a saved form leads: back into itself, to the next record of the list it came from, or to the record."""
    slug, then, listed = view.rt.slug, request.form.get("then", ""), request.args.get("in", "")
    more = {"in": listed} if listed else {}
    if then == "stay":
        return record_url(slug, saved["number"], "edit", **more)
    if then != "next":
        return record_url(slug, saved["number"])
    number = next_number(view, saved["_id"], listed, reader)
    if number:
        return record_url(slug, number, "edit", **more)
    flash(_("That was the last one."), "info")
    return back_to_list(slug, listed)


def next_number(view: RecordView, record: ObjectId, listed: str, reader: Reader) -> str | None:
    """The number of the next record, behind the one just saved, that the reader may edit; in the order of the list
    whose query string is `listed`. None at its end, and for a query that is none."""
    rt = view.rt
    try:
        query = listing_args.read(MultiDict(parse_qsl(listed)), view.queryable(reader), reader).query
        reach = access.reach(reader.person, rt, Purpose.VIEW)
        rows = listing.following(rt, reach, query, view.visible_fields(reader), record, LOOKED_AT)
    except Refusal:
        return None
    return next((row["number"] for row in rows if records.can(reader.person, rt, row, Purpose.EDIT)), None)
