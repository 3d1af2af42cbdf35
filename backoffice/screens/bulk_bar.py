"""The selection bar of a list: what may be done with the ticked records, or with all that match."""

from __future__ import annotations

from typing import Any

from flask import url_for
from flask_babel import gettext as _

from backoffice.screens.reader import Reader
from models.bulk_change.document import Kind
from models.bulk_change.offers import Offer, offers
from models.declarations import RecordType

Context = dict[str, Any]

ICONS = {
    Kind.CHANGE: "pencil",
    Kind.HAND_OVER: "person-check",
    Kind.ARCHIVE: "archive",
    Kind.RESTORE: "arrow-counterclockwise",
    Kind.MOVE: "",
}


def bar(rt: RecordType, reader: Reader, address: str, *, archived: bool) -> Context | None:
    """The buttons, and the moves of the workflow apart, of the list at an address; None when there is nothing to do."""
    found = offers(reader.person, rt, archived=archived)
    if not found:
        return None
    made = [
        {"name": one.name, "label": f"{label_of(one, reader.language)} …", "icon": ICONS[one.kind]} for one in found
    ]
    at = url_for("records.bulk", slug=rt.slug)
    return {
        "acts": [act for act, one in zip(made, found, strict=True) if one.move is None],
        "moves": [act for act, one in zip(made, found, strict=True) if one.move is not None],
        "url": f"{at}?{address}" if address else at,
        "all_url": url_for("bulk_changes.index"),
    }


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
