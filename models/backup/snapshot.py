"""Taking a backup: every collection as it stood at one moment of the cluster, while everybody goes on writing.

A session with read concern "snapshot" fixes the moment at its first read; each collection is then streamed as it stood,
transactions whole or not at all. Collections and indexes are no part of such a moment: they are listed before and after
it, and when the two differ the backup begins again.
"""

from __future__ import annotations

import fcntl
import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

from bson import json_util
from bson.json_util import CANONICAL_JSON_OPTIONS
from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.errors import AutoReconnect, CursorNotFound, OperationFailure, PyMongoError

from config.database import audit_database, database, server_time
from config.settings import Settings
from models import audit
from models.audit.checkpoints import CHECKPOINTS, Checkpoint, lines_in
from models.backup import archive, mark
from models.backup.archive import Tell, Writing, silent
from models.backup.belonging import owner_in
from models.backup.manifest import (
    CHECKPOINT_FILE,
    CHECKPOINT_FOLDER,
    BackupError,
    BadBackup,
    Manifest,
    Part,
    Small,
    proofs,
)
from models.backup.rules import LEFT_OUT
from models.backup.sealing import Destroyed, Sealing, probe

log = logging.getLogger(__name__)

BATCH = 1_000
ATTEMPTS = 5
SNAPSHOT_TOO_OLD, SNAPSHOT_UNAVAILABLE = 239, 246
WINDOW = "minSnapshotHistoryWindowInSeconds"
WINDOW_SECONDS = 6 * 3600
USUAL_WINDOW_SECONDS = 300
LOCK = "backup.lock"
CLOCK_SLACK = timedelta(minutes=1)
"""What was destroyed just before the moment is left out too: clocks of several servers differ."""
Row = dict[str, Any]


class Moved(Exception):
    """A collection or index was made or dropped at the moment of the snapshot."""


@dataclass(frozen=True)
class Source:
    """A collection to save, with what `mongorestore` makes it from."""

    db: Database[Row]
    name: str
    metadata: Row


def take(path: Path, settings: Settings, now: datetime, tell: Tell = silent) -> Manifest:
    """Write a backup of the connected database, and of the audit trail's, to `path`.

    The file is complete, on the disk and readable by its owner only, or it is not there. Memory does not grow with the
    database. Where a replica set changes its primary meanwhile, the backup begins again.

    :raises BackupError: it cannot be made; the text says why.
    :raises pymongo.errors.PyMongoError: the database went away and stays away.
    """
    if mark.is_there():
        raise BackupError(f"{mark.in_words()} has not ended here: there is nothing whole to save")
    away: PyMongoError | None = None
    with _alone(settings):
        for _ in range(ATTEMPTS):
            try:
                with _history_kept(settings):
                    return _attempt(path, settings, now, tell)
            except (Moved, Destroyed):
                away = None
            except (AutoReconnect, CursorNotFound) as error:
                log.warning("the database went away during the backup, which begins again: %s", type(error).__name__)
                away = error
    if away is not None:
        raise away
    raise BackupError("collections or indexes were made again and again meanwhile; try again when that is over")


def _attempt(path: Path, settings: Settings, now: datetime, tell: Tell) -> Manifest:
    moment = now.astimezone(UTC)
    stamp = (moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second)
    # By the server's clock it is noted what is being destroyed.
    sources, since = _sources(), server_time() - CLOCK_SLACK
    with database().client.start_session(snapshot=True) as session, archive.new(path, stamp) as file:
        with _snapshot_errors():
            head = _head(session)  # the first read: from here on the moment is fixed
            if _sources() != sources:
                raise Moved
            parts = tuple(_save(file, source, session, since, tell) for source in sources)
            checkpoints = _checkpoints(file, settings.audit_dir, session)
        vault = probe()
        metadata = tuple(_describe(file, source, part) for source, part in zip(sources, parts, strict=True))
        taken = moment.isoformat(timespec="milliseconds")
        made = Manifest(
            taken=taken,
            product=version("backoffice"),
            parts=parts,
            files=(*metadata, *checkpoints),
            head=head,
            left_out=LEFT_OUT,
            proofs=proofs(settings, taken),
            vault=vault,
        )
        file.manifest(made)
    return made


def _sources() -> list[Source]:
    """Every collection of the product, in order: its database's, and the audit trail's."""
    homes = [
        (database(), lambda name: name not in audit.COLLECTIONS),
        (audit_database(), audit.COLLECTIONS.__contains__),
    ]
    found = []
    for db, belongs in homes:
        for listed in sorted(db.list_collections(), key=lambda one: str(one["name"])):
            name = listed["name"]
            saved = listed["type"] == "collection" and not name.startswith("system.") and name not in LEFT_OUT
            if saved and belongs(name):
                found.append(Source(db, name, _metadata(db, listed)))
    return found


