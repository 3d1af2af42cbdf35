"""Export and import of whole files."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import UTC, datetime
from tempfile import TemporaryFile
from time import perf_counter, process_time
from typing import IO, Any

from bson import ObjectId

from bench import machine, stock
from bench.arm import Ask, answer
from bench.bare import inserts
from bench.content import Place, customer
from bench.house import CUSTODIAN, HEAD
from bench.measured import Measured, Run, alone, server_seconds, times
from bench.progress import tell
from bench.world import World
from config.database import database
from models.customer.document import CUSTOMER
from models.exchange import export as exports
from models.exchange import running, service
from models.exchange.document import AT_WORK, BATCHES, SEEN, Batch, Options
from models.listing import ListQuery

COLLECTION = "record_customer"
DERIVED = dict.fromkeys(("grams", "haystack", "keys", "acl"), 0)
EXPORT_TIMES, EXPORT_MB = 3, 150
IMPORT_PER_SECOND = 5000
LEAST_IMPORTED, MOST_IMPORTED = 5_000, 50_000
BARE_TIMES = 1.5
"""Where the bare inserts are slower than that: so many times their time."""
FLAT = 1.15
ROW = re.compile(rb"(?:^|\n)KH-")
IMPORTED = [
    "name",
    "address",
    "city",
    "region",
    "country",
    "phone",
    "licence_no",
    "industry",
    "ownership",
    "person_in_charge",
    "contact_name",
    "contact_position",
    "contact_phone",
    "contact_email",
    "contact_sex",
    "contact_birthday",
    "contact_hours",
    "size",
    "employees",
    "founded",
    "key_customer",
    "sales_past",
    "attitude",
    "contract_signed",
    "analysis",
]


# --- export


def export(world: World, told: Callable[[str], None]) -> list[Measured]:
    """The head's list of customers as CSV, against the same documents read with pymongo and written with `csv`."""
    told("export: floor")
    floor = alone(_raw_export, world)
    told("export: ours")
    ours = alone(_our_export, world)
    theirs = None
    if world.stock:
        told("export: stock")
        theirs = alone(_stock_export, world)
    rows, size = ours.result
    met = ours.seconds / rows <= EXPORT_TIMES * floor.seconds / floor.result[0] and ours.peak < EXPORT_MB
    figures = {"rows": rows, "bytes": size, "seconds": ours.seconds, "peak_mb": ours.peak, "before_mb": ours.before}
    figures |= {"floor_seconds": floor.seconds, "floor_rows": floor.result[0], "floor_peak_mb": floor.peak}
    if theirs:
        figures |= {"stock_seconds": theirs.seconds, "stock_rows": theirs.result, "stock_peak_mb": theirs.peak}
    return [
        Measured(
            f"CSV export of {rows:,} customers",
            f"{ours.seconds:.1f} s, {rows / ours.seconds:,.0f} rows/s, {ours.peak:.0f} MB",
            f"{floor.seconds:.1f} s, {floor.result[0] / floor.seconds:,.0f} rows/s, {floor.peak:.0f} MB",
            times(ours.seconds / rows, floor.seconds / floor.result[0]),
            f"{EXPORT_TIMES} x, under {EXPORT_MB} MB",
            met,
            _stock_said(theirs),
            f"{size / 2**20:.0f} MB file; processor time a row, program and database: {ours.worked(rows)}, "
            f"floor {floor.worked(floor.result[0])}",
            figures,
        )
    ]


def _stock_said(run: Run | None) -> str:
    return f"{run.result / run.seconds:,.0f} rows/s, {run.peak:.0f} MB after {run.result:,} rows" if run else ""


def _our_export(world: World) -> tuple[int, int]:
    made = exports.export(HEAD, "customer", ListQuery(), "csv", now=world.now)
    rows = size = 0
    for piece in made.pieces:
        rows += len(ROW.findall(piece))  # a piece ends where a row ends; a cell may hold a line break
        size += len(piece)
        tell(f"export: ours, {rows:,} rows")
    return rows, size


def _raw_export(_: World) -> tuple[int, int]:
    """The same documents in the same order, each declared field as text: no rights, names, cards or audit."""
    names = ["number", *(field.name for field in CUSTOMER.fields), "level", "owner", "state", "created_at"]
    text = io.StringIO()
    writer = csv.writer(text)
    rows = size = 0
    found = database()[COLLECTION].find({"number": {"$gt": ""}}, DERIVED, batch_size=500).sort("number", -1)
    for document in found:
        writer.writerow([document.get(name, "") for name in names])
        rows += 1
        if text.tell() > 65536:
            size += len(text.getvalue().encode())
            text.seek(0)
            text.truncate()
            tell(f"export: floor, {rows:,} rows")
    return rows, size + len(text.getvalue().encode())


