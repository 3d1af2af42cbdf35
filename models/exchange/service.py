"""Imports, step by step: a file is uploaded and read, its columns mapped, every row checked, and only then stored.

Nothing is stored as a record before the person has seen what would become of each row and confirmed it. Checking,
storing and undoing are done by `running`; the use cases here only say that they shall be, so that a large import
outlives the page, the web and the scheduler that began it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import datetime
from itertools import islice
from typing import IO, Any

from bson import ObjectId

from config.database import database, transaction
from models import audit, registry
from models.declarations import Field, Level, RecordType
from models.errors import Forbidden, NotFound, Sentence
from models.exchange import mapping as mappings
from models.exchange import undoing, uploads
from models.exchange.document import AT_WORK, BATCHES, LINES, SEEN, Batch, Kind, Line, Options, State
from models.exchange.export import leaving
from models.exchange.mapping import Plan
from models.exchange.reading import DEFAULT_LIMITS, open_table
from models.exchange.refusals import FileRefused, NothingToImport, RightLost, UndoTooLate, WrongStep
from models.exchange.table import Limits, Row, Table
from models.exchange.taking import Taker, may_import
from models.exchange.undoing import Kept
from models.exchange.writing import Reason, rejects
from models.job import service as jobs
from models.person import service as people
from models.person.roles import Permission, Person, Role
from models.records import form_fields

JOB = "imports"
CHOICES = ("encoding", "delimiter", "sheet")
SHOWN_LINES = 200
Stored = dict[str, Any]


# --- reading a file


def start(
    person: Person,
    slug: str,
    stream: IO[bytes],
    name: str,
    *,
    now: datetime,
    limit: int = DEFAULT_LIMITS.file,
    chosen: Mapping[str, Any] | None = None,
    clamd: str = "",
) -> Batch:
    """Keep an uploaded file and find out how it is to be read and which column is what; `chosen` as in `read_again`,
    `clamd` as in `uploads.put`.

    :raises Forbidden: when the person may not import this type.
    :raises FileRefused: when the file is no table; nothing stays stored.
    """
    rt = registry.get(slug).rt
    if not may_import(person, rt) or person.id is None:
        raise Forbidden()
    kept = uploads.put(stream, name, person=person, now=now, limit=limit, clamd=clamd)
    batch = Batch(
        id=ObjectId(),
        type=slug,
        owner=person.id,
        owner_name=person.name,
        department=person.department,
        name=kept["name"],
        file=kept["file"],
        size=kept["size"],
        state=State.UPLOADED,
        at=now,
    )
    try:
        read = _read(person, batch, _given(chosen or {}))
    except FileRefused:
        uploads.remove(batch.file)
        raise
    document = {
        "_id": batch.id,
        "type": slug,
        "owner": person.id,
        "owner_name": person.name,
        "department": person.department,
        "name": batch.name,
        "file": batch.file,
        "size": batch.size,
        "sha256": kept["sha256"],
        "state": State.UPLOADED.value,
        "at": now,
        **read,
    }
    database()[BATCHES].insert_one(document)
    uploads.belongs(kept["file"], batch.id)
    return get(batch.id)


def read_again(person: Person, batch_id: ObjectId, chosen: Mapping[str, Any]) -> Batch:
    """Read the file as the person says: `encoding`, `delimiter`, `sheet`, `header_row`; what is absent is found.

    :raises FileRefused: when it cannot be read so; the import stays as it was.
    """
    batch = own(person, batch_id)
    read = _read(person, batch, _given(chosen))
    _step(batch, (State.UPLOADED, State.CHECKED), {**read, "state": State.UPLOADED.value, **_fresh()})
    return get(batch_id)


def _given(chosen: Mapping[str, Any]) -> Stored:
    """What a person said about reading a file, without what they left open."""
    given: Stored = {key: str(chosen[key]) for key in CHOICES if chosen.get(key)}
    if chosen.get("header_row") is not None:
        given["header_row"] = int(chosen["header_row"])
    return given


def _read(person: Person, batch: Batch, chosen: Stored) -> Stored:
    """How a file is read, and the mapping that its columns amount to."""
    rt = registry.get(batch.type).rt
    with uploads.fetched(batch.file) as file, open_table(file, batch.name, _limits(batch), **chosen) as table:
        number, *others = (field.label for field in leaving(person, rt))
        guesses = mappings.guess(table.header, table.rows(), fields_of(person, rt), number, others)
        found = {
            "encoding": table.encoding,
            "delimiter": table.delimiter,
            "sheet": table.sheet,
            "sheets": list(table.sheets),
            "header_row": table.header_row,
            "header": table.header,
        }
    return {"chosen": chosen, "found": found, "mapping": mappings.proposed(guesses)}


def _limits(batch: Batch) -> Limits:
    """How large the file may be was decided when it came."""
    return Limits(file=batch.size)


def fields_of(person: Person, rt: RecordType) -> tuple[Field, ...]:
    """The fields that the person may fill by an import."""
    return form_fields(person, rt)


@contextmanager
def opened(batch: Batch) -> Iterator[Table]:
    """The batch's file as it was last read. :raises NoLongerKept: :raises FileRefused:"""
    found = batch.found
    exactly = {key: found[key] for key in CHOICES if found.get(key)}
    with (
        uploads.fetched(batch.file) as file,
        open_table(file, batch.name, _limits(batch), header_row=found["header_row"], **exactly) as table,
    ):
        yield table


