"""Asking for access in place: on the locked card or for many at once, and offering it, with reason, use and window
(X3, X4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _

from backoffice.posted_fields import takes
from backoffice.screens import cells, list_page, record_page
from backoffice.screens.base import RecordView, view_of
from backoffice.screens.cells import record_url
from backoffice.screens.reader import Reader, current_reader
from backoffice.screens.record_page import in_language
from backoffice.screens.routes import RecordRoutes, say_handed_in
from models import records, store
from models.access import Purpose
from models.access_request import open_cards, receipt, rules, service
from models.access_request.document import ACCESS_REQUEST, USES
from models.access_request.refusals import (
    AskedAlready,
    NobodyLeftToSign,
    NothingToAsk,
    NothingToOffer,
    NotSignedInYet,
    OfferedAlready,
    OnlyOffered,
    SeveralDepartments,
    TooManyRecords,
    ToOneself,
)
from models.declarations import Level
from models.errors import Forbidden, Invalid, Refusal
from models.kinds import ZONE, loaded
from models.names import Names
from models.person import directory
from models.person.roles import MANAGING
from models.records import Sight

Context = dict[str, Any]
ASKED = ("use", "reason", "from", "until")
SHOWN = {"uses": "use", "valid_from": "from", "valid_until": "until"}
NAMED = {"use": "uses", "reason": "reason", "from": "valid_from", "until": "valid_until"}
"""What the form's inputs are called: as the card's fields, which they fill."""
REFUSED = (NothingToAsk, AskedAlready, OnlyOffered, SeveralDepartments)
"""What cannot be asked for as it was typed, yet perhaps otherwise: said on the form."""
NOT_OFFERED = (NobodyLeftToSign, NothingToOffer, NotSignedInYet, OfferedAlready, ToOneself)
"""Why a record is not offered to the person named: said at their name."""


class AskRoutes(RecordRoutes):
    """The routes that the forms for access send to."""

    @expose("/<slug>/<number>/ask", methods=("GET", "POST"))  # type: ignore[untyped-decorator]
    @takes(*ASKED)
    def ask(self, slug: str, number: str) -> ResponseReturnValue:
        """Ask for a locked record, or to keep for longer one that is open by a card; what is wrong is said on the page
        that asks, with what was typed kept."""
        view, reader = view_of(slug, self.admin), current_reader()
        if request.method == "GET":
            return self._longer_page(view, number, reader)
        form = _typed()
        try:
            made = service.ask(reader.person, slug, number, _raw(form), now=reader.now)
        except Invalid as refused:
            sight = records.see(reader.person, slug, number, Purpose.VIEW, reader.now)
            if sight.full:
                return self._one_page(view, sight, reader, form, _problems(refused, reader)), refused.status
            context = {"ask": form_context(sight, reader, form, _problems(refused, reader))}
            return self.locked(view, sight, reader, **context), refused.status
        say_handed_in(ACCESS_REQUEST, made["number"], reader.language)
        return redirect(record_url(slug, number))

    @expose("/<slug>/ask", methods=("POST",))  # type: ignore[untyped-decorator]
    @takes("number", "all", "send", *ASKED)
    def ask_many(self, slug: str) -> ResponseReturnValue:
        """Ask for the ticked records of a list on one card: first the form, then, sent, the card."""
        view, reader = view_of(slug, self.admin), current_reader()
        numbers = list(dict.fromkeys(request.form.getlist("number")))
        if request.form.get("all") == "1":
            raise NotNamed()
        most = service.most_records()
        if not 0 < len(numbers) <= most:
            raise TooManyRecords(most=most)
        if "send" not in request.form:
            return self._ask_page(view, numbers, reader, {}, {})
        form = _typed()
        try:
            made = service.ask_for(reader.person, slug, numbers, _raw(form), now=reader.now)
        except Invalid as refused:
            return self._ask_page(view, numbers, reader, form, _problems(refused, reader)), refused.status
        except REFUSED as refused:
            return self._ask_page(view, numbers, reader, form, _on_top(refused, reader)), refused.status
        say_handed_in(ACCESS_REQUEST, made["number"], reader.language)
        return redirect(record_url(ACCESS_REQUEST.slug, made["number"]))

    @expose("/<slug>/<number>/offer", methods=("GET", "POST"))  # type: ignore[untyped-decorator]
    @takes("to", *ASKED)
    def offer(self, slug: str, number: str) -> ResponseReturnValue:
        """Offer a record to somebody who sees nothing of it, for its owner and head."""
        view, reader = view_of(slug, self.admin), current_reader()
        sight = records.read(reader.person, slug, number, Purpose.VIEW, reader.now)
        if not service.may_offer(reader.person, sight, store.fetch_to_show(slug, sight.id)):
            raise Forbidden()
        if request.method == "GET":
            return self._offer_page(view, sight, reader, {}, {})
        form = _typed() | {"to": request.form.get("to", "")}
        reader_id = directory.known_as(" ".join(form["to"].split())[:120])
        try:
            made = service.offer(reader.person, slug, number, reader_id, _raw(form), now=reader.now)
        except Invalid as refused:
            nobody = _("Nobody, or more than one, is called so: give the email address.")
            errors = _problems(refused, reader) | ({"to": nobody} if reader_id is None else {})
            return self._offer_page(view, sight, reader, form, errors), refused.status
        except NOT_OFFERED as refused:
            return self._offer_page(view, sight, reader, form, {"to": refused.text(reader.language)}), refused.status
        flash(_("Your offer %(number)s is on its way.", number=made["number"]), "success")
        return redirect(record_url(slug, number))

    def _longer_page(self, view: RecordView, number: str, reader: Reader) -> ResponseReturnValue:
        """The form of a further card, for whoever has the record open by one; others are led to the record."""
        sight = records.see(reader.person, view.rt.slug, number, Purpose.VIEW, reader.now)
        begins = further_from(sight, reader)
        if begins is None:
            return redirect(record_url(view.rt.slug, number))
        until = begins + timedelta(days=service.terms().shortest - 1)
        return self._one_page(view, sight, reader, {"from": begins.isoformat(), "until": until.isoformat()}, {})

    def _one_page(
        self, view: RecordView, sight: Sight, reader: Reader, form: Mapping[str, str], errors: Context
    ) -> str:
        """The form for a record that the reader has open already, for longer or for another use."""
        return self.page(
            "records/ask.html",
            type=list_page.type_of(view, reader),
            picked=[_picked(sight, cells.title(sight, list_page.names_of(reader, [sight])), "")],
            ask=form_context(sight, reader, form, errors) | {"heading": _("Ask for longer or for another use")},
            watermark=record_page.watermark(sight, reader),
        )

    def _ask_page(
        self, view: RecordView, numbers: Sequence[str], reader: Reader, form: Mapping[str, str], errors: Context
    ) -> str:
        sights = [records.see(reader.person, view.rt.slug, one, Purpose.VIEW, reader.now) for one in numbers]
        found = list_page.names_of(reader, sights)
        waiting = open_cards.open_requests(reader.person, view.rt.slug, [sight.number for sight in sights])
        ask = form_context(sights[0], reader, form, errors)
        ask |= {"url": url_for("records.ask_many", slug=view.rt.slug), "numbers": numbers}
        return self.page(
            "records/ask.html",
            type=list_page.type_of(view, reader),
            picked=[_picked(sight, cells.title(sight, found), _note(sight, waiting)) for sight in sights],
            ask=ask,
            watermark=record_page.watermark(max(sights, key=_rank), reader),
        )

    def _offer_page(
        self, view: RecordView, sight: Sight, reader: Reader, form: Mapping[str, str], errors: Context
    ) -> str:
        ask = form_context(sight, reader, form, errors, managing=True)
        ask |= {
            "url": record_url(sight.rt.slug, sight.number, "offer"),
            "to": form.get("to", ""),
            "heading": _("Offer access"),
            "button": _("Offer"),
            "steps": [
                _who_signs(sight, reader),
                _("The person named can then use it in the period given, and nobody else."),
            ],
        }
        found = list_page.names_of(reader, [sight])
        return self.page(
            "records/ask.html",
            type=list_page.type_of(view, reader),
            picked=[_picked(sight, cells.title(sight, found), "")],
            ask=ask,
            watermark=record_page.watermark(sight, reader),
        )


class NotNamed(Refusal):
    """A card for all that match: it has to name its records."""

    code = "not_named"
    zh, en = "借阅卡须逐份指明记录，请勾选所需记录。", "A card names each of its records: tick those you need."


def _who_signs(sight: Sight, reader: Reader) -> str:
    """Whose signatures an offer of a record by the reader needs (X3)."""
    if service.heads(reader.person, sight):
        return str(_("The general manager signs."))
    if sight.level == Level.TOP_SECRET.value:
        return str(_("The department head signs, then the general manager."))
    return str(_("The department head signs."))


def _rank(sight: Sight) -> int:
    return Level.of(sight.level).rank


def _picked(sight: Sight, title: str, note: str) -> Context:
    return {"number": sight.number, "title": title, "level": sight.level, "note": note}


def _note(sight: Sight, waiting: Mapping[str, Mapping[str, Any]]) -> str:
    """Why a record may be left out of a card. `waiting` are the reader's open ones, by the record's number."""
    if sight.number in waiting:
        card = waiting[sight.number]["number"]
        if waiting[sight.number]["state"] == "granted":
            return str(_("Your card %(number)s for it is in force; a further one begins after it.", number=card))
        return str(_("Your request %(number)s for it is open; it is left out.", number=card))
    return str(_("You read it already; it is left out unless you borrow it.")) if sight.full else ""


def _typed() -> dict[str, str]:
    return {name: request.form.get(name, "") for name in ASKED}


def _raw(form: Mapping[str, str]) -> Context:
    window = {"valid_from": form["from"], "valid_until": form["until"]}
    return {"uses": [form["use"]], "reason": form["reason"], **window}


def _problems(refused: Invalid, reader: Reader) -> Context:
    """What is wrong, by the form's own names."""
    first = {path: path.split(".")[0] for path in refused.problems}
    return {SHOWN.get(first[p], first[p]): in_language(text, reader.language) for p, text in refused.problems.items()}


