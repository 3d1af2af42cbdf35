"""D2: imported files that hold what is destroyed go, however they are written; others stay, and stop nothing."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

import pytest
from pymongo.database import Database

from models import store
from models.destruction import removal
from models.destruction.document import SLUG
from models.exchange import service as exchange
from models.exchange.document import Options
from models.exchange.xlsx_writing import XlsxWriter
from models.key_vault import service as vault
from tests.factories.damage import damage
from tests.factories.imports import uploaded, worked
from tests.factories.views import view
from tests.integration.destruction.conftest import SETTLED, WEEK, Cast, carried_out, old_file, signed

Base = Database[dict[str, Any]]
NO_TIME = removal.SETTLED_AFTER * 0


def workbook(*rows: str) -> bytes:
    writer = XlsxWriter(["客户名称"], ["text"])
    for row in rows:
        writer.row([row])
    return writer.finish()


def changed(book: bytes, part: str, old: bytes, new: bytes) -> bytes:
    """A workbook with something in one of its parts replaced."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as source, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = source.read(name)
            target.writestr(name, content.replace(old, new) if name == part else content)
    return made.getvalue()


def damaged(book: bytes) -> bytes:
    """A workbook one of whose parts has another checksum than is stated."""
    with zipfile.ZipFile(io.BytesIO(book)) as source:
        crc = source.getinfo("xl/styles.xml").CRC
    wrong = (crc ^ 1).to_bytes(4, "little")
    return book.replace(crc.to_bytes(4, "little"), wrong)


def destroyed(cast: Cast, name: str, now: datetime) -> None:
    asked = signed(cast, [old_file(cast, now, name=name)], now)
    carried_out(now + WEEK)
    assert store.fetch(SLUG, asked["_id"])["state"] == "destroyed"


def left(db: Base, batches: Iterable[Any]) -> list[bool]:
    return [db["import_file.files"].find_one({"metadata.batch": one.id}) is not None for one in batches]


NAME = "Lost&Lamps Ltd"
BOOK = workbook("别的公司", NAME)
SHEET = "xl/worksheets/sheet1.xml"
PLAIN = b'<t xml:space="preserve">Lost&amp;Lamps Ltd</t>'
RUNS = b"<r><t>Lost&amp;</t></r><r><rPr><b/></rPr><t>Lamps Ltd</t></r>"
WRITTEN = [
    workbook("别的公司", NAME),
    workbook("LOST&LAMPS  LTD"),
    workbook("Ｌｏｓｔ＆Ｌａｍｐｓ Ｌｔｄ"),
    changed(BOOK, SHEET, PLAIN, RUNS),
    f"客户名称\n别的公司\n{NAME}\n",
    f"客户名称;地址\n别的公司;x\n{NAME.upper()};y\n",
    '客户名称,备注\n别的公司,"另见 KH-2022-000001 号"\n',
    f"客户名称\n别的公司\n{NAME}\n".encode("utf-16"),
]


@pytest.mark.parametrize("content", WRITTEN)
def test_a_file_that_holds_it_goes_however_it_is_written(
    cast: Cast, now: datetime, db: Base, content: str | bytes
) -> None:
    batch = uploaded(cast.custodian, content, now, name="a.xlsx")
    destroyed(cast, NAME, now)
    assert left(db, [batch]) == [False]


def test_files_and_views_that_say_something_longer_stay(cast: Cast, now: datetime, db: Base) -> None:
    rows = ("上海灯具有限公司", "地址在上海路")
    files = [
        uploaded(cast.custodian, workbook(*rows), now),
        uploaded(cast.custodian, f"客户名称\n{rows[0]}\n{rows[1]}\n", now),
    ]
    view(cast.owner, "q=上海灯具有限公司", name="上海灯具的客户", slug="customer")
    view(cast.owner, "q=%E4%B8%8A%E6%B5%B7", name="Named whole", slug="customer")
    destroyed(cast, "上海", now)
    assert left(db, files) == [True, True]
    assert [row["name"] for row in db["saved_view"].find()] == ["上海灯具的客户"]


