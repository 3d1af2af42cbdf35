"""The selection bar of a list: what may be done with the ticked records, or with all that match."""

from __future__ import annotations

from typing import Any

from flask import url_for
from flask_babel import gettext as _

from backoffice.screens.reader import Reader
from models import access
from models.access import Purpose
from models.bulk_change.document import Kind
from models.bulk_change.offers import Offer, offers
from models.declarations import RecordType

Context = dict[str, Any]
Buttons = tuple[list[Context], list[Context]]
MOST_KNOWN = 500

ICONS = {
    Kind.CHANGE: "pencil",
    Kind.HAND_OVER: "person-check",
    Kind.ARCHIVE: "archive",
    Kind.RESTORE: "arrow-counterclockwise",
    Kind.MOVE: "",
}


def bar(rt: RecordType, reader: Reader, address: str, *, archived: bool) -> Context | None:
    """The buttons, and the moves of the workflow apart, of the list at an address; `ask_url` where some records may be
    locked. None when there is nothing to do."""
    acts, moves = _buttons(rt, reader, archived)
    reach = access.reach(reader.person, rt, Purpose.VIEW)
    asks = rt.classified and not archived and bool(reach.card - reach.held)
    if not acts and not moves and not asks:
        return None
    at = url_for("records.bulk", slug=rt.slug)
    return {
        "acts": acts,
        "moves": moves,
        "url": f"{at}?{address}" if address else at,
        "ask_url": url_for("records.ask_many", slug=rt.slug) if asks else "",
        "all_url": url_for("bulk_changes.index"),
    }


_known: dict[tuple[object, ...], tuple[RecordType, Buttons]] = {}


def _buttons(rt: RecordType, reader: Reader, archived: bool) -> Buttons:
    """What is done to records, and the moves; worked out once for people who may do the same, because every list page
    asks."""
    person = reader.person
    same = (person.roles, bool(person.department), bool(person.grants.get("view")), person.only, person.read_only)
    key = (rt.slug, id(rt), reader.language, archived, *same)
    known = _known.get(key)
    if known is None or known[0] is not rt:
        if len(_known) >= MOST_KNOWN:
            _known.clear()
        found = offers(person, rt, archived=archived)
        made = [(one.move is not None, _button(one, reader.language)) for one in found]
        known = _known[key] = rt, ([b for move, b in made if not move], [b for move, b in made if move])
    return known[1]


def _button(one: Offer, language: str) -> Context:
    return {"name": one.name, "label": f"{label_of(one, language)} …", "icon": ICONS[one.kind]}


def label_of(one: Offer, language: str) -> str:
    """What is done, in words."""
    return one.move.label.text(language) if one.move is not None else kind_label(one.kind)


def kind_label(kind: Kind) -> str:
    """What is done, in words; a move bears its own name."""
    words = {
        Kind.CHANGE: _("Change fields"),
        Kind.HAND_OVER: _("Hand over"),
        Kind.ARCHIVE: _("Archive"),
        Kind.RESTORE: _("Restore"),
        Kind.MOVE: _("Move"),
    }
    return str(words[kind])