def _stock_export(world: World) -> int:
    program = stock.make(world)
    return len(ROW.findall(answer(program, Ask("/customer/export/csv/")).body))


# --- import


def import_(world: World, told: Callable[[str], None]) -> list[Measured]:
    """New customers from a CSV file: every row checked, then stored with history and audit entries. Undone after."""
    told("import")
    run = alone(_our_import, world)
    found = run.result
    both = found["checking"] + found["storing"]
    rows = found["rows"]
    memory = found["peak"] / found["early"]
    bare_is_slow = rows / found["floor"] < IMPORT_PER_SECOND
    wanted = found["floor"] * BARE_TIMES if bare_is_slow else rows / IMPORT_PER_SECOND
    met = found["storing"] <= wanted and memory <= FLAT
    return [
        Measured(
            f"import of {rows:,} customers, all checks",
            f"checked {rows / found['checking']:,.0f} rows/s, stored {rows / found['storing']:,.0f} rows/s, "
            f"both {rows / both:,.0f} rows/s, taken back {rows / found['undoing']:,.0f} rows/s",
            f"{rows / found['floor']:,.0f} rows/s bare inserts of the same documents, "
            f"{rows / found['floor_two']:,.0f} from two processes",
            times(found["storing"], found["floor"]),
            wanted=f"{IMPORT_PER_SECOND:,} rows/s, or {BARE_TIMES} x where bare inserts are slower; memory flat",
            met=met,
            more=f"{found['early']:.0f} MB after a tenth, {found['peak']:.0f} MB at most; processor time a row stored: "
            f"{found['own_cpu'] / rows * 1e6:.0f} µs here, {found['server_cpu'] / rows * 1e6:.0f} µs in the database",
            figures=found,
        )
    ]


def _table(world: World, rows: int) -> IO[bytes]:
    file = TemporaryFile()  # noqa: SIM115 - the caller reads it; it goes with its last reference
    text = io.TextIOWrapper(file, "utf-8-sig", newline="")
    writer = csv.writer(text)
    writer.writerow([CUSTOMER.by_name[name].label.zh for name in IMPORTED])
    for index in range(rows):
        values = customer(Place(world.size * 2 + index, world.size * 4))[1]
        values["phone"] = f"0990-6{index:07d}"
        writer.writerow([_cell(values.get(name)) for name in IMPORTED])
    text.detach()
    file.seek(0)
    return file


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    return "" if value is None else str(value)


def _our_import(world: World) -> dict[str, float]:
    rows = min(MOST_IMPORTED, max(LEAST_IMPORTED, world.size // 10))
    file = _table(world, rows)
    batch = service.start(CUSTODIAN, "customer", file, "customers.csv", now=world.now, limit=1 << 30)
    batch = service.check(CUSTODIAN, batch.id, batch.mapping, Options(), world.now)
    try:
        checking, _ = _work_on(batch, rows)
        batch = service.get(batch.id)
        taken = batch.count("taken")
        if taken < rows:
            reasons = [(one.column, one.en, one.count) for one in batch.reasons]
            raise RuntimeError(f"only {taken} of {rows} rows are good: {reasons[:5]}")
        machine.forget_peak()
        batch = service.confirm(CUSTODIAN, batch.id, batch.stamp, world.now)
        own, server = process_time(), server_seconds()
        storing, early = _work_on(batch, rows)
        made = {"rows": rows, "checking": checking, "storing": storing, "early": early, "peak": machine.peak()}
        made |= {"own_cpu": process_time() - own, "server_cpu": server_seconds() - server}
        bare = inserts(world, "customer", batch.id)
        batch = service.undo(CUSTODIAN, batch.id, world.now)
        undoing, _ = _work_on(batch, rows)
        return {**made, "floor": bare.alone, "floor_two": bare.two, "undoing": undoing}
    finally:
        _clean(batch.id)


def _work_on(batch: Batch, rows: int) -> tuple[float, float]:
    """Work on the present step to its end; seconds, and the memory after a tenth of the rows."""
    began, early = perf_counter(), 0.0

    def told(now: Batch) -> None:
        nonlocal early
        if not early and now.handled * 10 >= rows:
            early = machine.peak()
        tell(f"import: {now.state.value}, {now.handled:,} of {rows:,} rows")

    while service.get(batch.id).state in AT_WORK:
        running.advance(batch.id, holder="bench", now=datetime.now(UTC), told=told)
    return perf_counter() - began, early


def _clean(batch: ObjectId) -> None:
    """Leave the database as it was, but for history and audit trail."""
    db = database()
    db[COLLECTION].delete_many({"batch": batch})
    db[SEEN].delete_many({"batch": batch})
    db[BATCHES].delete_one({"_id": batch})