def _metadata(db: Database[Row], listed: Mapping[str, Any]) -> Row:
    indexes = [
        {key: value for key, value in index.items() if key != "ns"} for index in db[listed["name"]].list_indexes()
    ]
    return {
        "options": listed.get("options", {}),
        "indexes": indexes,
        "uuid": bytes(listed["info"]["uuid"]).hex(),
        "collectionName": listed["name"],
        "type": "collection",
    }


def _head(session: ClientSession) -> Row:
    """The audit chain's last link at the moment."""
    wanted = {"_id": 0, "seq": 1, "hash": 1, "total": 1}
    last = audit_database()[audit.SEALS].find_one({}, wanted, sort=[("seq", -1)], session=session)
    return last or {"seq": 0, "hash": audit.FIRST, "total": 0}


def _save(file: Writing, source: Source, session: ClientSession, since: datetime, tell: Tell) -> Part:
    found = source.db[source.name].find_raw_batches({}, session=session, batch_size=BATCH)
    batches = cast("Iterable[bytes]", found)  # each is a row of whole documents
    owner = owner_in(source.name)
    if owner is None:
        return file.documents(source.db.name, source.name, batches, tell)
    sealing = Sealing(owner, since)
    part = file.documents(source.db.name, source.name, sealing.batches(batches), tell)
    return replace(part, plain=sealing.plain, sealed=sealing.sealed, left_out=sealing.left_out)


def _describe(file: Writing, source: Source, part: Part) -> Small:
    text = json_util.dumps(source.metadata, json_options=CANONICAL_JSON_OPTIONS)
    return file.small(part.metadata, text.encode())


def _checkpoints(file: Writing, folder: Path, session: ClientSession) -> list[Small]:
    """The checkpoint files up to the last checkpoint that the saved database knows: later ones would say, of a restored
    trail, that its end was cut."""
    known = {row["_id"] for row in audit_database()[CHECKPOINTS].find({}, {"_id": 1}, session=session)}
    last = max(known, default=0)
    days: dict[str, list[str]] = {}
    try:
        for name, line in lines_in([folder]):
            made = Checkpoint.read(line)
            ours = CHECKPOINT_FILE.fullmatch(CHECKPOINT_FOLDER + name)  # somebody may have put a copy aside
            if ours and made is not None and made.number <= last:
                days.setdefault(name, []).append(line)
                known.discard(made.number)
    except OSError as error:
        raise BackupError(f"the checkpoints in {folder} cannot be read: {error.strerror}") from error
    if lacking := known - {last}:  # the last one may be on its way into its file
        log.warning("%s lacks %d checkpoints; those of another scheduler lie in its folder", folder, len(lacking))
    return [file.small(CHECKPOINT_FOLDER + name, "\n".join([*lines, ""]).encode()) for name, lines in days.items()]


@contextmanager
def _snapshot_errors() -> Iterator[None]:
    try:
        yield
    except OperationFailure as error:
        if error.code == SNAPSHOT_UNAVAILABLE:
            raise Moved from error
        if error.code == SNAPSHOT_TOO_OLD:
            raise BackupError(
                f"the backup took longer than the server remembers a moment: raise its parameter {WINDOW}"
            ) from error
        raise


@contextmanager
def _history_kept(settings: Settings) -> Iterator[None]:
    """Have our own server remember the moment for as long as a backup may take; one of others' is left as it is. Each
    attempt says so anew: a server that was started again has forgotten."""
    if not settings.embedded:
        yield
        return
    admin = database().client.admin
    was = admin.command({"setParameter": 1, WINDOW: WINDOW_SECONDS})["was"]
    # Ours was left by a backup whose process died, or by an attempt that lost the server.
    before = was if was != WINDOW_SECONDS else USUAL_WINDOW_SECONDS
    try:
        yield
    finally:
        _remember(admin, before)


def _remember(admin: Database[Row], seconds: int) -> None:
    """What became of the backup counts, and not that the server is away by now; the next one sets this right."""
    try:
        admin.command({"setParameter": 1, WINDOW: seconds})
    except PyMongoError as error:
        log.warning("the server goes on remembering for %d seconds: %s", WINDOW_SECONDS, type(error).__name__)


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """One backup of our own server at a time: the first to end would have it forget the moment of the other."""
    if not settings.embedded:
        yield
        return
    with (settings.data_dir / LOCK).open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BackupError("another backup is being made at the moment; wait for its end") from error
        yield


def metadata_in(content: bytes) -> Row:
    """Options and indexes of a collection as they stand in a backup. :raises BadBackup:"""
    try:
        found: Row = json_util.loads(content.decode(), json_options=CANONICAL_JSON_OPTIONS)
        usable = isinstance(found["options"], dict) and all(
            index["key"] and index["name"] for index in found["indexes"]
        )
    except (ValueError, TypeError, KeyError) as error:
        raise BadBackup("the options of a collection cannot be read") from error
    if not usable:
        raise BadBackup("the options of a collection cannot be read")
    return found
