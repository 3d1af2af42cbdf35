"""Records of other types that point to a record: the first few of each, within the reader's reach."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bson import ObjectId
from markupsafe import Markup

from backoffice import addresses
from backoffice.screens import cells
from backoffice.screens.list_rows import level_marks
from backoffice.screens.reader import Reader
from backoffice.screens.value_html import safe
from models import access, history, listing, records, registry, store
from models.access import Purpose
from models.declarations import Field, RecordType
from models.errors import NotFound
from models.glances import Glances
from models.listing import Filter
from models.names import Names
from models.person import directory
from models.person.roles import Person
from models.records import Sight

SHOWN = 5
DUE_ICONS = {"bad": "exclamation-circle-fill", "warn": "clock"}


@dataclass(frozen=True)
class RelatedList:
    """The first records of one type that point here through the field `via`."""

    rt: RecordType
    via: str
    number: str
    sights: list[Sight]
    on_screen_only: frozenset[ObjectId]

    @property
    def rows(self) -> list[tuple[tuple[Field, ...], Mapping[str, Any]]]:
        """Fields and values, for `names.resolve`."""
        title = self.rt.by_name[self.rt.title]
        return [((title,), sight.values) for sight in self.sights]

    def context(self, names: Names, reader: Reader, beside: str) -> dict[str, Any]:
        """The list as the page of the record called `beside` shows it."""
        slug = self.rt.slug
        create = access.may_create(reader.person, self.rt) and self.rt.by_name[self.via].editable
        return {
            "label": self.rt.plural.text(reader.language),
            "url_all": f"{addresses.of('records.listing', slug=slug)}?{self.via}={self.number}",
            "new_url": f"{addresses.of('records.new', slug=slug)}?{self.via}={self.number}" if create else "",
            "html": Markup("".join([self._row(sight, names, reader, beside) for sight in self.sights])),  # noqa: S704
        }

    def _row(self, sight: Sight, names: Names, reader: Reader, beside: str) -> str:
        return _row(
            sight, names, reader, beside, ' class="no-print"' if sight.full and sight.id in self.on_screen_only else ""
        )


@dataclass(frozen=True)
class Around:
    """What stands round a record on its page: its latest versions, as `records.versions_of` gives them, the related
    lists that the reader may see, and the rows of whatever else was asked for."""

    versions: list[dict[str, Any]]
    lists: list[RelatedList]
    answer: list[dict[str, Any]]


def around(sight: Sight, reader: Reader, latest: int, beside: Iterable[dict[str, Any]] = ()) -> Around:
    """What stands round a record that was read in full: one question, with the stages `beside`, in which the people of
    the record are named too. A type of which the reader can reach nothing is not named."""
    lists_of = _lists_of(sight.rt, reader)
    asked = [_asked(one, sight) for one in lists_of]
    stages = [*history.stages(sight.id, latest), *directory.beside(cells.people_of(sight)), *beside]
    answer, lists = listing.newest_beside(store.VERSIONS, stages, asked, SHOWN)
    directory.take(answer)
    found = []
    for one, rows in zip(lists_of, lists, strict=True):
        seen = [row for row in map(one.glances.of, rows) if row is not None]
        rt, person = one.glances.rt, reader.person
        kept = frozenset(son["_id"] for son in rows if access.keeps_to_screen(person, rt, son.get("acl") or ()))
        found.append(RelatedList(rt, one.via.name, sight.number, seen, kept))
    return Around(records.versions_among(sight, answer), found, answer)


@dataclass(frozen=True)
class _List:
    """A related list as one person may see it, of whatever record."""

    via: Field
    reach: access.Reach
    fields: tuple[Field, ...]
    glances: Glances


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
            yield _List(via, reach, fields, Glances(person, other, reach, ()))


def _asked(one: _List, sight: Sight) -> listing.Asked:
    pointing = Filter(one.via, "is", str(sight.id))
    return listing.Asked(one.glances.rt, one.reach, one.fields, (pointing,), one.glances.names)


def _row(sight: Sight, names: Names, reader: Reader, beside: str, css: str) -> str:
    """A record as a line of a list; every part is escaped."""
    title, number = cells.title(sight, names), safe(sight.number)
    if title == beside:  # named after the record it stands beside: only its number tells it from the others
        title = sight.number
    detail = f"<span>{number}</span>" if title != sight.number else ""
    state, due = cells.state(sight, reader.language), cells.due(sight, reader)
    stands = f'<span class="state tone-{safe(state["tone"])}">{safe(state["text"])}</span>' if state else ""
    until, mark = _due(due) if due else "", level_marks(reader.language).get(sight.level, "")
    address = safe(cells.record_url(sight.rt.slug, sight.number))
    return (
        f'<li{css}><div><a href="{address}" title="{number}">{safe(title)}</a>'
        f"{mark}</div><p>{detail}{stands}{until}</p></li>"
    )


def _due(due: cells.Cell) -> str:
    icon = DUE_ICONS.get(due["tone"])
    mark = f'<i class="bi bi-{icon}" aria-hidden="true"></i>' if icon else ""
    return f'<span class="due tone-{due["tone"]}" title="{safe(due["full"])}">{mark}{safe(due["text"])}</span>'
