"""The file of a backup: a ZIP in the layout of `mongodump`, with a manifest.

Everything is written and read as a stream. A file gets its name when it is whole, on the disk and has been read again;
until then it is `.NAME.part`, for its owner only.
"""

from __future__ import annotations

import hashlib
import io
import lzma
import os
import secrets
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import cast

from config.files import sync_folder
from models.backup.manifest import LARGEST, MANIFEST, BackupError, BadBackup, Manifest, Part, Small, read

PART_SUFFIX = ".part"
CHUNK = 2**20
# The fastest level: a stronger one takes three times as long for a tenth of the space.
LEVEL = 1
SMALLEST_DOCUMENT, LARGEST_DOCUMENT = 5, 17 * 2**20
NO_ARCHIVE = (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError)
DAMAGE = (*NO_ARCHIVE, zlib.error, lzma.LZMAError, RuntimeError, OSError)
"""What `zipfile` raises of a file that is no archive, and of a damaged one: OSError where its directory leads outside
of it, or names another packing."""
Tell = Callable[[str, int], None]
"""Called now and then with a collection and how many of its documents are done."""


def silent(collection: str, done: int) -> None:
    """Tells nobody."""


class Writing:
    """A backup on its way into its file."""

    def __init__(self, target: zipfile.ZipFile, moment: tuple[int, int, int, int, int, int]) -> None:
        self._zip = target
        self._moment = moment

    def documents(self, database: str, collection: str, batches: Iterable[bytes], tell: Tell) -> Part:
        """Write a collection: `batches` are whole BSON documents, one behind the other."""
        digest, count, size = hashlib.sha256(), 0, 0
        name = Part(database, collection, 0, 0, "").data
        with self._zip.open(self._info(name), "w", force_zip64=True) as file:
            for batch in batches:
                file.write(batch)
                digest.update(batch)
                size += len(batch)
                count += sum(1 for _ in _lengths(batch))
                tell(collection, count)
        return Part(database, collection, count, size, digest.hexdigest())

    def small(self, name: str, content: bytes) -> Small:
        """Write a small file."""
        self._zip.writestr(self._info(name), content)
        return Small(name, len(content), hashlib.sha256(content).hexdigest())

    def manifest(self, made: Manifest) -> None:
        """Write the manifest; it comes last."""
        self._zip.writestr(self._info(MANIFEST), made.written())

    def _info(self, name: str) -> zipfile.ZipInfo:
        info = zipfile.ZipInfo(name, self._moment)
        info.compress_type = zipfile.ZIP_DEFLATED
        info._compresslevel = LEVEL  # type: ignore[attr-defined]  # public as compress_level from 3.13 on
        info.external_attr = 0o600 << 16
        return info


@contextmanager
def new(path: Path, moment: tuple[int, int, int, int, int, int]) -> Iterator[Writing]:
    """A new backup at `path`, which appears there at the end of the block, whole and read again, or not at all.

    :raises BackupError: the file is there already, cannot be written, or does not read as it was written.
    """
    if path.exists():
        raise BackupError(f"{path} exists already; a backup replaces no file")
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}{PART_SUFFIX}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as target:
                yield Writing(target, moment)
            file.flush()
            os.fsync(file.fileno())
        with opened(part) as archive:
            archive.verify()
        part.rename(path)
        sync_folder(path.parent)
    except OSError as error:
        raise BackupError(f"{path} cannot be written: {error.strerror or type(error).__name__}") from error
    finally:
        with suppress(OSError):  # what went wrong has been said
            part.unlink()


class Reading:
    """A backup in its file. Every byte that is handed out is held against the manifest."""

    def __init__(self, source: zipfile.ZipFile) -> None:
        self._zip = source
        names = [info.filename for info in source.infolist()]
        if MANIFEST not in names or source.getinfo(MANIFEST).file_size > LARGEST:
            raise BadBackup("the file is no backup of this product")
        self.manifest = read(source.read(MANIFEST))
        if len(names) != len(set(names)) or set(names) != self.manifest.names:
            raise BadBackup("the file does not hold what its manifest names")

    def verify(self, tell: Tell = silent) -> None:
        """Read everything and hold it against the manifest. :raises BadBackup: something does not fit."""
        for small in self.manifest.files:
            self.small(small)
        for part in self.manifest.parts:
            for _ in self.documents(part):
                pass
            tell(part.collection, part.count)

    def small(self, small: Small) -> bytes:
        """The content of a small file. :raises BadBackup: it is not what was written."""
        if small.size > LARGEST:
            raise BadBackup(f"{small.name} is larger than it can be")
        with _damage(small.name), self._zip.open(small.name) as file:
            content = file.read(small.size + 1)
        if hashlib.sha256(content).hexdigest() != small.sha256:
            raise BadBackup(f"{small.name} is damaged")
        return content

    def documents(self, part: Part) -> Iterator[bytes]:
        """The documents of a collection, each as its bytes. :raises BadBackup: at the latest at the end."""
        digest, count = hashlib.sha256(), 0
        with _damage(part.data), io.BufferedReader(cast("io.RawIOBase", self._zip.open(part.data)), CHUNK) as file:
            while head := file.read(4):
                length = int.from_bytes(head, "little")
                if len(head) < 4 or not SMALLEST_DOCUMENT <= length <= LARGEST_DOCUMENT:
                    raise BadBackup(f"{part.data} is damaged")
                document = head + file.read(length - 4)
                digest.update(document)
                count += 1
                if len(document) != length or count > part.count:
                    raise BadBackup(f"{part.data} is damaged")
                yield document
        if count != part.count or digest.hexdigest() != part.sha256:
            raise BadBackup(f"{part.data} is damaged")


@contextmanager
def opened(path: Path) -> Iterator[Reading]:
    """The backup in a file. :raises BadBackup: it is none, or was cut off or damaged."""
    try:
        source = zipfile.ZipFile(path)
    except NO_ARCHIVE as error:
        raise BadBackup(f"{path.name} is no backup, or its end is missing") from error
    except OSError as error:
        raise BadBackup(f"{path} cannot be read: {error.strerror or type(error).__name__}") from error
    with source:
        with _damage(f"the file {path.name}"):
            reading = Reading(source)
        yield reading


@contextmanager
def _damage(name: str) -> Iterator[None]:
    try:
        yield
    except DAMAGE as error:
        raise BadBackup(f"{name} is damaged") from error


def _lengths(batch: bytes) -> Iterator[int]:
    """The length of each document in a row of them."""
    at = 0
    while at < len(batch):
        length = int.from_bytes(batch[at : at + 4], "little")
        yield length
        at += length
