"""What pages say of a card while it is open: how long yet, what may leave under it, what has left (X4, X5)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import Response, jsonify, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import ngettext
from markupsafe import Markup

from backoffice.downloads import disposition
from backoffice.posted_fields import takes
from backoffice.screens import cells, list_page, record_page
from backoffice.screens.base import view_of
from backoffice.screens.cells import day_short, moment_short, record_url
from backoffice.screens.reader import Reader, current_reader
from backoffice.screens.routes import RecordRoutes
from models import records
from models.access import Purpose
from models.access_request import open_cards, receipt
from models.access_request.contents import Columns, told
from models.access_request.document import ACCESS_REQUEST
from models.calendar import local
from models.declarations import Label
from models.errors import Forbidden, NotFound, Sentence
from models.exchange.writing import CSV_TYPE, XLSX_TYPE
from models.person import directory
from models.records import Sight
from models.watermark import watermark

Context = dict[str, Any]
LINKED = 5
"""To how many of its records a card leads from its notice."""
IN_DAYS = 48
"""From so many hours on the time left is told in days, as the page itself does."""
TYPES = {"csv": CSV_TYPE, "xlsx": XLSX_TYPE}


class BorrowRoutes(RecordRoutes):
    """Files that leave under a card, and what a page asks that is open by one."""

    @expose("/<slug>/<number>/open")  # type: ignore[untyped-decorator]
    def still_open(self, slug: str, number: str) -> ResponseReturnValue:
        """Whether the reader still has a record in full, and nothing of it: its page asks while it is open by a card.
        It is no reading, and keeps no session alive (`auth.WATCHING`). Of what they do not read nothing is said (X6).
        """
        view_of(slug, self.admin)
        if not receipt.is_open(current_reader().person, slug, number):
            raise NotFound()
        return jsonify({"open": True})

    @expose("/access_request/<number>/take", methods=("GET", "POST"))  # type: ignore[untyped-decorator]
    @takes("format")
    def take(self, number: str) -> ResponseReturnValue:
        """Say what would leave under a card; sent, give the file with its receipt."""
        view, reader = view_of(ACCESS_REQUEST.slug, self.admin), current_reader()
        if request.method == "POST":
            form = request.form.get("format", "")
            made = receipt.take(reader.person, number, form, now=reader.now, language=reader.language)
            headers = {"Content-Disposition": disposition(made.name), "X-Receipt": made.receipt}
            return Response(made.content, content_type=TYPES[form], headers=headers)
        sight = records.read(reader.person, ACCESS_REQUEST.slug, number, Purpose.VIEW, reader.now)
        if sight.values["owner"] != reader.person.id:
            raise Forbidden()
        until = receipt.open_until(sight.id, reader.now)
        if until is None or "export" not in sight.values["uses"]:
            raise receipt.CardClosed()
        found = cells.known(sight, reader)
        return self.page(
            "records/take.html",
            type=list_page.type_of(view, reader),
            head=record_page.head(sight, found, reader),
            lines=[told_line(label, text, reader.language) for label, text in told(sight.values)],
            countdown=clock(until, reader),
            receipts=len(sight.values["receipts"] or ()),
            urls={"record": record_url(sight.rt.slug, number), "take": url_for("records.take", number=number)},
        )


def told_line(label: Label, text: Sentence, language: str) -> Context:
    """A line of what a signature opens, or a file would hold; many columns by the groups of the record, which fold."""
    made: Context = {"label": label.text(language), "text": record_page.in_language(text, language)}
    if isinstance(text, Columns) and len(groups := record_page.grouped(text.rt, text.fields)) > 1:
        made["parts"] = [
            {
                "label": group.label.text(language),
                "count": len(fields),
                "text": record_page.in_language(Columns(text.rt, tuple(fields)), language),
            }
            for group, fields in groups
        ]
    return made


def clock(until: datetime, reader: Reader, held: str = "") -> Markup:
    """The time left until a moment, kept current by the page, which looks anew when it is over, and before that when
    the address `held` says that what it shows is open no more."""
    left = int((until - reader.now).total_seconds())
    hours, minutes = divmod(max(left, 0) // 60, 60)
    if hours >= IN_DAYS:
        words = ngettext("%(num)s day", "%(num)s days", hours // 24)
    else:
        words = _("%(hours)s h %(minutes)s min", hours=hours, minutes=minutes)
    asks = Markup(' data-countdown-held="{}"').format(held) if held else ""
    return Markup('<strong class="num" data-countdown="{}" data-countdown-ends{}>{}</strong>').format(
        until.isoformat(), asks, words
    )


def notices(sight: Sight, reader: Reader) -> list[Context]:
    """The countdown on a record that is open by a card, and on the card itself."""
    if sight.rt.slug == ACCESS_REQUEST.slug:
        return _of_card(sight, reader)
    opened = receipt.opened_by(reader.person, sight, Purpose.VIEW, reader.now)
    if opened is None:
        return []
    until, url = opened.until, record_url(ACCESS_REQUEST.slug, opened.card)
    text = _("Open to you under card %(card)s until %(until)s.", card=opened.card, until=_moment(until, reader))
    held = record_url(sight.rt.slug, sight.number, "still_open")
    made: Context = {
        "text": _joined(text, clock(until, reader, held)),
        "tone": "info",
        "action": {"label": _("To the card"), "url": url},
    }
    if not reader.person.read_only and open_cards.further_from(reader.person, sight) is not None:
        made["actions"] = [{"label": _("Ask for longer"), "url": record_url(sight.rt.slug, sight.number, "ask")}]
    return [made]


def _of_card(sight: Sight, reader: Reader) -> list[Context]:
    """On a card: how long it is open yet, and the way to its file; on one whose paper is out, that it must come
    back."""
    mine = sight.values["owner"] == reader.person.id
    if sight.values["state"] == "out":
        count = len(sight.values["receipts"] or ())
        text = ngettext(
            "What left under %(num)s receipt is to be returned, files deleted.",
            "What left under %(num)s receipts is to be returned, files deleted.",
            count,
        )
        return [{"text": f"{text}{_handing(sight) if mine else ''}", "tone": "warn"}]
    until = receipt.open_until(sight.id, reader.now) if sight.values["state"] == "granted" else None
    if until is None:
        return []
    made: Context = {
        "text": _joined(_("In force until %(until)s.", until=_moment(until, reader)), clock(until, reader)),
        "tone": "info",
    }
    if mine and "export" in sight.values["uses"]:
        made["action"] = {"label": _("Take the file …"), "url": url_for("records.take", number=sight.number)}
    if mine:
        made["actions"] = _records(sight)
    return [made]


def _handing(card: Sight) -> str:
    """To whom what left is handed."""
    receiver = card.values["receiver"]
    name = directory.names([receiver]).get(receiver, "") if receiver else ""
    return " " + _("Hand it to %(name)s, who confirms it.", name=name) if name else ""


def _records(card: Sight) -> list[Context]:
    """The way to the records of a card, where they are few."""
    numbers = [item["number"] for item in card.values["items"] or ()]
    slug = card.values["type_asked"]
    return [{"label": _("Open %(number)s", number=one), "url": record_url(slug, one)} for one in numbers[:LINKED]]


def _joined(text: str, left: Markup) -> Markup:
    return Markup("{} {} {}").format(text, _("Time left:"), left)


def _moment(until: datetime, reader: Reader) -> str:
    """The last minute before a right ends, which is midnight: nobody reads "until 27 November 0:00" as the 26th."""
    return moment_short(until - timedelta(minutes=1), reader.language)


def print_mark(sight: Sight, reader: Reader) -> str:
    """The watermark of a printed page; printed under a card, it is counted and bears its receipt's number (X1, X5)."""
    number = receipt.note(reader.person, sight, Purpose.PRINT, "print", now=reader.now)
    return watermark(sight.level, reader.person, reader.now, reader.language, number)


def return_by(sight: Sight, reader: Reader) -> str:
    """The day by which a page printed under a card must be back; '' for what is printed by right (X5)."""
    opened = receipt.opened_by(reader.person, sight, Purpose.PRINT, reader.now)
    return day_short(local(opened.until - timedelta(minutes=1)).date(), reader.language) if opened else ""


def file_mark(sight: Sight, reader: Reader) -> str:
    """The same for an attached file that is taken away."""
    number = receipt.note(reader.person, sight, Purpose.EXPORT, "file", now=reader.now)
    return watermark(sight.level, reader.person, reader.now, reader.language, number)
