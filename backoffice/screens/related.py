"""Records of other types that point to a record: the first few of each, within the reader's reach. The record's page
names the lists, and asks for what is in them once it is there; without a script each leads to its list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from flask import jsonify
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from markupsafe import escape

from backoffice import addresses, at_hand
from backoffice.screens import cells
from backoffice.screens.base import view_of
from backoffice.screens.list_rows import level_marks
from backoffice.screens.reader import Reader, current_reader
from backoffice.screens.routes import RecordRoutes
from backoffice.screens.value_html import safe
from models import access, listing, names, records, registry
from models.access import Purpose
from models.declarations import Field, RecordType
from models.errors import NotFound
from models.glances import Glances
from models.listing import Filter
from models.names import Names
from models.person.roles import Person
from models.records import Sight

SHOWN = 5
DUE_ICONS = {"bad": "exclamation-circle-fill", "warn": "clock"}


class RelatedRoutes(RecordRoutes):
    """What the page of a record asks."""

    @expose("/<slug>/<number>/related")  # type: ignore[untyped-decorator]
    def related(self, slug: str, number: str) -> ResponseReturnValue:
        """The lists beside a record that the reader has in full, as HTML by the names under which its page has them."""
        reader = current_reader()
        view_of(slug, self.admin)
        sight = _seen(slug, number, reader)
        lists = _found(sight, reader)
        shown = [(_title(sight.rt), sight.values)]
        shown += [(_title(one.rt), one.values) for found in lists for one in found.sights]
        called = names.resolve(reader.person, shown, language=reader.language)
        return jsonify({found.one.key: _body(found, called, reader, sight) for found in lists})


def _seen(slug: str, number: str, reader: Reader) -> Sight:
    """The record beside which the lists stand, of which its page has told the trail: nothing more of it is shown. Who
    may not read it is refused as on its page (X7). :raises NotFound: :raises Locked:"""
    held = at_hand.held()
    try:
        sight = records.again(reader.person, slug, number, held)
    except NotFound:
        sight = None
    if sight is None or not sight.full:
        return records.read(reader.person, slug, number, Purpose.VIEW, reader.now, held)
    return sight


def _title(rt: RecordType) -> tuple[Field, ...]:
    """The field by which records of a type are called."""
    return (rt.by_name[rt.title],)


def beside(sight: Sight, reader: Reader) -> list[dict[str, Any]]:
    """The lists as the record's page names them; a type of which the reader can reach nothing is not among them."""
    return [
        {
            "key": one.key,
            "label": one.glances.rt.plural.text(reader.language),
            "url_all": f"{addresses.of('records.listing', slug=one.glances.rt.slug)}?{one.via.name}={sight.number}",
            "new_url": f"{addresses.of('records.new', slug=one.glances.rt.slug)}?{one.via.name}={sight.number}"
            if one.create
            else "",
        }
        for one in _lists_of(sight.rt, reader)
    ]


@dataclass(frozen=True)
class _List:
    """A related list as one person may see it, of whatever record."""

    via: Field
    reach: access.Reach
    fields: tuple[Field, ...]
    glances: Glances
    create: bool

    @property
    def key(self) -> str:
        """Its name on the page."""
        return f"{self.glances.rt.slug}.{self.via.name}"


@dataclass(frozen=True)
class _Found:
    """The first records of a list, each with what stands behind it on paper."""

    one: _List
    sights: list[Sight]
    on_screen_only: frozenset[Any]


def _found(sight: Sight, reader: Reader) -> list[_Found]:
    lists = _lists_of(sight.rt, reader)
    made = []
    for one, rows in zip(lists, listing.newest([_asked(one, sight) for one in lists], SHOWN), strict=True):
        seen = [row for row in map(one.glances.of, rows) if row is not None]
        rt, person = one.glances.rt, reader.person
        kept = frozenset(son["_id"] for son in rows if access.keeps_to_screen(person, rt, son.get("acl") or ()))
        made.append(_Found(one, seen, kept))
    return made


def _lists_of(rt: RecordType, reader: Reader) -> tuple[_List, ...]:
    """The lists beside records of a type. Worked out once for a person, who is taken anew when anything about them
    changes, and for the types in force."""
    types = tuple(one for one in (_in_force(declared.slug) for declared in rt.related) if one is not None)
    known: dict[Any, tuple[_List, ...]] = vars(reader.person).setdefault("_related", {})
    found = known.get((rt, types))
    if found is None:
        found = known[rt, types] = tuple(_made(rt, types, reader.person))
    return found


def _in_force(slug: str) -> RecordType | None:
    try:
        return registry.get(slug).rt
    except NotFound:  # declared for a type that is not in force here
        return None


def _made(rt: RecordType, types: Iterable[RecordType], person: Person) -> Iterator[_List]:
    by_slug = {one.slug: one for one in types}
    for declared in rt.related:
        other = by_slug.get(declared.slug)
        if other is None:
            continue
        reach = access.reach(person, other, Purpose.VIEW)
        fields = access.visible_fields(person, other)
        via = listing.queryable(other, fields).get(declared.via)
        if not reach.nothing and via is not None and via.filterable:
            create = access.may_create(person, other) and other.by_name[declared.via].editable
            yield _List(via, reach, fields, Glances(person, other, reach, ()), create)


def _asked(one: _List, sight: Sight) -> listing.Asked:
    pointing = Filter(one.via, "is", str(sight.id))
    return listing.Asked(one.glances.rt, one.reach, one.fields, (pointing,), one.glances.names)


def _body(found: _Found, called: Names, reader: Reader, beside: Sight) -> str:
    """The records of a list beside another one."""
    title = cells.shown(beside, beside.rt.by_name[beside.rt.title], called)["text"]
    rows = (_row(one, called, reader, title, one.full and one.id in found.on_screen_only) for one in found.sights)
    return f"<ul>{''.join(rows)}</ul>" if found.sights else f'<p class="nothing">{escape(_("None"))}</p>'


def _row(sight: Sight, names: Names, reader: Reader, beside: str, kept: bool) -> str:
    """A record as a line of a list; every part is escaped."""
    title, number = cells.title(sight, names), safe(sight.number)
    if title == beside:  # named after the record it stands beside: only its number tells it from the others
        title = sight.number
    detail = f"<span>{number}</span>" if title != sight.number else ""
    state, due = cells.state(sight, reader.language), cells.due(sight, reader)
    stands = f'<span class="state tone-{safe(state["tone"])}">{safe(state["text"])}</span>' if state else ""
    until, mark = _due(due) if due else "", level_marks(reader.language).get(sight.level, "")
    css, address = ' class="no-print"' if kept else "", safe(cells.record_url(sight.rt.slug, sight.number))
    return (
        f'<li{css}><div><a href="{address}" title="{number}">{safe(title)}</a>'
        f"{mark}</div><p>{detail}{stands}{until}</p></li>"
    )


def _due(due: cells.Cell) -> str:
    icon = DUE_ICONS.get(due["tone"])
    mark = f'<i class="bi bi-{icon}" aria-hidden="true"></i>' if icon else ""
    return f'<span class="due tone-{due["tone"]}" title="{safe(due["full"])}">{mark}{safe(due["text"])}</span>'
