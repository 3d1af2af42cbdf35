"""Field kinds: how each kind of value is read, stored, loaded and written out as text.

A kind is the one place that knows its value: forms, imports, filters, API and jobs all read through `read`, and every
screen and export writes through `text`. Values in Python are plain (`str`, `Decimal`, `date`, aware `datetime`,
`bool`, `ObjectId`, lists and dicts); `store` and `load` turn them into BSON and back.
"""

from models.kinds.base import ZONE, Kept, Kind, Unreadable
from models.kinds.nested import (
    KINDS,
    UNDECLARED,
    in_rows,
    kind_of,
    loaded,
    loading,
    parts_of,
    plain,
    read_values,
    stored,
    storing,
)

__all__ = [
    "KINDS",
    "UNDECLARED",
    "ZONE",
    "Kept",
    "Kind",
    "Unreadable",
    "in_rows",
    "kind_of",
    "loaded",
    "loading",
    "parts_of",
    "plain",
    "read_values",
    "stored",
    "storing",
]
