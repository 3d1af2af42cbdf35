"""Records of other types that point to a record: the first few of each, within the reader's reach."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bson import ObjectId

from backoffice import addresses
from backoffice.screens import cells
from backoffice.screens.reader import Reader
from models import access, history, listing, records, registry, store
from models.access import Purpose
from models.declarations import Field, RecordType
from models.errors import NotFound
from models.glances import Glances
from models.listing import Filter
from models.names import Names, pointers
from models.person import directory
from models.records import Sight

SHOWN = 5


@dataclass(frozen=True)
class RelatedList:
    """The first records of one type that point here through the field `via`."""

    rt: RecordType
    via: str
    number: str
    sights: list[Sight]

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
            "rows": [_row(sight, names, reader, beside) for sight in self.sights],
        }


def with_versions(sight: Sight, reader: Reader, latest: int) -> tuple[list[dict[str, Any]], list[RelatedList]]:
    """The latest versions of a record that was read in full, as `records.versions_of` gives them, and the related lists
    that the reader may see: one question, in which the people of the record are named too. A type of which they can
    reach nothing is not named."""
    asked, glances = _asked(sight, reader)
    stages = [*history.stages(sight.id, latest), *directory.beside(_people(sight))]
    answer, lists = listing.newest_beside(store.VERSIONS, stages, asked, SHOWN)
    directory.take(answer)
    found = []
    for one, shown, rows in zip(asked, glances, lists, strict=True):
        seen = [row for row in map(shown.of, rows) if row is not None]
        found.append(RelatedList(one.rt, one.filters[0].field.name, sight.number, seen))
    return records.versions_among(sight, answer), found


def _people(sight: Sight) -> Iterator[ObjectId | None]:
    """Whom a record names: in its values, and in the engine's own fields."""
    yield from cells.person_ids(sight.values)
    for declared, value in pointers(sight.fields, sight.values):
        if declared.kind == "person":
            yield value


def _asked(sight: Sight, reader: Reader) -> tuple[list[listing.Asked], list[Glances]]:
    asked: list[listing.Asked] = []
    glances: list[Glances] = []
    for declared in sight.rt.related:
        try:
            rt = registry.get(declared.slug).rt
        except NotFound:  # declared for a type that is not in force here
            continue
        reach = access.reach(reader.person, rt, Purpose.VIEW)
        fields = access.visible_fields(reader.person, rt)
        via = listing.queryable(rt, fields).get(declared.via)
        if reach.nothing or via is None or not via.filterable:
            continue
        shown = Glances(reader.person, rt, reach, ())
        pointing = Filter(via, "is", str(sight.id))
        asked.append(listing.Asked(rt, reach, fields, (pointing,), shown.names))
        glances.append(shown)
    return asked, glances


def _row(sight: Sight, names: Names, reader: Reader, beside: str) -> dict[str, Any]:
    title = cells.title(sight, names)
    if title == beside:  # named after the record it stands beside: only its number tells it from the others
        title = sight.number
    return {
        "title": title,
        "number": sight.number,
        "url": cells.record_url(sight.rt.slug, sight.number),
        "level": sight.level,
        "state": cells.state(sight, reader.language),
        "due": cells.due(sight, reader),
        "detail": sight.number if title != sight.number else "",
    }
