"""Notes by which a version names another record, as the product writes them: whoever may not know that record does not
read its number there (X3, X6)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from config.database import database
from models import access, registry
from models.access import Purpose
from models.errors import NotFound
from models.person.roles import Person
from models.record import collection_name

Version = Mapping[str, Any]
Find = Callable[[Version], str]

_naming: dict[str, list[Find]] = {}


def names(slug: str, find: Find) -> None:
    """A module states which versions name a record of a type: `find` gives its number, '' for any other version."""
    _naming.setdefault(slug, []).append(find)


def by_action(action: str) -> Find:
    """For versions of one action, whose note is the number and nothing else."""
    return lambda version: version["note"] if version["action"] == action else ""


def hide_unknown(person: Person | None, versions: Iterable[dict[str, Any]]) -> None:
    """Take out of some versions, of one record or several, the notes that name a record of which the person may not
    know: they see neither it nor its card, or it is gone. One question for each type that is named."""
    named: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    for version in versions:
        for slug, number in _named(version):
            named.setdefault(slug, []).append((number, version))
    for slug, found in named.items():
        known = _known(person, slug, {number for number, _ in found})
        for number, version in found:
            if number not in known:
                version["note"] = ""


def _named(version: Version) -> list[tuple[str, str]]:
    if not version.get("note"):
        return []
    found = ((slug, find(version)) for slug, finds in _naming.items() for find in finds)
    return [(slug, number) for slug, number in found if number]


def _known(person: Person | None, slug: str, numbers: Collection[str]) -> set[str]:
    """Those of some numbers under which the person sees a record of a type, in full or as its card."""
    if person is None:
        return set()
    try:
        rt = registry.get(slug).rt
    except NotFound:  # the type was withdrawn
        return set()
    reach = access.reach(person, rt, Purpose.VIEW)
    rows = database()[collection_name(slug)].find({"number": {"$in": list(numbers)}}, {"number": 1, "acl": 1})
    return {row["number"] for row in rows if reach.sees(row["acl"])}
