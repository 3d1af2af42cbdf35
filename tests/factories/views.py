"""Saved views for tests."""

from __future__ import annotations

from urllib.parse import parse_qsl

from models.person.roles import Person
from models.saved_view import service
from models.saved_view.document import SavedView


def view(who: Person, query: str, name: str = "Mine", slug: str = "sample") -> SavedView:
    """A list that somebody saved, by its query string."""
    return service.save(who, slug, name, parse_qsl(query))
