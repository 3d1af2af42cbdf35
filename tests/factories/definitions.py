"""Definitions of record types as the database keeps them: plain data."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from datetime import datetime
from typing import Any

from config.database import database
from models.declarations import RecordType
from models.person.roles import SYSTEM
from models.record_type import service

VISIT: dict[str, Any] = {
    "slug": "visit",
    "label": {"zh": "来访", "en": "Visit"},
    "plural": {"zh": "来访登记", "en": "Visits"},
    "icon": "door-open",
    "menu": "register",
    "number": "LF-{year}-{seq:05d}",
    "title": "visitor",
    "kept_by": "service",
    "groups": [{"name": "visit", "label": {"zh": "来访", "en": "Visit"}}],
    "fields": [
        {
            "name": "visitor",
            "kind": "text",
            "label": {"zh": "来访人", "en": "Visitor"},
            "group": "visit",
            "required": True,
            "listed": True,
            "searchable": True,
            "sortable": True,
            "filterable": True,
        },
        {
            "name": "customer",
            "kind": "reference",
            "label": {"zh": "客户", "en": "Customer"},
            "group": "visit",
            "to": "customer",
            "listed": True,
            "filterable": True,
        },
        {"name": "on", "kind": "date", "label": {"zh": "日期", "en": "Day"}, "group": "visit", "sortable": True},
        {
            "name": "arrived",
            "kind": "time",
            "label": {"zh": "到达时间", "en": "Arrived"},
            "group": "visit",
            "listed": True,
        },
    ],
    "rights": {
        "create": ["specialist", "head"],
        "imports": ["head"],
        "view": [{"relation": "dept"}],
        "edit": [{"relation": "own"}],
        "export": [{"relation": "dept", "roles": ["head"]}],
        "archive": [{"relation": "dept", "roles": ["head"]}],
    },
}


def visit(**changes: Any) -> dict[str, Any]:
    """The visitor register with some keys changed."""
    return {**deepcopy(VISIT), **changes}


def visit_with(**field: Any) -> dict[str, Any]:
    """The visitor register with one more field."""
    made = {"name": "badge", "kind": "text", "label": {"zh": "胸牌", "en": "Badge"}, "group": "visit", **field}
    return visit(fields=[*deepcopy(VISIT["fields"]), made])


@contextmanager
def in_force(definition: dict[str, Any], now: datetime) -> Iterator[RecordType]:
    """A type from the database in force for the time of a block."""
    yield service.put(definition, actor=SYSTEM, now=now)
    database()[service.TYPES].delete_many({"_id": definition["slug"]})
    service.refresh()