def test_a_damaged_workbook_stops_nothing_and_goes(cast: Cast, now: datetime, db: Base) -> None:
    """It may hold anything, and nobody can import it."""
    batch = uploaded(cast.custodian, workbook("别的公司"), now)
    broken = damaged(workbook("别的公司"))
    stored = db["import_file.files"].find_one({})
    assert stored is not None
    _replace(db, stored["_id"], broken)
    destroyed(cast, NAME, now)
    assert left(db, [batch]) == [False]


def test_a_file_whose_key_is_gone_stops_nothing_and_goes(cast: Cast, now: datetime, db: Base) -> None:
    batch = uploaded(cast.custodian, "客户名称\n别的公司\n", now)
    vault.destroy([db["import_file.files"].distinct("_id")[0]])
    destroyed(cast, NAME, now)
    assert left(db, [batch]) == [False]


def turned(db: Base, chunk: dict[str, Any]) -> None:
    """One bit of a sealed piece is another."""
    harmed = chunk["data"][:-1] + bytes([chunk["data"][-1] ^ 1])
    db["import_file.chunks"].update_one({"_id": chunk["_id"]}, {"$set": {"data": harmed}})


def cut(db: Base, chunk: dict[str, Any]) -> None:
    """The end of a piece is lost."""
    db["import_file.chunks"].update_one({"_id": chunk["_id"]}, {"$set": {"data": chunk["data"][:-20]}})


def lost(db: Base, chunk: dict[str, Any]) -> None:
    """A piece is not there."""
    db["import_file.chunks"].delete_one({"_id": chunk["_id"]})


@pytest.mark.parametrize("harm", [turned, cut, lost])
def test_a_damaged_file_stops_nothing_and_goes(
    cast: Cast, now: datetime, db: Base, harm: Callable[[Base, dict[str, Any]], None]
) -> None:
    batch = uploaded(cast.custodian, "客户名称\n别的公司\n", now)
    chunk = db["import_file.chunks"].find_one({})
    assert chunk is not None
    harm(db, chunk)
    destroyed(cast, NAME, now)
    assert left(db, [batch]) == [False]


def test_a_saved_view_that_cannot_be_opened_stops_nothing_and_goes(cast: Cast, now: datetime, db: Base) -> None:
    harmed = view(cast.owner, "q=Candles", name="Damaged", slug="customer")
    view(cast.owner, "q=Candles", name="Whole", slug="customer")
    damage("saved_view", harmed.id, "address")
    destroyed(cast, NAME, now)
    assert db["saved_view"].distinct("name") == ["Whole"]


def test_an_import_that_is_under_way_is_waited_for(cast: Cast, now: datetime, db: Base) -> None:
    batch = uploaded(cast.custodian, f"客户名称\n{NAME}\n", now)
    batch = exchange.check(cast.custodian, batch.id, batch.mapping, Options(), now)
    asked = signed(cast, [old_file(cast, now, name=NAME)], now)
    removal.begin_due(now + WEEK)
    assert removal.work("test", now + WEEK + SETTLED, settled=NO_TIME) == (0, True)
    assert exchange.get(batch.id).state == "checking"
    assert worked(batch, now).state == "checked"
    carried_out(now + WEEK)
    assert store.fetch(SLUG, asked["_id"])["state"] == "destroyed"
    assert left(db, [batch]) == [False]


def _replace(db: Base, file: Any, content: bytes) -> None:
    """Another content for an uploaded file, as it was stored before files were sealed."""
    db["import_file.chunks"].delete_many({"files_id": file})
    db["import_file.chunks"].insert_one({"files_id": file, "n": 0, "data": content})
    told = {"length": len(content), "chunkSize": len(content), "metadata.sealed": False}
    db["import_file.files"].update_one({"_id": file}, {"$set": told})
