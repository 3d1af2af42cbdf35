"""The work on imports: rows checked, stored or taken back, a few hundred in a transaction (see `job.long`).

Each chunk notes the last row that is done in the transaction that does it, so that whoever goes on after a crash, a
restart or a pause begins with the next row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from bson import ObjectId

from config.database import database, transaction
from models import audit, bulk, registry
from models.errors import Refusal, Sentence
from models.exchange import service
from models.exchange.document import AT_WORK, BATCHES, LINES, Batch, Kind, State
from models.exchange.repeats import Repeats
from models.exchange.table import Row
from models.exchange.taking import Said, Taken, Taker
from models.exchange.tally import Tally
from models.exchange.undoing import undo_chunk
from models.job import long
from models.job.long import GoOn, LongWork, Overtaken
from models.person.roles import Person
from models.registry import Draft

CHUNK = 200
WORK = LongWork(BATCHES, tuple(state.value for state in AT_WORK))
Told = Callable[[Batch], None]
POSSIBLE = Sentence("可能与已有记录“{number}”重复。", "This may repeat the record “{number}”.")


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


def _claim(batch_id: ObjectId, holder: str) -> Batch:
    """Keep hold of a batch for another chunk. :raises Overtaken:"""
    row = WORK.claim(batch_id, holder)
    if row is None:
        raise Overtaken
    return Batch.read(row)


def _rows(batch: Batch, holder: str, now: datetime, go_on: GoOn, told: Told) -> Batch | None:
    """Check or store chunk by chunk; the batch as it is then."""
    person = service.actor_of(batch)
    _, taker = service.plan_of(person, batch)
    place = [batch.done, batch.size]

    def at(done: int, total: int) -> None:
        place[:] = [done, total]

    with service.opened(batch) as table:
        desk = _Desk(batch, holder, now, person, taker)
        for rows in _chunks(table.rows(at), batch.at_row):
            if not go_on():
                return service.get(batch.id)
            desk.batch = _claim(batch.id, holder)
            desk.take(rows, done=place[0], total=place[1])
            told(desk.batch)
    _finish(batch, holder, person, now)
    return service.get(batch.id)


def _chunks(rows: Iterable[Row], after: int) -> Iterator[list[Row]]:
    chunk: list[Row] = []
    for row in rows:
        if row.number > after:
            chunk.append(row)
        if len(chunk) >= CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


class _Desk:
    """What the chunks of one batch are worked on with."""

    def __init__(self, batch: Batch, holder: str, now: datetime, person: Person, taker: Taker) -> None:
        self.batch, self.holder, self.now, self.person, self.taker = batch, holder, now, person, taker
        self.entry = registry.get(batch.type)
        self.checking = batch.state is State.CHECKING
        self.repeats = Repeats(batch, person, taker.rt, first_pass=self.checking)

    def take(self, rows: Sequence[Row], *, done: int, total: int) -> None:
        """Take a chunk; when something in it cannot be stored beside the others, row by row."""
        try:
            self.batch = transaction(partial(self._chunk, rows, done, total))
        except Refusal as refusal:
            if len(rows) > 1:
                for row in rows:
                    self.take([row], done=done, total=total)
                return
            self.batch = transaction(partial(self._refuse, rows[0], refusal, done, total))

    def _chunk(self, rows: Sequence[Row], done: int, total: int) -> Batch:
        tally = Tally(self.batch)
        takens = self.repeats.mark([self.taker.take(row) for row in rows], tally)
        taken = self._decide(takens)
        for one in takens:
            if one.refused:
                tally.add(Kind.REFUSED, one.row, one.refused)
            elif one.emptied:
                tally.add(Kind.EMPTIED, one.row, one.emptied)
        if self.checking:
            self._warn([(one, taken[one.row.number]) for one in takens if not one.refused], tally)
        tally.count(rows=len(rows), taken=len(taken))
        return self._store(tally, rows[-1].number, done, total)

    def _decide(self, takens: list[Taken]) -> dict[int, Draft]:
        """What the rules of the type make of the rows; a row without the values that a rule named gets a second try.
        Refused rows are put in the place of those in `takens`."""
        drafts: dict[int, Draft] = {}
        for again in (False, True):
            places = {t.row.number: i for i, t in enumerate(takens) if not t.refused and t.row.number not in drafts}
            wanted = [bulk.Wanted(number, takens[place].values) for number, place in places.items()]
            if not wanted:
                break
            for outcome in self._make(wanted):
                place = places[outcome.row]
                if outcome.draft is not None:
                    drafts[outcome.row] = outcome.draft
                elif outcome.refusal is not None:
                    takens[place] = self.taker.refused(takens[place], outcome.refusal, again=again)
        return drafts

    def _make(self, wanted: Sequence[bulk.Wanted]) -> list[bulk.Outcome]:
        slug = self.batch.type
        if self.checking:
            return bulk.prepared(slug, wanted, actor=self.person, now=self.now)
        return bulk.create_many(slug, wanted, actor=self.person, now=self.now, batch=self.batch.id)

    def _warn(self, good: Sequence[tuple[Taken, Draft]], tally: Tally) -> None:
        if self.entry.hooks.known is None or not good:
            return
        numbers = self.entry.hooks.known(self.person, [draft.values for _, draft in good])
        for (taken, _), number in zip(good, numbers, strict=True):
            if number:
                said = Sentence(POSSIBLE.zh.format(number=number), POSSIBLE.en.format(number=number))
                tally.add(Kind.WARNED, taken.row, (("", said),))

    def _refuse(self, row: Row, refusal: Refusal, done: int, total: int) -> Batch:
        tally = Tally(self.batch)
        said: Said = ("", Sentence(refusal.text("zh"), refusal.text("en")))
        tally.add(Kind.REFUSED, row, (said,))
        tally.count(rows=1)
        return self._store(tally, row.number, done, total)

    def _store(self, tally: Tally, at_row: int, done: int, total: int) -> Batch:
        """Note what became of a chunk, in its transaction. :raises Overtaken:"""
        if tally.lines:
            database()[LINES].insert_many(tally.lines)
        batch = self.batch
        change = tally.update({"at_row": at_row, "done": done, "total": total, "attempts": 0})
        return Batch.read(WORK.note(_seen(batch), self.holder, change))


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
    _claim(batch.id, holder)

    def work() -> Batch | None:
        done = undo_chunk(batch, person, now, CHUNK)
        if done is None:
            change: dict[str, Any] = {"$set": {"state": State.UNDONE.value, "finished": now}}
            detail = {"of": batch.type, "undone": batch.count("undone"), "kept": batch.count("kept")}
            subject = audit.Subject("import", batch.id, level=batch.level)
            audit.append("import_undone", person, subject, now=now, detail=detail)
        else:
            change = {
                "$set": {
                    "at_row": done.at_row,
                    "done": batch.done + done.undone + done.kept,
                    "total": batch.count("taken"),
                },
                "$inc": {"counts.undone": done.undone, "counts.kept": done.kept},
            }
        return Batch.read(WORK.note(_seen(batch), holder, change))

    return transaction(work)
