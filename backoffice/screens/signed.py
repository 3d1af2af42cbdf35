"""What its reader signed, below the card of a locked record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backoffice.screens import cells
from backoffice.screens.reader import Reader
from models import signed
from models.kinds import kind_of
from models.sights import Sight

Context = dict[str, Any]


def context(sight: Sight, current: Mapping[str, Any], reader: Reader) -> list[Context]:
    """The reader's own signatures on a record, the oldest first, in words."""
    language = reader.language
    return [
        {
            "what": one.move.told(language),
            "when": cells.moment_short(one.at, language),
            "note": one.note,
            "by": one.by,
            "values": [
                {"label": field.label.text(language), "text": kind_of(field).text(field, value, language)}
                for field, value in one.values
            ],
        }
        for one in signed.of_person(reader.person, sight, current)
    ]
