"""Ids as they stand in addresses and forms."""

from __future__ import annotations

from bson import ObjectId
from bson.errors import InvalidId

from models.errors import NotFound


def identifier(text: str | None) -> ObjectId:
    """An id from an address or a form. :raises NotFound: when it is none."""
    try:
        return ObjectId(text or "")
    except InvalidId:
        raise NotFound() from None
