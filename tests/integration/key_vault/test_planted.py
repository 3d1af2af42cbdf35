"""Fifty values in encrypted fields, put there in every way there is, and looked for in everything that is stored."""

from __future__ import annotations

import logging
import zipfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from bson import ObjectId
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo.database import Database

from config.database import database
from config.settings import Settings
from jobs.backup import save
from models import catalogue, schema, store
from models.merge import service as merging
from models.person import unsent
from models.person.roles import Person, Role
from tests.factories.bulk_changes import carried_out
from tests.factories.imports import imported, uploaded
from tests.factories.proofs import noted
from tests.factories.sealed import unsealed
from tests.factories.views import view
from tests.integration.api.conftest import Program, Start

Base = Database[dict[str, Any]]


STEMS = ("1397314", "kranich", "暗礁灯塔")
"""How the values begin: where none of these stands, none of them does."""


class Planter:
    """Makes values that are found nowhere else, and keeps them."""

    def __init__(self) -> None:
        self._next = count(1)
        self.phones: list[str] = []
        self.emails: list[str] = []
        self.texts: list[str] = []

    def phone(self) -> str:
        self.phones.append(f"{STEMS[0]}{next(self._next):04d}")
        return self.phones[-1]

    def email(self) -> str:
        self.emails.append(f"{STEMS[1]}{next(self._next):04d}@storch.example")
        return self.emails[-1]

    def text(self) -> str:
        self.texts.append(f"{STEMS[2]}{next(self._next):04d}信天翁")
        return self.texts[-1]

    @property
    def everything(self) -> list[str]:
        return [*self.phones, *self.emails, *self.texts]

    def contact(self) -> dict[str, str]:
        return {"contact_phone": self.phone(), "contact_email": self.email(), "analysis": self.text()}

    def person(self, name: str) -> dict[str, str]:
        return {"name": name, "phone": self.phone(), "email": self.email(), "family": self.text()}


@pytest.fixture
def shipped(db: Base) -> None:
    catalogue.load()
    schema.migrate()


def plant(sit: Any, start: Start, now: datetime, planter: Planter) -> Program:
    """Fifty values and more, by form, API, import, a change of many, a merge and a former version restored."""
    desk = sit(Role.SPECIALIST, Role.HEAD, Role.CUSTODIAN)
    who: Person = desk.person
    rows = {f"key_people-0-{name}": value for name, value in planter.person("甲").items()}
    at = desk.send(
        "/records/customer/new", name="远山机械有限公司", level="secret", **planter.contact(), **rows
    ).location
    number = at.rpartition("/")[2]
    program = start(Role.HEAD, Role.SPECIALIST, Role.CUSTODIAN)
    for level in ("internal", "confidential", "top_secret"):
        people = [planter.person("乙"), planter.person("丙")]
        values = {"name": f"云海{level}有限公司", "level": level, "key_people": people, **planter.contact()}
        answer = program.ask("POST", "/customer", json={"values": values})
        assert answer.status_code == 201, answer.get_data(as_text=True)
        former = str(answer.get_json()["number"])
    answer = program.ask("PATCH", f"/customer/{former}", json={"rev": 1, "values": planter.contact()})
    assert answer.status_code == 200
    lines = [f"松涛{n}公司,{planter.phone()},{planter.email()},{planter.text()}" for n in range(3)]
    lines.append(f",{planter.phone()},{planter.email()},{planter.text()}")
    batch = imported(who, "公司名称,联系人电话,联系人邮箱,客户分析\n" + "\n".join(lines) + "\n", now)
    assert batch.count("taken") == 3
    uploaded(who, f"公司名称,联系人电话\n草稿公司,{planter.phone()}\n", now)
    carried_out(who, "change", {"analysis": planter.text()}, numbers=[number], now=now)
    view(who, f"q={planter.phones[0]}", name="Looked for", slug="customer")
    carried_out(who, "change", {"short_name": "远山"}, address=[("q", planter.phones[1])], now=now)
    unsent.keep(ObjectId(), "/somewhere", [("contact_phone", planter.phone())], now)
    one, other = (_made(desk, planter, n) for n in ("一", "二"))
    revs = (1, 1)
    merging.merge(who, "customer", one, other, {"contact_phone": "other"}, revs=revs, now=now)
    desk.send(f"/records/customer/{number}/edit", 303, rev="3", name="远山机械有限公司", **planter.contact())
    desk.send(f"/records/customer/{number}/history/1", rev="4")
    values = {"facts": "少一箱", "customer": _id(number), "contact_phone": planter.phone()}
    store.create("complaint", {**values, "contact_email": planter.email()}, actor=who, now=now)
    return program


