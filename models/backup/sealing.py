"""Sealing what belongs to records on its way into a backup, and unsealing it on its way back (D2)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from bson import Binary, ObjectId, encode
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument

from models.backup.belonging import Owner, sealing_id
from models.backup.manifest import BackupError, BadBackup
from models.destruction import gone
from models.key_vault import service as vault
from models.key_vault.refusals import KeyGone, KeysUnusable

SEALED = "sealed"
RAW: CodecOptions[RawBSONDocument] = CodecOptions(RawBSONDocument)
PROBE = b"backoffice backup"


class Sealing:
    """The documents of one collection on their way: how many are sealed, how many left out because they are being
    destroyed, and the hash of those that go, as they were."""

    def __init__(self, owner: Owner, since: datetime) -> None:
        self._owner, self._since = owner, since
        self._digest = hashlib.sha256()
        self.sealed = self.left_out = 0

    @property
    def plain(self) -> str:
        """The SHA-256 of the documents as they were."""
        return self._digest.hexdigest()

    def batches(self, found: Iterable[bytes]) -> Iterator[bytes]:
        """Batches of whole documents, sealed. :raises BackupError: the key vault cannot be used."""
        try:
            for batch in found:
                yield b"".join(self._each(list(documents(batch))))
        except KeysUnusable as error:
            raise BackupError(f"the key vault cannot be used: {error.reason}") from error

    def _each(self, batch: Sequence[RawBSONDocument]) -> Iterator[bytes]:
        owners = [self._owner(row) for row in batch]
        wanted = {one for one in owners if isinstance(one, ObjectId)}
        keys = vault.record_keys(sealing_id(one) for one in wanted)
        # Looked up after the keys are there: whatever is destroyed from here on takes its key with it.
        lost = gone.known(wanted, self._since)
        for row, owner in zip(batch, owners, strict=True):
            if owner in lost:
                self.left_out += 1
                continue
            raw = bytes(row.raw)
            self._digest.update(raw)
            if owner not in wanted:
                yield raw
                continue
            try:
                sealed = vault.seal(raw, keys[sealing_id(owner)])
            except KeyGone:  # destroyed at this moment
                raise Destroyed from None
            self.sealed += 1
            yield encode({"_id": row["_id"], SEALED: sealed})


class Destroyed(Exception):
    """Something was destroyed while it was being saved: the backup begins again."""


def documents(batch: bytes) -> Iterator[RawBSONDocument]:
    """The documents in a row of them."""
    at = 0
    while at < len(batch):
        end = at + int.from_bytes(batch[at : at + 4], "little")
        yield RawBSONDocument(batch[at:end], RAW)
        at = end


def probe() -> str:
    """What only the vault of now and of later opens; it stands in the manifest. To be made when everything is sealed:
    a vault that has this key, which is the youngest, has the others. :raises BackupError:"""
    try:
        return bytes(vault.seal(PROBE, vault.record_key(ObjectId()))).hex()
    except KeysUnusable as error:
        raise BackupError(f"the key vault cannot be used: {error.reason}") from error


def check_vault(made: str) -> None:
    """Make sure that the vault here is that of a backup, and not an older state of it, which would take living records
    for destroyed ones. :raises BackupError: it is not, or is not there."""
    try:
        vault.unseal(bytes.fromhex(made))
    except KeyGone as error:
        raise BackupError(
            "the key vault of this backup is not here, or is older than the backup: without it nothing sealed can be "
            "read. Restore the newest backup of the keys first (backoffice keys restore)"
        ) from error
    except KeysUnusable as error:
        raise BackupError(f"the key vault cannot be used: {error.reason}") from error


class Unsealing:
    """The documents of one collection on their way back; `gone` counts those whose key was destroyed since."""

    def __init__(self) -> None:
        self.sealed = self.gone = 0

    def each(self, batch: Sequence[RawBSONDocument]) -> list[RawBSONDocument]:
        """Those that can be read, as they were. :raises BadBackup: what is sealed is no document."""
        seals = [_seal_in(row) for row in batch]
        vault.at_hand([one for one in seals if one is not None])
        made = (self._one(row, seal) for row, seal in zip(batch, seals, strict=True))
        return [row for row in made if row is not None]

    def _one(self, row: RawBSONDocument, seal: Binary | None) -> RawBSONDocument | None:
        if seal is None:
            return row
        self.sealed += 1
        try:
            content = vault.unseal(seal)
        except KeyGone:
            self.gone += 1
            return None
        if len(content) < 5 or int.from_bytes(content[:4], "little") != len(content):
            raise BadBackup("a sealed document is damaged")
        return RawBSONDocument(content, RAW)


def _seal_in(row: RawBSONDocument) -> Binary | None:
    found: Any = row.get(SEALED)
    return found if len(row) == 2 and vault.is_sealed(found) else None
