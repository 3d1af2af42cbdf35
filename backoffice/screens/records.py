"""The records host: every page of every record type, under `/records/<slug>/…`.

Routes are gathered from one module per noun; to add some, write a class of routes there and make it a base of
`RecordsHost`.
"""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose

from backoffice import addresses, at_hand
from backoffice.screens import (
    cautions,
    cells,
    deadlines,
    destruction,
    list_page,
    listing_args,
    past,
    record_page,
    related,
    signed,
    standing,
    view_tabs,
)
from backoffice.screens.act import ActRoutes
from backoffice.screens.ask import AskRoutes, card_context
from backoffice.screens.base import RecordView, Row, view_of
from backoffice.screens.borrowing import BorrowRoutes, print_mark, return_by
from backoffice.screens.borrowing import notices as card_notices
from backoffice.screens.bulk import BulkRoutes
from backoffice.screens.cells import moment_short, record_url
from backoffice.screens.destruction import DestructionRoutes
from backoffice.screens.exchange import ExchangeRoutes
from backoffice.screens.files import FileRoutes
from backoffice.screens.find import FindRoutes
from backoffice.screens.list_count import CountRoutes, count_on
from backoffice.screens.lookup import LookupRoutes
from backoffice.screens.merge import MergeRoutes, led_on, left_notices, merge_notices
from backoffice.screens.reader import Reader, current_reader
from backoffice.screens.related import RelatedRoutes
from backoffice.screens.restoring import RestoreRoutes
from backoffice.screens.reviewing import ReviewRoutes
from backoffice.screens.saved_views import SavedViewRoutes
from backoffice.screens.secrecy import SecrecyRoutes
from backoffice.screens.writing import WritingRoutes
from models import access, listing, names, records, sights
from models.access import Purpose
from models.declarations import Level
from models.listing.query import version_bound
from models.records import Locked, NotToLeave, Sight
from models.reminder import service as reminders
from models.search import QueryTooLong, QueryTooShort

Context = dict[str, Any]