def _on_top(refused: Refusal, reader: Reader) -> Context:
    """What is said above the form, since it is about no one of its fields."""
    return {"form": refused.text(reader.language)}


def further_from(sight: Sight, reader: Reader) -> date | None:
    """From when on the reader may ask for a further card for a record that is open to them by one; None for others."""
    if not sight.full or receipt.opened_by(reader.person, sight, Purpose.VIEW, reader.now) is None:
        return None
    return open_cards.further_from(reader.person, sight)


def _summary(errors: Mapping[str, str], language: str) -> list[Context]:
    """What is wrong with each input, with the way to it, for the top of the page."""
    named = {name: ACCESS_REQUEST.by_name[of].label.text(language) for name, of in NAMED.items()}
    named = {"to": _("To whom"), **named}
    found = [name for name in named if name in errors]
    return [{"label": named[name], "anchor": f"ask-{name}", "message": errors[name]} for name in found]


def card_context(sight: Sight, reader: Reader) -> Context:
    """What stands below a locked card: the request that waits already, or the form that asks; nothing where the type is
    not classified."""
    if not sight.rt.classified:
        return {}
    waiting = open_cards.open_request(reader.person, sight.rt.slug, sight.number)
    over = waiting is not None and open_cards.over(waiting, reader.now)
    ask: Context = {"ask": form_context(sight, reader, {}, {})} if waiting is None or over else {}
    if waiting is None:
        return ask
    workflow = ACCESS_REQUEST.workflow
    state = workflow.state("ended" if over else waiting["state"]) if workflow else None
    offered = rules.is_offer(waiting)
    return {
        "asked": {
            "heading": _("Access offered to you") if offered else _("You have asked for access"),
            "facts": [] if offered else _asked_for(waiting, reader),
            "text": waiting["number"],
            "when": cells.moment_short(waiting["created_at"], reader.language),
            "steps": [{"text": state.label.text(reader.language), "tone": state.tone}] if state else [],
            "url": record_url(ACCESS_REQUEST.slug, waiting["number"]),
        },
        **ask,
    }


