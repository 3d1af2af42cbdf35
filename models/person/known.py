"""People as they were taken for an earlier request: what was worked out of their rights is not worked out again."""

from __future__ import annotations

from bson import ObjectId

from models.person.roles import Person

MOST_KNOWN = 200

_known: dict[tuple[object, ...], Person] = {}


def before(person: ObjectId) -> Person | None:
    """A person with all their rights as they were taken for an earlier request. What follows from these rights is a
    guess until they are known to be the same."""
    return _known.get((person, None, False, None))


def as_before(person: Person) -> Person:
    """The equal person of an earlier request, with the reaches that were found for them; `person` itself where anything
    about them has changed since: a role, a grant, a deputyship, a name. Rights follow from these values alone."""
    key = person.id, person.only, person.read_only, person.through
    before = _known.get(key)
    if before is not None and before == person:
        return before
    if len(_known) >= MOST_KNOWN:
        _known.clear()
    _known[key] = person
    return person
