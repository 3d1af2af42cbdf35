"""The work on imports: rows checked, stored or taken back, a few hundred in a transaction (see `job.long`).

Each chunk notes the last row that is done in the transaction that does it, so that whoever goes on after a crash, a
restart or a pause begins with the next row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any

from bson import ObjectId

from config.database import TransactionGaveUp, database, transaction
from models import audit
from models.errors import Refusal
from models.exchange import service
from models.exchange.desk import Desk, Prepared, Rows
from models.exchange.document import AT_WORK, BATCHES, LINES, Batch, State, sealed_lines
from models.exchange.table import Table
from models.exchange.tally import Tally
from models.exchange.undoing import undo_chunk
from models.job import long
from models.job.ahead import ahead
from models.job.long import GoOn, LongWork
from models.person.roles import Person

CHUNK = 200
FEWEST = 10
"""However slow the machine: so many rows are stored at once."""
WORK = LongWork(BATCHES, tuple(state.value for state in AT_WORK))
Told = Callable[[Batch], None]


def work(holder: str, now: datetime, go_on: GoOn) -> tuple[int, bool]:
    """Work on every import that waits while `go_on`; returns how many rows were handled, and whether work is left."""
    rows, left = 0, False
    for batch_id in service.at_work():
        before = service.get(batch_id).handled
        left |= advance(batch_id, holder=holder, now=now, go_on=go_on)
        rows += service.get(batch_id).handled - before
    return rows, left


def advance(
    batch_id: ObjectId, *, holder: str, now: datetime, go_on: GoOn = lambda: True, told: Told = lambda _: None
) -> bool:
    """Go on with an import while `go_on`, telling after each chunk how far it is; True when work is left for later.

    A file that turns out to be damaged, and a right that was lost, end it as failed; what was stored until then
    stands and can be undone.
    """
    return WORK.advance(batch_id, holder, now, lambda row: _go_on(Batch.read(row), holder, now, go_on, told))


def _go_on(batch: Batch | None, holder: str, now: datetime, go_on: GoOn, told: Told) -> bool:
    while batch is not None and batch.state in AT_WORK:
        if not go_on():
            return True
        if batch.state is State.UNDOING:
            batch = _undo_some(batch, holder, now)
        else:
            batch = _rows(batch, holder, now, go_on, told)
        if batch is not None:
            told(batch)
    return False


def _rows(batch: Batch, holder: str, now: datetime, go_on: GoOn, told: Told) -> Batch | None:
    """Check or store chunk by chunk, each made ready while the one before is stored; the batch as it is then."""
    person = service.actor_of(batch)
    _, taker = service.plan_of(person, batch)
    desk, hold = Desk(batch, person, taker, now, CHUNK), WORK.hold(batch.id, holder)
    with service.opened(batch) as table, closing(ahead(map(desk.prepare, _chunks(table, batch)))) as chunks:
        for chunk in chunks:
            if not go_on():
                return service.get(batch.id)
            hold.keep()
            batch = _store(batch, holder, desk, chunk)
            desk.stored += len(chunk.good)
            told(batch)
    _finish(batch, holder, person, now)
    return service.get(batch.id)


def _chunks(table: Table, batch: Batch) -> Iterator[Rows]:
    """What is left of a file, some hundred rows at a time."""
    place = [batch.done, batch.size]

    def at(done: int, total: int) -> None:
        place[:] = [done, total]

    left = (row for row in table.rows(at) if row.number > batch.at_row)
    while rows := tuple(islice(left, CHUNK)):
        yield Rows(rows, place[0], place[1])


def _store(batch: Batch, holder: str, desk: Desk, chunk: Prepared) -> Batch:
    """Store a chunk: in smaller parts when the machine is too slow for so many at once, and row by row when something
    in it cannot be stored beside the others. The batch as it is then."""
    count = len(chunk.takens)
    if count > desk.at_once:
        return _store_parts(batch, holder, desk, chunk.parts(desk.at_once))
    try:
        return transaction(partial(_write, batch, holder, desk, chunk))
    except TransactionGaveUp:
        if count <= FEWEST:
            raise
        desk.at_once = max(FEWEST, count // 4)
        return _store_parts(batch, holder, desk, chunk.parts(desk.at_once))
    except Refusal as refusal:
        if count == 1:
            return transaction(partial(_write, batch, holder, desk, desk.refused(chunk, refusal)))
        return _store_parts(batch, holder, desk, chunk.parts(1))


def _store_parts(batch: Batch, holder: str, desk: Desk, parts: Iterable[Prepared]) -> Batch:
    for part in parts:
        batch = _store(batch, holder, desk, part)
    return batch


def _write(batch: Batch, holder: str, desk: Desk, chunk: Prepared) -> Batch:
    """Store a chunk and note what became of it, in one transaction. :raises Overtaken:"""
    tally = Tally(batch)
    taken = desk.store(chunk)
    for kind, row, said in chunk.told():
        tally.add(kind, row, said)
    tally.count(rows=len(chunk.takens), taken=taken)
    if tally.lines:
        database()[LINES].insert_many(sealed_lines(tally.lines, batch.file))
    place = {"at_row": chunk.takens[-1].row.number, "done": chunk.done, "total": chunk.total}
    return Batch.read(WORK.note(_seen(batch), holder, tally.update({**place, "attempts": 0})))


def _seen(batch: Batch) -> long.Row:
    return {"_id": batch.id, "state": batch.state.value, "at_row": batch.at_row}


def _finish(batch: Batch, holder: str, person: Person, now: datetime) -> None:
    """The step is done."""
    state = State.CHECKED if batch.state is State.CHECKING else State.DONE

    def work() -> None:
        still = {"_id": batch.id, "state": batch.state.value}
        row = WORK.note(still, holder, {"$set": {"state": state.value, "finished": now}})
        if state is State.DONE:
            done = Batch.read(row)
            detail = {"of": batch.type, "stored": done.count("taken"), "refused": done.count("refused")}
            detail |= {"sha256": row.get("sha256", "")}
            audit.append("import", person, audit.Subject("import", batch.id, level=batch.level), now=now, detail=detail)

    transaction(work)


def _undo_some(batch: Batch, holder: str, now: datetime) -> Batch | None:
    row = database()[BATCHES].find_one({"_id": batch.id}, {"undo_by": 1}) or {}
    person = service.actor_of(batch, row.get("undo_by"))
    WORK.hold(batch.id, holder).keep()

    def work() -> Batch | None:
        done = undo_chunk(batch, person, now, CHUNK)
        if done is None:
            change: dict[str, Any] = {"$set": {"state": State.UNDONE.value, "finished": now}}
            detail = {"of": batch.type, "undone": batch.count("undone"), "kept": batch.count("kept")}
            subject = audit.Subject("import", batch.id, level=batch.level)
            audit.append("import_undone", person, subject, now=now, detail=detail)
        else:
            change = {
                "$set": {"at_row": done.at_row, "done": batch.done + done.undone + done.kept},
                "$inc": {"counts.undone": done.undone, "counts.kept": done.kept},
            }
        return Batch.read(WORK.note(_seen(batch), holder, change))

    return transaction(work)