def _asked_for(card: Mapping[str, Any], reader: Reader) -> list[Context]:
    """What the reader asked for by a stored card, in words."""
    found = Names(reader.language)
    lines = []
    for field in (ACCESS_REQUEST.by_name[name] for name in open_cards.ASKED):
        text = cells.text(field, loaded(field, card.get(field.name)), found)
        lines.append({"label": field.label.text(reader.language), "text": text})
    return [line for line in lines if line["text"]]


def form_context(
    sight: Sight, reader: Reader, form: Mapping[str, str], errors: Mapping[str, str], *, managing: bool | None = None
) -> Context:
    """The form that asks, with what was typed and what is wrong with it. `managing`: whether borrowing is offered."""
    may_borrow = reader.person.has(*MANAGING) if managing is None else managing
    language, terms, beginning = reader.language, service.terms(), ACCESS_REQUEST.by_name["valid_from"].help
    today = reader.now.astimezone(ZONE).date()
    ahead = today + timedelta(days=rules.AHEAD_DAYS)
    return {
        "url": record_url(sight.rt.slug, sight.number, "ask"),
        "uses": [
            {
                "value": use.value,
                "label": use.label.text(language),
                "disabled": use.value in rules.BORROWING and not may_borrow,
                "help": in_language(rules.BORROWERS, language)
                if use.value in rules.BORROWING and not may_borrow
                else "",
            }
            for use in USES
        ],
        "names": {name: ACCESS_REQUEST.by_name[of].label.text(language) for name, of in NAMED.items()},
        "use": form.get("use", ""),
        "reason": form.get("reason", ""),
        "from": form.get("from", ""),
        "from_help": beginning.text(language) if beginning else "",
        "until": form.get("until", (today + timedelta(days=terms.shortest - 1)).isoformat()),
        "min": today.isoformat(),
        "ahead": ahead.isoformat(),
        "max": (ahead + timedelta(days=terms.consultation_days - 1)).isoformat(),
        "longest": _(
            "To consult: %(consult)s days at most, the first one included. To borrow: %(borrow)s.",
            consult=terms.consultation_days,
            borrow=terms.borrowing_days,
        ),
        "errors": dict(errors),
        "summary": _summary(errors, language),
        "steps": [
            *([_("Your own manager signs.")] if service.own_manager_signs(reader.person, sight) else []),
            _("The department head approves; it opens on the day given.")
            if form.get("from")
            else _("The department head approves; you can look at once."),
            _("It ends by itself on the day given."),
        ],
    }
