"""The manifest of a backup: what is in the file, how much, and its hashes. Plain data, read with suspicion."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from config.settings import SECRET_VARIABLES, Settings

FORMAT = "backoffice backup"
VERSION, READ = 2, (1, 2)
"""The format written, and those that are read: in the first nothing was sealed."""
MANIFEST = "manifest.json"
CHECKPOINT_FOLDER = "audit/"
LARGEST = 16 * 2**20
COLLECTION = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,120}")
DATABASE = re.compile(r"[A-Za-z0-9_-]{1,63}")
CHECKPOINT_FILE = re.compile(r"audit/checkpoints-[0-9-]{10}\.jsonl")
HASH = re.compile(r"[0-9a-f]{64}")
VAULT = re.compile(r"(?:[0-9a-f]{2}){20,500}")


class BackupError(Exception):
    """A backup cannot be made or used; the text is for an operator and holds no record's content."""


class BadBackup(BackupError):
    """The file is no backup, or not whole, or of a version that this product does not know."""


@dataclass(frozen=True)
class Part:
    """One collection: `count` documents of `size` bytes of BSON together, and the SHA-256 of those bytes.

    `sealed` of the documents are sealed, each under a key of its own; `plain` is the SHA-256 of all of them as they
    were ('' where none is). `left_out` were being destroyed at that moment.
    """

    database: str
    collection: str
    count: int
    size: int
    sha256: str
    plain: str = ""
    sealed: int = 0
    left_out: int = 0

    @property
    def data(self) -> str:
        """The name of its documents in the file, where mongorestore looks for them."""
        return f"dump/{self.database}/{self.collection}.bson"

    @property
    def metadata(self) -> str:
        """The name of its options and indexes in the file."""
        return f"dump/{self.database}/{self.collection}.metadata.json"


@dataclass(frozen=True)
class Small:
    """A small file: the metadata of a collection, or a day's checkpoints."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What a backup holds. `head` is the audit chain's last link at its moment (`seq`, `hash`, `total`).

    `left_out` names the collections that are never saved, each with the reason, the key vault among them. `proofs` tell
    for each secret of the installation whether another one is the same, and nothing else of it; `vault` is what only
    the key vault of that installation opens.
    """

    taken: str
    product: str
    parts: tuple[Part, ...]
    files: tuple[Small, ...]
    head: Mapping[str, Any]
    left_out: Mapping[str, str]
    proofs: Mapping[str, str]
    vault: str = ""
    version: int = VERSION
    format: str = FORMAT

    @property
    def moment(self) -> datetime:
        """When it was taken, aware."""
        return datetime.fromisoformat(self.taken)

    @property
    def count(self) -> int:
        """All documents."""
        return sum(part.count for part in self.parts)

    @property
    def sealed(self) -> int:
        """All sealed documents."""
        return sum(part.sealed for part in self.parts)

    @property
    def size(self) -> int:
        """All bytes of documents."""
        return sum(part.size for part in self.parts)

    @property
    def names(self) -> frozenset[str]:
        """Everything that is in the file, the manifest included."""
        return frozenset({MANIFEST} | {part.data for part in self.parts} | {small.name for small in self.files})

    def written(self) -> bytes:
        """The manifest as it stands in the file."""
        return json.dumps(asdict(self), indent=1, sort_keys=True, ensure_ascii=False).encode()

    @property
    def digest(self) -> str:
        """The SHA-256 of the manifest: it stands for the whole backup."""
        return hashlib.sha256(self.written()).hexdigest()


def read(text: bytes) -> Manifest:
    """The manifest in a file. :raises BadBackup: it is none, or of a later version."""
    try:
        found = json.loads(text)
        if found["format"] != FORMAT:
            raise BadBackup("the file is no backup of this product")
        if found["version"] not in READ:
            raise BadBackup(f"the backup has format {found['version']!r}: a newer version of the product reads it")
        parts = tuple(Part(**part) for part in found.pop("parts"))
        files = tuple(Small(**small) for small in found.pop("files"))
        made = Manifest(parts=parts, files=files, **found)
        usable = made.moment.tzinfo is not None and all(map(_is_part, parts)) and all(map(_is_small, files))
        usable = usable and (VAULT.fullmatch(made.vault) is not None or not made.sealed)
    except (ValueError, TypeError, KeyError) as error:
        raise BadBackup("the backup's manifest cannot be read") from error
    metadata = {part.metadata for part in parts}
    others = {small.name for small in files} - metadata
    if not (usable and metadata <= made.names and all(CHECKPOINT_FILE.fullmatch(name) for name in others)):
        raise BadBackup("the backup's manifest names what no backup holds")
    return made


def _is_part(part: Part) -> bool:
    named = DATABASE.fullmatch(part.database) and COLLECTION.fullmatch(part.collection)
    reserved = part.collection.startswith("system.") or part.database in ("admin", "local", "config")
    sized = all(map(_is_sized, (part.count, part.size, part.sealed, part.left_out)))
    hashed = HASH.fullmatch(part.sha256) and (not part.plain or HASH.fullmatch(part.plain))
    return bool(named and not reserved and sized and hashed and (part.plain or not part.sealed))


def _is_small(small: Small) -> bool:
    return isinstance(small.name, str) and _is_sized(small.size) and bool(HASH.fullmatch(small.sha256))


def _is_sized(number: object) -> bool:
    return type(number) is int and number >= 0


def proofs(settings: Settings, salt: str) -> dict[str, str]:
    """For each secret a mark that the same secret makes again; `salt` keeps the marks of two backups apart."""
    return {variable: _mark(getattr(settings, name), salt) for name, variable in SECRET_VARIABLES.items()}


def different_secrets(made: Manifest, settings: Settings) -> list[str]:
    """The variables whose secret is not that of the installation which the backup comes from."""
    here = proofs(settings, made.taken)
    return [name for name, mark in here.items() if not hmac.compare_digest(mark, str(made.proofs.get(name, "")))]


def _mark(secret: str, salt: str) -> str:
    return hmac.new(secret.encode(), f"{FORMAT} {salt}".encode(), hashlib.sha256).hexdigest()
