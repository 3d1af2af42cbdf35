"""Addresses of the API: which types the caller reaches, and where a record is."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from werkzeug.routing import BaseConverter, Map

from backoffice.api.caller import caller
from backoffice.api.problems import PREFIX
from models import access, registry
from models.access import Purpose
from models.declarations import RecordType
from models.errors import NotFound
from models.person.roles import Person

OWN = ("me", "search", "files")
"""Addresses that are no types; `models.checks` keeps these names free."""


class TypeSlug(BaseConverter):
    """The slug of a type in an address: never one of the API's own words."""

    part_isolating = True

    def __init__(self, url_map: Map, *args: Any, **kwargs: Any) -> None:
        super().__init__(url_map, *args, **kwargs)
        self.regex = rf"(?!(?:{'|'.join(OWN)})(?:/|$))[a-z][a-z0-9_]{{0,40}}"


def open_type(slug: str) -> RecordType:
    """A type of which the caller reaches something or to which they may add.

    :raises NotFound: for any other, and for one that does not exist, alike (X6).
    """
    return type_for(caller().person, slug)


def type_for(person: Person, slug: str) -> RecordType:
    """`open_type` for whoever a person is. :raises NotFound:"""
    rt = registry.get(slug).rt
    if access.reach(person, rt, Purpose.VIEW).nothing and not access.may_create(person, rt):
        raise NotFound()
    return rt


def record_path(slug: str, number: str) -> str:
    """Where a record is."""
    return f"{PREFIX}/{slug}/{quote(number, safe='')}"
