"""The master keys: 96 random bytes each, from the environment or from a file that only its owner reads.

The first one wraps new data keys; the others open what they wrapped until a rotation has reached it. Each is known by a
short name made from itself, which every data key carries: so a wrong master key is noticed before it is used.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from config import files
from config.keys import KeySettings
from models.key_vault.refusals import KeysUnusable

LENGTH = 96
FILE = "master-key"
HEADER = "# Master keys of encrypted fields, the present one first. Without them nothing encrypted can be read.\n"


@dataclass(frozen=True)
class MasterKey:
    """One master key. `provider` is its name among the driver's key services."""

    secret: bytes = field(repr=False)

    @property
    def provider(self) -> str:
        """`local:` and twelve characters that follow from the key and do not tell it."""
        return "local:" + hashlib.sha256(b"name of a master key " + self.secret).hexdigest()[:12]

    @property
    def text(self) -> str:
        """The key as it is written."""
        return base64.b64encode(self.secret).decode()


def read(settings: KeySettings) -> tuple[MasterKey, ...]:
    """The master keys, the present one first; none when a key service stands instead and no key is at hand.

    :raises KeysUnusable: there is none, or it is no key; the reason names the variable or file.
    """
    if settings.given:
        given = [("MASTER_KEY", settings.given), ("MASTER_KEY_PREVIOUS", settings.given_before)]
        return tuple(_parsed(text, where) for where, text in given if text)
    if not settings.path.exists():
        if settings.service is not None:
            return ()
        if not settings.makes:
            raise KeysUnusable(
                f"there is no master key: set MASTER_KEY, or put it into {settings.path} (for a new installation: "
                "backoffice keys new)"
            )
        write(settings.path, [MasterKey(secrets.token_bytes(LENGTH))], fresh=True)
    return _in_file(settings.path)


def require(settings: KeySettings) -> None:
    """:raises KeysUnusable: when there is neither a master key, nor one that may be made, nor a key service."""
    if not settings.makes:
        read(settings)


def _in_file(path: Path) -> tuple[MasterKey, ...]:
    try:
        lines = path.read_text("ascii").splitlines()
    except (OSError, ValueError) as error:
        raise KeysUnusable(f"the master key in {path} cannot be read ({type(error).__name__})") from error
    keys = tuple(_parsed(line.strip(), str(path)) for line in lines if line.strip() and not line.startswith("#"))
    if not keys:
        raise KeysUnusable(f"there is no master key in {path}")
    return keys


def _parsed(text: str, where: str) -> MasterKey:
    try:
        secret = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        secret = b""
    if len(secret) != LENGTH:
        raise KeysUnusable(f"{where}: a master key is {LENGTH} bytes in base64 ({LENGTH * 4 // 3} characters)")
    return MasterKey(secret)


def made() -> MasterKey:
    """A new master key."""
    return MasterKey(secrets.token_bytes(LENGTH))


def write(path: Path, keys: list[MasterKey], *, fresh: bool = False) -> None:
    """Write the file of master keys, whole or not at all, for its owner only. With `fresh` a file that is there stays:
    of two processes at once both use the first one's. :raises KeysUnusable: it cannot be written."""
    try:
        with files.whole(path, keep=fresh) as file:
            file.write((HEADER + "".join(f"{key.text}\n" for key in keys)).encode("ascii"))
    except OSError as error:
        raise KeysUnusable(f"{path.parent} cannot be written: {error.strerror}") from error


def sweep(path: Path) -> None:
    """Remove what a process left that was killed while it wrote the file of master keys: former ones stand there in
    clear. :raises KeysUnusable: it cannot be removed."""
    try:
        files.sweep(path)
    except OSError as error:
        raise KeysUnusable(f"{path.parent} cannot be written: {error.strerror}") from error