def sample(batch: Batch, count: int) -> list[Row]:
    """The first rows below the heading."""
    with opened(batch) as table:
        return list(islice(table.rows(), count))


# --- what a person sees of it


def get(batch_id: ObjectId) -> Batch:
    """An import by id, for whoever works on it. :raises NotFound:"""
    row = database()[BATCHES].find_one({"_id": batch_id})
    if row is None:
        raise NotFound()
    return Batch.read(row)


def see(person: Person, batch_id: ObjectId) -> Batch:
    """An import of one's own, or, for those who look after imports, one of the department.

    :raises NotFound: for others' imports as for those that do not exist.
    """
    batch = get(batch_id)
    if batch.owner != person.id and not _oversees(person, batch):
        raise NotFound()
    return batch


def own(person: Person, batch_id: ObjectId) -> Batch:
    """An import that the person may go on with: only who uploaded a file sees its content. :raises NotFound:"""
    batch = get(batch_id)
    if batch.owner != person.id:
        raise NotFound()
    if not may_import(person, registry.get(batch.type).rt):
        raise Forbidden()
    return batch


def _oversees(person: Person, batch: Batch) -> bool:
    if not person.may(Permission.IMPORTS_READ) or person.department != batch.department:
        return False
    rt = registry.get(batch.type).rt
    secret = batch.level == Level.TOP_SECRET.value
    return may_import(person, rt) and (not secret or person.has(Role.HEAD))


def recent(person: Person, slug: str, limit: int = 20) -> list[Batch]:
    """The latest imports of a type that the person sees, newest first."""
    whose: Stored = {"owner": person.id}
    if person.may(Permission.IMPORTS_READ) and person.department:
        whose = {"$or": [whose, {"department": person.department}]}
    rows = database()[BATCHES].find({"type": slug, **whose}).sort("_id", -1).limit(limit * 3)
    batches = [Batch.read(row) for row in rows]
    return [b for b in batches if b.owner == person.id or _oversees(person, b)][:limit]


def lines(batch: Batch, kind: Kind, limit: int = SHOWN_LINES, *, step: str = "") -> list[Line]:
    """The first rows about which something is said in the present step, or in another one."""
    wanted = {"batch": batch.id, "step": step or step_of(batch.state), "kind": kind.value}
    return [Line.read(row) for row in database()[LINES].find(wanted).sort("row", 1).limit(limit)]


def step_of(state: State) -> str:
    """Whose lines count in a state: those of the check, or of the run."""
    return "check" if state in (State.UPLOADED, State.CHECKING, State.CHECKED) else "run"


def kept_records(person: Person, batch: Batch, limit: int = SHOWN_LINES) -> list[Kept]:
    """The first records that an undo left alone, with the reasons; those that the person sees."""
    return undoing.kept(person, batch, limit)


def kept_file(person: Person, batch_id: ObjectId, language: str) -> Iterator[bytes]:
    """All records that an undo left alone and that the person sees, with the reasons, as CSV.

    :raises WrongStep: there was no undo, or it took all back.
    """
    batch = see(person, batch_id)
    if batch.state is not State.UNDONE or not batch.left:
        raise WrongStep
    return undoing.all_kept(person, batch, language)


def bad_rows(person: Person, batch_id: ObjectId, language: str, *, xlsx: bool = False) -> Iterator[bytes]:
    """The rows that were not stored, as a file to correct and import again. :raises NoLongerKept:"""
    batch = own(person, batch_id)
    if step_of(batch.state) != "run":
        raise WrongStep
    uploads.require(batch.file)
    return rejects(batch.found["header"], _refused_rows(batch), language, xlsx=xlsx)


def _refused_rows(batch: Batch) -> Iterator[tuple[Row, list[tuple[str, Reason]]]]:
    wanted = {"batch": batch.id, "step": "run", "kind": Kind.REFUSED.value}
    said = (Line.read(row) for row in database()[LINES].find(wanted).sort("row", 1))
    line = next(said, None)
    with opened(batch) as table:
        for row in table.rows():
            if line is None:
                return
            if row.number == line.row:
                yield row, [(column, Sentence(zh, en)) for column, zh, en in line.reasons]
                line = next(said, None)


# --- going on


def plan_of(person: Person, batch: Batch) -> tuple[Plan, Taker]:
    """The batch's mapping bound to its heading, and the reader of its rows. :raises MappingRefused:"""
    rt = registry.get(batch.type).rt
    plan = mappings.bind(batch.mapping, batch.found["header"], fields_of(person, rt))
    options = batch.options
    return plan, Taker(person, rt, plan, level=options.level, empty_bad=options.empty_bad)