def _made(desk: Any, planter: Planter, name: str) -> str:
    at = desk.send("/records/customer/new", name=f"江南{name}厂", **planter.contact()).location
    return str(at.rpartition("/")[2])


def _id(number: str) -> Any:
    found = database()["record_customer"].find_one({"number": number})
    assert found is not None
    return found["_id"]


def holding(planter: Planter, data: bytes) -> set[str]:
    if not any(stem.encode() in data for stem in STEMS):
        return set()
    return {one for one in planter.everything if one.encode() in data}


def looked_for(planter: Planter, place: str, parts: Iterable[tuple[str, bytes]]) -> set[tuple[str, str]]:
    """Which planted values stand in some content, by the names of its parts; noted for whoever is to be shown it."""
    size, found = 0, set()
    for name, data in parts:
        size += len(data)
        found |= {(name, value) for value in holding(planter, data)}
    noted.searched("values of encrypted fields", place, planter.everything, size, {value for _, value in found})
    return found


def documents(db: Base) -> Iterator[tuple[str, bytes]]:
    """Every document of every database of the installation, as it lies there."""
    raw = CodecOptions(document_class=RawBSONDocument)
    for base in (db, db.client[f"{db.name}_keys"]):
        for name in base.list_collection_names():
            for row in base[name].with_options(codec_options=raw).find():
                yield f"{base.name}.{name}", bytes(row.raw)


def test_planted_values_are_in_no_document_file_backup_or_log(
    shipped: None,
    sit: Any,
    start: Start,
    connected: Settings,
    db: Base,
    now: datetime,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    planter = Planter()
    with caplog.at_level(logging.INFO):
        plant(sit, start, now, planter)
        sit(Role.SPECIALIST, Role.HEAD, Role.CUSTODIAN).text(f"/records/customer/?q={planter.phones[0]}")
    assert len(set(planter.everything)) >= 50
    lying = list(documents(db))
    assert [name for name, data in lying if "松涛1公司".encode() in data], "what is not encrypted is found"
    assert looked_for(planter, "every document of every database", lying) == set()
    db.client.admin.command("fsync")
    files = [path for path in connected.data_dir.rglob("*") if path.is_file()]
    assert len(files) > 10
    content = ((str(path), path.read_bytes()) for path in files)
    assert looked_for(planter, "the files of the database server and of the program", content) == set()
    backup = tmp_path / "all.backup"
    save(backup, connected, now)
    with zipfile.ZipFile(backup) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    assert sum(map(len, parts.values())) > 10_000
    assert looked_for(planter, "a backup, unpacked", parts.items()) == set()
    assert looked_for(planter, "the log", [("log", caplog.text.encode())]) == set()


def test_what_was_planted_is_found_by_its_whole_value_and_by_no_part(
    shipped: None, sit: Any, start: Start, db: Base, now: datetime
) -> None:
    planter = Planter()
    program = plant(sit, start, now, planter)
    stored = "".join(repr(unsealed(row)) for row in db["record_customer"].find({"merged_into": None}))
    present = [one for one in (*planter.phones, *planter.emails) if one in stored]
    assert len(present) > 20
    for one in present:
        assert program.get("/customer", query_string={"q": one})["items"], one
        assert not program.get("/customer", query_string={"q": one[:-1]})["items"], one
