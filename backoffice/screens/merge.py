"""Merging two records: which two, field by field, and back again; and the noted pairs that may be one customer (F7)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import ngettext

from backoffice.posted_fields import TOKEN, check, takes
from backoffice.screens import cells, list_page, merge_page, record_page
from backoffice.screens.base import RecordView, view_of
from backoffice.screens.cells import record_url
from backoffice.screens.reader import Reader, current_reader
from backoffice.screens.routes import RecordRoutes, revision
from models import names, records, registry, store
from models.access import Purpose
from models.errors import Forbidden, NotFound, Refusal
from models.listing import BadQuery
from models.merge import service
from models.merge.unmoved import Unmoved, Unreached, left_behind
from models.records import Locked, Sight

PICK = "pick-"
SENT = (TOKEN, "with", "rev", "other_rev")
"""What the form sends beside the picks, which the merge itself checks."""
LONGEST_NUMBER = 60


class MergeRoutes(RecordRoutes):
    """Routes for whoever may merge records of a type."""

    @expose("/<slug>/<number>/merge", methods=("GET", "POST"))  # type: ignore[untyped-decorator]
    @takes(more=True)
    def merge(self, slug: str, number: str) -> ResponseReturnValue:
        """Choose the other record, compare the two, merge them. The record of the address survives."""
        view, reader = view_of(slug, self.admin), current_reader()
        check((name for name in (*request.form, *request.files) if not name.startswith(PICK)), SENT)
        other = request.values.get("with", "").strip()[:LONGEST_NUMBER]
        if not other:
            return self._choose(view, number, reader)
        if request.method == "POST":
            return self._merge(view, number, other, reader)
        try:
            found = service.compare(reader.person, slug, number, other, reader.now)
        except Refusal as refusal:
            return self._choose(view, number, reader, other, refusal), refusal.status
        return self._compare(view, found, reader)

    def _choose(
        self, view: RecordView, number: str, reader: Reader, typed: str = "", refusal: Refusal | None = None
    ) -> str:
        sight = records.read(reader.person, view.rt.slug, number, Purpose.VIEW, reader.now)
        if not service.may_merge(reader.person, view.rt, store.fetch_to_show(view.rt.slug, sight.id)):
            raise Forbidden()
        alike = merge_page.alike(sight, reader)
        rows = [(sight.fields, sight.values), *((one.fields, one.values) for one, _ in alike)]
        found = cells.known(sight, reader, rows)
        return self.page(
            "records/merge_choose.html",
            type=list_page.type_of(view, reader),
            head=record_page.head(sight, found, reader),
            alike=merge_page.offers(sight, alike, found),
            typed=typed,
            wrong=refusal.text(reader.language) if refusal else "",
            watermark=record_page.watermark(sight, reader),
            urls={
                "record": record_url(view.rt.slug, sight.number),
                "lookup": url_for("records.lookup", slug=view.rt.slug, field="merged_into"),
            },
        )

    def _compare(
        self,
        view: RecordView,
        found: service.Comparison,
        reader: Reader,
        refusal: Refusal | None = None,
    ) -> str:
        return self.page(
            "records/merge.html",
            type=list_page.type_of(view, reader),
            **merge_page.context(found, reader, refusal),
        )

    def _merge(self, view: RecordView, number: str, other: str, reader: Reader) -> ResponseReturnValue:
        slug, person = view.rt.slug, reader.person
        revs = (revision(request.form.get("rev")), revision(request.form.get("other_rev")))
        picks = {name.removeprefix(PICK): pick for name, pick in request.form.items() if name.startswith(PICK)}
        try:
            merged = service.merge(person, slug, number, other, picks, revs=revs, now=reader.now)
        except (NotFound, Forbidden, Locked):
            raise
        except Refusal as refusal:
            if _merged_already(reader, slug, number, other):
                flash(_("These two are merged already."), "info")
                return redirect(record_url(slug, number), 303)
            try:
                found = service.compare(person, slug, number, other, reader.now)
            except Refusal as now_refused:
                return self._choose(view, number, reader, other, now_refused), now_refused.status
            return self._compare(view, found, reader, refusal), refusal.status
        flash(_("%(other)s is merged into this record.", other=other), "success")
        return redirect(record_url(slug, merged["number"]), 303)

    @expose("/<slug>/<number>/unmerge", methods=("POST",))  # type: ignore[untyped-decorator]
    @takes("other")
    def unmerge(self, slug: str, number: str) -> ResponseReturnValue:
        """Take a merge into the record of the address back."""
        view_of(slug, self.admin)
        reader = current_reader()
        other = request.form.get("other", "")[:LONGEST_NUMBER]
        back = service.undo(reader.person, slug, number, other, now=reader.now)
        flash(_("The merge is taken back: %(other)s is a record of its own again.", other=back["number"]), "success")
        return redirect(record_url(slug, number), 303)

    @expose("/<slug>/duplicates", methods=("GET", "POST"))  # type: ignore[untyped-decorator]
    @takes("number")
    def duplicates(self, slug: str) -> ResponseReturnValue:
        """The noted pairs of which the reader reads both; sent with two numbers, a pair that is none is forgotten."""
        view, reader = view_of(slug, self.admin), current_reader()
        hooks = registry.get(slug).hooks
        if hooks.pairs is None or not service.merges_any(reader.person, view.rt):
            raise NotFound()
        if request.method == "POST":
            if hooks.part is None or not hooks.part(reader.person, request.form.get("number", ""), reader.now):
                raise BadQuery(parameter="number")
            flash(_("Noted: they are different."), "success")
            return redirect(url_for("records.duplicates", slug=slug), 303)
        pairs = hooks.pairs(reader.person)
        rows = [(one.fields, one.values) for first, others in pairs for one in (first, *others)]
        people = [one[1].get("owner") for one in rows]
        found = names.resolve(reader.person, rows, language=reader.language, people=people)
        return self.page(
            "records/duplicates.html",
            type=list_page.type_of(view, reader),
            pairs=[merge_page.pair(first, others, found, reader) for first, others in pairs],
        )


def _merged_already(reader: Reader, slug: str, number: str, other: str) -> bool:
    """Whether the same form was sent twice: the other record was merged into this one."""
    first, second = (records.again(reader.person, slug, one) for one in (number, other))
    return second.values.get("merged_into") == first.id


def led_on(sight: Sight, reader: Reader) -> str:
    """The address to which the address of a merged record leads; '' where the record itself is shown."""
    if not sight.full or sight.values["merged_into"] is None or "kept" in request.args:
        return ""
    number = service.leads_to(reader.person, sight)
    if not number:
        return ""
    flash(_("%(other)s was merged into this record.", other=sight.number), "info")
    return record_url(sight.rt.slug, number)


def merge_notices(
    sight: Sight, current: Mapping[str, Any], versions: Iterable[Mapping[str, Any]], reader: Reader
) -> list[dict[str, Any]]:
    """What the page of a record, as it is stored, says about merges: what was merged into it, as far as the reader may
    know, or where it has gone itself; and what a merge did not reach, if one was taken back in these `versions`."""
    if not sight.full:
        return []
    left = left_notices(sight, versions, reader)
    if sight.values["merged_into"] is not None:
        return [_gone(sight, reader), *left]
    if not current["merged_from"]:
        return left
    may, merged = service.may_merge(reader.person, sight.rt, current), service.merged_into(reader.person, sight)
    over = (_passed_over(one) for one in merged if one.passed_over.count)
    return [*(_came(sight, one, reader, may) for one in merged), *over, *left]


def left_notices(sight: Sight, versions: Iterable[Mapping[str, Any]], reader: Reader) -> list[dict[str, Any]]:
    """What was left when a merge was taken back, if one was in these versions of a record."""
    taken_back = any(row["action"] == "unmerge" for row in versions)
    left = left_behind(reader.person, sight) if taken_back else Unreached()
    if not left.count:
        return []
    text = ngettext(
        "When a merge was taken back, %(num)s record got only its pointer back: it could not be opened, or was written "
        "at a higher level meanwhile, which the head lowers.",
        "When a merge was taken back, %(num)s records got only their pointers back: they could not be opened, or were "
        "written at a higher level meanwhile, which the head lowers.",
        left.count,
    )
    return [{"text": text, "tone": "warn", "actions": _linked(left.named)}]


def _passed_over(one: service.Merged) -> dict[str, Any]:
    text = ngettext(
        "%(num)s record that points to %(number)s cannot be opened and was passed over: it leads here by way of it.",
        "%(num)s records that point to %(number)s cannot be opened and were passed over: they lead here by way of it.",
        one.passed_over.count,
        number=one.number,
    )
    return {"text": text, "tone": "warn", "actions": _linked(one.passed_over.named)}


def _linked(found: Iterable[Unmoved]) -> list[dict[str, Any]]:
    return [{"label": one.number, "url": record_url(one.slug, one.number)} for one in found]


def _gone(sight: Sight, reader: Reader) -> dict[str, Any]:
    number = service.leads_to(reader.person, sight)
    text = _("This record was merged into another one and stands here as it was.")
    link = {"label": number, "url": record_url(sight.rt.slug, number)}
    return {"text": text, "tone": "info", "actions": [link] if number else []}


def _came(sight: Sight, one: service.Merged, reader: Reader, may: bool) -> dict[str, Any]:
    slug, at = sight.rt.slug, cells.moment_short(one.at, reader.language)
    text = _("%(number)s was merged into this record by %(who)s, %(when)s.", number=one.number, who=one.by, when=at)
    if one.under_way:
        text += " " + _("Records that point to it are still being moved.")
    actions: list[dict[str, Any]] = [{"label": _("As it was"), "url": record_url(slug, one.number, kept=1)}]
    if one.undoable and may and one.held:
        text += " " + _("A legal hold keeps the two together until it is lifted.")
    elif one.undoable and may:
        sure = {
            "title": _("Take the merge back?"),
            "text": _("Both records are as before the merge. Access that ended with it stays ended."),
        }
        undo = {"label": _("Take back"), "url": record_url(slug, sight.number, "unmerge"), "method": "post"}
        actions.append(undo | {"hidden": {"other": one.number}, "confirm": sure})
    return {"text": text, "tone": "info", "actions": actions}
