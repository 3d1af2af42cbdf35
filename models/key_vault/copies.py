"""The backup of the data keys: one file with the latest state and no former one, so that destroyed keys are gone.

The keys in it are wrapped: without the master key it opens nothing. It belongs to another place than the backups of the
data, and must never be kept in several generations.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import IO, Any
from uuid import UUID

from bson import encode, json_util
from bson.json_util import CANONICAL_JSON_OPTIONS
from bson.raw_bson import RawBSONDocument
from pymongo import DESCENDING

from config import files
from models.calendar import local
from models.key_vault.keyring import PROOF, apart
from models.key_vault.locking import alone
from models.key_vault.refusals import KeysUnusable
from models.key_vault.vault import Vault, vault

PART = 1_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def backup(path: Path, *, older: bool = False) -> int:
    """Write all data keys, as they are now, to `path` in place of what is there, and return how many. The file is whole
    or the one before; only its owner can read it. A backup that is newer than this vault is kept, unless `older`.

    :raises KeysUnusable: it cannot be written, or what is there is the backup of another vault, or no such backup, or
        holds keys that this vault never had.
    """
    here = vault()
    here.require_own()
    with alone(path):
        _require_same(here, path)
        if not older:
            _require_no_newer(here, path)
        try:
            files.sweep(path)  # a process that was killed leaves keys behind that are to be gone
            with files.whole(path) as file:
                count = apart(partial(_write, here, file))
        except OSError as error:
            raise KeysUnusable(f"the backup of the keys cannot be written to {path}: {error.strerror}") from error
    return count


def keep_up() -> None:
    """Bring the backup up to date, where the settings name a file for it. :raises KeysUnusable: it cannot be written:
    what was destroyed may still be in it."""
    path = vault().settings.backup
    if path is not None:
        backup(path)


def restore(path: Path) -> int:
    """Fill an empty vault from a backup, and return how many keys it holds now. Nothing stays of one that does not fit.

    :raises KeysUnusable: there are keys already, the file is no whole backup, or the master key does not open it, or it
        is that of another installation.
    """
    here = vault()
    collection = here.keyring.collection
    if apart(lambda: collection.find_one({"keyAltNames": {"$ne": PROOF}})) is not None:
        raise KeysUnusable(
            "there are data keys already; a backup of keys is restored into an empty vault only. If there is only "
            f"an older state of them, drop the database {here.settings.database} first (embedded: begin with a new "
            "data folder)"
        )
    rows = _read(path)
    apart(lambda: collection.delete_many({"keyAltNames": PROOF}))
    here.forget()
    with ExitStack() as undo:
        undo.callback(_take_back, here, rows)
        for start in range(0, len(rows), PART):
            here.keyring.store(rows[start : start + PART])
        here.prove(noting=False)
        undo.pop_all()
    return len(rows)


def newest() -> datetime | None:
    """When the youngest key of the vault was made: what was sealed under a later one cannot be read here. None without
    a key."""
    collection = vault().keyring.collection
    row = apart(lambda: collection.find_one({}, {"creationDate": 1}, sort=[("creationDate", DESCENDING)]))
    return _aware(row["creationDate"]) if row else None


def _aware(moment: datetime) -> datetime:
    return moment.replace(tzinfo=moment.tzinfo or UTC)


def _take_back(here: Vault, rows: list[RawBSONDocument]) -> None:
    """Remove the keys of a backup that did not fit; not those that a process made meanwhile that was not stopped."""
    for start in range(0, len(rows), PART):
        ids = [row["_id"] for row in rows[start : start + PART]]
        apart(partial(here.keyring.collection.delete_many, {"_id": {"$in": ids}}))
    here.forget()


def _require_same(here: Vault, path: Path) -> None:
    """Never write over the keys of another vault, which may be the only ones that are left, nor over anything that is
    no backup of keys. :raises KeysUnusable:"""
    try:
        there = _proof_in(path)
        strange = there is None and path.exists() and path.stat().st_size > 0
    except OSError as error:
        raise KeysUnusable(f"{path} cannot be read: {error.strerror}") from error
    if there is not None and there != here.key_ids([PROOF], make=False).get(PROOF):
        raise KeysUnusable(f"{path} is the backup of another key vault, and is kept: move it away first")
    if strange:
        raise KeysUnusable(f"{path} is no backup of data keys, and is kept: name another file")


def _require_no_newer(here: Vault, path: Path) -> None:
    """Never put an older state of the vault, such as a restored copy has, in place of a newer one: keys that came later
    would be lost with it. A key that lacks here was removed here if that was after it was made (`Keyring.remove`).

    :raises KeysUnusable:
    """
    proof = apart(lambda: here.keyring.collection.find_one({"keyAltNames": PROOF}, {"updateDate": 1}))
    if proof is None or not path.exists():
        return
    later = {one: made for one, made in _made_in(path) if made > _aware(proof["updateDate"])}
    lacking, ids = set[bytes](), list(later)
    for start in range(0, len(ids), PART):
        part = ids[start : start + PART]
        there = {bytes(row["_id"]) for row in here.keyring.by_ids(part)}
        lacking.update(one for one in part if one not in there)
    if lacking:
        last, own = max(later[one] for one in lacking), newest()
        raise KeysUnusable(
            f"{path} is newer than this vault, and is kept: it holds {len(lacking)} data keys that were never here, "
            f"the newest made at {_said(last)}; the newest here was made at {_said(own) if own else '-'}. Name "
            "another file, or replace it all the same with --older"
        )


def _said(moment: datetime) -> str:
    return f"{local(moment):%Y-%m-%d %H:%M:%S} (Shanghai)"


def _made_in(path: Path) -> Iterator[tuple[bytes, datetime]]:
    """The ids of the data keys in a backup, and when each was made; lines that are damaged are passed over."""
    with path.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            with suppress(ValueError, LookupError, TypeError):
                row = json.loads(line)
                made = int(row["creationDate"]["$date"]["$numberLong"])
                yield base64.b64decode(row["_id"]["$binary"]["base64"]), EPOCH + timedelta(milliseconds=made)


def _proof_in(path: Path) -> UUID | None:
    """By which key the backup in a file proves whose it is; it stands in its first line."""
    if not path.exists():
        return None
    with path.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            if f'"{PROOF}"' in line:
                with suppress(ValueError, LookupError, TypeError):
                    row = json_util.loads(line, json_options=CANONICAL_JSON_OPTIONS)
                    return UUID(bytes=bytes(row["_id"]))
    return None


def _rows(here: Vault) -> Iterator[Any]:
    """All data keys, the proof first."""
    for condition in ({"keyAltNames": PROOF}, {"keyAltNames": {"$ne": PROOF}}):
        yield from here.keyring.collection.find(condition).sort("_id", 1)


def _write(here: Vault, file: IO[bytes]) -> int:
    digest, count = hashlib.sha256(), 0
    for row in _rows(here):
        line = json_util.dumps(row, json_options=CANONICAL_JSON_OPTIONS).encode() + b"\n"
        digest.update(line)
        file.write(line)
        count += 1
    file.write(json.dumps({"keys": count, "sha256": digest.hexdigest()}).encode() + b"\n")
    return count


def _read(path: Path) -> list[RawBSONDocument]:
    try:
        lines = path.read_text("utf-8").splitlines(keepends=True)
        told = json.loads(lines[-1])
        whole = told["sha256"] == hashlib.sha256("".join(lines[:-1]).encode()).hexdigest()
        whole = whole and told["keys"] == len(lines) - 1
        rows = [json_util.loads(line, json_options=CANONICAL_JSON_OPTIONS) for line in lines[:-1]] if whole else []
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise KeysUnusable(f"{path} is no backup of keys ({type(error).__name__})") from error
    if not whole:
        raise KeysUnusable(f"{path} is not whole: its keys are not those that were saved")
    return [RawBSONDocument(encode(row)) for row in rows]
