"""A type whose records may be merged and point to one another, and people who merge them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from pymongo.database import Database

from models import records, registry, schema, store
from models.declarations import Field, Label, RecordType, Relation, Rule
from models.person.roles import Person, Role
from tests.factories.types import SAMPLE

DB = Database[dict[str, Any]]

POINTERS = (
    Field(name="lamp", kind="reference", label=Label("灯", "Lamp"), group="more", to="sample"),
    Field(
        name="shelf",
        kind="embedded",
        label=Label("架", "Shelf"),
        group="more",
        fields=(Field(name="lamp", kind="reference", label=Label("灯", "Lamp"), to="sample"),),
    ),
    Field(
        name="rows",
        kind="embedded_list",
        label=Label("行", "Rows"),
        group="more",
        fields=(
            Field(name="lamp", kind="reference", label=Label("灯", "Lamp"), to="sample"),
            Field(name="count", kind="integer", label=Label("数", "Count")),
        ),
    ),
)
MERGED = replace(
    SAMPLE,
    rights=replace(SAMPLE.rights, merge=(Rule(Relation.DEPARTMENT, (Role.HEAD, Role.CUSTODIAN)),)),
)
POINTING = RecordType(
    slug="pointing",
    label=Label("指向", "Pointing"),
    plural=Label("指向", "Pointing"),
    icon="box",
    menu="register",
    number="ZX-{year}-{seq:06d}",
    title="number",
    fields=POINTERS,
    groups=SAMPLE.groups,
    rights=replace(SAMPLE.rights, view=(Rule(Relation.ANY),)),
)


@pytest.fixture(autouse=True)
def types(db: DB) -> Iterator[None]:
    registry.register(MERGED)
    registry.register(POINTING)
    schema.migrate()
    yield
    registry.unregister("sample")
    registry.unregister("pointing")


def lamp(actor: Person, now: datetime, **values: Any) -> dict[str, Any]:
    """A stored sample."""
    return records.create(actor, "sample", {"name": "Lamp", **values}, now=now)


def now_of(record: dict[str, Any], slug: str = "sample") -> dict[str, Any]:
    """The record as it is stored now."""
    return store.fetch(slug, record["_id"])