class RecordsHost(
    WritingRoutes,
    ActRoutes,
    AskRoutes,
    BorrowRoutes,
    FileRoutes,
    CountRoutes,
    LookupRoutes,
    RelatedRoutes,
    FindRoutes,
    ExchangeRoutes,
    BulkRoutes,
    DestructionRoutes,
    MergeRoutes,
    RestoreRoutes,
    SecrecyRoutes,
    SavedViewRoutes,
    ReviewRoutes,
):
    """One mounted view for all types: types may come and go while the program runs."""

    @expose("/<slug>/")  # type: ignore[untyped-decorator]
    def listing(self, slug: str) -> ResponseReturnValue:
        """The records of a type that the reader may see, page by page."""
        view, reader = view_of(slug, self.admin), current_reader()
        target = listing_args.made_filter(request.args)
        if target is not None:
            return redirect(f"{addresses.of('records.listing', slug=slug)}?{target}")
        known, showable = view.queryable(reader), tuple(list_page.showable(view, reader))
        try:
            asked = listing_args.read(request.args, known, reader, columns=showable)
            rows, page = view.get_list(asked.query, list_page.columns(view, reader, asked.query.columns))
        except (QueryTooShort, QueryTooLong, listing.TooBroad, names.TooManyNamed) as refusal:
            asked = listing_args.read(request.args, known, reader, columns=showable, named=False)
            empty = _list(view, asked, [], listing.Page([], "", ""), reader)
            context = list_page.refused(empty, refusal, asked, reader)
            return self.page(view.list_template, **context), refusal.status
        context = _list(view, asked, rows, page, reader)
        return self.page(view.list_template, **context, **count_on(view, asked, page, reader))

    @expose("/<slug>/<number>")  # type: ignore[untyped-decorator]
    def details(self, slug: str, number: str) -> ResponseReturnValue:
        """One record, read; or the card of a locked one."""
        view, reader = view_of(slug, self.admin), current_reader()
        held = at_hand.held()
        sight, current = sights.see_stored(reader.person, slug, number, Purpose.VIEW, reader.now, held)
        if not sight.full:
            told = signed.context(sight, current, reader)
            actions = record_page.card_actions(sight, current, reader)
            asking = card_context(sight, reader) if sight.level != Level.TOP_SECRET.value else {}  # nobody can ask (X3)
            return self.locked(view, sight, reader, signed=told, actions=actions, **asking)
        onward = led_on(sight, reader)
        if onward:
            return redirect(onward)
        if reader.person.id in (current["created_by"], current.get("owner")) and standing.is_settled(sight, current):
            reminders.note_outcome_read(reader.person, sight.id, reader.now)
        held = at_hand.with_round(held, sight)
        versions = records.versions_among(sight, held.round["versions"])
        found = cells.known(sight, reader, [(sight.fields, sight.values), *past.pointing(versions)])
        head = record_page.head(sight, found, reader, current, request.args.get("in", ""))
        if head["due"] is not None:
            head["due"]["moved"] = deadlines.moved(sight, versions, reader.language)
        return self.page(
            view.details_template,
            type=list_page.type_of(view, reader),
            head=head,
            groups=record_page.groups(sight, found),
            standing=standing.strip(sight, current, versions, reader),
            related=related.beside(sight, reader),
            timeline=past.timeline(sight, versions, found),
            notices=[
                *card_notices(sight, reader),
                *destruction.notices(sight, reader, held),
                *merge_notices(sight, current, versions, reader),
                *record_page.notices(sight, reader),
                *cautions.of_record(sight, current, reader, held.round),
            ],
            may_print=access.reach(reader.person, view.rt, Purpose.PRINT).sees(current["acl"]) == "full",
            watermark=record_page.watermark(sight, reader),
            urls={
                "history": record_url(slug, sight.number, "history"),
                "related": record_url(slug, sight.number, "related"),
                "print": record_url(slug, sight.number, "printed"),
                "list": addresses.of("records.listing", slug=slug),
            },
        )

    def locked(self, view: RecordView, sight: Sight, reader: Reader, **ask: Any) -> str:
        """The card of a locked record, with the form that asks for access."""
        found = cells.known(sight, reader)
        return self.page(
            "records/locked.html",
            type=list_page.type_of(view, reader),
            card=record_page.card(sight, found),
            watermark=record_page.watermark(sight, reader),
            **ask,
        )

    @expose("/<slug>/<number>/history")  # type: ignore[untyped-decorator]
    def history(self, slug: str, number: str) -> ResponseReturnValue:
        """Everything that happened to one record."""
        view, reader = view_of(slug, self.admin), current_reader()
        sight = records.read(reader.person, slug, number, Purpose.VIEW, reader.now)
        before = version_bound(request.args.get("before", ""))
        versions, following = records.page_of_versions(sight, before)
        shown = [(sight.fields, sight.values), *past.pointing(versions)]
        found = cells.known(sight, reader, shown)
        at = record_url(slug, sight.number, "history")
        readers = past.readers(sight, reader)
        return self.page(
            "records/history.html",
            type=list_page.type_of(view, reader),
            head=record_page.head(sight, found, reader),
            notices=[*card_notices(sight, reader), *left_notices(sight, versions, reader)],
            days=past.days(sight, versions, found, past.restorable(sight, reader)),
            pager={
                "prev_url": at if before is not None else "",
                "next_url": f"{at}?before={following}" if following else "",
            },
            urls={
                "record": record_url(slug, sight.number),
                "readers": url_for("readers.of_record", slug=slug, number=sight.number),
            },
            watermark=record_page.watermark(sight, reader),
            **({"readers": readers} if readers is not None else {}),
        )

    @expose("/<slug>/<number>/print")  # type: ignore[untyped-decorator]
    def printed(self, slug: str, number: str) -> ResponseReturnValue:
        """One record on paper, for whoever may take it off the screen."""
        view, reader = view_of(slug, self.admin), current_reader()
        sight = records.see(reader.person, slug, number, Purpose.PRINT, reader.now)
        if not sight.full:
            raise NotToLeave() if records.again(reader.person, slug, number).full else Locked()
        found = cells.known(sight, reader, purpose=Purpose.PRINT)
        return self.page(
            "records/print.html",
            type=list_page.type_of(view, reader),
            head=record_page.head(sight, found, reader),
            groups=record_page.groups(sight, found, folds=False),
            watermark=print_mark(sight, reader),
            printed={
                "by": reader.person.name,
                "at": moment_short(reader.now, reader.language),
                "return_by": return_by(sight, reader),
            },
            urls={"record": record_url(slug, sight.number)},
        )


def _list(view: RecordView, asked: listing_args.Asked, rows: list[Row], page: listing.Page, reader: Reader) -> Context:
    """The context of a list, its tabs included."""
    at = addresses.of("records.listing", slug=view.rt.slug)
    return {**list_page.context(view, asked, rows, page, reader), **view_tabs.context(view, asked, at, reader)}
