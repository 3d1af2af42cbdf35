"""Restoring a backup into an empty place, and proving that what is stored is what was saved.

Either everything is restored, or the place is empty again. A mark in the database says that a restore is going on: one
whose process died is not served from, and the next restore clears it away if it is told to.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, cast

from bson.raw_bson import RawBSONDocument
from pymongo.collection import Collection
from pymongo.database import Database

from config.database import audit_database, database
from config.settings import Settings
from models import audit, schema
from models.audit.stored import StoredTrail
from models.backup import mark
from models.backup.archive import Reading, Tell, silent
from models.backup.heap import Heap
from models.backup.manifest import CHECKPOINT_FOLDER, BackupError, BadBackup, Manifest, Part, different_secrets
from models.backup.rules import RESTORING
from models.backup.sealing import RAW, Unsealing, check_vault, documents
from models.backup.snapshot import metadata_in
from models.destruction import gone
from models.person.document import USERS
from models.person.roles import SYSTEM, Role
from models.record import collection_name

BATCH_DOCUMENTS, BATCH_BYTES = 1_000, 8 * 2**20
HASHED = "$argon2"
ACCESS_REQUEST, GRANTS = "access_request", "grant"
Row = dict[str, Any]


class NotEmpty(BackupError):
    """There is something where the backup would go."""


class NotAsSaved(BackupError):
    """What was restored does not prove to be what was saved; it was removed again."""


@dataclass(frozen=True)
class Restored:
    """The report. `accounts` are those in use with a password that the sign-in can read, `administrators` those among
    them who manage accounts. `destroyed` counts the documents whose key was destroyed since the backup: they are not
    there. `notes` are what a person should know; `changes` what was brought up to this version."""

    manifest: Manifest
    entries: int
    waiting: int
    checkpoints: int
    accounts: int
    administrators: int
    notes: tuple[str, ...]
    changes: tuple[str, ...]
    destroyed: int = 0


def restore(
    archive: Reading,
    settings: Settings,
    now: datetime,
    *,
    tell: Tell = silent,
    despite: bool = False,
    clear: bool = False,
) -> Restored:
    """Restore a backup into the connected, empty database, and the audit trail's checkpoints into their empty folder.

    The archive is read twice: whoever calls has verified it once before anything is written. With `despite`, secrets
    that differ and findings in the audit trail end up in the notes instead of ending the restore. With `clear`, what a
    restore left here whose process died is removed first.

    What was destroyed since the backup has no key any more and stays away; it is counted (D2).

    :raises NotEmpty: the place is not empty; nothing is touched.
    :raises BackupError: the secrets are others, the key vault of the backup is not here, or what is stored is not what
        was saved; the place is empty again.
    """
    notes = _check_secrets(archive.manifest, settings, despite)
    if archive.manifest.sealed:
        check_vault(archive.manifest.vault)
    require_empty(settings, clear=clear)
    _test_folder(settings.audit_dir)
    with _all_or_nothing(settings, now):
        destroyed = sum(_load(archive, part, tell) for part in archive.manifest.parts)
        if destroyed:
            notes.append(f"{destroyed} documents belong to what was destroyed since: they were left out")
        if destroyed or any(part.left_out for part in archive.manifest.parts):
            _drop_without_card()
            gone.note_restored()
        _put_checkpoints(archive, settings.audit_dir)
        verdict = _check_trail(archive.manifest, settings, despite)
        accounts, administrators = _accounts()
        # Indexes come after the proof: some let old documents go by themselves.
        for part in archive.manifest.parts:
            _index(archive, part)
        mark.remove()
    changes = schema.migrate()
    subject = audit.Subject("backup", number=archive.manifest.taken)
    audit.append("backup_restored", SYSTEM, subject, now=now, detail={"digest": archive.manifest.digest})
    found = tuple(f"audit trail: {line}" for line in (*verdict.findings, *verdict.notes))
    if verdict.unfiled:
        found += (f"the backup lacked them: put the checkpoint files of all schedulers into {settings.audit_dir}",)
    return Restored(
        archive.manifest,
        verdict.checked,
        verdict.waiting,
        verdict.checkpoints,
        accounts,
        administrators,
        (*notes, *found),
        tuple(changes),
        destroyed,
    )


def require_empty(settings: Settings, *, clear: bool = False) -> None:
    """Refuse a place that is not empty. With `clear`, what a restore left there whose process died is removed.

    :raises NotEmpty:
    """
    if mark.is_there():
        if not clear:
            raise NotEmpty(
                f"{mark.in_words()} has not ended here: when its process is gone, --clear removes everything it left"
            )
        _clear(settings)
    for db in (database(), audit_database()):
        names = [name for name in db.list_collection_names() if not name.startswith("system.")]
        if names:
            raise NotEmpty(
                f"the database {db.name} is not empty ({len(names)} collections); a restore needs an empty one"
            )
    if _checkpoint_files(settings.audit_dir):
        raise NotEmpty(
            f"{settings.audit_dir} holds checkpoints of another audit trail; a restore needs an empty folder"
        )


@contextmanager
def _all_or_nothing(settings: Settings, now: datetime) -> Iterator[None]:
    if not mark.set_at(now):
        raise NotEmpty(f"{mark.in_words()} has begun here at the same time")
    with ExitStack() as unless_restored:
        unless_restored.callback(_clear, settings)
        yield
        unless_restored.pop_all()


def _clear(settings: Settings) -> None:
    """Empty the place, which was empty before the restore; the mark goes last."""
    for path in _checkpoint_files(settings.audit_dir):
        path.unlink(missing_ok=True)
    for db in (audit_database(), database()):
        for name in db.list_collection_names():
            if not name.startswith("system.") and name != RESTORING:
                db[name].drop()
    mark.remove()


def _checkpoint_files(folder: Path) -> list[Path]:
    return sorted(folder.glob("checkpoints-*.jsonl"))


# --- putting in


def _home(part: Part) -> Database[Row]:
    """Where a collection belongs here: the audit trail may have a database of its own, or none."""
    return audit_database() if part.collection in audit.COLLECTIONS else database()


def _load(archive: Reading, part: Part, tell: Tell) -> int:
    """Store a collection as its documents were, read it again and compare; returns how many were destroyed since.

    :raises NotAsSaved: :raises BadBackup:
    """
    db, options = _home(part), _described(archive, part)["options"]
    db.create_collection(part.collection, check_exists=False, **options)
    target = cast("Collection[RawBSONDocument]", db.get_collection(part.collection, codec_options=RAW))
    unsealing, digest, heap, done = Unsealing(), hashlib.sha256(), Heap(), 0
    for batch in _batches(archive.documents(part)):
        found = unsealing.each(batch) if part.sealed else batch
        for document in found:
            digest.update(document.raw)
            heap.add(document.raw)
        _insert(target, found)
        done += len(batch)
        tell(part.collection, done)
    tell(part.collection, part.count)
    if unsealing.sealed != part.sealed:
        raise BadBackup(f"{part.data} does not hold what its manifest names")
    if not unsealing.gone and digest.hexdigest() != (part.plain or part.sha256):
        raise NotAsSaved(f"{part.collection} is not what was saved")
    _compare(target, part, heap)
    return unsealing.gone


def _batches(documents: Iterable[bytes]) -> Iterator[list[RawBSONDocument]]:
    batch: list[RawBSONDocument] = []
    size = 0
    for document in documents:
        batch.append(RawBSONDocument(document, RAW))
        size += len(document)
        if len(batch) >= BATCH_DOCUMENTS or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    yield batch


def _insert(target: Collection[RawBSONDocument], batch: list[RawBSONDocument]) -> None:
    if batch:
        target.insert_many(batch, ordered=True, bypass_document_validation=True)


def _compare(target: Collection[RawBSONDocument], part: Part, wanted: Heap) -> None:
    """What is stored is what was unpacked, document by document. :raises NotAsSaved:"""
    stored = Heap()
    found = target.find_raw_batches({}, batch_size=BATCH_DOCUMENTS)
    for chunk in cast("Iterable[bytes]", found):
        for document in documents(chunk):
            stored.add(document.raw)
    if stored != wanted:
        raise NotAsSaved(f"{part.collection} is not stored as it was saved; is somebody writing there?")


def _drop_without_card() -> None:
    """Rights end whose card was left out: nothing says any more until when they last (X5)."""
    cards = collection_name(ACCESS_REQUEST)
    lookup = {"from": cards, "localField": "request", "foreignField": "_id", "as": "card"}
    stages: list[Row] = [{"$lookup": lookup}, {"$match": {"card": []}}, {"$project": {"_id": 1}}]
    idle = [row["_id"] for row in database()[GRANTS].aggregate(stages)]
    database()[GRANTS].delete_many({"_id": {"$in": idle}})


def _index(archive: Reading, part: Part) -> None:
    """Build the indexes as the server described them."""
    wanted = [index for index in _described(archive, part)["indexes"] if index["name"] != "_id_"]
    if wanted:
        _home(part).command({"createIndexes": part.collection, "indexes": wanted})


def _described(archive: Reading, part: Part) -> Row:
    small = next(one for one in archive.manifest.files if one.name == part.metadata)
    return metadata_in(archive.small(small))


def _put_checkpoints(archive: Reading, folder: Path) -> None:
    with _writing(folder):
        for small in archive.manifest.files:
            if small.name.startswith(CHECKPOINT_FOLDER):
                path = folder / small.name.removeprefix(CHECKPOINT_FOLDER)
                with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                    file.write(archive.small(small))
                    file.flush()
                    os.fsync(file.fileno())


def _test_folder(folder: Path) -> None:
    """Find out early whether the checkpoints can be written, which come after everything else. :raises BackupError:"""
    with _writing(folder), TemporaryFile(dir=folder) as file:
        file.write(b"checkpoints")


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise BackupError(f"the checkpoints cannot be written to {folder}: {error.strerror}") from error


# --- the proof


def _check_secrets(manifest: Manifest, settings: Settings, despite: bool) -> list[str]:
    """Notes about the secrets. Another SECRET_KEY ends sessions only; the others keep everybody out."""
    different = different_secrets(manifest, settings)
    vital = [name for name in different if name != "SECRET_KEY"]
    if vital and not despite:
        raise BackupError(
            f"{' and '.join(vital)} differ from those of the backup: with them nobody could sign in. Give this "
            "installation the secrets (secrets.json or the environment) of the one that was saved"
        )
    return [f"{name} is not that of the backup" + ("" if name in vital else ", which is fine") for name in different]


def _check_trail(manifest: Manifest, settings: Settings, despite: bool) -> audit.Verdict:
    """Verify the restored audit trail, which must end where the backup says. :raises NotAsSaved:

    Checkpoints that the files lack were in no file of the backup either: those of another scheduler lie with it.
    """
    folders = [settings.audit_dir] if _checkpoint_files(settings.audit_dir) else None
    verdict = audit.verify(StoredTrail(audit_database()), folders)
    state = audit.sealing_state()
    findings = [finding for finding in verdict.findings if finding not in verdict.unfiled]
    if (state.seq, state.total) != (manifest.head["seq"], manifest.head["total"]):
        findings.append(f"the trail ends with seal {state.seq}, not {manifest.head['seq']}")
    if findings and not despite:
        raise NotAsSaved(f"the audit trail does not verify ({len(findings)} findings): {findings[0]}")
    return verdict


def _accounts() -> tuple[int, int]:
    """How many accounts can sign in, and how many administrators among them."""
    usable: Row = {"active": True, "password": {"$regex": f"^\\{HASHED}"}}
    users = database()[USERS]
    administrators = {**usable, "roles": Role.ADMINISTRATOR.value}
    return users.count_documents(usable), users.count_documents(administrators)
