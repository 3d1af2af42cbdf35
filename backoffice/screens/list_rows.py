"""The rows of a list. What is the same for all of them is worked out once, because a page has up to a hundred."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any
from urllib.parse import quote, urlencode

from flask import url_for
from flask_babel import gettext as _

from backoffice.screens import cells
from backoffice.screens.reader import Reader
from models import access, records
from models.access import Purpose
from models.declarations import Field, RecordType
from models.names import Names
from models.record import SYSTEM_FIELDS
from models.records import Sight

Context = dict[str, Any]

SYSTEM = {f.name: f for f in SYSTEM_FIELDS}
EMPTY = {"text": "", "html": "", "title": "", "tone": "", "url": ""}


class Rows:
    """Makes the rows of one page. `came_from` is the list's query, which each row's addresses carry along, so that
    'save and open the next' knows the order; '' for the plain list."""

    def __init__(self, rt: RecordType, fields: tuple[Field, ...], names: Names, reader: Reader, came_from: str) -> None:
        self.rt, self.fields, self.names, self.reader = rt, fields, names, reader
        self._at = url_for("records.listing", slug=rt.slug)
        self._tail = "?" + urlencode({"in": came_from}) if came_from else ""
        self._blank = [{**EMPTY, "name": f.name, "kind": f.kind} for f in fields]

    @cached_property
    def _edit_reach(self) -> access.Reach:
        return access.reach(self.reader.person, self.rt, Purpose.EDIT)

    @cached_property
    def _words(self) -> dict[str, str]:
        return {"edit": _("Edit"), "ask": _("Ask for access")}

    def row(self, sight: Sight, son: Mapping[str, Any]) -> Context:
        """A record as a row; `son` is what is stored, for the question of rights."""
        address = self._at + quote(sight.number, safe="")
        return {
            "number": sight.number,
            "url": address + self._tail,
            "title": cells.title(sight, self.names),
            "locked": not sight.full,
            "level": sight.level,
            "state": cells.state(sight, self.reader.language) if sight.full else None,
            "due": cells.due(sight, self.reader),
            "cells": [self._cell(f, blank, sight) for f, blank in zip(self.fields, self._blank, strict=True)],
            "actions": self._actions(sight, son, address),
        }

    def _cell(self, field: Field, blank: Context, sight: Sight) -> Context:
        """A cell with every key that the template reads."""
        if SYSTEM.get(field.name) is not field:
            return blank | cells.list_cell(field, sight, self.names)
        if field.name == "owner":
            return blank | {"text": self.names.person(sight.values.get("owner"))}
        return blank | {"kind": "due" if field.name == "due_at" else field.name}

    def _actions(self, sight: Sight, son: Mapping[str, Any], address: str) -> list[Context]:
        if not sight.full:
            return [{"label": self._words["ask"], "url": f"{address}#ask", "icon": "key"}]
        if not records.usable(self.rt, self._edit_reach, son, Purpose.EDIT):
            return []
        return [{"label": self._words["edit"], "url": f"{address}/edit{self._tail}", "icon": "pencil"}]
