"""Find: one search over every type that the reader can reach."""

from __future__ import annotations

from typing import Any

from flask import request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from markupsafe import Markup, escape

from backoffice.screens import cells, list_page
from backoffice.screens.reader import Reader, current_reader
from backoffice.screens.routes import RecordRoutes
from models import access, listed, listing, registry, sealing
from models.access import Purpose
from models.declarations import RecordType
from models.glances import Glances
from models.listing import BadQuery, ListQuery
from models.names import Names
from models.search import QueryTooLong, QueryTooShort, fold
from models.sights import Sight

SHOWN = 6
SNIPPET = 24


class FindRoutes(RecordRoutes):
    """The search in the top bar."""

    @expose("/find")  # type: ignore[untyped-decorator]
    def find(self) -> ResponseReturnValue:
        """What was found, by type; the first few of each."""
        reader = current_reader()
        text = request.args.get("q", "").strip()
        if "\x00" in text or any(name != "q" for name in request.args):
            raise BadQuery(parameter=next((n for n in request.args if n != "q"), "q")[:40])
        if not text:
            return self.page("find.html", q="", groups=[])
        try:
            hits = [(rt, found) for rt in registry.all_types() if (found := search(rt, text, reader))]
        except (QueryTooShort, QueryTooLong) as refusal:
            return self.page("find.html", q=text[:100], groups=[], hint=refusal.text(reader.language)), refusal.status
        shown = [sight for _rt, found in hits for sight in found]
        listed.note(reader.person, listed.classified(shown), reader.now, via="screen")
        names = list_page.names_of(reader, shown)
        groups = [_group(rt, found, text, names, reader) for rt, found in hits]
        mark = list_page.mark(shown, reader)
        return self.page("find.html", q=text, find_text=text, groups=groups, watermark=mark)


def search(rt: RecordType, text: str, reader: Reader) -> list[Sight]:
    """The first records of a type that hold `text` and that the reader has in full. :raises QueryTooShort:"""
    reach = access.reach(reader.person, rt, Purpose.VIEW)
    if not reach.full:
        return []
    fields = access.visible_fields(reader.person, rt)
    glances = Glances(reader.person, rt, reach, [f for f in fields if f.searchable])
    rows = listing.page(rt, reach, ListQuery(q=text, limit=SHOWN), fields, only=glances.names).rows
    seen = (glances.of(row) for row in sealing.opened(rt, rows, glances.names))
    return [one for one in seen if one is not None]


def _group(rt: RecordType, found: list[Sight], text: str, names: Names, reader: Reader) -> dict[str, Any]:
    address = url_for("records.listing", slug=rt.slug, q=text)
    return {
        "label": rt.plural.text(reader.language),
        "icon": rt.icon,
        "url_all": address if len(found) == SHOWN else "",
        "hits": [_hit(sight, text, names, reader) for sight in found],
    }


def _hit(sight: Sight, text: str, names: Names, reader: Reader) -> dict[str, Any]:
    title = cells.title(sight, names)
    return {
        "title": title,
        "title_html": marked(title, text),
        "number": sight.number,
        "url": cells.record_url(sight.rt.slug, sight.number),
        "level": sight.level,
        "on_screen_only": cells.on_screen_only(sight),
        "state": cells.state(sight, reader.language),
        "detail": "",
        "snippet_html": snippet(sight, text, title, names),
    }


def snippet(sight: Sight, text: str, title: str, names: Names) -> Markup:
    """Where the words were found, when the title does not hold them: the field and the text round them. Only fields
    that the reader may see are looked into, and of a classified record only those that lists show."""
    words = fold(text).split()
    if any(word in fold(title) for word in words):
        return Markup("")
    in_lists = listed.shown(sight.rt) if listed.is_classified(sight.rt, sight.level) else None
    for field in sight.fields:
        if not field.searchable or (in_lists is not None and field.name not in in_lists):
            continue
        shown = cells.text(field, sight.values.get(field.name), names)
        at = min((i for word in words if (i := fold(shown).find(word)) >= 0), default=-1)
        if at >= 0:
            start = max(0, at - SNIPPET)
            piece = ("…" if start else "") + shown[start : at + SNIPPET * 2]
            return Markup("{}: {}").format(field.label.text(names.language), marked(piece, text))
    return Markup("")


def marked(shown: str, text: str) -> Markup:
    """A text with what was searched for marked in it."""
    folded = fold(shown)
    word = next((w for w in sorted(fold(text).split(), key=len, reverse=True) if w in folded), "")
    if not word or len(folded) != len(shown):
        return escape(shown)
    at = folded.find(word)
    before, inside, after = shown[:at], shown[at : at + len(word)], shown[at + len(word) :]
    return Markup("{}<mark>{}</mark>{}").format(before, inside, after)
