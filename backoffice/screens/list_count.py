"""How many records a list has, on its page where that is cheap to know; else the page asks for it once it is there."""

from __future__ import annotations

from typing import Any

from flask import jsonify, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import ngettext

from backoffice import addresses
from backoffice.screens import list_page, listing_args
from backoffice.screens.base import RecordView, view_of
from backoffice.screens.listing_args import Asked
from backoffice.screens.reader import Reader, current_reader
from backoffice.screens.routes import RecordRoutes
from models import access, listing
from models.access import Purpose
from models.listing import Page


class CountRoutes(RecordRoutes):
    """What a list's page asks."""

    @expose("/<slug>/count")  # type: ignore[untyped-decorator]
    def count(self, slug: str) -> ResponseReturnValue:
        """How many records the list has that the query string describes, in words; no words where even that there are
        some is not known: the page that asks keeps its own."""
        view, reader = view_of(slug, self.admin), current_reader()
        asked = listing_args.read(
            request.args, view.queryable(reader), reader, columns=tuple(list_page.showable(view, reader))
        )
        counted = listing.count(*_of(view, asked, reader))
        return jsonify({"text": "" if counted == (0, True) else count_text(*counted)})


def count_on(view: RecordView, asked: Asked, page: Page, reader: Reader) -> dict[str, Any]:
    """`count_text` and `count_url` of a list's page. The address is '' where the text says all: what is one page is
    known, and of other lists what is cheap."""
    if not page.next and not page.previous:
        return {"count_text": count_text(len(page.rows), False), "count_url": ""}
    at_least = len(page.rows)
    counted = listing.cheap_count(*_of(view, asked, reader), at_least=at_least, compiled=page.compiled)
    if counted is not None:
        return {"count_text": count_text(*counted), "count_url": ""}
    at = addresses.of("records.listing", slug=view.rt.slug)
    return {"count_text": count_text(at_least, True), "count_url": f"{at}count?{asked.address()}"}


def _of(view: RecordView, asked: Asked, reader: Reader) -> tuple[Any, ...]:
    reach = access.reach(reader.person, view.rt, Purpose.VIEW)
    return view.rt, reach, asked.query, view.visible_fields(reader)


def count_text(count: int, more: bool) -> str:
    """How many records a list has, in words."""
    if more:
        return str(_("more than %(num)s", num=f"{count:,}"))
    return str(ngettext("%(num)s record", "%(num)s records", count))
