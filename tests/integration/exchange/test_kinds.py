"""Values of every kind leave as a file and come back as they were."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from pymongo.database import Database

from config.database import database
from models import records, registry, schema, store
from models.declarations import Field, Label
from models.exchange import service
from models.exchange.export import export
from models.listing import ListQuery
from models.person.roles import Person, Role
from models.record_input import OUT_OF_SIGHT
from tests.factories.commands import commands
from tests.factories.imports import checked, imported, reasons
from tests.factories.people import person
from tests.factories.types import COLOURS, SAMPLE

KINDS = {
    "opens_at": "9:30",
    "lent": "2026-01-05 起",
    "region": "华东 / 江苏 / 南京",
    "address": "浙江省杭州市西湖区文三路 1 号（310000）",
    "price": "USD 1,200.50",
    "amount": "-3.5",
    "share": "12.5",
    "seen_at": "2026-11-22 14:30",
    "colours": ["red", "blue"],
    "fragile": True,
    "packing": "foam",
    "box": {"width": 7},
    "people": [
        {
            "name": '李雷; "老李" · None',
            "phone": "13800138000",
            "born": "1990-02-03",
            "wage": "-1200.50",
            "shift": "2026-01-05 起",
        },
        {"name": "NULL"},
        {"name": "=韩梅梅", "wage": "3"},
    ],
}


@pytest.fixture
def head(db: Database[dict[str, Any]]) -> Iterator[Person]:
    registry.register(SAMPLE)
    schema.migrate()
    yield person(Role.HEAD)
    registry.unregister("sample")


@pytest.mark.parametrize("form", ["csv", "xlsx"])
@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("more", [{}, {"address": {"city": "乐山市", "district": "市中区", "street": "海棠路 1 号"}}])
def test_what_leaves_comes_back(head: Person, now: datetime, form: str, language: str, more: dict[str, Any]) -> None:
    first = records.create(head, "sample", {"name": "Lamp", **KINDS, **more}, now=now)
    made = export(head, "sample", ListQuery(), form, now=now, language=language)
    data = b"".join(made.pieces)
    batch = imported(head, data, now, slug="sample", keep_repeats=True)
    assert reasons(batch) == {}
    found = [son["_id"] for son in database()["record_sample"].find({"_id": {"$ne": first["_id"]}})]
    assert len(found) == 1
    again = store.fetch("sample", found[0])
    kept = store.fetch("sample", first["_id"])
    assert {name: again[name] for name in KINDS} == {name: kept[name] for name in KINDS}


WORDS = [
    "None",
    "NULL",
    "n/a",
    "nan",
    "\\N",
    "#N/A",
    "(null)",
    "#REF!",
    "'NULL",
    "''none",
    " Null ".strip(),
    "none of it",
]


@pytest.mark.parametrize("form", ["csv", "xlsx"])
@pytest.mark.parametrize("word", WORDS)
def test_a_text_that_is_a_programs_word_for_nothing_comes_back(
    head: Person, now: datetime, form: str, word: str
) -> None:
    values = {"name": word, "packing": word, "notes": word, "people": [{"name": word}]}
    records.create(head, "sample", values, now=now)
    data = b"".join(export(head, "sample", ListQuery(), form, now=now, language="en").pieces)
    batch = imported(head, data, now, slug="sample", keep_repeats=True)
    assert reasons(batch) == {}
    held = [[son.get(name) for name in ("name", "packing", "notes")] for son in database()["record_sample"].find()]
    assert held == [[word] * 3] * 2


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_it_is_nothing_in_a_file_of_another_program_and_in_what_is_handed_back_of_it(
    head: Person, now: datetime, form: str
) -> None:
    text = "Name,Packing,Pieces\nLamp,NULL,wrong\nTorch,'NULL,wrong\nCandle,n/a,1\n"
    batch = imported(head, text, now, slug="sample")
    handed = b"".join(service.bad_rows(head, batch.id, "en", xlsx=form == "xlsx"))
    if form == "csv":
        assert b"Lamp,NULL,wrong" in handed
        assert b"Torch,'NULL,wrong" in handed
    columns = [{"header": name, "field": name.lower()} for name in ("Name", "Packing")]
    imported(head, handed, now, slug="sample", mapping={"columns": columns}, keep_repeats=True)
    held = {son["name"]: son.get("packing") for son in database()["record_sample"].find()}
    assert held == {"Candle": None, "Lamp": None, "Torch": "NULL"}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_group_leaves_as_columns_of_its_fields_and_a_list_as_one(head: Person, now: datetime, language: str) -> None:
    records.create(head, "sample", {"name": "Lamp", **KINDS}, now=now)
    [row] = csv.DictReader(io.StringIO(exported(head, now, language).decode("utf-8-sig")))
    assert row["Box·Width" if language == "zh" else "Box: Width"] == "7"
    assert json.loads(row["People"])[1:] == [{"Name": "NULL"}, {"Name": "=韩梅梅", "Wage": "3.00"}]
    assert "Box" not in row


def exported(person: Person, now: datetime, language: str = "en", slug: str = "sample") -> bytes:
    return b"".join(export(person, slug, ListQuery(), "csv", now=now, language=language).pieces)


POINTED = replace(
    SAMPLE,
    fields=tuple(
        replace(
            f,
            fields=(
                *f.fields,
                Field(name="chief", kind="person", label=Label("主管", "Chief")),
                Field(name="of", kind="reference", label=Label("所属", "Of"), to="sample"),
                Field(name="hue", kind="choice", label=Label("色", "Hue"), choices=COLOURS),
            ),
        )
        if f.name == "people"
        else f
        for f in SAMPLE.fields
    ),
)


def test_rows_that_point_to_people_and_records_come_back(head: Person, now: datetime) -> None:
    registry.register(POINTED)
    chief = person(Role.SPECIALIST, name="Chief Wang")
    for place in range(3):
        records.create(head, "sample", {"name": f"Lamp {place}"}, now=now)
    lamps = [son["_id"] for son in database()["record_sample"].find().sort("number", 1)]
    rows = [{"name": "a", "chief": chief.id, "of": lamps[0], "hue": "red"}, {"name": "b", "of": lamps[2]}]
    records.create(head, "sample", {"name": "Shop", "people": rows}, now=now)
    batch = imported(head, exported(head, now, "zh"), now, slug="sample", keep_repeats=True)
    assert reasons(batch) == {}
    first, second = database()["record_sample"].find({"name": "Shop"})
    assert first["people"] == second["people"]
    assert second["people"][0]["chief"] == chief.id


def test_records_named_in_rows_are_looked_up_together(head: Person, now: datetime) -> None:
    registry.register(POINTED)
    numbers = [records.create(head, "sample", {"name": f"Lamp {n}"}, now=now)["number"] for n in range(4)]

    def asked(some: list[str]) -> int:
        lines = [json.dumps([{"Name": "a", "Of": number}]).replace('"', '""') for number in some]
        text = "Name,People\n" + "".join(f'New {number},"{line}"\n' for number, line in zip(some, lines, strict=True))
        with commands.heard() as said:
            assert reasons(checked(head, text, now, slug="sample")) == {}
        return len([one for one in said if one == "find record_sample"])

    assert asked(numbers) == asked(numbers[:1])


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("Li and Han", "People: “People” is no list of rows."),
        ('["a"]', "People: “People” is no list of rows."),
        ('[{"Name": ["a"]}]', "People: “…” is no list of rows."),
        ('[{"Name": "a", "Size": "9"}]', "People: These rows have no field “…”."),
        ('[{"Name": "a"}, {"Phone": "1390013900"}]', "People: This is required."),
        ('[{"Name": "a", "Born": "soon"}]', "People: “…” is not a date."),
        ("[" * 3000 + "]", "People: “People” is no list of rows."),
    ],
)
def test_rows_that_cannot_be_read_are_named_with_their_column(
    head: Person, now: datetime, cell: str, said: str
) -> None:
    quoted = cell.replace('"', '""')
    mapping = {"columns": [{"header": "Name", "field": "name"}, {"header": "People", "field": "people"}]}
    batch = checked(head, f'Name,People\nLamp,"{quoted}"\n', now, slug="sample", mapping=mapping)
    [found] = reasons(batch)
    assert found.startswith(said)


def test_a_bad_value_is_left_out_of_its_own_row_alone(head: Person, now: datetime) -> None:
    rows = [{"Name": "x"}, {"Name": "a", "Phone": "13800138000"}, {"name": "b", "phone": "none of it"}, {"Phone": "1"}]
    text = 'Name,People\nLamp,"' + json.dumps(rows).replace('"', '""') + '"\n'
    batch = imported(head, text, now, slug="sample", empty_bad=True)
    assert sum(reasons(batch, "emptied").values()) >= 1
    [son] = database()["record_sample"].find()
    assert [(one["name"], one.get("phone")) for one in son["people"]] == [
        ("x", None),
        ("a", "13800138000"),
        ("b", None),
    ]


def test_a_column_of_names_is_no_list(head: Person, now: datetime) -> None:
    batch = checked(head, "Name,People\nLamp,Li\nTorch,Han\n", now, slug="sample")
    assert {c["header"]: c["field"] for c in batch.mapping["columns"]}.get("People") != "people"


def test_a_cell_that_is_none_of_its_kind_is_named_with_its_column(head: Person, now: datetime) -> None:
    text = "Name,Opens at,Lent,地区,Price\nLamp,soon,never,火星,JPY 5\n"
    mapping = {
        "columns": [
            {"header": header, "field": name}
            for header, name in zip(
                ("Name", "Opens at", "Lent", "地区", "Price"),
                ("name", "opens_at", "lent", "region", "price"),
                strict=True,
            )
        ]
    }
    found = reasons(checked(head, text, now, slug="sample", mapping=mapping))
    assert {reason.partition(":")[0] for reason in found} == {"Opens at", "Lent", "地区", "Price"}


@pytest.mark.parametrize("empty_bad", [False, True])
def test_what_is_wrong_with_a_field_out_of_sight_is_not_told_in_words(
    head: Person, now: datetime, empty_bad: bool
) -> None:
    def refuse(draft: registry.Draft) -> None:
        draft.problem("salary", "工资超过四十二万", "A salary of 42 is too much for a lamp.")

    registry.register(SAMPLE, registry.Hooks(prepare=(refuse,)))
    for who, told in (
        (person(Role.CUSTODIAN), OUT_OF_SIGHT.en),
        (head, "A salary of 42 is too much for a lamp."),
    ):
        batch = checked(who, "名称\nLamp\n", now, slug="sample", empty_bad=empty_bad)
        assert list(reasons(batch)) == [told]
