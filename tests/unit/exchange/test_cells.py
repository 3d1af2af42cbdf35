"""How the values of each kind leave in a file: as people read them, never as ids."""

from __future__ import annotations

import pytest
from bson import ObjectId

from models.declarations import Field, Label
from models.exchange import inner_rows
from models.exchange.cells import cell_of
from models.names import HIDDEN, Name, Names

KNOWN, GONE = ObjectId(), ObjectId()
NAMES = Names("zh", {KNOWN: "王敏"}, {("customer", KNOWN): Name("东方精密", "KH-2026-000001")})


def field(kind: str) -> Field:
    return Field(name="field", kind=kind, label=Label("字段", "Field"), to="customer", fields=())


@pytest.mark.parametrize(("kind", "text"), [("person", "王敏"), ("reference", "东方精密")])
def test_people_and_records_leave_by_their_names(kind: str, text: str) -> None:
    cell = cell_of(field(kind), "zh")
    assert cell is not None
    assert cell(KNOWN, NAMES) == text
    assert cell(GONE, NAMES) == HIDDEN


def test_so_they_do_inside_rows() -> None:
    rows = Field(name="rows", kind="embedded_list", label=Label("行", "Rows"), fields=(field("reference"),))
    cell = inner_rows.told(rows, "zh")
    assert cell([{"field": KNOWN}, {"field": GONE}], NAMES) == f'[{{"字段": "东方精密"}}, {{"字段": "{HIDDEN}"}}]'
