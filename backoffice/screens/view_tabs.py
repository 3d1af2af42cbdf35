"""The tabs over a list: all, the declared views, the reader's own, those shared with them; and what saves one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask_babel import gettext as _

from backoffice.screens import list_page
from backoffice.screens.base import RecordView
from backoffice.screens.listing_args import Asked
from backoffice.screens.reader import Reader
from models.declarations import View
from models.listing.address import SAFE
from models.listing.written import Pair
from models.saved_view import rules, service
from models.saved_view.document import SavedView

Context = dict[str, Any]

LOOKS = ("show", "sort", "columns")
"""Parameters that say how a list looks, not what is in it."""


def address(at: str, pairs: Iterable[Pair]) -> str:
    """The address of a list with some parameters."""
    return f"{at}?{urlencode(tuple(pairs), safe=SAFE)}"


def offered(view: RecordView, reader: Reader) -> list[SavedView]:
    """The saved views that the reader may open: their own first. One question to the database."""
    found = service.of_type(reader.person, view.rt.slug)
    return service.offered(found, view.queryable(reader), list_page.showable(view, reader)) if found else []


def context(view: RecordView, asked: Asked, at: str, reader: Reader) -> Context:
    """The tabs of a list, and what is needed to save it."""
    saved = offered(view, reader)
    now = frozenset(pair for pair in asked.pairs if pair[1] and pair[0] not in rules.OF_A_PAGE)
    tabs = [*_declared(view, at, reader), *(_saved(one, at, reader) for one in saved)]
    if tabs:
        tabs = [_everything(at), *tabs]
    here = next((tab for tab in tabs if tab["pairs"] == now), None)
    if here is None:
        here = next((tab for tab in tabs if _content(tab["pairs"]) == _content(now)), None)
    for tab in tabs:
        tab["active"] = tab is here
    own = [{"value": f"{one.id}:{one.rev}", "label": one.name} for one in saved if one.owner == reader.person.id]
    new = bool(now) and (here is None or here["pairs"] != now)
    return {
        "views": tabs,
        "view_saver": {
            "url": f"{at}views?{asked.address()}" if new and not reader.person.read_only else "",
            "own": own,
            "manage_url": f"{at}views" if saved else "",
            "longest": rules.LONGEST_NAME,
        },
    }


def _content(pairs: frozenset[Pair]) -> frozenset[Pair]:
    return frozenset(pair for pair in pairs if pair[0] not in LOOKS)


def _everything(at: str) -> Context:
    return {"label": _("All"), "url": at, "pairs": frozenset()}


def _declared(view: RecordView, at: str, reader: Reader) -> list[Context]:
    """Those of the type's own views that the reader may open: the others would tell of what is hidden (X6)."""
    known, columns = view.queryable(reader), list_page.showable(view, reader)
    return [
        {
            "label": one.label.text(reader.language),
            "url": f"{at}?{query}",
            "pairs": frozenset(pairs),
        }
        for one, query, pairs in _own(view)
        if rules.fits(pairs, known, columns)
    ]


def _own(view: RecordView) -> Iterator[tuple[View, str, list[Pair]]]:
    """The type's own views, with the query of their address as it stands and as parameters."""
    for one in view.rt.views:
        query = urlsplit(f"?{one.query}").query
        yield one, query, parse_qsl(query)


def _saved(one: SavedView, at: str, reader: Reader) -> Context:
    by = "" if one.owner == reader.person.id else _("shared by %(name)s", name=one.owner_name)
    return {"label": one.name, "url": address(at, one.address), "pairs": frozenset(one.address), "title": by}
