"""The header that tells of records which a merge did not reach, as they could not be opened: they point to the merged
one still, or, of a merge that is taken back, have their pointer again and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from models.merge import service
from models.merge.unmoved import MOST, Unreached, left_behind
from models.person.roles import Person
from models.sights import Sight

NAME = "Passed-Over"
MORE, MOVING = "and {} more", "still moving"


def header(found: Sequence[Unreached]) -> dict[str, str]:
    """The first by name, as `type/number`, how many more, and whether references are still being moved, after which
    there may be others; nothing where there is none of it."""
    named = [quote(f"{one.slug}/{one.number}") for over in found for one in over.named]
    more = sum(over.more for over in found) + len(named[MOST:])
    parts = [*named[:MOST], *([MORE.format(more)] if more else [])]
    parts += [MOVING] if any(over.moving for over in found) else []
    return {NAME: ", ".join(parts)} if parts else {}


def of_versions(person: Person, sight: Sight, versions: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The header of an answer with some versions of a record: for the merges that are among them."""
    actions = {row["action"] for row in versions}
    over = [one.passed_over for one in service.merged_into(person, sight)] if "merge" in actions else []
    return header([*over, *([left_behind(person, sight)] if "unmerge" in actions else [])])