def check(person: Person, batch_id: ObjectId, mapping: Mapping[str, Any], options: Options, now: datetime) -> Batch:
    """Have every row checked with this mapping; nothing is stored.

    :raises MappingRefused: when columns cannot go to fields so.
    """
    batch = own(person, batch_id)
    if options.level and options.level not in Level._value2member_map_:
        raise Forbidden()
    clean = {"columns": [_column(c) for c in mapping.get("columns") or () if isinstance(c, Mapping)]}
    plan_of(person, replace(batch, mapping=clean, options=options))
    database()[LINES].delete_many({"batch": batch_id})
    database()[SEEN].delete_many({"batch": batch_id})
    change = {"mapping": clean, "options": asdict(options), "state": State.CHECKING.value, **_fresh()}
    _step(batch, (State.UPLOADED, State.CHECKED), change)
    jobs.ask(JOB, person.name, now)
    return get(batch_id)


def _column(column: Mapping[str, Any]) -> Stored:
    return {key: str(column.get(key) or "") for key in ("header", "field", "order")}


def confirm(person: Person, batch_id: ObjectId, stamp: str, now: datetime) -> Batch:
    """Have the checked rows stored. `stamp` is the check's own: what was not seen cannot be confirmed.

    :raises WrongStep: it was confirmed before, or checked again meanwhile.
    :raises NothingToImport: no row is good.
    """
    batch = own(person, batch_id)
    if batch.state is State.CHECKED and batch.stamp == stamp and not batch.count("taken"):
        raise NothingToImport

    def work() -> None:
        change = {"state": State.RUNNING.value, "checked": batch.counts, **_fresh()}
        _step(batch, (State.CHECKED,), change, stamp=stamp)
        _audit("import_confirmed", person, batch, now, rows=batch.count("rows"))

    transaction(work)
    jobs.ask(JOB, person.name, now)
    return get(batch_id)


def undo(person: Person, batch_id: ObjectId, now: datetime) -> Batch:
    """Take an import back: every record of it that nobody has worked on goes. The others stay and are listed; when what
    stood in their way is gone, it can be asked for again.

    The records are deleted, not archived: they were never in use, an archive of mistakes would hold content that
    nobody asked to keep, and the same file imported again must not find them as duplicates. The audit trail and the
    history keep who stored and removed them.

    :raises WrongStep: there is nothing to undo, or it is being undone already.
    :raises UndoTooLate: after 30 days.
    """
    batch = see(person, batch_id)
    if batch.owner != person.id and not person.has(Role.HEAD):
        raise Forbidden()
    if now - batch.at > uploads.KEPT:
        raise UndoTooLate
    if not batch.left:
        raise WrongStep

    def work() -> None:
        change = {"state": State.UNDOING.value, "undo_by": person.id, "at_row": 0, "done": 0, "counts.kept": 0}
        _step(batch, (State.DONE, State.FAILED, State.UNDONE), {**change, "total": batch.left})
        _audit("import_undo_asked", person, batch, now)

    transaction(work)
    jobs.ask(JOB, person.name, now)
    return get(batch_id)


def drop(person: Person, batch_id: ObjectId) -> None:
    """Give up an import of which nothing was stored; its file goes with it. :raises WrongStep:"""
    batch = own(person, batch_id)
    gone = {"_id": batch_id, "state": {"$in": [State.UPLOADED.value, State.CHECKED.value]}}
    if not database()[BATCHES].delete_one(gone).deleted_count:
        raise WrongStep
    uploads.remove(batch.file)


def _fresh() -> Stored:
    """A step that begins: nothing is done of it, and what was seen of the one before does not confirm it."""
    return {
        "stamp": str(ObjectId()),
        "at_row": 0,
        "done": 0,
        "total": 0,
        "counts": {},
        "reasons": {},
        "failure": {},
        "attempts": 0,
    }


def _step(batch: Batch, sources: tuple[State, ...], change: Stored, stamp: str = "") -> None:
    """Move a batch on, if it still is where the person saw it. :raises WrongStep:"""
    condition: Stored = {"_id": batch.id, "state": {"$in": [state.value for state in sources]}}
    if stamp or (State.CHECKED in sources and len(sources) == 1):
        condition["stamp"] = stamp
    if not database()[BATCHES].update_one(condition, {"$set": change}).matched_count:
        raise WrongStep


def _audit(action: str, person: Person, batch: Batch, now: datetime, **counts: int) -> None:
    subject = audit.Subject("import", batch.id, level=batch.level)
    audit.append(action, person, subject, now=now, detail={"of": batch.type, **counts})


def actor_of(batch: Batch, person_id: ObjectId | None = None) -> Person:
    """Who imports, with the rights of this moment. :raises RightLost:"""
    row = people.get(person_id or batch.owner)
    person = people.person_of(row)
    if not row.get("active") or not may_import(person, registry.get(batch.type).rt):
        raise RightLost
    return person


def at_work() -> list[ObjectId]:
    """The imports on which there is work to do, small files first, so that none waits long for a large one."""
    wanted = {"state": {"$in": [state.value for state in AT_WORK]}}
    return [row["_id"] for row in database()[BATCHES].find(wanted, {"_id": 1}).sort([("size", 1), ("_id", 1)])]
