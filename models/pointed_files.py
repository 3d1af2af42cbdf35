"""Which attached files a record points to, for who reads it: now, and in the versions that they read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from bson import ObjectId

from models import sealing
from models.errors import NotFound
from models.sights import Sight, versions_of


def pointed_file(found: Sight, file_id: str) -> dict[str, Any]:
    """The row of a file to which the record, as its reader sees it, points, or pointed in a version that they read.

    :raises NotFound: :raises Unopened: what the file is called cannot be opened.
    """
    if not ObjectId.is_valid(file_id):
        raise NotFound()
    wanted = ObjectId(file_id)
    for row in chain(_files_now(found), _former_files(found)):
        if row["file"] == wanted:
            for refusal in sealing.unopened_in([row]):
                raise refusal
            return dict(row)
    raise NotFound()


def _files_now(found: Sight) -> Iterator[Mapping[str, Any]]:
    for field in found.fields:
        if field.kind == "files":
            yield from found.values.get(field.name) or ()


def _former_files(found: Sight) -> Iterator[Mapping[str, Any]]:
    for version in versions_of(found, 0):
        for change in version["changes"]:
            if change["field"].kind == "files":
                yield from change["before"] or ()
